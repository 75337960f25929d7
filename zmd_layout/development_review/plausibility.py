"""
Figures of a case that cannot be right, or hardly: remarks that stand before its conclusion.

The bounds stand in `plausibility.toml` and are assumptions. A figure beyond the wider bound
contradicts another one: the case is returned to have it checked. A figure between the bounds is a
remark and decides nothing.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from zmd_layout.development_review.approved import kind_word
from zmd_layout.errors import LayerError
from zmd_layout.layers.offers import OFFER_STAGES
from zmd_layout.measures.supply.seats import GRADES
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from zmd_layout.checks.value import Value
    from zmd_layout.rulebook import Rule

_M2_PER_HECTARE = 10_000
_PEOPLE = {"planned_residents", "dwellings", "persons_per_dwelling"}
_DAYS = ("started_on", "first_phase_on", "accepted_on")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A remark on figures; `is_contradiction` where the case has to be returned for it."""

    message: Message
    is_contradiction: bool = False


def refuse_beyond_measure(frame: pd.DataFrame) -> None:
    """
    Refuse figures that are no figures of a project, whose products no number could hold.

    Raises
    ------
    LayerError
        With every such cell.
    """
    most = _bounds()["most"]
    faults = [
        Message("review.beyond_measure", column=column, found=f"{value:.3g}", most=f"{most:,.0f}")
        for column in _PEOPLE & set(frame.columns)
        for value in frame[column]
        if value is not None and value > most
    ]
    if faults:
        raise LayerError(*faults)


def doubts_of(
    fields: Mapping[str, Any],
    *,
    residents: Value,
    area_m2: float,
    rules: Iterable[Rule],
    as_of: dt.date,
) -> tuple[Doubt, ...]:
    """
    Return what is to be asked about the figures of a plot.

    Parameters
    ----------
    fields
        The plot's, None where unknown.
    residents
        Planned residents.
    area_m2
        Of the plot; NaN where it has no outline.
    rules
        Conditions given before the first of those on plots took effect are remarked on.
    as_of
        The day of the assessment.
    """
    return (
        *_of_people(fields, residents, area_m2),
        *(doubt for offer in fields.get("schools") or () for doubt in _of_school(offer)),
        *_of_days(fields, as_of),
        *_of_law(fields, rules),
    )


def _of_people(fields: Mapping[str, Any], residents: Value, area_m2: float) -> Iterator[Doubt]:
    dwellings, stated = fields.get("dwellings"), fields.get("planned_residents")
    if stated is not None and dwellings:
        yield from _beyond(
            "persons_per_dwelling", stated / dwellings, stated=f"{stated:g}",
            dwellings=f"{dwellings:g}",
        )  # fmt: skip
    if residents.is_bounded and area_m2 > 0:
        yield from _beyond(
            "residents_per_hectare", residents.high / area_m2 * _M2_PER_HECTARE,
            residents=f"{residents.high:.0f}", area=f"{area_m2:,.4g}",
        )  # fmt: skip


def _of_school(offer: Mapping[str, Any]) -> Iterator[Doubt]:
    kind = kind_word(str(offer["stage"]))
    classes, seats, site = (offer.get(k) for k in ("classes", "seats", "site_area_m2"))
    grades = sum(GRADES.get(Stage(stage), 0) for stage in OFFER_STAGES[offer["stage"]])
    if classes is not None and classes < grades:
        message = Message("review.doubt_grades", kind=kind, classes=f"{classes:g}", grades=grades)
        yield Doubt(message, is_contradiction=True)
    if classes and seats is not None:
        yield from _beyond("seats_per_class", seats / classes, kind=kind)
    if seats and site is not None:
        yield from _beyond("site_m2_per_seat", site / seats, kind=kind)


def _of_days(fields: Mapping[str, Any], as_of: dt.date) -> Iterator[Doubt]:
    given = fields.get("conditions_on")
    if given is not None and given > as_of:
        yield Doubt(Message("review.doubt_future_conditions", day=given, as_of=as_of))
    most = _bounds()["years_ahead"]["doubt"][1]
    for name in _DAYS:
        day = fields.get(name)
        if day is None:
            continue
        about = Message(f"web.field_{name}")
        if given is not None and day < given:
            yield Doubt(Message("review.doubt_before_conditions", what=about, day=day, given=given))
        if day.year - as_of.year > most:
            yield Doubt(Message("review.doubt_far_day", what=about, day=day))


def _of_law(fields: Mapping[str, Any], rules: Iterable[Rule]) -> Iterator[Doubt]:
    given = fields.get("conditions_on")
    starts = [r.effective.start for r in rules if r.unit is UnitKind.RESIDENTIAL_AREA]
    if given is not None and starts and given < min(starts):
        yield Doubt(Message("review.doubt_early_conditions", day=given, start=min(starts)))


def _beyond(name: str, value: float, **args: object) -> Iterator[Doubt]:
    """Return a doubt where a figure lies beyond the bounds of that name."""
    bounds = _bounds()[name]
    if not math.isfinite(value):
        return
    for key, is_contradiction in (("refused", True), ("doubt", False)):
        if key in bounds and not bounds[key][0] <= value <= bounds[key][1]:
            least, most = bounds["doubt"]
            message = Message(
                f"review.doubt_{name}", value=f"{value:.3g}" if value < 1000 else f"{value:,.0f}",  # noqa: PLR2004 - where grouping helps
                least=f"{least:g}", most=f"{most:g}", **args,
            )  # fmt: skip
            yield Doubt(message, is_contradiction=is_contradiction)
            return


@cache
def _bounds() -> dict[str, Any]:
    source = files("zmd_layout.development_review") / "plausibility.toml"
    return tomllib.loads(source.read_text("utf-8"))
