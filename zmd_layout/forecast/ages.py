"""From age groups to single years of age, and from those to the stages of schooling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.forecast.apportionment import apportion
from zmd_layout.forecast.figures import standards
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

_AGE_COLUMN = re.compile(r"residents_(\d+)_(\d+)")
# a last group that reaches this age is an open one: the groups then hold everybody
_EVERYBODY = 100
# residents and ages of one table are whole counts; this absorbs the noise of a sum of fractions
_PEOPLE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, order=True)
class AgeGroup:
    """A group of ages in completed years, both ends included, and the column that counts it."""

    first: int
    last: int
    column: str


def age_groups(columns: Iterable[object]) -> list[AgeGroup]:
    """
    Find the age groups among columns named `residents_<from>_<to>`.

    Parameters
    ----------
    columns
        All columns of a table, in any order; others are passed over.

    Returns
    -------
    list of AgeGroup
        Sorted by age; each group begins where the last one ended.

    Raises
    ------
    LayerError
        When there is no group, or groups overlap, leave a gap, or end before they begin.
    """
    matches = (_AGE_COLUMN.fullmatch(str(column)) for column in columns)
    groups = sorted(AgeGroup(int(m[1]), int(m[2]), m[0]) for m in matches if m)
    if not groups:
        raise LayerError(Message("forecast.no_ages"))
    faults = [
        Message("forecast.age_order", column=group.column)
        for group in groups
        if group.last < group.first
    ]
    faults += [
        Message("forecast.age_seam", before=before.column, after=after.column)
        for before, after in pairwise(groups)
        if after.first != before.last + 1
    ]
    if faults:
        raise LayerError(*faults)
    return groups


def single_years(
    frame: pd.DataFrame, *, whole: bool = False, breaks: Sequence[int] | None = None
) -> pd.DataFrame:
    """
    Split age groups into single years of age, keeping the total of every group.

    Parameters
    ----------
    frame
        One row a unit, with columns `residents_<from>_<to>`; where `residents` is there, the ages
        are checked against it.
    whole
        Whether the result is whole people (largest remainder, the younger age first among
        equals); the groups must then be whole themselves.
    breaks
        Ages at which the numbers may jump, so that no smooth curve is drawn across them; without
        it the age at which compulsory schooling ends, when many leave for work or for a school
        elsewhere. A break inside a group has no effect.

    Returns
    -------
    DataFrame
        Index of `frame`, columns `age` = completed years. A unit with an unknown group is unknown
        (NaN) at every age, for a spline needs all of them. With `whole` the type is Int64, and
        unknown is NA.

    Raises
    ------
    LayerError
        Groups that do not follow each other, negative numbers, ages that do not sum to the
        residents, fractions where whole people are asked.

    Notes
    -----
    A monotone cubic spline (PCHIP: Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5, 1984) through
    the cumulated counts: it meets every group's total, and as it never falls no age is negative,
    which Sprague's multipliers do not promise. On cumulated counts by age see Smith, Hyndman &
    Wood, Journal of Population Research 21, 2004. How the years share a group is an assumption: on
    the census of Zhumadian the spline gives 803 thousand children of primary age, an even split
    of each group 792 thousand. Within an open last group (85 and over, `residents_85_120`) the
    split says nothing about real ages.
    """
    groups = age_groups(frame.columns)
    counts = frame[[group.column for group in groups]].to_numpy(dtype=float, na_value=np.nan)
    _check_counts(frame, counts, groups=groups, whole=whole)
    edges = np.array([groups[0].first, *(group.last + 1 for group in groups)])
    breaks = [packaged_stage_ages()[Stage.JUNIOR][1] + 1] if breaks is None else breaks
    known = ~np.isnan(counts).any(axis=1)
    parts = np.full((len(frame), edges[-1] - edges[0]), np.nan)
    parts[known] = _split(counts[known], edges, breaks=breaks)
    if whole:
        parts[known] = _to_the_person(parts[known], counts[known], edges)
    ages = pd.RangeIndex(edges[0], edges[-1], name="age")
    years = pd.DataFrame(parts, index=frame.index, columns=ages)
    return years.astype("Int64") if whole else years


def children_by_stage(
    years: pd.DataFrame,
    *,
    stage_ages: Mapping[Stage, tuple[int, int]] | None = None,
    strict: bool = True,
) -> pd.DataFrame:
    """
    Count the children of each stage of schooling.

    Parameters
    ----------
    years
        Index unit, columns single years of age, as `single_years` gives them.
    stage_ages
        First and last age of each stage, both included; without it those of `standards.toml`.
        An age is that on the day of the count (the census: 1 November), so it is a calendar
        approximation of the school year that begins on 1 September.
    strict
        Whether all ages must be there; otherwise a stage of which one is not is unknown.

    Returns
    -------
    DataFrame
        Index unit, one column a `Stage`; unknown where an age of the stage is unknown.

    Raises
    ------
    LayerError
        When ages of a stage are not there.
    """
    stage_ages = packaged_stage_ages() if stage_ages is None else stage_ages
    missing = [
        Message("forecast.stage_ages", stage=stage, first=first, last=last)
        for stage, (first, last) in stage_ages.items()
        if not set(range(first, last + 1)) <= set(years.columns)
    ]
    if missing and strict:
        raise LayerError(*missing)
    oldest = max(last for _, last in stage_ages.values())
    years = years.reindex(columns=range(oldest + 1))
    return pd.DataFrame(
        {
            stage: years[list(range(first, last + 1))].sum(axis=1, skipna=False)
            for stage, (first, last) in stage_ages.items()
        },
        index=years.index,
    )


def age_faults(frame: pd.DataFrame) -> list[Message]:
    """
    Report where the ages of a layer of units do not sum to its residents.

    Parameters
    ----------
    frame
        With `unit_id`; without `residents`, without age groups, or with groups that do not follow
        each other there is nothing to compare.

    Returns
    -------
    list of Message
        One for each unit. Where the groups hold everybody (from 0 to an open last group), the sum
        must be that of the residents; otherwise it must not exceed it.
    """
    try:
        groups = age_groups(frame.columns)
    except LayerError:
        return []
    if "residents" not in frame:
        return []
    counts = frame[[group.column for group in groups]].to_numpy(dtype=float, na_value=np.nan)
    return _sum_faults(frame.set_index("unit_id"), counts, groups=groups)


def packaged_stage_ages() -> dict[Stage, tuple[int, int]]:
    """Return the first and last age of each stage of schooling, from `standards.toml`."""
    return {stage: (ages.first, ages.last) for stage, ages in standards().stage_ages.items()}


def _split(
    counts: NDArray[np.float64], edges: NDArray[np.int64], *, breaks: Sequence[int]
) -> NDArray[np.float64]:
    """Split (n, groups) counts at (groups + 1) edges into (n, ages), afresh after each break."""
    if not len(counts):
        return np.zeros((0, edges[-1] - edges[0]))
    cuts = [cut for cut in range(1, len(edges) - 1) if edges[cut] in breaks]
    pieces = pairwise([0, *cuts, len(edges) - 1])
    return np.hstack(
        [_spline(counts[:, first:last], edges[first : last + 1]) for first, last in pieces]
    )


def _spline(counts: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - slow to load

    cumulated = np.hstack([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)])
    curve: NDArray[np.float64] = PchipInterpolator(edges, cumulated, axis=1)(
        np.arange(edges[0], edges[-1] + 1)
    )
    # rounding can leave −1e-12 where the curve is flat, and a last digit lost in each total
    parts = np.clip(np.diff(curve, axis=1), 0.0, None)
    sums = np.add.reduceat(parts, edges[:-1] - edges[0], axis=1)
    scale = np.divide(counts, sums, out=np.zeros_like(counts), where=sums > 0)
    parts *= np.repeat(scale, np.diff(edges), axis=1)
    return parts


def _to_the_person(
    parts: NDArray[np.float64], counts: NDArray[np.float64], edges: NDArray[np.int64]
) -> NDArray[np.int64]:
    numbers = np.arange(counts.size).reshape(counts.shape)
    groups = np.repeat(numbers, np.diff(edges), axis=1)
    totals = np.rint(counts).astype(np.int64)
    people = apportion(parts.ravel(), groups=groups.ravel(), totals=totals.ravel())
    return people.reshape(parts.shape)


def _check_counts(
    frame: pd.DataFrame, counts: NDArray[np.float64], *, groups: list[AgeGroup], whole: bool
) -> None:
    faults = []
    negative = frame.index[np.any(counts < 0, axis=1)]
    if len(negative):
        faults.append(Message("forecast.negative_ages", units=_some(negative)))
    broken = frame.index[np.any(np.nan_to_num(counts) % 1 != 0, axis=1)]
    if whole and len(broken):
        faults.append(Message("forecast.not_whole", units=_some(broken)))
    if "residents" in frame:
        faults += _sum_faults(frame, counts, groups=groups)
    if faults:
        raise LayerError(*faults)


def _sum_faults(
    frame: pd.DataFrame, counts: NDArray[np.float64], *, groups: list[AgeGroup]
) -> list[Message]:
    """Compare the sum of ages with the residents; a NaN on either side compares as in order."""
    residents = frame["residents"].to_numpy(dtype=float, na_value=np.nan)
    excess = counts.sum(axis=1) - residents
    tolerance = _PEOPLE_TOLERANCE * np.maximum(residents, 1.0)
    holds_everybody = groups[0].first == 0 and groups[-1].last >= _EVERYBODY
    wrong = np.abs(excess) > tolerance if holds_everybody else excess > tolerance
    key = "forecast.ages_differ" if holds_everybody else "forecast.ages_exceed"
    return [
        Message(key, unit=unit, ages=f"{residents[row] + excess[row]:,.0f}",
                residents=f"{residents[row]:,.0f}")
        for row, unit in enumerate(frame.index)
        if wrong[row]
    ]  # fmt: skip


def _some(units: pd.Index, most: int = 10) -> list[str]:
    """Name the first few of many units in a message, in a stable order."""
    names = sorted(map(str, units))
    return names if len(names) <= most else [*names[:most], "…"]
