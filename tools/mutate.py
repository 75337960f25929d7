"""
Change the decisive modules in every way, and count by package how many changes the tests notice.

`python tools/mutate.py` runs mutmut as pyproject.toml sets it up (about an hour on one core that
is free), names the changes that no test noticed, and fails where a package falls below nine in
ten. `docs/developers.md` says of which kinds they are; `mutmut show NAME` shows one.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
LEAST_SHARE = 0.9
NOTICED = {"killed", "timeout"}  # a change that makes a program run for ever is noticed, too


def main() -> int:
    """Run mutmut and report."""
    mutmut = [sys.executable, "-m", "mutmut"]
    subprocess.run([*mutmut, "run", "--max-children", "1"], cwd=ROOT, check=True)  # noqa: S603 - our own command
    told = subprocess.run(  # noqa: S603 - likewise
        [*mutmut, "results", "--all", "true"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return report(told.stdout.splitlines())


def report(lines: Iterable[str]) -> int:
    """
    Print the share of changes that were noticed by package.

    Parameters
    ----------
    lines
        What `mutmut results --all true` prints: `zmd_layout.crs.plane.x_place__mutmut_1: killed`.

    Returns
    -------
    exit_code
        1 where a package falls below nine in ten, changes that no test reaches counted.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        name, _, status = line.strip().rpartition(": ")
        if "__mutmut_" not in name:
            continue
        counts[name.split(".")[1]][status] += 1
        if status not in NOTICED:
            print(f"{status}: {name}")
    is_enough = bool(counts)
    for package, by_status in sorted(counts.items()):
        noticed, total = sum(by_status[status] for status in NOTICED), by_status.total()
        print(f"{package}: {noticed} of {total} changes noticed ({100 * noticed / total:.1f} %)")
        is_enough = is_enough and noticed >= LEAST_SHARE * total
    return 0 if is_enough else 1


if __name__ == "__main__":
    sys.exit(main())
