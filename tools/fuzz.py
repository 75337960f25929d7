"""
Break good files for as long as one likes, and list what came out other than a clear refusal.

`python tools/fuzz.py [COUNT] [FIRST]` breaks every kind of file COUNT times (1,000), from number
FIRST on; each number makes the same broken file again. It stops a reader that takes longer than
20 seconds, and memory beyond 4 GB. A bug is kept as `build/fuzz/<kind>-<number>`.
"""

from __future__ import annotations

import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from fuzzing import Seed, complaint, inputs, seeds  # noqa: E402 - beside the tests

KEPT = ROOT / "build" / "fuzz"
MOST_SECONDS, MOST_BYTES = 20, 4 << 30


def main(arguments: list[str]) -> int:
    """Fuzz every kind of file; give 1 if anything but a refusal came out."""
    count, first = (int(a) for a in [*arguments, *["1000", "0"][len(arguments) :]])
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    warnings.simplefilter("error")
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds(Path(folder)):
            total += _fuzz(seed, count=count, first=first, folder=Path(folder))
    print(dict(total), flush=True)
    return 1 if total["bugs"] else 0


def _fuzz(seed: Seed, *, count: int, first: int, folder: Path) -> Counter[str]:
    told: Counter[str] = Counter()
    bugs: dict[str, int] = {}
    slowest, start = 0.0, time.perf_counter()
    for number, data in inputs(seed, count=count, start=first):
        began = time.perf_counter()
        signal.alarm(MOST_SECONDS)
        try:
            refused = complaint(seed, data, folder)
            told["refused" if refused else "taken"] += 1
        except Exception as error:  # noqa: BLE001 - what is looked for
            signal.alarm(0)
            told["bugs"] += 1
            key = _place(error)
            if key not in bugs:
                KEPT.mkdir(parents=True, exist_ok=True)
                (KEPT / f"{number}-{seed.name}").write_bytes(data)
            bugs[key] = bugs.get(key, 0) + 1
        finally:
            signal.alarm(0)
        slowest = max(slowest, time.perf_counter() - began)
    seconds = time.perf_counter() - start
    print(f"{seed.name}: {dict(told)}, {seconds:.0f} s, slowest {slowest:.2f} s", flush=True)
    for key, times in sorted(bugs.items(), key=lambda item: -item[1]):
        print(f"  {times} x {key}", flush=True)
    return told


def _place(error: Exception) -> str:
    """Name the error and the last line of ours that it came through."""
    stack = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in stack if "zmd_layout" in frame.filename] or list(stack)
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
    return f"{type(error).__name__} at {where}: {str(error)[:120]}"


def _too_long(*_: object) -> NoReturn:
    raise TimeoutError(f"longer than {MOST_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
