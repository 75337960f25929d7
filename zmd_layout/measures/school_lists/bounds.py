"""The range that is left for a count of schools where the list lacks some of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import meets_all
from zmd_layout.checks.value import oldest
from zmd_layout.layers.schools.completeness import is_counted
from zmd_layout.layers.schools.reference import REFERENCE
from zmd_layout.measures.school_lists.completeness import (
    KINDS,
    Unlisted,
    has_stage,
    unlisted_of,
)
from zmd_layout.measures.school_lists.totals import LAYER as TOTALS_LAYER
from zmd_layout.measures.school_lists.totals import TotalSource, group_id
from zmd_layout.messages import Message, word_message
from zmd_layout.rulebook.measure_forms import CountMeasure
from zmd_layout.vocabulary import Flag, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from zmd_layout.checks.value import Value
    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.school_lists.totals import Total
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook.measure_forms import Condition, SumMeasure

_ON_THE_LIST = frozenset(
    {
        "measures.incomplete", "measures.list_incomplete", "measures.stage_uncovered",
        "measures.unit_uncovered", "measures.missing_layer",
    }
)  # fmt: skip
_TEACHING_POINTS = frozenset({Stage.PRIMARY, Stage.JUNIOR})  # which stages have any


def within_totals(
    values: dict[str, Value],
    definition: CountMeasure | SumMeasure,
    *,
    world: World,
    units: Units,
    limits: Mapping[str, Any],
) -> dict[str, Value]:
    """
    Bound the counts of schools by how many there are: k known and M unlisted are at most k + M.

    Parameters
    ----------
    values
        The counts by unit id.
    definition
        What was counted; without a stage among its conditions nothing is changed.
    world, units
        The world, and the units: townships, counties or the city.
    limits
        The rule's numbers in force.

    Returns
    -------
    values
        With an end above where the total gives one, and without where it shows that the list lacks
        schools that may count and cannot say how many. Of a rule that counts just what the total
        counts the total is the value of the unit that it is of. Estimates change nothing.
    """
    stage = counted_stage(definition)
    if stage is None or units.kind not in KINDS or getattr(definition, "needs_rows", False):
        return values
    told = {g: u for g, u in unlisted_of(world, stage).items() if not u.total.is_estimate}
    if not told:
        return values
    found = _Listed.of(definition, stage, world=world, units=units, limits=limits)
    above, inside = _above(world, units), _inside(world, units, told)
    return {
        unit: _bounded(
            value, unit, [told[g] for g in above[unit] if g in told], inside[unit], found, stage
        )
        for unit, value in values.items()
    }


def counted_stage(definition: object) -> Stage | None:
    """Return the stage whose schools are counted; None where schools are not counted by stage."""
    counted = getattr(definition, "count", None) or getattr(definition, "sum", None)
    where = getattr(definition, "where", ())
    asked = [c.contains or c.equals for c in where if c.field == "stages"]
    known = [Stage(str(stage)) for stage in asked if stage in set(Stage)]
    return known[0] if counted == "schools" and known else None


def counts_schools_alone(definition: CountMeasure, stage: Stage) -> bool:
    """Return whether a rule counts just the schools that a total counts, and no fewer."""
    return all(c.field in {"stages", "status", "is_teaching_point"} for c in definition.where) and (
        _is_within_total(definition.where, stage)
    )


def _is_within_total(where: tuple[Condition, ...], stage: Stage) -> bool:
    """Return whether all that a rule counts is in a total: in operation, no teaching points."""
    is_operating = any(c.field == "status" and c.equals == "operating" for c in where)
    no_points = any(c.field == "is_teaching_point" and c.equals is False for c in where)
    return is_operating and (no_points or stage not in _TEACHING_POINTS)


def _above(world: World, units: Units) -> dict[str, tuple[str, ...]]:
    """Return for each unit itself and the units in which it lies, as totals may be given."""
    city = world.units(UnitKind.CITY, {})
    whole = () if city is None or units.kind is UnitKind.CITY else (str(city.frame.index[0]),)
    if units.kind is not UnitKind.TOWNSHIP:
        return {str(unit): (str(unit), *whole) for unit in units.frame.index}
    counties = _counties(units)
    kinds = units.frame["kind"] if "kind" in units.frame else [""] * len(units.frame)
    return {
        str(unit): (str(unit), *groups_of(counties.get(str(unit), ""), str(kind)), *whole)
        for unit, kind in zip(units.frame.index, kinds, strict=True)
    }


def groups_of(county: str, kind: str) -> tuple[str, ...]:
    """Return the groups of townships that one of a kind is in, the narrowest first."""
    wider = ("town_or_township",) if kind in {"town", "township"} else ()
    return (*(group_id(county, word) for word in (kind, *wider)), county)


def _inside(world: World, units: Units, told: Mapping[str, Unlisted]) -> dict[str, list[Unlisted]]:
    """Return the totals of what lies in each unit: of counties, and of townships without one."""
    townships = world.units(UnitKind.TOWNSHIP, {})
    county_of = {} if townships is None else _counties(townships)
    counties = world.units(UnitKind.COUNTY, {})
    out: dict[str, list[Unlisted]] = {str(unit): [] for unit in units.frame.index}
    for group, unlisted in told.items():
        if ":" in group:  # townships of one kind, which their county holds
            continue
        is_county = counties is not None and group in counties.frame.index
        if units.kind is UnitKind.CITY and group not in out:
            if is_county or county_of.get(group) not in told:
                out[str(units.frame.index[0])].append(unlisted)
        elif units.kind is UnitKind.COUNTY and county_of.get(group) in out:
            out[county_of[group]].append(unlisted)
    return out


def _counties(townships: Units) -> dict[str, str]:
    frame = townships.frame
    if "county_id" not in frame:
        return {}
    named = frame["county_id"].dropna()
    return {str(unit): str(county) for unit, county in named.items()}


@dataclass(frozen=True, slots=True)
class _Listed:
    """
    What the list holds of the schools that count.

    `may_count` are by unit those in a total that may meet the rule; `is_bounded` is whether none
    can count that is in no total, `is_whole` whether the rule counts all that a total counts.
    """

    may_count: dict[str, float]
    is_bounded: bool
    is_whole: bool

    @classmethod
    def of(
        cls,
        definition: CountMeasure | SumMeasure,
        stage: Stage,
        *,
        world: World,
        units: Units,
        limits: Mapping[str, Any],
    ) -> _Listed:
        is_count = isinstance(definition, CountMeasure) and world.by is None
        if not is_count or not _is_within_total(definition.where, stage):
            return cls({}, is_bounded=False, is_whole=False)
        is_whole = isinstance(definition, CountMeasure) and counts_schools_alone(definition, stage)
        layer: Layer | None = world.layers.get("schools")
        if layer is None:
            return cls(
                dict.fromkeys(map(str, units.frame.index), 0.0), is_bounded=True, is_whole=is_whole
            )
        frame = layer.frame
        _, possibly = meets_all(
            frame, definition.where, limits=limits, plan_period=world.study.plan_period
        )
        is_sure: NDArray[np.bool_] = is_counted(frame).to_numpy(dtype=bool) & has_stage(
            frame, stage
        )
        place = world.members(layer, units)[possibly & is_sure]
        counts = place.value_counts()
        unplaced = int(place.isna().sum())
        may_count = {str(unit): float(counts.get(unit, 0)) + unplaced for unit in units.frame.index}
        return cls(may_count, is_bounded=True, is_whole=is_whole)


def _bounded(
    value: Value,
    unit: str,
    groups: list[Unlisted],
    inside: list[Unlisted],
    found: _Listed,
    stage: Stage,
) -> Value:
    contradictions = tuple(_contradiction(group, stage) for group in groups if group.contradicts)
    told = [group for group in groups if not group.contradicts]
    is_closed = math.isfinite(value.high)  # the list is held to be complete
    if not told:
        value = replace(value, notes=(*value.notes, *contradictions))
        return _widened(value, unit, inside, found, stage) if is_closed else value
    least = min(told, key=lambda group: group.high)
    if is_closed and least.total.middle <= least.listed:
        return value
    if not found.is_bounded:
        return _open(value, [least], stage) if is_closed else value
    low, high = max(value.low, 0.0), found.may_count[unit] + least.high
    own = next((group for group in told if group.group == unit), None)
    if own is not None and found.is_whole:
        low, high = max(low, own.total.low), min(high, own.total.high)
    flags = value.flags
    if high > low or least.listed < least.total.middle:
        flags = tuple(sorted({*flags, str(Flag.OSM_INCOMPLETE)}))
    others = tuple(note for note in value.notes if note.key not in _ON_THE_LIST)
    return replace(
        value, low=float(low), high=float(high), flags=flags,
        notes=(*others, _told(least, stage, low, high), *contradictions),
        year=oldest(value.year, least.total.year) if least.total.year else value.year,
        sources=tuple(sorted({*value.sources, _source(least.total)})),
    )  # fmt: skip


def _widened(
    value: Value, unit: str, inside: list[Unlisted], found: _Listed, stage: Stage
) -> Value:
    """Add what the list lacks in parts of a unit, where it is held to be complete in the rest."""
    lacking = [part for part in inside if part.listed < part.total.middle]
    if not lacking:
        return value
    if not found.is_bounded:
        return _open(value, lacking, stage)
    opened = _open(value, lacking, stage)
    return replace(opened, high=found.may_count[unit] + sum(part.high for part in lacking))


def _source(total: Total) -> str:
    """Return how findings cite a total; counts in the study file are cited as the table."""
    layer = REFERENCE if total.source is TotalSource.REFERENCE else TOTALS_LAYER
    return layer if total.year is None else f"{layer} {total.year}"


def _open(value: Value, lacking: list[Unlisted], stage: Stage) -> Value:
    """Take the upper end away: schools are missing in the list that may count, or may not."""
    flags = tuple(sorted({*value.flags, str(Flag.OSM_INCOMPLETE)}))
    notes = (*value.notes, *(_too_few(part, stage) for part in lacking))
    return replace(value, high=math.inf, flags=flags, notes=notes)


def _too_few(least: Unlisted, stage: Stage) -> Message:
    return Message(
        "completeness.too_few", unit=least.name, stage=word_message(stage), known=least.listed,
        expected=least.total.middle, year=least.total.year or Message("completeness.no_year"),
    )  # fmt: skip


def _told(least: Unlisted, stage: Stage, low: float, high: float) -> Message:
    return Message(
        "completeness.range", unit=least.name, stage=word_message(stage), known=least.listed,
        least=least.total.low, most=least.total.high, low=low, high=high,
        year=least.total.year or Message("completeness.no_year"),
        source=Message(f"completeness.from_{least.total.source}"),
    )  # fmt: skip


def _contradiction(group: Unlisted, stage: Stage) -> Message:
    return Message(
        "completeness.contradiction", unit=group.name, stage=word_message(stage),
        known=group.listed, most=group.total.high,
    )  # fmt: skip
