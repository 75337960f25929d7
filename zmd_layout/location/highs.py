"""
Sparse arrays to HiGHS and back, without a modelling layer.

The form is min c·x subject to row_lower ≤ A x ≤ row_upper, col_lower ≤ x ≤ col_upper, some x
integer. The arrays go to HiGHS as they are; building a model costs milliseconds.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


class MipStatus(StrEnum):
    """What HiGHS proved. A limit of time or nodes is never `optimal`."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"  # no solution and no proof that there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearModel:
    """
    A linear model to be minimised, some columns integer.

    Parameters
    ----------
    objective
        (columns,) cost of each column.
    rows
        (rows, columns) sparse coefficients.
    row_lower, row_upper
        (rows,) bounds of the rows, ±inf for none.
    column_lower, column_upper
        (columns,) bounds of the columns, ±inf for none.
    is_integer
        (columns,) bool, or None for a linear programme.
    """

    objective: NDArray[np.float64]
    rows: csr_array
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    column_lower: NDArray[np.float64]
    column_upper: NDArray[np.float64]
    is_integer: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MipResult:
    """
    What came back from HiGHS.

    Attributes
    ----------
    status
        What was proved.
    objective
        Value of the best solution; inf where there is none.
    bound
        No solution is below it; −inf where nothing is known, inf where infeasible.
    values
        (columns,) the best solution; empty where there is none.
    row_duals, reduced_costs
        Duals of a linear programme; empty for a model with integers or without a solution.
    nodes, simplex_iterations
        Branch-and-bound nodes and simplex iterations, counts that are the same on every machine.
    is_ended_by_time
        Whether the time limit, not a proof or a count, ended the search.
    """

    status: MipStatus
    objective: float
    bound: float
    values: NDArray[np.float64]
    row_duals: NDArray[np.float64]
    reduced_costs: NDArray[np.float64]
    nodes: int
    simplex_iterations: int
    is_ended_by_time: bool


def solve_mip(
    model: LinearModel,
    *,
    time_limit_s: float,
    node_limit: int | None = None,
    start: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> MipResult:
    """
    Minimise a linear model, with integers or without, to a gap of zero.

    Parameters
    ----------
    model
        The model.
    time_limit_s
        Seconds, the net.
    node_limit
        Count of branch-and-bound nodes after which the search stops, the same on every machine.
    start
        (columns,) a solution to start from, or None.
    seed
        Random seed of HiGHS.

    Returns
    -------
    MipResult
        Never `optimal` where a limit ended the search.
    """
    began_s = time.perf_counter()
    is_mip = model.is_integer is not None
    solver = open_solver(model, seed=seed)
    if node_limit is not None:
        solver.setOptionValue("mip_max_nodes", int(node_limit))
    if start is not None:
        columns = np.arange(len(start), dtype=np.int32)
        solver.setSolution(len(start), columns, np.asarray(start, dtype=np.float64))
    result = run_solver(solver, time_limit_s=time_limit_s, is_mip=is_mip)
    if _is_consistent(model, result):
        return result
    # HiGHS 1.16 may hand back the start with the objective of the better solution that it found
    left_s = time_limit_s - (time.perf_counter() - began_s)
    if start is not None and left_s > 0:
        return solve_mip(model, time_limit_s=left_s, node_limit=node_limit, seed=seed)
    objective = float(model.objective @ result.values)
    return replace(result, status=MipStatus.FEASIBLE, objective=objective)


def _is_consistent(model: LinearModel, result: MipResult) -> bool:
    """Return whether the values that came back have the objective that came with them."""
    if not len(result.values):
        return True
    objective = float(model.objective @ result.values)
    return abs(objective - result.objective) <= 1e-6 * max(1.0, abs(objective))


def open_solver(model: LinearModel, *, seed: int = 0) -> Any:  # noqa: ANN401 - highspy has no types
    """Hand a model to a silent HiGHS that stops at a gap of zero only, and give the HiGHS."""
    solver = _quiet_solver()
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 - the signature of highspy
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.0)
    solver.setOptionValue("random_seed", int(seed))
    row_count, column_count = model.rows.shape
    is_integer = model.is_integer
    if is_integer is None:
        is_integer = np.zeros(column_count, dtype=bool)
    solver.passModel(
        column_count,
        row_count,
        model.rows.nnz,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize),
        0.0,
        np.asarray(model.objective, dtype=np.float64),
        np.asarray(model.column_lower, dtype=np.float64),
        np.asarray(model.column_upper, dtype=np.float64),
        np.asarray(model.row_lower, dtype=np.float64),
        np.asarray(model.row_upper, dtype=np.float64),
        model.rows.indptr.astype(np.int32),
        model.rows.indices.astype(np.int32),
        model.rows.data.astype(np.float64),
        is_integer.astype(np.int32),
    )
    return solver


def _quiet_solver() -> Any:  # noqa: ANN401 - highspy has no types
    """
    Make a HiGHS without its banner.

    The first HiGHS of a process prints one from C, before an option could tell it not to; so the
    process's standard output is turned aside for that moment.
    """
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # a process without a standard output has nothing to keep clean
        return highspy.Highs()  # type: ignore[no-untyped-call]  # highspy has no types
    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            return highspy.Highs()  # type: ignore[no-untyped-call]  # highspy has no types
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def add_rows(solver: Any, rows: csr_array, lower: NDArray[np.float64]) -> None:  # noqa: ANN401
    """Add rows `rows @ x ≥ lower` to an open HiGHS; a linear programme keeps its basis."""
    count = rows.shape[0]
    if count:
        solver.addRows(
            count,
            np.asarray(lower, dtype=np.float64),
            np.full(count, highspy.kHighsInf),
            rows.nnz,
            rows.indptr[:-1].astype(np.int32),
            rows.indices.astype(np.int32),
            rows.data.astype(np.float64),
        )


def run_solver(
    solver: Any,  # noqa: ANN401
    *,
    time_limit_s: float,
    is_mip: bool,
) -> MipResult:
    """Run an open HiGHS for at most `time_limit_s` more seconds and read what it proved."""
    # HiGHS counts the time of a linear programme over all runs of an instance, of a MIP per run
    spent_s = 0.0 if is_mip else solver.getRunTime()
    solver.setOptionValue("time_limit", spent_s + max(0.0, time_limit_s))
    solver.run()
    return _read_result(solver, is_mip=is_mip)


def _read_result(solver: Any, *, is_mip: bool) -> MipResult:  # noqa: ANN401
    model_status = solver.getModelStatus()
    info = solver.getInfo()
    solution = solver.getSolution()
    statuses = highspy.HighsModelStatus
    has_solution = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    is_infeasible = model_status == statuses.kInfeasible
    is_optimal = has_solution and model_status == statuses.kOptimal
    has_duals = not is_mip and is_optimal
    empty = np.empty(0)
    return MipResult(
        status=_status(is_optimal=is_optimal, is_infeasible=is_infeasible, has=has_solution),
        objective=float(info.objective_function_value) if has_solution else np.inf,
        bound=_bound(info, is_mip=is_mip, is_optimal=is_optimal, is_infeasible=is_infeasible),
        values=np.asarray(solution.col_value, dtype=np.float64) if has_solution else empty,
        row_duals=np.asarray(solution.row_dual, dtype=np.float64) if has_duals else empty,
        reduced_costs=np.asarray(solution.col_dual, dtype=np.float64) if has_duals else empty,
        nodes=max(0, int(info.mip_node_count)),
        simplex_iterations=max(0, int(info.simplex_iteration_count)),
        is_ended_by_time=model_status == statuses.kTimeLimit,
    )


def _status(*, is_optimal: bool, is_infeasible: bool, has: bool) -> MipStatus:
    if is_infeasible:
        return MipStatus.INFEASIBLE
    if is_optimal:
        return MipStatus.OPTIMAL
    return MipStatus.FEASIBLE if has else MipStatus.UNKNOWN


def _bound(info: Any, *, is_mip: bool, is_optimal: bool, is_infeasible: bool) -> float:  # noqa: ANN401
    if is_infeasible:
        return np.inf
    if is_mip:
        bound = float(info.mip_dual_bound)
        return bound if np.isfinite(bound) else -np.inf
    # an unfinished linear programme proves nothing that could be read
    return float(info.objective_function_value) if is_optimal else -np.inf
