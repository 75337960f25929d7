"""
The kinds of checks: how a measure is held against a number.

A verdict is given only where it holds for the whole of a range, so that unknown is never taken for
zero.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from zmd_layout.checks.verdict import Decision, Ends
from zmd_layout.messages import Message
from zmd_layout.rulebook import Banded, Proportion, Report, Threshold
from zmd_layout.vocabulary import Basis, Flag, Relation, Status, Strength

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.checks.value import Value
    from zmd_layout.rulebook import Band, DatedValue, Rule


def decide_by_kind(
    rule: Rule, values: Mapping[str, Value], limits: Mapping[str, DatedValue | None]
) -> Decision:
    """Decide by the kind of the rule's check; where a number has no value that day, not at all."""
    check = rule.check
    void = [values[name] for name in rule.needs if values[name].is_void]
    if void:
        return Decision(Status.NOT_APPLICABLE, required=nothing_owed(rule), notes=void[0].notes)
    missing = sorted(name for name, dated in limits.items() if dated is None)
    if missing:
        return Decision(Status.NOT_ASSESSABLE, notes=(Message("checks.no_number", names=missing),))
    numbers = {name: dated for name, dated in limits.items() if dated is not None}
    match check:
        case Threshold():
            return _threshold(rule, check, values, numbers)
        case Proportion():
            return _proportion(rule, check, values, numbers)
        case Banded():
            return _banded(check, values, numbers)
        case _:  # a report
            return _report(check, values, numbers)


def nothing_owed(rule: Rule) -> float | None:
    """Return what is owed where a rule does not apply: nothing; a cap has no number there."""
    return 0.0 if rule.relation is Relation.AT_LEAST else None


def _threshold(
    rule: Rule, check: Threshold, values: Mapping[str, Value], numbers: Mapping[str, DatedValue]
) -> Decision:
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
) -> Decision:
    supply, demand, per = values[check.supply], values[check.demand], numbers[check.per]
    if not demand.is_bounded:
        return Decision(
            Status.NOT_ASSESSABLE, measured=supply.known, measured_ends=_ends(supply),
            notes=_why_unknown(demand, check.demand),
        )  # fmt: skip
    required = (demand.low // per.value, demand.high // per.value)
    if required[1] == 0:
        note = Message("checks.below_ratio", demand=demand.high, per=per.value)
        decision = Decision(
            Status.NOT_APPLICABLE, supply.known, 0.0, 0.0, measured_ends=_ends(supply),
            gap_ends=_NOTHING, numbers=(per,), notes=(note,),
        )  # fmt: skip
    else:
        decision = replace(_compare(supply, required, Relation.AT_LEAST), numbers=(per,))
    is_range = required[0] != required[1] and supply.is_bounded  # of the unknown nothing decides
    if is_range and decision.status is Status.NOT_ASSESSABLE:
        by_scenario = bool(demand.method)  # a forecast says how it was come to, a multiplier not
        key = "checks.scenario_decides" if by_scenario else "checks.multiplier_decides"
        note = Message(key, low=demand.low, high=demand.high)
        flag = Flag.SCENARIO_DECIDES if by_scenario else Flag.MULTIPLIER_DECIDES
        decision = replace(decision, flags=(*decision.flags, flag), notes=(note,))
    if check.letter:
        decision = _by_letter(decision, supply, required[0], numbers[check.letter])
    return _beside_province(rule, decision, supply, demand, numbers)


def _by_letter(decision: Decision, supply: Value, required: float, letter: DatedValue) -> Decision:
    """Hold the letter of the clause beside the proportion; see `Proportion`."""
    if decision.status not in {Status.PASS, Status.SHORTFALL} or required <= letter.value:
        return decision
    note = Message("checks.letter_and_proportion", letter=letter.value, required=required)
    if supply.high < letter.value:
        return replace(
            decision, required=letter.value, gap=letter.value - supply.high,
            gap_ends=Ends.of(letter.value - supply.high, letter.value - supply.low),
            numbers=(*decision.numbers, letter), notes=(*decision.notes, note),
        )  # fmt: skip
    decision = replace(decision, basis=Basis.ASSUMPTION, notes=(*decision.notes, note))
    if decision.status is Status.SHORTFALL and supply.low >= letter.value:
        return replace(
            decision,
            strength=Strength.IN_PRINCIPLE,
            flags=(*decision.flags, Flag.READING_DECIDES),
        )
    return decision


def _beside_province(
    rule: Rule,
    decision: Decision,
    supply: Value,
    demand: Value,
    numbers: Mapping[str, DatedValue],
) -> Decision:
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
) -> Decision:
    supply, demand = values[check.supply], values[check.demand]
    if not demand.is_bounded:
        return Decision(
            Status.NOT_ASSESSABLE, measured=supply.known, measured_ends=_ends(supply),
            notes=_why_unknown(demand, check.demand),
        )  # fmt: skip
    asked = [_required_at(people, check, numbers) for people in _telling(demand, check, numbers)]
    if all(found is None for found, _ in asked):
        note = Message("checks.outside_bands", demand=demand.low)
        return Decision(
            Status.NOT_APPLICABLE, supply.known, 0.0, measured_ends=_ends(supply), notes=(note,)
        )
    # outside of every band nothing is owed; a range may reach over several bands
    owed = [0.0 if found is None else found.value for found, _ in asked]
    least, most = min(owed), max(owed)
    decision = _compare(supply, (least, most), Relation.AT_LEAST)
    flags, notes = list(decision.flags), list(decision.notes)
    ends = (demand.low, demand.high)
    exactly_on = [people for people in ends if _required_at(people, check, numbers)[1]]
    if check.overlap_flag and exactly_on:
        flags.append(check.overlap_flag)
        notes.append(Message("checks.overlap", demand=exactly_on[0], required=most))
    near = _near_bound(demand, check, numbers)
    if near is not None:
        flags.append(Flag.NEAR_THRESHOLD)
        notes.append(Message("checks.near_threshold", demand=demand.low, bound=near))
    used = tuple(found for found, _ in asked if found is not None)
    return replace(decision, flags=tuple(flags), notes=tuple(notes), numbers=used)


def _telling(demand: Value, check: Banded, numbers: Mapping[str, DatedValue]) -> list[float]:
    """
    Return points of a range such that any other is in the same bands as one of them.

    They are its ends, the bounds inside, and one point in each stretch between. Residents are whole
    numbers where both ends are: between 600,000 and 600,001 there is nobody.
    """
    inside = {bound for bound in _bounds(check, numbers) if demand.low < bound < demand.high}
    marks = sorted({demand.low, *inside, demand.high})
    if not (float(demand.low).is_integer() and float(demand.high).is_integer()):
        return [*marks, *((first + last) / 2 for first, last in pairwise(marks))]
    next_ones = [(math.floor(first) + 1.0, last) for first, last in pairwise(marks)]
    return [
        *(mark for mark in marks if float(mark).is_integer()),
        *(point for point, last in next_ones if point < last),
    ]


def _bounds(check: Banded, numbers: Mapping[str, DatedValue]) -> set[float]:
    names = [name for band in check.bands for name in (band.at_least, band.at_most) if name]
    return {numbers[name].value for name in names}


def _required_at(
    people: float, check: Banded, numbers: Mapping[str, DatedValue]
) -> tuple[DatedValue | None, bool]:
    """Return the largest requirement of the bands that hold `people`, and whether several do."""
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
    bounds = sorted(_bounds(check, numbers))
    return next(
        (b for b in bounds if demand.low - b <= share * b and b - demand.high <= share * b), None
    )


def _report(
    check: Report, values: Mapping[str, Value], numbers: Mapping[str, DatedValue]
) -> Decision:
    value = values[check.measure]
    if value.is_unknown:
        return Decision(
            Status.NOT_ASSESSABLE,
            measured_ends=_ends(value),
            notes=_why_unknown(value, check.measure),
        )
    if check.reference is None:
        return Decision(Status.REPORTED, value.known, measured_ends=_ends(value), notes=value.notes)
    number = numbers[check.reference]
    relation = check.relation or Relation.AT_MOST
    compared = _compare(value, (number.value, number.value), relation)
    met = {Status.PASS: True, Status.SHORTFALL: False}.get(compared.status)
    note = Message("checks.reference", reference=number.value)
    return Decision(
        Status.REPORTED, value.known, number.value, measured_ends=_ends(value),
        numbers=(number,), is_met=met, notes=(*value.notes, note),
    )  # fmt: skip


def _compare(
    supply: Value,
    required: tuple[float, float],
    relation: Relation,
    *,
    tolerance: float = 0.0,
) -> Decision:
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
        case _:  # equals
            passes = supply.is_exact and supply.low == least
            fails = not supply.low <= least <= supply.high
            gap = abs(least - supply.low) if supply.is_exact else math.nan
            decisive = supply.low
    shown = least if least == most else None
    decision = Decision(
        Status.NOT_ASSESSABLE, supply.known, shown, measured_ends=_ends(supply),
        required_ends=Ends.of(least, most), gap_ends=_gap_ends(supply, required, relation),
    )  # fmt: skip
    if passes:
        return replace(
            decision, status=Status.PASS, measured=_finite(decisive), gap=0.0, gap_ends=_NOTHING,
            notes=supply.notes,
        )  # fmt: skip
    if fails:
        return replace(
            decision, status=Status.SHORTFALL, measured=_finite(decisive), required=least,
            gap=_finite(gap), notes=supply.notes,
        )  # fmt: skip
    return replace(decision, notes=_why_unknown(supply, None))


_NOTHING = Ends(0.0, 0.0)


def _ends(value: Value) -> Ends:
    return Ends.of(value.low, value.high)


def _gap_ends(supply: Value, required: tuple[float, float], relation: Relation) -> Ends:
    """Return what is surely missing, or in excess, and what may be."""
    least, most = required
    match relation:
        case Relation.AT_LEAST:
            low, high = least - supply.high, most - supply.low
        case Relation.AT_MOST:
            low, high = supply.low - most, supply.high - least
        case _:  # equals
            low = max(supply.low - least, least - supply.high)
            high = max(supply.high - least, least - supply.low)
    return Ends.of(max(low, 0.0), max(high, 0.0))


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _why_unknown(value: Value, name: str | None) -> tuple[Message, ...]:
    if value.notes:
        return value.notes
    return (Message("checks.unknown_measure", name=name),) if name else ()
