"""
How far children are from school: over the road network, or in a declared straight line.

Children come from the finest layer that has ages (`population`, else `villages`); schools are those
of the stage that operate or are being built, teaching points included, for they have seats. Both
reach beyond the study area where the layers do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.checks.conditions import is_missing, may_have_stage
from zmd_layout.forecast import children_by_stage, single_years
from zmd_layout.layers.geometry import points_in
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures.travel import road_graph, tied
from zmd_layout.network import Mode, Nearest, Snap, nearest, straight_line
from zmd_layout.vocabulary import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.world import World
    from zmd_layout.vocabulary import Stage

BEYOND = "schools_beyond"  # of the studies around: they serve people here, and nothing counts them
DETOUR_FACTOR = 1.3  # an assumption, told wherever it is used: no road layer, straight lines only


@dataclass(frozen=True, slots=True)
class Demand:
    """
    Where children live.

    Attributes
    ----------
    xy
        (n, 2) metres in the study's plane.
    children
        (n,) rows, a column for each `Stage`, people; `residents` beside them. NaN is unknown, as
        is a stage whose ages the layer does not have.
    layer
        The layer they come from.
    """

    xy: NDArray[np.float64]
    children: pd.DataFrame
    layer: Layer


@dataclass(frozen=True, slots=True)
class Access:
    """
    The way of every demand point to its nearest school of a stage.

    Attributes
    ----------
    demand
        The points.
    schools
        The schools of the stage.
    found
        Distance and school for each point; NaN where none is in reach.
    """

    demand: Demand
    schools: gpd.GeoDataFrame
    found: Nearest


def demand(world: World) -> Demand | None:
    """Return the points at which children live, or None where no layer has ages at points."""
    made: Demand | None = world.keep("demand", lambda: _demand(world))
    return made


def _demand(world: World) -> Demand | None:
    for name in ("population", "villages", "townships"):
        layer = world.layers.get(name)
        if layer is None or not any(AGE_COLUMN.fullmatch(str(c)) for c in layer.frame):
            continue
        frame = layer.frame[layer.frame.geometry.notna()]
        if frame.empty:
            continue
        ages = frame[[c for c in frame.columns if AGE_COLUMN.fullmatch(str(c))]]
        # a layer may count the children of some stages only: those of the others are unknown
        children = children_by_stage(single_years(ages), strict=False)
        residents = frame["residents"].to_numpy() if "residents" in frame else np.nan
        children.insert(0, "residents", residents)
        return Demand(points_in(frame), children.reset_index(drop=True), layer)
    return None


def schools_of(world: World, stage: Stage) -> gpd.GeoDataFrame | None:
    """Return the placed schools of a stage that operate or are being built, here or near."""
    layer, beyond = world.layers.get("schools"), world.layers.get(BEYOND)
    if layer is None or "stages" not in layer.frame:
        return None
    frame = layer.frame
    if beyond is not None:
        there = beyond.frame.reindex(columns=frame.columns)
        frame = gpd.GeoDataFrame(pd.concat([frame, there], ignore_index=True), crs=frame.crs)
    has_stage = frame["stages"].map(lambda s: not is_missing(s) and str(stage) in str(s).split(";"))
    is_open = frame["status"].isin(["operating", "under_construction"])
    return frame[has_stage & is_open & frame.geometry.notna()].reset_index(drop=True)


def open_stages(world: World, stage: Stage) -> tuple[str, ...]:
    """Return the flag `ambiguous_stage` where an operating school may be of a stage."""
    layer = world.layers["schools"]
    _, may_have = may_have_stage(layer.frame, stage)
    is_open = layer.frame["status"].isin(["operating", "under_construction"]).to_numpy()
    return (str(Flag.AMBIGUOUS_STAGE),) if (may_have & is_open).any() else ()


def access(world: World, stage: Stage) -> Access | None:
    """
    Find every demand point's nearest school of a stage.

    Returns
    -------
    access
        None where there are no children or no schools layer. Without roads, straight lines times a
        detour factor, which `found.method` tells.
    """
    made: Access | None = world.keep(("access", stage), lambda: _access(world, stage))
    return made


def _access(world: World, stage: Stage) -> Access | None:
    points, schools = demand(world), schools_of(world, stage)
    if points is None or schools is None:
        return None
    keys = schools["school_id"].astype(str).to_numpy()
    return Access(points, schools, way_to(world, points_in(schools), keys))


def way_from(
    world: World,
    homes_xy: NDArray[np.float64],
    facilities_xy: NDArray[np.float64],
    *,
    keys: NDArray[Any],
    mode: Mode | None = None,
) -> Nearest:
    """
    Find the nearest of some places for any homes, such as villages.

    Parameters
    ----------
    world
        The study.
    homes_xy, facilities_xy
        (n, 2) and (m, 2) metres in the study's plane; m may be 0.
    keys
        (m,) ids that order equally near places.
    mode
        How one travels; by default as the study says.

    Returns
    -------
    found
        Over the roads, or without them in straight lines times `DETOUR_FACTOR`, which
        `found.method` tells.
    """
    graph = road_graph(world, mode)
    if graph is None:
        return straight_line(
            homes_xy, facilities_xy, detour_factor=DETOUR_FACTOR, facility_keys=keys
        )
    homes = tied(world, homes_xy, mode=mode)
    places = tied(world, facilities_xy, keys=keys, mode=mode)
    assert homes is not None  # noqa: S101 - there is a graph
    assert places is not None  # noqa: S101 - as above
    return nearest(graph, homes, places)


def way_to(world: World, facilities_xy: NDArray[np.float64], keys: NDArray[Any]) -> Nearest:
    """
    Find the nearest of some places for every demand point.

    Parameters
    ----------
    world
        The study.
    facilities_xy
        (m, 2) metres in the study's plane; m may be 0.
    keys
        (m,) ids that order equally near places.
    """
    points = demand(world)
    assert points is not None  # noqa: S101 - callers have asked
    graph = road_graph(world)
    if graph is None:
        return straight_line(
            points.xy, facilities_xy, detour_factor=DETOUR_FACTOR, facility_keys=keys
        )
    homes, places = demand_snap(world), tied(world, facilities_xy, keys=keys)
    assert homes is not None  # noqa: S101 - there is a graph
    assert places is not None  # noqa: S101 - as above
    return nearest(graph, homes, places)


def demand_snap(world: World) -> Snap | None:
    """Tie the demand points to the road graph, once; None where there are no roads."""
    points = demand(world)
    assert points is not None  # noqa: S101 - callers have asked
    made: Snap | None = world.keep("demand snap", lambda: tied(world, points.xy))
    return made
