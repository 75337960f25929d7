"""Change within a year: survival or cohort ratios, net migration, moves between units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.errors import StudyError
from zmd_layout.forecast.annual_change import annual_log_change
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.forecast.scenarios import Scenario

# shares that are meant to empty a unit may sum to 1.0000000000000002
_ALL = 1.0 + 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualChange:
    """
    Survival and migration as arrays.

    Parameters
    ----------
    kept
        (steps, 3, units, ages) people at the end of each year for each at its beginning, before
        moves.
    from_rows, to_rows
        (moves,) positions of the units that are left and reached.
    shares
        (moves, ages) of those kept.
    """

    kept: NDArray[np.float64]
    from_rows: NDArray[np.int64]
    to_rows: NDArray[np.int64]
    shares: NDArray[np.float64]

    def apply(self, people: NDArray[np.float64], step: int) -> NDArray[np.float64]:
        """
        Carry people through a year.

        Parameters
        ----------
        people
            (3, units, ages) at the beginning of the year.
        step
            The year, counted from the base year on.

        Returns
        -------
        ndarray
            (3, units, ages − 1) at its end, for the ages from 1 on; those of the last age are
            left out.
        """
        kept: NDArray[np.float64] = people * self.kept[step]
        if len(self.from_rows):
            by_unit = kept.swapaxes(0, 1)  # a view: what is moved in it moves in `kept`
            movers = by_unit[self.from_rows] * self.shares[:, None, :]
            np.subtract.at(by_unit, self.from_rows, movers)
            np.add.at(by_unit, self.to_rows, movers)
        return kept[:, :, :-1]


def annual_change(scenario: Scenario, *, units: pd.Index, ages: int, steps: int) -> AnnualChange:
    """
    Lay out a scenario's survival, cohort ratios, net migration and moves for units and ages.

    Parameters
    ----------
    scenario
        What is supposed.
    units
        (u,) unit ids.
    ages
        Number of single years of age, from 0 on.
    steps
        Number of years.

    Raises
    ------
    StudyError
        When a table names a unit that is not there, or more people leave a unit than there are.
    """
    if scenario.cohort_ratios is None:
        survival = scenario.survival.to_numpy(dtype=float)[:ages]
        carried = np.broadcast_to(survival, (steps, len(VARIANTS), len(units), ages))
    else:  # deaths are in the ratios
        table = scenario.cohort_ratios
        carried = np.exp(annual_log_change(table, units=units, ages=ages, steps=steps))
    rates = _migration_rates(scenario.net_migration, units=units, ages=ages)
    from_rows, to_rows, shares = _move_shares(scenario.moves, units=units, ages=ages)
    leaving = np.zeros((len(units), ages))
    np.add.at(leaving, from_rows, shares)
    emptied = np.any(rates < -1.0, axis=(0, 2)) | np.any(leaving > _ALL, axis=1)
    if emptied.any():
        raise StudyError(Message("forecast.all_leave", units=sorted(map(str, units[emptied]))))
    return AnnualChange(
        kept=carried * (1.0 + rates), from_rows=from_rows, to_rows=to_rows, shares=shares
    )


def _migration_rates(
    table: pd.DataFrame | None, *, units: pd.Index, ages: int
) -> NDArray[np.float64]:
    """Return (3, units, ages) yearly net rates."""
    rates = np.zeros((len(VARIANTS), len(units), ages))
    if table is None:
        return rates
    values = table[list(VARIANTS)].to_numpy(dtype=float)
    by_age = values[:, :, None] * _age_mask(table, ages)[:, None, :]  # (rows, 3, ages)
    if "unit_id" not in table:
        rates += by_age.sum(axis=0)[:, None, :]
        return rates
    rows = _positions(table["unit_id"], units, Message("forecast.migration_table"))
    np.add.at(rates.swapaxes(0, 1), rows, by_age)
    return rates


def _move_shares(
    table: pd.DataFrame | None, *, units: pd.Index, ages: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    if table is None:
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros((0, ages))
    name = Message("forecast.moves_table")
    shares = table["share"].to_numpy(dtype=float)[:, None] * _age_mask(table, ages)
    return (
        _positions(table["from_unit_id"], units, name),
        _positions(table["to_unit_id"], units, name),
        shares,
    )


def _age_mask(table: pd.DataFrame, ages: int) -> NDArray[np.bool_]:
    """Mark (rows, ages) the ages that each row is about."""
    every = np.arange(ages)
    first = table["age_from"].to_numpy(dtype=int)[:, None]
    last = table["age_to"].to_numpy(dtype=int)[:, None]
    return (first <= every) & (every <= last)


def _positions(ids: pd.Series, units: pd.Index, table: Message) -> NDArray[np.int64]:
    positions = units.get_indexer(pd.Index(ids))
    strangers = sorted({str(unit) for unit in ids[positions < 0]})
    if strangers:
        raise StudyError(Message("forecast.unknown_units", table=table, units=strangers))
    return positions
