"""The nearest point of many roads, for many points at once and in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from zmd_layout.layers.roads import expand_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Lengths are multiples of 2⁻³² m (a quarter of a nanometre), so that sums below 2²¹ m (2,097 km)
# are exact in double precision. Then a distance is the same in both directions and for any order
# of addition, and two schools that are equally far are equal to the last bit: a tie is a tie.
_QUANTA_PER_METRE = 2.0**32

# Roads are cut into pieces of at most this length, whose middles a tree holds: the shorter they
# are, the more there are, and the fewer have to be looked at.
_LONGEST_PIECE_M = 100.0

# Nearer to its end than this, a place on a road is the end.
_SAME_PLACE_M = 1e-6

_CELL_M = 500.0  # of the squares in which roads are summed up

_PAIRS_AT_ONCE = 1 << 18  # bounds the memory


def round_lengths(length_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round lengths to the quantum in which sums are exact; NaN and inf stay."""
    return np.rint(length_m * _QUANTA_PER_METRE) / _QUANTA_PER_METRE


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """
    The edges of a road graph with their shapes, in an order of their own; points are tied to them.

    Attributes
    ----------
    ends
        (2, e) int32 the nodes at the ends.
    length_m
        (e,) metres along the road.
    is_forward, is_backward
        (e,) whether one may go from the first end to the second, and back.
    is_open
        (e,) whether points are tied to it.
    xy, first
        (k, 2) the vertices, edge after edge; those of edge i from first[i] to first[i + 1].
    """

    ends: NDArray[np.int32]
    length_m: NDArray[np.float64]
    is_forward: NDArray[np.bool_]
    is_backward: NDArray[np.bool_]
    is_open: NDArray[np.bool_]
    xy: NDArray[np.float64]
    first: NDArray[np.int64]

    @classmethod
    def undirected(
        cls,
        ends: NDArray[np.int64],
        length_m: NDArray[np.float64],
        xy: NDArray[np.float64],
        first: NDArray[np.int64],
    ) -> Stretches:
        """Return stretches that are all open both ways."""
        is_open = np.ones(len(length_m), dtype=bool)
        return cls(
            ends=ends.astype(np.int32), length_m=round_lengths(length_m), is_forward=is_open,
            is_backward=is_open, is_open=is_open, xy=xy, first=first,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRoad:
    """
    The nearest points of the roads to n points.

    Attributes
    ----------
    edge
        (n,) the edge.
    along_m
        (n,) from its first end, along the road; exactly 0 or its length at the ends.
    distance_m
        (n,) the straight line to it.
    xy
        (n, 2) where it is.
    passed
        (n,) so many bends of the edge lie before it.
    """

    edge: NDArray[np.int64]
    along_m: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    xy: NDArray[np.float64]
    passed: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_]) -> OnRoad:
        """Return some of the places."""
        return OnRoad(
            edge=self.edge[chosen], along_m=self.along_m[chosen],
            distance_m=self.distance_m[chosen], xy=self.xy[chosen], passed=self.passed[chosen],
        )  # fmt: skip


class RoadPieces:
    """
    The edges of a road graph, to be asked for what is nearest to a point.

    A tree holds the middles of short pieces. The nearest piece of a point is among those whose
    middle is not farther than the nearest road that is known, plus half the length of a piece: so
    many neighbours are looked at until the last of them is farther than that.

    Parameters
    ----------
    stretches
        The edges; only those that are open are asked.
    """

    def __init__(self, stretches: Stretches) -> None:
        self._stretches = stretches
        xy, first = stretches.xy, stretches.first
        is_step = np.repeat(stretches.is_open, np.diff(first))
        is_step[first[1:] - 1] = False
        start = np.flatnonzero(is_step)
        step_m = np.hypot(*(xy[start + 1] - xy[start]).T)
        pieces = np.maximum(np.ceil(step_m / _LONGEST_PIECE_M), 1).astype(np.int64)
        self._half_m = float((step_m / pieces).max(initial=0.0)) / 2
        self._step = np.repeat(start, pieces).astype(np.int32)
        nth = np.arange(len(self._step)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        self._piece_m = (step_m / pieces).repeat(pieces)
        part = ((nth + 0.5) / np.repeat(pieces, pieces))[:, None]
        middles = xy[self._step] * (1 - part) + xy[self._step + 1] * part
        # An unbalanced tree is built in a third of the time and asked as fast.
        self._tree = cKDTree(middles, balanced_tree=False, compact_nodes=False)

    def nearest(self, points_xy: NDArray[np.float64]) -> OnRoad:
        """
        Find the nearest point of the roads for each of some points.

        Parameters
        ----------
        points_xy
            (n, 2) finite, in the plane of the roads.
        """
        return self.placed(points_xy, self._nearest_step(points_xy))

    def density(self, points_xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Measure the roads around points, in km per km².

        Parameters
        ----------
        points_xy
            (n, 2) finite, in the plane of the roads.

        Returns
        -------
        density
            (n,) over the square of three by three cells of 500 m in whose middle a point lies.
        """
        middles = self._tree.data
        cells, of_piece = np.unique(_cells(middles), return_inverse=True)
        road_m = np.append(np.bincount(of_piece, weights=self._piece_m), 0.0)
        around = np.zeros(len(points_xy))
        for east in (-1, 0, 1):
            for north in (-1, 0, 1):
                wanted = _cells(points_xy + np.array([east, north]) * _CELL_M)
                at = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
                around += np.where(cells[at] == wanted, road_m[at], 0.0)
        return np.asarray(around / 1000 / (9 * (_CELL_M / 1000) ** 2))

    def _nearest_step(self, points_xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Find the first vertex of the nearest line between two vertices."""
        found = np.empty(len(points_xy), dtype=np.int64)
        undecided = np.arange(len(points_xy))
        asked = 4
        while len(undecided):
            asked = min(asked * 2, len(self._step))
            blocks = np.split(undecided, range(0, len(undecided), max(_PAIRS_AT_ONCE // asked, 1)))
            is_settled = [self._ask(points_xy, block, found, asked) for block in blocks]
            undecided = undecided[~np.concatenate(is_settled)]
        return found

    def _ask(
        self,
        points_xy: NDArray[np.float64],
        block: NDArray[np.int64],
        found: NDArray[np.int64],
        asked: int,
    ) -> NDArray[np.bool_]:
        """Look at so many neighbours of some points, and return for which of them it was enough."""
        here = points_xy[block]
        middle_m, piece = self._tree.query(here, k=list(range(1, asked + 1)), workers=-1)
        step = np.sort(self._step[piece], axis=1)
        road_m = self._distance(here[:, None], step)[0]
        best = road_m.argmin(axis=1)[:, None]  # of equals the first in the order of the edges
        found[block] = np.take_along_axis(step, best, axis=1)[:, 0]
        # A ten-millionth more takes up the rounding of either distance.
        reach_m = (np.take_along_axis(road_m, best, axis=1)[:, 0] + self._half_m) * (1 + 1e-7)
        return np.asarray((middle_m[:, -1] > reach_m) | (asked == len(self._step)))

    def _distance(
        self, points_xy: NDArray[np.float64], step: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Project points on lines: how far they are, and at what part of the line."""
        start = self._stretches.xy[step]
        along = self._stretches.xy[step + 1] - start
        off = points_xy - start
        squared = (along * along).sum(axis=-1)
        part = (off * along).sum(axis=-1) / np.where(squared > 0, squared, 1.0)
        part = np.clip(part, 0.0, 1.0)
        rest = off - along * part[..., None]
        return np.hypot(rest[..., 0], rest[..., 1]), part

    def beside(
        self,
        points_xy: NDArray[np.float64],
        *,
        within_m: float,
        may_meet: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """
        Find the nearest of those roads that points may meet.

        Parameters
        ----------
        points_xy
            (n, 2) finite, in the plane of the roads.
        within_m
            How far is asked, inclusive.
        may_meet
            Takes numbers of points and of edges, and returns whether they may meet.

        Returns
        -------
        point, step
            The points that have such a road, ascending, and the first vertex of its nearest line.
        """
        reach_m = (within_m + self._half_m) * (1 + 1e-7)
        near = self._tree.query_ball_point(points_xy, reach_m, workers=-1, return_sorted=True)
        count = np.fromiter(map(len, near), np.int64, len(near))
        point = np.repeat(np.arange(len(near)), count)
        piece = np.fromiter((one for few in near for one in few), np.int64, int(count.sum()))
        step = self._step[piece].astype(np.int64)
        is_met = may_meet(point, np.searchsorted(self._stretches.first, step, side="right") - 1)
        point, step = point[is_met], step[is_met]
        road_m = self._distance(points_xy[point], step)[0]
        order = np.lexsort((step, road_m, point))
        order = order[road_m[order] <= within_m]
        point, step = point[order], step[order]
        is_first = np.concatenate([[True], np.diff(point) != 0])[: len(point)]
        return point[is_first], step[is_first]

    def placed(self, points_xy: NDArray[np.float64], step: NDArray[np.int64]) -> OnRoad:
        """
        Return where on its edge the place nearest to each point lies.

        Parameters
        ----------
        points_xy
            (n, 2) finite, in the plane of the roads.
        step
            (n,) the first vertex of the line on which the place lies.
        """
        # Edge by edge: a running total over all of them would cost digits.
        roads = self._stretches
        distance_m, part = self._distance(points_xy, step)
        edge = np.searchsorted(roads.first, step, side="right") - 1
        first, last = roads.first[edge], roads.first[edge + 1] - 1
        used, of_used = np.unique(edge, return_inverse=True)
        begin = roads.first[used]
        size = roads.first[used + 1] - begin
        at = expand_runs(begin, begin + size)
        xy = roads.xy[at]
        step_m = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
        begin_here = np.cumsum(size) - size
        step_m[begin_here] = 0.0
        along_m = _sums_within(step_m, begin_here, size)
        here = begin_here[of_used] + step - first
        end = begin_here[of_used] + last - first
        shape_m = along_m[end]
        before_m = along_m[here] + part * step_m[here + 1]
        length_m = roads.length_m[edge]
        scale = np.divide(length_m, shape_m, out=np.zeros_like(shape_m), where=shape_m > 0)
        road_m = np.clip(round_lengths(before_m * scale), 0.0, length_m)
        road_m[road_m < _SAME_PLACE_M] = 0.0
        is_end = road_m > length_m - _SAME_PLACE_M
        road_m[is_end] = length_m[is_end]
        place = roads.xy[step] + (roads.xy[step + 1] - roads.xy[step]) * part[:, None]
        return OnRoad(
            edge=edge,
            along_m=road_m,
            distance_m=round_lengths(distance_m),
            xy=place,
            passed=step - first,
        )


def _cells(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the cell in which each point lies."""
    column, row = np.floor(np.asarray(xy) / _CELL_M).astype(np.int64).T
    return np.asarray((row << 32) + column)


def _sums_within(
    values: NDArray[np.float64], begin: NDArray[np.int64], size: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the running totals of each run, every run summed by itself."""
    sums = values.copy()
    order = np.argsort(-size, kind="stable")
    begin, size = begin[order], size[order]
    for nth in range(1, int(size.max(initial=0))):
        begin = begin[: np.searchsorted(-size, -nth, side="left")]
        sums[begin + nth] += sums[begin + nth - 1]
    return sums
