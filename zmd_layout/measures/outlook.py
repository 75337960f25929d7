"""
Children and seats by county, stage and year: what the census becomes, and what schools hold.

Children are cohorts of the census carried on (`forecast`); seats are those of the schools layer, in
three capacities. A school of several stages is divided by its grades, which is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.forecast import (
    Scenario,
    balance,
    default_scenario,
    forecast,
    school_capacities,
    seats_needed,
    single_years,
    standards,
    supply,
    suppositions,
    values,
)
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures.conditions import is_missing
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from zmd_layout.measures.world import World
    from zmd_layout.messages import Message

GRADES = {Stage.PRIMARY: 6, Stage.JUNIOR: 3, Stage.SENIOR: 3}
STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)
_YEARS_AHEAD = 15
_AMOUNTS = ("seats", "classes", "classrooms", "enrolment")


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    Children and seats to come.

    Attributes
    ----------
    children
        As `forecast.forecast` gives it, for counties; a unit within another is left out.
    balance
        As `forecast.balance` gives it; empty without a schools layer.
    suppositions
        What it supposes, for notes and legends.
    is_synthetic
        Whether made-up data are in the seats.
    """

    children: pd.DataFrame
    balance: pd.DataFrame
    suppositions: tuple[Message, ...]
    is_synthetic: bool


def outlook(world: World, *, scenario: Scenario | None = None) -> Outlook | None:
    """
    Carry the counties' children on and set their schools' seats beside them.

    Parameters
    ----------
    world
        The study.
    scenario
        What is supposed; by default Henan's births, no migration.

    Returns
    -------
    outlook
        None where the counties have no ages or no year.
    """
    layer = world.layers.get("counties")
    if layer is None or layer.origin.year is None:
        return None
    frame = layer.frame
    if "within" in frame:
        frame = frame[frame["within"].isna()]
    ages = [c for c in frame.columns if AGE_COLUMN.fullmatch(str(c))]
    if not ages:
        return None
    scenario = scenario or default_scenario()
    base = single_years(frame.set_index("unit_id")[ages])
    first = layer.origin.year
    children = forecast(
        base, base_year=first, years=range(first, first + _YEARS_AHEAD + 1), scenario=scenario
    )
    seats = _seats(world)
    sizes = values(standards().class_sizes)
    needed = seats_needed(children, class_sizes=sizes)
    table = balance(needed, seats) if seats is not None else pd.DataFrame()
    schools = world.layers.get("schools")
    return Outlook(children, table, suppositions(scenario), schools is not None and schools.is_made)


def _seats(world: World) -> pd.DataFrame | None:
    """Add up the seats of operating schools by county, stage and capacity."""
    layer, counties = world.layers.get("schools"), world.units(UnitKind.COUNTY, {})
    if layer is None or counties is None or "stages" not in layer.frame:
        return None
    frame = layer.frame
    place = world.members(layer, counties)
    is_there = (frame["status"] == "operating") & place.notna() & (place != "")
    is_there &= ~frame["stages"].map(is_missing)
    rows = frame[is_there].assign(unit_id=place[is_there])
    parts = [_of_stage(rows, stage) for stage in STAGES]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    capacities = school_capacities(table, class_sizes=values(standards().class_sizes))
    return supply(capacities)


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
