"""
Random capacitated p-medians of 100–400 demands beside plain HiGHS on the same model.

    python benchmarks/siting_beside_highs.py --count 30 --time 60

Both have the same seconds; times are of the processor.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from siting_capacity_instances import made_capacitated

from zmd_layout.location.capacitated.form import build_form
from zmd_layout.location.capacitated.mip import whole_problem_model
from zmd_layout.location.highs import solve_mip
from zmd_layout.location.solver import solve

HEAD = "instance | HiGHS | bound | cpu s | ours | bound | cpu s | status"


def main() -> None:
    """Print a row for each instance, then the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--time", type=float, default=60.0, help="seconds each")
    chosen = parser.parse_args()
    print(f"| {HEAD} |")
    print("|" + " --- |" * len(HEAD.split("|")))
    random, seconds, worse = np.random.default_rng(0), np.zeros(2), 0
    for seed in range(chosen.count):
        demands = int(random.integers(100, 401))
        sites = int(random.integers(20, demands // 3))
        problem = made_capacitated(demands, sites, seed=seed)
        began = time.process_time()
        plain = solve_mip(whole_problem_model(build_form(problem)), time_limit_s=chosen.time)
        middle = time.process_time()
        ours = solve(problem, time_limit_s=chosen.time)
        spent = np.array([middle - began, time.process_time() - middle])
        seconds += spent
        worse += ours.objective > plain.objective * (1 + 1e-6)
        print(
            f"| {demands} × {sites} | {plain.objective:,.1f} | {plain.bound:,.1f} | {spent[0]:.1f}"
            f" | {ours.objective:,.1f} | {ours.bound:,.1f} | {spent[1]:.1f} | {ours.status} |",
            flush=True,
        )
    print(f"\nsum: HiGHS {seconds[0]:.1f} s, ours {seconds[1]:.1f} s; worse answers: {worse}")


if __name__ == "__main__":
    main()
