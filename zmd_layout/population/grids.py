"""People on grids: exact sums of GeoTIFF cells in zones, and the cells that lie in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from zmd_layout.errors import CrsError, LayerError, SourceError
from zmd_layout.layers.formats import open_geotiff
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

# cells held at a time; exactextract's own default of 30 million takes several times the memory
# and is not faster
_CELLS_IN_MEMORY = 4_000_000


@dataclass(frozen=True, slots=True)
class Grid:
    """
    A raster of people per cell (not per square kilometre), such as WorldPop or GHS-POP.

    Parameters
    ----------
    path
        A GeoTIFF; its first band counts.
    year
        The year its people were counted or modelled for; None where that is not known.
    fills
        Values that mean "no data" though the file does not declare them; see `without_fills`.
    """

    path: Path
    year: int | None = None
    fills: tuple[float, ...] = ()


def zonal_sum(raster: Path | Grid, polygons: gpd.GeoSeries | gpd.GeoDataFrame) -> pd.Series:
    """
    Sum the cells of a raster in each polygon; a cell that lies partly inside counts in part.

    Parameters
    ----------
    raster
        People per cell. Cells without data count nobody.
    polygons
        Zones in any CRS; they may overlap. Where the raster has another CRS the zones are
        reprojected, never the raster, whose sums would change.

    Returns
    -------
    Series
        People on the index of `polygons`; NaN where no cell with data lies in the zone.

    Raises
    ------
    SourceError
        When the file cannot be read as a raster.
    CrsError
        When the raster or the polygons have no CRS.
    LayerError
        When cells are negative (a "no data" that the file does not declare), or the raster is
        rotated.

    Notes
    -----
    exactextract reads the raster once, block by block, whatever the number of zones, so that
    memory is bounded by the block and the polygons.
    It holds the covered part of a border cell in 32 bits: a sum is exact to 6e-8 of the people of
    each cell on the border of its zone.
    """
    grid = raster if isinstance(raster, Grid) else Grid(raster)
    zones = _zones_on(grid, polygons)
    from exactextract import exact_extract  # noqa: PLC0415 - slow to load, for grids only

    with open_geotiff(grid.path) as dataset:
        found = exact_extract(
            _source(dataset, grid),
            zones,
            ["sum", "count", "min"],
            strategy="raster-sequential",
            max_cells_in_memory=_CELLS_IN_MEMORY,
            output="pandas",
            include_cols=["position"],
        ).sort_values("position")
    _check_not_negative(grid, found["min"].to_numpy(dtype=float))
    people = found["sum"].where(found["count"] > 0).to_numpy(dtype=float)
    return pd.Series(people, index=polygons.index, name="residents")


@dataclass(frozen=True, slots=True)
class Cells:
    """
    The cells of a raster that touch one zone.

    Parameters
    ----------
    cell
        (n,) number of the cell in the raster, row by row.
    x, y
        (n,) its centre in the raster's CRS.
    coverage
        (n,) how much of it lies in the zone, 0 to 1.
    people
        (n,) people in the whole cell; 0 where it has no data.
    """

    cell: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    coverage: NDArray[np.float64]
    people: NDArray[np.float64]


def cells_by_zone(grid: Grid, polygons: gpd.GeoSeries) -> Iterator[Cells]:
    """
    Return the cells of each polygon in turn, so that one zone at a time is in memory.

    Parameters
    ----------
    grid
        People per cell.
    polygons
        Zones in any CRS.

    Raises
    ------
    SourceError, CrsError, LayerError
        As `zonal_sum`.
    """
    from exactextract import exact_extract  # noqa: PLC0415 - as above

    zones = _zones_on(grid, polygons)
    fields = ("cell_id", "center_x", "center_y", "coverage", "values")
    # a cell without data is a place where nobody was counted: it stays in, with 0 people
    operations = [f"{field}(default_value=0)" for field in fields]
    for position in range(len(zones)):
        # opened anew for each zone, so that nothing stays open while the caller works on it
        with open_geotiff(grid.path) as dataset:
            found = exact_extract(
                _source(dataset, grid), zones.iloc[[position]], operations, output="pandas"
            ).iloc[0]
        people = np.asarray(found["values"], dtype=float)
        _check_not_negative(grid, people)
        yield Cells(
            cell=np.asarray(found["cell_id"], dtype=np.int64),
            x=np.asarray(found["center_x"], dtype=float),
            y=np.asarray(found["center_y"], dtype=float),
            coverage=np.asarray(found["coverage"], dtype=float),
            people=people,
        )


def grid_crs(grid: Grid) -> pyproj.CRS:
    """
    Read the CRS of a raster.

    Raises
    ------
    SourceError
        When the file cannot be read as a raster.
    CrsError
        When it has no CRS.
    LayerError
        When it is rotated against its CRS.
    """
    from rasterio.errors import RasterioIOError  # noqa: PLC0415 - as above

    try:
        with open_geotiff(grid.path) as dataset:
            crs, transform = dataset.crs, dataset.get_transform()
    except RasterioIOError as error:
        message = Message("people.grid_unreadable", path=str(grid.path), reason=str(error))
        raise SourceError(message) from error
    if crs is None:
        raise CrsError(Message("people.grid_without_crs", path=str(grid.path)))
    if transform[2] != 0 or transform[4] != 0:
        raise LayerError(Message("people.grid_rotated", path=str(grid.path)))
    return pyproj.CRS.from_wkt(crs.to_wkt())


def _source(dataset: DatasetReader, grid: Grid) -> Any:  # noqa: ANN401 - what exactextract reads
    """Return the raster for exactextract, its undeclared fills masked."""
    if not grid.fills:
        return dataset
    from exactextract.raster import RasterioRasterSource  # noqa: PLC0415 - as above

    class WithoutFills(RasterioRasterSource):  # type: ignore[misc] # exactextract is untyped
        def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Any:  # noqa: ANN401 - as above
            cells = super().read_window(x0, y0, nx, ny)
            is_out = np.ma.getmaskarray(cells) | np.isin(np.ma.getdata(cells), grid.fills)
            return np.ma.MaskedArray(np.ma.getdata(cells), mask=is_out)

    return WithoutFills(dataset)


def zones_on(grid: Grid, polygons: gpd.GeoSeries | gpd.GeoDataFrame) -> gpd.GeoSeries:
    """
    Bring zones to the CRS of a raster.

    Raises
    ------
    SourceError, CrsError, LayerError
        As `zonal_sum`.
    """
    return _zones_on(grid, polygons).geometry


def _zones_on(grid: Grid, polygons: gpd.GeoSeries | gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Bring zones to the raster's CRS, numbered, with nothing else on board."""
    crs = grid_crs(grid)
    if polygons.crs is None:
        raise CrsError(Message("people.zones_without_crs"))
    zones = gpd.GeoDataFrame(
        {"position": np.arange(len(polygons))}, geometry=polygons.geometry.to_numpy(),
        crs=polygons.crs,
    )  # fmt: skip
    return zones.to_crs(crs)


def _check_not_negative(grid: Grid, values: NDArray[np.float64]) -> None:
    if (values < 0).any():  # False for NaN: a zone without data
        lowest = f"{np.nanmin(values):g}"
        raise LayerError(Message("people.grid_negative", path=str(grid.path), lowest=lowest))
