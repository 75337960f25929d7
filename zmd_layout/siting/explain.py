"""Why a location problem has no solution, and what would help."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.messages import Message
from zmd_layout.siting.problem import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.siting.covering import Cover
    from zmd_layout.siting.problem import Problem

# in an assignment: served by no site
UNSERVED = -1
# demand points that a message names
NAMED_POINTS = 10


def unreachable_demands(problem: Problem) -> NDArray[np.int64]:
    """
    Find the demands that must be served and that no site reaches.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    ndarray of int
        Their indices, ascending; empty where a demand may stay unserved.
    """
    may_stay_out = problem.model is Model.MAX_COVER or problem.unserved_cost is not None
    pair_counts = np.diff(problem.costs.indptr)
    return np.flatnonzero(pair_counts == 0) if not may_stay_out else np.empty(0, dtype=np.int64)


def cheapest_open_site(
    problem: Problem, open_sites: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """
    Send each demand to its cheapest open site, or nowhere where that is cheaper.

    Parameters
    ----------
    problem
        The problem.
    open_sites
        Indices of the open sites.

    Returns
    -------
    assignment
        (n,) site, the first of equals, −1 for none.
    cost
        (n,) cost of serving, or of leaving out; 0 for one left out at no cost.
    """
    costs = problem.costs
    demand_count, site_count = costs.shape
    is_open = np.zeros(site_count, dtype=bool)
    is_open[open_sites] = True
    rows = np.repeat(np.arange(demand_count), np.diff(costs.indptr))
    usable = is_open[costs.indices]
    rows, sites, data = rows[usable], costs.indices[usable], costs.data[usable]
    order = np.lexsort((sites, data, rows))
    served, first = np.unique(rows[order], return_index=True)
    assignment = np.full(demand_count, UNSERVED)
    cost = np.full(demand_count, np.inf)
    assignment[served], cost[served] = sites[order][first], data[order][first]
    left_out = problem.unserved_cost
    if left_out is None:
        return assignment, np.where(assignment == UNSERVED, 0.0, cost)
    assignment[cost > left_out] = UNSERVED
    return assignment, np.minimum(cost, left_out)


def unreachable_message(problem: Problem, unreachable: NDArray[np.int64]) -> Message:
    """Say which demands no site reaches, and how many people that is."""
    named = [str(index) for index in unreachable[:NAMED_POINTS]]
    if len(unreachable) > NAMED_POINTS:
        named.append("…")
    return Message(
        "siting.unreachable",
        count=len(unreachable),
        people=f"{problem.demands[unreachable].sum():,.0f}",
        points=named,
    )


def too_few_sites_message(problem: Problem, least: Cover) -> Message:
    """Say that the sites cannot reach all, and how many could."""
    if least.bound >= least.objective:
        return Message("siting.too_few_sites", found=problem.open_count, least=int(least.objective))
    return Message(
        "siting.too_few_sites_unproved",
        found=problem.open_count,
        least=math.ceil(least.bound),
        enough=int(least.objective),
    )


def partial_plan_message(problem: Problem, assignment: NDArray[np.int64]) -> Message:
    """Say how much the best partial plan serves and what it leaves out."""
    is_served = assignment != UNSERVED
    return Message(
        "siting.partial_plan",
        served=f"{problem.demands[is_served].sum():,.0f}",
        total=f"{problem.demands.sum():,.0f}",
        left_out=int((~is_served).sum()),
    )
