"""What the tools beside the package say."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from zmd_layout.study import LAYER_NAMES, Study

sys.path.append(str(Path(__file__).parents[1] / "tools"))

import audit
import mutate

PART = {"name": "x", "version": "1", "vulns": []}


def test_an_audit_that_got_no_answer_claims_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.report([{"name": "x", "skip_reason": "not found"}]) == 0
    assert "not checked" in capsys.readouterr().out


def test_an_audit_without_holes_says_how_many_pins_it_knows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit.report([PART, {"name": "y", "skip_reason": "not found"}]) == 0
    assert "1 of 2 pins checked, 0 known holes" in capsys.readouterr().out


def test_a_known_hole_fails_the_audit_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.report([PART | {"vulns": [{"id": "CVE-1"}]}]) == 1
    assert "x 1: CVE-1" in capsys.readouterr().out


def changes(package: str, **statuses: int) -> list[str]:
    told = [status for status, count in statuses.items() for _ in range(count)]
    return [f"    zmd_layout.{package}.x_f__mutmut_{n}: {s}" for n, s in enumerate(told)]


def test_nine_in_ten_changes_must_be_noticed_in_every_package(
    capsys: pytest.CaptureFixture[str],
) -> None:
    crs = changes("crs.plane", killed=17, timeout=1, survived=2)
    assert mutate.report(crs) == 0
    assert "crs: 18 of 20 changes noticed (90.0 %)" in capsys.readouterr().out
    assert mutate.report([*crs, *changes("checks.due", killed=8, survived=1)]) == 1
    said = capsys.readouterr().out
    assert "checks: 8 of 9 changes noticed (88.9 %)" in said
    assert "survived: zmd_layout.checks.due.x_f__mutmut_8" in said


def test_changes_that_no_test_reaches_are_not_noticed_and_no_result_is_no_success() -> None:
    unreached = [line.replace("survived", "no tests") for line in changes("crs", survived=1)]
    assert mutate.report([*changes("crs", killed=9), *unreached]) == 0
    assert mutate.report([*changes("crs", killed=8), *unreached]) == 1
    assert mutate.report([]) == 1


def test_every_outcome_in_the_catalogue_of_bad_input_is_held_by_a_test_of_that_name() -> None:
    root = Path(__file__).parents[1]
    catalogue = (root / "docs" / "bad_input.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", catalogue))
    texts = [path.read_text("utf-8") for path in (root / "tests").glob("test_*.py")]
    written = {
        name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    }
    assert len(named) >= 20
    assert named <= written


def test_the_page_for_developers_names_the_rooms_in_the_order_that_imports_are_held_to() -> None:
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    held = [c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    rooms = [name.removeprefix("zmd_layout.") for name in reversed(held[0]["layers"])]
    page = (root / "docs" / "developers.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == rooms


def test_every_layer_and_table_of_the_study_file_stands_in_its_template() -> None:
    template = Path(__file__).parents[1] / "zmd_layout" / "builtin" / "study-template.toml"
    text = template.read_text("utf-8")
    tables = {name for name, field in Study.model_fields.items() if is_table(field.annotation)}
    assert {"matching", "completeness", "people", "forecast", "sensitivity"} <= tables
    assert all(f"# [{name}]" in text for name in tables - {"name"})
    assert all(re.search(rf"\b{name}\b", text) for name in LAYER_NAMES)


def is_table(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
