"""The roads layer as two plain tables, whatever it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

# points are tied to nodes: a tie is off along the road by half of this at most
LONGEST_EDGE_M = 100.0


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
    """

    ways: int = 0
    ways_cut: int = 0
    ways_lost: int = 0
    node_references_missing: int = 0


@dataclass(frozen=True, slots=True)
class RoadTables:
    """
    A road graph as tables: junctions, ends and what divides long stretches, and edges between them.

    Parameters
    ----------
    nodes
        One row a node: `node_id` (int64, unique), `x`, `y` (float64, metres of the study's
        working CRS).
    edges
        One row an edge: `u`, `v` (int64, `node_id` of its ends), `length_m` (float64, along
        the line, not the crow's), `highway` (str), `oneway` (bool: vehicles may go from `u` to
        `v` only; walkers may always go both ways). Parallel edges, loops and edges of length 0
        may occur: a graph takes the shortest of the parallels.
    counts
        What could not be used of the source.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    counts: RoadCounts = field(default_factory=RoadCounts)


class Division(NamedTuple):
    """
    Stretches that were divided into edges.

    Attributes
    ----------
    stretch, length_m
        (n,) the stretch that each edge is a piece of, and the length of the edge.
    start, end
        (n,) the nodes at its ends.
    of, nth, at_m
        (k,) for each new node its stretch, its number there from 1 on, and where it stands along
        all lines.
    """

    stretch: NDArray[np.int64]
    length_m: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    of: NDArray[np.int64]
    nth: NDArray[np.int64]
    at_m: NDArray[np.float64]


def divide(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    *,
    begins_at_m: NDArray[np.float64],
    length_m: NDArray[np.float64],
    first_new: int,
    longest_m: float,
) -> Division:
    """
    Divide stretches into equal edges, none longer than a limit.

    Parameters
    ----------
    start, end
        (m,) the nodes at the ends of each stretch.
    begins_at_m, length_m
        (m,) where each stretch begins along all lines, one after the other, and its length.
    first_new
        The number of the first new node; the others follow.
    longest_m
        The limit.
    """
    pieces = np.maximum(np.ceil(length_m / longest_m), 1).astype(np.int64)
    stretch = np.repeat(np.arange(len(start)), pieces)
    nth = np.arange(len(stretch)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    edge_m = (length_m / pieces)[stretch]
    is_new = nth > 0
    u = start[stretch]
    u[is_new] = first_new + np.arange(is_new.sum())
    v = np.where(nth == pieces[stretch] - 1, end[stretch], np.roll(u, -1))
    at_m = (begins_at_m[stretch] + nth * edge_m)[is_new]
    return Division(stretch, edge_m, u, v, stretch[is_new], nth[is_new], at_m)


def roads_near(roads: RoadTables, zone: BaseGeometry) -> RoadTables:
    """
    Give the stretches of which at least one end lies in a zone, with both their ends.

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
    return replace(roads, nodes=there, edges=kept)
