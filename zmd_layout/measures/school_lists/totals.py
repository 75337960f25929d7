"""How many schools there are by county and stage: from a yearbook, a roster, or two lists."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.checks.conditions import is_missing
from zmd_layout.completeness import CaughtTwice, TwoListInterval, two_list_interval
from zmd_layout.errors import StudyError
from zmd_layout.layers.schools.completeness import counts_of
from zmd_layout.layers.schools.reference import LISTED_IN, REFERENCE
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

LAYER = "school_totals"
_PARTS = ("settlement", "township_kind")
# which kinds of a yearbook have a stage, beside the kind of its own name
_KINDS_WITH = {
    Stage.PRIMARY: ("nine_year", "twelve_year"),
    Stage.JUNIOR: ("nine_year", "twelve_year", "complete_secondary"),
    Stage.SENIOR: ("twelve_year", "complete_secondary"),
}


class TotalSource(StrEnum):
    """Where a number of schools comes from."""

    EXPECTED = "expected"
    REFERENCE = "reference_schools"
    TOTALS = "school_totals"
    TWO_LISTS = "two_lists"


@dataclass(frozen=True, slots=True)
class Total:
    """
    How many schools of a stage a unit has.

    Attributes
    ----------
    low, middle, high
        The number, and the range in which it lies: by the tolerance, or the interval of two lists.
    source
        Where it comes from.
    year
        Its year; None if it is not known.
    interval
        What two lists say; None for a count.
    """

    low: int
    middle: int
    high: float
    source: TotalSource
    year: int | None = None
    interval: TwoListInterval | None = None

    @property
    def is_estimate(self) -> bool:
        """Whether no verdict may rest on it."""
        return self.source is TotalSource.TWO_LISTS


Totals = dict[str, dict[Stage, Total]]


def totals_of(world: World) -> Totals:
    """
    Return the number of schools by unit and stage, from the source that the study names.

    Raises
    ------
    StudyError
        If the layer `school_totals` stands beside another source, does not say what it counts, or
        has two rows for one unit.
    """
    made: Totals = world.keep("school totals", lambda: _totals_of(world))
    return made


def _totals_of(world: World) -> Totals:
    asked = world.study.completeness
    layer = world.layers.get(LAYER)
    if layer is not None:
        if asked.expected or asked.from_reference or asked.two_lists:
            raise StudyError(Message("completeness.two_sources"))
        return _from_layer(world, layer)
    if asked.two_lists:
        return _from_two_lists(world)
    if asked.from_reference:
        counts = _counts_of_reference(world)
        source = TotalSource.REFERENCE
    else:
        counts, source = asked.expected, TotalSource.EXPECTED
    return {
        unit: {
            stage: within_tolerance(number, asked.tolerance, source=source, year=asked.year)
            for stage, number in of_unit.items()
        }
        for unit, of_unit in counts.items()
    }


def within_tolerance(
    number: float, tolerance: float, *, source: TotalSource, year: int | None = None
) -> Total:
    """Return a count with the whole numbers that lie within a share of it."""
    low = math.ceil(round(number * (1 - tolerance), 9))
    high = math.floor(round(number * (1 + tolerance), 9))
    return Total(low, int(number), high, source, year)


def _counts_of_reference(world: World) -> Mapping[str, Mapping[Stage, int]]:
    reference, counties = world.layers.get(REFERENCE), world.units(UnitKind.COUNTY, {})
    if reference is None or counties is None:
        return {}
    return counts_of(reference.frame, world.members(reference, counties))


def _from_layer(world: World, layer: Layer) -> Totals:
    asked, frame = world.study.completeness, layer.frame
    if asked.counts is None:
        raise StudyError(Message("completeness.counts_what"))
    parts = [frame.get(n, pd.Series(None, frame.index, dtype=object)).fillna("") for n in _PARTS]
    rows = pd.DataFrame(
        {"unit_id": frame["unit_id"].astype(str), **dict(zip(_PARTS, parts, strict=True))}
    )
    doubled = rows[rows.duplicated()]["unit_id"].unique().tolist()
    if doubled:
        raise StudyError(Message("completeness.doubled_unit", units=sorted(doubled)))
    out: Totals = {}
    for unit, of_unit in rows.groupby("unit_id", sort=True):
        for kind, row in of_unit[of_unit["township_kind"] != ""].groupby("township_kind"):
            out[group_id(str(unit), str(kind))] = _stages(world, layer, frame.loc[row.index])
        used = _that_add_up(of_unit)
        if used is not None:
            out[str(unit)] = _stages(world, layer, frame.loc[used])
    return out


def group_id(county: str, kind: str) -> str:
    """Return how the townships of one kind in a county are named among the totals."""
    return f"{county}:{kind}"


def kinds_of_group(kind: str) -> frozenset[str]:
    """Return the kinds of townships that a row of totals speaks of."""
    return frozenset({"town", "township"} if kind == "town_or_township" else {kind})


def _that_add_up(rows: pd.DataFrame) -> pd.Index | None:
    """Return the rows of a unit that make its whole: one without parts, or all of one division."""
    whole = rows[(rows[list(_PARTS)] == "").all(axis=1)]
    if len(whole):
        return whole.index
    by_settlement = rows[(rows["settlement"] != "") & (rows["township_kind"] == "")]
    if set(by_settlement["settlement"]) == {"urban", "town", "rural"}:
        return by_settlement.index
    by_kind = rows[(rows["township_kind"] != "") & (rows["settlement"] == "")]
    kinds = [kind for word in by_kind["township_kind"] for kind in kinds_of_group(word)]
    return by_kind.index if sorted(kinds) == ["subdistrict", "town", "township"] else None


def _stages(world: World, layer: Layer, rows: pd.DataFrame) -> dict[Stage, Total]:
    asked = world.study.completeness
    years = [] if "year" not in rows else [int(y) for y in rows["year"].dropna()]
    year = min(years, default=layer.origin.year or asked.year)
    found = {}
    for stage in Stage:
        columns = [str(stage)]
        if asked.counts == "institutions":
            columns += _KINDS_WITH.get(stage, ())
        cells = rows.reindex(columns=columns).to_numpy(dtype=float)
        if np.isnan(cells).any():
            continue
        total = within_tolerance(cells.sum(), asked.tolerance, source=TotalSource.TOTALS, year=year)
        if asked.includes_teaching_points:
            total = Total(0, total.middle, total.high, total.source, total.year)
        found[stage] = total
    return found


def _from_two_lists(world: World) -> Totals:
    """Estimate each county's schools of each stage from both lists, urban and rural apart."""
    schools, counties = world.layers.get("schools"), world.units(UnitKind.COUNTY, {})
    if schools is None or counties is None or LISTED_IN not in schools.frame:
        return {}
    frame = schools.frame
    place = world.members(schools, counties)
    stratum = _strata(world, schools)
    is_closed = frame["status"].isin(["closed", "planned", "under_construction"])
    is_point = frame["is_teaching_point"].map(lambda flag: flag is True).astype(bool)
    there = frame[~is_closed & ~is_point]
    out: Totals = defaultdict(dict)
    for unit in counties.frame.index:
        here = there[(place[there.index] == unit).to_numpy()]
        for stage in Stage:
            has_stage = here["stages"].map(
                lambda cell, stage=stage: not is_missing(cell) and stage in str(cell).split(";")
            )
            rows = here[has_stage.astype(bool)]
            parts = rows.groupby(stratum[rows.index], sort=True)[LISTED_IN]
            interval = two_list_interval([_caught(listed) for _, listed in parts])
            if interval.is_too_few:
                continue
            out[str(unit)][stage] = Total(
                interval.low, interval.best, interval.high, TotalSource.TWO_LISTS,
                schools.origin.year, interval,
            )  # fmt: skip
    return dict(out)


def _caught(listed: pd.Series[Any]) -> CaughtTwice:
    counts = listed.value_counts()
    both = int(counts.get("both", 0))
    return CaughtTwice(
        both + int(counts.get("schools", 0)), both + int(counts.get(REFERENCE, 0)), both
    )


def _strata(world: World, schools: Layer) -> pd.Series[Any]:
    """Return whether each school stands in town or country by the kind of its township."""
    whole = pd.Series("", index=schools.frame.index, dtype=object)
    townships: Units | None = world.units(UnitKind.TOWNSHIP, {})
    if townships is None or "kind" not in townships.frame:
        return whole
    place = world.members(schools, townships)
    kind = place.map(townships.frame["kind"])
    if kind.isna().all():
        return whole
    return kind.map(lambda word: "urban" if word == "subdistrict" else "rural").astype(object)
