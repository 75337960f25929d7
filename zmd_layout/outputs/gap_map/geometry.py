"""Make geometry small enough to travel: degrees, few vertices, whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

UNITS_PER_DEGREE = 100_000  # five decimals: about a metre
METRES_PER_DEGREE = 111_320  # of latitude; a drawing tolerance, nothing is measured with it
TOLERANCE_M = {
    "city": 80.0,
    "county": 80.0,
    "township": 50.0,
    "village": 30.0,
    "planning_unit": 20.0,
}
SMALL_TOLERANCE_M = 1.5
POINT = 2  # numbers of a point in a flat array
SHORTEST_RING = 4


def to_degrees(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """
    Bring a layer to EPSG:4326, the only CRS that the page knows.

    Raises
    ------
    CrsError
        When the layer says nothing of its CRS.
    """
    if frame.crs is None:
        raise CrsError(Message("gap_map.no_crs", name=name))
    return frame.to_crs(4326)


def simplify(geometries: NDArray[np.object_], kind: str) -> NDArray[np.object_]:
    """
    Take vertices away that nobody sees on a map of a city, and keep shared borders shared.

    Parameters
    ----------
    geometries
        (n,) geometries of one kind of unit, in degrees.
    kind
        The unit kind; it sets the tolerance.

    Notes
    -----
    Neighbours are simplified together (`shapely.coverage_simplify`); where polygons overlap there
    is no coverage, and each is simplified by itself.
    """
    tolerance = TOLERANCE_M.get(kind, SMALL_TOLERANCE_M) / METRES_PER_DEGREE
    areal = np.isin(shapely.get_type_id(geometries), (3, 6))
    result = geometries.copy()
    if shapely.coverage_is_valid(geometries[areal]):
        result[areal] = shapely.coverage_simplify(geometries[areal], tolerance)
    else:
        result[areal] = shapely.simplify(geometries[areal], tolerance, preserve_topology=True)
    return result


def encode_lines(geometry: BaseGeometry) -> list[list[int]]:
    """
    Write the rings or lines of a geometry as whole numbers, each but the first point as a step.

    Returns
    -------
    list of list of int
        One list a ring or line: `[x, y, dx, dy, …]` in 1e-5 degrees. Outer and inner rings are not
        told apart: the page fills by the even-odd rule. Rings that rounding has closed to nothing
        are left out.
    """
    areal = shapely.get_type_id(geometry) in {3, 6}
    parts = shapely.get_parts(geometry)
    lines = shapely.get_rings(parts) if areal else parts
    shortest = SHORTEST_RING if areal else 2
    encoded = (_encode_line(line) for line in lines)
    return [line for line in encoded if len(line) >= POINT * shortest]


def _encode_line(line: BaseGeometry) -> list[int]:
    whole = round_degrees(shapely.get_coordinates(line))
    moved = np.any(np.diff(whole, axis=0) != 0, axis=1)
    whole = whole[np.concatenate(([True], moved))]
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return [int(step) for step in steps.ravel()]


def round_degrees(coordinates: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round degrees to whole 1e-5 degrees."""
    return np.rint(coordinates * UNITS_PER_DEGREE).astype(np.int64)


def label_points(geometries: NDArray[np.object_]) -> NDArray[np.float64]:
    """
    Find where the label of each geometry stands: well inside its largest part.

    Returns
    -------
    (n, 2) degrees; NaN where there is no geometry.
    """
    return np.array([_label_point(geometry) for geometry in geometries]).reshape(-1, 2)


def _label_point(geometry: BaseGeometry | None) -> tuple[float, float]:
    if geometry is None or geometry.is_empty:
        return (np.nan, np.nan)
    if shapely.get_type_id(geometry) not in {3, 6}:
        point = shapely.point_on_surface(geometry)
        return (point.x, point.y)
    largest = max(shapely.get_parts(geometry), key=lambda part: part.area)
    extent = np.ptp(np.reshape(shapely.bounds(largest), (2, 2)), axis=0).max()
    circle = shapely.maximum_inscribed_circle(largest, tolerance=extent / 50)
    x, y = shapely.get_coordinates(circle)[0]
    return (float(x), float(y))


def bounds_of(geometries: Iterable[BaseGeometry]) -> list[float] | None:
    """Return west, south, east, north in degrees, or None where nothing has a place."""
    placed = [geometry for geometry in geometries if not geometry.is_empty]
    if not placed:
        return None
    return [round(float(value), 5) for value in shapely.total_bounds(placed)]
