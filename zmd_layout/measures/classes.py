"""Large classes: counted from lists of classes, else from the school's own count; never a mean."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value, exactly, total
from zmd_layout.measures.datums import flagged, open_places
from zmd_layout.measures.registry import named_measure
from zmd_layout.measures.supply.listed import open_above, uncovered
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SchoolStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.vocabulary import Basis

# A school with a senior section is a 普通高中 in the statistics: each school falls under one rule.
COMPULSORY = frozenset({"primary", "junior", "primary;junior"})
SENIOR = frozenset({"senior", "junior;senior", "primary;junior;senior"})
_NUMBERS = ("large_class_from",)


def _of_schools(world: World, units: Units, limits: Mapping[str, Any]) -> dict[str, Value]:
    """
    Count the classes of `large_class_from` pupils and more in each school.

    The list of classes goes first. A school that is not in it answers by its own column
    `classes_of_<number>_and_more`, where there is one for that number. The mean of pupils and
    classes is no answer: 20 classes of 45 and one of 60 have a harmless mean.
    """
    line = limits["large_class_from"]
    smallest = line.value
    listed = _listed(world, smallest, line.basis)
    column = f"classes_of_{smallest:.0f}_and_more"
    word = Message("fields.word", name=Message("fields.classes_of_56_and_more"))
    note = Message("measures.no_class_sizes", field=word)
    out = {}
    for row in units.rows():
        own = row.fields.get(column)
        if row.unit_id in listed:
            out[row.unit_id] = listed[row.unit_id]
        elif own is not None:
            out[row.unit_id] = exactly(
                float(own), year=units.year, sources=(units.source,),
                is_synthetic=column in row.made, basis=line.basis,
            )  # fmt: skip
        else:
            out[row.unit_id] = Value(0, year=units.year, notes=(note,))
    return out


def _listed(world: World, smallest: float, basis: Basis) -> dict[str, Value]:
    layer = world.layers.get("classes")
    if layer is None:
        return {}
    frame = layer.frame
    counts = (frame["pupils"] >= smallest).groupby(frame["school_id"].astype(str)).sum()
    return {
        str(school): exactly(
            int(count),
            year=layer.origin.year,
            is_synthetic=layer.is_synthetic,
            basis=basis,
            sources=(layer.source,),
        )
        for school, count in counts.items()
    }


def _of_counties(
    world: World, units: Units, limits: Mapping[str, Any], *, stages: frozenset[str]
) -> dict[str, Value]:
    """Add up the schools of a county; a school whose class sizes are unknown opens the sum."""
    note = Message("measures.missing_layer", layer=Message("words.layer_schools"))
    schools = world.units(UnitKind.SCHOOL, limits)
    if schools is None:
        return {row.unit_id: Value(notes=(note,)) for row in units.rows()}
    values = _of_schools(world, schools, limits)
    layer = world.layers["schools"]
    rows, is_ambiguous = _school_rows(layer, stages)
    place = world.members(layer, units)[rows]
    ids = layer.frame.loc[rows, "school_id"].astype(str)
    ambiguous = set(layer.frame.loc[is_ambiguous, "school_id"].astype(str))
    word = Message("fields.word", name=Message("fields.stages"))
    open_ = Value(0, notes=(Message("measures.empty_field", field=word),), year=layer.origin.year)
    values |= dict.fromkeys(ambiguous, open_)
    sums = {
        row.unit_id: total([values[i] for i in ids[place == row.unit_id]], source=layer.source)
        for row in units.rows()
    }
    untold = uncovered(world, layer, units, {Stage(s) for word in stages for s in word.split(";")})
    sums = {unit: open_above(value, untold.get(unit)) for unit, value in sums.items()}
    # that a county has no such school is as made up as the layer that says so
    return {
        unit: replace(value, is_synthetic=value.is_synthetic or layer.is_synthetic)
        for unit, value in flagged(sums, open_places(world, layer, units)).items()
    }


def _school_rows(layer: Layer, stages: frozenset[str]) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Return which operating schools are or may be of the stages, and which only may be."""
    frame = layer.frame
    told = frame["stages"] if "stages" in frame else frame["school_id"].map(lambda _: None)
    is_open = frame["status"] == SchoolStatus.OPERATING
    is_ambiguous = told.map(is_missing) & is_open
    return (told.isin(stages) & is_open) | is_ambiguous, is_ambiguous


for _name, _stages in {
    "large_classes_compulsory": COMPULSORY,
    "large_classes_senior": SENIOR,
}.items():
    named_measure(_name, UnitKind.SCHOOL, numbers=_NUMBERS)(_of_schools)
    named_measure(_name, UnitKind.COUNTY, numbers=_NUMBERS)(partial(_of_counties, stages=_stages))
