"""A second source of schools: positions, doubtful schools, decisions by hand, completeness."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from conftest import COVERS, square, write_geojson
from zmd_layout import check, load_study, review, run
from zmd_layout.errors import LayerError, StudyError
from zmd_layout.layers import load_layers
from zmd_layout.measures import World
from zmd_layout.measures.school_lists.completeness import completeness_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPECIAL = "special-school-per-county"
ROSTER = "学校标识码,学校名称,办学类型,在校生数\n"
MINE = ROSTER + "2141000001,水屯镇第一小学,211,300\n2141000002,水屯镇第二小学,,200\n"
NODES = {
    1: (114.03, 33.03, "水屯镇第一小学"),
    2: (114.06, 33.06, "水屯镇第二小学"),
    3: (114.08, 33.02, "西县特殊教育学校"),
}
LAYERS = f"""
[layers.schools]
path = "roster.csv"
coordinates = "none"
year = 2025
{COVERS}
[layers.reference_schools]
path = "osm.osm"
year = 2025
"""


def study_of(
    make_study: Callable[..., Path], extra: str = "", *, roster: str = MINE, decisions: str = ""
) -> Path:
    folder = make_study(LAYERS + extra)
    (folder / "roster.csv").write_text(roster, "gb18030")
    nodes = "".join(
        f'<node id="{n}" version="1" lon="{lon}" lat="{lat}"><tag k="amenity" v="school"/>'
        f'<tag k="name" v="{name}"/></node>'
        for n, (lon, lat, name) in NODES.items()
    )
    text = f'<?xml version="1.0"?><osm version="0.6" generator="t">{nodes}</osm>'
    (folder / "osm.osm").write_text(text, "utf-8")
    if decisions:
        text = "left_id,right_id,verdict,reason\n" + decisions
        (folder / "decisions.csv").write_text(text, "gb18030")
    return folder


DECIDED = '\n[matching]\ndecisions = "decisions.csv"\n'


def status_of(folder: Path) -> str:
    findings = check(load_study(folder))
    row = findings[(findings["rule_id"] == SPECIAL) & (findings["unit_id"] == "411721")]
    return str(row["status"].iloc[0])


def test_a_roster_without_positions_takes_them_from_its_matches(
    make_study: Callable[..., Path],
) -> None:
    schools = load_layers(load_study(study_of(make_study)))["schools"]
    rows = schools.frame.set_index("school_id")
    assert rows.geometry[["2141000001", "2141000002"]].notna().all()
    assert rows["enrolment"].dropna().tolist() == [300, 200]
    assert schools.origin.matching["positions"] == 2
    assert schools.origin.is_datum_verified is True
    assert schools.origin.matching["counts"] == {
        "matched": 2, "conflict": 0, "only_left": 0, "only_right": 1,
    }  # fmt: skip


def test_a_study_that_wants_nothing_filled_in_is_told_the_pairs_and_no_more(
    make_study: Callable[..., Path],
) -> None:
    asked = "\n[matching]\nfill = false\nadd_unmatched = false\n"
    schools = load_layers(load_study(study_of(make_study, asked)))["schools"]
    assert schools.frame.geometry.isna().all()
    assert schools.frame["stages"].isna().tolist() == [False, False]
    assert schools.origin.matching["counts"]["matched"] == 2
    assert "positions" not in schools.origin.matching
    assert schools.origin.is_datum_verified is None


def test_a_list_of_ids_and_places_gives_places_and_leaves_the_stages_open(
    make_study: Callable[..., Path],
) -> None:
    declared = LAYERS.replace('"osm.osm"', '"places.csv"\ncoordinates = "wgs84"')
    folder = study_of(
        lambda _: make_study(declared), roster=ROSTER + "2141000001,水屯镇学校,,300\n"
    )
    text = "school_id,x,y\n2141000001,114.03,33.03\n2141000002,114.06,33.06\n"
    (folder / "places.csv").write_text(text, "utf-8")
    rows = load_layers(load_study(folder))["schools"].frame.set_index("school_id")
    place = rows.to_crs(4326).geometry["2141000001"]
    assert (place.x, place.y) == pytest.approx((114.03, 33.03))
    assert rows["stages"]["2141000001"] is None
    assert rows["possible_stages"]["2141000001"] == "primary;junior;senior"


@pytest.mark.parametrize(
    ("extra", "decisions", "status"),
    [
        ("", "", "not_assessable"),
        (DECIDED, ",n3,school,现场核实在办", "pass"),
        (DECIDED, ",n3,no_school,已撤销", "shortfall"),
        ("\n[matching]\nadd_unmatched = false\n", "", "shortfall"),
    ],
    ids=["unknown", "a school by hand", "none by hand", "not asked for"],
)
def test_a_school_that_only_the_reference_has_may_count_and_a_hand_decides(
    make_study: Callable[..., Path], extra: str, decisions: str, status: str
) -> None:
    assert status_of(study_of(make_study, extra, decisions=decisions)) == status


def test_decisions_by_hand_override_the_match_and_are_kept_in_the_record_of_the_run(
    make_study: Callable[..., Path],
) -> None:
    decisions = "2141000001,n2,same,校名互换\n2141000002,n1,same,校名互换"
    folder = study_of(make_study, DECIDED, decisions=decisions)
    result = run(load_study(folder), out=folder / "out")
    places = result.layers["schools"].frame.set_index("school_id").geometry.to_crs(4326)
    assert places["2141000001"].x == pytest.approx(114.06)
    record = json.loads((folder / "out" / "run.json").read_text("utf-8"))
    kept = record["inputs"]["schools"]["matching"]
    assert [d["reason"] for d in kept["decisions"]] == ["校名互换", "校名互换"]
    assert kept["counts"]["matched"] == 2
    assert kept["added"] == 1
    digest = hashlib.sha256((folder / "decisions.csv").read_bytes()).hexdigest()
    assert (kept["decisions_file"], kept["decisions_sha256"]) == ("decisions.csv", digest)


def test_a_pair_to_be_checked_is_kept_in_the_record_with_distance_and_reason(
    make_study: Callable[..., Path],
) -> None:
    folder = study_of(make_study)
    place = f"学校标识码,学校名称,办学类型,经度,纬度\n1,水屯镇第一小学,211,{114.03 + 0.006},33.03\n"
    (folder / "roster.csv").write_text(place, "utf-8")
    text = (folder / "study.toml").read_text("utf-8").replace('"none"', '"wgs84"')
    (folder / "study.toml").write_text(text, "utf-8")
    kept = load_layers(load_study(folder))["schools"].origin.matching
    (pair,) = kept["to_check"]
    assert (pair["left_id"], pair["right_id"]) == ("1", "n1")
    assert 500 < pair["distance_m"] < 600
    assert "600" not in pair["en"]
    assert str(pair["distance_m"]) in pair["zh"]


@pytest.mark.parametrize(
    ("extra", "decisions", "told"),
    [
        (DECIDED, "2141000009,n1,same,x", "2141000009"),
        (DECIDED, "", "decisions.csv"),
        (DECIDED, "2141000001,n1,perhaps,x", "verdict"),
    ],
    ids=["no such school", "no such file", "no such verdict"],
)
def test_a_wrong_table_of_decisions_is_refused_with_what_is_wrong(
    make_study: Callable[..., Path], extra: str, decisions: str, told: str
) -> None:
    with pytest.raises(LayerError, match=told):
        load_layers(load_study(study_of(make_study, extra, decisions=decisions)))


def test_decisions_without_a_second_source_are_refused(make_study: Callable[..., Path]) -> None:
    extra = LAYERS.partition("[layers.reference_schools]")[0] + DECIDED
    with pytest.raises(StudyError, match="reference_schools"):
        load_study(make_study(extra))


def test_a_review_knows_the_schools_as_the_decisions_by_hand_have_them(
    make_study: Callable[..., Path],
) -> None:
    folder = study_of(make_study, DECIDED, decisions=",n3,no_school,已撤销")
    result = review(
        write_geojson(
            folder / "areas.geojson",
            [({"name": "甲小区", "planned_residents": 9000, "settlement": "urban"},
              square(0.02, 0.02, 0.05))],
        ),
        study=load_study(folder),
    )  # fmt: skip
    frame = result.layers["schools"].frame
    assert sorted(frame["school_id"]) == ["2141000001", "2141000002"]
    assert frame.geometry.notna().all()


EXPECTING = """
[completeness]
expected = {"411721" = {special = 1, primary = 2}}
year = 2024
"""


def completeness(folder: Path) -> Any:
    study = load_study(folder)
    table = completeness_of(World(study, load_layers(study), study.as_of))
    return table.set_index("stage")


def test_completeness_tells_the_share_by_unit_and_stage_with_the_unit_to_draw(
    make_study: Callable[..., Path],
) -> None:
    table = completeness(study_of(make_study, EXPECTING))
    assert table["share"].to_dict() == {"primary": 1.0, "special": 0.0}
    assert table["is_short"].to_dict() == {"primary": False, "special": True}
    assert table.geometry.notna().all()
    assert set(table["unit_name"]) == {"西县"}


def test_the_number_of_schools_that_a_county_has_decides_its_rule_and_its_year_is_told(
    make_study: Callable[..., Path],
) -> None:
    asked = f"{EXPECTING}\n[matching]\nadd_unmatched = false\n"
    findings = check(load_study(study_of(make_study, asked)))
    row = findings[(findings["rule_id"] == SPECIAL) & (findings["unit_id"] == "411721")].iloc[0]
    assert row["status"] == "pass"
    assert "2024" in row["note_en"]
    assert "school_totals 2024" in row["sources"]


def test_the_roster_as_reference_says_how_much_of_it_osm_knows(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(
        '\n[layers.schools]\npath = "osm.osm"\n\n[layers.reference_schools]\npath = "roster.csv"\n'
        'coordinates = "none"\n\n[completeness]\nfrom_reference = true\nleast_share = 0.8\n'
    )
    study_of(lambda _: folder)
    rows = [f"{n},第{n}小学,211,西县" for n in range(1, 9)]
    text = "\n".join(["学校标识码,学校名称,办学类型,县（市、区）", *rows])
    (folder / "roster.csv").write_text(text, "utf-8")
    table = completeness(folder)
    assert table["expected"]["primary"] == 8
    assert table["known"]["primary"] == 2
    assert table["is_short"]["primary"]


@pytest.mark.parametrize(
    "text",
    ['expected = {"411721" = {primary = -1}}', 'expected = {"411721" = {elementary = 1}}',
     "least_share = 1.5", 'expected = {"411721" = {primary = 1}}\nfrom_reference = true'],
)  # fmt: skip
def test_counts_that_cannot_be_are_refused(make_study: Callable[..., Path], text: str) -> None:
    with pytest.raises(StudyError, match="completeness"):
        load_study(make_study(f"\n[completeness]\n{text}\n"))
