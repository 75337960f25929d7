"""Seats needed against seats there (供需平衡表), with supply in three capacities."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.vocabulary import Stage


class Capacity(StrEnum):
    """How the seats of a school are counted."""

    DESIGN = "design"  # the seats it was built for
    CLASSES = "classes"  # classes that run × standard class size
    CLASSROOMS = "classrooms"  # rooms that could hold a class × standard class size


_COLUMNS = {
    Capacity.DESIGN: "seats",
    Capacity.CLASSES: "classes",
    Capacity.CLASSROOMS: "classrooms",
}


def school_capacities(schools: pd.DataFrame, *, class_sizes: Mapping[Stage, float]) -> pd.DataFrame:
    """
    Count the seats of each school in three ways, and what they leave.

    Parameters
    ----------
    schools
        One row for each school and stage: `school_id`, `unit_id`, `stage`, and as far as known
        `seats`, `classes`, `classrooms`, `enrolment` (NaN, or no such column: unknown).
    class_sizes
        Standard pupils in a class by stage; a stage that is not named has unknown seats by classes
        and classrooms.

    Returns
    -------
    DataFrame
        One row for each school, stage and `capacity`: `unit_id`, `school_id`, `stage`, `capacity`,
        `seats`, `enrolment`, `spare_seats` (seats − enrolment, at least 0) and `pupils_over`
        (enrolment − seats, at least 0). Running classes never count beyond the standard, so that a
        school with 55 in a class is full and has pupils over; it has nothing to spare. NaN is
        unknown. Sorted.

    Raises
    ------
    LayerError
        When a school has a stage twice.
    """
    twice = schools[schools.duplicated(["school_id", "stage"])]
    if len(twice):
        found = sorted({str(school) for school in twice["school_id"]})
        raise LayerError(Message("forecast.school_twice", schools=found))
    known = schools.reindex(
        columns=["unit_id", "school_id", "stage", "enrolment", *_COLUMNS.values()]
    )
    size = known["stage"].map(class_sizes).astype(float)
    keys = known[["unit_id", "school_id", "stage"]]
    enrolment = known["enrolment"].astype(float)
    tables = []
    for capacity, column in _COLUMNS.items():
        count = known[column].astype(float)
        seats = count if capacity is Capacity.DESIGN else count * size
        tables.append(
            keys.assign(
                capacity=capacity,
                seats=seats,
                enrolment=enrolment,
                spare_seats=(seats - enrolment).clip(lower=0.0),
                pupils_over=(enrolment - seats).clip(lower=0.0),
            )
        )
    order = ["unit_id", "stage", "school_id", "capacity"]
    return pd.concat(tables).sort_values(order, ignore_index=True)


def supply(capacities: pd.DataFrame) -> pd.DataFrame:
    """
    Add the seats of schools up by unit, stage and capacity.

    Parameters
    ----------
    capacities
        As `school_capacities` gives it; with a column `year`, the sums are by year too.

    Returns
    -------
    DataFrame
        Columns `unit_id`, `stage`, (`year`,) `capacity`, `schools`, `schools_known` (whose seats
        are known), `seats_known` (their sum) and `seats` (the same, but NaN while any school's
        seats are unknown: unknown seats are not missing seats).
    """
    keys = [key for key in ("unit_id", "stage", "year", "capacity") if key in capacities]
    sums = capacities.groupby(keys)["seats"].agg(
        schools="size", schools_known="count", seats_known="sum"
    )
    sums["seats"] = sums["seats_known"].where(sums["schools"] == sums["schools_known"])
    return sums.reset_index()


def balance(needed: pd.DataFrame, supplied: pd.DataFrame) -> pd.DataFrame:
    """
    Set the seats needed against the seats there.

    Parameters
    ----------
    needed
        As `seats_needed` gives it.
    supplied
        As `supply` gives it. Without a column `year` it holds for all years. A unit and stage
        without any row has unknown supply; where it is known that no school is there, say so with
        a row of 0 seats.

    Returns
    -------
    DataFrame
        One row for each unit, stage, year and capacity: `unit_id`, `stage`, `year`, `capacity`,
        `needed_low`, `needed_middle`, `needed_high`, `seats`, `gap_low`, `gap_middle`, `gap_high`
        (seats missing, at least 0), `spare_low`, `spare_middle`, `spare_high` (seats left over, at
        least 0), `schools`, `schools_known`, `is_born`. NaN is unknown. Sorted.
    """
    every = pd.DataFrame({"capacity": list(Capacity)})
    columns = ["unit_id", "stage", "year", *VARIANTS, "is_born"]
    rows = needed[columns].rename(columns={name: f"needed_{name}" for name in VARIANTS})
    keys = [key for key in ("unit_id", "stage", "year", "capacity") if key in supplied]
    there = supplied[[*keys, "schools", "schools_known", "seats"]]
    table = rows.merge(every, how="cross").merge(there, on=keys, how="left", validate="m:1")
    for name in VARIANTS:
        missing = table[f"needed_{name}"] - table["seats"]
        table[f"gap_{name}"] = missing.clip(lower=0.0)
        # the variant with fewest children leaves most seats: each keeps its own name
        table[f"spare_{name}"] = (-missing).clip(lower=0.0)
    return table.sort_values(["unit_id", "stage", "year", "capacity"], ignore_index=True)
