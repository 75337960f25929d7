"""
Questions about children and seats, a line each: the answer is a tidy table on the ids of units.

NaN is unknown, never zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from zmd_layout.errors import ArgumentError
from zmd_layout.forecast import Capacity
from zmd_layout.measures.outlook import STAGES, Outlook, outlook
from zmd_layout.measures.supply.seats import seats_by_school
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Lang, Stage, UnitKind
from zmd_layout.workflow.arguments import as_choice
from zmd_layout.workflow.questions.opened import world_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from zmd_layout.measures import World
    from zmd_layout.study import Study

_OF_UNITS = ("county", "township")


def school_age_population(
    study: Study, *, by: str = "county", years: Sequence[int] | None = None
) -> pd.DataFrame:
    """
    Forecast the children of each stage by unit and year, as a tidy table.

    Parameters
    ----------
    study
        The study; `study.births(0.8)` and `[forecast]` say what is assumed.
    by
        `county` or `township`.
    years
        The years; by default all, from the census on.

    Returns
    -------
    children
        `unit_id`, `name`, `stage`, `year`, `low`, `middle`, `high`, `born_share`, `is_born`.

    Raises
    ------
    ArgumentError
        If the units have no ages or no year, or a year is not in the forecast.

    Examples
    --------
    >>> children = zmd_layout.school_age_population(study, years=[2030])
    >>> children["stage"].unique().tolist()
    ['kindergarten', 'primary', 'junior', 'senior']
    """
    world = world_of(study)
    future = _future(world)
    table = future.children if _unit_kind(by) is UnitKind.COUNTY else future.township_children
    return _named(world, _of_years(table, years), _unit_kind(by))


def seats(
    study: Study,
    *,
    by: str = "county",
    stage: Stage | str | None = None,
    year: int | None = None,
    capacity: str = "classes",
) -> pd.DataFrame:
    """
    Set seats against the children who need them, by unit, stage and year.

    Parameters
    ----------
    study
        The study.
    by
        `county`, `township` or `school`; of a school the children are its pupils (`enrolment`), for
        nobody forecasts those of one school.
    stage
        One stage; by default all.
    year
        One year; by default all of the forecast, and for schools that of the assessment.
    capacity
        `classes` (that run × class size), `classrooms` (rooms × class size) or `design`; of schools
        classes, or what they were built for where their classes are unknown.

    Returns
    -------
    seats
        Of units `unit_id`, `name`, `stage`, `year`, `needed_low`, `needed_middle`, `needed_high`,
        `seats`, `gap_low`, `gap_middle`, `gap_high` (seats missing), `spare_…` (seats left over),
        `schools`, `schools_known`, `is_born`. Of schools `school_id`, `name`, `stage`, `year`,
        `enrolment`, `seats`, `gap`. NaN is unknown.

    Raises
    ------
    ArgumentError
        If there are no schools, no ages, or no such year.

    Examples
    --------
    >>> table = zmd_layout.seats(study, year=2030, stage="primary")
    >>> short = table[table["gap_middle"] > 0]
    >>> sorted(set(table["year"]))
    [2030]
    """
    world = world_of(study)
    counted = as_choice(capacity, Capacity, name="capacity")
    wanted = None if stage is None else as_choice(stage, Stage, name="stage")
    if by == "school":
        return _seats_of_schools(world, wanted, year)
    kind, future = _unit_kind(by), _future(world)
    table = future.balance if kind is UnitKind.COUNTY else future.township_balance
    if table.empty:
        raise ArgumentError(Message("arguments.no_seats"))
    table = table[table["capacity"] == counted].drop(columns="capacity")
    if wanted is not None:
        table = table[table["stage"] == wanted]
    return _named(world, _of_years(table, None if year is None else [year]), kind)


def _seats_of_schools(world: World, stage: Stage | None, year: int | None) -> pd.DataFrame:
    when = world.as_of.year if year is None else year
    tables = []
    for one in Stage if stage is None else (stage,):
        table = seats_by_school(world, one, years=[when]) if one in STAGES else None
        if table is not None:
            tables.append(table[table[when]].assign(stage=str(one), year=when))
    if not tables:
        raise ArgumentError(Message("arguments.no_seats"))
    table = pd.concat(tables, ignore_index=True)
    names = world.layers["schools"].frame.set_index("school_id")["name"]
    table["name"] = table["school_id"].map(names)
    table["gap"] = (table["enrolment"] - table["seats"]).clip(lower=0.0)
    columns = ["school_id", "name", "stage", "year", "enrolment", "seats", "gap"]
    return table[columns].sort_values(["school_id", "stage"], ignore_index=True)


def _future(world: World) -> Outlook:
    future = outlook(world)
    if future is None:
        raise ArgumentError(Message("arguments.no_forecast"))
    return future


def _of_years(table: pd.DataFrame, years: Sequence[int] | None) -> pd.DataFrame:
    if years is None or table.empty:
        return table
    there = set(table["year"])
    for year in years:
        if year not in there:
            first, last = int(min(there)), int(max(there))
            raise ArgumentError(
                Message("arguments.no_such_year", name="years", found=year, first=first, last=last)
            )
    return table[table["year"].isin(list(years))]


def _named(world: World, table: pd.DataFrame, kind: UnitKind) -> pd.DataFrame:
    units = world.units(kind, {})
    if table.empty or units is None:
        raise ArgumentError(Message("arguments.no_forecast"))
    table = table.reset_index(drop=True)
    names = units.frame["name"] if "name" in units.frame else units.frame.index.to_series()
    table.insert(1, "name", table["unit_id"].map(names))
    table["stage"] = table["stage"].map(str).astype(object)
    return table


def _unit_kind(by: str) -> UnitKind:
    if by not in _OF_UNITS:
        known = [*_OF_UNITS]
        raise ArgumentError(Message("arguments.no_choice", name="by", found=repr(by), known=known))
    return UnitKind(by)


def plot_demand(
    study: Study, stage: Stage | str, *, unit_id: str | None = None, lang: Lang | str = Lang.ZH
) -> Axes:
    """
    Draw the children of a stage by year against the seats that stand then.

    Parameters
    ----------
    study
        The study.
    stage
        `kindergarten`, `primary`, `junior` or `senior`.
    unit_id
        One county; by default all counties added up.
    lang
        The language of the labels.

    Returns
    -------
    axes
        Solid as long as all those children were born when they were counted, dashed after that; the
        band is from the low to the high case. Without seats that are known there is no line.

    Raises
    ------
    ArgumentError
        If the counties have no ages, or there is no such county.

    Examples
    --------
    >>> axes = zmd_layout.plot_demand(study, "primary", lang="en")
    >>> float(axes.get_ylim()[0])
    0.0
    """
    from zmd_layout.outputs.figures.charts import demand_curve  # noqa: PLC0415 - an optional extra

    world, wanted = world_of(study), as_choice(stage, Stage, name="stage")
    future = _future(world)
    known = sorted(future.children["unit_id"].unique())
    if unit_id is not None and unit_id not in known:
        raise ArgumentError(Message("arguments.no_county", found=repr(unit_id), known=known))
    speech = as_choice(lang, Lang, name="lang")
    return demand_curve(future, wanted, unit_id=unit_id, lang=speech)
