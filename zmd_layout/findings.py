"""The one tidy table: a row for every rule and unit, with numbers, clause and caveats."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from zmd_layout import checks
from zmd_layout.checks.conditions import meets, meets_all
from zmd_layout.measures import evaluate
from zmd_layout.measures.own_layers import refuse_unfit
from zmd_layout.measures.place import misplaced
from zmd_layout.measures.school_lists.screening import screen
from zmd_layout.measures.units import LAYER_OF
from zmd_layout.messages import Message
from zmd_layout.messages.words import layer_word
from zmd_layout.rulebook.dependence import counted_verdicts, in_order
from zmd_layout.vocabulary import Lang, Status, UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.measures.evaluation import Values
    from zmd_layout.measures.school_lists.screening import Screened
    from zmd_layout.measures.units import UnitRow, Units
    from zmd_layout.rulebook import Monitor, Rule

COLUMNS = (
    "rule_id", "ruleset", "unit_kind", "unit_id", "unit_name", "status", "strength", "addressee",
    "relation", "measured", "measured_low", "measured_high", "required", "gap", "gap_low",
    "gap_high", "screening", "screening_basis", "short_chance_low", "short_chance_high",
    "measure_unit", "as_of", "due_on", "due_state",
    "clause", "basis", "sources", "is_synthetic", "flags", "stability", "note_zh", "note_en",
)  # fmt: skip

NUMBERS = (
    "measured", "measured_low", "measured_high", "required", "gap", "gap_low", "gap_high",
    "short_chance_low", "short_chance_high",
)  # fmt: skip

Rows = list[dict[str, Any]]
Recall = Callable[["Rule", Callable[[], Rows]], Rows]

# rows that a layer may hold of the neighbours, taken in for distance: nothing judges those
_PLACED = {UnitKind.VILLAGE, UnitKind.SCHOOL, UnitKind.PARCEL}
_SILENT = {UnitKind.RESIDENTIAL_GROUP}


def find(
    rules: Sequence[Rule],
    world: World,
    *,
    progress: Callable[[str], None] | None = None,
    recall: Recall | None = None,
) -> gpd.GeoDataFrame:
    """
    Hold every unit against every rule.

    Parameters
    ----------
    rules
        The rules; those that count the verdicts of others are decided after these.
    world
        Study, layers and day.
    progress
        Is told each rule's id before it is decided.
    recall
        Gives the rows of a rule from an earlier run, or makes them; None makes them.

    Returns
    -------
    findings
        Columns `COLUMNS` and the unit's geometry in the study's plane (None where it has no
        position), sorted by rule, unit kind and unit id. Numbers are NaN where unknown; `screening`
        and `screening_basis` are empty where the list of schools is complete.

    Raises
    ------
    RuleError
        If a rule names a column of a study's own layer that is not there or of another type.
    """
    refuse_unfit(rules, world.layers)
    done: dict[str, list[dict[str, Any]]] = {}
    for rule in in_order(rules):

        def make(rule: Rule = rule) -> Rows:
            if progress is not None:
                progress(rule.id)
            return _of_rule(rule, world, done)

        done[rule.id] = make() if recall is None else recall(rule, make)
    rows = [row for rule_id in sorted(done) for row in done[rule_id]]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "geometry"])
    for name in NUMBERS:
        frame[name] = frame[name].astype("float64")
    order = ["rule_id", "unit_kind", "unit_id"]
    frame = frame.sort_values(order, kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=world.study.crs)


def _of_rule(
    rule: Rule, world: World, done: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    if not rule.in_force(world.as_of):
        return []
    why = misplaced(rule, world)
    if why is not None:
        return _misplaced(rule, why, world, done)
    rows = [row for kind in rule.units for row in _judged(rule, kind, world, done)]
    monitored = [row for m in rule.monitor for row in _monitored(rule, m, world, done)]
    reported = {(row["unit_kind"], row["unit_id"]) for row in monitored}
    return [r for r in rows if (r["unit_kind"], r["unit_id"]) not in reported] + monitored


def _misplaced(
    rule: Rule,
    why: tuple[Status, Message],
    world: World,
    done: dict[str, list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """Report once that a city's target does not judge this study; its parts have figures."""
    status, note = why
    verdict = checks.without_check(rule, status, note, world.as_of)
    units = world.units(rule.unit, rule.limits(world.as_of))
    rows = [] if units is None else [_row(rule, units, r, verdict, world) for r in units.rows()]
    if not rows:
        return [_no_units(rule, rule.unit, world)]
    if world.study.city not in {None, rule.place.city if rule.place else None}:
        return rows
    return rows + [row for m in rule.monitor for row in _monitored(rule, m, world, done)]


def _judged(
    rule: Rule, kind: UnitKind, world: World, done: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    units = world.units(kind, rule.limits(world.as_of))
    if units is None:
        # without residential areas there are no groups to speak of; a missing layer is told
        return [] if kind in _SILENT else [_no_units(rule, kind, world)]
    if kind in _PLACED:
        units = units.chosen(~world.is_beyond(world.layers[LAYER_OF[kind][0]], units))
        if units.frame.empty:
            return []
    if kind is UnitKind.SCHOOL:
        units = units.chosen(may_be_of_kind(rule, units.frame, world))
        if units.frame.empty:
            return []
    values = _values(rule, world, units, done)
    then = _values_on_due_day(rule, values, world, units, done)
    verdicts = {}
    for row in units.rows():
        verdict = checks.decide(
            rule,
            unit=checks.Unit(row.fields, row.made),
            values={name: found[row.unit_id] for name, found in values.items()},
            as_of=world.as_of,
            plan_period=world.study.plan_period,
            on_due={name: found[row.unit_id] for name, found in then.items()},
        )
        assert verdict is not None  # noqa: S101 - the rule is in force
        verdicts[row.unit_id] = verdict
    screened = screen(rule, world=world, units=units, values=values, verdicts=verdicts)
    return [
        _row(rule, units, row, verdicts[row.unit_id], world) | _screening(screened.get(row.unit_id))
        for row in units.rows()
    ]


def _screening(found: Screened | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "screening": str(found.word), "screening_basis": str(found.basis),
        "short_chance_low": found.low, "short_chance_high": found.high,
    }  # fmt: skip


def _monitored(
    rule: Rule, monitor: Monitor, world: World, done: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Report the figure for units that the rule does not judge."""
    limits = rule.limits(world.as_of)
    units = world.units(monitor.unit, limits)
    if units is None:
        return []
    values = _values(rule, world, units, done)
    rows = []
    for row in units.rows():
        wanted = [
            meets(row.fields.get(c.field), c, limits=limits, plan_period=world.study.plan_period)
            for c in monitor.where
        ]
        if not all(wanted):
            continue
        verdict = checks.report(
            rule,
            unit=checks.Unit(row.fields, row.made),
            values={name: found[row.unit_id] for name, found in values.items()},
            as_of=world.as_of,
        )
        assert verdict is not None  # noqa: S101 - the rule is in force
        rows.append(_row(rule, units, row, verdict, world))
    return rows


def _values(
    rule: Rule,
    world: World,
    units: Units,
    done: Mapping[str, list[dict[str, Any]]],
    *,
    limits: Mapping[str, Any] | None = None,
) -> dict[str, Values]:
    limits = rule.limits(world.as_of) if limits is None else limits
    return {
        name: evaluate(definition, world=world, units=units, limits=limits, findings=done)
        for name, definition in rule.measures.items()
    }


def _values_on_due_day(
    rule: Rule,
    values: dict[str, Values],
    world: World,
    units: Units,
    done: dict[str, list[dict[str, Any]]],
) -> dict[str, Values]:
    """
    Evaluate the measures of a target for its due day.

    Where the data are no newer than the day they are what is known of it. Verdicts that are counted
    are those of that day, which must be the due day of the other rule, too.
    """
    due = rule.due.on
    years = {value.year for found in values.values() for value in found.values()}
    if due is None or world.as_of < due or all(y is not None and y <= due.year for y in years):
        return values
    then = {
        other: [_of_due_day(row, due) for row in done.get(other, ())]
        for other in counted_verdicts(rule)
    }
    return _values(rule, world.on(due), units, then, limits=rule.limits(world.as_of))


def may_be_of_kind(rule: Rule, schools: gpd.GeoDataFrame, world: World) -> NDArray[np.bool_]:
    """
    Return which schools are, or may be, of the kind that a rule speaks of: they are its units.

    The kind is what `applies_to` asks for, but for `status`: a nine-year school that is still
    planned is a nine-year school, to which a rule on operating ones does not apply.
    """
    kind = tuple(condition for condition in rule.applies_to if condition.field != "status")
    limits = rule.limits(world.as_of)
    return meets_all(schools, kind, limits=limits, plan_period=world.study.plan_period)[1]


def _of_due_day(row: dict[str, Any], due: dt.date) -> dict[str, Any]:
    """Return a row with its verdict of the due day; a unit that the rule does not bind stays."""
    if row["status"] == Status.NOT_APPLICABLE:
        return row
    then = row["then"] if row["due_on"] == due else None
    if then is None:
        return row | {"status": Status.NOT_ASSESSABLE, "year": None}
    return row | {"status": then.decision.status, "year": then.year}


def _no_units(rule: Rule, kind: UnitKind, world: World) -> dict[str, Any]:
    """Report in one row that the layer of the rule's units is not there."""
    layer = LAYER_OF[kind][0] if kind in LAYER_OF else "counties"
    note = Message("measures.missing_layer", layer=layer_word(layer))
    verdict = checks.without_check(rule, Status.NOT_ASSESSABLE, note, world.as_of)
    base = _base(rule, verdict, world)
    return base | {"unit_id": "", "unit_name": "", "geometry": None, "unit_kind": str(kind)}


def _row(
    rule: Rule, units: Units, row: UnitRow, verdict: checks.Verdict, world: World
) -> dict[str, Any]:
    return _base(rule, verdict, world) | {
        "unit_kind": str(units.kind),
        "unit_id": row.unit_id,
        "unit_name": str(row.fields.get("name") or row.unit_id),
        "geometry": row.geometry,
    }


def _base(rule: Rule, verdict: checks.Verdict, world: World) -> dict[str, Any]:
    clause = next(iter(rule.clauses.values()))
    return {
        "rule_id": rule.id,
        "ruleset": rule.ruleset,
        "status": str(verdict.status),
        "strength": str(verdict.strength),
        "addressee": str(rule.addressee),
        "relation": str(verdict.relation) if verdict.relation else "",
        "measured": verdict.measured,
        "required": verdict.required,
        "gap": verdict.gap,
        "measured_low": verdict.measured_ends.low,
        "measured_high": verdict.measured_ends.high,
        "gap_low": verdict.gap_ends.low,
        "gap_high": verdict.gap_ends.high,
        "screening": "",
        "screening_basis": "",
        "short_chance_low": None,
        "short_chance_high": None,
        "measure_unit": rule.measure_unit,
        "as_of": world.as_of,
        "due_on": verdict.due_on,
        "due_state": str(verdict.due_state),
        "clause": f"{clause.document} {clause.article}：{clause.text}",
        "basis": str(verdict.basis),
        "sources": ";".join(verdict.sources),
        "is_synthetic": verdict.is_synthetic,
        "flags": ";".join(verdict.flags),
        "stability": "",
        "year": verdict.year,
        "then": verdict.then,
        "note_zh": _note(verdict, Lang.ZH),
        "note_en": _note(verdict, Lang.EN),
    }


def _note(verdict: checks.Verdict, lang: Lang) -> str:
    separator = "" if lang is Lang.ZH else " "
    return separator.join(message.text(lang) for message in verdict.notes)
