"""Residents and children by unit: the census joined to polygons, and people summed in zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message
from zmd_layout.population.dasymetric import name_some, people_columns
from zmd_layout.population.grids import Grid, zonal_sum
from zmd_layout.population.overlay import point_pieces, polygon_pieces, require_one_plane
from zmd_layout.population.with_notes import WithNotes

if TYPE_CHECKING:
    from collections.abc import Mapping


def join_census(
    polygons: gpd.GeoDataFrame, census: pd.DataFrame, *, within: Mapping[str, str]
) -> WithNotes:
    """
    Join a census table to polygons without losing anybody.

    Parameters
    ----------
    polygons
        With `unit_id`; people columns it already has are replaced.
    census
        With `unit_id` and people columns; NaN is unknown.
    within
        unit without a polygon → the unit whose polygon holds it, such as 411771 → 411702.

    Returns
    -------
    WithNotes
        `polygons` on its own index with the people of the census: each holder with the units
        within it. A polygon without a row of the census is unknown (NaN), and so is a holder one
        of whose parts is unknown.

    Raises
    ------
    LayerError
        A unit twice in either table; a row of the census that has no polygon and is not in
        `within`, or is in a unit that has no polygon: its people would be lost.
    """
    _check_census(polygons, census, within)
    columns = people_columns(census.columns)
    has_polygon = census["unit_id"].isin(polygons["unit_id"])
    holder = census["unit_id"].where(has_polygon, census["unit_id"].map(within))
    people = census[columns].astype(float)
    sums = people.groupby(holder).sum().mask(people.isna().groupby(holder).any())
    kept = polygons.drop(columns=people_columns(polygons.columns))
    table = kept.join(sums, on="unit_id")
    notices = [
        Message("people.within", unit=unit, holder=into)
        for unit, into in zip(
            census.loc[~has_polygon, "unit_id"], holder[~has_polygon], strict=True
        )
    ]
    missing = polygons.loc[~polygons["unit_id"].isin(holder), "unit_id"]
    if len(missing):
        notices.append(Message("people.without_row", units=name_some(missing)))
    return WithNotes(table, tuple(notices))


def people_by_unit(
    population: gpd.GeoDataFrame | Grid, units: gpd.GeoSeries | gpd.GeoDataFrame
) -> pd.DataFrame:
    """
    Sum people in zones: planning units, service areas, catchments.

    Parameters
    ----------
    population
        Points or polygons with people columns, in metres; or a grid. People of a polygon live
        evenly in it.
    units
        Zones in the same CRS (with a grid: in any). They may overlap: then people count in each.

    Returns
    -------
    DataFrame
        The people columns (of a grid: `residents`) on the index of `units`. NaN where a part is
        unknown; 0 where a layer of points or polygons has nobody; NaN where a grid has no data.

    Raises
    ------
    CrsError
        Layers in degrees, without a CRS, or not in one CRS.
    LayerError, SourceError
        As `zonal_sum`.
    """
    if isinstance(population, Grid):
        return zonal_sum(population, units).to_frame()
    zones = units.geometry
    require_one_plane(population=population, units=gpd.GeoDataFrame(geometry=zones))
    is_points = (population.geometry.geom_type == "Point").all()
    pieces = (point_pieces if is_points else polygon_pieces)(zones, population.geometry)
    columns = people_columns(population.columns)
    people = population[columns].astype(float).iloc[pieces["target"]]
    people = people.mul(pieces["part"].to_numpy(), axis=0)
    zone = pieces["zone"].to_numpy()
    sums = people.groupby(zone).sum().mask(people.isna().groupby(zone).any())
    table: pd.DataFrame = sums.reindex(range(len(zones)), fill_value=0.0)
    return table.set_axis(zones.index)


def _check_census(
    polygons: gpd.GeoDataFrame, census: pd.DataFrame, within: Mapping[str, str]
) -> None:
    known = set(polygons["unit_id"])
    lost = census.loc[~census["unit_id"].isin(known), "unit_id"]
    twice = pd.concat([ids[ids.duplicated()] for ids in (polygons["unit_id"], census["unit_id"])])
    faults = [Message("people.unit_twice", units=name_some(twice))] if len(twice) else []
    homeless = [unit for unit in lost if unit not in within]
    if homeless:
        faults.append(Message("people.without_polygon", units=name_some(homeless)))
    nowhere = [unit for unit in lost if unit in within and within[unit] not in known]
    if nowhere:
        faults.append(Message("people.holder_missing", units=name_some(nowhere)))
    if faults:
        raise LayerError(*faults)
