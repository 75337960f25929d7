"""
The schools at which the amounts of a county are carried out: seats first, then ways.

Of all choices, those that seat the most children within the accepted way who lack a seat there; of
these the shortest ways, with few changes of school from year to year, and the seats of county and
township preferred as the plan asks. Both steps are mixed-integer models with a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array, csr_array

from zmd_layout.location.unit_places import PlacedUnits, UnitPlaces, place_units
from zmd_layout.siting.plan.actions import Action, plan_figures
from zmd_layout.siting.plan.plan_options import class_seats
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from zmd_layout.siting.plan.county_amounts import CountyAmounts, Offer
    from zmd_layout.siting.plan.lasting_needs import Shortage
    from zmd_layout.siting.plan.school_room import SchoolRoom
    from zmd_layout.siting.plan.supply_demand import SupplyDemand


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
    choice
        How the schools of this action and stage were chosen in the county.
    """

    action: Action
    stage: Stage
    donor: Stage | None
    county_id: str
    school: int
    units: NDArray[np.int64]
    seats: float
    classes: int
    choice: PlacedUnits

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
    lacking = {stage: _lacking(supply[stage], shortages[stage], county) for stage in supply}
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
        schools = np.flatnonzero(caps.any(axis=0))
        points = np.flatnonzero(lacking[stage].any(axis=0))
        figures, accepted_m = plan_figures(), one.accepted_m
        near_m = _near(ways_from(stage, donor), schools, points, accepted_m)
        group = _same_schools(near_m)
        people, ways_m = _grouped(lacking[stage][:, points], near_m, group)
        choice = place_units(
            UnitPlaces(
                totals=np.minimum(totals, caps.sum(axis=1)),
                room=caps[:, schools],
                seats=first.seats,
                people=people,
                ways_m=ways_m,
                restart_m=figures.restart_share.value * accepted_m,
                liked_m=figures.liked_share.value * accepted_m * _is_liked(
                    supply[donor].schools.iloc[schools], stage
                ),
                is_lasting=action.is_built,
            )
        )  # fmt: skip
        share = np.divide(choice.taken, people, out=np.zeros_like(people), where=people > 0)
        lacking[stage][:, points] *= 1.0 - share[:, group]
        if first.donor:
            lent[donor][:, schools] += choice.units
        placed += [
            PlacedAction(
                action, stage, first.donor, county, int(schools[number]), choice.units[:, number],
                first.seats, first.classes, choice,
            )
            for number in np.flatnonzero(choice.units.any(axis=0))
        ]  # fmt: skip
    return placed


def _is_liked(schools: pd.DataFrame, stage: Stage) -> NDArray[np.float64]:
    """Mark the schools where the plan wants the stage: secondary in the seat of the county."""
    is_secondary = stage in {Stage.JUNIOR, Stage.SENIOR}
    column = schools["in_county_seat" if is_secondary else "in_township_seat"]
    return np.asarray(column == True, dtype=np.float64)  # noqa: E712 - a column of objects


def _near(
    ways_m: csr_array, schools: NDArray[np.int64], points: NDArray[np.int64], accepted_m: float
) -> csr_array:
    """Keep the pairs of some schools and points within the accepted way."""
    table = csr_array(csr_array(ways_m[schools])[:, points]).tocoo()
    keep = table.data <= accepted_m
    pairs = (table.data[keep], (table.row[keep], table.col[keep]))
    return csr_array(pairs, shape=(len(schools), len(points)))


def _same_schools(ways_m: csr_array) -> NDArray[np.int64]:
    """Return for each point the number of the set of schools that it has near."""
    table = csc_array(ways_m)
    rows = [
        table.indices[first:last].tobytes()
        for first, last in zip(table.indptr[:-1], table.indptr[1:], strict=True)
    ]
    return np.unique(np.array(rows, dtype=object), return_inverse=True)[1].astype(np.int64)


def _grouped(
    people: NDArray[np.float64], ways_m: csr_array, group: NDArray[np.int64]
) -> tuple[NDArray[np.float64], csr_array]:
    """Join points that have the same schools near, with their mean way to each."""
    count = int(group.max(initial=-1)) + 1
    together = csr_array((np.ones(len(group)), (np.arange(len(group)), group)), (len(group), count))
    table, weight = ways_m.tocoo(), people.sum(axis=0)
    total = weight @ together
    share = weight / np.where(total > 0, total, 1.0)[group]
    key, place = np.unique(
        table.row.astype(np.int64) * count + group[table.col], return_inverse=True
    )
    mean = np.bincount(place, weights=table.data * share[table.col])
    row, column = np.divmod(key, max(count, 1))
    return people @ together, csr_array((mean, (row, column)), shape=(ways_m.shape[0], count))


def _totals(chosen: list[tuple[Offer, int]], years: int) -> NDArray[np.int64]:
    totals = np.zeros(years, dtype=np.int64)
    for offer, units in chosen:
        totals[offer.first : offer.last + 1] += units
    return totals


def _lacking(one: SupplyDemand, shortage: Shortage, county: str) -> NDArray[np.float64]:
    """
    Return (years, points) children of a county without a seat within the accepted way.

    Seats first: only in the area that lacks them whatever way is taken.
    """
    lost = [near.without_seat + near.without_facility for near in shortage.near]
    area = [far.in_shortage & (one.county == county) for far in shortage.far]
    lacking: NDArray[np.float64] = np.array(lost) * np.array(area)
    return lacking


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
