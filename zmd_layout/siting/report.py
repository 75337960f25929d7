"""Chosen places as suggestions: whom they serve, how ways change, how large they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.forecast import standards
from zmd_layout.measures.access import access, way_to
from zmd_layout.messages import Message, both
from zmd_layout.network import Method
from zmd_layout.rulebook import Threshold
from zmd_layout.siting.candidates import RESERVED
from zmd_layout.siting.problem import gap_percent
from zmd_layout.siting.table import COLUMNS, empty_suggestions
from zmd_layout.vocabulary import Relation, SolveStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.work import Ground, StageWork

_MODEL = "fewest_schools_closing_shortfalls_then_least_travel"
_GRADES = {Stage.KINDERGARTEN: 3, Stage.PRIMARY: 6}  # classes come in whole streams; else 3 grades


def no_catchments(crs: str) -> gpd.GeoDataFrame:
    """Give an empty table of catchments in `crs`."""
    return gpd.GeoDataFrame({"suggestion_id": []}, geometry=[], crs=crs)


def size_caps(rules: Sequence[Rule], world: World) -> dict[Stage, float]:
    """Give the most pupils of a new school of one stage: of the rules, else of what stands."""
    caps: dict[Stage, float] = {}
    for rule in rules:
        single = any(c.field == "stages" and c.equals == rule.stage for c in rule.applies_to)
        if isinstance(rule.check, Threshold) and rule.relation is Relation.AT_MOST and single:
            dated = rule.limits(world.as_of)[rule.check.limit]
            if rule.stage is not None and rule.measure_unit == "person" and dated is not None:
                caps[rule.stage] = min(dated.value, caps.get(rule.stage, np.inf))
    return {**_largest_schools(world), **caps}


def _largest_schools(world: World) -> dict[Stage, float]:
    """Give the seats of the largest school of each stage: where no rule caps, no larger one."""
    found = {}
    for stage in Stage:
        way = access(world, stage)
        if way is not None and "seats" in way.schools:
            most = way.schools["seats"].max()
            if np.isfinite(most) and most > 0:
                found[stage] = float(most)
    return found


def report_stage(ground: Ground, work: StageWork) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Put the chosen places into the suggestions' form, with ways before and after."""
    world, places = ground.world, ground.places
    if not work.rows:
        return empty_suggestions(world.study.crs), no_catchments(world.study.crs)
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


def _one(
    world: World, work: StageWork, row: dict[str, Any], site: pd.Series[Any]
) -> dict[str, Any]:
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
    world: World, work: StageWork, chosen: gpd.GeoDataFrame
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

    Where the cap of a rule, or the largest school that stands, allows fewer, that holds, and
    `exceeds_size_cap` says that more than one school, or the seats of others, are needed.
    """
    sizes = standards().class_sizes
    if stage not in sizes:
        return table.assign(classes=np.nan, seats=np.nan)
    size = sizes[stage].value
    grades = _GRADES.get(stage, 3)
    streams = np.maximum(np.ceil(table["children_served"] / (size * grades)), 1)
    most = np.maximum(np.floor(caps.get(stage, np.inf) / (size * grades)), 1)
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


def _note(row: dict[str, Any], ground: Ground, work: StageWork) -> tuple[str, str]:
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
        empty: dict[str, list[float]] = {"stage": [], "children": [], "residents": []}
        return gpd.GeoDataFrame(empty, geometry=[], crs=world.study.crs)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=world.study.crs)
