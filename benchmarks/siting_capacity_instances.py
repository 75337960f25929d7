"""Location problems with capacities and published answers, read from files, and made ones."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array
from siting_instances import (
    PUBLISHED,
    PublishedInstance,
    every_pair,
    made_median,
    read_facilities,
    read_optima,
)

from zmd_layout.location.problem import Model, Problem

CONTIGUITY = "zy_connectivity.txt"


def capacitated_facilities() -> list[PublishedInstance]:
    """Give cap41, whose demands may be split; its capacity stands beside the published optimum."""
    costs, demands, fixed_costs = read_facilities(PUBLISHED / "cflp" / "cap41.txt")
    optimum = read_optima(PUBLISHED / "cflp" / "optima.txt")["cap41"][0]
    problem = Problem(
        model=Model.FACILITY,
        costs=every_pair(costs),
        demands=demands,
        fixed_costs=fixed_costs,
        capacities=np.full(len(fixed_costs), 5000.0),
    )
    return [PublishedInstance("cap41", problem, optimum)]


def single_source_cap41() -> Problem:
    """Give cap41 with whole demands, which is infeasible: one is larger than every site."""
    return replace(capacitated_facilities()[0].problem, single_source=True)


def capacitated_medians() -> list[PublishedInstance]:
    """Give the capacitated p-medians of 50 nodes, whole demands."""
    instances = []
    for name, (optimum, *_) in read_optima(PUBLISHED / "pmedcap" / "optima.txt").items():
        numbers = np.array(
            (PUBLISHED / "pmedcap" / f"{name}.txt").read_text("utf-8").split(), float
        )
        n, open_count = int(numbers[0]), int(numbers[1])
        table = numbers[2:].reshape(n + 2, n)
        problem = Problem(
            model=Model.P_MEDIAN,
            costs=every_pair(table[:n]),
            demands=table[n],
            capacities=table[n + 1],
            open_count=open_count,
            single_source=True,
        )
        instances.append(PublishedInstance(name, problem, optimum))
    return instances


def henan() -> list[PublishedInstance]:
    """Give Kong's schools of a Henan town and clinics of a county, whole units."""
    return [PublishedInstance(name, read_henan(name), best) for name, best in _henan_optima()[0]]


def henan_contiguous() -> list[PublishedInstance]:
    """Give those whose catchments must be connected."""
    return [
        PublishedInstance(f"{name} contiguous", contiguous(read_henan(name), name), best)
        for name, best in _henan_optima()[1]
    ]


def read_henan(name: str) -> Problem:
    """Read a problem of Kong: cost is kilometres times people plus the fixed cost of a site."""
    table = np.loadtxt(PUBLISHED / "henan" / f"{name}.txt", skiprows=1)
    people, points, capacity = table[:, 1], table[:, 2:4], table[:, 6]
    sites = np.flatnonzero(capacity > 0)
    distance_km = np.hypot(*(points[:, np.newaxis] - points[sites]).transpose(2, 0, 1)) / 1000
    return Problem(
        model=Model.FACILITY,
        costs=every_pair(distance_km * people[:, np.newaxis]),
        demands=people,
        fixed_costs=table[sites, 5],
        capacities=capacity[sites],
        single_source=True,
    )


def contiguous(problem: Problem, name: str) -> Problem:
    """Ask for connected catchments, by the file of neighbours of Kong's town."""
    table = np.loadtxt(PUBLISHED / "henan" / f"{name}.txt", skiprows=1)
    with (PUBLISHED / "henan" / CONTIGUITY).open(encoding="utf-8") as file:
        pairs = np.array([(int(row["ID1"]), int(row["ID2"])) for row in csv.DictReader(file)])
    number = {int(unit): index for index, unit in enumerate(table[:, 0])}
    rows, columns = (np.array([number[unit] for unit in side]) for side in pairs.T)
    n = len(table)
    beside = csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(n, n))
    return replace(
        problem,
        adjacency=csr_array((beside + beside.T).astype(bool)),
        site_demand=np.flatnonzero(table[:, 6] > 0),
    )


def made_capacitated(demand_count: int, site_count: int, *, seed: int = 0) -> Problem:
    """
    Make a p-median with capacities: that of `made_median`, seats for a quarter more than come.

    Sites differ: the largest takes three times what the smallest does.
    """
    problem = made_median(demand_count, site_count, seed=seed)
    assert problem.open_count is not None
    random = np.random.default_rng(seed + 1)
    usual = 1.25 * problem.demands.sum() / problem.open_count
    capacities = np.round(usual * random.uniform(0.5, 1.5, site_count))
    return replace(problem, capacities=capacities)


def _henan_optima() -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Read the two tables of answers: whole units, then connected catchments besides."""
    lines = (PUBLISHED / "henan" / "published.txt").read_text("utf-8").splitlines()
    at = next(row for row, line in enumerate(lines) if line.startswith("with contiguous"))
    return _answers(lines[:at]), _answers(lines[at:])


def _answers(lines: list[str]) -> list[tuple[str, float]]:
    words = [line.split() for line in lines]
    return [(pair[0], float(pair[1])) for pair in words if len(pair) == 2]
