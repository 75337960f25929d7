"""
Read KML as map tools write it.

GDAL replaces every sign of a field's name that is not ASCII, knows KML by its bare tags only, takes
a MultiGeometry of a polygon and its label for no polygon, and reads UTF-8 only: the tree is put in
order before GDAL sees it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from zmd_layout.errors import LayerError
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from pathlib import Path

_KML = "http://www.opengis.net/kml/2.2"
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["'][^>]*\?>""")
_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]*):")
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*:)?kml\b")
_LEAST_POINTS = 3
_BESIDE = {"Point", "LineString", "Model", "Track", "MultiTrack"}


def read_kml(path: Path, *, layer_name: str, account: Account) -> gpd.GeoDataFrame:
    """
    Read the placemarks of a KML.

    Parameters
    ----------
    path
        The file.
    layer_name
        The layer in errors.
    account
        Takes rings that were closed and parts of placemarks that were left out.

    Returns
    -------
    frame
        `name`, the extended data under their own names, and shapes in degrees of WGS 84.

    Raises
    ------
    LayerError
        If it is no XML, or declares entities or types.
    """
    try:
        root = ElementTree.fromstring(_text(path), forbid_dtd=True)
    except DefusedXmlException as error:
        raise LayerError(Message("review.kml_entities", name=path.name)) from error
    except ElementTree.ParseError as error:
        why = str(error)
        raise LayerError(
            Message("layers.unreadable_file", layer=layer_name, path=path.name, why=why)
        ) from error
    names: dict[str, str] = {}
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element.tag in {"Data", "SimpleData", "SimpleField"}:
            name = element.get("name", "")
            element.set("name", names.setdefault(name, f"field_{len(names)}"))
    for placemark in root.iter("Placemark"):
        _put_in_order(placemark, account)
    root.set("xmlns", _KML)
    return _frame(ElementTree.tostring(root, encoding="utf-8"), names)


def _text(path: Path) -> str:
    """Decode by the bytes; what the head says of the encoding may be wrong, or unknown to expat."""
    data = path.read_bytes()
    said = _DECLARATION.match(data.removeprefix(b"\xef\xbb\xbf"))
    names = ["utf-8-sig", *([said[1].decode()] if said else []), "gb18030", "latin-1"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        names.insert(0, "utf-16")
    for name in names:
        try:
            text = data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        break
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    used = {prefix for prefix in _PREFIX.findall(text) if f"xmlns:{prefix}=" not in text}
    missing = "".join(f' xmlns:{prefix}="urn:{prefix}"' for prefix in sorted(used))
    return _ROOT.sub(lambda root: root[0] + missing, text, count=1) if missing else text


def _put_in_order(placemark: Any, account: Account) -> None:  # noqa: ANN401 - an element
    """Close the rings of a placemark, and leave out what stands beside its polygons."""
    name = (placemark.findtext("name") or "").strip()
    for ring in placemark.iter("LinearRing"):
        coordinates = ring.find("coordinates")
        points = [] if coordinates is None else (coordinates.text or "").split()
        if len(points) >= _LEAST_POINTS and _place(points[0]) != _place(points[-1]):
            coordinates.text = " ".join([*points, points[0]])
            account.add(Item.SHAPE, Outcome.REPAIRED, [name], why=Message("account.ring_closed"))
    for group in placemark.findall("MultiGeometry"):
        polygons = group.findall(".//Polygon")
        if not polygons:
            continue
        others = [part for part in group.iter() if part.tag in _BESIDE]
        group[:] = polygons
        why = Message("account.beside_polygon", tags=[part.tag for part in others])
        account.add(Item.SHAPE, Outcome.LEFT_OUT, [name] if others else [], why=why)


def _place(point: str) -> list[str]:
    return point.split(",")[:2]


def _frame(data: bytes, names: dict[str, str]) -> gpd.GeoDataFrame:
    count = len(pyogrio.list_layers(data))  # their names differ with each reading of bytes
    frames = [pyogrio.read_dataframe(data, layer=number) for number in range(count)]
    shaped = [frame for frame in frames if isinstance(frame, gpd.GeoDataFrame)]
    if not shaped:
        return gpd.GeoDataFrame(geometry=[], crs="EPSG:4326")
    frame = pd.concat(shaped, ignore_index=True)
    theirs = {alias: name for name, alias in names.items()}
    kept = [c for c in frame.columns if c in theirs or c in {"Name", "name", "geometry"}]
    named = frame[kept].rename(columns={"Name": "name"} | theirs)
    return gpd.GeoDataFrame(named, geometry="geometry", crs=frame.crs)
