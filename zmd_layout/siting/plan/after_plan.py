"""
Where children are with the plan carried out: seated, across a border, boarding, or named as left.

Those for whom their own county has no seat within the longest way take a free one of another
county, then board at a school of their own. Who is left is counted by the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse import csr_array, vstack

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.location.seating import seat
from zmd_layout.siting.plan.actions import Action
from zmd_layout.siting.plan.lasting_needs import MIDDLE, members
from zmd_layout.siting.plan.place_actions import seats_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.location.seating import Seating
    from zmd_layout.siting.demand_matrix import DemandMatrix
    from zmd_layout.siting.plan.supply_demand import SupplyDemand
    from zmd_layout.siting.plan.years_plan import YearsPlan
    from zmd_layout.vocabulary import Stage

REASONS = ("without_road", "too_far", "full")
_HAIR = 1e-6  # of a child


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterPlan:
    """
    The children of one stage for whom their county has no seat within the longest way.

    Attributes
    ----------
    counties
        (counties,) ids of those that are known.
    across_border, boarding
        (cases, years, counties) children who take a seat of another county, or board.
    without_road, too_far, full
        Likewise children who are left: no road leads from them to a school; no school is in reach;
        those that are have no free seat.
    hosts
        By action and home county (years, schools) seats that standing schools give in the middle
        case.
    """

    counties: tuple[str, ...]
    across_border: NDArray[np.float64]
    boarding: NDArray[np.float64]
    without_road: NDArray[np.float64]
    too_far: NDArray[np.float64]
    full: NDArray[np.float64]
    hosts: Mapping[tuple[Action, str], NDArray[np.float64]]

    @property
    def left(self) -> NDArray[np.float64]:
        """(cases, years, counties) children without a seat."""
        return self.without_road + self.too_far + self.full


@dataclass(frozen=True, slots=True)
class _Carried:
    """Seats of a stage with the plan carried out, and the ways to them."""

    seats: NDArray[np.float64]  # (years, places), the standing schools first
    home: NDArray[np.object_]  # (places,) counties
    ways_m: csr_array  # (places, points) up to the longest way
    board_m: csr_array | None  # likewise up to the longest way to a bed, of boarding schools

    def pairs(self, county: NDArray[np.object_] | None, *, beds: bool = False) -> csr_array:
        """Return 1 for the pairs within a county; for all of them where no county is given."""
        ways = self.board_m if beds and self.board_m is not None else self.ways_m
        table = ways.tocoo()  # a way of 0 m is a way
        keep = np.ones(table.nnz, dtype=bool)
        if county is not None:
            keep = county[table.col] == self.home[table.row]
        inside = (np.ones(keep.sum()), (table.row[keep], table.col[keep]))
        return csr_array(inside, shape=table.shape)


def after_plan(
    matrix: DemandMatrix, plan: YearsPlan, sites: gpd.GeoDataFrame
) -> dict[Stage, AfterPlan]:
    """
    Seat the children of every case and year again, with the plan carried out.

    Parameters
    ----------
    matrix
        Children, schools and ways.
    plan
        The plan.
    sites
        Where its new schools stand: `stage, county_id, seats, from_year`, points.
    """
    extra = seats_after(plan.supply, list(plan.placed))
    return {
        stage: _of_stage(matrix, plan, stage, _carried(matrix, plan, one, sites, extra[stage]))
        for stage, one in plan.supply.items()
    }


def _of_stage(matrix: DemandMatrix, plan: YearsPlan, stage: Stage, there: _Carried) -> AfterPlan:
    one = plan.supply[stage]
    reaches = _reaches(plan, one, there)
    has_way, has_road = np.zeros((2, len(one.county)), dtype=bool)
    has_way[reaches[-1].indices] = True
    way = matrix.access.get(stage)
    if way is not None:
        has_road = np.isfinite(way.found.distance_m)
    shape = (*one.children.shape[:2], len(one.counties))
    found = {name: np.zeros(shape) for name in ("across_border", "boarding", *REASONS)}
    hosts: dict[tuple[Action, str], NDArray[np.float64]] = {}
    lives = members(one.county, one.counties)
    for year, case in product(range(len(one.years)), [MIDDLE, *_others()]):
        at = case, year
        if case != MIDDLE and one.is_middle(case, year):
            for table in found.values():
                table[at] = table[MIDDLE, year]
            continue
        # the year of the assessment has passed: nothing more is done for it
        seated = _seated(one.children[at], there.seats[year], reaches if year else reaches[:1])
        left = seated.without_facility + seated.without_seat
        for action, taken in _elsewhere(seated.taken, there, one, reaches[0]).items():
            name = "boarding" if action is Action.BOARD else "across_border"
            found[name][at] = lives @ taken.sum(axis=0)
            if case == MIDDLE:
                _add_hosts(hosts, action, taken, one, year)
        found["full"][at] = lives @ (left * has_way)
        found["without_road"][at] = lives @ (left * (~has_way & ~has_road))
        found["too_far"][at] = lives @ (left * (~has_way & has_road))
    return AfterPlan(counties=one.counties, hosts=hosts, **found)


def _reaches(plan: YearsPlan, one: SupplyDemand, there: _Carried) -> list[csr_array]:
    """List the pairs that are allowed in turn: one's county, others too, beds too."""
    borders = plan.options.chosen.borders
    reaches = [there.pairs(None if borders == "open" else one.county)]
    if borders == "last" and Action.SHARE in plan.options.actions:
        reaches.append(there.pairs(None))
    if there.board_m is not None:
        reaches.append(csr_array(reaches[-1] + there.pairs(one.county, beds=True)))
    return reaches


def _seated(
    children: NDArray[np.float64], seats: NDArray[np.float64], reaches: list[csr_array]
) -> Seating:
    """Seat children within the first pairs, and with each of the next those who are left."""
    seated = seat(children, seats, reaches[0])
    for reach in reaches[1:]:
        left = seated.without_facility + seated.without_seat
        if left[reach.indices].any():  # someone who is left has a school in reach now
            seated = seat(children, seats, reach, start=seated.taken)
    return seated


def _others() -> list[int]:
    return [case for case in range(len(VARIANTS)) if case != MIDDLE]


def _elsewhere(
    taken: csr_array, there: _Carried, one: SupplyDemand, near: csr_array
) -> dict[Action, csr_array]:
    """Keep the seats taken that are none of one's county within the longest way."""
    pairs = csr_array(taken - taken.multiply(near)).tocoo()
    is_home = one.county[pairs.col] == there.home[pairs.row]
    is_real = pairs.data > _HAIR
    kept = {Action.SHARE: is_real & ~is_home, Action.BOARD: is_real & is_home}
    return {
        action: csr_array(
            (pairs.data[keep], (pairs.row[keep], pairs.col[keep])), shape=taken.shape
        )
        for action, keep in kept.items()
    }  # fmt: skip


def _add_hosts(
    hosts: dict[tuple[Action, str], NDArray[np.float64]],
    action: Action,
    taken: csr_array,
    one: SupplyDemand,
    year: int,
) -> None:
    """Add the seats that standing schools give, by the county from which children come."""
    count = len(one.schools)
    by_home = taken[:count] @ members(one.county, one.counties).T
    for number, county in enumerate(one.counties):
        given = by_home[:, [number]].toarray().ravel()
        if given.any():
            kept = hosts.setdefault((action, county), np.zeros((len(one.years), count)))
            kept[year] += given


def _carried(
    matrix: DemandMatrix,
    plan: YearsPlan,
    one: SupplyDemand,
    sites: gpd.GeoDataFrame,
    extra: NDArray[np.float64],
) -> _Carried:
    """Put standing schools, new ones and those that lend rooms together."""
    mine, hosts = sites[sites["stage"] == one.stage], _converted(plan, one)
    xy = [shapely.get_coordinates(mine.geometry.to_numpy()).reshape(-1, 2), hosts["xy"]]
    homes = [*mine["county_id"], *hosts["county"]]
    standing = one.schools["county_id"].to_numpy(dtype=object)
    seats = np.maximum(one.seats + extra, 0.0)
    ways, beds = one.ways_m, _beds(matrix, plan, one)
    if homes:
        keys = np.array([f"plan-{number:05d}" for number in range(len(homes))])
        more = matrix.ways_within(np.vstack(xy), keys=keys, cutoff_m=one.longest_m)
        ways = csr_array(vstack([ways, more]))
        opened = np.array(one.years)[:, None] >= mine["from_year"].to_numpy(float)[None, :]
        added = [opened * mine["seats"].to_numpy(float)[None, :], hosts["seats"]]
        seats = np.hstack([seats, *added])
        if beds is not None:
            beds = csr_array(vstack([beds, csr_array(more.shape)]))
    home = np.array([*standing, *homes], dtype=object)
    return _Carried(seats, home, ways, beds)


def _beds(matrix: DemandMatrix, plan: YearsPlan, one: SupplyDemand) -> csr_array | None:
    """Return (schools, points) ways to schools that take boarders; None where nobody boards."""
    longest = plan.options.boarding_way_m(one.stage)
    takes = (one.schools["is_boarding"] == True).to_numpy(dtype=bool)  # noqa: E712 - a column of objects
    if longest is None or not takes.any():
        return None
    part = one.schools[takes]
    ways = matrix.ways_within(
        shapely.get_coordinates(part.geometry.to_numpy()),
        keys=part["school_id"].to_numpy(str),
        cutoff_m=longest,
    ).tocoo()
    pairs = (ways.data, (np.flatnonzero(takes)[ways.row], ways.col))
    return csr_array(pairs, shape=one.ways_m.shape)


def _converted(plan: YearsPlan, one: SupplyDemand) -> dict[str, Any]:
    """Gather the schools that lend rooms, as places of the stage that uses them."""
    hosts = [each for each in plan.placed if each.stage is one.stage and each.donor is not None]
    points = [plan.supply[each.donor].schools.geometry.iloc[each.school] for each in hosts]  # type: ignore[index]
    return {
        "xy": shapely.get_coordinates(points).reshape(-1, 2),
        "county": [each.county_id for each in hosts],
        "seats": np.array([each.units * each.seats for each in hosts])
        .reshape(len(hosts), len(one.years))
        .T,
    }
