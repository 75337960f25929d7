"""The opinion as a Word file: its parts, its order of basis, and what a specimen must not carry."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout.development_review import Choices
from zmd_layout.messages import Message

docx = pytest.importorskip("docx")

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

    def make(*names: str, lang: str = "zh", progress: Any = None, **more: Any) -> Any:
        plots = [
            ({"name": name, **KNOWN, **more}, square(0.01 + 0.0055 * n, 0.01, 0.005))
            for n, name in enumerate(names)
        ]
        zmd_layout.review(
            write_geojson(tmp_path / "plots.geojson", plots),
            study=zmd_layout.load_study(folder), choices=Choices(also=("national",)),
            out=tmp_path / "out", lang=lang, progress=progress,
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
            *("序号", "学段", "分期/学校"),
            *("学校名称", "学段", "地块编号", "对象"),
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
    remarks = [row[0] for row in rows[1:] if len(set(row)) == 1]  # across the table
    primary = [row for row in rows if "10000人口规模" in row[2]]
    assert [row[5:8] for row in primary] == [["1所", "0所", "1所"], ["2所", "0所", "2所"]]
    assert [row[8] for row in primary] == ["不符合要求，应当整改", "提示"]
    assert any("说明：按条款字面" in remark for remark in remarks)
    assert any("不作为否定依据" in remark for remark in remarks)
    assert {row[4] for row in primary} == {"条文未写明"}
    assert "2所小学" not in text_of(document), "a reading is asked of nobody"


def everything(document: Any) -> list[str]:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [*(paragraph.text for paragraph in document.paragraphs), *cells]


@pytest.mark.parametrize(
    ("lang", "written"), [("zh", "2027年9月1日"), ("en", "1\u00a0September 2027")]
)
def test_days_are_written_as_the_language_writes_them_everywhere_in_an_opinion(
    opinion: Callable[..., Any], lang: str, written: str
) -> None:
    texts = everything(opinion("春江花园", lang=lang, accepted_on="2028-05-04"))
    assert any(written in text for text in texts)
    assert [text for text in texts if re.search(r"\d{4}-\d{2}-\d{2}", text)] == []


def height_pt(element: Any) -> float:
    """Measure a paragraph or a table by its signs: as wide as high, Latin ones half as wide."""
    if element.tag.endswith("}p"):
        paragraph = docx.text.paragraph.Paragraph(element, None)
        style = paragraph._p.style or "Normal"
        size, line = {"Note": (10.5, 13), "Caption": (12, 26), "Title": (22, 34)}.get(
            style, (16, 28)
        )
        return sum(lines(part, 15.6, size) for part in paragraph.text.split("\n")) * line
    table = docx.table.Table(element, None)
    out = 0.0
    for row in table.rows:
        cells = {id(cell._tc): cell for cell in row.cells}.values()
        out += 12.0 * max(lines(cell.text, cell.width.cm - 0.2, 8.5) for cell in cells)
    return out


def lines(text: str, width_cm: float, size_pt: float) -> int:
    signs = sum(0.55 if ord(sign) < 0x2000 else 1.0 for sign in text)
    return max(1, math.ceil(signs * size_pt / (width_cm * 72 / 2.54)))


def test_the_opinion_on_a_usual_case_has_at_most_four_pages_before_its_annexes(
    opinion: Callable[..., Any],
) -> None:
    document = opinion("春江花园", developer="驻马店市春江置业有限公司", dwellings=4200)
    page_pt = (29.7 - 3.7 - 3.5) * 72 / 2.54
    body = []
    for element in document.element.body:
        if "".join(element.itertext()).startswith("附件1 "):
            break
        body.append(element)
    assert sum(map(height_pt, body)) < 4 * page_pt
    annex = next(p for p in document.paragraphs if p.text.startswith("附件1 "))
    assert annex.paragraph_format.page_break_before


def test_no_row_of_a_table_is_parted_and_no_heading_stands_last_on_a_page(
    opinion: Callable[..., Any],
) -> None:
    document = opinion("春江花园")
    rows = [row._tr for table in document.tables for row in table.rows]
    assert all(row.xpath("./w:trPr/w:cantSplit") for row in rows)
    assert all(table.rows[0]._tr.xpath("./w:trPr/w:tblHeader") for table in document.tables)
    for name in ("Heading 1", "Caption", "Table Head"):
        assert document.styles[name].paragraph_format.keep_with_next


def test_the_picture_writes_chinese_with_the_font_that_is_installed_with_the_tool() -> None:
    from zmd_layout.outputs.fonts import chinese_font

    found = chinese_font(8)
    assert "NotoSansSC" in str(found.get_file())
    from matplotlib.ft2font import FT2Font

    signs = FT2Font(str(found.get_file())).get_charmap()
    assert all(ord(sign) in signs for sign in "驻马店市春江花园小学（半径）")


def test_a_hole_in_a_plot_is_open_in_the_picture() -> None:
    from zmd_layout.outputs.opinion.picture import _path

    outer, inner = [(0, 0), (9, 0), (9, 9), (0, 9)], [(3, 3), (6, 3), (6, 6), (3, 6)]
    figure = Figure(figsize=(1, 1), dpi=90)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 9), ylim=(0, 9))
    axes.set_axis_off()
    for hole in (inner, inner[::-1]):
        patch = PathPatch(_path(shapely.Polygon(outer, [hole])), facecolor="black")
        axes.add_patch(patch)
        canvas.draw()
        picture = np.asarray(canvas.buffer_rgba())
        assert picture[45, 45, 0] == 255
        assert picture[10, 10, 0] == 0
        patch.remove()


def test_many_opinions_report_how_far_they_are(opinion: Callable[..., Any]) -> None:
    said: list[Message] = []
    opinion(*(f"{n}号地块" for n in range(11)), progress=said.append)
    assert Message("opinion.progress", done=10, count=11) in said
