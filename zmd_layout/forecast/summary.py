"""What is read off a forecast: sums of units, peak years, numbers as they are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.forecast.cohorts import born_share
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def combine(table: pd.DataFrame, *, into: Mapping[str, str]) -> pd.DataFrame:
    """
    Add up the forecasts of units, such as counties into a city or a zone into its holder.

    Parameters
    ----------
    table
        As `forecast` gives it.
    into
        unit → the unit it is counted in; units that are not named are left out.

    Returns
    -------
    DataFrame
        The same columns, sorted. A sum is unknown where one of its parts is.
    """
    name = "stage" if "stage" in table else "age"
    keys = ["unit_id", "year", name]
    numbers = [*VARIANTS, "born"]
    parts = table[table["unit_id"].isin(list(into))]
    parts = parts.assign(
        unit_id=parts["unit_id"].map(into), born=parts["born_share"] * parts["middle"]
    )
    unknown = parts[numbers].isna().groupby([parts[key] for key in keys]).any()
    groups = parts.groupby(keys)
    sums = groups[numbers].sum().mask(unknown)
    is_born = groups["is_born"].all()
    share = born_share(
        born=sums["born"].to_numpy(),
        people=sums["middle"].to_numpy(),
        is_born=is_born.to_numpy(),
    )
    return sums[list(VARIANTS)].assign(born_share=share, is_born=is_born).reset_index()


def peak_years(table: pd.DataFrame) -> pd.DataFrame:
    """
    Find the year with most children, by unit and stage.

    Parameters
    ----------
    table
        As `forecast` gives it, by stage.

    Returns
    -------
    DataFrame
        One row for each unit and stage: `unit_id`, `stage`, `year` of the peak of `middle` (the
        first of equals), its `low`, `middle`, `high`, and `is_born`: whether all those children
        were counted, so that no scenario of births can move them. A unit that is unknown has no
        row.
    """
    highest_first = table.dropna(subset="middle").sort_values(
        ["unit_id", "stage", "middle", "year"], ascending=[True, True, False, True]
    )
    peaks = highest_first.drop_duplicates(["unit_id", "stage"])
    columns = ["unit_id", "stage", "year", *VARIANTS, "is_born"]
    return peaks[columns].reset_index(drop=True)


def print_people(people: float, *, is_born: bool) -> Message:
    """
    Print a number of children as exactly as it is known.

    Parameters
    ----------
    people
        Children; NaN is unknown.
    is_born
        Whether they were counted. A scenario of the unborn is given in rounded thousands.
    """
    if np.isnan(people):
        return Message("forecast.unknown")
    if is_born:
        return Message("forecast.people", people=f"{people:,.0f}")
    thousands = int(people / 1000 + 0.5)
    if thousands == 0:
        return Message("forecast.under_half_a_thousand")
    return Message("forecast.thousands", wan=f"{thousands / 10:.1f}", thousands=f"{thousands:,}")
