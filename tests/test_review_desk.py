"""The case on the desk: what may be asked at its stage, what would do, what may be concluded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

import zmd_layout
from conftest import square, write_geojson
from zmd_layout.development_review import Choices, Conclusions, Ground, Standing, ground_of
from zmd_layout.errors import LayerError, RuleError, StudyError
from zmd_layout.outputs.opinion.tables import rows
from zmd_layout.vocabulary import Lang, Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.development_review import Case, Issue

PRIMARY, JUNIOR = "primary-per-new-residential-area", "junior-per-new-residential-area"
KNOWN = {
    "settlement": "urban", "conditions_on": "2024-03-01", "kindergarten_defect": "none",
    "first_phase_on": "2027-06-30",
}  # fmt: skip
KINDERGARTEN = {"stage": "kindergarten", "ownership": "public", "opens_on": "2027-06-30"}


def cases(
    folder: Path, *plots: dict[str, Any], study: Any = None, choices: Choices | None = None
) -> tuple[Case, ...]:
    features = [
        ({"name": f"地块{n}", **KNOWN, **plot}, square(0.01 + 0.0055 * n, 0.01, 0.005))
        for n, plot in enumerate(plots)
    ]
    file = write_geojson(folder / "a.geojson", features)
    return zmd_layout.review(file, study=study, choices=choices).cases


def issue(case: Case, rule_id: str) -> Issue:
    return next(i for i in case.issues if i.rule.id == rule_id)


@pytest.mark.parametrize(
    ("stage", "standing"),
    [("conditions", Standing.ASKED), ("scheme", Standing.ASKED), ("acceptance", Standing.HINT)],
)
def test_a_granted_plot_gets_no_new_duty(tmp_path: Path, stage: str, standing: Standing) -> None:
    plot = {
        "planned_residents": 10000, "review_stage": stage, "schools": [KINDERGARTEN],
        "approved_schools": [{"stage": "kindergarten"}],
    }  # fmt: skip
    (case,) = cases(tmp_path, plot)
    assert issue(case, PRIMARY).standing is standing
    # nothing is added to what was approved, and what is short of a duty gets no consent
    expected = Conclusions.REFER if standing is Standing.HINT else Conclusions.AMEND
    assert case.conclusion.kind is expected


def test_a_scheme_without_the_day_of_its_conditions_is_returned(tmp_path: Path) -> None:
    plot = {"planned_residents": 10000, "review_stage": "scheme", "conditions_on": None}
    (case,) = cases(tmp_path, plot)
    assert case.conclusion.kind is Conclusions.INCOMPLETE
    assert "规划条件出具日期" in case.conclusion.reasons[0].text()


def test_a_shortfall_of_the_plan_alone_never_refuses(tmp_path: Path) -> None:
    (case,) = cases(tmp_path, {"planned_residents": 40000, "review_stage": "scheme"})
    assert case.conclusion.kind is Conclusions.AMEND
    assert {i.ground for i in case.issues} == {Ground.PLAN}


@pytest.mark.parametrize(
    ("document", "ground"),
    [
        ("《中华人民共和国义务教育法》", Ground.LAW),
        ("驻马店市中小学校幼儿园规划建设条例", Ground.ORDINANCE),
        ("GB 50099-2011", Ground.STANDARD),
        ("驻政〔2022〕49号", Ground.PLAN),
        ("某某通知", Ground.NORMATIVE),
    ],
)
def test_a_document_is_known_by_its_name(document: str, ground: Ground) -> None:
    assert ground_of(document) is ground


def test_made_up_data_carry_no_conclusion(tmp_path: Path) -> None:
    (case,) = cases(tmp_path, {"name": "示例小区", "planned_residents": 10000})
    assert case.conclusion.kind is Conclusions.SAMPLE
    assert case.conclusion.reasons == ()


def test_the_smallest_remedy_of_a_missing_junior_school_is_a_nine_year_one(tmp_path: Path) -> None:
    offers = [KINDERGARTEN, {"stage": "primary"}, {"stage": "primary"}]
    (case,) = cases(tmp_path, {"planned_residents": 20000, "schools": offers})
    remedy = issue(case, JUNIOR).remedy
    assert remedy is not None
    assert "九年一贯制" in remedy.text()


def test_a_late_school_is_to_come_on_the_day_of_the_first_phase(tmp_path: Path) -> None:
    late = {"stage": "primary", "opens_on": "2027-09-01"}
    (case,) = cases(tmp_path, {"planned_residents": 10000, "schools": [KINDERGARTEN, late]})
    remedy = issue(case, "school-delivered-with-first-phase").remedy
    assert remedy is not None
    assert "63日" in remedy.text()
    assert "2027-06-30" in remedy.text()


def test_an_open_defect_stands_in_the_way_of_acceptance(tmp_path: Path) -> None:
    plot = {
        "planned_residents": 5000, "review_stage": "acceptance",
        "kindergarten_defect": "not_handed_over", "schools": [KINDERGARTEN],
        "approved_on": "2025-01-01",
    }  # fmt: skip
    (case,) = cases(tmp_path, plot)
    assert case.conclusion.kind is Conclusions.AMEND
    assert "建而不交" in case.conclusion.reasons[-1].text()


def test_a_promised_school_is_held_against_the_size_of_new_schools(tmp_path: Path) -> None:
    large = {"stage": "primary", "seats": 2100, "opens_on": "2025-09-01"}  # in the period
    (case,) = cases(tmp_path, {"planned_residents": 10000, "schools": [KINDERGARTEN, large]})
    found = issue(case, "primary-size-new")
    assert (found.finding["unit_id"], found.finding["gap"]) == ("1#2", 100)


def test_plots_of_the_study_count_as_neighbours(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    old = {"name": "旧地块", "unit_id": "1", "planned_residents": 6000, **KNOWN, "is_new": True}
    write_geojson(tmp_path / "areas.geojson", [(old, square(0.0155, 0.01, 0.005))])
    folder = make_study(
        '[layers.residential_areas]\npath = "areas.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    )
    (case,) = cases(tmp_path, {"planned_residents": 6000}, study=zmd_layout.load_study(folder))
    assert list(case.members) == ["study:1"]
    assert issue(case, "primary-merged-areas").standing is Standing.HINT
    assert case.county == "西县"


def test_seats_are_unknown_where_residents_are(tmp_path: Path) -> None:
    (case,) = cases(tmp_path, {})
    assert {str(need.larger) for need in case.needs} == {"nan"}
    assert {str(need.classes) for need in case.needs} == {"nan"}


def test_a_school_may_meet_the_city_and_exceed_the_province(tmp_path: Path) -> None:
    nine = {"stage": "nine_year", "seats": 2520, "opens_on": "2025-09-01"}
    plot = {"planned_residents": 10000, "schools": [KINDERGARTEN, nine]}
    (alone,) = cases(tmp_path, plot)
    (case,) = cases(tmp_path, plot, choices=Choices(also=("henan-2021",)))
    told = [pair.message.text() for pair in case.beside]
    assert any("不超过3000人" in text and "不超过2500人" in text for text in told)
    assert alone.beside == ()
    # it binds nobody: no issue of the opinion, no other conclusion
    assert [i.rule.id for i in case.issues] == [i.rule.id for i in alone.issues]
    assert case.conclusion == alone.conclusion


def test_a_duty_of_the_law_refuses_once_its_set_is_beside(tmp_path: Path) -> None:
    late = {"stage": "primary", "opens_on": "2027-09-01"}
    plot = {"planned_residents": 10000, "schools": [KINDERGARTEN, late]}
    (alone,) = cases(tmp_path, plot)
    (case,) = cases(tmp_path, plot, choices=Choices(also=("national",)))
    assert alone.conclusion.kind is Conclusions.AMEND
    assert case.conclusion.kind is Conclusions.REFUSE
    assert "义务教育法》第十五条" in case.conclusion.reasons[0].text()


def test_the_distance_of_merging_is_the_officials_to_set_and_told(tmp_path: Path) -> None:
    plots = ({"planned_residents": 6000}, {"planned_residents": 6000})
    (apart, _) = cases(tmp_path, *plots, choices=Choices(merge_distance_m=10, merge_years=0))
    (beside, _) = cases(tmp_path, *plots)
    assert apart.members == {}
    assert list(beside.members) == ["2"]
    assert apart.merging is not None
    assert beside.merging is not None
    assert "经办人" in apart.merging.distance_source.zh
    assert (beside.merging.distance_m, beside.merging.years) == (200, 3)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"merge_distance_m": -1}, StudyError), ({"merge_distance_m": float("nan")}, StudyError),
        ({"merge_years": 1.5}, StudyError), ({"also": ("nowhere",)}, RuleError),
    ],
)  # fmt: skip
def test_choices_that_are_none_are_refused(
    tmp_path: Path, wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        cases(tmp_path, {"planned_residents": 6000}, choices=Choices(**wrong))


def test_the_way_to_a_school_is_told_by_road_beside_the_straight_line(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    # the school stands 400 m east of the plot; the only road leads around by the north
    ring = square(0.01, 0.01, 0.005)["coordinates"][0]
    (_, south), (east, north) = ring[0], ring[2]
    road = [[east, south], [east, north + 0.005], [east + 0.0043, north + 0.005],
            [east + 0.0043, south]]  # fmt: skip
    write_geojson(
        tmp_path / "roads.geojson",
        [({"highway": "residential", "oneway": "no"}, {"type": "LineString", "coordinates": road})],
    )
    school = {"school_id": "9", "name": "东小学", "stages": "primary", "classes": 12}
    point = {"type": "Point", "coordinates": [east + 0.0043, south]}
    write_geojson(tmp_path / "schools.geojson", [(school, point)])
    layers = "".join(
        f'[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        for name in ("schools", "roads")
    )
    study = zmd_layout.load_study(make_study(layers))
    (case,) = cases(tmp_path, {"planned_residents": 10000}, study=study)
    (near,) = case.near
    assert near.distance_m == pytest.approx(402, abs=3)
    assert near.is_within
    assert near.road_m > near.distance_m + 500


def test_a_place_without_roads_has_no_way_by_road(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    school = {"school_id": "9", "name": "东小学", "stages": "primary", "classes": 12}
    point = {"type": "Point", "coordinates": [114.018, 33.012]}
    write_geojson(tmp_path / "schools.geojson", [(school, point)])
    entry = '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    study = zmd_layout.load_study(make_study(entry))
    (case,) = cases(tmp_path, {"planned_residents": 10000}, study=study)
    assert [math.isnan(school.road_m) for school in case.near] == [True]


def test_the_first_phase_is_the_earliest_that_is_delivered(tmp_path: Path) -> None:
    phases = [
        {"name": "二期", "dwellings": 900, "delivered_on": "2028-12-31"},
        {"name": "一期", "dwellings": 700, "delivered_on": "2027-03-31"},
    ]
    late = {"stage": "primary", "opens_on": "2027-04-01", "transfer": "free"}
    plot = {"first_phase_on": None, "planned_residents": 10000, "phases": phases}
    (case,) = cases(tmp_path, {**plot, "schools": [KINDERGARTEN, late]})
    assert issue(case, "school-delivered-with-first-phase").finding["gap"] == 1
    table = rows(5, case, Lang.ZH)
    assert [row[0] for row in table] == ["二期", "一期", "幼儿园", "小学"]
    assert table[3][-1] == "无偿移交"
    assert table[3][6] == "否"


@pytest.mark.parametrize(
    "schools",
    [[{"stage": "primary", "transfer": "soon"}], [{"stage": "primary", "ownership": "mine"}],
     [{"stage": "primary", "classs": 24}], [{"classes": 24}]],
)  # fmt: skip
def test_a_promise_that_is_not_understood_is_refused(
    tmp_path: Path, schools: list[dict[str, Any]]
) -> None:
    with pytest.raises(LayerError, match="schools"):
        cases(tmp_path, {"planned_residents": 10000, "schools": schools})


def test_layers_that_an_earlier_review_kept_are_read_again_once_they_changed(
    make_study: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))
    entry = '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    point = {"type": "Point", "coordinates": [114.018, 33.012]}
    seen = []
    for name in ("旧名", "旧名", "新名"):
        school = {"school_id": "9", "name": name, "stages": "primary"}
        write_geojson(tmp_path / "schools.geojson", [(school, point)])
        study = zmd_layout.load_study(make_study(entry))
        (case,) = cases(tmp_path, {"planned_residents": 10000}, study=study)
        seen.append(case.near[0].name)
    assert seen == ["旧名", "旧名", "新名"]
    assert list((tmp_path / "cache").rglob("layer-schools.pickle"))


def test_what_promised_classes_lack_of_the_need_is_advice_and_decides_nothing(
    tmp_path: Path,
) -> None:
    offers = [KINDERGARTEN, {"stage": "nine_year", "classes": 18, "opens_on": "2027-06-30"}]
    (case,) = cases(tmp_path, {"planned_residents": 18000, "schools": offers})
    told = {stage: what.text() for stage, what in case.advice}
    # 1,800 primary seats are 40 classes; six of nine grades of 18 classes are 12
    assert "净需求40班，申报12班，尚差28班" in told[Stage.PRIMARY]
    assert Stage.KINDERGARTEN not in told  # how many classes it has was not stated
    assert case.conclusion.kind is Conclusions.AGREE


OWN_RULE = """
id: own-primary-of-the-conditions
key: O1
title: {zh: 规划条件载明的小学, en: The primary school of the planning conditions}
status: reviewed
stage: primary
strength: duty
addressee: developer
due: {state: standing}
effective: {from: 2020-01-01, until: null}
clauses:
  conditions:
    document: 某地块规划条件
    article: 第五条
    text: 应配建24班小学1所
    evidence: P
    checked_on: 2026-11-24
reading: {zh: 按规划条件, en: As the conditions have it}
unit: residential_area
judged_on: conditions_on
parameters:
  schools: {unit: school, values: {2020-01-01: {value: 1, basis: clause, clause: conditions}}}
measures:
  primary_schools: {named: area_primary_schools}
measure_unit: school
check: {kind: threshold, measure: primary_schools, relation: at_least, limit: schools}
needs: [primary_schools]
"""


def test_a_duty_of_the_planning_conditions_that_an_office_writes_down_refuses(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "own-primary-of-the-conditions.yaml").write_text(OWN_RULE, "utf-8")
    study = zmd_layout.load_study(make_study())
    plot = {"planned_residents": 9999, "review_stage": "scheme", "schools": [KINDERGARTEN]}
    (alone,) = cases(tmp_path, plot, study=study)
    (case,) = cases(tmp_path, plot, study=study, choices=Choices(also=("ours",)))
    assert alone.conclusion.kind is Conclusions.AGREE
    assert case.conclusion.kind is Conclusions.REFUSE
    assert "违反某地块规划条件第五条" in case.conclusion.reasons[0].text()
    enough = {**plot, "schools": [KINDERGARTEN, {"stage": "primary", "opens_on": "2027-06-30"}]}
    (case,) = cases(tmp_path, enough, study=study, choices=Choices(also=("ours",)))
    assert case.conclusion.kind is Conclusions.AGREE


@pytest.mark.parametrize(("side", "kind"), [(0.002, "amend"), (0.00001, "agree")])
def test_a_plot_on_land_for_schools_is_to_be_changed_beyond_the_tolerance_of_borders(
    make_study: Callable[..., Path], tmp_path: Path, side: float, kind: str
) -> None:
    parcel = {"parcel_id": "E1", "name": "规划小学用地", "current_use": "vacant"}
    write_geojson(tmp_path / "land.geojson", [(parcel, square(0.012, 0.012, side))])
    entry = '[layers.education_land]\npath = "land.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    study = zmd_layout.load_study(make_study(entry))
    plot = {"planned_residents": 9999, "review_stage": "scheme", "schools": [KINDERGARTEN]}
    (case,) = cases(tmp_path, plot, study=study)
    assert case.conclusion.kind == kind
    if kind == "amend":
        (reason,) = case.conclusion.reasons
        assert "规划小学用地" in reason.text()
        assert "教育用地不被侵占" in reason.text()
