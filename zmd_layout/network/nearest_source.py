"""
Nearest sources over a sparse graph, exactly, with an order of its own among equals.

The search is one call of `scipy.sparse.csgraph.dijkstra` a label. SciPy knows neither sources that
start at a distance nor an order among equally near sources nor second-nearest ones; here are the
three, at a small share of the cost of the search:

Offsets
    Each source is a node of its own, whose one arc leads into the graph and is as long as the
    offset.
Ties
    The distances of a search are unique, only the choice among tight arcs (d[tail] + length =
    d[head]) is not. From the arcs that join two cells the smaller rank is passed on along tight
    arcs, until none changes.
The next nearest
    Let S(v) be the sources of the first i labels of v. The source of label i of v is the first of
    the labels of a neighbour u that is not in S(v). If S(u) ≠ S(v), that is one of the first i,
    known from the passes before: it starts at v with an offset. If S(u) = S(v), it is label i of u
    itself: an ordinary search among the arcs that join nodes with the same S.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from zmd_layout.layers.roads import expand_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Larger than any rank, so that whatever reaches a node is better.
UNREACHED = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Sources:
    """
    m starts of a search; a node may have several.

    Parameters
    ----------
    node
        (m,) int32 where it starts.
    offset_m
        (m,) at what distance, zero or more.
    rank
        (m,) int32 the source that it stands for; among equals the smaller wins.
    """

    node: NDArray[np.int32]
    offset_m: NDArray[np.float64]
    rank: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class NearestSource:
    """
    The nearest source of each of n nodes.

    Parameters
    ----------
    distance_m
        (n,) inf where no source reaches.
    rank
        (n,) int32, `UNREACHED` where no source reaches.
    """

    distance_m: NDArray[np.float64]
    rank: NDArray[np.int32]


def multi_source_dijkstra(
    weights: csr_array, seeds: Sources, *, limit_m: float = np.inf
) -> NearestSource:
    """
    Find the nearest source of every node, by distance, then by rank.

    Parameters
    ----------
    weights
        (n, n) metres of the arc from row to column, above zero.
    seeds
        The sources.
    limit_m
        Nodes beyond it, exclusive, are not reached.
    """
    node_count = weights.shape[0]
    seed_count = len(seeds.node)
    if seed_count == 0:
        return NearestSource(
            np.full(node_count, np.inf), np.full(node_count, UNREACHED, dtype=np.int32)
        )
    extended = _with_seeds(weights, seeds)
    distance_m, _, source = dijkstra(
        extended,
        indices=np.arange(node_count, node_count + seed_count),
        limit=limit_m,
        min_only=True,
        return_predecessors=True,
    )
    # scipy marks what it did not reach with a negative number.
    rank = seeds.rank[np.maximum(source - node_count, 0)]
    rank[source < 0] = UNREACHED
    _settle_ties(extended, distance_m, rank)
    return NearestSource(distance_m[:node_count], rank[:node_count])


def _with_seeds(weights: csr_array, seeds: Sources) -> csr_array:
    """Append a node for each seed; plain copying, since a million rows are no small matter."""
    size = weights.shape[0] + len(seeds.node)
    tail_ends = weights.indptr[-1] + np.arange(1, len(seeds.node) + 1, dtype=np.int32)
    return csr_array(
        (
            np.concatenate([weights.data, seeds.offset_m]),
            np.concatenate([weights.indices, seeds.node]),
            np.concatenate([weights.indptr, tail_ends]),
        ),
        shape=(size, size),
    )


def _settle_ties(
    weights: csr_array, distance_m: NDArray[np.float64], rank: NDArray[np.int32]
) -> None:
    """Pass the smaller rank on along tight arcs, in place."""
    tail_rank = np.repeat(rank, np.diff(weights.indptr))
    arcs = np.flatnonzero(tail_rank < rank[weights.indices])
    tails = np.searchsorted(weights.indptr, arcs, side="right") - 1
    while len(arcs):
        heads = weights.indices[arcs]
        is_tight = distance_m[tails] + weights.data[arcs] == distance_m[heads]
        is_better = is_tight & (rank[tails] < rank[heads])
        tails, heads = tails[is_better], heads[is_better]
        np.minimum.at(rank, heads, rank[tails])
        changed = np.unique(heads)
        starts, stops = weights.indptr[changed], weights.indptr[changed + 1]
        arcs = expand_runs(starts, stops)
        tails = np.repeat(changed, stops - starts)


def spread_many(
    weights: csr_array,
    seeds: Sources,
    *,
    count: int,
    limit_m: float = np.inf,
    progress: Callable[[int, int], None] | None = None,
) -> list[NearestSource]:
    """
    Find the nearest sources of every node, the nearest first.

    Parameters
    ----------
    weights
        (n, n) metres of the arc from row to column, above zero.
    seeds
        The sources.
    count
        How many different sources for each node.
    limit_m
        Nodes beyond it, exclusive, are not reached.
    progress
        Called with the number of labels done and wanted.

    Returns
    -------
    list of NearestSource
        `count` of them. Where a node has fewer sources in reach, the later ones are unreached.
    """
    tails = np.repeat(np.arange(weights.shape[0], dtype=np.int32), np.diff(weights.indptr))
    # The sources of a node as a set: its ranks in ascending order.
    members = np.empty((0, weights.shape[0]), dtype=np.int32)
    joins_equals = np.ones(weights.nnz, dtype=bool)
    labels: list[NearestSource] = []
    while len(labels) < count:
        starts = _next_seeds(weights, tails, seeds, labels, np.flatnonzero(~joins_equals))
        found = multi_source_dijkstra(
            _only_arcs(weights, tails, joins_equals), starts, limit_m=limit_m
        )
        labels.append(found)
        members = np.sort(np.vstack([members, found.rank]), axis=0)
        joins_equals = np.ones(weights.nnz, dtype=bool)
        for row in members:
            joins_equals &= row[tails] == row[weights.indices]
        if progress:
            progress(len(labels), count)
    return labels


def _only_arcs(
    weights: csr_array, tails: NDArray[np.int32], is_kept: NDArray[np.bool_]
) -> csr_array:
    if is_kept.all():
        return weights
    kept_of_row = np.bincount(tails[is_kept], minlength=weights.shape[0])
    starts = np.concatenate([[0], np.cumsum(kept_of_row)]).astype(np.int32)
    return csr_array((weights.data[is_kept], weights.indices[is_kept], starts), shape=weights.shape)


def _next_seeds(
    weights: csr_array,
    tails: NDArray[np.int32],
    seeds: Sources,
    labels: list[NearestSource],
    crossing: NDArray[np.int64],
) -> Sources:
    """
    Gather where the next label starts: at the sources' own nodes, and where sets of sources meet.

    Parameters
    ----------
    weights, tails
        The graph, and the row of each arc.
    seeds
        The sources.
    labels
        The labels that are known.
    crossing
        Arcs that join nodes with different sets of sources.
    """
    heads = weights.indices[crossing]
    crossing_tails = tails[crossing]
    rank = np.full(len(crossing), UNREACHED, dtype=np.int32)
    offset_m = np.full(len(crossing), np.inf)
    for label in reversed(labels):
        offered = label.rank[crossing_tails]
        is_new = (offered != UNREACHED) & ~_is_known(offered, heads, labels)
        rank[is_new] = offered[is_new]
        offset_m[is_new] = (label.distance_m[crossing_tails] + weights.data[crossing])[is_new]
    is_own = ~_is_known(seeds.rank, seeds.node, labels)
    is_offer = rank != UNREACHED
    return _best_by_node(
        Sources(
            np.concatenate([seeds.node[is_own], heads[is_offer]]),
            np.concatenate([seeds.offset_m[is_own], offset_m[is_offer]]),
            np.concatenate([seeds.rank[is_own], rank[is_offer]]),
        ),
        node_count=weights.shape[0],
    )


def _is_known(
    rank: NDArray[np.int32], node: NDArray[np.int32], labels: list[NearestSource]
) -> NDArray[np.bool_]:
    """Return whether a node has a source among its labels already."""
    known = np.zeros(len(rank), dtype=bool)
    for label in labels:
        known |= label.rank[node] == rank
    return known


def _best_by_node(seeds: Sources, *, node_count: int) -> Sources:
    """Keep the nearest seed of each node, and among equals the smallest rank."""
    nearest_m = np.full(node_count, np.inf)
    np.minimum.at(nearest_m, seeds.node, seeds.offset_m)
    is_nearest = seeds.offset_m == nearest_m[seeds.node]
    rank = np.full(node_count, UNREACHED, dtype=np.int32)
    np.minimum.at(rank, seeds.node[is_nearest], seeds.rank[is_nearest])
    node = np.flatnonzero(rank != UNREACHED).astype(np.int32)
    return Sources(node, nearest_m[node], rank[node])
