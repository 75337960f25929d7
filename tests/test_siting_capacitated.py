"""Capacities are kept, a bound is a bound, and what cannot be is explained."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from zmd_layout.errors import SitingError
from zmd_layout.siting.problem import Model, Problem
from zmd_layout.siting.solve import solve
from zmd_layout.vocabulary import SolveStatus

SHARED = Path(__file__).parents[1].parent / "shared" / "data" / "siting"


def facility(costs: list, demands: list, capacities: list, **more: object) -> Problem:
    size = len(capacities)
    return Problem(
        model=Model.FACILITY, costs=csr_array(np.array(costs, dtype=float) + 1e-12),
        demands=np.array(demands, dtype=float), capacities=np.array(capacities, dtype=float),
        fixed_costs=np.ones(size), **more,
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_whole_units_are_seated_at_the_least_cost_of_all_plans(seed: int) -> None:
    random = np.random.default_rng(seed)
    units, sites = int(random.integers(1, 5)), int(random.integers(1, 4))
    costs = random.integers(0, 20, (units, sites)).astype(float)
    demands = random.integers(1, 6, units).astype(float)
    capacities = random.integers(3, 12, sites).astype(float)
    problem = facility(costs.tolist(), demands.tolist(), capacities.tolist(), single_source=True)
    best = np.inf
    for plan in product(range(sites), repeat=units):
        chosen = np.array(plan)
        if (np.bincount(chosen, weights=demands, minlength=sites) <= capacities).all():
            cost = costs[np.arange(units), chosen].sum() + len(set(plan))
            best = min(best, cost)
    found = solve(problem, time_limit_s=20)
    if np.isinf(best):
        assert found.status is SolveStatus.INFEASIBLE
        assert found.explanation
        return
    assert found.status is SolveStatus.OPTIMAL
    assert found.objective == pytest.approx(best, abs=1e-6)
    assert found.bound <= found.objective
    load = np.bincount(found.assignment, weights=demands, minlength=sites)
    assert (load <= capacities + 1e-9).all()


def test_a_unit_larger_than_every_school_is_explained() -> None:
    found = solve(facility([[1, 1]], [9], [5, 6], single_source=True), time_limit_s=5)
    assert found.status is SolveStatus.INFEASIBLE
    assert "9 > 6" in found.explanation[-1].text("en")


def test_a_unit_may_be_split_where_that_is_allowed() -> None:
    found = solve(facility([[1, 1]], [9], [5, 6]), time_limit_s=5)
    assert found.status is SolveStatus.OPTIMAL
    assert found.flows is not None
    assert found.flows.sum() == pytest.approx(1)


def test_more_demand_than_seats_is_explained() -> None:
    found = solve(facility([[1], [1]], [5, 5], [6]), time_limit_s=5)
    assert found.status is SolveStatus.INFEASIBLE
    assert "10" in found.explanation[0].text("zh")


def test_a_model_that_is_not_served_with_capacities_is_refused() -> None:
    problem = Problem(
        model=Model.MAX_COVER, costs=csr_array(np.ones((2, 2))), demands=np.ones(2), open_count=1,
        capacities=np.ones(2),
    )  # fmt: skip
    with pytest.raises(SitingError, match="max_cover"):
        solve(problem)


def read_cap(path: Path, capacity: float) -> Problem:
    """Read an OR-Library facility problem whose capacity stands in the name of the set."""
    words = path.read_text("utf-8").split()
    sites, units = int(words[0]), int(words[1])
    fixed = np.array([float(words[2 + 2 * n + 1]) for n in range(sites)])
    rest = np.array(words[2 + 2 * sites :], dtype=float).reshape(units, sites + 1)
    # every pair is allowed, also one that costs nothing: a dense table would lose it
    pairs = (rest[:, 1:].ravel(), np.tile(np.arange(sites), units), np.arange(units + 1) * sites)
    return Problem(
        model=Model.FACILITY, costs=csr_array(pairs, shape=(units, sites)), demands=rest[:, 0],
        capacities=np.full(sites, capacity), fixed_costs=fixed,
    )  # fmt: skip


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the folder shared is not beside the repo")
def test_cap41_is_proved_and_its_single_source_version_is_explained() -> None:
    problem = read_cap(SHARED / "cflp" / "cap41.txt", 5000.0)
    found = solve(problem, time_limit_s=60)
    assert found.status is SolveStatus.OPTIMAL
    assert found.objective == pytest.approx(1040444.375, abs=1e-3)
    single = Problem(
        model=Model.FACILITY, costs=problem.costs, demands=problem.demands,
        capacities=problem.capacities, fixed_costs=problem.fixed_costs, single_source=True,
    )  # fmt: skip
    refused = solve(single, time_limit_s=60)
    assert refused.status is SolveStatus.INFEASIBLE
    assert "12,912" in refused.explanation[-1].text("en")
