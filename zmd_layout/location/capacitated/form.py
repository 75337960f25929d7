"""A capacitated problem in the form in which it is searched: one minimum, pairs sorted by site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.location.problem import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitatedForm:
    """
    Serve n demands from m sites that take only so many people, or not at all, at least cost.

    The p-median, facility location and both covering models are of this form once they are
    written as a minimum: maximal covering pays for the people that find no seat.

    Attributes
    ----------
    pair_demand, pair_site
        (pairs,) the pairs that are allowed, sorted by site, then demand.
    pair_cost
        (pairs,) cost of serving the whole of the demand from the site.
    pair_people
        (pairs,) people of the demand.
    people
        (n,) people of each demand.
    capacity
        (m,) people a site can take; finite.
    opening
        (m,) cost of opening.
    fixed_open
        (m,) bool.
    open_count
        Number of open sites, or None where it is free.
    unserved
        (n,) cost of leaving a demand out; inf where it must be served.
    is_single_source
        Whether each demand goes whole to one site.
    step
        Every objective is a multiple of it; 0 where nothing of the kind is known.
    """

    pair_demand: NDArray[np.int64]
    pair_site: NDArray[np.int64]
    pair_cost: NDArray[np.float64]
    pair_people: NDArray[np.float64]
    people: NDArray[np.float64]
    capacity: NDArray[np.float64]
    opening: NDArray[np.float64]
    fixed_open: NDArray[np.bool_]
    open_count: int | None
    unserved: NDArray[np.float64]
    is_single_source: bool
    step: float

    @property
    def demand_count(self) -> int:
        """The number of demands."""
        return len(self.people)

    @property
    def site_count(self) -> int:
        """The number of sites."""
        return len(self.capacity)

    @property
    def must_serve(self) -> NDArray[np.bool_]:
        """The demands that may not be left out, (n,)."""
        return np.isinf(self.unserved)

    def has_whole_people(self) -> bool:
        """Return whether people are counted in whole numbers wherever they move."""
        return self.is_single_source or (_is_whole(self.people) and _is_whole(self.capacity))

    def with_pairs(self, kept: NDArray[np.bool_]) -> CapacitatedForm:
        """Return the form with the kept pairs only, (pairs,) bool."""
        return replace(
            self,
            pair_demand=self.pair_demand[kept],
            pair_site=self.pair_site[kept],
            pair_cost=self.pair_cost[kept],
            pair_people=self.pair_people[kept],
        )

    def without_sites(self, closed: NDArray[np.bool_]) -> CapacitatedForm:
        """Return the form without the pairs of the closed sites, (m,) bool; indices stay."""
        return self.with_pairs(~closed[self.pair_site])

    def outside(self) -> NDArray[np.float64]:
        """
        Return a finite cost of leaving each demand out, (n,).

        Where a demand must be served it outweighs any chain of reassignments that would seat it.
        """
        dearest = (self.pair_cost / np.maximum(self.pair_people, 1.0)).max(initial=0.0)
        sites = self.site_count if self.open_count is None else self.open_count
        per_person = 1.0 + dearest * (sites + 1) + self.opening.max(initial=0.0)
        return np.where(self.must_serve, per_person * np.maximum(self.people, 1.0), self.unserved)

    def ceiling(self) -> float:
        """Return a value above every objective that is possible."""
        dearest = np.where(self.must_serve, 0.0, self.unserved)
        np.maximum.at(dearest, self.pair_demand, self.pair_cost)
        return float(dearest.sum() + self.opening.sum()) * (1 + 1e-6) + 1.0

    def round_up(self, bound: float) -> float:
        """Lift a lower bound to the next value that an objective can take."""
        if not self.step or not np.isfinite(bound):
            return bound
        tolerance = 1e-6 + 1e-9 * abs(bound)
        return float(np.ceil((bound - tolerance) / self.step) * self.step)


def build_form(problem: Problem) -> CapacitatedForm:
    """
    Write a problem as one minimum.

    Parameters
    ----------
    problem
        Any model but `P_CENTER`, which is a row of maximal covering problems.

    Returns
    -------
    CapacitatedForm
        Maximal covering as the people left out; without the pairs that no optimum needs: dearer
        than leaving the demand out (where catchments need not be contiguous), and with a demand
        that goes whole to one site, larger than the site.
    """
    people = problem.demands.astype(np.float64)
    site_count = problem.costs.shape[1]
    total = people.sum()
    capacity = np.full(site_count, total)
    if problem.capacities is not None:
        capacity = np.minimum(problem.capacities, total)
    fixed_open = np.zeros(site_count, dtype=bool)
    if problem.fixed_open is not None:
        fixed_open = problem.fixed_open.astype(bool)
    is_single_source = problem.single_source or problem.adjacency is not None
    demand, site, cost = _pairs(problem)
    opening, unserved = _opening(problem), _unserved(problem, people)
    kept = np.ones(len(cost), dtype=bool)
    if problem.adjacency is None:
        kept = cost <= unserved[demand]
    if is_single_source:
        kept &= people[demand] <= capacity[site]
    form = CapacitatedForm(
        pair_demand=demand,
        pair_site=site,
        pair_cost=cost,
        pair_people=people[demand],
        people=people,
        capacity=capacity,
        opening=opening,
        fixed_open=fixed_open,
        open_count=problem.open_count,
        unserved=unserved,
        is_single_source=is_single_source,
        step=0.0,
    )
    return replace(form.with_pairs(kept), step=_step(form))


def _pairs(
    problem: Problem,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    costs = problem.costs
    demand = np.repeat(np.arange(costs.shape[0]), np.diff(costs.indptr))
    site = costs.indices.astype(np.int64)
    by_site = np.lexsort((demand, site))
    cost = costs.data.astype(np.float64)
    if problem.model in {Model.SET_COVER, Model.MAX_COVER}:
        cost = np.zeros_like(cost)
    return demand[by_site], site[by_site], cost[by_site]


def _opening(problem: Problem) -> NDArray[np.float64]:
    site_count = problem.costs.shape[1]
    if problem.model is Model.MAX_COVER:
        return np.zeros(site_count)
    if problem.fixed_costs is not None:
        return problem.fixed_costs.astype(np.float64)
    return np.full(site_count, 1.0 if problem.model is Model.SET_COVER else 0.0)


def _unserved(problem: Problem, people: NDArray[np.float64]) -> NDArray[np.float64]:
    if problem.model is Model.MAX_COVER:
        return people
    if problem.unserved_cost is None:
        return np.full(len(people), np.inf)
    return problem.unserved_cost.astype(np.float64)


def _step(form: CapacitatedForm) -> float:
    """Return 1 where every objective is a whole number, else 0."""
    left_out = ~form.must_serve
    unserved = form.unserved[left_out]
    if form.is_single_source:
        return float(all(_is_whole(values) for values in (form.pair_cost, form.opening, unserved)))
    # a demand may be split: whole people move only where all sizes are whole, and their cost is
    # whole where serving costs nothing and leaving one out costs one
    moves_people = all(_is_whole(values) for values in (form.people, form.capacity))
    costs_people = not form.pair_cost.any() and np.array_equal(unserved, form.people[left_out])
    is_whole = costs_people and (moves_people or not left_out.any()) and _is_whole(form.opening)
    return float(is_whole)


def _is_whole(values: NDArray[np.float64]) -> bool:
    return bool((values == np.rint(values)).all())
