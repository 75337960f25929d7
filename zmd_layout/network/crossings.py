"""Drawn lines that cross on one level: whether they meet there, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Where lines are drawn from junction to junction, crossings without a common vertex are bridges; in
# a plain drawing they are most of the junctions. Lines with fewer of them for each true junction
# are taken as drawn from junction to junction.
MOST_BRIDGES_PER_JUNCTION = 0.25

_SAME_PLACE_M = 0.001
_LEAST_ANGLE = 1e-6  # radians; lines that are more alike lie on each other, or never meet


class Crossings(NamedTuple):
    """
    Places where two lines touch or cross and at least one of them has no vertex.

    Attributes
    ----------
    step
        (2, n) the vertex before the place, on either line.
    xy
        (n, 2) the place, in metres.
    is_end
        (n,) whether one of the lines ends there.
    """

    step: NDArray[np.int64]
    xy: NDArray[np.float64]
    is_end: NDArray[np.bool_]


def crossings(
    xy: NDArray[np.float64],
    part: NDArray[np.int64],
    place: NDArray[np.int64],
    level: NDArray[np.float64],
) -> Crossings:
    """
    Find where lines of one level touch or cross without a common vertex.

    Parameters
    ----------
    xy
        (n, 2) the vertices of all lines, line after line, in metres.
    part
        (n,) the line of each.
    place
        (n,) the number of its place: vertices of one number are at one place.
    level
        (n,) the level of its line; NaN meets nothing but where a line ends.
    """
    step = np.flatnonzero(part[1:] == part[:-1])
    is_end = np.concatenate([[True], np.diff(part) != 0]) | np.concatenate(
        [np.diff(part) != 0, [True]]
    )
    low = np.minimum(xy[step], xy[step + 1]) - _SAME_PLACE_M
    high = np.maximum(xy[step], xy[step + 1]) + _SAME_PLACE_M
    boxes = shapely.box(*low.T, *high.T)
    one, other = shapely.STRtree(boxes).query(boxes)
    a, b = step[one[one < other]], step[other[one < other]]
    along, across = xy[a + 1] - xy[a], xy[b + 1] - xy[b]
    area = _cross(along, across)
    is_alike = np.abs(area) <= _LEAST_ANGLE * np.hypot(*along.T) * np.hypot(*across.T)
    # neighbours on a line, and lines that meet at a vertex, have their joint already
    is_joined = np.zeros(len(a), dtype=bool)
    for i in (a, a + 1):
        for j in (b, b + 1):
            is_joined |= place[i] == place[j]
    is_asked = ~is_alike & ~is_joined
    crossing = _crossing(xy, a[is_asked], b[is_asked], is_end)
    lying = _lying(xy, a[is_alike], b[is_alike], is_end)
    step = np.hstack([crossing.step, lying.step])
    found = np.vstack([crossing.xy, lying.xy])
    ends_there = np.concatenate([crossing.is_end, lying.is_end])
    first, second = level[step]
    is_one_level = (first == second) | (ends_there & (np.isnan(first) | np.isnan(second)))
    return Crossings(step[:, is_one_level], found[is_one_level], ends_there[is_one_level])


def _crossing(
    xy: NDArray[np.float64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    is_end: NDArray[np.bool_],
) -> Crossings:
    """Find where steps from two vertices on cross or touch."""
    along, across = xy[a + 1] - xy[a], xy[b + 1] - xy[b]
    gap, area = xy[b] - xy[a], _cross(along, across)
    on_a, on_b = _cross(gap, across) / area, _cross(gap, along) / area
    slack_a, slack_b = (_SAME_PLACE_M / np.hypot(*line.T) for line in (along, across))
    is_met = (on_a >= -slack_a) & (on_a <= 1 + slack_a) & (on_b >= -slack_b) & (on_b <= 1 + slack_b)
    ends_there = np.zeros(len(a), dtype=bool)
    for first, on, slack in ((a, on_a, slack_a), (b, on_b, slack_b)):
        ends_there |= is_end[first] & (on <= slack)
        ends_there |= is_end[first + 1] & (on >= 1 - slack)
    found = xy[a] + along * np.clip(on_a, 0, 1)[:, None]
    return Crossings(np.stack([a, b])[:, is_met], found[is_met], ends_there[is_met])


def _lying(
    xy: NDArray[np.float64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    is_end: NDArray[np.bool_],
) -> Crossings:
    """Find where steps that run alike carry a vertex of each other: lines that were drawn twice."""
    carrier = np.concatenate([a, a, b, b])
    vertex = np.concatenate([b, b + 1, a, a + 1])
    other = np.concatenate([b, b, a, a])
    along, off = xy[carrier + 1] - xy[carrier], xy[vertex] - xy[carrier]
    length_m = np.hypot(*along.T)
    at_m = (off * along).sum(axis=1) / length_m
    aside_m = np.abs(_cross(along, off)) / length_m
    is_on = (aside_m <= _SAME_PLACE_M) & (at_m > _SAME_PLACE_M) & (at_m < length_m - _SAME_PLACE_M)
    step = np.stack([carrier, other])[:, is_on]
    return Crossings(step, xy[vertex[is_on]], is_end[vertex[is_on]])


def _cross(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def junction_count(part: NDArray[np.int64], place: NDArray[np.int64]) -> int:
    """Count the places at which at least three arms of road meet at a common vertex."""
    changes = np.diff(part) != 0
    is_end = np.concatenate([[True], changes]).astype(int) + np.concatenate([changes, [True]])
    arms = np.bincount(place, weights=2 - is_end)
    return int((arms >= 3).sum())  # noqa: PLR2004 - two arms are a road that goes on


def with_vertices(
    xy: NDArray[np.float64], part: NDArray[np.int64], found: Crossings
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the vertices and their lines with a vertex more at each crossing, on both lines."""
    step = found.step.ravel()
    places = np.vstack([found.xy, found.xy])
    from_step_m = np.hypot(*(places - xy[step]).T)
    order = np.lexsort((from_step_m, step))
    return (
        np.insert(xy, step[order] + 1, places[order], axis=0),
        np.insert(part, step[order] + 1, part[step[order]]),
    )
