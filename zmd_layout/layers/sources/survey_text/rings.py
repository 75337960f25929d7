"""Points of a plot → rings → one geometry with its holes and parts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.layers.sources.survey_text.grammar import number_or_none
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from zmd_layout.layers.sources.survey_text.grammar import Plot

MOST_RINGS = 200
# The format carries millimetres; points nearer than this are the same point.
_SAME_POINT_M = 0.005
_LEAST_CORNERS = 3
_RELATIVE_AREA_TOLERANCE = 1e-6
_AREA_TOLERANCE_M2 = 0.01


@dataclass(frozen=True, slots=True)
class PlotShape:
    """
    The geometry of a plot in the plane of the survey, or what is wrong with its rings.

    Parameters
    ----------
    geometry
        Polygon or multipolygon; None where there are faults.
    faults, warnings
        What makes the plot unreadable; what was odd and how it was read.
    """

    geometry: BaseGeometry | None
    faults: tuple[Message, ...] = ()
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ring:
    """Rows of the corners of a ring within its plot, without the repeated first point."""

    start: int
    stop: int
    is_closed: bool


def assemble(
    plot: Plot,
    points_m: NDArray[np.float64],
    point_labels: Sequence[str],
    ring_labels: Sequence[str],
) -> PlotShape:
    """
    Build the geometry of a plot.

    Parameters
    ----------
    plot
        The plot.
    points_m
        Array (n, 2) of easting and northing of its points in the plane of the survey.
    point_labels, ring_labels
        点号 and 地块圈号 of the points.

    Returns
    -------
    PlotShape
        A ring ends where the first point returns or the number changes. It is a hole where an odd
        number of other rings cover it, else a part.
    """
    rings = _split(points_m, ring_labels)
    if len(rings) > MOST_RINGS:
        found = len(rings)
        fault = Message("survey.too_many_rings", plot=plot.label, found=found, limit=MOST_RINGS)
        return PlotShape(None, faults=(fault,))
    faults = [
        fault for ring in rings for fault in _faults_of_ring(plot, ring, points_m, point_labels)
    ]
    if faults:
        return PlotShape(None, faults=tuple(faults))
    polygons = np.array([_polygon(points_m, ring) for ring in rings])
    outer, inner = _covers(polygons)
    depths = np.bincount(inner, minlength=len(polygons))
    geometry = _nest(polygons, depths, outer, inner)
    expected_m2 = float(np.sum(shapely.area(polygons) * np.where(depths % 2, -1, 1)))
    tolerance_m2 = _RELATIVE_AREA_TOLERANCE * abs(expected_m2) + _AREA_TOLERANCE_M2
    if abs(geometry.area - expected_m2) > tolerance_m2 or geometry.is_empty:
        return PlotShape(None, faults=(Message("survey.rings_overlap", plot=plot.label),))
    return PlotShape(geometry, warnings=tuple(_warnings(plot, rings, depths, len(points_m))))


def _split(points_m: NDArray[np.float64], ring_labels: Sequence[str]) -> list[_Ring]:
    rings = []
    start = 0
    points = points_m.tolist()  # plain floats are five times quicker, one at a time
    for row, point in enumerate(points):
        if row > start and ring_labels[row] != ring_labels[start]:
            rings.append(_Ring(start, row, is_closed=False))
            start = row
        elif row - start >= _LEAST_CORNERS and (math.dist(point, points[start]) <= _SAME_POINT_M):
            rings.append(_Ring(start, row, is_closed=True))
            start = row + 1
    if start < len(points_m):
        rings.append(_Ring(start, len(points_m), is_closed=False))
    return rings


def _faults_of_ring(
    plot: Plot, ring: _Ring, points_m: NDArray[np.float64], point_labels: Sequence[str]
) -> list[Message]:
    corners = points_m[ring.start : ring.stop]
    labels = point_labels[ring.start : ring.stop]
    if len(np.unique(corners, axis=0)) < _LEAST_CORNERS:
        found = list(labels[:_LEAST_CORNERS])
        return [Message("survey.few_corners", plot=plot.label, points=found)]
    reason = shapely.is_valid_reason(_polygon(points_m, ring))
    if reason == "Valid Geometry":
        return []
    edges = [f"{labels[row]}–{labels[(row + 1) % len(labels)]}" for row in _at(reason, corners)]
    return [Message("survey.bow_tie", plot=plot.label, edges=edges)]


def _polygon(points_m: NDArray[np.float64], ring: _Ring) -> BaseGeometry:
    return shapely.Polygon(points_m[ring.start : ring.stop])


def _at(reason: str, corners: NDArray[np.float64]) -> list[int]:
    """Find the two edges that meet where GEOS says that a ring is not valid."""
    x, y = map(float, reason.rpartition("[")[2].rstrip("]").split())
    edges = shapely.linestrings(np.stack([corners, np.roll(corners, -1, axis=0)], axis=1))
    distances_m = shapely.distance(edges, shapely.Point(x, y))
    return sorted(np.argsort(distances_m, kind="stable")[:2].tolist())


def _covers(polygons: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair each ring with the other rings that it covers."""
    outer, inner = shapely.STRtree(polygons).query(polygons, predicate="covers")
    return outer[outer != inner], inner[outer != inner]


def _nest(
    polygons: NDArray[np.object_],
    depths: NDArray[np.int64],
    outer: NDArray[np.int64],
    inner: NDArray[np.int64],
) -> BaseGeometry:
    """Cut, out of each ring of even depth, the rings one deeper that it covers."""
    is_hole_of = depths[inner] == depths[outer] + 1
    parts = [
        polygons[shell].difference(
            shapely.union_all(polygons[inner[is_hole_of & (outer == shell)]])
        )
        for shell in np.flatnonzero(depths % 2 == 0)
    ]
    return shapely.union_all(parts)


def _warnings(
    plot: Plot, rings: list[_Ring], depths: NDArray[np.int64], points_count: int
) -> list[Message]:
    warnings = []
    open_count = sum(not ring.is_closed for ring in rings)
    if open_count:
        warnings.append(Message("survey.closed", plot=plot.label, count=open_count))
    stated = number_or_none(plot.text(0))
    # with the closing points, as the format has it, or without, as many write it
    corners_count = sum(ring.stop - ring.start for ring in rings)
    if stated is not None and stated not in (
        points_count,
        corners_count,
        corners_count + len(rings),
    ):
        warnings.append(
            Message("survey.count", plot=plot.label, stated=int(stated), found=points_count)
        )
    if len(rings) > 1:
        holes_count = int(np.sum(depths % 2))
        warnings.append(
            Message(
                "survey.nested",
                plot=plot.label,
                rings=len(rings),
                holes=holes_count,
                parts=len(rings) - holes_count,
            )
        )
    return warnings
