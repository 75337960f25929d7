"""`zmd-layout roster`: which declaration counts, what it refuses, what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from click.testing import CliRunner

from zmd_layout.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

TEXT = (
    "学校标识码,学校名称,办学类型,在校生数,占地面积（亩）\n1,水屯小学,211,—,3\n2,诸市镇中学,,300,\n"
)
DECLARED = """
[layers.schools]
path = "roster.csv"
coordinates = "none"
blank_means = "{blank}"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(TEXT, "gb18030")
    return path


def roster(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--lang", "en", "roster", str(file), *arguments])


def rows_of(path: Path) -> list[list[object]]:
    book = openpyxl.load_workbook(path)
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def test_a_unit_of_a_column_is_shown_and_nothing_is_written_unasked(
    file: Path, tmp_path: Path
) -> None:
    shown = roster(file)
    assert shown.exit_code == 0, shown.output
    assert "学校名称 → name" in shown.output
    (area, *_) = [line for line in shown.output.splitlines() if "占地面积（亩） → " in line]
    assert area.endswith("(亩)")
    assert list(tmp_path.iterdir()) == [file]


def test_doubtful_rows_come_as_a_list_that_can_be_sent_back(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    assert roster(file, "--out", str(out)).exit_code == 0
    assert {path.name for path in out.iterdir()} == {"check_list.xlsx", "preview.xlsx"}
    listed = "\n".join(str(cell) for row in rows_of(out / "check_list.xlsx") for cell in row)
    assert "诸市镇中学" in listed
    assert "水屯小学" not in listed


def test_matching_needs_to_know_the_coordinates_and_says_so(file: Path, tmp_path: Path) -> None:
    (tmp_path / "schools.osm").write_text("<osm version='0.6'/>", "utf-8")
    for more in ((), ("--coordinates", "none")):
        refused = roster(file, "--osm", str(tmp_path / "schools.osm"), *more)
        assert refused.exit_code == 2
        assert "--coordinates" in refused.stderr
        assert "Traceback" not in refused.output


def test_a_roster_whose_places_are_all_blank_is_matched_by_name_with_the_whole_extract(
    file: Path, tmp_path: Path
) -> None:
    text = (
        TEXT.replace("\n", ",经度,纬度\n", 1)
        .replace(",3\n", ",3,,\n")
        .replace("300,\n", "300,,,\n")
    )
    file.write_text(text, "gb18030")
    nodes = "".join(
        f'<node id="{n}" version="1" lon="{lon}" lat="33"><tag k="amenity" v="school"/>'
        f'<tag k="name" v="{name}"/></node>'
        for n, lon, name in ((1, 113.2, "水屯小学"), (2, 114.9, "别处小学"))
    )
    text = f'<?xml version="1.0"?><osm version="0.6">{nodes}</osm>'
    (tmp_path / "schools.osm").write_text(text, "utf-8")
    asked = ("--osm", str(tmp_path / "schools.osm"), "--coordinates", "wgs84")
    shown = roster(file, *asked, "--out", str(tmp_path / "out"))
    assert shown.exit_code == 0, shown.output
    head, *rows = rows_of(tmp_path / "out" / "matching.xlsx")
    states = {(row[head.index("left_name")], row[head.index("right_name")]) for row in rows}
    assert ("水屯小学", "水屯小学") in states
    assert any(right == "别处小学" for _, right in states)


def test_a_study_that_declares_no_schools_is_as_if_none_were_given(
    file: Path, make_study: Callable[..., Path]
) -> None:
    assert roster(file, "--study", str(make_study())).output == roster(file).output


def test_a_file_that_is_not_there_gives_one_message(tmp_path: Path) -> None:
    refused = roster(tmp_path / "nothing.csv")
    assert refused.exit_code == 1
    assert "nothing.csv" in refused.stderr
    assert "Traceback" not in refused.output


def test_the_study_says_how_its_roster_is_read(file: Path, make_study: Callable[..., Path]) -> None:
    file.write_text(TEXT.replace("学校名称", "单位全称名"), "gb18030")
    assert roster(file).exit_code == 1
    declared = DECLARED.format(blank="zero") + 'columns = {name = "单位全称名"}\n'
    shown = roster(file, "--study", str(make_study(declared)))
    assert shown.exit_code == 0, shown.output
    assert "单位全称名 → name" in shown.output
