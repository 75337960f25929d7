"""
Exchange open sites by the prices of their seats.

With a price on every seat, a demand costs (cost + people · price) at a site, and the capacities
are gone: what remains is a p-median, whose exchanges Whitaker's scheme values all at once. Every
value is the dual bound of the exchanged set, so an exchange that does not pay here never pays. The
promising ones get their prices adjusted (a dual ascent over the open sites only, milliseconds), and
the best is seated exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.location.capacitated.knapsack import fill_sites
from zmd_layout.location.capacitated.transport import solve_transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.capacitated.transport import Assignment
    from zmd_layout.location.options import Deadline

PRICE_STEPS = 40  # of the dual ascent over the open sites
TRIED = 25  # exchanges looked at closely before a set counts as a local optimum
LEAST_GAIN = 1e-6  # relative
PATIENCE = 3  # steps without gain before the step of the prices shrinks
CLEAR_GAIN = 2e-3  # relative; one that is seen is taken without looking at more


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRows:
    """
    The pairs of a form, sorted by demand.

    Attributes
    ----------
    demand, site, cost, people
        (pairs,).
    outside
        (n,) finite cost of leaving each demand out.
    form
        The form.
    """

    demand: NDArray[np.int64]
    site: NDArray[np.int64]
    cost: NDArray[np.float64]
    people: NDArray[np.float64]
    outside: NDArray[np.float64]
    form: CapacitatedForm


def sort_by_demand(form: CapacitatedForm) -> DemandRows:
    """Sort the pairs of a form by demand, then site."""
    order = np.lexsort((form.pair_site, form.pair_demand))
    return DemandRows(
        demand=form.pair_demand[order],
        site=form.pair_site[order],
        cost=form.pair_cost[order],
        people=form.pair_people[order],
        outside=form.outside(),
        form=form,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    A site to close and a site to open, −1 for none, and the bound of the set after it.

    Attributes
    ----------
    closed, opened
        Sites.
    bound
        No seating of the exchanged set costs less.
    """

    closed: int
    opened: int
    bound: float


def exchange_sites(
    rows: DemandRows, start: Assignment, *, most_seatings: int, net: Deadline
) -> Assignment:
    """
    Exchange, add and drop sites while that lowers the cost of the split seating.

    Parameters
    ----------
    rows
        The problem.
    start
        A split seating, whose prices guide the first step; it may leave demands out.
    most_seatings
        Count of exact seatings after which the search ends.
    net
        The time limit.

    Returns
    -------
    Assignment
        The best one met, `start` at worst.
    """
    best, value = start, _value_with_penalty(rows, start)
    for _ in range(most_seatings):
        if net.is_over():
            break
        exchanged = _best_exchange(rows, best, value)
        if exchanged is None:
            break
        seating = solve_transport(rows.form, exchanged)
        if seating is None:
            break
        new_value = _value_with_penalty(rows, seating)
        if new_value >= value - LEAST_GAIN * abs(value):
            break
        best, value = seating, new_value
    return best


def _value_with_penalty(rows: DemandRows, seating: Assignment) -> float:
    """Return the cost of a seating, with a penalty where it leaves out what must be served."""
    form = rows.form
    served = np.bincount(form.pair_demand[seating.pair], seating.share, minlength=form.demand_count)
    left_out = np.clip(1.0 - served, 0.0, 1.0)
    serving = form.pair_cost[seating.pair] @ seating.share
    return float(form.opening[seating.is_open].sum() + serving + left_out @ rows.outside)


def _best_exchange(rows: DemandRows, seating: Assignment, value: float) -> NDArray[np.bool_] | None:
    """Return the open sites after the exchange that promises most, or None where none does."""
    exchanges, capacity_dual = price_exchanges(rows, seating.is_open, seating.capacity_dual)
    best: NDArray[np.bool_] | None = None
    best_value = value - LEAST_GAIN * abs(value)
    for exchange in exchanges[:TRIED]:
        if exchange.bound >= best_value:
            break
        is_open = _exchanged(seating.is_open, exchange)
        priced = np.where(is_open, capacity_dual, 0.0)
        bound = adjust_seat_prices(rows, is_open, priced, goal=value)
        if bound < best_value:
            best, best_value = is_open, bound
        if best_value < value - CLEAR_GAIN * abs(value):
            break
    return best


def _exchanged(is_open: NDArray[np.bool_], exchange: Exchange) -> NDArray[np.bool_]:
    changed = is_open.copy()
    if exchange.closed >= 0:
        changed[exchange.closed] = False
    if exchange.opened >= 0:
        changed[exchange.opened] = True
    return changed


def price_exchanges(
    rows: DemandRows, is_open: NDArray[np.bool_], capacity_dual: NDArray[np.float64]
) -> tuple[list[Exchange], NDArray[np.float64]]:
    """
    Bound every exchange, addition and removal of a site at once.

    Parameters
    ----------
    rows
        The problem.
    is_open
        (m,) bool.
    capacity_dual
        (m,) of the open sites.

    Returns
    -------
    exchanges, capacity_dual
        The `TRIED` exchanges of least bound, ascending; the seat prices, those of closed sites too.
    """
    form = rows.form
    cheapest, second, owner = _two_cheapest(rows, is_open, capacity_dual)
    rent = capacity_dual * form.capacity
    base = cheapest.sum() - rent[is_open].sum() + form.opening[is_open].sum()
    filling = fill_sites(form, cheapest)
    prices = np.where(is_open, capacity_dual, filling.capacity_dual)
    loss = np.bincount(owner[owner >= 0], (second - cheapest)[owner >= 0], form.site_count)
    drop = loss - form.opening + rent
    own, closed = np.flatnonzero(is_open & ~form.fixed_open), np.flatnonzero(~is_open)
    swap = drop[own][:, None] + filling.value[closed][None, :]
    swap -= _counted_twice(rows, (cheapest, second, owner), prices, own)[:, closed]
    found = _least(swap, own, closed)
    if form.open_count is None:
        found += [(drop[site], int(site), -1) for site in own if len(own) > 1]
        found += [(filling.value[site], -1, int(site)) for site in closed]
    found.sort()
    exchanges = [
        Exchange(bound=float(base + change), closed=out, opened=into)
        for change, out, into in found[:TRIED]
    ]
    return exchanges, prices


def _least(
    swap: NDArray[np.float64], own: NDArray[np.int64], closed: NDArray[np.int64]
) -> list[tuple[float, int, int]]:
    if not swap.size:
        return []
    flat = swap.ravel()
    count = min(TRIED, len(flat))
    least = np.argpartition(flat, count - 1)[:count]
    rows, columns = np.unravel_index(least, swap.shape)
    return [
        (float(change), int(out), int(into))
        for change, out, into in zip(flat[least], own[rows], closed[columns], strict=True)
    ]


def _counted_twice(
    rows: DemandRows,
    nearest: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
    capacity_dual: NDArray[np.float64],
    own: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return what loss and gain count twice when one of `own` goes and a site comes, (own, m)."""
    cheapest, second, owner = nearest
    site_count = rows.form.site_count
    slot_of_site = np.full(site_count + 1, -1)  # the last entry is for owner −1
    slot_of_site[own] = np.arange(len(own))
    slot = slot_of_site[owner][rows.demand]
    priced = rows.cost + rows.people * capacity_dual[rows.site]
    matters = (slot >= 0) & (priced < second[rows.demand])
    demand = rows.demand[matters]
    twice = second[demand] - np.maximum(priced[matters], cheapest[demand])
    cell = slot[matters] * site_count + rows.site[matters]
    size = len(own) * site_count
    counted = np.bincount(cell, twice, size).astype(np.float64)
    return counted.reshape(len(own), site_count)


def _two_cheapest(
    rows: DemandRows, is_open: NDArray[np.bool_], capacity_dual: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return each demand's least and second least priced cost and the least's owner (−1: out)."""
    here = np.flatnonzero(is_open[rows.site])
    demand, site = rows.demand[here], rows.site[here]
    priced = rows.cost[here] + rows.people[here] * capacity_dual[site]
    least, first = _row_minimum(demand, priced, rows.form.demand_count)
    has_pair = first >= 0
    priced[first[has_pair]] = np.inf
    next_least, _ = _row_minimum(demand, priced, rows.form.demand_count)
    is_inside = least < rows.outside
    owner = np.full(rows.form.demand_count, -1)
    owner[is_inside] = site[first[is_inside]]
    cheapest = np.minimum(least, rows.outside)
    second = np.where(is_inside, np.minimum(next_least, rows.outside), least)
    return cheapest, second, owner


def _row_minimum(
    demand: NDArray[np.int64], values: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return each demand's least value, inf for none, and where it stands, −1 for nowhere."""
    least, first = np.full(size, np.inf), np.full(size, -1)
    if len(demand):
        starts = _row_starts(demand)
        least[demand[starts]] = np.minimum.reduceat(values, starts)
        at = np.flatnonzero(values == least[demand])[::-1]
        first[demand[at]] = at
    return least, first


def _row_starts(demand: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.concatenate(([True], demand[1:] != demand[:-1])))


def adjust_seat_prices(
    rows: DemandRows, is_open: NDArray[np.bool_], capacity_dual: NDArray[np.float64], *, goal: float
) -> float:
    """
    Bound the split seating of a set of open sites from below, closely, without seating it.

    Parameters
    ----------
    rows
        The problem.
    is_open
        (m,) bool, at least one.
    capacity_dual
        (m,) where the prices start; not of the closed sites.
    goal
        Where to stop.
    """
    form = rows.form
    here = np.flatnonzero(is_open[rows.site])
    if not len(here):
        return float(rows.outside.sum() + form.opening[is_open].sum())
    demand, site = rows.demand[here], rows.site[here]
    cost, people = rows.cost[here], rows.people[here]
    starts = _row_starts(demand)
    present = demand[starts]
    cheapest = rows.outside.copy()
    capacity = np.where(is_open, form.capacity, 0.0)
    opening = float(form.opening[is_open].sum())
    pace = _Pace(capacity_dual)
    for _ in range(PRICE_STEPS):
        priced = cost + people * pace.prices[site]
        least = np.minimum.reduceat(priced, starts)
        cheapest[present] = np.minimum(least, rows.outside[present])
        value = float(cheapest.sum() - pace.prices @ capacity) + opening
        taken = priced == cheapest[demand]
        load = np.bincount(site[taken], people[taken], form.site_count).astype(np.float64)
        if not pace.go_on(value, load - capacity, goal):
            break
    return pace.best


class _Pace:
    """Where a dual ascent over non-negative prices stands, and its next step."""

    def __init__(self, prices: NDArray[np.float64]) -> None:
        self.prices = self.best_prices = prices
        self.best = -np.inf
        self.step = 1.0
        self.idle = 0
        self.direction = np.zeros(len(prices))

    def go_on(self, value: float, over: NDArray[np.float64], goal: float) -> bool:
        """Note a value and its slope and step on; False where the ascent is at its end."""
        self.idle = 0 if value > self.best + 1e-5 * abs(self.best) else self.idle + 1
        if value > self.best:
            self.best, self.best_prices = value, self.prices
        if self.idle > PATIENCE:
            self.step, self.idle, self.prices = 0.6 * self.step, 0, self.best_prices
        slope = np.where((self.prices > 0) | (over > 0), over, 0.0)
        self.direction = slope + 0.5 * self.direction
        length = float(self.direction @ self.direction)
        if length == 0 or self.best >= goal:
            return False
        distance = max(goal - value, 1e-5 * abs(goal))
        self.prices = np.maximum(0.0, self.prices + self.step * distance / length * self.direction)
        return True
