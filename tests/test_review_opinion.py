"""The opinion as a Word file: its parts, its order of basis, and what a specimen must not carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout.development_review import Choices

docx = pytest.importorskip("docx")
pytest.importorskip("matplotlib")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KNOWN = {
    "settlement": "urban", "conditions_on": "2024-03-01", "kindergarten_defect": "none",
    "first_phase_on": "2027-06-30", "review_stage": "scheme", "planned_residents": 12000,
    "schools": [
        {"stage": "kindergarten", "ownership": "public", "opens_on": "2027-06-30", "classes": 9},
        {"stage": "primary", "opens_on": "2027-09-01", "classes": 24, "transfer": "free"},
    ],
}  # fmt: skip


@pytest.fixture
def opinion(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """Give a function that reviews two plots side by side and opens the opinion on both."""
    school = {
        "school_id": "9",
        "name": "东小学",
        "stages": "primary",
        "classes": 12,
        "enrolment": 9,
    }
    write_geojson(tmp_path / "schools.geojson", [(school, point(0.018, 0.012))])
    entry = '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    folder = make_study(entry)

    def make(*names: str, **more: Any) -> Any:
        plots = [
            ({"name": name, **KNOWN, **more}, square(0.01 + 0.0055 * n, 0.01, 0.005))
            for n, name in enumerate(names)
        ]
        zmd_layout.review(
            write_geojson(tmp_path / "plots.geojson", plots),
            study=zmd_layout.load_study(folder), choices=Choices(also=("national",)),
            out=tmp_path / "out",
        )  # fmt: skip
        return docx.Document(tmp_path / "out" / "opinion.docx")

    return make


def text_of(document: Any) -> str:
    return "\n".join(paragraph.text for paragraph in document.paragraphs)


def test_an_opinion_has_nine_parts_and_seven_tables_in_order(
    opinion: Callable[..., Any],
) -> None:
    document = opinion("春江花园", "东苑")
    heads = [p.text[0] for p in document.paragraphs if p.text[1:2] == "、"]
    assert heads == list("一二三四五六七八九") * 2
    tables = [table.rows[0].cells[0].text for table in document.tables]
    assert (
        tables
        == [
            *("序号", "学段", "学段", "学校名称"),
            *("分期/学校", "对象", "地块编号"),
        ]
        * 2
    )
    text = text_of(document)
    law, slot, plan = (
        text.index(words)
        for words in (
            "《中华人民共和国义务教育法》第十五条",
            "【待补：《驻马店市",
            "《驻马店市“十四五”",
        )
    )
    assert law < slot < plan
    assert "合并后约24000人" in text
    assert "暂不同意。理由：" in text
    assert "PowerPlusWaterMark" not in document.sections[0].header._element.xml


def test_a_specimen_is_marked_on_every_page_and_concludes_nothing(
    opinion: Callable[..., Any],
) -> None:
    document = opinion("示例小区")
    header = document.sections[0].header
    assert 'string="演示样张"' in header._element.xml
    assert "PowerPlusWaterMark" in header._element.xml
    text = text_of(document)
    assert "（演示样张，不出具结论）" in text
    for forbidden in ("教函", "盖章", "收悉", "暂不同意", "原则同意"):
        assert forbidden not in text


def test_names_of_markup_and_formulas_are_text_in_the_opinion(opinion: Callable[..., Any]) -> None:
    document = opinion("<script>alert(1)</script> & =cmd|'x'!A0", developer="</w:t>\x0b$x_1^2$")
    assert "<script>alert(1)</script> & =cmd|'x'!A0" in document.paragraphs[0].text


def test_the_letter_and_the_proportion_are_two_lines(opinion: Callable[..., Any]) -> None:
    document = opinion("甲", planned_residents=20_000, schools=[])
    table = document.tables[0]
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    primary = [row for row in rows if "10000人口规模" in row[2]]
    assert [row[5:8] for row in primary] == [["1所", "0所", "1所"], ["2所", "0所", "2所"]]
    assert [row[8] for row in primary] == ["不符合要求，应当整改", "提示"]
    assert "字面" in primary[0][9]
    assert "不作为否定依据" in primary[1][9]
    assert {row[4] for row in primary} == {"条文未写明"}
    assert "2所小学" not in text_of(document), "a reading is asked of nobody"
