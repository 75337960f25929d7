"""How far a village is from the nearest primary school or teaching point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zmd_layout.checks.value import Value, exactly, oldest
from zmd_layout.layers.geometry import points_in
from zmd_layout.measures.access import open_stages, schools_of, way_from
from zmd_layout.measures.datums import open_datum
from zmd_layout.measures.registry import named_measure
from zmd_layout.measures.supply.listed import is_stage_covered
from zmd_layout.measures.travel import mode_of, speed_m_per_min
from zmd_layout.messages import Message
from zmd_layout.messages.words import field_word, layer_word
from zmd_layout.network import Method, Mode
from zmd_layout.vocabulary import Basis, Flag, SchoolStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.network import Nearest


_NUMBERS = ("walking_speed_m_per_min",)


@named_measure("way_to_primary_m", UnitKind.VILLAGE, numbers=_NUMBERS)
def way_to_primary_m(world: World, units: Units, limits: Mapping[str, Any]) -> dict[str, Value]:
    """
    Return the way from each village to the nearest primary school or teaching point, in metres.

    From the village's representative point, over the roads in the mode of the rule or the study;
    without roads in a straight line times a detour factor, which is an assumption and flagged as a
    proxy. Schools that operate, in and beside the study area. The minutes in the note are at the
    speed of the mode: the study's, else on foot `walking_speed_m_per_min`, else the package's.
    Unknown where the village is without road or no school is in reach; where the list of schools is
    not complete, the way is at most that to the nearest known one.
    """
    return _ways(world, units, limits, in_minutes=False)


@named_measure("way_to_primary_min", UnitKind.VILLAGE, numbers=_NUMBERS)
def way_to_primary_min(world: World, units: Units, limits: Mapping[str, Any]) -> dict[str, Value]:
    """Return the same way in minutes, at the speed that its note names: an assumption."""
    return _ways(world, units, limits, in_minutes=True)


def _ways(
    world: World, units: Units, limits: Mapping[str, Any], *, in_minutes: bool
) -> dict[str, Value]:
    schools = schools_of(world, Stage.PRIMARY)
    if schools is None:
        note = Message("measures.missing_layer", layer=layer_word("schools"))
        if "schools" in world.layers:
            field = field_word("stages")
            note = Message("measures.missing_column", source="schools", field=field)
        return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    schools = schools[schools["status"] == SchoolStatus.OPERATING]
    has_place = units.frame.geometry.notna().to_numpy()
    homes, places = points_in(units.frame[has_place]), points_in(schools)
    keys = schools["school_id"].astype(str).to_numpy()
    found = way_from(world, homes, places, keys=keys)
    is_straight = found.method is Method.STRAIGHT_LINE
    provenance = _provenance(world, units, is_straight=is_straight)
    if in_minutes:
        provenance["basis"] = Basis.ASSUMPTION
    pace = _Pace(mode_of(world), _speed(world, limits))
    values = {
        str(unit): _value(found, number, pace, provenance, in_minutes=in_minutes)
        for number, unit in enumerate(units.frame.index[has_place])
    }
    nowhere = Value(notes=(Message("measures.no_way"),), sources=provenance["sources"])
    return {str(unit): values.get(str(unit), nowhere) for unit in units.frame.index}


class _Pace(NamedTuple):
    """How one travels, and how fast."""

    mode: Mode
    m_per_min: float


def _speed(world: World, limits: Mapping[str, Any]) -> float:
    """Take the study's speed of the mode, else on foot the rule's, else the package's."""
    mode = mode_of(world)
    if mode is Mode.WALK and "walk" not in world.study.travel.speeds_m_per_min:
        return float(limits["walking_speed_m_per_min"].value)
    return speed_m_per_min(world, mode)


def _value(
    found: Nearest, number: int, pace: _Pace, provenance: dict[str, Any], *, in_minutes: bool
) -> Value:
    metres = float(found.distance_m[number])
    if found.is_off_road is not None and found.is_off_road[number]:
        assert found.to_road_m is not None  # noqa: S101 - they come together
        note = Message("measures.off_road", metres=float(found.to_road_m[number]))
        return Value(
            notes=(note,), sources=provenance["sources"],
            flags=(*provenance["flags"], str(Flag.OFF_ROAD)),
        )  # fmt: skip
    if np.isnan(metres):
        return Value(notes=(Message("measures.no_way"),), sources=provenance["sources"])
    minutes = metres / pace.m_per_min
    tie_m = 0.0 if found.tie_m is None else float(found.tie_m[number])
    key = "measures.way" if found.detour_factor is None else "measures.way_straight"
    note = Message(
        key, metres=metres, minutes=minutes, detour=found.detour_factor, tie=tie_m,
        how=Message(f"measures.by_{pace.mode}", speed=pace.m_per_min),
    )  # fmt: skip
    way = minutes if in_minutes else metres
    if Flag.OSM_INCOMPLETE in provenance["flags"]:  # a school that is not listed may be nearer
        return Value(0.0, way, notes=(note, Message("measures.known_school_alone")), **provenance)
    return exactly(way, notes=(note,), **provenance)


def _provenance(world: World, units: Units, *, is_straight: bool) -> dict[str, Any]:
    schools = world.layers["schools"]
    layers = [schools] if is_straight else [schools, world.layers["roads"]]
    flags: list[str] = [Flag.PROXY] if is_straight else []
    flags += [] if is_stage_covered(schools, Stage.PRIMARY) else [Flag.OSM_INCOMPLETE]
    flags += open_datum(world.layers.get("villages"), *layers)
    flags += open_stages(world, Stage.PRIMARY)
    is_synthetic = any(layer.is_synthetic for layer in layers)
    return {
        "year": oldest(units.year, *(layer.origin.year for layer in layers)),
        "is_synthetic": is_synthetic or bool(units.made.get("geometry", np.array([False])).any()),
        "basis": Basis.ASSUMPTION if is_straight else None,
        "flags": tuple(str(flag) for flag in flags),
        "sources": tuple(sorted({units.source, *(layer.source for layer in layers)})),
    }
