"""Measures of the land that is reserved for education."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value, exactly
from zmd_layout.measures.registry import named_measure
from zmd_layout.messages import Message
from zmd_layout.vocabulary import LandUse, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World


@named_measure("education_land_lost_m2", UnitKind.PARCEL)
def education_land_lost_m2(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """
    Give the area of each reserved parcel that is used for something else, in m².

    A vacant reserve is not lost. A parcel whose present use is unknown is unknown.
    """
    del world, limits
    frame = units.frame
    note = Message("measures.use_unknown")
    uses = frame["current_use"] if "current_use" in frame else [None] * len(frame)
    out = {}
    for unit, use, shape in zip(frame.index, uses, frame.geometry, strict=True):
        if is_missing(use):
            out[str(unit)] = Value(year=units.year, notes=(note,))
            continue
        made = units.made.loc[unit]
        out[str(unit)] = exactly(
            round(shape.area, 1) if use == LandUse.OTHER else 0.0,
            year=units.year,
            is_synthetic=bool(made["current_use"] or made["geometry"]),
            sources=(units.source,),
        )
    return out
