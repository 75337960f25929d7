"""
Location problems with published answers, read from files, and made ones of any size.

The files stand in a folder `shared/data/siting` beside the repository and are not part of it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import floyd_warshall
from scipy.spatial import cKDTree

from zmd_layout.location.problem import Model, Problem

PUBLISHED = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "siting"


@dataclass(frozen=True, slots=True)
class PublishedInstance:
    """A problem and the answer that is published as the optimum."""

    name: str
    problem: Problem
    optimum: float


def every_pair(costs: np.ndarray) -> csr_array:
    """Store every entry of a cost table, zeros too."""
    n, m = costs.shape
    return csr_array(
        (costs.ravel(), np.tile(np.arange(m), n), np.arange(0, n * m + 1, m)), shape=(n, m)
    )


def read_graph(path: Path) -> tuple[np.ndarray, int]:
    """Read an OR-Library p-median graph: shortest paths between all nodes, and p."""
    numbers = path.read_text("utf-8").split()
    node_count, edge_count, open_count = map(int, numbers[:3])
    edges = np.array(numbers[3 : 3 + 3 * edge_count], dtype=float).reshape(-1, 3)
    lengths = np.full((node_count, node_count), np.inf)
    # of a repeated edge the last length counts
    for start, end, length in edges:
        lengths[int(start) - 1, int(end) - 1] = lengths[int(end) - 1, int(start) - 1] = length
    np.fill_diagonal(lengths, 0.0)
    is_edge = np.isfinite(lengths) & (lengths > 0)
    graph = csr_array(np.where(is_edge, lengths, 0.0))
    return floyd_warshall(graph, directed=False), open_count


def read_facilities(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read an OR-Library cap file: costs (n, m), demands (n,), fixed costs (m,)."""
    numbers = np.array(path.read_text("utf-8").split(), dtype=float)
    site_count, demand_count = map(int, numbers[:2])
    fixed_costs = numbers[2 : 2 + 2 * site_count].reshape(site_count, 2)[:, 1]
    customers = numbers[2 + 2 * site_count :].reshape(demand_count, site_count + 1)
    return customers[:, 1:], customers[:, 0], fixed_costs


def read_points(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the points of São José dos Campos: coordinates (n, 2), demands (n,)."""
    lines = [line.split()[:3] for line in path.read_text("utf-8").splitlines()[1:]]
    table = np.array([line for line in lines if len(line) == 3], dtype=float)
    return table[:, :2], table[:, 2]


def read_optima(path: Path) -> dict[str, list[float]]:
    """Read lines of a name and one or more numbers; words after them are remarks."""
    lines = [line.split() for line in path.read_text("utf-8").splitlines()]
    return {
        words[0]: [float(word) for word in words[1:] if _is_number(word)]
        for words in lines
        if len(words) > 1 and _is_number(words[1])
    }


def _is_number(word: str) -> bool:
    return word.replace(".", "").isdigit()


def p_medians() -> list[PublishedInstance]:
    """Give pmed1–15."""
    return [p_median(name) for name, _ in _optima("pmed")]


def p_median(name: str) -> PublishedInstance:
    """Give one of pmed1–15."""
    return _on_graph(name, Model.P_MEDIAN, dict(_optima("pmed"))[name][0])


def p_centers() -> list[PublishedInstance]:
    """Give the p-centers of the same graphs."""
    centers = [_on_graph(name, Model.P_CENTER, best) for name, (best,) in _optima("pcenter")]
    return [replace(center, name=f"{center.name} p-center") for center in centers]


def facilities() -> list[PublishedInstance]:
    """Give cap71–74, without capacities."""
    instances = []
    for name, (best,) in _optima("uflp"):
        costs, demands, fixed_costs = read_facilities(PUBLISHED / "uflp" / f"{name}.txt")
        problem = Problem(
            model=Model.FACILITY,
            costs=every_pair(costs),
            demands=demands,
            fixed_costs=fixed_costs,
        )
        instances.append(PublishedInstance(name, problem, best))
    return instances


def maximal_covers(radius_m: float = 800.0) -> list[PublishedInstance]:
    """Give SJC324 and SJC402 for each published number of sites."""
    instances = []
    for name, optima in _optima("mclp"):
        points, demands = read_points(PUBLISHED / "mclp" / f"{name}.txt")
        costs = _within(points, points, radius_m)
        for open_count, best in enumerate(optima, 1):
            problem = Problem(
                model=Model.MAX_COVER, costs=costs, demands=demands, open_count=open_count
            )
            instances.append(PublishedInstance(f"{name} p={open_count}", problem, best))
    return instances


def san_francisco() -> list[PublishedInstance]:
    """Give the problems of spopt's own tests: 205 tracts, 16 stores."""
    name = "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    with (PUBLISHED / "spopt_sf" / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    people = {row["DestinationName"]: float(row["demand"]) for row in rows}
    tracts, stores = sorted(people), sorted({row["name"] for row in rows})
    distance_m = np.full((len(tracts), len(stores)), np.inf)
    for row in rows:
        place = tracts.index(row["DestinationName"]), stores.index(row["name"])
        distance_m[place] = float(row["distance"])
    demands = np.array([people[tract] for tract in tracts])
    near = every_pair(distance_m)
    near = _kept(near, near.data <= 5000)
    costs = every_pair(distance_m * demands[:, np.newaxis])
    median = Problem(model=Model.P_MEDIAN, costs=costs, demands=demands, open_count=4)
    cover = Problem(model=Model.SET_COVER, costs=near, demands=demands)
    most = Problem(model=Model.MAX_COVER, costs=near, demands=demands, open_count=4)
    return [
        PublishedInstance("spopt_sf p-median p=4", median, 2848268129.71),
        PublishedInstance("spopt_sf set cover 5 km", cover, 8),
        PublishedInstance("spopt_sf maximal cover 5 km p=4", most, 875247),
    ]


def made_median(demand_count: int, site_count: int, *, seed: int = 0) -> Problem:
    """
    Make a p-median: clustered demands, whole costs, some 40 sites in reach, a tenth open.

    A demand that is left out costs twice the reach.
    """
    points, sites, people = _made_points(demand_count, site_count, seed)
    distance_m, reach_m = _made_reach(points, sites, sites_in_reach=40)
    rows = np.repeat(np.arange(demand_count), np.diff(distance_m.indptr))
    costs = csr_array(
        (distance_m.data * people[rows], distance_m.indices, distance_m.indptr),
        shape=distance_m.shape,
    )
    return Problem(
        model=Model.P_MEDIAN,
        costs=costs,
        demands=people,
        open_count=site_count // 10,
        unserved_cost=people * 2 * reach_m,
    )


def made_cover(model: Model, demand_count: int, site_count: int, *, seed: int = 0) -> Problem:
    """Make a set cover or a maximal cover: clustered demands, some 15 sites in reach."""
    points, sites, people = _made_points(demand_count, site_count, seed)
    distance_m, _ = _made_reach(points, sites, sites_in_reach=15)
    open_count = site_count // 10 if model is Model.MAX_COVER else None
    return Problem(model=model, costs=distance_m, demands=people, open_count=open_count)


def _optima(folder: str) -> list[tuple[str, list[float]]]:
    return list(read_optima(PUBLISHED / folder / "optima.txt").items())


def _on_graph(name: str, model: Model, optimum: float) -> PublishedInstance:
    distances, open_count = read_graph(PUBLISHED / "pmed" / f"{name}.txt")
    problem = Problem(
        model=model,
        costs=every_pair(distances),
        demands=np.ones(len(distances)),
        open_count=open_count,
    )
    return PublishedInstance(name, problem, optimum)


def _kept(costs: csr_array, is_kept: np.ndarray) -> csr_array:
    rows = np.repeat(np.arange(costs.shape[0]), np.diff(costs.indptr))[is_kept]
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=costs.shape[0]))])
    return csr_array((costs.data[is_kept], costs.indices[is_kept], starts), shape=costs.shape)


def _within(points: np.ndarray, sites: np.ndarray, radius_m: float) -> csr_array:
    """Store the distance of every pair within a radius."""
    near = cKDTree(sites).query_ball_point(points, radius_m, return_sorted=True)
    starts = np.concatenate([[0], np.cumsum([len(places) for places in near])])
    columns = np.concatenate([np.asarray(places, dtype=int) for places in near])
    rows = np.repeat(np.arange(len(points)), np.diff(starts))
    distance_m = np.hypot(*(points[rows] - sites[columns]).T)
    return csr_array((distance_m, columns, starts), shape=(len(points), len(sites)))


def _made_points(
    demand_count: int, site_count: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scatter a third of the demands over 40 km, the rest in 25 towns; sites stand at demands."""
    random = np.random.default_rng(seed)
    towns = random.uniform(5e3, 35e3, (25, 2))
    points = towns[random.integers(0, 25, demand_count)]
    points = points + random.normal(0, 2500, (demand_count, 2))
    third = demand_count // 3
    points[:third] = random.uniform(0, 40e3, (third, 2))
    sites = points[random.choice(demand_count, site_count, replace=False)]
    sites = sites + random.normal(0, 50, (site_count, 2))
    return points, sites, random.integers(1, 60, demand_count).astype(float)


def _made_reach(
    points: np.ndarray, sites: np.ndarray, *, sites_in_reach: int
) -> tuple[csr_array, float]:
    """Store whole distances within the radius that so many sites share, and to the nearest."""
    sample = points[:: max(1, len(points) // 1000)]
    apart = np.hypot(*(sample[:, np.newaxis] - sites).transpose(2, 0, 1))
    reach_m = float(np.round(np.quantile(apart, min(1.0, sites_in_reach / len(sites)))))
    nearest_m = cKDTree(sites).query(points)[0]
    widest = _within(points, sites, max(reach_m, float(nearest_m.max())) + 1)
    rows = np.repeat(np.arange(len(points)), np.diff(widest.indptr))
    is_kept = (widest.data <= reach_m) | (widest.data <= nearest_m[rows] + 1e-9)
    kept = _kept(widest, is_kept)
    kept.data = np.round(kept.data)
    return kept, reach_m
