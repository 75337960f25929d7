"""Parts of a road graph that hang on nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from zmd_layout.layers.roads import RoadTables


class Islands(NamedTuple):
    """Parts of a road graph that no way joins to the longest: how many, and their metres."""

    parts: int
    length_m: float


def islands(tables: RoadTables) -> Islands:
    """
    Measure what walkers cannot reach from the main part of a road graph.

    Whoever lives there is tied to the main part if it is near, else has no way: a clip that is
    too narrow, or roads that were drawn without their joints, show here.
    """
    edges = tables.edges
    if edges.empty:
        return Islands(0, 0.0)
    ids = tables.nodes["node_id"].to_numpy()
    order = np.argsort(ids)
    ends = [order[np.searchsorted(ids, edges[end], sorter=order)] for end in ("u", "v")]
    graph = coo_array((np.ones(len(edges)), tuple(ends)), shape=(len(ids), len(ids)))
    _, part = connected_components(graph, directed=False)
    length_m = np.bincount(part[ends[0]], weights=edges["length_m"])
    return Islands(int((length_m > 0).sum()) - 1, float(length_m.sum() - length_m.max()))
