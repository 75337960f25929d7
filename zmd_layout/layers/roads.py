"""The roads layer as two plain tables, whatever it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class RoadCounts:
    """
    What a source of roads held, and what of it could not be used.

    Parameters
    ----------
    ways
        Ways with a `highway` that a graph is made of.
    ways_cut
        Those of them that lack at least one node, and were cut there.
    ways_lost
        Those of them of which no two neighbouring nodes are known: nothing is left.
    node_references_missing
        Places in ways that name a node which the source does not hold. A node that two ways
        name counts twice.
    crossings_joined, crossings_passed
        Places where drawn lines touch or cross without a common vertex, and now meet; and places
        where they cross, and pass over each other.
    """

    ways: int = 0
    ways_cut: int = 0
    ways_lost: int = 0
    node_references_missing: int = 0
    crossings_joined: int = 0
    crossings_passed: int = 0


@dataclass(frozen=True, slots=True)
class RoadTables:
    """
    A road graph as tables: junctions and ends, the stretches between them, and where those bend.

    Parameters
    ----------
    nodes
        One row a node: `node_id` (int64, unique), `x`, `y` (float64, metres of the study's
        working CRS).
    edges
        One row an edge: `u`, `v` (int64, `node_id` of its ends), `length_m` (float64, along
        the line, not the crow's), `highway` (str), `oneway` (bool: vehicles may go from `u` to
        `v` only; walkers may always go both ways). Parallel edges, loops and edges of length 0
        may occur: a graph takes the shortest of the parallels. Optional: `first_vertex`,
        `vertex_count` (int64), the rows of `vertices` at which the edge bends, from `u` to `v`;
        without them edges are straight. `level` (float64): 0 on the ground, above it bridges,
        below it tunnels; without it all are on the ground.
    counts
        What could not be used of the source.
    vertices
        `x`, `y` (float64) of the bends, edge after edge.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    counts: RoadCounts = field(default_factory=RoadCounts)
    vertices: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"x": [], "y": []}))


_NOT_THERE = frozenset({"", "no", "false", "f", "0", "n"})


def level_of(bridge: str | None, tunnel: str | None, layer: str | None) -> float:
    """
    Return the level of a road by OSM's `bridge`, `tunnel` and `layer`: 0 is the ground.

    `layer` goes before the others, for it says of two bridges which is above; where it is not
    given, or 0, a bridge is at 1 and a tunnel at -1.
    """
    try:
        level = float(layer or 0)
    except ValueError:
        level = 0.0
    if level:
        return level
    is_bridge, is_tunnel = (
        (word or "").strip().lower() not in _NOT_THERE for word in (bridge, tunnel)
    )
    return float(is_bridge) - float(is_tunnel)


def expand_runs(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.int64]:
    """List the positions of half-open runs, run after run."""
    lengths = stops - starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


def edge_vertices(roads: RoadTables) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """
    List the vertices of all edges, from `u` to `v`, edge after edge.

    Returns
    -------
    xy
        (k, 2) in the plane of the tables.
    first
        (edges + 1,) the vertices of edge `i` are those from `first[i]` to `first[i + 1]`.
    """
    edges = roads.edges
    node_xy = roads.nodes[["x", "y"]].to_numpy(dtype=np.float64)
    rows = pd.Index(roads.nodes["node_id"])
    inner = np.zeros(len(edges), dtype=np.int64)
    if "vertex_count" in edges:
        inner = edges["vertex_count"].to_numpy(dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(inner + 2)])
    xy = np.empty((first[-1], 2))
    xy[first[:-1]] = node_xy[rows.get_indexer(edges["u"])]
    xy[first[1:] - 1] = node_xy[rows.get_indexer(edges["v"])]
    if inner.any():
        given = edges["first_vertex"].to_numpy(dtype=np.int64)
        taken = roads.vertices[["x", "y"]].to_numpy()[expand_runs(given, given + inner)]
        xy[expand_runs(first[:-1] + 1, first[1:] - 1)] = taken
    return xy, first


def lines_of(roads: RoadTables) -> NDArray[np.object_]:
    """Return the edges as lines."""
    xy, first = edge_vertices(roads)
    edge = np.repeat(np.arange(len(roads.edges)), np.diff(first))
    return np.asarray(shapely.linestrings(xy, indices=edge), dtype=object)


def joined_tables(tables: Sequence[RoadTables]) -> RoadTables:
    """
    Join tables of one plane; nodes and edges that several have are taken once.

    Parameters
    ----------
    tables
        At least one; its counts are those of the first.
    """
    moved, before = [], 0
    for part in tables:
        edges = part.edges
        if "first_vertex" in edges:
            edges = edges.assign(first_vertex=edges["first_vertex"] + before)
        moved.append(edges)
        before += len(part.vertices)
    edges = pd.concat(moved, ignore_index=True)
    if "vertex_count" in edges:
        columns = ["first_vertex", "vertex_count"]
        edges[columns] = edges[columns].fillna(0).astype(np.int64)
    return replace(
        tables[0],
        nodes=pd.concat([t.nodes for t in tables]).drop_duplicates("node_id", ignore_index=True),
        edges=edges.drop_duplicates(["u", "v", "length_m"], ignore_index=True),
        vertices=pd.concat([t.vertices for t in tables], ignore_index=True),
    )


def roads_near(roads: RoadTables, zone: BaseGeometry) -> RoadTables:
    """
    Return the stretches of which at least one end lies in a zone, with both their ends.

    Parameters
    ----------
    roads
        The roads.
    zone
        An area in their plane.
    """
    nodes, edges = roads.nodes, roads.edges
    shapely.prepare(zone)
    inside = nodes["node_id"][shapely.intersects_xy(zone, nodes["x"], nodes["y"])]
    kept = edges[edges["u"].isin(inside) | edges["v"].isin(inside)].reset_index(drop=True)
    ends = pd.concat([kept["u"], kept["v"]]).unique()
    there = nodes[nodes["node_id"].isin(ends)].reset_index(drop=True)
    vertices = roads.vertices
    if "vertex_count" in kept:
        first, count = (kept[name].to_numpy() for name in ("first_vertex", "vertex_count"))
        vertices = vertices.iloc[expand_runs(first, first + count)].reset_index(drop=True)
        kept = kept.assign(first_vertex=np.cumsum(count) - count)
    return replace(roads, nodes=there, edges=kept, vertices=vertices)
