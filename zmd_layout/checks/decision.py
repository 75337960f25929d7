"""Decide one rule for one unit: whether it binds, what the check says, and what travels with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zmd_layout.checks.conditions import meets
from zmd_layout.checks.due import OnDueDay, due_state, on_due_day
from zmd_layout.checks.governing import Governing, governing_day
from zmd_layout.checks.kinds import decide_by_kind, nothing_owed
from zmd_layout.checks.value import oldest, unique
from zmd_layout.checks.verdict import Decision, Ends, Unit, Verdict
from zmd_layout.messages import Message, value_word
from zmd_layout.messages.words import field_word
from zmd_layout.rulebook import Banded, Proportion
from zmd_layout.vocabulary import Basis, DueState, Flag, JudgedOn, RuleStatus, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from zmd_layout.checks.value import Value
    from zmd_layout.rulebook import DatedValue, Rule

_BASES = list(Basis)


def decide(
    rule: Rule,
    *,
    unit: Unit,
    values: Mapping[str, Value],
    as_of: dt.date,
    plan_period: tuple[dt.date, dt.date] | None = None,
    on_due: Mapping[str, Value] | None = None,
) -> Verdict | None:
    """
    Decide `rule` for one unit on the day `as_of`.

    Parameters
    ----------
    rule
        The rule.
    unit
        What it is decided for.
    values
        The measures that the rule's check names.
    as_of
        The day of the assessment. A rule with `judged_on` reads the law as of that day of the unit
        instead; see `governing_day`.
    plan_period
        First and last day of the plan, for conditions that speak of it.
    on_due
        The measures on the rule's due day, as the dates of what counts tell; by default what
        `values` say of that day.

    Returns
    -------
    verdict
        None if the rule is not in force on `as_of`.
    """
    if not rule.in_force(as_of):
        return None
    governing = governing_day(rule, unit, as_of, plan_period)
    day = governing.day
    if not rule.in_force(day):
        note = Message(f"checks.before_{rule.judged_on}", day=day, start=rule.effective.start)
        decision = Decision(Status.NOT_APPLICABLE, required=nothing_owed(rule), notes=(note,))
        return _verdict(rule, decision, unit=unit, values={}, as_of=as_of, used=(governing.field,))
    used: list[str | None] = [governing.field]
    decision_or_none = _applicability(rule, unit, day, plan_period, used)
    if decision_or_none is not None:
        is_idle = (
            decision_or_none.status is Status.NOT_APPLICABLE and rule.judged_on is JudgedOn.OPENING
        )  # when a school opens is of no interest to a rule on other schools
        decision = decision_or_none if is_idle else _told(decision_or_none, governing)
        return _verdict(rule, decision, unit=unit, values={}, as_of=as_of, used=used)
    limits = rule.limits(day)
    decision = _told(decide_by_kind(rule, values, limits), governing)
    decision = _with_wish(rule, decision, unit, limits)
    then = on_due_day(rule, values if on_due is None else on_due, limits, as_of)
    return _verdict(
        rule, decision, unit=unit, values=values, as_of=as_of, used=used, then=then
    )  # fmt: skip


def report(
    rule: Rule, *, unit: Unit, values: Mapping[str, Value], as_of: dt.date
) -> Verdict | None:
    """
    Return the figure of a rule for a unit that it only monitors: `reported`, no verdict.

    Returns
    -------
    verdict
        None if the rule is not in force on `as_of`.
    """
    if not rule.in_force(as_of):
        return None
    measure = (
        rule.check.supply if isinstance(rule.check, Proportion | Banded) else rule.check.measure
    )
    value = values[measure]
    notes = (*value.notes, Message("checks.monitored"))
    decision = Decision(
        Status.REPORTED, value.known, measured_ends=Ends.of(value.low, value.high), notes=notes
    )
    verdict = _verdict(
        rule, decision, unit=unit, values={measure: values[measure]}, as_of=as_of, used=()
    )
    return replace(verdict, relation=None, due_state=DueState.NONE, due_on=None)


def _with_wish(
    rule: Rule, decision: Decision, unit: Unit, limits: Mapping[str, DatedValue | None]
) -> Decision:
    """Report where a unit meets the clause and falls short of what the clause would like to see."""
    wish = rule.wish
    if wish is None or decision.status is not Status.PASS or decision.measured is None:
        return decision
    wanted = limits[wish.limit]
    met = [meets(unit.fields.get(c.field), c, limits=limits, plan_period=None) for c in wish.where]
    if wanted is None or not all(met) or decision.measured >= wanted.value:
        return decision
    note = Message("checks.wish", wanted=wanted.value)
    return replace(decision, notes=(*decision.notes, note))


def _applicability(
    rule: Rule,
    unit: Unit,
    day: dt.date,
    plan_period: tuple[dt.date, dt.date] | None,
    used: list[str | None],
) -> Decision | None:
    limits = rule.limits(day)
    unknown = []
    for condition in rule.applies_to:
        value = unit.fields.get(condition.field)
        met = meets(value, condition, limits=limits, plan_period=plan_period)
        used.append(condition.field)
        if met is False:
            note = Message(
                "checks.not_applicable",
                field=field_word(condition.field),
                value=value_word(value),
            )
            return Decision(Status.NOT_APPLICABLE, required=nothing_owed(rule), notes=(note,))
        if met is None:
            unknown.append(field_word(condition.field))
    if unknown:
        note = Message("checks.unit_unknown", fields=unknown)
        return Decision(Status.NOT_ASSESSABLE, notes=(note,))
    return None


def _told(decision: Decision, governing: Governing) -> Decision:
    return replace(
        decision,
        flags=(*decision.flags, *governing.flags),
        notes=(*decision.notes, *governing.notes),
    )


def without_check(rule: Rule, status: Status, note: Message, as_of: dt.date) -> Verdict:
    """Return the verdict of a rule that was not held against anything, and say why."""
    decision = Decision(status)
    return Verdict(
        status=status, strength=rule.strength, relation=rule.relation, notes=(note,),
        due_on=rule.due.on, due_state=due_state(rule, decision, {}, as_of, None),
        flags=_rule_flags(rule),
    )  # fmt: skip


def _rule_flags(rule: Rule) -> tuple[str, ...]:
    """Return the cautions that travel with a rule whatever it finds: a proxy, a draft."""
    flags = [Flag.PROXY] if rule.proxy is not None else []
    flags += [Flag.DRAFT_RULE] if rule.status == RuleStatus.DRAFT else []
    return tuple(sorted(str(flag) for flag in flags))


def _verdict(  # noqa: PLR0913 - all but two by name
    rule: Rule,
    decision: Decision,
    *,
    unit: Unit,
    values: Mapping[str, Value],
    as_of: dt.date,
    used: Iterable[str | None],
    then: OnDueDay | None = None,
) -> Verdict:
    state = due_state(rule, decision, values, as_of, then)
    notes = (*decision.notes, *(m for v in values.values() for m in v.method))
    notes += () if then is None else then.notes
    if state is DueState.MET_TIME_UNKNOWN:
        notes += (Message("checks.time_unknown", due=rule.due.on),)
    bases = [number.basis for number in decision.numbers]
    bases += [v.basis for v in values.values() if v.basis is not None]
    bases += [decision.basis] if decision.basis else []
    flags = {str(f) for f in decision.flags} | {str(f) for v in values.values() for f in v.flags}
    flags |= set(_rule_flags(rule))
    return Verdict(
        status=decision.status,
        strength=decision.strength or rule.strength,
        relation=rule.relation,
        measured=decision.measured,
        required=decision.required,
        gap=decision.gap,
        measured_ends=decision.measured_ends,
        required_ends=decision.required_ends,
        gap_ends=decision.gap_ends,
        due_on=rule.due.on,
        due_state=state,
        basis=max(bases, key=_BASES.index, default=Basis.CLAUSE),
        is_synthetic=any(name in unit.made for name in used if name)
        or any(value.is_synthetic for value in values.values()),
        flags=tuple(sorted(flags)),
        notes=unique(notes),
        sources=tuple(sorted({s for v in values.values() for s in v.sources})),
        year=oldest(*(value.year for value in values.values())),
        then=then,
    )
