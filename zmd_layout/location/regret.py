"""
One choice of units for several cases: the least expected cost, and the least regret.

With total_s(x) = c·x + p Σ u_k over the cells k of a case s, what remains there priced at p:

- best_s = min total_s(x) for each case alone;
- the least expected cost minimises Σ_s w_s total_s(x);
- the least regret minimises max_s (total_s(x) - best_s), and of its choices the cheapest is taken.

Every choice is evaluated under every case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from zmd_layout.location.amounts import amounts_model, remains
from zmd_layout.location.highs import LinearModel, MipStatus, solve_mip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.amounts import AmountsProblem
    from zmd_layout.location.highs import MipResult

_NODES = 2_000  # branch-and-bound nodes of each of the searches
_HAIR = 1e-4  # of the cost unit, to which the least regret is kept


@dataclass(frozen=True, slots=True)
class CasePlans:
    """
    Choices for cases, each evaluated under each case.

    Attributes
    ----------
    units
        (choices, offers): the best for each case, then the least expected, then the least regret.
    cost
        (choices,) of the units.
    remains
        (choices, cases) what is missing after them.
    regret
        (choices, cases) total beyond the best of the case.
    bound
        What the largest regret of no choice can go below.
    cost_bound
        What no choice of as little regret can cost less than.
    is_optimal
        Whether every model was proved.
    is_reproducible
        False where the time limit ended a search.
    """

    units: NDArray[np.int64]
    cost: NDArray[np.float64]
    remains: NDArray[np.float64]
    regret: NDArray[np.float64]
    bound: float
    cost_bound: float
    is_optimal: bool
    is_reproducible: bool


def plans_for_cases(
    problem: AmountsProblem,
    case_of: NDArray[np.int64],
    *,
    price: float,
    weights: NDArray[np.float64],
    time_limit_s: float = 60.0,
) -> CasePlans:
    """
    Choose units for each case, for all of them by weight, and with the least regret.

    Parameters
    ----------
    problem
        Offers and shortages; its weights are not used.
    case_of
        (cells,) the case of each cell, from 0.
    price
        Of what remains, a unit in a cell.
    weights
        (cases,) of the expectation.
    time_limit_s
        Of each search, the net.
    """
    offers, cases = len(problem.costs), len(weights)
    is_of = (case_of[None, :] == np.arange(cases)[:, None]).astype(float)
    totals = np.hstack([np.tile(problem.costs, (cases, 1)), price * is_of])
    asked = [*totals, weights @ totals / weights.sum()]
    done = [_solve(amounts_model(problem, objective, None), time_limit_s) for objective in asked]
    best = np.array([found.objective for found in done[:cases]])
    regret_rows = csr_array(np.hstack([totals, -np.ones((cases, 1))]))
    least = _solve(_with_regret(problem, regret_rows, best, None), time_limit_s)
    done.append(least)
    spent = least.objective + _HAIR
    cheapest = _solve(_with_regret(problem, regret_rows, best, spent), time_limit_s)
    chosen = [*done[:-1], cheapest if len(cheapest.values) else least]
    units = np.array([_units(found, offers) for found in chosen]).astype(np.int64)
    cost = units @ problem.costs
    left = np.array([is_of @ remains(problem, row) for row in units])
    everything = [*done, cheapest]
    proved = all(found.status is MipStatus.OPTIMAL for found in everything)
    regret = cost[:, None] + price * left - best[None, :]
    # a case whose best was not proved may have a better one, which adds to regret
    slack = sum(best - np.array([found.bound for found in done[:cases]]))
    return CasePlans(
        units,
        cost,
        left,
        regret,
        float(regret[-1].max()) if proved else max(0.0, least.bound - max(0.0, float(slack))),
        float(cost[-1]) if proved else max(0.0, min(float(cost[-1]), cheapest.bound)),
        proved,
        not any(found.is_ended_by_time for found in everything),
    )


def _solve(model: LinearModel, time_limit_s: float) -> MipResult:
    return solve_mip(model, time_limit_s=time_limit_s, node_limit=_NODES)


def _units(found: MipResult, offers: int) -> NDArray[np.float64]:
    return np.round(found.values[:offers]) if len(found.values) else np.zeros(offers)


def _with_regret(
    problem: AmountsProblem,
    rows: csr_array,
    best: NDArray[np.float64],
    most: float | None,
) -> LinearModel:
    """Minimise the largest regret, or where `most` is given the cost with no more than that."""
    offers, cells = len(problem.costs), len(problem.short)
    costs = np.r_[problem.costs, np.zeros(cells)]
    plain = amounts_model(problem, costs, None)
    wide = hstack([plain.rows, csr_array((plain.rows.shape[0], 1))])
    return LinearModel(
        objective=np.r_[np.zeros(offers + cells), 1.0] if most is None else np.r_[costs, 0.0],
        rows=csr_array(vstack([wide, rows])),
        row_lower=np.r_[plain.row_lower, np.full(len(best), -np.inf)],
        row_upper=np.r_[plain.row_upper, best],
        column_lower=np.r_[plain.column_lower, 0.0],
        column_upper=np.r_[plain.column_upper, np.inf if most is None else most],
        is_integer=np.r_[np.ones(offers, dtype=bool), np.zeros(cells + 1, dtype=bool)],
    )
