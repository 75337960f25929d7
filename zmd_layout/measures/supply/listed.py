"""What a list speaks of: the stages and the counties for which a row that is not there is none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.checks.conditions import is_missing
from zmd_layout.layers.holding import stands_alone
from zmd_layout.messages import Message, word_message
from zmd_layout.messages.words import layer_word
from zmd_layout.vocabulary import Flag, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from zmd_layout.checks.value import Value
    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook.measure_forms import Condition

_BY_COUNTY = (UnitKind.COUNTY, UnitKind.TOWNSHIP, UnitKind.CITY)
_LISTED = frozenset({"schools", "reference_schools"})  # others lie where their schools lie


def stages_asked(where: Iterable[Condition]) -> frozenset[Stage]:
    """Name the stages that conditions speak of."""
    words = [
        word
        for c in where
        if c.field in {"stages", "stage"}
        for word in (c.contains, c.equals, *(c.any_of or ()))
    ]
    known = {part for word in words if isinstance(word, str) for part in word.split(";")}
    return frozenset(stage for stage in Stage if stage in known)


def is_stage_covered(layer: Layer, stage: Stage) -> bool:
    """
    Return whether a layer speaks of a stage: as declared, else where any row has or may have it.

    A list that is declared incomplete speaks of none, a row of which nothing is known neither.
    """
    covers = layer.origin.covers
    if covers is not None and covers.stages:
        return stage in covers.stages
    return layer.origin.is_complete and stage in _stages_of(layer)


def _stages_of(layer: Layer) -> frozenset[Stage]:
    frame = layer.frame
    column = "stages" if "stages" in frame else "stage" if "stage" in frame else None
    if column is None:
        return frozenset(Stage)
    possible = frame["possible_stages"] if "possible_stages" in frame else [None] * len(frame)
    found: set[str] = set()
    for known, open_ in {*zip(frame[column], possible, strict=True)}:
        if not is_missing(known):
            found |= {*str(known).split(";")}
        elif not is_missing(open_):  # a row of which nothing is known speaks of no stage
            found |= {*str(open_).split(";")}
    return frozenset(stage for stage in Stage if stage in found)


def uncovered(
    world: World, layer: Layer, units: Units, stages: Iterable[Stage]
) -> dict[str, Message]:
    """
    Report for which units a layer does not tell whether there are more rows than it has.

    Parameters
    ----------
    world, layer, units
        Whose rows are counted in which units.
    stages
        The stages that are counted; none for rows of whatever stage.

    Returns
    -------
    why
        By unit id; units for which the list is complete are left out.
    """
    name = layer_word(layer.name)
    ids = [str(unit) for unit in units.frame.index]
    if not layer.origin.is_complete and layer.origin.covers is None:
        return dict.fromkeys(ids, Message("measures.list_incomplete", layer=name))
    lacking = sorted(stage for stage in stages if not is_stage_covered(layer, stage))
    if lacking:
        words = [word_message(stage) for stage in lacking]
        return dict.fromkeys(ids, Message("measures.stage_uncovered", layer=name, stages=words))
    if layer.name not in _LISTED or units.kind not in _BY_COUNTY:
        return {}
    return {
        unit: Message("measures.unit_uncovered", layer=name)
        for unit, is_told in zip(ids, _told_of(world, layer, units), strict=True)
        if not is_told
    }


def open_above(value: Value, why: Message | None) -> Value:
    """Take the upper end of a count away where the list does not tell of more."""
    if why is None:
        return value
    flags = tuple(sorted({*value.flags, str(Flag.OSM_INCOMPLETE)}))
    return replace(value, high=math.inf, flags=flags, notes=(*value.notes, why))


def _told_of(world: World, layer: Layer, units: Units) -> NDArray[np.bool_]:
    """Return which units lie in the counties that a list covers."""
    frame = units.frame
    counties = world.units(UnitKind.COUNTY, {})
    covered = _counties_covered(world, layer, counties)
    if covered is None:
        return np.ones(len(frame), dtype=np.bool_)
    if units.kind is UnitKind.CITY:
        wanted = {*frame.index} if counties is None else _alone(counties)
        return np.array([wanted <= covered or unit in covered for unit in frame.index])
    pairs = zip(frame.index, _holders(world, units, counties), strict=True)
    return np.array([bool({str(unit), str(above)} & covered) for unit, above in pairs], dtype=bool)


def _holders(world: World, units: Units, counties: Units | None) -> pd.Series[Any]:
    """Return the county in which each county's zone or township lies, by its column or position."""
    frame = units.frame
    name = "within" if units.kind is UnitKind.COUNTY else "county_id"
    told = frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)
    layer = world.layers.get("townships")
    if units.kind is UnitKind.COUNTY or counties is None or layer is None:
        return told
    place = world.members(layer, counties)
    by_id = dict(zip(layer.frame["unit_id"], place, strict=True))
    return pd.Series([by_id.get(unit) for unit in frame.index], index=frame.index, dtype=object)


def _alone(counties: Units) -> set[str]:
    return {str(unit) for unit in counties.frame.index[stands_alone(counties.frame)]}


def _counties_covered(world: World, layer: Layer, counties: Units | None) -> set[str] | None:
    """Return the units that a list covers: as declared, else those with a row; None: untold."""
    covers = layer.origin.covers
    if covers is not None and covers.units:
        return set(covers.units)
    if counties is None:
        return None
    place: Any = world.members(layer, counties)
    found = {str(unit) for unit in place.dropna().unique() if unit}
    return found or None
