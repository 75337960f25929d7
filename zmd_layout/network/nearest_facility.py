"""The nearest facilities of demand points, over the network or, declared, in a straight line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message
from zmd_layout.network.nearest_source import (
    UNREACHED,
    NearestSource,
    Sources,
    multi_source_dijkstra,
    spread_many,
)
from zmd_layout.network.pieces import round_lengths
from zmd_layout.network.places import Places
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
    tie_m
        What of `distance_m` are the straight lines to the road at both ends, NaN where that is;
        None in a straight line.
    to_road_m
        (n,) from each demand point straight to the nearest road, NaN for one without coordinates;
        None in a straight line.
    is_off_road
        (n,) whether it is without road: its place is known, and every road beyond its limit.
    """

    distance_m: NDArray[np.float64]
    facility: NDArray[np.int64]
    method: Method
    detour_factor: float | None = None
    tie_m: NDArray[np.float64] | None = None
    to_road_m: NDArray[np.float64] | None = None
    is_off_road: NDArray[np.bool_] | None = None

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
        """Report how distances were found, and how many points have no facility in reach."""
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
    places = Places(graph.reversed_weights, facilities)
    labels = multi_source_dijkstra(places.weights, _seeds(facilities, places), limit_m=cutoff_m)
    found = _at_points([labels], places, demand, facilities, cutoff_m)
    return replace(
        found,
        distance_m=found.distance_m[:, 0],
        facility=found.facility[:, 0],
        tie_m=None if found.tie_m is None else found.tie_m[:, 0],
    )


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
    places = Places(graph.reversed_weights, facilities)
    labels = spread_many(
        places.weights,
        _seeds(facilities, places),
        count=k,
        limit_m=cutoff_m,
        progress=progress,
    )
    return _at_points(labels, places, demand, facilities, cutoff_m)


def _seeds(facilities: Snap, places: Places) -> Sources:
    tied = places.tied
    # In the order of the keys, so that the search itself is the same for any order of rows.
    order = np.argsort(facilities.key[tied], kind="stable")
    rank = key_ranks(facilities.key)
    at = tied[order]
    return Sources(places.node[order], facilities.distance_m[at], rank[at])


def _at_points(
    labels: list[NearestSource], places: Places, demand: Snap, facilities: Snap, cutoff_m: float
) -> Nearest:
    """Carry k labels from the nodes and places around the demand points to them, (n, k)."""
    by_rank = np.argsort(facilities.key, kind="stable")
    shape = (len(demand), len(labels))
    distance_m = np.full(shape, np.nan)
    tie_m = np.full(shape, np.nan)
    facility = np.full(shape, NO_FACILITY, dtype=np.int64)
    tied = np.flatnonzero(demand.is_snapped)
    node, offset_m = places.around(demand, tied)
    way_m = np.hstack([label.distance_m[node] + offset_m for label in labels])
    rank = np.hstack([label.rank[node] for label in labels])
    way_m, rank = _best(way_m, rank, len(labels))
    way_m += demand.distance_m[tied][:, None]
    is_reached = (rank != UNREACHED) & (way_m <= cutoff_m) & np.isfinite(way_m)
    row, column = np.nonzero(is_reached)
    owner = by_rank[rank[row, column]]
    distance_m[tied[row], column] = way_m[row, column]
    facility[tied[row], column] = owner
    tie_m[tied[row], column] = demand.distance_m[tied[row]] + facilities.distance_m[owner]
    return Nearest(
        distance_m=distance_m, facility=facility, method=Method.NETWORK, tie_m=tie_m,
        to_road_m=demand.distance_m,
        is_off_road=~demand.is_snapped & np.isfinite(demand.distance_m),
    )  # fmt: skip


def _best(
    way_m: NDArray[np.float64], rank: NDArray[np.int32], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Keep of each row the nearest facilities, each once, by distance and then by rank."""
    if count > 1:
        order = np.lexsort((way_m, rank), axis=1)
        way_m = np.take_along_axis(way_m, order, axis=1)
        rank = np.take_along_axis(rank, order, axis=1)
        way_m[:, 1:][rank[:, 1:] == rank[:, :-1]] = np.inf
    order = np.lexsort((rank, way_m), axis=1)[:, :count]
    return np.take_along_axis(way_m, order, axis=1), np.take_along_axis(rank, order, axis=1)


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
