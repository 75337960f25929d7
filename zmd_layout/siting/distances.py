"""How distances were found, and which points have none: for the record of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.measures.access import access, demand, demand_snap
from zmd_layout.measures.road_health import road_note
from zmd_layout.measures.world import by_position
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.messages import Message

_STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)


def distance_notes(world: World) -> dict[str, Message]:
    """
    Report how many points are tied to the roads and how far, and by stage how ways were measured.

    Returns
    -------
    notes
        `roads` and `demand_points` where there are roads, then by stage; of points nothing without
        children at points.
    """
    roads = road_note(world)
    notes = {} if roads is None else {"roads": roads}
    if demand(world) is None:
        return notes
    homes = demand_snap(world)
    notes |= {} if homes is None else {"demand_points": homes.message()}
    for stage in _STAGES:
        way = access(world, stage)
        if way is not None:
            notes[str(stage)] = way.found.message()
    return notes


def county_of_points(world: World) -> NDArray[np.object_]:
    """
    Return the county of each demand point.

    Returns
    -------
    county
        (n,) `""` outside of all, as where children and schools beyond the border are in the layers:
        they weigh on distances, and reports leave them out. All `""` without counties.
    """
    made: NDArray[np.object_] = world.keep("county of points", lambda: _county_of_points(world))
    return made


def _county_of_points(world: World) -> NDArray[np.object_]:
    points = demand(world)
    assert points is not None  # noqa: S101 - asked before
    counties = world.units(UnitKind.COUNTY, {})
    frame = gpd.GeoDataFrame(geometry=shapely.points(points.xy), crs=world.study.crs)
    if counties is None:
        return np.full(len(frame), "", dtype=object)
    return by_position(frame, counties).fillna("").to_numpy(dtype=object)


def is_inside(world: World) -> NDArray[np.bool_]:
    """Return which demand points lie in the study's counties; all without outlines."""
    county = county_of_points(world)
    inside: NDArray[np.bool_] = county != ""
    return inside if inside.any() else np.ones(len(county), dtype=bool)


def uncovered(world: World) -> gpd.GeoDataFrame:
    """
    Return the points of children from which no school of a stage is in reach.

    Returns
    -------
    uncovered
        `stage, children, residents`, points of the study area in its plane.
    """
    parts = []
    for stage in _STAGES:
        way = access(world, stage)
        if way is None:
            continue
        lost = np.isnan(way.found.distance_m) & is_inside(world)
        parts.append(
            gpd.GeoDataFrame(
                _people(way.demand.children, stage, lost),
                geometry=shapely.points(way.demand.xy[lost]),
                crs=world.study.crs,
            )
        )
    if not parts:
        empty: dict[str, list[float]] = {"stage": [], "children": [], "residents": []}
        return gpd.GeoDataFrame(empty, geometry=[], crs=world.study.crs)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=world.study.crs)


def _people(children: pd.DataFrame, stage: Stage, rows: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "stage": str(stage),
        "children": children[stage].to_numpy(dtype=float)[rows],
        "residents": children["residents"].to_numpy(dtype=float)[rows],
    }
