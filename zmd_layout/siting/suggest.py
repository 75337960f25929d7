"""
From shortfalls to suggested sites: for each stage and county, where the owed schools would stand.

A suggestion is a place to be studied first (备选位置，供选址论证), not a decision. It carries what
it closes, whom it would serve, how ways change, and how far its stage's answer is from the best.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.forecast import standards
from zmd_layout.measures.access import Access, access, demand, demand_snap, road_graph, way_to
from zmd_layout.measures.world import by_position
from zmd_layout.messages import Message, both, word_message
from zmd_layout.network import Method, snap, within
from zmd_layout.rulebook import Threshold
from zmd_layout.siting.candidates import RESERVED, candidates
from zmd_layout.siting.needs import Need, needs_of
from zmd_layout.siting.placement import Placement, place
from zmd_layout.siting.problem import gap_percent
from zmd_layout.siting.table import COLUMNS, empty_suggestions
from zmd_layout.vocabulary import Relation, SolveStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule

_MODEL = "fewest_schools_closing_shortfalls_then_least_travel"
_GRADES = {Stage.KINDERGARTEN: 3, Stage.PRIMARY: 6}  # classes come in whole streams; else 3 grades
_AGES_OF = {Stage.VOCATIONAL: (Stage.SENIOR,), Stage.SPECIAL: (Stage.PRIMARY, Stage.JUNIOR)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingOptions:
    """
    Choices of ours; each is an assumption and is told in the notes.

    Attributes
    ----------
    reach_m
        The longest way that a candidate is considered for.
    years_to_build
        From the day of the assessment to opening.
    most_points
        Demand points of a county beyond this number are joined in squares before the model is
        built; the reported distances are of all points.
    time_limit_s
        The net under each county's search.
    """

    reach_m: float = 25_000.0
    years_to_build: int = 2
    most_points: int = 400
    time_limit_s: float = 20.0


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


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all stages share: places, their reach, and the county of each demand point."""

    world: World
    places: gpd.GeoDataFrame
    reach: csr_array
    county_of: NDArray[np.object_]
    titles: dict[str, Message]
    caps: dict[Stage, float]
    options: SitingOptions


@dataclass(slots=True)
class _Stage:
    """What is known of one stage while its counties are solved one by one."""

    stage: Stage
    way: Access
    children: NDArray[np.float64]
    to_candidates: csr_array
    options: SitingOptions
    rows: list[dict[str, Any]] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    unmet: list[Need] = field(default_factory=list)


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
    ground = _Ground(
        world,
        places,
        _reach(world, places, options),
        _county_of_points(world),
        {rule.id: Message("siting.title", zh=rule.title.zh, en=rule.title.en) for rule in rules},
        size_caps(rules, world),
        options,
    )
    tables, areas, unmet, reproducible = [], [], [], True
    for stage in wanted:
        if progress is not None:
            progress(Message("siting.placing", stage=word_message(stage)))
        work = _solve_stage(ground, stage, needs[stage])
        table, catchment = _report(ground, work)
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
        else _no_areas(crs),
        uncovered(world),
        tuple(unmet),
        reproducible,
    )


def _nothing(world: World, unmet: list[Need]) -> Suggestions:
    crs = world.study.crs
    return Suggestions(empty_suggestions(crs), _no_areas(crs), uncovered(world), tuple(unmet))


def _no_areas(crs: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"suggestion_id": []}, geometry=[], crs=crs)


def _weights(world: World, stage: Stage) -> NDArray[np.float64]:
    """Give the children of a stage at each point; unknown counts as none here, and is reported."""
    points = demand(world)
    assert points is not None  # noqa: S101 - asked before
    ages = _AGES_OF.get(stage, (stage,))
    total = points.children[list(ages)].sum(axis=1).to_numpy(dtype=float)
    return np.nan_to_num(total)


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
    from scipy.sparse import csr_array as make  # noqa: PLC0415 - the name is a type elsewhere
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only without roads

    from zmd_layout.measures.access import DETOUR_FACTOR  # noqa: PLC0415 - only without roads

    table = cKDTree(sites_xy).sparse_distance_matrix(
        cKDTree(points_xy), options.reach_m / DETOUR_FACTOR, output_type="coo_matrix"
    )
    shape = (len(sites_xy), len(points_xy))
    return make((table.data * DETOUR_FACTOR, (table.row, table.col)), shape=shape)


def _solve_stage(ground: _Ground, stage: Stage, needs: list[Need]) -> _Stage:
    world = ground.world
    way = access(world, stage)
    assert way is not None  # noqa: S101 - asked before
    work = _Stage(stage, way, _weights(world, stage), ground.reach, ground.options)
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


def _solve_county(work: _Stage, county: str, needs: list[Need], ground: _Ground) -> None:
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
    points, now, reach = _joined(work, points, now, reach)
    found = place(
        inside,
        gaps,
        distance_m=reach,
        now_m=now,
        children=points,
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
    work: _Stage, points: NDArray[np.int64], now: NDArray[np.float64], reach: csr_array
) -> tuple[NDArray[np.float64], NDArray[np.float64], csr_array]:
    """
    Keep the most populous points and let each speak for the children of its neighbours.

    Gives children, present ways and distances of the kept points; the children's sum is kept.
    """
    weights = work.children[points]
    most = work.options.most_points
    if len(points) <= most:
        return weights, now, reach
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only for large counties

    xy = work.way.demand.xy[points]
    kept = np.sort(np.lexsort((xy[:, 1], xy[:, 0], -weights))[:most])
    owner = cKDTree(xy[kept]).query(xy)[1]
    return np.bincount(owner, weights=weights, minlength=most), now[kept], reach[:, kept]


def size_caps(rules: Sequence[Rule], world: World) -> dict[Stage, float]:
    """Give the most pupils of a new school of one stage, from the rules that cap it."""
    caps: dict[Stage, float] = {}
    for rule in rules:
        single = any(c.field == "stages" and c.equals == rule.stage for c in rule.applies_to)
        if isinstance(rule.check, Threshold) and rule.relation is Relation.AT_MOST and single:
            dated = rule.limits(world.as_of)[rule.check.limit]
            if rule.stage is not None and rule.measure_unit == "person" and dated is not None:
                caps[rule.stage] = min(dated.value, caps.get(rule.stage, np.inf))
    return caps


def _report(ground: _Ground, work: _Stage) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Put the chosen places into the suggestions' form, with ways before and after."""
    world, places = ground.world, ground.places
    if not work.rows:
        return empty_suggestions(world.study.crs), _no_areas(world.study.crs)
    chosen = places.iloc[[row["place"] for row in work.rows]]
    after, new_of = _ways_after(world, work, chosen)
    before = work.way.found.distance_m
    residents = work.way.demand.children["residents"].to_numpy(dtype=float)
    objective = sum(p.objective for p in work.placements)
    bound = sum(p.bound for p in work.placements)
    optimal = all(p.is_optimal for p in work.placements)
    shared = {
        "stage": str(work.stage),
        "action": "new",
        "opens_in": world.as_of.year + work.options.years_to_build,
        "model": _MODEL,
        "solve_status": str(SolveStatus.OPTIMAL if optimal else SolveStatus.FEASIBLE),
        "objective": objective,
        "objective_unit": "child-metre",
        "bound": objective if optimal else bound,
        "gap_percent": 0.0 if optimal else gap_percent(objective, bound),
    }
    rows, areas = [], []
    for number, row in enumerate(work.rows):
        served = new_of == number
        rows.append(
            shared
            | _one(world, work, row, chosen.iloc[number])
            | {
                "residents_served": float(np.nansum(residents[served])),
                "children_served": float(work.children[served].sum()),
                "mean_distance_before_m": _mean(before, work.children, served),
                "mean_distance_after_m": _mean(after, work.children, served),
                "geometry": chosen.geometry.iloc[number],
            }
        )
        areas.append(_ground(work.way.demand.xy[served & (work.children > 0)]))
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=world.study.crs)
    table = _ranked(_sized(table, work.stage, ground.caps), work.stage, areas)
    catchments = gpd.GeoDataFrame(
        {"suggestion_id": table["id"]}, geometry=table.pop("ground").to_numpy(), crs=world.study.crs
    )
    notes = [_note(row, ground, work) for row in table.to_dict("records")]
    table["note_zh"], table["note_en"] = ([n[k] for n in notes] for k in (0, 1))
    return table[[*COLUMNS, "geometry"]], catchments


def _one(world: World, work: _Stage, row: dict[str, Any], site: pd.Series[Any]) -> dict[str, Any]:
    flags = [] if "constraints" in world.layers else ["constraints_unchecked"]
    if site["kind"] == RESERVED:
        flags.append("reserved_land")
    if work.way.found.method is Method.STRAIGHT_LINE:
        flags.append("straight_line")
    made = bool(site["is_made"]) or work.way.demand.layer.is_made
    return {
        "county_id": row["county_id"],
        "name": site["name"],
        "closes": [need.name for need in row["closes"]],
        "flags": ";".join(flags),
        "is_synthetic": made or any(need.is_synthetic for need in row["closes"]),
        "candidate_id": site["candidate_id"],
    }


def _ways_after(
    world: World, work: _Stage, chosen: gpd.GeoDataFrame
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give each point's way with the new sites, and which new site is its nearest (−1: none)."""
    old = work.way.schools
    xy = np.vstack(
        [
            shapely.get_coordinates(shapely.point_on_surface(old.geometry.to_numpy())).reshape(
                -1, 2
            ),
            shapely.get_coordinates(chosen.geometry.to_numpy()),
        ]
    )
    # of a school that stands and a new one equally far, the one that stands is the nearer
    keys = np.array(
        [f"0{key}" for key in old["school_id"]] + [f"1{key}" for key in chosen["candidate_id"]]
    )
    found = way_to(world, xy, keys)
    return found.distance_m, np.where(found.facility >= len(old), found.facility - len(old), -1)


def _mean(
    way_m: NDArray[np.float64], children: NDArray[np.float64], served: NDArray[np.bool_]
) -> float:
    known = served & np.isfinite(way_m)
    total = children[known].sum()
    return float(children[known] @ way_m[known] / total) if total else float("nan")


def _sized(table: gpd.GeoDataFrame, stage: Stage, caps: dict[Stage, float]) -> gpd.GeoDataFrame:
    """
    Give classes and seats for the children that would be served, in whole streams.

    Where the size cap of new schools allows fewer, the cap holds and `exceeds_size_cap` says that
    more than one school, or the seats of others, are needed.
    """
    sizes = standards().class_sizes
    if stage not in sizes:
        return table.assign(classes=np.nan, seats=np.nan)
    size = sizes[stage].value
    grades = _GRADES.get(stage, 3)
    streams = np.maximum(np.ceil(table["children_served"] / (size * grades)), 1)
    most = np.floor(caps.get(stage, np.inf) / (size * grades))
    over = streams > most
    flags = [
        ";".join(filter(None, (f, "exceeds_size_cap" if o else "")))
        for f, o in zip(table["flags"], over, strict=True)
    ]
    streams = np.minimum(streams, most)
    return table.assign(classes=streams * grades, seats=streams * grades * size, flags=flags)


def _ranked(table: gpd.GeoDataFrame, stage: Stage, areas: list[Any]) -> gpd.GeoDataFrame:
    """Rank within the stage: what closes more comes first, then what serves more children."""
    table = table.assign(ground=areas, closed=[len(c) for c in table["closes"]])
    table = table.sort_values(
        ["closed", "children_served", "candidate_id"], ascending=[False, False, True]
    ).reset_index(drop=True)
    table["rank"] = np.arange(1, len(table) + 1)
    table["id"] = [f"{stage}-{rank:03d}" for rank in table["rank"]]
    return gpd.GeoDataFrame(table.drop(columns=["closed", "candidate_id"]))


def _ground(xy: NDArray[np.float64]) -> shapely.Geometry:
    """Draw the ground of some points: their hull with a margin."""
    if not len(xy):
        return shapely.Polygon()
    points = shapely.multipoints(xy)
    hull = shapely.concave_hull(points, ratio=0.4) if len(xy) > 3 else points  # noqa: PLR2004 - a hull needs more
    return shapely.buffer(hull, 250.0, quad_segs=4).simplify(100.0)


def _note(row: dict[str, Any], ground: _Ground, work: _Stage) -> tuple[str, str]:
    known = np.isfinite(row["mean_distance_before_m"])
    is_screened = "constraints" in ground.world.layers
    closes = [ground.titles[name.partition("@")[0]] for name in row["closes"]]
    parts = [
        Message("siting.note_place", name=row["name"], closes=closes),
        Message(
            "siting.note_ways" if known else "siting.note_first_way",
            children=round(row["children_served"], -1),
            before=row["mean_distance_before_m"],
            after=row["mean_distance_after_m"],
        ),
        Message("siting.note_bottom_checked" if is_screened else "siting.note_bottom"),
        Message("siting.note_ways_by", method=Message(f"siting.by_{work.way.found.method}")),
        Message("siting.note_alternatives"),
    ]
    if "exceeds_size_cap" in row["flags"]:
        parts.append(Message("siting.note_size_cap", cap=ground.caps[work.stage]))
    texts = [both(part) for part in parts]
    return "".join(t[0] for t in texts), " ".join(t[1] for t in texts)


def uncovered(world: World) -> gpd.GeoDataFrame:
    """
    Give the points of children from which no school of a stage is in reach.

    Returns
    -------
    uncovered
        `stage, children, residents`, points in the study's plane.
    """
    parts = []
    for stage in (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR):
        way = access(world, stage)
        if way is None:
            continue
        lost = np.isnan(way.found.distance_m)
        parts.append(
            gpd.GeoDataFrame(
                {
                    "stage": str(stage),
                    "children": way.demand.children[stage].to_numpy(dtype=float)[lost],
                    "residents": way.demand.children["residents"].to_numpy(dtype=float)[lost],
                },
                geometry=shapely.points(way.demand.xy[lost]),
                crs=world.study.crs,
            )
        )
    if not parts:
        empty = {"stage": [], "children": [], "residents": []}
        return gpd.GeoDataFrame(empty, geometry=[], crs=world.study.crs)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=world.study.crs)
