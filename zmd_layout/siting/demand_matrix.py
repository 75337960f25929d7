"""Children, schools and the ways between them: gathered once, at the door of siting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from zmd_layout.measures.access import DETOUR_FACTOR, access, demand, demand_snap
from zmd_layout.measures.outlook import outlook
from zmd_layout.measures.travel import road_graph, tied
from zmd_layout.measures.world import by_position
from zmd_layout.network import within
from zmd_layout.siting.candidates import candidates
from zmd_layout.siting.placement import Travel
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.measures.access import Access, Demand
    from zmd_layout.measures.outlook import Outlook
    from zmd_layout.network import RoadGraph, Snap
    from zmd_layout.siting.stage_state import SitingOptions, StageState

# nobody counts the pupils of these stages by place: all children of these ages weigh the ways
_AGES_OF = {Stage.VOCATIONAL: (Stage.SENIOR,), Stage.SPECIAL: (Stage.PRIMARY, Stage.JUNIOR)}


def has_own_children(stage: Stage) -> bool:
    """Return whether the children of its ages are those who would attend; else they only weigh."""
    return stage not in _AGES_OF


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandMatrix:
    """
    Demand points, schools and the ways between them, for all steps of siting.

    Attributes
    ----------
    world
        The study with its layers.
    points
        Where children live.
    county
        (points,) the county of each; `""` outside of all, as where children and schools beyond the
        border are in the layers: they weigh on distances, and reports leave them out. All `""`
        without counties.
    is_inside
        (points,) whether it lies in the study's counties; all without outlines.
    access
        Ways to the schools that stand, by stage; a stage is not there without a list of schools.
    places
        Candidates by stage.
    outlook
        Children to come; None without a forecast.
    graph, homes
        The roads and the points on them; None without roads.
    """

    world: World
    points: Demand
    county: NDArray[np.object_]
    is_inside: NDArray[np.bool_]
    access: Mapping[Stage, Access]
    places: Mapping[Stage, gpd.GeoDataFrame]
    outlook: Outlook | None
    graph: RoadGraph | None
    homes: Snap | None

    def weights(self, stage: Stage) -> NDArray[np.float64]:
        """
        Return the children of a stage at each point of the study area.

        Unknown counts as none here, and is reported; so do children beyond the border.
        """
        ages = _AGES_OF.get(stage, (stage,))
        total = self.points.children[list(ages)].sum(axis=1).to_numpy(dtype=float)
        found: NDArray[np.float64] = np.nan_to_num(total) * self.is_inside
        return found

    def reach(self, places: gpd.GeoDataFrame, options: SitingOptions) -> csr_array:
        """Return (candidates, points) distances within reach."""
        xy = shapely.get_coordinates(places.geometry.to_numpy())
        keys = places["candidate_id"].to_numpy(str)
        return self.ways_within(xy, keys=keys, cutoff_m=options.reach_m)

    def ways_within(
        self, places_xy: NDArray[np.float64], *, keys: NDArray[Any], cutoff_m: float
    ) -> csr_array:
        """
        Return (places, demand points) metres up to a cut-off; pairs beyond it are not stored.

        Parameters
        ----------
        places_xy, keys
            Where the places are, and ids that order equally near ones.
        cutoff_m
            The longest way, over roads, or without them in a straight line with a detour.
        """
        sites = tied(self.world, places_xy, keys=keys)
        if self.graph is not None and self.homes is not None and sites is not None:
            return within(self.graph, sites, self.homes, cutoff_m=cutoff_m)
        table = cKDTree(places_xy).sparse_distance_matrix(
            cKDTree(self.points.xy), cutoff_m / DETOUR_FACTOR, output_type="coo_matrix"
        )
        shape = (len(places_xy), len(self.points.xy))
        return csr_array((table.data * DETOUR_FACTOR, (table.row, table.col)), shape=shape)


def demand_matrix(world: World, stages: Collection[Stage]) -> DemandMatrix | None:
    """
    Gather children, schools and ways of a study.

    Parameters
    ----------
    world
        Study, layers and day.
    stages
        The stages for which there are to be ways and candidates.

    Returns
    -------
    matrix
        None where no layer has children at points.
    """
    points = demand(world)
    if points is None:
        return None
    found = {stage: access(world, stage) for stage in stages}
    ways = {stage: way for stage, way in found.items() if way is not None}
    county = _county_of(world, points)
    inside = county != ""
    return DemandMatrix(
        world=world,
        points=points,
        county=county,
        is_inside=inside if inside.any() else np.ones(len(county), dtype=bool),
        access=ways,
        places=candidates(world, ways),
        outlook=outlook(world),
        graph=road_graph(world),
        homes=demand_snap(world),
    )


def _county_of(world: World, points: Demand) -> NDArray[np.object_]:
    counties = world.units(UnitKind.COUNTY, {})
    frame = gpd.GeoDataFrame(geometry=shapely.points(points.xy), crs=world.study.crs)
    if counties is None:
        return np.full(len(frame), "", dtype=object)
    return by_position(frame, counties).fillna("").to_numpy(dtype=object)


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
