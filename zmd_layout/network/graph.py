"""The road graph of one mode of travel, as sparse arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from zmd_layout.errors import CrsError, LayerError
from zmd_layout.layers.roads import edge_vertices, expand_runs
from zmd_layout.messages import Message
from zmd_layout.network.bands import Bands, order_in_bands
from zmd_layout.network.modes import EXCLUDED_HIGHWAYS, Mode
from zmd_layout.network.pieces import RoadPieces, Stretches, round_lengths

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from zmd_layout.errors import ZmdLayoutError
    from zmd_layout.layers.roads import RoadTables

# A zero would vanish from a sparse sum, and a road of no length is a slip of the pen.
_SHORTEST_EDGE_M = 0.001

# Points are tied to parts of a graph that are at least so long, and to the longest. What is shorter
# is a scrap of drawing; what is longer leads somewhere, if not everywhere.
LEAST_NETWORK_M = 1000.0

# Lengths in metres over coordinates in degrees differ by a factor of about 100,000. No road winds
# so much that a thousand would be met in earnest.
_DEGREES_SUSPECTED_ABOVE = 1000.0


@dataclass(frozen=True, slots=True)
class GraphCounts:
    """
    What became of the stretches of road.

    Parameters
    ----------
    edges
        Stretches given.
    edges_excluded
        Left out because their class is closed to this mode.
    edges_of_unknown_class
        Kept although their class is not known.
    loops
        Left out because they end where they begin.
    edges_floored
        Shorter than 1 mm, and taken as 1 mm.
    parallels
        Directed arcs beside a shorter one (or an equal one) between the same two nodes.
    nodes, nodes_in_main
        In the graph, and in its main component.
    components
        Parts between which no one can go and return.
    """

    edges: int
    edges_excluded: int
    edges_of_unknown_class: int
    loops: int
    edges_floored: int
    parallels: int
    nodes: int
    nodes_in_main: int
    components: int


@dataclass(frozen=True, kw_only=True)
class RoadGraph:
    """
    A road graph of n nodes for one mode; made by `build_graph`, the same for any order of rows.

    Attributes
    ----------
    mode
        How one travels on it.
    weights
        (n, n) sparse, int32 indices: metres of the arc from row to column, never zero or NaN.
    reversed_weights
        The same with all arcs turned round; on foot the same object.
    node_id
        (n,) the ids of the road tables.
    node_xy
        (n, 2) metres in the plane of the road tables.
    component
        (n,) label of the part in which one can go from any node to any other and return.
    is_main
        (n,) whether a node is in the part with the longest roads.
    stretches
        The edges with their shapes.
    least_detour
        The smallest length of an edge over that of its shape in the plane; a bound on how far a
        path can lead away.
    bands
        The spatial order in which the nodes stand.
    counts
        What became of the stretches of road.
    """

    mode: Mode
    weights: csr_array
    reversed_weights: csr_array
    node_id: NDArray[np.int64]
    node_xy: NDArray[np.float64]
    component: NDArray[np.int32]
    is_main: NDArray[np.bool_]
    stretches: Stretches
    least_detour: float
    bands: Bands
    counts: GraphCounts

    @cached_property
    def pieces(self) -> RoadPieces:
        """The roads that points are tied to, ready to be searched."""
        return RoadPieces(self.stretches)


def build_graph(
    roads: RoadTables, *, mode: Mode | str, excluded_highways: Collection[str] | None = None
) -> RoadGraph:
    """
    Build the graph of one mode from stretches of road.

    Roads should reach beyond the study area (and schools, too): a child at the edge may go to
    school across it. Reports are limited to the area, distances are not.

    Parameters
    ----------
    roads
        Nodes and stretches in a projected plane in metres.
    mode
        `drive` obeys one-ways, the others ignore them.
    excluded_highways
        Classes that this mode may not use, or None for `EXCLUDED_HIGHWAYS[mode]`. A stretch
        whose class is not known is kept, and counted.

    Returns
    -------
    RoadGraph
        Of parallel arcs the shortest is kept; nodes without an arc are left out. Points are tied
        to the parts of at least `LEAST_NETWORK_M` of road and to the longest one.

    Raises
    ------
    LayerError
        The tables contradict themselves (all faults are told), or no road is left.
    CrsError
        The coordinates are degrees.
    """
    mode = Mode(mode)
    faults = _table_faults(roads)
    if faults:
        raise LayerError(*faults)
    excluded = (
        EXCLUDED_HIGHWAYS[mode] if excluded_highways is None else frozenset(excluded_highways)
    )
    edges = roads.edges
    is_excluded = edges["highway"].isin(list(excluded)).to_numpy(dtype=bool)
    is_loop = (edges["u"] == edges["v"]).to_numpy(dtype=bool)
    if (is_excluded | is_loop).all():
        raise LayerError(Message("network.no_roads", edges=len(edges), mode=_mode_message(mode)))
    used = edges.loc[~is_excluded]
    node_id, node_xy, ends, bands = _nodes(roads.nodes, used.loc[~is_loop[~is_excluded]], used)
    kept = np.flatnonzero((ends >= 0).all(axis=0))  # a loop that hangs on nothing has no node
    used, ends = used.iloc[kept], ends[:, kept]
    xy, first = edge_vertices(replace(roads, edges=used))
    shape_m = _shape_lengths(xy, first)
    given_m = used["length_m"].to_numpy(dtype=np.float64)
    _refuse_degrees(given_m, shape_m)
    length_m = round_lengths(np.maximum(given_m, _SHORTEST_EDGE_M))
    is_oneway = used["oneway"].to_numpy(dtype=bool) & (mode is Mode.DRIVE)
    order = _edge_order(ends, length_m, xy, first)
    ends, length_m, is_oneway = ends[:, order], length_m[order], is_oneway[order]
    is_arc = ends[0] != ends[1]
    weights, arc_count = _arcs(
        ends[:, is_arc], length_m[is_arc], is_oneway[is_arc], node_count=len(node_id)
    )
    component_count, component = connected_components(weights, connection="strong")
    is_inside = component[ends[0]] == component[ends[1]]
    part_m = np.bincount(
        component[ends[0]], weights=length_m * is_inside, minlength=component_count
    )
    main = part_m.argmax()
    is_tied = part_m >= LEAST_NETWORK_M
    is_tied[main] = True
    apart = shape_m > 0
    is_main = component == main
    count = np.diff(first)[order]
    return RoadGraph(
        mode=mode,
        weights=weights,
        reversed_weights=weights if mode is not Mode.DRIVE else _int32(weights.T.tocsr()),
        node_id=node_id,
        node_xy=node_xy,
        component=component.astype(np.int32),
        is_main=is_main,
        stretches=Stretches(
            ends=ends.astype(np.int32),
            length_m=length_m,
            is_forward=np.ones(len(length_m), dtype=bool),
            is_backward=~is_oneway,
            is_open=is_inside & is_tied[component[ends[0]]],
            xy=xy[expand_runs(first[order], first[order] + count)],
            first=np.concatenate([[0], np.cumsum(count)]),
        ),
        least_detour=float((given_m[apart] / shape_m[apart]).min(initial=1.0)),
        bands=bands,
        counts=GraphCounts(
            edges=len(edges),
            edges_excluded=int(is_excluded.sum()),
            edges_of_unknown_class=int((used["highway"].isna() | (used["highway"] == "")).sum()),
            loops=int((is_loop & ~is_excluded).sum()),
            edges_floored=int((given_m < _SHORTEST_EDGE_M).sum()),
            parallels=arc_count - weights.nnz,
            nodes=len(node_id),
            nodes_in_main=int(is_main.sum()),
            components=int(component_count),
        ),
    )


def _shape_lengths(xy: NDArray[np.float64], first: NDArray[np.int64]) -> NDArray[np.float64]:
    """Measure the shapes of edges in the plane."""
    step_m = np.hypot(*np.diff(xy, axis=0, append=xy[-1:]).T)
    step_m[first[1:] - 1] = 0.0
    found: NDArray[np.float64] = np.add.reduceat(step_m, first[:-1])
    return found


def _edge_order(
    ends: NDArray[np.int64],
    length_m: NDArray[np.float64],
    xy: NDArray[np.float64],
    first: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Order edges by their ends, parallel ones by length and shape: the same for any row order."""
    bend = xy[first[:-1] + 1]
    order = np.lexsort((ends[1], ends[0]))
    pair = ends[:, order]
    is_equal = (pair[:, 1:] == pair[:, :-1]).all(axis=0)
    is_parallel = np.concatenate([is_equal, [False]]) | np.concatenate([[False], is_equal])
    some = order[is_parallel]
    keys = (bend[some, 1], bend[some, 0], length_m[some], ends[1, some], ends[0, some])
    order[is_parallel] = some[np.lexsort(keys)]
    return order


def _mode_message(mode: Mode) -> Message:
    return Message(f"network.mode_{mode}")


_COLUMNS = {"nodes": ("node_id", "x", "y"), "edges": ("u", "v", "length_m", "highway", "oneway")}


def _table_faults(roads: RoadTables) -> list[Message]:
    """List what makes the tables no graph; where columns lack, nothing else can be looked at."""
    missing = [
        f"{table}.{column}"
        for table, columns in _COLUMNS.items()
        for column in columns
        if column not in getattr(roads, table).columns
    ]
    if missing:
        return [Message("network.missing_columns", columns=missing)]
    nodes, edges = roads.nodes, roads.edges
    is_length = np.isfinite(edges["length_m"]) & (edges["length_m"] >= 0)
    bad = {
        "network.duplicate_nodes": nodes["node_id"].duplicated().sum(),
        "network.bad_coordinates": (~np.isfinite(nodes[["x", "y"]]).all(axis=1)).sum(),
        "network.unknown_ends": (
            ~edges[["u", "v"]].isin(nodes["node_id"].to_numpy()).all(axis=1)
        ).sum(),
        "network.bad_lengths": (~is_length).sum(),
        "network.bad_oneway": edges["oneway"].isna().sum(),
    }
    return [Message(key, count=int(count)) for key, count in bad.items() if count]


def _refuse_degrees(length_m: NDArray[np.float64], shape_m: NDArray[np.float64]) -> None:
    if length_m.sum() > _DEGREES_SUSPECTED_ABOVE * shape_m.sum() > 0:
        raise degrees_error(Message("network.from_lengths"))


def degrees_error(found: Message | str) -> ZmdLayoutError:
    """Make the error that refuses coordinates that are no metres."""
    return CrsError(Message("network.needs_metres", found=found))


def _nodes(
    nodes: pd.DataFrame, arcs: pd.DataFrame, used: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], Bands]:
    """Return ids and coordinates of the nodes with arcs, in bands, and the ends of used edges."""
    ids = np.unique(arcs[["u", "v"]].to_numpy(dtype=np.int64))
    rows = pd.Index(nodes["node_id"]).get_indexer(ids)
    xy = nodes[["x", "y"]].to_numpy(dtype=np.float64)[rows]
    order, bands = order_in_bands(xy, ids)
    place = np.empty(len(ids), dtype=np.int64)
    place[order] = np.arange(len(ids))
    of_ends = pd.Index(ids).get_indexer(used[["u", "v"]].to_numpy(dtype=np.int64).T.ravel())
    ends = np.where(of_ends >= 0, place[of_ends], -1).reshape(2, -1)
    return ids[order], xy[order], ends, bands


def _arcs(
    ends: NDArray[np.int64],
    length_m: NDArray[np.float64],
    is_oneway: NDArray[np.bool_],
    *,
    node_count: int,
) -> tuple[csr_array, int]:
    """Turn edges into a sparse array of arcs, and count the arcs before the shortest was taken."""
    both = ~is_oneway
    pair = np.concatenate(
        [ends[0] * node_count + ends[1], ends[1][both] * node_count + ends[0][both]]
    )
    arc_m = np.concatenate([length_m, length_m[both]])
    order = np.argsort(pair)
    pair = pair[order]
    firsts = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]]))
    # Of parallel arcs the shortest; scipy would add them up.
    shortest_m = np.minimum.reduceat(arc_m[order], firsts)
    tail, head = np.divmod(pair[firsts], node_count)
    starts = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=node_count))])
    shape = (node_count, node_count)
    return _int32(csr_array((shortest_m, head, starts), shape=shape)), len(pair)


def _int32(weights: csr_array) -> csr_array:
    """Store indices in 32 bits, which is what scipy's searches would copy them to."""
    parts = (weights.data, weights.indices.astype(np.int32), weights.indptr.astype(np.int32))
    return csr_array(parts, shape=weights.shape)
