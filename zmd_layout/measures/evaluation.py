"""Evaluate the measures that a rule names, for all units at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.checks.conditions import is_missing, meets_all
from zmd_layout.checks.value import Value, exactly, oldest, unique
from zmd_layout.layers.schools.naming import STAGE_ASSUMED
from zmd_layout.measures.datums import open_places
from zmd_layout.measures.past import there_by
from zmd_layout.measures.registry import NAMED_MEASURES
from zmd_layout.measures.school_lists.bounds import within_totals
from zmd_layout.measures.supply.listed import stages_asked, uncovered
from zmd_layout.measures.verdict_counts import count_verdicts
from zmd_layout.messages import Message
from zmd_layout.messages.words import field_word, layer_word
from zmd_layout.rulebook.measure_forms import (
    CountMeasure,
    EitherMeasure,
    FieldMeasure,
    NamedMeasure,
    ShareMeasure,
    StatisticMeasure,
    SumMeasure,
    VerdictMeasure,
)
from zmd_layout.vocabulary import Basis, Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook.measure_forms import MeasureDefinition

Values = dict[str, Value]


def evaluate(  # noqa: PLR0911 - one way for each form of measure
    definition: MeasureDefinition,
    *,
    world: World,
    units: Units,
    limits: Mapping[str, Any],
    findings: Mapping[str, Sequence[dict[str, Any]]] = MappingProxyType({}),
) -> Values:
    """
    Evaluate a measure for every unit.

    Parameters
    ----------
    definition
        The measure, as the rule gives it.
    world
        Study, layers and day.
    units
        The units.
    limits
        The rule's numbers in force, by name.
    findings
        What was found under other rules, by rule id, for measures that count verdicts.

    Returns
    -------
    values
        One for each unit id, in the units' order; unknown where data are missing, with the reason.
    """
    if isinstance(definition, EitherMeasure):
        tried = [
            evaluate(part, world=world, units=units, limits=limits, findings=findings)
            for part in definition.either
        ]
        return {unit: _first_known([found[unit] for found in tried]) for unit in tried[0]}
    match definition:
        case FieldMeasure():
            return _field(definition, units)
        case CountMeasure() | SumMeasure():
            counted = _aggregate(definition, world, units, limits)
            return within_totals(counted, definition, world=world, units=units, limits=limits)
        case ShareMeasure():
            return _share(definition, world, units, limits)
        case StatisticMeasure():
            return _statistic(definition, world, units)
        case NamedMeasure():
            compute = NAMED_MEASURES[definition.named, units.kind]
            return compute(world.in_mode(definition.mode), units, limits)
        case VerdictMeasure():
            rows = findings.get(definition.verdicts, ())
            return count_verdicts(definition, world=world, units=units, rows=rows)


def _first_known(tried: list[Value]) -> Value:
    """Take the first exact value, else the first with ends, else say all that is missing."""
    for is_enough in (lambda v: v.is_exact or v.is_void, lambda v: not v.is_unknown):
        for value in tried:
            if is_enough(value):
                return value
    return replace(tried[0], notes=unique(n for v in tried for n in v.notes))


def unknown(units: Units, note: Message) -> Values:
    """Return every unit an unknown value with one reason."""
    return {str(unit): Value(notes=(note,)) for unit in units.frame.index}


def missing_layer(units: Units, layer: str) -> Values:
    """Report that a layer is not in the study."""
    return unknown(units, Message("measures.missing_layer", layer=layer_word(layer)))


def _field(definition: FieldMeasure, units: Units) -> Values:
    name = definition.field
    word = field_word(name)
    if name not in units.frame:
        return unknown(units, Message("measures.missing_column", source=units.source, field=word))
    made = units.made[name].to_numpy() if name in units.made else np.zeros(len(units.frame))
    note = Message("measures.empty_field", field=word)
    basis = Basis.ASSUMPTION if name in units.assumed else None
    return {
        str(unit): Value(notes=(note,), year=units.year)
        if is_missing(cell)
        else exactly(
            float(cell),
            year=units.year,
            is_synthetic=bool(is_synthetic),
            basis=basis,
            sources=(units.source,),
        )
        for unit, cell, is_synthetic in zip(units.frame.index, units.frame[name], made, strict=True)
    }


def _aggregate(
    definition: CountMeasure | SumMeasure, world: World, units: Units, limits: Mapping[str, Any]
) -> Values:
    """
    Count or sum the rows in each unit.

    A row that may meet the conditions but lacks a field, and a row whose place is unknown, widen
    the range; so does a layer that is not complete, without end.
    """
    is_count = isinstance(definition, CountMeasure)
    name = definition.count if isinstance(definition, CountMeasure) else definition.sum
    if name not in world.layers:
        return missing_layer(units, name)
    layer = world.layers[name]
    frame = layer.frame
    rows = _rows_that_count(definition, world, layer, limits)
    surely, possibly, weight, weight_known = (
        rows.surely, rows.possibly, rows.weight, rows.weight_known
    )  # fmt: skip
    place = world.members(layer, units)
    index = units.frame.index
    low = _by_unit(weight * (surely & weight_known), place, index)
    high = _by_unit(np.where(possibly, np.where(weight_known, weight, np.inf), 0.0), place, index)
    unplaced = place.isna().to_numpy() & possibly
    if unplaced.any():
        high = high + float(np.where(weight_known, weight, np.inf)[unplaced].sum())
    seen = _by_unit(np.ones(len(frame)), place, index) > 0
    untold = uncovered(world, layer, units, stages_asked(definition.where))
    high = np.where([str(unit) in untold for unit in index], math.inf, high)
    columns = [c.field for c in definition.where] + ["geometry"]
    is_synthetic = bool(layer.made(columns).any()) if len(frame) else layer.is_synthetic
    undecided = possibly & ~surely
    summed = {definition.of} if isinstance(definition, SumMeasure) else set()
    is_assumed = bool(summed & layer.origin.assumed_columns)
    guessed = _by_unit((surely & _stage_assumed(frame, definition)).astype(float), place, index)
    caution = _cautions(layer, undecided, place, index, set(untold))
    datum = open_places(world, layer, units, rows=possibly)
    lacking = [c.field for c in definition.where if _lacks(frame, c.field, undecided)]
    values: Values = {}
    for n, unit in enumerate(index):
        if definition.needs_rows and not seen[n]:
            values[str(unit)] = Value(notes=(Message("measures.no_rows", layer=layer_word(name)),))
            continue
        why = untold.get(str(unit))
        notes = _range_notes(layer, low[n], high[n], lacking, why, is_count=is_count)
        values[str(unit)] = Value(
            float(low[n]), float(high[n]), year=rows.year, is_synthetic=is_synthetic,
            basis=Basis.ASSUMPTION if is_assumed or guessed[n] > 0 else None,
            flags=(*(caution(n) if low[n] != high[n] else ()), *datum), notes=notes,
            sources=(layer.source,),
        )  # fmt: skip
    return values


@dataclass(frozen=True, slots=True)
class _Rows:
    """Which rows count, with what weight, and of which year that is told."""

    surely: NDArray[np.bool_]
    possibly: NDArray[np.bool_]
    weight: NDArray[np.float64]
    weight_known: NDArray[np.bool_]
    year: int | None


def _rows_that_count(
    definition: CountMeasure | SumMeasure, world: World, layer: Layer, limits: Mapping[str, Any]
) -> _Rows:
    period = world.study.plan_period
    now = meets_all(layer.frame, definition.where, limits=limits, plan_period=period)
    weight, weight_known = _weights(definition, layer.frame)
    years = [layer.origin.year]
    if world.by is not None:
        past = there_by(world, layer, definition.where, limits, now)
        now, years = (past.surely, past.possibly), [past.year]
        if past.is_newer and isinstance(definition, SumMeasure):
            weight_known = np.zeros_like(weight_known)
    if period and any(c.in_plan_period for c in definition.where):
        years.append(period[1].year)
    return _Rows(*now, weight, weight_known, oldest(*years))


def _stage_assumed(
    frame: pd.DataFrame, definition: CountMeasure | SumMeasure
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Find the rows that count by a stage that rests on the naming convention of their county."""
    is_by_stage = any(condition.field == "stages" for condition in definition.where)
    if not is_by_stage or STAGE_ASSUMED not in frame:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(frame[STAGE_ASSUMED].to_numpy(dtype=bool))


def _lacks(frame: pd.DataFrame, column: str, rows: np.ndarray[Any, Any]) -> bool:
    return column not in frame or bool(frame[column][rows].map(is_missing).any())


def _weights(
    definition: CountMeasure | SumMeasure, frame: pd.DataFrame
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return each row's weight (one in a count), and whether it is known."""
    if isinstance(definition, CountMeasure):
        return np.ones(len(frame)), np.ones(len(frame), bool)
    if definition.of not in frame:
        return np.zeros(len(frame)), np.zeros(len(frame), bool)
    cells = frame[definition.of].to_numpy(dtype=float)
    known = np.isfinite(cells)
    return np.where(known, cells, 0.0), known


def _by_unit(
    weight: np.ndarray[Any, Any], place: pd.Series[Any], index: pd.Index[Any]
) -> np.ndarray[Any, Any]:
    codes = index.get_indexer(pd.Index(place.to_numpy(dtype=object)))
    inside = codes >= 0
    return np.bincount(codes[inside], weights=weight[inside], minlength=len(index))


def _cautions(
    layer: Layer,
    undecided: np.ndarray[Any, Any],
    place: pd.Series[Any],
    index: pd.Index[Any],
    untold: set[str],
) -> Callable[[int], tuple[str, ...]]:
    """Return a function that tells what is to be said of the range of the n-th unit."""
    incomplete = [(str(Flag.OSM_INCOMPLETE),) if str(unit) in untold else () for unit in index]
    open_ = np.zeros(len(index))
    if layer.name == "schools":
        told = layer.frame["stages"] if "stages" in layer.frame else place.map(lambda _: None)
        is_open = undecided & told.map(is_missing).to_numpy(dtype=bool)
        anywhere = bool((is_open & place.isna().to_numpy()).any())
        open_ = _by_unit(is_open.astype(float), place, index) + anywhere
    return lambda n: (*incomplete[n], *((str(Flag.AMBIGUOUS_STAGE),) if open_[n] else ()))


def _range_notes(
    layer: Layer,
    low: float,
    high: float,
    lacking: list[str],
    why: Message | None,
    *,
    is_count: bool,
) -> tuple[Message, ...]:
    if low == high:
        return ()
    if why is not None and why.key == "measures.list_incomplete":
        return (Message("measures.incomplete", layer=layer_word(layer.name), count=low),)
    if why is not None:
        return (why,)
    fields = [field_word(field) for field in lacking]
    key = "measures.undecided" if is_count else "measures.undecided_sum"
    if not math.isfinite(high):
        key = "measures.undecided_open"
    return (
        Message(
            key, layer=layer_word(layer.name), low=low, high=high,
            fields=fields or [Message("measures.unplaced")],
        ),
    )  # fmt: skip


def _share(
    definition: ShareMeasure, world: World, units: Units, limits: Mapping[str, Any]
) -> Values:
    """Return 100·part/whole in percent; unknown where the whole is zero or either is not exact."""
    part = evaluate(definition.part, world=world, units=units, limits=limits)
    whole = evaluate(definition.whole, world=world, units=units, limits=limits)
    shares = {unit: _one_share(part[unit], whole[unit]) for unit in whole}
    return {unit: _rest(share) for unit, share in shares.items()} if definition.rest else shares


def _rest(share: Value) -> Value:
    return replace(share, low=100 - share.high, high=100 - share.low)


def _one_share(part: Value, whole: Value) -> Value:
    notes = (*part.notes, *(note for note in whole.notes if note not in part.notes))
    share = Value(
        year=oldest(part.year, whole.year),
        is_synthetic=part.is_synthetic or whole.is_synthetic,
        flags=tuple(sorted({*part.flags, *whole.flags})),
        notes=notes,
        sources=tuple(sorted({*part.sources, *whole.sources})),
    )
    if whole.high == 0:
        return replace(share, is_void=True, notes=(Message("measures.nothing_to_divide"),))
    if not (part.is_bounded and whole.is_bounded) or whole.low == 0:
        return share
    low, high = 100 * part.low / whole.high, min(100 * part.high / whole.low, 100.0)
    return replace(share, low=low, high=max(low, high))


def _statistic(definition: StatisticMeasure, world: World, units: Units) -> Values:
    if "statistics" not in world.layers:
        return missing_layer(units, "statistics")
    layer = world.layers["statistics"]
    table = layer.frame[
        (layer.frame["name"] == definition.statistic) & layer.frame["value"].notna()
    ]
    table = table[table["year"] <= world.as_of.year].sort_values("year", kind="stable")
    latest = table.groupby("unit_id").last()
    note = Message("measures.no_statistic", name=definition.statistic)
    made = layer.is_synthetic
    return {
        str(unit): exactly(
            float(latest.loc[unit, "value"]), year=int(latest.loc[unit, "year"]), is_synthetic=made,
            sources=(f"statistics {int(latest.loc[unit, 'year'])}",),
        )
        if unit in latest.index
        else Value(notes=(note,))
        for unit in units.frame.index
    }  # fmt: skip
