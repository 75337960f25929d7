"""What a run writes: the contract of its files, and that they are replaced whole or not at all."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pyogrio
import pytest

import zmd_layout
from conftest import COUNTIES, point, square, write_geojson
from zmd_layout.errors import OutputError
from zmd_layout.findings import COLUMNS
from zmd_layout.messages import catalogue
from zmd_layout.outputs.folder import is_whole, standing, write_all

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {
    "gap_map.html",
    "findings.csv",
    "findings.xlsx",
    "layers.gpkg",
    "suggestions.geojson",
    "coverage.csv",
    "seats_by_year.csv",
    "run.json",
    "figures/overview.png",
    "figures/overview.svg",
    "evaluation.csv",
    "evaluation.docx",
    "figures_to_fill.csv",
    "report.docx",
    "leader.html",
}


@pytest.fixture
def out(make_study: Callable[..., Path], tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    zmd_layout.run(zmd_layout.load_study(make_study()), out=folder)
    return folder


def test_a_run_writes_the_promised_files_and_no_other(out: Path) -> None:
    found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert found == FILES
    assert is_whole(out)


def test_findings_csv_keeps_its_contract(out: Path) -> None:
    data = (out / "findings.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    with (out / "findings.csv").open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    assert tuple(rows[0]) == COLUMNS
    assert {row["is_synthetic"] for row in rows} == {"false"}
    assert {row["as_of"] for row in rows} == {"2025-12-31"}
    senior = {r["unit_name"]: r for r in rows if r["rule_id"] == "senior-new-per-county"}
    assert (senior["西县"]["required"], senior["西县"]["measured"]) == ("1", "")
    assert senior["东县"]["required"] == "2"
    keys = [(r["rule_id"], r["unit_kind"], r["unit_id"]) for r in rows]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


def test_the_package_has_its_five_layers_in_cgcs2000(out: Path) -> None:
    path = out / "layers.gpkg"
    names = {name for name, _ in pyogrio.list_layers(path)}
    assert names == {"units", "findings", "schools", "suggestions", "uncovered"}
    assert pyogrio.read_info(path, layer="units")["crs"] == "EPSG:4490"
    units = pyogrio.read_dataframe(path, layer="units")
    assert set(units["unit_kind"]) >= {"county"}


def test_the_record_names_inputs_outputs_and_versions(out: Path) -> None:
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert set(record["outputs"]) == FILES - {"run.json"}
    assert record["inputs"]["counties"]["sha256"]
    assert record["reproducible"] is True
    assert record["as_of"] == "2025-12-31"
    assert "zmd-layout" in record["versions"]


def test_the_workbook_opens_on_its_summary_and_has_no_formula(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    hostile = [
        ({**COUNTIES[0][0], "name": '=HYPERLINK("http://x")'}, COUNTIES[0][1]),
        ({**COUNTIES[1][0], "name": "@cmd"}, COUNTIES[1][1]),
    ]
    folder = tmp_path / "out"
    zmd_layout.run(zmd_layout.load_study(make_study(counties=hostile)), out=folder)
    book = openpyxl.load_workbook(folder / "findings.xlsx")
    assert book.sheetnames[:2] == ["摘要", "总览"]
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    with zipfile.ZipFile(folder / "findings.xlsx") as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
    text = (folder / "findings.csv").read_text("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert "'@cmd" in text


def test_two_runs_write_the_same_bytes(make_study: Callable[..., Path], tmp_path: Path) -> None:
    study = zmd_layout.load_study(make_study())
    names = sorted(FILES - {"run.json", "layers.gpkg"})
    for folder in ("a", "b"):
        zmd_layout.run(study, out=tmp_path / folder)
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_the_order_of_input_rows_changes_nothing(make_study: Callable[..., Path]) -> None:
    forward = zmd_layout.check(zmd_layout.load_study(make_study()))
    backward = zmd_layout.check(zmd_layout.load_study(make_study(counties=COUNTIES[::-1])))
    assert forward.drop(columns="geometry").equals(backward.drop(columns="geometry"))


def test_a_failing_writer_leaves_the_folder_as_it_was(out: Path) -> None:
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}

    def full_disk(path: Path) -> None:
        path.write_text("half", "utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="保持原样"):
        write_all(out, {"findings.csv": lambda p: p.write_text("new"), "b.txt": full_disk}, {})
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before


def test_other_files_in_the_folder_are_not_touched(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", "utf-8")
    zmd_layout.run(zmd_layout.load_study(make_study()), out=folder)
    assert (folder / "notes.txt").read_text("utf-8") == "mine"


def test_a_torn_folder_is_known_by_its_record(out: Path) -> None:
    (out / "findings.csv").write_text("other", "utf-8")
    assert not is_whole(out)


def test_made_up_layers_mark_every_finding_that_rests_on_them(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_geojson(
        tmp_path / "schools.geojson",
        [({"school_id": "1", "name": "真校", "stages": "special"}, square(0.02, 0.02, 0.001))],
    )
    layer = (
        '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        "synthetic = true\n"
    )
    found = zmd_layout.check(zmd_layout.load_study(make_study(layer)))
    resting = found["sources"].str.contains("schools")
    assert resting.any()
    assert found[resting]["is_synthetic"].all()
    real = zmd_layout.check(zmd_layout.load_study(make_study()))
    assert not real["is_synthetic"].any()


def test_files_stand_only_while_they_are_whole_and_rest_on_the_same(tmp_path: Path) -> None:
    out = tmp_path / "out"
    writers = {"a.txt": lambda path: path.write_text("a", "utf-8")}
    written = write_all(out, writers, {"outputs_rest_on": "this"})
    assert standing(out, outputs_rest_on="this") == written
    assert standing(out, outputs_rest_on="that") is None
    (out / "a.txt").write_text("b", "utf-8")
    assert standing(out, outputs_rest_on="this") is None


def test_heads_of_a_sheet_are_as_many_in_both_languages() -> None:
    texts = catalogue("workbook")
    counts = {
        key: {lang: text.count("|") for lang, text in both.items()}
        for key, both in texts.items()
        if key.endswith("_heads")
    }
    assert "workbook.findings_heads" in counts
    assert all(each["zh"] == each["en"] for each in counts.values())


def test_the_workbook_speaks_english_when_it_is_asked_to(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    study = zmd_layout.load_study(make_study())
    zmd_layout.run(study, out=tmp_path, lang="en")
    book = openpyxl.load_workbook(tmp_path / "findings.xlsx")
    assert book.sheetnames[:3] == ["Summary", "Overview", "Findings by clause"]
    heads = [cell.value for sheet in book for cell in sheet[1]]
    assert [head for head in heads if any(sign > "\u2e80" for sign in str(head))] == []
    assert "Required" in heads
    verdicts = {cell.value for cell in book["Findings by clause"]["N"][1:]}
    assert verdicts <= {
        "pass", "shortfall", "to be explained", "not applicable", "not assessable", "reported"
    }  # fmt: skip


def test_the_overview_says_how_many_of_the_schools_that_must_exist_are_known(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    school = {"school_id": "1", "name": "甲小学", "stages": "primary", "status": "operating"}
    write_geojson(tmp_path / "schools.geojson", [(school, point(0.05, 0.05))])
    study = make_study(
        '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        "[completeness]\nyear = 2025\nexpected = { 411721 = { primary = 4 } }\n"
    )
    zmd_layout.run(zmd_layout.load_study(study), out=tmp_path / "out")
    sheet = openpyxl.load_workbook(tmp_path / "out" / "findings.xlsx")["总览"]
    heads = [cell.value for cell in sheet[1]]
    shares = {
        (row[0].value, row[1].value): row[heads.index("资料完整度%")].value
        for row in sheet.iter_rows(min_row=2)
    }
    assert shares["西县", "小学"] == 25
    assert shares["东县", "小学"] is None


def test_pupils_of_a_nine_year_school_are_divided_by_its_grades(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    school = {
        "school_id": "1", "name": "甲学校", "stages": "primary;junior", "status": "operating",
        "enrolment": 900,
    }  # fmt: skip
    write_geojson(tmp_path / "schools.geojson", [(school, point(0.05, 0.05))])
    study = make_study(
        '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    )
    zmd_layout.run(zmd_layout.load_study(study), out=tmp_path / "out")
    sheet = openpyxl.load_workbook(tmp_path / "out" / "findings.xlsx")["总览"]
    heads = [cell.value for cell in sheet[1]]
    pupils = {
        (row[0].value, row[1].value): row[heads.index("在校生")].value
        for row in sheet.iter_rows(min_row=2)
    }
    assert pupils["西县", "小学"] == 600
    assert pupils["西县", "初中"] == 300
