"""Suggestions go the way of practice: what stands first, then reserved land, then new ground."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout.siting.planning import CandidateKind
from zmd_layout.siting.stage_state import Aim, SitingOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

COMPLETE = 'covers = {stages = ["kindergarten", "primary", "junior", "senior", "special"]}\n'
AGES = {"residents_0_4": 300, "residents_5_9": 300, "residents_10_14": 300, "residents_15_19": 300}
TOWN = {"unit_id": "411721101", "name": "西镇", "kind": "town", "county_id": "411721"}
COUNTY = {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 150000}
GARDEN = {
    "school_id": "k1", "name": "镇一幼", "stages": "kindergarten", "ownership": "public",
    "is_township_central": False, "seats": 90,
}  # fmt: skip


def study(
    make_study: Callable[..., Path], tmp_path: Path, counties: Any = None, **layers: Any
) -> Path:
    """Write a county with one town of four villages, and the layers that are handed in."""
    layers = {
        "townships": [(TOWN, square(0, 0))],
        "villages": [
            (
                {"unit_id": f"v{n}", "name": f"村{n}", "residents": 5000 - n, **AGES},
                point(0.02 * n, 0.05),
            )
            for n in range(1, 5)
        ],
        **layers,
    }
    for name, rows in layers.items():
        write_geojson(tmp_path / f"{name}.geojson", rows)
    extra = "".join(
        f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2020\n'
        + (COMPLETE if name == "schools" else "")
        for name in layers
    )
    extra += "\n[plan]\ninclude_indicators = true\n"
    return make_study(extra, counties=counties or [(COUNTY, square(0, 0))])


def suggested(folder: Path, stage: str, **choices: Any) -> gpd.GeoDataFrame:
    opened = zmd_layout.load_study(folder)
    return zmd_layout.site(opened, stage=stage, options=SitingOptions(**choices)).table


def test_a_public_kindergarten_of_the_town_becomes_the_central_one(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    row = suggested(study(make_study, tmp_path, schools=[(GARDEN, point(0.02, 0.05))]),
                    "kindergarten").iloc[0]  # fmt: skip
    assert (row["action"], row["school_id"], row["seats_now"]) == ("expand", "k1", 90)
    assert row["closes"] == ["kindergarten-public-central-per-township@411721101"]
    assert row["mean_distance_after_m"] == pytest.approx(row["mean_distance_before_m"])
    assert "改扩建" in row["note_zh"]


def test_a_private_kindergarten_cannot_be_the_public_central_one(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    school = GARDEN | {"ownership": "private"}
    folder = study(make_study, tmp_path, schools=[(school, point(0.02, 0.05))])
    assert suggested(folder, "kindergarten")["action"].tolist() == ["new"]


def test_the_campus_of_a_closed_school_goes_before_reserved_land(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    closed = {"school_id": "p9", "name": "村小", "stages": "primary", "status": "closed"}
    land = {"parcel_id": "e1", "stage": "kindergarten", "current_use": "vacant"}
    schools = [(closed, point(0.06, 0.05))]
    parcels = [(land, square(0.03, 0.05, 0.001))]
    folder = study(make_study, tmp_path, schools=schools, education_land=parcels)
    row = suggested(folder, "kindergarten").iloc[0]
    assert (row["candidate_kind"], row["school_id"]) == ("idle_campus", "p9")
    assert "idle_campus" in row["flags"]


def test_reserved_land_goes_before_a_place_for_which_land_must_be_found(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    land = {"parcel_id": "e1", "stage": "kindergarten", "current_use": "vacant"}
    far = {"school_id": "s9", "name": "外校", "stages": "kindergarten"}
    folder = study(
        make_study, tmp_path, schools=[(far, point(0.3, 0.05))],
        education_land=[(land, square(0.09, 0.09, 0.001))],
    )  # fmt: skip
    assert suggested(folder, "kindergarten")["candidate_kind"].tolist() == ["reserved_land"]


def test_costs_can_be_set_and_turn_the_order(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = study(make_study, tmp_path, schools=[(GARDEN, point(0.02, 0.05))])
    dear = SitingOptions().relative_cost | {CandidateKind.EXPANSION: 9.0}
    table = suggested(folder, "kindergarten", relative_cost=dear)
    assert table["action"].tolist() == ["new"]


def test_asked_for_the_fewest_the_place_that_shortens_ways_wins(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = study(make_study, tmp_path, schools=[(GARDEN, point(0.02, 0.05))])
    row = suggested(folder, "kindergarten", aim=Aim.FEWEST).iloc[0]
    assert row["action"] == "new"
    assert row["mean_distance_after_m"] < row["mean_distance_before_m"]
    assert row["model"] == "fewest_schools_closing_shortfalls_then_least_travel"


def test_a_teaching_point_grows_into_a_school_and_the_rules_asked_again_find_nothing_missing(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    county = COUNTY | {"residents": 10000}
    pupils = {"school_id": "t1", "name": "教学点", "stages": "primary", "is_teaching_point": True}
    folder = study(
        make_study, tmp_path, counties=[(county, square(0, 0))],
        schools=[(pupils, point(0.02, 0.05))],
    )  # fmt: skip
    result = zmd_layout.site(zmd_layout.load_study(folder), stage="primary")
    assert result.table["school_id"].tolist() == ["t1"]
    assert "完全小学" in result.table["note_zh"].iloc[0]
    assert result.remaining == ()


@pytest.mark.parametrize(("area_m2", "action"), [(60000, "expand"), (9000, "new")])
def test_a_primary_school_grows_into_a_nine_year_one_only_where_its_site_is_large_enough(
    make_study: Callable[..., Path], tmp_path: Path, area_m2: int, action: str
) -> None:
    county = COUNTY | {"residents": 20000}
    school = {
        "school_id": "p1", "name": "镇小", "stages": "primary", "seats": 540, "enrolment": 500,
        "site_area_m2": area_m2, "is_teaching_point": False,
    }  # fmt: skip
    folder = study(
        make_study, tmp_path, counties=[(county, square(0, 0))],
        schools=[(school, point(0.02, 0.05))],
    )  # fmt: skip
    assert suggested(folder, "junior")["action"].tolist() == [action]


def test_without_schools_that_could_be_counted_needs_remain_and_are_told(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    county = COUNTY | {"residents": 250000}
    water = [({"kind": "water"}, square(-0.01, -0.01, 0.2))]
    far = {"school_id": "s9", "name": "外校", "stages": "special"}
    folder = study(
        make_study, tmp_path, counties=[(county, square(0, 0))], constraints=water,
        schools=[(far, point(0.3, 0.05))],
    )  # fmt: skip
    result = zmd_layout.site(zmd_layout.load_study(folder), stage="special")
    assert result.table.empty
    assert [need.name for need in result.unmet] == ["special-school-per-county@411721"]
    assert result.remaining == result.unmet


def test_a_bottom_line_that_nobody_drew_is_named_as_not_checked(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    farmland = [({"kind": "permanent_farmland"}, square(0.09, 0.001, 0.005))]
    folder = study(
        make_study, tmp_path, schools=[(GARDEN, point(0.02, 0.05))], constraints=farmland
    )
    row = suggested(folder, "kindergarten").iloc[0]
    assert "constraints_partly_checked" in row["flags"]
    assert "筛选永久基本农田；未核：生态保护红线、城镇开发边界、蓄滞洪区" in row["note_zh"]


def test_a_railway_bars_a_new_school_within_300_m_and_none_that_stands(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    line = {"type": "LineString", "coordinates": [[114.0, 33.052], [114.2, 33.052]]}
    rail = [({"kind": "railway"}, line)]  # 222 m north of all villages
    far = {"school_id": "s9", "name": "外校", "stages": "kindergarten"}
    new = study(make_study, tmp_path, schools=[(far, point(0.3, 0.05))], constraints=rail)
    assert suggested(new, "kindergarten").empty
    standing = study(make_study, tmp_path, schools=[(GARDEN, point(0.02, 0.05))], constraints=rail)
    assert suggested(standing, "kindergarten")["action"].tolist() == ["expand"]


def test_a_school_that_empties_by_2032_is_flagged_and_another_use_is_named(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    ages = {"residents_0_4": 100, "residents_5_9": 1000, "residents_10_14": 1000,
            "residents_15_19": 1000}  # fmt: skip
    county = COUNTY | {"residents": 20000, **ages}
    # seats of the teaching point are unknown, so that no plan over years can size the school
    small = {"school_id": "t1", "name": "教学点", "stages": "primary", "is_teaching_point": True}
    folder = study(
        make_study, tmp_path, counties=[(county, square(0, 0))],
        schools=[(small, point(0.02, 0.05))],
    )  # fmt: skip
    row = suggested(folder, "primary").iloc[0]
    low, middle, high = (row[f"use_2032_{v}_percent"] for v in ("low", "middle", "high"))
    assert low <= middle <= high
    assert middle < 50
    assert "nearly_empty_later" in row["flags"]
    assert "预留转型" in row["note_zh"]
    assert row["children_at_opening"] < row["children_served"]


def test_nobody_claims_to_know_the_pupils_of_a_special_school(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    county = COUNTY | {"residents": 250000}
    far = {"school_id": "s9", "name": "外校", "stages": "special"}
    folder = study(
        make_study, tmp_path, counties=[(county, square(0, 0))],
        schools=[(far, point(0.3, 0.05))],
    )  # fmt: skip
    row = suggested(folder, "special").iloc[0]
    assert np.isnan(row["children_served"])
    assert row["mean_distance_after_m"] < row["mean_distance_before_m"]


def test_children_and_schools_beyond_the_border_weigh_on_ways_and_stay_out_of_reports(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    people = [
        ({"residents": 4000, **AGES}, point(0.09, 0.05)),
        ({"residents": 9000, **AGES}, point(0.11, 0.05)),
    ]
    county = COUNTY | {"residents": 10000}
    school = {"school_id": "p1", "name": "邻县小学", "stages": "primary"}
    folder = study(
        make_study, tmp_path, counties=[(county, square(0, 0))], population=people,
        schools=[(school, point(0.13, 0.05))],
    )  # fmt: skip
    result = zmd_layout.site(zmd_layout.load_study(folder), stage="primary")
    row = result.table.iloc[0]
    assert row["residents_served"] == 4000
    assert row["mean_distance_before_m"] == pytest.approx(4_860, rel=0.02)  # across the border
    assert "直线" in result.distances["primary"].text()


def test_the_record_says_how_ways_were_measured(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = study(make_study, tmp_path, schools=[(GARDEN, point(0.02, 0.05))])
    out = tmp_path / "out"
    zmd_layout.site(zmd_layout.load_study(folder), out=out)
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert "1.3" in record["distances"]["kindergarten"]["en"]
    assert record["points_out_of_reach"] == 12  # four villages, three stages without a school


def test_a_school_that_is_being_built_in_the_unit_is_named_first(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    coming = {
        "school_id": "k8", "name": "新幼", "stages": "kindergarten", "ownership": "public",
        "status": "under_construction",
    }  # fmt: skip
    folder = study(make_study, tmp_path, schools=[(coming, point(0.02, 0.05))])
    row = suggested(folder, "kindergarten").iloc[0]
    assert "school_under_way" in row["flags"]
    assert "新幼" in row["note_zh"]


def test_other_places_for_the_same_need_are_named(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    gardens = [
        (GARDEN | {"school_id": f"k{n}", "name": f"镇{n}幼"}, point(0.02 * n, 0.05))
        for n in range(1, 4)
    ]
    row = suggested(study(make_study, tmp_path, schools=gardens), "kindergarten").iloc[0]
    assert len(row["alternatives"]) == 2
    assert {row["name"], *row["alternatives"]} == {"镇1幼", "镇2幼", "镇3幼"}
    assert all(name in row["note_zh"] for name in row["alternatives"])


@pytest.mark.parametrize(("enrolment", "spare"), [(60, 30), (120, 0), (None, None)])
def test_free_seats_of_the_schools_nearby_are_told_and_unknown_ones_are_not_guessed(
    make_study: Callable[..., Path], tmp_path: Path, enrolment: int | None, spare: int | None
) -> None:
    school = GARDEN | {"ownership": "private", "enrolment": enrolment}
    folder = study(make_study, tmp_path, schools=[(school, point(0.02, 0.05))])
    row = suggested(folder, "kindergarten").iloc[0]
    assert ("空余学位" in row["note_zh"]) == bool(spare)
    assert row["spare_seats_nearby"] == spare or (
        spare is None and np.isnan(row["spare_seats_nearby"])
    )
