"""What the tools beside the package say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "tools"))

import audit

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
