"""Grade progression (队列递进比): pupils of a grade for each pupil of the grade and year before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEYS = ["unit_id", "year", "grade"]


def progression_ratios(enrolment: pd.DataFrame) -> pd.DataFrame:
    """
    Measure how many pupils of each grade reach the next one a year later.

    A ratio above 1 tells of children who come (back), below 1 of those who leave.

    Parameters
    ----------
    enrolment
        Columns `unit_id`, `year` (in which the school year begins), `grade` (1 to 12, counted
        through from the first year of primary school) and `pupils` (NaN is unknown).

    Returns
    -------
    DataFrame
        Columns `unit_id`, `grade` (that is left), `ratio` (pupils a year later in the next grade
        over pupils, summed over all pairs of years that are known) and `pairs` (how many). A ratio
        of nobody is unknown.

    Raises
    ------
    LayerError
        When a unit has a grade twice in a year, or no two years follow each other.
    """
    before = _checked(enrolment)
    after = before.assign(year=before["year"] - 1, grade=before["grade"] - 1)
    pairs = before.merge(after, on=_KEYS, suffixes=("", "_after")).dropna()
    if pairs.empty:
        raise LayerError(Message("forecast.no_grade_pairs"))
    groups = pairs.groupby(["unit_id", "grade"])
    sums = groups[["pupils", "pupils_after"]].sum()
    ratio = sums["pupils_after"] / sums["pupils"].where(sums["pupils"] > 0)
    return pd.DataFrame({"ratio": ratio, "pairs": groups.size()}).reset_index()


def progress(
    enrolment: pd.DataFrame, ratios: pd.DataFrame, *, intake: pd.DataFrame, years: Iterable[int]
) -> pd.DataFrame:
    """
    Carry pupils from grade to grade.

    Parameters
    ----------
    enrolment
        As in `progression_ratios`. Its last year is carried on; a unit without that year is left
        out.
    ratios
        As `progression_ratios` gives them.
    intake
        Columns `unit_id`, `year`, `pupils`: those who enter the first grade, such as the children
        of age 6 of a cohort forecast.
    years
        The years wanted, all after the last one of `enrolment`.

    Returns
    -------
    DataFrame
        Columns `unit_id`, `year`, `grade`, `pupils`; NaN where pupils, a ratio or the intake is
        unknown. Sorted.

    Raises
    ------
    LayerError
        When a unit has a grade twice in a year, or a year is wanted that is already there.
    """
    pupils = _checked(enrolment)
    last = int(pupils["year"].max())
    wanted = sorted(set(years))
    if not wanted or wanted[0] <= last:
        raise LayerError(Message("forecast.grade_years", last=last, found=wanted[:1]))
    current = _wide(pupils[pupils["year"] == last], "grade", "pupils")
    current = current.reindex(columns=pd.RangeIndex(1, pupils["grade"].max() + 1, name="grade"))
    ratio = _wide(ratios, "grade", "ratio").reindex_like(current)
    entering = _wide(intake, "year", "pupils").reindex(index=current.index)
    by_year = {}
    for year in range(last + 1, wanted[-1] + 1):
        current = (current * ratio).shift(1, axis=1)
        current[1] = entering.get(year, np.nan)
        by_year[year] = current
    frames = pd.concat([by_year[year] for year in wanted], keys=wanted, names=["year"])
    tidy = frames.melt(ignore_index=False, value_name="pupils").reset_index()
    return tidy.sort_values(_KEYS, ignore_index=True)[[*_KEYS, "pupils"]]


def _checked(enrolment: pd.DataFrame) -> pd.DataFrame:
    """Refuse what is twice there, and keep the four columns."""
    twice = enrolment[enrolment.duplicated(_KEYS)]
    if len(twice):
        units = sorted({str(unit) for unit in twice["unit_id"]})
        raise LayerError(Message("forecast.grade_twice", units=units))
    return enrolment[[*_KEYS, "pupils"]]


def _wide(table: pd.DataFrame, columns: str, values: str) -> pd.DataFrame:
    """Lay a tidy table out by unit; `pivot` refuses what is twice there, `pivot_table` sums it."""
    return table.pivot(index="unit_id", columns=columns, values=values)  # noqa: PD010 - see above
