"""The statistics of incomplete lists: chances against draws, intervals against known truth."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from volumes import TIMES

from zmd_layout.completeness import (
    COPIED_FACTOR,
    CaughtTwice,
    indication,
    short_chances,
    two_list_interval,
)

LISTED = np.array([0.0, 1.0, 2.0, 4.0])
REQUIRED = np.array([1.0, 3.0, 3.0, 4.0])
PEOPLE = np.array([10.0, 30.0, 30.0, 30.0])
UNLISTED = 5


def benchmark() -> Any:
    """Load the trials, which are no part of the package."""
    path = Path(__file__).parents[1] / "benchmarks" / "incomplete_lists.py"
    spec = importlib.util.spec_from_file_location("incomplete_lists", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# --- three formulas


def test_the_chances_are_those_of_drawing_the_unlisted_schools() -> None:
    rng = np.random.default_rng(1)
    even, by_people, by_deficit = short_chances(LISTED, REQUIRED, UNLISTED, PEOPLE)
    for chances, weight in (
        (by_people, PEOPLE),
        (by_deficit, np.maximum(PEOPLE / 100 * 12 - LISTED, 0.05)),
    ):
        drawn = rng.multinomial(UNLISTED, weight / weight.sum(), 40_000)
        assert chances == pytest.approx((LISTED + drawn < REQUIRED).mean(0), abs=0.01)
    # every true count as likely before the list is seen, each school on it with chance 7 / 12
    true = rng.integers(0, 40, 400_000)
    seen = rng.binomial(true, 7 / 12)
    for known, required, chance in zip(LISTED, REQUIRED, even, strict=True):
        assert chance == pytest.approx((true[seen == known] < required).mean(), abs=0.02)


def test_with_nothing_unlisted_what_is_listed_is_certain() -> None:
    chances = short_chances(LISTED, REQUIRED, 0, PEOPLE)
    assert (chances == (LISTED < REQUIRED)).all()


def test_a_range_of_totals_can_only_widen_what_the_formulas_say() -> None:
    exact = indication(LISTED, (REQUIRED, REQUIRED), (5, 5), PEOPLE)
    loose = indication(LISTED, (REQUIRED, REQUIRED), (2, 9), PEOPLE)
    assert (loose.low <= exact.low).all()
    assert (loose.high >= exact.high).all()
    assert not (exact.is_likely_short & exact.is_likely_met).any()


def test_words_are_right_in_nine_of_ten_and_one_open_unit_in_seven_of_several_has_one() -> None:
    trials = benchmark()
    rows = pd.concat(
        trials.words(trials.random_place(), keep, pattern, info)
        for keep in (0.9, 0.8, 0.7, 0.6)
        for pattern in trials.WITHIN_BAR
        for info in trials.EXACT
        for _ in range(6)
    )
    open_ = rows[rows["open"]]
    short, met = open_[open_["likely_short"]]["short"], open_[open_["likely_met"]]["short"]
    assert short.mean() >= 0.9
    assert 1 - met.mean() >= 0.88, "91 to 94 % of many thousands; some hundreds here"
    assert len(short) + len(met) >= 0.15 * open_["several"].sum()
    assert not (rows["surely_short"] & ~rows["short"]).any()


# --- two lists


def caught(one: np.ndarray, two: np.ndarray) -> CaughtTwice:
    return CaughtTwice(int(one.sum()), int(two.sum()), int((one & two).sum()))


@pytest.mark.parametrize("total", [30, 120])
@pytest.mark.parametrize("chances", [(0.3, 0.3), (0.5, 0.5), (0.9, 0.8)])
def test_the_interval_of_independent_lists_holds_the_true_number(
    total: int, chances: tuple[float, float]
) -> None:
    rng = np.random.default_rng(total)
    trials = 200 * TIMES
    hits = 0
    for _ in range(trials):
        found = two_list_interval([caught(*(rng.random(total) < chance for chance in chances))])
        hits += found.low <= total <= found.high
    assert hits >= 0.9 * trials - (0 if TIMES > 1 else 3)


def test_strata_hold_it_where_both_lists_favour_towns_and_one_stratum_does_not() -> None:
    rng = np.random.default_rng(2)
    whole = apart = 0
    for _ in range(200):
        is_urban = rng.random(120) < 0.3
        chance = np.where(is_urban, 12 / 13, 0.5)
        one, two = rng.random(120) < chance, rng.random(120) < chance
        found = two_list_interval([caught(one, two)])
        parts = two_list_interval([caught(one[g], two[g]) for g in (is_urban, ~is_urban)])
        whole += found.low <= 120 <= found.high
        apart += parts.low <= 120 <= parts.high
    assert apart >= 180
    assert whole < 140


def test_copying_makes_the_interval_too_low_and_only_the_wider_one_holds() -> None:
    rng = np.random.default_rng(3)
    plain = wide = 0
    for _ in range(200):
        one = rng.random(120) < 0.5
        two = rng.random(120) < np.where(one, 0.8, 0.5)  # odds of 4
        found = two_list_interval([caught(one, two)])
        plain += found.low <= 120 <= found.high
        wide += found.low <= 120 <= found.high_if_copied
    assert plain < 40
    assert wide >= 180


def test_lists_without_a_common_school_have_no_upper_end() -> None:
    found = two_list_interval([CaughtTwice(20, 15, 0)])
    assert found.seen == 35
    assert math.isinf(found.high)
    assert math.isinf(found.high_if_copied)
    empty = two_list_interval([CaughtTwice(0, 0, 0)])
    assert (empty.seen, empty.is_too_few) == (0, True)


def test_equal_lists_have_all_schools_and_the_wider_end_counts_the_unseen_four_times() -> None:
    same = two_list_interval([CaughtTwice(40, 40, 40)])
    assert (same.low, same.best) == (40, 40)
    half = two_list_interval([CaughtTwice(40, 40, 20)])
    assert half.high_if_copied - half.seen == COPIED_FACTOR * (half.high - half.seen)
    assert not half.is_too_few
