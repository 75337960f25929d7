"""The opinion on plots as they lie: land and roads under them, neighbours, sizes, what is open."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from plot_files import KML

import zmd_layout
from conftest import point, signs_without_a_glyph, square, write_geojson
from zmd_layout.development_review import Choices
from zmd_layout.errors import OutputError
from zmd_layout.messages import Message
from zmd_layout.outputs import documents
from zmd_layout.vocabulary import Lang

docx = pytest.importorskip("docx")
image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")

from matplotlib.text import Text  # noqa: E402 - as just said

from zmd_layout.outputs.opinion import picture as opinion_picture  # noqa: E402 - needs matplotlib

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.workflow.reviewing import Review

PLOT = {
    "settlement": "urban", "conditions_on": "2024-03-01", "kindergarten_defect": "none",
    "first_phase_on": "2027-06-30", "review_stage": "scheme", "planned_residents": 12000,
}  # fmt: skip
COURT = {
    "type": "Polygon",
    "coordinates": [
        square(0.01, 0.01, 0.005)["coordinates"][0],
        square(0.012, 0.012, 0.001)["coordinates"][0],
    ],
}


@pytest.fixture
def judge(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Review]:
    """Give a function that reviews plots beside a study with the layers that it is handed."""

    def made(*plots: tuple[dict[str, Any], dict[str, Any]], **more: Any) -> Review:
        layers = {k: more.pop(k) for k in ("schools", "education_land", "roads") if k in more}
        entries = ""
        for name, rows in layers.items():
            write_geojson(tmp_path / f"{name}.geojson", rows)
            entries += f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\n'
        folder = make_study(entries, head=more.pop("head", ""))
        rows = [
            ({"name": f"第{n}园", **PLOT, **own}, shape) for n, (own, shape) in enumerate(plots)
        ]
        file = write_geojson(tmp_path / "plots.geojson", rows)
        asked = {"study": zmd_layout.load_study(folder), "out": tmp_path / "out"} | more
        return zmd_layout.review(file, **asked)

    return made


def words(review: Review) -> list[str]:
    document = docx.Document(review.paths["opinion.docx"])
    cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
    return [*(paragraph.text for paragraph in document.paragraphs), *cells]


def say(key: str, lang: str = "zh", **args: object) -> str:
    return Message(f"opinion.{key}", **args).text(lang)


def test_reserved_land_under_a_plot_is_measured_and_must_be_put_right(
    judge: Callable[..., Review],
) -> None:
    land = [({"parcel_id": "J1", "name": "规划小学用地"}, square(0.011, 0.011, 0.001))]
    review = judge(({}, square(0.01, 0.01, 0.005)), education_land=land)
    (parcel,) = review.cases[0].parcels
    assert parcel.covered_m2 == pytest.approx(93.5 * 110.9, rel=0.01)
    text = words(review)
    assert say("covers_parcel", name="规划小学用地", size=f"{parcel.covered_m2:.0f}") in text
    (fault,) = review.cases[0].faults
    assert say("reason", number=1, what=fault.text("zh").rstrip("。")) in text


def test_the_site_of_a_promised_school_is_told_and_else_that_none_is_stated(
    judge: Callable[..., Review],
) -> None:
    school = {"stage": "primary", "classes": 24, "site_area_m2": 21500}
    told = words(
        judge(({"schools": [school]}, square(0.01, 0.01, 0.005)), ({}, square(0.05, 0.05, 0.005)))
    )
    text = "".join(told)
    assert text.count(say("site", stage=say("offer_primary"), size="21500")) == 1
    assert text.count(say("no_site")) == 1


def test_plots_added_up_say_whether_they_have_one_developer(judge: Callable[..., Review]) -> None:
    shapes = [square(0.01 + 0.0055 * n, 0.01, 0.005) for n in range(3)]
    developers = ({"developer": "甲公司"}, {"developer": "乙公司"}, {})
    review = judge(*zip(developers, shapes, strict=True))
    document = docx.Document(review.paths["opinion.docx"])
    tables = [t for t in document.tables if "地块编号" in t.rows[0].cells[0].text]
    rows = [[cell.text for cell in row.cells] for row in tables[0].rows[1:]]
    assert [(row[2], row[6]) for row in rows] == [
        ("甲公司", "是"), ("乙公司", "否"), ("—", "—"),
    ]  # fmt: skip


def test_where_all_is_in_order_no_problem_is_told_and_nothing_is_added_up(
    judge: Callable[..., Review],
) -> None:
    schools = [
        {"stage": stage, "classes": 18, "opens_on": "2027-01-01"}
        for stage in ("kindergarten", "primary", "junior")
    ]
    plot = {"schools": schools, "planned_residents": 900}
    review = judge((plot, square(0.01, 0.01, 0.005)), head='rulesets = ["national"]')
    (case,) = review.cases
    assert (case.merging, case.faults, case.advice) == (None, (), ())
    assert [issue.status for issue in case.issues] == ["pass"]
    assert say("no_problem") in words(review)


def test_a_day_before_any_rule_held_is_told_and_nothing_else(judge: Callable[..., Review]) -> None:
    with pytest.raises(OutputError) as caught:
        judge(({}, square(0.01, 0.01, 0.005)), as_of=dt.date(2015, 1, 1))
    assert caught.value.messages == (Message("gap_map.no_findings"),)


def test_what_the_reader_of_the_file_left_out_stands_in_the_remarks(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    line = "<Placemark><LineString><coordinates>114,33,0 114.1,33,0</coordinates></LineString>"
    text = KML.format(prolog="", name="春江花园").replace(
        "</Document>", f"{line}</Placemark></Document>"
    )
    (tmp_path / "plot.kml").write_text(text, "utf-8")
    study = zmd_layout.load_study(make_study())
    review = zmd_layout.review(tmp_path / "plot.kml", study=study, out=tmp_path / "out")
    (entry,) = [e for e in review.cases[0].account if e.outcome == "left_out"]
    assert (entry.item, entry.count) == ("shape", 1)
    document = docx.Document(tmp_path / "out" / "opinion.docx")
    cells = [cell.text for t in document.tables for row in t.rows for cell in row.cells]
    assert entry.why is not None
    assert entry.why.text("zh") in cells


def test_a_size_that_only_the_province_forbids_is_told_in_a_sentence(
    judge: Callable[..., Review],
) -> None:
    school = {"stage": "nine_year", "seats": 2800, "opens_on": "2025-09-01"}
    review = judge(({"schools": [school]}, square(0.01, 0.01, 0.005)))
    (issue,) = [i for i in review.cases[0].issues if "exceeds_province" in i.finding["flags"]]
    sentence = say(
        "say_province", rule=issue.rule.title.text("zh"), offered="2800", required="3000"
    )
    assert sentence in words(review)


def picture(review: Review) -> Any:
    data = opinion_picture.draw(review.cases[0], review.layers, lang=Lang.ZH)
    return image.open(io.BytesIO(data)).convert("RGB")


def colours(review: Review) -> Counter[str]:
    made = picture(review)
    found = made.getcolors(made.width * made.height)
    return Counter({f"#{r:02x}{g:02x}{b:02x}": count for count, (r, g, b) in found})


def drawn(review: Review, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the figure of the picture."""
    figures = []
    figure = opinion_picture.Figure

    def remembered(**options: Any) -> Any:
        figures.append(figure(**options))
        return figures[-1]

    with monkeypatch.context() as patch:
        patch.setattr(opinion_picture, "Figure", remembered)
        picture(review)
    (made,) = figures
    return made


def test_a_court_within_a_plot_stays_white_and_roads_are_drawn_as_lines(
    judge: Callable[..., Review],
) -> None:
    road = {"type": "LineString", "coordinates": [[113.99, 33.0085], [114.03, 33.0085]]}
    plain = colours(judge(({}, square(0.01, 0.01, 0.005)), out=None))
    court = colours(judge(({}, COURT), roads=[({"highway": "tertiary"}, road)], out=None))
    assert court["#c4c8cc"] > 0 == plain["#c4c8cc"]
    assert court["#f4b6b0"] == pytest.approx(plain["#f4b6b0"] * 24 / 25, rel=0.05)


@pytest.mark.usefixtures("no_system_fonts")
def test_the_picture_names_the_schools_in_chinese_whatever_fonts_the_machine_has(
    judge: Callable[..., Review], monkeypatch: pytest.MonkeyPatch
) -> None:
    school = {"school_id": "9", "name": "示例东小学", "stages": "primary", "classes": 12}
    schools = [(school, point(0.018, 0.012))]
    review = judge(({}, square(0.01, 0.01, 0.005)), schools=schools, out=None)
    figure = drawn(review, monkeypatch)
    legend = Message("opinion.legend", stage="小学", radius="500").text("zh")
    assert {"示例东小学", "第0园", legend} <= {text.get_text() for text in figure.findobj(Text)}
    assert signs_without_a_glyph(figure) == set()


@pytest.mark.parametrize("missing", ["docx", "pylopdf_fonts_zh_cn"])
def test_where_word_files_cannot_be_written_the_review_says_so_and_writes_the_rest(
    judge: Callable[..., Review], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(documents, "find_spec", lambda name: name != missing or None)
    told: list[Message] = []
    review = judge(({}, square(0.01, 0.01, 0.005)), progress=told.append, choices=Choices())
    assert set(review.paths) == {"gap_map.html", "findings.csv", "run.json"}
    assert "opinion.not_installed" in [message.key for message in told]
