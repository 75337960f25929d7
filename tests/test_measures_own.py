"""What own rules measure: rows that lie where their schools lie, a city without an outline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import zmd_layout
from conftest import COUNTIES, point, square, write_geojson

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULE = """
id: {id}
key: M1
title: {{zh: 量, en: A measure}}
status: reviewed
strength: in_principle
addressee: county
due: {{state: standing}}
effective: {{from: {start}, until: null}}
clauses:
  text: {{document: 某文, article: 一, text: 原文, evidence: V, checked_on: 2026-11-24}}
reading: {{zh: 读法, en: A reading}}
unit: {unit}
parameters: {{}}
measures:
  found: {measure}
measure_unit: school
check: {{kind: report, measure: found}}
needs: [found]
"""
ROOT = "\n[layers.{0}]\npath = '{0}.geojson'\ncoordinates = 'wgs84'\nyear = 2025\n"
ROOT += "covers = {{units = ['411702', '411721', '411722', '410122']}}\n"
TABLE = "\n[layers.{0}]\npath = '{0}.csv'\ncoordinates = 'none'\nyear = 2025\n"


@pytest.fixture
def measured(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Give a function that measures one thing in a world of layers and gives all findings."""

    def measure(
        unit: str,
        definition: str,
        extra: str = "",
        *,
        counties: Any = None,
        rules: tuple[str, ...] = (),
        **layers: Any,
    ) -> pd.DataFrame:
        folder = tmp_path / "my-rules"
        folder.mkdir(exist_ok=True)
        asked = RULE.format(id="own", unit=unit, measure=definition, start="2020-01-01")
        for number, text in enumerate((asked, *rules)):
            name = "own" if number == 0 else f"other-{number}"
            (folder / f"{name}.yaml").write_text(text, "utf-8")
        for name, rows in layers.items():
            if isinstance(rows[0], dict):
                pd.DataFrame(rows).to_csv(tmp_path / f"{name}.csv", index=False)
            else:
                write_geojson(tmp_path / f"{name}.geojson", rows)
            extra = (TABLE if isinstance(rows[0], dict) else ROOT).format(name) + extra
        head = 'rulesets = ["my-rules"]'
        study = zmd_layout.load_study(make_study(extra, head=head, counties=counties))
        found = zmd_layout.check(study)
        return found[found["rule_id"] == "own"].set_index("unit_id")

    return measure


SCHOOLS = [
    ({"school_id": "W", "stages": "primary"}, point(0.05, 0.05)),
    ({"school_id": "E", "stages": "primary"}, point(0.15, 0.05)),
]
CLASSES = [
    {"school_id": school, "stage": "primary", "grade": "1", "pupils": 40}
    for school in ("W", "W", "E")
]


def test_classes_lie_in_the_county_in_which_their_school_lies(
    measured: Callable[..., pd.DataFrame],
) -> None:
    found = measured("county", "{count: classes}", schools=SCHOOLS, classes=CLASSES)
    assert found["measured"].to_dict() == {"411702": 0, "411721": 2, "411722": 1}


def test_classes_of_schools_that_name_their_county_lie_there_wherever_the_point_is(
    measured: Callable[..., pd.DataFrame],
) -> None:
    named = [({**school, "county_id": "411702"}, place) for school, place in SCHOOLS]
    found = measured("county", "{count: classes}", schools=named, classes=CLASSES)
    assert found["measured"].to_dict() == {"411702": 3, "411721": 0, "411722": 0}


def test_each_village_counts_itself_alone(measured: Callable[..., pd.DataFrame]) -> None:
    villages = [({"unit_id": f"v{n}"}, square(0.01 * n, 0.01, 0.02)) for n in (1, 5)]
    found = measured("village", "{count: villages}", villages=villages)
    assert found["measured"].to_dict() == {"v1": 1, "v5": 1}


def test_counties_of_two_cities_make_a_study_of_its_own_name(
    measured: Callable[..., pd.DataFrame],
) -> None:
    other = ({**COUNTIES[1][0], "unit_id": "410122"}, COUNTIES[1][1])
    found = measured("city", "{count: schools}", counties=[COUNTIES[0], other], schools=SCHOOLS)
    assert found["measured"].to_dict() == {"small": 2}


def test_the_verdicts_of_a_rule_that_is_not_yet_in_force_are_not_zero_but_unknown(
    measured: Callable[..., pd.DataFrame],
) -> None:
    later = RULE.format(id="other-1", unit="county", measure="{count: schools}", start="2030-01-01")
    found = measured(
        "city", "{verdicts: other-1, status: shortfall}", rules=(later,), schools=SCHOOLS
    )
    assert found["measured"].isna().all()
    assert "other-1" in found["note_en"].iloc[0]


PRIMARIES = "{count: schools, where: [{field: stages, contains: primary}]}"
EXPECTED = '\n[completeness.expected]\n"411721" = {primary = 9}\n"411722" = {primary = 1}\n'


def test_a_county_of_which_too_few_schools_are_known_leaves_the_count_of_the_city_open(
    measured: Callable[..., pd.DataFrame],
) -> None:
    known = measured("city", PRIMARIES, schools=SCHOOLS)
    assert known["measured"].tolist() == [2]
    opened = measured("city", PRIMARIES, EXPECTED, schools=SCHOOLS)
    assert opened["measured"].isna().all()
    assert opened["measured_low"].tolist() == [2]
    assert "西县" in opened["note_zh"].iloc[0]
    assert "东县" not in opened["note_zh"].iloc[0]


def test_a_planning_unit_is_counted_by_its_own_list_whatever_its_county_lacks(
    measured: Callable[..., pd.DataFrame],
) -> None:
    blocks = [({"unit_id": "b1", "name": "一单元"}, square(0.04, 0.04, 0.02))]
    found = measured("planning_unit", PRIMARIES, EXPECTED, schools=SCHOOLS, planning_units=blocks)
    assert found["measured"].to_dict() == {"b1": 1}


def test_without_a_second_list_nothing_is_expected_and_the_count_stands(
    measured: Callable[..., pd.DataFrame],
) -> None:
    asked = "\n[completeness]\nfrom_reference = true\n"
    found = measured("city", PRIMARIES, asked, schools=SCHOOLS)
    assert found["measured"].tolist() == [2]


def test_a_city_of_counties_without_outlines_counts_all_that_the_study_lists(
    measured: Callable[..., pd.DataFrame],
) -> None:
    bare = [(row, None) for row, _ in COUNTIES[:2]]
    found = measured("city", "{count: schools}", counties=bare, schools=SCHOOLS)
    assert found["measured"].to_dict() == {"411700": 2}
