"""
Seats that children need and seats that are there, in a year: what rules that count seats ask.

Needed seats are those of the cohort forecast, by residence; seats there are running classes times
the standard class size. Both say so with every finding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value, oldest, weakest
from zmd_layout.forecast import Capacity, standards
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures.outlook import Outlook, outlook
from zmd_layout.measures.registry import named_measure
from zmd_layout.measures.supply.listed import is_stage_covered
from zmd_layout.measures.supply.seats import STAGES, split_schools
from zmd_layout.messages import Message, word_message
from zmd_layout.messages.words import layer_word
from zmd_layout.vocabulary import Basis, Flag, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

_LAYER_OF = {UnitKind.COUNTY: "counties", UnitKind.TOWNSHIP: "townships"}
# scenarios of the unborn are given in thousands, of townships, which have hundreds, in hundreds
UNBORN_DIGITS = {UnitKind.COUNTY: -3, UnitKind.TOWNSHIP: -2}


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the seats of a kind of unit are read from."""

    needed: pd.DataFrame
    balance: pd.DataFrame
    layer: Layer
    future: Outlook


def _ground(world: World, kind: UnitKind) -> _Ground | None:
    future, layer = outlook(world), world.layers.get(_LAYER_OF[kind])
    if future is None or layer is None:
        return None
    is_county = kind is UnitKind.COUNTY
    needed = future.needed if is_county else future.township_needed
    balance = future.balance if is_county else future.township_balance
    return None if needed.empty else _Ground(needed, balance, layer, future)


def _needed(
    world: World, units: Units, limits: Mapping[str, Any], *, stage: Stage
) -> dict[str, Value]:
    """
    Return the seats that the children of a stage need in the year of the assessment.

    Low and high are the cases of births and migration; they are one where all are born and nobody
    moves. Children count where they live. Unknown without ages, and in a year out of the range.
    """
    del limits
    ground = _ground(world, units.kind)
    if ground is None:
        return _all(units, Message("measures.no_forecast"))
    table, year = ground.needed[ground.needed["stage"] == stage], world.as_of.year
    first, last = int(table["year"].min()), int(table["year"].max())
    if not first <= year <= last:
        return _all(units, Message("people.forecast_year", year=year, first=first, last=last))
    ages = [c for c in ground.layer.frame.columns if AGE_COLUMN.fullmatch(str(c))]
    same = Value(
        year=ground.future.census_year,
        is_synthetic=bool(ground.layer.origin.synthetic_columns & {"*", *ages}),
        basis=_basis_needed(ground, ages),
        sources=(ground.layer.source,),
    )
    # a unit has one row a year, so the tables only change their shape
    wide = table.set_index(["unit_id", "year"])[[*VARIANTS, "is_born"]].unstack("year")  # noqa: PD010 - see above
    courses = {
        str(unit): _Course(first, *(wide[name].to_numpy()[row] for name in (*VARIANTS, "is_born")))
        for row, unit in enumerate(wide.index)
    }
    census, unborn = ground.future.census_year, UNBORN_DIGITS[units.kind]
    return {
        str(unit): _needed_in(courses.get(str(unit)), year, same, census=census, unborn=unborn)
        for unit in units.frame.index
    }


@dataclass(frozen=True, slots=True)
class _Course:
    """The seats that one unit needs, year by year from `first` on, each array (years,)."""

    first: int
    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]
    is_born: NDArray[np.bool_]


def _basis_needed(ground: _Ground, ages: list[str]) -> Basis | None:
    """Ages are split from groups and townships keep shares: no count of anybody."""
    is_assumed = bool(ground.layer.origin.assumed_columns & set(ages))
    return weakest(ground.future.basis, Basis.ASSUMPTION if is_assumed else None)


def _needed_in(
    course: _Course | None, year: int, same: Value, *, census: int | None, unborn: int
) -> Value:
    now = year if course is None else year - course.first
    if course is None or np.isnan(course.middle[now]):
        return replace(same, notes=(Message("measures.no_forecast"),))
    peak = int(np.nanargmax(course.middle))
    digits = -1 if course.is_born[-1] else unborn
    born = "forecast.cohorts_born" if course.is_born[now] else "forecast.cohorts_supposed"
    method = Message(
        "measures.seats_needed", year=year, census=census or "", born=Message(born),
        peak=course.first + peak, most=round(float(course.middle[peak]), -1),
        last=course.first + len(course.middle) - 1,
        then=_range(*(round(float(case[-1]), digits) for case in (course.low, course.high))),
    )  # fmt: skip
    low, high = float(course.low[now]), float(course.high[now])
    return replace(same, low=low, high=high, method=(method,))


def _range(low: float, high: float) -> Message:
    if np.isnan(low):
        return Message("forecast.unknown")
    if low == high:
        return Message("measures.seats_sure", low=low)
    return Message("measures.seats_range", low=low, high=high)


def _there(
    world: World, units: Units, limits: Mapping[str, Any], *, stage: Stage
) -> dict[str, Value]:
    """Return the seats of operating schools: running classes × standard class size."""
    del limits
    schools, ground = world.layers.get("schools"), _ground(world, units.kind)
    if schools is None:
        note = Message("measures.missing_layer", layer=layer_word("schools"))
        return _all(units, note)
    if ground is None or ground.balance.empty:
        return _all(units, Message("measures.no_forecast"))
    size = standards().class_sizes[stage]
    open_ = Message("measures.seats_open", stage=word_message(stage))
    method = [Message("measures.seats_there", size=size.value, year=schools.origin.year or "—")]
    listed, grades = split_schools(world, stage)
    if listed or grades:
        method.append(Message("measures.seats_split", listed=listed, grades=grades))
    same = Value(
        year=schools.origin.year, is_synthetic=schools.is_synthetic, basis=size.basis,
        flags=() if is_stage_covered(schools, stage) else (str(Flag.OSM_INCOMPLETE),),
        notes=(open_,), sources=(schools.source,),
    )  # fmt: skip
    table = ground.balance
    is_asked = (table["capacity"] == Capacity.CLASSES) & (table["stage"] == stage)
    is_asked &= table["year"] == world.as_of.year
    seats = table[is_asked].set_index("unit_id")["seats"].to_dict()
    found = {str(unit): seats.get(unit) for unit in units.frame.index}
    return {
        unit: same
        if count is None or is_missing(count)
        else replace(same, low=float(count), high=float(count), notes=(), method=tuple(method))
        for unit, count in found.items()
    }


def _missing(
    world: World, units: Units, limits: Mapping[str, Any], *, stage: Stage
) -> dict[str, Value]:
    """Return the seats needed less those there, at least 0."""
    needed = _needed(world, units, limits, stage=stage)
    there = _there(world, units, limits, stage=stage)
    return {unit: _difference(needed[unit], there[unit]) for unit in needed}


def _difference(needed: Value, there: Value) -> Value:
    low, high = -math.inf, math.inf
    if needed.is_bounded and there.is_bounded:
        low, high = max(0.0, needed.low - there.high), max(0.0, needed.high - there.low)
    return Value(
        low,
        high,
        year=oldest(needed.year, there.year),
        is_synthetic=needed.is_synthetic or there.is_synthetic,
        basis=weakest(needed.basis, there.basis),
        flags=tuple(sorted({*needed.flags, *there.flags})),
        notes=(*needed.notes, *there.notes),
        method=(*needed.method, *there.method),
        sources=tuple(sorted({*needed.sources, *there.sources})),
    )


def _all(units: Units, note: Message) -> dict[str, Value]:
    return {str(unit): Value(notes=(note,)) for unit in units.frame.index}


for _stage in STAGES:
    for _name, _compute in (("needed", _needed), ("there", _there), ("missing", _missing)):
        named_measure(f"seats_{_name}_{_stage}", UnitKind.COUNTY, UnitKind.TOWNSHIP)(
            partial(_compute, stage=_stage)
        )
