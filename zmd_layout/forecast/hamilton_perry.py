"""Cohort change ratios (Hamilton–Perry): a census over the same cohorts in the one before."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError, StudyError
from zmd_layout.forecast.ages import age_groups
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.forecast.figures import Sourced, read_data
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

PERIOD_YEARS = 10
_KEYS = ["unit_id", "age_from", "age_to"]
# ages at the earlier census: older cohorts are past schooling when the ratio ends
_COHORTS = ((0, 4), (5, 9), (10, 14))
# an 80 % band: one county in ten lies below it and one above
_BAND = (0.1, 0.9)
_OWN_BAND = (0.25, 0.75)
_PROVINCE = "41"
_COUNTY_CODE_DIGITS = 6
_LAST_DISTRICT = 20  # GB/T 2260: 01 to 20 are districts of a city, 21 and over counties


class Movement(StrEnum):
    """How cohorts change beyond growing older: survival, migration, and errors of the counts."""

    NONE = "none"  # everybody stays
    NATION = "nation"  # the ratio of the nation
    HENAN = "henan"  # the median ratio of the counties of Henan
    COUNTY = "county"  # the county's own ratio
    GIVEN = "given"  # ratios or rates of the study file


class CensusAges(Sourced):
    """Where the packaged ages of two censuses stand, and which units are one."""

    file: str
    earlier: int
    later: int
    nation: str
    same_as: dict[str, str]


@cache
def census_ages() -> CensusAges:
    """Read what is known of the packaged ages of two censuses."""
    return CensusAges.model_validate(read_data("scenarios.toml")["census_ages"])


@cache
def packaged_ages(year: int) -> pd.DataFrame:
    """
    Read the packaged ages of a census.

    Parameters
    ----------
    year
        2010 or 2020.

    Returns
    -------
    DataFrame
        Index `unit_id` (codes of 2020; parts of a unit are summed), columns
        `residents_<from>_<to>`: the nation, Henan, its cities and its counties.
    """
    about = census_ages()
    path = files("zmd_layout.forecast") / about.file
    with path.open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype={"unit_id": str})
    rows = table[table["year"] == year].drop(columns=["name", "year"])
    return rows.groupby(rows["unit_id"].replace(about.same_as)).sum(numeric_only=True)


def cohort_ratios(earlier: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """
    Divide the cohorts of a census by the same cohorts ten years before.

    Parameters
    ----------
    earlier, later
        Index `unit_id`, columns `residents_<from>_<to>` of two censuses ten years apart; the
        groups 0–4, 5–9 and 10–14 of the earlier one (0 and 1–4 may be apart) are compared with
        10–14, 15–19 and 20–24 of the later one.

    Returns
    -------
    DataFrame
        Columns `unit_id`, `age_from`, `age_to` (at the earlier census), `before`, `after` and
        `ratio` of every unit in both; NaN where nobody or an unknown number was counted. Sorted.

    Raises
    ------
    LayerError
        When no unit is in both, or groups do not begin and end where the cohorts do.

    Notes
    -----
    Hamilton & Perry, "A short method for projecting population by age from one decennial census to
    another", Social Forces 41, 1962. A ratio holds deaths, net migration and the difference in
    completeness of both counts; it does not say when within the decade a change came.
    """
    common = earlier.index.intersection(later.index).sort_values()
    if common.empty:
        raise LayerError(Message("forecast.no_common_units"))
    tables = []
    for first, last in _COHORTS:
        before = _group(earlier.loc[common], first, last)
        after = _group(later.loc[common], first + PERIOD_YEARS, last + PERIOD_YEARS)
        numbers = {"before": before, "after": after, "ratio": after / before.where(before > 0)}
        tables.append(pd.DataFrame({"age_from": first, "age_to": last, **numbers}))
    stacked = pd.concat(tables).rename_axis("unit_id").reset_index()
    return stacked.sort_values(_KEYS, ignore_index=True)


def _group(counts: pd.DataFrame, first: int, last: int) -> pd.Series[float]:
    """Sum the groups from `first` to `last`, which must fill that span exactly."""
    groups = [g for g in age_groups(counts.columns) if first <= g.first and g.last <= last]
    if not groups or groups[0].first != first or groups[-1].last != last:
        raise LayerError(Message("forecast.cohort_groups", first=first, last=last))
    sums = counts[[group.column for group in groups]].astype(float).sum(axis=1, skipna=False)
    return pd.Series(sums)


def is_county(units: Iterable[object]) -> NDArray[np.bool_]:
    """Report which codes are those of a county, district or county-level city of Henan."""
    return np.array(
        [
            str(unit).startswith(_PROVINCE)
            and len(str(unit)) == _COUNTY_CODE_DIGITS
            and str(unit)[-2:] != "00"
            for unit in units
        ],
        dtype=bool,
    )


def is_district(units: Iterable[object]) -> NDArray[np.bool_]:
    """Report which codes are those of districts of a city (市辖区)."""
    ends = [str(unit)[-2:] for unit in units]
    return np.array([end.isdigit() and int(end) <= _LAST_DISTRICT for end in ends], dtype=bool)


@cache
def county_ratios() -> pd.DataFrame:
    """Return `cohort_ratios` of the packaged censuses for every county of Henan in both."""
    about = census_ages()
    ratios = cohort_ratios(packaged_ages(about.earlier), packaged_ages(about.later))
    return ratios[is_county(ratios["unit_id"])].reset_index(drop=True)


@cache
def nation_ratios() -> pd.Series[float]:
    """Return the ratio of the nation by `age_from`."""
    about = census_ages()
    ratios = cohort_ratios(packaged_ages(about.earlier), packaged_ages(about.later))
    return ratios[ratios["unit_id"] == about.nation].set_index("age_from")["ratio"]


def default_movement(units: Iterable[object]) -> Movement:
    """
    Return the movement that is assumed where a study names none.

    Parameters
    ----------
    units
        Ids of the units.

    Returns
    -------
    Movement
        `HENAN` where all are counties of Henan, `NATION` where all have six-digit codes of
        counties elsewhere in China, otherwise `NONE`.
    """
    ids = [str(unit) for unit in units]
    if ids and is_county(ids).all():
        return Movement.HENAN
    # provinces have codes from 11 to 65; 71 to 82 have censuses of their own
    is_chinese = [len(i) == _COUNTY_CODE_DIGITS and i.isdigit() and "11" <= i < "66" for i in ids]
    return Movement.NATION if ids and all(is_chinese) else Movement.NONE


def movement_ratios(movement: Movement, units: Iterable[object]) -> pd.DataFrame | None:
    """
    Return the ten-year ratios of a movement by unit, with their band.

    Parameters
    ----------
    movement
        Any but `GIVEN`.
    units
        Ids of the units.

    Returns
    -------
    DataFrame
        Columns `unit_id`, `age_from`, `age_to` (at the beginning of the decade), `low`, `middle`,
        `high` and `cohort` (the part of `middle` that goes with a cohort whatever its age: the
        nation's ratio, with hardly any migration in it); None for `NONE`. The band holds eight of
        ten units of Henan of the same kind (districts of a city apart from counties). A county's
        own ratio has the band of the middle half of its kind around it: nothing shows how far a
        ratio lasts into the next decade.

    Raises
    ------
    StudyError
        When a unit's own ratio is wanted and it is not in both packaged censuses.
    """
    ids = sorted(str(unit) for unit in units)
    if movement is Movement.NONE:
        return None
    # a county has one row a cohort, so the table only changes its shape
    wide = county_ratios().set_index(["unit_id", "age_from"])["ratio"].unstack("age_from")  # noqa: PD010
    if movement is Movement.COUNTY and (missing := sorted(set(ids) - set(wide.index))):
        raise StudyError(Message("forecast.no_own_ratio", units=missing))
    kinds = is_district(wide.index)
    tables = []
    for unit in ids:
        alike = wide[kinds == is_district([unit])[0]]
        if movement is Movement.COUNTY:
            middle = wide.loc[unit]
            low, high = (middle * alike.quantile(q) / alike.median() for q in _OWN_BAND)
        else:
            middle = nation_ratios() if movement is Movement.NATION else wide.median()
            low = np.minimum(alike.quantile(_BAND[0]), middle)
            high = np.maximum(alike.quantile(_BAND[1]), middle)
        rows = pd.DataFrame({"low": low, "middle": middle, "high": high, "unit_id": unit})
        tables.append(rows.rename_axis("age_from").reset_index())
    table = pd.concat(tables, ignore_index=True)
    table["age_to"] = table["age_from"].map(dict(_COHORTS))
    table["cohort"] = table["age_from"].map(nation_ratios())
    return table[[*_KEYS, *VARIANTS, "cohort"]]


def ratio_faults(table: pd.DataFrame) -> list[Message]:
    """Report what is wrong with a table of ratios: gaps between groups, numbers not above 0."""
    name = Message("forecast.ratios_table")
    spans = table[["age_from", "age_to"]].drop_duplicates().sort_values("age_from").to_numpy()
    is_seamless = bool(len(spans)) and spans[0, 0] == 0 and (spans[:, 1] >= spans[:, 0]).all()
    is_seamless = is_seamless and (spans[1:, 0] == spans[:-1, 1] + 1).all()
    faults = [] if is_seamless else [Message("forecast.ratio_ages", table=name)]
    if not (table[list(VARIANTS)].astype(float) > 0).all(axis=None):
        faults.append(Message("forecast.ratio_positive", table=name))
    keys = [key for key in ("unit_id", "age_from") if key in table]
    if table.duplicated(keys).any():
        faults.append(Message("forecast.ratio_twice", table=name))
    return faults
