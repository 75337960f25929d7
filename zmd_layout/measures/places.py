"""Children at the places where they live, by stage and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from zmd_layout.forecast import forecast_of_parts, packaged_stage_ages, single_years
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures.access import demand
from zmd_layout.measures.outlook import outlook, scaled_to_counties
from zmd_layout.measures.supply.seats import in_holders
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from zmd_layout.forecast import Scenario
    from zmd_layout.measures.world import World


@dataclass(frozen=True, slots=True)
class ChildrenByPlace:
    """
    Children at the demand points, by case and year.

    Attributes
    ----------
    years
        (years,) ascending.
    county
        (points,) unit_id; `""` outside of all counties and where it is unknown.
    children
        For each stage (cases, years, points) people, cases in the order of `VARIANTS`. NaN is
        unknown.
    """

    years: tuple[int, ...]
    county: NDArray[np.object_]
    children: dict[Stage, NDArray[np.float64]]


def children_in_cases(world: World, *, years: Iterable[int]) -> ChildrenByPlace | None:
    """
    Carry the children of every demand point on, in every case of the forecast.

    Parameters
    ----------
    world
        The study.
    years
        The years; those out of the range of the forecast are left out.

    Returns
    -------
    ChildrenByPlace
        As `children_by_place`; None likewise.
    """
    found = _shared_out(world, years, None)
    if found is None:
        return None
    table, county = found
    count, stages = len(county), list(packaged_stage_ages())
    kept = tuple(int(year) for year in np.unique(table["year"]))
    # rows stand by part, year and stage; parts of no county have none
    parts = table["unit_id"].to_numpy()[:: len(kept) * len(stages)].astype(np.int64)
    cases = np.full((len(VARIANTS), len(kept), count, len(stages)), np.nan)
    for number, name in enumerate(VARIANTS):
        values = table[name].to_numpy().reshape(len(parts), len(kept), len(stages))
        cases[number][:, parts] = values.transpose(1, 0, 2)
    known = county.where(county.notna(), "").to_numpy(dtype=object)
    return ChildrenByPlace(
        kept, known, {stage: cases[..., n] for n, stage in enumerate(stages)}
    )  # fmt: skip


def children_by_place(
    world: World, *, years: Iterable[int], scenario: Scenario | None = None
) -> gpd.GeoDataFrame | None:
    """
    Return every demand point its residents, and its children by stage in some years.

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
    points, found = demand(world), _shared_out(world, years, scenario)
    if points is None or found is None:
        return None
    table, county = found
    table["column"] = table["stage"].astype(str) + "_" + table["year"].astype(str)
    # a place has one row a stage and year, so the table only changes its shape
    wide = table.set_index(["unit_id", "column"])["middle"].unstack("column")  # noqa: PD010 - see above
    wide = wide[table["column"].unique()].rename_axis(columns=None)
    known = county.where(county.notna() & (county != ""), None)
    return gpd.GeoDataFrame(
        {
            "county_id": known,
            "residents": points.children["residents"],
            "is_synthetic": points.layer.is_synthetic,
        },
        geometry=gpd.points_from_xy(*points.xy.T),
        crs=world.study.crs,
    ).join(wide)


def _shared_out(
    world: World, years: Iterable[int], scenario: Scenario | None
) -> tuple[pd.DataFrame, pd.Series] | None:
    """Share the counties' forecast out over the demand points, with the county of each."""
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
    return forecast_of_parts(future.by_age, parts, within=county, only=years), county
