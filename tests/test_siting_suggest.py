"""Suggested sites close what is missing, stand where it is missing, and shorten ways."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout.siting.placement import Travel, place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

AGES = {"residents_0_4": 300, "residents_5_9": 300, "residents_10_14": 300, "residents_15_19": 300}


def world(make_study: Callable[..., Path], tmp_path: Path, *, constraints: bool = False) -> Path:
    """Write a county of four villages without a special school, and one with."""
    counties = [
        (
            {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 250000},
            square(0, 0),
        ),
        (
            {"unit_id": "411722", "name": "东县", "kind": "county", "residents": 250000},
            square(0.1, 0),
        ),
    ]
    townships = [
        (
            {"unit_id": f"41172{n}101", "name": f"{n}镇", "kind": "town", "county_id": f"41172{n}"},
            shape,
        )
        for n, shape in ((1, square(0, 0)), (2, square(0.1, 0)))
    ]  # fmt: skip
    villages = [
        (
            {"unit_id": f"v{n}", "name": f"村{n}", "residents": 5000 - n, **AGES},
            point(0.02 * n, 0.05),
        )
        for n in range(1, 9)
    ]
    schools = [({"school_id": "s1", "name": "东县特校", "stages": "special"}, point(0.15, 0.05))]
    for name, rows in (("townships", townships), ("villages", villages), ("schools", schools)):
        write_geojson(tmp_path / f"{name}.geojson", rows)
    names = ["townships", "villages", "schools"]
    if constraints:
        write_geojson(tmp_path / "constraints.geojson", [({"kind": "water"}, square(0, 0, 0.065))])
        names.append("constraints")
    layers = "".join(
        f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        for name in names
    )
    return make_study(layers, counties=counties)


def suggested(folder: Path) -> gpd.GeoDataFrame:
    return zmd_layout.run(zmd_layout.load_study(folder)).suggestions


def test_a_missing_special_school_is_put_into_the_county_that_lacks_it(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    table = suggested(world(make_study, tmp_path))
    special = table[table["stage"] == "special"]
    assert special["county_id"].tolist() == ["411721"]
    assert special["closes"].tolist() == [["special-school-per-county@411721"]]
    row = special.iloc[0]
    assert row["solve_status"] == "optimal"
    assert row["gap_percent"] == 0
    assert row["mean_distance_after_m"] < row["mean_distance_before_m"]
    assert not row["is_synthetic"]


def test_without_roads_the_straight_line_is_told(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    row = suggested(world(make_study, tmp_path)).iloc[0]
    assert "straight_line" in row["flags"]
    assert "直线" in row["note_zh"]
    assert "constraints_unchecked" in row["flags"]
    assert "未核" in row["note_zh"]


def test_no_school_is_put_into_water(make_study: Callable[..., Path], tmp_path: Path) -> None:
    table = suggested(world(make_study, tmp_path, constraints=True))
    special = table[table["stage"] == "special"]
    assert not special["name"].str.contains("村1|村2|村3").any()
    assert "constraints_unchecked" not in ";".join(special["flags"])


def test_nothing_is_suggested_where_nobody_says_where_children_live(
    make_study: Callable[..., Path],
) -> None:
    assert suggested(make_study()).empty


def test_the_same_answer_twice(make_study: Callable[..., Path], tmp_path: Path) -> None:
    folder = world(make_study, tmp_path)
    first, second = suggested(folder), suggested(folder)
    assert first.drop(columns="geometry").equals(second.drop(columns="geometry"))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_placement_is_the_best_of_all_choices(seed: int) -> None:
    random = np.random.default_rng(seed)
    sites, points = int(random.integers(2, 6)), int(random.integers(1, 8))
    distance = random.integers(0, 50, (sites, points)).astype(float)
    now = random.integers(0, 50, points).astype(float)
    children = random.integers(0, 9, points).astype(float)
    need = int(random.integers(1, 3))
    inside = np.ones((1, sites), dtype=bool)
    found = place(
        inside, np.array([need]), travel=Travel(children, now, csr_array(distance + 1e-9)),
        time_limit_s=10.0,
    )  # fmt: skip
    assert found is not None
    best = min(
        float(children @ np.minimum(now, distance[list(chosen)].min(axis=0)))
        for chosen in _subsets(sites, need)
    )
    assert found.objective == pytest.approx(best, abs=1e-5)
    assert found.bound <= found.objective + 1e-9
    assert len(found.sites) == need


def _subsets(count: int, size: int) -> list[tuple[int, ...]]:
    return list(combinations(range(count), size))


def test_a_need_without_candidates_is_told() -> None:
    found = place(
        np.zeros((1, 2), dtype=bool), np.array([1]),
        travel=Travel(np.ones(1), np.ones(1), csr_array(np.ones((2, 1)))), time_limit_s=10.0,
    )  # fmt: skip
    assert found is None
