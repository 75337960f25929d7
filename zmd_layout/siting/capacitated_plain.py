"""
Sites with capacities, by a plain model in HiGHS.

min Σ f_j x_j + Σ c_ij y_ij + Σ p_i u_i  subject to  Σ_j y_ij + u_i = 1,  Σ_i d_i y_ij ≤ k_j x_j,
y_ij ≤ x_j, and Σ_j x_j = p where the number is given. It proves what HiGHS proves in time; what it
does not prove comes with the gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

from zmd_layout.errors import SitingError
from zmd_layout.messages import Message
from zmd_layout.siting.highs import LinearModel, MipResult, MipStatus, solve_mip
from zmd_layout.siting.problem import Model, Problem, Solution, gap_percent
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.siting.options import SolveOptions

_MODELS = {Model.P_MEDIAN, Model.FACILITY}
_NODES = 50_000


def solve_capacitated(problem: Problem, *, options: SolveOptions) -> Solution:
    """
    Solve a p-median or facility problem with capacities.

    Parameters
    ----------
    problem
        With `capacities`; without contiguity.
    options
        Time limit and effort.

    Returns
    -------
    Solution
        `optimal` only where HiGHS proved it. Infeasible comes with an explanation.

    Raises
    ------
    SitingError
        For a model that this door does not serve.
    """
    if problem.model not in _MODELS or problem.adjacency is not None:
        raise SitingError(Message("siting.capacitated_not_served", model=str(problem.model)))
    why = explain(problem)
    if why:
        return _none(problem, why)
    result = solve_mip(
        _model(problem),
        time_limit_s=options.time_limit_s,
        node_limit=options.count(_NODES),
        seed=options.seed,
    )
    if result.status is MipStatus.INFEASIBLE:
        return _none(problem, (Message("siting.capacitated_infeasible"),))
    return _solution(problem, result)


def explain(problem: Problem) -> tuple[Message, ...]:
    """Say why nothing can seat everyone, as far as it is plain to see."""
    if problem.unserved_cost is not None:
        return ()
    assert problem.capacities is not None  # noqa: S101 - this door is for capacities
    count, costs = len(problem.demands), problem.costs
    reached = np.diff(costs.indptr) > 0
    messages = []
    lost = np.flatnonzero(~reached & (problem.demands > 0))
    if len(lost):
        messages.append(Message("siting.capacitated_lost", count=len(lost), first=int(lost[0])))
    capacity = np.sort(problem.capacities)[::-1]
    most = capacity[: problem.open_count].sum() if problem.open_count else capacity.sum()
    if problem.demands.sum() > most:
        messages.append(
            Message("siting.capacitated_short", demand=problem.demands.sum(), capacity=most)
        )
    if problem.single_source:
        row = np.repeat(np.arange(count), np.diff(costs.indptr))
        largest = np.zeros(count)
        np.maximum.at(largest, row, problem.capacities[costs.indices])
        over = np.flatnonzero(problem.demands > largest)
        if len(over):
            worst = int(over[np.argmax(problem.demands[over])])
            messages.append(
                Message(
                    "siting.capacitated_too_large", count=len(over), unit=worst,
                    demand=problem.demands[worst], capacity=largest[worst],
                )
            )  # fmt: skip
    return tuple(messages)


def _model(problem: Problem) -> LinearModel:
    count, sites = problem.costs.shape
    pairs = problem.costs.tocoo()
    size = pairs.nnz
    assert problem.capacities is not None  # noqa: S101 - this door is for capacities
    leaves = count if problem.unserved_cost is not None else 0
    width = sites + size + leaves
    entry, one = np.arange(size), np.ones(size)
    columns = sites + entry
    served = coo_array((one, (pairs.row, columns)), (count, width))
    if leaves:
        left = (np.ones(count), (np.arange(count), sites + size + np.arange(count)))
        served = served + coo_array(left, (count, width))
    load = coo_array(
        (
            np.r_[problem.demands[pairs.row], -problem.capacities],
            (np.r_[pairs.col, np.arange(sites)], np.r_[columns, np.arange(sites)]),
        ),
        (sites, width),
    )
    link = coo_array(
        (np.r_[one, -one], (np.r_[entry, entry], np.r_[columns, pairs.col])), (size, width)
    )
    number = coo_array((np.ones(sites), (np.zeros(sites, int), np.arange(sites))), (1, width))
    least = problem.open_count if problem.model is Model.P_MEDIAN else 0
    most = problem.open_count if problem.open_count is not None else sites
    fixed = problem.fixed_open if problem.fixed_open is not None else np.zeros(sites, bool)
    opening = problem.fixed_costs if problem.fixed_costs is not None else np.zeros(sites)
    unserved = problem.unserved_cost if problem.unserved_cost is not None else np.empty(0)
    return LinearModel(
        objective=np.r_[opening, pairs.data, unserved],
        rows=csr_array(vstack([served, load, link, number])),
        row_lower=np.r_[np.ones(count), np.full(sites + size, -np.inf), least or 0],
        row_upper=np.r_[np.ones(count), np.zeros(sites + size), most],
        column_lower=np.r_[fixed.astype(float), np.zeros(size + leaves)],
        column_upper=np.ones(width),
        is_integer=np.r_[np.ones(sites, bool), np.full(size + leaves, problem.single_source)],
    )


def _solution(problem: Problem, result: MipResult) -> Solution:
    count, sites = problem.costs.shape
    if not len(result.values):
        return _none(problem, (Message("siting.capacitated_nothing_yet"),), ended=True)
    pairs = problem.costs.tocoo()
    share = np.clip(result.values[sites : sites + pairs.nnz], 0.0, 1.0)
    flows = csr_array((share, (pairs.row, pairs.col)), shape=(count, sites))
    assignment = np.full(count, -1, dtype=np.int64)
    order = np.lexsort((-pairs.col, share))  # the largest part last; among equals the first site
    used = order[share[order] > 1e-6]  # noqa: PLR2004 - what rounding leaves is no part
    assignment[pairs.row[used]] = pairs.col[used]
    is_optimal = result.status is MipStatus.OPTIMAL
    bound = result.objective if is_optimal else min(result.bound, result.objective)
    return Solution(
        status=SolveStatus.OPTIMAL if is_optimal else SolveStatus.FEASIBLE,
        objective=result.objective,
        bound=bound,
        gap_percent=gap_percent(result.objective, bound),
        open_sites=np.flatnonzero(result.values[:sites] > 0.5).astype(np.int64),  # noqa: PLR2004 - binary
        assignment=assignment,
        flows=None if problem.single_source else flows,
        is_reproducible=not result.is_ended_by_time,
        statistics={"nodes": result.nodes},
    )


def _none(problem: Problem, why: tuple[Message, ...], *, ended: bool = False) -> Solution:
    nobody: NDArray[np.int64] = np.full(len(problem.demands), -1, dtype=np.int64)
    return Solution(
        status=SolveStatus.FEASIBLE if ended else SolveStatus.INFEASIBLE,
        objective=float("nan"),
        bound=float("nan"),
        gap_percent=float("nan"),
        open_sites=np.empty(0, dtype=np.int64),
        assignment=nobody,
        is_reproducible=not ended,
        explanation=why,
    )
