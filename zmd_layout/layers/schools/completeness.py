"""How much of what must exist is known: schools by unit and stage against expected counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.vocabulary import SchoolStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = ("unit_id", "stage", "known", "possible", "expected", "share")


def completeness(
    schools: pd.DataFrame, place: pd.Series[Any], expected: Mapping[str, Mapping[Stage, int]]
) -> pd.DataFrame:
    """
    Hold the known schools against counts of the statistics.

    Parameters
    ----------
    schools
        The layer of schools: `stages`, `possible_stages`, `status`, `is_teaching_point`. Counted
        are schools in operation that are no teaching points; a nine-year school counts in both of
        its stages, so that the expected counts must do the same.
    place
        On the same index: the unit in which each school lies.
    expected
        Unit id → stage → number of schools, of the year of the list.

    Returns
    -------
    table
        `COLUMNS`, a row for each unit and stage of `expected`, in order. `known` are schools that
        surely have the stage, `possible` those besides whose stages are open. `share` is known /
        expected, not above 1; NaN where none is expected.
    """
    counted = schools[is_counted(schools)]
    where = place[counted.index]
    rows = []
    for unit_id in sorted(expected):
        here = counted[(where == unit_id).to_numpy()]
        for stage in (stage for stage in Stage if stage in expected[unit_id]):
            wanted = expected[unit_id][stage]
            known, possible = _count(here, stage)
            share = min(known / wanted, 1.0) if wanted else float("nan")
            rows.append((unit_id, str(stage), known, possible, wanted, share))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def counts_of(schools: pd.DataFrame, place: pd.Series[Any]) -> dict[str, dict[Stage, int]]:
    """
    Count the schools of a list by unit and stage, as `completeness` expects them.

    Schools of open stage count in none, and so do those whose unit is unknown.
    """
    counted = schools[is_counted(schools)]
    where = place[counted.index]
    units = sorted({str(unit) for unit in where.dropna() if unit})
    return {
        unit: {stage: _count(counted[(where == unit).to_numpy()], stage)[0] for stage in Stage}
        for unit in units
    }


def is_counted(schools: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows are schools in operation, teaching points left out."""
    is_point = schools["is_teaching_point"].map(lambda flag: flag is True).astype(bool)
    return (schools["status"] == SchoolStatus.OPERATING) & ~is_point


def _count(schools: pd.DataFrame, stage: Stage) -> tuple[int, int]:
    def has(column: str) -> pd.Series[bool]:
        if column not in schools:
            return pd.Series(data=False, index=schools.index)
        found: pd.Series[bool] = (
            schools[column]
            .map(lambda cell: isinstance(cell, str) and stage in cell.split(";"))
            .astype(bool)
        )
        return found

    sure = has("stages")
    return int(sure.sum()), int((has("possible_stages") & ~sure).sum())
