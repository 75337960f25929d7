"""Targets of one city: whether the study is that city, with all of its counties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.layers.holding import stands_alone
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Status

if TYPE_CHECKING:
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook import Rule

_COUNTY_DIGITS = 6


def misplaced(rule: Rule, world: World) -> tuple[Status, Message] | None:
    """
    Report why a city's own target does not judge a study.

    Parameters
    ----------
    rule
        The rule; without `place` it judges wherever it is asked.
    world
        Its study says under `city` where it belongs.

    Returns
    -------
    verdict
        `not_assessable` where the study does not say its city or its counties are not told,
        `not_applicable` where it is another city or only a part of this one; None where it judges.
    """
    place = rule.place
    if place is None:
        return None
    name = Message("measures.named", zh=place.name.zh, en=place.name.en)
    named = {"name": name, "city": place.city}
    declared = world.study.city
    if declared is None:
        return Status.NOT_ASSESSABLE, Message("measures.city_undeclared", **named)
    if declared != place.city:
        note = Message("measures.other_city", declared=declared, **named)
        return Status.NOT_APPLICABLE, note
    held = _counties_of(world)
    if held is None:
        return Status.NOT_ASSESSABLE, Message("measures.counties_untold", **named)
    lacking = [unit for unit in place.counties if unit not in held]
    if not lacking:
        return None
    count = len(place.counties) - len(lacking)
    note = Message("measures.part_of_city", count=count, all=len(place.counties), **named)
    return Status.NOT_APPLICABLE, note


def _counties_of(world: World) -> set[str] | None:
    """Return the counties that a study holds, by its counties, else by its townships' codes."""
    for name in ("counties", "townships"):
        layer = world.layers.get(name)
        if layer is not None:
            frame = layer.frame[stands_alone(layer.frame)] if name == "counties" else layer.frame
            return {str(unit)[:_COUNTY_DIGITS] for unit in frame["unit_id"]}
    return None
