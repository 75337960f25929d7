"""
Plots out of a drawing (DXF): the closed lines of one layer.

A drawing names no coordinate system and no attributes, and holds more than plots: buildings, roads,
frames. Which layer the plots are on is asked unless only one can be, or one has the name of a
boundary. Ends that miss each other by less than the tolerance of drawing are joined.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from zmd_layout.errors import LayerError
from zmd_layout.layers import formats
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from pathlib import Path

# ends closer than this were meant to meet: a tenth of a metre is a fifth of a millimetre at 1:500
TOLERANCE_M = 0.1
_LEAST_POINTS = 4
_BOUNDARIES = re.compile("红线|地块|用地|宗地|边界|范围|boundary|parcel|plot", re.IGNORECASE)
_ESCAPED = re.compile(r"\\U\+([0-9a-fA-F]{4})")


def read_drawing(
    path: Path, *, layer: str | None, layer_name: str, account: Account
) -> gpd.GeoDataFrame:
    """
    Read the plots of a drawing.

    Parameters
    ----------
    path
        The DXF.
    layer
        The layer of the drawing that holds the plots; None: the only one that can.
    layer_name
        The layer in errors.
    account
        Takes the layers, the lines that were closed or joined, and what was left out.

    Returns
    -------
    frame
        `name` (file and number) and polygons, without a CRS.

    Raises
    ------
    LayerError
        If no layer or several could hold the plots.
    """
    raw = pyogrio.read_dataframe(formats.gdal_path(path, layer_name=layer_name))
    names = raw["Layer"].map(_layer_name)
    shapes = {name: list(raw.geometry[names == name].dropna()) for name in dict.fromkeys(names)}
    areas, notes = {}, {}
    for name, lines in shapes.items():
        kept = Account()
        areas[name], notes[name] = _areas(lines, kept), kept
    chosen = _chosen(
        [name for name, found in areas.items() if found], layer, shapes, path, layer_name
    )
    account.entries += notes[chosen].entries
    why = Message("account.layers_of_drawing", layer=chosen)
    account.add(Item.LAYER, Outcome.READ, [chosen], why=why)
    account.add(Item.LAYER, Outcome.LEFT_OUT, [name for name in shapes if name != chosen], why=why)
    plots = _outermost(areas[chosen], account)
    titles = [f"{path.stem}-{number}" for number in range(1, len(plots) + 1)]
    return gpd.GeoDataFrame({"name": titles}, geometry=plots)


def as_area(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """Return an area as it is, and that of a closed line; None for anything else."""
    match shape:
        case shapely.Polygon() | shapely.MultiPolygon() if not shape.is_empty:
            return shape
        case shapely.LineString() if shape.is_closed and len(shape.coords) >= _LEAST_POINTS:
            return shapely.Polygon(shape)
        case _:
            return None


def _layer_name(raw: object) -> str:
    r"""
    Read the name of a layer.

    Signs come as `\U+7ea2`, or as bytes in UTF-8 or GBK that GDAL takes for Latin letters where
    the drawing states no code page.
    """
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(raw))
    try:
        data = text.encode("cp1252" if not text.isascii() else "ascii")
    except UnicodeEncodeError:
        try:
            data = text.encode("latin-1")
        except UnicodeEncodeError:
            return text
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return text


def _chosen(
    holding: list[str],
    wanted: str | None,
    shapes: dict[str, list[shapely.Geometry]],
    path: Path,
    layer_name: str,
) -> str:
    if wanted is not None and wanted not in shapes:
        raise LayerError(
            Message("layers.several_layers", layer=layer_name, path=path.name, found=list(shapes))
        )
    if wanted is not None:
        holding = [name for name in holding if name == wanted]
    named = [name for name in holding if _BOUNDARIES.search(name)]
    fitting = named if len(named) == 1 else holding
    if not fitting:
        gaps = [
            gap for lines in shapes.values() for line in lines if (gap := _gap(line)) is not None
        ]
        if gaps:
            raise LayerError(
                Message("review.open_line", name=path.name, gap=f"{min(gaps):.3g}",
                        tolerance=TOLERANCE_M)
            )  # fmt: skip
        raise LayerError(Message("review.no_polygon", name=path.name))
    if len(fitting) > 1:
        raise LayerError(
            Message("layers.several_layers", layer=layer_name, path=path.name, found=fitting)
        )
    return fitting[0]


def _gap(line: shapely.Geometry) -> float | None:
    """Return how far the ends of an open line are apart; None for what is no such line."""
    is_open = isinstance(line, shapely.LineString) and not line.is_closed
    if not is_open or len(line.coords) < _LEAST_POINTS:
        return None
    return math.dist(line.coords[0][:2], line.coords[-1][:2])


def _areas(lines: list[shapely.Geometry], account: Account) -> list[shapely.Geometry]:
    """Make areas of the lines of a layer: closed ones, almost closed ones, ends that meet."""
    flat = [shapely.force_2d(line) for line in lines]
    found = [area for shape in flat if (area := as_area(shape)) is not None]
    rest = [s for s in flat if isinstance(s, shapely.LineString) and not s.is_closed]
    for line in list(rest):
        gap = _gap(line)
        if gap is not None and gap <= TOLERANCE_M:
            found.append(shapely.Polygon(line.coords))
            rest.remove(line)
            why = Message("account.gap_closed", gap=f"{gap:.3g}")
            account.add(Item.SHAPE, Outcome.REPAIRED, count=1, why=why)
    joined = _joined(rest)
    found += joined
    if joined:
        why = Message("account.lines_joined", count=len(rest))
        account.add(Item.SHAPE, Outcome.JOINED, count=len(joined), why=why)
    others = len(flat) - len(found) - (len(rest) - len(joined) if joined else 0)
    account.add(Item.SHAPE, Outcome.LEFT_OUT, count=others, why=Message("account.no_polygon"))
    return found


def _joined(lines: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Join lines that meet at their ends, within the tolerance, to areas."""
    if len(lines) < 2:  # noqa: PLR2004 - a ring of lines
        return []
    ends = np.array([line.coords[n] for line in lines for n in (0, -1)])
    for n, end in enumerate(ends):  # ends that almost meet become one point
        near = np.hypot(*(ends[:n] - end).T) <= TOLERANCE_M if n else np.array([], bool)
        if near.any():
            ends[n] = ends[:n][near][0]
    moved = [
        shapely.LineString([ends[2 * n], *line.coords[1:-1], ends[2 * n + 1]])
        for n, line in enumerate(lines)
    ]
    return list(shapely.polygonize(moved).geoms)


def _outermost(areas: list[shapely.Geometry], account: Account) -> list[shapely.Geometry]:
    """Leave out areas inside another, for one plot holds no other: they are buildings."""
    valid = [shapely.make_valid(area) for area in areas]
    tree = shapely.STRtree(valid)
    inner, outer = tree.query(valid, predicate="within")
    pairs = zip(inner.tolist(), outer.tolist(), strict=True)
    inside = {a for a, b in pairs if a != b and not (valid[a].equals(valid[b]) and a < b)}
    why = Message("account.inside_another")
    account.add(Item.SHAPE, Outcome.LEFT_OUT, count=len(inside), why=why)
    return [area for n, area in enumerate(areas) if n not in inside]
