"""Ways over roads by brute force: every point against every road, and roads really cut in two."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from zmd_layout.layers.roads import RoadTables

LEAST_PART_M = 1000.0


@dataclass(frozen=True)
class Tied:
    """Where points come to the roads: the row of the edge, metres from its `u`, and the tie."""

    edge: NDArray[np.int64]
    along_m: NDArray[np.float64]
    tie_m: NDArray[np.float64]


class Oracle:
    """
    Roads as lines and as a graph of another library.

    Parameters
    ----------
    tables
        The roads.
    excluded
        Classes that may not be used.
    obeys_oneway
        Whether one-ways count.
    """

    def __init__(
        self, tables: RoadTables, *, excluded: Collection[str] = (), obeys_oneway: bool = False
    ) -> None:
        edges = tables.edges[~tables.edges["highway"].isin(list(excluded))]
        place = {node.node_id: (node.x, node.y) for node in tables.nodes.itertuples()}
        bend = tables.vertices[["x", "y"]].to_numpy() if len(tables.vertices) else None
        self.edges = list(edges.itertuples())
        self.obeys_oneway = obeys_oneway
        lines = []
        for edge in self.edges:
            inner = []
            if bend is not None:
                inner = bend[edge.first_vertex : edge.first_vertex + edge.vertex_count].tolist()
            lines.append(shapely.LineString([place[edge.u], *inner, place[edge.v]]))
        self.lines = np.array(lines, dtype=object)
        whole = nx.MultiDiGraph()
        for edge in self.edges:
            whole.add_edge(edge.u, edge.v)
            if not (obeys_oneway and edge.oneway):
                whole.add_edge(edge.v, edge.u)
        part = {
            node: number
            for number, nodes in enumerate(nx.strongly_connected_components(whole))
            for node in nodes
        }
        length_m: dict[int, float] = {}
        inside = [part[edge.u] == part[edge.v] for edge in self.edges]
        for edge, is_inside in zip(self.edges, inside, strict=True):
            length_m[part[edge.u]] = length_m.get(part[edge.u], 0.0) + edge.length_m * is_inside
        longest = max(length_m, key=lambda number: length_m[number])
        self.is_open = np.array(
            [
                is_inside and (length_m[part[edge.u]] >= LEAST_PART_M or part[edge.u] == longest)
                for edge, is_inside in zip(self.edges, inside, strict=True)
            ]
        )

    def tie(self, points_xy: NDArray[np.float64]) -> Tied:
        """Project every point on every open road."""
        usable = np.flatnonzero(self.is_open)
        edge, along_m, tie_m = [], [], []
        for point in shapely.points(np.asarray(points_xy, dtype=float)):
            away_m = shapely.distance(self.lines[usable], point)
            best = usable[away_m.argmin()]
            line = self.lines[best]
            part = line.project(point) / line.length if line.length else 0.0
            edge.append(best)
            along_m.append(part * self.edges[best].length_m)
            tie_m.append(away_m.min())
        return Tied(np.array(edge), np.array(along_m), np.array(tie_m))

    def distances(self, demand: Tied, facilities: Tied, *, limit_m: float) -> NDArray[np.float64]:
        """Give (demand, facilities) metres from door to door, inf where there is no way."""
        graph = nx.MultiDiGraph()
        on_edge: dict[int, list[tuple[float, object]]] = {}
        for kind, tied in (("d", demand), ("f", facilities)):
            for i, (edge, along_m) in enumerate(zip(tied.edge, tied.along_m, strict=True)):
                on_edge.setdefault(edge, []).append((along_m, (kind, i)))
        for number, edge in enumerate(self.edges):
            stops = [
                (0.0, edge.u),
                *sorted(on_edge.get(number, []), key=lambda stop: stop[0]),
                (edge.length_m, edge.v),
            ]
            for (from_m, a), (to_m, b) in itertools.pairwise(stops):
                graph.add_edge(a, b, weight=to_m - from_m)
                # of places at the end of a road, and at one spot, no sign says which comes first
                if to_m - from_m < 1e-6 or not (self.obeys_oneway and edge.oneway):
                    graph.add_edge(b, a, weight=to_m - from_m)
        table = np.full((len(demand.edge), len(facilities.edge)), np.inf)
        for i in np.flatnonzero(demand.tie_m <= limit_m):
            reached = nx.single_source_dijkstra_path_length(graph, ("d", i))
            for j in np.flatnonzero(facilities.tie_m <= limit_m):
                way_m = reached.get(("f", j), np.inf)
                table[i, j] = demand.tie_m[i] + way_m + facilities.tie_m[j]
        return table
