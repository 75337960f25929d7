"""Capacities are kept, catchments hang together, bounds bound, what cannot be is explained."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from volumes import examples

from zmd_layout.errors import SitingError
from zmd_layout.location.problem import Model, Problem, Solution
from zmd_layout.location.solver import solve
from zmd_layout.vocabulary import SolveStatus

few = examples(10)
fewer = examples(2)
COUNTED = {Model.P_MEDIAN, Model.P_CENTER, Model.MAX_COVER}
seeds = st.integers(0, 2**32 - 1)


def every_pair(costs: list | np.ndarray, allowed: np.ndarray | None = None) -> np.ndarray:
    """Write NaN for the pairs that are not allowed."""
    costs = np.asarray(costs, dtype=float)
    return costs if allowed is None else np.where(allowed, costs, np.nan)


def facility(costs: list, demands: list, capacities: list, **more: object) -> Problem:
    return Problem(
        model=Model.FACILITY, costs=every_pair(costs), demands=np.array(demands, dtype=float),
        capacities=np.array(capacities, dtype=float), fixed_costs=np.ones(len(capacities)), **more,
    )  # fmt: skip


def made(seed: int, model: Model, *, whole: bool, land: bool = False) -> Problem:
    """Make a small problem, often too tight; with `land` its units lie in a row of squares."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(2, 6)), int(random.integers(2, 4))
    takes_costs = model in {Model.FACILITY, Model.SET_COVER, Model.P_MEDIAN}
    may_leave_out = model is not Model.MAX_COVER and random.random() < 0.4
    beside = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) == 1
    beside[0, n - 1] = beside[n - 1, 0] = random.random() < 0.3
    m = min(m, n)
    return Problem(
        model=model,
        # 0 and 1 alone would be refused of a covering model, which uses no costs
        costs=every_pair(
            random.integers(0, 9, (n, m)) + (model in {Model.SET_COVER, Model.MAX_COVER}),
            random.random((n, m)) < 0.85,
        ),
        demands=random.integers(1, 6, n).astype(float),
        open_count=int(random.integers(1, m + 1)) if model in COUNTED else None,
        capacities=random.integers(3, 12, m).astype(float),
        fixed_costs=random.integers(1, 5, m).astype(float) if takes_costs else None,
        unserved_cost=random.integers(1, 12, n).astype(float) if may_leave_out else None,
        single_source=whole,
        adjacency=csr_array(beside) if land else None,
        site_demand=random.permutation(n)[:m] if land else None,
    )


def plans(problem: Problem, opened: tuple[int, ...]) -> list[float]:
    """List the values of all plans of whole units with these sites open."""
    n, m = problem.costs.shape
    rows = np.repeat(np.arange(n), np.diff(problem.costs.indptr))
    cost = np.full((n, m + 1), np.inf)
    cost[rows, problem.costs.indices] = problem.costs.data
    may_leave = problem.model is Model.MAX_COVER or problem.unserved_cost is not None
    cost[:, m] = 0.0 if may_leave else np.inf
    values = []
    for choice in product((*opened, m), repeat=n):
        plan = np.array(choice)
        here = cost[np.arange(n), plan]
        load = np.bincount(plan, problem.demands, m + 1)[:m]
        if np.isinf(here).any() or (load > problem.capacities).any():
            continue
        if problem.adjacency is not None and not is_connected(problem, plan, opened):
            continue
        values.append(value(problem, here, plan == m, opened))
    return values


def is_connected(problem: Problem, plan: np.ndarray, opened: tuple[int, ...] | np.ndarray) -> bool:
    for site in opened:
        units = np.flatnonzero(plan == site)
        if problem.site_demand[site] not in units:
            return False
        inside = problem.adjacency[units][:, units]
        if connected_components(inside, directed=False)[0] > 1:
            return False
    return True


def value(problem: Problem, here: np.ndarray, is_out: np.ndarray, opened: tuple[int, ...]) -> float:
    if problem.model is Model.MAX_COVER:
        return float(problem.demands[~is_out].sum())
    if problem.unserved_cost is not None:
        here = np.where(is_out, problem.unserved_cost, here)
    if problem.model is Model.P_CENTER:
        return float(here.max())
    if problem.model is Model.SET_COVER:
        here = np.where(is_out, here, 0.0)
    return float(here.sum() + problem.fixed_costs[list(opened)].sum())


def best_split(problem: Problem, opened: tuple[int, ...]) -> float:
    """Give the least cost with these sites open where units may be split, by another solver."""
    n, m = problem.costs.shape
    pairs = problem.costs.tocoo()
    used = np.isin(pairs.col, opened)
    row, site, cost = pairs.row[used], pairs.col[used], pairs.data[used].astype(float)
    out = problem.unserved_cost
    if problem.model in {Model.SET_COVER, Model.MAX_COVER}:
        cost = np.zeros_like(cost)
    if problem.model is Model.MAX_COVER:
        out = problem.demands
    leaving = 0 if out is None else n
    k = len(row)
    served, load = np.zeros((n, k + leaving)), np.zeros((m, k + leaving))
    served[row, np.arange(k)] = 1
    served[:, k:] = np.eye(n)[:, :leaving]
    load[site, np.arange(k)] = problem.demands[row]
    if not k + leaving:
        return np.inf
    costs = np.concatenate([cost, np.empty(0) if out is None else out])
    found = linprog(
        costs, A_ub=load, b_ub=problem.capacities, A_eq=served, b_eq=np.ones(n), bounds=(0, 1)
    )
    if not found.success:
        return np.inf
    if problem.model is Model.MAX_COVER:
        return float(found.fun) - problem.demands.sum()
    return float(found.fun + problem.fixed_costs[list(opened)].sum())


def best_value(problem: Problem) -> float:
    """Give the best of all plans, −inf or inf where there is none."""
    m = problem.costs.shape[1]
    counts = range(m + 1) if problem.open_count is None else [problem.open_count]
    sets = [opened for count in counts for opened in combinations(range(m), count)]
    sign = -1 if problem.model is Model.MAX_COVER else 1
    if problem.single_source or problem.adjacency is not None:
        values = [sign * each for opened in sets for each in plans(problem, opened)]
    else:
        values = [best_split(problem, opened) for opened in sets]
    return sign * min(values, default=np.inf)


def check_plan(problem: Problem, solution: Solution) -> None:
    """Hold a plan to its sites, its pairs and its capacities."""
    n, m = problem.costs.shape
    flows = np.zeros((n, m))
    seated = np.flatnonzero(solution.assignment >= 0)
    flows[seated, solution.assignment[seated]] = 1
    if solution.flows is not None:
        flows = solution.flows.toarray()
    assert (flows.sum(axis=1) <= 1 + 1e-9).all()
    assert (problem.demands @ flows <= problem.capacities + 1e-6).all()
    assert set(np.flatnonzero(flows.any(axis=0))) <= set(solution.open_sites)
    for unit, site in zip(*np.nonzero(flows), strict=True):
        row = problem.costs.indices[problem.costs.indptr[unit] : problem.costs.indptr[unit + 1]]
        assert site in row


def check_best(problem: Problem) -> None:
    found, best = solve(problem), best_value(problem)
    check_plan(problem, found)
    if np.isinf(best):
        assert found.status is SolveStatus.INFEASIBLE
        assert found.explanation
        return
    assert found.status is SolveStatus.OPTIMAL
    assert found.objective == pytest.approx(best, abs=1e-6)
    assert found.bound == found.objective
    if problem.open_count is not None:
        assert len(found.open_sites) == problem.open_count


# --- laws ---------------------------------------------------------------------------------------


@few
@given(seeds, st.sampled_from(list(Model)))
def test_whole_units_are_seated_best_of_all_plans(seed: int, model: Model) -> None:
    check_best(made(seed, model, whole=True))


@few
@given(seeds, st.sampled_from(sorted(set(Model) - {Model.P_CENTER})))
def test_split_units_are_seated_best_of_all_plans(seed: int, model: Model) -> None:
    check_best(made(seed, model, whole=False))


@few
@given(seeds, st.sampled_from(list(Model)))
def test_connected_catchments_are_the_best_of_all_that_hang_together(
    seed: int, model: Model
) -> None:
    problem = made(seed, model, whole=False, land=True)
    check_best(problem)
    found = solve(problem)
    if found.status is SolveStatus.OPTIMAL:
        assert is_connected(problem, found.assignment, found.open_sites)


@fewer
@given(seeds)
def test_catchments_of_a_town_hang_together_though_the_search_is_cut_short(seed: int) -> None:
    problem = town(seed)
    found = solve(problem, effort=0.01)
    assert found.status in {SolveStatus.OPTIMAL, SolveStatus.FEASIBLE}
    assert (found.assignment >= 0).all()
    assert is_connected(problem, found.assignment, found.open_sites)
    check_plan(problem, found)
    assert found.bound <= found.objective


def town(seed: int, side: int = 4) -> Problem:
    """Make a town of squares, some with a place for a school, distances with walls in the way."""
    random = np.random.default_rng(seed)
    place = np.array(list(product(range(side), repeat=2)))
    apart = np.abs(place[:, None] - place[None]).sum(axis=2)
    people = random.integers(1, 9, len(place)).astype(float)
    sites = random.choice(len(place), 4, replace=False)
    detour = random.uniform(1, 3, (len(place), len(sites)))
    return Problem(
        model=Model.FACILITY, costs=every_pair(apart[:, sites] * detour * people[:, None]),
        demands=people, capacities=np.full(len(sites), np.ceil(people.sum() / 3)),
        fixed_costs=random.uniform(20, 60, len(sites)), single_source=True,
        adjacency=csr_array(apart == 1), site_demand=sites,
    )  # fmt: skip


@few
@given(seed=seeds, whole=st.booleans())
def test_a_bound_is_no_better_than_the_best_even_when_cut_short(*, seed: int, whole: bool) -> None:
    problem = made(seed, Model.FACILITY, whole=whole)
    cut_short, best = solve(problem, effort=1e-6), best_value(problem)
    if cut_short.status is SolveStatus.FEASIBLE:
        assert cut_short.bound <= best * (1 + 1e-9)
    if cut_short.status is SolveStatus.INFEASIBLE:
        assert np.isinf(best)


@few
@given(seed=seeds, whole=st.booleans(), model=st.sampled_from(list(Model)))
def test_another_candidate_never_worsens_the_optimum(
    *, seed: int, whole: bool, model: Model
) -> None:
    more = made(seed, model, whole=whole)
    m = more.costs.shape[1]
    if more.open_count == m:
        more = replace(more, open_count=m - 1)
    fewer = replace(
        more, costs=csr_array(more.costs[:, : m - 1]), capacities=more.capacities[: m - 1],
        fixed_costs=None if more.fixed_costs is None else more.fixed_costs[: m - 1],
    )  # fmt: skip
    one, other = solve(more), solve(fewer)
    if other.status is SolveStatus.OPTIMAL:
        sign = -1 if model is Model.MAX_COVER else 1
        assert one.status is SolveStatus.OPTIMAL
        assert sign * one.objective <= sign * other.objective + 1e-6


@few
@given(
    seed=seeds,
    land=st.booleans(),
    model=st.sampled_from([Model.FACILITY, Model.SET_COVER, Model.MAX_COVER]),
)
def test_the_order_of_the_input_never_changes_the_answer(
    *, seed: int, land: bool, model: Model
) -> None:
    problem = made(seed, model, whole=True, land=land)
    random = np.random.default_rng(seed)
    n, m = problem.costs.shape
    units, sites = random.permutation(n), random.permutation(m)
    place = np.argsort(units)
    stored = np.zeros((n, m), dtype=bool)
    stored[np.repeat(np.arange(n), np.diff(problem.costs.indptr)), problem.costs.indices] = True
    moved = replace(
        problem,
        costs=every_pair(problem.costs.toarray()[units][:, sites], stored[units][:, sites]),
        demands=problem.demands[units],
        capacities=problem.capacities[sites],
        fixed_costs=None if problem.fixed_costs is None else problem.fixed_costs[sites],
        unserved_cost=None if problem.unserved_cost is None else problem.unserved_cost[units],
        adjacency=problem.adjacency[units][:, units] if land else None,
        site_demand=place[problem.site_demand[sites]] if land else None,
    )
    one, other = solve(problem), solve(moved)
    assert one.status is other.status
    assert np.array_equal(
        [one.objective, one.bound], [other.objective, other.bound], equal_nan=True
    )


@fewer
@given(seeds)
def test_a_seed_gives_one_answer(seed: int) -> None:
    one, other = solve(town(seed), effort=0.01), solve(town(seed), effort=0.01)
    assert one.is_reproducible
    assert (one.objective, one.bound) == (other.objective, other.bound)
    assert np.array_equal(one.assignment, other.assignment)


# --- small worlds -------------------------------------------------------------------------------


def test_a_unit_larger_than_every_school_is_explained() -> None:
    found = solve(facility([[1, 1]], [9], [5, 6], single_source=True))
    assert found.status is SolveStatus.INFEASIBLE
    assert any("9 > 6" in message.text("en") for message in found.explanation)


def test_a_unit_may_be_split_where_that_is_allowed() -> None:
    found = solve(facility([[1, 1]], [9], [5, 6]))
    assert found.status is SolveStatus.OPTIMAL
    assert found.flows is not None
    assert found.flows.sum() == pytest.approx(1)


def test_more_demand_than_seats_is_explained_with_the_best_part_of_a_plan() -> None:
    found = solve(facility([[1], [1]], [5, 3], [6], single_source=True))
    assert found.status is SolveStatus.INFEASIBLE
    text = [message.text("en") for message in found.explanation]
    assert "total demand of 8 exceeds" in text[0]
    assert "serves 5 of 8" in text[1]
    assert "unused capacity: 1" in text[2]
    assert found.assignment.tolist() == [0, -1]


def test_too_few_schools_are_told_how_many_would_do() -> None:
    problem = replace(facility([[1, 1, 1]] * 3, [4, 4, 4], [6, 6, 6]), open_count=1)
    by_seats = solve(problem).explanation[0].text("en")
    assert "at least 2 are needed" in by_seats
    # two have the seats, but not for whole units of four
    whole = solve(replace(problem, open_count=2, single_source=True))
    assert whole.status is SolveStatus.INFEASIBLE
    assert any("at least 3 are needed" in message.text("en") for message in whole.explanation)


def test_units_out_of_reach_are_named_as_the_caller_numbers_them() -> None:
    costs = every_pair([[1], [1], [1]], np.array([[True], [True], [False]]))
    found = solve(replace(facility([[1]] * 3, [1, 1, 7], [9]), costs=costs))
    assert found.status is SolveStatus.INFEASIBLE
    assert "2" in found.explanation[0].text("en")
    assert found.assignment.tolist() == [0, 0, -1]


def test_without_time_nothing_is_claimed() -> None:
    found = solve(town(1), time_limit_s=0)
    assert found.status is SolveStatus.UNKNOWN
    assert not found.is_reproducible
    assert np.isnan(found.objective)


def test_the_fewest_schools_with_seats_for_all_and_the_most_children_with_one() -> None:
    costs, people, seats = every_pair([[1, 1]] * 3), np.full(3, 4.0), np.full(2, 8.0)
    fewest = Problem(
        model=Model.SET_COVER, costs=costs, demands=people, capacities=seats, single_source=True
    )
    assert solve(fewest).objective == 2
    most = Problem(
        model=Model.MAX_COVER, costs=costs, demands=people, capacities=seats, open_count=1
    )
    assert solve(most).objective == pytest.approx(8)


def test_a_wall_sends_a_unit_the_long_way_round() -> None:
    # four units in a row, schools at both ends; the second is nearer to the far school
    row = csr_array(np.eye(4, k=1) + np.eye(4, k=-1))
    costs = [[0, 9], [5, 1], [9, 9], [9, 0]]
    free = facility(costs, [1] * 4, [4, 4], single_source=True, fixed_open=np.ones(2, dtype=bool))
    assert solve(free).assignment.tolist()[:2] == [0, 1]
    walled = replace(free, adjacency=row, site_demand=np.array([0, 3]))
    assert solve(walled).assignment.tolist() in ([0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 1, 1])


def test_the_unit_of_another_school_is_no_bridge_between_two_parts_of_a_catchment() -> None:
    check_best(made(678, Model.P_MEDIAN, whole=False, land=True))


def test_connected_catchments_need_the_unit_of_every_site() -> None:
    with pytest.raises(SitingError, match="site_demand"):
        facility([[1]], [1], [1], adjacency=csr_array(np.ones((1, 1))), site_demand=np.array([-1]))
