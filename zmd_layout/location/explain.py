"""Why a location problem has no solution, and what would help."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.location.problem import Model
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from zmd_layout.location.problem import Problem

# in an assignment: served by no site
UNSERVED = -1
# demand points that a message names
NAMED_POINTS = 10
# a share below it is rounding
LEAST_SHARE = 1e-9


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
    """Report which demands no site reaches, and how many people that is."""
    named = [problem.demand_name(index) for index in unreachable[:NAMED_POINTS]]
    if len(unreachable) > NAMED_POINTS:
        named.append("…")
    return Message(
        "siting.unreachable",
        count=len(unreachable),
        people=f"{problem.demands[unreachable].sum():,.0f}",
        points=named,
    )


def too_few_sites_message(found: int | None, least: float, enough: float) -> Message:
    """Report that so many sites cannot serve all: at least `least` are needed, `enough` will do."""
    if least >= enough:
        return Message("siting.too_few_sites", found=found, least=round(enough))
    return Message(
        "siting.too_few_sites_unproved",
        found=found,
        least=math.ceil(least - 1e-6),
        enough=round(enough),
    )


def partial_plan_message(problem: Problem, assignment: NDArray[np.int64]) -> Message:
    """Report how much the best partial plan serves and what it leaves out."""
    is_served = assignment != UNSERVED
    return Message(
        "siting.partial_plan",
        served=f"{problem.demands[is_served].sum():,.0f}",
        total=f"{problem.demands.sum():,.0f}",
        left_out=int((~is_served).sum()),
    )


def seats_messages(
    problem: Problem, flows: csr_array, open_sites: NDArray[np.int64]
) -> tuple[Message, ...]:
    """
    Report how much a partial plan serves, whom it leaves out and which seats it leaves empty.

    Parameters
    ----------
    problem
        The problem.
    flows
        (n, m) sparse, the share of each demand at each site.
    open_sites
        Indices of the open sites.
    """
    served = np.clip(np.asarray(flows.sum(axis=1)).ravel(), 0.0, 1.0)
    people = float(problem.demands @ served)
    plan = Message(
        "siting.partial_plan",
        served=f"{people:,.0f}",
        total=f"{problem.demands.sum():,.0f}",
        left_out=int((served < 1 - LEAST_SHARE).sum()),
    )
    if problem.capacities is None:
        return (plan,)
    empty = max(float(problem.capacities[open_sites].sum()) - people, 0.0)
    return plan, Message("siting.partial_slack", sites=len(open_sites), empty=f"{empty:,.0f}")


def no_seats_messages(problem: Problem) -> tuple[Message, ...]:
    """
    Report why nothing can seat everyone, as far as it is plain to see.

    Parameters
    ----------
    problem
        With capacities, contiguity or both.

    Returns
    -------
    tuple of Message
        Empty where nothing of the kind is to be seen, or where demand may stay unserved.
    """
    if problem.model is Model.MAX_COVER or problem.unserved_cost is not None:
        return ()
    messages = []
    unreachable = unreachable_demands(problem)
    if len(unreachable):
        messages.append(unreachable_message(problem, unreachable))
    if problem.capacities is not None:
        messages += _too_few_seats(problem, problem.capacities)
        if problem.single_source or problem.adjacency is not None:
            messages += _too_large(problem, problem.capacities)
    return tuple(messages)


def _too_few_seats(problem: Problem, capacities: NDArray[np.float64]) -> list[Message]:
    """Compare the demand with the largest sites that may be open, the fixed ones among them."""
    fixed = problem.fixed_open
    is_fixed = np.zeros(len(capacities), dtype=bool) if fixed is None else fixed
    order = np.lexsort((-capacities, ~is_fixed))
    seats, demand = np.cumsum(capacities[order]), float(problem.demands.sum())
    count = len(capacities) if problem.open_count is None else problem.open_count
    if demand <= seats[count - 1] * (1 + LEAST_SHARE):
        return []
    numbers = {"demand": f"{demand:,.0f}", "capacity": f"{seats[count - 1]:,.0f}"}
    if demand > seats[-1]:
        return [Message("siting.capacitated_short", **numbers)]
    least = int(np.searchsorted(seats, demand)) + 1
    return [Message("siting.capacitated_short_count", **numbers, found=count, least=least)]


def _too_large(problem: Problem, capacities: NDArray[np.float64]) -> list[Message]:
    """Find the units that no site in their reach can take whole."""
    count, costs = len(problem.demands), problem.costs
    row = np.repeat(np.arange(count), np.diff(costs.indptr))
    largest = np.zeros(count)
    np.maximum.at(largest, row, capacities[costs.indices])
    over = np.flatnonzero((problem.demands > largest) & (np.diff(costs.indptr) > 0))
    if not len(over):
        return []
    worst = int(over[np.argmax(problem.demands[over])])
    message = Message(
        "siting.capacitated_too_large", count=len(over), unit=problem.demand_name(worst),
        demand=problem.demands[worst], capacity=largest[worst],
    )  # fmt: skip
    return [message]
