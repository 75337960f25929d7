"""A count of children alone is spread as residents are; what cannot be spread over is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio import Affine
from shapely.geometry import Point, box

from zmd_layout.errors import CrsError, LayerError
from zmd_layout.messages import Message
from zmd_layout.population.dasymetric import spread
from zmd_layout.population.grids import Grid, zonal_sum

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CRS = "EPSG:4547"
EAST, NORTH = 500_000.0, 3_650_000.0
GRID = Affine(500.0, 0.0, EAST, 0.0, -500.0, NORTH + 1000.0)


def square(east_km: float) -> object:
    left = EAST + 1000 * east_km
    return box(left, NORTH, left + 1000, NORTH + 1000)


def units(crs: str | None = CRS, **columns: object) -> gpd.GeoDataFrame:
    """Give two squares of a kilometre beside each other."""
    return gpd.GeoDataFrame(
        {"unit_id": ["A", "B"], **columns}, geometry=[square(0), square(1)], crs=crs
    )


@pytest.fixture
def grid(tmp_path: Path) -> Callable[..., Grid]:
    """Give a function that writes eight cells of one person over both squares."""

    def write(transform: Affine = GRID) -> Grid:
        path = tmp_path / "people.tif"
        with rasterio.open(
            path, "w", driver="GTiff", height=2, width=4, count=1, dtype="float64", crs=CRS,
            transform=transform,
        ) as file:  # fmt: skip
            file.write(np.ones((2, 4)), 1)
        return Grid(path)

    return write


HOMES = gpd.GeoDataFrame(
    {"dwellings": [1, 2, 5]},
    geometry=[Point(EAST + 1000 * x, NORTH + 500) for x in (0.2, 0.8, 1.5)], crs=CRS,
)  # fmt: skip


def test_a_count_of_children_without_residents_is_allocated() -> None:
    told = spread(units(children_primary=[10, 7]), HOMES, weights="dwellings")
    assert told.table["children_primary"].to_numpy() == pytest.approx([10 / 3, 20 / 3, 7])
    assert "residents" not in told.table
    assert told.notices == ()


def test_a_grid_of_people_carries_children_and_is_not_held_against_residents_that_nobody_gave(
    grid: Callable[..., Grid],
) -> None:
    told = spread(units(children_primary=[8, 4000]), grid())
    assert told.table.groupby("unit_id")["children_primary"].unique().map(list).to_dict() == {
        "A": [2.0], "B": [1000.0],
    }  # fmt: skip
    assert told.notices == ()


def test_units_without_a_count_of_anybody_are_refused() -> None:
    with pytest.raises(LayerError) as refused:
        spread(units(dwellings=[1, 2]), HOMES)
    assert refused.value.messages == (Message("people.no_units"),)
    with pytest.raises(LayerError) as refused:
        spread(units(residents=[1, 2]).iloc[:0], HOMES)
    assert refused.value.messages == (Message("people.no_units"),)


def test_weights_that_are_no_column_are_refused_by_their_name() -> None:
    with pytest.raises(LayerError) as refused:
        spread(units(residents=[1, 2]), HOMES, weights="floor_area")
    assert refused.value.messages == (Message("people.no_weights_column", column="floor_area"),)


def test_a_grid_that_is_turned_against_its_plane_is_refused(grid: Callable[..., Grid]) -> None:
    turned = grid(GRID * Affine.rotation(10))
    with pytest.raises(LayerError) as refused:
        zonal_sum(turned, units())
    assert refused.value.messages == (Message("people.grid_rotated", path=str(turned.path)),)


def test_zones_of_which_nobody_says_where_they_lie_are_refused(grid: Callable[..., Grid]) -> None:
    with pytest.raises(CrsError) as refused:
        zonal_sum(grid(), units(crs=None))
    assert refused.value.messages == (Message("people.zones_without_crs"),)
