"""Where a new school could stand: reserved land first, then seats of townships and villages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.measures.world import by_position
from zmd_layout.vocabulary import ConstraintKind, LandUse, UnitKind

if TYPE_CHECKING:
    from zmd_layout.measures import World
    from zmd_layout.measures.units import Units

# The distances of GB 50099-2011 4.1.6 (teaching windows from railways and main roads).
BUFFER_M = {ConstraintKind.RAILWAY: 300.0, ConstraintKind.ARTERIAL: 80.0}
RESERVED, SEAT, VILLAGE = "reserved_land", "township_seat", "village"
_VILLAGES_PER_TOWNSHIP = 3


def candidates(world: World) -> gpd.GeoDataFrame:
    """
    Gather the places at which a new school could be put.

    Vacant reserved education land comes first, then one place a township (its most populous
    village, else a point within it), then its next villages by residents. Places on ground where no
    school may go are left out.

    Returns
    -------
    candidates
        Points with `candidate_id, kind, name, stage` (of reserved land, else None)`, county_id,
        township_id, is_made`, sorted by `candidate_id`, in the study's plane.
    """
    parts = [_reserved_land(world), _in_townships(world)]
    filled = [part for part in parts if len(part)]
    if not filled:
        return _empty(world.study.crs)
    table = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=world.study.crs)
    for kind, column in ((UnitKind.COUNTY, "county_id"), (UnitKind.TOWNSHIP, "township_id")):
        units = world.units(kind, {})
        place = by_position(table, units) if units is not None else None
        table[column] = "" if place is None else place.fillna("").to_numpy()
    free = table[~_is_forbidden(table, world)]
    return gpd.GeoDataFrame(free.sort_values("candidate_id", ignore_index=True))


def _empty(crs: str) -> gpd.GeoDataFrame:
    names = ("candidate_id", "kind", "name", "stage", "county_id", "township_id", "is_made")
    return gpd.GeoDataFrame({name: [] for name in names}, geometry=[], crs=crs)


def _reserved_land(world: World) -> gpd.GeoDataFrame:
    if "education_land" not in world.layers:
        return _empty(world.study.crs)
    layer = world.layers["education_land"]
    frame = layer.frame
    if "current_use" not in frame:
        return _empty(world.study.crs)
    vacant = frame[frame["current_use"] == LandUse.VACANT]
    return gpd.GeoDataFrame(
        {
            "candidate_id": "1-" + vacant["parcel_id"].astype(str),
            "kind": RESERVED,
            "name": vacant["name"].astype(str) if "name" in vacant else vacant["parcel_id"],
            "stage": vacant.get("stage"),
            "is_made": layer.made(["geometry"])[vacant.index],
        },
        geometry=shapely.point_on_surface(vacant.geometry.to_numpy()),
        crs=world.study.crs,
    )


def _in_townships(world: World) -> gpd.GeoDataFrame:
    """Take the most populous villages of each township, or a point within where there are none."""
    townships = world.units(UnitKind.TOWNSHIP, {})
    if townships is None:
        return _empty(world.study.crs)
    rows = [*_central_villages(world, townships), *_points_within(world, townships)]
    if not rows:
        return _empty(world.study.crs)
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=world.study.crs)
    is_second = (table["kind"] == SEAT) & table["township"].duplicated()
    return gpd.GeoDataFrame(table[~is_second].drop(columns="township"))


def _central_villages(world: World, townships: Units) -> list[dict[str, object]]:
    layer = world.layers.get("villages")
    if layer is None or "residents" not in layer.frame:
        return []
    frame = layer.frame[layer.frame.geometry.notna()].copy()
    frame["township"] = world.members(layer, townships)[frame.index]
    frame = frame[frame["township"].notna() & (frame["township"] != "")]
    frame = frame.sort_values(["township", "residents", "unit_id"], ascending=[True, False, True])
    made = pd.Series(layer.made(["geometry"]), index=layer.frame.index)
    rows = []
    for township, group in frame.groupby("township", sort=True):
        for rank, (index, row) in enumerate(group.head(_VILLAGES_PER_TOWNSHIP).iterrows()):
            seat = townships.frame["name"][township]
            rows.append(
                {
                    "candidate_id": f"{'2' if rank == 0 else '3'}-{row['unit_id']}",
                    "kind": SEAT if rank == 0 else VILLAGE,
                    "name": f"{seat} {row['name']}" if row.get("name") else str(seat),
                    "stage": None,
                    "is_made": bool(made[index]),
                    "township": township,
                    "geometry": shapely.point_on_surface(row.geometry),
                }
            )
    return rows


def _points_within(world: World, townships: Units) -> list[dict[str, object]]:
    del world
    frame = townships.frame[townships.frame.geometry.notna()]
    return [
        {
            "candidate_id": f"4-{township}",
            "kind": SEAT,
            "name": str(row["name"]),
            "stage": None,
            "is_made": bool(townships.made["geometry"][township]),
            "township": township,
            "geometry": shapely.point_on_surface(row.geometry),
        }
        for township, row in frame.iterrows()
    ]


def _is_forbidden(
    table: gpd.GeoDataFrame, world: World
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Find the places on ground where no school may go."""
    forbidden = np.zeros(len(table), dtype=bool)
    layer = world.layers.get("constraints")
    if layer is None:
        return forbidden
    points = table.geometry.to_numpy()
    for kind, group in layer.frame.groupby("kind", sort=True):
        tree = shapely.STRtree(group.geometry.to_numpy())
        reach_m = BUFFER_M.get(ConstraintKind(str(kind)), 0.0)
        hit = tree.query(points, predicate="dwithin", distance=reach_m)[0]
        forbidden[np.unique(hit)] = True
    return forbidden
