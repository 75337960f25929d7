"""Children within the service radius, by the rule that reports their share: known or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import zmd_layout
from conftest import point, square, write_geojson

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


AGES = {"residents_0_4": 100, "residents_5_9": 100, "residents_10_14": 100, "residents_15_19": 100}
TOWNS = [
    ({"unit_id": "411721101", "name": "西镇", "kind": "town"}, square(0, 0)),
    ({"unit_id": "411722101", "name": "东镇", "kind": "town"}, square(0.1, 0)),
]
#: the second is 365 m of the school in a straight line (× 1.3), the third 3.7 km
VILLAGES = [
    ({"unit_id": f"v{n}", "residents": 500, **AGES}, point(east, 0.05))
    for n, east in enumerate((0.010, 0.013, 0.050))
]
SCHOOLS = [({"school_id": "s1", "name": "一小", "stages": "primary"}, point(0.010, 0.05))]
WORLD: dict[str, list[Any]] = {"townships": TOWNS, "villages": VILLAGES, "schools": SCHOOLS}


@pytest.fixture
def shares(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Give a function that tells what is found of the towns of a world."""

    def find(world: dict[str, list[Any]], more: str = "") -> pd.DataFrame:
        extra = ""
        for name, rows in world.items():
            write_geojson(tmp_path / f"{name}.geojson", rows)
            extra += f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\n'
            extra += f"year = 2020\n{more if name == 'schools' else ''}"
        study = zmd_layout.load_study(make_study(extra, head='rulesets = ["national"]'))
        found = zmd_layout.check(study)
        return found[found["rule_id"] == "national-primary-reach"].set_index("unit_name")

    return find


def test_two_villages_of_three_are_within_500_m_and_straight_lines_stand_in_for_ways(
    shares: Callable[..., pd.DataFrame],
) -> None:
    town = shares(WORLD).loc["西镇"]
    assert town["status"] == "reported"
    assert town["measured"] == pytest.approx(200 / 3)
    assert "proxy" in town["flags"].split(";")
    assert town["basis"] == "assumption"


def test_along_a_road_the_second_village_is_too_far_and_nothing_stands_in(
    shares: Callable[..., pd.DataFrame],
) -> None:
    around = [[114.010, 33.05], [114.010, 33.06], [114.013, 33.06], [114.013, 33.05]]
    line = {"type": "LineString", "coordinates": [*around, [114.050, 33.05]]}
    roads = [({"highway": "residential", "oneway": "no"}, line)]
    town = shares({**WORLD, "roads": roads}).loc["西镇"]
    assert town["measured"] == pytest.approx(100 / 3)  # one kilometre north, and back again
    assert "proxy" not in town["flags"].split(";")
    assert "roads" in town["sources"]


def test_children_without_road_leave_the_share_open_between_two_ends(
    shares: Callable[..., pd.DataFrame],
) -> None:
    line = {"type": "LineString", "coordinates": [[114.010, 33.05], [114.014, 33.05]]}
    roads = [({"highway": "residential", "oneway": "no"}, line)]
    town = shares({**WORLD, "roads": roads}).loc["西镇"]
    assert pd.isna(town["measured"])
    assert "66.7% 至 100.0%" in town["note_zh"]
    assert "off_road" in town["flags"].split(";")


def test_a_town_without_children_has_no_share_and_is_not_at_zero(
    shares: Callable[..., pd.DataFrame],
) -> None:
    town = shares(WORLD).loc["东镇"]
    assert town["status"] == "not_applicable"
    assert pd.isna(town["measured"])


def test_a_village_of_unknown_children_makes_the_share_of_its_town_unknown(
    shares: Callable[..., pd.DataFrame],
) -> None:
    unknown = ({"unit_id": "v9", "residents": 80, **dict.fromkeys(AGES)}, point(0.15, 0.05))
    found = shares({**WORLD, "villages": [*VILLAGES, unknown]})
    assert found.loc["东镇", "status"] == "not_assessable"
    assert found.loc["西镇", "measured"] == pytest.approx(200 / 3)


def test_without_any_school_of_a_stage_that_the_list_covers_no_child_is_within(
    shares: Callable[..., pd.DataFrame],
) -> None:
    junior = [({"school_id": "s1", "name": "一中", "stages": "junior"}, point(0.010, 0.05))]
    world = {**WORLD, "schools": junior}
    town = shares(world, 'covers = {stages = ["primary", "junior"]}\n').loc["西镇"]
    assert (town["status"], town["measured"]) == ("reported", 0)
    town = shares(world).loc["西镇"]
    assert town["status"] == "not_assessable"
    assert "其中没有小学" in town["note_zh"]


def test_schools_that_are_not_listed_may_reach_more_children(
    shares: Callable[..., pd.DataFrame],
) -> None:
    town = shares(WORLD, "is_complete = false\n").loc["西镇"]
    assert (town["status"], pd.isna(town["measured"])) == ("reported", True)
    assert town["measured_low"] == pytest.approx(200 / 3)
    assert town["measured_high"] == 100


def test_no_radius_is_held_against_units_of_people_that_are_larger_than_its_circle(
    shares: Callable[..., pd.DataFrame],
) -> None:
    blocks = [({"unit_id": "v1", "residents": 500, **AGES}, square(0.01, 0.01, 0.05))]
    town = shares({**WORLD, "villages": blocks}).loc["西镇"]
    assert town["status"] == "not_assessable"
    assert "中位面积" in town["note_zh"]
    fine = [({"unit_id": "v1", "residents": 500, **AGES}, square(0.01, 0.05, 0.005))]
    assert shares({**WORLD, "villages": fine}).loc["西镇", "status"] == "reported"


@pytest.mark.parametrize(("missing", "named"), [("schools", "学校"), ("villages", "人口")])
def test_the_layer_that_is_missing_is_named_and_nothing_is_claimed(
    shares: Callable[..., pd.DataFrame], missing: str, named: str
) -> None:
    town = shares({name: rows for name, rows in WORLD.items() if name != missing}).loc["西镇"]
    assert town["status"] == "not_assessable"
    assert named in town["note_zh"]


def test_a_school_that_may_be_of_the_stage_leaves_a_caution_on_the_share(
    shares: Callable[..., pd.DataFrame],
) -> None:
    nameless = ({"school_id": "s2", "name": "学堂"}, point(0.050, 0.05))
    town = shares({**WORLD, "schools": [*SCHOOLS, nameless]}).loc["西镇"]
    assert town["measured"] == pytest.approx(200 / 3)
    assert "ambiguous_stage" in town["flags"].split(";")


def test_a_share_from_schools_that_are_not_all_there_says_so(
    shares: Callable[..., pd.DataFrame],
) -> None:
    town = shares(WORLD, "is_complete = false\n").loc["西镇"]
    assert "osm_incomplete" in town["flags"].split(";")
    assert "osm_incomplete" not in shares(WORLD).loc["西镇", "flags"].split(";")
