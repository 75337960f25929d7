"""
Read schools and roads of a county-size OSM extract: this package against OSMnx's own reader.

Makes a synthetic extract (a bent street grid, houses, schools as points, areas and multipolygons),
lets each reader read it in a process of its own, and prints wall time, processor time, peak memory
and how many times less ours takes. Both read the same `.osm`; ours is also timed on the same data
as `.osm.pbf`, which OSMnx cannot read. Both must find the same schools and length of road::

    python benchmarks/osm.py              # a county: some minutes and 5 GB for OSMnx
    python benchmarks/osm.py --side 60    # a quick look
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osmium
from osmium.osm import mutable
from taking import peak_mb

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.layers.roads import RoadTables

    Read = Callable[[Path], tuple[int, float]]  # an extract → its schools, km of its roads
    Reading = Callable[[], Read]  # imports what it needs first, which is not timed

WEST, SOUTH = 114.0, 33.0
STEP = 0.002  # degrees between crossings
BENDS = 3  # nodes between two crossings
HOUSES_PER_CROSSING = 0.5
SCHOOLS_PER_CROSSING = 0.02
LAST_NODE_ID = 13_000_000_000
WORKING_CRS = "EPSG:4547"
KINDS = ["school", "kindergarten"]


@dataclass(frozen=True)
class Taken:
    """What one reading took and found."""

    wall_s: float
    processor_s: float
    peak_mb: float
    imports_mb: float
    schools: int = 0
    road_km: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmark the readers of OSM extracts.")
    parser.add_argument("--side", type=int, default=300, help="crossings along a side")
    parser.add_argument("--repeats", type=int, default=3, help="readings by this package")
    parser.add_argument("--child", nargs=2, metavar=("READING", "FILE"), help="read once, and tell")
    options = parser.parse_args()
    if options.child:
        reading, path = options.child
        print(json.dumps(asdict(take(READINGS[reading], Path(path)))))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder, "county.osm"), side=options.side, repeats=options.repeats)


def compare(xml: Path, *, side: int, repeats: int) -> None:
    pbf = xml.with_suffix(".osm.pbf")
    nodes, ways = write_county(xml, side)
    with osmium.SimpleWriter(str(pbf)) as writer, osmium.io.Reader(str(xml)) as reader:
        osmium.apply(reader, writer)
    print(f"{nodes:,} nodes, {ways:,} ways, {xml.stat().st_size / 1e6:.0f} MB as XML")
    print(f"{'':28}  wall s   cpu s      MB  imports |  × wall   × cpu    × MB")
    schools = in_child("osmnx schools", xml)
    roads = in_child("osmnx roads", xml)
    theirs = {"schools": schools, "roads": roads, "both": one_after_the_other(schools, roads)}
    for what, taken in theirs.items():
        print(row(f"{what:8} osmnx on .osm", taken))
        for path in (xml, pbf):
            ours = median([in_child(f"ours {what}", path) for _ in range(repeats)])
            if what != "roads":
                assert ours.schools == schools.schools, (ours, schools)
            if what != "schools":
                assert abs(ours.road_km / roads.road_km - 1) < 0.005, (ours, roads)
            label = f"{what:8} ours on {path.name.removeprefix('county')}"
            print(row(label, ours) + times_less(taken, ours))


def in_child(reading: str, path: Path) -> Taken:
    command = [sys.executable, __file__, "--child", reading, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - own
    return Taken(**json.loads(done.stdout))


def take(reading: Reading, path: Path) -> Taken:
    read = reading()
    imports_mb = peak_mb()
    wall, processor = time.perf_counter(), time.process_time()
    schools, road_km = read(path)
    return Taken(
        time.perf_counter() - wall,
        time.process_time() - processor,
        peak_mb(),
        imports_mb,
        schools,
        road_km,
    )


def median(readings: list[Taken]) -> Taken:
    return sorted(readings, key=lambda taken: taken.wall_s)[len(readings) // 2]


def one_after_the_other(first: Taken, second: Taken) -> Taken:
    return Taken(
        first.wall_s + second.wall_s,
        first.processor_s + second.processor_s,
        max(first.peak_mb, second.peak_mb),
        max(first.imports_mb, second.imports_mb),
    )


def row(label: str, taken: Taken) -> str:
    times = f"{taken.wall_s:8.2f}{taken.processor_s:8.2f}"
    return f"{label:28}{times}{taken.peak_mb:8.0f}{taken.imports_mb:9.0f} |"


def times_less(theirs: Taken, ours: Taken) -> str:
    ratios = (
        theirs.wall_s / ours.wall_s,
        theirs.processor_s / ours.processor_s,
        theirs.peak_mb / ours.peak_mb,
    )
    return "".join(f"{ratio:8.1f}" for ratio in ratios)


def osmnx_schools() -> Read:
    import osmnx  # noqa: PLC0415 - each child loads only what it measures

    warnings.simplefilter("ignore")  # OSMnx warns of files that it did not write

    def read(path: Path) -> tuple[int, float]:
        return len(osmnx.features_from_xml(path, tags={"amenity": KINDS})), 0.0

    return read


def osmnx_roads() -> Read:
    import osmnx  # noqa: PLC0415 - likewise

    warnings.simplefilter("ignore")

    def read(path: Path) -> tuple[int, float]:
        edges = osmnx.graph_from_xml(path, retain_all=True).edges(data=True)
        # a two-way street is there twice
        return 0, sum(t["length"] * (1 if t["oneway"] else 0.5) for *_, t in edges) / 1000

    return read


def our_schools() -> Read:
    from zmd_layout.layers.sources.osm import read_schools  # noqa: PLC0415 - likewise

    def read(path: Path) -> tuple[int, float]:
        return sum(read_schools(path).dropped.read.values()), 0.0

    return read


def our_roads() -> Read:
    from zmd_layout.layers.sources.osm import read_roads  # noqa: PLC0415 - likewise

    def read(path: Path) -> tuple[int, float]:
        return 0, road_km(read_roads(path, working_crs=WORKING_CRS))

    return read


def our_both() -> Read:
    from zmd_layout.layers.sources.osm import read_schools_and_roads  # noqa: PLC0415 - likewise

    def read(path: Path) -> tuple[int, float]:
        schools, roads = read_schools_and_roads(path, working_crs=WORKING_CRS)
        return sum(schools.dropped.read.values()), road_km(roads)

    return read


def road_km(roads: RoadTables) -> float:
    return float(roads.edges["length_m"].sum()) / 1000


READINGS: dict[str, Reading] = {
    "osmnx schools": osmnx_schools,
    "osmnx roads": osmnx_roads,
    "ours schools": our_schools,
    "ours roads": our_roads,
    "ours both": our_both,
}


def write_county(path: Path, side: int) -> tuple[int, int]:
    """Write the extract; give the numbers of its nodes and ways."""
    county = make_county(side)
    county.write(path)
    return len(county.nodes), len(county.ways)


def make_county(side: int) -> County:
    """Make streets, houses and schools."""
    rng = np.random.default_rng(20251231)
    county = County()
    index = np.arange(side) * STEP
    lon = WEST + index[None, :] + rng.normal(0, STEP / 8, (side, side))
    lat = SOUTH + index[:, None] + rng.normal(0, STEP / 8, (side, side))
    crossing = [[county.node(lon[i, j], lat[i, j]) for j in range(side)] for i in range(side)]
    for i in range(side):
        for j in range(side):
            for a, b in ((i, j + 1), (i + 1, j)):
                if a < side and b < side:
                    share = np.arange(1, BENDS + 1) / (BENDS + 1)
                    bends = zip(
                        lon[i, j] + share * (lon[a, b] - lon[i, j]) + rng.normal(0, 2e-5, BENDS),
                        lat[i, j] + share * (lat[a, b] - lat[i, j]) + rng.normal(0, 2e-5, BENDS),
                        strict=True,
                    )
                    middle = [county.node(*bend) for bend in bends]
                    county.road([crossing[i][j], *middle, crossing[a][b]])
    extent = side * STEP
    for _ in range(int(side * side * HOUSES_PER_CROSSING)):
        county.square(
            WEST + extent * rng.random(), SOUTH + extent * rng.random(), {"building": "yes"}
        )
    for number in range(int(side * side * SCHOOLS_PER_CROSSING)):
        county.school(number, WEST + extent * rng.random(), SOUTH + extent * rng.random())
    return county


class County:
    """Objects of OSM, numbered as they come."""

    def __init__(self) -> None:
        self.nodes: list[tuple[float, float, dict[str, str]]] = []
        self.ways: list[tuple[list[int], dict[str, str]]] = []
        self.relations: list[tuple[list[int], dict[str, str]]] = []

    def node(self, lon: float, lat: float, tags: dict[str, str] | None = None) -> int:
        """Add a node."""
        self.nodes.append((lon, lat, tags or {}))
        return len(self.nodes)

    def way(self, refs: list[int], tags: dict[str, str]) -> int:
        """Add a way."""
        self.ways.append((refs, tags))
        return len(self.ways)

    def road(self, refs: list[int]) -> None:
        """Add a street."""
        number = len(self.ways)
        tags = {"highway": ("residential", "tertiary", "secondary")[number % 3]}
        tags["name"] = f"示例路{number % 500}"
        if number % 7 == 0:
            tags["oneway"] = "yes"
        self.way(refs, tags)

    def square(self, lon: float, lat: float, tags: dict[str, str], size: float = 2e-4) -> int:
        """Add a closed way, `size` degrees wide."""
        corners = ((0, 0), (1, 0), (1, 1), (0, 1))
        refs = [self.node(lon + size * x, lat + size * y) for x, y in corners]
        return self.way([*refs, refs[0]], tags)

    def school(self, number: int, lon: float, lat: float) -> None:
        """Add a school: half are points, a tenth multipolygons, the others areas."""
        tags = {"amenity": KINDS[number % 3 == 0], "name": f"示例学校{number}"}
        if number % 10 == 0:
            outline = self.square(lon, lat, {}, size=5e-4)
            self.relations.append(([outline], {"type": "multipolygon", **tags}))
        elif number % 2 == 0:
            self.square(lon, lat, tags, size=5e-4)
        else:
            self.node(lon, lat, tags)

    def write(self, path: Path) -> None:
        """Write the file."""
        # an extract holds few of the world's ids, and those are spread
        rng = np.random.default_rng(20251231)
        ids = np.sort(rng.choice(LAST_NODE_ID, len(self.nodes), replace=False) + 1)
        with osmium.SimpleWriter(str(path)) as writer:
            for number, (lon, lat, tags) in zip(ids.tolist(), self.nodes, strict=True):
                writer.add_node(mutable.Node(id=number, location=(lon, lat), tags=tags))
            for number, (refs, tags) in enumerate(self.ways, 1):
                nodes = ids[np.array(refs) - 1].tolist()
                writer.add_way(mutable.Way(id=number, nodes=nodes, tags=tags))
            for number, (outlines, tags) in enumerate(self.relations, 1):
                members = [("w", outline, "outer") for outline in outlines]
                writer.add_relation(mutable.Relation(id=number, members=members, tags=tags))


if __name__ == "__main__":
    main()
