"""
Bounds for capacitated problems: relax "every demand is served", price the demands, fill the sites.

With prices v the relaxed problem falls apart by site: site j is worth its opening cost plus the
best filling of its seats (a knapsack), and the best sites are chosen by that worth. For any v the
value is a lower bound (Geoffrion 1974, "Lagrangean relaxation for integer programming"); with
continuous knapsacks the best v reaches the bound of the strong linear programme, with whole
demands a better one. Prices climb by subgradients deflected as in Camerini, Fratta and Maffioli
(1975, "On improving relaxation methods by modified gradient techniques").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.location.capacitated.knapsack import fill_sites, fill_sites_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.options import Deadline

MEMORY = 0.7  # part of the last direction that a step keeps
AVERAGING = 0.05  # weight of the newest choice in the running shares
SHRINK = 0.66  # of the step after `patience` steps without gain
LEAST_STEP = 1e-4
LEAST_SCALE = 0.1  # of the goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """
    Sites whose state is settled in a part of the search.

    Attributes
    ----------
    opened, closed
        (m,) bool, never both.
    """

    opened: NDArray[np.bool_]
    closed: NDArray[np.bool_]

    @property
    def free(self) -> NDArray[np.bool_]:
        """The sites that are not settled, (m,)."""
        return ~(self.opened | self.closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ascent:
    """
    How prices climb.

    Attributes
    ----------
    goal
        An objective that is known, or inf; steps aim at it and stop above it.
    iterations
        Most steps.
    step
        First length, as a part of the step to the goal.
    patience
        Steps without gain before the step shrinks.
    is_whole
        Whether demands go whole into the knapsacks: slower, a better bound.
    net
        The time limit; at its end the best bound so far stands.
    """

    goal: float
    iterations: int
    net: Deadline
    step: float = 1.0
    patience: int = 12
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dual:
    """
    Prices and the bound they prove.

    Attributes
    ----------
    bound
        Lower bound on every solution that obeys the decisions.
    prices
        (n,) of the bound.
    site_value
        (m,) worth of each site at these prices, the less the better.
    chosen
        (m,) bool, the sites that the relaxed problem opens.
    share
        (m,) running share of the steps in which a site was chosen, near the linear programme's.
    iterations
        Steps taken.
    """

    bound: float
    prices: NDArray[np.float64]
    site_value: NDArray[np.float64]
    chosen: NDArray[np.bool_]
    share: NDArray[np.float64]
    iterations: int


def first_prices(form: CapacitatedForm) -> NDArray[np.float64]:
    """Price each demand at a site in the middle of those it might get, plus its part of opening."""
    count = form.open_count
    if count is None:
        largest = np.sort(form.capacity)[::-1]
        count = int(np.searchsorted(np.cumsum(largest), form.people.sum())) + 1
    order = np.lexsort((form.pair_cost, form.pair_demand))
    per_demand = np.bincount(form.pair_demand, minlength=form.demand_count)
    starts = np.cumsum(per_demand) - per_demand
    rank = np.minimum(per_demand - 1, per_demand // (2 * count))
    has_pair = per_demand > 0
    prices = np.zeros(form.demand_count)
    prices[has_pair] = form.pair_cost[order][(starts + rank)[has_pair]]
    seats = max(float(form.capacity.sum()), 1.0)
    prices += form.people * form.opening.sum() / seats
    return np.minimum(prices, form.outside())


def climb(
    form: CapacitatedForm,
    prices: NDArray[np.float64],
    decisions: Decisions,
    ascent: Ascent,
) -> Dual:
    """
    Raise the bound from given prices.

    Parameters
    ----------
    form
        The problem, without the pairs of closed sites or with them.
    prices
        (n,) where to start.
    decisions
        Sites that are settled.
    ascent
        How far and how fast.

    Returns
    -------
    Dual
        The best bound met, its prices, and the running shares.
    """
    best = now = _relax(form, prices, decisions, is_whole=ascent.is_whole)
    share = now.chosen.astype(np.float64)
    step, idle, taken = ascent.step, 0, 1
    direction, highest = np.zeros(form.demand_count), form.outside()
    while taken < ascent.iterations and best.value < ascent.goal and step >= LEAST_STEP:
        if ascent.net.is_over():
            break
        direction = now.slope + MEMORY * direction
        length = float(direction @ direction)
        if length == 0:
            break
        distance = _distance(now, best, ascent.goal)
        next_prices = np.clip(now.prices + step * distance / length * direction, 0.0, highest)
        now = _relax(form, next_prices, decisions, is_whole=ascent.is_whole)
        taken += 1
        share += AVERAGING * (now.chosen - share)
        idle = 0 if now.value > best.value + 1e-5 * abs(best.value) else idle + 1
        best = max(now, best, key=lambda relaxed: relaxed.value)
        if idle >= ascent.patience:
            step, idle = SHRINK * step, 0
            now = replace(now, prices=best.prices)
    return Dual(
        bound=best.value,
        prices=best.prices,
        site_value=best.site_value,
        chosen=best.chosen,
        share=share,
        iterations=taken,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relaxed:
    """The relaxed problem at given prices, solved; the slope is what each demand lacks of 1."""

    value: float
    prices: NDArray[np.float64]
    site_value: NDArray[np.float64]
    chosen: NDArray[np.bool_]
    slope: NDArray[np.float64]


def _relax(
    form: CapacitatedForm,
    prices: NDArray[np.float64],
    decisions: Decisions,
    *,
    is_whole: bool,
) -> _Relaxed:
    choose = partial(choose_sites, form, decisions=decisions)
    filling = fill_sites_whole(form, prices, choose) if is_whole else fill_sites(form, prices)
    chosen = choose(filling.value)
    left_out = prices > form.unserved
    refunds = (form.unserved[left_out] - prices[left_out]).sum()
    site = form.pair_site[filling.pair]
    served = np.bincount(
        form.pair_demand[filling.pair], filling.share * chosen[site], form.demand_count
    )
    slope: NDArray[np.float64] = 1.0 - left_out.astype(np.float64) - served
    return _Relaxed(
        value=float(prices.sum() + refunds + filling.value[chosen].sum()),
        prices=prices,
        site_value=filling.value,
        chosen=chosen,
        slope=slope,
    )


def _distance(now: _Relaxed, best: _Relaxed, goal: float) -> float:
    """Return how far to aim above the value: to the goal, but not wildly so while it is unknown."""
    # the goal too, so that prices leave zero where serving costs nothing
    scale = max(abs(best.value), float(np.abs(now.prices).sum()), LEAST_SCALE * abs(goal), 1e-9)
    near_goal = min(goal, best.value + 0.05 * scale)
    return max(near_goal - now.value, 1e-5 * scale)


def choose_sites(
    form: CapacitatedForm, site_value: NDArray[np.float64], decisions: Decisions
) -> NDArray[np.bool_]:
    """Choose the sites of least worth: as many as must be open, or all that pay, (m,) bool."""
    chosen = decisions.opened.copy()
    free = np.flatnonzero(decisions.free)
    if form.open_count is None:
        chosen[free[site_value[free] < 0]] = True
        return chosen
    missing = form.open_count - int(chosen.sum())
    order = np.argsort(site_value[free], kind="stable")
    chosen[free[order[: max(missing, 0)]]] = True
    return chosen


def settle(form: CapacitatedForm, dual: Dual, decisions: Decisions, upper: float) -> Decisions:
    """
    Settle the sites whose other state would lift the bound to `upper`.

    Parameters
    ----------
    form, dual, decisions
        A part of the search and its bound.
    upper
        No solution at or above it is of interest.
    """
    free = decisions.free
    inside, outside = free & dual.chosen, free & ~dual.chosen
    enter_at = leave_at = 0.0
    if form.open_count is not None:
        # to open one more is to close the worst of the chosen, and the reverse
        leave_at = float(dual.site_value[inside].max(initial=-np.inf))
        enter_at = float(dual.site_value[outside].min(initial=np.inf))
    if_opened = dual.bound + dual.site_value - leave_at
    if_closed = dual.bound - dual.site_value + enter_at
    return Decisions(
        opened=decisions.opened | (inside & (if_closed >= upper)),
        closed=decisions.closed | (outside & (if_opened >= upper)),
    )
