"""Residents of census units spread over points, polygons or a grid; every unit's sum is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.messages import Message
from zmd_layout.population.grids import Grid, grid_crs
from zmd_layout.population.overlay import (
    cell_pieces,
    point_pieces,
    polygon_pieces,
    require_one_plane,
)
from zmd_layout.population.with_notes import WithNotes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_PEOPLE_COLUMN = re.compile(r"residents(_\d+_\d+)?|children_\w+")
_AGE_COLUMN = re.compile(r"residents_\d+_\d+")
# ours: a piece with less of its target and of its unit than this is where two borders do not meet
# exactly, not where anybody lives
_SLIVER = 1e-3
# ours: a grid of the right place and years differs from a census by some per cent (GHS-POP from
# the census of Zhumadian by 3 %, in the worst county by half); people per km² on cells of 100 m or
# 1 km, or thousands of people, are off by more than this factor
GRID_FACTOR = 3.0


def people_columns(columns: Iterable[object]) -> list[str]:
    """Name the columns that count people: `residents`, its age groups, and `children_<stage>`."""
    return [str(column) for column in columns if _PEOPLE_COLUMN.fullmatch(str(column))]


def spread(
    units: gpd.GeoDataFrame,
    onto: gpd.GeoDataFrame | Grid,
    *,
    weights: str | None = None,
    year: int | None = None,
) -> WithNotes:
    """
    Spread the people of census units over what lies in them (dasymetric mapping).

    Parameters
    ----------
    units
        Polygons in metres that do not overlap, with `unit_id` and people: `residents`, age groups,
        `children_<stage>`, as far as they are there. NaN is unknown and stays so.
    onto
        Points (buildings, villages) or polygons (built-up areas, hexagons, townships) in the CRS
        of `units`, or a grid of people in any CRS.
    weights
        Column of `onto` by which people share: its own residents, dwellings, floor area. Without
        it polygons share by area and points alike, which is an assumption. A grid needs none.
    year
        Year of the census, to be compared with that of a grid.

    Returns
    -------
    WithNotes
        A GeoDataFrame with a row for each unit and target: `unit_id`, `target` (index label of
        `onto`, or the number of the cell; missing where the unit has nothing to be spread over and
        stands whole at one place), `share` of the unit (these sum to 1), `is_assumption`, the
        people columns, and the point, the piece of polygon, or the centre of the cell. People are
        fractions, so that every age group has the same share in every target however few people
        live there; sums by unit are those of the census to within floating-point rounding. All
        columns share alike: ages are assumed to live where all residents do. Sorted by unit and
        target; targets without a share have no row.

    Raises
    ------
    CrsError
        Layers in degrees, without a CRS, or not in one CRS.
    LayerError
        Duplicate units, unknown or negative weights, ages that exceed residents, a grid with
        negative cells.
    SourceError
        A grid that cannot be read.

    Notes
    -----
    Eicher & Brewer, Cartography and Geographic Information Science 28, 2001; the pycnophylactic
    (sum-keeping) property is Tobler's, 1979. Whole people by place are not offered: rounded age
    group by age group with one set of weights, the largest remainders are those of the same places
    in every group, and hamlets lose all their children.
    """
    units = units.sort_values("unit_id", ignore_index=True)
    _check_units(units)
    if isinstance(onto, Grid):
        require_one_plane(units=units)
        pieces = cell_pieces(units.geometry, onto)
        notices = _grid_notices(units, pieces, onto, year=year)
    else:
        require_one_plane(units=units, onto=onto)
        pieces = _vector_pieces(units, onto, weights)
        notices = _vector_notices(pieces, onto, weights)
    table = _with_people(_shares(pieces, units), units)
    notices += _unit_notices(
        table, units, is_weighted=weights is not None or isinstance(onto, Grid)
    )
    table["target"] = _labels(table["target"], onto)
    return WithNotes(table, tuple(notices))


def _labels(target: pd.Series, onto: gpd.GeoDataFrame | Grid) -> pd.Series:
    """Name targets as `onto` does; −1, a place of a unit's own, becomes missing."""
    if isinstance(onto, Grid):
        return target.astype("Int64").where(target >= 0)
    labels: pd.Series = onto.index.to_series(index=range(len(onto))).convert_dtypes()
    return labels.reindex(target).set_axis(target.index)


def _vector_pieces(
    units: gpd.GeoDataFrame, onto: gpd.GeoDataFrame, weights: str | None
) -> gpd.GeoDataFrame:
    """Return zone, target, `weight` (0 without weights), `area`, and the place of each piece."""
    weight = np.zeros(len(onto)) if weights is None else _checked_weights(onto, weights)
    if (onto.geometry.geom_type == "Point").all():
        pieces = point_pieces(units.geometry, onto.geometry)
        # units do not overlap, but a sliver of an overlap must not count a point twice
        pieces = pieces.sort_values(["target", "zone"]).drop_duplicates("target")
        place = onto.geometry.to_numpy()[pieces["target"]]
        pieces = gpd.GeoDataFrame(pieces, geometry=place, crs=onto.crs)
        area = np.ones(len(pieces))
    else:
        pieces = polygon_pieces(units.geometry, onto.geometry)
        area = pieces.area.to_numpy()
    part = pieces["part"].to_numpy()
    return pieces.assign(weight=weight[pieces["target"]] * part, area=area)


def _checked_weights(onto: gpd.GeoDataFrame, weights: str) -> NDArray[np.float64]:
    if weights not in onto:
        raise LayerError(Message("people.no_weights_column", column=weights))
    values: NDArray[np.float64] = onto[weights].to_numpy(dtype=float, na_value=np.nan)
    unknown, negative = int(np.isnan(values).sum()), int((values < 0).sum())
    if unknown or negative:
        raise LayerError(
            Message("people.bad_weights", column=weights, unknown=unknown, negative=negative)
        )
    return values


def _shares(pieces: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return each piece its share of the unit; a unit without pieces gets one place of its own."""
    zone = pieces["zone"].to_numpy()
    weight, area = pieces["weight"].to_numpy(), pieces["area"].to_numpy()
    by_area = (np.bincount(zone, weights=weight, minlength=len(units)) == 0)[zone]
    weight = np.where(by_area, area, weight)
    sums = np.bincount(zone, weights=weight, minlength=len(units))
    is_sliver = (pieces["part"].to_numpy() < _SLIVER) & (weight < _SLIVER * sums[zone])
    weight = np.where(is_sliver, 0.0, weight)
    sums = np.bincount(zone, weights=weight, minlength=len(units))
    share = np.divide(weight, sums[zone], out=np.zeros(len(weight)), where=sums[zone] > 0)
    spread_out = pieces.assign(share=share, is_assumption=by_area)
    columns = ["zone", "target", "share", "is_assumption", "geometry"]
    spread_out = spread_out.loc[spread_out["share"] > 0, columns]
    empty = np.setdiff1d(np.arange(len(units)), spread_out["zone"])
    alone = gpd.GeoDataFrame(
        {"zone": empty, "target": -1, "share": 1.0, "is_assumption": True},
        geometry=units.geometry.iloc[empty].representative_point().to_numpy(),
        crs=units.crs,
    )
    tables = [table for table in (spread_out, alone) if len(table)]
    return pd.concat(tables).sort_values(["zone", "target"], ignore_index=True)


def _with_people(table: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    zone = table["zone"].to_numpy()
    share = table["share"].to_numpy()
    columns = people_columns(units.columns)
    people = units[columns].astype(float).iloc[zone].mul(share, axis=0)
    return gpd.GeoDataFrame(
        {
            "unit_id": units["unit_id"].to_numpy()[zone],
            "target": table["target"],
            "share": share,
            "is_assumption": table["is_assumption"],
            **{column: people[column].to_numpy() for column in columns},
        },
        geometry=table.geometry.to_numpy(),
        crs=table.crs,
    )


def _check_units(units: gpd.GeoDataFrame) -> None:
    columns = people_columns(units.columns)
    if units.empty or not columns:
        raise LayerError(Message("people.no_units"))
    people = units[columns].astype(float)
    ages = people.filter(regex=_AGE_COLUMN)
    checks = {
        "people.unit_twice": units["unit_id"].duplicated(),
        "people.negative": (people < 0).any(axis=1),
    }
    if "residents" in people:
        checks["people.ages_exceed"] = ages.sum(axis=1) > people["residents"] * (1 + 1e-9)
    faults = [
        Message(key, units=name_some(units.loc[wrong, "unit_id"]))
        for key, wrong in checks.items()
        if wrong.any()
    ]
    if faults:
        raise LayerError(*faults)


def name_some(ids: Iterable[object], most: int = 10) -> list[str]:
    """Name the first few of many units in a message, in a stable order."""
    names = sorted({str(unit) for unit in ids})
    return names if len(names) <= most else [*names[:most], "…"]


def _grid_notices(
    units: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, grid: Grid, *, year: int | None
) -> list[Message]:
    path = str(grid.path)
    notices = []
    crs = grid_crs(grid)
    if crs != units.crs:
        notices.append(Message("people.grid_crs", path=path, grid=crs.name, units=units.crs.name))
    if None not in (year, grid.year) and year != grid.year:
        notices.append(Message("people.grid_year", path=path, grid=grid.year, census=year))
    if "residents" in units:
        residents = units["residents"].astype(float)
        on_grid = pieces.groupby("zone")["weight"].sum().reindex(units.index, fill_value=0.0)
        census, counted = residents.sum(), on_grid[residents.notna()].sum()
        if not census / GRID_FACTOR <= counted <= census * GRID_FACTOR:
            found, wanted = f"{counted:,.0f}", f"{census:,.0f}"
            notices.append(Message("people.grid_sum", path=path, grid=found, census=wanted))
    return notices


def _vector_notices(
    pieces: gpd.GeoDataFrame, onto: gpd.GeoDataFrame, weights: str | None
) -> list[Message]:
    notices = [Message("people.no_weights")] if weights is None else []
    outside = len(onto) - pieces["target"].nunique()
    if outside:
        notices.append(Message("people.outside", count=outside, all=len(onto)))
    return notices


def _unit_notices(
    table: gpd.GeoDataFrame, units: gpd.GeoDataFrame, *, is_weighted: bool
) -> list[Message]:
    is_alone = table["target"] == -1
    by_area = table["is_assumption"] & ~is_alone & is_weighted
    notices = {
        "people.alone": table.loc[is_alone, "unit_id"],
        "people.by_area": table.loc[by_area, "unit_id"],
    }
    if "residents" in units:
        notices["people.unknown"] = units.loc[units["residents"].isna(), "unit_id"]
    return [
        Message(key, count=ids.nunique(), units=name_some(ids))
        for key, ids in notices.items()
        if len(ids)
    ]
