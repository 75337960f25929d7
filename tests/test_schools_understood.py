"""What a plain table of schools leaves unsaid: stages by code and name, and open datums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zmd_layout import check
from zmd_layout.layers import load_layers
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPECIAL = "special-school-per-county"
VOCATIONAL = "vocational-per-county"


def layer(path: str, coordinates: str, kind: str = "layers.schools") -> str:
    return f'\n[{kind}]\npath = "{path}"\ncoordinates = "{coordinates}"\nyear = 2025\n'


def finding(folder: Path, rule: str, unit: str = "411721") -> Any:
    findings = check(read_study(folder))
    return findings[(findings["rule_id"] == rule) & (findings["unit_id"] == unit)].iloc[0]


def schools_of(
    make_study: Callable[..., Path], text: str, coordinates: str = "none", covers: str = ""
) -> Path:
    folder = make_study(layer("schools.csv", coordinates) + covers)
    (folder / "schools.csv").write_text(text, "utf-8")
    return folder


def test_a_plain_table_gets_its_stages_from_the_code_then_from_the_name(
    make_study: Callable[..., Path],
) -> None:
    folder = schools_of(
        make_study,
        "school_id,name,level_code,stages\n"
        "1,育英学校,312,\n2,水屯镇第二小学,,\n3,水屯镇中学,,\n4,水屯镇小学,,junior\n5,希望,,\n",
    )
    schools = load_layers(read_study(folder))["schools"]
    rows = schools.frame.set_index("school_id")
    assert rows["stages"].tolist() == ["primary;junior", "primary", None, "junior", None]
    assert rows["possible_stages"]["3"] == "junior;senior"
    assert rows["is_stage_ambiguous"]["3"]
    note = next(n for n in schools.origin.notes if n.key == "layers.schools_stages_read")
    assert dict(note.args) == {"count": 2, "ambiguous": 1, "unknown": 1}


def test_noise_in_a_plain_table_is_left_out_and_counted(make_study: Callable[..., Path]) -> None:
    folder = schools_of(
        make_study,
        "school_id,name\n1,水屯镇小学\n2,水屯镇小学家属院\n3,水屯驾校\n4,水屯镇教学点\n",
    )
    schools = load_layers(read_study(folder))["schools"]
    assert schools.frame["school_id"].tolist() == ["1", "4"]
    assert schools.frame["is_teaching_point"].tolist() == [False, True]
    note = next(n for n in schools.origin.notes if n.key == "layers.schools_left_out")
    assert dict(note.args) == {"count": 2}


def test_a_column_of_stages_may_be_written_in_chinese_words(
    make_study: Callable[..., Path],
) -> None:
    folder = schools_of(make_study, "school_id,name,学段\n1,甲,小学、初中\n2,乙,高中\n")
    stages = load_layers(read_study(folder))["schools"].frame["stages"]
    assert stages.tolist() == ["primary;junior", "senior"]


def test_a_verdict_that_an_ambiguous_school_opens_says_so_and_one_elsewhere_does_not(
    make_study: Callable[..., Path],
) -> None:
    folder = schools_of(
        make_study,
        "school_id,name,county_id,administered_by\n1,希望,411721,county\n2,水屯小学,411722,county\n",
        covers='covers = {stages = ["primary", "vocational"]}\n',
    )
    here, there = (finding(folder, VOCATIONAL, unit) for unit in ("411721", "411722"))
    assert (here["status"], there["status"]) == ("not_assessable", "shortfall")
    assert "ambiguous_stage" in here["flags"]
    assert "ambiguous_stage" not in there["flags"]


NAMED = "school_id,name,county_id,x,y\n1,甲聋哑学校,411721,114.05,33.05\n"
PLACED = "school_id,name,x,y\n1,甲聋哑学校,114.05,33.05\n2,乙小学,114.15,33.05\n"


@pytest.mark.parametrize(
    ("text", "flags"),
    [(PLACED, ["datum_unverified"]), (NAMED, [])],
    ids=["by position", "by its county"],
)
def test_a_finding_is_flagged_where_positions_of_an_unverified_datum_decide_it(
    make_study: Callable[..., Path], text: str, flags: list[str]
) -> None:
    folder = schools_of(make_study, text, "gcj02")
    assert load_layers(read_study(folder))["schools"].origin.is_datum_verified is False
    found = finding(folder, SPECIAL)
    assert found["status"] == "pass"
    assert [flag for flag in found["flags"].split(";") if flag == "datum_unverified"] == flags


def test_osm_is_in_wgs_84_by_definition_and_needs_no_flag(make_study: Callable[..., Path]) -> None:
    folder = make_study('\n[layers.schools]\npath = "osm.osm"\n')
    tags = '<tag k="amenity" v="school"/><tag k="name" v="甲聋哑学校"/>'
    node = f'<node id="1" version="1" lon="114.05" lat="33.05">{tags}</node>'
    (folder / "osm.osm").write_text(f'<osm version="0.6">{node}</osm>', "utf-8")
    found = finding(folder, SPECIAL)
    assert found["status"] == "pass"
    assert "datum_unverified" not in found["flags"]


def test_ways_over_positions_of_an_unverified_datum_are_flagged(
    make_study: Callable[..., Path],
) -> None:
    extra = layer("villages.csv", "wgs84", "layers.villages")
    folder = make_study(layer("schools.csv", "gcj02") + extra)
    (folder / "schools.csv").write_text(PLACED, "utf-8")
    (folder / "villages.csv").write_text("unit_id,name,x,y\nv1,甲村,114.16,33.05\n", "utf-8")
    found = finding(folder, "primary-access-remote-village", "v1")
    assert found["measured"] > 0
    assert "datum_unverified" in found["flags"]


def test_pupils_of_attached_classes_reach_the_share_of_inclusive_places(
    make_study: Callable[..., Path],
) -> None:
    folder = schools_of(
        make_study,
        "学校标识码,学校名称,办学类型,办别,县（市、区）,在校生数\n"
        "1,甲幼儿园,111,民办,西县,100\n2,乙小学,211,县级教育部门,西县,500\n"
        "2,乙小学,119,县级教育部门,西县,300\n",
    )
    found = finding(folder, "kindergarten-inclusive-enrolment-share")
    assert found["measured"] == 75
