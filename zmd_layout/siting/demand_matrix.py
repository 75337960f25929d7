"""Children and ways as the models of siting take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from zmd_layout.measures.access import DETOUR_FACTOR, demand, demand_snap
from zmd_layout.measures.travel import road_graph, tied
from zmd_layout.network import within
from zmd_layout.siting.distances import is_inside
from zmd_layout.siting.placement import Travel
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.siting.stage_state import SitingOptions, StageState

# nobody counts the pupils of these stages by place: all children of these ages weigh the ways
_AGES_OF = {Stage.VOCATIONAL: (Stage.SENIOR,), Stage.SPECIAL: (Stage.PRIMARY, Stage.JUNIOR)}


def has_own_children(stage: Stage) -> bool:
    """Return whether the children of its ages are those who would attend; else they only weigh."""
    return stage not in _AGES_OF


def weights(world: World, stage: Stage) -> NDArray[np.float64]:
    """
    Return the children of a stage at each point of the study area.

    Unknown counts as none here, and is reported; so do children beyond the border.
    """
    points = demand(world)
    assert points is not None  # noqa: S101 - asked before
    ages = _AGES_OF.get(stage, (stage,))
    total = points.children[list(ages)].sum(axis=1).to_numpy(dtype=float)
    found: NDArray[np.float64] = np.nan_to_num(total) * is_inside(world)
    return found


def reach(world: World, places: gpd.GeoDataFrame, options: SitingOptions) -> csr_array:
    """Return (candidates, points) distances within reach, over roads or straight with a detour."""
    xy = shapely.get_coordinates(places.geometry.to_numpy())
    keys = places["candidate_id"].to_numpy(str)
    return ways_within(world, xy, keys=keys, cutoff_m=options.reach_m)


def ways_within(
    world: World, places_xy: NDArray[np.float64], *, keys: NDArray[Any], cutoff_m: float
) -> csr_array:
    """
    Return (places, demand points) metres up to a cut-off; pairs beyond it are not stored.

    Parameters
    ----------
    world
        The study.
    places_xy, keys
        Where the places are, and ids that order equally near ones.
    cutoff_m
        The longest way, over roads, or without them in a straight line with a detour.
    """
    points = demand(world)
    assert points is not None  # noqa: S101 - asked before
    graph, homes = road_graph(world), demand_snap(world)
    sites = tied(world, places_xy, keys=keys)
    if graph is not None and homes is not None and sites is not None:
        return within(graph, sites, homes, cutoff_m=cutoff_m)
    table = cKDTree(places_xy).sparse_distance_matrix(
        cKDTree(points.xy), cutoff_m / DETOUR_FACTOR, output_type="coo_matrix"
    )
    shape = (len(places_xy), len(points.xy))
    return csr_array((table.data * DETOUR_FACTOR, (table.row, table.col)), shape=shape)


def joined(
    work: StageState,
    points: NDArray[np.int64],
    now_m: NDArray[np.float64],
    to_points: csr_array,
    *,
    times: int = 1,
) -> Travel:
    """
    Keep the most populous points, each for the children of its neighbours, and note that.

    The children's sum is kept; `times` the `most_points` of the options are kept.
    """
    children = work.children[points]
    most = times * work.options.most_points
    if len(points) <= most:
        return Travel(children, now_m, to_points)
    work.is_joined = True
    xy = work.way.demand.xy[points]
    kept = np.sort(np.lexsort((xy[:, 1], xy[:, 0], -children))[:most])
    owner = cKDTree(xy[kept]).query(xy)[1]
    summed = np.bincount(owner, weights=children, minlength=most).astype(np.float64)
    return Travel(summed, now_m[kept], to_points[:, kept])
