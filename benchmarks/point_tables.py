"""
Take a county's rows out of a national table of points, and count points in polygons, by engine.

Made tables: an id, a name, longitude and latitude spread over 15 by 10 degrees, residents; the
window is one degree by one and holds some 0.7 % of the rows. Each engine reads in a process of its
own and must find the same rows. Told are seconds, processor seconds, peak memory, and how many
times less than the first row::

    pip install duckdb sedonadb pyarrow
    python benchmarks/point_tables.py                   # 10⁶ and 10⁷ rows: half an hour, 10 GB
    python benchmarks/point_tables.py --rows 100000     # a quick look

DuckDB is used without its spatial extension, which it downloads at run time. An engine that is not
installed is left out.

What it showed: every engine takes a window out of a CSV in about the memory of the window, within
seconds of each other at 10⁷ rows, against a minute and gigabytes for the whole table. Only
`read_raw` tells of cells that are no coordinates, and gives quotes, encodings and rows of odd
length as it does for whole tables; so no engine was added. SedonaDB joins points to polygons with
a quarter of the work; once its window is taken, a county has too few points for that to matter.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from taking import peak_mb

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = (114.0, 32.0, 115.0, 33.0)
GROUND = (105.0, 27.0, 120.0, 37.0)
SIDES = (50, 50)
CHUNK = 1 << 20


@dataclass(frozen=True)
class Reading:
    """What one reading took and found."""

    wall_s: float
    cpu_s: float
    mb: float
    found: int


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmark engines on large tables of points.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", nargs=2, metavar=("ENGINE", "FOLDER"))
    options = parser.parse_args()
    if options.child:
        engine, folder = options.child
        print(json.dumps(asdict(read(engine, Path(folder)))))
        return
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), rows)
            compare(Path(folder), rows, options.repeats)


def compare(folder: Path, rows: int, repeats: int) -> None:
    sizes = {path.name: path.stat().st_size / 1e6 for path in sorted(folder.iterdir())}
    print(f"\n{rows:,} rows: " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in sizes.items()))
    for task, engines in TASKS.items():
        print(f"{task:46}  wall s   cpu s      MB | × wall  × MB")
        first: Reading | None = None
        for name, (needs, _) in engines.items():
            if find_spec(needs) is None:
                print(f"  {name:44}  not installed")
                continue
            found = min(
                (in_child(f"{task}/{name}", folder) for _ in range(repeats)),
                key=lambda reading: reading.wall_s,
            )
            first = first or found
            assert found.found == first.found, (name, found, first)
            ratios = f"{first.wall_s / found.wall_s:7.1f}{first.mb / found.mb:6.1f}"
            taken = f"{found.wall_s:8.2f}{found.cpu_s:8.2f}{found.mb:8.0f}"
            print(f"  {name:44}{taken} |{ratios}", flush=True)


def in_child(engine: str, folder: Path) -> Reading:
    command = [sys.executable, __file__, "--child", engine, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - own
    return Reading(**json.loads(done.stdout.splitlines()[-1]))


def read(engine: str, folder: Path) -> Reading:
    task, name = engine.split("/", 1)
    _, make = TASKS[task][name]
    call = make(folder)
    wall, cpu = time.perf_counter(), time.process_time()
    found = call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Reading(wall, cpu, peak_mb(), found)


def write(folder: Path, rows: int) -> None:
    """Write the table as CSV and as GeoParquet with a covering, and 2,500 polygons."""
    rng = np.random.default_rng(20251231)
    west, south, east, north = GROUND
    table = pd.DataFrame(
        {
            "id": np.arange(rows),
            "name": np.char.add("示例村", rng.integers(0, 99_999, rows).astype(str)),
            "lon": np.round(west + (east - west) * rng.random(rows), 6),
            "lat": np.round(south + (north - south) * rng.random(rows), 6),
            "residents": rng.integers(0, 5_000, rows),
        }
    )
    table = table.sort_values(["lat", "lon"], ignore_index=True)  # as such tables come: by place
    table.to_csv(folder / "points.csv", index=False)
    points = gpd.GeoDataFrame(
        table.drop(columns=["lon", "lat"]),
        geometry=shapely.points(table["lon"].to_numpy(), table["lat"].to_numpy()), crs="EPSG:4326",
    )  # fmt: skip
    if find_spec("pyarrow") is not None:
        points.to_parquet(
            folder / "points.parquet", write_covering_bbox=True, row_group_size=1 << 17
        )
    polygons().to_file(folder / "polygons.gpkg")


def polygons() -> gpd.GeoDataFrame:
    """Cover the ground with quadrangles of bent sides."""
    west, south, east, north = GROUND
    across, up = SIDES
    shapes = []
    for column in range(across):
        for row in range(up):
            box = shapely.box(
                west + (east - west) * column / across, south + (north - south) * row / up,
                west + (east - west) * (column + 1) / across,
                south + (north - south) * (row + 1) / up,
            )  # fmt: skip
            bent = shapely.segmentize(box, (east - west) / across / 25)
            shapes.append(shapely.transform(bent, bend))
    return gpd.GeoDataFrame({"number": range(len(shapes))}, geometry=shapes, crs="EPSG:4326")


def bend(corners: np.ndarray) -> np.ndarray:
    """Move each place a little, the same place always alike."""
    x, y = corners.T
    return np.column_stack([x + 0.02 * np.sin(40 * y), y + 0.02 * np.sin(40 * x)])


# rows of a window


def within(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    west, south, east, north = WINDOW
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def ours(folder: Path, window: tuple[float, ...] | None, name: str) -> Callable[[], int]:
    from zmd_layout.layers.files import read_raw  # noqa: PLC0415 - each child loads its engine
    from zmd_layout.study import LayerSource  # noqa: PLC0415 - likewise

    path = folder / name

    def call() -> int:
        frame = read_raw(path, LayerSource(path=name), layer_name="villages", window=window)
        return int(within(frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()).sum())

    return call


def csv_whole(folder: Path) -> Callable[[], int]:
    return ours(folder, None, "points.csv")


def csv_window(folder: Path) -> Callable[[], int]:
    return ours(folder, WINDOW, "points.csv")


def parquet_whole(folder: Path) -> Callable[[], int]:
    return ours(folder, None, "points.parquet")


def parquet_window(folder: Path) -> Callable[[], int]:
    return ours(folder, WINDOW, "points.parquet")


def csv_pandas(folder: Path) -> Callable[[], int]:
    def call() -> int:
        found = 0
        for some in pd.read_csv(folder / "points.csv", chunksize=CHUNK):
            found += len(some[within(some["lon"].to_numpy(), some["lat"].to_numpy())])
        return found

    return call


def csv_pyarrow(folder: Path) -> Callable[[], int]:
    from pyarrow import csv  # noqa: PLC0415 - likewise

    def call() -> int:
        found = 0
        for some in csv.open_csv(folder / "points.csv"):
            is_in = within(some["lon"].to_numpy(), some["lat"].to_numpy())
            found += some.filter(is_in).num_rows
        return found

    return call


def duckdb_rows(table: str) -> int:
    import duckdb  # noqa: PLC0415 - likewise

    west, south, east, north = WINDOW
    is_in = f"x BETWEEN {west} AND {east} AND y BETWEEN {south} AND {north}"
    return len(duckdb.sql(f"SELECT * FROM ({table}) WHERE {is_in}").df())  # noqa: S608 - our text


def csv_duckdb(folder: Path) -> Callable[[], int]:
    path = folder / "points.csv"
    table = f"SELECT *, lon AS x, lat AS y FROM read_csv('{path}')"  # noqa: S608 - our text
    return lambda: duckdb_rows(table)


def parquet_duckdb(folder: Path) -> Callable[[], int]:
    path = folder / "points.parquet"
    columns = "id, name, residents, bbox.xmin AS x, bbox.ymin AS y"
    table = f"SELECT {columns} FROM read_parquet('{path}')"  # noqa: S608 - our text
    return lambda: duckdb_rows(table)


def parquet_sedona(folder: Path) -> Callable[[], int]:
    import sedonadb  # noqa: PLC0415 - likewise

    box = shapely.box(*WINDOW).wkt

    def call() -> int:
        engine = sedonadb.connect()
        engine.read_parquet(str(folder / "points.parquet")).to_view("points")
        query = (
            "SELECT * FROM points WHERE ST_Intersects(geometry, "  # noqa: S608 - our own text
            f"ST_SetSRID(ST_GeomFromText('{box}'), 4326))"
        )
        return len(engine.sql(query).to_pandas())

    return call


# points in polygons


def join_shapely(folder: Path) -> Callable[[], int]:
    def call() -> int:
        tree = shapely.STRtree(gpd.read_file(folder / "polygons.gpkg").geometry.to_numpy())
        found = 0
        for some in pd.read_csv(folder / "points.csv", usecols=["lon", "lat"], chunksize=CHUNK):
            points = shapely.points(some["lon"].to_numpy(), some["lat"].to_numpy())
            found += tree.query(points, predicate="intersects").shape[1]
        return found

    return call


def join_geopandas(folder: Path) -> Callable[[], int]:
    def call() -> int:
        areas = gpd.read_file(folder / "polygons.gpkg")
        points = gpd.read_parquet(folder / "points.parquet", columns=["geometry"])
        return len(gpd.sjoin(points, areas, predicate="intersects"))

    return call


def join_sedona(folder: Path) -> Callable[[], int]:
    import sedonadb  # noqa: PLC0415 - likewise

    def call() -> int:
        engine = sedonadb.connect()
        engine.read_parquet(str(folder / "points.parquet")).to_view("points")
        engine.create_data_frame(gpd.read_file(folder / "polygons.gpkg")).to_view("areas")
        query = (
            "SELECT areas.number, count(*) AS n FROM points JOIN areas "
            "ON ST_Intersects(areas.geometry, points.geometry) GROUP BY areas.number"
        )
        return int(engine.sql(query).to_pandas()["n"].sum())

    return call


Engines = dict[str, tuple[str, "Callable[[Path], Callable[[], int]]"]]
TASKS: dict[str, Engines] = {
    "window of a CSV": {
        "read_raw, whole": ("zmd_layout", csv_whole),
        "read_raw, window": ("zmd_layout", csv_window),
        "pandas, in chunks": ("pandas", csv_pandas),
        "pyarrow, in batches": ("pyarrow", csv_pyarrow),
        "DuckDB": ("duckdb", csv_duckdb),
    },
    "window of a GeoParquet": {
        "read_raw, whole": ("pyarrow", parquet_whole),
        "read_raw, window": ("pyarrow", parquet_window),
        "DuckDB, on the covering": ("duckdb", parquet_duckdb),
        "SedonaDB": ("sedonadb", parquet_sedona),
    },
    "points in 2,500 polygons": {
        "pandas and a tree of shapely": ("shapely", join_shapely),
        "geopandas.sjoin": ("pyarrow", join_geopandas),
        "SedonaDB": ("sedonadb", join_sedona),
    },
}


if __name__ == "__main__":
    main()
