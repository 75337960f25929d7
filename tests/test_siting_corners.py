"""Rare turns of the search: odd numbers, an answer taken over, a solver or a clock that stops."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array, hstack
from test_siting_capacitated import (
    best_value,
    check_best,
    check_plan,
    every_pair,
    is_connected,
    made,
)
from test_siting_uncapacitated import scattered, value_of
from volumes import TIMES

from zmd_layout.location import options
from zmd_layout.location.highs import MipResult, MipStatus
from zmd_layout.location.problem import Model, Problem
from zmd_layout.location.solver import solve
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SolveStatus

NO_ANSWER = MipResult(
    status=MipStatus.UNKNOWN, objective=np.inf, bound=-np.inf, values=np.empty(0),
    row_duals=np.empty(0), reduced_costs=np.empty(0), nodes=0, simplex_iterations=0,
    is_ended_by_time=False,
)  # fmt: skip


# --- numbers and shapes that are rare -----------------------------------------------------------


@pytest.mark.parametrize(("seed", "model"), [(1, Model.P_MEDIAN), (3, Model.FACILITY)])
def test_units_that_are_no_whole_numbers_of_people_are_seated_best(seed: int, model: Model) -> None:
    problem = made(seed, model, whole=True)
    check_best(replace(problem, demands=problem.demands + 0.5))


@pytest.mark.parametrize("model", [Model.P_MEDIAN, Model.SET_COVER])
def test_five_thousand_times_the_people_in_as_many_seats_change_nothing(model: Model) -> None:
    problem = made(0, model, whole=True)
    large = replace(problem, demands=5e3 * problem.demands, capacities=5e3 * problem.capacities)
    check_best(large)
    assert solve(large).objective == solve(problem).objective


@pytest.mark.parametrize(
    ("seed", "model", "land"),
    [(13, Model.FACILITY, True), (7, Model.P_MEDIAN, True), (16, Model.P_MEDIAN, False)],
)
def test_where_the_first_tries_seat_nobody_the_answer_is_the_best_all_the_same(
    seed: int, model: Model, *, land: bool
) -> None:
    check_best(made(seed, model, whole=True, land=land))


def test_connected_catchments_without_a_limit_of_seats_are_those_of_schools_with_room_for_all() -> (
    None
):
    tight = made(0, Model.P_MEDIAN, whole=True, land=True)
    free = replace(tight, capacities=None)
    roomy = replace(tight, capacities=np.full(tight.costs.shape[1], 1e6))
    found = solve(free)
    assert found.objective == pytest.approx(best_value(roomy))
    assert is_connected(free, found.assignment, found.open_sites)


def test_without_a_limit_of_seats_units_out_of_reach_are_told_and_no_empty_seats_are() -> None:
    costs = every_pair([[1], [1], [1]], np.array([[True], [True], [False]]))
    problem = Problem(
        model=Model.FACILITY, costs=costs, demands=np.array([1.0, 2.0, 7.0]),
        adjacency=csr_array(np.eye(3, k=1)), site_demand=np.array([0]),
    )  # fmt: skip
    found = solve(problem)
    assert found.status is SolveStatus.INFEASIBLE
    assert [message.key for message in found.explanation] == [
        "siting.unreachable", "siting.partial_plan",
    ]  # fmt: skip
    assert found.assignment.tolist() == [0, 0, -1]


def test_of_many_units_out_of_reach_the_first_ten_are_named() -> None:
    reached = np.zeros((14, 1), dtype=bool)
    reached[[0, 5]] = True
    problem = Problem(
        model=Model.FACILITY, costs=every_pair(np.ones((14, 1)), reached), demands=np.ones(14)
    )
    told = dict(solve(problem).explanation[0].args)
    assert told["count"] == 12
    assert told["points"] == [str(n) for n in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11)] + ["…"]


@pytest.mark.parametrize("model", [Model.P_CENTER, Model.P_MEDIAN])
def test_units_that_do_not_fit_though_there_are_seats_tell_how_many_sites_would_do_if_any(
    model: Model,
) -> None:
    # three units of four into sites of six: one unit a site, whatever is left over
    problem = Problem(
        model=model, costs=every_pair(np.ones((3, 3))), demands=np.full(3, 4.0), open_count=2,
        capacities=np.full(3, 6.0), single_source=True,
    )  # fmt: skip
    three = solve(problem)
    assert three.status is SolveStatus.INFEASIBLE
    assert three.explanation[:2] == (
        Message("siting.capacitated_infeasible"),
        Message("siting.too_few_sites", found=2, least=3),
    )
    two = replace(problem, costs=every_pair(np.ones((3, 2))), capacities=np.full(2, 6.0))
    keys = [message.key for message in solve(two).explanation]
    assert keys[0] == "siting.capacitated_infeasible"
    assert "siting.too_few_sites" not in keys
    free = replace(two, model=Model.FACILITY, open_count=None)
    assert [message.key for message in solve(free).explanation] == keys


def test_units_out_of_reach_and_too_few_sites_for_the_others_are_both_told() -> None:
    reach = np.array([[True, False], [False, True], [False, False]])
    problem = Problem(
        model=Model.P_MEDIAN, costs=every_pair(np.ones((3, 2)), reach), demands=np.ones(3),
        open_count=1,
    )  # fmt: skip
    keys = [message.key for message in solve(problem).explanation]
    assert keys[:2] == ["siting.unreachable", "siting.too_few_sites"]


# --- what other solvers say ---------------------------------------------------------------------


def fewest(problem: Problem) -> float:
    """Give the least cost of sites that reach everyone, by another solver."""
    stored = problem.costs
    reach = csr_array((np.ones(stored.nnz), stored.indices, stored.indptr), shape=stored.shape)
    found = milp(
        np.ones(stored.shape[1]) if problem.fixed_costs is None else problem.fixed_costs,
        integrality=np.ones(reach.shape[1]), bounds=(0, 1),
        constraints=LinearConstraint(reach, lb=1.0),
    )  # fmt: skip
    return float(found.fun)


def test_the_cheapest_cover_is_that_of_another_solver_whatever_highs_hands_back() -> None:
    # here HiGHS 1.16 gives the objective of a better solution than the one it hands back
    problem = scattered(1, Model.SET_COVER, demands=120, sites=40)
    found = solve(problem)
    assert found.status is SolveStatus.OPTIMAL
    assert found.objective == pytest.approx(fewest(problem))
    assert value_of(problem, tuple(found.open_sites)) == pytest.approx(found.objective)


def test_with_no_time_to_ask_again_what_highs_hands_back_is_valued_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = scattered(1, Model.SET_COVER, demands=120, sites=40)
    hours = count(step=3600.0)
    monkeypatch.setattr(
        "zmd_layout.location.highs.time", SimpleNamespace(perf_counter=lambda: next(hours))
    )
    found = solve(problem)
    assert value_of(problem, tuple(found.open_sites)) == pytest.approx(found.objective)
    assert found.bound <= fewest(problem) * (1 + 1e-9)
    assert found.objective >= fewest(problem) * (1 - 1e-9)


def thin(seed: int) -> Problem:
    """Make a problem in which each demand reaches few of the sites, at costs of which many tie."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(5, 50)), int(random.integers(4, 25))
    reach = random.random((n, m)) < random.choice([0.1, 0.15, 0.25, 0.4])
    reach[np.arange(n), random.integers(0, m, n)] = True
    return Problem(
        model=Model.P_MEDIAN,
        costs=every_pair(random.integers(0, random.choice([3, 10, 1000]), (n, m)), reach),
        demands=np.ones(n),
        open_count=int(random.integers(1, m + 1)),
    )


def least_travel(problem: Problem) -> float | None:
    """Give the least cost of serving everyone from so many sites, by another solver, or None."""
    n, m = problem.costs.shape
    rows, sites = problem.costs.tocoo().coords
    pairs = np.arange(len(rows))
    serves = csr_array((np.ones(len(rows)), (rows, m + pairs)), shape=(n, m + len(rows)))
    opened = csr_array((np.ones(m), (np.zeros(m, dtype=int), np.arange(m))), (1, m + len(rows)))
    linked = csr_array(
        (
            np.r_[np.ones(len(rows)), -np.ones(len(rows))],
            (np.r_[pairs, pairs], np.r_[sites, m + pairs]),
        ),
        shape=(len(rows), m + len(rows)),
    )
    found = milp(
        np.r_[np.zeros(m), problem.costs.data], bounds=(0, 1),
        integrality=np.r_[np.ones(m), np.zeros(len(rows))],
        constraints=[
            LinearConstraint(serves, 1, 1),
            LinearConstraint(opened, problem.open_count, problem.open_count),
            LinearConstraint(linked, lb=0.0),
        ],
    )  # fmt: skip
    return None if found.x is None else float(found.fun)


@pytest.mark.parametrize("seed", [145, 169])
def test_where_costs_tie_and_few_sites_reach_a_demand_another_solver_finds_nothing_better(
    seed: int,
) -> None:
    problem = thin(seed)
    found, least = solve(problem), least_travel(problem)
    assert found.status is SolveStatus.OPTIMAL
    assert found.objective == pytest.approx(least)
    assert value_of(problem, tuple(found.open_sites)) == pytest.approx(least)


@pytest.mark.parametrize("seed", [6, 374])
def test_where_another_solver_finds_no_answer_it_is_told_how_many_sites_would_do(seed: int) -> None:
    problem = thin(seed)
    found = solve(problem)
    assert least_travel(problem) is None
    assert found.status is SolveStatus.INFEASIBLE
    least = round(fewest(problem))
    assert least > problem.open_count
    assert found.explanation[0] == Message(
        "siting.too_few_sites", found=problem.open_count, least=least
    )


def test_the_most_children_within_reach_are_those_of_another_solver() -> None:
    problem = scattered(0, Model.MAX_COVER, demands=120, sites=40)
    n, m = problem.costs.shape
    within = csr_array((problem.costs != 0).astype(float))
    # a demand counts where one of the sites that reach it is open
    rows = csr_array(hstack((-within, csr_array(np.eye(n)))))
    count_row = csr_array(np.r_[np.ones(m), np.zeros(n)][np.newaxis])
    other = milp(
        np.r_[np.zeros(m), -problem.demands], bounds=(0, 1),
        integrality=np.r_[np.ones(m), np.zeros(n)],
        constraints=[
            LinearConstraint(rows, ub=0.0),
            LinearConstraint(count_row, problem.open_count, problem.open_count),
        ],
    )  # fmt: skip
    found = solve(problem)
    assert found.status is SolveStatus.OPTIMAL
    assert found.objective == pytest.approx(-other.fun)


# --- searches that are cut short ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "model", "size", "effort"),
    [(5, Model.P_MEDIAN, (120, 40), 1e-3), (9, Model.FACILITY, (60, 20), 1e-2)],
)
def test_a_tree_that_its_count_of_nodes_ends_bounds_the_whole_search_from_below(
    seed: int, model: Model, size: tuple[int, int], effort: float
) -> None:
    problem = scattered(seed, model, *size)
    short, whole = solve(problem, effort=effort), solve(problem)
    assert whole.status is SolveStatus.OPTIMAL
    assert short.bound <= whole.objective * (1 + 1e-9)
    assert short.objective >= whole.objective * (1 - 1e-9)
    assert short.is_reproducible


def rough(seed: int) -> Problem:
    """Make a problem whose costs follow no map, which a tree has to search long."""
    random = np.random.default_rng(seed)
    return Problem(
        model=Model.P_MEDIAN, costs=every_pair(random.integers(100, 1000, (60, 30))),
        demands=np.ones(60), open_count=8,
    )  # fmt: skip


@pytest.mark.parametrize(("problem", "effort"), [(thin(169), 1e-4), (rough(6), 1e-2)])
def test_a_search_cut_short_knows_no_more_than_another_solver(
    problem: Problem, effort: float
) -> None:
    short, least = solve(problem, effort=effort), least_travel(problem)
    assert short.status in {SolveStatus.FEASIBLE, SolveStatus.OPTIMAL}
    assert short.bound <= least * (1 + 1e-9)
    assert short.objective >= least * (1 - 1e-9)
    assert value_of(problem, tuple(short.open_sites)) == pytest.approx(short.objective)


@pytest.mark.parametrize("model", [Model.SET_COVER, Model.FACILITY])
def test_a_set_of_sites_that_reaches_nobody_is_no_answer(model: Model) -> None:
    problem = made(3, model, whole=True)
    best = best_value(problem)
    short = solve(problem, effort=1e-3)
    check_plan(problem, short)
    if np.isinf(best):
        assert short.status is not SolveStatus.OPTIMAL
    else:
        assert not short.bound > best * (1 + 1e-9)


# --- a clock that ticks once a question ---------------------------------------------------------


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass whenever a search looks at the clock, so that a limit counts looks."""
    seconds = count(int(time.perf_counter()) + 1)
    monkeypatch.setattr(options, "time", SimpleNamespace(perf_counter=lambda: next(seconds)))


CLOCKED = [
    (0, Model.MAX_COVER, False, False), (2, Model.SET_COVER, False, False),
    (0, Model.MAX_COVER, True, False), (2, Model.SET_COVER, True, False),
    (0, Model.MAX_COVER, True, True), (1, Model.P_MEDIAN, True, True),
]  # fmt: skip


@pytest.mark.usefixtures("ticking")
@pytest.mark.parametrize("looks", [2, 3, 5, 8, 13])
@pytest.mark.parametrize(("seed", "model", "whole", "land"), CLOCKED)
def test_wherever_the_clock_ends_a_search_it_claims_no_more_than_it_knows(
    seed: int, model: Model, looks: int, *, whole: bool, land: bool
) -> None:
    problem = made(seed, model, whole=whole, land=land)
    best = best_value(problem)
    found = solve(problem, time_limit_s=looks)
    sign = -1 if model is Model.MAX_COVER else 1
    if found.status is SolveStatus.INFEASIBLE:
        assert np.isinf(best)
        return
    check_plan(problem, found)
    if found.status is SolveStatus.UNKNOWN:
        assert not found.is_reproducible
        return
    assert sign * found.bound <= sign * found.objective
    # who may be split can be seated better than the best plan of whole units, never worse
    assert sign * found.bound <= sign * best + 1e-6
    if found.status is SolveStatus.FEASIBLE:
        assert not found.is_reproducible


@pytest.mark.usefixtures("ticking")
@pytest.mark.parametrize("looks", [1023, 1024, 1026])  # within the first nodes of the tree
def test_where_the_clock_ends_a_tree_the_best_lies_between_bound_and_objective(looks: int) -> None:
    problem = rough(0)
    found, least = solve(problem, time_limit_s=looks), least_travel(problem)
    assert found.status is SolveStatus.FEASIBLE
    assert not found.is_reproducible
    assert found.bound <= least <= found.objective + 1e-9


@pytest.mark.usefixtures("ticking")
def test_where_the_clock_ends_the_count_of_sites_it_is_told_between_which_numbers_it_lies() -> None:
    problem = thin(6)
    (told, *_) = solve(problem, time_limit_s=5).explanation
    assert told.key == "siting.too_few_sites_unproved"
    numbers = dict(told.args)
    assert numbers["found"] == problem.open_count
    assert numbers["least"] < round(fewest(problem)) <= numbers["enough"]


# --- a solver that gives no answer --------------------------------------------------------------


@pytest.mark.parametrize("part", ["capacitated.swap", "capacitated.tree"])
@pytest.mark.parametrize(
    ("seed", "model", "whole"),
    [(0, Model.P_MEDIAN, True), (1, Model.SET_COVER, False), (3, Model.FACILITY, False)],
)
def test_where_the_tries_for_a_first_answer_fail_the_proof_finds_the_best(
    seed: int, model: Model, part: str, monkeypatch: pytest.MonkeyPatch, *, whole: bool
) -> None:
    monkeypatch.setattr(f"zmd_layout.location.{part}.solve_transport", lambda *_, **__: None)
    check_best(made(seed, model, whole=whole))


def test_where_the_solver_seats_no_whole_units_nothing_is_proved_that_is_not_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "zmd_layout.location.capacitated.single_source.solve_mip", lambda *_, **__: NO_ANSWER
    )
    for seed in range(4 * TIMES):
        problem = made(seed, Model.FACILITY, whole=True)
        best, found = best_value(problem), solve(problem)
        if found.status in {SolveStatus.OPTIMAL, SolveStatus.FEASIBLE}:
            check_plan(problem, found)
            assert found.bound <= best + 1e-6
            assert found.objective >= best - 1e-6


@pytest.mark.parametrize(
    "name",
    [
        "capacitated.oscillation.STEPS_PER_SWING",
        "capacitated.contiguous_mend.STEPS_PER_SWING",
        "capacitated.tree.ROOT_SEATINGS",
    ],
)
def test_however_few_tries_a_search_has_the_proof_finds_the_best(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"zmd_layout.location.{name}", 1)
    for seed in range(2 * TIMES):
        check_best(made(seed, Model.P_MEDIAN, whole=True, land="mend" in name))
        check_best(made(seed, Model.FACILITY, whole="tree" not in name, land="mend" in name))
