"""`zmd-layout run`, `check` and `init`: what they print, and how they end."""

from __future__ import annotations

import errno
import io
import os
import runpy
import shutil
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner
from test_many import Here, county

from conftest import point, write_geojson
from zmd_layout.cli import commands, main, tables
from zmd_layout.messages import Message
from zmd_layout.workflow import executors, load_study, run, running, studies

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what is remembered between runs out of the user's cache."""
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--lang", "en", *arguments])


@pytest.fixture
def province(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give two counties far from each other, of which one cannot be read."""
    monkeypatch.setattr(executors, "Where", Here)
    folder = tmp_path / "province"
    county(folder / "west", "411721", east=0.0, school=0.01, village=0.09)
    county(folder / "far", "411723", east=0.6, school=0.65, village=0.65)
    (folder / "far" / "villages.geojson").write_text("{}", "utf-8")
    return folder


def test_of_many_studies_the_one_that_failed_is_told_on_the_error_stream_and_ends_with_1(
    province: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = command("run", str(province), "--out", str(out), "--reach", "0")
    assert done.exit_code == 1
    assert "c411723" in done.stderr
    assert "villages.geojson" in done.stderr
    assert "villages" in done.stderr
    assert "Studies done: 1 (results kept: 0). Failed: 1." in done.stdout
    assert str(out / "studies.csv") in done.stdout
    assert "c411721" in (out / "studies.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("option", ["--pdf", "--stability"])
def test_what_is_for_one_study_is_refused_for_a_folder_of_studies(
    province: Path, tmp_path: Path, option: str
) -> None:
    refused = command("run", str(province), "--out", str(tmp_path / "out"), option)
    assert refused.exit_code == 2
    assert str(province) in refused.stderr
    assert not (tmp_path / "out").exists()


def test_a_second_run_says_what_it_took_from_the_first_and_a_fresh_one_takes_nothing(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    arguments = ["run", str(make_study()), "--out", str(tmp_path / "out")]
    said = [command(*arguments, *more) for more in ((), (), ("--fresh",))]
    assert [one.exit_code for one in said] == [0, 0, 0]
    assert ["last run" in one.stdout for one in said] == [False, True, False]
    assert "gap_map.html" in said[0].stdout


def test_a_check_on_another_day_holds_the_rules_of_that_day_only(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = command("check", str(make_study()), "--out", str(out), "--as-of", "2024-06-30")
    assert done.exit_code == 0, done.output
    assert "2024-06-30" in done.stdout
    assert set(pd.read_csv(out / "findings.csv")["as_of"]) == {"2024-06-30"}
    assert not (out / "gap_map.html").exists()
    before = command("check", str(make_study()), "--out", str(out), "--as-of", "1999-12-31")
    assert before.exit_code == 0, before.output
    assert pd.read_csv(out / "findings.csv").empty


def test_a_fault_of_the_program_is_one_line_and_its_traceback_for_who_asks(
    make_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("of the program")

    monkeypatch.setattr(studies, "read_study", fail)
    told = command("check", str(make_study()))
    assert told.exit_code == 1
    assert "ZeroDivisionError: of the program" in told.stderr
    assert "Traceback" not in told.output
    monkeypatch.setenv("ZMD_DEBUG", "1")
    assert isinstance(command("check", str(make_study())).exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "x"), sqlite3.OperationalError("database or disk is full")]
)
def test_a_full_disk_is_no_fault_of_the_program(
    make_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("of a library") from error

    monkeypatch.setattr(studies, "read_study", fail)
    told = command("check", str(make_study()))
    assert told.exit_code == 1
    assert "the disk is full" in told.stderr
    assert "RuntimeError" not in told.stderr


def test_a_run_that_is_interrupted_says_in_chinese_what_stands(
    make_study: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["run", str(make_study()), "--out", str(tmp_path / "out")]
    assert command(*arguments).exit_code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "gap_map", interrupt)
    ended = CliRunner().invoke(main, [*arguments, "--fresh"])
    assert ended.exit_code == 130
    assert ended.stderr.strip() == Message("cli.interrupted").text("zh")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")} == before


def test_without_libreoffice_a_run_says_so_before_it_works_and_writes_all_else(
    make_study: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("docx")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    told: list[Message] = []
    paths = run(
        load_study(make_study()), out=tmp_path / "api", pdf=True, progress=told.append
    ).paths
    assert told[0] == Message("report.no_libreoffice", name="report.pdf")
    assert "report.docx" in paths
    assert "report.pdf" not in paths
    done = command("run", str(make_study()), "--out", str(tmp_path / "out"), "--pdf")
    assert done.exit_code == 0
    assert told[0].text("en") in done.stderr.replace("\n", "")
    assert "report.docx" in done.stdout


def test_a_pdf_that_fails_costs_no_other_file_and_is_tried_again(
    make_study: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("docx")
    monkeypatch.setattr(shutil, "which", lambda _name: str(tmp_path / "gone"))
    arguments = ["run", str(make_study()), "--out", str(tmp_path / "out"), "--pdf"]
    for _ in range(2):
        done = command(*arguments)
        assert done.exit_code == 0
        assert "LibreOffice could not make report.pdf" in done.stderr
        assert "report.docx" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["--help"], ["rules", "list"], ["rules", "targets"], ["rules", "test"]]
)
def test_a_reader_that_closes_the_pipe_ends_the_command_quietly(arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    program = [sys.executable, "-m", "zmd_layout", *arguments]
    done = subprocess.run(program, stdout=write, stderr=subprocess.PIPE, check=False)  # noqa: S603 - our own program
    os.close(write)
    assert (done.returncode, done.stderr.decode()) == (1, "")


@pytest.mark.parametrize(
    ("closed", "is_quiet"), [({errno.EPIPE, errno.EINVAL}, True), ({errno.EPIPE}, False)]
)
def test_an_invalid_argument_is_a_closed_pipe_on_windows_only(
    monkeypatch: pytest.MonkeyPatch, *, closed: set[int], is_quiet: bool
) -> None:
    def write(*_: object, **__: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(tables, "print_rules", write)
    monkeypatch.setattr(commands, "_discard_output", lambda: None)
    monkeypatch.setattr(commands, "_CLOSED_PIPE", closed)
    done = command("rules", "list")
    assert done.exit_code == 1
    assert (done.stderr == "") is is_quiet


@pytest.mark.skipif(os.name == "nt", reason="paths are Unicode on Windows")
def test_paths_in_chinese_work_in_a_locale_that_has_none(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    make_study()
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {**os.environ, **plain, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = [sys.executable, "-m", "zmd_layout", "check", str(tmp_path), "--out"]
    done = subprocess.run(  # noqa: S603 - our own program
        [*program, str(tmp_path / "结果")], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "结果" / "findings.csv") in done.stdout.decode()
    assert (tmp_path / "结果" / "run.json").exists()


def test_a_study_that_is_there_is_not_written_over_by_init(make_study: Callable[..., Path]) -> None:
    folder = make_study()
    before = (folder / "study.toml").read_bytes()
    refused = command("init", str(folder))
    assert refused.exit_code == 1
    assert str(folder) in refused.stderr
    assert (folder / "study.toml").read_bytes() == before


def test_a_study_folder_whose_name_is_no_id_keeps_the_id_of_the_template(tmp_path: Path) -> None:
    for name, study_id in (("her-county", "her-county"), ("我的县", "my-county")):
        assert command("init", str(tmp_path / name)).exit_code == 0
        assert f'id = "{study_id}"' in (tmp_path / name / "study.toml").read_text("utf-8")


def test_what_is_printed_in_a_notebook_is_printed_as_on_a_console(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = io.StringIO()  # as that of a notebook it has no encoding to be set
    monkeypatch.setattr(sys, "stdout", plain)
    main.main(["--lang", "en", "rules", "list"], standalone_mode=False)
    assert "senior-new-per-county" in plain.getvalue()


def test_a_run_tries_its_verdicts_and_says_which_documents_it_cannot_write(
    make_study: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "missing_packages", lambda: ["python-docx"])
    told: list[Message] = []
    school = {"school_id": "s", "stages": "senior", "status": "operating", "construction": "new",
              "opens_on": "2023-09-01"}  # fmt: skip
    write_geojson(tmp_path / "schools.geojson", [(school, point(0.05, 0.05))])
    layer = '\n[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\n'
    study = load_study(make_study(layer))
    result = run(study, out=tmp_path / "out", stability=True, progress=told.append)
    assert Message("report.not_installed", packages=["python-docx"]) in told
    assert "gap_map.html" in result.paths
    assert "report.docx" not in result.paths
    held = result.findings.set_index(["rule_id", "unit_name"])["stability"]
    assert held["senior-new-per-county", "西县"] == "fragile"  # one resident below a bound


def test_a_folder_that_cannot_be_made_is_named_by_init(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = command("init", str(tmp_path / "file" / "study"))
    assert refused.exit_code == 1
    assert str(tmp_path / "file" / "study") in refused.stderr
    assert "Traceback" not in refused.output


def test_the_module_does_what_the_command_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["zmd_layout", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("zmd_layout", run_name="__main__")
    assert ended.value.code == 0
    assert version("zmd-layout") in capsys.readouterr().out
