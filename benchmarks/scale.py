"""
Work by work beside its peers on the made city once, 4 times and 14 times, and how each grows.

    python benchmarks/scale.py [--scales 1 4 14] [--work "nearest school" …] [--limit 30]

Nearest school, service areas and population by township are measured on the layers of the made
city (`zmd_layout.synthetic`; scale 14 is a province of 98 million people), OSM reading and siting
on made data that grow with it. Calls that are compared take turns in one process; each OSM reading
has a process of its own. Seconds are the processor's, the best of some; memory is what the process
grew by (for OSM readings: its peak). A peer that would take very long is measured at the smaller
scales only. The whole run has sections of its own: `whole_run` for one study, `many_studies` for
the counties of a province.
"""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

import scale_city
import scale_other
from printing import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from scale_city import Row

WORK: dict[str, Callable[[float, argparse.Namespace], list[Row]]] = {
    "nearest school": lambda scale, _: scale_city.nearest_school(scale),
    "service areas of points": lambda scale, _: scale_city.areas_of_points(scale),
    "service areas of cells": lambda scale, _: scale_city.areas_of_cells(scale),
    "zonal population": lambda scale, _: scale_city.zonal_population(scale),
    "OSM reading": lambda scale, asked: scale_other.osm_reading(scale, osmnx_to=asked.osmnx_to),
    "siting, p-median": lambda scale, asked: scale_other.p_median(scale, limit_s=asked.limit),
}


def growth(rows: list[Row]) -> list[dict[str, object]]:
    """Give for each work the exponent by which seconds and memory of ours grow with its size."""
    found = []
    for work in dict.fromkeys(row.work for row in rows):
        own = [row for row in rows if row.work == work]
        first, last = own[0], own[-1]
        if last.size == first.size:
            continue
        steps = math.log(last.size / first.size)
        line: dict[str, object] = {"work": work, "sizes": f"{first.size:,} to {last.size:,}"}
        line["ours, seconds"] = f"{math.log(last.ours.cpu_s / first.ours.cpu_s) / steps:.2f}"
        for peer in dict.fromkeys(row.peer for row in own):
            theirs = [row for row in own if row.peer == peer and not row.is_cut_short]
            if len(theirs) > 1 and theirs[-1].size == last.size:
                grown = theirs[-1].theirs.cpu_s / theirs[0].theirs.cpu_s
                line[f"{peer}"] = f"{math.log(grown) / steps:.2f}"
        found.append(line)
    return found


def cells(row: Row) -> dict[str, object]:
    """Write a row; of a search that was cut short the ratio is a lower bound."""
    at_least = "≥ " if row.is_cut_short else ""
    return {
        "work": row.work,
        "scale": f"{row.scale:g}",
        "size": f"{row.size:,} {row.unit}",
        "ours, s": seconds(row.ours.cpu_s),
        "ours, MB": f"{row.ours.grown_mb:.0f}",
        "peer": row.peer,
        "peer, s": at_least + seconds(row.theirs.cpu_s),
        "peer, MB": f"{row.theirs.grown_mb:.0f}",
        "peer ÷ ours": at_least + f"{row.theirs.cpu_s / row.ours.cpu_s:.2f}",
        "came out": row.remark,
    }


def seconds(value: float) -> str:
    """Write seconds with three figures."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--scales", type=float, nargs="+", default=[1, 4, 14])
    parser.add_argument("--work", nargs="+", choices=list(WORK), default=list(WORK))
    parser.add_argument("--limit", type=float, default=30, help="seconds for a solver of a peer")
    parser.add_argument("--osmnx-to", type=float, default=1, help="largest scale that OSMnx reads")
    options = parser.parse_args()
    rows = []
    for scale in options.scales:
        for work in options.work:
            rows += WORK[work](scale, options)
    rows.sort(key=lambda row: options.work.index(row.work))
    print(table([cells(row) for row in rows]))
    print("\nSeconds grow as the size to the power of\n")
    grown = growth(rows)
    peers = list(dict.fromkeys(name for line in grown for name in line))
    print(table([{name: line.get(name, "") for name in peers[:3]} | line for line in grown]))


if __name__ == "__main__":
    main()
