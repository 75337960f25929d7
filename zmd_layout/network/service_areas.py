"""Areas to draw: catchments and service areas, from labelled points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from zmd_layout.network.nearest_facility import NO_FACILITY, nearest
from zmd_layout.network.snapping import key_ranks, snap

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from zmd_layout.network.graph import RoadGraph
    from zmd_layout.network.snapping import Snap

# Voronoi cells of points closer than this are slivers that nobody sees.
_SAME_PLACE_DECIMALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """
    Square cells over an area; cell borders are multiples of the cell size in the plane.

    Attributes
    ----------
    row, column
        (n,) place of the cells, south to north, then west to east.
    cell_m
        Side of a cell.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    cell_m: float

    @property
    def centres_xy(self) -> NDArray[np.float64]:
        """(n, 2) the middle of each cell, in the plane."""
        places = np.column_stack([self.column, self.row]).astype(np.float64)
        return (places + 0.5) * self.cell_m


def grid_over(boundary: shapely.Geometry, *, cell_m: float) -> Grid:
    """
    Lay square cells over an area.

    Parameters
    ----------
    boundary
        An area in the plane.
    cell_m
        Side of a cell.

    Returns
    -------
    Grid
        The cells whose centre lies within the area or so near to it that they may touch it.
    """
    left, bottom, right, top = (np.array(boundary.bounds) // cell_m).astype(np.int64)
    row, column = np.mgrid[bottom : top + 1, left : right + 1].reshape(2, -1)
    grid = Grid(row=row, column=column, cell_m=cell_m)
    wide = boundary.buffer(cell_m)
    shapely.prepare(wide)
    is_near = shapely.intersects_xy(wide, *grid.centres_xy.T)
    return Grid(row=row[is_near], column=column[is_near], cell_m=cell_m)


def catchments(
    graph: RoadGraph,
    facilities: Snap,
    *,
    boundary: gpd.GeoSeries | gpd.GeoDataFrame,
    cell_m: float,
    limit_m: float,
    cutoff_m: float = np.inf,
) -> gpd.GeoDataFrame:
    """
    Draw the simulated catchments (模拟学区) by nearness; with a cut-off, the service areas.

    Not the catchments that the authorities draw. Every cell of a grid goes to the facility that is
    nearest over the network from its centre, and to none where none is in reach.

    Parameters
    ----------
    graph, facilities
        As in `nearest`.
    boundary
        The area that is drawn, in the plane of the graph.
    cell_m
        Side of a cell: how finely.
    limit_m
        The longest tie of a cell to the road network.
    cutoff_m
        The longest way, inclusive.

    Returns
    -------
    GeoDataFrame
        As from `areas_from_grid`.
    """
    grid = grid_over(boundary.geometry.union_all(), cell_m=cell_m)
    cells = snap(grid.centres_xy, graph, limit_m=limit_m)
    found = nearest(graph, cells, facilities, cutoff_m=cutoff_m)
    return areas_from_grid(grid, found.facility, keys=facilities.key, boundary=boundary)


def areas_from_grid(
    grid: Grid,
    facility: NDArray[np.int64],
    *,
    keys: NDArray[np.generic],
    boundary: gpd.GeoSeries | gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """
    Join the cells of a grid to one area for each facility.

    Parameters
    ----------
    grid
        n cells.
    facility
        (n,) position of the facility of each cell, `NO_FACILITY` for none.
    keys
        (m,) ids of the facilities.
    boundary
        The area that is drawn, in the plane of the grid.

    Returns
    -------
    GeoDataFrame
        `facility_key` and geometry, in the order of the keys, in the CRS of the boundary; only
        facilities that have a cell. Areas do not overlap; cells without a facility are in none.
    """
    pieces, labels = _pieces(grid, facility)
    return _join(pieces, labels, shapely.union_all, keys=keys, boundary=boundary)


def _pieces(
    grid: Grid, facility: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Outline the cells that hang together by their sides and go to one facility."""
    import rasterio  # noqa: PLC0415 - slow to load, for grids only
    import rasterio.features  # noqa: PLC0415 - as above

    south, west = grid.row.min(), grid.column.min()
    image = np.full((np.ptp(grid.row) + 1, np.ptp(grid.column) + 1), NO_FACILITY, dtype=np.int32)
    image[grid.row - south, grid.column - west] = facility
    side = grid.cell_m
    corner = rasterio.Affine(side, 0.0, west * side, 0.0, side, south * side)
    found = rasterio.features.shapes(image, mask=image != NO_FACILITY, transform=corner)
    outlines, labels = [], []
    for outline, label in found:
        outlines.append(shapely.Polygon(outline["coordinates"][0], outline["coordinates"][1:]))
        labels.append(label)
    return np.array(outlines, dtype=object), np.array(labels, dtype=np.int64)


def areas_from_points(
    points_xy: ArrayLike,
    facility: NDArray[np.int64],
    *,
    keys: NDArray[np.generic],
    boundary: gpd.GeoSeries | gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """
    Draw one area for each facility around the points that go to it.

    For points that stand where they stand, such as villages, and for any assignment of them. Each
    point has its Voronoi cell: the places that are nearer to it than to any other point.

    Parameters
    ----------
    points_xy
        (n, 2) in the plane; NaN for a point whose place is not known, which has no cell.
    facility
        (n,) position of the facility of each point, `NO_FACILITY` for none. Of points at one place
        (to 1 mm) that differ, the one with the smallest key counts.
    keys
        (m,) ids of the facilities.
    boundary
        The area that is drawn, in the plane of the points.

    Returns
    -------
    GeoDataFrame
        As from `areas_from_grid`.
    """
    xy = np.asarray(points_xy, dtype=np.float64).reshape(-1, 2).round(_SAME_PLACE_DECIMALS)
    has_facility = facility != NO_FACILITY
    rank = np.full(len(xy), len(keys))
    rank[has_facility] = key_ranks(keys)[facility[has_facility]]
    order = np.lexsort((rank, xy[:, 1], xy[:, 0]))
    order = order[np.isfinite(xy[order]).all(axis=1)]
    is_new = (np.diff(xy[order], axis=0) != 0).any(axis=1)
    used = order[np.concatenate([[True], is_new])[: len(order)]]
    cells = _cells(xy[used], boundary)
    return _join(cells, facility[used], shapely.coverage_union_all, keys=keys, boundary=boundary)


def _cells(
    xy: NDArray[np.float64], boundary: gpd.GeoSeries | gpd.GeoDataFrame
) -> NDArray[np.object_]:
    """Return the Voronoi cell of each of some different places."""
    frame = shapely.box(*boundary.total_bounds)
    if len(xy) < 2:  # noqa: PLR2004 - GEOS draws no cell for a single point
        return np.full(len(xy), frame, dtype=object)
    cells = shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=frame, ordered=True)
    return np.asarray(shapely.get_parts(cells), dtype=object)


def _join(
    pieces: NDArray[np.object_],
    facility: NDArray[np.int64],
    unite: Callable[[NDArray[np.object_]], shapely.Geometry],
    *,
    keys: NDArray[np.generic],
    boundary: gpd.GeoSeries | gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Unite pieces by facility, and cut them off at the boundary."""
    is_used = facility != NO_FACILITY
    pieces, facility = pieces[is_used], facility[is_used]
    rank = key_ranks(keys)[facility]
    order = np.argsort(rank, kind="stable")
    used, firsts = np.unique(rank[order], return_index=True)
    groups = np.split(pieces[order], firsts[1:]) if len(used) else []
    whole = boundary.geometry.union_all()
    shapely.prepare(whole)
    areas = np.array([unite(group) for group in groups], dtype=object)
    # cutting takes time for every vertex of the border, so only what reaches it is cut
    is_cut = ~shapely.contains_properly(whole, areas)
    areas[is_cut] = [_area_within(area, whole) for area in areas[is_cut]]
    frame = gpd.GeoDataFrame(
        {"facility_key": np.sort(keys)[used]}, geometry=areas, crs=boundary.crs
    )
    return frame[~frame.geometry.is_empty].reset_index(drop=True)


def _area_within(area: shapely.Geometry, whole: shapely.Geometry) -> shapely.Geometry:
    """Cut an area off, without the lines and points where it only touches the border."""
    cut = shapely.intersection(area, whole)
    parts = shapely.get_parts(cut)
    is_area = shapely.get_dimensions(parts) == shapely.get_dimensions(area)
    return cut if is_area.all() else shapely.union_all(parts[is_area])
