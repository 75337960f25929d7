"""Which rules count the verdicts of which, and the order in which they can be decided."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from zmd_layout.rulebook.measure_forms import VerdictMeasure, parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zmd_layout.rulebook.rule import Rule


def counted_verdicts(rule: Rule) -> list[str]:
    """Return the ids of the rules whose verdicts a rule counts, sorted."""
    found = [part for definition in rule.measures.values() for part in parts(definition)]
    return sorted({part.verdicts for part in found if isinstance(part, VerdictMeasure)})


def circle_of(rules: Iterable[Rule]) -> list[str]:
    """Return the ids of rules that count each other's verdicts in a circle; empty without one."""
    try:
        _sorter({rule.id: rule for rule in rules}).prepare()
    except CycleError as error:
        ids: list[str] = error.args[1]
        return ids
    return []


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules so that each stands after those whose verdicts it counts."""
    by_id = {rule.id: rule for rule in rules}
    sorter = _sorter(by_id)
    sorter.prepare()
    ordered: list[Rule] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [by_id[rule_id] for rule_id in ready]
        sorter.done(*ready)
    return ordered


def _sorter(by_id: dict[str, Rule]) -> TopologicalSorter[str]:
    return TopologicalSorter(
        {
            rule_id: [other for other in counted_verdicts(rule) if other in by_id]
            for rule_id, rule in by_id.items()
        }
    )
