"""
Measures of new residential areas and of groups of them: people, promised schools, dates.

The file is the whole offer: what it does not list is not offered. Schools that already stand inside
a plot count beside the offer, and the note tells the two apart.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value, exactly
from zmd_layout.layers.plausibility import IMPLAUSIBLE
from zmd_layout.measures.borders import Part, parts_by_county
from zmd_layout.measures.datums import open_places
from zmd_layout.measures.registry import named_measure
from zmd_layout.measures.supply.offered_size import remarks_on_size
from zmd_layout.measures.supply.plot_supply import PlotSupply, offered, supply_of_plots
from zmd_layout.measures.supply.seats import full_schools
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Basis, Flag, KindergartenDefect, Ownership, Stage, UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from zmd_layout.measures.registry import Compute
    from zmd_layout.measures.units import UnitRow, Units
    from zmd_layout.measures.world import World

AREA, GROUP = UnitKind.RESIDENTIAL_AREA, UnitKind.RESIDENTIAL_GROUP
_PERSONS = ("persons_per_dwelling_census", "persons_per_dwelling_practice")


@named_measure("planned_residents", AREA, numbers=_PERSONS)
def planned_residents(world: World, units: Units, limits: Mapping[str, Any]) -> dict[str, Value]:
    """
    Return the planned residents of each area.

    The file's own figure first, then dwellings × the file's persons per dwelling; where that is not
    given, dwellings × the two multipliers of the rule, as a range on an assumption.
    """
    del world
    return {row.unit_id: _planned(row, units, limits) for row in units.rows()}


def _planned(row: UnitRow, units: Units, limits: Mapping[str, Any]) -> Value:
    source = (units.source,)
    planned, dwellings = row.fields.get("planned_residents"), row.fields.get("dwellings")
    if planned is not None:
        return exactly(
            float(planned),
            year=units.year,
            is_synthetic="planned_residents" in row.made,
            sources=source,
        )
    if dwellings is None:
        is_doubted = row.fields.get(IMPLAUSIBLE) is not None
        key = "implausible_residents" if is_doubted else "no_planned_residents"
        return Value(notes=(Message(f"measures.{key}"),), year=units.year)
    persons = row.fields.get("persons_per_dwelling")
    is_synthetic = bool(row.made & {"dwellings", "persons_per_dwelling"})
    if persons is not None:
        people = round(float(dwellings) * float(persons))
        note = Message(
            "measures.dwellings_times", dwellings=dwellings, persons=persons, people=people
        )
        return exactly(
            people,
            year=units.year,
            is_synthetic=is_synthetic,
            basis=Basis.ASSUMPTION,
            notes=(note,),
            sources=source,
        )
    low, high = sorted(limits[name].value for name in _PERSONS)
    people_low, people_high = round(float(dwellings) * low), round(float(dwellings) * high)
    note = Message(
        "measures.dwellings_range",
        dwellings=dwellings,
        low=low,
        high=high,
        people_low=people_low,
        people_high=people_high,
    )
    return Value(
        people_low,
        people_high,
        year=units.year,
        is_synthetic=is_synthetic,
        basis=Basis.ASSUMPTION,
        notes=(note,),
        sources=source,
    )


def _count_schools(
    world: World, units: Units, limits: Mapping[str, Any], *, stage: Stage
) -> dict[str, Value]:
    flags = _datum_of_plots(world, units)
    found = supply_of_plots(world, units, stage, full=full_schools(world))
    return {
        row.unit_id: _with_remarks(
            _counted(world, row, found[row.unit_id], units, flags), row, units, limits, stage
        )
        for row in units.rows()
    }


def _with_remarks(
    value: Value, row: UnitRow, units: Units, limits: Mapping[str, Any], stage: Stage
) -> Value:
    """Remark on promised schools that are smaller than their people need; the count stays."""
    offers = row.fields.get("schools") or ()
    is_known = row.fields.get("planned_residents") is not None or set(_PERSONS) <= set(limits)
    residents = _planned(row, units, limits).low if is_known else math.nan
    remarks = remarks_on_size(offers, stage, residents)
    return replace(
        value,
        flags=(*value.flags, *(str(flag) for flag, _ in remarks)),
        notes=(*value.notes, *(note for _, note in remarks)),
    )


def _counted(
    world: World, row: UnitRow, supply: PlotSupply, units: Units, flags: tuple[str, ...]
) -> Value:
    """Count institutions, as the clause does; what they lack in seats is told beside."""
    alone = "schools" not in world.layers
    key = "measures.offered_alone" if alone else "measures.offered"
    told = [Message(key, offered=supply.promised, standing=supply.standing)]
    told += [Message("measures.standing_open", count=supply.open)] if supply.open else []
    told += [Message("measures.offered_stands", count=supply.same)] if supply.same else []
    if supply.perhaps_same:
        told.append(Message("measures.offered_may_stand", count=supply.perhaps_same))
    told += [Message("measures.school_full", names=list(supply.full))] if supply.full else []
    cautions = [Flag.AMBIGUOUS_STAGE] if supply.open else []
    cautions += [Flag.SCHOOL_FULL] if supply.full else []
    return Value(
        supply.least, supply.most, year=units.year, sources=(units.source,), notes=tuple(told),
        is_synthetic=(supply.is_synthetic and bool(supply.standing or supply.open))
        or row.is_synthetic or "schools" in row.made,
        flags=(*flags, *_of_plot(world, row), *(str(flag) for flag in cautions)),
    )  # fmt: skip


def _of_plot(world: World, row: UnitRow) -> tuple[str, ...]:
    """Return the flag of a plot that lies in more than one county."""
    parts: tuple[Part, ...] = world.keep(
        ("parts of plot", row.unit_id), lambda: parts_by_county(world, row.geometry)
    )
    return (str(Flag.ACROSS_BORDER),) if len(parts) > 1 else ()


def _datum_of_plots(world: World, units: Units) -> tuple[str, ...]:
    """Return the flag where schools stand in or beside plots by positions that may be wrong."""
    schools = world.layers.get("schools")
    return () if schools is None else open_places(world, schools, units)


for _name, _stage in {
    "area_kindergartens": Stage.KINDERGARTEN,
    "area_primary_schools": Stage.PRIMARY,
    "area_junior_schools": Stage.JUNIOR,
}.items():
    named_measure(_name, AREA)(partial(_count_schools, stage=_stage))


def _of_group(
    world: World, units: Units, limits: Mapping[str, Any], *, measure: Compute
) -> dict[str, Value]:
    """Add the values of the members up; what is unknown of one is unknown of the group."""
    areas = world.units(AREA, limits)
    assert areas is not None  # noqa: S101 - groups are made of areas
    single = measure(world, areas, limits)
    out = {}
    for row in units.rows():
        parts = [single[member] for member in row.fields["members"]]
        years = [part.year for part in parts]
        notes = {note for part in parts for note in part.notes if part.is_unknown}
        names = Message("measures.members", names=list(row.fields["members"]))
        out[row.unit_id] = Value(
            sum(p.low for p in parts),
            sum(p.high for p in parts),
            year=None if None in years else min(y for y in years if y is not None),
            is_synthetic=any(p.is_synthetic for p in parts),
            basis=Basis.ASSUMPTION,
            flags=tuple(sorted({str(Flag.MERGED)}.union(*(p.flags for p in parts)))),
            notes=(*sorted(notes, key=str), names),
            sources=(units.source,),
        )
    return out


named_measure("planned_residents", GROUP, numbers=_PERSONS)(
    partial(_of_group, measure=planned_residents)
)
for _name, _stage in {
    "area_primary_schools": Stage.PRIMARY,
    "area_junior_schools": Stage.JUNIOR,
}.items():
    named_measure(_name, GROUP)(partial(_of_group, measure=partial(_count_schools, stage=_stage)))


@named_measure("school_days_late", AREA)
def school_days_late(world: World, units: Units, limits: Mapping[str, Any]) -> dict[str, Value]:
    """Return the days from the first phase to the latest promised primary or junior, at least 0."""
    del world, limits
    stages = (Stage.PRIMARY, Stage.JUNIOR)
    return {row.unit_id: _after_first_phase(row, units, stages) for row in units.rows()}


def _after_first_phase(row: UnitRow, units: Units, stages: tuple[Stage, ...]) -> Value:
    latest = _latest_opening(row, units, stages)
    handover = row.fields.get("first_phase_on")
    if isinstance(latest, Value):
        return latest
    if handover is None:
        return Value(notes=(Message("measures.no_first_phase"),), year=units.year)
    return _delay((latest - handover).days, row, units)


@named_measure("kindergarten_days_late", AREA)
def kindergarten_days_late(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """
    Return the days from the acceptance of the housing to the latest promised kindergarten.

    The project as a whole counts, not its first phase: one that opens by the first phase is in time
    in any case, and one that opens later is open while the acceptance is not dated.
    """
    del world, limits
    return {row.unit_id: _after_acceptance(row, units) for row in units.rows()}


def _after_acceptance(row: UnitRow, units: Units) -> Value:
    latest = _latest_opening(row, units, (Stage.KINDERGARTEN,))
    first, accepted = row.fields.get("first_phase_on"), row.fields.get("accepted_on")
    if isinstance(latest, Value):
        return latest
    if accepted is not None:
        return _delay((latest - accepted).days, row, units)
    if first is None:
        return Value(notes=(Message("measures.no_acceptance"),), year=units.year)
    most = max((latest - first).days, 0)
    notes = (Message("measures.after_first_phase", days=most),) if most else ()
    return replace(_delay(most, row, units), low=0.0, notes=notes)


def _latest_opening(row: UnitRow, units: Units, stages: tuple[Stage, ...]) -> dt.date | Value:
    """Return the day on which the last promised school of `stages` opens, or why it is unknown."""
    offers = [offer for stage in stages for offer in offered(row, stage)]
    if not offers:
        return Value(notes=(Message("measures.no_offer"),), year=units.year, is_void=True)
    dates = [offer.get("opens_on") for offer in offers]
    if any(is_missing(date) for date in dates):
        return Value(notes=(Message("measures.no_opening_date"),), year=units.year)
    latest: dt.date = max(date for date in dates if date is not None)
    return latest


def _delay(days: int, row: UnitRow, units: Units) -> Value:
    return exactly(
        max(days, 0),
        year=units.year,
        is_synthetic=row.is_synthetic,
        sources=(units.source,),
    )


@named_measure("accepted_with_open_defect", AREA)
def accepted_with_open_defect(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """
    Return 1 where an area was accepted by the day though its kindergarten had an open defect.

    No defect is 0 whatever the date. An open defect with no date of acceptance is 0: it has not
    been accepted.
    """
    del limits
    out = {}
    for row in units.rows():
        defect, accepted = row.fields.get("kindergarten_defect"), row.fields.get("accepted_on")
        if defect is None:
            out[row.unit_id] = Value(notes=(Message("measures.no_defect_record"),), year=units.year)
            continue
        is_open = defect != KindergartenDefect.NONE
        is_accepted = accepted is not None and accepted <= world.as_of
        out[row.unit_id] = exactly(
            int(is_open and is_accepted),
            year=units.year,
            sources=(units.source,),
            is_synthetic=row.is_synthetic,
        )
    return out


@named_measure("for_profit_kindergartens", AREA)
def for_profit_kindergartens(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """Count the promised kindergartens that are to be run for profit; unknown ownership widens."""
    del world, limits
    out = {}
    for row in units.rows():
        owners = [offer.get("ownership") for offer in offered(row, Stage.KINDERGARTEN)]
        if not owners:
            note = Message("measures.no_offer")
            out[row.unit_id] = Value(notes=(note,), year=units.year, is_void=True)
            continue
        sure = sum(owner == Ownership.FOR_PROFIT for owner in owners)
        open_ = sum(is_missing(owner) or owner == Ownership.PRIVATE for owner in owners)
        notes = (Message("measures.owner_unknown", count=open_),) if open_ else ()
        out[row.unit_id] = Value(
            sure,
            sure + open_,
            year=units.year,
            is_synthetic=row.is_synthetic,
            notes=notes,
            sources=(units.source,),
        )
    return out
