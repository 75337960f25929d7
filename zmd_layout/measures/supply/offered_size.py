"""The size of promised schools: classes, seats and land of a stage, beside what its people need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zmd_layout.forecast import standards
from zmd_layout.layers.offers import OFFER_STAGES
from zmd_layout.measures.supply.seats import grade_share
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Flag, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class OfferedSize:
    """
    What the promised schools of a stage come to; NaN where one of them does not state it.

    Attributes
    ----------
    classes, seats
        Each from the other, by the standard size of a class, where only one is stated.
    site_area_m2
        Land.
    """

    classes: float
    seats: float
    site_area_m2: float


def offered_size(offers: Sequence[Mapping[str, Any]], stage: Stage) -> OfferedSize:
    """Add up the promised schools that have a stage; one of several has the share of its grades."""
    size = standards().class_sizes[stage].value
    mine = [offer for offer in offers if str(stage) in OFFER_STAGES[offer["stage"]]]
    return OfferedSize(
        _sum(mine, stage, "classes", ("seats", 1 / size)),
        _sum(mine, stage, "seats", ("classes", size)),
        _sum(mine, stage, "site_area_m2", None),
    )


def _sum(
    offers: Sequence[Mapping[str, Any]], stage: Stage, key: str, instead: tuple[str, float] | None
) -> float:
    total = 0.0
    for offer in offers:
        value = offer.get(key)
        if value is None and instead is not None and offer.get(instead[0]) is not None:
            value = float(offer[instead[0]]) * instead[1]
        share = grade_share(OFFER_STAGES[offer["stage"]], stage)
        total += math.nan if value is None else float(value) * share
    return total


def remarks_on_size(
    offers: Sequence[Mapping[str, Any]], stage: Stage, residents: float
) -> list[tuple[Flag, Message]]:
    """
    Report in what the promised schools are smaller than the seats that the residents need.

    Parameters
    ----------
    offers
        The promised schools of the plot.
    stage
        The stage.
    residents
        Planned residents, at the lower end where they are a range; NaN is unknown.

    Returns
    -------
    remarks
        Clauses count schools, so none of these is a shortfall; the needed seats are those of the
        per-thousand indicator, the land is that of the seats that are offered. What a school does
        not state is not remarked on.
    """
    size = offered_size(offers, stage)
    known = standards()
    needed = residents / 1000 * known.indicator.seats.get(stage, math.nan)
    land = known.land_m2_per_seat.get(stage)
    wanted_m2 = math.nan if land is None else size.seats * land.value
    found: list[tuple[Flag, Message]] = []
    # a comparison with what is unknown is false
    if 0 < size.seats < needed:
        found.append(
            (
                Flag.OFFERED_SEATS_FEW,
                Message(
                    "measures.offered_seats_few", seats=size.seats, classes=size.classes,
                    needed=needed, needed_classes=needed / known.class_sizes[stage].value,
                    source=known.indicator.source,
                ),
            )
        )  # fmt: skip
    if land is not None and 0 < size.site_area_m2 < wanted_m2:
        found.append(
            (
                Flag.OFFERED_LAND_SMALL,
                Message(
                    "measures.offered_land_small", area=size.site_area_m2, wanted=wanted_m2,
                    per_seat=land.value, source=land.source,
                ),
            )
        )  # fmt: skip
    return found
