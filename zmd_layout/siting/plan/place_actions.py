"""
The schools at which the amounts of a county are carried out: seats first, then ways.

Amounts are proved, places are chosen by a rule: the school around which most children have no seat
within the accepted way takes as much as it has room for, then the next. In a year with less to do
the schools that were chosen first keep theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.siting.plan.actions import Action
from zmd_layout.siting.plan.plan_options import class_seats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from zmd_layout.siting.plan.county_amounts import CountyAmounts, Offer
    from zmd_layout.siting.plan.lasting_needs import Shortage
    from zmd_layout.siting.plan.school_room import SchoolRoom
    from zmd_layout.siting.plan.supply_demand import SupplyDemand
    from zmd_layout.vocabulary import Stage


@dataclass(frozen=True, slots=True)
class PlacedAction:
    """
    An action at a standing school.

    Attributes
    ----------
    action, stage, donor, county_id
        What, for which stage, whose rooms, where.
    school
        Position of the school in the supply of `donor`, or of `stage` where nothing is lent.
    units
        (years,) classes or tracks.
    seats, classes
        Of a unit.
    """

    action: Action
    stage: Stage
    donor: Stage | None
    county_id: str
    school: int
    units: NDArray[np.int64]
    seats: float
    classes: int

    @property
    def is_built(self) -> bool:
        """Whether something is built."""
        return self.action.is_built


def place_actions(
    county: str,
    amounts: CountyAmounts,
    known: tuple[Mapping[Stage, SupplyDemand], Mapping[Stage, Shortage]],
    rooms: Mapping[Stage, SchoolRoom],
    ways_from: Callable[[Stage, Stage], csr_array],
    helps: Callable[[Stage, Stage], NDArray[np.bool_]],
) -> list[PlacedAction]:
    """
    Choose the schools of a county for all actions but new ones.

    Parameters
    ----------
    county
        Its id.
    amounts
        What is done there.
    known
        Children, schools and ways by stage, and who lacks a seat.
    rooms
        What the schools have room for, by stage.
    ways_from
        Returns the (schools of the second stage, points) ways that count for the first.
    helps
        Returns which of these schools are near children who lack seats of the first stage.
    """
    supply, shortages = known
    placed: list[PlacedAction] = []
    lent = {stage: np.zeros(one.seats.shape, dtype=np.int64) for stage, one in supply.items()}
    kinds = dict.fromkeys(
        (offer.action, offer.stage) for offer, _ in amounts.chosen if offer.action is not Action.NEW
    )
    for action, stage in kinds:
        chosen = [
            pair for pair in amounts.chosen if (pair[0].action, pair[0].stage) == (action, stage)
        ]
        one, first = supply[stage], chosen[0][0]
        donor = first.donor or stage
        totals = _totals(chosen, len(one.years))
        room = rooms[donor]
        most = {Action.BRIDGE: room.bridge, Action.EXPAND: room.expand}.get(action)
        caps = room.lends if most is None else np.tile(most, (len(one.years), 1))
        caps = caps - (lent[donor] if first.donor else 0)
        caps = caps * ((room.county == county) & helps(stage, donor))
        lacking = _lacking(one, shortages[stage], county, int(totals.argmax()))
        units = _choose(one, lacking, ways_from(stage, donor), totals, caps, first.seats)
        if first.donor:
            lent[donor] += units
        placed += [
            PlacedAction(
                action, stage, first.donor, county, int(school), units[:, school], first.seats,
                first.classes,
            )
            for school in np.flatnonzero(units.any(axis=0))
        ]  # fmt: skip
    return placed


def _totals(chosen: list[tuple[Offer, int]], years: int) -> NDArray[np.int64]:
    totals = np.zeros(years, dtype=np.int64)
    for offer, units in chosen:
        totals[offer.first : offer.last + 1] += units
    return totals


def _lacking(one: SupplyDemand, shortage: Shortage, county: str, year: int) -> NDArray[np.float64]:
    """
    Return (points,) children of a county without a seat within the accepted way.

    Seats first: only in the area that lacks them whatever way is taken.
    """
    near, far = shortage.near[year], shortage.far[year]
    lost = near.without_seat + near.without_facility
    lacking: NDArray[np.float64] = lost * (far.in_shortage & (one.county == county))
    return lacking


def _choose(
    one: SupplyDemand,
    lacking: NDArray[np.float64],
    ways_m: csr_array,
    totals: NDArray[np.int64],
    caps: NDArray[np.int64],
    seats: float,
) -> NDArray[np.int64]:
    """Return (years, schools) units that sum to `totals` as far as the schools have room."""
    peak = int(totals.argmax())
    points = np.flatnonzero(lacking)
    table = csr_array(ways_m[:, points])
    order = _by_lack(table, lacking[points], caps[peak], int(totals[peak]), (seats, one.accepted_m))
    units = np.zeros(caps.shape, dtype=np.int64)
    for year, total in enumerate(totals):
        left = int(total)
        # those chosen for the peak first, then any with room
        for school in [*order, *np.argsort(-caps[year], kind="stable")]:
            taken = min(left, int(caps[year, school] - units[year, school]))
            if school in order and year != peak:
                taken = min(taken, max(0, int(units[peak, school]) or taken))
            units[year, school] += taken
            left -= taken
            if not left:
                break
    return units


def _by_lack(
    ways_m: csr_array,
    lacking: NDArray[np.float64],
    caps: NDArray[np.int64],
    total: int,
    size: tuple[float, float],
) -> list[int]:
    """Order schools by the children around them who have no seat, counting each child once."""
    seats, accepted_m = size
    left, lacking, order = total, lacking.copy(), []
    is_near = (ways_m.data <= accepted_m).astype(np.float64)
    near = csr_array((is_near, ways_m.indices, ways_m.indptr), ways_m.shape)
    open_ = caps > 0
    while left > 0 and open_.any():
        around = np.where(open_, near @ lacking, -1.0)
        school = int(around.argmax())
        open_[school] = False
        order.append(school)
        left -= int(caps[school])
        row = slice(ways_m.indptr[school], ways_m.indptr[school + 1])
        nearest = np.argsort(ways_m.data[row], kind="stable")
        points = ways_m.indices[row][nearest[is_near[row][nearest] > 0]]
        reached = np.cumsum(lacking[points])
        lacking[points[reached <= caps[school] * seats]] = 0.0
    return order


def seats_after(
    supply: Mapping[Stage, SupplyDemand], placed: list[PlacedAction]
) -> dict[Stage, NDArray[np.float64]]:
    """Return (years, schools) seats more or fewer of each stage's schools; lent rooms taken off."""
    extra = {stage: np.zeros(one.seats.shape) for stage, one in supply.items()}
    for each in placed:
        if each.donor is None:
            extra[each.stage][:, each.school] += each.units * each.seats
        else:
            lent = each.classes * class_seats(each.donor)
            extra[each.donor][:, each.school] -= each.units * lent
    return extra
