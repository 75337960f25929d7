"""
Seat whole demands at given open sites quickly: moves and exchanges under a price on overload.

The search starts from the split seating, each demand at the site with its largest share. A seat
too many costs a price; a demand moves, or two change places, while that lowers cost and price.
Where the end is too full the price rises, where it fits the price falls, so that the search swings
around the limits of the sites (Glover's strategic oscillation) and keeps the best that fits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.capacitated.transport import Assignment

SWINGS = 5
STEPS_PER_SWING = 200
KICKS = 20
KICKED = 5  # demands that a kick moves to their second choice
KICK_POOL = 6  # kicked from so many times as many, those that lose least
EXCHANGED = 150  # demands that may change places with one another, those that lose least by it


@dataclass(slots=True, kw_only=True)
class Columns:
    """
    Who sits where: columns are the open sites and, last, outside.

    `cost` (n, p + 1) is inf where a pair is not allowed; `column` (n,) is where each demand sits.
    """

    cost: NDArray[np.float64]
    people: NDArray[np.float64]
    capacity: NDArray[np.float64]
    column: NDArray[np.int64]
    load: NDArray[np.float64]

    def over(self, load: NDArray[np.float64], column: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the people too many at columns with given loads."""
        return np.maximum(load - self.capacity[column], 0.0)

    def here(self) -> NDArray[np.float64]:
        """Return what each demand costs where it sits, (n,)."""
        return self.cost[np.arange(len(self.column)), self.column]

    def seat(self, column: NDArray[np.int64]) -> None:
        """Seat everyone anew."""
        self.column = column.copy()
        self.load = np.bincount(column, self.people, len(self.capacity)).astype(np.float64)

    def move(self, demand: int, column: int) -> None:
        """Seat a demand elsewhere."""
        self.load[self.column[demand]] -= self.people[demand]
        self.load[column] += self.people[demand]
        self.column[demand] = column


def seat_whole_quickly(form: CapacitatedForm, split: Assignment, *, seed: int) -> Assignment | None:
    """
    Turn a split seating into one of whole demands, by local search.

    Parameters
    ----------
    form
        The problem.
    split
        The split seating of the open sites.
    seed
        Of the kicks.

    Returns
    -------
    Assignment or None
        None where no seating was found that serves all who must be; with the bound of `split`.
    """
    sites = np.flatnonzero(split.is_open)
    state = first_columns(form, split, sites)
    price = 1.0 + 2.0 * float(split.capacity_dual.max(initial=0.0))
    second, by_loss = _second_choice(state, np.append(split.capacity_dual[sites], 0.0))
    size = min(KICKED, len(by_loss) // 2)
    pool = by_loss[: KICK_POOL * size]
    rng = np.random.default_rng(seed)
    best_cost, best = _swing(state, price)
    for _ in range(KICKS if size else 0):
        kicked = rng.choice(pool, size, replace=False)
        state.seat(best if best is not None else state.column)
        for demand in kicked.tolist():
            state.move(demand, int(second[demand]))
        cost, column = _swing(state, price)
        if column is not None and cost < best_cost:
            best_cost, best = cost, column
    return None if best is None else read_columns(form, split, sites, best)


def _second_choice(
    state: Columns, capacity_dual: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each demand's best other column, and the demands that have one, least loss first."""
    everyone = np.arange(len(state.people))
    priced = state.cost + state.people[:, None] * capacity_dual
    here = priced[everyone, state.column]
    priced[everyone, state.column] = np.inf
    second = priced.argmin(axis=1)
    loss = priced[everyone, second] - here
    order = np.argsort(loss, kind="stable")
    return second, order[np.isfinite(loss[order])]


def _swing(state: Columns, price: float) -> tuple[float, NDArray[np.int64] | None]:
    """Search at prices that rise and fall; give the cost and the columns of the best that fits."""
    columns = np.arange(len(state.capacity))
    tolerance = 1e-9 * float(state.people.sum())
    best_cost, best = np.inf, None
    for _ in range(SWINGS):
        for _ in range(STEPS_PER_SWING):
            if not _step(state, price):
                break
        fits = state.over(state.load, columns).sum() <= tolerance
        cost = float(state.here().sum())
        if fits and cost < best_cost:
            best_cost, best = cost, state.column.copy()
        price *= 0.5 if fits else 2.5
    return best_cost, best


def first_columns(
    form: CapacitatedForm,
    split: Assignment,
    sites: NDArray[np.int64],
) -> Columns:
    """Put each demand where it has its largest share, (n,) columns over the open sites."""
    slot = np.full(form.site_count, -1)
    slot[sites] = np.arange(len(sites))
    cost = np.full((form.demand_count, len(sites) + 1), np.inf)
    cost[:, -1] = form.outside()
    usable = split.is_open[form.pair_site]
    cost[form.pair_demand[usable], slot[form.pair_site[usable]]] = form.pair_cost[usable]
    column = np.full(form.demand_count, len(sites))
    by_share = np.argsort(split.share, kind="stable")
    pair = split.pair[by_share]
    column[form.pair_demand[pair]] = slot[form.pair_site[pair]]
    capacity = np.append(form.capacity[sites], np.inf)
    load = np.bincount(column, form.people, len(sites) + 1).astype(np.float64)
    return Columns(cost=cost, people=form.people, capacity=capacity, column=column, load=load)


def _step(state: Columns, price: float) -> bool:
    """Make the best move or exchange; False where none pays."""
    here = state.here()
    change = _move_changes(state, here, price)
    demand, column = np.unravel_index(int(change.argmin()), change.shape)
    least = float(change[demand, column])
    gain = -1e-9 * max(float(here.sum()), 1.0)
    first, second, exchanged = _best_exchange(state, here, change, price)
    if min(least, exchanged) >= gain:
        return False
    if exchanged < least:
        to_first, to_second = int(state.column[second]), int(state.column[first])
        state.move(first, to_first)
        state.move(second, to_second)
    else:
        state.move(int(demand), int(column))
    return True


def _move_changes(state: Columns, here: NDArray[np.float64], price: float) -> NDArray[np.float64]:
    """Return what moving each demand to each column changes, (n, p + 1)."""
    columns = np.arange(len(state.capacity))
    over = state.over(state.load, columns)
    arriving = state.over(state.load[None, :] + state.people[:, None], columns[None, :])
    leaving = state.over(state.load[state.column] - state.people, state.column)
    change = state.cost - here[:, None]
    change += price * (arriving - over[None, :] + (leaving - over[state.column])[:, None])
    change[np.arange(len(here)), state.column] = np.inf
    return change


def _best_exchange(
    state: Columns, here: NDArray[np.float64], change: NDArray[np.float64], price: float
) -> tuple[int, int, float]:
    """Return the two demands that gain most by changing places, and what that changes."""
    without_capacity = np.where(np.isinf(change), np.inf, state.cost - here[:, None])
    least = np.minimum(change, without_capacity).min(axis=1)
    count = min(EXCHANGED, len(least))
    some = np.sort(np.argpartition(least, count - 1)[:count])
    column, people = state.column[some], state.people[some]
    moved = state.cost[some][:, column]
    cost = moved + moved.T - here[some][:, None] - here[some][None, :]
    shift = people[None, :] - people[:, None]  # what the first one's column gains
    over = state.over(state.load[column], column)
    first_over = state.over(state.load[column][:, None] + shift, column[:, None])
    second_over = state.over(state.load[column][None, :] - shift, column[None, :])
    total = cost + price * (first_over - over[:, None] + second_over - over[None, :])
    total[column[:, None] == column[None, :]] = np.inf
    first, second = np.unravel_index(int(total.argmin()), total.shape)
    return int(some[first]), int(some[second]), float(total[first, second])


def read_columns(
    form: CapacitatedForm,
    split: Assignment,
    sites: NDArray[np.int64],
    column: NDArray[np.int64],
) -> Assignment | None:
    """Read the columns back as pairs; None where someone who must be served is outside."""
    is_seated = column < len(sites)
    if (form.must_serve & ~is_seated).any():
        return None
    site = np.append(sites, -1)[column]
    pair = np.flatnonzero(site[form.pair_demand] == form.pair_site)
    unserved = form.unserved[~is_seated].sum()
    cost = form.opening[split.is_open].sum() + form.pair_cost[pair].sum() + unserved
    return replace(split, objective=float(cost), pair=pair, share=np.ones(len(pair)))
