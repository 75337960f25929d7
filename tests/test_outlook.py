"""Children and seats to come, as a study file supposes them: births, moves, townships, grades."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

import zmd_layout
from conftest import COVERS, point, square, write_geojson
from zmd_layout.errors import StudyError, ZmdLayoutError
from zmd_layout.forecast import Capacity, Movement
from zmd_layout.measures import World
from zmd_layout.measures.outlook import Outlook, outlook, scenario_case
from zmd_layout.measures.places import children_by_place
from zmd_layout.outputs.results import Results
from zmd_layout.outputs.workbook.balance import balance
from zmd_layout.outputs.workbook.sheet import as_frame
from zmd_layout.vocabulary import Lang, Stage
from zmd_layout.workflow import running
from zmd_layout.workflow.loading import load

if TYPE_CHECKING:
    from collections.abc import Callable

# ages 0–4, 5–9, …: 100 of each single year, so that a flat split is exact
GROUPS = {f"residents_{first}_{first + 4}": 500 for first in range(0, 25, 5)}


def flat(unit_id: str, name: str, factor: float = 1.0, **more: Any) -> dict[str, Any]:
    ages = {group: people * factor for group, people in GROUPS.items()}
    return {"unit_id": unit_id, "name": name, "residents": 10_000 * factor, **ages, **more}


COUNTIES = [
    (flat("411721", "西县", kind="county"), square(0, 0)),
    (flat("411722", "东县", kind="county"), square(0.1, 0)),
]
TOWNSHIPS = [
    (flat("411721001", "城关镇", 0.4, kind="town", is_county_seat=True), square(0, 0, 0.05)),
    (flat("411721002", "南乡", 0.6, kind="township", is_county_seat=False), square(0.05, 0, 0.05)),
    (flat("411722001", "东镇", 1.0, kind="town", is_county_seat=True), square(0.1, 0)),
]
SCHOOLS = [
    {"school_id": "p1", "stages": "primary", "classes": 6, "status": "operating"},
    {"school_id": "p2", "stages": "primary;junior", "classes": 18, "status": "operating"},
    {"school_id": "p3", "stages": "primary", "classes": 40, "status": "closed"},
]
PLACES = [point(0.01, 0.01), point(0.06, 0.01), point(0.02, 0.01)]
LAYERS = """
[layers.townships]
path = "townships.geojson"
coordinates = "wgs84"
year = 2020

[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
year = 2025
{complete}
"""
HELD = '[forecast]\nbirths = "held"\nmovement = "none"\n'


@pytest.fixture
def looked(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Outlook]:
    """Give a function that makes the outlook of two counties under a `[forecast]`."""

    def make(extra: str = HELD, *, complete: bool = True, **files: str) -> Outlook:
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, "utf-8")
        write_geojson(tmp_path / "townships.geojson", TOWNSHIPS)
        write_geojson(tmp_path / "schools.geojson", list(zip(SCHOOLS, PLACES, strict=True)))
        layers = LAYERS.format(complete=COVERS if complete else "is_complete = false")
        study = zmd_layout.load_study(make_study(layers + extra, counties=COUNTIES))
        found = outlook(World(study, load(study, None), study.as_of))
        assert found is not None
        return found

    return make


def people(table: pd.DataFrame, unit: str, year: int, stage: Stage = Stage.PRIMARY) -> list[float]:
    rows = table[(table["unit_id"] == unit) & (table["year"] == year) & (table["stage"] == stage)]
    return rows[["low", "middle", "high"]].to_numpy().ravel().tolist()


def seats(table: pd.DataFrame, unit: str, stage: Stage = Stage.PRIMARY) -> float:
    rows = table[(table["unit_id"] == unit) & (table["stage"] == stage)]
    return float(rows.loc[rows["capacity"] == Capacity.CLASSES, "seats"].iloc[0])


# --- births and migration


def test_a_table_of_school_ages_alone_is_carried_on_as_far_as_it_knows(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked()
    ages = {"residents_3_5": 300, "residents_6_11": 600, "residents_12_14": 300}
    row = {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 10_000, **ages}
    other = {**row, "unit_id": "411722", "name": "东县"}
    write_geojson(tmp_path / "counties.geojson", [(row, square(0, 0)), (other, square(0.1, 0))])
    study = zmd_layout.load_study(tmp_path)
    found = outlook(World(study, load(study, None), study.as_of))
    assert found is not None
    assert people(found.children, "411721", 2023)[1] == pytest.approx(600)
    assert np.isnan(people(found.children, "411721", 2026)[1])  # 0 to 2 were not counted
    assert people(found.children, "411721", 2026, Stage.JUNIOR)[1] == pytest.approx(300)
    junior = zmd_layout.check(study).set_index(["rule_id", "unit_id"])
    row = junior.loc[("indicator-seats-junior", "411722")]
    assert (row["status"], row["required"]) == ("shortfall", 300)
    assert "2035 年为 资料不足" in row["note_zh"]


def test_the_last_year_is_the_one_that_the_study_names(looked: Callable[..., Outlook]) -> None:
    assert looked().children["year"].max() == 2035
    assert looked(HELD + "until = 2028\n").children["year"].max() == 2028


def test_a_last_year_before_the_census_is_refused(looked: Callable[..., Outlook]) -> None:
    with pytest.raises(StudyError, match="2019"):
        looked(HELD + "until = 2019\n")


BIRTHS = """
[layers.births]
path = "births.csv"

[forecast]
until = 2025
births_basis = "standard"
births_source = "统计公报"
births_hold = true
movement = "none"
"""


def test_births_are_the_users_own_by_county_year_and_scenario(
    looked: Callable[..., Outlook],
) -> None:
    table = "区划代码,年份,出生人数,低方案,中方案,高方案\n"
    table += "".join(f"{unit},2021,80,,,\n{unit},2022,,40,50,60\n" for unit in (411721, 411722))
    found = looked(BIRTHS, births=table)
    # ages 3–5 in 2025 were born 2020 (counted: 100), 2021 (80) and 2022 (supposed)
    assert people(found.children, "411721", 2025, Stage.KINDERGARTEN) == [220, 230, 240]
    assert "统计公报" in " ".join(str(note) for note in found.suppositions)


def test_births_that_lack_a_county_are_refused_by_name(looked: Callable[..., Outlook]) -> None:
    with pytest.raises(StudyError, match="411722"):
        looked(BIRTHS, births="unit_id,year,births\n411721,2021,80\n")


def test_births_of_which_only_some_name_a_county_are_refused(
    looked: Callable[..., Outlook],
) -> None:
    with pytest.raises(StudyError, match="1"):
        looked(BIRTHS, births="unit_id,year,births\n411721,2021,80\n,2022,80\n")


def test_births_of_which_none_names_a_county_hold_for_all(looked: Callable[..., Outlook]) -> None:
    index = BIRTHS + 'births_are = "index"\n'
    found = looked(index, births="unit_id,year,births\n,2020,1.0\n,2021,0.5\n")
    same = looked(index, births="year,births\n2020,1.0\n2021,0.5\n")
    for unit in ("411721", "411722"):
        few = people(found.children, unit, 2025, Stage.KINDERGARTEN)
        assert few == people(same.children, unit, 2025, Stage.KINDERGARTEN)
        assert few[1] < 300


def test_an_index_of_births_holds_for_every_county(looked: Callable[..., Outlook]) -> None:
    table = "year,low,middle,high\n2021,0.5,0.6,0.7\n"
    found = looked(BIRTHS + 'births_are = "index"\n', births=table)
    assert people(found.children, "411722", 2024, Stage.KINDERGARTEN) == [250, 260, 270]


def test_migration_and_moves_change_the_years_and_ages_they_name(
    looked: Callable[..., Outlook],
) -> None:
    leaving = "{ages = [5, 5], low = -0.2, middle = -0.1, high = 0.0}"
    found = looked(f"{HELD}net_migration = [{leaving}]\n")
    assert people(found.children, "411722", 2021) == pytest.approx([580, 590, 600])
    assert "−20%、−10%、0%" in " ".join(str(note) for note in found.suppositions).replace("-", "−")
    move = '{from_unit_id = "411721", to_unit_id = "411722", ages = [5, 5], share = 0.3}'
    found = looked(f"{HELD}moves = [{move}]\n")
    assert people(found.children, "411721", 2021) == pytest.approx([570] * 3)
    assert people(found.children, "411722", 2021) == pytest.approx([630] * 3)


def test_a_move_from_a_county_that_is_not_there_is_refused(
    looked: Callable[..., Outlook],
) -> None:
    move = '{from_unit_id = "410000", to_unit_id = "411722", ages = [5, 5], share = 0.3}'
    with pytest.raises(StudyError, match="410000"):
        looked(f"{HELD}moves = [{move}]\n")


# --- townships


def test_townships_sum_to_their_county_in_every_year_stage_and_case(
    looked: Callable[..., Outlook],
) -> None:
    leaving = "{ages = [3, 11], low = -0.03, middle = -0.01, high = 0.0}"
    found = looked(f'[forecast]\nbirths = "henan"\nnet_migration = [{leaving}]\n')
    table = found.township_children
    table = table.assign(unit_id=table["unit_id"].str[:6])
    keys = ["unit_id", "year", "stage"]
    cases = ["low", "middle", "high"]
    sums = table.groupby(keys)[cases].sum()
    wanted = found.children.groupby(keys)[cases].sum()
    assert np.allclose(sums, wanted, rtol=1e-12)
    assert (table[cases] >= 0).all(axis=None)


def test_townships_counted_in_another_year_are_brought_to_the_ages_of_their_county(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked()
    (tmp_path / "study.toml").write_text(
        (tmp_path / "study.toml")
        .read_text("utf-8")
        .replace('townships.geojson"\ncoordinates = "wgs84"\nyear = 2020',
                 'townships.geojson"\ncoordinates = "wgs84"\nyear = 2024'),
        "utf-8",
    )  # fmt: skip
    doubled = [
        ({**row, **{name: 2 * row[name] for name in (*GROUPS, "residents")}}, shape)
        for row, shape in TOWNSHIPS
    ]
    write_geojson(tmp_path / "townships.geojson", doubled)
    study = zmd_layout.load_study(tmp_path)
    found = outlook(World(study, load(study, None), study.as_of))
    assert found is not None
    county = people(found.children, "411721", 2021)
    parts = [people(found.township_children, unit, 2021) for unit in ("411721001", "411721002")]
    assert np.sum(parts, axis=0) == pytest.approx(county)
    assert parts[0] == pytest.approx([0.4 * children for children in county])


def test_ages_without_residents_are_carried_on_and_stand_beside_no_indicator(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked()
    bare = [({k: v for k, v in row.items() if k != "residents"}, shape) for row, shape in COUNTIES]
    write_geojson(tmp_path / "counties.geojson", bare)
    study = zmd_layout.load_study(tmp_path)
    found = outlook(World(study, load(study, None), study.as_of))
    assert found is not None
    assert people(found.children, "411721", 2020) == [600, 600, 600]
    assert found.methods.empty


def test_children_who_move_into_the_seat_leave_the_other_townships_and_no_one_is_lost(
    looked: Callable[..., Outlook],
) -> None:
    found = looked(HELD + "into_towns = {ages = [5, 5], share = 0.5}\n")
    table = found.township_children
    # in 2021 age 6 has left half of 60 for the seat: 360 − 30, 240 + 30
    assert people(table, "411721002", 2021) == pytest.approx([330] * 3)
    assert people(table, "411721001", 2021) == pytest.approx([270] * 3)
    assert people(table, "411722001", 2021) == pytest.approx([600] * 3)  # the seat is all there is
    assert people(found.children, "411721", 2021) == pytest.approx([600] * 3)


def test_places_have_their_children_by_stage_and_year_and_sum_to_the_county(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked(HELD)
    study = zmd_layout.load_study(tmp_path)
    world = World(study, load(study, None), study.as_of)
    places = children_by_place(world, years=(2025, 2035))
    assert places is not None
    assert places["residents"].sum() == 20_000
    west = places[places["county_id"] == "411721"]
    assert west["primary_2025"].tolist() == pytest.approx([240, 360])
    assert places["senior_2035"].sum() == pytest.approx(600)
    written = running._places(world)["demand"]
    assert {"primary_2025", "primary_2030", "primary_2035"} <= set(written)


# --- scenarios: births × movement


def test_children_are_those_of_the_scenario_by_county_and_by_place(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked(HELD)
    study = zmd_layout.load_study(tmp_path)
    world = World(study, load(study, None), study.as_of)
    still = outlook(world)
    henan = scenario_case(world, movement=Movement.HENAN)
    moving = outlook(world, scenario=henan)
    assert still is not None
    assert moving is not None
    assert people(still.children, "411721", 2030, Stage.SENIOR) == pytest.approx([300] * 3)
    low, middle, high = people(moving.children, "411721", 2030, Stage.SENIOR)
    assert low < middle < 300
    assert middle < high
    places = children_by_place(world, years=[2030], scenario=henan)
    assert places is not None
    assert places["senior_2030"].sum() == pytest.approx(2 * middle)
    # in the county of 300 who were counted here, so many live elsewhere, net
    away = moving.elsewhere.set_index(["unit_id", "year"]).loc[("411721", 2030)]
    assert away.tolist() == pytest.approx([300, middle, 300 - middle])
    assert still.elsewhere.empty


def test_without_a_word_cohorts_change_by_the_median_of_henan_and_no_range_has_zero_width(
    looked: Callable[..., Outlook],
) -> None:
    found = looked("")
    assert found.scenario is not None
    assert found.scenario.movement is Movement.HENAN
    later = found.children[found.children["year"] > 2020]
    assert (later["low"] < later["high"]).all()
    assert {str(note.key) for note in found.suppositions} >= {"forecast.movement_henan"}


def test_the_hindcast_is_by_county_and_stage_and_an_own_ratio_has_none(
    looked: Callable[..., Outlook],
) -> None:
    table = looked("").hindcast.set_index(["unit_id", "stage", "method"])["error_percent"]
    assert table[("411721", Stage.JUNIOR, "none")] == pytest.approx(-3.7, abs=0.05)
    assert table[("411721", Stage.SENIOR, "none")] == pytest.approx(48.2, abs=0.05)
    assert table[("411721", Stage.SENIOR, "henan")] == pytest.approx(14.8, abs=0.05)
    own = looked('[forecast]\nmovement = "county"\n').hindcast
    assert set(own["method"]) == {"none"}


def test_report_and_workbook_say_what_was_missed_and_print_no_range_that_is_not_one(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked(HELD)
    zmd_layout.run(zmd_layout.load_study(tmp_path), out=tmp_path / "out")
    document = docx.Document(str(tmp_path / "out" / "report.docx"))
    tables = [
        [[cell.text for cell in row.cells] for row in table.rows] for table in document.tables
    ]
    children = next(table for table in tables if table[0][:2] == ["学段", "年份"])
    assert ["初中", "2030", "—", "600", "—", "是"] in children
    missed = next(table for table in tables if "误差" in table[0])
    assert ["西县", "15—17岁（高中阶段）", "不计迁移"] in [row[:3] for row in missed]
    sheet = openpyxl.load_workbook(tmp_path / "out" / "findings.xlsx")["回测"]
    assert [cell.value for cell in sheet[2]][:4] == ["西县", "初中", "10–14", "不计迁移"]


# --- seats


def test_seats_are_by_township_and_a_township_without_a_school_has_none(
    looked: Callable[..., Outlook],
) -> None:
    found = looked()
    assert seats(found.township_balance, "411721001") == 6 * 45  # the closed one has none
    assert seats(found.township_balance, "411721002") == 18 * 45 * 6 / 9
    assert seats(found.township_balance, "411721002", Stage.JUNIOR) == 18 * 50 * 3 / 9
    assert seats(found.township_balance, "411722001") == 0
    assert seats(found.balance, "411721") == 6 * 45 + 18 * 45 * 6 / 9


def test_a_zone_counts_in_the_district_that_holds_it(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked()
    zone = {**flat("411771", "开发区", 0.2, kind="zone"), "within": "411721"}
    write_geojson(tmp_path / "counties.geojson", [*COUNTIES, (zone, None)])
    west = [dict(town, county_id="411771") for town, _ in TOWNSHIPS[:1]]
    shapes = [shape for _, shape in TOWNSHIPS]
    rows = [*west, *(town for town, _ in TOWNSHIPS[1:])]
    write_geojson(tmp_path / "townships.geojson", list(zip(rows, shapes, strict=True)))
    schools = [dict(SCHOOLS[0], county_id="411771"), *SCHOOLS[1:]]
    write_geojson(tmp_path / "schools.geojson", list(zip(schools, PLACES, strict=True)))
    study = zmd_layout.load_study(tmp_path)
    found = outlook(World(study, load(study, None), study.as_of))
    assert found is not None
    assert set(found.children["unit_id"]) == {"411721", "411722"}
    assert seats(found.balance, "411721") == 6 * 45 + 18 * 45 * 6 / 9
    assert people(found.township_children, "411721001", 2025) == pytest.approx([240] * 3)


def test_seats_of_a_layer_that_is_not_complete_are_unknown(
    looked: Callable[..., Outlook],
) -> None:
    assert looked(complete=False).balance["seats"].isna().all()


def test_seats_follow_the_schools_that_open_and_close(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    base = {"stages": "primary", "status": "operating", "classes": 6}
    new = {"stages": "primary", "status": "under_construction", "seats": 1000}
    schools = [
        {"school_id": "stays", **base},
        {"school_id": "closes", **base},
        {"school_id": "opens", **new, "opens_on": "2027-09-01"},
        {"school_id": "late", **new, "opens_on": "2024-09-01"},
        {"school_id": "someday", **new},
        {"school_id": "planned", **new, "status": "planned", "opens_on": "2026-09-01"},
    ]
    looked()
    places = [point(0.01 + 0.005 * n, 0.01) for n in range(len(schools))]
    write_geojson(tmp_path / "schools.geojson", zip(schools, places, strict=True))
    (tmp_path / "closures.csv").write_text("school_id,closes_on\ncloses,2029-07-31\n", "utf-8")
    text = (tmp_path / "study.toml").read_text("utf-8")
    layer = '\n[layers.closures]\npath = "closures.csv"\n'
    (tmp_path / "study.toml").write_text(text + layer, "utf-8")
    study = zmd_layout.load_study(tmp_path)
    found = outlook(World(study, load(study, None), study.as_of))
    assert found is not None
    table = found.township_balance
    mine = (table["unit_id"] == "411721001") & (table["stage"] == Stage.PRIMARY)
    by_year = table[mine & (table["capacity"] == Capacity.CLASSES)].set_index("year")["seats"]
    assert by_year[[2025, 2026, 2027, 2028, 2029]].tolist() == [540, 1540, 2540, 2540, 2270]


def test_attendance_turns_children_into_seats_needed(looked: Callable[..., Outlook]) -> None:
    table = looked(HELD + "attendance = {kindergarten = 0.9}\n").balance
    first = table[(table["stage"] == Stage.KINDERGARTEN) & (table["year"] == 2020)].iloc[0]
    assert first["needed_middle"] == pytest.approx(270)


# --- other methods


def test_the_per_thousand_indicator_stands_beside_the_cohorts_with_a_reason(
    looked: Callable[..., Outlook],
) -> None:
    methods = looked(HELD + 'seats_per_thousand = "yongzhou"\n').methods
    row = methods[(methods["unit_id"] == "411721") & (methods["year"] == 2025)].set_index("stage")
    primary = row.loc[Stage.PRIMARY]
    assert primary[["cohort_seats", "per_thousand_seats", "difference"]].tolist() == [
        pytest.approx(600), 1100, pytest.approx(-500),
    ]  # fmt: skip
    assert primary["note"].key == "forecast.methods_fewer"
    with pytest.raises(StudyError, match="changle"):
        looked(HELD + 'seats_per_thousand = "nowhere"\n')


def test_grade_progression_stands_beside_the_cohorts(looked: Callable[..., Outlook]) -> None:
    rows = [
        f"411721,{year},{grade},{pupils}"
        for year, pupils in ((2023, 90), (2024, 81))
        for grade in range(1, 7)
    ]
    layer = '[layers.grades]\npath = "grades.csv"\n'
    found = looked(layer + HELD, grades="unit_id,year,grade,pupils\n" + "\n".join(rows))
    one = found.grades[(found.grades["stage"] == Stage.PRIMARY) & (found.grades["year"] == 2025)]
    # six-year-olds enter (100); five grades follow at 81 of 90
    assert one["pupils"].item() == pytest.approx(100 + 5 * 81 * 0.9)
    assert one["cohort"].item() == pytest.approx(600)
    assert one["difference"].item() == pytest.approx(100 + 5 * 81 * 0.9 - 600)
    assert set(found.grades["unit_id"]) == {"411721"}


def test_a_grade_of_unknown_pupils_leaves_the_sum_of_its_stage_unknown_and_says_so(
    looked: Callable[..., Outlook],
) -> None:
    rows = [
        f"411721,{year},{grade},{'' if (year, grade) == (2024, 3) else pupils}"
        for year, pupils in ((2023, 90), (2024, 81))
        for grade in range(1, 7)
    ]
    layer = '[layers.grades]\npath = "grades.csv"\n'
    found = looked(layer + HELD, grades="unit_id,year,grade,pupils\n" + "\n".join(rows)).grades
    one = found[(found["stage"] == Stage.PRIMARY) & (found["year"] == 2025)].iloc[0]
    assert np.isnan(one["pupils"])
    assert np.isnan(one["difference"])
    assert one["note"].key == "forecast.unknown"


def test_enrolment_by_grade_that_begins_after_the_forecast_ends_is_refused(
    looked: Callable[..., Outlook],
) -> None:
    rows = "".join(f"411721,{year},{grade},90\n" for year in (2040, 2041) for grade in (1, 2))
    layer = '[layers.grades]\npath = "grades.csv"\n'
    with pytest.raises(StudyError, match="2041"):
        looked(layer + HELD + "until = 2035\n", grades="unit_id,year,grade,pupils\n" + rows)


def test_one_year_of_enrolment_by_grade_is_refused(looked: Callable[..., Outlook]) -> None:
    layer = '[layers.grades]\npath = "grades.csv"\n'
    with pytest.raises(ZmdLayoutError, match="连续两年"):
        looked(layer + HELD, grades="unit_id,year,grade,pupils\n411721,2024,1,90\n")


def test_the_workbook_sets_the_methods_side_by_side_and_says_why_they_differ(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    rows = [
        f"411721,{year},{grade},{pupils}"
        for year, pupils in ((2023, 90), (2024, 81))
        for grade in range(1, 7)
    ]
    layer = '[layers.grades]\npath = "grades.csv"\n'
    looked(layer + HELD, grades="unit_id,year,grade,pupils\n" + "\n".join(rows))
    study = zmd_layout.load_study(tmp_path)
    world = World(study, load(study, None), study.as_of)
    none = gpd.GeoDataFrame({"is_synthetic": []}, geometry=[])
    table = as_frame(balance(Results(world, [], none, none, outlook(world)), Lang.ZH))
    table = table.set_index(["单元", "学段", "年份"])
    county = table.loc[("西县", "小学", 2025)]
    assert county[["中", "千人指标学位", "队列法与千人指标之差"]].tolist() == [600, 1000, -400]
    assert county[["队列递进（在校生）", "递进与队列之差"]].tolist() == [460, -140]
    assert "千人指标" in county["差异说明"]
    assert "队列递进" in county["差异说明"]
    town = table.loc[("西县 南乡", "小学", 2025)]
    assert town[["中", "标准班额学位（班数×班额）"]].tolist() == [360, 540]
    alone = World(study, {"counties": world.layers["counties"]}, study.as_of)
    bare = as_frame(balance(Results(alone, [], none, none, outlook(alone)), Lang.ZH))
    assert set(bare["单元"]) == {"西县", "东县"}


# --- rules that count seats


def findings_of(tmp_path: Path, as_of: str = "2025-12-31") -> pd.DataFrame:
    text = (tmp_path / "study.toml").read_text("utf-8")
    (tmp_path / "study.toml").write_text(
        text.replace("2025-12-31\nplan", f"{as_of}\nplan"), "utf-8"
    )
    found = zmd_layout.check(zmd_layout.load_study(tmp_path))
    return found.set_index(["rule_id", "unit_id"])


def test_a_rule_that_counts_seats_says_the_year_and_the_method(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked()
    row = findings_of(tmp_path).loc[("indicator-seats-primary", "411721002")]
    assert (row["measured"], row["required"], row["gap"]) == (540, 360, 0)
    assert (row["status"], row["strength"], row["basis"]) == ("pass", "indicator", "assumption")
    for told in ("2020 年普查队列", "2025 年", "班数×标准班额 45 人"):
        assert told in row["note_zh"]
    assert "cohorts of the 2020 census projected to 2025" in row["note_en"]


def test_seats_are_short_where_there_is_no_school(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked()
    row = findings_of(tmp_path).loc[("indicator-seats-junior", "411722")]
    assert (row["status"], row["measured"], row["gap"]) == ("shortfall", 0, 300)


def test_the_cases_of_the_unborn_decide_nothing_where_they_lie_on_both_sides(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    leaving = "{ages = [0, 11], low = -0.2, middle = 0.0, high = 0.2}"
    looked(f"{HELD}net_migration = [{leaving}]\n")
    row = findings_of(tmp_path).loc[("indicator-seats-primary", "411721")]
    assert row["status"] == "not_assessable"
    assert "scenario_decides" in row["flags"]


def test_a_year_beyond_the_forecast_is_told(looked: Callable[..., Outlook], tmp_path: Path) -> None:
    looked(HELD + "until = 2024\n")
    row = findings_of(tmp_path).loc[("indicator-seats-primary", "411721")]
    assert row["status"] == "not_assessable"
    assert "2020—2024" in row["note_zh"]


def test_residents_of_15_to_17_are_reported_beyond_the_seats_of_general_schools(
    looked: Callable[..., Outlook], tmp_path: Path
) -> None:
    looked()
    row = findings_of(tmp_path).loc[("indicator-seats-senior", "411722")]
    assert (row["status"], row["measured"]) == ("reported", 300)
