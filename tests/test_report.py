"""The report and the leader's page: what they must say, and what they must not."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import pandas as pd
import pytest

import zmd_layout
from conftest import COVERS, point, square, write_geojson
from zmd_layout import workflow
from zmd_layout.errors import OutputError
from zmd_layout.layers import load_layers
from zmd_layout.measures import World
from zmd_layout.measures.outlook import Outlook
from zmd_layout.messages import Message, word
from zmd_layout.outputs.documents import document_writers
from zmd_layout.outputs.leader import write_leader_page
from zmd_layout.outputs.report import to_pdf, write_report
from zmd_layout.outputs.report.facts import unmet_by_county, worst_problems
from zmd_layout.outputs.results import Results
from zmd_layout.siting.columns import empty_suggestions
from zmd_layout.vocabulary import Lang, Strength

if TYPE_CHECKING:
    from collections.abc import Callable

TOWNS = [
    ({"unit_id": f"41172110{n}", "name": f"第{n}镇", "kind": "town"}, square(0.01, 0.03 * n, 0.02))
    for n in range(3)
]
KINDERGARTEN = {
    "school_id": "1", "name": "<b>园</b>", "stages": "kindergarten", "ownership": "public",
    "is_township_central": True, "status": "operating",
}  # fmt: skip
EXTRA = """
[layers.townships]
path = "townships.geojson"
coordinates = "wgs84"
year = 2020

[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
year = 2025
"""
EXTRA += COVERS


@pytest.fixture
def results(make_study: Callable[..., Path], tmp_path: Path) -> Results:
    """Three towns of 西县, of which one has a public central kindergarten."""
    write_geojson(tmp_path / "townships.geojson", TOWNS)
    write_geojson(tmp_path / "schools.geojson", [(KINDERGARTEN, point(0.02, 0.01))])
    return _results(make_study(EXTRA))


def _results(folder: Path) -> Results:
    study = zmd_layout.load_study(folder)
    layers = load_layers(study)
    found = zmd_layout.check(study)
    world = World(study, layers, study.as_of)
    return Results(world, workflow.load_rules(study), found, empty_suggestions(study.crs), None)


def _text(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_shortfalls_of_towns_are_one_problem_of_their_county(results: Results) -> None:
    problems = {p.rule_id: p for p in worst_problems(results, lang=Lang.ZH, most=50)}
    problem = problems["kindergarten-public-central-per-township"]
    assert (problem.place, problem.gap, problem.addressee) == ("西县", "缺2所", "县区政府")
    assert "第1镇" in problem.units
    assert "学校 2025" in problem.years


def test_only_duties_are_problems_and_reference_indicators_are_not(results: Results) -> None:
    short = results.findings[results.findings["status"] == "shortfall"]
    assert len(set(short["strength"])) > 1
    words = {p.strength for p in worst_problems(results, lang=Lang.EN, most=50)}
    assert words == {word(Strength.DUTY, Lang.EN)}


def test_what_cannot_be_judged_is_no_unmet_duty(make_study: Callable[..., Path]) -> None:
    assert unmet_by_county(_results(make_study())) == {}


def test_the_report_has_its_parts_and_where_each_number_comes_from(
    results: Results, tmp_path: Path
) -> None:
    write_report(tmp_path / "r.docx", results, {})
    text = _text(tmp_path / "r.docx")
    for part in (
        "一、核查范围",
        "三、主要问题",
        "四、备选位置",
        "六、资料局限",
        "来源：findings.csv",
    ):
        assert part in text
    assert "\nK1\n" in text
    assert "应在此处建校" not in text
    assert not re.search(r"\bnan\b", text)


def test_the_banner_stands_in_the_header_only_where_data_were_made_up(
    results: Results, tmp_path: Path
) -> None:
    made = results.findings.assign(is_synthetic=True)
    for name, findings in (("real", results.findings), ("made", made)):
        write_report(
            tmp_path / f"{name}.docx",
            Results(results.world, results.rules, findings, results.suggestions, None),
            {},
        )
    headers = {
        name: docx.Document(str(tmp_path / f"{name}.docx")).sections[0].header.paragraphs[0].text
        for name in ("real", "made")
    }
    assert headers["real"] == ""
    assert "演示数据" in headers["made"]


def test_the_report_speaks_english(results: Results, tmp_path: Path) -> None:
    write_report(tmp_path / "r.docx", results, {}, lang="en")
    text = _text(tmp_path / "r.docx")
    assert "3. The worst gaps" in text
    assert "主要问题" not in text


def test_the_page_is_one_file_that_asks_nothing_of_a_network(
    results: Results, tmp_path: Path
) -> None:
    write_leader_page(tmp_path / "p.html", results, {})
    page = (tmp_path / "p.html").read_text("utf-8")
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert page.count("<dd>") == 3


def test_where_nothing_could_be_judged_the_page_says_unknown_and_never_none(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    told = _results(make_study())
    duties = told.findings[told.findings["strength"] == Strength.DUTY]
    assert "not_assessable" in set(duties["status"])
    assert "shortfall" not in set(duties["status"])
    write_leader_page(tmp_path / "p.html", told, {})
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "<dd>0</dd>" not in page
    assert "项资料不足，暂无法判定" in page


def test_names_cannot_bring_markup_into_the_page(results: Results, tmp_path: Path) -> None:
    hostile = results.findings.assign(unit_name="<script>x</script>")
    told = Results(results.world, results.rules, hostile, results.suggestions, None)
    write_leader_page(tmp_path / "p.html", told, {})
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def libreoffice(monkeypatch: pytest.MonkeyPatch, *, writes: bytes | None) -> None:
    """Put a program in its place that writes a PDF, or only says what is wrong."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if writes is not None:
            folder = Path(command[command.index("--outdir") + 1])
            (folder / f"{Path(command[-1]).stem}.pdf").write_bytes(writes)
        return subprocess.CompletedProcess(command, 0, "", "source file could not be loaded\n")

    monkeypatch.setattr(shutil, "which", lambda _name: "soffice")
    monkeypatch.setattr(subprocess, "run", run)


def test_the_pdf_is_made_of_the_report_and_put_beside_it(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libreoffice(monkeypatch, writes=b"%PDF-1.7")
    writers = document_writers(results, with_pdf=True)
    names = list(writers)
    assert names.index("report.docx") < names.index("report.pdf")
    assert "report.pdf" not in document_writers(results)
    writers["report.pdf"](tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == b"%PDF-1.7"


def test_what_libreoffice_says_is_told_where_it_makes_no_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libreoffice(monkeypatch, writes=None)
    with pytest.raises(OutputError) as caught:
        to_pdf(tmp_path / "r.docx", tmp_path / "r.pdf")
    (fault,) = caught.value.messages
    assert (fault.key, dict(fault.args)["why"]) == (
        "report.no_pdf", "source file could not be loaded",
    )  # fmt: skip
    assert not (tmp_path / "r.pdf").exists()


def told(results: Results, findings: Any, future: Outlook | None = None) -> Results:
    return Results(results.world, results.rules, findings, results.suggestions, future)


def test_where_every_verdict_could_be_given_nothing_is_said_to_be_open(
    results: Results, tmp_path: Path
) -> None:
    short = results.findings[results.findings["status"] == "shortfall"]
    open_ = Message("report.open").text("zh")
    write_report(tmp_path / "all.docx", results, {})
    write_report(tmp_path / "short.docx", told(results, short), {})
    assert open_ in _text(tmp_path / "all.docx")
    assert open_ not in _text(tmp_path / "short.docx")
    also = Message("report.number_also_unknown", count="|").text("zh").partition("|")[2]
    for findings, is_told in ((results.findings, True), (short, False)):
        write_leader_page(tmp_path / "p.html", told(results, findings), {})
        assert (also in (tmp_path / "p.html").read_text("utf-8")) == is_told


def test_a_gap_that_nobody_knows_is_called_unknown_and_not_nought(results: Results) -> None:
    unknown = results.findings.assign(gap=float("nan"))
    problems = worst_problems(told(results, unknown), lang=Lang.EN, most=50)
    assert {problem.gap for problem in problems} == {Message("report.gap_unknown").text("en")}


def test_children_ahead_are_a_table_where_no_figure_was_drawn_and_the_unknown_is_a_word(
    results: Results, tmp_path: Path
) -> None:
    years = range(2020, 2036)
    children = pd.DataFrame(
        {"unit_id": "411721", "year": years, "stage": "primary", "low": 900.0, "middle": 1240.0,
         "high": float("nan"), "born_share": 1.0, "is_born": [year < 2027 for year in years]}
    )  # fmt: skip
    future = Outlook(children, pd.DataFrame(), (), is_synthetic=False)
    write_report(tmp_path / "r.docx", told(results, results.findings, future), {})
    document = docx.Document(str(tmp_path / "r.docx"))
    rows = [[c.text for c in row.cells] for t in document.tables for row in t.rows]
    unknown = Message("report.unknown").text("zh")
    people = {row[1]: row[2:5] for row in rows if row[0] == "小学" and len(row) == 6}
    assert people == {
        "2025": ["900", "1,200", unknown],
        "2030": ["1,000", "1,000", unknown],
        "2035": ["1,000", "1,000", unknown],
    }
    assert not document.inline_shapes


def test_without_libreoffice_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(OutputError, match="WPS"):
        to_pdf(tmp_path / "r.docx", tmp_path / "r.pdf")
