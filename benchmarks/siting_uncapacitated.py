"""
Solve uncapacitated problems with published answers, and made ones, and print what was proved.

    python benchmarks/siting_uncapacitated.py                 # all, a few minutes
    python benchmarks/siting_uncapacitated.py --only made     # the made ones

Made problems are cut short by their time limit, as a user's would be; `cpu` is the processor time,
which a busy machine troubles less than `wall`.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

from siting_instances import (
    PublishedInstance,
    facilities,
    made_cover,
    made_median,
    maximal_covers,
    p_centers,
    p_medians,
    san_francisco,
)

from zmd_layout.siting.problem import Model, Problem
from zmd_layout.siting.solve import solve

HEAD = "instance | published | ours | bound | gap % | status | wall s | cpu s | reproducible"


@dataclass(frozen=True, slots=True)
class MadeInstance:
    """A made problem, the seconds it may take and the gap it should reach."""

    name: str
    problem: Problem
    time_limit_s: float
    wanted_gap_percent: float | None


def made() -> list[MadeInstance]:
    """Make the problems whose gaps are promised, and larger and smaller ones beside them."""
    return [
        MadeInstance("p-median 1,000 × 100", made_median(1000, 100), 60, None),
        MadeInstance("p-median 2,000 × 200", made_median(2000, 200), 60, None),
        MadeInstance("p-median 5,000 × 300", made_median(5000, 300), 10, 0.3),
        MadeInstance("p-median 20,000 × 1,000", made_median(20000, 1000), 30, 1.5),
        MadeInstance("max cover 1,000 × 100", made_cover(Model.MAX_COVER, 1000, 100), 60, None),
        MadeInstance("max cover 2,000 × 200", made_cover(Model.MAX_COVER, 2000, 200), 60, None),
        MadeInstance("max cover 5,000 × 300", made_cover(Model.MAX_COVER, 5000, 300), 30, 1.0),
        MadeInstance(
            "max cover 20,000 × 1,000", made_cover(Model.MAX_COVER, 20000, 1000), 60, None
        ),
        MadeInstance("set cover 1,000 × 100", made_cover(Model.SET_COVER, 1000, 100), 60, None),
        MadeInstance("set cover 5,000 × 300", made_cover(Model.SET_COVER, 5000, 300), 60, None),
        MadeInstance("set cover 10,000 × 500", made_cover(Model.SET_COVER, 10000, 500), 60, None),
        MadeInstance(
            "set cover 20,000 × 1,000", made_cover(Model.SET_COVER, 20000, 1000), 60, None
        ),
    ]


def report(name: str, published: str, problem: Problem, time_limit_s: float) -> float:
    """Solve, print a row of the table, and give the gap in percent."""
    began, began_cpu = time.perf_counter(), time.process_time()
    solution = solve(problem, time_limit_s=time_limit_s)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    print(
        f"{name} | {published} | {solution.objective:,.10g} | {solution.bound:,.10g}"
        f" | {solution.gap_percent:.3f} | {solution.status} | {wall_s:.2f} | {cpu_s:.2f}"
        f" | {solution.is_reproducible}",
        flush=True,
    )
    return solution.gap_percent


def report_published(instances: list[PublishedInstance]) -> None:
    for instance in instances:
        report(instance.name, f"{instance.optimum:,.10g}", instance.problem, 60.0)


def report_made() -> None:
    for instance in made():
        wanted = instance.wanted_gap_percent
        published = "–" if wanted is None else f"gap {wanted} in {instance.time_limit_s:g} s"
        report(instance.name, published, instance.problem, instance.time_limit_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("published", "made"))
    only = parser.parse_args().only
    print(HEAD)
    print(" | ".join("---" for _ in HEAD.split("|")))
    if only != "made":
        sources = (p_medians, p_centers, facilities, maximal_covers, san_francisco)
        for source in sources:
            report_published(source())
    if only != "published":
        report_made()


if __name__ == "__main__":
    main()
