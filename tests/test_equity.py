"""Equity of ways: envy and Kolm–Pollak, held against enumeration and their own laws."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from zmd_layout.errors import SitingError
from zmd_layout.location import Problem, SearchEnd, solve
from zmd_layout.location.equity import envy_costs, kolm_pollak
from zmd_layout.siting.fair import Fair, solve_fair, trade_off, ways_of

SITES, OPEN = 6, 2


def full(table: np.ndarray) -> csr_array:
    n, m = table.shape
    return csr_array((table.ravel(), np.tile(np.arange(m), n), np.arange(0, n * m + 1, m)), (n, m))


def made(seed: int, demands: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return ways in metres and people of a small town."""
    random = np.random.default_rng(seed)
    homes, sites = random.uniform(0, 6000, (demands, 2)), random.uniform(0, 6000, (SITES, 2))
    way_m = np.hypot(*(homes[:, np.newaxis] - sites).transpose(2, 0, 1))
    return way_m, random.integers(1, 40, demands).astype(float)


def median(way_m: np.ndarray, people: np.ndarray, **more: object) -> Problem:
    costs = full(way_m * people[:, np.newaxis])
    return Problem(model="p_median", costs=costs, demands=people, open_count=OPEN, **more)


def least(value: np.ndarray) -> float:
    """Return the least sum over demands of the best open site, over all choices of sites."""
    return min(
        value[:, list(sites)].min(axis=1).sum() for sites in combinations(range(SITES), OPEN)
    )


@given(st.integers(0, 10_000), st.floats(0, 3), st.floats(0, 20), st.booleans())
@settings(max_examples=25, deadline=None)
def test_least_envy_is_what_enumeration_finds(
    seed: int,
    accepted_km: float,
    weight: float,
    with_travel: bool,  # noqa: FBT001 - drawn
) -> None:
    way_m, people = made(seed)
    way_km = way_m / 1000
    by_hand = people[:, np.newaxis] * (
        with_travel * way_km + weight * np.where(way_km > accepted_km, way_km - accepted_km, 0) ** 2
    )
    costs = envy_costs(
        full(way_km), people, accepted=accepted_km, weight=weight, with_travel=with_travel
    )
    found = solve(Problem(model="p_median", costs=costs, demands=people, open_count=OPEN))
    assert found.status == "optimal"
    assert found.objective == pytest.approx(least(by_hand), rel=1e-7, abs=1e-9)


@given(st.integers(0, 10_000), st.floats(0.1, 3))
@settings(max_examples=25, deadline=None)
def test_the_equivalent_lies_between_mean_and_longest_and_none_is_less(
    seed: int, aversion: float
) -> None:
    way_m, people = made(seed)
    problem = median(way_m, people)
    answer = solve_fair(
        problem, full(way_m), fair=Fair.KOLM_POLLAK, accepted_m=0, weight=1, aversion=aversion
    )
    ways = ways_of(full(way_m), answer.found)
    mean = people @ ways / people.sum()
    assert mean <= answer.objective * (1 + 1e-9)
    assert answer.objective <= ways.max() * (1 + 1e-9)
    first = solve(problem)
    scale = kolm_pollak(full(way_m), people, ways_of(full(way_m), first), aversion=aversion)
    grown = people[:, np.newaxis] * np.exp(scale.kappa * way_m)
    by_hand = np.log(least(grown) / people.sum()) / scale.kappa
    assert answer.objective == pytest.approx(by_hand, rel=1e-6)
    assert answer.bound <= answer.objective * (1 + 1e-9)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=15, deadline=None)
def test_at_proved_optima_envy_does_not_rise_as_its_weight_grows_nor_the_mean_way_fall(
    seed: int,
    has_seats: bool,  # noqa: FBT001 - drawn
) -> None:
    way_m, people = made(seed)
    more = {"capacities": np.full(SITES, 0.8 * people.sum()), "single_source": True}
    problem = median(way_m, people, **(more if has_seats else {}))
    curve = trade_off(problem, full(way_m), [5, 0, 1, 25], accepted_m=1000)
    assert curve["weight"].tolist() == [0, 1, 5, 25]
    assert set(curve["solve_status"]) == {"optimal"}
    size = max(curve["envy_km2"].max(), 1.0)
    assert (np.diff(curve["envy_km2"]) <= 1e-5 * size).all()
    assert (np.diff(curve["mean_distance_m"]) >= -1e-5 * curve["mean_distance_m"].max()).all()


@given(st.integers(0, 10_000), st.floats(0.6, 1.0))
@settings(max_examples=15, deadline=None)
def test_fair_plans_with_seats_fill_none_beyond_its_seats(seed: int, part: float) -> None:
    way_m, people = made(seed)
    seats = np.full(SITES, np.ceil(part * people.sum()))
    problem = median(way_m, people, capacities=seats, single_source=True)
    answer = solve_fair(problem, full(way_m), fair=Fair.ENVY, accepted_m=1500, weight=1, aversion=1)
    taken = np.bincount(answer.found.assignment, weights=people, minlength=SITES)
    assert (taken <= seats).all()


def test_more_aversion_than_numbers_can_hold_is_refused_with_the_most_that_is_possible() -> None:
    way_m, people = made(1)
    with pytest.raises(SitingError) as error:
        kolm_pollak(full(way_m), people, way_m.min(axis=1), aversion=1e6)
    assert "1000000" in error.value.messages[0].text("en").replace(",", "")


def test_a_search_until_the_time_is_over_ends_by_proof_or_says_that_time_ended_it() -> None:
    way_m, people = made(3)
    proved = solve(median(way_m, people), until_time=True, time_limit_s=60)
    assert (proved.ended_by, proved.is_reproducible) == (SearchEnd.PROOF, True)
    random = np.random.default_rng(0)
    table = full(random.uniform(1, 100, (400, 80)))
    hard = Problem(model="p_median", costs=table, demands=np.ones(400), open_count=20)
    some = solve(hard, until_time=True, time_limit_s=3)
    assert (some.ended_by, some.is_reproducible) == (SearchEnd.TIME, False)
    with pytest.raises(SitingError):
        solve(hard, until_time=True, time_limit_s=np.inf)
