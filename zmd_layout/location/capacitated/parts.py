"""The parts of a branch and bound over sites, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.capacitated.lagrangian import Decisions
    from zmd_layout.location.capacitated.transport import Assignment, SeatingOrder

ROUNDING = 1e-7  # of a sum of people


class Seater(Protocol):
    """Seats the demands at given open sites, as the problem demands it."""

    def __call__(self, is_open: NDArray[np.bool_], order: SeatingOrder) -> Assignment | None:
        """Seat as ordered; None where the time was over before anything was known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeResult:
    """
    What a search found and proved.

    Attributes
    ----------
    best
        The best seating, or None.
    bound
        Lower bound; the objective itself where the best seating is proved optimal, inf where it
        is proved that there is none.
    nodes, seatings
        Parts of the search and sets of sites that were looked at.
    """

    best: Assignment | None
    bound: float
    nodes: int
    seatings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    A part of the search, with the bound and the prices that it inherits.

    `pair_bound` is there where all sites are settled and only the seating is left.
    """

    bound: float
    prices: NDArray[np.float64]
    decisions: Decisions
    pair_bound: NDArray[np.float64] | None = None


def only_choice(form: CapacitatedForm, decisions: Decisions) -> NDArray[np.bool_] | None:
    """Return the open sites where the decisions leave no choice, else None."""
    free = decisions.free
    opened = int(decisions.opened.sum())
    if form.open_count is None:
        return decisions.opened if not free.any() else None
    return decisions.opened if opened == form.open_count else None


def can_seat(form: CapacitatedForm, decisions: Decisions) -> bool:
    """Return whether the sites that may be open have seats and reach enough."""
    may_open = np.sort(form.capacity[decisions.free])[::-1]
    if form.open_count is not None:
        may_open = may_open[: max(form.open_count - int(decisions.opened.sum()), 0)]
    must_serve = form.must_serve
    seats = form.capacity[decisions.opened].sum() + may_open.sum()
    if seats < form.people[must_serve].sum() * (1 - ROUNDING):
        return False
    reached = np.zeros(form.demand_count, dtype=bool)
    reached[form.pair_demand[~decisions.closed[form.pair_site]]] = True
    return bool(reached[must_serve].all())
