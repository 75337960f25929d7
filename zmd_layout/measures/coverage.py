"""Which share of the children of a unit lives within a service radius of a school."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.checks.value import Value, exactly, oldest
from zmd_layout.measures.access import access, demand, open_stages
from zmd_layout.measures.datums import open_datum
from zmd_layout.measures.registry import named_measure
from zmd_layout.measures.supply.listed import is_stage_covered
from zmd_layout.messages import Message
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
    which no school is in reach is not within; of one without road it is not known. Unknown where no
    layer has children at points.
    """
    found = access(world, stage)
    if found is None:
        missing = "population" if demand(world) is None else "schools"
        note = Message("measures.missing_layer", layer=layer_word(missing))
        return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    layer = found.demand.layer
    place = world.members(layer, units)[layer.frame.geometry.notna()].to_numpy(dtype=object)
    children = found.demand.children[stage].to_numpy(dtype=float)
    radius_m = limits["service_radius_m"].value
    is_within = np.nan_to_num(found.found.distance_m, nan=np.inf) <= radius_m
    is_off_road = found.found.is_off_road
    if is_off_road is None:
        is_off_road = np.zeros(len(children), dtype=bool)
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
        if not lost > 0:
            out[str(unit)] = exactly(low, **provenance)
            continue
        high = low + 100 * lost / whole
        note = Message("measures.off_road_children", children=lost, low=low, high=high)
        flags = (*provenance["flags"], str(Flag.OFF_ROAD))
        out[str(unit)] = Value(low, high, notes=(note,), **{**provenance, "flags": flags})
    return out


_NOTHING = Message("measures.nothing_to_divide")


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
