"""
Greedy opening and interchange of sites (Teitz and Bart), with all exchanges valued at once.

Whitaker's fast interchange in the form of Resende and Werneck (2007, "A fast swap-based local
search procedure for location problems"): opening j and closing r changes the objective by
`loss[r] − gain[j] − extra[r, j]`. A demand adds to these three only through its two cheapest open
sites and the sites that are cheaper than the second, so after a move few demands are valued again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zmd_layout.location.instance import entry_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.instance import Instance

NO_SITE = -1
# a move that saves less than this part of the objective is rounding
LEAST_SAVING = 1e-12
_STATE = (
    "is_open", "gain", "loss", "_extra", "_site_of_slot", "_slot_of_site",
    "_first", "_second", "_first_cost", "_second_cost", "_end",
)  # fmt: skip


class Move(NamedTuple):
    """A change by one site in, one site out, or both; `NO_SITE` where there is none."""

    saving: float
    opened: int
    closed: int


NO_MOVE = Move(-np.inf, NO_SITE, NO_SITE)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The entries of an instance by site."""

    start: NDArray[np.int64]
    demand: NDArray[np.int64]
    cost: NDArray[np.float64]


def _columns(instance: Instance) -> _Columns:
    order = np.argsort(instance.site, kind="stable")
    start = np.zeros(instance.site_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(instance.site, minlength=instance.site_count), out=start[1:])
    return _Columns(start, instance.rows()[order], instance.cost[order])


class Interchange:
    """
    A set of open sites and the saving of every way to change it by one site in or out.

    Parameters
    ----------
    instance
        The problem.
    is_open
        (m,) bool, the sites that are open at first.

    Attributes
    ----------
    is_open
        (m,) bool.
    gain
        (m,) what opening a site saves in serving.
    loss
        (m,) what closing an open site costs in serving.
    """

    def __init__(self, instance: Instance, is_open: NDArray[np.bool_]) -> None:
        self.instance = instance
        self._columns = _columns(instance)
        self.restart(is_open)

    def restart(self, is_open: NDArray[np.bool_]) -> None:
        """Forget the open sites and begin with others."""
        n, m = self.instance.demand_count, self.instance.site_count
        opened = np.flatnonzero(is_open)
        slots = max(len(opened), self.instance.open_count or 0)
        self.is_open = is_open.copy()
        # an open site holds a row of `extra`; the last row takes what concerns no open site
        self._site_of_slot = np.full(slots, NO_SITE)
        self._site_of_slot[: len(opened)] = opened
        self._slot_of_site = np.full(m + 1, slots)
        self._slot_of_site[opened] = np.arange(len(opened))
        self.gain = np.zeros(m)
        # one more than sites: NO_SITE points at the last, which nobody reads
        self.loss = np.zeros(m + 1)
        self._extra = np.zeros((slots + 1, m))
        self._first = np.full(n, NO_SITE)
        self._second = np.full(n, NO_SITE)
        self._first_cost = self.instance.outside.copy()
        self._second_cost = self.instance.outside.copy()
        self._end = self.instance.row_start[1:].copy()
        everyone = np.arange(n)
        self._locate(everyone)
        self._value(everyone, 1.0)

    def objective(self) -> float:
        """Return the objective of the open sites."""
        opening = self.instance.opening[self.is_open].sum()
        return float(self._first_cost.sum() + opening) + self.instance.constant

    def first_site(self) -> NDArray[np.int64]:
        """Return the cheapest open site of each demand, (n,), `NO_SITE` for none."""
        return self._first

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """Copy the present state, for `go_back`."""
        return {name: getattr(self, name).copy() for name in _STATE}

    def go_back(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Return to a state of `snapshot`."""
        for name in _STATE:
            setattr(self, name, state[name].copy())

    def demands_of(self, site: int) -> NDArray[np.int64]:
        """Return the demands that can reach a site."""
        return self._columns.demand[self._columns.start[site] : self._columns.start[site + 1]]

    def change(self, *, opened: int = NO_SITE, closed: int = NO_SITE) -> None:
        """Open a site, close one, or both, and value again what depends on them."""
        is_touched = np.zeros(self.instance.demand_count, dtype=bool)
        if opened != NO_SITE:
            column = slice(self._columns.start[opened], self._columns.start[opened + 1])
            demands = self.demands_of(opened)
            is_touched[demands[self._columns.cost[column] < self._second_cost[demands]]] = True
        if closed != NO_SITE:
            is_touched |= (self._first == closed) | (self._second == closed)
        touched = np.flatnonzero(is_touched)
        self._value(touched, -1.0)
        if closed != NO_SITE:
            self._take_slot(closed)
        if opened != NO_SITE:
            self._give_slot(opened)
        self._locate(touched)
        self._value(touched, 1.0)

    def best_exchange(self) -> Move:
        """Return the best way to open one site and close another."""
        held = np.flatnonzero(self._site_of_slot != NO_SITE)
        sites = self._site_of_slot[held]
        saving = self._extra[held] + (self.gain - self.instance.opening)
        saving += (self.instance.opening[sites] - self.loss[sites])[:, np.newaxis]
        saving[:, self.is_open] = -np.inf
        if not saving.size:
            return NO_MOVE
        slot, opened = divmod(int(saving.argmax()), saving.shape[1])
        return Move(float(saving[slot, opened]), opened, int(sites[slot]))

    def best_opening(self) -> Move:
        """Return the site whose opening saves most."""
        saving = np.where(self.is_open, -np.inf, self.gain - self.instance.opening)
        if not len(saving):
            return NO_MOVE
        opened = int(saving.argmax())
        return Move(float(saving[opened]), opened, NO_SITE)

    def best_closing(self) -> Move:
        """Return the open site whose closing saves most."""
        saving = np.where(self.is_open, self.instance.opening - self.loss[:-1], -np.inf)
        if not len(saving):
            return NO_MOVE
        closed = int(saving.argmax())
        return Move(float(saving[closed]), NO_SITE, closed)

    def best_move(self) -> Move:
        """Return the best move that the number of open sites allows."""
        if self.instance.open_count is not None:
            return self.best_exchange()
        moves = (self.best_opening(), self.best_closing(), self.best_exchange())
        return max(moves, key=lambda move: move.saving)

    def descend(self) -> float:
        """Make the best move while there is one that saves, and give the objective."""
        objective = self.objective()
        while True:
            move = self.best_move()
            if move.saving <= LEAST_SAVING * abs(objective):
                return objective
            self.change(opened=move.opened, closed=move.closed)
            reached = self.objective()
            if reached >= objective:
                # the saving was rounding left over from large numbers
                self.change(opened=move.closed, closed=move.opened)
                return self.objective()
            objective = reached

    def _give_slot(self, opened: int) -> None:
        empty = np.flatnonzero(self._site_of_slot == NO_SITE)
        if not len(empty):
            empty = np.array([len(self._site_of_slot)])
            self._add_slots(len(self._site_of_slot) + 8)
        self._extra[empty[0]] = 0.0
        self._site_of_slot[empty[0]] = opened
        self._slot_of_site[opened] = empty[0]
        self.is_open[opened] = True
        self.loss[opened] = 0.0

    def _take_slot(self, closed: int) -> None:
        nobody = len(self._site_of_slot)
        self._site_of_slot[self._slot_of_site[closed]] = NO_SITE
        self._slot_of_site[closed] = nobody
        self.is_open[closed] = False
        self.loss[closed] = 0.0

    def _add_slots(self, count: int) -> None:
        held = len(self._site_of_slot)
        self._slot_of_site[self._slot_of_site == held] = held + count
        more = np.full(count, NO_SITE)
        self._site_of_slot = np.concatenate([self._site_of_slot, more])
        self._extra = np.vstack([self._extra[:-1], np.zeros((count + 1, self._extra.shape[1]))])

    def _locate(self, demands: NDArray[np.int64]) -> None:
        """Find the two cheapest open sites of some demands."""
        instance = self.instance
        starts = instance.row_start[demands]
        counts = instance.row_start[demands + 1] - starts
        entries = entry_ranges(starts, counts)
        ends = np.cumsum(counts)
        hits = np.flatnonzero(self.is_open[instance.site[entries]])
        place = np.searchsorted(hits, ends - counts)
        beyond = len(entries)
        hits = np.append(hits, [beyond, beyond])
        first, second = hits[place], hits[place + 1]
        has_first, has_second = first < ends, second < ends
        entries = np.append(entries, 0)
        first = entries[np.where(has_first, first, beyond)]
        second = entries[np.where(has_second, second, beyond)]
        outside = instance.outside[demands]
        self._first[demands] = np.where(has_first, instance.site[first], NO_SITE)
        self._second[demands] = np.where(has_second, instance.site[second], NO_SITE)
        self._first_cost[demands] = np.where(has_first, instance.cost[first], outside)
        self._second_cost[demands] = np.where(has_second, instance.cost[second], outside)
        self._end[demands] = np.where(has_second, second, instance.row_start[demands + 1])

    def _value(self, demands: NDArray[np.int64], sign: float) -> None:
        """Add what some demands mean for every move, or take it away (`sign` −1)."""
        instance = self.instance
        first = self._first[demands]
        first_cost, second_cost = self._first_cost[demands], self._second_cost[demands]
        np.add.at(self.loss, first, sign * (second_cost - first_cost))
        starts = instance.row_start[demands]
        counts = self._end[demands] - starts
        entries = entry_ranges(starts, counts)
        site, cost = instance.site[entries], instance.cost[entries]
        now = np.repeat(first_cost, counts)
        is_better = cost < now
        np.add.at(self.gain, site[is_better], sign * (now[is_better] - cost[is_better]))
        saved = np.repeat(second_cost, counts) - np.maximum(cost, now)
        slot = np.repeat(self._slot_of_site[first], counts)
        np.add.at(self._extra.reshape(-1), slot * instance.site_count + site, sign * saved)


def open_greedily(instance: Instance) -> Interchange:
    """
    Open one site after the other, each the one that saves most.

    Parameters
    ----------
    instance
        The problem. With `open_count` that many sites are opened, else as long as it saves.
    """
    search = Interchange(instance, np.zeros(instance.site_count, dtype=bool))
    wanted = instance.open_count
    opened = 0
    while opened < (instance.site_count if wanted is None else wanted):
        move = search.best_opening()
        if wanted is None and move.saving <= 0:
            break
        search.change(opened=move.opened)
        opened += 1
    return search
