"""
Solve made problems of larger sizes and print the gaps that were proved in the time given.

    python benchmarks/siting_made.py                 # all, some ten minutes
    python benchmarks/siting_made.py capacitated     # those whose names begin so

They are cut short by their time limit, as a user's would be. A gap in the second column is the one
that is wanted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siting_capacity_instances import made_capacitated
from siting_instances import made_cover, made_median
from siting_rows import print_head, print_row

from zmd_layout.location.problem import Model, Problem

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class MadeInstance:
    """A made problem, the seconds it may take and the gap it should reach."""

    name: str
    make: Callable[[], Problem]
    time_limit_s: float
    wanted_gap_percent: float | None = None


def made() -> list[MadeInstance]:
    """Name the problems whose gaps are promised, and larger and smaller ones beside them."""
    most, all_of = Model.MAX_COVER, Model.SET_COVER
    return [
        MadeInstance("p-median 1,000 × 100", lambda: made_median(1000, 100), 60),
        MadeInstance("p-median 2,000 × 200", lambda: made_median(2000, 200), 60),
        MadeInstance("p-median 5,000 × 300", lambda: made_median(5000, 300), 10, 0.3),
        MadeInstance("p-median 20,000 × 1,000", lambda: made_median(20000, 1000), 30, 1.5),
        MadeInstance("max cover 1,000 × 100", lambda: made_cover(most, 1000, 100), 60),
        MadeInstance("max cover 2,000 × 200", lambda: made_cover(most, 2000, 200), 60),
        MadeInstance("max cover 5,000 × 300", lambda: made_cover(most, 5000, 300), 30, 1.0),
        MadeInstance("max cover 20,000 × 1,000", lambda: made_cover(most, 20000, 1000), 60),
        MadeInstance("set cover 1,000 × 100", lambda: made_cover(all_of, 1000, 100), 60),
        MadeInstance("set cover 5,000 × 300", lambda: made_cover(all_of, 5000, 300), 60),
        MadeInstance("set cover 10,000 × 500", lambda: made_cover(all_of, 10000, 500), 60),
        MadeInstance("set cover 20,000 × 1,000", lambda: made_cover(all_of, 20000, 1000), 60),
        MadeInstance("capacitated 1,000 × 100", lambda: made_capacitated(1000, 100), 20, 0.2),
        MadeInstance("capacitated 5,000 × 300", lambda: made_capacitated(5000, 300), 60, 2.0),
        MadeInstance("capacitated 20,000 × 1,000", lambda: made_capacitated(20000, 1000), 60),
    ]


def main(beginning: str = "") -> None:
    print_head()
    for instance in made():
        if instance.name.startswith(beginning):
            wanted, limit_s = instance.wanted_gap_percent, instance.time_limit_s
            answer = f"in {limit_s:g} s" if wanted is None else f"gap {wanted} in {limit_s:g} s"
            print_row(instance.name, answer, instance.make(), limit_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
