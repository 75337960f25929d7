"""Rows and heads of rosters as offices fill them in: stages in words, doubles, pages, bands."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest

from zmd_layout.errors import LayerError
from zmd_layout.layers.sources.roster import Roster, read_roster, write_table
from zmd_layout.study import LayerSource

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "学校（机构）标识码,学校（机构）名称,办学类型"


def read(tmp_path: Path, text: str, **declared: object) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_text(text, "gb18030")
    return read_roster(path, LayerSource(path="roster.csv", **declared))


def skipped(roster: Roster) -> list[tuple[int, str]]:
    return [(row.row, row.reason.key) for row in roster.report.skipped]


@pytest.mark.parametrize(
    ("words", "stages"),
    [
        ("小学、初中", "primary;junior"),
        ("九年一贯制", "primary;junior"),
        ("junior；senior", "junior;senior"),
        ("小学和甲", "junior"),
        ("、", "junior"),
    ],
    ids=["listed", "a kind", "our words", "one unknown", "a mark alone"],
)
def test_a_column_of_stages_decides_unless_a_word_of_it_is_unknown(
    tmp_path: Path, words: str, stages: str
) -> None:
    text = f"学校标识码,学校名称,学段\n1,水屯镇初级中学,{words}\n"
    assert read(tmp_path, text).frame["stages"].tolist() == [stages]


def test_a_code_of_the_kind_goes_before_the_column_of_stages(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD},学段\n1,水屯小学,211,初中\n")
    assert roster.frame["stages"].tolist() == ["primary"]


def test_a_head_printed_on_every_page_and_rows_left_blank_are_no_schools(tmp_path: Path) -> None:
    roster = read(
        tmp_path,
        f"{HEAD},在校生数\n\n1,甲小学,211,300\n,,,\n{HEAD},在校生数\n2,乙小学,211,200\n,,211,90\n",
    )
    assert roster.frame["name"].tolist() == ["甲小学", "乙小学"]
    assert skipped(roster) == [(5, "roster.row_head_again"), (7, "roster.row_nameless")]


def test_schools_of_one_name_without_ids_are_one_only_where_they_stand_in_one_place(
    tmp_path: Path,
) -> None:
    text = "学校名称,办学类型,经度,纬度,在校生数\n"
    rows = [
        "中心小学,211,114.05,33.05,",
        "中心小学,211,114.25,33.05,90",
        "中心小学,211,114.05,33.05,70",
    ]
    roster = read(tmp_path, text + "\n".join(rows), coordinates="wgs84")
    assert sorted(roster.frame["enrolment"]) == [70, 90]
    assert roster.frame["school_id"].is_unique
    assert [key for _, key in skipped(roster)] == ["roster.row_double"]


@pytest.mark.parametrize(
    ("heads", "counts", "large"),
    [
        ("25人及以下,26—55人,56人及以上", "1,5,2", 2),
        ("46—55人,56—65人,70人及以上", "3,2,1", None),
        ("46—55人,56—65人,60人及以上", "3,2,1", None),
        ("56人及以上班数", "4", 4),
        ("56人及以上班数,大班额", "4,9", 4),
        ("大班额", "9", 9),
        ("大班额,超大班额", "9,0", 9),
    ],
    ids=["open below", "a gap", "an overlap", "told", "told, and 大班额", "大班额", "none of 66"],
)
def test_large_classes_come_from_the_column_that_tells_them_most_exactly(
    tmp_path: Path, heads: str, counts: str, large: float | None
) -> None:
    found = read(tmp_path, f"{HEAD},{heads}\n1,水屯小学,211,{counts}\n").frame
    assert (found["classes_of_56_and_more"][0] if large else None) == large
    assert ("classes_of_56_and_more" in found) == (large is not None)


def test_a_declared_head_is_taken_for_a_field_or_for_one_of_our_columns(tmp_path: Path) -> None:
    text = f"{HEAD},人头,层次,楼龄\n1,水屯镇学校,,312,小学,1998\n"
    roster = read(tmp_path, text, columns={"enrolment": "人头", "stage_text": "层次"})
    assert roster.frame["enrolment"].tolist() == [312]
    assert roster.frame["stages"].tolist() == ["primary"]


def test_a_workbook_that_writes_days_as_iso_8601_tells_the_same_day(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.iso_dates = True
    book.active.append([*HEAD.split(","), "投用时间"])
    book.active.append(["1", "水屯小学", "211", dt.date(2023, 9, 1)])
    book.save(tmp_path / "roster.xlsx")
    roster = read_roster(tmp_path / "roster.xlsx", LayerSource(path="roster.xlsx"))
    assert roster.frame["opens_on"].tolist() == [dt.date(2023, 9, 1)]


def test_a_sheet_that_the_workbook_lacks_is_told_beside_those_it_has(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "小学"
    book.create_sheet("初中").append(HEAD.split(","))
    book["初中"].append(["1", "水屯中学", "311"])
    book.save(tmp_path / "roster.xlsx")
    path = tmp_path / "roster.xlsx"
    found = read_roster(path, LayerSource(path="roster.xlsx", sheet="初中"))
    assert found.frame["stages"].tolist() == ["junior"]
    with pytest.raises(LayerError) as caught:
        read_roster(path, LayerSource(path="roster.xlsx", sheet="高中"))
    assert dict(caught.value.messages[0].args)["found"] == ["小学", "初中"]


def test_a_table_to_be_sent_back_leaves_the_unknown_blank_and_runs_no_text(tmp_path: Path) -> None:
    cells = [1.5, float("nan"), None, "=1+1", True]
    table = pd.DataFrame({"值": pd.Series(cells, dtype=object)})
    path = write_table(table, tmp_path / "table.xlsx", sheet="表")
    sheet = openpyxl.load_workbook(path)["表"]
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        1.5, None, None, "=1+1", "True",
    ]  # fmt: skip
    assert sheet["A5"].data_type == "s"
