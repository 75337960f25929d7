"""Real villages and schools of Gongyi (巩义市): what is suggested holds under a second look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import cKDTree

import zmd_layout
from zmd_layout.siting.stage_state import Aim, SitingOptions

if TYPE_CHECKING:
    from zmd_layout.siting.suggest import Suggestions
    from zmd_layout.study import Study

SHARED = Path(__file__).parents[1].parent / "shared" / "data" / "places" / "gongyi"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.exists(), reason="needs the folder ../shared"),
]
STUDY = """
[study]
id = "gongyi"
name = {zh = "巩义市", en = "Gongyi"}
as_of = 2025-12-31
rulesets = ["zhumadian-2022-49"]

[layers.counties]
path = "counties.gpkg"
coordinates = "wgs84"
year = 2020

[layers.villages]
path = "villages.gpkg"
coordinates = "wgs84"
year = 2020

[layers.schools]
path = "schools.gpkg"
coordinates = "wgs84"
year = 2020

[plan]
include_indicators = true
"""


@pytest.fixture(scope="module")
def villages() -> gpd.GeoDataFrame:
    """Read the 1,276 units; `demand1` are their juniors and `supply1` places, by our reading."""
    table = gpd.read_file(SHARED / "gongyi_villages_wgs84.gpkg")
    return table.set_geometry(shapely.make_valid(table.geometry.to_numpy()))


@pytest.fixture(scope="module")
def study(villages: gpd.GeoDataFrame, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Write them as a study: one county, its villages, and a junior school in each supply unit."""
    folder = tmp_path_factory.mktemp("gongyi")
    county = {
        "unit_id": "410181", "name": "巩义市", "kind": "county",
        "residents": float(villages["pop"].sum()),
    }  # fmt: skip
    hull = shapely.buffer(shapely.union_all(villages.geometry.to_numpy()), 0.001)
    gpd.GeoDataFrame([county], geometry=[hull], crs=4326).to_file(folder / "counties.gpkg")
    gpd.GeoDataFrame(
        {
            "unit_id": villages["ID"].astype(str), "name": "单元" + villages["ID"].astype(str),
            "residents": villages["pop"], "residents_12_14": villages["demand1"],
        },
        geometry=villages.representative_point(), crs=4326,
    ).to_file(folder / "villages.gpkg")  # fmt: skip
    supply = villages[villages["supply1"] > 0]
    gpd.GeoDataFrame(
        {
            "school_id": "G" + supply["ID"].astype(str), "name": "校" + supply["ID"].astype(str),
            "stages": "junior", "seats": supply["supply1"], "status": "operating",
        },
        geometry=supply.representative_point(), crs=4326,
    ).to_file(folder / "schools.gpkg")  # fmt: skip
    (folder / "study.toml").write_text(STUDY, "utf-8")
    return zmd_layout.load_study(folder)


@pytest.fixture(scope="module")
def result(study: Study) -> Suggestions:
    return zmd_layout.site(study, stage="junior")


def test_so_many_junior_schools_are_suggested_as_the_ratio_lacks(result: Suggestions) -> None:
    lacking = 819_812 // 20_000 - 22
    assert len(result.table) == lacking == 18
    assert result.remaining == ()
    assert result.table["gap_percent"].max() <= 1
    assert not result.table["is_synthetic"].any()


def test_no_school_is_suggested_for_a_reference_indicator_unless_it_is_asked_for(
    study: Study,
) -> None:
    asked = study.with_plan(include_indicators=False)
    assert zmd_layout.site(asked, stage="junior").table.empty


def test_the_ways_before_and_after_are_those_of_a_second_way_to_compute_them(
    study: Study, result: Suggestions
) -> None:
    table = result.table
    layer = {
        name: gpd.read_file(study.folder / f"{name}.gpkg").to_crs(study.crs)
        for name in ("villages", "schools")
    }
    homes = shapely.get_coordinates(layer["villages"].geometry)
    schools = shapely.get_coordinates(layer["schools"].geometry)
    new = shapely.get_coordinates(table.geometry)
    children = layer["villages"]["residents_12_14"].to_numpy(dtype=float)
    before = 1.3 * cKDTree(schools).query(homes)[0]
    after, nearest = cKDTree(np.vstack([schools, new])).query(homes)
    for number, row in enumerate(table.itertuples()):
        served = nearest == len(schools) + number
        assert row.children_served == pytest.approx(children[served].sum())
        assert row.mean_distance_before_m == pytest.approx(
            np.average(before[served], weights=children[served]), abs=0.01
        )
        assert row.mean_distance_after_m == pytest.approx(
            np.average(1.3 * after[served], weights=children[served]), abs=0.01
        )


def test_the_simulated_catchments_hold_the_children_that_are_counted_and_do_not_overlap(
    study: Study, result: Suggestions
) -> None:
    villages = gpd.read_file(study.folder / "villages.gpkg").to_crs(study.crs)
    areas = result.catchments.set_index("suggestion_id").geometry
    for row in result.table.itertuples():
        inside = villages.within(areas[row.id])
        assert villages.loc[inside, "residents_12_14"].sum() == row.children_served
    overlap_m2 = areas.area.sum() - shapely.union_all(areas.to_numpy()).area
    assert overlap_m2 == pytest.approx(0, abs=1)


def test_no_swap_of_one_place_would_shorten_the_ways(study: Study) -> None:
    options = SitingOptions(aim=Aim.TRAVEL, new_count=3, most_points=2000)
    table = zmd_layout.site(study, stage="junior", options=options).table
    assert table["solve_status"].unique().tolist() == ["optimal"]
    villages = gpd.read_file(study.folder / "villages.gpkg").to_crs(study.crs)
    schools = gpd.read_file(study.folder / "schools.gpkg").to_crs(study.crs)
    homes = shapely.get_coordinates(villages.geometry)
    children = villages["residents_12_14"].to_numpy(dtype=float)
    now = 1.3 * cKDTree(shapely.get_coordinates(schools.geometry)).query(homes)[0]
    order = villages.sort_values(["residents", "unit_id"], ascending=[False, True]).index[:60]
    way = 1.3 * np.hypot(*(homes[order][:, None] - homes[None]).transpose(2, 0, 1))
    chosen = [
        int(np.flatnonzero(villages["name"].to_numpy()[order] == n)[0]) for n in table["name"]
    ]

    def travel(open_: list[int]) -> float:
        return float(children @ np.minimum(now, way[open_].min(axis=0)))

    best = min(
        travel([*[c for c in chosen if c != gone], come])
        for gone in chosen
        for come in range(len(order))
    )
    assert travel(chosen) <= best + 1e-3
    assert table["objective"].iloc[0] == pytest.approx(travel(chosen))


def test_closing_the_largest_school_tells_how_many_seats_the_others_lack(
    study: Study, villages: gpd.GeoDataFrame
) -> None:
    largest = villages.loc[villages["supply1"].idxmax(), "ID"]
    impact = zmd_layout.closing(study, [f"G{largest}"])
    row = impact.ways.iloc[0]
    assert row["mean_distance_after_m"] > row["mean_distance_before_m"]
    assert impact.receivers["pupils"].sum() == pytest.approx(row["children"])
    assert pd.isna(impact.receivers["seats_short"]).all()  # nobody told their enrolment
    assert "indicator-junior-per-20000-residents" in set(impact.broken["rule_id"])
