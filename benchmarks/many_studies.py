"""
Many studies: the made province county by county in a pool, how it grows, and whether it is right.

    python benchmarks/many_studies.py [--scales 1 4] [--workers 2]

Scale 1 is the city (10 counties, 7 million people), 14 a province (98 million; some ten minutes on
two cores). Each county is a study folder of its own and sees 10 km of its neighbours. Told are
seconds, CPU seconds of all processes, the peak memory of the largest worker and of the process that
gives out work and merges, the size of the merged map, and the exponent by which CPU seconds grow
with counties. For one county at each scale, findings are compared with those of the county run
alone with its halo. CPU seconds are for a machine that is not idle.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from taking import in_own_process, peak_mb

import zmd_layout
from zmd_layout.outputs.table import to_csv
from zmd_layout.synthetic import build_by_county
from zmd_layout.workflow.executors import Where
from zmd_layout.workflow.halo import Halo
from zmd_layout.workflow.jobs import area_of
from zmd_layout.workflow.many import Many, jobs_of, run_many

HEAD = (
    "scale | counties | wall s | CPU s | CPU s a county"
    " | largest worker MB | merging MB | map MB | as alone"
)


class Row(NamedTuple):
    """What one scale took."""

    scale: float
    counties: int
    wall_s: float
    cpu_s: float
    worker_mb: float
    own_mb: float
    map_mb: float
    is_same: bool


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(place: Path, scale: float, workers: int) -> Row:
    """Make a province and run it, each in a process of its own, so that neither's memory shows."""
    files = in_own_process(made, place / "province", scale)
    return in_own_process(run_all, place, scale, workers, files)


def made(place: Path, scale: float) -> list[Path]:
    return build_by_county(place, scale=scale)


def run_all(place: Path, scale: float, workers: int, files: list[Path]) -> Row:
    start, cpu_s = time.perf_counter(), cpu_of_children() + time.process_time()
    many = run_many(place / "province", out=place / "out", where=Where(workers), fresh=True)
    wall_s = time.perf_counter() - start
    cpu_s = cpu_of_children() + time.process_time() - cpu_s
    assert not many.failed, many.failed[0].fault
    worker_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own_mb = peak_mb()
    map_mb = many.paths["gap_map.html"].stat().st_size / 1e6
    same = is_same_alone(files, many)
    return Row(scale, len(files), wall_s, cpu_s, worker_mb, own_mb, map_mb, same)


def is_same_alone(files: list[Path], many: Many) -> bool:
    """Run the first county alone with its halo, and compare the findings."""
    jobs = jobs_of([area_of(file) for file in files], Path(), reach_m=10_000.0, fresh=True)
    study = zmd_layout.load_study(files[0])
    alone = zmd_layout.run(study, halo=Halo(jobs[0].halo.neighbours, 10_000.0, is_kept=False))
    one = next(one for one in many.done if one.study_id == study.id)
    return to_csv(alone.findings) == (one.out / "findings.csv").read_bytes().decode("utf-8-sig")


def exponent(first: Row, last: Row) -> float:
    return math.log(last.cpu_s / first.cpu_s) / math.log(last.counties / first.counties)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scales", type=float, nargs="+", default=[1, 4])
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(f"{options.workers} processes\n")
    print(HEAD)
    print(" | ".join(["---"] * len(HEAD.split(" | "))))
    rows = []
    for scale in options.scales:
        with tempfile.TemporaryDirectory() as aside:
            os.environ["ZMD_CACHE"] = str(Path(aside) / "cache")
            row = measure(Path(aside), scale, options.workers)
        each = row.cpu_s / row.counties
        told = "same" if row.is_same else "DIFFERENT"
        print(
            f"{row.scale:g} | {row.counties} | {row.wall_s:.0f} | {row.cpu_s:.0f} | {each:.1f} | "
            f"{row.worker_mb:.0f} | {row.own_mb:.0f} | {row.map_mb:.2f} | {told}", flush=True,
        )  # fmt: skip
        rows.append(row)
    if len(rows) > 1:
        print(f"\nCPU seconds grow as counties to the power of {exponent(rows[0], rows[-1]):.2f}")


if __name__ == "__main__":
    main()
