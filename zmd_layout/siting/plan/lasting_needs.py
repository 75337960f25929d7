"""Shortages of seats that last: from when, how large, until when, and where."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.siting.plan.plan_options import class_seats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zmd_layout.location.seating import Seating
    from zmd_layout.siting.plan.supply_demand import SupplyDemand
    from zmd_layout.vocabulary import Stage

MIDDLE = VARIANTS.index("middle")


@dataclass(frozen=True, slots=True)
class LastingNeed:
    """
    A shortage of seats of a stage in a county.

    Attributes
    ----------
    stage, county_id
        Of what, and where.
    first_year, peak_year, last_year
        From when to when, and when it is largest; a shortage that comes back is one need.
    peak
        Seats missing in the peak year.
    years
        In how many years running it lasts at most.
    township_ids
        The townships in which children compete for too few seats in the peak year.
    """

    stage: Stage
    county_id: str
    first_year: int
    peak_year: int
    last_year: int
    peak: float
    years: int
    township_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """
    Children without a school and without a seat in each county, of one stage.

    Attributes
    ----------
    counties
        (counties,) ids of those that are known.
    no_school_near, no_seat_near
        (cases, years, counties) children without a school of their county within the accepted way,
        and others without a seat within it.
    no_school, no_seat
        Likewise within the longest way.
    lost_with_open_borders
        Likewise children without a seat within the longest way, in any county.
    free
        (cases, years, counties) seats that are left when as many as can be are seated.
    seats
        (cases, years, counties) seats that there are.
    near, far
        The seatings of the middle case within the accepted and the longest way, by year.
    """

    counties: tuple[str, ...]
    no_school_near: NDArray[np.float64]
    no_seat_near: NDArray[np.float64]
    no_school: NDArray[np.float64]
    no_seat: NDArray[np.float64]
    lost_with_open_borders: NDArray[np.float64]
    free: NDArray[np.float64]
    seats: NDArray[np.float64]
    near: tuple[Seating, ...]
    far: tuple[Seating, ...]

    def net(self, stage: Stage) -> NDArray[np.float64]:
        """
        Return the seats that are missing; where less than a class, minus those that are free.

        Where a county has no school of the stage at all, all of its children count.
        """
        missing = self.no_seat + np.where(self.seats > 0, 0.0, self.no_school)
        return np.where(missing >= class_seats(stage), missing, -self.free)


def shortage_of(one: SupplyDemand, *, borders_open: bool = False) -> Shortage:
    """
    Seat the children of every case and year within both ways, and sum by county.

    Parameters
    ----------
    one
        Children, schools and ways of the stage.
    borders_open
        Whether children may take seats of other counties from the start.
    """
    counties = one.counties
    cases, years = one.children.shape[:2]
    names = (
        "no_school_near", "no_seat_near", "no_school", "no_seat", "lost_with_open_borders", "free",
        "seats",
    )  # fmt: skip
    found = {name: np.zeros((cases, years, len(counties))) for name in names}
    homes = one.schools["county_id"].to_numpy(dtype=object)
    lives, stands = (members(place, counties) for place in (one.county, homes))
    ways = one.accepted_m, one.longest_m
    reaches = tuple(one.within(way, borders_open=borders_open) for way in ways)
    anywhere = one.within(one.longest_m, borders_open=True)
    near, far = [], []
    order = [MIDDLE, *(case for case in range(cases) if case != MIDDLE)]
    for year, case in product(range(years), order):
        at = case, year
        if case != MIDDLE and one.is_middle(case, year):
            for table in found.values():
                table[at] = table[MIDDLE, year]
            continue
        close, wide = (one.seating(*at, reach=reach) for reach in reaches)
        open_ = one.seating(*at, reach=anywhere)
        found["no_school_near"][at] = lives @ close.without_facility
        found["no_seat_near"][at] = lives @ close.without_seat
        found["no_school"][at] = lives @ wide.without_facility
        found["no_seat"][at] = lives @ wide.without_seat
        found["lost_with_open_borders"][at] = lives @ (open_.without_facility + open_.without_seat)
        found["seats"][at] = stands @ one.seats[year]
        found["free"][at] = stands @ (one.seats[year] - wide.used)
        if case == MIDDLE:
            near.append(close)
            far.append(wide)
    return Shortage(counties=counties, near=tuple(near), far=tuple(far), **found)


def members(place: NDArray[np.object_], counties: tuple[str, ...]) -> csr_array:
    """Return (counties, rows) sparse, 1 where a row lies in a county."""
    code = pd.Index(counties).get_indexer(pd.Index(place))
    rows = np.flatnonzero(code >= 0)
    shape = len(counties), len(place)
    return csr_array((np.ones(len(rows)), (code[rows], rows)), shape=shape)


def lasting_part(missing: NDArray[np.float64], least_years: int) -> NDArray[np.float64]:
    """
    Return the part of a course that lasts at least so many years running.

    A year keeps the largest amount that is missing throughout some run of `least_years` years that
    holds it (the morphological opening of the course).
    """
    count = len(missing)
    kept = np.zeros(count)
    for first in range(count - least_years + 1):
        run = slice(first, first + least_years)
        kept[run] = np.maximum(kept[run], max(0.0, float(missing[run].min())))
    return kept


def needs_of_stage(one: SupplyDemand, shortage: Shortage) -> list[LastingNeed]:
    """List the shortages of the middle case from the year after the assessment on."""
    needs = []
    for number, county in enumerate(shortage.counties):
        missing = np.maximum(shortage.net(one.stage)[MIDDLE, :, number], 0.0)
        missing[0] = 0.0  # the year of the assessment has passed; nothing can be done for it
        if not missing.any():
            continue
        years = np.flatnonzero(missing)
        peak = int(missing.argmax())
        lost = shortage.far[peak]
        area = one.township[lost.in_shortage & (one.county == county)]
        needs.append(
            LastingNeed(
                one.stage, county, one.years[years[0]], one.years[peak], one.years[years[-1]],
                float(missing[peak]), _longest_run(missing > 0), tuple(sorted({*area} - {""})),
            )
        )  # fmt: skip
    return needs


def _longest_run(flags: Sequence[bool] | NDArray[np.bool_]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest
