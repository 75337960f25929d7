"""
From shortfalls to suggested sites: for each stage and county, where the owed schools would stand.

A suggestion is a place to be studied first (备选位置，供选址论证), not a decision. It carries what
it closes, whom it would serve, how ways change, and how far its stage's answer is from the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from zmd_layout.measures.access import (
    DETOUR_FACTOR,
    access,
    demand,
    demand_snap,
    road_graph,
)
from zmd_layout.measures.world import by_position
from zmd_layout.messages import Message, word_message
from zmd_layout.network import snap, within
from zmd_layout.siting.candidates import candidates
from zmd_layout.siting.needs import Need, needs_of
from zmd_layout.siting.placement import place
from zmd_layout.siting.report import no_catchments, report_stage, size_caps, uncovered
from zmd_layout.siting.table import empty_suggestions
from zmd_layout.siting.work import Ground, SitingOptions, StageWork
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule

_AGES_OF = {Stage.VOCATIONAL: (Stage.SENIOR,), Stage.SPECIAL: (Stage.PRIMARY, Stage.JUNIOR)}


@dataclass(frozen=True, slots=True)
class Suggestions:
    """
    Suggested sites.

    Attributes
    ----------
    table
        `suggestions.geojson` as a table, in the study's plane.
    catchments
        `suggestion_id` and the ground of the children whose nearest school the site would be
        (模拟学区, not a legal 学区).
    uncovered
        Points of children from which no school of the stage is in reach.
    unmet
        Needs for which there is no candidate.
    is_reproducible
        False where a time limit ended a search.
    """

    table: gpd.GeoDataFrame
    catchments: gpd.GeoDataFrame
    uncovered: gpd.GeoDataFrame
    unmet: tuple[Need, ...] = ()
    is_reproducible: bool = True


def suggest(
    world: World,
    findings: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    *,
    stages: Sequence[Stage] = tuple(Stage),
    options: SitingOptions | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Suggestions:
    """
    Suggest where the schools that rules find missing could stand.

    Parameters
    ----------
    world
        Study, layers and day.
    findings
        What is missing.
    rules
        The rules behind the findings.
    stages
        For which stages.
    options
        Choices of ours.
    progress
        Is told what is being done.

    Returns
    -------
    suggestions
        Sorted by stage, county and rank. Empty where nothing is missing, or where no layer tells
        where children live.
    """
    options = options or SitingOptions()
    places = candidates(world)
    needs = {stage: needs_of(findings, rules, stage) for stage in stages}
    if demand(world) is None or places.empty:
        return _nothing(world, [need for group in needs.values() for need in group])
    wanted = [stage for stage in stages if needs[stage] and access(world, stage) is not None]
    if not wanted:
        return _nothing(world, [need for group in needs.values() for need in group])
    ground = Ground(
        world,
        places,
        _reach(world, places, options),
        _county_of_points(world),
        {rule.id: rule.title for rule in rules},
        size_caps(rules, world),
        options,
    )
    tables, areas, unmet, reproducible = [], [], [], True
    for stage in wanted:
        if progress is not None:
            progress(Message("siting.placing", stage=word_message(stage)))
        work = _solve_stage(ground, stage, needs[stage])
        table, catchment = report_stage(ground, work)
        tables.append(table)
        areas.append(catchment)
        unmet += work.unmet
        reproducible &= all(p.is_reproducible for p in work.placements)
    crs = world.study.crs
    filled = [table for table in tables if len(table)]
    return Suggestions(
        gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=crs)
        if filled
        else empty_suggestions(crs),
        gpd.GeoDataFrame(pd.concat(areas, ignore_index=True), crs=crs)
        if filled
        else no_catchments(crs),
        uncovered(world),
        tuple(unmet),
        reproducible,
    )


def _nothing(world: World, unmet: list[Need]) -> Suggestions:
    crs = world.study.crs
    return Suggestions(empty_suggestions(crs), no_catchments(crs), uncovered(world), tuple(unmet))


def _weights(world: World, stage: Stage) -> NDArray[np.float64]:
    """Give the children of a stage at each point; unknown counts as none here, and is reported."""
    points = demand(world)
    assert points is not None  # noqa: S101 - asked before
    ages = _AGES_OF.get(stage, (stage,))
    total = points.children[list(ages)].sum(axis=1).to_numpy(dtype=float)
    weights: NDArray[np.float64] = np.nan_to_num(total)
    return weights


def _county_of_points(world: World) -> NDArray[np.object_]:
    points = demand(world)
    assert points is not None  # noqa: S101 - asked before
    counties = world.units(UnitKind.COUNTY, {})
    frame = gpd.GeoDataFrame(geometry=shapely.points(points.xy), crs=world.study.crs)
    if counties is None:
        return np.full(len(frame), "", dtype=object)
    return by_position(frame, counties).fillna("").to_numpy(dtype=object)


def _reach(world: World, places: gpd.GeoDataFrame, options: SitingOptions) -> csr_array:
    """Give (candidates, points) distances within reach, over roads or straight with a detour."""
    points = demand(world)
    assert points is not None  # noqa: S101 - asked before
    xy = shapely.get_coordinates(places.geometry.to_numpy())
    graph = road_graph(world)
    if graph is None:
        return _straight_reach(points.xy, xy, options)
    sites = snap(xy, graph, limit_m=options.reach_m, keys=places["candidate_id"].to_numpy(str))
    return within(graph, sites, demand_snap(world, graph), cutoff_m=options.reach_m)


def _straight_reach(
    points_xy: NDArray[np.float64], sites_xy: NDArray[np.float64], options: SitingOptions
) -> csr_array:
    table = cKDTree(sites_xy).sparse_distance_matrix(
        cKDTree(points_xy), options.reach_m / DETOUR_FACTOR, output_type="coo_matrix"
    )
    shape = (len(sites_xy), len(points_xy))
    return csr_array((table.data * DETOUR_FACTOR, (table.row, table.col)), shape=shape)


def _solve_stage(ground: Ground, stage: Stage, needs: list[Need]) -> StageWork:
    world = ground.world
    way = access(world, stage)
    assert way is not None  # noqa: S101 - asked before
    work = StageWork(stage, way, _weights(world, stage), ground.reach, ground.options)
    for county in sorted({_county_of(need, world) for need in needs}):
        own = [need for need in needs if _county_of(need, world) == county]
        _solve_county(work, county, own, ground)
    return work


def _county_of(need: Need, world: World) -> str:
    if need.unit_kind is UnitKind.COUNTY:
        return need.unit_id
    townships = world.units(UnitKind.TOWNSHIP, {})
    if townships is not None and "county_id" in townships.frame:
        county = townships.frame["county_id"].get(need.unit_id)
        if county is not None:
            return str(county)
    return need.unit_id[:6]


def _solve_county(work: StageWork, county: str, needs: list[Need], ground: Ground) -> None:
    places = ground.places
    is_fit = places["stage"].isna() | (places["stage"] == work.stage)
    mine = np.flatnonzero(is_fit & (places["county_id"] == county))
    inside = np.array([_is_in(need, places.iloc[mine]) for need in needs])
    gaps = np.array([need.count for need in needs])
    lacking = inside.sum(axis=1) < gaps
    work.unmet += [need for need, lacks in zip(needs, lacking, strict=True) if lacks]
    gaps = np.minimum(gaps, inside.sum(axis=1))
    if not len(mine) or not gaps.sum():
        return
    points = np.flatnonzero((ground.county_of == county) & (work.children > 0))
    now = np.nan_to_num(work.way.found.distance_m[points], nan=work.options.reach_m)
    now = np.minimum(now, work.options.reach_m)
    reach = work.to_candidates[mine][:, points]
    children, now, reach = _joined(work, points, now, reach)
    found = place(
        inside,
        gaps,
        distance_m=reach,
        now_m=now,
        children=children,
        time_limit_s=work.options.time_limit_s,
    )
    if found is None:
        work.unmet += needs
        return
    work.placements.append(found)
    for site in found.sites:
        closes = [need for need, row in zip(needs, inside, strict=True) if row[site]]
        work.rows.append({"place": int(mine[site]), "county_id": county, "closes": closes})


def _is_in(need: Need, places: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    column = "county_id" if need.unit_kind is UnitKind.COUNTY else "township_id"
    found: NDArray[np.bool_] = (places[column] == need.unit_id).to_numpy(dtype=bool)
    return found


def _joined(
    work: StageWork, points: NDArray[np.int64], now: NDArray[np.float64], reach: csr_array
) -> tuple[NDArray[np.float64], NDArray[np.float64], csr_array]:
    """
    Keep the most populous points and let each speak for the children of its neighbours.

    Gives children, present ways and distances of the kept points; the children's sum is kept.
    """
    weights = work.children[points]
    most = work.options.most_points
    if len(points) <= most:
        return weights, now, reach
    xy = work.way.demand.xy[points]
    kept = np.sort(np.lexsort((xy[:, 1], xy[:, 0], -weights))[:most])
    owner = cKDTree(xy[kept]).query(xy)[1]
    joined = np.bincount(owner, weights=weights, minlength=most).astype(np.float64)
    return joined, now[kept], reach[:, kept]
