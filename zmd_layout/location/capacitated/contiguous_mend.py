"""
Make catchments connected: grow them from the sites, then move units along their edges.

What hangs on its site stays, the rest is seated anew beside what is seated, cheapest first. Then
units at the edges move to the catchment next door while that lowers cost and overload; a unit that
holds its catchment together does not move. The price of overload rises and falls, as in
`whole_search`.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import breadth_first_order

from zmd_layout.location.capacitated.oscillation import Columns, first_columns, read_columns
from zmd_layout.location.capacitated.transport import cannot_seat

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.capacitated.transport import Assignment

SWINGS = 8
STEPS_PER_SWING = 300
KICKS = 200
KICKED = 5  # units at edges that a kick moves next door


def mend(
    form: CapacitatedForm,
    neighbours: csr_array,
    anchor: NDArray[np.int64],
    start: Assignment,
    *,
    seed: int,
) -> Assignment:
    """
    Turn a seating into one with connected catchments.

    Parameters
    ----------
    form
        The problem.
    neighbours
        (n, n) sparse, the units that touch.
    anchor
        (m,) the unit of each site, that belongs to it.
    start
        Any seating of the open sites, split or whole.
    seed
        Of the kicks.

    Returns
    -------
    Assignment
        With an objective of inf where none was found.
    """
    sites = np.flatnonzero(start.is_open)
    state = first_columns(form, start, sites)
    edges = _Edges(state, neighbours, anchor[sites], may_leave=~form.must_serve)
    edges.keep_connected()
    edges.grow(np.append(start.capacity_dual[sites], 0.0))
    price = 1.0 + 2.0 * float(start.capacity_dual.max(initial=0.0))
    column = edges.search(price, np.random.default_rng(seed))
    seating = None if column is None else read_columns(form, start, sites, column)
    if seating is None:
        return cannot_seat(form, start.is_open, bound=start.bound)
    return replace(seating, bound=min(start.bound, seating.objective))


class _Edges:
    """Connected catchments and the moves along their edges; the last column is outside."""

    def __init__(
        self,
        state: Columns,
        neighbours: csr_array,
        anchor: NDArray[np.int64],
        *,
        may_leave: NDArray[np.bool_],
    ) -> None:
        self.state, self.neighbours, self.anchor = state, neighbours, anchor
        self.outside = len(anchor)
        starts, ends = neighbours.indptr, neighbours.indices
        self.beside = [ends[a:b].tolist() for a, b in pairwise(starts)]
        self.unit = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        self.next = ends.astype(np.int64)
        self.is_anchor = np.zeros(len(state.people), dtype=bool)
        self.is_anchor[anchor] = True
        self.leaving = np.flatnonzero(may_leave & ~self.is_anchor)

    def keep_connected(self) -> None:
        """Put outside what does not hang on its site."""
        state = self.state
        column = np.full(len(state.people), self.outside)
        for slot, anchor in enumerate(self.anchor.tolist()):
            # the unit of another site is no bridge: it goes to its own
            units = np.flatnonzero((state.column == slot) & ~self.is_anchor)
            units = np.union1d(units, [anchor])
            inside = self.neighbours[units][:, units]
            root = int(np.searchsorted(units, anchor))
            hanging = breadth_first_order(inside, root, return_predecessors=False)
            column[units[hanging]] = slot
        state.seat(column)

    def grow(self, capacity_dual: NDArray[np.float64]) -> None:
        """Seat the units outside beside what is seated, cheapest first."""
        state = self.state
        priced = state.cost + state.people[:, None] * capacity_dual
        loss = (priced - priced.min(axis=1, keepdims=True)).tolist()
        queue: list[tuple[float, int, int]] = []

        def offer(unit: int, slot: int) -> None:
            for other in self.beside[unit]:
                if state.column[other] == self.outside and np.isfinite(loss[other][slot]):
                    heapq.heappush(queue, (loss[other][slot], other, slot))

        for unit in np.flatnonzero(state.column < self.outside).tolist():
            offer(unit, int(state.column[unit]))
        while queue:
            _, unit, slot = heapq.heappop(queue)
            if state.column[unit] == self.outside:
                state.move(unit, slot)
                offer(unit, slot)

    def search(self, price: float, rng: np.random.Generator) -> NDArray[np.int64] | None:
        """Swing, kick and swing again; give the columns of the best that fits."""
        best_cost, best = self._swing(price)
        for _ in range(min(KICKS, 4 * len(self.state.people))):
            if best is not None:
                self.state.seat(best)
            self._kick(rng)
            cost, column = self._swing(price)
            if cost < best_cost:
                best_cost, best = cost, column
        return best

    def _kick(self, rng: np.random.Generator) -> None:
        """Move some units at the edges next door, whatever it costs."""
        for _ in range(KICKED):
            unit, into = self._moves()
            is_allowed = np.isfinite(self.state.cost[unit, into])
            unit, into = unit[is_allowed], into[is_allowed]
            if not len(unit):
                return
            move = int(rng.integers(len(unit)))
            if self._may_leave(int(unit[move])):
                self.state.move(int(unit[move]), int(into[move]))

    def _swing(self, price: float) -> tuple[float, NDArray[np.int64] | None]:
        """Move at prices that rise and fall; give cost and columns of the best that fits."""
        state = self.state
        columns = np.arange(len(state.capacity))
        tolerance = 1e-9 * float(state.people.sum())
        best_cost, best = np.inf, None
        for _ in range(SWINGS):
            for _ in range(STEPS_PER_SWING):
                if not self._step(price):
                    break
            fits = bool(state.over(state.load, columns).sum() <= tolerance)
            cost = float(state.here().sum())
            if fits and cost < best_cost:
                best_cost, best = cost, state.column.copy()
            price *= 0.5 if fits else 2.5
        return best_cost, best

    def _moves(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """List the units that may go next door, or outside, and where to; units more than once."""
        state = self.state
        at_edge = (state.column[self.unit] != state.column[self.next]) & ~self.is_anchor[self.unit]
        at_edge &= state.column[self.next] < self.outside
        leaving = self.leaving[state.column[self.leaving] < self.outside]
        into = (state.column[self.next[at_edge]], np.full(len(leaving), self.outside))
        return np.concatenate((self.unit[at_edge], leaving)), np.concatenate(into)

    def _step(self, price: float) -> bool:
        """Make the best move that keeps the catchments connected; False where none pays."""
        state = self.state
        unit, into = self._moves()
        change = self._changes(unit, into, price)
        least = -1e-9 * max(float(state.here().sum()), 1.0)
        for move in np.argsort(change, kind="stable"):
            if not change[move] < least:
                break
            if self._may_leave(int(unit[move])):
                state.move(int(unit[move]), int(into[move]))
                return True
        return False

    def _changes(
        self, unit: NDArray[np.int64], into: NDArray[np.int64], price: float
    ) -> NDArray[np.float64]:
        """Return what each move changes in cost and priced overload."""
        state = self.state
        here, people = state.column[unit], state.people[unit]
        over = state.over(state.load, np.arange(len(state.capacity)))
        more = state.over(state.load[into] + people, into) - over[into]
        less = state.over(state.load[here] - people, here) - over[here]
        change: NDArray[np.float64] = state.cost[unit, into] - state.cost[unit, here]
        return change + price * (more + less)

    def _may_leave(self, unit: int) -> bool:
        """Return whether the catchment of a unit stays connected without it."""
        column = self.state.column
        slot = column[unit]
        if slot == self.outside:
            return True
        wanted = {other for other in self.beside[unit] if column[other] == slot}
        if len(wanted) <= 1:
            return True
        first = wanted.pop()
        seen, todo = {unit, first}, [first]
        while todo and wanted:
            for other in self.beside[todo.pop()]:
                if column[other] == slot and other not in seen:
                    seen.add(other)
                    todo.append(other)
                    wanted.discard(other)
        return not wanted
