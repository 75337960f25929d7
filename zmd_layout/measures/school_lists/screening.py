"""Indications beside the verdicts: what an incomplete list of schools makes likely, or leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.completeness import indication
from zmd_layout.measures.school_lists.bounds import (
    counted_stage,
    counts_schools_alone,
    groups_of,
)
from zmd_layout.measures.school_lists.completeness import townships_of, unlisted_of
from zmd_layout.rulebook import Banded, Proportion, Threshold
from zmd_layout.rulebook.measure_forms import CountMeasure
from zmd_layout.vocabulary import Flag, Relation, Screening, ScreeningBasis, Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zmd_layout.checks import Verdict
    from zmd_layout.checks.value import Value
    from zmd_layout.completeness import Indicated
    from zmd_layout.measures.school_lists.completeness import Unlisted
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook import Rule

_JUDGED = frozenset({Status.PASS, Status.SHORTFALL, Status.NOT_ASSESSABLE})


@dataclass(frozen=True, slots=True)
class Screened:
    """
    The indication of one unit.

    Attributes
    ----------
    word
        What is indicated.
    basis
        What it rests on, or why it is open.
    low, high
        The smallest and the largest chance of a shortage that the formulas give; None where none is
        computed.
    """

    word: Screening
    basis: ScreeningBasis
    low: float | None = None
    high: float | None = None


def screen(
    rule: Rule,
    *,
    world: World,
    units: Units,
    values: Mapping[str, Mapping[str, Value]],
    verdicts: Mapping[str, Verdict],
) -> dict[str, Screened]:
    """
    Return what an incomplete list of schools indicates for the units of a rule.

    Parameters
    ----------
    rule
        The rule; only counts of schools of a stage that ask for at least a number are screened.
    world, units
        The world, and all units for which the rule was decided.
    values
        The rule's measures by name and unit.
    verdicts
        The verdicts by unit.

    Returns
    -------
    screened
        By unit; none where the list is complete, or what is required is unknown. A chance is given
        to townships alone, from the number of schools of their county.
    """
    name = _supply(rule)
    definition = rule.measures.get(name) if name else None
    stage = counted_stage(definition)
    if not isinstance(definition, CountMeasure) or stage is None or name is None:
        return {}
    listed = values[name]
    open_ = {
        unit: verdict
        for unit, verdict in verdicts.items()
        if verdict.status in _JUDGED
        and verdict.required_ends.low is not None
        and Flag.OSM_INCOMPLETE in listed[unit].flags
    }
    if not open_:
        return {}
    screened = {unit: _surely(verdict, listed[unit]) for unit, verdict in open_.items()}
    left = {unit: open_[unit] for unit, found in screened.items() if found is None}
    out = {unit: found for unit, found in screened.items() if found is not None}
    why = (
        ScreeningBasis.NO_TOWNSHIP if units.kind is not UnitKind.TOWNSHIP
        else ScreeningBasis.YES_NO if not isinstance(rule.check, Proportion)
        else ScreeningBasis.KIND_OF_SCHOOL if not counts_schools_alone(definition, stage)
        else None
    )  # fmt: skip
    if why is not None:
        return out | {unit: Screened(Screening.OPEN, why) for unit in left}
    unlisted = unlisted_of(world, stage)
    seen = _with_schools(world, units)
    nothing = pd.Series(None, index=units.frame.index, dtype=object)
    county = units.frame.get("county_id", nothing).astype(object)
    kind = units.frame.get("kind", nothing).astype(object)
    named: dict[str, list[str]] = {}
    for unit in left:
        groups = groups_of(str(county[unit]), str(kind[unit]))
        told = next((group for group in groups if group in unlisted), groups[-1])
        named.setdefault(told, []).append(unit)
    for group, asked in named.items():
        holder, _, word = group.partition(":")
        members = (
            townships_of(units, holder, word) if word
            else [str(unit) for unit in units.frame.index[(county == group).to_numpy()]]
        )  # fmt: skip
        open_units = {unit: left[unit] for unit in asked}
        found = _likely(open_units, members, unlisted.get(group), listed, units, seen)
        mixed = set(kind.reindex(members)) > {"subdistrict"}
        out |= {
            unit: _of_few(one, left[unit], is_urban=mixed and kind[unit] == "subdistrict")
            for unit, one in found.items()
        }
    return out


def _supply(rule: Rule) -> str | None:
    """Return the measure of which a rule asks for at least a number."""
    check = rule.check
    if isinstance(check, Threshold):
        return check.measure if check.relation is Relation.AT_LEAST else None
    return check.supply if isinstance(check, Proportion | Banded) else None


def _surely(verdict: Verdict, value: Value) -> Screened | None:
    """Return what holds over the whole range, which is what the verdict says."""
    if verdict.status is Status.PASS:
        needs_total = value.low > 0 and any(n.key == "completeness.range" for n in value.notes)
        basis = ScreeningBasis.TOTAL if needs_total and value.is_exact else ScreeningBasis.LISTED
        return Screened(Screening.SURELY_MET, basis)
    if verdict.status is Status.SHORTFALL:
        return Screened(Screening.SURELY_SHORT, ScreeningBasis.TOTAL)
    return None


def _with_schools(world: World, units: Units) -> set[str]:
    """Return the units in which the list has a school of any stage that was not closed."""
    layer = world.layers.get("schools")
    if layer is None:
        return set()
    there = (layer.frame["status"] != "closed").to_numpy()
    return {str(unit) for unit in world.members(layer, units)[there].dropna().unique() if unit}


def _likely(
    asked: Mapping[str, Verdict],
    members: list[str],
    county: Unlisted | None,
    listed: Mapping[str, Value],
    units: Units,
    seen: set[str],
) -> dict[str, Screened]:
    """Return what the formulas say of the townships of one county."""
    residents = units.frame.get("residents", pd.Series(math.nan, units.frame.index))
    people = residents.reindex(members).to_numpy(dtype=float)
    why = _why_open(county, people)
    if county is None or why is not None:
        basis = why or ScreeningBasis.NO_TOTAL
        return {unit: Screened(Screening.OPEN, basis) for unit in asked}
    known = np.array([max(listed[unit].low, 0.0) for unit in members])
    unplaced = max(0, county.listed - int(known.sum()))  # they stand in some township, too
    required = [
        np.array([getattr(asked[u].required_ends, end) if u in asked else 0.0 for u in members])
        for end in ("low", "high")
    ]
    lacking = county.low + unplaced, int(_most_unlisted(county)) + unplaced
    found = indication(known, (required[0], required[1]), lacking, people)
    return {
        unit: _worded(found, n) if unit in seen
        else Screened(Screening.OPEN, ScreeningBasis.NOT_IN_LIST)
        for n, unit in enumerate(members)
        if unit in asked
    }  # fmt: skip


def _of_few(found: Screened, verdict: Verdict, *, is_urban: bool) -> Screened:
    """
    Take a word back that is seldom right.

    Where one school is asked for; and that a subdistrict likely has enough, where the total is also
    of towns: schools in towns are larger, so that people say too much of their number (right in 48
    to 84 % of `benchmarks/incomplete_lists.py`).
    """
    if (verdict.required_ends.high or 0) <= 1:
        return Screened(Screening.OPEN, ScreeningBasis.YES_NO)
    if is_urban and found.word is Screening.LIKELY_MET:
        return Screened(Screening.OPEN, ScreeningBasis.TOTAL_OF_KINDS, found.low, found.high)
    return found


def _why_open(county: Unlisted | None, people: NDArray[np.float64]) -> ScreeningBasis | None:
    """Return why no chance can be computed for the townships of a county; None where it can."""
    if county is None:
        return ScreeningBasis.NO_TOTAL
    if county.contradicts:
        return ScreeningBasis.CONTRADICTION
    if not (np.isfinite(people).all() and people.sum() > 0):
        return ScreeningBasis.NO_PEOPLE
    return None if math.isfinite(_most_unlisted(county)) else ScreeningBasis.NO_TOTAL


def _most_unlisted(county: Unlisted) -> float:
    """Return the most that the list may lack, also if one of two lists copied the other in part."""
    interval = county.total.interval
    return county.high if interval is None else interval.high_if_copied - county.listed


def _worded(found: Indicated, number: int) -> Screened:
    low, high = float(found.low[number]), float(found.high[number])
    if found.is_likely_short[number]:
        return Screened(Screening.LIKELY_SHORT, ScreeningBasis.THREE_FORMULAS, low, high)
    if found.is_likely_met[number]:
        return Screened(Screening.LIKELY_MET, ScreeningBasis.THREE_FORMULAS, low, high)
    return Screened(Screening.OPEN, ScreeningBasis.FORMULAS_DIFFER, low, high)
