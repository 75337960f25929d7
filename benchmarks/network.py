"""
Time distances on made road grids beside a bare SciPy call and other engines, in one run.

    python benchmarks/network.py --nodes 100000 500000 1000000

Calls that are compared take turns, so that a busy machine troubles both alike, and the best run of
each is told. igraph, NetworKit and networkx are timed where they are
installed, and their distances compared with ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from printing import table
from scipy.sparse.csgraph import dijkstra
from taking import in_turns

from zmd_layout.layers.roads import RoadTables
from zmd_layout.network import RoadGraph, Snap, build_graph, k_nearest, nearest, snap, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Search = Callable[[], NDArray[np.float64]]

BLOCK_M = 100.0
NODES_PER_FACILITY = 300
NODES_PER_HOME = 10
SITES = 300
CUTOFF_M = 5000.0
ROWS_PER_THREAD_JOB = 25
# networkx needs minutes and gigabytes beyond.
MOST_NODES_FOR_NETWORKX = 100_000


def perturbed_grid(node_count: int, *, seed: int) -> RoadTables:
    """Make streets in a grid, with moved corners, gaps and detours."""
    random = np.random.default_rng(seed)
    side = round(node_count**0.5)
    corner = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
    xy = corner * BLOCK_M + random.uniform(-30, 30, corner.shape)
    number = np.arange(side * side).reshape(side, side)
    along = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    across = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    ends = np.vstack([along, across])
    u, v = ends[random.random(len(ends)) < 0.85].T
    length_m = np.hypot(*(xy[u] - xy[v]).T) * random.uniform(1, 1.3, len(u))
    nodes = pd.DataFrame({"node_id": number.ravel(), "x": xy[:, 0], "y": xy[:, 1]})
    edges = pd.DataFrame(
        {"u": u, "v": v, "length_m": length_m, "highway": "residential", "oneway": False}
    )
    return RoadTables(nodes, edges)


@dataclass(frozen=True)
class Arcs:
    """A graph with one more node, the last, that stands for all facilities."""

    tails: NDArray[np.int64]
    heads: NDArray[np.int64]
    length_m: NDArray[np.float64]
    source: int


def arcs_from_facilities(tables: RoadTables, graph: RoadGraph, facilities: Snap) -> Arcs:
    """Take the lengths as they were given, so that our rounding of them shows in a comparison."""
    places = pd.Index(graph.node_id)
    u, v = (places.get_indexer(tables.edges[end]) for end in ("u", "v"))
    given_m = tables.edges["length_m"].to_numpy()
    source = len(graph.node_id)
    return Arcs(
        np.concatenate([u, v, np.full(2 * len(facilities), source)]),
        np.concatenate([v, u, facilities.node.T.ravel()]).astype(np.int64),
        np.concatenate([given_m, given_m, from_door(facilities).T.ravel()]),
        source,
    )


def from_door(places: Snap) -> NDArray[np.float64]:
    """Return the metres from places to both ends of their edges, on foot."""
    return places.along_m + places.distance_m[:, None]


def with_igraph(arcs: Arcs) -> Search:
    import igraph  # noqa: PLC0415 - only where it is installed

    ends = np.column_stack([arcs.tails, arcs.heads])
    graph = igraph.Graph(n=arcs.source + 1, edges=ends, directed=True)
    return lambda: np.array(graph.distances(source=[arcs.source], weights=arcs.length_m)[0])


def with_networkit(arcs: Arcs) -> Search:
    import networkit  # noqa: PLC0415 - only where it is installed

    graph = networkit.GraphFromCoo(
        (arcs.length_m, (arcs.tails, arcs.heads)), n=arcs.source + 1, weighted=True, directed=True
    )

    def search() -> NDArray[np.float64]:
        run = networkit.distance.Dijkstra(graph, arcs.source, storePaths=False)
        run.run()
        return np.asarray(run.getDistances())

    return search


def with_networkx(arcs: Arcs) -> Search:
    import networkx as nx  # noqa: PLC0415 - only where it is installed

    graph = nx.MultiDiGraph()
    graph.add_weighted_edges_from(
        zip(arcs.tails.tolist(), arcs.heads.tolist(), arcs.length_m.tolist(), strict=True)
    )

    def search() -> NDArray[np.float64]:
        reached = nx.single_source_dijkstra_path_length(graph, arcs.source)
        distance_m = np.full(arcs.source + 1, np.inf)
        distance_m[list(reached)] = list(reached.values())
        return distance_m

    return search


ENGINES = {"igraph": with_igraph, "networkit": with_networkit, "networkx": with_networkx}


def other_engines(arcs: Arcs) -> Iterator[tuple[str, Search]]:
    """Give a search of the nearest facility of all nodes for each other engine that is there."""
    for name, make in ENGINES.items():
        is_too_large = name == "networkx" and arcs.source > MOST_NODES_FOR_NETWORKX
        if importlib.util.find_spec(name) and not is_too_large:
            yield name, make(arcs)


def nearest_row(tables: RoadTables, graph: RoadGraph, *, repeats: int) -> dict[str, object]:
    """Time the nearest facility: the bare call, ours, five nearest, and the other engines."""
    random = np.random.default_rng(1)
    extent = graph.node_xy.max(axis=0)
    size = len(graph.node_id)
    facilities = snap(
        random.uniform(0, extent, (size // NODES_PER_FACILITY, 2)), graph, limit_m=1000
    )
    homes_xy = random.uniform(0, extent, (size // NODES_PER_HOME, 2))
    tied = in_turns({"snap": lambda: snap(homes_xy, graph, limit_m=1000)}, repeats=2)
    homes = tied["snap"].result
    sources = np.unique(facilities.node)
    taken = in_turns(
        {
            "bare": lambda: dijkstra(
                graph.weights, indices=sources, min_only=True, return_predecessors=True
            ),
            "ours": lambda: nearest(graph, homes, facilities),
        },
        repeats=repeats,
    )
    five = in_turns({"k": lambda: k_nearest(graph, homes, facilities, k=5)}, repeats=1)
    row: dict[str, object] = {
        "nodes": size,
        "facilities": len(facilities),
        "homes": len(homes),
        "homes tied, s": tied["snap"].wall_s,
        "SciPy bare, s": taken["bare"].wall_s,
        "nearest, s": taken["ours"].wall_s,
        "ratio": taken["ours"].wall_s / taken["bare"].wall_s,
        "5 nearest, s": five["k"].wall_s,
    }
    ours_m = nearest(graph, homes, facilities).distance_m
    farthest_off_m = 0.0
    for name, engine in other_engines(arcs_from_facilities(tables, graph, facilities)):
        row[f"{name}, s"] = in_turns({name: engine}, repeats=1)[name].wall_s
        theirs_m = (engine()[homes.node] + from_door(homes)).min(axis=1)
        # who lives on the edge of a school goes there directly, and passes no node
        elsewhere = ~np.isin(homes.edge, facilities.edge[facilities.edge >= 0])
        off_m = np.abs(theirs_m - ours_m)[elsewhere]
        farthest_off_m = max(farthest_off_m, float(np.nanmax(off_m)))
        row["largest difference, m"] = f"{farthest_off_m:.1e}"
    return row


def reach_row(graph: RoadGraph, *, repeats: int) -> dict[str, object]:
    """Time sites × nodes within the cut-off: SciPy in chunks on threads, and ours."""
    random = np.random.default_rng(2)
    main = np.flatnonzero(graph.is_main)
    chosen = np.sort(random.choice(main, SITES, replace=False))
    sites = snap(graph.node_xy[chosen], graph, limit_m=1)
    places = snap(graph.node_xy, graph, limit_m=np.inf)

    def on_threads() -> list[tuple[NDArray[np.int64], ...]]:
        chunks = np.split(sites.node[:, 0], range(ROWS_PER_THREAD_JOB, SITES, ROWS_PER_THREAD_JOB))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda chunk: reached(graph.weights, chunk), chunks))

    taken = in_turns(
        {
            "threads": on_threads,
            "ours": lambda: within(graph, sites, places, cutoff_m=CUTOFF_M),
        },
        repeats=repeats,
    )
    inside = within(graph, sites, places, cutoff_m=CUTOFF_M)[:, main]
    pairs = sum(len(columns) for _, columns, _ in on_threads())
    assert inside.nnz == pairs, "the two found different pairs"
    return {
        "nodes": len(graph.node_id),
        "sites": SITES,
        "pairs": pairs,
        "SciPy on threads, s": taken["threads"].wall_s,
        "within, s": taken["ours"].wall_s,
        "ratio": taken["ours"].wall_s / taken["threads"].wall_s,
    }


def reached(
    weights: csr_array, sources: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    distance_m = dijkstra(weights, indices=sources, limit=CUTOFF_M)
    rows, columns = np.nonzero(np.isfinite(distance_m))
    return rows, columns, distance_m[rows, columns]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[100_000, 500_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    of_nearest, of_reach = [], []
    for node_count in options.nodes:
        tables = perturbed_grid(node_count, seed=0)
        begin = time.perf_counter()
        graph = build_graph(tables, mode="walk")
        build = time.perf_counter() - begin
        of_nearest.append(
            nearest_row(tables, graph, repeats=options.repeats) | {"graph built in, s": build}
        )
        of_reach.append(reach_row(graph, repeats=options.repeats))
    print("Nearest facility\n")
    print(table(of_nearest))
    print(f"\nSites × nodes within {CUTOFF_M:.0f} m\n")
    print(table(of_reach))


if __name__ == "__main__":
    main()
