"""How much of what must exist is known, and what a list that lacks schools may not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from zmd_layout import check
from zmd_layout.layers.schools.completeness import completeness
from zmd_layout.study import read_study
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIST = pd.DataFrame(
    [
        ("1", "primary", None, "operating", False),
        ("2", "primary;junior", None, "operating", False),
        ("3", "primary", None, "planned", False),
        ("4", "primary", None, "operating", True),
        ("5", None, "junior;senior", "operating", False),
    ],
    columns=["school_id", "stages", "possible_stages", "status", "is_teaching_point"],
)
HERE = pd.Series(["411721"] * 5)


def test_schools_in_operation_are_counted_by_stage_and_teaching_points_are_not() -> None:
    table = completeness(
        LIST, HERE, {"411721": {Stage.PRIMARY: 4, Stage.JUNIOR: 2, Stage.SENIOR: 0}}
    )
    rows = table.set_index("stage")
    assert rows["known"].to_dict() == {"primary": 2, "junior": 1, "senior": 0}
    assert rows["possible"].to_dict() == {"primary": 0, "junior": 1, "senior": 1}
    assert rows["share"]["primary"] == 0.5
    assert pd.isna(rows["share"]["senior"])


def test_more_schools_than_expected_are_not_more_than_all() -> None:
    table = completeness(LIST, HERE, {"411721": {Stage.PRIMARY: 1}})
    assert table["share"].tolist() == [1.0]


SCHOOLS = """
[layers.schools]
path = "schools.csv"
coordinates = "none"
year = 2025
covers = {stages = ["primary", "special"]}
"""


def status_of(
    folder: Path, county: str, rule: str = "special-school-per-county"
) -> tuple[str, str]:
    findings = check(read_study(folder))
    row = findings[(findings["rule_id"] == rule) & (findings["unit_id"] == county)].iloc[0]
    return str(row["status"]), str(row["flags"])


def write_schools(folder: Path, rows: list[str]) -> None:
    head = "school_id,name,stages,possible_stages,county_id"
    (folder / "schools.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        ("", "shortfall"),
        ("{special = 1}", "pass"),
        ("{primary = 9}", "shortfall"),
        ("{special = 0}", "shortfall"),
    ],
)
def test_a_county_has_as_many_schools_as_are_counted_in_it_whatever_the_list_lacks(
    make_study: Callable[..., Path], expected: str, status: str
) -> None:
    asked = f'\n[completeness.expected]\n"411721" = {expected}\n' if expected else ""
    folder = make_study(SCHOOLS + asked)
    write_schools(folder, ["1,甲小学,primary,,411721", "2,乙小学,primary,,411722"])
    found, flags = status_of(folder, "411721")
    assert found == status
    assert ("osm_incomplete" in flags) == (status == "pass")
    assert status_of(folder, "411722")[0] == "shortfall"


def test_what_is_known_passes_however_much_is_not(make_study: Callable[..., Path]) -> None:
    folder = make_study(SCHOOLS + '\n[completeness.expected]\n"411721" = {special = 3}\n')
    write_schools(folder, ["1,甲特殊教育学校,special,,411721"])
    assert status_of(folder, "411721")[0] == "pass"


@pytest.mark.parametrize(
    ("possible", "status"), [("junior;senior", "shortfall"), ("primary;special", "not_assessable")]
)
def test_a_school_of_open_stage_counts_only_where_it_may_be_of_the_stage(
    make_study: Callable[..., Path], possible: str, status: str
) -> None:
    folder = make_study(SCHOOLS)
    write_schools(folder, [f"1,甲学校,,{possible},411721"])
    assert status_of(folder, "411721")[0] == status
