"""How far each method misses: counties left out of a pool, forecast from 2010 to 2020."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.forecast.hamilton_perry import (
    PERIOD_YEARS,
    Movement,
    county_ratios,
    is_district,
    nation_ratios,
)
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_CITY_DIGITS = 4
# the five-year groups of the later census that hold the ages of a stage; of primary schools it
# holds ages 10 and 11 alone, for the younger were born between the censuses
SHOWN_BY = {Stage.JUNIOR: (10, 14), Stage.SENIOR: (15, 19)}


class Method(StrEnum):
    """A ratio that does not know the county it is used for."""

    NONE = Movement.NONE.value  # 1: everybody stays
    NATION = Movement.NATION.value
    SUM = "sum"  # people of all other counties, after over before
    HENAN = Movement.HENAN.value  # median of all other counties
    KIND = "kind"  # median of the other counties, or of the other districts
    CITY = "city"  # median of the other counties of the same city


def hindcast(ratios: pd.DataFrame, *, nation: pd.Series[float]) -> pd.DataFrame:
    """
    Forecast every county's cohorts by each method without the county itself, and compare.

    Parameters
    ----------
    ratios
        As `cohort_ratios` returns it, for counties.
    nation
        Ratio of the nation by `age_from`.

    Returns
    -------
    DataFrame
        One row for each county, cohort and method: `unit_id`, `age_from`, `age_to` (at the later
        census), `method`, `forecast`, `counted` and `error_percent` (of the counted). NaN where
        no other county is of the same city. Sorted.
    """
    tables = []
    for age_from, rows in ratios.groupby("age_from"):
        cohort = rows.sort_values("unit_id")
        used = _left_out(cohort, nation=float(nation[age_from]))
        for method, ratio in used.items():
            forecast = cohort["before"] * ratio
            tables.append(
                pd.DataFrame(
                    {
                        "unit_id": cohort["unit_id"],
                        "age_from": cohort["age_from"] + PERIOD_YEARS,
                        "age_to": cohort["age_to"] + PERIOD_YEARS,
                        "method": str(method),
                        "forecast": forecast,
                        "counted": cohort["after"],
                        "error_percent": 100.0 * (forecast / cohort["after"] - 1.0),
                    }
                )
            )
    table = pd.concat(tables)
    return table.sort_values(["unit_id", "age_from"], kind="stable", ignore_index=True)


def _left_out(cohort: pd.DataFrame, *, nation: float) -> dict[Method, NDArray[np.float64]]:
    units = cohort["unit_id"].astype(str)
    ratio = cohort["ratio"].to_numpy(dtype=float)
    before, after = (cohort[name].to_numpy(dtype=float) for name in ("before", "after"))
    anywhere = np.zeros(len(units))
    city = pd.factorize(units.str[:_CITY_DIGITS])[0]
    return {
        Method.NONE: np.ones(len(units)),
        Method.NATION: np.full(len(units), nation),
        Method.SUM: (after.sum() - after) / (before.sum() - before),
        Method.HENAN: _median_of_others(ratio, anywhere),
        Method.KIND: _median_of_others(ratio, is_district(units)),
        Method.CITY: _median_of_others(ratio, city),
    }


def _median_of_others(
    ratio: NDArray[np.float64], group: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Return for each row the median of the other rows of its group; NaN where there is none."""
    out = np.full(len(ratio), np.nan)
    for row in range(len(ratio)):
        others = group == group[row]
        others[row] = False
        if others.any():
            out[row] = np.median(ratio[others])
    return out


@cache
def packaged_hindcast() -> pd.DataFrame:
    """Return `hindcast` of the packaged censuses of 2010 and 2020 over the counties of Henan."""
    return hindcast(county_ratios(), nation=nation_ratios())


def hindcast_by_stage(units: Iterable[object], method: Method | str) -> pd.DataFrame:
    """
    Return the error of a method by unit and stage.

    Parameters
    ----------
    units
        Ids of the units; those that are not in the packaged censuses have no row.
    method
        A method; a county's own ratio cannot be tested on the decade that it was taken from.

    Returns
    -------
    DataFrame
        Columns `unit_id`, `stage`, `forecast`, `counted`, `error_percent` of the five-year group
        that stands for the stage (`SHOWN_BY`). Errors of units are never averaged, for they are
        of opposite signs.
    """
    table = packaged_hindcast()
    rows = table[table["unit_id"].isin([str(unit) for unit in units])]
    rows = rows[rows["method"] == str(method)]
    stages = {first: stage for stage, (first, _) in SHOWN_BY.items()}
    known = rows[rows["age_from"].isin(list(stages))]
    known = known.assign(stage=known["age_from"].map(stages))
    columns = ["unit_id", "stage", "forecast", "counted", "error_percent"]
    return known[columns].reset_index(drop=True)


def mean_absolute_errors() -> pd.DataFrame:
    """
    Return the mean absolute error by cohort and method over the counties of Henan.

    Returns
    -------
    DataFrame
        Index `age_from` (at the later census) and `method`, columns `counties` (how many),
        `error_percent` (mean absolute) and `error_counties`, `error_districts` (of each kind).
    """
    table = packaged_hindcast().assign(error_percent=lambda t: t["error_percent"].abs())
    district = is_district(table["unit_id"])
    keys = ["age_from", "method"]
    errors = table.groupby(keys)["error_percent"]
    return pd.DataFrame(
        {
            "counties": errors.count(),
            "error_percent": errors.mean(),
            "error_counties": table[~district].groupby(keys)["error_percent"].mean(),
            "error_districts": table[district].groupby(keys)["error_percent"].mean(),
        }
    )
