"""
How many units of each offer close shortages over years: seats first, then cost.

An offer adds so much to some cells (of a stage and year) and may take from others. With short ≥ 0
what is missing in a cell, and < 0 what is free there:

1. min Σ w_k u_k  subject to  Σ_o gives_ok x_o + u_k ≥ short_k for each cell k, limits A x ≤ b,
   0 ≤ x ≤ most, x whole, u ≥ 0: the least that remains;
2. min c·x  subject to the same with Σ w_k u_k at that least.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array

from zmd_layout.location.highs import LinearModel, MipStatus, solve_mip
from zmd_layout.location.problem import gap_percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NODES = 20_000  # branch-and-bound nodes: a count, so that the answer is the same on every machine
_HAIR = 1e-4  # of a seat-year, to which the least remainder is kept


@dataclass(frozen=True, slots=True)
class AmountsProblem:
    """
    Offers and shortages as arrays.

    Attributes
    ----------
    short
        (cells,) what is missing; negative where something is free.
    weights
        (cells,) of what remains.
    gives
        (cells, offers) sparse: what a unit adds; negative where it takes.
    costs, most
        (offers,) cost of a unit, and the most units.
    limits, limit
        (limits, offers) sparse and (limits,): A x ≤ b.
    """

    short: NDArray[np.float64]
    weights: NDArray[np.float64]
    gives: csr_array
    costs: NDArray[np.float64]
    most: NDArray[np.float64]
    limits: csr_array
    limit: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Amounts:
    """
    The chosen units.

    Attributes
    ----------
    units
        (offers,) whole.
    remains
        (cells,) what is missing after them, at least 0.
    objective, bound
        Their cost, and what no choice that leaves as little can go below.
    gap_percent
        Of the two; 0 where both are 0.
    is_optimal
        Whether both models were proved.
    is_reproducible
        False where the time limit ended a search.
    """

    units: NDArray[np.int64]
    remains: NDArray[np.float64]
    objective: float
    bound: float
    gap_percent: float
    is_optimal: bool
    is_reproducible: bool


def solve_amounts(problem: AmountsProblem, *, time_limit_s: float = 60.0) -> Amounts:
    """Choose units: the least that remains, and of those choices the cheapest."""
    offers, cells = len(problem.costs), len(problem.short)
    nothing = np.zeros(offers + cells)
    least = solve_mip(
        amounts_model(problem, np.r_[np.zeros(offers), problem.weights], None),
        time_limit_s=time_limit_s, node_limit=_NODES,
        start=np.r_[np.zeros(offers), np.maximum(problem.short, 0.0)],
    )  # fmt: skip
    values = least.values if len(least.values) else nothing
    spent = float(problem.weights @ remains(problem, values[:offers]))
    cheapest = solve_mip(
        amounts_model(problem, np.r_[problem.costs, np.zeros(cells)], spent + _HAIR),
        time_limit_s=time_limit_s, node_limit=_NODES,
    )  # fmt: skip
    chosen = cheapest.values if len(cheapest.values) else values
    units = np.round(chosen[:offers]).astype(np.int64)
    objective = float(problem.costs @ units)
    proved = cheapest.status is MipStatus.OPTIMAL
    bound = objective if proved else max(0.0, min(objective, cheapest.bound))
    return Amounts(
        units,
        remains(problem, units),
        objective,
        bound,
        0.0 if objective == bound else gap_percent(objective, bound),
        proved and least.status is MipStatus.OPTIMAL,
        not (least.is_ended_by_time or cheapest.is_ended_by_time),
    )


def remains(problem: AmountsProblem, units: NDArray[np.number]) -> NDArray[np.float64]:
    """Return what is missing in each cell after so many units."""
    left: NDArray[np.float64] = np.maximum(problem.short - problem.gives @ np.round(units), 0.0)
    return left


def amounts_model(
    problem: AmountsProblem, objective: NDArray[np.float64], budget: float | None
) -> LinearModel:
    """Put a problem into rows and columns: units first, then what remains in each cell."""
    offers, cells = len(problem.costs), len(problem.short)
    blocks = [[problem.gives, eye_array(cells)]]
    lower = [problem.short]
    upper = [np.full(cells, np.inf)]
    if len(problem.limit):
        blocks.append([problem.limits, csr_array((len(problem.limit), cells))])
        lower.append(np.full(len(problem.limit), -np.inf))
        upper.append(problem.limit)
    if budget is not None:
        blocks.append([csr_array((1, offers)), csr_array(problem.weights.reshape(1, -1))])
        lower.append(np.array([-np.inf]))
        upper.append(np.array([budget]))
    return LinearModel(
        objective=objective,
        rows=csr_array(block_array(blocks)),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        column_lower=np.zeros(offers + cells),
        column_upper=np.r_[problem.most, np.full(cells, np.inf)],
        is_integer=np.r_[np.ones(offers, dtype=bool), np.zeros(cells, dtype=bool)],
    )
