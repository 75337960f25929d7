"""Amounts over years beside plain enumeration on small random worlds."""

from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array

from zmd_layout.location.amounts import AmountsProblem, solve_amounts


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
