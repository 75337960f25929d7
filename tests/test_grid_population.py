"""A population grid tells where, the census how many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

import zmd_layout
from conftest import COUNTIES
from zmd_layout.errors import LayerError

if TYPE_CHECKING:
    from collections.abc import Callable

POPULATION = '[layers.population]\npath = "people.tif"\nyear = 2020\n'


def write_grid(path: Path) -> None:
    """Write 40 × 40 cells of 0.01° over the counties, people in one corner only."""
    cells = np.zeros((40, 40), dtype="float32")
    cells[25:35, 5:20] = 10.0
    with rasterio.open(
        path, "w", driver="GTiff", height=40, width=40, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_origin(113.9, 33.3, 0.01, 0.01), nodata=-1,
    ) as grid:  # fmt: skip
        grid.write(cells, 1)


def with_ages() -> list:
    return [
        ({**p, "residents": 1000, "residents_0_4": 300, "residents_5_19": 700}, shape)
        for p, shape in COUNTIES
    ]


def test_people_are_spread_over_the_grid_and_sum_to_the_census(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_grid(tmp_path / "people.tif")
    study = zmd_layout.load_study(make_study(POPULATION, counties=with_ages()))
    frame = zmd_layout.run(study).layers["population"].frame
    assert frame["residents"].sum() == 3000
    assert frame["residents_0_4"].sum() == 900
    assert (frame["residents"] % 1 == 0).all()


def test_a_grid_without_a_census_is_refused(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_grid(tmp_path / "people.tif")
    bare = [({k: v for k, v in p.items() if k != "residents"}, shape) for p, shape in COUNTIES]
    study = zmd_layout.load_study(make_study(POPULATION, counties=bare))
    with pytest.raises(LayerError, match=r"people\.tif"):
        zmd_layout.check(study)


def test_a_grid_that_is_not_there_is_named(make_study: Callable[..., Path]) -> None:
    study = zmd_layout.load_study(make_study(POPULATION, counties=with_ages()))
    with pytest.raises(LayerError, match=r"people\.tif"):
        zmd_layout.check(study)
