"""How far a village is from the nearest primary school or teaching point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.checks.value import Value, exactly, oldest
from zmd_layout.layers.geometry import points_in
from zmd_layout.measures.access import open_stages, schools_of, way_from
from zmd_layout.measures.datums import open_datum
from zmd_layout.measures.listed import is_stage_covered
from zmd_layout.measures.registry import named_measure
from zmd_layout.messages import Message
from zmd_layout.messages.words import field_word, layer_word
from zmd_layout.network import Method
from zmd_layout.vocabulary import Basis, Flag, SchoolStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World


@named_measure("way_to_primary_m", UnitKind.VILLAGE, numbers=("walking_speed_m_per_min",))
def way_to_primary_m(world: World, units: Units, limits: Mapping[str, Any]) -> dict[str, Value]:
    """
    Give the way from each village to the nearest primary school or teaching point, in metres.

    From the village's representative point, over the roads on foot; without roads in a straight
    line times a detour factor, which is an assumption and flagged as a proxy. Schools that operate,
    in and beside the study area. The minutes in the note are metres at `walking_speed_m_per_min`.
    Unknown where no school is in reach; where the list of schools is not complete, the distance is
    that to the nearest known one, flagged.
    """
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
    distance_m = np.full(len(units.frame), np.nan)
    distance_m[has_place] = found.distance_m
    is_straight = found.method is Method.STRAIGHT_LINE
    speed = limits["walking_speed_m_per_min"].value
    provenance = _provenance(world, units, is_straight=is_straight)
    return {
        str(unit): Value(notes=(Message("measures.no_way"),), sources=provenance["sources"])
        if np.isnan(metres)
        else exactly(
            float(metres),
            notes=(_note(metres, metres / speed, found.detour_factor),),
            **provenance,
        )
        for unit, metres in zip(units.frame.index, distance_m, strict=True)
    }


def _note(metres: float, minutes: float, detour: float | None) -> Message:
    key = "measures.way" if detour is None else "measures.way_straight"
    return Message(key, metres=metres, minutes=minutes, detour=detour)


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
