"""Problems whose sites take any number: each model in the form that its search takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.location.center import solve_center
from zmd_layout.location.covering import solve_cover
from zmd_layout.location.explain import (
    UNSERVED,
    cheapest_open_site,
    partial_plan_message,
    too_few_sites_message,
    unreachable_demands,
    unreachable_message,
)
from zmd_layout.location.instance import (
    CLOSED_GAP,
    Instance,
    build_instance,
    merge_equal_demands,
)
from zmd_layout.location.median import first_sites, search_sites, serves_all, with_count
from zmd_layout.location.options import Deadline, SolveOptions
from zmd_layout.location.ordering import ordered
from zmd_layout.location.problem import Model, Problem, Solution, proof_of
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zmd_layout.location.swap import Interchange
    from zmd_layout.messages import Message


def solve_uncapacitated(problem: Problem, *, options: SolveOptions) -> Solution:
    """
    Solve a problem without capacities and contiguity.

    Parameters
    ----------
    problem
        The problem.
    options
        Seed, effort and the net.
    """
    net = Deadline(options)
    unreachable = unreachable_demands(problem)
    if len(unreachable):
        return _without_unreachable(problem, unreachable, net)
    return _solve_ordered(problem, net)


def _solve_ordered(problem: Problem, net: Deadline) -> Solution:
    order = ordered(problem)
    solvers: dict[Model, Callable[[Problem, Deadline], Solution]] = {
        Model.P_MEDIAN: _solve_median,
        Model.FACILITY: _solve_median,
        Model.P_CENTER: _solve_center,
        Model.MAX_COVER: _solve_max_cover,
        Model.SET_COVER: _solve_set_cover,
    }
    return order.restore(solvers[problem.model](order.problem, net))


def _without_unreachable(
    problem: Problem, unreachable: NDArray[np.int64], net: Deadline
) -> Solution:
    """Report which demands no site reaches, and plan for the others."""
    is_reachable = np.ones(len(problem.demands), dtype=bool)
    is_reachable[unreachable] = False
    reachable = np.flatnonzero(is_reachable)
    message = unreachable_message(problem, unreachable)
    nowhere = np.full(len(problem.demands), UNSERVED)
    if not len(reachable):
        return _no_solution(_fixed_sites(problem), nowhere, net, (message,))
    rest = problem.rearranged(costs=problem.costs[reachable], demands=problem.demands[reachable])
    partial = _solve_ordered(rest, net)
    assignment = nowhere
    assignment[reachable] = partial.assignment
    explanation = (message, *partial.explanation)
    if partial.status is not SolveStatus.INFEASIBLE:
        explanation = (message, partial_plan_message(problem, assignment))
    return _no_solution(partial.open_sites, assignment, net, explanation)


def _solve_median(problem: Problem, net: Deadline) -> Solution:
    instance = build_instance(
        problem.costs,
        unserved_cost=problem.unserved_cost,
        opening=_opening(problem, 0.0),
        fixed_open=_is_fixed(problem),
        open_count=problem.open_count,
    )
    if instance.is_covering():
        instance = merge_equal_demands(instance)
    start = _first_solution(problem, instance, net)
    if start is None:
        return _too_few_sites(problem, net)
    found = search_sites(instance, start, net)
    return _solution(
        problem, found.open_ids, bound=found.bound, net=net, statistics=found.statistics
    )


def _first_solution(problem: Problem, instance: Instance, net: Deadline) -> Interchange | None:
    """Open sites that serve all who must be served; None where there are too few."""
    start = first_sites(instance, net)
    if serves_all(start) or problem.open_count is None:
        return start
    cover = solve_cover(_cover_instance(problem), net, at_most=problem.open_count)
    if cover.objective > problem.open_count:
        return None
    return with_count(instance, np.isin(instance.site_id, cover.open_ids))


def _solve_max_cover(problem: Problem, net: Deadline) -> Solution:
    """Leave out as few as possible: serving is free, leaving out costs the demand."""
    instance = merge_equal_demands(
        build_instance(
            _free_pairs(problem),
            unserved_cost=problem.demands,
            opening=_opening(problem, 0.0),
            fixed_open=_is_fixed(problem),
            open_count=problem.open_count,
        )
    )
    found = search_sites(instance, first_sites(instance, net), net)
    reached_at_most = float(problem.demands.sum()) - found.bound
    return _solution(
        problem, found.open_ids, bound=reached_at_most, net=net, statistics=found.statistics
    )


def _solve_set_cover(problem: Problem, net: Deadline) -> Solution:
    if problem.unserved_cost is not None:
        # leaving out at a price is facility location with free serving
        fixed_costs = _opening(problem, 1.0)
        return _solve_median(
            problem.rearranged(costs=_free_pairs(problem), fixed_costs=fixed_costs), net
        )
    cover = solve_cover(_cover_instance(problem, _opening(problem, 1.0)), net)
    return _solution(
        problem, cover.open_ids, bound=cover.bound, net=net, statistics={"nodes": cover.nodes}
    )


def _solve_center(problem: Problem, net: Deadline) -> Solution:
    center = solve_center(problem, net)
    if center.open_ids is None:
        return _too_few_sites(problem, net)
    open_ids = _filled_up(problem, center.open_ids)
    return _solution(problem, open_ids, bound=center.bound, net=net, statistics={})


def _filled_up(problem: Problem, open_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Open further sites up to the count, those that shorten most."""
    site_count = problem.costs.shape[1]
    instance = build_instance(
        problem.costs,
        unserved_cost=problem.unserved_cost,
        opening=np.zeros(site_count),
        fixed_open=np.isin(np.arange(site_count), open_ids),
        open_count=problem.open_count,
    )
    search = with_count(instance, np.zeros(instance.site_count, dtype=bool))
    return instance.open_ids(search.is_open)


def _too_few_sites(problem: Problem, net: Deadline) -> Solution:
    """Report how many sites it would take, with the plan that reaches most with those allowed."""
    least = solve_cover(_cover_instance(problem), net)
    demands = problem.demands if problem.demands.any() else np.ones(len(problem.demands))
    best = _solve_max_cover(
        problem.rearranged(
            model=Model.MAX_COVER,
            demands=demands,
            fixed_costs=None,
            unserved_cost=None,
        ),
        net,
    )
    explanation = (
        too_few_sites_message(problem.open_count, least.bound, least.objective),
        partial_plan_message(problem, best.assignment),
    )
    solution = _no_solution(best.open_sites, best.assignment, net, explanation)
    is_proved = least.bound > (problem.open_count or 0)
    return solution if is_proved else replace(solution, status=SolveStatus.UNKNOWN)


def _cover_instance(problem: Problem, opening: NDArray[np.float64] | None = None) -> Instance:
    """Ask for sites that reach everyone, one each unless `opening` says what they cost."""
    if opening is None:
        opening = np.ones(problem.costs.shape[1])
    return merge_equal_demands(
        build_instance(
            _free_pairs(problem),
            unserved_cost=None,
            opening=opening,
            fixed_open=_is_fixed(problem),
            open_count=None,
        )
    )


def _free_pairs(problem: Problem) -> csr_array:
    costs = problem.costs
    return csr_array((np.zeros(costs.nnz), costs.indices, costs.indptr), shape=costs.shape)


def _opening(problem: Problem, usual: float) -> NDArray[np.float64]:
    if problem.fixed_costs is not None:
        return problem.fixed_costs
    return np.full(problem.costs.shape[1], usual)


def _is_fixed(problem: Problem) -> NDArray[np.bool_]:
    if problem.fixed_open is not None:
        return problem.fixed_open
    return np.zeros(problem.costs.shape[1], dtype=bool)


def _fixed_sites(problem: Problem) -> NDArray[np.int64]:
    return np.flatnonzero(_is_fixed(problem))


def _solution(
    problem: Problem,
    open_sites: NDArray[np.int64],
    *,
    bound: float,
    net: Deadline,
    statistics: dict[str, Any],
) -> Solution:
    assignment, cost = cheapest_open_site(problem, open_sites)
    objective = _objective(problem, open_sites, assignment, cost)
    proof = proof_of(objective, bound, tolerance=CLOSED_GAP)
    return Solution(
        status=proof.status,
        objective=objective,
        bound=proof.bound,
        gap_percent=proof.gap_percent,
        open_sites=open_sites,
        assignment=assignment,
        is_reproducible=not net.has_ended_the_search,
        statistics={**statistics, "seconds": net.elapsed_s()},
    )


def _objective(
    problem: Problem,
    open_sites: NDArray[np.int64],
    assignment: NDArray[np.int64],
    cost: NDArray[np.float64],
) -> float:
    if problem.model is Model.MAX_COVER:
        return float(problem.demands[assignment != UNSERVED].sum())
    if problem.model is Model.P_CENTER:
        return float(cost.max(initial=0.0))
    opening = _opening(problem, 1.0 if problem.model is Model.SET_COVER else 0.0)
    serving = cost if problem.model is not Model.SET_COVER else _left_out(problem, assignment)
    return float(serving.sum() + opening[open_sites].sum())


def _left_out(problem: Problem, assignment: NDArray[np.int64]) -> NDArray[np.float64]:
    if problem.unserved_cost is None:
        return np.zeros(len(assignment))
    return np.where(assignment == UNSERVED, problem.unserved_cost, 0.0)


def _no_solution(
    open_sites: NDArray[np.int64],
    assignment: NDArray[np.int64],
    net: Deadline,
    explanation: tuple[Message, ...],
) -> Solution:
    return Solution(
        status=SolveStatus.INFEASIBLE,
        objective=float("nan"),
        bound=float("nan"),
        gap_percent=float("nan"),
        open_sites=open_sites,
        assignment=assignment,
        is_reproducible=not net.has_ended_the_search,
        explanation=explanation,
        statistics={"seconds": net.elapsed_s()},
    )
