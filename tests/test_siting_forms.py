"""A location problem may be given in many forms, and each means the same."""

from __future__ import annotations

import doctest
import warnings
from dataclasses import replace
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import bsr_array, coo_array, csr_array, csr_matrix, dia_array

from zmd_layout.errors import SitingError
from zmd_layout.location import Model, Problem, Solution, answer, solve
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parents[1] / "docs"


# --- every form gives the best answer -----------------------------------------------------------


def stored(costs: np.ndarray) -> coo_array:
    """Store every allowed pair, a zero too."""
    row, column = np.nonzero(np.isfinite(costs))
    return coo_array((costs[row, column], (row, column)), shape=costs.shape)


def rows_of(costs: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(cost) else cost for cost in row] for row in costs.tolist()]


def frame(costs: np.ndarray) -> pd.DataFrame:
    n, m = costs.shape
    table = pd.DataFrame(costs, index=demand_names(n), columns=site_names(m))
    return table.iloc[::-1, ::-1]


def demand_names(size: int) -> list[str]:
    return [f"示例村{number}" for number in range(size)]


def site_names(size: int) -> list[int]:
    return [100 - number for number in range(size)]


COSTS: dict[str, Callable[[np.ndarray], Any]] = {
    "array": np.array,
    "endless": lambda costs: np.where(np.isnan(costs), np.inf, costs),
    "masked": np.ma.masked_invalid,
    "lists": rows_of,
    "objects": lambda costs: np.array(rows_of(costs), dtype=object),
    "frame": frame,
    "nullable frame": lambda costs: frame(costs).convert_dtypes(),
    "csr": lambda costs: stored(costs).tocsr(),
    "csr_matrix": lambda costs: csr_matrix(stored(costs)),
    "csc": lambda costs: stored(costs).tocsc(),
    "coo": stored,
    "dok": lambda costs: stored(costs).todok(),
    "lil": lambda costs: stored(costs).tolil(),
    "coo with NaN": lambda costs: coo_array(
        (costs.ravel(), np.divmod(np.arange(costs.size), costs.shape[1])), shape=costs.shape
    ),
}
NUMBERS: dict[str, Callable[[list[float], list[Any]], Any]] = {
    "list": lambda values, _: values,
    "tuple": lambda values, _: tuple(values),
    "array": lambda values, _: np.array(values),
    "column": lambda values, _: np.array(values).reshape(-1, 1),
    "series": lambda values, names: pd.Series(values, index=names).sample(frac=1, random_state=1),
    "nullable series": lambda values, names: pd.Series(values, index=names).convert_dtypes(),
}
FLAGS: dict[str, Callable[[list[bool], list[Any]], Any]] = {
    "bools": lambda flags, _: flags,
    "array": lambda flags, _: np.array(flags),
    "ones": lambda flags, _: [int(flag) for flag in flags],
    "array of ones": lambda flags, _: np.array(flags).astype(int),
    "series": lambda flags, names: pd.Series(flags, index=names)[::-1],
    "labels": lambda flags, names: [n for n, flag in zip(names, flags, strict=True) if flag],
    "set of labels": lambda flags, names: {n for n, flag in zip(names, flags, strict=True) if flag},
    "index": lambda flags, names: pd.Index(names)[np.array(flags)],
}


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a problem as plain lists."""
    n, m = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    # few values, so that ties, free pairs and pairs that are not allowed are common
    cost = st.sampled_from([np.nan, 0.0, 1.0, 2.0, 3.0, 7.5])
    rows = st.lists(st.lists(cost, min_size=m, max_size=m), min_size=n, max_size=n)
    fixed = draw(st.lists(st.booleans(), min_size=m, max_size=m))
    model = draw(st.sampled_from(list(Model)))
    takes_count = model in {Model.P_MEDIAN, Model.P_CENTER, Model.MAX_COVER}
    amounts = st.sampled_from([0.0, 1.0, 2.0, 9.0])
    return {
        "model": model, "costs": np.array(draw(rows)), "fixed_open": fixed,
        "demands": draw(st.lists(amounts, min_size=n, max_size=n)),
        "open_count": draw(st.integers(max(1, sum(fixed)), m)) if takes_count else None,
        "fixed_costs": draw(st.lists(amounts, min_size=m, max_size=m))
        if model is Model.FACILITY else None,
    }  # fmt: skip


def value_of(world: dict[str, Any], opened: list[int]) -> float:
    """Give the objective of a set of open sites, inf where it serves not all."""
    costs, demands = world["costs"], np.array(world["demands"])
    served = np.where(np.isnan(costs), np.inf, costs)[:, opened].min(axis=1, initial=np.inf)
    if world["model"] is Model.MAX_COVER:
        return float(demands[np.isfinite(served)].sum())
    if not np.isfinite(served).all():
        return float("inf")
    fixed_costs = world["fixed_costs"] or [0.0] * costs.shape[1]
    return {
        Model.P_MEDIAN: float(served.sum()),
        Model.P_CENTER: float(served.max()),
        Model.SET_COVER: float(len(opened)),
        Model.FACILITY: float(served.sum()) + sum(fixed_costs[site] for site in opened),
    }[world["model"]]


def best_value(world: dict[str, Any]) -> float:
    sites = range(world["costs"].shape[1])
    fixed = {site for site in sites if world["fixed_open"][site]}
    sizes = [world["open_count"]] if world["open_count"] else [*sites, len(sites)]
    opened = [c for size in sizes for c in combinations(sites, size) if fixed <= set(c)]
    values = [value_of(world, list(chosen)) for chosen in opened]
    return max(values) if world["model"] is Model.MAX_COVER else min(values)


def check_form(world: dict[str, Any], costs: str, numbers: str, flags: str) -> None:
    n, m = world["costs"].shape
    is_named = "frame" in costs or "series" in {numbers, flags} or numbers == "nullable series"
    names = (demand_names(n), site_names(m)) if is_named else (list(range(n)), list(range(m)))
    given_as = {
        "model": str(world["model"]),
        "costs": COSTS[costs](world["costs"]),
        "demands": NUMBERS[numbers](world["demands"], names[0]),
        "open_count": world["open_count"],
        "fixed_open": FLAGS[flags](world["fixed_open"], names[1]),
        "fixed_costs": None
        if world["fixed_costs"] is None
        else NUMBERS[numbers](world["fixed_costs"], names[1]),
    }
    if is_named:  # a part with labels names one side only
        given_as |= {"demand_labels": names[0], "site_labels": names[1]}
    solution = solve(Problem(**given_as))
    best = best_value(world)
    if best == np.inf:
        assert solution.status is SolveStatus.INFEASIBLE
        return
    assert solution.status is SolveStatus.OPTIMAL
    assert solution.objective == solution.bound == pytest.approx(best)
    opened = [names[1].index(site) for site in solution.open_sites]
    assert value_of(world, opened) == pytest.approx(best)
    assert {site for site, flag in enumerate(world["fixed_open"]) if flag} <= set(opened)
    if is_named:
        assert solution.assignment.index.tolist() == names[0]
        assert set(solution.assignment.dropna()) <= set(solution.open_sites)


@settings(max_examples=150, deadline=None)
@given(worlds(), st.sampled_from(list(COSTS)), st.sampled_from(list(NUMBERS)),
       st.sampled_from(list(FLAGS)))  # fmt: skip
def test_every_form_gives_the_best_of_all_choices(
    world: dict[str, Any], costs: str, numbers: str, flags: str
) -> None:
    values = world["costs"]
    # these two mean something else for a covering model, and are tested below
    is_cover = world["model"] in {Model.SET_COVER, Model.MAX_COVER}
    assume(not (is_cover and set(values.ravel()) == {0.0, 1.0}))
    # so are numbers that might be flags
    assume(not ("label" in flags or flags == "index") or sum(world["fixed_open"]) < len(values[0]))
    if "label" in flags or flags == "index":
        assume(set(np.flatnonzero(world["fixed_open"])) - {0, 1} or not any(world["fixed_open"]))
    if isinstance(COSTS[costs](values), (coo_array, csr_array)):
        assume((values == 0).any())
    try:
        check_form(world, costs, numbers, flags)
    except SitingError as error:
        # sparse costs without a zero may look like costs whose zeros were lost
        assert [m.key for m in error.messages] == ["siting.lost_zeros"]  # noqa: PT017 - or raise
        assert not (values == 0).any()


@pytest.mark.parametrize("seed", range(6))
def test_spopt_finds_the_same(seed: int) -> None:
    pytest.importorskip("spopt")
    pulp = import_module("pulp")
    random = np.random.default_rng(seed)
    places, people = random.random((12, 2)), random.integers(1, 50, 12)
    distance = np.hypot(*(places[:, np.newaxis] - places).T).T
    fixed = np.zeros(12, dtype=int)
    fixed[random.integers(0, 12)] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = import_module("spopt.locate").PMedian.from_cost_matrix(
            distance, people, p_facilities=3, predefined_facilities_arr=fixed
        )
        theirs.solve(pulp.HiGHS(msg=False, gapRel=0.0), results=False)
    costs = distance * people[:, np.newaxis]
    for form in (costs, pd.DataFrame(costs), stored(costs), costs.tolist()):
        ours = solve(
            Problem(model="p_median", costs=form, demands=people, open_count=3, fixed_open=fixed)
        )
        assert ours.status is SolveStatus.OPTIMAL
        assert ours.objective == pytest.approx(pulp.value(theirs.problem.objective))
        assert int(np.flatnonzero(fixed)[0]) in set(ours.open_sites)


def test_one_number_serves_for_all() -> None:
    costs = np.array([[0.0, 4], [4, 0], [1, 9]])
    listed = Problem(
        model="facility", costs=costs, demands=[1, 1, 1], capacities=[2, 2], fixed_costs=[3, 3],
        fixed_open=[True, True], unserved_cost=[5, 5, 5],
    )  # fmt: skip
    short = Problem(
        model="facility", costs=costs, demands=1, capacities=2, fixed_costs=np.float32(3),
        fixed_open=True, unserved_cost=5,
    )  # fmt: skip
    for name in ("demands", "capacities", "fixed_costs", "fixed_open", "unserved_cost"):
        assert getattr(short, name).tolist() == getattr(listed, name).tolist()
    assert solve(short).objective == solve(listed).objective == 7


def test_connected_catchments_may_be_named_by_labels() -> None:
    villages, schools = ["甲", "乙", "丙"], ["一小", "二小"]
    costs = pd.DataFrame([[0, 9.0], [5, 1], [2, 0]], index=villages, columns=schools)
    beside = pd.DataFrame([[0, 1, 0], [1, 0, 1], [0, 1, 0]], index=villages, columns=villages)
    problem = Problem(
        model="facility",
        costs=costs,
        demands=pd.Series(10, index=villages),
        adjacency=beside.loc[villages[::-1], villages[::-1]],
        site_demand=pd.Series(["丙", "甲"], index=schools[::-1]),
    )
    assert problem.site_demand is not None
    assert problem.site_demand.tolist() == [0, 2]
    assert solve(problem).assignment.to_dict() == {"甲": "一小", "乙": "二小", "丙": "二小"}
    # read once more, the numbers stay numbers
    assert replace(problem).site_demand.tolist() == [0, 2]


def test_shares_stand_on_the_labels_too() -> None:
    costs = pd.DataFrame([[0.0, 5.0]], index=["村"], columns=["东", "西"])
    solution = solve(Problem(model="facility", costs=costs, demands=4, capacities=[3, 9]))
    assert solution.flows.loc["村"].to_dict() == pytest.approx({"东": 0.75, "西": 0.25})


def test_who_is_not_served_is_missing_in_the_answer_by_labels() -> None:
    costs = pd.DataFrame([[1.0], [np.nan]], index=[7, 8], columns=[70])
    solution = solve(Problem(model="max_cover", costs=costs, demands=1, open_count=1))
    assert solution.open_sites.tolist() == [70]
    assert solution.assignment[7] == 70
    assert pd.isna(solution.assignment[8])


def test_a_village_out_of_reach_is_named_as_its_owner_names_it() -> None:
    costs = pd.DataFrame([[1.0], [np.nan]], index=["前村", "后村"], columns=["校"])
    solution = solve(Problem(model="p_median", costs=costs, demands=1, open_count=1))
    assert solution.status is SolveStatus.INFEASIBLE
    assert "后村" in solution.explanation[0].text("zh")


@pytest.mark.parametrize("form", [np.array, csr_array, pd.DataFrame])
def test_true_and_false_say_who_covers_whom(form: Callable[..., Any]) -> None:
    near = form(np.array([[True, False], [False, True], [False, True]]))
    found = solve(Problem(model="max_cover", costs=near, demands=[5, 1, 2], open_count=1))
    assert (found.status, found.objective) == (SolveStatus.OPTIMAL, 5)


# --- what cannot be meant is refused ------------------------------------------------------------


def refused(**changes: Any) -> list[Message]:
    given: dict[str, Any] = {
        "model": "p_median", "costs": np.ones((3, 2)), "demands": 1, "open_count": 1,
    }  # fmt: skip
    with pytest.raises(SitingError) as error:
        Problem(**given | changes)
    for message in error.value.messages:
        assert message.text("zh") != message.text("en")
    return list(error.value.messages)


PLACES = np.abs(np.arange(8.0)[:, np.newaxis] - np.arange(8.0))


@pytest.mark.parametrize(
    "costs",
    [
        csr_array(PLACES),
        csr_matrix(PLACES * np.arange(1, 9)[:, np.newaxis]),
        coo_array(PLACES).todok(),
        csr_array(np.where(PLACES <= 2, PLACES, 0)),
        csr_array(PLACES * np.array([0, 1, 1, 1, 1, 1, 1, 1])[:, np.newaxis]),
        csr_array(PLACES[:, [1, 4, 6]]),
    ],
    ids=["full", "weighted", "dok", "near", "nobody lives there", "some places"],
)
def test_sparse_costs_whose_zeros_were_lost_are_refused_with_the_way_out(costs: Any) -> None:
    (message,) = refused(costs=costs, open_count=2)
    assert message.key == "siting.lost_zeros"
    assert "NaN" in message.text("en")


def test_where_each_site_stands_tells_of_lost_zeros_for_any_pattern() -> None:
    costs = csr_array(np.array([[0.0, 3], [4, 0], [0, 5]]))
    assert refused(costs=costs, site_demand=[0, 1])[0].key == "siting.lost_zeros"


def test_places_that_shall_not_serve_themselves_are_understood_when_it_is_said() -> None:
    dense = np.where(PLACES == 0, np.nan, PLACES)
    solution = solve(Problem(model="p_median", costs=dense, demands=1, open_count=2))
    assert solution.status is SolveStatus.OPTIMAL
    assert (solution.assignment != np.arange(8)).all()


def test_a_square_of_villages_and_other_sites_is_taken_as_it_is() -> None:
    costs = csr_array(PLACES + 1.5)
    thin = csr_array(([1.0, 2, 3, 4], ([0, 1, 2, 3], [1, 2, 3, 0])), shape=(4, 4))
    for given_costs in (costs, thin):
        solution = solve(Problem(model="set_cover", costs=given_costs, demands=1))
        assert solution.status is SolveStatus.OPTIMAL


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("costs", [[1, 2], [3]]),
        ("costs", [1, 2, 3]),
        ("costs", "costs.csv"),
        ("costs", [["1", "2"]]),
        ("costs", {"a": [1]}),
        ("costs", np.ones((3, 2), dtype=bool)),
        ("costs", np.ones((3, 2), dtype=complex)),
        ("costs", coo_array(np.ones(3))),
        ("costs", pd.DataFrame({"a": ["x"]})),
        ("costs", pd.DataFrame({"a": pd.to_datetime(["2026-01-01"])})),
        ("demands", "many"),
        ("demands", {"a": 1}),
        ("demands", np.ones((3, 2))),
        ("demands", (each for each in [1, 2, 3])),
        ("capacities", [object(), object()]),
        ("fixed_open", "A"),
        ("fixed_open", 1),
        ("fixed_open", {0: True, 1: False}),
        ("fixed_open", np.ones((2, 2))),
        ("open_count", "two"),
        ("open_count", 1.5),
        ("open_count", True),
        ("open_count", float("nan")),
        ("single_source", "yes"),
        ("single_source", [True]),
        ("adjacency", "queen"),
        ("site_demand", [0.5, 1]),
        ("demand_labels", "abc"),
    ],
)
def test_what_cannot_be_read_is_refused_by_the_name_of_the_parameter(
    name: str, value: object
) -> None:
    (message,) = refused(**{name: value})
    assert message.key == "siting.not_read"
    assert name in message.text("zh")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"model": "p-median"}, "siting.choice"),
        ({"model": None}, "siting.choice"),
        ({"demands": None}, "siting.negative"),
        ({"fixed_open": ["A"]}, "siting.labels_unknown"),
        ({"fixed_open": [0, 0, 1]}, "siting.shape"),
        ({"fixed_open": [5, 7]}, "siting.labels_unknown"),
        ({"demand_labels": ["a", "b"]}, "siting.shape"),
        ({"demand_labels": ["a", "b", "a"]}, "siting.labels_twice"),
        (
            {"demands": pd.Series(1, index=list("abc")), "unserved_cost": pd.Series([1, 2, 3])},
            "siting.labels_differ",
        ),
        ({"costs": pd.DataFrame(np.ones((3, 2)), index=list("aab"))}, "siting.labels_twice"),
        ({"costs": coo_array(([1, 2], ([0, 0], [1, 1])), shape=(3, 2))}, "siting.twice"),
        ({"costs": bsr_array(np.eye(4), blocksize=(2, 2))}, "siting.padded"),
        ({"costs": dia_array(([[0, 1.0]], [0]), shape=(3, 2))}, "siting.padded"),
        (
            {"costs": pd.DataFrame.sparse.from_spmatrix(csr_array(np.ones((3, 2))))},
            "siting.padded",
        ),
        ({"model": "set_cover", "costs": np.eye(3)}, "siting.zero_or_one"),
    ],
)
def test_what_could_mean_two_things_is_refused(changes: dict[str, Any], key: str) -> None:
    assert [message.key for message in refused(**changes)] == [key]


@pytest.mark.parametrize(
    "options",
    [{"seed": -1}, {"seed": "x"}, {"time_limit_s": "long"}, {"time_limit_s": float("nan")},
     {"effort": float("inf")}, {"effort": -1}, {"progress": True}],
)  # fmt: skip
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    problem = Problem(model="p_median", costs=[[1]], demands=1, open_count=1)
    with pytest.raises(SitingError):
        solve(problem, **options)


def test_something_else_than_a_problem_is_refused() -> None:
    with pytest.raises(SitingError, match="ndarray"):
        solve(np.ones((3, 2)))  # type: ignore[arg-type]


# --- no answer contradicts itself ---------------------------------------------------------------


LINE = Problem(model="p_median", costs=[[0, 5], [5, 0]], demands=1, open_count=1, fixed_open=[1, 0])
RIGHT = {
    "status": SolveStatus.OPTIMAL, "objective": 5.0, "bound": 5.0, "gap_percent": 0.0,
    "open_sites": np.array([0]), "assignment": np.array([0, 0]),
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": SolveStatus.FEASIBLE, "bound": 83.0, "gap_percent": 1283.0},
        {"status": SolveStatus.OPTIMAL, "bound": 4.0, "gap_percent": 20.0},
        {"objective": float("nan")},
        {"open_sites": np.array([1]), "assignment": np.array([1, 1])},
        {"open_sites": np.array([0, 1])},
        {"assignment": np.array([0, 1])},
        {"assignment": np.array([0, -1])},
    ],
)
def test_an_answer_that_contradicts_itself_is_not_handed_out(
    wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("zmd_layout.location.solver")
    monkeypatch.setattr(module, "solve_uncapacitated", lambda *_, **__: Solution(**RIGHT | wrong))
    with pytest.raises(SitingError) as error:
        solve(LINE)
    assert [message.key for message in error.value.messages] == ["siting.contradiction"]


def test_a_bound_beyond_the_objective_by_rounding_is_the_proof_of_the_optimum() -> None:
    rounded = Solution(
        **RIGHT | {"status": SolveStatus.FEASIBLE, "bound": 5.0 + 1e-8, "gap_percent": 2e-7}
    )
    found = answer.finished(LINE, rounded)
    assert (found.status, found.bound, found.gap_percent) == (SolveStatus.OPTIMAL, 5.0, 0.0)


# --- what the documents say runs ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["problem", "solver"])
def test_the_examples_of_the_docstrings_run(name: str) -> None:
    assert doctest.testmod(import_module(f"zmd_layout.location.{name}")).failed == 0


def test_the_example_of_the_docs_runs() -> None:
    blocks = (DOCS / "siting.md").read_text("utf-8").split("```python\n")[1:]
    (code,) = [block.split("```")[0] for block in blocks if "张庄" in block]
    printed: list[Any] = []
    exec(code, {"print": lambda *parts: printed.append(parts)})  # noqa: S102 - our own document
    assert printed[0] == (SolveStatus.OPTIMAL, 46000, 46000, ["张庄", "王庄"])
    assert printed[1][0].tolist() == ["张庄", "张庄", "王庄", "张庄"]
