"""The plan over years in the numbers that every output takes: computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.messages import Message, word_message
from zmd_layout.siting.plan.planned_rows import MODEL, is_conflict
from zmd_layout.siting.plan.years_plan import YearsPlan, no_seat_after
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from zmd_layout.measures import World
    from zmd_layout.siting.plan.lasting_needs import LastingNeed

_ROUNDED = -1  # children are said to ten


@dataclass(frozen=True, slots=True)
class StageCourse:
    """
    One stage of the city, year by year, in the middle case.

    Attributes
    ----------
    stage, years
        Of what, and when.
    no_school, no_seat_near, too_far, no_seat, after
        (years,) children without a school within the accepted way; others without a seat within
        it; those without a school within the longest way; others without any seat of their county;
        and both of these after the plan. None is unknown.
    """

    stage: Stage
    years: tuple[int, ...]
    no_school: tuple[float | None, ...]
    no_seat_near: tuple[float | None, ...]
    too_far: tuple[float | None, ...]
    no_seat: tuple[float | None, ...]
    after: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ActionSum:
    """
    One kind of action for one stage in one county.

    Attributes
    ----------
    county_id, county_name, stage, action
        Where, for what, what.
    places, seats
        At how many places, with how many seats in the year with most.
    from_year, until_year
        When; None: from then on.
    is_duty
        Whether a duty asks for any of it.
    """

    county_id: str
    county_name: str
    stage: Stage
    action: str
    places: int
    seats: float
    from_year: int
    until_year: int | None
    is_duty: bool


@dataclass(frozen=True, slots=True)
class PlanStory:
    """
    What the plan comes to.

    Attributes
    ----------
    courses
        By stage.
    needs
        The shortages, largest first.
    actions
        By county, stage and action.
    cost, bound
        Of all counties' actions, in 10,000 yuan, and what none as good can go below.
    child_years_before, child_years_after
        Without a seat from the year after the assessment on, without and with the plan.
    child_years_too_far
        Beside them, without a school within the longest way.
    left_by_case
        By case, child-years after the plan that lack a seat of their county within reach, as the
        county's amounts have it.
    conflicts
        Suggestions (by id) that a duty asks for and the children make needless.
    after
        By stage (years, counties) children without a seat after the plan.
    """

    courses: tuple[StageCourse, ...]
    needs: tuple[LastingNeed, ...]
    actions: tuple[ActionSum, ...]
    cost: float
    bound: float
    child_years_before: float
    child_years_after: float
    child_years_too_far: float
    left_by_case: Mapping[str, float]
    conflicts: tuple[str, ...]
    after: Mapping[Stage, pd.DataFrame]

    @property
    def headline(self) -> tuple[Message, ...]:
        """Report the tension by stage, and what is suggested, in a few sentences."""
        parts = [_of_course(course) for course in self.courses]
        done = [
            Message(f"sites.sum_{name}", places=places, seats=round(seats, _ROUNDED))
            for name, (places, seats) in self.totals().items()
        ]
        return (
            *parts,
            Message("sites.story_actions", actions=done) if done else Message("sites.story_none"),
            Message(
                "sites.story_left", before=round(self.child_years_before, _ROUNDED),
                after=round(self.child_years_after, _ROUNDED), cost=self.cost,
                far=round(self.child_years_too_far, _ROUNDED),
            ),
        )  # fmt: skip

    def totals(self) -> dict[str, tuple[int, float]]:
        """Sum places and seats by kind of action, in the order of practice."""
        found: dict[str, tuple[int, float]] = {}
        for name in ("share", "bridge", "convert", "expand", "new"):
            mine = [one for one in self.actions if one.action == name]
            if mine:
                seats = [one.seats for one in mine if np.isfinite(one.seats)]
                found[name] = sum(one.places for one in mine), float(sum(seats))
        return found


def _of_course(course: StageCourse) -> Message:
    first, last = course.years[0], course.years[-1]
    missing = [0.0 if value is None else value for value in course.no_seat]
    stage = word_message(course.stage)
    if None in course.no_seat:
        return Message("sites.story_unknown", stage=stage)
    if max(missing[1:], default=0.0) < 0.5:  # noqa: PLR2004 - half a child
        return Message("sites.story_enough", stage=stage, first=first, last=last)
    peak = int(np.argmax(missing))
    return Message(
        "sites.story_short", stage=stage, first=first, now=round(missing[0], _ROUNDED),
        year=course.years[peak], peak=round(missing[peak], _ROUNDED), last=last,
        then=round(missing[-1], _ROUNDED),
    )  # fmt: skip


def tell_plan(
    world: World, plan: YearsPlan, by_year: pd.DataFrame, table: gpd.GeoDataFrame
) -> PlanStory | None:
    """
    Sum a plan up; None where there is none.

    Parameters
    ----------
    world
        The study.
    plan
        The plan.
    by_year
        As `seats_by_year`.
    table
        The suggestions, with the places of the new schools.
    """
    if not plan.supply:
        return None
    after = no_seat_after(world, plan, table[table["action"] == "new"])
    middle = by_year[by_year["case"].isin(["all", "middle"])]
    courses = [_course(stage, middle, after[stage]) for stage in plan.supply]
    answers = [found.answer for found in plan.amounts.values()]
    columns = ["county_id", "stage", "action"]
    units = world.units(UnitKind.COUNTY, {})
    names = {} if units is None else dict(units.frame["name"].astype(str))
    planned = table[table["model"] == MODEL]
    actions = [
        _sum(key, rows, names) for key, rows in planned.groupby(columns, sort=True)
    ]  # fmt: skip
    before = sum(value or 0.0 for course in courses for value in course.no_seat[1:])
    far = sum(value or 0.0 for course in courses for value in course.too_far[1:])
    left = sum(value or 0.0 for course in courses for value in course.after[1:])
    needless = [row["id"] for row in table.to_dict("records") if is_conflict(row)]
    return PlanStory(
        tuple(courses),
        tuple(sorted(plan.needs, key=lambda need: -need.peak)),
        tuple(actions),
        float(sum(answer.objective for answer in answers)),
        float(sum(answer.bound for answer in answers)),
        float(before),
        float(max(0.0, left - far)),
        float(far),
        _left_by_case(plan),
        tuple(needless),
        after,
    )


def _left_by_case(plan: YearsPlan) -> dict[str, float]:
    courses = [course for found in plan.amounts.values() for course in found.remains.values()]
    return {
        name: float(sum(course[case, 1:].sum() for course in courses))
        for case, name in enumerate(VARIANTS)
    }


def _sum(key: tuple[str, str, str], rows: pd.DataFrame, names: Mapping[str, str]) -> ActionSum:
    county, stage, action = key
    ends = rows["until_year"]
    return ActionSum(
        county, names.get(county, county), Stage(stage), action, len(rows),
        float(rows["seats"].sum()), int(rows["from_year"].min()),
        None if ends.isna().any() else int(ends.max()), bool(rows["is_duty"].any()),
    )  # fmt: skip


def _course(stage: Stage, table: pd.DataFrame, after: pd.DataFrame) -> StageCourse:
    mine = table[(table["stage"] == stage) & (table["unit_kind"] == "city")].sort_values("year")

    def column(name: str) -> tuple[float | None, ...]:
        return tuple(None if np.isnan(value) else float(value) for value in mine[name])

    lost, far = column("no_seat"), column("no_school_within_longest_way")
    pairs = zip(lost, far, strict=True)
    seats = tuple(None if a is None or b is None else a - b for a, b in pairs)
    return StageCourse(
        stage, tuple(int(year) for year in mine["year"]),
        column("no_school_within_accepted_way"), column("no_seat_within_accepted_way"),
        far, seats, tuple(float(value) for value in after.sum(axis=1)),
    )  # fmt: skip


def with_plan(by_year: pd.DataFrame, story: PlanStory | None) -> pd.DataFrame:
    """Fill `no_seat_after_plan` of the middle case."""
    if story is None or by_year.empty:
        return by_year
    filled = by_year.copy()
    is_middle = filled["case"].isin(["all", "middle"]).to_numpy()
    for row in np.flatnonzero(is_middle).tolist():
        stage, kind, unit, year = (
            filled[name].iloc[row] for name in ("stage", "unit_kind", "unit_id", "year")
        )
        table = story.after[Stage(stage)]
        value = table.loc[year].sum() if kind == "city" else table.loc[year].get(unit, np.nan)
        filled.loc[filled.index[row], "no_seat_after_plan"] = value
    return filled
