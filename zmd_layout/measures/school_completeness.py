"""How many of the schools that must exist are known, and the range that leaves for a count."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.checks.conditions import meets_all
from zmd_layout.checks.value import oldest
from zmd_layout.layers.holding import stands_alone
from zmd_layout.layers.schools.completeness import COLUMNS, completeness, is_counted
from zmd_layout.measures.school_totals import Total, TotalSource, totals_of
from zmd_layout.messages import Message, word_message
from zmd_layout.rulebook.measure_forms import CountMeasure
from zmd_layout.vocabulary import Flag, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zmd_layout.checks.value import Value
    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook.measure_forms import Condition, SumMeasure

_KINDS = (UnitKind.CITY, UnitKind.COUNTY, UnitKind.TOWNSHIP)
_ON_THE_LIST = frozenset(
    {
        "measures.incomplete", "measures.list_incomplete", "measures.stage_uncovered",
        "measures.unit_uncovered", "measures.missing_layer",
    }
)  # fmt: skip
_TEACHING_POINTS = frozenset({Stage.PRIMARY, Stage.JUNIOR})  # which stages have any


def completeness_of(world: World) -> gpd.GeoDataFrame:
    """
    Return how many of the schools that must exist are known, by unit and stage.

    Parameters
    ----------
    world
        Its study says how many must exist: `[completeness]`, or the layer `school_totals`.

    Returns
    -------
    table
        The columns of `layers.schools.completeness.COLUMNS`, `unit_kind` and `unit_name`, and the
        unit's geometry in the study's plane (None where it has none); no rows where nothing is
        expected or no schools are given. `expected` lies between `expected_low` and
        `expected_high`, from `expected_from`, and up to `if_copied` where one of two lists copied
        the other in part. `least_share` is what the study asks, `is_short` that the share is less.
    """
    made: gpd.GeoDataFrame = world.keep("completeness", lambda: _table(world))
    return made


def _table(world: World) -> gpd.GeoDataFrame:
    schools = world.layers.get("schools")
    parts = []
    for kind in _KINDS:
        units = world.units(kind, {})
        if schools is None or units is None:
            continue
        totals = {u: t for u, t in totals_of(world).items() if u in set(units.frame.index)}
        if not totals:
            continue
        expected = {
            unit: {stage: total.middle for stage, total in of_unit.items()}
            for unit, of_unit in totals.items()
        }
        part = completeness(schools.frame, world.members(schools, units), expected)
        keys = zip(part["unit_id"], part["stage"], strict=True)
        found = [totals[unit][Stage(stage)] for unit, stage in keys]
        part["expected_low"] = [float(total.low) for total in found]
        part["expected_high"] = [float(total.high) for total in found]
        part["expected_from"] = [str(total.source) for total in found]
        part["if_copied"] = [
            math.nan if total.interval is None else total.interval.high_if_copied
            for total in found
        ]
        rows = units.frame.reindex(part["unit_id"])
        part["unit_kind"] = str(kind)
        part["unit_name"] = rows["name"].to_numpy()
        part["geometry"] = rows.geometry.to_numpy()
        parts.append(part)
    columns = [
        *COLUMNS, "expected_low", "expected_high", "expected_from", "if_copied", "unit_kind",
        "unit_name", "geometry",
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table["least_share"] = world.study.completeness.least_share
    table["is_short"] = (table["share"] < table["least_share"]).astype(bool)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=world.study.crs)


@dataclass(frozen=True, slots=True)
class Unlisted:
    """
    How many schools of a stage a group of units has that the list does not surely hold.

    Attributes
    ----------
    group
        The unit that the total is of: a county, a township, or the city.
    name
        Its name.
    total
        How many schools it has.
    listed
        How many the list surely holds: in operation, of the stage, no teaching points.
    """

    group: str
    name: str
    total: Total
    listed: int

    @property
    def low(self) -> int:
        """The least that the list may lack."""
        return max(0, self.total.low - self.listed)

    @property
    def high(self) -> float:
        """The most that the list may lack."""
        return self.total.high - self.listed

    @property
    def contradicts(self) -> bool:
        """Whether the list holds more than there are: both do not count the same."""
        return self.high < 0


def unlisted_of(world: World, stage: Stage) -> dict[str, Unlisted]:
    """Return for each unit that has a total of a stage how many schools the list may lack."""
    made: dict[str, Unlisted] = world.keep(("unlisted", stage), lambda: _unlisted(world, stage))
    return made


def _unlisted(world: World, stage: Stage) -> dict[str, Unlisted]:
    totals = {unit: t[stage] for unit, t in totals_of(world).items() if stage in t}
    if not totals:
        return {}
    schools = world.layers.get("schools")
    out: dict[str, Unlisted] = {}
    for kind in _KINDS:
        units = world.units(kind, {})
        if units is None:
            continue
        listed = pd.Series(dtype=float)
        if schools is not None:
            counted = is_counted(schools.frame).to_numpy(dtype=bool)
            listed = world.members(schools, units)[
                counted & has_stage(schools.frame, stage)
            ].value_counts()
        names = units.frame.get("name", units.frame.index.to_series())
        for unit, total in totals.items():
            if unit in units.frame.index:
                known = int(listed.get(unit, 0))
                out[unit] = Unlisted(unit, str(names[unit]), total, known)
    counties, city = world.units(UnitKind.COUNTY, {}), world.units(UnitKind.CITY, {})
    if counties is not None:
        out |= _with_zones(out, counties)
        if city is not None and str(city.frame.index[0]) not in out:
            out |= _of_city(out, counties, city)
    return out


def _with_zones(found: dict[str, Unlisted], counties: Units) -> dict[str, Unlisted]:
    """Widen the total of a county by the zones in it, which a yearbook may count by themselves."""
    frame = counties.frame
    holder = frame.get("within", pd.Series(None, index=frame.index, dtype=object))
    out = {}
    for zone, county in zip(frame.index, holder, strict=True):
        if zone in found and county in found:
            held = out.get(county, found[county])
            total = replace(held.total, high=held.total.high + found[zone].total.high)
            out[county] = replace(held, total=total)
    return out


def _of_city(found: dict[str, Unlisted], counties: Units, city: Units) -> dict[str, Unlisted]:
    """Add the totals of all counties up, where every one is there and none contradicts its list."""
    alone = [str(unit) for unit in counties.frame.index[stands_alone(counties.frame)]]
    parts = [found[unit] for unit in alone if unit in found and not found[unit].contradicts]
    if len(parts) < len(alone) or any(part.total.is_estimate for part in parts):
        return {}
    totals = [part.total for part in parts]
    total = replace(
        totals[0],
        low=sum(t.low for t in totals),
        middle=sum(t.middle for t in totals),
        high=sum(t.high for t in totals),
        year=oldest(*(t.year for t in totals)),
    )
    unit = str(city.frame.index[0])
    listed = sum(part.listed for part in parts)
    return {unit: Unlisted(unit, str(city.frame["name"].iloc[0]), total, listed)}


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
    if stage is None or units.kind not in _KINDS or getattr(definition, "needs_rows", False):
        return values
    unlisted = unlisted_of(world, stage)
    groups = {
        unit: [unlisted[g] for g in above if g in unlisted and not unlisted[g].total.is_estimate]
        for unit, above in groups_of(world, units).items()
    }
    if not any(groups.values()):
        return values
    found = _Listed.of(definition, stage, world=world, units=units, limits=limits)
    return {
        unit: _bounded(value, unit, groups[unit], found, stage)
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


def groups_of(world: World, units: Units) -> dict[str, tuple[str, ...]]:
    """Return for each unit itself and the units in which it lies, as totals may be given."""
    city = world.units(UnitKind.CITY, {})
    above = () if city is None or units.kind is UnitKind.CITY else (str(city.frame.index[0]),)
    nothing = pd.Series(None, index=units.frame.index, dtype=object)
    holder = nothing if units.kind is not UnitKind.TOWNSHIP else units.frame.get("county_id", nothing)
    return {
        str(unit): (str(unit), str(county), *above)
        for unit, county in zip(units.frame.index, holder, strict=True)
    }


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
        may_count = {
            str(unit): float(counts.get(unit, 0)) + unplaced for unit in units.frame.index
        }
        return cls(may_count, is_bounded=True, is_whole=is_whole)


def has_stage(frame: pd.DataFrame, stage: Stage) -> NDArray[np.bool_]:
    """Return which schools surely have a stage."""
    if "stages" not in frame:
        return np.zeros(len(frame), dtype=np.bool_)
    cells = frame["stages"]
    found = [isinstance(cell, str) and stage in cell.split(";") for cell in cells]
    return np.array(found, dtype=np.bool_)


def _bounded(
    value: Value, unit: str, groups: list[Unlisted], found: _Listed, stage: Stage
) -> Value:
    unit_is_told = [group for group in groups if not group.contradicts]
    notes = tuple(_contradiction(group, stage) for group in groups if group.contradicts)
    if not unit_is_told:
        return replace(value, notes=(*value.notes, *notes)) if notes else value
    is_closed = math.isfinite(value.high)  # the list is held to be complete
    least = min(unit_is_told, key=lambda group: group.high)
    if is_closed and least.total.middle <= least.listed:
        return value
    if not found.is_bounded:
        return _open(value, least, stage) if is_closed and least.high > 0 else value
    high = found.may_count[unit] + least.high
    low = max(value.low, 0.0)
    own = next((group for group in unit_is_told if group.group == unit), None)
    if own is not None and found.is_whole:
        low, high = max(low, own.total.low), min(high, own.total.high)
    flags = value.flags
    if high > low or least.listed < least.total.middle:
        flags = tuple(sorted({*flags, str(Flag.OSM_INCOMPLETE)}))
    return replace(
        value, low=float(low), high=float(high), flags=flags,
        notes=(
            *(note for note in value.notes if note.key not in _ON_THE_LIST),
            _told(least, stage, low, high), *notes,
        ),
        year=oldest(value.year, least.total.year) if least.total.year else value.year,
        sources=tuple(sorted({*value.sources, _source(least.total)})),
    )  # fmt: skip


def _source(total: Total) -> str:
    return str(total.source) if total.year is None else f"{total.source} {total.year}"


def _open(value: Value, least: Unlisted, stage: Stage) -> Value:
    """Take the upper end away: schools are missing in the list that may count, or may not."""
    flags = tuple(sorted({*value.flags, str(Flag.OSM_INCOMPLETE)}))
    notes = (*value.notes, _too_few(least, stage))
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
