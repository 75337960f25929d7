"""The nearest facilities of demand points, over the network or, declared, in a straight line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message
from zmd_layout.network.graph import round_lengths
from zmd_layout.network.nearest_source import (
    UNREACHED,
    NearestSource,
    Sources,
    multi_source_dijkstra,
    spread_many,
)
from zmd_layout.network.snapping import key_ranks, point_keys
from zmd_layout.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from zmd_layout.network.graph import RoadGraph
    from zmd_layout.network.snapping import Snap

NO_FACILITY = -1


class Method(StrEnum):
    """How a distance was found."""

    NETWORK = "network"
    STRAIGHT_LINE = "straight_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """
    The nearest facility, or the k nearest, of n demand points.

    Attributes
    ----------
    distance_m
        (n,) or (n, k), the nearest first. NaN: none in reach, for whatever reason (no road within
        the snap limit, no way, beyond the cut-off); never a large number.
    facility
        (n,) or (n, k) positions among the facilities as they were given, `NO_FACILITY` where
        `distance_m` is NaN. Among equally near ones the smaller key comes first.
    method
        Over the network, or in a straight line.
    detour_factor
        What straight lines were multiplied by; None over the network.
    """

    distance_m: NDArray[np.float64]
    facility: NDArray[np.int64]
    method: Method
    detour_factor: float | None = None

    @property
    def is_reached(self) -> NDArray[np.bool_]:
        """Which demand points have a facility in reach, (n,)."""
        first = self.facility if self.facility.ndim == 1 else self.facility[:, 0]
        return np.not_equal(first, NO_FACILITY)

    @property
    def unreached(self) -> NDArray[np.int64]:
        """The positions of the demand points without a facility in reach, ascending."""
        return np.flatnonzero(~self.is_reached)

    @property
    def basis(self) -> Basis | None:
        """What the distance rests on beyond the data: a detour factor is an assumption."""
        return Basis.ASSUMPTION if self.method is Method.STRAIGHT_LINE else None

    def message(self) -> Message:
        """Say how distances were found, and how many points have no facility in reach."""
        return Message(
            f"network.method_{self.method}",
            total=len(self.distance_m),
            unreached=len(self.unreached),
            factor=self.detour_factor,
        )


def nearest(
    graph: RoadGraph, demand: Snap, facilities: Snap, *, cutoff_m: float = np.inf
) -> Nearest:
    """
    Find the nearest facility of every demand point over the network.

    The way leads from the demand point to the facility, one-ways in that direction, and counts the
    straight lines to the road at both ends. Facilities should be given beyond the study area, too.
    The labels of the demand points are the simulated catchments (模拟学区) by nearness.

    Parameters
    ----------
    graph
        The road graph.
    demand, facilities
        Points tied to it. The distance does not depend on the order of either.
    cutoff_m
        The longest way, inclusive.

    Returns
    -------
    Nearest
        With (n,) arrays.
    """
    labels = multi_source_dijkstra(graph.reversed_weights, _seeds(facilities), limit_m=cutoff_m)
    distance_m, facility = _at_points([labels], demand, facilities, cutoff_m)
    return Nearest(distance_m=distance_m[:, 0], facility=facility[:, 0], method=Method.NETWORK)


def k_nearest(
    graph: RoadGraph,
    demand: Snap,
    facilities: Snap,
    *,
    k: int,
    cutoff_m: float = np.inf,
    progress: Callable[[int, int], None] | None = None,
) -> Nearest:
    """
    Find the k nearest facilities of every demand point over the network.

    Parameters
    ----------
    graph, demand, facilities
        As in `nearest`.
    k
        How many, at least 1.
    cutoff_m
        The longest way, inclusive.
    progress
        Called with the number of neighbours done and wanted.

    Returns
    -------
    Nearest
        With (n, k) arrays; where fewer are in reach, the rest is NaN and `NO_FACILITY`.
    """
    labels = spread_many(
        graph.reversed_weights,
        _seeds(facilities),
        count=k,
        limit_m=cutoff_m,
        progress=progress,
    )
    distance_m, facility = _at_points(labels, demand, facilities, cutoff_m)
    return Nearest(distance_m=distance_m, facility=facility, method=Method.NETWORK)


def _seeds(facilities: Snap) -> Sources:
    tied = np.flatnonzero(facilities.is_snapped)
    # In the order of the keys, so that the search itself is the same for any order of rows.
    tied = tied[np.argsort(facilities.key[tied], kind="stable")]
    rank = key_ranks(facilities.key)
    return Sources(facilities.node[tied], facilities.distance_m[tied], rank[tied])


def _at_points(
    labels: list[NearestSource], demand: Snap, facilities: Snap, cutoff_m: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Carry (n, k) labels from the nodes to the demand points."""
    by_rank = np.argsort(facilities.key, kind="stable")
    distance_m = np.full((len(demand.node), len(labels)), np.nan)
    facility = np.full(distance_m.shape, NO_FACILITY, dtype=np.int64)
    tied = np.flatnonzero(demand.is_snapped)
    node = demand.node[tied]
    for column, label in enumerate(labels):
        way_m = label.distance_m[node] + demand.distance_m[tied]
        is_reached = (label.rank[node] != UNREACHED) & (way_m <= cutoff_m)
        distance_m[tied[is_reached], column] = way_m[is_reached]
        facility[tied[is_reached], column] = by_rank[label.rank[node[is_reached]]]
    return distance_m, facility


def straight_line(
    demand_xy: ArrayLike,
    facilities_xy: ArrayLike,
    *,
    detour_factor: float,
    facility_keys: Sequence[object] | NDArray[np.generic] | None = None,
    cutoff_m: float = np.inf,
) -> Nearest:
    """
    Find the nearest facility in a straight line, where there is no road graph.

    A fallback that is declared: `method` and `basis` (assumption) travel with the result.

    Parameters
    ----------
    demand_xy, facilities_xy
        (n, 2) and (m, 2) in one projected plane in metres; NaN where a place is not known.
    detour_factor
        What the straight line is multiplied by, at least 1.
    facility_keys
        (m,) as in `snap`.
    cutoff_m
        The longest way (with the detour), inclusive.

    Returns
    -------
    Nearest
        With (n,) arrays.

    Raises
    ------
    LayerError
        The factor is below 1, or the keys are not unique.
    """
    if not 1 <= detour_factor < np.inf:
        raise LayerError(Message("network.detour_factor", found=detour_factor))
    demand = np.asarray(demand_xy, dtype=np.float64).reshape(-1, 2)
    supply = np.asarray(facilities_xy, dtype=np.float64).reshape(-1, 2)
    by_rank = np.argsort(point_keys(supply, facility_keys), kind="stable")
    by_rank = by_rank[np.isfinite(supply[by_rank]).all(axis=1)]
    distance_m = np.full(len(demand), np.nan)
    facility = np.full(len(demand), NO_FACILITY, dtype=np.int64)
    has_place = np.isfinite(demand).all(axis=1)
    if len(by_rank) and has_place.any():
        straight_m, rank = _first_nearest(demand[has_place], supply[by_rank])
        distance_m[has_place] = round_lengths(straight_m * detour_factor)
        facility[has_place] = by_rank[rank]
    is_far = ~(distance_m <= cutoff_m)
    distance_m[is_far] = np.nan
    facility[is_far] = NO_FACILITY
    return Nearest(
        distance_m=distance_m,
        facility=facility,
        method=Method.STRAIGHT_LINE,
        detour_factor=detour_factor,
    )


def _first_nearest(
    points: NDArray[np.float64], places: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find the nearest place of each point, the first one among equals."""
    tree = cKDTree(places)
    first = np.full(len(points), len(places), dtype=np.int64)
    nearest_m, _ = tree.query(points)
    undecided = np.arange(len(points))
    asked = 1
    # The tree does not say which of several equals it gives: ask for more until one is farther.
    while len(undecided):
        asked = min(asked * 2, len(places))
        distance_m, place = tree.query(points[undecided], k=list(range(1, asked + 1)))
        is_equal = distance_m == nearest_m[undecided][:, None]
        first[undecided] = np.where(is_equal, place, len(places)).min(axis=1)
        undecided = undecided[is_equal.all(axis=1) & (asked < len(places))]
    return nearest_m, first
