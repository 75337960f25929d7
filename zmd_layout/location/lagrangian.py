"""
A lower bound from Lagrangian multipliers, and the sites that it settles.

Each demand i gets a multiplier u[i], what it would pay to be served. For any u,

    L(u) = Σ u[i] + Σ min(0, outside[i] − u[i]) + min over site sets S of Σ_{j ∈ S} value[j],
    value[j] = opening[j] + Σ_i min(0, cost[i, j] − u[i]),

is no more than the least cost, so every bound given here holds whatever the search did. The
multipliers are raised by the volume algorithm (Barahona and Anbil, 2000, "The volume algorithm:
producing primal solutions with a subgradient method"), which also gives an average of the chosen
sites that approaches the optimum of the linear relaxation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.instance import Instance
    from zmd_layout.location.options import Deadline

# The settings of the volume algorithm; what Barahona and Anbil advise, tried on p-median and
# covering instances of 1,000 × 100 to 5,000 × 300.
FIRST_STEP = 0.1
LONGEST_STEP = 2.0
SHORTEST_STEP = 1e-5
LONGER, SHORTER = 1.1, 0.66
STEPS_BEFORE_SHORTER = 20
FIRST_WEIGHT, LEAST_WEIGHT = 0.1, 1e-5
TARGET_SHARE = 0.3
TARGET_IS_NEAR = 0.05
# every so many steps progress is measured: below the first share of the gap new answers weigh
# less in the average, below the second, so many times on end, the search ends
CHECK_EVERY = 100
SLOW, STALLED = 1e-2, 4e-3
STALLS_BEFORE_END = 2
# pairs dearer than this multiple of the multiplier are left out for so many steps
REACH, REACH_STEPS = 1.15, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DualBound:
    """
    A bound and the multipliers that prove it.

    Attributes
    ----------
    bound
        No solution costs less.
    value
        L(u) before it was rounded, the constant of the instance included.
    multipliers
        (n,) u.
    site_value
        (m,) reduced cost of opening each site at u.
    chosen
        (m,) bool, the site set that attains L(u).
    share
        (m,) average of the chosen sites over the search, in 0–1.
    iterations
        Steps made.
    """

    bound: float
    value: float
    multipliers: NDArray[np.float64]
    site_value: NDArray[np.float64]
    chosen: NDArray[np.bool_]
    share: NDArray[np.float64]
    iterations: int


@dataclass(frozen=True, slots=True)
class _Point:
    """L and its subgradient at some multipliers."""

    multipliers: NDArray[np.float64]
    value: float
    site_value: NDArray[np.float64]
    chosen: NDArray[np.bool_]
    slope: NDArray[np.float64]


class _Pairs:
    """The pairs of an instance that are cheap enough to matter near some multipliers."""

    def __init__(self, instance: Instance, multipliers: NDArray[np.float64]) -> None:
        self.instance = instance
        rows = instance.rows()
        row_start = instance.row_start
        # at least the two cheapest, so that a multiplier can rise
        second = np.minimum(row_start[:-1] + 1, row_start[1:] - 1)
        reach = np.maximum(REACH * multipliers, instance.cost[second])
        is_near = instance.cost <= reach[rows]
        self.site = instance.site[is_near]
        self.cost = instance.cost[is_near]
        self.counts = np.bincount(rows[is_near], minlength=instance.demand_count)
        self._row_start = np.cumsum(self.counts) - self.counts
        # written over at each step: large arrays made anew cost more than the sums in them
        self._excess = np.empty(len(self.cost))
        # up to the next dearer pair nothing is missing
        beyond = row_start[:-1] + self.counts
        next_cost = np.append(instance.cost, np.inf)[beyond]
        self.ceiling = np.where(beyond < row_start[1:], next_cost, instance.outside)

    def evaluate(self, multipliers: NDArray[np.float64]) -> _Point:
        """Evaluate L at multipliers in 0 … `ceiling`."""
        instance = self.instance
        excess = np.subtract(self.cost, np.repeat(multipliers, self.counts), out=self._excess)
        np.minimum(excess, 0.0, out=excess)
        site_value = instance.opening + np.bincount(
            self.site, weights=excess, minlength=instance.site_count
        )
        chosen = cheapest_sites(site_value, instance.open_count)
        is_served = chosen[self.site]
        is_served &= excess < 0
        served = np.add.reduceat(is_served, self._row_start, dtype=np.int64)
        value = multipliers.sum() + site_value[chosen].sum() + instance.constant
        slope: NDArray[np.float64] = 1.0 - served
        return _Point(multipliers, float(value), site_value, chosen, slope)


def cheapest_sites(site_value: NDArray[np.float64], count: int | None) -> NDArray[np.bool_]:
    """Choose the `count` least values, or, without a count, all negative ones; (m,) bool."""
    if count is None:
        return site_value < 0
    chosen = np.zeros(len(site_value), dtype=bool)
    chosen[np.argsort(site_value, kind="stable")[:count]] = True
    return chosen


def dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """
    Multiply and add up.

    Not by `@`: BLAS splits long vectors over as many threads as there are, so that the last digits
    would depend on the machine, and its threads wait for one another when the machine is busy.
    """
    return float((one * other).sum())


class _Volume:
    """The moving parts of the volume algorithm."""

    def __init__(self, instance: Instance, start: NDArray[np.float64], objective: float) -> None:
        self.instance = instance
        self.objective = objective
        self.pairs = _Pairs(instance, start)
        self.best = self.pairs.evaluate(np.minimum(start, self.pairs.ceiling))
        self.slope = self.best.slope
        self.share = self.best.chosen.astype(np.float64)
        self.step_length, self.weight = FIRST_STEP, FIRST_WEIGHT
        self.steps_in_vain = 0
        self._aim()

    def _aim(self) -> None:
        self.target = self.best.value + TARGET_SHARE * (self.objective - self.best.value)

    def step(self) -> bool:
        """Make one step; False where the slope is flat and the maximum is reached."""
        best = self.best
        at_top = (best.multipliers >= self.instance.outside) & (self.slope > 0)
        at_bottom = (best.multipliers <= 0) & (self.slope < 0)
        direction = np.where(at_top | at_bottom, 0.0, self.slope)
        steepness = dot(direction, direction)
        if steepness == 0:
            return False
        length = self.step_length * (self.target - best.value) / steepness
        point = self.pairs.evaluate(
            np.clip(best.multipliers + length * direction, 0.0, self.pairs.ceiling)
        )
        self._average(point)
        if point.value > best.value:
            self._accept(point, direction)
        else:
            self._reject()
        return True

    def _average(self, point: _Point) -> None:
        difference = point.slope - self.slope
        spread = dot(difference, difference)
        weight = self.weight if spread == 0 else -dot(self.slope, difference) / spread
        weight = min(max(weight, self.weight / 10), self.weight)
        self.slope = self.slope + weight * difference
        self.share = self.share + weight * (point.chosen - self.share)

    def _accept(self, point: _Point, direction: NDArray[np.float64]) -> None:
        if dot(point.slope, direction) > 0:
            self.step_length = min(self.step_length * LONGER, LONGEST_STEP)
        self.best = point
        self.steps_in_vain = 0
        if self.target - point.value < TARGET_IS_NEAR * (self.objective - point.value):
            self._aim()

    def _reject(self) -> None:
        self.steps_in_vain += 1
        if self.steps_in_vain >= STEPS_BEFORE_SHORTER:
            self.step_length = max(self.step_length * SHORTER, SHORTEST_STEP)
            self.steps_in_vain = 0

    def reach_further(self) -> None:
        """Choose the pairs that matter anew."""
        self.pairs = _Pairs(self.instance, self.best.multipliers)


def raise_bound(
    instance: Instance,
    *,
    objective: float,
    iterations: int,
    net: Deadline,
    start: NDArray[np.float64],
) -> DualBound:
    """
    Raise a lower bound towards the optimum of the linear relaxation.

    Parameters
    ----------
    instance
        The problem.
    objective
        Of the best known solution; the search ends where the bound meets it.
    iterations
        Most steps.
    net
        The time limit.
    start
        (n,) multipliers to start from.
    """
    search = _Volume(instance, np.clip(start, 0.0, instance.outside), objective)
    enough = instance.worth_finding(objective)
    before = search.best.value
    step = stalls = 0
    for step in range(1, iterations + 1):
        if search.best.value > enough or net.is_over() or not search.step():
            break
        if step % REACH_STEPS == 0:
            search.reach_further()
        if step % CHECK_EVERY == 0:
            progress = (search.best.value - before) / max(objective - search.best.value, 1e-300)
            before = search.best.value
            net.tell("bound", objective, instance.valid_bound(before))
            stalls = stalls + 1 if progress < STALLED else 0
            if stalls == STALLS_BEFORE_END:
                break
            if progress < SLOW:
                search.weight = max(search.weight / 2, LEAST_WEIGHT)
    best = search.best
    return DualBound(
        bound=min(instance.valid_bound(best.value), objective),
        value=best.value,
        multipliers=best.multipliers,
        site_value=best.site_value,
        chosen=best.chosen,
        share=search.share,
        iterations=step,
    )


def settled_sites(
    instance: Instance, dual: DualBound, objective: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Return which sites every solution better than `objective` opens, and which none opens.

    Parameters
    ----------
    instance
        The problem.
    dual
        Its bound: forcing a site against `chosen` raises L by a known amount.
    objective
        Of the best known solution.

    Returns
    -------
    opened, closed
        (m,) bool each.
    """
    value, chosen = dual.site_value, dual.chosen
    leaving, coming = value, value
    if instance.open_count is not None:
        # one that comes in pushes out the dearest that was chosen, and the other way round
        dearest_in = value[chosen].max(initial=-np.inf)
        cheapest_out = value[~chosen].min(initial=np.inf)
        coming, leaving = value - dearest_in, value - cheapest_out
    safe = dual.value - 1e-11 * abs(dual.value)
    enough = instance.worth_finding(objective)
    opened = chosen & (safe - leaving > enough)
    closed = ~chosen & (safe + coming > enough)
    return opened, closed


def first_multipliers(instance: Instance) -> NDArray[np.float64]:
    """Start between the cheapest and the second cheapest way to be served, (n,)."""
    first = instance.cost[instance.row_start[:-1]]
    has_second = np.diff(instance.row_start) > 1
    second_entry = instance.row_start[:-1] + has_second
    second = np.where(has_second, instance.cost[second_entry], instance.outside)
    middle: NDArray[np.float64] = 0.5 * (first + second)
    return middle
