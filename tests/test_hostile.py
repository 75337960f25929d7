"""Names, files and rules that mean harm stay text, or are refused in a sentence."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from fuzzing import RULE

from conftest import COUNTIES, point, square, write_geojson
from zmd_layout import workflow
from zmd_layout.cli import main
from zmd_layout.errors import RuleError, ZmdLayoutError
from zmd_layout.layers.sources.review_files import load_plots
from zmd_layout.messages import Message
from zmd_layout.outputs.table import inert
from zmd_layout.rulebook import load_cases, load_rule

SCRIPT = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=2>"
NAMES = {
    "script": SCRIPT,
    "formula": '=HYPERLINK("http://x","y")',
    "formula full width": "＝1+1",
    "command": "@SUM(A1)|cmd",
    "bidi": "安全\u202e\u2066gnp.exe",
    "terminal": "甲\x1b[2J\x1b]0;x\x07乙",
    "markup of rich": "[/x][red]甲[link=http://x]",
    "template": "{name} {0.__class__} %s %n",
    "path": "../../etc/passwd",
    "very long": "长" * 10_000,
    "sql": "'; DROP TABLE plots; --",
    "zero": "甲\x00乙",
    "entity": "&xxe; <!DOCTYPE x>",
}
PLOT = {"planned_residents": 10_000, "settlement": "urban", "conditions_on": "2024-01-01"}
STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Review a plot for each name and give the folder and what the terminal got."""
    folder = tmp_path_factory.mktemp("hostile")
    plots = [
        (PLOT | {"name": name, "developer": name, "unit_id": f"p{n}"}, square(0.02 * n, 0, 0.005))
        for n, name in enumerate(NAMES.values())
    ]
    write_geojson(folder / "plots.geojson", plots)
    arguments = ["review", str(folder / "plots.geojson"), "--out", str(folder / "out")]
    result = CliRunner().invoke(main, [*arguments, "--as-of", "2025-12-31"])
    assert result.exit_code == 0, result.output
    return folder / "out", result.output


def test_the_map_of_hostile_names_runs_only_its_own_scripts(reviewed: tuple[Path, str]) -> None:
    html = (reviewed[0] / "gap_map.html").read_text("utf-8")
    assert "<script>window.hacked" not in html
    assert "<img src=x" not in html
    assert "default-src &#39;none&#39;" in html
    assert not STEERING.search(html)


def test_the_table_of_hostile_names_holds_no_formula(reviewed: tuple[Path, str]) -> None:
    text = (reviewed[0] / "findings.csv").read_text("utf-8-sig")
    cells = [cell for row in text.splitlines() for cell in re.split(r',(?=")|",|,', row)]
    assert not [c for c in cells if c.lstrip('"').startswith(("=", "@", "＝"))]
    assert "'=HYPERLINK" in text
    assert not STEERING.search(text)


def test_the_opinion_on_hostile_names_is_a_document_without_links(
    reviewed: tuple[Path, str],
) -> None:
    with zipfile.ZipFile(reviewed[0] / "opinion.docx") as archive:
        parts = {n: archive.read(n).decode("utf-8", "replace") for n in archive.namelist()}
    text = parts["word/document.xml"]
    assert "window.hacked" in text
    assert "<script" not in text
    assert "<!DOCTYPE" not in text
    assert not any('TargetMode="External"' in part for part in parts.values())


def test_the_terminal_gets_hostile_names_as_text(reviewed: tuple[Path, str]) -> None:
    assert "\x1b" not in reviewed[1]
    assert "\u202e" not in reviewed[1]
    assert "[/x]" in reviewed[1].replace("\n", "")


@pytest.mark.slow
def test_a_run_with_hostile_names_writes_safe_files(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    names = list(NAMES.values())
    counties = [
        ({**told, "name": name}, shape)
        for (told, shape), name in zip(COUNTIES, names, strict=False)
    ]
    schools = [
        ({"school_id": f"s{n}", "name": name, "stages": "primary"}, point(0.012 * n, 0.05))
        for n, name in enumerate(names, start=1)
    ]
    write_geojson(tmp_path / "s.geojson", schools)
    layer = '\n[layers.schools]\npath = "s.geojson"\ncoordinates = "wgs84"\n'
    study = make_study(layer, counties=counties)
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["run", str(study), "--out", str(out)])
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(out / "findings.xlsx") as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    assert not any(b"<f>" in part or b"externalLink" in part for part in parts)
    openpyxl.load_workbook(out / "findings.xlsx", read_only=True).close()
    for name in ("gap_map.html", "leader.html"):
        text = (out / name).read_text("utf-8")
        assert "<script>window.hacked" not in text
        assert "<img src=x" not in text
    assert json.loads((out / "suggestions.geojson").read_text("utf-8"))["type"]


@pytest.mark.parametrize("text", [*"=+-@＝＋－＠\t\r\n"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert inert(text) == f"'{text}"


def test_a_message_carries_no_control_characters_and_ends() -> None:
    bad = "a\x1b[2J\u202eb\x07" + "x" * 10_000
    for found in (bad, Path(bad), ValueError(bad), [bad]):
        text = Message("compare.rules_added", rules=found).text("en")
        assert not STEERING.search(text)
        assert "a[2Jb" in text
        assert len(text) < 2_500


def test_an_error_about_a_hostile_key_leaves_the_terminal_alone(
    make_study: Callable[..., Path],
) -> None:
    study = make_study(head='"\\u001b[2Jkey" = 1')
    result = CliRunner().invoke(main, ["check", str(study)])
    assert result.exit_code == 1
    assert "[2Jkey" in result.output
    assert "\x1b" not in result.output


DEEP = "[" * 10_000 + "]" * 10_000
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def plots_of(path: Path) -> Any:
    return load_plots(path, study=workflow.load_study("zhumadian-census"))


@pytest.mark.parametrize(
    "text",
    [
        f'{{"type": "Polygon", "coordinates": {DEEP}}}',
        f'{{"type": "FeatureCollection", "features": {DEEP}}}',
        '{"type": "GeometryCollection", "geometries": [' * 10_000 + "]}" * 10_000,
        json.dumps({"type": "Feature", "properties": {"name": "甲", "schools": DEEP},
                    "geometry": square(0, 0, 0.01)}),
    ],
    ids=["coordinates", "features", "collections", "property"],
)  # fmt: skip
def test_a_geojson_nested_ten_thousand_deep_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "deep.geojson").write_text(text, "utf-8")
    with pytest.raises(ZmdLayoutError):
        plots_of(tmp_path / "deep.geojson")


def test_a_plot_of_a_hundred_thousand_vertices_is_read_or_refused_in_a_sentence(
    tmp_path: Path,
) -> None:
    import numpy as np

    turn = np.linspace(0, 2 * np.pi, 100_001)[:-1]
    ring = np.c_[114.01 + 0.005 * np.cos(turn), 33.01 + 0.005 * np.sin(turn)].round(9).tolist()
    shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    write_geojson(tmp_path / "many.geojson", [({"name": "圆", **PLOT}, shape)])
    try:
        assert len(plots_of(tmp_path / "many.geojson").frame) == 1
    except ZmdLayoutError as error:
        assert "many.geojson" in error.text("en")  # noqa: PT017 - either will do


@pytest.mark.parametrize(
    "evil",
    [
        "!!python/object/apply:os.system ['touch {mark}']",
        "!!python/object/new:subprocess.Popen [['touch', '{mark}']]",
        "!!python/name:os.system",
        "!!python/module:antigravity",
        "!!python/object/apply:builtins.eval [\"open('{mark}', 'w')\"]",
    ],
)
@pytest.mark.parametrize("read", [load_rule, load_cases])
def test_a_rule_that_tries_to_run_code_is_refused_and_runs_none(
    tmp_path: Path, evil: str, read: Callable[[Path], object]
) -> None:
    mark = tmp_path / "mark"
    text = RULE.read_text("utf-8")
    (tmp_path / RULE.name).write_text(f"{text}\nextra: {evil.format(mark=mark)}\n", "utf-8")
    with pytest.raises(RuleError, match=RULE.stem):
        read(tmp_path / RULE.name)
    assert not mark.exists()


@pytest.mark.parametrize("read", [load_rule, load_cases])
def test_a_rule_that_would_grow_without_end_is_refused(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    (tmp_path / "bomb.yaml").write_text(BOMB, "utf-8")
    with pytest.raises(RuleError) as caught:
        read(tmp_path / "bomb.yaml")
    assert len(caught.value.text("en")) < 100_000


@pytest.mark.parametrize("text", [DEEP, "{a: " * 5_000 + "}" * 5_000, "- " * 5_000 + "x"])
def test_a_rule_nested_thousands_deep_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "deep.yaml").write_text(text, "utf-8")
    with pytest.raises(RuleError, match="deep"):
        load_rule(tmp_path / "deep.yaml")


def test_a_title_that_steers_a_terminal_is_refused(tmp_path: Path) -> None:
    evil = RULE.read_text("utf-8") + '\nproxy: {zh: "\\e[2J", en: "a\\u202Eb"}\n'
    (tmp_path / RULE.name).write_text(evil, "utf-8")
    with pytest.raises(RuleError, match="控制字符"):
        load_rule(tmp_path / RULE.name)
