"""
Where roads may be wrong: joined ends, ends beside a road, long detours, and islands.

Ends that lie within a small gap of another road are joined when the roads are made
(`travel.road_tables`); what is listed here is for the eye of who keeps the roads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from zmd_layout.layers.roads import lines_of
from zmd_layout.measures.travel import figure, packaged_figures, road_ends, road_graph, road_tables
from zmd_layout.messages import Message
from zmd_layout.network import Mode, snap, within
from zmd_layout.vocabulary import RoadFault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.layers.roads import RoadTables
    from zmd_layout.measures.world import World
    from zmd_layout.network import LooseEnds

COLUMNS = ("kind", "gap_m", "way_m", "length_m")


def road_health(world: World) -> gpd.GeoDataFrame:
    """
    List where the roads of a study may be wrong.

    Returns
    -------
    GeoDataFrame
        In the study's plane, in a stable order: `kind` (`RoadFault`), `gap_m` to the other road,
        `way_m` to it along the roads (NaN: longer than is looked for, or none), `length_m` of an
        island. Points for ends, lines for islands. Empty without roads.
    """
    made: gpd.GeoDataFrame = world.keep("road health", lambda: _road_health(world))
    return made


def _road_health(world: World) -> gpd.GeoDataFrame:
    tables, ends = road_tables(world), road_ends(world)
    if tables is None or ends is None:
        empty: dict[str, list[float]] = {name: [] for name in COLUMNS}
        return gpd.GeoDataFrame(empty, geometry=[], crs=world.study.crs)
    parts = [_ends(world, tables, ends), _islands(tables, world.study.crs)]
    table = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=world.study.crs)


def _ends(world: World, tables: RoadTables, ends: LooseEnds) -> gpd.GeoDataFrame:
    """List the ends that were joined, and those near a road to which the way is long or none."""
    gap_m = ends.place.distance_m
    is_joined = gap_m <= figure(world, "join_ends_within_m")
    way_m = np.full(len(gap_m), np.nan)
    xy = tables.nodes.set_index("node_id")[["x", "y"]].loc[ends.node_id].to_numpy(dtype=float)
    longest_m = packaged_figures()["detour_listed_from_m"].value
    open_ends = np.flatnonzero(~is_joined)
    graph = road_graph(world, Mode.WALK)
    if graph is not None and len(open_ends):
        here = snap(xy[open_ends], graph, limit_m=1.0)
        there = snap(ends.place.xy[open_ends], graph, limit_m=1.0)
        pairs = within(graph, there, here, cutoff_m=longest_m).tocoo()
        is_own = pairs.row == pairs.col
        way_m[open_ends[pairs.row[is_own]]] = pairs.data[is_own]
    kind = np.where(is_joined, RoadFault.JOINED_END, RoadFault.LOOSE_END)
    is_listed = is_joined | np.isnan(way_m)
    return gpd.GeoDataFrame(
        {
            "kind": [str(one) for one in kind[is_listed]],
            "gap_m": gap_m[is_listed],
            "way_m": np.nan,
            "length_m": np.nan,
        },
        geometry=shapely.points(xy[is_listed]),
        crs=world.study.crs,
    )


def _islands(tables: RoadTables, crs: str) -> gpd.GeoDataFrame:
    """List the parts of the roads that hang on nothing, all but the longest."""
    part = _parts(tables)
    length_m = np.bincount(part, weights=tables.edges["length_m"])
    is_island = np.ones(len(length_m), dtype=bool)
    is_island[length_m.argmax()] = False
    rows = np.flatnonzero(is_island[part])
    rows = rows[np.argsort(part[rows], kind="stable")]
    number, first = np.unique(part[rows], return_index=True)
    lines = lines_of(tables)[rows] if len(rows) else np.empty(0, dtype=object)
    shapes = [shapely.multilinestrings(list(few)) for few in np.split(lines, first[1:]) if len(few)]
    return gpd.GeoDataFrame(
        {
            "kind": [str(RoadFault.ISLAND)] * len(number), "gap_m": np.nan, "way_m": np.nan,
            "length_m": length_m[number],
        },
        geometry=shapes, crs=crs,
    ).sort_values("length_m", ascending=False, kind="stable")  # fmt: skip


def _parts(tables: RoadTables) -> NDArray[np.int32]:
    """Return the part of the roads in which each edge lies, one-ways or not."""
    ids = pd.Index(tables.nodes["node_id"])
    ends = tuple(ids.get_indexer(tables.edges[end]) for end in ("u", "v"))
    graph = coo_array((np.ones(len(tables.edges)), ends), shape=(len(ids), len(ids)))
    part = connected_components(graph, directed=False)[1]
    return np.asarray(part[ends[0]], dtype=np.int32)


def road_note(world: World) -> Message | None:
    """Report what was found of the roads; None where there are none."""
    tables = road_tables(world)
    if tables is None:
        return None
    found = road_health(world)
    count = found["kind"].value_counts()
    joined = found[found["kind"] == RoadFault.JOINED_END]
    islands = found[found["kind"] == RoadFault.ISLAND]
    return Message(
        "network.road_health",
        joined=int(count.get(str(RoadFault.JOINED_END), 0)),
        widest_m=round(float(joined["gap_m"].max()) if len(joined) else 0.0, 1),
        within_m=figure(world, "join_ends_within_m"),
        loose=int(count.get(str(RoadFault.LOOSE_END), 0)),
        islands=len(islands),
        island_km=round(float(islands["length_m"].sum()) / 1000, 1),
        crossings=tables.counts.crossings_joined,
        passed=tables.counts.crossings_passed,
    )
