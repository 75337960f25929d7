"""Real places: ways and shares against a graph of another library, roads cut by another engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from road_oracle import Oracle

from zmd_layout.layers.sources.osm import read_roads
from zmd_layout.network import (
    NOT_WALKABLE,
    build_graph,
    join,
    loose_ends,
    nearest,
    snap,
    tables_from_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zmd_layout.layers.roads import RoadTables

PLACES = Path(__file__).parents[1].parent / "shared" / "data" / "places"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not PLACES.exists(), reason="needs the folder ../shared"),
]
LIMIT_M = 1000.0


def porto_alegre() -> tuple[RoadTables, NDArray[np.float64], NDArray[np.float64]]:
    """Return roads, hexagons where people live, and those with a school."""
    crs = "EPSG:31982"
    roads = read_roads(PLACES / "porto_alegre" / "poa.osm.pbf", working_crs=crs)
    cells = pd.read_csv(PLACES / "porto_alegre" / "poa_hexgrid.csv")
    xy = gpd.points_from_xy(cells["lon"], cells["lat"], crs=4326).to_crs(crs)
    xy = shapely.get_coordinates(xy)
    return roads, xy[cells["population"] > 0], xy[cells["schools"] > 0]


def las_palmas() -> tuple[RoadTables, NDArray[np.float64], NDArray[np.float64]]:
    """Return roads, points on a lattice in the town, and the middles of its catchments."""
    crs = "EPSG:32628"
    roads = read_roads(PLACES / "las_palmas" / "las_palmas_20230221.osm.pbf", working_crs=crs)
    town = gpd.read_file(PLACES / "las_palmas" / "lp_boundary.geojson").to_crs(crs)
    schools = gpd.read_file(PLACES / "las_palmas" / "lp_secondary_catchments.geojson").to_crs(crs)
    west, south, east, north = town.total_bounds
    x, y = np.meshgrid(np.arange(west, east, 200), np.arange(south, north, 200))
    inside = shapely.contains_xy(town.union_all(), x, y)
    places = shapely.get_coordinates(schools.representative_point())
    return roads, np.column_stack([x[inside], y[inside]]), places


def huangpu() -> tuple[RoadTables, NDArray[np.float64], NDArray[np.float64]]:
    """Return roads, street blocks and schools."""
    crs = "EPSG:32651"
    folder = PLACES / "shanghai_huangpu"
    roads = tables_from_lines(gpd.read_file(folder / "roads_osm2025.gpkg").to_crs(crs))
    blocks = gpd.read_file(folder / "blocks.geojson").to_crs(crs)
    schools = pd.read_csv(folder / "schools_amap.csv")
    places = gpd.points_from_xy(schools["lon"], schools["lat"], crs=4326).to_crs(crs)
    homes = shapely.get_coordinates(blocks.representative_point())
    return roads, homes, shapely.get_coordinates(places)


@pytest.mark.parametrize("place", [porto_alegre, las_palmas, huangpu])
def test_ways_and_shares_of_a_real_place_are_those_of_an_exact_computation(
    place: Callable[[], tuple[RoadTables, NDArray[np.float64], NDArray[np.float64]]],
) -> None:
    roads, homes_xy, schools_xy = place()
    roads = join(roads, loose_ends(roads, within_m=3))
    graph = build_graph(roads, mode="walk")
    homes, schools = (snap(xy, graph, limit_m=LIMIT_M) for xy in (homes_xy, schools_xy))
    ours_m = np.nan_to_num(nearest(graph, homes, schools).distance_m, nan=np.inf)

    oracle = Oracle(roads, excluded=NOT_WALKABLE)
    some = np.random.default_rng(3).choice(len(homes_xy), 40, replace=False)
    by_force = oracle.tie(homes_xy[some])
    np.testing.assert_allclose(homes.distance_m[some], by_force.tie_m, rtol=0, atol=1e-6)
    demand = oracle.tie_by_tree(homes_xy)
    theirs_m = oracle.nearest_m(demand, oracle.tie_by_tree(schools_xy), limit_m=LIMIT_M)

    assert len(homes_xy) > 500
    assert np.isfinite(theirs_m).mean() > 0.9
    np.testing.assert_allclose(ours_m, theirs_m, rtol=0, atol=1.0)
    for radius_m in (500, 1000):
        shares = [100 * (found_m <= radius_m).mean() for found_m in (ours_m, theirs_m)]
        assert shares[0] == pytest.approx(shares[1], abs=0.1)
