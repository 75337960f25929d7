"""A stranger follows CONTRIBUTING alone: a rule that is not in the plan, tested and mapped."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import zmd_layout
from conftest import point, write_geojson
from zmd_layout.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"
RULE_ID = "sports-ground-per-five-schools"
LAYERS = """
[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
year = 2025

[own_layers.sports_grounds]
path = "sports_grounds.geojson"
coordinates = "wgs84"
year = 2025
"""


@pytest.fixture
def stranger(make_study: Callable[..., Path]) -> Path:
    """Give a study with the rule and the cases of CONTRIBUTING, copied out of its text."""
    folder = make_study(LAYERS, head='rulesets = ["zhumadian-2022-49", "my-rules"]')
    blocks = re.findall(r"```yaml\n(.*?)```", CONTRIBUTING.read_text("utf-8"), re.DOTALL)
    (folder / "my-rules").mkdir()
    for suffix, text in zip((".yaml", ".test.yaml"), blocks, strict=True):
        (folder / "my-rules" / f"{RULE_ID}{suffix}").write_text(text, "utf-8")
    schools = [_school(n, east=0.01 * n) for n in range(1, 7)]  # six in the western county
    schools += [_school(n, east=0.1 + 0.01 * (n - 10)) for n in range(11, 15)]  # four in the east
    write_geojson(folder / "schools.geojson", schools)
    write_geojson(folder / "sports_grounds.geojson", [({"surface": "grass"}, point(0.15, 0.05))])
    return folder


def _school(number: int, *, east: float) -> tuple[dict[str, object], dict[str, object]]:
    stages, word = ("junior", "初级中学") if number % 2 else ("primary", "小学")
    fields = {"school_id": f"S{number:02d}", "name": f"第{number}{word}", "stages": stages}
    return fields, point(east, 0.05)


def test_the_stranger_rule_finds_its_gap_and_its_unit_below_the_ratio(stranger: Path) -> None:
    findings = zmd_layout.check(zmd_layout.load_study(stranger))
    own = findings[findings["rule_id"] == RULE_ID].set_index("unit_name")
    assert own.loc["西县", ["status", "measured", "required", "gap"]].tolist() == [
        "shortfall", 0, 1, 1,
    ]  # fmt: skip
    assert own.loc["东县", "status"] == "not_applicable"
    assert set(own["ruleset"]) == {"my-rules"}


def test_the_stranger_cases_pass_and_the_rule_is_shown(stranger: Path) -> None:
    folder = str(stranger / "my-rules")
    for lang in ("zh", "en"):
        tested = CliRunner().invoke(main, ["--lang", lang, "rules", "test", "--ruleset", folder])
        assert tested.exit_code == 0, tested.output
        shown = CliRunner().invoke(
            main, ["--lang", lang, "rules", "show", RULE_ID, "--ruleset", folder]
        )
        assert shown.exit_code == 0, shown.output
        assert "每5所中小学配建1个公共运动场" in shown.output
        assert "恰好5所学校" in shown.output, "its cases are found beside it"


def test_a_case_that_is_wrong_is_told(stranger: Path) -> None:
    file = stranger / "my-rules" / f"{RULE_ID}.test.yaml"
    file.write_text(file.read_text("utf-8").replace("required: 1", "required: 2"), "utf-8")
    tested = CliRunner().invoke(main, ["rules", "test", "--ruleset", str(file.parent)])
    assert tested.exit_code == 1
    assert "expected 2" in tested.output


def test_the_stranger_rule_is_on_the_map(stranger: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = CliRunner().invoke(main, ["run", str(stranger), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    page = (out / "gap_map.html").read_text("utf-8")
    packed = re.search(r'id="zmd-data">([^<]*)</script>', page)
    assert packed
    payload = zlib.decompress(base64.b64decode(packed[1])).decode("utf-8")
    assert RULE_ID in payload
    assert "每5所学校1个公共运动场" in payload, "the title of an own rule is drawn, not its id"


def test_without_its_layer_the_stranger_rule_says_what_is_missing(stranger: Path) -> None:
    study = stranger / "study.toml"
    study.write_text(study.read_text("utf-8").split("[own_layers")[0], "utf-8")
    findings = zmd_layout.check(zmd_layout.load_study(stranger))
    own = findings[(findings["rule_id"] == RULE_ID) & (findings["unit_name"] == "西县")].iloc[0]
    assert own["status"] == "not_assessable"
    assert own["required"] == 1
    assert "sports_grounds" in own["note_zh"]
    assert "sports_grounds" in own["note_en"]


def test_an_id_of_the_plan_may_not_be_taken(stranger: Path) -> None:
    for suffix in (".yaml", ".test.yaml"):
        file = stranger / "my-rules" / f"{RULE_ID}{suffix}"
        file.rename(file.with_name(f"primary-size-new{suffix}"))
    rule = stranger / "my-rules" / "primary-size-new.yaml"
    rule.write_text(rule.read_text("utf-8").replace(RULE_ID, "primary-size-new"), "utf-8")
    ran = CliRunner().invoke(main, ["check", str(stranger), "--out", str(stranger / "out")])
    assert ran.exit_code == 1
    assert "primary-size-new" in ran.output
