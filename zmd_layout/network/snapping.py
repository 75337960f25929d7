"""Points tied to the roads of a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from zmd_layout.network.graph import RoadGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """
    n points and the places on the roads to which they are tied.

    A place is a node, or lies on an edge between two nodes.

    Attributes
    ----------
    key
        (n,) ids of the points, unique; of two that are equally near, the smaller key counts as
        the nearer.
    node
        (n, 2) int32 the ends of the edge, twice the same for a place at a node; −1 where the point
        is not tied.
    along_m
        (n, 2) along the road from either end, 0 at a node.
    is_leaving, is_arriving
        (n, 2) whether one may go from the place to that end, and from that end to the place.
    edge
        (n,) the edge on which the place lies, −1 at a node and for a point that is not tied.
    xy
        (n, 2) the place in the plane, NaN for a point that is not tied.
    distance_m
        (n,) the straight line to the nearest road, also where it is beyond the limit; NaN for a
        point without coordinates.
    is_snapped
        (n,) whether the point is tied: it has coordinates, and a road within the limit.
    limit_m
        (n,) the longest tie of each point.
    """

    key: NDArray[np.generic]
    node: NDArray[np.int32]
    along_m: NDArray[np.float64]
    is_leaving: NDArray[np.bool_]
    is_arriving: NDArray[np.bool_]
    edge: NDArray[np.int64]
    xy: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    is_snapped: NDArray[np.bool_]
    limit_m: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.edge)

    @property
    def count_over_limit(self) -> int:
        """How many points are not tied, those without coordinates among them."""
        return int((~self.is_snapped).sum())

    @property
    def keys_over_limit(self) -> NDArray[np.generic]:
        """The keys of the points that are not tied, ascending."""
        return np.sort(self.key[~self.is_snapped])

    def message(self) -> Message:
        """Report how many points are tied, how far they are from the road, and how many are not."""
        tied_m = self.distance_m[self.is_snapped]
        limits = np.unique(self.limit_m)
        return Message(
            "network.snap_summary",
            total=len(self),
            tied=len(tied_m),
            longest_m=round(tied_m.max(initial=0.0)),
            untied=self.count_over_limit,
            limit_m=[f"{limit:.0f}" for limit in limits],
        )


def snap(
    points_xy: ArrayLike,
    graph: RoadGraph,
    *,
    limit_m: ArrayLike,
    keys: Sequence[object] | NDArray[np.generic] | None = None,
) -> Snap:
    """
    Tie points to the nearest place on the roads, between two nodes or at one.

    Distances over the network start and end with the straight line to that place, which is no
    road: beyond the limit a point is without road, and it is counted, never dropped. Scraps of
    road that hang on nothing (`LEAST_NETWORK_M`) are passed over.

    Parameters
    ----------
    points_xy
        (n, 2) in the plane of the graph; NaN for a point whose place is not known.
    graph
        The road graph.
    limit_m
        The longest tie, inclusive: one for all points, or (n,).
    keys
        (n,) ids of one kind that can be ordered, unique, or None to number the points from west
        to east and south to north.

    Returns
    -------
    Snap
        In the order of the points.

    Raises
    ------
    LayerError
        A key occurs twice, or there is not one for each point.
    """
    xy = np.asarray(points_xy, dtype=np.float64).reshape(-1, 2)
    count = len(xy)
    key = point_keys(xy, keys)
    limits_m = np.broadcast_to(np.asarray(limit_m, dtype=np.float64), count).copy()
    distance_m = np.full(count, np.nan)
    edge = np.full(count, -1, dtype=np.int64)
    node = np.full((count, 2), -1, dtype=np.int32)
    along_m = np.zeros((count, 2))
    place_xy = np.full((count, 2), np.nan)
    leaving, arriving = (np.zeros((count, 2), dtype=bool) for _ in range(2))
    has_place = np.isfinite(xy).all(axis=1)
    if has_place.any():
        found = graph.pieces.nearest(xy[has_place])
        distance_m[has_place] = found.distance_m
        is_tied = found.distance_m <= limits_m[has_place]
        at, on, from_start_m = (
            np.flatnonzero(has_place)[is_tied], found.edge[is_tied], found.along_m[is_tied]
        )  # fmt: skip
        roads = graph.stretches
        rest_m = roads.length_m[on] - from_start_m
        place_xy[at] = found.xy[is_tied]
        edge[at], node[at] = on, roads.ends[:, on].T
        along_m[at] = np.column_stack([from_start_m, rest_m])
        leaving[at] = np.column_stack([roads.is_backward[on], roads.is_forward[on]])
        arriving[at] = leaving[at][:, ::-1]
        # At a node all of its roads are open, and not only the one that was the nearest.
        for side in (0, 1):
            here = at[along_m[at, side] == 0]
            node[here], along_m[here], edge[here] = node[here, side][:, None], 0.0, -1
            leaving[here] = arriving[here] = True
    return Snap(
        key=key, node=node, along_m=along_m, is_leaving=leaving, is_arriving=arriving, edge=edge,
        xy=place_xy, distance_m=distance_m, is_snapped=distance_m <= limits_m, limit_m=limits_m,
    )  # fmt: skip


def point_keys(
    xy: NDArray[np.float64], keys: Sequence[object] | NDArray[np.generic] | None
) -> NDArray[np.generic]:
    """
    Check the keys of points, or number the points from west to east.

    Parameters
    ----------
    xy
        (n, 2) in the plane.
    keys
        (n,) or None.

    Raises
    ------
    LayerError
        A key occurs twice, or there is not one for each point.
    """
    if keys is None:
        number = np.empty(len(xy), dtype=np.int64)
        number[np.lexsort((xy[:, 1], xy[:, 0]))] = np.arange(len(xy))
        return number
    key = np.asarray(keys)
    if len(key) != len(xy):
        raise LayerError(Message("network.key_count", found=len(key), wanted=len(xy)))
    values, counts = np.unique(key, return_counts=True)
    if (counts > 1).any():
        raise LayerError(Message("network.duplicate_keys", keys=values[counts > 1][:10].tolist()))
    return key


def key_ranks(key: NDArray[np.generic]) -> NDArray[np.int32]:
    """Return the place of each key in ascending order."""
    rank = np.empty(len(key), dtype=np.int32)
    rank[np.argsort(key, kind="stable")] = np.arange(len(key), dtype=np.int32)
    return rank
