"""What changed between two runs, told from their folders alone."""

from __future__ import annotations

import copy
import csv
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner

import zmd_layout
from conftest import COUNTIES, write_geojson
from zmd_layout.cli import main
from zmd_layout.errors import OutputError
from zmd_layout.messages import Message
from zmd_layout.outputs.figures.changes import change_map
from zmd_layout.workflow.comparing import (
    COLUMNS,
    Comparison,
    compare,
    differences,
    name_changes,
    write_comparison,
)

if TYPE_CHECKING:
    from pathlib import Path

SENIOR = "senior-new-per-county"
STUDY = """
[study]
id = "small"
name = {zh = "小世界", en = "Small world"}
as_of = 2025-12-31

[layers.counties]
path = "counties.geojson"
coordinates = "wgs84"
year = 2020
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs; in the second 西县 has passed 600,000 and nobody counted 东县."""
    later = copy.deepcopy(COUNTIES)
    later[0][0]["residents"] = 600_001
    del later[1][0]["residents"]
    before, after = (tmp_path_factory.mktemp(name) for name in ("before", "after"))
    return _run(before, COUNTIES), _run(after, later)


def _run(folder: Path, counties: list[Any]) -> Path:
    write_geojson(folder / "counties.geojson", counties)
    (folder / "study.toml").write_text(STUDY, "utf-8")
    zmd_layout.run(zmd_layout.load_study(folder), out=folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def comparison(runs: tuple[Path, Path]) -> Comparison:
    return compare(*runs)


def _row(comparison: Comparison, rule_id: str, name: str) -> dict[Any, Any]:
    table = comparison.changes
    rows = table[(table["rule_id"] == rule_id) & (table["unit_name"] == name)]
    assert len(rows) == 1
    return dict(rows.iloc[0])


def test_a_run_compared_with_itself_has_no_changes(runs: tuple[Path, Path]) -> None:
    same = compare(runs[0], runs[0])
    assert same.changes.empty
    assert same.sites.empty
    assert not same.differences


def test_a_county_that_passes_the_threshold_owes_another_school(comparison: Comparison) -> None:
    row = _row(comparison, SENIOR, "西县")
    assert (row["required_before"], row["required_after"]) == (1, 2)
    assert row["change"] == "other"


def test_a_changed_file_is_named(comparison: Comparison) -> None:
    assert [d.key for d in comparison.differences] == ["compare.layer_changed"]


def test_changes_turn_round_when_the_runs_do(runs: tuple[Path, Path]) -> None:
    there, back = compare(*runs).changes, compare(*reversed(runs)).changes
    keys = ["rule_id", "unit_kind", "unit_id"]
    assert there[keys].equals(back[keys])
    assert there["required_before"].equals(back["required_after"])
    opposite = {"learnt": "lost", "lost": "learnt", "opened": "closed", "closed": "opened",
                "better": "worse", "worse": "better", "added": "removed", "removed": "added",
                "other": "other"}  # fmt: skip
    assert there["change"].map(opposite).tolist() == back["change"].tolist()


def test_the_folder_has_a_table_and_maps(comparison: Comparison, tmp_path: Path) -> None:
    paths = write_comparison(comparison, tmp_path / "out")
    assert {"changes.csv", "sites.csv", "changes_map.html", "changes.png"} <= set(paths)
    with paths["changes.csv"].open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(comparison.changes)
    assert all("【" in row["note_zh"] for row in rows)
    page = paths["changes_map.html"].read_text("utf-8")
    assert "<title>两次核查结果的变化</title>" in page
    assert "本图只列两次核查中有变化的结论" in page


def test_runs_that_agree_give_two_empty_tables_and_no_map(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    same = compare(runs[0], runs[0])
    with pytest.raises(OutputError) as caught:
        same.map()
    assert [fault.key for fault in caught.value.messages] == ["compare.nothing_changed"]
    paths = write_comparison(same, tmp_path / "out")
    assert set(paths) == {"changes.csv", "sites.csv", "run.json"}
    assert paths["changes.csv"].read_text("utf-8-sig").splitlines() == [",".join(COLUMNS)]
    arguments = ["--lang", "en", "compare", str(runs[0]), str(runs[0])]
    result = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "again")])
    assert result.exit_code == 0
    assert Message("compare.no_changes").text("en") in result.output


def test_what_two_runs_rest_on_is_told_apart_by_rule_and_by_layer() -> None:
    before = {"rules": ["a", "b"], "inputs": {"counties": {"sha256": "1"}, "roads": {}}}
    after = {"rules": ["b", "c"], "inputs": {"counties": {"sha256": "1"}, "schools": {}}}
    assert differences(before, after) == [
        Message("compare.rules_added", rules=["c"]),
        Message("compare.rules_removed", rules=["a"]),
        Message("compare.layer_removed", layer="roads"),
        Message("compare.layer_added", layer="schools"),
    ]


def test_changes_are_drawn_on_their_own_ground_where_no_county_has_a_shape(
    comparison: Comparison,
) -> None:
    with_lines = change_map(comparison.changes, borders=comparison.borders).axes[0]
    without = change_map(comparison.changes, borders=comparison.borders.iloc[:0]).axes[0]
    assert len(with_lines.collections) == len(without.collections) + 1
    for side in ("get_xlim", "get_ylim"):
        (whole_from, whole_to), (low, high) = (getattr(a, side)() for a in (with_lines, without))
        assert whole_from <= low < high <= whole_to


def test_a_folder_that_is_no_run_and_a_torn_one_are_named_together(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    torn = tmp_path / "torn"
    torn.mkdir()
    for path in runs[0].iterdir():
        if path.is_file():
            (torn / path.name).write_bytes(path.read_bytes())
    (torn / "findings.csv").write_text("other", "utf-8")
    with pytest.raises(OutputError) as caught:
        compare(tmp_path / "nothing", torn)
    text = caught.value.text("zh")
    assert "nothing" in text
    assert "torn" in text


def test_the_command_prints_what_changed(runs: tuple[Path, Path], tmp_path: Path) -> None:
    before, after = map(str, runs)
    arguments = ["--lang", "en", "compare", before, after, "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "layer counties: the file has changed" in result.output
    assert "changes.csv" in result.output


def test_a_folder_that_is_not_there_is_an_error_of_input(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_a_shortfall_that_grows_and_one_that_is_met_are_told_apart() -> None:
    sides: dict[str, Any] = {
        "side": ["both"] * 4,
        "status_before": ["shortfall", "shortfall", "shortfall", "pass"],
        "status_after": ["shortfall", "shortfall", "pass", "shortfall"],
        "gap_before": [1.0, 2.0, 1.0, 0.0],
        "gap_after": [2.0, 1.0, 0.0, 1.0],
    }
    for name in ("measured", "required"):
        sides |= {f"{name}_before": [0.0] * 4, f"{name}_after": [0.0] * 4}
    found = name_changes(pd.DataFrame(sides))
    assert found.tolist() == ["worse", "better", "closed", "opened"]
