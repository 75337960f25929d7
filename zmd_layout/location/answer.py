"""The last step of `solve`: check the answer and put it on the labels of the problem."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.errors import SitingError
from zmd_layout.location.problem import Model, Problem, Solution
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

# relative to the objective: far above the tolerance of linear programmes
SLACK = 1e-6


def finished(problem: Problem, solution: Solution) -> Solution:
    """
    Check a solution against its problem and put it on the problem's labels.

    Parameters
    ----------
    problem
        The problem as given by the user.
    solution
        Solution by positions of sites and demands.

    Raises
    ------
    SitingError
        If status, objective, bound and plan contradict each other. This is a bug in the program,
        and such a solution is never returned.
    """
    if solution.status in {SolveStatus.OPTIMAL, SolveStatus.FEASIBLE}:
        solution = _with_bound_on_its_side(problem, solution)
        faults = [*_number_faults(solution), *_plan_faults(problem, solution)]
        if faults:
            raise SitingError(Message("siting.contradiction", faults=faults))
    return _labelled(problem, solution)


def _with_bound_on_its_side(problem: Problem, solution: Solution) -> Solution:
    """Clip a bound beyond the objective by rounding error: it proves the optimum."""
    sign = -1.0 if problem.model is Model.MAX_COVER else 1.0
    beyond = sign * (solution.bound - solution.objective)
    if beyond > SLACK * max(1.0, abs(solution.objective)):
        raise SitingError(
            Message(
                "siting.contradiction",
                faults=[f"objective {solution.objective:g}", f"bound {solution.bound:g}"],
            )
        )
    if beyond > 0:
        return replace(
            solution, status=SolveStatus.OPTIMAL, bound=solution.objective, gap_percent=0.0
        )
    return solution


def _number_faults(solution: Solution) -> list[str]:
    if not np.isfinite(solution.objective):
        return [f"objective {solution.objective}"]
    if (solution.status is SolveStatus.OPTIMAL) != (solution.gap_percent == 0):
        return [f"{solution.status}: gap {solution.gap_percent} %"]
    return []


def _plan_faults(problem: Problem, solution: Solution) -> list[str]:
    """Return the parameters of the problem that the plan violates."""
    is_open = np.zeros(problem.costs.shape[1], dtype=bool)
    is_open[solution.open_sites] = True
    faults = []
    if problem.fixed_open is not None and not is_open[problem.fixed_open].all():
        faults.append("fixed_open")
    if problem.open_count is not None and is_open.sum() != problem.open_count:
        faults.append("open_count")
    served = np.flatnonzero(solution.assignment >= 0)
    site = solution.assignment[served]
    if not (is_open[site].all() and _are_pairs(problem, served, site)):
        faults.append("assignment")
    may_stay_out = problem.model is Model.MAX_COVER or problem.unserved_cost is not None
    if len(served) < len(problem.demands) and not may_stay_out:
        faults.append("assignment")
    return faults


def _are_pairs(problem: Problem, demand: NDArray[np.int64], site: NDArray[np.int64]) -> bool:
    n, m = problem.costs.shape
    rows = np.repeat(np.arange(n), np.diff(problem.costs.indptr))
    allowed = rows * m + problem.costs.indices
    return bool(np.isin(demand * m + site, allowed).all())


def _labelled(problem: Problem, solution: Solution) -> Solution:
    rows, columns = problem.demand_labels, problem.site_labels
    if rows is None and columns is None:
        return solution
    n, m = problem.costs.shape
    rows = pd.RangeIndex(n) if rows is None else rows
    columns = pd.RangeIndex(m) if columns is None else columns
    sites = pd.array(columns.to_numpy()).take(solution.assignment, allow_fill=True)
    flows = solution.flows
    if flows is not None:
        flows = pd.DataFrame.sparse.from_spmatrix(  # type: ignore[attr-defined]
            flows, index=rows, columns=columns
        )
    return replace(
        solution,
        open_sites=columns[solution.open_sites],
        assignment=pd.Series(sites, index=rows, name="site"),
        flows=flows,
    )
