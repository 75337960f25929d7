"""Seats that children need: by cohort and class size, and by the per-thousand indicator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.errors import StudyError
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.vocabulary import Stage

# a class is not opened for the noise of a floating sum
_CLASS_DECIMALS = 6


def seats_needed(
    children: pd.DataFrame,
    *,
    class_sizes: Mapping[Stage, float],
    attendance: Mapping[Stage, float] | None = None,
) -> pd.DataFrame:
    """
    Turn children into seats and classes.

    Parameters
    ----------
    children
        As `forecast` gives it, by stage.
    class_sizes
        Most pupils in a class by stage; stages that are not named are left out.
    attendance
        Seats needed for each child by stage, such as 0.93 in kindergartens, or the share of 15–17
        that goes to a general senior school. A stage that is not named needs one seat a child.

    Returns
    -------
    DataFrame
        Columns `unit_id`, `year`, `stage`, `low`, `middle`, `high` (seats), `classes_low`,
        `classes_middle`, `classes_high` (whole classes, rounded up for the unit as a whole; NaN is
        unknown), `born_share`, `is_born`.

    Raises
    ------
    StudyError
        When a class size is not above 0 or an attendance is negative.

    Notes
    -----
    Classes are those of a unit that fills every class: grades and schools that cannot share a
    class need more.
    """
    attendance = {} if attendance is None else attendance
    _check_parameters(class_sizes, attendance)
    rows = children[children["stage"].isin(list(class_sizes))].reset_index(drop=True)
    factor = rows["stage"].map(lambda stage: attendance.get(stage, 1.0)).astype(float)
    size = rows["stage"].map(class_sizes).astype(float)
    seats = rows[list(VARIANTS)].mul(factor, axis=0)
    classes = seats.div(size, axis=0).round(_CLASS_DECIMALS).apply(np.ceil).add_prefix("classes_")
    keys, tail = ["unit_id", "year", "stage"], ["born_share", "is_born"]
    return rows[keys].join([seats, classes, rows[tail]])


def compare_methods(
    seats: pd.DataFrame,
    residents: pd.Series,
    *,
    seats_per_thousand: Mapping[Stage, float],
) -> pd.DataFrame:
    """
    Set the per-thousand indicator (千人指标法) beside the cohort method.

    Parameters
    ----------
    seats
        As `seats_needed` gives it.
    residents
        Residents by unit; the indicator knows no year, so one count stands for all of them.
    seats_per_thousand
        Seats for each thousand residents by stage; stages that are not named are left out.

    Returns
    -------
    DataFrame
        Columns `unit_id`, `year`, `stage`, `cohort_seats` (middle), `per_thousand_seats`,
        `difference` (cohort − per thousand), `cohort_per_thousand` (the indicator that the cohorts
        of that year come to) and `note` (a `Message` that explains the difference). NaN is
        unknown.
    """
    rows = seats[seats["stage"].isin(list(seats_per_thousand))].reset_index(drop=True)
    people = rows["unit_id"].map(residents).astype(float)
    indicator = rows["stage"].map(seats_per_thousand).astype(float)
    table = rows[["unit_id", "year", "stage"]].assign(
        cohort_seats=rows["middle"],
        per_thousand_seats=people / 1000.0 * indicator,
        cohort_per_thousand=rows["middle"] / people.where(people > 0) * 1000.0,
    )
    table["difference"] = table["cohort_seats"] - table["per_thousand_seats"]
    notes = zip(indicator, table["cohort_per_thousand"], rows["is_born"], strict=True)
    table["note"] = pd.Series([_difference(*values) for values in notes], dtype=object)
    return table


def _difference(indicator: float, cohorts: float, is_born: bool) -> Message:  # noqa: FBT001 - a row's values, in order
    if np.isnan(cohorts):
        return Message("forecast.methods_unknown")
    born = Message("forecast.cohorts_born" if is_born else "forecast.cohorts_supposed")
    if np.isclose(indicator, cohorts, rtol=0.0, atol=0.5):
        key = "forecast.methods_agree"
    else:
        key = "forecast.methods_more" if cohorts > indicator else "forecast.methods_fewer"
    return Message(key, cohorts=f"{cohorts:.1f}", indicator=f"{indicator:.1f}", born=born)


def _check_parameters(
    class_sizes: Mapping[Stage, float], attendance: Mapping[Stage, float]
) -> None:
    faults = [
        Message("forecast.class_size", stage=stage, found=size)
        for stage, size in class_sizes.items()
        if not size > 0
    ]
    faults += [
        Message("forecast.attendance", stage=stage, found=share)
        for stage, share in attendance.items()
        if not share >= 0
    ]
    if faults:
        raise StudyError(*faults)
