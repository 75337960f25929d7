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
        points = shapely.points(np.asarray(points_xy, dtype=float))
        best = [usable[shapely.distance(self.lines[usable], one).argmin()] for one in points]
        return self._projected(points, np.array(best))

    def tie_by_tree(self, points_xy: NDArray[np.float64]) -> Tied:
        """Project many points, each on the road that a tree of GEOS finds."""
        usable = np.flatnonzero(self.is_open)
        points = shapely.points(np.asarray(points_xy, dtype=float))
        return self._projected(points, usable[shapely.STRtree(self.lines[usable]).nearest(points)])

    def _projected(self, points: NDArray[np.object_], edge: NDArray[np.int64]) -> Tied:
        lines = self.lines[edge]
        part = shapely.line_locate_point(lines, points, normalized=True)
        length_m = np.array([self.edges[number].length_m for number in edge])
        return Tied(edge, np.nan_to_num(part) * length_m, shapely.distance(lines, points))

    def distances(self, demand: Tied, facilities: Tied, *, limit_m: float) -> NDArray[np.float64]:
        """Give (demand, facilities) metres from door to door, inf where there is no way."""
        graph = self._split(demand, facilities)
        table = np.full((len(demand.edge), len(facilities.edge)), np.inf)
        for i in np.flatnonzero(demand.tie_m <= limit_m):
            reached = nx.single_source_dijkstra_path_length(graph, ("d", i))
            for j in np.flatnonzero(facilities.tie_m <= limit_m):
                way_m = reached.get(("f", j), np.inf)
                table[i, j] = demand.tie_m[i] + way_m + facilities.tie_m[j]
        return table

    def nearest_m(self, demand: Tied, facilities: Tied, *, limit_m: float) -> NDArray[np.float64]:
        """Give (demand,) metres to the nearest facility on foot, inf where there is no way."""
        graph = self._split(demand, facilities)
        for j in np.flatnonzero(facilities.tie_m <= limit_m):
            graph.add_edge("all", ("f", j), weight=facilities.tie_m[j])
        reached = nx.single_source_dijkstra_path_length(graph, "all")
        way_m = np.array([reached.get(("d", i), np.inf) for i in range(len(demand.edge))])
        return np.where(demand.tie_m <= limit_m, way_m + demand.tie_m, np.inf)

    def _split(self, demand: Tied, facilities: Tied) -> nx.MultiDiGraph:
        """Make a graph in which every road is cut wherever a point comes to it."""
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
        return graph
