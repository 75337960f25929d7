"""The day whose law governs a unit: of its conditions, its acceptance, its opening, or today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.messages import Message
from zmd_layout.vocabulary import Flag, JudgedOn

if TYPE_CHECKING:
    import datetime as dt

    from zmd_layout.checks.verdict import Unit
    from zmd_layout.rulebook import Rule

_FIELD = {
    JudgedOn.CONDITIONS: "conditions_on",
    JudgedOn.ACCEPTANCE: "accepted_on",
    JudgedOn.OPENING: "opens_on",
}


@dataclass(frozen=True, slots=True)
class Governing:
    """
    The day whose law governs a unit.

    Attributes
    ----------
    day
        The day.
    field
        The field that it stands in; None where it is that of the assessment.
    flags, notes
        What is to be said of it.
    """

    day: dt.date
    field: str | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()


def governing_day(
    rule: Rule, unit: Unit, as_of: dt.date, plan_period: tuple[dt.date, dt.date] | None
) -> Governing:
    """
    Return the day whose law governs `unit` under `rule`.

    `conditions` take the law of their day; unknown or after the assessment, that of the assessment,
    flagged. `acceptance` takes the law of its day, and while it has not come that of the
    assessment. `operation` is a state: the law of the assessment. `opening` takes the law of its
    day, from the rule's first day to the assessment: a limit on new schools counts from the plan
    period's first day and goes on after its last, flagged, until the rule is repealed.
    """
    if rule.judged_on is None or rule.judged_on is JudgedOn.OPERATION:
        return Governing(as_of)
    field = _FIELD[rule.judged_on]
    day: dt.date | None = unit.fields.get(field)
    match rule.judged_on:
        case JudgedOn.CONDITIONS:
            return _of_conditions(day, as_of)
        case JudgedOn.ACCEPTANCE:
            return Governing(as_of if day is None else min(day, as_of), field)
        case _:
            return _of_opening(day, as_of, rule.effective.start, plan_period)


def _of_conditions(day: dt.date | None, as_of: dt.date) -> Governing:
    field = _FIELD[JudgedOn.CONDITIONS]
    if day is None:
        return Governing(as_of, field, (Flag.CONDITIONS_DATE_UNKNOWN,))
    if day > as_of:
        note = Message("checks.conditions_ahead", day=day, as_of=as_of)
        return Governing(as_of, field, (Flag.CONDITIONS_DATE_AHEAD,), (note,))
    return Governing(day, field)


def _of_opening(
    day: dt.date | None,
    as_of: dt.date,
    start: dt.date,
    plan_period: tuple[dt.date, dt.date] | None,
) -> Governing:
    field = _FIELD[JudgedOn.OPENING]
    if day is None:
        return Governing(as_of, field)
    law = min(max(day, start), as_of)
    if plan_period is None or day <= plan_period[1]:
        return Governing(law, field)
    note = Message("checks.after_plan_period", day=day, end=plan_period[1])
    return Governing(law, field, (Flag.AFTER_PLAN_PERIOD,), (note,))
