"""Counts of schools are open above where too few of the schools that must exist are known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from zmd_layout.layers.schools.completeness import COLUMNS, completeness, counts_of
from zmd_layout.layers.schools.reference import REFERENCE
from zmd_layout.messages import Message, word_message
from zmd_layout.vocabulary import Flag, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.checks.value import Value
    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook.measure_forms import CountMeasure, SumMeasure

    Expected = Mapping[str, Mapping[Stage, int]]

_KINDS = (UnitKind.COUNTY, UnitKind.TOWNSHIP)


def completeness_of(world: World) -> gpd.GeoDataFrame:
    """
    Return how many of the schools that must exist are known, by unit and stage.

    Parameters
    ----------
    world
        Its study says what must exist under `[completeness]`: counts by county or township, or
        those of `reference_schools` by county.

    Returns
    -------
    table
        The columns of `layers.completeness.COLUMNS`, `unit_kind` and `unit_name`, and the unit's
        geometry in the study's plane (None where it has none); no rows where nothing is expected
        or no schools are given. `least_share` is what the study asks, `is_short` that the share is
        less.
    """
    made: gpd.GeoDataFrame = world.keep("completeness", lambda: _table(world))
    return made


def _table(world: World) -> gpd.GeoDataFrame:
    schools = world.layers.get("schools")
    parts = []
    for kind in _KINDS:
        units = world.units(kind, {})
        wanted = {} if schools is None or units is None else _expected(world, units)
        if not wanted or schools is None or units is None:
            continue
        part = completeness(schools.frame, world.members(schools, units), wanted)
        rows = units.frame.reindex(part["unit_id"])
        part["unit_kind"] = str(kind)
        part["unit_name"] = rows["name"].to_numpy()
        part["geometry"] = rows.geometry.to_numpy()
        parts.append(part)
    columns = [*COLUMNS, "unit_kind", "unit_name", "geometry"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table["least_share"] = world.study.completeness.least_share
    table["is_short"] = (table["share"] < table["least_share"]).astype(bool)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=world.study.crs)


def _expected(world: World, units: Units) -> Expected:
    asked = world.study.completeness
    if not asked.from_reference:
        known = set(units.frame.index)
        return {unit: counts for unit, counts in asked.expected.items() if unit in known}
    reference: Layer | None = world.layers.get(REFERENCE)
    if reference is None or units.kind is not UnitKind.COUNTY:
        return {}
    counted = counts_of(reference.frame, world.members(reference, units))
    return {unit: counts for unit, counts in counted.items() if unit in set(units.frame.index)}


def open_where_incomplete(
    values: dict[str, Value],
    definition: CountMeasure | SumMeasure,
    *,
    world: World,
    units: Units,
) -> dict[str, Value]:
    """
    Open the counts of schools of units where too few are known, as the study's counts tell.

    Parameters
    ----------
    values
        The counts by unit id.
    definition
        What was counted; without a stage among its conditions nothing is changed.
    world, units
        The world, and the units: counties, townships (by themselves, else by their county) or the
        city as a whole.

    Returns
    -------
    values
        The same, but without an upper end where the share is less than the study asks: a school
        that is missing in the list is not missing on the ground.
    """
    stage = _stage(definition)
    if stage is None:
        return values
    table = completeness_of(world)
    table = table[table["stage"] == stage]
    if table.empty:
        return values
    asked = world.study.completeness
    year = asked.year or Message("completeness.no_year")
    notes = {
        row["unit_id"]: Message(
            "completeness.too_few", unit=row["unit_name"], stage=word_message(stage),
            percent=f"{100 * row['share']:.0f}", known=row["known"], expected=row["expected"],
            least=f"{100 * asked.least_share:.0f}", year=year,
        )
        for row in table[table["is_short"]].to_dict("records")
    }  # fmt: skip
    above = _above(units, table)
    return {
        unit: _opened(value, [notes[u] for u in above.get(unit, ()) if u in notes])
        for unit, value in values.items()
    }


def _stage(definition: CountMeasure | SumMeasure) -> Stage | None:
    """Return the stage that is counted; None where schools are not counted by stage."""
    counted = getattr(definition, "count", None) or getattr(definition, "sum", None)
    asked = [c.contains or c.equals for c in definition.where if c.field == "stages"]
    known = [Stage(str(stage)) for stage in asked if stage in set(Stage)]
    return known[0] if counted == "schools" and known else None


def _above(units: Units, table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return, for each unit, the units of the table whose lists its count rests on."""
    told = set(table["unit_id"])
    if units.kind is UnitKind.CITY:
        return {str(unit): tuple(sorted(told)) for unit in units.frame.index}
    if units.kind not in _KINDS:
        return {}
    counties: Any = units.frame.get("county_id", pd.Series(index=units.frame.index, dtype=object))
    return {
        str(unit): (str(unit) if unit in told else str(county),)
        for unit, county in zip(units.frame.index, counties, strict=True)
    }


def _opened(value: Value, notes: list[Message]) -> Value:
    if not notes:
        return value
    flags = tuple(sorted({*value.flags, str(Flag.OSM_INCOMPLETE)}))
    return replace(value, high=math.inf, flags=flags, notes=(*value.notes, *notes))
