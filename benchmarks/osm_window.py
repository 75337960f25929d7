"""
Read one county out of larger extracts: cut by its window first, against reading the whole extract.

The extracts are rows of the county of `benchmarks/osm.py`, as `.osm.pbf`, with node ids spread over
all that OSM has given out, as they are. Both ways give the same schools and roads of the middle
county; each reading is a process of its own. `--sizes 1` is the county alone, where to cut is for
nothing: from which size on extracts are cut (`osm_cut.LARGE_BYTES`) rests on what this prints::

    python benchmarks/osm_window.py
    python benchmarks/osm_window.py --side 60 --sizes 1 4    # a quick look
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osm
import osmium
from taking import peak_mb

if TYPE_CHECKING:
    from collections.abc import Iterator

MARGIN = 0.2  # degrees that a study of the county asks for beyond it
WAYS = ("whole", "cut")


@dataclass(frozen=True)
class Reading:
    """What one reading took and found."""

    wall_s: float
    cpu_s: float
    mb: float
    schools: int
    road_km: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmark reading a part of an OSM extract.")
    parser.add_argument("--side", type=int, default=300, help="crossings along a county's side")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 4, 14], help="counties in it")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", nargs=3, metavar=("WAY", "FILE", "WINDOW"))
    options = parser.parse_args()
    if options.child:
        way, path, window = options.child
        print(json.dumps(read(way, Path(path), json.loads(window)).__dict__))
        return
    print(
        "counties  M nodes  PBF MB | whole s   cpu s      MB "
        "|   cut s   cpu s      MB | × wall × MB"
    )
    with tempfile.TemporaryDirectory() as folder:
        county = osm.make_county(options.side)
        for size in options.sizes:
            path = Path(folder, f"{size}.osm.pbf")
            write_row(county, size, options.side * osm.STEP, path)
            compare(path, size, len(county.nodes), window_of(size, options.side), options.repeats)
            path.unlink()


def window_of(size: int, side: int) -> list[float]:
    """Give the window of the middle county of a row."""
    width = side * osm.STEP
    west = osm.WEST + width * (size // 2)
    return [west - MARGIN, osm.SOUTH - MARGIN, west + width + MARGIN, osm.SOUTH + width + MARGIN]


def compare(path: Path, size: int, nodes: int, bounds: list[float], repeats: int) -> None:
    whole, cut = (best([in_child(way, path, bounds) for _ in range(repeats)]) for way in WAYS)
    assert whole.schools == cut.schools > 0
    assert abs(whole.road_km - cut.road_km) < 1e-6 * whole.road_km
    size_mb = path.stat().st_size / 1e6
    print(f"{size:8}{size * nodes / 1e6:9.1f}{size_mb:8.0f} |{row(whole)} |{row(cut)} "
          f"|{whole.wall_s / cut.wall_s:7.2f}{whole.mb / cut.mb:6.2f}", flush=True)  # fmt: skip


def row(reading: Reading) -> str:
    return f"{reading.wall_s:8.2f}{reading.cpu_s:8.2f}{reading.mb:8.0f}"


def best(readings: list[Reading]) -> Reading:
    return min(readings, key=lambda reading: reading.wall_s)


def in_child(way: str, path: Path, bounds: list[float]) -> Reading:
    command = [sys.executable, __file__, "--child", way, str(path), json.dumps(bounds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - own
    return Reading(**json.loads(done.stdout))


def read(way: str, path: Path, bounds: list[float]) -> Reading:
    from zmd_layout.layers.sources.osm import (  # noqa: PLC0415 - likewise
        Window,
        read_schools_and_roads,
    )
    from zmd_layout.layers.sources.osm import cut as osm_cut  # noqa: PLC0415 - likewise

    osm_cut.LARGE_BYTES = {"whole": sys.maxsize, "cut": 0}[way]
    wall, cpu = time.perf_counter(), time.process_time()
    schools, roads = read_schools_and_roads(
        path, working_crs=osm.WORKING_CRS, window=Window(*bounds)
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Reading(wall, cpu, peak_mb(), len(schools.frame), osm.road_km(roads))


def write_row(county: osm.County, size: int, width: float, path: Path) -> None:
    """Write a county many times side by side."""
    text = path.with_suffix(".opl")
    rng = np.random.default_rng(20251231)
    total = size * len(county.nodes)
    ids = rng.choice(osm.LAST_NODE_ID, total, replace=False) + 1
    lon, lat, tags = zip(*county.nodes, strict=True)
    east = np.repeat(np.arange(size) * width, len(lon))
    columns = (ids, np.tile(lon, size) + east, np.tile(lat, size))
    with text.open("w", encoding="utf-8") as file:
        order = np.argsort(ids)
        for some in np.array_split(order, size):
            marks = [opl_tags(tags[number % len(tags)]) for number in some.tolist()]
            rows = zip(*(column[some].tolist() for column in columns), marks, strict=True)
            file.writelines(map("n%d x%.7f y%.7f %s\n".__mod__, rows))
        for number in range(size):
            file.writelines(way_lines(county, number, ids))
        for number in range(size):
            file.writelines(relation_lines(county, number))
    with osmium.SimpleWriter(str(path)) as writer, osmium.io.Reader(str(text)) as reader:
        osmium.apply(reader, writer)
    text.unlink()


def opl_tags(tags: dict[str, str]) -> str:
    return "T" + ",".join(f"{key}={value}" for key, value in tags.items())


def way_lines(county: osm.County, number: int, ids: np.ndarray) -> Iterator[str]:
    own = ids[number * len(county.nodes) :][: len(county.nodes)].tolist()
    for way, (refs, tags) in enumerate(county.ways, number * len(county.ways) + 1):
        nodes = ",".join([f"n{own[ref - 1]}" for ref in refs])
        yield f"w{way} {opl_tags(tags)} N{nodes}\n"


def relation_lines(county: osm.County, number: int) -> Iterator[str]:
    first = number * len(county.ways)
    start = number * len(county.relations) + 1
    for relation, (outlines, tags) in enumerate(county.relations, start):
        members = ",".join(f"w{first + outline}@outer" for outline in outlines)
        yield f"r{relation} {opl_tags(tags)} M{members}\n"


if __name__ == "__main__":
    main()
