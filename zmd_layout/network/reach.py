"""All pairs of facilities and points within a distance over the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from zmd_layout.layers.roads import expand_runs
from zmd_layout.network.bands import order_in_bands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from zmd_layout.network.bands import Bands
    from zmd_layout.network.graph import RoadGraph
    from zmd_layout.network.snapping import Snap

_ELSEWHERE = -1

# Bounds the memory: so many rows of distances over the part of the graph that is searched.
_MOST_IN_GROUP = 32


def within(
    graph: RoadGraph,
    facilities: Snap,
    points: Snap,
    *,
    cutoff_m: float,
    progress: Callable[[int, int], None] | None = None,
) -> csr_array:
    """
    Find the distances of all pairs within a cut-off, from the point to the facility.

    A way cannot lead farther from a facility than its length, so that neighbouring facilities are
    searched together on the part of the graph around them. Threads would not help: SciPy's search
    holds the interpreter lock.

    Parameters
    ----------
    graph
        The road graph.
    facilities, points
        m and n points tied to it; those that are not tied have no pairs.
    cutoff_m
        The longest way, inclusive, with the straight lines to the road at both ends.
    progress
        Called with the number of facilities done and wanted.

    Returns
    -------
    csr_array
        (m, n) metres. A *stored* entry is a pair within the cut-off, also a stored zero (a point
        at the facility); what is not stored is out of reach. The columns of a row stand in the
        order of the road nodes. The transpose has the form of a siting problem's costs.
    """
    count = len(facilities)
    if not points.is_snapped.any():
        return csr_array((count, len(points)))
    rows = [_Row(np.empty(0, dtype=np.int64), np.empty(0))] * count
    task = _Task(graph, facilities, points, _in_bands(points), cutoff_m)
    scratch = np.full(len(graph.node_xy), _ELSEWHERE, dtype=np.int32)
    groups = list(_groups(facilities, cutoff_m))
    done = count - sum(map(len, groups))
    for group in groups:
        for position, row in zip(group, _search(task, group, scratch), strict=True):
            rows[position] = row
        done += len(group)
        if progress:
            progress(done, count)
    if not rows:
        return csr_array((0, len(points)))
    starts = np.concatenate([[0], np.cumsum([len(row.point) for row in rows])])
    columns = np.concatenate([row.point for row in rows])
    distance_m = np.concatenate([row.distance_m for row in rows])
    return csr_array((distance_m, columns, starts), shape=(count, len(points)))


@dataclass(frozen=True, slots=True)
class _Row:
    """The points within the cut-off of a facility, and how far they are."""

    point: NDArray[np.int64]
    distance_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Ties:
    """The tied points in the order of bands over their places."""

    point: NDArray[np.int64]
    node: NDArray[np.int32]
    offset_m: NDArray[np.float64]
    edge: NDArray[np.int64]
    bands: Bands


@dataclass(frozen=True, slots=True)
class _Task:
    """What all searches of a run share."""

    graph: RoadGraph
    facilities: Snap
    points: Snap
    ties: _Ties
    cutoff_m: float


def _in_bands(points: Snap) -> _Ties:
    tied = np.flatnonzero(points.is_snapped)
    order, bands = order_in_bands(points.xy[tied], tied)
    tied = tied[order]
    # The tie itself is a part of the way from either end.
    to_end_m = points.along_m[tied] + points.distance_m[tied][:, None]
    offset_m = np.where(points.is_leaving[tied], to_end_m, np.inf)
    return _Ties(tied, points.node[tied], offset_m, points.edge[tied], bands)


def _groups(facilities: Snap, cutoff_m: float) -> Iterator[NDArray[np.int64]]:
    """Yield the positions of the facilities in reach of a road, neighbours together."""
    tied = np.flatnonzero(facilities.is_snapped & (facilities.distance_m <= cutoff_m))
    if not len(tied):
        return
    # Squares as wide as the cut-off: a larger part to search on, but far fewer of them.
    square = np.floor(facilities.xy[tied] / max(cutoff_m, 1.0))
    order = np.lexsort((facilities.node[tied, 0], square[:, 0], square[:, 1]))
    tied, square = tied[order], square[order]
    borders = np.flatnonzero((np.diff(square, axis=0) != 0).any(axis=1)) + 1
    for group in np.split(tied, borders):
        yield from np.split(group, range(_MOST_IN_GROUP, len(group), _MOST_IN_GROUP))


def _search(task: _Task, group: NDArray[np.int64], local: NDArray[np.int32]) -> list[_Row]:
    """
    Search around the facilities of a group.

    Parameters
    ----------
    task
        The run.
    group
        Positions of facilities.
    local
        (n,) `_ELSEWHERE` for every node, as it is left again; used for the rows of the part.
    """
    graph, ties, facilities = task.graph, task.ties, task.facilities
    own_m = facilities.distance_m[group]
    limit_m = task.cutoff_m - own_m.min()
    reach_m = limit_m / graph.least_detour
    runs = graph.bands.runs(facilities.xy[group], reach_m)
    nodes = expand_runs(*runs)
    here = expand_runs(*ties.bands.runs(facilities.xy[group], reach_m))
    local[nodes] = np.arange(len(nodes), dtype=np.int32)
    part = _part(graph.reversed_weights, *runs, local)
    home, to_home_m = local[facilities.node[group]], facilities.along_m[group]
    comes = facilities.is_arriving[group] & (home != _ELSEWHERE)
    starts = _with_starts(part, home, to_home_m, comes)
    first = part.shape[0]
    to_facility_m = dijkstra(starts, indices=np.arange(first, first + len(group)), limit=limit_m)
    # What is beyond the part is beyond reach: its row is the dead end's.
    at = local[ties.node[here]]
    local[nodes] = _ELSEWHERE
    to_facility_m[:, first - 1] = np.inf
    at[at == _ELSEWHERE] = first - 1
    offset_m, point, edge = ties.offset_m[here], ties.point[here], ties.edge[here]
    # Unreached is inf, and must not pass where there is no cut-off.
    longest_m = min(task.cutoff_m, np.finfo(np.float64).max)
    rows = []
    for node_m, tie_m, facility in zip(to_facility_m, own_m, group, strict=True):
        way_m = node_m.take(at[:, 0])
        way_m += offset_m[:, 0]
        other_m = node_m.take(at[:, 1])
        other_m += offset_m[:, 1]
        np.minimum(way_m, other_m, out=way_m)
        if facilities.edge[facility] >= 0:
            beside = np.flatnonzero(edge == facilities.edge[facility])
            direct_m = _along(task, facility, point[beside])
            way_m[beside] = np.minimum(way_m[beside], direct_m)
        way_m += tie_m
        is_within = np.flatnonzero(way_m <= longest_m)
        rows.append(_Row(point.take(is_within), way_m.take(is_within)))
    return rows


def _along(task: _Task, facility: int, points: NDArray[np.int64]) -> NDArray[np.float64]:
    """Measure the ways to a facility from points on its own edge, along that edge alone."""
    gap_m = task.facilities.along_m[facility, 0] - task.points.along_m[points, 0]
    leaves = task.points.is_leaving[points]
    is_way = np.where(gap_m > 0, leaves[:, 1], leaves[:, 0]) | (gap_m == 0)
    return np.where(is_way, np.abs(gap_m), np.inf) + task.points.distance_m[points]


def _with_starts(
    part: csr_array,
    home: NDArray[np.int32],
    to_home_m: NDArray[np.float64],
    comes: NDArray[np.bool_],
) -> csr_array:
    """Append a row for each facility, with arcs to the ends of its edge."""
    size = part.shape[0] + len(home)
    ends = part.indptr[-1] + np.cumsum(comes.sum(axis=1), dtype=np.int32)
    return csr_array(
        (
            np.concatenate([part.data, to_home_m[comes]]),
            np.concatenate([part.indices, home[comes]]),
            np.concatenate([part.indptr, ends]),
        ),
        shape=(size, size),
    )


def _part(
    weights: csr_array,
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    local: NDArray[np.int32],
) -> csr_array:
    """
    Cut runs of rows out of a graph; arcs that leave them lead to one dead end, the last row.

    Parameters
    ----------
    weights
        The graph.
    starts, stops
        Half-open runs of rows.
    local
        Of each node of the graph its row in the part, or `_ELSEWHERE`.
    """
    if not len(starts):
        return csr_array((1, 1))
    runs = list(zip(starts.tolist(), stops.tolist(), strict=True))
    size = int((stops - starts).sum())
    firsts, lasts = weights.indptr[starts], weights.indptr[stops]
    arc_runs = list(zip(firsts.tolist(), lasts.tolist(), strict=True))
    heads = local[np.concatenate([weights.indices[first:last] for first, last in arc_runs])]
    heads[heads == _ELSEWHERE] = size
    lengths = np.concatenate([weights.data[first:last] for first, last in arc_runs])
    # Each run of row ends moves down by the arcs that were left out before it.
    moved = np.concatenate([[0], np.cumsum(lasts - firsts)])[:-1] - firsts
    ends = np.concatenate(
        [weights.indptr[start + 1 : stop + 1] for start, stop in runs]
    ) + np.repeat(moved, stops - starts)
    indptr = np.concatenate([[0], ends, ends[-1:]]).astype(np.int32)
    return csr_array((lengths, heads, indptr), shape=(size + 1, size + 1))
