"""Children at the places where they live, by stage and year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from zmd_layout.forecast import forecast_of_parts, single_years
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures.access import demand
from zmd_layout.measures.outlook import outlook, scaled_to_counties
from zmd_layout.measures.seats import in_holders
from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zmd_layout.forecast import Scenario
    from zmd_layout.measures.world import World


def children_by_place(
    world: World, *, years: Iterable[int], scenario: Scenario | None = None
) -> gpd.GeoDataFrame | None:
    """
    Give every demand point its residents, and its children by stage in some years.

    A point keeps its share of its county's cohorts as counted, those born later that of age 0, so
    that the points of a county sum to its forecast where they hold all of its people.

    Parameters
    ----------
    world
        The study.
    years
        The years; those out of the range of the forecast are left out.

    scenario
        What is assumed (`outlook.scenario_case`); by default what the study says.

    Returns
    -------
    GeoDataFrame
        Points in the study's plane: `county_id` (None outside of all counties), `residents`,
        `is_synthetic`, and `<stage>_<year>` (the middle case; NaN is unknown). None where
        no layer has ages at points, or counties have none.
    """
    points, counties = demand(world), world.units(UnitKind.COUNTY, {})
    future = outlook(world, scenario=scenario)
    if points is None or future is None or counties is None:
        return None
    layer = points.layer
    frame = layer.frame[layer.frame.geometry.notna()]
    place = in_holders(world.members(layer, counties), counties)
    county = place.loc[frame.index].reset_index(drop=True)
    ages = [str(c) for c in frame.columns if AGE_COLUMN.fullmatch(str(c))]
    parts = single_years(frame[ages].reset_index(drop=True))
    is_same_count = layer.origin.year in (None, future.census_year)
    parts = scaled_to_counties(parts, county, future.by_age, is_same_count=is_same_count)
    table = forecast_of_parts(future.by_age, parts, within=county, only=years)
    table["column"] = table["stage"].astype(str) + "_" + table["year"].astype(str)
    # a place has one row a stage and year, so the table only changes its shape
    wide = table.set_index(["unit_id", "column"])["middle"].unstack("column")
    wide = wide[table["column"].unique()].rename_axis(columns=None)
    known = county.where(county.notna() & (county != ""), None)
    return gpd.GeoDataFrame(
        {
            "county_id": known,
            "residents": points.children["residents"],
            "is_synthetic": layer.is_synthetic,
        },
        geometry=gpd.points_from_xy(*points.xy.T),
        crs=world.study.crs,
    ).join(wide)
