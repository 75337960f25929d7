"""Amounts over years beside plain enumeration on small random worlds."""

from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array

from zmd_layout.location.amounts import AmountsProblem, solve_amounts
from zmd_layout.location.regret import plans_for_cases


def small_world(seed: int) -> AmountsProblem:
    draw = np.random.default_rng(seed)
    cells, offers = int(draw.integers(1, 6)), int(draw.integers(1, 5))
    gives = draw.integers(-1, 4, (cells, offers)) * (draw.random((cells, offers)) < 0.7)
    return AmountsProblem(
        short=draw.integers(-4, 8, cells).astype(float),
        weights=draw.integers(1, 3, cells).astype(float),
        gives=csr_array(gives.astype(float)),
        costs=draw.integers(0, 9, offers).astype(float),
        most=draw.integers(0, 4, offers).astype(float),
        limits=csr_array(draw.integers(0, 3, (2, offers)).astype(float)),
        limit=draw.integers(0, 7, 2).astype(float),
    )


def by_enumeration(world: AmountsProblem) -> tuple[float, float]:
    """Try every choice: the least remainder, and its least cost."""
    gives, limits = world.gives.toarray(), world.limits.toarray()
    tried = []
    for units in product(*(range(int(most) + 1) for most in world.most)):
        if (limits @ units <= world.limit).all():
            left = np.maximum(world.short - gives @ units, 0)
            tried.append((float(world.weights @ left), float(world.costs @ units)))
    return min(tried)


@pytest.mark.parametrize("block", range(10))
def test_amounts_are_those_of_enumeration_on_a_thousand_small_worlds(block: int) -> None:
    for seed in range(100 * block, 100 * block + 100):
        world = small_world(seed)
        found = solve_amounts(world)
        left, cost = by_enumeration(world)
        assert float(world.weights @ found.remains) == pytest.approx(left), seed
        assert found.objective == pytest.approx(cost), seed
        assert found.bound <= found.objective + 1e-9
        assert (world.limits @ found.units <= world.limit + 1e-9).all()
        assert found.is_optimal
        assert found.gap_percent == 0


@pytest.mark.parametrize("seed", range(60))
def test_an_offer_more_never_leaves_more_nor_costs_more_for_as_little(seed: int) -> None:
    world = small_world(seed)
    count = len(world.costs)
    fewer = AmountsProblem(
        world.short, world.weights, world.gives[:, : count - 1], world.costs[: count - 1],
        world.most[: count - 1], world.limits[:, : count - 1], world.limit,
    )  # fmt: skip
    with_all = solve_amounts(world)
    without = solve_amounts(fewer)
    left = [float(world.weights @ found.remains) for found in (with_all, without)]
    assert (left[0], with_all.objective) <= (left[1] + 1e-9, without.objective + 1e-9)


@pytest.mark.parametrize("seed", range(60))
def test_the_order_of_cells_and_offers_changes_neither_remainder_nor_cost(seed: int) -> None:
    world = small_world(seed)
    draw = np.random.default_rng(seed + 1)
    cells, offers = draw.permutation(len(world.short)), draw.permutation(len(world.costs))
    gives = csr_array(world.gives.toarray()[cells][:, offers])
    turned = AmountsProblem(
        world.short[cells], world.weights[cells], gives,
        world.costs[offers], world.most[offers], csr_array(world.limits.toarray()[:, offers]),
        world.limit,
    )  # fmt: skip
    one, other = solve_amounts(world), solve_amounts(turned)
    assert float(turned.weights @ other.remains) == pytest.approx(world.weights @ one.remains)
    assert other.objective == pytest.approx(one.objective)


def test_nothing_missing_costs_nothing_with_a_gap_of_zero() -> None:
    world = AmountsProblem(
        np.array([-3.0, 0.0]), np.ones(2), csr_array(np.ones((2, 1))), np.array([5.0]),
        np.array([3.0]), csr_array((0, 1)), np.empty(0),
    )  # fmt: skip
    found = solve_amounts(world)
    assert (found.objective, found.bound, found.gap_percent) == (0, 0, 0)
    assert found.units.tolist() == [0]


def cases_of(world: AmountsProblem, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    cases = int(draw.integers(1, 4))
    return draw.integers(0, cases, len(world.short)), draw.integers(1, 4, cases).astype(float)


def totals_by_enumeration(
    world: AmountsProblem, case_of: np.ndarray, cases: int, price: float
) -> tuple[np.ndarray, np.ndarray]:
    """Try every choice: its cost, and its total in each case."""
    gives, limits = world.gives.toarray(), world.limits.toarray()
    costs, totals = [], []
    for units in product(*(range(int(most) + 1) for most in world.most)):
        if (limits @ units <= world.limit).all():
            left = np.maximum(world.short - gives @ units, 0)
            costs.append(float(world.costs @ units))
            totals.append([costs[-1] + price * left[case_of == s].sum() for s in range(cases)])
    return np.array(costs), np.array(totals)


@pytest.mark.parametrize("block", range(10))
def test_expected_cost_and_regret_are_those_of_enumeration_on_small_worlds(block: int) -> None:
    for seed in range(30 * block, 30 * block + 30):
        world = small_world(seed)
        case_of, weights = cases_of(world, seed)
        found = plans_for_cases(world, case_of, price=1.5, weights=weights)
        costs, totals = totals_by_enumeration(world, case_of, len(weights), 1.5)
        regrets = totals - totals.min(axis=0)
        ours = found.cost[:, None] + 1.5 * found.remains
        for case in range(len(weights)):
            assert ours[case, case] == pytest.approx(totals[:, case].min()), seed
        share = weights / weights.sum()
        assert ours[-2] @ share == pytest.approx((totals @ share).min()), seed
        least = regrets.max(axis=1).min()
        assert found.regret[-1].max() == pytest.approx(least, abs=1e-3), seed
        assert found.bound <= found.regret[-1].max() + 1e-9
        as_good = regrets.max(axis=1) <= least + 1e-6
        assert found.cost[-1] == pytest.approx(costs[as_good].min(), abs=1e-3), seed
        # no choice of the table has less regret than the one of least regret
        assert (found.regret.max(axis=1) >= found.regret[-1].max() - 1e-3).all()
        assert found.is_optimal


@pytest.mark.parametrize("seed", range(40))
def test_the_order_of_cases_changes_no_regret(seed: int) -> None:
    world = small_world(seed)
    case_of, weights = cases_of(world, seed)
    turned = len(weights) - 1 - case_of
    one = plans_for_cases(world, case_of, price=1.5, weights=weights)
    other = plans_for_cases(world, turned, price=1.5, weights=weights[::-1])
    assert one.regret[-1].max() == pytest.approx(other.regret[-1].max(), abs=1e-3)
    assert one.cost[-1] == pytest.approx(other.cost[-1], abs=1e-3)
    share = weights / weights.sum()
    expected = [
        found.cost[-2] + 1.5 * found.remains[-2] @ w
        for found, w in ((one, share), (other, share[::-1]))
    ]
    assert expected[0] == pytest.approx(expected[1])
