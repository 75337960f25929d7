"""The command in a process of its own, from its start to its end, and what it took."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import NamedTuple

_PROGRAM = (
    "import resource, runpy, sys;"
    "sys.argv = ['zmd-layout', *sys.argv[1:]];"
    "code = 0\n"
    "try: runpy.run_module('zmd_layout', run_name='__main__')\n"
    "except SystemExit as end: code = end.code or 0\n"
    "used = resource.getrusage(resource.RUSAGE_SELF);"
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr);"
    "sys.exit(code)"
)


class Taken(NamedTuple):
    """Seconds of the wall clock and of the processor, and the peak of the process in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def take(*arguments: str, environment: dict[str, str] | None = None) -> Taken:
    """Run `zmd-layout` with these arguments and give what it took; it must succeed."""
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", _PROGRAM, *arguments],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    wall_s = time.perf_counter() - start
    cpu_s, peak_mb = done.stderr.split()[-2:]
    return Taken(wall_s, float(cpu_s), float(peak_mb))
