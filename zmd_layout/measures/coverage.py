"""Which share of the children of a unit lives within a service radius of a school."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from zmd_layout.checks.value import Value, exactly, oldest
from zmd_layout.measures.access import access, demand, open_stages, schools_of
from zmd_layout.measures.datums import open_datum
from zmd_layout.measures.registry import named_measure
from zmd_layout.measures.supply.listed import is_stage_covered
from zmd_layout.messages import Message, word_message
from zmd_layout.messages.words import layer_word
from zmd_layout.network import Method
from zmd_layout.vocabulary import Basis, Flag, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.measures.access import Access
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World


def _share_within(
    world: World, units: Units, limits: Mapping[str, Any], *, stage: Stage
) -> dict[str, Value]:
    """
    Return the share of children of a stage within `service_radius_m` of a school, in percent.

    Over the roads, or without roads in straight lines times a detour factor. A demand point from
    which no school is in reach is not within; of one without road it is not known. Where the
    list of schools is not complete, so many are within at least. Unknown where no layer has
    children at points, and where `why_no_distance` says why.
    """
    found = access(world, stage)
    if found is None:
        missing = "population" if demand(world) is None else "schools"
        note = Message("measures.missing_layer", layer=layer_word(missing))
        return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    layer = found.demand.layer
    radius_m = limits["service_radius_m"].value
    why = why_no_distance(world, stage, radius_m)
    if why is not None:
        return {str(unit): Value(notes=(why,)) for unit in units.frame.index}
    place = world.members(layer, units)[layer.frame.geometry.notna()].to_numpy(dtype=object)
    children = found.demand.children[stage].to_numpy(dtype=float)
    is_within = np.nan_to_num(found.found.distance_m, nan=np.inf) <= radius_m
    is_off_road = found.found.is_off_road
    if is_off_road is None:
        is_off_road = np.zeros(len(children), dtype=bool)
    is_open = not is_stage_covered(world.layers["schools"], stage)
    provenance = _provenance(world, found, stage)
    out = {}
    for unit in units.frame.index:
        here = place == unit
        whole = children[here].sum()
        if not here.any() or not whole > 0:
            out[str(unit)] = Value(is_void=bool(whole == 0), notes=(_NOTHING,))
            continue
        low = 100 * children[here & is_within].sum() / whole
        lost = children[here & is_off_road].sum()
        out[str(unit)] = _share(low, lost, whole, provenance, is_open=is_open)
    return out


def _share(
    low: float, lost: float, whole: float, provenance: dict[str, Any], *, is_open: bool
) -> Value:
    """Return a share with what children without road, and schools not listed, may add to it."""
    if not (lost > 0 or is_open):
        return exactly(low, **provenance)
    high, notes, flags = low, [], provenance["flags"]
    if lost > 0:
        high = low + 100 * lost / whole
        notes.append(Message("measures.off_road_children", children=lost, low=low, high=high))
        flags = (*flags, str(Flag.OFF_ROAD))
    if is_open:
        high = 100.0
        notes.append(Message("measures.known_schools_alone", low=low))
    return Value(low, high, notes=tuple(notes), **{**provenance, "flags": flags})


_NOTHING = Message("measures.nothing_to_divide")


def why_no_distance(world: World, stage: Stage, radius_m: float) -> Message | None:
    """
    Report why no distance to a school of a stage is held against a radius; None where it may be.

    The ground is too coarse where the middle one of the polygons in which people are counted is
    larger than the circle of that radius: its middle says nothing of where they live. Of a stage
    of which a list that is not complete has no school, a distance would be that of the list.
    """
    points, schools = demand(world), schools_of(world, stage)
    if points is not None:
        areas = shapely.area(points.layer.frame.geometry.dropna().to_numpy())
        middle_m2 = float(np.median(areas)) if len(areas) else 0.0
        if middle_m2 > math.pi * radius_m**2:
            return Message(
                "measures.coarse_ground", layer=layer_word(points.layer.name),
                area_km2=middle_m2 / 1e6, radius=radius_m,
            )  # fmt: skip
    is_absent = schools is not None and schools.empty
    if is_absent and not is_stage_covered(world.layers["schools"], stage):
        return Message("measures.stage_not_in_list", stage=word_message(stage))
    return None


def _provenance(world: World, found: Access, stage: Stage) -> dict[str, Any]:
    is_straight = found.found.method is Method.STRAIGHT_LINE
    schools, layer = world.layers["schools"], found.demand.layer
    layers = [layer, schools] + ([] if is_straight else [world.layers["roads"]])
    flags: list[str] = [Flag.PROXY] if is_straight else []
    flags += [] if is_stage_covered(schools, stage) else [Flag.OSM_INCOMPLETE]
    flags += (*open_datum(*layers), *open_stages(world, stage))
    return {
        "year": oldest(*(one.origin.year for one in layers)),
        "is_synthetic": any(one.is_synthetic for one in layers),
        "basis": Basis.ASSUMPTION,  # the children of each stage are interpolated from age groups
        "flags": tuple(str(flag) for flag in flags),
        "sources": tuple(sorted(one.source for one in layers)),
    }


for _stage in (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR):
    named_measure(
        f"{_stage}_children_within_radius_share",
        UnitKind.COUNTY, UnitKind.TOWNSHIP, UnitKind.PLANNING_UNIT,
        numbers=("service_radius_m",),
    )(partial(_share_within, stage=_stage))  # fmt: skip
