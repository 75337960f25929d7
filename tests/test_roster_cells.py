"""Cells of a roster as spreadsheets hold them, and those that are not what their column says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import openpyxl
import pytest

from zmd_layout.layers.sources.roster import Roster, read_roster
from zmd_layout.study import LayerSource

if TYPE_CHECKING:
    from pathlib import Path

SCHOOL = {"学校（机构）标识码": "2141000001", "学校（机构）名称": "水屯小学", "办学类型": "211"}


def read(folder: Path, **cells: object) -> Roster:
    """Read a workbook of one school with more cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    row = SCHOOL | cells
    sheet.append(list(row))
    sheet.append(list(row.values()))
    book.save(folder / "roster.xlsx")
    return read_roster(folder / "roster.xlsx", LayerSource(path="roster.xlsx"))


def cell_of(roster: Roster, column: str) -> object:
    return roster.frame[column][0] if column in roster.frame else None


def doubts(roster: Roster) -> list[str]:
    return [doubt.reason.key for doubt in roster.report.doubtful]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (dt.datetime(2023, 9, 1, 8, 30), dt.date(2023, 9, 1)),  # noqa: DTZ001 - as Excel has it
        (dt.date(2023, 9, 1), dt.date(2023, 9, 1)),
        (45170, dt.date(2023, 9, 1)),
        (2023.9, dt.date(2023, 9, 1)),
        ("20230915", dt.date(2023, 9, 15)),
        ("2023年9月15日", dt.date(2023, 9, 15)),
    ],
)
def test_a_day_of_a_workbook_is_a_day(tmp_path: Path, cell: object, day: dt.date) -> None:
    roster = read(tmp_path, 投用时间=cell)
    assert cell_of(roster, "opens_on") == day
    assert doubts(roster) == []


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (2023.1, "roster.january_or_october"),  # a spreadsheet makes 2023.10 of it, and of 2023.1
        ("20230931", "roster.unreadable"),
        ("2023-13-01", "roster.unreadable"),
        (1850, "roster.unreadable"),
        ("建设中", "roster.unreadable"),
    ],
)
def test_a_day_that_is_none_stays_unknown_and_is_put_on_the_list(
    tmp_path: Path, cell: object, reason: str
) -> None:
    roster = read(tmp_path, 投用时间=cell)
    assert cell_of(roster, "opens_on") is None
    assert doubts(roster) == [reason]


@pytest.mark.parametrize(
    ("cell", "pupils"),
    [("1,234人", 1234), (" 560 ", 560), (35.5, None), (-3, None), ("约500", None), (True, None)],
)
def test_pupils_are_a_whole_number_or_unknown_and_on_the_list(
    tmp_path: Path, cell: object, pupils: float | None
) -> None:
    roster = read(tmp_path, 在校生数=cell)
    assert cell_of(roster, "enrolment") == pupils
    assert doubts(roster) == ([] if pupils is not None else ["roster.unreadable"])


@pytest.mark.parametrize(
    ("cell", "is_boarding"),
    [("是", True), ("√", True), (12, True), ("×", False), (0, False), ("部分", None)],
)
def test_yes_and_no_come_as_words_marks_and_numbers_of_rooms(
    tmp_path: Path, cell: object, *, is_boarding: bool | None
) -> None:
    roster = read(tmp_path, 是否寄宿制=cell)
    found = cell_of(roster, "is_boarding")
    assert (None if found is None else bool(found)) is is_boarding
    assert doubts(roster) == ([] if is_boarding is not None else ["roster.unreadable"])


@pytest.mark.parametrize("cell", [0, "114°61′00″", "114°10′75″", "东经一百一十四度"])
def test_a_coordinate_that_is_none_leaves_the_school_without_a_place(
    tmp_path: Path, cell: object
) -> None:
    roster = read(tmp_path, 经度=cell, 纬度=33.01)
    assert roster.frame["name"].tolist() == ["水屯小学"]
    assert roster.frame.geometry.isna().all()
    assert "roster.unreadable" in doubts(roster)


@pytest.mark.parametrize(
    ("head", "cell", "column", "value"),
    [("在校生数", 20_001, "enrolment", 20_001), ("占地面积（平方米）", 99, "site_area_m2", 99)],
)
def test_a_number_that_no_school_has_is_kept_and_somebody_shall_look_at_it(
    tmp_path: Path, head: str, cell: int, column: str, value: float
) -> None:
    roster = read(tmp_path, **{head: cell})
    assert cell_of(roster, column) == value
    assert doubts(roster) == ["roster.implausible"]


def test_a_code_that_nobody_knows_is_told_and_the_name_says_the_stage(tmp_path: Path) -> None:
    roster = read(tmp_path, 办学类型="987")
    assert cell_of(roster, "stages") == "primary"
    assert "roster.unknown_code" in doubts(roster)
