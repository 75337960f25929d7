"""Measures of pupils: how many of the children come, and where they are taught."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value, exactly, oldest, total
from zmd_layout.forecast import children_by_stage, single_years
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures.datums import flagged, open_places
from zmd_layout.measures.evaluation import evaluate
from zmd_layout.measures.registry import named_measure
from zmd_layout.messages import Message
from zmd_layout.messages.words import layer_word
from zmd_layout.rulebook.measure_forms import Condition, SumMeasure
from zmd_layout.vocabulary import Basis, SchoolStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

_ENROLLED = SumMeasure(
    sum="schools",
    of="enrolment",
    where=(
        Condition(field="stages", contains="kindergarten"),
        Condition(field="status", equals="operating"),
    ),
)


@named_measure("kindergarten_gross_enrolment_rate", UnitKind.CITY, UnitKind.COUNTY)
def kindergarten_gross_enrolment_rate(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """
    Return 100 · enrolled in kindergartens and attached classes / residents of kindergarten age.

    The census has groups of ages, so the single years are interpolated: an assumption, and told.
    The rate is gross: younger and older children and those from elsewhere may lift it above 100.
    """
    pupils = evaluate(_ENROLLED, world=world, units=units, limits=limits)
    columns = [c for c in units.frame.columns if AGE_COLUMN.fullmatch(str(c))]
    if not columns:
        note = Message("measures.no_ages", source=units.source)
        return {unit: Value(notes=(note,)) for unit in pupils}
    years = single_years(units.frame[columns].astype(float))
    children = children_by_stage(years, strict=False)[Stage.KINDERGARTEN]
    made = units.made[[c for c in columns if c in units.made]].astype(bool).any(axis=1)
    return {
        unit: _rate(pupils[unit], float(count), units, is_synthetic=bool(is_synthetic))
        for unit, count, is_synthetic in zip(pupils, children, made, strict=True)
    }


def _rate(pupils: Value, children: float, units: Units, *, is_synthetic: bool) -> Value:
    if not pupils.is_bounded or not children > 0:
        notes = pupils.notes or (Message("measures.no_ages", source=units.source),)
        return Value(notes=notes, flags=pupils.flags, sources=pupils.sources)
    return Value(
        100 * pupils.low / children,
        100 * pupils.high / children,
        year=oldest(pupils.year, units.year),
        is_synthetic=pupils.is_synthetic or is_synthetic,
        basis=Basis.ASSUMPTION,
        flags=pupils.flags,
        notes=(*pupils.notes, Message("measures.ages_interpolated", children=children)),
        sources=tuple(sorted({*pupils.sources, units.source})),
    )


@named_measure("junior_share_in_county_seat", UnitKind.COUNTY)
def junior_share_in_county_seat(
    world: World, units: Units, limits: Mapping[str, Any]
) -> dict[str, Value]:
    """
    Return the share of a county's junior pupils who are taught in its county seat, in percent.

    The seat is what the layer of townships calls so (`is_county_seat`). A nine-year school counts
    with all of its pupils, for the roster does not part them by stage.
    """
    for name in ("schools", "townships"):
        if name not in world.layers:
            note = Message("measures.missing_layer", layer=layer_word(name))
            return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    layer = world.layers["schools"]
    townships = world.units(UnitKind.TOWNSHIP, limits)
    column = None if townships is None else townships.frame.get("is_county_seat")
    if townships is None or column is None or column.isna().any() or "stages" not in layer.frame:
        word = Message("fields.word", name=Message("fields.is_county_seat"))
        note = Message("measures.missing_column", source="townships", field=word)
        return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    rows = _juniors(layer)
    in_seat = world.members(layer, townships)[rows].map(column)
    county = world.members(layer, units)[rows]
    pupils = layer.frame.loc[rows, "enrolment"] if layer.has("enrolment") else rows[rows] * np.nan
    shares = {
        str(unit): _seat_share(pupils[county == unit], in_seat[county == unit], layer)
        for unit in units.frame.index
    }
    return flagged(shares, open_places(world, layer, townships))


def _juniors(layer: Layer) -> pd.Series[bool]:
    frame = layer.frame
    has_stage = frame["stages"].map(
        lambda s: not is_missing(s) and str(Stage.JUNIOR) in s.split(";")
    )
    rows: pd.Series[bool] = has_stage & (frame["status"] == SchoolStatus.OPERATING)
    return rows


def _seat_share(pupils: pd.Series[float], in_seat: pd.Series[Any], layer: Layer) -> Value:
    if pupils.empty:
        return Value(is_void=True, notes=(Message("measures.nothing_to_divide"),))
    provenance = {"year": layer.origin.year, "is_synthetic": layer.is_synthetic}
    whole = total(
        [Value() if n != n else exactly(n, **provenance) for n in pupils],  # noqa: PLR0124 - NaN
        source=layer.source,
    )
    if not whole.is_exact or in_seat.isna().any() or whole.low == 0:
        word = Message("fields.word", name=Message("fields.enrolment"))
        return Value(notes=(Message("measures.empty_field", field=word),))
    share = 100 * float(pupils[in_seat.astype(bool)].sum()) / whole.low
    return exactly(share, sources=whole.sources, **provenance)
