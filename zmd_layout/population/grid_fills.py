"""Undeclared no-data values of population grids, and cells that hold an implausible crowd."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from zmd_layout.errors import LayerError
from zmd_layout.layers.formats import open_geotiff
from zmd_layout.layers.plausibility import bounds, fills_of, usual_fills
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Implausible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from zmd_layout.population.grids import Grid
    from zmd_layout.study import Acceptance

_ROWS_AT_ONCE = 512
_KM_PER_DEGREE = 111.32


@dataclass(slots=True)
class _Tally:
    """What the peopled cells of a grid hold, apart from values that usually fill cells."""

    crowd: float
    cells: int = 0
    people: float = 0.0
    most: float = 0.0
    crowded: int = 0
    usual: dict[float, int] = field(default_factory=dict)

    def add(self, cells: NDArray[np.float64]) -> None:
        """Take in the values of some cells."""
        is_usual = np.isin(cells, usual_fills())
        found, counts = np.unique(cells[is_usual], return_counts=True)
        for value, count in zip(found.tolist(), counts.tolist(), strict=True):
            self.usual[value] = self.usual.get(value, 0) + count
        self._count(cells[~is_usual], 1)

    def without(self, fills: tuple[float, ...]) -> None:
        """Count the usual fills that are none here as people."""
        for value, count in self.usual.items():
            if value not in fills:
                self._count(np.array([value]), count)

    def _count(self, cells: NDArray[np.float64], times: int) -> None:
        self.cells += times * len(cells)
        self.people += times * float(cells.sum())
        self.most = max(self.most, float(cells.max(initial=0.0)))
        self.crowded += times * int((cells > self.crowd).sum())


def without_fills(
    grid: Grid, zones: gpd.GeoSeries, *, accept: Iterable[Acceptance] = ()
) -> tuple[Grid, tuple[Message, ...]]:
    """
    Leave out cells with a no-data value that the file does not declare.

    Parameters
    ----------
    grid
        People per cell.
    zones
        Where it is used, in its own CRS.
    accept
        What the study accepts.

    Returns
    -------
    grid, notes
        The grid with its `fills`, and how many cells they are.

    Raises
    ------
    LayerError
        If cells hold more people than can live there, or one nearly all of them, and the study
        does not accept that.
    """
    accepted = {acceptance.what: acceptance.reason for acceptance in accept}
    tally, cell_km2 = _tally(grid, zones)
    path = grid.path.name
    notes = []
    fills = fills_of(tally.usual, others_most=tally.most) if tally.cells else ()
    if fills:
        told = {
            "path": path, "count": sum(tally.usual[value] for value in fills),
            "values": [f"{value:.10g}" for value in fills], "what": str(Implausible.FILL_VALUE),
        }  # fmt: skip
        if Implausible.FILL_VALUE in accepted:
            notes.append(_accepted(accepted[Implausible.FILL_VALUE], told))
            fills = ()
        else:
            notes.append(Message("plausibility.grid_fills", **told))
    tally.without(fills)
    for what, count, detail in _crowds(tally, cell_km2):
        told = {
            "path": path, "count": count, "most": f"{tally.most:,.0f}", "detail": detail,
            "what": str(what),
        }  # fmt: skip
        if what not in accepted:
            raise LayerError(Message("plausibility.grid_refused", **told))
        notes.append(_accepted(accepted[what], told | {"values": [told["most"]]}))
    return replace(grid, fills=fills), tuple(notes)


def unknown_units(grid: Grid, zones: gpd.GeoSeries) -> NDArray[np.bool_]:
    """
    Find the zones of which so many cells hold one of the grid's `fills` that people are unknown.

    Parameters
    ----------
    grid
        With its `fills`.
    zones
        Where it is used, in its own CRS.

    Returns
    -------
    unknown
        (n,) bool.
    """
    if not grid.fills:
        return np.zeros(len(zones), dtype=bool)
    x: list[NDArray[np.float64]] = []
    y: list[NDArray[np.float64]] = []
    with open_geotiff(grid.path) as dataset:
        cell = abs(dataset.transform.a * dataset.transform.e)
        for part in _parts(dataset, zones):
            cells = dataset.read(1, window=part, masked=True)
            rows, columns = np.nonzero(np.isin(cells.filled(0), grid.fills))
            transform = dataset.transform
            x.append(transform.c + (part.col_off + columns + 0.5) * transform.a)
            y.append(transform.f + (part.row_off + rows + 0.5) * transform.e)
    centres = shapely.STRtree(shapely.points(np.concatenate(x), np.concatenate(y)))
    shapes = zones.to_numpy()
    which, _ = centres.query(shapes, predicate="intersects")
    share = np.bincount(which, minlength=len(shapes)) * cell / shapely.area(shapes)
    return np.asarray(share > bounds("fill_value")["negligible_share"])


def _accepted(reason: str, told: dict[str, Any]) -> Message:
    return Message(
        "plausibility.accepted", layer="population", reason=reason, what=told["what"],
        count=told["count"], found=told["values"],
    )  # fmt: skip


def _crowds(tally: _Tally, cell_km2: float) -> Iterator[tuple[Implausible, int, Message]]:
    if tally.crowded:
        value = f"{tally.most / cell_km2:,.0f}"
        detail = Message("plausibility.per_km2", value=value)
        yield Implausible.CELL_RESIDENTS_PER_KM2, tally.crowded, detail
    limit = bounds("share_of_all")
    if tally.cells >= limit["least_cells"] and tally.most > limit["most"] * tally.people:
        detail = Message("plausibility.share", value=f"{100 * tally.most / tally.people:.0f}")
        yield Implausible.SHARE_OF_ALL, 1, detail


def _tally(grid: Grid, zones: gpd.GeoSeries) -> tuple[_Tally, float]:
    """Count the cells around the zones, some rows at a time, and measure one in km²."""
    limit = bounds("cell_residents_per_km2")
    with open_geotiff(grid.path) as dataset:
        cell_km2 = _cell_km2(dataset)
        tally = _Tally(crowd=max(limit["most"] * cell_km2, limit["least"]))
        for part in _parts(dataset, zones):
            cells = dataset.read(1, window=part, masked=True).compressed().astype(np.float64)
            tally.add(cells[np.isfinite(cells) & (cells > 0)])
        return tally, cell_km2


def _parts(dataset: DatasetReader, zones: gpd.GeoSeries) -> Iterator[Any]:
    """Part the window around the zones into windows of some rows each."""
    from rasterio.windows import Window, from_bounds, intersect  # noqa: PLC0415 - as above

    whole = Window(0, 0, dataset.width, dataset.height)
    near = from_bounds(*zones.total_bounds, transform=dataset.transform)
    near = near.round_offsets(op="floor").round_lengths(op="ceil")
    if not intersect(whole, near):
        return
    near = near.intersection(whole)
    for row in range(0, int(near.height), _ROWS_AT_ONCE):
        height = min(_ROWS_AT_ONCE, int(near.height) - row)
        yield Window(near.col_off, near.row_off + row, near.width, height)


def _cell_km2(dataset: DatasetReader) -> float:
    width, height = (abs(size) for size in dataset.res)
    if not dataset.crs.is_geographic:
        factor = dataset.crs.linear_units_factor[1]
        return float(width * height * factor**2 / 1e6)
    middle = math.radians((dataset.bounds.top + dataset.bounds.bottom) / 2)
    return float(width * height * _KM_PER_DEGREE**2 * math.cos(middle))
