"""
Where a school could be added, in the order of practice.

First what stands: a school that becomes what is missing, the campus of a closed one. Then reserved
education land; then generated places: the most populous village of a township, its next ones, or a
crossing where many people live. Ground where no school may go is left out first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.checks.conditions import is_missing
from zmd_layout.measures.access import demand
from zmd_layout.measures.travel import road_graph
from zmd_layout.measures.world import by_position
from zmd_layout.network import snap
from zmd_layout.siting.exclusions import is_barred
from zmd_layout.siting.planning import CandidateKind
from zmd_layout.siting.standing import new_seats, standing_places
from zmd_layout.vocabulary import LandUse, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zmd_layout.measures import World
    from zmd_layout.measures.units import Units
    from zmd_layout.vocabulary import Stage

COLUMNS = (
    "candidate_id", "kind", "name", "school_id", "stages", "county_id", "township_id",
    "is_synthetic", "adds_seats",
)  # fmt: skip
_PER_TOWNSHIP = 3  # villages
_PER_COUNTY = 60  # villages, where there are no townships


def candidates(world: World, stages: Iterable[Stage]) -> dict[Stage, gpd.GeoDataFrame]:
    """
    Gather the places at which a school could be added, by stage.

    Returns
    -------
    candidates
        Points with `COLUMNS`, sorted by `candidate_id`, in the study's plane. `school_id` is that
        of the school that is expanded or whose campus is used again, else empty; `stages` is what
        stands there afterwards, `adds_seats` how many seats of the stage it adds as a school of
        usual size.
    """
    new = _new_places(world)
    return {stage: _of_stage(world, stage, new) for stage in stages}


def _of_stage(world: World, stage: Stage, new: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    new = new[new["land_stage"].map(is_missing) | (new["land_stage"] == stage)]
    new = new.assign(school_id="", stages=str(stage), adds_seats=new_seats(stage))
    parts = [new, standing_places(world, stage)]
    filled = [part for part in parts if len(part)]
    if not filled:
        return gpd.GeoDataFrame(
            {name: [] for name in COLUMNS}, geometry=[], crs=world.study.crs
        )  # fmt: skip
    table = pd.concat(filled, ignore_index=True)[[*COLUMNS, "geometry"]]
    ordered = table.sort_values("candidate_id", ignore_index=True)
    return gpd.GeoDataFrame(ordered, geometry="geometry", crs=world.study.crs)


def _new_places(world: World) -> gpd.GeoDataFrame:
    """Return reserved land and generated places, for all stages; `land_stage` of reserved land."""
    rows = [*_reserved_land(world), *_generated(world)]
    names = ("candidate_id", "kind", "name", "land_stage", "is_synthetic")
    if not rows:
        empty: dict[str, list[Any]] = {name: [] for name in (*names, "county_id", "township_id")}
        return gpd.GeoDataFrame(empty, geometry=[], crs=world.study.crs)
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=world.study.crs)
    for kind, column in ((UnitKind.COUNTY, "county_id"), (UnitKind.TOWNSHIP, "township_id")):
        units = world.units(kind, {})
        place = by_position(table, units) if units is not None else None
        table[column] = "" if place is None else place.fillna("").to_numpy()
    return gpd.GeoDataFrame(table[~is_barred(table.geometry, world)])


def _reserved_land(world: World) -> list[dict[str, Any]]:
    layer = world.layers.get("education_land")
    if layer is None or "current_use" not in layer.frame:
        return []
    made = layer.made(["geometry"])
    vacant = layer.frame[
        (layer.frame["current_use"] == LandUse.VACANT) & layer.frame.geometry.notna()
    ]
    return [
        {
            "candidate_id": f"3-{row['parcel_id']}",
            "kind": CandidateKind.RESERVED_LAND,
            "name": str(row["parcel_id"] if is_missing(row.get("name")) else row["name"]),
            "land_stage": row.get("stage"),
            "is_synthetic": bool(made[index]),
            "geometry": shapely.point_on_surface(row["geometry"]),
        }
        for index, row in vacant.iterrows()
    ]


def _generated(world: World) -> list[dict[str, Any]]:
    """Take populous villages of each township (else county), or a crossing where there are none."""
    townships = world.units(UnitKind.TOWNSHIP, {})
    if townships is None:
        counties = world.units(UnitKind.COUNTY, {})
        return [] if counties is None else _central_villages(world, counties, most=_PER_COUNTY)
    rows = _central_villages(world, townships, most=_PER_TOWNSHIP)
    return rows + _on_roads(world, townships, without={row.pop("unit") for row in rows})


def _central_villages(world: World, units: Units, *, most: int) -> list[dict[str, Any]]:
    layer = world.layers.get("villages")
    if layer is None or "residents" not in layer.frame:
        return []
    frame = layer.frame[layer.frame.geometry.notna()].copy()
    frame["unit"] = world.members(layer, units)[frame.index]
    frame = frame[frame["unit"].notna() & (frame["unit"] != "")]
    frame = frame.sort_values(["unit", "residents", "unit_id"], ascending=[True, False, True])
    frame["rank"] = frame.groupby("unit").cumcount()
    made = pd.Series(layer.made(["geometry"]), index=layer.frame.index)
    rows = []
    for index, row in frame[frame["rank"] < most].iterrows():
        is_seat = row["rank"] == 0 and units.kind is UnitKind.TOWNSHIP
        around = units.frame["name"][row["unit"]] if units.kind is UnitKind.TOWNSHIP else ""
        own = row["unit_id"] if is_missing(row.get("name")) else row["name"]
        rows.append(
            {
                "candidate_id": f"{'4' if is_seat else '5'}-{row['unit_id']}",
                "kind": CandidateKind.TOWNSHIP_SEAT if is_seat else CandidateKind.VILLAGE,
                "name": f"{around} {own}".strip(),
                "land_stage": None,
                "is_synthetic": bool(made[index]),
                "unit": row["unit"],
                "geometry": shapely.point_on_surface(row.geometry),
            }
        )
    return rows


def _on_roads(world: World, townships: Units, *, without: set[str]) -> list[dict[str, Any]]:
    """Return the road beside the most populous point of each township without villages."""
    frame = townships.frame[townships.frame.geometry.notna()]
    return [
        {
            "candidate_id": f"6-{township}",
            "kind": CandidateKind.ROAD_NODE,
            "name": str(row["name"]),
            "land_stage": None,
            "is_synthetic": bool(townships.made["geometry"][township]),
            "geometry": _on_road(world, row["geometry"]),
        }
        for township, row in frame.iterrows()
        if township not in without
    ]


def _on_road(world: World, area: shapely.Geometry) -> shapely.Point:
    points, graph = demand(world), road_graph(world)
    inside = shapely.contains_xy(area, points.xy) if points is not None else np.zeros(0, bool)
    if points is None or not inside.any():
        return shapely.point_on_surface(area)
    residents = np.nan_to_num(points.children["residents"].to_numpy(dtype=float))
    most = points.xy[np.flatnonzero(inside)[residents[inside].argmax()]]
    if graph is None:
        return shapely.Point(most)
    on_road = snap(most[None, :], graph, limit_m=np.inf).xy[0]
    return shapely.Point(on_road if shapely.contains_xy(area, *on_road) else most)
