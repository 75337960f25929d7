"""Points tied to the nodes of a road graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message
from zmd_layout.network.graph import round_lengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from zmd_layout.network.graph import RoadGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """
    n points and the nodes of a road graph to which they are tied.

    Attributes
    ----------
    key
        (n,) ids of the points, unique; of two that are equally near, the smaller key counts as
        the nearer.
    node
        (n,) the nearest node of the main component, −1 where the point is not tied.
    distance_m
        (n,) the straight line to the nearest node, also where it is beyond the limit; NaN for a
        point without coordinates.
    is_snapped
        (n,) whether the point is tied: it has coordinates, and a node within the limit.
    limit_m
        The longest tie.
    """

    key: NDArray[np.generic]
    node: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    is_snapped: NDArray[np.bool_]
    limit_m: float

    @property
    def count_over_limit(self) -> int:
        """How many points are not tied, those without coordinates among them."""
        return int((~self.is_snapped).sum())

    @property
    def keys_over_limit(self) -> NDArray[np.generic]:
        """The keys of the points that are not tied, ascending."""
        return np.sort(self.key[~self.is_snapped])

    def message(self) -> Message:
        """Say how many points are tied, how far they are from the road, and how many are not."""
        tied_m = self.distance_m[self.is_snapped]
        return Message(
            "network.snap_summary",
            total=len(self.node),
            tied=len(tied_m),
            longest_m=round(tied_m.max(initial=0.0)),
            untied=self.count_over_limit,
            limit_m=round(self.limit_m),
        )


def snap(
    points_xy: ArrayLike,
    graph: RoadGraph,
    *,
    limit_m: float,
    keys: Sequence[object] | NDArray[np.generic] | None = None,
) -> Snap:
    """
    Tie points to the nearest node of the main component.

    Distances over the network start and end with the straight line to the node. A point on an
    island, or on a piece of road that hangs on nothing, is tied to the main component if that is
    within the limit, and else not at all: it is counted, never dropped.

    Parameters
    ----------
    points_xy
        (n, 2) in the plane of the graph; NaN for a point whose place is not known.
    graph
        The road graph.
    limit_m
        The longest tie, inclusive.
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
    key = point_keys(xy, keys)
    has_place = np.isfinite(xy).all(axis=1)
    distance_m = np.full(len(xy), np.nan)
    node = np.full(len(xy), -1, dtype=np.int32)
    if has_place.any():
        straight_m, nearest = graph.main_tree.query(xy[has_place], workers=-1)
        distance_m[has_place] = round_lengths(straight_m)
        node[has_place] = graph.main_nodes[nearest]
    is_snapped = distance_m <= limit_m
    node[~is_snapped] = -1
    return Snap(key=key, node=node, distance_m=distance_m, is_snapped=is_snapped, limit_m=limit_m)


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
    """Give the place of each key in ascending order."""
    rank = np.empty(len(key), dtype=np.int32)
    rank[np.argsort(key, kind="stable")] = np.arange(len(key), dtype=np.int32)
    return rank
