"""
Zonal sums of a province-size grid: ours beside plain exactextract and rasterstats.

    python benchmarks/zonal.py [--cells 8000] [--zones 50]

The grid (cells × cells, float32, tiled) and the zones (zones × zones polygons with wavy borders)
are made at run time in a temporary folder. Each method runs in a process of its own, so that its
peak memory is its own; the best run is told. CPU seconds are for a machine that is not idle.
"""

from __future__ import annotations

import argparse
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from printing import table
from taking import in_own_process, in_turns

if TYPE_CHECKING:
    from collections.abc import Callable

CRS = "EPSG:4547"
CELL_M = 100.0
EAST, NORTH = 100_000.0, 3_000_000.0


def write_grid(path: Path, shape: tuple[int, int], corner: tuple[float, float]) -> None:
    """
    Write people that cluster, block by block, so that the generator is bounded too.

    `shape` counts rows and columns, `corner` is the upper left one.
    """
    random = np.random.default_rng(2020)
    block = 512
    transform = rasterio.Affine(CELL_M, 0, corner[0], 0, -CELL_M, corner[1])
    profile = {
        "driver": "GTiff", "width": shape[1], "height": shape[0], "count": 1, "dtype": "float32",
        "crs": CRS, "transform": transform, "nodata": -99999.0, "tiled": True,
        "blockxsize": block, "blockysize": block, "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        for top in range(0, shape[0], block):
            rows = min(block, shape[0] - top)
            people = random.gamma(0.2, 5.0, (rows, shape[1])).astype("float32")
            people[people < 0.05] = -99999.0
            file.write(people, 1, window=rasterio.windows.Window(0, top, shape[1], rows))


def make_zones(cells: int, zones: int) -> gpd.GeoDataFrame:
    """Make zones × zones polygons of about 160 vertices that share wavy borders."""
    side_m = cells * CELL_M / zones
    steps = np.linspace(0.0, 1.0, 41)[:-1]
    ring = np.concatenate(
        [
            np.column_stack([steps, np.zeros(40)]), np.column_stack([np.ones(40), steps]),
            np.column_stack([1 - steps, np.ones(40)]), np.column_stack([np.zeros(40), 1 - steps]),
        ]
    )  # fmt: skip
    polygons = []
    for column in range(zones):
        for row in range(zones):
            corner = (ring + np.array([column, row])) * side_m
            wave = 0.05 * side_m * np.sin(corner[:, ::-1] / side_m * 9.0)
            polygons.append(shapely.Polygon(corner + wave + np.array([EAST, NORTH])))
    return gpd.GeoDataFrame(geometry=polygons, crs=CRS)


def ours(grid: Path, zones: gpd.GeoDataFrame) -> float:
    from zmd_layout.population.grids import zonal_sum  # noqa: PLC0415 - its memory is its own

    return float(zonal_sum(grid, zones).sum())


def plain(grid: Path, zones: gpd.GeoDataFrame) -> float:
    from exactextract import exact_extract  # noqa: PLC0415 - its memory is its own

    return float(exact_extract(str(grid), zones, "sum", output="pandas")["sum"].sum())


def plain_by_raster(grid: Path, zones: gpd.GeoDataFrame) -> float:
    from exactextract import exact_extract  # noqa: PLC0415 - its memory is its own

    strategy = "raster-sequential"
    found = exact_extract(str(grid), zones, "sum", output="pandas", strategy=strategy)
    return float(found["sum"].sum())


def with_rasterstats(grid: Path, zones: gpd.GeoDataFrame) -> float:
    from rasterstats import zonal_stats  # noqa: PLC0415 - optional

    rows = zonal_stats(list(zones.geometry), str(grid), stats="sum")
    return float(sum(row["sum"] or 0.0 for row in rows))


METHODS: dict[str, Callable[[Path, gpd.GeoDataFrame], float]] = {
    "zmd_layout zonal_sum": ours,
    "exactextract": plain,
    "exactextract, raster by raster": plain_by_raster,
    "rasterstats": with_rasterstats,
}


def measure(name: str, grid: Path, shape: tuple[int, int], runs: int) -> dict[str, Any]:
    zones = make_zones(*shape)
    METHODS[name](grid, zones.iloc[:1])  # imports are not the work
    taken = in_turns({name: lambda: METHODS[name](grid, zones)}, repeats=runs)[name]
    return {
        "method": name, "wall s": taken.wall_s, "CPU s": taken.cpu_s,
        "grown MB": round(taken.grown_mb), "people": round(taken.result),
    }  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    arguments.add_argument("--cells", type=int, default=8000)
    arguments.add_argument("--zones", type=int, default=50)
    arguments.add_argument("--runs", type=int, default=3)
    options = arguments.parse_args()
    names = [name for name in METHODS if name != "rasterstats" or find_spec("rasterstats")]
    with tempfile.TemporaryDirectory() as folder:
        grid = Path(folder) / "grid.tif"
        corner = (EAST, NORTH + options.cells * CELL_M)
        write_grid(grid, (options.cells, options.cells), corner)
        print(f"{options.cells}² cells, {options.zones**2} zones, best of {options.runs}\n")
        rows: list[dict[str, Any]] = []
        for name in names:
            # a fresh process for each, so that one peak does not hide the next
            shape = (options.cells, options.zones)
            rows.append(in_own_process(measure, name, grid, shape, options.runs))
    first_s = rows[0]["CPU s"]
    for row in rows:
        row["ours ÷ it, CPU"] = first_s / row["CPU s"]
    print(table(rows))


if __name__ == "__main__":
    main()
