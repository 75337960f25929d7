"""
Seat whole demands at given open sites so that each catchment is connected.

The seating of whole demands is a model of its own; here it gets, round by round, the rows that its
answers break: where a part of a catchment does not touch the rest, one of the units around it must
be in the catchment too. (Separators found as they are needed: Carvajal and others 2013, "Imposing
connectivity constraints in forest planning models".) What is not connected is mended by exchanges,
so that there is an answer long before there is a proof.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

from zmd_layout.location.capacitated.contiguous_mend import mend
from zmd_layout.location.capacitated.oscillation import seat_whole_quickly
from zmd_layout.location.capacitated.single_source import (
    choose_core,
    reduced_costs,
    whole_model,
    whole_seating,
)
from zmd_layout.location.capacitated.transport import cannot_seat, solve_transport
from zmd_layout.location.highs import MipStatus, solve_mip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.capacitated.transport import Assignment, SeatingOrder
    from zmd_layout.location.options import Deadline, SolveOptions

ROUNDS = 4
NODES = 1
ROUNDS_OF_PROOF = 100
NODES_OF_PROOF = 5_000
CORE = 1.9  # pairs a demand in a model without proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """
    How the demand units lie beside each other, and where the sites stand.

    Attributes
    ----------
    neighbours
        (n, n) sparse, symmetric, without a diagonal.
    anchor
        (m,) the unit in which each site stands.
    """

    neighbours: csr_array
    anchor: NDArray[np.int64]


def build_land(adjacency: csr_array, site_demand: NDArray[np.int64]) -> Land:
    """Make the neighbourhood symmetric and free of loops, whatever its stored values are."""
    rows = np.repeat(np.arange(adjacency.shape[0]), np.diff(adjacency.indptr))
    columns, is_beside = adjacency.indices, adjacency.data.astype(bool)
    is_beside &= rows != columns
    ends = (
        np.concatenate((rows[is_beside], columns[is_beside])),
        np.concatenate((columns[is_beside], rows[is_beside])),
    )
    neighbours = csr_array((np.ones(len(ends[0])), ends), shape=adjacency.shape)
    neighbours.sum_duplicates()
    return Land(neighbours=neighbours, anchor=site_demand)


def seat_contiguous(
    form: CapacitatedForm,
    land: Land,
    is_open: NDArray[np.bool_],
    order: SeatingOrder,
    *,
    options: SolveOptions,
    net: Deadline,
) -> Assignment | None:
    """
    Seat whole demands at open sites, each site's demands connected and its own unit among them.

    Parameters
    ----------
    form, land
        The problem.
    is_open
        (m,) bool.
    order
        How thoroughly, and below which objective.
    options, net
        Effort and time.

    Returns
    -------
    Assignment or None
        With an objective of inf where none was found; its bound says what was proved. None where
        the time was over first.
    """
    forced = anchor_pairs(form, land, is_open)
    if forced is None:
        return cannot_seat(form, is_open)
    split = solve_transport(form, is_open, time_limit_s=net.remaining_s(), forced=forced)
    if split is None:
        return None
    bound = form.round_up(split.bound)
    if bound >= order.upper or not np.isfinite(bound):
        return cannot_seat(form, is_open, bound=bound)
    start = seat_whole_quickly(form, split, seed=options.seed) or split
    best = mend(form, land.neighbours, land.anchor, start, seed=options.seed)
    if order.pair_bound is None and best.objective < np.inf:
        return replace(best, bound=bound)
    known = min(order.upper, best.objective)
    pair_bound = split.bound + reduced_costs(form, split)
    if order.pair_bound is not None:
        pair_bound = np.maximum(pair_bound, order.pair_bound)
    kept = pair_bound < known
    if not order.prove:
        kept = choose_core(form, pair_bound, kept, CORE)
    kept[forced] = True
    cuts = _Cuts(form, land, split, np.flatnonzero(kept), forced)
    rounds, nodes = (ROUNDS_OF_PROOF, NODES_OF_PROOF) if order.prove else (ROUNDS, NODES)
    exact = cuts.seat(known, rounds=options.count(rounds), nodes=options.count(nodes), net=net)
    if order.prove:
        bound = max(bound, min(exact.bound, known))
    return replace(min(best, exact, key=lambda seating: seating.objective), bound=bound)


def anchor_pairs(
    form: CapacitatedForm, land: Land, is_open: NDArray[np.bool_]
) -> NDArray[np.int64] | None:
    """Return the pairs of the open sites with their own units, or None where one cannot have it."""
    sites = np.flatnonzero(is_open)
    wanted = sites * form.demand_count + land.anchor[sites]
    keys = form.pair_site * form.demand_count + form.pair_demand
    at = np.searchsorted(keys, wanted)
    is_there = at < len(keys)
    is_there[is_there] = keys[at[is_there]] == wanted[is_there]
    if not is_there.all() or len(np.unique(land.anchor[sites])) < len(sites):
        return None
    return at.astype(np.int64)


class _Cuts:
    """The model of whole demands at open sites, and the rows that connect their catchments."""

    def __init__(
        self,
        form: CapacitatedForm,
        land: Land,
        split: Assignment,
        pair: NDArray[np.int64],
        forced: NDArray[np.int64],
    ) -> None:
        self.form, self.land, self.split = form, land, split
        self.pair, self.forced = pair, forced
        self.column = np.full((form.demand_count, form.site_count), -1)
        self.column[form.pair_demand[pair], form.pair_site[pair]] = np.arange(len(pair))
        self.rows = csr_array((0, len(pair)))

    def seat(self, known: float, *, rounds: int, nodes: int, net: Deadline) -> Assignment:
        """Solve, and add rows, until the catchments are connected or nothing is below `known`."""
        form, split = self.form, self.split
        best, bound = cannot_seat(form, split.is_open), split.bound
        opening = float(form.opening[split.is_open].sum())
        for _ in range(rounds):
            if net.is_over():
                break
            model = whole_model(form, self.pair, further=self.rows, forced=self.forced)
            result = solve_mip(model, time_limit_s=net.remaining_s(), node_limit=nodes)
            net.has_ended_the_search |= result.is_ended_by_time
            bound = max(bound, opening + result.bound)
            if result.status is MipStatus.INFEASIBLE or not len(result.values):
                break
            taken = self.pair[result.values[: len(self.pair)] > 0.5]  # noqa: PLR2004 - a half
            seating = whole_seating(form, split, taken, bound=bound)
            further = self._broken(taken)
            if further is not None:
                self.rows = csr_array(vstack((self.rows, further)))
                seating = mend(form, self.land.neighbours, self.land.anchor, seating, seed=0)
            best = min(best, seating, key=lambda each: each.objective)
            if further is None or bound >= min(known, best.objective):
                break
        return replace(best, bound=bound)

    def _broken(self, taken: NDArray[np.int64]) -> csr_array | None:
        """Return the rows that an answer breaks, None where its catchments are connected."""
        form = self.form
        found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        for site in np.flatnonzero(self.split.is_open):
            units = form.pair_demand[taken[form.pair_site[taken] == site]]
            for part in parts_apart(self.land.neighbours, units, int(self.land.anchor[site])):
                around = self.column[self._around(part), site]
                found += [
                    (around[around >= 0], self.column[unit : unit + 1, site]) for unit in part
                ]
        if not found:
            return None
        rows = np.repeat(np.arange(len(found)), [len(around) + 1 for around, _ in found])
        columns = np.concatenate([np.concatenate(each) for each in found])
        signs = np.concatenate([np.append(np.ones(len(around)), -1.0) for around, _ in found])
        return csr_array((signs, (rows, columns)), shape=(len(found), len(self.pair)))

    def _around(self, part: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the units that touch a part, without its own."""
        touching = np.unique(self.land.neighbours[part].indices)
        return np.setdiff1d(touching, part)


def parts_apart(
    neighbours: csr_array, units: NDArray[np.int64], anchor: int
) -> list[NDArray[np.int64]]:
    """Return the connected parts of a catchment that do not hold its anchor."""
    inside = neighbours[units][:, units]
    _, part = connected_components(inside, directed=False)
    at = np.flatnonzero(units == anchor)
    own = part[at[0]] if len(at) else -1
    return [units[part == number] for number in np.unique(part) if number != own]
