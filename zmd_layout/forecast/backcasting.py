"""How far the method misses: an earlier count carried on to a later one that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.forecast.ages import age_groups, single_years
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.forecast.ages import AgeGroup


def backcast(
    earlier: pd.DataFrame, later: pd.DataFrame, *, years: int, survival: pd.Series
) -> pd.DataFrame:
    """
    Carry the age groups of an earlier count on by survival alone and compare with a later count.

    What is missed is, in the main, migration: those who went away to work or to school, and
    children left out of the earlier count or come back since.

    Parameters
    ----------
    earlier, later
        Index unit, columns `residents_<from>_<to>` of the two counts. The groups need not match:
        they are split into single years first.
    years
        Years between the counts.
    survival
        Chance to live one more year, by age in completed years.

    Returns
    -------
    DataFrame
        One row for each unit that is in both counts and each group of `earlier`: `unit_id`,
        `age_from`, `age_to` (in the later year), `carried`, `counted`, `error` (carried − counted,
        people) and `error_percent` (of the counted). NaN where either is unknown.

    Raises
    ------
    LayerError
        When no unit is in both counts, or the later count or the survival lacks an age that the
        earlier one grows through.
    """
    common = earlier.index.intersection(later.index).sort_values()
    if common.empty:
        raise LayerError(Message("forecast.no_common_units"))
    before, after = single_years(earlier.loc[common]), single_years(later.loc[common])
    groups = age_groups(earlier.columns)
    _check_ages(groups, after=after, years=years, survival=survival)
    chance = survival.to_dict()
    tables = []
    for group in groups:
        ages = range(group.first, group.last + 1)
        alive = [np.prod([chance[age + year] for year in range(years)]) for age in ages]
        carried = (before[list(ages)] * alive).sum(axis=1, skipna=False)
        counted = after[[age + years for age in ages]].sum(axis=1, skipna=False)
        tables.append(
            pd.DataFrame(
                {
                    "age_from": group.first + years,
                    "age_to": group.last + years,
                    "carried": carried,
                    "counted": counted,
                    "error": carried - counted,
                    "error_percent": 100.0 * (carried - counted) / counted.where(counted > 0),
                }
            )
        )
    stacked = pd.concat(tables).rename_axis("unit_id").reset_index()
    return stacked.sort_values(["unit_id", "age_from"], ignore_index=True)


def _check_ages(
    groups: list[AgeGroup], *, after: pd.DataFrame, years: int, survival: pd.Series
) -> None:
    first, last = groups[0].first, groups[-1].last
    faults = []
    if not set(range(first + years, last + years + 1)) <= set(after.columns):
        faults.append(Message("forecast.later_ages", first=first + years, last=last + years))
    if not set(range(first, last + years)) <= set(survival.index):
        faults.append(Message("forecast.survival_short", needed=last + years - 1))
    if faults:
        raise LayerError(*faults)
