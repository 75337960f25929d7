"""Schools of two sources: which is which, what is in one only, and what contradicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from disturbed import PLANE, disturbed, write_roster
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from zmd_layout.crs import geometry_to_plane, parse_coordinates
from zmd_layout.errors import LayerError
from zmd_layout.layers.schools.doubles import merge_doubles
from zmd_layout.layers.schools.matching import (
    COLUMNS,
    Decision,
    match_schools,
    read_decisions,
)
from zmd_layout.layers.sources.roster import read_roster
from zmd_layout.study import LayerSource
from zmd_layout.synthetic import make_city

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

Place = tuple[float, float] | None


def source(*rows: tuple[str, str | None, Place], stages: str | None = None) -> gpd.GeoDataFrame:
    ids, names, places = zip(*rows, strict=True)
    shapes = [None if place is None else shapely.Point(place) for place in places]
    return gpd.GeoDataFrame(
        {"school_id": list(ids), "name": list(names), "stages": [stages] * len(rows)},
        geometry=gpd.GeoSeries(shapes),
        crs=PLANE,
    )


def test_two_spellings_of_one_name_side_by_side_are_one_school() -> None:
    roster = source(("r1", "上蔡县第一高级中学", (0, 0)))
    osm = source(("n1", "上蔡县一高", (40, 0)))
    assert match_schools(roster, osm).partners() == {"r1": "n1"}


def test_another_number_is_another_school_however_near() -> None:
    roster = source(("r1", "水屯镇第一小学", (0, 0)))
    osm = source(("n1", "水屯镇第二小学", (10, 0)))
    assert match_schools(roster, osm).counts() == {
        "matched": 0, "conflict": 0, "only_left": 1, "only_right": 1,
    }  # fmt: skip


def test_a_primary_and_a_senior_school_are_not_one() -> None:
    roster = source(("r1", "育才学校", (0, 0)), stages="primary")
    osm = source(("n1", "育才学校", (10, 0)), stages="senior")
    assert match_schools(roster, osm).partners() == {}


def test_one_id_makes_one_school_wherever_it_lies() -> None:
    roster = source(("n1", "水屯镇小学", (0, 0)))
    osm = source(("n1", "甲", (9000, 0)))
    table = match_schools(roster, osm).table
    assert table["how"].tolist() == ["id"]
    assert table["state"].tolist() == ["conflict"]


def test_a_nameless_school_is_matched_only_where_it_stands() -> None:
    roster = source(("r1", "水屯镇小学", (0, 0)))
    assert match_schools(roster, source(("n1", None, (60, 0)))).partners() == {"r1": "n1"}
    assert match_schools(roster, source(("n1", None, (400, 0)))).partners() == {}


def test_a_school_without_a_position_is_found_by_a_name_that_stands_once() -> None:
    roster = source(("r1", "水屯镇小学", None))
    assert match_schools(roster, source(("n1", "水屯镇小学", (9, 9)))).partners() == {"r1": "n1"}
    two = source(("n1", "水屯镇小学", (9, 9)), ("n2", "水屯镇小学", (9000, 9)))
    assert match_schools(roster, two).partners() == {}


def test_a_pair_that_lies_as_far_apart_as_a_datum_shift_is_a_conflict() -> None:
    roster = source(("r1", "水屯镇中心小学", (0, 0)))
    table = match_schools(roster, source(("n1", "水屯镇中心小学", (550, -200)))).table
    assert table["state"].tolist() == ["conflict"]
    assert table["note"][0].key == "matching.far_apart"


def test_two_that_fit_alike_are_a_conflict_that_names_the_other() -> None:
    roster = source(("r1", "水屯镇小学", (0, 0)))
    osm = source(("n1", "水屯镇小学", (20, 0)), ("n2", "水屯镇小学", (-20, 0)))
    row = match_schools(roster, osm).table.iloc[0]
    assert row["state"] == "conflict"
    assert "n2" in row["note"].text()


def test_a_decision_by_hand_overrides_names_and_is_given_back_with_its_reason() -> None:
    roster = source(("r1", "水屯镇小学", (0, 0)), ("r2", "老河乡小学", (5000, 0)))
    osm = source(("n1", "水屯镇小学", (20, 0)), ("n2", "希望", (20000, 0)))
    decisions = [
        Decision("r1", "n1", "different", "现场核实"),
        Decision("r2", "n2", "same", "已改名"),
    ]
    found = match_schools(roster, osm, decisions=decisions)
    assert found.partners() == {"r2": "n2"}
    assert found.decisions[1] == {
        "left_id": "r2", "right_id": "n2", "verdict": "same", "reason": "已改名",
    }  # fmt: skip


def test_all_faults_of_the_decisions_come_in_one_error() -> None:
    roster = source(("r1", "甲小学", (0, 0)))
    osm = source(("n1", "甲小学", (0, 0)), ("n2", "乙小学", (0, 0)))
    decisions = [
        Decision("r1", "n1", "same", "x"),
        Decision("r1", "n2", "same", "x"),
        Decision("r9", "n1", "different", "x"),
    ]
    with pytest.raises(LayerError) as caught:
        match_schools(roster, osm, decisions=decisions)
    assert len(caught.value.messages) == 2


def test_decisions_are_read_from_a_table_and_need_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "decisions.csv"
    path.write_text("left_id,right_id,verdict,reason\nr1,n1,same,现场核实\n", "utf-8-sig")
    assert read_decisions(path) == (Decision("r1", "n1", "same", "现场核实"),)
    path.write_text("left_id,right_id,verdict,reason\nr1,n1,same,\n", "utf-8")
    with pytest.raises(LayerError, match="2"):
        read_decisions(path)
    path.write_text("left_id,right_id\nr1,n1\n", "utf-8")
    with pytest.raises(LayerError, match="verdict"):
        read_decisions(path)


def test_a_campus_as_a_point_and_as_an_area_is_one_school() -> None:
    frame = source(
        ("a", "水屯小学", (0, 0)), ("b", "水屯小学(东校区)", (50, 0)), ("c", "水屯小学", (9000, 0))
    )
    frame.loc[1, "geometry"] = shapely.Point(50, 0).buffer(40)
    frame["seats"] = [300.0, np.nan, 200.0]
    merged, gone = merge_doubles(frame)
    assert merged["school_id"].tolist() == ["b", "c"]
    assert gone == {"a": "b"}
    assert merged["seats"].tolist() == [300.0, 200.0]


def test_a_kindergarten_of_the_same_name_beside_a_school_stays_itself() -> None:
    frame = source(("a", "希望", (0, 0)), ("b", "希望", (50, 0)))
    frame["stages"] = ["primary", "kindergarten"]
    assert merge_doubles(frame)[1] == {}


NAMES = ["甲小学", "乙小学", "丙中学", "第一小学", None]
ROWS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 900), st.integers(0, 900)),
    min_size=1, max_size=8,
)  # fmt: skip


@examples(12)
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_each_school_is_told_once_and_the_order_of_rows_changes_nothing(
    first: list[tuple[str | None, int, int]],
    second: list[tuple[str | None, int, int]],
    chance: Random,
) -> None:
    left = source(*[(f"r{n}", name, (x, y)) for n, (name, x, y) in enumerate(first)])
    right = source(*[(f"n{n}", name, (x, y)) for n, (name, x, y) in enumerate(second)])
    table = match_schools(left, right).table
    assert sorted(table["left_id"].dropna()) == sorted(left["school_id"])
    assert sorted(table["right_id"].dropna()) == sorted(right["school_id"])
    order = list(range(len(left)))
    chance.shuffle(order)
    mixed = match_schools(left.iloc[order], right.iloc[::-1]).table
    assert mixed[list(COLUMNS)].astype(str).equals(table[list(COLUMNS)].astype(str))


def test_a_disturbed_roster_comes_back_with_its_stages_and_matches(tmp_path: Path) -> None:
    schools = make_city(scale=0.1)["schools"]
    made = disturbed(schools)
    source_ = LayerSource(path="roster.csv", coordinates="gcj02")
    roster = read_roster(write_roster(made, tmp_path / "roster.csv"), source_).frame
    placed = geometry_to_plane(
        roster.geometry, coordinates=parse_coordinates("gcj02"), working_crs=PLANE, name="schools"
    )
    partners = match_schools(roster.set_geometry(placed), made.osm).partners()
    truth = dict(zip(made.osm["school_id"], made.osm["truth"], strict=True))
    right = sum(truth[osm] == ours for ours, osm in partners.items())
    assert right / len(partners) >= 0.98
    assert right / len(truth) >= 0.95
    stages = schools.set_index("school_id")["stages"]
    sure = roster[roster["stages"].notna()]
    is_right = sure["stages"].to_numpy() == stages.reindex(sure["school_id"]).to_numpy()
    is_open = roster["is_stage_ambiguous"].astype(bool)
    assert is_right.mean() >= 0.98
    assert is_right.sum() / (made.roster["truth"].nunique() - is_open.sum()) >= 0.95
    for ours, possible in zip(
        roster["school_id"][is_open], roster["possible_stages"][is_open], strict=True
    ):
        assert set(stages[ours].split(";")) <= set(possible.split(";"))
