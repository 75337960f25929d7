"""
Kaifeng and Zhengzhou beside Kong's published answers: p-medians, capacities, envy.

    python benchmarks/siting_henan_2025.py                          # all, some hours
    python benchmarks/siting_henan_2025.py --model p_median --time 60
    python benchmarks/siting_henan_2025.py --model capacitated --city zz --count 48 --time 600

Cells and candidates are those of Kong (Operational Research 2025), and stand beside the repository;
without them nothing is solved. A cell goes whole to one site. Each is solved until it is proved or
the time is over; `cpu` is the processor time, which a busy machine troubles less than `wall`.
"""

from __future__ import annotations

import argparse
import csv
import time
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from siting_instances import PUBLISHED, every_pair

from zmd_layout.location.equity import envy_costs
from zmd_layout.location.problem import Model, Problem
from zmd_layout.location.solver import solve

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FOLDER = PUBLISHED / "henan-2025"
HEAD = "city | model | P | published | ours | below % | bound | gap % | status | wall s | cpu s"


@cache
def read_city(name: str) -> tuple[csr_array, np.ndarray, np.ndarray]:
    """Return distances in km (cells, sites), people of cells, and capacities of sites."""
    table = np.loadtxt(FOLDER / f"geo_{name}.txt", skiprows=1)
    people, points, capacity = table[:, 1], table[:, 2:4], table[:, 6]
    sites = np.flatnonzero(capacity > 0)
    way_km = np.hypot(*(points[:, np.newaxis] - points[sites]).transpose(2, 0, 1)) / 1000
    return every_pair(way_km), people, capacity[sites]


def read_problem(row: dict[str, str]) -> Problem:
    """Return the problem of a row of the published answers."""
    way_km, people, capacity = read_city(row["instance"])
    model, count = row["model"], int(row["p"])
    costs = envy_costs(
        way_km,
        people,
        accepted=float(row["accepted_km"] or 0),
        weight=float(row["weight"] or ("envy" in model)),
        with_travel=not model.endswith("alone"),
    )
    is_capacitated = model.startswith("capacitated")
    return Problem(
        model=Model.P_MEDIAN,
        costs=costs,
        demands=people,
        open_count=count,
        capacities=capacity if is_capacitated else None,
        single_source=is_capacitated,
    )


def print_answer(row: dict[str, str], time_limit_s: float) -> None:
    """Solve a row and print what was found beside what is published."""
    problem = read_problem(row)
    began, began_cpu = time.perf_counter(), time.process_time()
    found = solve(problem, time_limit_s=time_limit_s, until_time=True)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    published = float(row["published"])
    below = 100 * (published - found.objective) / published
    print(
        f"| {row['instance']} | {row['model']} | {row['p']} | {published:,.1f} ({row['status']})"
        f" | {found.objective:,.1f} | {below:.3f} | {found.bound:,.1f} | {found.gap_percent:.3f}"
        f" | {found.status} | {wall_s:.1f} | {cpu_s:.1f} |",
        flush=True,
    )


def main() -> None:
    """Solve the rows that were chosen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="p_median, p_median_envy, capacitated, …")
    parser.add_argument("--city", choices=["kf", "zz"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--time", type=float, default=60.0, help="seconds each")
    chosen = parser.parse_args()
    if not FOLDER.exists():
        print(f"{FOLDER}: not there, nothing is solved")
        return
    print(f"| {HEAD} |")
    print("|" + " --- |" * len(HEAD.split("|")))
    with (FOLDER / "published.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            asked = (chosen.model or row["model"], chosen.city or row["instance"])
            is_asked = asked == (row["model"], row["instance"])
            if is_asked and chosen.count in (None, int(row["p"])):
                print_answer(row, chosen.time)


if __name__ == "__main__":
    main()
