"""Geometry at the door: wrong shapes refused, self-intersections repaired, overlaps measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from zmd_layout.layers.account import row_number
from zmd_layout.layers.schema import Schema, Shape
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOISE_SHARE = 1e-9  # what rounding of shared borders leaves
OVERLAP_SHARE = 0.01  # of the smaller unit; above it two units cannot both be right
_SHOWN = 5
_DIMENSION = {Shape.POINT: 0, Shape.LINE: 1, Shape.POLYGON: 2}


def points_in(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """
    Return a point within each shape: the point itself, or one on the surface of an area.

    Parameters
    ----------
    frame
        n rows, each with a geometry.

    Returns
    -------
    (n, 2) in the plane of the frame.
    """
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    return np.asarray(shapely.get_coordinates(points), dtype=np.float64)


def shape_faults(frame: gpd.GeoDataFrame, schema: Schema) -> list[Message]:
    """Refuse geometry of the wrong kind, empty geometry, and rows without a needed position."""
    shapes = frame.geometry.to_numpy()
    missing = shapely.is_missing(shapes)
    faults = []
    if missing.any() and not schema.may_lack_geometry:
        faults.append(_rows_fault("layers.no_geometry", frame, schema, missing))
    empty = ~missing & shapely.is_empty(shapes)
    if empty.any():
        faults.append(_rows_fault("layers.empty_geometry", frame, schema, empty))
    wanted = _DIMENSION.get(schema.shape)
    if wanted is not None:
        wrong = ~missing & ~empty & (shapely.get_dimensions(shapes) != wanted)
        if schema.takes_places and not (shapely.get_dimensions(shapes[~missing]) > 0).any():
            wrong[:] = False
        if wrong.any():
            faults.append(_rows_fault("layers.wrong_shape", frame, schema, wrong))
    return faults


def with_places(
    frame: gpd.GeoDataFrame, schema: Schema
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Keep points of units as the places where they are shown, and their area as unknown.

    Returns
    -------
    frame, notes
        With `place_x`, `place_y` in the plane, NaN where there is no point, and without geometry;
        as it was where the units have areas, or no position at all.
    """
    shapes = frame.geometry.to_numpy()
    known = ~shapely.is_missing(shapes)
    if not (schema.takes_places and known.any()) or (shapely.get_dimensions(shapes) > 0).any():
        return frame, ()
    frame = frame.assign(place_x=frame.geometry.x, place_y=frame.geometry.y)
    frame["geometry"] = gpd.GeoSeries([None] * len(frame), index=frame.index, crs=frame.crs)
    note = Message(
        "layers.places_only", layer=schema.name, count=int(known.sum()), lacking=int((~known).sum())
    )
    return frame, (note,)


def _rows_fault(
    key: str,
    frame: gpd.GeoDataFrame,
    schema: Schema,
    rows: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Message:
    return Message(
        key, layer=schema.name, count=int(rows.sum()),
        rows=[row_number(label) for label in frame.index[rows][:_SHOWN]],
        found=sorted({shape.geom_type for shape in frame.geometry[rows] if shape is not None}),
        wanted=Message(f"layers.shape_{schema.shape}"),
    )  # fmt: skip


def repair(frame: gpd.GeoDataFrame, schema: Schema) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """
    Mend self-intersecting polygons.

    Returns
    -------
    frame, repaired
        The layer, and how many were mended. A polygon keeps its area parts only.
    """
    if schema.shape not in {Shape.POLYGON, Shape.ANY}:
        return frame, {}
    shapes = frame.geometry.to_numpy().copy()
    broken = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
    if not broken.any():
        return frame, {}
    mended = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    shapes[broken] = mended
    return frame.set_geometry(shapes, crs=frame.crs), {"self_intersections": int(broken.sum())}


def overlap_faults(frame: gpd.GeoDataFrame, schema: Schema) -> tuple[list[Message], dict[str, int]]:
    """
    Refuse units that overlap by more than 1 % of the smaller; count the lesser overlaps.

    Parameters
    ----------
    frame
        Valid polygons in the plane.
    schema
        The layer; only partitions are looked at.

    Returns
    -------
    faults, repaired
        One message with the worst pairs, and the number of slivers left alone.
    """
    if not schema.is_partition:
        return [], {}
    shapes = frame.geometry.to_numpy()
    area = ~shapely.is_missing(shapes) & (
        shapely.get_dimensions(shapes) == _DIMENSION[Shape.POLYGON]
    )
    polygons = shapes[area]
    rows = np.flatnonzero(area)
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    upper = first < second
    first, second = first[upper], second[upper]
    common = shapely.area(shapely.intersection(polygons[first], polygons[second]))
    share = common / np.minimum(shapely.area(polygons[first]), shapely.area(polygons[second]))
    bad = share > OVERLAP_SHARE
    slivers = int(((share > _NOISE_SHARE) & ~bad).sum())
    repaired = {"slivers": slivers} if slivers else {}
    if not bad.any():
        return [], repaired
    worst = np.argsort(-share[bad], kind="stable")[:_SHOWN]
    names = frame["name"] if "name" in frame else frame.index.to_series() + 1
    pairs = [(rows[first[bad][n]], rows[second[bad][n]], share[bad][n]) for n in worst]
    found = [f"{names.iloc[a]} / {names.iloc[b]} ({part:.1%})" for a, b, part in pairs]
    return [
        Message("layers.overlap", layer=schema.name, count=int(bad.sum()), found=found)
    ], repaired
