"""Work on the layers of the made city, ours beside peers: distances, areas, people of townships."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import rasterio.features
import shapely
from network import Arcs, from_door, with_igraph
from scipy.sparse.csgraph import dijkstra
from taking import Taken, in_turns
from zonal import CELL_M, ours, plain_by_raster, with_rasterstats, write_grid

from zmd_layout.network import (
    RoadGraph,
    Snap,
    areas_from_grid,
    areas_from_points,
    build_graph,
    grid_over,
    nearest,
    snap,
    tables_from_lines,
)
from zmd_layout.synthetic import make_city

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

TIE_M = 5000.0
AREA_CELL_M = 250.0
BUFFER_M = 300.0


class Row(NamedTuple):
    """Ours beside one peer at one scale; `size` counts `unit`."""

    work: str
    scale: float
    size: int
    unit: str
    ours: Taken
    peer: str
    theirs: Taken
    remark: str = ""
    is_cut_short: bool = False


@dataclass(frozen=True)
class City:
    """The made city at one scale, with what several measurements need."""

    layers: dict[str, pd.DataFrame]

    @cached_property
    def graph(self) -> RoadGraph:
        """Its roads for walkers."""
        return build_graph(tables_from_lines(gpd.GeoDataFrame(self.layers["roads"])), mode="walk")

    @cached_property
    def primaries(self) -> Snap:
        """Its operating primary schools and teaching points, tied to the roads."""
        schools = gpd.GeoDataFrame(self.layers["schools"])
        is_primary = schools["stages"].str.contains("primary", na=False)
        used = schools[is_primary & (schools["status"] == "operating")]
        return snap(used.get_coordinates(), self.graph, limit_m=TIE_M, keys=used["school_id"])

    @cached_property
    def homes_xy(self) -> NDArray[np.float64]:
        """The places where its people live, (n, 2)."""
        places = gpd.GeoDataFrame(self.layers["population"]).geometry.representative_point()
        return places.get_coordinates().to_numpy()

    @cached_property
    def homes(self) -> Snap:
        """Those places, tied to the roads."""
        return snap(self.homes_xy, self.graph, limit_m=TIE_M)

    @property
    def boundary(self) -> gpd.GeoSeries:
        """Its counties as one area, in the plane of the roads."""
        counties = gpd.GeoDataFrame(self.layers["counties"]).to_crs(self.layers["roads"].crs)
        return gpd.GeoSeries([counties.geometry.union_all()], crs=counties.crs)


def repeats_at(scale: float) -> int:
    """Repeat what is quick."""
    return 3 if scale <= 1 else 1


@lru_cache(maxsize=1)
def city_of(scale: float) -> City:
    """Make the city; the last one is kept."""
    return City(make_city(scale=scale))


def nearest_school(scale: float) -> list[Row]:
    """Time the nearest primary school of every place where people live."""
    city = city_of(scale)
    graph, schools = city.graph, city.primaries
    homes = city.homes
    sources = np.unique(schools.node[schools.is_snapped])
    with_engine = with_igraph(arcs_of(graph, schools))
    taken = in_turns(
        {
            "ours": lambda: nearest(graph, homes, schools),
            "SciPy's dijkstra alone": lambda: dijkstra(
                graph.weights, indices=sources, min_only=True, return_predecessors=True
            ),
            "igraph": with_engine,
        },
        repeats=repeats_at(scale),
    )
    # who lives on the edge of a school goes there directly, and passes no node
    on_edge = schools.edge[schools.edge >= 0]
    there = homes.is_snapped & ~np.isin(homes.edge, on_edge)
    theirs_m = (taken["igraph"].result[homes.node] + from_door(homes)).min(axis=1)
    assert np.allclose(theirs_m[there], taken["ours"].result.distance_m[there], rtol=0, atol=1e-6)
    return rows_of("nearest school", scale, len(graph.node_id), "nodes", taken)


def arcs_of(graph: RoadGraph, schools: Snap) -> Arcs:
    """Give the arcs of a graph, and some from one more node to where schools are tied."""
    arcs, source = graph.weights.tocoo(), len(graph.node_id)
    tied = schools.node[schools.is_snapped].T.ravel()
    return Arcs(
        np.concatenate([arcs.coords[0], np.full(len(tied), source)]),
        np.concatenate([arcs.coords[1], tied]),
        np.concatenate([arcs.data, from_door(schools)[schools.is_snapped].T.ravel()]),
        source,
    )


def areas_of_points(scale: float) -> list[Row]:
    """Time drawing the area of each school around the places whose people go to it."""
    city = city_of(scale)
    boundary = city.boundary
    xy = city.homes_xy
    label = nearest(city.graph, city.homes, city.primaries).facility
    keys = city.primaries.key
    points = gpd.GeoDataFrame({"school": label}, geometry=shapely.points(xy), crs=boundary.crs)
    taken = in_turns(
        {
            "ours": lambda: areas_from_points(xy, label, keys=keys, boundary=boundary),
            "Voronoi cells, dissolved": lambda: dissolved(voronoi(points, boundary), boundary),
            f"buffers of {BUFFER_M:g} m, dissolved": lambda: dissolved(
                points.set_geometry(points.buffer(BUFFER_M)), boundary
            ),
        },
        repeats=repeats_at(scale),
    )
    assert_same_areas(taken["ours"].result, taken["Voronoi cells, dissolved"].result)
    return rows_of("service areas of points", scale, len(xy), "places", taken)


def areas_of_cells(scale: float) -> list[Row]:
    """Time drawing the area of each school from a labelled grid."""
    city = city_of(scale)
    graph, boundary = city.graph, city.boundary
    grid = grid_over(boundary.union_all(), cell_m=AREA_CELL_M)
    cells = snap(grid.centres_xy, graph, limit_m=TIE_M)
    label = nearest(graph, cells, city.primaries).facility
    keys = city.primaries.key

    def by_rasterio() -> gpd.GeoDataFrame:
        left, bottom = grid.column.min(), grid.row.min()
        image = np.full((np.ptp(grid.row) + 1, np.ptp(grid.column) + 1), -1, dtype=np.int32)
        image[grid.row - bottom, grid.column - left] = label
        corner = rasterio.Affine(
            AREA_CELL_M, 0, left * AREA_CELL_M, 0, AREA_CELL_M, bottom * AREA_CELL_M
        )
        shapes = list(rasterio.features.shapes(image, mask=image >= 0, transform=corner))
        pieces = [shapely.geometry.shape(shape) for shape, _ in shapes]
        labels = [int(value) for _, value in shapes]
        frame = gpd.GeoDataFrame({"school": labels}, geometry=pieces, crs=boundary.crs)
        return dissolved(frame, boundary)

    taken = in_turns(
        {
            "ours": lambda: areas_from_grid(grid, label, keys=keys, boundary=boundary),
            "rasterio's shapes, dissolved": by_rasterio,
        },
        repeats=repeats_at(scale),
    )
    assert_same_areas(taken["ours"].result, taken["rasterio's shapes, dissolved"].result)
    return rows_of("service areas of cells", scale, len(label), "cells", taken)


def zonal_population(scale: float) -> list[Row]:
    """Time the people of each township from a grid of 100 m over the city."""
    townships = gpd.GeoDataFrame(city_of(scale).layers["townships"])[["geometry"]]
    west, south, east, north = (townships.total_bounds // CELL_M).astype(int)
    shape = (int(north - south) + 1, int(east - west) + 1)
    with tempfile.TemporaryDirectory() as folder:
        grid = Path(folder) / "grid.tif"
        write_grid(grid, shape, (west * CELL_M, (north + 1) * CELL_M))
        calls: dict[str, Callable[[], object]] = {
            "ours": lambda: ours(grid, townships),
            "exactextract alone": lambda: plain_by_raster(grid, townships),
            "rasterstats": lambda: with_rasterstats(grid, townships),
        }
        taken = in_turns(calls, repeats=repeats_at(scale))
    people, exact, centres = (taken[name].result for name in calls)
    assert abs(people / exact - 1) < 1e-9
    remarks = {"rasterstats": f"its people are off by {100 * (centres / people - 1):+.3f} %"}
    cells = shape[0] * shape[1]
    return rows_of("zonal population", scale, cells, "cells", taken, remarks)


def rows_of(
    work: str,
    scale: float,
    size: int,
    unit: str,
    taken: dict[str, Taken],
    remarks: dict[str, str] | None = None,
) -> list[Row]:
    """Put ours beside each of the others."""
    return [
        Row(work, scale, size, unit, taken["ours"], peer, theirs, (remarks or {}).get(peer, ""))
        for peer, theirs in taken.items()
        if peer != "ours"
    ]


def voronoi(points: gpd.GeoDataFrame, boundary: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Give each point its Voronoi cell."""
    cells = shapely.voronoi_polygons(
        shapely.multipoints(points.get_coordinates().to_numpy()),
        extend_to=shapely.box(*boundary.total_bounds),
        ordered=True,
    )
    return points.set_geometry(gpd.GeoSeries(shapely.get_parts(cells), crs=points.crs))


def dissolved(pieces: gpd.GeoDataFrame, boundary: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Unite pieces by school and cut them off, as GeoPandas does it by itself."""
    areas = pieces[pieces["school"] >= 0].dissolve("school")
    return areas.set_geometry(areas.intersection(boundary.union_all()))


def assert_same_areas(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> None:
    """Hold that two drawings have as many areas, and as large ones."""
    sizes: list[NDArray[np.float64]] = []
    for frame in (one, other):
        area = frame.area.to_numpy()
        sizes.append(np.sort(area[area > 0]))
    assert len(sizes[0]) == len(sizes[1])
    assert np.allclose(*sizes, rtol=1e-6, atol=1.0)
