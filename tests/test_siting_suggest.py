"""Suggested sites close what is missing, stand where it is missing, and shorten ways."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from volumes import examples

import zmd_layout
from conftest import COVERS, point, square, write_geojson
from zmd_layout.siting.placement import Placement, Travel, place
from zmd_layout.siting.stage_state import SitingOptions

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
    head = "[layers.schools]\n"
    return make_study(layers.replace(head, head + COVERS), counties=counties)


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


def test_a_suggestion_says_how_many_children_live_without_road_and_are_not_counted(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = world(make_study, tmp_path)
    street = {"type": "LineString", "coordinates": [[114.0, 33.05], [114.065, 33.05]]}
    write_geojson(folder / "roads.geojson", [({"highway": "tertiary", "oneway": "no"}, street)])
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[layers.roads]\npath = "roads.geojson"\ncoordinates = "wgs84"\n')
    (row,) = suggested(folder)[lambda t: t["stage"] == "special"].to_dict("records")
    assert "off_road" in row["flags"].split(";")
    assert "未通路" in row["note_zh"]
    assert "without road" in row["note_en"]


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


def test_asked_for_one_county_nothing_is_suggested_in_another(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    opened = zmd_layout.load_study(world(make_study, tmp_path))
    for county, found in (("411721", ["411721"]), ("411722", [])):
        options = SitingOptions(county_id=county)
        table = zmd_layout.site(opened, stage="special", options=options).table
        assert table["county_id"].tolist() == found


@dataclass(frozen=True)
class Small:
    """A placement small enough to try every choice."""

    inside: np.ndarray
    gaps: np.ndarray
    costs: np.ndarray
    children: np.ndarray
    now_m: np.ndarray
    way_m: np.ndarray

    def placed(self, sites: list[int]) -> Placement | None:
        """Place among some of the candidates."""
        way = csr_array(self.way_m[sites] + 1e-9)
        return place(
            self.inside[:, sites], self.gaps, travel=Travel(self.children, self.now_m, way),
            costs=self.costs[sites], time_limit_s=10.0,
        )  # fmt: skip

    def travel_m(self, chosen: list[int]) -> float:
        """Give the child-metres with the chosen candidates."""
        ways = self.way_m[chosen].min(axis=0, initial=np.inf)
        return float(self.children @ np.minimum(self.now_m, ways))

    def best(self, sites: list[int]) -> tuple[float, float]:
        """Give the least cost that meets all needs, and the least travel at that cost."""
        enough = [
            (float(self.costs[list(chosen)].sum()), self.travel_m(list(chosen)))
            for size in range(len(sites) + 1)
            for chosen in combinations(sites, size)
            if (self.inside[:, list(chosen)].sum(axis=1) >= self.gaps).all()
        ]
        cost = min((cost for cost, _ in enough), default=np.inf)
        return cost, min((way for c, way in enough if c <= cost + 1e-9), default=np.inf)


def made(seed: int) -> Small:
    random = np.random.default_rng(seed)
    sites, points, needs = (int(n) for n in random.integers((2, 1, 1), (7, 8, 4)))
    inside = random.random((needs, sites)) < 0.7
    return Small(
        inside,
        np.minimum(random.integers(1, 4, needs), np.maximum(inside[:, :-1].sum(axis=1), 1)),
        random.choice([0.4, 1.0, 1.2], sites),
        random.integers(0, 9, points).astype(float),
        random.integers(0, 50, points).astype(float),
        random.integers(0, 50, (sites, points)).astype(float),
    )


@examples(20)
@given(st.integers(0, 10_000))
def test_the_placement_is_the_cheapest_and_then_the_nearest_of_all_choices(seed: int) -> None:
    small = made(seed)
    everywhere = list(range(len(small.costs)))
    found, (cost, travel) = small.placed(everywhere), small.best(everywhere)
    if found is None:
        assert cost == np.inf
        return
    sites = list(found.sites)
    assert (small.inside[:, sites].sum(axis=1) >= small.gaps).all()
    assert small.costs[sites].sum() == pytest.approx(cost, abs=1e-5)
    assert found.objective == pytest.approx(travel, abs=1e-4)
    assert small.travel_m(sites) == pytest.approx(found.objective, abs=1e-4)
    assert found.bound <= found.objective
    assert found.objective <= small.children @ small.now_m  # no school lengthens a way


@examples(15)
@given(st.integers(0, 10_000))
def test_one_candidate_more_never_makes_the_placement_dearer_or_at_the_same_cost_farther(
    seed: int,
) -> None:
    small = made(seed)
    fewer = list(range(len(small.costs) - 1))
    with_less, with_more = small.placed(fewer), small.placed([*fewer, len(fewer)])
    if with_less is None:
        return
    assert with_more is not None
    less, more = ((small.costs[list(p.sites)].sum(), p.objective) for p in (with_less, with_more))
    assert more[0] <= less[0] + 1e-6
    if more[0] > less[0] - 1e-6:
        assert more[1] <= less[1] + 1e-4


def test_a_need_without_candidates_is_told() -> None:
    found = place(
        np.zeros((1, 2), dtype=bool), np.array([1]),
        travel=Travel(np.ones(1), np.ones(1), csr_array(np.ones((2, 1)))), time_limit_s=10.0,
    )  # fmt: skip
    assert found is None
