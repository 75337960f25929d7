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
from zmd_layout.measures.supply.listed import uncovered
from zmd_layout.vocabulary import SchoolStatus, Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from numpy.typing import NDArray

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
    its day. A school of several stages is divided by the list of classes, else by its grades, an
    assumption; so is that one without classes that is not yet open has its design seats in every
    capacity.

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
    full = _by_year(rows, units, sorted(years), listed_classes(world))
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


def seats_by_school(world: World, stage: Stage, *, years: Iterable[int]) -> pd.DataFrame | None:
    """
    List the schools that have seats of a stage in any of some years.

    Parameters
    ----------
    world
        The study.
    stage
        The stage.
    years
        The years wanted.

    Returns
    -------
    schools
        On the index of the layer: `school_id`, and of the stage's part `seats` (running classes ×
        standard class size, else those of the design; NaN is unknown), `classes`, `classrooms`,
        `enrolment`, and for each year whether the school has its seats. None without schools of
        known stages.
    """
    layer = world.layers.get("schools")
    if layer is None or "stages" not in layer.frame:
        return None
    spans = _spans(world, layer.frame)
    rows = layer.frame[spans.notna() & ~layer.frame["stages"].map(is_missing)]
    part = of_stage(rows.assign(unit_id=""), stage, listed_classes(world)).drop(columns="unit_id")
    by_class = part["classes"] * standards().class_sizes[stage].value
    part["seats"] = by_class.where(by_class.notna(), part["seats"])
    for year in years:
        part[year] = [first <= year <= last for first, last in spans[part.index]]
    return part


@dataclass(frozen=True, slots=True)
class _Opening:
    """On which day the assessment is, and when schools close, by `school_id`."""

    as_of: dt.date
    closing: dict[str, dt.date]

    def span(self, school_id: str, status: object, opens_on: Any) -> tuple[int, int] | None:  # noqa: ANN401 - a date or missing
        """Return the first and last year in which a school has its seats; None: in none."""
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
    """Return each school's first and last year with seats, or None."""
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


def _by_year(
    rows: pd.DataFrame, units: Units, years: list[int], listed: ListedClasses
) -> pd.DataFrame:
    """Add seats up once for each run of years in which the same schools have them."""
    first = np.array([span[0] for span in rows["span"]])
    last = np.array([span[1] for span in rows["span"]])
    turns = sorted({*first, *(last + 1)})
    runs: dict[int, list[int]] = {}
    for year in years:
        runs.setdefault(bisect_right(turns, year), []).append(year)
    tables = [
        _added_up(rows[(first <= run[0]) & (run[0] <= last)], units, listed).merge(
            pd.DataFrame({"year": run}), how="cross"
        )
        for run in runs.values()
    ]
    return pd.concat(tables, ignore_index=True)


def _added_up(rows: pd.DataFrame, units: Units, listed: ListedClasses) -> pd.DataFrame:
    keys = ["unit_id", "stage", "capacity"]
    full = pd.DataFrame(product(units.frame.index, STAGES, Capacity), columns=keys)
    parts = [of_stage(rows, stage, listed) for stage in STAGES]
    table = pd.concat(parts, ignore_index=True)
    capacities = school_capacities(table, class_sizes=values(standards().class_sizes))
    full = full.merge(supply(capacities), on=keys, how="left")
    none = full["schools"].isna()
    full.loc[none, ["schools", "schools_known", "seats_known", "seats"]] = 0.0
    return full


@dataclass(frozen=True, slots=True)
class ListedClasses:
    """
    The list of classes, by school and stage.

    Attributes
    ----------
    classes, pupils
        Index school id, columns the stages, 0 where a school has none of a stage. Only schools all
        of whose classes name their stage; pupils are NaN where a class of the school states none.
    """

    classes: pd.DataFrame
    pupils: pd.DataFrame

    def shares(self, ids: pd.Series[Any], stage: Stage) -> dict[str, NDArray[np.float64]]:
        """Return a stage's part of the classes and pupils of schools; NaN: not in the list."""
        return {
            "classes": _share_of(self.classes, ids, stage),
            "pupils": _share_of(self.pupils, ids, stage),
        }

    def count(self, ids: pd.Series[Any], stage: Stage) -> NDArray[np.float64]:
        """Return the listed classes of a stage; NaN: the school is not in the list."""
        table = self.classes.reindex(index=ids.astype(str), columns=[str(stage)])
        found: NDArray[np.float64] = table[str(stage)].to_numpy(dtype=float)
        return found


def _share_of(table: pd.DataFrame, ids: pd.Series[Any], stage: Stage) -> NDArray[np.float64]:
    graded = table.reindex(index=ids.astype(str), columns=[str(s) for s in GRADES])
    whole = graded.sum(axis=1, skipna=False)
    share: NDArray[np.float64] = (graded[str(stage)] / whole.where(whole > 0)).to_numpy(dtype=float)
    return share


def listed_classes(world: World) -> ListedClasses:
    """Count classes and pupils of each stage in the list of classes; empty without one."""
    layer = world.layers.get("classes")
    if layer is None or "stage" not in layer.frame:
        return ListedClasses(pd.DataFrame(), pd.DataFrame())
    frame = layer.frame
    school = frame["school_id"].astype(str)
    unknown = frame["stage"].map(is_missing).astype(bool)
    is_told = ~unknown.groupby(school).transform("any").astype(bool)
    kept = frame[is_told].assign(school=school[is_told])
    lacks_pupils = {*kept["school"][kept["pupils"].isna()]}
    by = {"index": "school", "columns": "stage", "values": "pupils", "fill_value": 0}
    columns = [str(stage) for stage in Stage]
    classes = kept.pivot_table(**by, aggfunc="size").reindex(columns=columns, fill_value=0)
    pupils = kept.pivot_table(**by, aggfunc="sum").reindex(columns=columns, fill_value=0)
    return ListedClasses(classes, pupils.drop(index=lacks_pupils & {*pupils.index}))


def of_stage(rows: pd.DataFrame, stage: Stage, listed: ListedClasses | None = None) -> pd.DataFrame:
    """
    Return the schools of a stage with its part of their seats and pupils.

    A school of several stages is divided by its classes where the list of classes has it, else by
    its grades, an assumption.

    Parameters
    ----------
    rows
        Schools with `unit_id, school_id, stages, status` and as far as known `seats, classes,
        classrooms, enrolment`.
    stage
        Which.
    listed
        As `listed_classes` gives it.
    """
    stages = rows["stages"].astype(str).str.split(";")
    mine = rows[stages.map(lambda found: str(stage) in found).to_numpy(dtype=bool)]
    own = stages[mine.index]
    grades = own.map(lambda found: grade_share(found, stage)).to_numpy(dtype=float)
    share = of_pupils = grades
    classes = np.full(len(mine), np.nan)
    if listed is not None and stage in GRADES:
        several = own.map(_has_several).to_numpy(dtype=bool)
        by_list = listed.shares(mine["school_id"], stage)
        classes = np.where(several, listed.count(mine["school_id"], stage), np.nan)
        share = np.where(several & ~np.isnan(by_list["classes"]), by_list["classes"], grades)
        of_pupils = np.where(several & ~np.isnan(by_list["pupils"]), by_list["pupils"], share)
    part = pd.DataFrame({"unit_id": mine["unit_id"], "school_id": mine["school_id"]})
    part["stage"] = stage
    for name in _AMOUNTS:
        known = mine[name].to_numpy(dtype=float) if name in mine else np.full(len(mine), np.nan)
        part[name] = known * (of_pupils if name == "enrolment" else share)
    part["classes"] = np.where(np.isnan(classes), part["classes"], classes)
    size = standards().class_sizes[stage].value
    is_new = (mine["status"] == SchoolStatus.UNDER_CONSTRUCTION).to_numpy()
    for name in ("classes", "classrooms"):
        part[name] = part[name].where(part[name].notna() | ~is_new, part["seats"] / size)
    return part


def _has_several(stages: list[str]) -> bool:
    return sum(stage in GRADES for stage in stages) > 1


def split_schools(world: World, stage: Stage) -> tuple[int, int]:
    """Count the schools of a stage and others that are divided by classes, and by grades."""
    layer = world.layers.get("schools")
    if layer is None or "stages" not in layer.frame or stage not in GRADES:
        return 0, 0
    frame = layer.frame
    frame = frame[_has_stages(frame) & (frame["status"] == SchoolStatus.OPERATING)]
    own = frame["stages"].astype(str).str.split(";")
    mine = frame[own.map(lambda found: _has_several(found) and str(stage) in found).astype(bool)]
    if mine.empty:
        return 0, 0
    by_list = listed_classes(world).shares(mine["school_id"], stage)["classes"]
    listed = int((~np.isnan(by_list)).sum())
    return listed, len(mine) - listed


def _has_stages(frame: pd.DataFrame) -> NDArray[np.bool_]:
    # of an empty table a mask of objects would choose columns
    return ~frame["stages"].map(is_missing).to_numpy(dtype=bool)


def full_schools(world: World) -> frozenset[str]:
    """Name the schools that teach more pupils than they have seats, by classes, else as stated."""
    kept: frozenset[str] = world.keep("full schools", lambda: _full_schools(world))
    return kept


def _full_schools(world: World) -> frozenset[str]:
    layer = world.layers.get("schools")
    if layer is None or "stages" not in layer.frame:
        return frozenset()
    rows = layer.frame[_has_stages(layer.frame)].assign(unit_id="")
    listed, found = listed_classes(world), set()
    for stage in STAGES:
        part = of_stage(rows, stage, listed)
        seats = (part["classes"] * standards().class_sizes[stage].value).fillna(part["seats"])
        found |= {*part["school_id"][(part["enrolment"] > seats).to_numpy(dtype=bool)].astype(str)}
    return frozenset(found)


def grade_share(stages: Iterable[str], stage: Stage) -> float:
    """Return the part of a school's grades that a stage has; kindergartens are not divided."""
    grades = [GRADES[Stage(s)] for s in stages if s in GRADES]
    return GRADES[stage] / sum(grades) if stage in GRADES and grades else 1.0
