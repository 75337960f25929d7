"""
Plots as they come across an official's desk: the formats, what each declares, what is refused.

GeoJSON, GeoPackage, Shapefile (alone or zipped, GBK), KML and KMZ, DXF, survey text, and tables
with a WKT column. A drawing (DWG, PDF) is refused with a word on what to ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from pyproj import CRS

from zmd_layout.errors import LayerError, ZmdLayoutError
from zmd_layout.layers import archives, formats
from zmd_layout.layers.files import UNREADABLE, listening, read_raw, sha256_of
from zmd_layout.layers.layer import Layer, Origin
from zmd_layout.layers.load import RawLayer, validate_layer
from zmd_layout.layers.sources.survey_text import read_survey_text
from zmd_layout.messages import Message
from zmd_layout.study import LayerSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zmd_layout.crs import StudyArea
    from zmd_layout.study import Study

LAYER = "residential_areas"
FORMATS = (
    ".geojson", ".json", ".gpkg", ".shp", ".zip", ".kml", ".kmz", ".dxf", ".txt", ".csv", ".xlsx",
    ".parquet",
)  # fmt: skip
_DRAWINGS = {".dwg", ".pdf", ".dgn", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".doc", ".docx"}
_ARCHIVES = {".zip", ".kmz"}
_INSIDE = tuple(suffix for suffix in FORMATS if suffix not in _ARCHIVES)
_DBF_HEADER_BYTES = 32
_KML = "http://www.opengis.net/kml/2.2"


@dataclass(frozen=True, slots=True)
class Plots:
    """
    Plots as a file has them.

    Attributes
    ----------
    frame
        Their columns, their coordinates.
    coordinates
        What the format itself declares; None: it has to be declared.
    notes
        What was odd and how it was read.
    """

    frame: gpd.GeoDataFrame
    coordinates: str | None
    notes: tuple[Message, ...] = ()


def load_plots(
    areas: Path | str | gpd.GeoDataFrame,
    *,
    study: Study,
    coordinates: str | None = None,
    area: StudyArea | None = None,
    read: Callable[..., Plots] | None = None,
) -> Layer:
    """
    Bring the plots of a review through the door.

    Parameters
    ----------
    areas
        A file, or a table with a CRS.
    study
        The study, for its plane.
    coordinates
        As declared by the user; it goes before what the format declares.
    area
        Where the study is, or None.
    read
        What reads a file, with the signature of `read_plots`, which it is by default.

    Returns
    -------
    layer
        `residential_areas`; in a review an area is new unless the file says otherwise.

    Raises
    ------
    ZmdLayoutError
        If the file is refused or the plots are not what they should be.
    """
    if isinstance(areas, gpd.GeoDataFrame):
        plots, path, digest = Plots(areas, _code_of(areas.crs)), "<GeoDataFrame>", ""
    else:
        file = Path(areas)
        plots = (read or read_plots)(file, working_crs=study.crs)
        path, digest = str(file.resolve()), sha256_of(file)
    declared = coordinates if coordinates and plots.coordinates != study.crs else plots.coordinates
    _refuse_crossing(plots.frame)
    source = LayerSource(path=path, coordinates=declared)
    origin = Origin(path=path, sha256=digest, coordinates=declared)
    raw = RawLayer(plots.frame, notes=plots.notes)
    layer = validate_layer(LAYER, raw, source, study=study, area=area, origin=origin)
    frame = layer.frame.copy()
    given = frame.get("is_new")
    frame["is_new"] = True if given is None else given.map(lambda flag: flag is not False)
    return replace(layer, frame=frame)


def read_plots(path: Path, *, working_crs: str) -> Plots:
    """
    Read a file of plots.

    Parameters
    ----------
    path
        The file.
    working_crs
        The plane into which survey text is read.

    Raises
    ------
    LayerError
        If it is not there, too large, a drawing, a hostile archive, or cannot be read.
    """
    if not path.exists():
        raise LayerError(Message("layers.no_file", layer=LAYER, path=path))
    suffix = path.suffix.lower()
    if suffix in _DRAWINGS:
        raise LayerError(Message("review.drawing", name=path.name))
    if suffix not in FORMATS:
        raise LayerError(Message("review.unknown_format", name=path.name, known=list(FORMATS)))
    archives.refuse_too_large(path)
    if formats.format_of(path) == formats.ZIP or suffix in _ARCHIVES:
        with archives.unpacked(path) as members:
            return _read_told(_only_one(members, path.name), working_crs)
    return _read_told(path, working_crs)


def _read_told(path: Path, working_crs: str) -> Plots:
    with listening(LAYER) as notes:
        plots = _read_one(path, working_crs)
    return replace(plots, notes=(*plots.notes, *notes))


def _only_one(files: Sequence[Path], name: str) -> Path:
    found = [file for file in files if file.suffix.lower() in _INSIDE]
    if any(file.suffix.lower() == ".shp" for file in found):
        found = [file for file in found if file.suffix.lower() == ".shp"]
    if len(found) == 1:
        return found[0]
    names = [file.name for file in found[:5]]
    if found:
        raise LayerError(Message("review.zip_many", name=name, count=len(found), found=names))
    if any(file.suffix.lower() in _DRAWINGS for file in files):
        raise LayerError(Message("review.drawing", name=name))
    raise LayerError(Message("review.zip_none", name=name, known=list(_INSIDE)))


def _read_one(path: Path, working_crs: str) -> Plots:
    special: dict[formats.Format, Callable[[Path], Plots]] = {
        formats.KML: _read_kml, formats.DXF: _read_dxf, formats.SHAPEFILE: _read_shapefile,
        formats.GEOPACKAGE: _read_package,
    }  # fmt: skip
    try:
        found = formats.format_of(path)
        if found in formats.DRAWINGS:
            raise LayerError(Message("review.drawing", name=path.name))
        if found == formats.ZIP:  # one inside another
            raise formats.refusal(path, found, layer_name=LAYER)
        if found == formats.DOCTYPED:
            raise LayerError(Message("review.kml_entities", name=path.name))
        if found == formats.TEXT and path.suffix.lower() == ".txt":
            return _read_survey(path, working_crs)
        if found in special:
            return special[found](path)
        frame = read_raw(path, LayerSource(path=str(path)), layer_name=LAYER)
        is_geojson = found == formats.GEOJSON
        declared = "wgs84" if is_geojson else _code_of(frame.crs)  # RFC 7946
        return Plots(frame, declared)
    except UNREADABLE as error:
        if isinstance(error, ZmdLayoutError):
            raise
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise LayerError(
            Message("layers.unreadable_file", layer=LAYER, path=path.name, why=why)
        ) from error


def _read_survey(path: Path, working_crs: str) -> Plots:
    survey = read_survey_text(path.read_bytes(), working_crs=working_crs, name=path.name)
    frame = survey.plots[["name", "geometry"]].copy()
    numbers = survey.plots["plot_no"]
    if numbers.notna().all() and numbers.is_unique:
        frame["unit_id"] = numbers.astype(object)
    return Plots(frame, working_crs, survey.warnings)


def _read_kml(path: Path) -> Plots:
    """
    Read KML; declarations of entities or types are refused before GDAL sees the file.

    GDAL replaces every sign of a field's name that is not ASCII, so that Chinese names all become
    the same underscores: they go through it under aliases.
    """
    try:
        tree = ElementTree.parse(path, forbid_dtd=True)
    except DefusedXmlException as error:
        raise LayerError(Message("review.kml_entities", name=path.name)) from error
    except ElementTree.ParseError as error:
        raise LayerError(
            Message("layers.unreadable_file", layer=LAYER, path=path.name, why=error)
        ) from error
    names: dict[str, str] = {}
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]  # GDAL knows KML by its bare tags only
        if element.tag in {"Data", "SimpleData", "SimpleField"}:
            name = element.get("name", "")
            element.set("name", names.setdefault(name, f"field_{len(names)}"))
    tree.getroot().set("xmlns", _KML)
    data = ElementTree.tostring(tree.getroot(), encoding="utf-8")
    if formats.reaches_beyond(data):
        raise formats.refusal(path, formats.VIRTUAL, layer_name=LAYER)
    count = len(pyogrio.list_layers(data))  # their names differ with each reading of bytes
    frames = [pyogrio.read_dataframe(data, layer=number) for number in range(count)]
    frame = pd.concat([f for f in frames if isinstance(f, gpd.GeoDataFrame)], ignore_index=True)
    theirs = {alias: name for name, alias in names.items()}
    kept = [c for c in frame.columns if c in theirs or c in {"Name", "name", "geometry"}]
    return _polygons_of(frame[kept].rename(columns={"Name": "name"} | theirs), "wgs84", path.name)


def _read_dxf(path: Path) -> Plots:
    """Take closed lines as plots; a drawing names no coordinate system and no attributes."""
    frame = pyogrio.read_dataframe(formats.gdal_path(path, layer_name=LAYER))
    kept = frame.columns.intersection(["geometry"])
    plots = _polygons_of(frame[kept], None, path.name)
    names = [f"{path.stem}-{number}" for number in range(1, len(plots.frame) + 1)]
    return replace(plots, frame=plots.frame.assign(name=names))


def _polygons_of(frame: gpd.GeoDataFrame, coordinates: str | None, name: str) -> Plots:
    """Keep areas and closed lines, flat; say how much was left out."""
    flat = shapely.force_2d(frame.geometry.to_numpy())
    shapes = [_as_area(shape) for shape in flat]
    is_area = pd.Series([shape is not None for shape in shapes], index=frame.index)
    if not is_area.any():
        raise LayerError(Message("review.no_polygon", name=name))
    kept = frame[is_area].set_geometry([s for s in shapes if s is not None], crs=frame.crs)
    left_out = int((~is_area).sum())
    notes = (Message("review.left_out", name=name, count=left_out),) if left_out else ()
    return Plots(kept.reset_index(drop=True), coordinates, notes)


def _as_area(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    least_points = 4
    match shape:
        case shapely.Polygon() | shapely.MultiPolygon() if not shape.is_empty:
            return shape
        case shapely.LineString() if shape.is_closed and len(shape.coords) >= least_points:
            return shapely.Polygon(shape)
        case _:
            return None


def _read_shapefile(path: Path) -> Plots:
    encoding = None if path.with_suffix(".cpg").exists() else _encoding_of(path.with_suffix(".dbf"))
    frame = pyogrio.read_dataframe(formats.gdal_path(path, layer_name=LAYER), encoding=encoding)
    return Plots(frame, _code_of(frame.crs))


def _encoding_of(table: Path) -> str | None:
    """Tell UTF-8 from GBK in a table that does not say; other text than Chinese is in both."""
    if not table.exists():
        return None
    try:
        table.read_bytes()[_DBF_HEADER_BYTES:].decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8"


def _read_package(path: Path) -> Plots:
    source = formats.gdal_path(path, layer_name=LAYER)
    layers = [name for name, kind in pyogrio.list_layers(source) if kind and "Polygon" in kind]
    if len(layers) != 1:
        found = layers or [name for name, _ in pyogrio.list_layers(source)]
        raise LayerError(Message("review.package_layers", name=path.name, found=found[:10]))
    frame = pyogrio.read_dataframe(source, layer=layers[0])
    return Plots(frame, _code_of(frame.crs))


def _refuse_crossing(frame: gpd.GeoDataFrame) -> None:
    """
    Refuse a boundary that crosses itself: which ground is meant only the applicant can say.

    A layer of a study is mended, for there a sliver of thousands does not matter; here the plot is
    the subject.
    """
    names = frame["name"] if "name" in frame else frame.index.to_series() + 1
    faults = [
        Message("review.crossing", name=names.iloc[row], why=shapely.is_valid_reason(shape))
        for row, shape in enumerate(frame.geometry)
        if shape is not None and not shape.is_valid
    ]
    if faults:
        raise LayerError(*faults)


def _code_of(crs: object) -> str | None:
    if crs is None:
        return None
    code = CRS.from_user_input(crs).to_epsg(min_confidence=25)  # ESRI's .prj writes other names
    return None if code is None else f"EPSG:{code}"
