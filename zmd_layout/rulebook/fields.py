"""Hold the fields that a rule speaks of against the columns of layers and units."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from zmd_layout.messages import Message, word_message
from zmd_layout.messages.words import layer_word
from zmd_layout.rulebook import layer_columns as known
from zmd_layout.rulebook.faults import Fault, near_message, shown
from zmd_layout.rulebook.layer_columns import RuleColumn, columns_of_layer, columns_of_unit
from zmd_layout.rulebook.measure_forms import (
    CountMeasure,
    EitherMeasure,
    FieldMeasure,
    ParameterRef,
    ShareMeasure,
    StatisticMeasure,
    SumMeasure,
)
from zmd_layout.rulebook.nearest import nearest
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zmd_layout.rulebook.faults import Place
    from zmd_layout.rulebook.layer_columns import Columns
    from zmd_layout.rulebook.measure_forms import (
        Condition,
        MeasureDefinition,
        SimpleMeasure,
    )
    from zmd_layout.rulebook.rule import Rule

_OPERATORS = {
    known.WORD: ("equals", "any_of"),
    known.STAGES: ("equals", "any_of", "contains"),
    known.BOOL: ("equals",),
    known.DATE: ("equals", "at_least", "at_most", "in_plan_period"),
    known.TEXT: ("equals", "any_of", "contains"),
    "id": ("equals", "any_of"),
    known.ANY: ("equals", "any_of", "contains", "at_least", "at_most", "in_plan_period"),
    **dict.fromkeys(known.NUMBERS, ("equals", "at_least", "at_most")),
}
_SURELY_MEANT = 80  # of 100: a layer's name so like one of ours is no layer of the study's own


def field_faults(rule: Rule) -> Iterator[Fault]:
    """Find fields that units or layers do not have, and values that do not fit their type."""
    yield from _of_units(rule.applies_to, rule.units, ("applies_to",))
    for number, monitor in enumerate(rule.monitor):
        yield from _of_units(monitor.where, (monitor.unit,), ("monitor", number, "where"))
    if rule.wish:
        yield from _of_units(rule.wish.where, rule.units, ("wish", "where"))
    kinds = (*rule.units, *(monitor.unit for monitor in rule.monitor))
    for name, definition in rule.measures.items():
        for place, part in simple_parts(definition, ("measures", name)):
            yield from _of_measure(part, tuple(dict.fromkeys(kinds)), place)


def simple_parts(
    definition: MeasureDefinition, place: Place
) -> Iterator[tuple[Place, SimpleMeasure]]:
    """Yield each part of a definition that is no alternative and no share, with its place."""
    match definition:
        case EitherMeasure():
            for number, part in enumerate(definition.either):
                yield from simple_parts(part, (*place, "either", number))
        case ShareMeasure():
            yield (*place, "part"), definition.part
            yield (*place, "whole"), definition.whole
        case _:
            yield place, definition


def _of_measure(part: SimpleMeasure, kinds: tuple[UnitKind, ...], place: Place) -> Iterator[Fault]:
    match part:
        case FieldMeasure():
            for kind in kinds:
                yield from _of_field(part, kind, place)
        case StatisticMeasure():
            names = known.statistic_names()
            if part.statistic not in names:
                why = near_message("rulebook.why_word", part.statistic, names)
                yield Fault((*place, "statistic"), why)
        case CountMeasure() | SumMeasure():
            name = part.count if isinstance(part, CountMeasure) else part.sum
            columns = columns_of_layer(name)
            if columns is not None:
                yield from layer_faults(part, columns, name, place)
            elif nearest(name, known.layer_names(), at_least=_SURELY_MEANT):
                key = "count" if isinstance(part, CountMeasure) else "sum"
                why = near_message("rulebook.why_layer", name, known.layer_names())
                yield Fault((*place, key), why)


def _of_field(part: FieldMeasure, kind: UnitKind, place: Place) -> Iterator[Fault]:
    column, faults = _find(part.field, columns_of_unit(kind), word_message(kind))
    yield from (Fault((*place, "field"), why) for why in faults)
    if column and column.kind not in {*known.NUMBERS, known.BOOL}:
        yield Fault((*place, "field"), _no_number(part.field, column))


def layer_faults(
    part: CountMeasure | SumMeasure, columns: Columns, layer: str, place: Place
) -> Iterator[Fault]:
    """Hold a count or a sum against the columns of its layer."""
    if isinstance(part, SumMeasure):
        column, faults = _find(part.of, columns, layer_word(layer))
        yield from (Fault((*place, "of"), why) for why in faults)
        if column and column.kind not in known.AMOUNTS:
            yield Fault((*place, "of"), _no_number(part.of, column))
    for number, condition in enumerate(part.where):
        yield from _of_condition(
            condition, [(columns, layer_word(layer))], (*place, "where", number)
        )


def _of_units(
    conditions: Iterable[Condition], kinds: Iterable[UnitKind], place: Place
) -> Iterator[Fault]:
    tables = [(columns_of_unit(kind), word_message(kind)) for kind in kinds]
    for number, condition in enumerate(conditions):
        yield from _of_condition(condition, tables, (*place, number))


def _of_condition(
    condition: Condition, tables: list[tuple[Columns, Message]], place: Place
) -> Iterator[Fault]:
    """Hold a condition against the column, of whose words each table may have its own."""
    found: list[RuleColumn] = []
    for columns, owner in tables:
        column, faults = _find(condition.field, columns, owner)
        yield from (Fault((*place, "field"), why) for why in faults)
        found += [column] if column else []
    if found and len({column.kind for column in found}) == 1:
        words = tuple(dict.fromkeys(word for column in found for word in column.words))
        yield from _of_value(condition, RuleColumn(found[0].kind, words), place)


def _find(name: str, columns: Columns, owner: Message) -> tuple[RuleColumn | None, list[Message]]:
    column = known.find_column(columns, name)
    if column is not None:
        return column, []
    return None, [near_message("rulebook.no_column", name, columns, owner=owner)]


def _of_value(condition: Condition, column: RuleColumn, place: Place) -> Iterator[Fault]:
    name = condition.operator
    value = getattr(condition, name)
    told = {"field": condition.field, "kind": Message(f"rulebook.kind_{column.kind}")}
    allowed = _OPERATORS.get(column.kind, ())
    if name not in allowed:
        why = Message("rulebook.wrong_operator", **told, operator=name, allowed=list(allowed))
        yield Fault((*place, name), why)
        return
    for one in value if isinstance(value, tuple) else (value,):
        if not _fits(one, name, column):
            yield Fault((*place, name), Message("rulebook.wrong_type", **told, found=_quoted(one)))
        elif column.kind == known.WORD and one not in column.words:
            yield Fault((*place, name), near_message("rulebook.why_word", one, column.words))
        elif column.kind == known.STAGES:
            yield from (Fault((*place, name), why) for why in _stage_faults(str(one), name))


def _fits(value: Any, operator: str, column: RuleColumn) -> bool:  # noqa: ANN401 - of any type
    if operator == "in_plan_period" or column.kind == known.ANY:
        return True
    if isinstance(value, ParameterRef):
        return column.kind in known.NUMBERS
    match column.kind:
        case known.BOOL:
            return isinstance(value, bool)
        case known.DATE:
            return isinstance(value, dt.date)
        case kind if kind in known.NUMBERS:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return isinstance(value, str)


def _stage_faults(text: str, operator: str) -> Iterator[Message]:
    stages = [str(stage) for stage in Stage]
    parts = [text] if operator == "contains" else text.split(";")
    unknown = [part for part in parts if part not in stages]
    yield from (near_message("rulebook.why_word", part, stages) for part in unknown)
    in_order = sorted(set(parts) & set(stages), key=stages.index)
    if not unknown and parts != in_order:
        yield Message("rulebook.stages_in_order", found=text, wanted=";".join(in_order))


def _no_number(field: str, column: RuleColumn) -> Message:
    return Message("rulebook.no_number", field=field, kind=Message(f"rulebook.kind_{column.kind}"))


def _quoted(value: Any) -> str:  # noqa: ANN401 - of any type
    return f'"{value}"' if isinstance(value, str) else shown(value)


def counted_layers(rule: Rule) -> set[str]:
    """Return the names of the layers that a rule counts or sums up."""
    found = [p for d in rule.measures.values() for _, p in simple_parts(d, ())]
    counts = {part.count for part in found if isinstance(part, CountMeasure)}
    return counts | {part.sum for part in found if isinstance(part, SumMeasure)}


def own_layer_faults(
    rules: Iterable[Rule], layers: Mapping[str, Columns]
) -> Iterator[tuple[Rule, Fault]]:
    """
    Hold rules against the layers of a study's own, whose columns are known once they are read.

    Parameters
    ----------
    rules
        The rules.
    layers
        The columns of the study's own layers, by name.
    """
    for rule in rules:
        for name, definition in rule.measures.items():
            for place, part in simple_parts(definition, ("measures", name)):
                if isinstance(part, CountMeasure | SumMeasure):
                    layer = part.count if isinstance(part, CountMeasure) else part.sum
                    if layer in layers:
                        found = layer_faults(part, layers[layer], layer, place)
                        yield from ((rule, fault) for fault in found)
