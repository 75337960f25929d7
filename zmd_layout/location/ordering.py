"""
One order of demands and sites for a problem, whatever order they come in.

A search breaks ties by position. So that the order of the input never changes the answer, a problem
is put into an order that depends on its numbers only: each demand and site gets a fingerprint of
its own numbers, then, round by round, of its costs and the fingerprints at their other end. Sites
that keep equal fingerprints are equal for the problem, and of these the first stays first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.location.instance import entry_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.problem import Problem, Solution

# after these a fingerprint has met the numbers of everything three pairs away
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """
    A problem in the order of its numbers.

    Attributes
    ----------
    problem
        The problem, reordered.
    demand_order, site_order
        (n,), (m,) where each demand and site of it stood before.
    """

    problem: Problem
    demand_order: NDArray[np.int64]
    site_order: NDArray[np.int64]

    def restore(self, solution: Solution) -> Solution:
        """Put a solution of the reordered problem into the order that the problem came in."""
        assignment = np.full(len(self.demand_order), -1)
        is_served = solution.assignment >= 0
        assignment[self.demand_order[is_served]] = self.site_order[solution.assignment[is_served]]
        flows = solution.flows
        if flows is not None:
            flows = _reorder(flows, _inverse(self.demand_order), _inverse(self.site_order))
        return replace(
            solution,
            open_sites=np.sort(self.site_order[solution.open_sites]),
            assignment=assignment,
            flows=flows,
        )


def ordered(problem: Problem) -> Ordered:
    """Put a problem into the order of its numbers."""
    demand_order, site_order = _orders(problem)
    site_demand = problem.site_demand
    if site_demand is not None:
        moved = site_demand[site_order]
        site_demand = np.where(moved >= 0, _inverse(demand_order)[moved], -1)
    adjacency = problem.adjacency
    if adjacency is not None:
        adjacency = _reorder(adjacency, demand_order, demand_order)
    return Ordered(
        problem=problem.rearranged(
            costs=_reorder(problem.costs, demand_order, site_order),
            demands=problem.demands[demand_order],
            unserved_cost=_taken(problem.unserved_cost, demand_order),
            capacities=_taken(problem.capacities, site_order),
            fixed_costs=_taken(problem.fixed_costs, site_order),
            fixed_open=_taken(problem.fixed_open, site_order),
            site_demand=site_demand,
            adjacency=adjacency,
        ),
        demand_order=demand_order,
        site_order=site_order,
    )


def _orders(problem: Problem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    costs = problem.costs
    rows = np.repeat(np.arange(costs.shape[0]), np.diff(costs.indptr))
    demand = _fingerprint(costs.shape[0], problem.demands, problem.unserved_cost)
    site = _fingerprint(costs.shape[1], problem.capacities, problem.fixed_costs, problem.fixed_open)
    cost = _mixed(_bits(costs.data))
    for _ in range(ROUNDS):
        # sums of whole numbers modulo 2⁶⁴: the order of the terms does not enter
        from_sites, from_demands = np.zeros_like(demand), np.zeros_like(site)
        np.add.at(from_sites, rows, _mixed(site[costs.indices] ^ cost))
        np.add.at(from_demands, costs.indices, _mixed(demand[rows] ^ cost))
        _add_ground(problem, demand, site, from_sites, from_demands)
        demand, site = _mixed(demand + from_sites), _mixed(site + from_demands)
    return np.argsort(demand, kind="stable"), np.argsort(site, kind="stable")


def _add_ground(
    problem: Problem,
    demand: NDArray[np.uint64],
    site: NDArray[np.uint64],
    to_demand: NDArray[np.uint64],
    to_site: NDArray[np.uint64],
) -> None:
    """Add what the neighbours of demands, and the units that sites stand in, say about them."""
    if problem.adjacency is not None:
        units = np.repeat(np.arange(len(demand)), np.diff(problem.adjacency.indptr))
        np.add.at(to_demand, units, _mixed(~demand[problem.adjacency.indices]))
    if problem.site_demand is not None:
        standing = np.flatnonzero(problem.site_demand >= 0)
        units = problem.site_demand[standing]
        np.add.at(to_demand, units, _mixed(~site[standing]))
        np.add.at(to_site, standing, _mixed(~demand[units]))


def _fingerprint(size: int, *columns: NDArray[np.generic] | None) -> NDArray[np.uint64]:
    """Mix the numbers of each thing into one number; a column that is None says nothing."""
    prints = np.zeros(size, dtype=np.uint64)
    for column in columns:
        if column is not None:
            prints = _mixed(prints + _bits(column))
    return prints


def _bits(values: NDArray[np.generic]) -> NDArray[np.uint64]:
    # adding 0 makes −0 the 0 that it equals
    return (values.astype(np.float64) + 0.0).view(np.uint64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter bits (the finaliser of SplitMix64: Steele, Lea and Flood, 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _inverse(order: NDArray[np.int64]) -> NDArray[np.int64]:
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse


def _reorder(
    matrix: csr_array, row_order: NDArray[np.int64], column_order: NDArray[np.int64]
) -> csr_array:
    """Move rows and columns; stored zeros stay stored."""
    counts = np.diff(matrix.indptr)[row_order]
    entries = entry_ranges(matrix.indptr[:-1][row_order].astype(np.int64), counts)
    moved = csr_array(
        (
            matrix.data[entries],
            _inverse(column_order)[matrix.indices[entries]],
            np.concatenate([[0], np.cumsum(counts)]),
        ),
        shape=matrix.shape,
    )
    moved.sort_indices()
    return moved


def _taken(values: NDArray[Any] | None, order: NDArray[np.int64]) -> NDArray[Any] | None:
    return None if values is None else values[order]
