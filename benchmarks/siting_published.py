"""
Solve problems with published answers and print what was proved; 60 s at most each.

    python benchmarks/siting_published.py
    python benchmarks/siting_published.py capacitated_medians henan_contiguous   # some of them

Sources: OR-Library p-median, p-center, uncapacitated and capacitated facility location and
capacitated p-median; maximal covering of São José dos Campos; Kong's schools and clinics in Henan
(chinaXiv 202106.00031), whole units and connected catchments; spopt's San Francisco.
"""

from __future__ import annotations

import argparse

from siting_capacity_instances import (
    capacitated_facilities,
    capacitated_medians,
    henan,
    henan_contiguous,
    single_source_cap41,
)
from siting_instances import facilities, maximal_covers, p_centers, p_medians, san_francisco
from siting_rows import print_head, print_row

TIME_LIMIT_S = 60.0
SOURCES = {
    source.__name__: source
    for source in (
        p_medians,
        p_centers,
        facilities,
        maximal_covers,
        san_francisco,
        capacitated_facilities,
        capacitated_medians,
        henan,
        henan_contiguous,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", choices=[[], *SOURCES], nargs="*")
    chosen = parser.parse_args().source or list(SOURCES)
    print_head()
    for name in chosen:
        for instance in SOURCES[name]():
            print_row(instance.name, f"{instance.optimum:,.10g}", instance.problem, TIME_LIMIT_S)
        if name == "capacitated_facilities":
            print_row("cap41 single source", "infeasible", single_source_cap41(), TIME_LIMIT_S)


if __name__ == "__main__":
    main()
