"""The plan over years: needs, amounts of actions by county, the schools that carry them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.siting.plan.actions import Action
from zmd_layout.siting.plan.county_amounts import CountyAmounts, CountyCourse, amounts_of
from zmd_layout.siting.plan.lasting_needs import (
    LastingNeed,
    Shortage,
    needs_of_stage,
)
from zmd_layout.siting.plan.place_actions import PlacedAction, place_actions
from zmd_layout.siting.plan.school_room import room_of, room_of_county
from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from zmd_layout.siting.demand_matrix import DemandMatrix
    from zmd_layout.siting.plan.plan_options import PlanOptions
    from zmd_layout.siting.plan.supply_demand import SupplyDemand
    from zmd_layout.vocabulary import Stage


@dataclass(frozen=True, slots=True)
class NewSchool:
    """
    A school to be built; where, is chosen afterwards.

    Attributes
    ----------
    stage, county_id
        Of what, and where.
    from_year
        The year of opening.
    classes, seats
        How large.
    seats_by_year
        (years,) its seats from the opening on.
    """

    stage: Stage
    county_id: str
    from_year: int
    classes: int
    seats: float
    seats_by_year: NDArray[np.floating]

    @property
    def is_built(self) -> bool:
        """Whether something is built: always."""
        return True


@dataclass(frozen=True, slots=True)
class YearsPlan:
    """
    The plan of all counties.

    Attributes
    ----------
    options
        What was allowed, at what terms.
    supply
        Children, schools and ways by stage.
    shortages
        What is missing and free without the plan, by stage.
    needs
        The shortages from the year after the assessment on.
    amounts
        By county; those in which nothing is needed are there with nothing chosen.
    placed
        Actions at standing schools.
    new
        Schools to be built.
    county_names
        By id.
    beds_cost
        By county, what boarding costs, in 10,000 yuan.
    """

    options: PlanOptions
    supply: Mapping[Stage, SupplyDemand]
    shortages: Mapping[Stage, Shortage] = field(default_factory=dict)
    needs: tuple[LastingNeed, ...] = ()
    amounts: Mapping[str, CountyAmounts] = field(default_factory=dict)
    placed: tuple[PlacedAction, ...] = ()
    new: tuple[NewSchool, ...] = ()
    county_names: Mapping[str, str] = field(default_factory=dict)
    beds_cost: Mapping[str, float] = field(default_factory=dict)

    @property
    def years(self) -> tuple[int, ...]:
        """The years, the first that of the assessment; empty where nothing could be planned."""
        return next((one.years for one in self.supply.values()), ())

    def new_of(self, stage: Stage, county: str) -> list[NewSchool]:
        """List the new schools of a stage in a county, the largest first."""
        mine = [one for one in self.new if (one.stage, one.county_id) == (stage, county)]
        return sorted(mine, key=lambda one: -one.seats)

    def cost_of(self, county: str) -> tuple[float, float]:
        """Return what the actions of a county cost, and what none as good can go below."""
        answer, beds = self.amounts[county].answer, self.beds_cost.get(county, 0.0)
        return answer.objective + beds, answer.bound + beds

    def need(self, stage: Stage, county: str) -> LastingNeed | None:
        """Return the need of a stage in a county, if there is one."""
        mine = (n for n in self.needs if (n.stage, n.county_id) == (stage, county))
        return next(mine, None)


def plan_over_years(  # noqa: PLR0913 - all but the first three by name
    matrix: DemandMatrix,
    supply: Mapping[Stage, SupplyDemand],
    options: PlanOptions,
    *,
    shortages: Mapping[Stage, Shortage],
    places: Mapping[Stage, gpd.GeoDataFrame],
    owed: Mapping[tuple[Stage, str], int],
    size_caps: Mapping[Stage, float],
) -> YearsPlan:
    """
    Plan what is shared, bridged, converted, expanded and built, county by county.

    Parameters
    ----------
    matrix
        Children, schools and ways.
    supply
        As `supply_and_demand` gives it.
    options
        What may be done, at what terms.
    shortages
        As `shortage_of` gives them.
    places
        Places for a new school by stage, with `county_id`.
    owed
        New schools that duties ask for, by stage and county.
    size_caps
        The most seats of a school by stage, where a rule has one.
    """
    if not supply:
        return YearsPlan(options, supply, shortages)
    nets = {stage: shortage.net(stage) for stage, shortage in shortages.items()}
    rooms = {stage: room_of(matrix.world, one) for stage, one in supply.items()}
    kept: dict[tuple[Stage, Stage], csr_array] = {}

    def ways_from(stage: Stage, donor: Stage) -> csr_array:
        if stage is donor:
            return supply[stage].ways_m
        if (stage, donor) not in kept:
            schools = supply[donor].schools
            kept[stage, donor] = matrix.ways_within(
                shapely.get_coordinates(schools.geometry.to_numpy()),
                keys=schools["school_id"].to_numpy(str),
                cutoff_m=supply[stage].accepted_m,
            )
        return kept[stage, donor]

    needs = [n for stage in supply for n in needs_of_stage(supply[stage], shortages[stage])]
    lacking = {stage: _lacking(supply[stage], shortages[stage], needs) for stage in supply}

    def helps(stage: Stage, donor: Stage) -> NDArray[np.bool_]:
        near = ways_from(stage, donor)[:, lacking[stage]]
        found: NDArray[np.bool_] = np.diff(near.indptr) > 0
        return found

    amounts: dict[str, CountyAmounts] = {}
    placed: list[PlacedAction] = []
    new: list[NewSchool] = []
    for county in sorted({name for shortage in shortages.values() for name in shortage.counties}):
        known = [stage for stage in supply if county in shortages[stage].counties]
        course = CountyCourse(
            next(iter(supply.values())).years,
            {stage: nets[stage][:, :, shortages[stage].counties.index(county)] for stage in known},
            room_of_county(county, rooms, places, helps),
            {stage: owed[stage, county] for stage in known if owed.get((stage, county))},
            size_caps,
        )
        amounts[county] = amounts_of(course, options)
        placed += place_actions(
            county, amounts[county], (supply, shortages), rooms, ways_from, helps
        )
        new += [
            NewSchool(
                offer.stage,
                county,
                course.years[offer.first],
                offer.classes,
                offer.seats,
                offer.seats * (np.arange(len(course.years)) >= offer.first),
            )
            for offer, units in amounts[county].chosen
            if offer.action is Action.NEW
            for _ in range(units)
        ]
    units = matrix.world.units(UnitKind.COUNTY, {})
    names = {} if units is None else dict(units.frame["name"].astype(str))
    return YearsPlan(
        options, supply, shortages, tuple(needs), amounts, tuple(placed), tuple(new), names
    )  # fmt: skip


def _lacking(
    one: SupplyDemand, shortage: Shortage, needs: Sequence[LastingNeed]
) -> NDArray[np.int64]:
    """List the points that lack seats of a stage in the peak year of their county."""
    found = np.zeros(len(one.county), dtype=bool)
    for need in needs:
        if need.stage is one.stage:
            seating = shortage.far[one.years.index(need.peak_year)]
            found |= seating.in_shortage & (one.county == need.county_id)
    return np.flatnonzero(found)
