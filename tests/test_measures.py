"""What rules measure, in small worlds: large classes, closures, projects, pupils, villages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

import zmd_layout
from conftest import COVERS, point, square, write_geojson
from zmd_layout.checks.conditions import meets
from zmd_layout.checks.value import Value, exactly, oldest, total
from zmd_layout.messages import Message
from zmd_layout.rulebook.measure_forms import Condition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = '\n[layers.{name}]\npath = "{name}.csv"\ncoordinates = "none"\nyear = 2025\n'
SCHOOLS = """
[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
year = 2025
"""
SCHOOLS += COVERS
BASE = {"stages": "primary", "status": "operating"}


@pytest.fixture
def findings(make_study: Callable[..., Path]) -> Callable[..., pd.DataFrame]:
    """Give a function that checks a world of schools (west of 0.1° is 西县) and tables."""

    def check(
        schools: list[dict[str, Any]], extra: str = "", **tables: list[dict[str, Any]]
    ) -> pd.DataFrame:
        named = "".join(TABLE.format(name=name) for name in tables)
        folder = make_study(SCHOOLS + named + extra)
        rows = [
            ({**BASE, "name": s["school_id"], **s}, point(0.01 * n, 0.05))
            for n, s in enumerate(schools, start=1)
        ]
        write_geojson(folder / "schools.geojson", rows)
        for name, table in tables.items():
            pd.DataFrame(table).to_csv(folder / f"{name}.csv", index=False)
        return zmd_layout.check(zmd_layout.load_study(folder))

    return check


def of(found: pd.DataFrame, rule_id: str, unit_id: str) -> pd.Series[Any]:
    rows = found[(found["rule_id"] == rule_id) & (found["unit_id"] == unit_id)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_class_of_56_is_large_and_one_of_55_is_not(
    findings: Callable[..., pd.DataFrame],
) -> None:
    found = findings(
        [{"school_id": "A"}, {"school_id": "B"}],
        classes=[
            {"school_id": "A", "stage": "primary", "pupils": 55},
            {"school_id": "B", "stage": "primary", "pupils": 56},
        ],
    )
    assert of(found, "compulsory-no-large-class", "A")["status"] == "pass"
    assert of(found, "compulsory-no-large-class", "B")[["status", "gap"]].tolist() == [
        "shortfall", 1,
    ]  # fmt: skip
    assert of(found, "compulsory-no-large-class", "411721")["measured"] == 1
    assert of(found, "compulsory-no-large-class", "A")["basis"] == "standard"


def test_a_mean_class_size_never_answers_the_large_class_rule(
    findings: Callable[..., pd.DataFrame],
) -> None:
    found = findings([{"school_id": "A", "enrolment": 400, "classes": 10}])
    assert of(found, "compulsory-no-large-class", "A")["status"] == "not_assessable"
    assert pd.isna(of(found, "compulsory-no-large-class", "411721")["measured"])


def test_the_count_of_the_school_answers_where_no_class_is_listed(
    findings: Callable[..., pd.DataFrame],
) -> None:
    found = findings([{"school_id": "A", "classes_of_56_and_more": 3}])
    assert of(found, "compulsory-no-large-class", "A")["measured"] == 3


def test_a_school_of_unknown_stage_leaves_the_county_open(
    findings: Callable[..., pd.DataFrame],
) -> None:
    known = {"school_id": "A", "classes_of_56_and_more": 2}
    found = findings([known, {"school_id": "B", "stages": None}])
    county = of(found, "compulsory-no-large-class", "411721")
    assert county["status"] == "reported"
    assert pd.isna(county["measured"])
    assert "2" in county["note_zh"]


@pytest.mark.parametrize(
    ("opens_on", "status", "gap"),
    [
        ("2024-07-31", "pass", 0),
        ("2024-08-01", "shortfall", 1),
        (None, "not_assessable", None),
    ],
)
def test_a_replacement_opens_before_the_school_closes(
    findings: Callable[..., pd.DataFrame], opens_on: str | None, status: str, gap: float | None
) -> None:
    found = findings(
        [{"school_id": "A", "status": "closed"}, {"school_id": "B", "opens_on": opens_on}],
        closures=[{"school_id": "A", "closes_on": "2024-07-31", "replacement_id": "B"}],
    )
    row = of(found, "closure-after-replacement", "A")
    assert row["status"] == status
    assert row["gap"] == gap or (gap is None and pd.isna(row["gap"]))
    rows = found[found["rule_id"] == "closure-after-replacement"]
    assert rows["unit_id"].tolist() == ["A"], "a school that is not listed is no unit of it"


def test_a_replacement_that_nobody_knows_is_no_replacement_in_time(
    findings: Callable[..., pd.DataFrame],
) -> None:
    found = findings(
        [{"school_id": "A", "status": "closed"}],
        closures=[{"school_id": "A", "closes_on": "2024-07-31", "replacement_id": "Z"}],
    )
    assert of(found, "closure-after-replacement", "A")["status"] == "not_assessable"


def test_a_replacement_that_operated_in_a_year_before_the_closing_is_in_time_without_a_date(
    findings: Callable[..., pd.DataFrame],
) -> None:
    schools = [{"school_id": "A"}, {"school_id": "B"}, {"school_id": "C"}]
    found = findings(
        schools,
        closures=[
            {"school_id": "A", "closes_on": "2026-07-31", "replacement_id": "B"},
            {"school_id": "C", "closes_on": None, "replacement_id": "B"},
        ],
    )
    row = of(found, "closure-after-replacement", "A")
    assert row[["status", "measured"]].tolist() == ["pass", 0]
    undated = of(found, "closure-after-replacement", "C")
    assert undated["status"] == "not_assessable"
    assert Message("measures.no_closing_date").text() in undated["note_zh"]


def test_a_parcel_of_unknown_use_is_neither_lost_nor_untouched(
    make_study: Callable[..., Path],
) -> None:
    land = SCHOOLS.replace("schools", "education_land")
    folder = make_study(land)
    uses = {"E1": "vacant", "E2": "other", "E3": None}
    parcels = [
        ({"parcel_id": name, "current_use": use}, square(0.01 * n, 0.05, 0.001))
        for n, (name, use) in enumerate(uses.items())
    ]
    write_geojson(folder / "education_land.geojson", parcels)
    found = zmd_layout.check(zmd_layout.load_study(folder))
    rows = [of(found, "education-land-untouched", name) for name in uses]
    assert [row["status"] for row in rows] == ["pass", "shortfall", "not_assessable"]
    assert rows[1]["measured"] == pytest.approx(93.4 * 110.9, rel=0.01)
    assert Message("measures.use_unknown").text() in rows[2]["note_zh"]


PROJECT = {
    "stage": "kindergarten", "ownership": "public", "kind": "continued", "status": "done",
    "county_id": "411721", "done_on": "2025-12-31",
}  # fmt: skip


def projects(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"project_id": f"P{n}", **PROJECT, **row} for n, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("row", "measured"),
    [
        ({}, 1),
        ({"done_on": "2021-01-01", "kind": "new"}, 1),
        ({"done_on": "2020-12-31"}, 0),
        ({"done_on": None, "status": "under_way"}, 0),
        ({"ownership": "private"}, 0),
        ({"stage": "senior"}, 0),
        ({"done_on": None}, None),
        ({"done_on": None, "status": None}, None),
    ],
)
def test_a_project_counts_by_the_day_it_was_done(
    findings: Callable[..., pd.DataFrame], row: dict[str, Any], measured: float | None
) -> None:
    other = {"ownership": "private"}  # so that the register speaks of kindergartens
    found = findings([{"school_id": "A"}], projects=projects({"stage": "primary"}, other, row))
    county = of(found, "kindergarten-public-projects", "411721")
    assert county["measured"] == measured or (measured is None and pd.isna(county["measured"]))


def test_attached_classes_count_on_both_sides_of_the_inclusive_share(
    findings: Callable[..., pd.DataFrame],
) -> None:
    kindergarten = {"stages": "kindergarten", "ownership": "public", "enrolment": 170}
    private = {**kindergarten, "ownership": "private", "enrolment": 30}
    found = findings([{"school_id": "A", **kindergarten}, {"school_id": "B", **private}])
    row = of(found, "kindergarten-inclusive-enrolment-share", "411721")
    assert row[["status", "measured"]].tolist() == ["reported", 85]


def test_one_kindergarten_without_enrolment_leaves_the_share_open(
    findings: Callable[..., pd.DataFrame],
) -> None:
    kindergarten = {"stages": "kindergarten", "ownership": "public", "enrolment": 170}
    found = findings(
        [{"school_id": "A", **kindergarten}, {"school_id": "B", **kindergarten, "enrolment": None}]
    )
    row = of(found, "kindergarten-inclusive-enrolment-share", "411700")
    assert row["status"] == "not_assessable"


def test_the_gross_rate_counts_children_of_three_to_five_as_an_assumption(
    make_study: Callable[..., Path],
) -> None:
    ages = {"residents_0_4": 500, "residents_5_9": 500, "residents_10_14": 500}
    ages |= {"residents_15_19": 500, "residents_20_99": 8000}
    fields = {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 10000, **ages}
    folder = make_study(SCHOOLS, counties=[(fields, square(0, 0))])
    kindergarten = {"school_id": "K", "stages": "kindergarten", "enrolment": 279}
    write_geojson(folder / "schools.geojson", [(kindergarten, point(0.08, 0.05))])
    row = of(
        zmd_layout.check(zmd_layout.load_study(folder)),
        "kindergarten-gross-enrolment-rate",
        "411721",
    )
    assert row["measured"] == pytest.approx(93, abs=3)
    assert row["basis"] == "assumption"


VILLAGES = """
[layers.villages]
path = "villages.geojson"
coordinates = "wgs84"
year = 2020
"""


def test_without_roads_the_way_is_a_straight_line_with_a_detour_and_says_so(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(SCHOOLS + VILLAGES)
    write_geojson(
        folder / "villages.geojson", [({"unit_id": "V", "name": "村"}, point(0.05, 0.05))]
    )
    points = [
        {"school_id": "T", "name": "村教学点", "stages": "primary", "status": "operating"},
        {"school_id": "P", "name": "小学", "stages": "primary", "status": "operating"},
    ]
    write_geojson(
        folder / "schools.geojson",
        [(points[0], point(0.05, 0.06)), (points[1], point(0.05, 0.09))],
    )
    row = of(zmd_layout.check(zmd_layout.load_study(folder)), "primary-access-remote-village", "V")
    assert row["status"] == "reported"
    assert row["measured"] == pytest.approx(1.3 * 1109, rel=0.01), "the teaching point is nearer"
    assert row["basis"] == "assumption"
    assert "proxy" in row["flags"]


def test_a_list_of_schools_without_stages_leaves_the_way_unknown_and_names_the_column(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(SCHOOLS + VILLAGES)
    write_geojson(folder / "villages.geojson", [({"unit_id": "V"}, point(0.05, 0.05))])
    write_geojson(folder / "schools.geojson", [({"school_id": "S"}, point(0.05, 0.06))])
    row = of(zmd_layout.check(zmd_layout.load_study(folder)), "primary-access-remote-village", "V")
    assert row["status"] == "not_assessable"
    assert "学段" in row["note_zh"]


def test_counting_verdicts_of_a_rule_without_units_gives_no_pass(
    findings: Callable[..., pd.DataFrame],
) -> None:
    row = of(findings([{"school_id": "A"}]), "kindergarten-townships-without", "411700")
    assert row["status"] == "not_assessable"


ENDS = st.floats(-100, 100, allow_nan=False)


@given(st.lists(st.tuples(ENDS, ENDS), min_size=1, max_size=5))
@examples(15)
def test_a_sum_holds_every_sum_of_what_its_parts_may_be(ends: list[tuple[float, float]]) -> None:
    parts = [Value(min(pair), max(pair)) for pair in ends]
    whole = total(parts, source="x")
    middle = sum((part.low + part.high) / 2 for part in parts)
    assert whole.low - 1e-9 <= middle <= whole.high + 1e-9


def test_a_sum_with_an_unknown_part_is_open_above_and_as_old_as_its_oldest_part() -> None:
    whole = total([exactly(3, year=2020), Value(0, year=2025)], source="x")
    assert (whole.low, whole.high, whole.year) == (3, math.inf, 2020)
    assert oldest(2020, None) is None
    assert oldest() is None


@pytest.mark.parametrize(
    ("condition", "cell", "met"),
    [
        ({"equals": "urban"}, "urban", True),
        ({"equals": True}, False, False),
        ({"any_of": ("a", "b")}, "c", False),
        ({"contains": "primary"}, "primary;junior", True),
        ({"contains": "prim"}, "primary;junior", False),
        ({"at_least": 5}, 5, True),
        ({"at_most": 5}, 5.01, False),
        ({"equals": "urban"}, None, None),
        ({"at_least": 5}, float("nan"), None),
        ({"in_plan_period": True}, pd.Timestamp("2025-12-31").date(), None),
    ],
)
def test_a_condition_is_met_failed_or_unknown(
    condition: dict[str, Any],
    cell: object,
    met: bool | None,  # noqa: FBT001 - a parameter of pytest
) -> None:
    found = meets(cell, Condition(field="x", **condition), limits={}, plan_period=None)
    assert found is met
