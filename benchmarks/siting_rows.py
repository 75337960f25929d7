"""A row of a table of solutions: instance, answer, ours, bound, gap, status, time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from zmd_layout.location.solver import solve

if TYPE_CHECKING:
    from zmd_layout.location.problem import Problem

HEAD = "instance | answer | ours | bound | gap % | status | wall s | cpu s | reproducible"


def print_head() -> None:
    """Print the head of a table in Markdown."""
    print(f"| {HEAD} |")
    print("|" + " --- |" * len(HEAD.split("|")))


def print_row(name: str, answer: str, problem: Problem, time_limit_s: float) -> None:
    """
    Solve a problem through the public door and print a row of the table.

    `cpu` is the processor time, which a busy machine troubles less than `wall`.
    """
    began, began_cpu = time.perf_counter(), time.process_time()
    solution = solve(problem, time_limit_s=time_limit_s)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    words = [message.text("en").rstrip(".") for message in solution.explanation]
    said = "".join(f"; {word[:1].lower()}{word[1:]}" for word in words)
    print(
        f"| {name} | {answer} | {solution.objective:,.10g} | {solution.bound:,.10g}"
        f" | {solution.gap_percent:.3f} | {solution.status}{said} | {wall_s:.2f} | {cpu_s:.2f}"
        f" | {'yes' if solution.is_reproducible else 'no'} |",
        flush=True,
    )
