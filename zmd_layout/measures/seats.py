"""Seats of schools by unit, stage and year, in three capacities."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.checks.conditions import is_missing
from zmd_layout.forecast import Capacity, school_capacities, standards, supply, values
from zmd_layout.measures.listed import uncovered
from zmd_layout.vocabulary import SchoolStatus, Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

GRADES = {Stage.PRIMARY: 6, Stage.JUNIOR: 3, Stage.SENIOR: 3}
STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)
_AMOUNTS = ("seats", "classes", "classrooms", "enrolment")
_ALWAYS = (0, 9999)
_AUTUMN = 9  # the month in which a school year begins


def seats_of(world: World, units: Units, *, years: Iterable[int]) -> pd.DataFrame | None:
    """
    Add up the seats of schools, year by year.

    Schools that operate have theirs until they are closed, as the layer `closures` says; those
    under construction from the autumn in which they open, those late from the year after the
    assessment on; planned ones never. What was before the assessment is taken to be as it is on
    its day. A school of several stages is divided by its grades, and one without classes that is
    not yet open has its design seats in every capacity: both are assumptions.

    Parameters
    ----------
    world
        The study.
    units
        The units.
    years
        The years wanted.

    Returns
    -------
    seats
        As `forecast.supply` gives it by year, with a row for every unit, stage, year and capacity;
        None without schools of known stages. A unit without a school of a stage has 0 seats where
        the layer is complete; where it is not, and where a school of the unit may or may not have
        the stage, its seats are unknown.
    """
    layer = world.layers.get("schools")
    if layer is None or "stages" not in layer.frame:
        return None
    frame = layer.frame
    place = in_holders(world.members(layer, units), units)
    spans = _spans(world, frame)
    is_there = spans.notna() & (place != "")
    unknown = frame["stages"].map(is_missing)
    counted = is_there & place.notna() & ~unknown
    # an empty table would take the rows of a longer column
    rows = frame[counted].assign(unit_id=place[counted], span=spans[counted])
    if rows.empty:
        return None
    full = _by_year(rows, units, sorted(years))
    open_ = is_there & (unknown | place.isna()) & (frame["status"] == SchoolStatus.OPERATING)
    lost = {None if is_missing(unit) else unit for unit in place[open_]}
    in_doubt = full["unit_id"].isin(lost) | (None in lost)
    for stage in STAGES:
        untold = [*uncovered(world, layer, units, [stage])]
        in_doubt |= (full["stage"] == stage) & full["unit_id"].isin(untold)
    full["seats"] = full["seats"].mask(in_doubt)
    return full


def in_holders(place: pd.Series[Any], units: Units) -> pd.Series[Any]:
    """Put what lies in a unit within another, such as a zone in a district, into the other."""
    if "within" not in units.frame:
        return place
    known = units.frame["within"].dropna()
    holder: pd.Series[Any] = place.map(known.to_dict())
    return holder.where(holder.notna(), place)


@dataclass(frozen=True, slots=True)
class _Opening:
    """On which day the assessment is, and when schools close, by `school_id`."""

    as_of: dt.date
    closing: dict[str, dt.date]

    def span(self, school_id: str, status: object, opens_on: Any) -> tuple[int, int] | None:  # noqa: ANN401 - a date or missing
        """Give the first and last year in which a school has its seats; None: in none."""
        first, last = _ALWAYS
        if status == SchoolStatus.UNDER_CONSTRUCTION and not is_missing(opens_on):
            first = opens_on.year + int(opens_on.month > _AUTUMN)
            if opens_on <= self.as_of:
                first = max(first, self.as_of.year + 1)
        elif status != SchoolStatus.OPERATING:
            return None
        closes_on = self.closing.get(school_id)
        if closes_on is not None and closes_on > self.as_of:
            last = closes_on.year - int(closes_on.month < _AUTUMN)
        return first, last


def _spans(world: World, frame: pd.DataFrame) -> pd.Series[Any]:
    """Give each school's first and last year with seats, or None."""
    layer = world.layers.get("closures")
    closing = {}
    if layer is not None and "closes_on" in layer.frame:
        known = layer.frame[~layer.frame["closes_on"].map(is_missing)]
        closing = dict(zip(known["school_id"], known["closes_on"], strict=True))
    opening = _Opening(world.as_of, closing)
    nothing = pd.Series(None, index=frame.index, dtype=object)
    cells = zip(frame["school_id"], frame["status"], frame.get("opens_on", nothing), strict=True)
    spans = [opening.span(str(school), status, day) for school, status, day in cells]
    return pd.Series(spans, index=frame.index, dtype=object)


def _by_year(rows: pd.DataFrame, units: Units, years: list[int]) -> pd.DataFrame:
    """Add seats up once for each run of years in which the same schools have them."""
    first = np.array([span[0] for span in rows["span"]])
    last = np.array([span[1] for span in rows["span"]])
    turns = sorted({*first, *(last + 1)})
    runs: dict[int, list[int]] = {}
    for year in years:
        runs.setdefault(bisect_right(turns, year), []).append(year)
    tables = [
        _added_up(rows[(first <= run[0]) & (run[0] <= last)], units).merge(
            pd.DataFrame({"year": run}), how="cross"
        )
        for run in runs.values()
    ]
    return pd.concat(tables, ignore_index=True)


def _added_up(rows: pd.DataFrame, units: Units) -> pd.DataFrame:
    keys = ["unit_id", "stage", "capacity"]
    full = pd.DataFrame(product(units.frame.index, STAGES, Capacity), columns=keys)
    parts = [of_stage(rows, stage) for stage in STAGES]
    table = pd.concat(parts, ignore_index=True)
    capacities = school_capacities(table, class_sizes=values(standards().class_sizes))
    full = full.merge(supply(capacities), on=keys, how="left")
    none = full["schools"].isna()
    full.loc[none, ["schools", "schools_known", "seats_known", "seats"]] = 0.0
    return full


def of_stage(rows: pd.DataFrame, stage: Stage) -> pd.DataFrame:
    """
    Give the schools of a stage with its part of their seats and pupils, by share of grades.

    Parameters
    ----------
    rows
        Schools with `unit_id, school_id, stages, status` and as far as known `seats, classes,
        classrooms, enrolment`.
    stage
        Which; a school of several stages is divided by its grades, an assumption.
    """
    stages = rows["stages"].astype(str).str.split(";")
    mine = rows[stages.map(lambda found: str(stage) in found).to_numpy(dtype=bool)]
    share = stages[mine.index].map(lambda found: _grade_share(found, stage)).to_numpy(dtype=float)
    part = pd.DataFrame({"unit_id": mine["unit_id"], "school_id": mine["school_id"]})
    part["stage"] = stage
    for name in _AMOUNTS:
        known = mine[name].to_numpy(dtype=float) if name in mine else np.full(len(mine), np.nan)
        part[name] = known * share
    size = standards().class_sizes[stage].value
    is_new = (mine["status"] == SchoolStatus.UNDER_CONSTRUCTION).to_numpy()
    for name in ("classes", "classrooms"):
        part[name] = part[name].where(part[name].notna() | ~is_new, part["seats"] / size)
    return part


def _grade_share(stages: list[str], stage: Stage) -> float:
    grades = [GRADES[Stage(s)] for s in stages if s in GRADES]
    return GRADES[stage] / sum(grades) if stage in GRADES and grades else 1.0
