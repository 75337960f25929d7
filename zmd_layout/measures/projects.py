"""Building projects of the plan's period that are finished."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.checks.value import Value, oldest
from zmd_layout.measures.datums import flagged, open_places
from zmd_layout.measures.registry import named_measure
from zmd_layout.measures.supply.listed import is_stage_covered, open_above, uncovered
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Ownership, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

DONE = "done"


def _finished(
    world: World,
    units: Units,
    limits: Mapping[str, Any],
    *,
    stages: frozenset[str],
    only_public: bool,
) -> dict[str, Value]:
    """
    Count the projects of `stages` that were finished in the plan's period, by the day.

    New, expanded and continued (续建) ones alike; what counts is the day on which the project was
    done, not the day on which the school opened. A project with neither a status nor a date, and
    one that is done on an unknown day, may count.
    """
    del limits
    layer = world.layers.get("projects")
    if layer is None:
        note = Message("measures.missing_layer", layer=Message("words.layer_projects"))
        return {str(unit): Value(notes=(note,)) for unit in units.frame.index}
    answers = [
        _is_counted(row, world, stages=stages, only_public=only_public)
        for row in layer.frame.to_dict("records")
    ]
    place = world.members(layer, units)
    # of a day in the past the dates of completion tell, whatever the register's year
    year = layer.origin.year if world.by is None else oldest(layer.origin.year, world.by.year)
    out = {}
    for unit in units.frame.index:
        here = [a for a, p in zip(answers, place, strict=True) if p == unit]
        unplaced = sum(a is not False for a, p in zip(answers, place, strict=True) if p is None)
        sure = sum(answer is True for answer in here)
        open_ = sum(answer is None for answer in here) + unplaced
        notes = (Message("measures.projects_open", count=open_),) if open_ else ()
        out[str(unit)] = Value(
            sure,
            sure + open_,
            year=year,
            is_synthetic=layer.is_synthetic,
            notes=notes,
            sources=(layer.source,),
        )
    # the plan counts the stages of a programme together: a register of one of them speaks of all
    wanted = [Stage(stage) for stage in stages]
    is_told = any(is_stage_covered(layer, stage) for stage in wanted)
    untold = {} if is_told else uncovered(world, layer, units, wanted)
    out = {unit: open_above(value, untold.get(unit)) for unit, value in out.items()}
    return flagged(out, open_places(world, layer, units))


def _is_counted(
    row: Mapping[Any, Any], world: World, *, stages: frozenset[str], only_public: bool
) -> bool | None:
    """Return whether a project counts; None where the register does not say enough."""
    wanted = [(row.get("stage"), stages)]
    if only_public:
        wanted.append((row.get("ownership"), frozenset({str(Ownership.PUBLIC)})))
    answers = [None if is_missing(cell) else str(cell) in words for cell, words in wanted]
    answers.append(_is_done(row, world))
    if False in answers:
        return False
    return None if None in answers else True


def _is_done(row: Mapping[Any, Any], world: World) -> bool | None:
    status, done_on = row.get("status"), row.get("done_on")
    if not is_missing(status) and status != DONE:
        return False
    period = world.study.plan_period
    if is_missing(done_on) or done_on is None or period is None:
        return None
    return bool(period[0] <= done_on <= min(period[1], world.as_of))


def _register(name: str, stages: Sequence[Stage], *, only_public: bool = False) -> None:
    words = frozenset(str(stage) for stage in stages)
    measure = partial(_finished, stages=words, only_public=only_public)
    named_measure(name, UnitKind.CITY, UnitKind.COUNTY)(measure)


_register("finished_public_kindergarten_projects", (Stage.KINDERGARTEN,), only_public=True)
_register("finished_compulsory_projects", (Stage.PRIMARY, Stage.JUNIOR))
_register("finished_senior_projects", (Stage.SENIOR,))
