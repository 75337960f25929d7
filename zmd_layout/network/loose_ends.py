"""Roads that end beside another road without meeting it; small gaps are slips of drawing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.layers.roads import edge_vertices
from zmd_layout.network.pieces import RoadPieces, Stretches, round_lengths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.layers.roads import RoadTables
    from zmd_layout.network.pieces import OnRoad

# Nothing ends on these but their own links, whatever lies beside or under them.
_CLOSED = ("motorway", "motorway_link")

_NEXT_TO_END_M = 0.5

# Ids of the nodes at which a road is cut: that of the end that is joined there, and this.
_CUT_ID = -(2**62)


@dataclass(frozen=True, slots=True)
class LooseEnds:
    """
    Ends of roads near another road that they do not meet, as the roads were given.

    Attributes
    ----------
    node_id
        (n,) the node at the end.
    edge
        (n,) the row of the road that ends there.
    place
        The nearest place on another road of the same level: row of the edge and metres along it,
        and the gap to it.
    """

    node_id: NDArray[np.int64]
    edge: NDArray[np.int64]
    place: OnRoad

    def only(self, chosen: NDArray[np.bool_]) -> LooseEnds:
        """Return some of the ends."""
        return LooseEnds(self.node_id[chosen], self.edge[chosen], self.place.only(chosen))


def loose_ends(roads: RoadTables, *, within_m: float) -> LooseEnds:
    """
    Find the ends of roads that lie near another road of the same level.

    Parameters
    ----------
    roads
        The roads; loops have no ends.
    within_m
        The widest gap that counts as near.
    """
    edges = roads.edges
    row = pd.Index(roads.nodes["node_id"])
    ends = np.stack([row.get_indexer(edges[end]) for end in ("u", "v")])
    degree = np.bincount(ends.ravel(), minlength=len(row))
    side, edge = np.nonzero(degree[ends] == 1)
    node = ends[side, edge]
    order = np.argsort(roads.nodes["node_id"].to_numpy()[node])
    node, edge = node[order], edge[order]
    xy, first = edge_vertices(roads)
    pieces = RoadPieces(Stretches.undirected(ends, edges["length_m"].to_numpy(float), xy, first))
    points = roads.nodes[["x", "y"]].to_numpy(dtype=np.float64)[node]
    level = _levels(roads)
    is_closed = edges["highway"].isin(_CLOSED).to_numpy()

    def may_meet(end: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
        own = edge[end]
        is_other = (own != other) & (level[own] == level[other])
        return np.asarray(is_other & (~is_closed[other] | is_closed[own]))

    found, step = pieces.beside(points, within_m=within_m, may_meet=may_meet)
    place = _at_ends(roads, pieces.placed(points[found], step))
    near = LooseEnds(roads.nodes["node_id"].to_numpy()[node[found]], edge[found], place)
    return near.only(~_is_told_by_other(near, _node_at(roads, near)))


def _at_ends(roads: RoadTables, place: OnRoad) -> OnRoad:
    """Move places that are next to the end of a road to that end: no road is cut so near to it."""
    length_m = round_lengths(roads.edges["length_m"].to_numpy(dtype=np.float64)[place.edge])
    along_m = np.where(place.along_m < _NEXT_TO_END_M, 0.0, place.along_m)
    along_m = np.where(along_m > length_m - _NEXT_TO_END_M, length_m, along_m)
    return replace(place, along_m=along_m)


def _node_at(roads: RoadTables, ends: LooseEnds) -> NDArray[np.int64]:
    """Return the node at the place beside each end: where it is none yet, a new one."""
    edges, place = roads.edges, ends.place
    length_m = round_lengths(edges["length_m"].to_numpy(dtype=np.float64)[place.edge])
    starts, stops = (edges[end].to_numpy()[place.edge] for end in ("u", "v"))
    node = np.where(place.along_m >= length_m, stops, _CUT_ID + ends.node_id)
    return np.asarray(np.where(place.along_m <= 0, starts, node))


def _is_told_by_other(ends: LooseEnds, node: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which ends face an end that faces them: such a gap is listed once."""
    faced = pd.Series(node, index=ends.node_id).reindex(node).to_numpy()
    return np.asarray((faced == ends.node_id) & (node < ends.node_id))


def _levels(roads: RoadTables) -> NDArray[np.float64]:
    if "level" not in roads.edges:
        return np.zeros(len(roads.edges))
    return roads.edges["level"].fillna(0.0).to_numpy(dtype=np.float64)


def join(roads: RoadTables, ends: LooseEnds) -> RoadTables:
    """
    Join ends to the places beside them: the roads there are cut, and the gaps become roads.

    Parameters
    ----------
    roads
        The roads.
    ends
        Those that are to be joined, found in these roads.
    """
    if not len(ends.node_id):
        return roads
    edges, place = roads.edges, ends.place
    node = _node_at(roads, ends)
    is_cut = node == _CUT_ID + ends.node_id
    cuts = pd.DataFrame(
        {
            "edge": place.edge, "along_m": place.along_m, "passed": place.passed, "node": node,
            "x": place.xy[:, 0], "y": place.xy[:, 1],
        }
    )[is_cut]  # fmt: skip
    gaps = edges.iloc[ends.edge].reset_index(drop=True)
    gaps = gaps.assign(u=ends.node_id, v=node, length_m=place.distance_m, oneway=False)
    for name in {"first_vertex", "vertex_count"} & set(gaps):
        gaps[name] = 0
    kept = edges.drop(index=edges.index[cuts["edge"].unique()])
    new = cuts.rename(columns={"node": "node_id"})[["node_id", "x", "y"]]
    return replace(
        roads,
        nodes=pd.concat([roads.nodes, new], ignore_index=True),
        edges=pd.concat([kept, _cut_edges(edges, cuts), gaps], ignore_index=True),
    )


def _cut_edges(edges: pd.DataFrame, cuts: pd.DataFrame) -> pd.DataFrame:
    """Cut edges at places; bends stay with the part in which they lie."""
    cuts = cuts.sort_values(["edge", "along_m", "node"], ignore_index=True)
    whole = edges.iloc[cuts["edge"].unique()]
    number = np.arange(len(whole))
    of_cut = np.repeat(number, cuts.groupby("edge").size())
    bends = "vertex_count" in edges
    count = whole["vertex_count"].to_numpy() if bends else np.zeros(len(whole), dtype=np.int64)
    marks = pd.DataFrame(
        {
            "number": np.concatenate([number, of_cut, number]),
            "along_m": np.concatenate(
                [np.full(len(whole), -1.0), cuts["along_m"], np.full(len(whole), np.inf)]
            ),
            "at_m": np.concatenate([np.zeros(len(whole)), cuts["along_m"], whole["length_m"]]),
            "passed": np.concatenate([np.zeros(len(whole), np.int64), cuts["passed"], count]),
            "node": np.concatenate([whole["u"], cuts["node"], whole["v"]]),
        }
    ).sort_values(["number", "along_m"], kind="stable", ignore_index=True)
    following = marks.shift(-1)
    is_part = (marks["number"] == following["number"]).to_numpy()
    begin, end = marks[is_part], following[is_part]
    parts = whole.iloc[begin["number"].to_numpy()].reset_index(drop=True)
    parts["u"] = begin["node"].to_numpy(dtype=np.int64)
    parts["v"] = marks["node"].to_numpy()[1:][is_part[:-1]]
    parts["length_m"] = end["at_m"].to_numpy(float) - begin["at_m"].to_numpy(float)
    if bends:
        passed = begin["passed"].to_numpy()
        parts["first_vertex"] = parts["first_vertex"].to_numpy() + passed
        parts["vertex_count"] = end["passed"].to_numpy(dtype=np.int64) - passed
    return parts
