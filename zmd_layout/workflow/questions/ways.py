"""
Questions about ways to school, a line each: the answer is a table on the ids of the study.

Ways are over the roads of the study, or without roads in straight lines times a detour factor; the
column `method` says which. NaN is unknown or out of reach, never a large number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.errors import ArgumentError
from zmd_layout.layers.geometry import points_in
from zmd_layout.layers.reading.frames import labels_of
from zmd_layout.layers.schema import SCHEMAS
from zmd_layout.measures.access import DETOUR_FACTOR, access, demand, schools_of, way_from
from zmd_layout.measures.travel import mode_of, road_graph, speed_m_per_min, tied
from zmd_layout.messages import Message, word_message
from zmd_layout.network import Mode, areas_from_grid, grid_over, nearest, straight_line
from zmd_layout.vocabulary import Stage, UnitKind
from zmd_layout.workflow.arguments import as_choice
from zmd_layout.workflow.questions.opened import world_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.network import Grid, Nearest
    from zmd_layout.study import Study

_CELL_M = 250.0
_MOST_CELLS = 400_000


def nearest_school(
    study: Study,
    stage: Stage | str,
    *,
    places: str | gpd.GeoDataFrame = "villages",
    mode: str | None = None,
) -> gpd.GeoDataFrame:
    """
    Find the nearest school of a stage for each place.

    Parameters
    ----------
    study
        The study.
    stage
        The stage, such as `"primary"`.
    places
        A layer of the study (`villages`, `population`, `residential_areas`, …), or a GeoDataFrame
        of your own with a CRS.
    mode
        `walk`, `cycle` or `drive`; by default as the study says.

    Returns
    -------
    ways
        On the ids of the places (the index of your table): `name` where they have one,
        `school_id`, `school_name`, `distance_m`, `minutes`, `is_off_road`, `method`, and the
        place, in the study's plane. NaN where no school is in reach.

    Raises
    ------
    ArgumentError
        If there is no such layer, or no schools that have positions.

    Examples
    --------
    >>> ways = zmd_layout.nearest_school(study, "primary")
    >>> ways.index.name, bool(ways["distance_m"].median() < 5000)
    ('unit_id', True)
    """
    world, stage, travel = _asked(study, stage, mode)
    schools = _schools(world, stage)
    homes = _places(world, places)
    keys = schools["school_id"].astype(str).to_numpy()
    found = way_from(world, points_in(homes), points_in(schools), keys=keys, mode=travel)
    return _ways(homes, schools, found, speed_m_per_min(world, travel))


def _ways(
    homes: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, found: Nearest, speed: float
) -> gpd.GeoDataFrame:
    is_reached = found.is_reached
    at = found.facility[is_reached]
    table: dict[str, Any] = {"name": homes["name"].to_numpy()} if "name" in homes else {}
    for ours, theirs in (("school_id", "school_id"), ("school_name", "name")):
        column = np.full(len(homes), None, dtype=object)
        column[is_reached] = schools[theirs].to_numpy(dtype=object)[at]
        table[ours] = column
    off = found.is_off_road
    table |= {
        "distance_m": found.distance_m,
        "minutes": found.distance_m / speed,
        "is_off_road": np.zeros(len(homes), dtype=bool) if off is None else off,
        "method": str(found.method),
    }
    return gpd.GeoDataFrame(table, index=homes.index, geometry=homes.geometry, crs=homes.crs)


def service_areas(
    study: Study,
    stage: Stage | str,
    *,
    minutes: Sequence[float] = (5, 10, 15),
    mode: str | None = None,
    cell_m: float | None = None,
) -> gpd.GeoDataFrame:
    """
    Draw from where the nearest school of a stage is within some minutes.

    Parameters
    ----------
    study
        The study.
    stage
        The stage.
    minutes
        The limits, each inclusive.
    mode
        `walk`, `cycle` or `drive`; by default as the study says.
    cell_m
        How finely; by default 250 m, coarser for a large study.

    Returns
    -------
    areas
        A row for each limit and school: `minutes`, `school_id`, `school_name`, `limit_m`,
        `area_km2` and the area in the study's plane. Areas of one limit do not overlap.

    Raises
    ------
    ArgumentError
        If there are no schools that have positions, or no units with outlines.

    Examples
    --------
    >>> areas = zmd_layout.service_areas(study, "primary", minutes=(15, 30), cell_m=1000)
    >>> areas.groupby("minutes")["area_km2"].sum().is_monotonic_increasing
    True
    """
    world, stage, travel = _asked(study, stage, mode)
    speed = speed_m_per_min(world, travel)
    schools, boundary = _schools(world, stage), _boundary(world)
    grid, found = _grid(world, schools, boundary, cell_m=cell_m, mode=travel)
    parts = []
    for limit in sorted({float(one) for one in minutes}):
        is_within = np.nan_to_num(found.distance_m, nan=np.inf) <= limit * speed
        facility = np.where(is_within, found.facility, -1)
        areas = _drawn(grid, facility, schools, boundary)
        areas.insert(0, "minutes", limit)
        areas.insert(3, "limit_m", limit * speed)
        areas.insert(4, "area_km2", areas.area / 1e6)
        parts.append(areas)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=world.study.crs)


def catchments(
    study: Study, stage: Stage | str, *, mode: str | None = None, cell_m: float | None = None
) -> gpd.GeoDataFrame:
    """
    Draw the simulated catchments (模拟学区) of a stage: the ground nearest to each school.

    Not the catchments that the authorities draw (学区), which are a legal act.

    Parameters
    ----------
    study
        The study.
    stage
        The stage.
    mode
        `walk`, `cycle` or `drive`; by default as the study says.
    cell_m
        How finely; by default 250 m, coarser for a large study.

    Returns
    -------
    catchments
        On `school_id`: `school_name`, `children` of the stage whose nearest school it is (NaN where
        nothing says where children live), `area_km2`, and the area in the study's plane.

    Raises
    ------
    ArgumentError
        If there are no schools that have positions, or no units with outlines.

    Examples
    --------
    >>> areas = zmd_layout.catchments(study, "junior", cell_m=1000)
    >>> areas.index.name, bool((areas["children"] >= 0).all())
    ('school_id', True)
    """
    world, stage, travel = _asked(study, stage, mode)
    schools, boundary = _schools(world, stage), _boundary(world)
    grid, found = _grid(world, schools, boundary, cell_m=cell_m, mode=travel)
    areas = _drawn(grid, found.facility, schools, boundary).set_index("school_id")
    areas.insert(1, "children", _children_of(world, stage, schools).reindex(areas.index))
    areas.insert(2, "area_km2", areas.area / 1e6)
    return areas


def _asked(study: Study, stage: Stage | str, mode: str | None) -> tuple[World, Stage, Mode]:
    """Open the study, and read which stage and mode are asked for: by default the study's mode."""
    world, stage = world_of(study), as_choice(stage, Stage, name="stage")
    travel = mode_of(world) if mode is None else as_choice(mode, Mode, name="mode")
    return world, stage, travel


def _schools(world: World, stage: Stage) -> gpd.GeoDataFrame:
    schools = schools_of(world, stage)
    if schools is None or schools.empty:
        raise ArgumentError(Message("arguments.no_schools", stage=word_message(stage)))
    return schools


def _places(world: World, given: str | gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the places that are asked about, on their ids, in the study's plane."""
    if not isinstance(given, str):
        if not isinstance(given, gpd.GeoDataFrame):
            found = type(given).__name__
            raise ArgumentError(Message("arguments.no_frame", layer="places", found=found))
        if given.crs is None:
            raise ArgumentError(Message("arguments.frame_without_crs", layer="places"))
        placed: gpd.GeoDataFrame = given[given.geometry.notna()].to_crs(world.study.crs)
        return placed
    if given not in world.layers:
        known = sorted(world.layers)
        raise ArgumentError(
            Message("arguments.not_a_layer", name="places", layer=given, known=known)
        )
    return on_ids(world, given)


def on_ids(world: World, name: str) -> gpd.GeoDataFrame:
    """Return the placed rows of a layer on its ids: the user's own index where that is the key."""
    frame = world.layers[name].frame
    frame = frame[frame.geometry.notna()]
    schema = SCHEMAS.get(name)
    if schema is None or schema.key is None or schema.key not in frame:
        return frame
    frame = frame.set_index(schema.key)
    source = world.study.layers.get(name)
    table = None if source is None else world.study.table_of(source)
    if source is not None and table is not None:
        labels = labels_of(table.frame, source, layer_name=name)
        frame = frame.rename(index=labels) if labels else frame
        frame.index.name = table.frame.index.name if labels else schema.key
    return frame


def _boundary(world: World) -> gpd.GeoSeries:
    for kind in (UnitKind.COUNTY, UnitKind.TOWNSHIP):
        units = world.units(kind, {})
        if units is not None and units.frame.geometry.notna().any():
            return units.frame.geometry.dropna()
    raise ArgumentError(
        Message("arguments.not_a_layer", name="study", layer="counties", known=sorted(world.layers))
    )


def _grid(
    world: World,
    schools: gpd.GeoDataFrame,
    boundary: gpd.GeoSeries,
    *,
    cell_m: float | None,
    mode: Mode,
) -> tuple[Grid, Nearest]:
    """Find the nearest school of each cell of a grid over the study."""
    whole = boundary.union_all()
    side = cell_m or max(_CELL_M, float(np.sqrt(whole.area / _MOST_CELLS)))
    grid = grid_over(whole, cell_m=side)
    keys = schools["school_id"].astype(str).to_numpy()
    graph = road_graph(world, mode)
    if graph is None:
        found = straight_line(
            grid.centres_xy, points_in(schools), detour_factor=DETOUR_FACTOR, facility_keys=keys
        )
        return grid, found
    cells = tied(world, grid.centres_xy, mode=mode)
    sites = tied(world, points_in(schools), keys=keys, mode=mode)
    assert cells is not None  # noqa: S101 - there is a graph
    assert sites is not None  # noqa: S101 - as above
    return grid, nearest(graph, cells, sites)


def _drawn(
    grid: Grid, facility: NDArray[np.int64], schools: gpd.GeoDataFrame, boundary: gpd.GeoSeries
) -> gpd.GeoDataFrame:
    keys = schools["school_id"].astype(str).to_numpy()
    areas = areas_from_grid(grid, facility, keys=keys, boundary=boundary)
    areas = areas.rename(columns={"facility_key": "school_id"})
    names = dict(zip(keys, schools["name"], strict=True))
    areas.insert(1, "school_name", areas["school_id"].map(names))
    areas["geometry"] = shapely.make_valid(areas.geometry.to_numpy())
    return areas


def _children_of(world: World, stage: Stage, schools: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Count the children whose nearest school each is."""
    keys = schools["school_id"].astype(str)
    if demand(world) is None:
        return pd.Series(np.nan, index=keys)
    way = access(world, stage)
    assert way is not None  # noqa: S101 - there are children and schools
    children = way.demand.children
    if str(stage) not in children:
        return pd.Series(np.nan, index=keys)
    weight = np.nan_to_num(children[str(stage)].to_numpy(dtype=float))
    reached = way.found.is_reached
    sums = np.bincount(
        way.found.facility[reached], weights=weight[reached], minlength=len(way.schools)
    )
    return pd.Series(sums, index=way.schools["school_id"].astype(str))
