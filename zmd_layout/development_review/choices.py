"""
What an official chooses for a review: rule sets beside the study's, and how plots are merged.

Both are shown with their basis wherever they matter: a set of press reports is a comparison and no
ground of an opinion, and the distance and the years of merging are assumptions of ours or her own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from zmd_layout.errors import StudyError
from zmd_layout.messages import Message
from zmd_layout.rulebook import Rule, load_ruleset
from zmd_layout.rulebook.provision import Both, DatedValue
from zmd_layout.vocabulary import Basis, UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MOST = {"merge_distance_m": 5000.0, "merge_years": 50.0}
_ON_PLOTS = {UnitKind.RESIDENTIAL_AREA, UnitKind.RESIDENTIAL_GROUP, UnitKind.SCHOOL}


@dataclass(frozen=True, slots=True)
class Choices:
    """
    What is chosen for a review.

    Attributes
    ----------
    also
        Rule sets beside the study's own, by name or folder.
    merge_distance_m, merge_years
        How far apart, in metres and in whole years, plots are still added up; None: as the rules
        have it.

    Raises
    ------
    StudyError
        If the distance or the years are no such numbers.
    """

    also: tuple[str, ...] = ()
    merge_distance_m: float | None = None
    merge_years: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no distance or no number of years."""
        for name, most in _MOST.items():
            value = getattr(self, name)
            if value is not None and not _is_allowed(name, value, most):
                raise StudyError(Message(f"review.bad_{name}", found=value, most=f"{most:g}"))


def _is_allowed(name: str, value: object, most: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    is_whole = name != "merge_years" or float(value).is_integer()
    return math.isfinite(value) and 0 <= value <= most and is_whole


def choices_of(given: Mapping[str, Any]) -> Choices:
    """
    Read choices from what a page sends: unknown keys are left out, empty cells are unset.

    Raises
    ------
    StudyError
        If a value is not what it should be.
    """
    known = {f.name: given[f.name] for f in fields(Choices) if given.get(f.name) not in (None, "")}
    also = known.pop("also", ())
    if not isinstance(also, list | tuple) or not all(isinstance(name, str) for name in also):
        raise StudyError(Message("review.bad_also"))
    return Choices(also=tuple(also), **known)


@dataclass(frozen=True, slots=True)
class Merging:
    """How plots are added up, with the sources of both numbers."""

    distance_m: float
    years: float
    distance_source: Both
    years_source: Both


def merging_of(rules: Sequence[Rule], day: dt.date) -> Merging | None:
    """Return how the rules add plots up on a day; None where no rule does."""
    for rule in rules:
        if rule.unit is not UnitKind.RESIDENTIAL_GROUP:
            continue
        limits = rule.limits(day)
        distance, years = limits.get("merge_distance_m"), limits.get("merge_years")
        if distance and years and distance.source and years.source:
            return Merging(distance.value, years.value, distance.source, years.source)
    return None


def apply(rules: Sequence[Rule], choices: Choices, *, base: Path | None) -> list[Rule]:
    """
    Return the rules of a review: those of the study under the choices, and those beside.

    Parameters
    ----------
    rules
        The study's own.
    choices
        What is chosen.
    base
        The study's folder, for sets that are folders.

    Returns
    -------
    rules
        Of sets beside, drafts are there as well and no rule but those on plots and schools.

    Raises
    ------
    RuleError
        If there is no such set.
    """
    own = {rule.ruleset for rule in rules}
    ids = {rule.id for rule in rules}
    beside = [
        rule
        for name in dict.fromkeys(choices.also)
        if name not in own
        for rule in _ruleset(name, base)
        if rule.unit in _ON_PLOTS and rule.id not in ids
    ]
    return [_merged(rule, choices) for rule in (*rules, *beside)]


@cache
def _ruleset(name: str, base: Path | None) -> tuple[Rule, ...]:
    return tuple(load_ruleset(name, base=base))


def _merged(rule: Rule, choices: Choices) -> Rule:
    chosen = {
        name: value
        for name in _MOST
        if (value := getattr(choices, name)) is not None and name in rule.parameters
    }
    if not chosen:
        return rule
    source = Both(
        zh=Message("review.merge_chosen").text("zh"), en=Message("review.merge_chosen").text("en")
    )
    parameters = dict(rule.parameters)
    for name, value in chosen.items():
        old = parameters[name]
        dated = DatedValue(value=value, basis=Basis.ASSUMPTION, source=source)
        parameters[name] = old.model_copy(update={"values": dict.fromkeys(old.values, dated)})
    return rule.model_copy(update={"parameters": parameters})
