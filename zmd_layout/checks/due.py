"""
Where a verdict stands in time: whether a target was met by its due day.

What decides it are the dates of the things that count. Data older than the due day can show that a
target was met, never that it was missed; data newer than it show neither, but where dates say what
was there on the day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zmd_layout.checks.kinds import decide_by_kind
from zmd_layout.checks.value import Value, exactly
from zmd_layout.checks.verdict import Decision
from zmd_layout.messages import Message
from zmd_layout.rulebook import Banded
from zmd_layout.vocabulary import DueState, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from zmd_layout.rulebook import DatedValue, Rule


@dataclass(frozen=True, slots=True)
class OnDueDay:
    """
    What is known of a target on its due day.

    Attributes
    ----------
    decision
        What the check says with the values of that day.
    year
        The year of the oldest datum in it, None where one is unknown.
    notes
        What people counted in another year leave open.
    """

    decision: Decision
    year: int | None
    notes: tuple[Message, ...] = ()

    @property
    def is_met(self) -> bool | None:
        """Whether the target was met; None where that is open."""
        return _is_met(self.decision)


def due_state_unknown(rule: Rule, as_of: dt.date) -> DueState:
    """Place a rule in time of which nothing is known."""
    return due_state(rule, Decision(Status.NOT_ASSESSABLE), {}, as_of, None)


def known_on(value: Value, day: dt.date) -> Value:
    """Return what a value says of a day: itself where it is no newer, else nothing."""
    if value.is_void or (value.year is not None and value.year <= day.year):
        return value
    return Value(year=value.year, is_synthetic=value.is_synthetic)


def on_due_day(
    rule: Rule,
    values: Mapping[str, Value],
    limits: Mapping[str, DatedValue | None],
    as_of: dt.date,
) -> OnDueDay | None:
    """
    Decide a rule with the values of its due day.

    Parameters
    ----------
    rule
        The rule.
    values
        Its measures on the due day; those that only newer data tell are taken for unknown.
    limits
        The rule's numbers in force.
    as_of
        The day of the assessment.

    Returns
    -------
    then
        None where nothing is due yet.
    """
    due = rule.due.on
    if due is None or as_of < due:
        return None
    then = {name: known_on(value, due) for name, value in values.items()}
    notes: tuple[Message, ...] = ()
    if isinstance(rule.check, Banded):
        counted = values[rule.check.demand]
        then[rule.check.demand] = _carried_to(counted, rule.check, limits, due)
        notes = _crossing(rule, counted, then, limits)
    years = [value.year for value in then.values()]
    known = [year for year in years if year is not None]
    year = min(known) if known and len(known) == len(years) else None
    return OnDueDay(decide_by_kind(rule, then, limits), year, notes)


def _crossing(
    rule: Rule,
    counted: Value,
    then: Mapping[str, Value],
    limits: Mapping[str, DatedValue | None],
) -> tuple[Message, ...]:
    """Report where residents of the due year may require another number than those counted."""
    assert isinstance(rule.check, Banded)  # noqa: S101 - the caller has asked
    range_ = then[rule.check.demand]
    if range_.is_exact or not range_.is_bounded:
        return ()
    owed = [
        decide_by_kind(rule, {**then, rule.check.demand: exactly(end)}, limits).required
        for end in (range_.low, range_.high)
    ]
    if owed[0] == owed[1] or None in owed:
        return ()
    return (
        Message(
            "checks.people_of_other_year", year=counted.year, people=counted.low,
            low=range_.low, high=range_.high, least=owed[0], most=owed[1],
        ),
    )  # fmt: skip


def _carried_to(
    demand: Value, check: Banded, limits: Mapping[str, DatedValue | None], due: dt.date
) -> Value:
    """
    Carry a count of people of another year to the due day, as a range.

    The range decides where it lies on one side of every line. Without `settled` the count stays
    that of its year.
    """
    settled = None if check.settled is None else limits.get(check.settled)
    if settled is None or demand.year is None or demand.year == due.year or not demand.is_bounded:
        return known_on(demand, due)
    low, high = demand.low * (1 - settled.value), demand.high * (1 + settled.value)
    return replace(demand, low=low, high=high, year=due.year)


def due_state(
    rule: Rule,
    decision: Decision,
    values: Mapping[str, Value],
    as_of: dt.date,
    then: OnDueDay | None,
) -> DueState:
    """
    Place a verdict in time.

    Parameters
    ----------
    rule, decision, values
        The rule, what its check says on the day of the assessment, and from which values.
    as_of
        The day of the assessment.
    then
        The same for the due day; None where nothing is known of it.
    """
    due = rule.due.on
    if due is None:
        return rule.due.state or DueState.NONE
    if as_of < due or decision.status is Status.NOT_APPLICABLE:
        return DueState.NOT_DUE if as_of < due else DueState.NONE
    if then is not None and then.is_met:
        return DueState.DUE_MET
    is_of_day = then is not None and then.year is not None and then.year >= due.year
    if then is not None and then.is_met is False and is_of_day:
        return DueState.MET_LATE if _is_met(decision) else DueState.DUE_MISSED
    if _is_met(decision) is None:
        return DueState.DUE_UNVERIFIED
    is_newer = any(v.year is not None and v.year > due.year for v in values.values())
    return DueState.MET_TIME_UNKNOWN if is_newer else DueState.DUE_UNVERIFIED


def _is_met(decision: Decision) -> bool | None:
    return {Status.PASS: True, Status.SHORTFALL: False}.get(decision.status, decision.is_met)
