"""What of a layer was there on a day in the past, as the dates of its rows tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.checks.conditions import is_missing, meets_all
from zmd_layout.checks.value import oldest
from zmd_layout.vocabulary import SchoolStatus

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.world import World
    from zmd_layout.rulebook.measure_forms import Condition

_BEGINS = {"schools": "opens_on", "projects": "done_on"}  # the day from which a row counts
# what a school is as long as it stands; the rest (boarding, pupils, classes) is of the year
_LASTING = frozenset(
    {
        "stages", "possible_stages", "level_code", "is_teaching_point", "ownership",
        "administered_by", "is_township_central", "settlement", "construction", "opens_on",
        "county_id", "township_id", "residential_area_id", "stage", "kind", "status", "done_on",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """
    The rows that count on a day in the past.

    Attributes
    ----------
    surely, possibly
        (n,) bool each.
    year
        The year of what is told: that of the day where the layer is newer, for the doubt is in the
        rows then.
    is_newer
        Whether the layer is newer than the day, or of an unknown year.
    """

    surely: NDArray[np.bool_]
    possibly: NDArray[np.bool_]
    year: int | None
    is_newer: bool


def there_by(
    world: World,
    layer: Layer,
    where: tuple[Condition, ...],
    limits: Mapping[str, Any],
    now: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Past:
    """
    Return which rows of a layer counted on the day `world.by`.

    A row that counts now and began by the day counted then: what is open stays open. One that began
    later did not. One without a date counted where the layer is no newer than the day, else it may
    have; so may a school that has been closed since, and every school where a condition speaks of
    what changes from year to year, such as boarding.

    Parameters
    ----------
    world
        The study, asked for a day.
    layer, where, limits
        The layer, and the conditions of its rows with the rule's numbers.
    now
        Which rows surely and possibly meet the conditions as the layer has them.
    """
    assert world.by is not None  # noqa: S101 - the caller asks for a day
    day, year, frame = world.by, layer.origin.year, layer.frame
    is_newer = year is None or year > day.year
    column = _BEGINS.get(layer.name)
    cells = [None] * len(frame) if column not in frame else frame[column].tolist()
    undated = np.array([is_missing(cell) for cell in cells], dtype=np.bool_)
    by_then = np.array([_is_by(cell, day) for cell in cells], dtype=np.bool_)
    momentary = [c.field for c in where if c.field not in _LASTING]
    if is_newer and momentary:
        lasting = tuple(c for c in where if c.field in _LASTING)
        period = world.study.plan_period
        _, maybe = meets_all(frame, lasting, limits=limits, plan_period=period)
        now = np.zeros_like(now[0]), maybe
    surely = now[0] & (by_then | (undated if not is_newer else np.zeros_like(undated)))
    possibly = now[1] & (by_then | undated)
    if is_newer and layer.name == "schools":
        possibly = possibly | (_closed_since(world, layer, where, limits) & (by_then | undated))
    return Past(surely, possibly, oldest(year, day.year), is_newer)


def _is_by(cell: Any, day: dt.date) -> bool:  # noqa: ANN401 - a cell of a table
    return not is_missing(cell) and bool(cell <= day)


def _closed_since(
    world: World, layer: Layer, where: tuple[Condition, ...], limits: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Find closed schools that would count but for their status, and may have been open then."""
    frame = layer.frame
    if "status" not in frame:
        return np.zeros(len(frame), dtype=bool)
    others = tuple(c for c in where if c.field != "status" and c.field in _LASTING)
    _, possibly = meets_all(frame, others, limits=limits, plan_period=world.study.plan_period)
    is_closed: NDArray[np.bool_] = (frame["status"] == SchoolStatus.CLOSED).to_numpy(dtype=bool)
    listed = world.layers.get("closures")
    before: set[str] = set()
    if listed is not None and "closes_on" in listed.frame and world.by is not None:
        ends: list[tuple[Any, dt.date]] = list(
            zip(listed.frame["school_id"], listed.frame["closes_on"], strict=True)
        )
        before = {str(school) for school, day in ends if not is_missing(day) and day <= world.by}
    known: NDArray[np.bool_] = frame["school_id"].astype(str).isin(before).to_numpy(dtype=bool)
    return is_closed & possibly & ~known
