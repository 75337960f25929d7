"""Chosen places as suggestions: whom they serve, how ways change, how large they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.layers.geometry import points_in
from zmd_layout.location.problem import gap_percent
from zmd_layout.measures.access import way_to
from zmd_layout.messages import Message
from zmd_layout.network import NO_FACILITY, Method, areas_from_points
from zmd_layout.siting.alternatives import spare_seats
from zmd_layout.siting.columns import COLUMNS
from zmd_layout.siting.demand_matrix import has_own_children
from zmd_layout.siting.exclusions import BOTTOM_LINES, unchecked_lines
from zmd_layout.siting.means import mean_way
from zmd_layout.siting.notes import note
from zmd_layout.siting.plan.planned_rows import (
    conflict_note,
    joined_note,
    planned_note,
    planned_values,
)
from zmd_layout.siting.plan.years_plan import NewSchool
from zmd_layout.siting.planning import CandidateKind
from zmd_layout.siting.sizes import children_at_opening, robustness_flags, size_of, use_to_come
from zmd_layout.siting.stage_state import Aim
from zmd_layout.siting.standing import under_way
from zmd_layout.vocabulary import Flag, SolveStatus, UnitKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.siting.plan.years_plan import YearsPlan
    from zmd_layout.siting.stage_state import Ground, StageState

_MODELS = {
    Aim.CHEAPEST: "cheapest_closing_shortfalls_then_least_travel",
    Aim.FEWEST: "fewest_schools_closing_shortfalls_then_least_travel",
    Aim.TRAVEL: "p_median",
    Aim.COVERED: "max_cover",
    Aim.FAIREST: "p_center",
    Aim.COVER_ALL: "set_cover",
}


def no_catchments(crs: str) -> gpd.GeoDataFrame:
    """Return an empty table of catchments in `crs`."""
    return gpd.GeoDataFrame({"suggestion_id": []}, geometry=[], crs=crs)


def report_stage(
    ground: Ground, work: StageState, plan: YearsPlan | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """
    Put the chosen places of a stage into the suggestions' form, with ways before and after.

    Parameters
    ----------
    ground, work
        The stage with its chosen places.
    plan
        The plan over years that rows may be part of.

    Returns
    -------
    suggestions, catchments
        `work` must have chosen at least one place.
    """
    chosen = work.places.iloc[[row["place"] for row in work.rows]].reset_index(drop=True)
    after_m, nearest = _ways_after(ground.world, work, chosen)
    residents = work.way.demand.children["residents"].to_numpy(dtype=float)
    inside = ground.matrix.is_inside
    shared = _shared(ground, work)
    rows = []
    for number, row in enumerate(work.rows):
        served = (nearest == number) & inside
        own = shared | _one(ground, work, row, chosen.iloc[number]) | {
            "residents_served": float(np.nansum(residents[served])),
            "children_served": float(work.children[served].sum())
            if has_own_children(work.stage)
            else np.nan,
            "number": number,
            "weight": float(work.children[served].sum()),
            "mean_distance_before_m": mean_way(
                work.children * served, work.way.found.distance_m
            ),
            "mean_distance_after_m": mean_way(work.children * served, after_m),
            "spare_seats_nearby": spare_seats(work, served),
        }  # fmt: skip
        own |= children_at_opening(own, ground, work)
        own |= size_of(own, ground, work)
        own |= use_to_come(own, ground, work)
        own |= {"from_year": own["opens_in"], "until_year": None}
        rows.append(own)
    _size_new(rows, work, plan)
    for own in rows:
        if own["planned"] is not None and plan is not None:
            own.update(planned_values(own["planned"], plan))
        own["flags"] = ";".join([*own["flags"], *_late_flags(own, work)])
        own["note_zh"], own["note_en"] = _note(own, ground, work, plan)
    table = _ranked(gpd.GeoDataFrame(rows, geometry="geometry", crs=ground.world.study.crs), work)
    catchments = _catchments(table, ground, work, nearest)
    uses = [name for name in table if str(name).startswith("use_")]
    extra = ["candidate_kind", "school_id", "seats_now", "site_area_needed_m2"]
    table["seats_by_year"] = table.get("seats_by_year", pd.Series("", table.index)).fillna("")
    extra += [name for name in table if str(name).startswith("place_")]
    extra += ["seats_by_year", "children_at_opening", "spare_seats_nearby", "alternatives"]
    extra += [name for name in uses if name not in COLUMNS]
    return table[[*COLUMNS, *extra, "geometry"]], catchments


def _size_new(rows: list[dict[str, Any]], work: StageState, plan: YearsPlan | None) -> None:
    """Let the largest of the new schools of a county stand where most children are nearest."""
    if plan is None:
        return
    for county in sorted({row["county_id"] for row in rows}):
        sites = [
            row
            for row in rows
            if row["county_id"] == county
            and row["planned"] is None
            and row["candidate_kind"] != CandidateKind.EXPANSION
        ]
        sites.sort(key=lambda row: (-row["weight"], row["candidate_id"]))
        for row, school in zip(sites, plan.new_of(work.stage, county), strict=False):
            row["planned"] = school


def _note(
    row: dict[str, Any], ground: Ground, work: StageState, plan: YearsPlan | None
) -> tuple[str, str]:
    planned, parts = row["planned"], conflict_note(row)
    if planned is None or plan is None:
        return joined_note([*note(row, ground, work), *parts])
    parts = [*planned_note(planned, plan, row), *parts]
    if isinstance(planned, NewSchool):
        return joined_note([*parts, *note(row, ground, work)])
    return joined_note([*parts, Message("sites.note_consult")])


def _late_flags(row: dict[str, Any], work: StageState) -> list[Flag]:
    return [*([Flag.EXCEEDS_SIZE_CAP] if row["is_over"] else []), *robustness_flags(row, work)]


def _shared(ground: Ground, work: StageState) -> dict[str, Any]:
    """Return what all suggestions of the stage have in common: when, and the proof."""
    found = [[p.objective, p.bound] for p in work.placements] or [[np.nan, np.nan]]
    objective, bound = (_total(list(part), work) for part in zip(*found, strict=True))
    optimal = all(p.is_optimal for p in work.placements)
    status = SolveStatus.OPTIMAL if optimal else SolveStatus.FEASIBLE
    return {
        "stage": str(work.stage),
        "opens_in": ground.world.as_of.year + work.options.years_to_build,
        "model": _MODELS[work.options.aim],
        "solve_status": str(SolveStatus.INFEASIBLE if work.is_partial else status),
        "objective": objective,
        "objective_unit": work.objective_unit,
        "bound": objective if optimal else bound,
        "gap_percent": 0.0 if optimal else gap_percent(objective, bound),
    }


def _total(parts: list[float], work: StageState) -> float:
    return max(parts) if work.options.aim is Aim.FAIREST else sum(parts)


def _one(
    ground: Ground, work: StageState, row: dict[str, Any], site: pd.Series[Any]
) -> dict[str, Any]:
    made = bool(site["is_synthetic"]) or work.way.demand.layer.is_synthetic
    owed_in = [(need.unit_kind, need.unit_id) for need in row["closes"]]
    coming = under_way(ground.world, work.stage, owed_in)
    return {
        "county_id": row["county_id"],
        "action": "expand" if CandidateKind(site["kind"]).is_standing else "new",
        "name": site["name"],
        "closes": [need.name for need in row["closes"]],
        "flags": [
            *_flags(ground, work, site), *([Flag.SCHOOL_UNDER_WAY] if coming else []),
        ],
        "under_way": coming,
        "alternatives": work.places["name"].iloc[row["also"]].astype(str).tolist(),
        "is_synthetic": made or any(need.is_synthetic for need in row["closes"]),
        "candidate_id": site["candidate_id"],
        "candidate_kind": str(site["kind"]),
        "school_id": site["school_id"],
        "stages": site["stages"],
        "township_id": site["township_id"],
        "seats_now": _seats_now(ground.world, site["school_id"]),
        "adds_seats": site["adds_seats"],
        "planned": row.get("planned"),
        "is_duty": any(need.is_duty for need in row["closes"]),
        "is_indicative": bool(row["closes"]) and not any(need.is_duty for need in row["closes"]),
        "geometry": site.geometry,
    }  # fmt: skip


def _flags(ground: Ground, work: StageState, site: pd.Series[Any]) -> list[Flag]:
    unchecked = unchecked_lines(ground.world)
    flags = [Flag.CONSTRAINTS_PARTLY_CHECKED] if unchecked else []
    if len(unchecked) == len(BOTTOM_LINES):
        flags = [Flag.CONSTRAINTS_UNCHECKED]
    if site["kind"] in {CandidateKind.RESERVED_LAND, CandidateKind.IDLE_CAMPUS}:
        flags.append(Flag(site["kind"]))
    if work.way.found.method is Method.STRAIGHT_LINE:
        flags.append(Flag.STRAIGHT_LINE)
    if work.is_joined:
        flags.append(Flag.POINTS_JOINED)
    if work.children_off_road(ground.county_of == site["county_id"]):
        flags.append(Flag.OFF_ROAD)
    return flags


def _seats_now(world: World, school_id: str) -> float:
    """Return the seats of the school that stands there, else its enrolment; NaN where unknown."""
    if not school_id:
        return float("nan")
    frame = world.layers["schools"].frame
    row = frame[frame["school_id"] == school_id].iloc[0]
    known = [float(row[name]) for name in ("seats", "enrolment") if name in frame]
    return next((number for number in known if np.isfinite(number)), float("nan"))


def _ways_after(
    world: World, work: StageState, chosen: gpd.GeoDataFrame
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return each point's distance with the chosen places, and the nearest (−1: none)."""
    old = work.way.schools
    ids = old["school_id"].astype(str).to_numpy()
    # a place at which the stage is taught already is among the old ones
    at_old = chosen["school_id"].map({key: n for n, key in enumerate(ids)}).to_numpy(dtype=float)
    added = np.flatnonzero(np.isnan(at_old))
    xy = np.vstack(
        [
            points_in(old),
            shapely.get_coordinates(chosen.geometry.to_numpy()[added]).reshape(-1, 2),
        ]
    )
    # of a school that stands and a new one equally far, the one that stands is the nearer
    keys = np.array(
        [f"0{key}" for key in ids] + [f"1{key}" for key in chosen["candidate_id"].iloc[added]]
    )
    found = way_to(world, xy, keys)
    number_of = np.full(len(xy) + 1, -1)  # the last stands for no facility
    number_of[len(ids) : len(xy)] = added
    is_old = ~np.isnan(at_old)
    number_of[at_old[is_old].astype(np.int64)] = np.flatnonzero(is_old)
    return found.distance_m, number_of[found.facility]


def _ranked(table: gpd.GeoDataFrame, work: StageState) -> gpd.GeoDataFrame:
    """Rank within the stage: what closes more comes first, then what serves more children."""
    table = table.assign(
        closed=[len(c) for c in table["closes"]],
        is_built=[p is None or p.is_built for p in table["planned"]],
    )
    table = table.sort_values(
        ["closed", "is_built", "weight", "candidate_id"], ascending=[False, False, False, True]
    ).reset_index(drop=True)
    table["rank"] = np.arange(1, len(table) + 1)
    table["id"] = [f"{work.stage}-{rank:03d}" for rank in table["rank"]]
    return gpd.GeoDataFrame(table)


def _catchments(
    table: gpd.GeoDataFrame, ground: Ground, work: StageState, nearest: NDArray[np.int64]
) -> gpd.GeoDataFrame:
    """
    Draw the simulated catchments: the ground nearer to a place's children than to any others.

    They do not overlap, and end at the border of the study area.
    """
    kept = table.loc[table["is_built"], "id"]
    if kept.empty:
        return no_catchments(str(table.crs))
    counties, county_of = ground.world.units(UnitKind.COUNTY, {}), ground.county_of
    reached = sorted({*county_of[nearest >= 0]} - {""})
    mine = np.isin(county_of, np.array(reached, dtype=object))
    boundary = gpd.GeoSeries(shapely.box(*shapely.total_bounds(table.geometry)), crs=table.crs)
    if counties is not None:
        frame = counties.frame[counties.frame.index.isin(reached)]
        boundary = gpd.GeoSeries(frame.geometry.to_numpy(), crs=table.crs).dropna()
    ids = table["id"].to_numpy(dtype=str)
    number_of = np.full(len(work.rows) + 1, NO_FACILITY)
    number_of[table["number"].to_numpy(dtype=np.int64)] = np.arange(len(table))
    if not mine.any() or boundary.empty:
        return no_catchments(str(table.crs))
    drawn = areas_from_points(
        work.way.demand.xy[mine], number_of[nearest[mine]], keys=ids, boundary=boundary
    )
    drawn = drawn.rename(columns={"facility_key": "suggestion_id"})
    # temporary classes and lent rooms keep the catchments that there are
    return gpd.GeoDataFrame(drawn[drawn["suggestion_id"].isin(kept)].reset_index(drop=True))
