"""Which columns, if they were there, would let more rules be judged."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.layers.schema import AGE_COLUMN, SCHEMAS
from zmd_layout.measures.school_lists.totals import totals_of
from zmd_layout.measures.units import LAYER_OF
from zmd_layout.messages import Message
from zmd_layout.messages.words import field_word, layer_word
from zmd_layout.rulebook.measure_forms import (
    CountMeasure,
    FieldMeasure,
    ShareMeasure,
    SumMeasure,
    parts,
)
from zmd_layout.vocabulary import Flag, Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from zmd_layout.layers.layer import Layers
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook import Rule
    from zmd_layout.rulebook.measure_forms import MeasureDefinition


@dataclass(frozen=True, slots=True)
class Lacking:
    """
    A column that is not there, or empty in every row.

    Attributes
    ----------
    layer, column
        Where it belongs, and its name.
    rules
        How many rules that are not assessable use it.
    """

    layer: str
    column: str
    rules: int

    @property
    def message(self) -> Message:
        """One line for the user."""
        return Message(
            "measures.lacking_one", layer=layer_word(self.layer), field=field_word(self.column),
            column=self.column, name=self.layer, rules=self.rules,
        )  # fmt: skip


def advice(findings: pd.DataFrame, rules: Iterable[Rule], layers: Layers) -> Message | None:
    """Return what is said of lacking columns at the end of a run; None where there are none."""
    found = [each.message for each in lacking_columns(findings, rules, layers)]
    return Message("measures.lacking_columns", columns=found) if found else None


def missing_layers(findings: pd.DataFrame, layers: Layers) -> dict[str, int]:
    """Return the layers that are not there and how many rules ask for them, the most first."""
    notes = findings["note_zh"].astype(str)
    counts = {}
    for name in SCHEMAS:
        said = Message("measures.missing_layer", layer=layer_word(name)).text("zh")
        rules = findings.loc[notes.str.contains(said, regex=False), "rule_id"].nunique()
        if name not in layers and rules:
            counts[name] = int(rules)
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def most_wanted(findings: pd.DataFrame, rules: Sequence[Rule], world: World) -> Message | None:
    """
    Return the table or column that would let most rules be judged; None where none would.

    An incomplete list of schools wants the number of schools by county, unless it is given.
    """
    layers = world.layers
    found = [
        (count, Message("no_sites.layer", layer=layer_word(name), name=name))
        for name, count in missing_layers(findings, layers).items()
    ]
    found += [(one.rules, one.message) for one in lacking_columns(findings, rules, layers)]
    is_open = (findings["status"] == Status.NOT_ASSESSABLE) & findings["flags"].str.contains(
        Flag.OSM_INCOMPLETE
    )
    if is_open.any() and not totals_of(world):
        found.append((findings[is_open]["rule_id"].nunique(), Message("no_sites.school_totals")))
    return max(found, key=lambda one: one[0])[1] if found else None


def lacking_columns(findings: pd.DataFrame, rules: Iterable[Rule], layers: Layers) -> list[Lacking]:
    """
    Find columns whose lack leaves rules not assessable.

    Parameters
    ----------
    findings
        Of the rules.
    rules
        As they were judged.
    layers
        Those of the study; of a layer that is not there no column is named.

    Returns
    -------
    columns
        The one that most rules use first.
    """
    is_open = findings["status"] == Status.NOT_ASSESSABLE
    open_ = findings.loc[is_open, ["rule_id", "unit_kind"]].drop_duplicates()
    kinds = open_.groupby("rule_id")["unit_kind"].agg(set).to_dict()
    users: dict[tuple[str, str], set[str]] = defaultdict(set)
    for rule in rules:
        for layer, column in _columns(rule, kinds.get(rule.id, set())):
            if layer in layers and _is_known(layer, column) and _lacks(layers, layer, column):
                users[layer, column].add(rule.id)
    found = [Lacking(layer, column, len(ids)) for (layer, column), ids in users.items()]
    return sorted(found, key=lambda each: (-each.rules, each.layer, each.column))


def _columns(rule: Rule, kinds: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the columns that a rule reads of its units and of the layers it counts or sums."""
    units = [LAYER_OF[UnitKind(kind)][0] for kind in kinds if UnitKind(kind) in LAYER_OF]
    for unit in units:
        for condition in rule.applies_to:
            yield unit, condition.field
    for definition in rule.measures.values() if kinds else ():
        yield from _measured(definition, units)


def _measured(definition: MeasureDefinition, units: list[str]) -> Iterator[tuple[str, str]]:
    for part in parts(definition):
        simple = (part.part, part.whole) if isinstance(part, ShareMeasure) else (part,)
        for each in simple:
            if isinstance(each, FieldMeasure):
                yield from ((unit, each.field) for unit in units)
            if isinstance(each, CountMeasure | SumMeasure):
                layer = each.count if isinstance(each, CountMeasure) else each.sum
                yield from ((layer, condition.field) for condition in each.where)
                if isinstance(each, SumMeasure):
                    yield layer, each.of


def _is_known(layer: str, column: str) -> bool:
    """Check whether a file may have the column; what is computed no file can add."""
    schema = SCHEMAS.get(layer)
    if schema is None:
        return False
    return schema.column(column) is not None or bool(
        schema.has_ages and AGE_COLUMN.fullmatch(column)
    )


def _lacks(layers: Layers, layer: str, column: str) -> bool:
    frame = layers[layer].frame
    return column not in frame or bool(frame[column].isna().all())
