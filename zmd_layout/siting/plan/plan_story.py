"""The plan over years in the numbers that every output takes: computed once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.messages import Message, word_message
from zmd_layout.siting.plan.actions import Action
from zmd_layout.siting.plan.after_plan import REASONS
from zmd_layout.siting.plan.case_choices import CaseChoice, case_choices
from zmd_layout.siting.plan.lasting_needs import MIDDLE
from zmd_layout.siting.plan.planned_rows import MODEL, is_conflict
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd
    import pandas as pd

    from zmd_layout.siting.plan.after_plan import AfterPlan
    from zmd_layout.siting.plan.lasting_needs import LastingNeed
    from zmd_layout.siting.plan.years_plan import YearsPlan

_ROUNDED = -1  # children are said to ten
_HALF_A_CHILD = 0.5
_SHOWN = 5  # child-years that are not rounded to none


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
class ChildrenLeft:
    """
    Children of the middle case whom the plan leaves without a seat.

    Attributes
    ----------
    stage, county_id, year
        Of what, where, and when.
    reason
        One of `REASONS`.
    children
        How many.
    """

    stage: Stage
    county_id: str
    year: int
    reason: str
    children: float


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
        Without a seat from the year after the assessment on, without and with the plan, in the
        middle case; those without a school within the longest way included.
    left_by_reason, left_by_case
        Child-years after the plan: in the middle case by the reason, and by case.
    conflicts
        Suggestions (by id) that a duty asks for and the children make needless.
    left
        Who is left after the plan, by stage, county, year and reason.
    cases
        What is best for each case, each under each case; empty where they were not compared.
    """

    courses: tuple[StageCourse, ...]
    needs: tuple[LastingNeed, ...]
    actions: tuple[ActionSum, ...]
    cost: float
    bound: float
    child_years_before: float
    child_years_after: float
    left_by_reason: Mapping[str, float]
    left_by_case: Mapping[str, float]
    conflicts: tuple[str, ...]
    left: tuple[ChildrenLeft, ...] = ()
    cases: tuple[CaseChoice, ...] = ()

    @property
    def headline(self) -> tuple[Message, ...]:
        """Report the tension by stage, and what is suggested, in a few sentences."""
        parts = [_of_course(course) for course in self.courses]
        if not self.actions and all(None in course.no_seat for course in self.courses):
            return tuple(parts)  # where no seats are known, nothing says that none is short
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
            ),
            *self._left(),
        )  # fmt: skip

    def _left(self) -> list[Message]:
        """Report why children are left without a seat."""
        parts = [
            Message(f"sites.left_{name}", number=round(number, _ROUNDED))
            for name, number in self.left_by_reason.items()
            if number >= _SHOWN
        ]
        return [Message("sites.story_left_why", parts=parts)] if parts else []

    def totals(self) -> dict[str, tuple[int, float]]:
        """Sum places and seats by kind of action, in the order of practice."""
        found: dict[str, tuple[int, float]] = {}
        for name in Action:
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
    key = "sites.story_short" if peak else "sites.story_falling"
    return Message(
        key, stage=stage, first=first, now=round(missing[0], _ROUNDED),
        year=course.years[peak], peak=round(missing[peak], _ROUNDED), last=last,
        then=round(missing[-1], _ROUNDED),
    )  # fmt: skip


def tell_plan(
    plan: YearsPlan,
    by_year: pd.DataFrame,
    table: gpd.GeoDataFrame,
    after: Mapping[Stage, AfterPlan],
) -> PlanStory | None:
    """
    Sum a plan up; None where there is none.

    Parameters
    ----------
    plan
        The plan.
    by_year
        As `seats_by_year`.
    table
        The suggestions.
    after
        As `after_plan` gives it.
    """
    if not plan.supply:
        return None
    middle = by_year[by_year["case"].isin(["all", "middle"])]
    courses = [_course(stage, middle, after[stage]) for stage in plan.supply]
    columns = ["county_id", "stage", "action"]
    planned = table[table["model"] == MODEL]
    groups = planned.groupby(columns, sort=True)
    actions = [_sum(key, rows, plan.county_names) for key, rows in groups]
    before = sum(
        (value or 0.0) + (far or 0.0)
        for course in courses
        for value, far in zip(course.no_seat[1:], course.too_far[1:], strict=True)
    )
    costs = np.array([plan.cost_of(county) for county in plan.amounts]).reshape(-1, 2).sum(axis=0)
    needless = [row["id"] for row in table.to_dict("records") if is_conflict(row)]
    return PlanStory(
        tuple(courses),
        tuple(sorted(plan.needs, key=lambda need: -need.peak)),
        tuple(actions),
        float(costs[0]),
        float(costs[1]),
        float(before),
        float(sum(found.left[MIDDLE, 1:].sum() for found in after.values())),
        {
            name: float(sum(getattr(found, name)[MIDDLE, 1:].sum() for found in after.values()))
            for name in REASONS
        },
        {
            name: float(sum(found.left[case, 1:].sum() for found in after.values()))
            for case, name in enumerate(VARIANTS)
        },
        tuple(needless),
        tuple(_children_left(plan, after)),
        case_choices(plan),
    )


def _children_left(plan: YearsPlan, after: Mapping[Stage, AfterPlan]) -> Iterator[ChildrenLeft]:
    for (stage, found), reason in product(after.items(), REASONS):
        numbers = getattr(found, reason)[MIDDLE]
        for year, county in np.argwhere(numbers >= _HALF_A_CHILD):
            if year:  # that of the assessment has passed
                number = float(numbers[year, county])
                yield ChildrenLeft(stage, found.counties[county], plan.years[year], reason, number)


def _sum(key: tuple[str, str, str], rows: pd.DataFrame, names: Mapping[str, str]) -> ActionSum:
    county, stage, action = key
    ends = rows["until_year"]
    return ActionSum(
        county, names.get(county, county), Stage(stage), action, len(rows),
        float(rows["seats"].sum()), int(rows["from_year"].min()),
        None if ends.isna().any() else int(ends.max()), bool(rows["is_duty"].any()),
    )  # fmt: skip


def _course(stage: Stage, table: pd.DataFrame, after: AfterPlan) -> StageCourse:
    mine = table[(table["stage"] == stage) & (table["unit_kind"] == "city")].sort_values("year")

    def column(name: str) -> tuple[float | None, ...]:
        return tuple(None if np.isnan(value) else float(value) for value in mine[name])

    lost, far = column("no_seat"), column("no_school_within_longest_way")
    pairs = zip(lost, far, strict=True)
    seats = tuple(None if a is None or b is None else a - b for a, b in pairs)
    return StageCourse(
        stage, tuple(int(year) for year in mine["year"]),
        column("no_school_within_accepted_way"), column("no_seat_within_accepted_way"),
        far, seats, tuple(float(value) for value in after.left[MIDDLE].sum(axis=1)),
    )  # fmt: skip


def with_plan(by_year: pd.DataFrame, after: Mapping[Stage, AfterPlan]) -> pd.DataFrame:
    """Fill the columns of what is after the plan, in every case."""
    if by_year.empty:
        return by_year
    filled = by_year.copy()
    names = {
        "no_seat_after_plan": "left", "across_border": "across_border", "boarding": "boarding",
    } | {f"left_{name}": name for name in REASONS}  # fmt: skip
    columns = {name: np.full(len(filled), np.nan) for name in names}
    cases = {"all": MIDDLE} | {name: case for case, name in enumerate(VARIANTS)}
    years = sorted(set(filled["year"]))
    for row, each in enumerate(filled.to_dict("records")):
        found = after[Stage(each["stage"])]
        at = cases[each["case"]], years.index(each["year"])
        if each["unit_kind"] == UnitKind.CITY and not np.isnan(each["no_seat"]):
            counties = slice(None)
        elif each["unit_id"] in found.counties:
            counties = slice(number := found.counties.index(each["unit_id"]), number + 1)
        else:
            continue
        for column, name in names.items():
            columns[column][row] = getattr(found, name)[at][counties].sum()
    return filled.assign(**columns)
