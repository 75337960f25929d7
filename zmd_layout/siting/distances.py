"""How distances were found, and which points have none: for the record of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.measures.road_health import road_note
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.messages import Message
    from zmd_layout.siting.demand_matrix import DemandMatrix

STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)


def distance_notes(world: World, matrix: DemandMatrix | None) -> dict[str, Message]:
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
    if matrix is None:
        return notes
    notes |= {} if matrix.homes is None else {"demand_points": matrix.homes.message()}
    for stage in STAGES:
        if stage in matrix.access:
            notes[str(stage)] = matrix.access[stage].found.message()
    return notes


def uncovered(world: World, matrix: DemandMatrix | None) -> gpd.GeoDataFrame:
    """
    Return the points of children from which no school of a stage is in reach.

    Returns
    -------
    uncovered
        `stage, children, residents`, points of the study area in its plane.
    """
    parts = []
    for stage in STAGES:
        way = None if matrix is None else matrix.access.get(stage)
        if matrix is None or way is None:
            continue
        lost = np.isnan(way.found.distance_m) & matrix.is_inside
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
