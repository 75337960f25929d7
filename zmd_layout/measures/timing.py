"""Measures of time: schools that close, and schools that come after the housing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value, exactly, total
from zmd_layout.measures.datums import flagged, open_places
from zmd_layout.measures.registry import named_measure
from zmd_layout.measures.supply.plot_supply import offered
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SchoolStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import UnitRow, Units
    from zmd_layout.measures.world import World

_STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR)


@named_measure("days_without_replacement", UnitKind.SCHOOL)
def days_without_replacement(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """
    Return the days from the closing of a school to the opening of what replaces it, at least 0.

    A replacement that already operated in a year before the closing is 0 days whatever its own
    date. One that is not named, not in the roster or not dated is unknown; a school that is not to
    be closed has none (NaN).
    """
    layer = world.layers.get("closures")
    if layer is None:
        note = Message("measures.missing_layer", layer=Message("words.layer_closures"))
        return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    everyone = world.units(UnitKind.SCHOOL, limits) or units
    schools = {row.unit_id: row for row in everyone.rows()}
    listed = {str(row["school_id"]): row for row in layer.frame.to_dict("records")}
    return {
        unit: _gap(listed[unit], schools, layer, units) if unit in listed else Value()
        for unit in (row.unit_id for row in units.rows())
    }


def _gap(
    closure: Mapping[Any, Any], schools: Mapping[str, UnitRow], layer: Layer, units: Units
) -> Value:
    closes_on, replacement = closure.get("closes_on"), closure.get("replacement_id")
    heir = None if is_missing(replacement) else schools.get(str(replacement))
    if is_missing(closes_on) or not isinstance(closes_on, dt.date):
        return Value(notes=(Message("measures.no_closing_date"),), year=layer.origin.year)
    if heir is None:
        return Value(notes=(Message("measures.no_replacement"),), year=layer.origin.year)
    is_synthetic = layer.is_synthetic or heir.is_synthetic
    sources = (layer.source, units.source)
    opens_on = heir.fields.get("opens_on")
    if opens_on is not None:
        days = max((opens_on - closes_on).days, 0)
        return exactly(days, year=layer.origin.year, is_synthetic=is_synthetic, sources=sources)
    is_open = heir.fields.get("status") == SchoolStatus.OPERATING
    if is_open and units.year is not None and units.year < closes_on.year:
        return exactly(0, year=layer.origin.year, is_synthetic=is_synthetic, sources=sources)
    return Value(notes=(Message("measures.no_replacement_date"),), year=layer.origin.year)


@named_measure("areas_before_their_schools", UnitKind.COUNTY)
def areas_before_their_schools(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """
    Count, in each county, the new areas handed over before a school that was promised with them.

    Areas whose first phase is delivered by the day. An area that promises nothing has nothing to
    come late: whether it should have promised is another rule's question.
    """
    layer = world.layers.get("residential_areas")
    areas = world.units(UnitKind.RESIDENTIAL_AREA, limits)
    if layer is None or areas is None:
        note = Message("measures.missing_layer", layer=Message("words.layer_residential_areas"))
        return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    key = layer.frame["unit_id"].astype(str)
    place = dict(zip(key, world.members(layer, units), strict=True))
    late = {row.unit_id: _comes_late(row, areas, world.as_of) for row in areas.rows()}
    counts = {
        str(unit): total(
            [late[area] for area in late if place.get(area) == unit], source=areas.source
        )
        for unit in units.frame.index
    }
    return flagged(counts, open_places(world, layer, units))


def _comes_late(row: UnitRow, areas: Units, as_of: dt.date) -> Value:
    handover = row.fields.get("first_phase_on")
    offers = [offer for stage in _STAGES for offer in offered(row, stage)]
    if not offers or row.fields.get("is_new") is False or (handover and handover > as_of):
        return exactly(0, year=areas.year, is_synthetic=row.is_synthetic)
    if handover is None:
        return Value(0, 1, year=areas.year, notes=(Message("measures.no_first_phase"),))
    dates = [offer.get("opens_on") for offer in offers]
    known = [date for date in dates if date is not None and not is_missing(date)]
    if any(date > handover for date in known):
        return exactly(1, year=areas.year, is_synthetic=row.is_synthetic)
    if len(known) < len(dates):
        return Value(0, 1, year=areas.year, notes=(Message("measures.no_opening_date"),))
    return exactly(0, year=areas.year, is_synthetic=row.is_synthetic)
