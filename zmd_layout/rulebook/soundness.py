"""Whether a rule holds together: what it refers to is there, and rests on something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.messages import Message, word_message
from zmd_layout.rulebook.dependence import circle_of
from zmd_layout.rulebook.faults import Fault, near_message
from zmd_layout.rulebook.fields import field_faults, simple_parts
from zmd_layout.rulebook.kinds import Banded, measure_names
from zmd_layout.rulebook.measure_forms import (
    CountMeasure,
    NamedMeasure,
    ParameterRef,
    SumMeasure,
    parts,
)
from zmd_layout.rulebook.named_measures import MERGING, NUMBERS, is_named
from zmd_layout.vocabulary import Basis, RuleStatus, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zmd_layout.rulebook.faults import Place
    from zmd_layout.rulebook.measure_forms import Condition
    from zmd_layout.rulebook.rule import Rule


def faults_in_meaning(rule: Rule, distrusted: frozenset[str] = frozenset()) -> list[Fault]:
    """
    Find what a rule refers to that is not there, and numbers that rest on nothing.

    Parameters
    ----------
    rule
        The rule.
    distrusted
        The keys under which something could not be read; what depends on all that stands there is
        not asked for.
    """
    asked: tuple[tuple[set[str], Callable[[Rule], Iterable[Fault]]], ...] = (
        ({"clauses"}, _clause_faults),
        (set(), _source_faults),
        ({"parameters", "check"}, _parameter_faults),
        ({"check", "measures", "needs"}, _measure_faults),
        ({"unit", "also_units", "monitor"}, _named_faults),
        ({"unit", "also_units", "monitor"}, field_faults),
        ({"unit", "also_units", "parameters", "effective"}, _input_faults),
        ({"status"}, _evidence_faults),
        (set(), _circle_faults),
    )
    return [f for uses, find in asked if not uses & distrusted for f in find(rule)]


def _clause_faults(rule: Rule) -> Iterator[Fault]:
    for name, parameter in rule.parameters.items():
        for day, dated in parameter.values.items():
            if dated.basis is Basis.CLAUSE and dated.clause not in rule.clauses:
                place = ("parameters", name, "values", day.isoformat())
                if dated.clause is None:
                    yield Fault(place, Message("rulebook.cites_nothing", known=list(rule.clauses)))
                else:
                    why = near_message("rulebook.no_clause", dated.clause, rule.clauses)
                    yield Fault((*place, "clause"), why)


def _source_faults(rule: Rule) -> Iterator[Fault]:
    for name, parameter in rule.parameters.items():
        for day, dated in parameter.values.items():
            if dated.basis is not Basis.CLAUSE and dated.source is None:
                place = ("parameters", name, "values", day.isoformat())
                yield Fault(place, Message("rulebook.no_source", basis=word_message(dated.basis)))


def _parameter_faults(rule: Rule) -> Iterator[Fault]:
    for place, name in _parameters_named(rule):
        if name not in rule.parameters:
            yield Fault(place, near_message("rulebook.no_parameter", name, rule.parameters))


def _parameters_named(rule: Rule) -> Iterator[tuple[Place, str]]:
    yield from _named_in(rule.check, _IN_CHECK, ("check",))
    for number, band in enumerate(rule.check.bands if isinstance(rule.check, Banded) else ()):
        yield from _named_in(band, ("at_least", "at_most", "required"), ("check", "bands", number))
    if rule.stricter:
        yield ("stricter", "limit"), rule.stricter.limit
    if rule.wish:
        yield ("wish", "limit"), rule.wish.limit
    for place, condition in _conditions(rule):
        for key in ("at_least", "at_most"):
            bound = getattr(condition, key)
            if isinstance(bound, ParameterRef):
                yield (*place, key, "parameter"), bound.parameter


_IN_CHECK = ("limit", "tolerance", "per", "letter", "near", "settled", "reference")


def _named_in(part: object, keys: Iterable[str], place: Place) -> Iterator[tuple[Place, str]]:
    found = ((key, getattr(part, key, None)) for key in keys)
    yield from (((*place, key), str(name)) for key, name in found if name is not None)


def _conditions(rule: Rule) -> Iterator[tuple[Place, Condition]]:
    yield from ((("applies_to", n), c) for n, c in enumerate(rule.applies_to))
    for number, monitor in enumerate(rule.monitor):
        yield from ((("monitor", number, "where", n), c) for n, c in enumerate(monitor.where))
    for n, condition in enumerate(rule.wish.where if rule.wish else ()):
        yield ("wish", "where", n), condition
    for name, definition in rule.measures.items():
        for place, part in simple_parts(definition, ("measures", name)):
            if isinstance(part, CountMeasure | SumMeasure):
                yield from (((*place, "where", n), c) for n, c in enumerate(part.where))


def _measure_faults(rule: Rule) -> Iterator[Fault]:
    used = measure_names(rule.check)
    for key in ("measure", "supply", "demand"):
        name = getattr(rule.check, key, None)
        if name is not None and name not in rule.measures:
            yield Fault(("check", key), near_message("rulebook.no_measure", name, rule.measures))
    if set(rule.needs) != used:
        why = Message("rulebook.other_needs", found=sorted(rule.needs), wanted=sorted(used))
        yield Fault(("needs",), why)


def _named_faults(rule: Rule) -> Iterator[Fault]:
    kinds = dict.fromkeys((*rule.units, *(monitor.unit for monitor in rule.monitor)))
    for name, definition in rule.measures.items():
        for place, part in simple_parts(definition, ("measures", name)):
            if isinstance(part, NamedMeasure):
                yield from (
                    Fault((*place, "named"), _not_computed(part.named, unit))
                    for unit in kinds
                    if not is_named(part.named, unit)
                )


def _not_computed(name: str, unit: UnitKind) -> Message:
    known = [named for named, kind in NUMBERS if kind is unit]
    return near_message("rulebook.nobody_computes", name, known, unit=word_message(unit))


def _input_faults(rule: Rule) -> Iterator[Fault]:
    """Find the numbers that are not there, from the first day on, that a computation takes."""
    used = {
        name
        for unit in rule.units
        for definition in rule.measures.values()
        for part in parts(definition)
        if isinstance(part, NamedMeasure)
        for name in NUMBERS.get((part.named, unit), ())
    }
    if UnitKind.RESIDENTIAL_GROUP in rule.units:
        used |= set(MERGING)
    there = {name for name, value in rule.limits(rule.effective.start).items() if value}
    for name in sorted(used - there):
        why = Message("rulebook.needs_number", name=name, day=rule.effective.start)
        yield Fault(("parameters",), why)


def _evidence_faults(rule: Rule) -> Iterator[Fault]:
    weak = sorted(n for n, c in rule.clauses.items() if c.evidence in {"N", "R"})
    if rule.status is RuleStatus.REVIEWED and weak:
        yield Fault(("status",), Message("rulebook.unread_clauses", names=weak))


def _circle_faults(rule: Rule) -> Iterator[Fault]:
    if circle_of([rule]):
        yield Fault(("measures",), Message("rulebook.counts_itself"))
