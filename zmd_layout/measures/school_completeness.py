"""Counts of schools are open above where too few of the schools that must exist are known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from zmd_layout.layers.completeness import LEAST_SHARE, completeness
from zmd_layout.messages import Message, word_message
from zmd_layout.vocabulary import Flag, Stage, UnitKind

if TYPE_CHECKING:
    from zmd_layout.measures.definitions import CountMeasure, SumMeasure
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.value import Value
    from zmd_layout.measures.world import World

_ABOVE = {UnitKind.TOWNSHIP: "county_id", UnitKind.COUNTY: "unit_id"}


def open_where_incomplete(
    values: dict[str, Value],
    definition: CountMeasure | SumMeasure,
    *,
    world: World,
    units: Units,
    least_share: float = LEAST_SHARE,
) -> dict[str, Value]:
    """
    Open the counts of schools of units whose county lists too few, as `expected_schools` tells.

    Parameters
    ----------
    values
        The counts by unit id.
    definition
        What was counted; without a stage among its conditions nothing is changed.
    world, units
        The world, and the units: counties, townships (by their county) or the city as a whole.
    least_share
        The share of the expected schools that must be known, an assumption.

    Returns
    -------
    values
        The same, but without an upper end where the share is smaller: a school that is missing in
        the list is not missing on the ground.
    """
    stage = _stage(definition)
    if stage is None or not world.study.expected_schools:
        return values
    table: pd.DataFrame = world.keep("completeness", lambda: _by_county(world))
    short = table[(table["stage"] == stage) & (table["share"] < least_share)]
    notes = {
        row["unit_id"]: Message(
            "completeness.too_few", unit=_name(row["unit_id"], world), stage=word_message(stage),
            percent=f"{100 * row['share']:.0f}", known=row["known"], expected=row["expected"],
            least=f"{100 * least_share:.0f}",
        )
        for row in short.to_dict("records")
    }  # fmt: skip
    counties = _counties(units, table)
    return {
        unit: _opened(value, [notes[c] for c in counties.get(unit, ()) if c in notes])
        for unit, value in values.items()
    }


def _stage(definition: CountMeasure | SumMeasure) -> Stage | None:
    """Give the stage that is counted; None where schools are not counted by stage."""
    counted = getattr(definition, "count", None) or getattr(definition, "sum", None)
    asked = [c.contains or c.equals for c in definition.where if c.field == "stages"]
    known = [Stage(str(stage)) for stage in asked if stage in set(Stage)]
    return known[0] if counted == "schools" and known else None


def _by_county(world: World) -> pd.DataFrame:
    units = world.units(UnitKind.COUNTY, {})
    schools = world.layers["schools"]
    place = (
        world.members(schools, units)
        if units is not None
        else pd.Series([None] * len(schools.frame), index=schools.frame.index, dtype=object)
    )
    return completeness(schools.frame, place, world.study.expected_schools)


def _counties(units: Units, table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Give the counties whose lists a unit's count rests on."""
    if units.kind is UnitKind.CITY:
        return {str(unit): tuple(sorted(set(table["unit_id"]))) for unit in units.frame.index}
    column = _ABOVE.get(units.kind)
    if column is None or column not in units.frame:
        return {}
    return {
        str(unit): (str(county),)
        for unit, county in zip(units.frame.index, units.frame[column], strict=True)
    }


def _name(unit_id: str, world: World) -> str:
    units = world.units(UnitKind.COUNTY, {})
    if units is None or unit_id not in units.frame.index:
        return unit_id
    return str(units.frame["name"][unit_id])


def _opened(value: Value, notes: list[Message]) -> Value:
    if not notes:
        return value
    flags = tuple(sorted({*value.flags, str(Flag.OSM_INCOMPLETE)}))
    return replace(value, high=math.inf, flags=flags, notes=(*value.notes, *notes))
