"""What a run comes to in a minute: the tension, who lacks seats longest, which duties are unmet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from zmd_layout.messages import Message, word_message
from zmd_layout.outputs.no_sites import indicated
from zmd_layout.vocabulary import Stage, Status, Strength, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.rulebook import Rule
    from zmd_layout.rulebook.provision import Both
    from zmd_layout.siting.plan.plan_story import PlanStory

_ROUNDED = -1  # children are said to ten
_HALF_A_CHILD = 0.5
_MIDDLE = ("all", "middle")


@dataclass(frozen=True, slots=True)
class SeatProblem:
    """
    Children of one stage without a seat of their county within reach, in the middle case.

    Attributes
    ----------
    county_id, county_name, stage
        Where, and of what.
    child_years
        Children without a seat, summed over the years after that of the assessment: the first of
        them that an action can reach.
    peak, peak_year, last_year
        The most in a year, in which year, and the last year with any.
    """

    county_id: str
    county_name: str
    stage: Stage
    child_years: float
    peak: float
    peak_year: int
    last_year: int

    @property
    def message(self) -> Message:
        """Report it in one clause."""
        return Message(
            "summary.seats", county=self.county_name, stage=word_message(self.stage),
            total=round(self.child_years, _ROUNDED), peak=round(self.peak, _ROUNDED),
            year=self.peak_year, last=self.last_year,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DutyProblem:
    """
    The units of one kind that do not meet one duty.

    Attributes
    ----------
    rule_id, key, title
        Which rule, and what its clause is called in print.
    unit_kind, units
        How many units of which kind fall short.
    """

    rule_id: str
    key: str
    title: Both
    unit_kind: UnitKind
    units: int

    @property
    def message(self) -> Message:
        """Report it in one clause."""
        kind = word_message(self.unit_kind)
        return Message("summary.duty", title=self.title, units=self.units, kind=kind)


@dataclass(frozen=True, slots=True)
class Summary:
    """
    What map, page, report, workbook and terminal say first, computed once.

    Attributes
    ----------
    headline
        The tension by stage and what is suggested; empty without ages.
    seats
        Shortages by county and stage, most child-years first.
    duties
        Duties that are not met, most units first.
    unmet, met, undecided
        Findings of duties that fall short, that hold, and that cannot be judged.
    checks
        What to settle first: figures that speak against each other.
    no_sites
        Why no place is suggested; None where some are.
    indicated
        What an incomplete list of schools indicates; None where the list is complete.
    """

    headline: tuple[Message, ...] = ()
    seats: tuple[SeatProblem, ...] = ()
    duties: tuple[DutyProblem, ...] = ()
    unmet: int = 0
    met: int = 0
    undecided: int = 0
    checks: tuple[Message, ...] = ()
    no_sites: Message | None = None
    indicated: Message | None = None

    @property
    def remarks(self) -> tuple[Message, ...]:
        """Why results are empty, and what a list that lacks schools indicates."""
        return tuple(line for line in (self.no_sites, self.indicated) if line is not None)


def summarise(
    findings: pd.DataFrame,
    rules: Sequence[Rule],
    *,
    story: PlanStory | None = None,
    seats_by_year: pd.DataFrame | None = None,
    no_sites: Message | None = None,
) -> Summary:
    """
    Sum a run up.

    Parameters
    ----------
    findings
        As `workflow.Run.findings`.
    rules
        The rules that were checked.
    story, seats_by_year
        The plan over years, and the table `seats_by_year.csv`; None without ages or seats.
    no_sites
        Why no place is suggested, by `no_sites.why_no_sites`.
    """
    duties = findings[findings["strength"] == Strength.DUTY]
    short = duties[duties["status"] == Status.SHORTFALL]
    table = pd.DataFrame() if seats_by_year is None else seats_by_year
    middle = table[table["case"].isin(_MIDDLE)] if len(table) else table
    return Summary(
        () if story is None else story.headline,
        _seat_problems(middle),
        _duty_problems(short, rules),
        len(short),
        int((duties["status"] == Status.PASS).sum()),
        int((duties["status"] == Status.NOT_ASSESSABLE).sum()),
        _enrolment_checks(middle),
        no_sites,
        indicated(findings),
    )


def _seat_problems(middle: pd.DataFrame) -> tuple[SeatProblem, ...]:
    if middle.empty:
        return ()
    rows = middle[middle["unit_kind"] == UnitKind.COUNTY]
    rows = rows[rows["year"] > rows["year"].min()]
    # those beyond the longest way are no matter of seats
    missing = (rows["no_seat"] - rows["no_school_within_longest_way"]).clip(lower=0.0)
    rows = rows.assign(missing=missing)[missing >= _HALF_A_CHILD]
    found = []
    for (county, stage), course in rows.groupby(["unit_id", "stage"], sort=True):
        peak = course.loc[course["missing"].idxmax()]
        found.append(
            SeatProblem(
                str(county), str(peak["unit_name"]), Stage(stage), float(course["missing"].sum()),
                float(peak["missing"]), int(peak["year"]), int(course["year"].max()),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: -one.child_years))


def _duty_problems(short: pd.DataFrame, rules: Sequence[Rule]) -> tuple[DutyProblem, ...]:
    by_id = {rule.id: rule for rule in rules}
    counts = Counter(zip(short["rule_id"], short["unit_kind"], strict=True))
    found = [
        DutyProblem(rule, by_id[rule].key, by_id[rule].title, UnitKind(kind), units)
        for (rule, kind), units in sorted(counts.items())
        if rule in by_id
    ]
    return tuple(sorted(found, key=lambda one: -one.units))


def _enrolment_checks(middle: pd.DataFrame) -> tuple[Message, ...]:
    """Name the stages whose pupils have seats while resident children exceed them, or not both."""
    if middle.empty:
        return ()
    rows = middle[middle["unit_kind"] == UnitKind.CITY]
    first = rows[rows["year"] == rows["year"].min()]
    return tuple(
        Message(
            "summary.enrolment", stage=word_message(Stage(row.stage)), year=int(row.year),
            pupils=round(row.enrolment, _ROUNDED), seats=round(row.seats, _ROUNDED),
            children=round(row.seats_needed, _ROUNDED),
        )
        for row in first.itertuples()
        if (row.enrolment < row.seats) != (row.seats_needed < row.seats)
        and pd.notna(row.enrolment) and pd.notna(row.seats_needed)
    )  # fmt: skip
