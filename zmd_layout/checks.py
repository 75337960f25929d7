"""
Decide one rule for one unit, from measures alone: no files, no clock, no geometry.

Every measure is a range. A known value has equal ends; a count of which some rows lack the decisive
field has a lower and a higher end; an unknown value is the whole line. A verdict is given only
where it holds for the whole range, so that unknown is never taken for zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zmd_layout.measures.conditions import meets
from zmd_layout.messages import Message, value_word
from zmd_layout.rulebook import Banded, Proportion, Report, Threshold
from zmd_layout.vocabulary import Basis, DueState, Flag, Relation, Status, Strength

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from zmd_layout.measures.value import Value
    from zmd_layout.rulebook import Band, DatedValue, Rule

_BASES = list(Basis)


@dataclass(frozen=True, slots=True)
class Unit:
    """
    What the verdict is about.

    Attributes
    ----------
    fields
        Its attributes; None or a missing key is unknown.
    made
        The attributes that were made up.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    made: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status of a rule for a unit, and the numbers behind it; None is unknown."""

    status: Status
    strength: Strength
    relation: Relation | None
    measured: float | None = None
    required: float | None = None
    gap: float | None = None
    due_on: dt.date | None = None
    due_state: DueState = DueState.NONE
    basis: Basis = Basis.CLAUSE
    is_synthetic: bool = False
    flags: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a check kind says before strength, time and provenance are added."""

    status: Status
    measured: float | None = None
    required: float | None = None
    gap: float | None = None
    strength: Strength | None = None
    numbers: tuple[DatedValue, ...] = ()
    basis: Basis | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    is_met: bool | None = None


def decide(
    rule: Rule,
    *,
    unit: Unit,
    values: Mapping[str, Value],
    as_of: dt.date,
    plan_period: tuple[dt.date, dt.date] | None = None,
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
        The day of the assessment. A rule with `judged_on` reads the law as of that field of the
        unit instead; where it is unknown, `as_of` stands in and a flag says so.
    plan_period
        First and last day of the plan, for conditions that speak of it.

    Returns
    -------
    verdict
        None if the rule is not in force on `as_of`.
    """
    if not rule.in_force(as_of):
        return None
    day, day_flags = _law_day(rule, unit, as_of)
    if not rule.in_force(day):
        note = Message("checks.granted_before", day=day, start=rule.effective.start)
        decision = _Decision(Status.NOT_APPLICABLE, required=_nothing(rule), notes=(note,))
        return _verdict(rule, decision, unit=unit, values={}, as_of=as_of, used=(rule.judged_on,))
    used: list[str | None] = [rule.judged_on]
    decision_or_none = _applicability(rule, unit, day, plan_period, used)
    if decision_or_none is not None:
        return _verdict(
            rule,
            _flagged(decision_or_none, day_flags),
            unit=unit,
            values={},
            as_of=as_of,
            used=used,
        )
    decision = _flagged(_decide(rule, values, rule.limits(day)), day_flags)
    return _verdict(rule, decision, unit=unit, values=values, as_of=as_of, used=used)


def report(
    rule: Rule, *, unit: Unit, values: Mapping[str, Value], as_of: dt.date
) -> Verdict | None:
    """
    Give the figure of a rule for a unit that it only monitors: `reported`, no verdict.

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
    decision = _Decision(
        Status.REPORTED,
        measured=values[measure].known,
        notes=(Message("checks.monitored"),),
    )
    verdict = _verdict(
        rule, decision, unit=unit, values={measure: values[measure]}, as_of=as_of, used=()
    )
    return replace(verdict, relation=None, due_state=DueState.NONE, due_on=None)


def _law_day(rule: Rule, unit: Unit, as_of: dt.date) -> tuple[dt.date, tuple[str, ...]]:
    if rule.judged_on is None:
        return as_of, ()
    day = unit.fields.get(rule.judged_on)
    if day is None:
        return as_of, (Flag.CONDITIONS_DATE_UNKNOWN,)
    return day, ()


def _nothing(rule: Rule) -> float | None:
    """Where a rule does not apply nothing is owed; a cap, though, has no number there."""
    return 0.0 if rule.relation is Relation.AT_LEAST else None


def _applicability(
    rule: Rule,
    unit: Unit,
    day: dt.date,
    plan_period: tuple[dt.date, dt.date] | None,
    used: list[str | None],
) -> _Decision | None:
    limits = rule.limits(day)
    unknown = []
    for condition in rule.applies_to:
        value = unit.fields.get(condition.field)
        met = meets(value, condition, limits=limits, plan_period=plan_period)
        if met is False:
            used.append(condition.field)
            note = Message(
                "checks.not_applicable",
                field=_field_word(condition.field),
                value=value_word(value),
            )
            return _Decision(Status.NOT_APPLICABLE, required=_nothing(rule), notes=(note,))
        used.append(condition.field)
        if met is None:
            unknown.append(_field_word(condition.field))
    if unknown:
        note = Message("checks.unit_unknown", fields=unknown)
        return _Decision(Status.NOT_ASSESSABLE, notes=(note,))
    return None


def _field_word(name: str) -> Message:
    return Message("fields.word", name=Message(f"fields.{name}"))


def _decide(
    rule: Rule, values: Mapping[str, Value], limits: Mapping[str, DatedValue | None]
) -> _Decision:
    check = rule.check
    missing = sorted(name for name, dated in limits.items() if dated is None)
    if missing:
        return _Decision(Status.NOT_ASSESSABLE, notes=(Message("checks.no_number", names=missing),))
    numbers = {name: dated for name, dated in limits.items() if dated is not None}
    match check:
        case Threshold():
            return _threshold(rule, check, values, numbers)
        case Proportion():
            return _proportion(rule, check, values, numbers)
        case Banded():
            return _banded(check, values, numbers)
        case Report():
            return _report(check, values, numbers)


def _threshold(
    rule: Rule, check: Threshold, values: Mapping[str, Value], numbers: Mapping[str, DatedValue]
) -> _Decision:
    supply, limit = values[check.measure], numbers[check.limit]
    tolerance = numbers[check.tolerance].value if check.tolerance else 0.0
    decision = _compare(supply, (limit.value, limit.value), check.relation, tolerance=tolerance)
    used = [limit] + ([numbers[check.tolerance]] if check.tolerance else [])
    decision = replace(decision, numbers=tuple(used))
    if rule.stricter and decision.status is Status.PASS:
        province = numbers[rule.stricter.limit].value
        if _compare(supply, (province, province), check.relation).status is Status.SHORTFALL:
            note = Message("checks.laxer_than_province", city=limit.value, province=province)
            decision = replace(
                decision,
                flags=(*decision.flags, rule.stricter.flag),
                notes=(*decision.notes, note),
            )
    return decision


def _proportion(
    rule: Rule, check: Proportion, values: Mapping[str, Value], numbers: Mapping[str, DatedValue]
) -> _Decision:
    supply, demand, per = values[check.supply], values[check.demand], numbers[check.per]
    if not demand.is_bounded:
        return _Decision(
            Status.NOT_ASSESSABLE, measured=supply.known, notes=_why_unknown(demand, check.demand)
        )
    required = (demand.low // per.value, demand.high // per.value)
    if required[1] == 0:
        note = Message("checks.below_ratio", demand=demand.high, per=per.value)
        decision = _Decision(
            Status.NOT_APPLICABLE, supply.known, 0.0, 0.0, numbers=(per,), notes=(note,)
        )
    else:
        decision = replace(_compare(supply, required, Relation.AT_LEAST), numbers=(per,))
    if required[0] != required[1] and decision.status is Status.NOT_ASSESSABLE:
        note = Message("checks.multiplier_decides", low=demand.low, high=demand.high)
        decision = replace(
            decision, flags=(*decision.flags, Flag.MULTIPLIER_DECIDES), notes=(note,)
        )
    if check.letter:
        decision = _by_letter(decision, supply, required[0], numbers[check.letter])
    return _beside_province(rule, decision, supply, demand, numbers)


def _by_letter(
    decision: _Decision, supply: Value, required: float, letter: DatedValue
) -> _Decision:
    """Hold the letter of the clause beside the proportion; see `Proportion`."""
    if decision.status not in {Status.PASS, Status.SHORTFALL} or required <= letter.value:
        return decision
    note = Message("checks.letter_and_proportion", letter=letter.value, required=required)
    decision = replace(
        decision, basis=Basis.ASSUMPTION, notes=(*decision.notes, note),
        numbers=(*decision.numbers, letter),
    )  # fmt: skip
    if decision.status is Status.SHORTFALL and supply.low >= letter.value:
        return replace(
            decision,
            strength=Strength.IN_PRINCIPLE,
            flags=(*decision.flags, Flag.READING_DECIDES),
        )
    return decision


def _beside_province(
    rule: Rule,
    decision: _Decision,
    supply: Value,
    demand: Value,
    numbers: Mapping[str, DatedValue],
) -> _Decision:
    if rule.stricter is None or decision.status not in {Status.PASS, Status.NOT_APPLICABLE}:
        return decision
    province = numbers[rule.stricter.limit].value
    if supply.high >= demand.low // province:
        return decision
    note = Message("checks.province_asks_more", per=province, required=demand.low // province)
    flags = (*decision.flags, rule.stricter.flag)
    return replace(decision, flags=flags, notes=(*decision.notes, note))


def _banded(
    check: Banded, values: Mapping[str, Value], numbers: Mapping[str, DatedValue]
) -> _Decision:
    supply, demand = values[check.supply], values[check.demand]
    if not demand.is_bounded:
        return _Decision(
            Status.NOT_ASSESSABLE, measured=supply.known, notes=_why_unknown(demand, check.demand)
        )
    asked = [_required_at(people, check, numbers) for people in (demand.low, demand.high)]
    if any(found is None for found, _ in asked):
        note = Message("checks.outside_bands", demand=demand.low)
        return _Decision(Status.NOT_APPLICABLE, supply.known, 0.0, notes=(note,))
    required = sorted(float(found.value) for found, _ in asked if found is not None)
    decision = _compare(supply, (required[0], required[-1]), Relation.AT_LEAST)
    flags, notes = list(decision.flags), list(decision.notes)
    if check.overlap_flag and any(overlaps for _, overlaps in asked):
        flags.append(check.overlap_flag)
        notes.append(Message("checks.overlap", demand=demand.low, required=required[-1]))
    near = _near_bound(demand, check, numbers)
    if near is not None:
        flags.append(Flag.NEAR_THRESHOLD)
        notes.append(Message("checks.near_threshold", demand=demand.low, bound=near))
    used = tuple(found for found, _ in asked if found is not None)
    return replace(decision, flags=tuple(flags), notes=tuple(notes), numbers=used)


def _required_at(
    people: float, check: Banded, numbers: Mapping[str, DatedValue]
) -> tuple[DatedValue | None, bool]:
    """Give the largest requirement of the bands that hold `people`, and whether several do."""
    holding = [band for band in check.bands if _holds(band, people, numbers)]
    found = [numbers[band.required] for band in holding]
    return max(found, key=lambda dated: dated.value, default=None), len(found) > 1


def _holds(band: Band, people: float, numbers: Mapping[str, DatedValue]) -> bool:
    least = numbers[band.at_least].value if band.at_least else -math.inf
    most = numbers[band.at_most].value if band.at_most else math.inf
    return least <= people <= most


def _near_bound(demand: Value, check: Banded, numbers: Mapping[str, DatedValue]) -> float | None:
    if check.near is None:
        return None
    share = numbers[check.near].value
    names = [name for band in check.bands for name in (band.at_least, band.at_most) if name]
    bounds = sorted({numbers[name].value for name in names})
    return next(
        (
            b
            for b in bounds
            if abs(demand.low - b) <= share * b or abs(demand.high - b) <= share * b
        ),
        None,
    )


def _report(
    check: Report, values: Mapping[str, Value], numbers: Mapping[str, DatedValue]
) -> _Decision:
    value = values[check.measure]
    if value.is_unknown:
        return _Decision(Status.NOT_ASSESSABLE, notes=_why_unknown(value, check.measure))
    if check.reference is None:
        return _Decision(Status.REPORTED, value.known, notes=value.notes)
    number = numbers[check.reference]
    relation = check.relation or Relation.AT_MOST
    compared = _compare(value, (number.value, number.value), relation)
    met = {Status.PASS: True, Status.SHORTFALL: False}.get(compared.status)
    note = Message("checks.reference", reference=number.value)
    return _Decision(
        Status.REPORTED, value.known, number.value, numbers=(number,), is_met=met,
        notes=(*value.notes, note),
    )  # fmt: skip


def _compare(
    supply: Value,
    required: tuple[float, float],
    relation: Relation,
    *,
    tolerance: float = 0.0,
) -> _Decision:
    """Compare two ranges; a verdict only where it holds for all of both."""
    least, most = required
    match relation:
        case Relation.AT_LEAST:
            passes, fails = supply.low >= most, supply.high < least
            gap = least - supply.high
            decisive = supply.low if passes else supply.high
        case Relation.AT_MOST:
            passes, fails = supply.high <= least + tolerance, supply.low > most + tolerance
            gap = supply.low - most
            decisive = supply.high if passes else supply.low
        case Relation.EQUALS:
            passes = supply.is_exact and supply.low == least
            fails = not supply.low <= least <= supply.high
            gap = abs(least - supply.low) if supply.is_exact else math.nan
            decisive = supply.low
    shown = least if least == most else None
    if passes:
        return _Decision(Status.PASS, _finite(decisive), shown, 0.0, notes=supply.notes)
    if fails:
        return _Decision(
            Status.SHORTFALL, _finite(decisive), least, _finite(gap), notes=supply.notes
        )
    return _Decision(Status.NOT_ASSESSABLE, supply.known, shown, notes=_why_unknown(supply, None))


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _why_unknown(value: Value, name: str | None) -> tuple[Message, ...]:
    if value.notes:
        return value.notes
    return (Message("checks.unknown_measure", name=name),) if name else ()


def _flagged(decision: _Decision, flags: Iterable[str]) -> _Decision:
    return replace(decision, flags=(*decision.flags, *flags))


def _verdict(
    rule: Rule,
    decision: _Decision,
    *,
    unit: Unit,
    values: Mapping[str, Value],
    as_of: dt.date,
    used: Iterable[str | None],
) -> Verdict:
    bases = [number.basis for number in decision.numbers]
    bases += [v.basis for v in values.values() if v.basis is not None]
    bases += [decision.basis] if decision.basis else []
    flags = {str(f) for f in decision.flags} | {str(f) for v in values.values() for f in v.flags}
    if rule.proxy is not None:
        flags.add(Flag.PROXY)
    if rule.status == "draft":
        flags.add(Flag.DRAFT_RULE)
    return Verdict(
        status=decision.status,
        strength=decision.strength or rule.strength,
        relation=rule.relation,
        measured=decision.measured,
        required=decision.required,
        gap=decision.gap,
        due_on=rule.due.on,
        due_state=_due_state(rule, decision, values, as_of),
        basis=max(bases, key=_BASES.index, default=Basis.CLAUSE),
        is_synthetic=any(name in unit.made for name in used if name)
        or any(value.is_synthetic for value in values.values()),
        flags=tuple(sorted(flags)),
        notes=decision.notes,
        sources=tuple(sorted({s for v in values.values() for s in v.sources})),
    )


def due_state_unknown(rule: Rule, as_of: dt.date) -> DueState:
    """Place a rule in time of which nothing is known."""
    return _due_state(rule, _Decision(Status.NOT_ASSESSABLE), {}, as_of)


def _due_state(
    rule: Rule, decision: _Decision, values: Mapping[str, Value], as_of: dt.date
) -> DueState:
    """
    Place the verdict in time.

    What decided it is as old as its oldest datum. Data older than the due day can show that a
    target was met, never that it was missed.
    """
    due = rule.due.on
    if due is None:
        return rule.due.state or DueState.NONE
    if as_of < due or decision.status is Status.NOT_APPLICABLE:
        return DueState.NOT_DUE if as_of < due else DueState.NONE
    met = {Status.PASS: True, Status.SHORTFALL: False}.get(decision.status, decision.is_met)
    years = [value.year for value in values.values()]
    if met is None or None in years or not years:
        return DueState.DUE_UNVERIFIED
    year = min(y for y in years if y is not None)
    if met:
        return DueState.DUE_MET if year <= due.year else DueState.MET_LATE
    return DueState.DUE_MISSED if year >= due.year else DueState.DUE_UNVERIFIED
