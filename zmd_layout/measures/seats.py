"""Seats of the schools that operate, by unit and stage, in three capacities."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.forecast import Capacity, school_capacities, standards, supply, values
from zmd_layout.measures.conditions import is_missing
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

GRADES = {Stage.PRIMARY: 6, Stage.JUNIOR: 3, Stage.SENIOR: 3}
STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)
_AMOUNTS = ("seats", "classes", "classrooms", "enrolment")


def seats_of(world: World, units: Units) -> pd.DataFrame | None:
    """
    Add up the seats of operating schools.

    A school of several stages is divided by its grades, which is an assumption.

    Returns
    -------
    seats
        As `forecast.supply` gives it, with a row for every unit, stage and capacity; None without
        schools of known stages. A unit without a school of a stage has 0 seats where the layer is
        complete; where it is not, and where a school of the unit may or may not have the stage,
        its seats are unknown.
    """
    layer = world.layers.get("schools")
    if layer is None or "stages" not in layer.frame:
        return None
    frame = layer.frame
    place = world.members(layer, units)
    is_there = (frame["status"] == "operating") & (place != "")
    unknown = frame["stages"].map(is_missing)
    counted = is_there & place.notna() & ~unknown
    # an empty table would take the rows of a longer column
    rows = frame[counted].assign(unit_id=place[counted])
    if rows.empty:
        return None
    table = pd.concat([_of_stage(rows, stage) for stage in STAGES], ignore_index=True)
    capacities = school_capacities(table, class_sizes=values(standards().class_sizes))
    keys = ["unit_id", "stage", "capacity"]
    every = pd.DataFrame(product(units.frame.index, STAGES, Capacity), columns=keys)
    full = every.merge(supply(capacities), on=keys, how="left")
    none = full["schools"].isna()
    full.loc[none, ["schools", "schools_known", "seats_known", "seats"]] = 0.0
    open_ = is_there & (unknown | place.isna())
    lost = _may_be_elsewhere(frame[open_], place[open_])
    in_doubt = full["unit_id"].isin(lost) | (None in lost) | (not layer.origin.is_complete)
    full["seats"] = full["seats"].mask(in_doubt)
    return full


def _may_be_elsewhere(frame: pd.DataFrame, place: pd.Series) -> set[object]:
    """Give the units that may have more seats than known; None: any of them may."""
    return {None if is_missing(unit) else unit for unit in place} if len(frame) else set()


def _of_stage(rows: pd.DataFrame, stage: Stage) -> pd.DataFrame:
    """Give the schools of a stage with its part of their seats, by share of grades."""
    stages = rows["stages"].astype(str).str.split(";")
    mine = rows[stages.map(lambda found: str(stage) in found)]
    share = stages[mine.index].map(lambda found: _grade_share(found, stage)).to_numpy(dtype=float)
    part = pd.DataFrame({"unit_id": mine["unit_id"], "school_id": mine["school_id"]})
    part["stage"] = stage
    for name in _AMOUNTS:
        known = mine[name].to_numpy(dtype=float) if name in mine else np.full(len(mine), np.nan)
        part[name] = known * share
    return part


def _grade_share(stages: list[str], stage: Stage) -> float:
    grades = [GRADES[Stage(s)] for s in stages if s in GRADES]
    return GRADES[stage] / sum(grades) if stage in GRADES and grades else 1.0
