"""Children, schools and the ways between them, by stage, year and case: gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.location.seating import Seating, seat
from zmd_layout.measures.places import children_in_cases
from zmd_layout.measures.supply.listed import uncovered
from zmd_layout.measures.supply.seats import STAGES, in_holders, seats_by_school
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.siting.demand_matrix import DemandMatrix
    from zmd_layout.siting.plan.plan_options import PlanOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyDemand:
    """
    One stage: where its children live and what schools have for them, by year.

    Attributes
    ----------
    stage
        The stage.
    years
        (years,) from that of the assessment to the last of the forecast.
    children
        (cases, years, points) seats that children need, cases in the order of `VARIANTS`; unknown
        counts as none here, and makes its county unknown.
    xy, county, township
        (points,) where they are; `""` outside of all units.
    schools
        A row for each school with seats of the stage in any year: `school_id`, `name`,
        `county_id`, `classes`, `classrooms`, `enrolment`, `has_large_classes`, `is_boarding`,
        `in_township_seat`, `in_county_seat`, geometry.
    seats
        (years, schools); unknown counts as none here, and makes the school's county unknown.
    ways_m
        (schools, points) sparse metres, up to the longest way.
    accepted_m, longest_m
        The way that is accepted, and the longest with a bus or a bed.
    unknown
        Counties whose children or seats are not fully known: nothing is concluded of them.
    is_synthetic
        Whether made-up data are in it.
    """

    stage: Stage
    years: tuple[int, ...]
    children: NDArray[np.float64]
    xy: NDArray[np.float64]
    county: NDArray[np.object_]
    township: NDArray[np.object_]
    schools: gpd.GeoDataFrame
    seats: NDArray[np.float64]
    ways_m: csr_array
    accepted_m: float
    longest_m: float
    unknown: frozenset[str]
    is_synthetic: bool

    @property
    def counties(self) -> tuple[str, ...]:
        """The counties of which something can be concluded, in order."""
        return tuple(sorted({*self.county, *self.schools["county_id"]} - {""} - self.unknown))

    def is_middle(self, case: int, year: int) -> bool:
        """Report whether a case has the children of the middle one in a year."""
        middle = self.children[VARIANTS.index("middle"), year]
        return bool(np.allclose(self.children[case, year], middle))

    def seating(
        self, case: int, year: int, *, reach: csr_array, extra: NDArray[np.float64] | float = 0.0
    ) -> Seating:
        """
        Seat the children of a case and year.

        Parameters
        ----------
        case, year
            Positions in `children`.
        reach
            The pairs that are allowed, as `within` gives them.
        extra
            (schools,) seats more than there are.
        """
        return seat(self.children[case, year], self.seats[year] + extra, reach)

    def within(self, way_m: float, *, borders_open: bool = False) -> csr_array:
        """Keep the pairs within a way and, unless borders are open, within a county."""
        table = self.ways_m.tocoo()
        keep = table.data <= way_m
        if not borders_open:
            home = self.schools["county_id"].to_numpy(dtype=object)
            keep &= self.county[table.col] == home[table.row]
        pairs = (table.data[keep], (table.row[keep], table.col[keep]))
        return csr_array(pairs, shape=table.shape)


def supply_and_demand(
    matrix: DemandMatrix, options: PlanOptions, *, stages: Sequence[Stage] = STAGES
) -> dict[Stage, SupplyDemand]:
    """
    Gather children, seats and ways of stages.

    Returns
    -------
    by_stage
        Empty where no layer says where children live or which schools there are.
    """
    world, points = matrix.world, matrix.points
    counties = world.units(UnitKind.COUNTY, {})
    if matrix.outlook is None or counties is None:
        return {}
    if world.as_of.year > world.study.forecast.until:
        return {}
    years = range(world.as_of.year, world.study.forecast.until + 1)
    living = children_in_cases(world, years=years)
    if living is None or not living.years:
        return {}
    rows = points.layer.frame.index[points.layer.frame.geometry.notna()]
    township = _unit_of(world, UnitKind.TOWNSHIP, points.layer.name, rows)
    found = {}
    for stage in stages:
        part = seats_by_school(world, stage, years=living.years)
        if part is None:
            return {}
        schools = _schools(world, part)
        needed = living.children[stage] * options.seats_per_child(stage, world.study.forecast)
        is_known = np.isfinite(needed).all(axis=(0, 1))
        layer = world.layers["schools"]
        open_ = set(schools.loc[schools["seats"].isna(), "county_id"])
        unknown = set(living.county[~is_known]) | open_
        unknown |= {*uncovered(world, layer, counties, [stage])}
        there = schools[list(living.years)].to_numpy(dtype=float).T
        seats = there * np.nan_to_num(schools["seats"].to_numpy(dtype=float))
        found[stage] = SupplyDemand(
            stage=stage,
            years=living.years,
            children=np.where(living.county == "", 0.0, np.nan_to_num(needed)),
            xy=points.xy,
            county=living.county,
            township=township,
            schools=schools,
            seats=seats,
            ways_m=matrix.ways_within(
                shapely.get_coordinates(schools.geometry.to_numpy()),
                keys=schools["school_id"].to_numpy(str),
                cutoff_m=options.longest_way_m(stage),
            ),
            accepted_m=options.accepted_way_m(stage),
            longest_m=options.longest_way_m(stage),
            unknown=frozenset(unknown - {""}),
            is_synthetic=layer.is_synthetic or points.layer.is_synthetic,
        )
    return found


def _schools(world: World, part: pd.DataFrame) -> gpd.GeoDataFrame:
    """Put schools with a position into the form of `SupplyDemand.schools`."""
    frame = world.layers["schools"].frame.loc[part.index]
    table = frame[["geometry"]].join(part)
    names = frame["name"] if "name" in frame else frame["school_id"]
    table["name"] = names.where(names.notna(), frame["school_id"])
    for name in (
        "stages", "is_teaching_point", "site_area_m2", "ownership", "is_boarding",
        "in_township_seat",
    ):  # fmt: skip
        table[name] = frame.get(name)
    large = frame.get("classes_of_56_and_more", pd.Series(np.nan, frame.index)).astype(float)
    table["has_large_classes"] = large != 0  # unknown is not none
    table["county_id"] = _unit_of(world, UnitKind.COUNTY, "schools", part.index)
    table["township_id"] = _unit_of(world, UnitKind.TOWNSHIP, "schools", part.index)
    units = world.units(UnitKind.TOWNSHIP, {})
    seat = None if units is None else units.frame.get("is_county_seat")
    table["in_county_seat"] = None if seat is None else table["township_id"].map(seat.to_dict())
    return table[table.geometry.notna()].reset_index(drop=True)


def _unit_of(world: World, kind: UnitKind, layer: str, rows: pd.Index) -> NDArray[np.object_]:
    units = world.units(kind, {})
    if units is None:
        return np.full(len(rows), "", dtype=object)
    place = in_holders(world.members(world.layers[layer], units), units).loc[rows]
    return place.fillna("").to_numpy(dtype=object)
