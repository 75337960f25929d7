"""Seats that a plot's people need, by the per-thousand indicator and by cohorts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.checks.conditions import is_missing
from zmd_layout.development_review.nearby import STAGES
from zmd_layout.forecast import standards
from zmd_layout.measures.projection import children_ahead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.development_review.nearby import NearSchool
    from zmd_layout.measures import World
    from zmd_layout.vocabulary import Stage


@dataclass(frozen=True, slots=True)
class Need:
    """
    The seats of one stage; NaN is unknown.

    Attributes
    ----------
    stage
        The stage.
    residents
        The planned residents that the seats are for: the larger figure where there are two.
    per_thousand, by_thousand
        The indicator in seats for each thousand residents, and the seats by it.
    low, middle, high, year
        The seats by cohorts in the year of delivery, in three variants of births.
    spare_near
        Spare seats of schools within the radius, those without any at 0; NaN where one is unknown
        or there is no roster.
    class_size
        Pupils in a class.
    """

    stage: Stage
    residents: float
    per_thousand: float
    by_thousand: float
    low: float
    middle: float
    high: float
    year: int | None
    spare_near: float
    class_size: float

    @property
    def larger(self) -> float:
        """The larger of the two methods; the one that is known where the other is not."""
        return float(np.nanmax([self.by_thousand, self.middle])) if self.is_known else math.nan

    @property
    def is_known(self) -> bool:
        """Whether either method has an answer."""
        return not (math.isnan(self.by_thousand) and math.isnan(self.middle))

    @property
    def net(self) -> float:
        """What is left after the spare seats near by, at least 0; NaN where those are unknown."""
        left = self.larger - self.spare_near
        return left if math.isnan(left) else max(left, 0.0)

    @property
    def classes(self) -> float:
        """The net need, or without a roster the whole need, in whole classes."""
        seats = self.larger if math.isnan(self.net) else self.net
        return seats if math.isnan(seats) else float(math.ceil(round(seats / self.class_size, 6)))


def needs_of(
    world: World,
    *,
    residents: float,
    county_id: str | None,
    year: int,
    near: Sequence[NearSchool] | None,
) -> tuple[Need, ...]:
    """
    Estimate the seats of every stage.

    Parameters
    ----------
    world
        The study, for the ages of the county.
    residents
        Planned residents, NaN where unknown.
    county_id
        The county whose ages the plot is supposed to have, or None.
    year
        The year of delivery.
    near
        The schools around; None where it is not known where the plot lies.
    """
    indicator = standards().indicator.seats
    shares = _shares(world, county_id, year)
    needs = []
    for stage in STAGES:
        low, middle, high = (residents * share for share in shares.get(stage, (math.nan,) * 3))
        spare = [max(s.spare, 0.0) for s in near or () if s.stage is stage and s.is_within]
        has_roster = near is not None and "schools" in world.layers
        needs.append(
            Need(
                stage, residents, indicator[stage], residents / 1000 * indicator[stage],
                low, middle, high, year if shares else None,
                float(sum(spare)) if has_roster else math.nan,
                standards().class_sizes[stage].value,
            )
        )  # fmt: skip
    return tuple(needs)


def _shares(
    world: World, county_id: str | None, year: int
) -> dict[Stage, tuple[float, float, float]]:
    """Return children of each stage per resident of the county, in three variants of births."""
    shares: dict[Stage, tuple[float, float, float]] = world.keep(
        ("desk shares", county_id, year), lambda: _forecast_shares(world, county_id, year)
    )
    return shares


def _forecast_shares(
    world: World, county_id: str | None, year: int
) -> dict[Stage, tuple[float, float, float]]:
    ahead = children_ahead(world)
    if ahead is None:
        return {}
    row: Any = ahead.frame[ahead.frame["unit_id"] == county_id]
    if row.empty or "residents" not in row or is_missing(row["residents"].iloc[0]):
        return {}
    children = ahead.children[ahead.children["unit_id"] == county_id]
    of_year = children[children["year"] == max(year, ahead.census_year)]
    people = float(row["residents"].iloc[0])
    return {
        r["stage"]: (r["low"] / people, r["middle"] / people, r["high"] / people)
        for r in of_year.to_dict("records")
    }
