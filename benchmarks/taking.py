"""What calls take: seconds of the wall clock and of the processor, and memory."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_STATUS = Path("/proc/self/status")
_FORGET = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Taken:
    """
    What the best of some calls took, and what it gave.

    `grown_mb` is how far the memory of the process grew at most; NaN where the system does not
    tell. Where memory that is free in the process cannot be given back before, it is too little.
    """

    wall_s: float
    cpu_s: float
    grown_mb: float
    result: Any


def take(call: Callable[[], object]) -> Taken:
    """Make a call, and tell what it took."""
    gc.collect()
    before_mb = forget_peak()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    result = call()
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    return Taken(wall_s, cpu_s, peak_mb() - before_mb, result)


def in_turns(calls: dict[str, Callable[[], object]], *, repeats: int) -> dict[str, Taken]:
    """
    Make each call once a turn, so that a busy machine troubles all alike.

    Told are the least seconds of each, the most memory, and the last result.
    """
    best: dict[str, Taken] = {}
    for _ in range(repeats):
        for name, call in calls.items():
            taken = take(call)
            old = best.get(name, taken)
            best[name] = replace(
                taken,
                wall_s=min(old.wall_s, taken.wall_s),
                cpu_s=min(old.cpu_s, taken.cpu_s),
                grown_mb=max(old.grown_mb, taken.grown_mb),
            )
    return best


def in_own_process(work: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
    """Work in a process of its own, which gives all its memory back."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()


def peak_mb() -> float:
    """
    Tell the peak memory of this process in MB; NaN where the system does not.

    Linux tells the peak of the program itself; `ru_maxrss` begins with that of whoever started it.
    """
    if _STATUS.exists():
        return _status_mb("VmHWM")
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return float("nan")
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1024 * 1024 if sys.platform == "darwin" else 1024)


def forget_peak() -> float:
    """Let the peak begin anew, and give the memory in use in MB; NaN where that cannot be done."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc: what is free goes back to the system
    try:
        _FORGET.write_text("5", "utf-8")  # Linux: the peak is set to what is in use
    except OSError:
        return float("nan")
    return _status_mb("VmRSS")


def _status_mb(field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+)", _STATUS.read_text("utf-8"))
    return int(found[1]) / 1024 if found else float("nan")
