"""
Solve the published p-medians with this package and with spopt, in turns, in one run.

    pip install spopt highspy
    python benchmarks/siting_beside_spopt.py            # pmed1–5, a minute
    python benchmarks/siting_beside_spopt.py --first 15 # all; spopt takes minutes from pmed6 on

Each solver works in a process of its own on the same distances. Building is what comes before the
solver proper: ours reads arrays into the form that is searched, spopt writes a PuLP model;
both in seconds of the processor. spopt uses HiGHS at a gap of zero (`--solver cbc` for CBC). Memory
is the growth of the peak over what the imports took, where the system tells it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time

import numpy as np
from siting_instances import PublishedInstance, p_median, p_medians
from taking import peak_mb

from zmd_layout.location.instance import build_instance
from zmd_layout.location.ordering import ordered
from zmd_layout.location.solver import solve


def ours(instance: PublishedInstance) -> dict[str, float]:
    problem = instance.problem
    site_count = problem.costs.shape[1]
    began_cpu = time.process_time()
    build_instance(
        ordered(problem).problem.costs,
        unserved_cost=None,
        opening=np.zeros(site_count),
        fixed_open=np.zeros(site_count, dtype=bool),
        open_count=problem.open_count,
    )
    built_cpu, built = time.process_time(), time.perf_counter()
    solution = solve(problem)
    assert solution.status == "optimal"
    return {"build_s": built_cpu - began_cpu, "total_s": time.perf_counter() - built,
            "objective": solution.objective}  # fmt: skip


def theirs(distances: np.ndarray, open_count: int, solver_name: str) -> dict[str, float]:
    """Solve a p-median over every pair with spopt, as its users would."""
    import pulp  # noqa: PLC0415 - only where spopt is installed
    from spopt.locate import PMedian  # noqa: PLC0415

    solvers = {
        "highs": lambda: pulp.HiGHS(msg=False, gapRel=0.0),
        "cbc": lambda: pulp.PULP_CBC_CMD(msg=False, gapRel=0.0),
    }
    began, began_cpu = time.perf_counter(), time.process_time()
    model = PMedian.from_cost_matrix(distances, np.ones(len(distances)), p_facilities=open_count)
    built_cpu = time.process_time()
    model.solve(solvers[solver_name](), results=False)
    return {"build_s": built_cpu - began_cpu, "total_s": time.perf_counter() - began,
            "objective": float(pulp.value(model.problem.objective))}  # fmt: skip


def child(engine: str, name: str) -> None:
    """Solve one instance and print what it took, for the process that asked."""
    if engine != "ours":
        importlib.import_module("spopt.locate")
    before_mb = peak_mb()
    instance = p_median(name)
    problem = instance.problem
    assert problem.open_count is not None
    result = (
        ours(instance)
        if engine == "ours"
        else theirs(problem.costs.toarray(), problem.open_count, engine)
    )
    times = os.times()
    print(
        json.dumps(
            {
                **result,
                "grown_mb": peak_mb() - before_mb,
                "cpu_s": times.user + times.system,
            }
        )
    )


def ask(engine: str, name: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", engine, name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - itself
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--solver", choices=("highs", "cbc"), default="highs")
    parser.add_argument("--first", type=int, default=5, help="how many of the instances")
    parser.add_argument("--child", nargs=2, metavar=("ENGINE", "INSTANCE"))
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    if importlib.util.find_spec("spopt") is None:
        sys.exit("spopt is not installed here: pip install spopt highspy")
    print("instance | ours s | spopt s | times | ours build s | spopt build s | ours MB | spopt MB")
    rows = []
    for instance in p_medians()[: arguments.first]:
        mine, other = ask("ours", instance.name), ask(arguments.solver, instance.name)
        assert abs(mine["objective"] - other["objective"]) < 1e-6 * instance.optimum
        rows.append((mine, other))
        print(
            f"{instance.name} | {mine['total_s']:.2f} | {other['total_s']:.2f}"
            f" | {other['total_s'] / mine['total_s']:.0f} | {mine['build_s']:.4f}"
            f" | {other['build_s']:.2f} | {mine['grown_mb']:.0f} | {other['grown_mb']:.0f}",
            flush=True,
        )
    for what in ("total_s", "build_s", "grown_mb"):
        mine, other = (sum(row[side][what] for row in rows) for side in (0, 1))
        each = np.median([row[1][what] / max(row[0][what], 1e-9) for row in rows])
        print(f"{what}: {mine:.2f} | {other:.2f} | sum {other / mine:.0f} times, median {each:.0f}")


if __name__ == "__main__":
    main()
