"""
At which sites units stand year by year: the most people served nearby, then the shortest ways.

With y_ts units at site s in year t, and x_tgs people of group g whom they serve:

1. max Σ x  subject to  Σ_s y_ts = total_t, y_ts ≤ room_ts, Σ_g x_tgs ≤ seats y_ts,
   Σ_s x_tgs ≤ people_tg, y whole; where units stay, y_ts ≥ y_(t-1)s;
2. min Σ metres x + seats Σ (restart · starts_ts - liked_s y_ts)  with as many served, where a start
   is a unit more than the year before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.location.highs import LinearModel, MipStatus, solve_mip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.highs import MipResult

_NODES = 500  # branch-and-bound nodes: a count, so that the answer is the same on every machine
_HAIR = 1e-3  # of a person, to which the most that are served is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlaces:
    """
    Units to be placed, as arrays.

    Attributes
    ----------
    totals
        (years,) units that stand; no more than there is room for.
    room
        (years, sites) the most units.
    seats
        Of a unit.
    people
        (years, groups) whom units could serve.
    ways_m
        (sites, groups) sparse metres; a pair that is not stored is too far apart.
    restart_m
        What a seat that starts at a site counts, as metres of a person.
    liked_m
        (sites,) what a seat there for a year is preferred by, likewise.
    is_lasting
        Whether units stay where they are.
    """

    totals: NDArray[np.int64]
    room: NDArray[np.int64]
    seats: float
    people: NDArray[np.float64]
    ways_m: csr_array
    restart_m: float
    liked_m: NDArray[np.float64]
    is_lasting: bool = False


@dataclass(frozen=True, slots=True)
class PlacedUnits:
    """
    Where the units stand.

    Attributes
    ----------
    units
        (years, sites) whole.
    served, bound
        People whom they serve nearby, summed over the years, and what no placing can exceed.
    metres
        Of the second step.
    taken
        (years, groups) whom they serve.
    is_optimal
        Whether the most that can be served was proved.
    is_reproducible
        False where the time limit ended a search.
    """

    units: NDArray[np.int64]
    served: float
    bound: float
    metres: float
    taken: NDArray[np.float64]
    is_optimal: bool
    is_reproducible: bool


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of the models: y by year and site, starts likewise, then x by pair and year."""

    problem: UnitPlaces
    years: NDArray[np.int64]  # those with units
    sites: NDArray[np.int64]  # of the pairs
    groups: NDArray[np.int64]
    metres: NDArray[np.float64]

    @property
    def cells(self) -> int:
        """How many y there are."""
        return len(self.years) * int(self.problem.room.shape[1])

    @property
    def pairs(self) -> int:
        """How many pairs there are in a year."""
        return len(self.sites)

    @property
    def count(self) -> int:
        """How many columns there are."""
        return 2 * self.cells + len(self.years) * self.pairs


def place_units(problem: UnitPlaces, *, time_limit_s: float = 30.0) -> PlacedUnits:
    """Choose the sites of units: the most people served, then the shortest ways."""
    table = problem.ways_m.tocoo()
    years = np.flatnonzero(problem.totals)
    if not len(years):
        none = np.zeros(problem.room.shape, dtype=np.int64)
        nobody = np.zeros(problem.people.shape)
        return PlacedUnits(none, 0.0, 0.0, 0.0, nobody, is_optimal=True, is_reproducible=True)
    columns = _Columns(problem, years, table.row, table.col, table.data)
    pairs = len(years) * columns.pairs
    serving = np.r_[np.zeros(2 * columns.cells), np.ones(pairs)]
    most = _solve(_model(columns, -serving, None), time_limit_s)
    served = float(serving @ most.values) if len(most.values) else 0.0
    liked = np.tile(problem.liked_m, len(years)) * problem.seats
    cost = np.r_[
        -liked,
        np.full(columns.cells, problem.restart_m * problem.seats),
        np.tile(columns.metres, len(years)),
    ]
    nearest = _solve(_model(columns, cost, served - _HAIR), time_limit_s)
    chosen = nearest if len(nearest.values) else most
    units = np.zeros(problem.room.shape, dtype=np.int64)
    taken: NDArray[np.float64] = np.zeros_like(problem.people)
    if len(chosen.values):
        cells = np.round(chosen.values[: columns.cells]).reshape(len(years), -1)
        units[years] = cells.astype(np.int64)
        served = float(serving @ chosen.values)
        by_pair = chosen.values[2 * columns.cells :].reshape(len(years), -1)
        for year, row in zip(years, by_pair, strict=True):
            taken[year] = np.bincount(table.col, weights=row, minlength=taken.shape[1])
    proved = most.status is MipStatus.OPTIMAL
    return PlacedUnits(
        units, served, served if proved else max(served, -most.bound),
        float(cost @ chosen.values) if len(chosen.values) else 0.0, taken, proved,
        not (most.is_ended_by_time or nearest.is_ended_by_time),
    )  # fmt: skip


def _solve(model: LinearModel, time_limit_s: float) -> MipResult:
    return solve_mip(model, time_limit_s=time_limit_s, node_limit=_NODES)


def _model(
    columns: _Columns, objective: NDArray[np.float64], least_served: float | None
) -> LinearModel:
    problem, years = columns.problem, columns.years
    count, sites = len(years), problem.room.shape[1]
    cell = np.arange(columns.cells)
    year = cell // max(sites, 1)
    pair = np.arange(count * columns.pairs)
    pair_year = pair // max(columns.pairs, 1)
    pair_cell = pair_year * sites + np.tile(columns.sites, count)
    groups = problem.people.shape[1]
    pair_group = pair_year * groups + np.tile(columns.groups, count)
    x = 2 * columns.cells + pair
    follows = cell[(year > 0) & (np.diff(years, prepend=-1)[year] == 1)]
    blocks: list[tuple[Any, ...]] = [
        # rows, columns, values, lower, upper
        (year, cell, 1.0, problem.totals[years], problem.totals[years]),
        (np.r_[pair_cell, cell], np.r_[x, cell], np.r_[np.ones(len(pair)),
         np.full(columns.cells, -problem.seats)], np.full(columns.cells, -np.inf),
         np.zeros(columns.cells)),
        (pair_group, x, 1.0, np.full(count * groups, -np.inf), problem.people[years].ravel()),
        # starts ≥ units more than the year before
        (np.r_[cell, cell, follows], np.r_[columns.cells + cell, cell, follows - sites],
         np.r_[np.ones(columns.cells), -np.ones(columns.cells), np.ones(len(follows))],
         np.zeros(columns.cells), np.full(columns.cells, np.inf)),
    ]  # fmt: skip
    if problem.is_lasting:
        row = np.arange(len(follows))
        blocks.append(
            (np.r_[row, row], np.r_[follows, follows - sites],
             np.r_[np.ones(len(row)), -np.ones(len(row))], np.zeros(len(row)),
             np.full(len(row), np.inf))
        )  # fmt: skip
    if least_served is not None:
        blocks.append((np.zeros(len(x), int), x, 1.0, [least_served], [np.inf]))
    return _put_together(blocks, columns, objective)


def _put_together(
    blocks: list[tuple[Any, ...]], columns: _Columns, objective: NDArray[np.float64]
) -> LinearModel:
    problem = columns.problem
    first, rows, cols, values, lower, upper = 0, [], [], [], [], []
    for row, col, value, low, high in blocks:
        rows.append(first + np.asarray(row))
        cols.append(np.asarray(col))
        values.append(np.broadcast_to(np.asarray(value, dtype=float), np.shape(col)))
        lower.append(np.asarray(low, dtype=float))
        upper.append(np.asarray(high, dtype=float))
        first += len(lower[-1])
    cells = (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))
    room = problem.room[columns.years].ravel().astype(float)
    free = np.full(columns.count - columns.cells, np.inf)
    is_integer = np.arange(columns.count) < columns.cells
    return LinearModel(
        objective=objective,
        rows=csr_array(cells, shape=(first, columns.count)),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        column_lower=np.zeros(columns.count),
        column_upper=np.r_[room, free],
        is_integer=is_integer,
    )
