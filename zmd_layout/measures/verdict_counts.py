"""The verdicts of a unit's parts under another rule, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from zmd_layout.checks.value import Value, oldest
from zmd_layout.measures.units import LAYER_OF
from zmd_layout.measures.world import by_position
from zmd_layout.messages import Message
from zmd_layout.unit_keys import lies_in
from zmd_layout.vocabulary import Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.measures.evaluation import Values
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook.measure_forms import VerdictMeasure

_DECIDED = {Status.PASS, Status.SHORTFALL}


def count_verdicts(
    definition: VerdictMeasure, *, world: World, units: Units, rows: Sequence[dict[str, Any]]
) -> Values:
    """
    Count the verdicts of another rule over the parts of each unit.

    Parameters
    ----------
    definition
        Which rule, and which status.
    world, units
        For which units.
    rows
        The other rule's findings.

    Returns
    -------
    values
        One for each unit id. A part that could not be judged, and one whose unit is not known,
        widen the range; where the other rule could not be held against anything, nothing is known.
    """
    parts = [row for row in rows if lies_in(UnitKind(row["unit_kind"]), units.kind)]
    if not parts or any(not row["unit_id"] for row in parts):
        note = Message("measures.no_verdicts", rule=definition.verdicts)
        return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    places = _places(parts, world, units)
    here: dict[str | None, list[dict[str, Any]]] = {}
    for row, place in zip(parts, places, strict=True):
        here.setdefault(place, []).append(row)
    unplaced = here.get(None, [])
    return {
        str(unit): _count(definition, here.get(str(unit), []), unplaced)
        for unit in units.frame.index
    }


def _count(
    definition: VerdictMeasure, rows: list[dict[str, Any]], unplaced: list[dict[str, Any]]
) -> Value:
    sure = sum(row["status"] == definition.status for row in rows)
    open_ = sum(row["status"] == Status.NOT_ASSESSABLE for row in rows)
    open_ += sum(row["status"] in {definition.status, Status.NOT_ASSESSABLE} for row in unplaced)
    note = Message("measures.verdicts_open", count=open_, rule=definition.verdicts)
    asked = [*rows, *unplaced]
    return Value(
        sure,
        sure + open_,
        year=oldest(*(row["year"] for row in asked if row["status"] in _DECIDED)),
        is_synthetic=any(row["is_synthetic"] for row in asked),
        notes=(note,) if open_ else (),
        sources=tuple(sorted({s for row in asked for s in row["sources"].split(";") if s})),
    )


def _places(rows: list[dict[str, Any]], world: World, units: Units) -> list[str | None]:
    """Return the unit in which each finding's unit lies; None where it is not known."""
    if units.kind is UnitKind.CITY:
        return [str(units.frame.index[0])] * len(rows)
    table = gpd.GeoDataFrame(
        {"unit_id": [row["unit_id"] for row in rows], "kind": [row["unit_kind"] for row in rows]},
        geometry=[row["geometry"] for row in rows],
        crs=world.study.crs,
    )
    places = pd.Series([None] * len(table), index=table.index, dtype=object)
    for kind, part in table.groupby("kind"):
        places[part.index] = _places_of(UnitKind(str(kind)), part, world, units)
    return [None if place is None else str(place) for place in places]


def _places_of(
    kind: UnitKind, part: gpd.GeoDataFrame, world: World, units: Units
) -> list[str | None]:
    if kind is units.kind:
        return list(part["unit_id"])
    if kind not in LAYER_OF:  # groups of areas have no layer of their own
        return list(by_position(part, units))
    name, key = LAYER_OF[kind]
    layer = world.layers[name]
    place = dict(zip(layer.frame[key].astype(str), world.members(layer, units), strict=True))
    return [place.get(unit_id) for unit_id in part["unit_id"]]
