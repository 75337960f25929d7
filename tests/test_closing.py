"""What closing a school would mean; the tool never proposes one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import zmd_layout
from conftest import point, write_geojson
from zmd_layout.cli import main
from zmd_layout.errors import SitingError

if TYPE_CHECKING:
    from collections.abc import Callable

AGES = {"residents_0_4": 300, "residents_5_9": 300, "residents_10_14": 300, "residents_15_19": 300}


@pytest.fixture
def folder(make_study: Callable[..., Path], tmp_path: Path) -> Path:
    villages = [
        ({"unit_id": f"v{n}", "name": f"村{n}", "residents": 2000, **AGES}, point(0.01 * n, 0.05))
        for n in range(1, 5)
    ]
    schools = [
        ({"school_id": "west", "name": "西小", "stages": "primary"}, point(0.01, 0.05)),
        ({"school_id": "east", "name": "东小", "stages": "primary"}, point(0.04, 0.05)),
    ]
    write_geojson(tmp_path / "villages.geojson", villages)
    write_geojson(tmp_path / "schools.geojson", schools)
    return make_study(
        "".join(
            f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
            for name in ("villages", "schools")
        )
    )


def test_children_of_a_closing_school_travel_to_the_next(folder: Path) -> None:
    impact = zmd_layout.closing(zmd_layout.load_study(folder), ["west"])
    row = impact.ways.set_index("stage").loc["primary"]
    assert row["children"] > 0
    assert row["mean_distance_after_m"] > row["mean_distance_before_m"]
    assert row["children_without_school"] == 0
    assert impact.nearest["next_school"].tolist() == ["东小"]


def test_closing_all_schools_leaves_children_without_one(folder: Path) -> None:
    impact = zmd_layout.closing(zmd_layout.load_study(folder), ["west", "east"])
    row = impact.ways.set_index("stage").loc["primary"]
    assert row["children_without_school"] == pytest.approx(row["children"])


def test_a_rule_that_breaks_is_told(folder: Path) -> None:
    impact = zmd_layout.closing(zmd_layout.load_study(folder), ["west"])
    assert "indicator-primary-per-10000-residents" in set(impact.broken["rule_id"])


def test_an_unknown_school_is_refused(folder: Path) -> None:
    with pytest.raises(SitingError, match="north"):
        zmd_layout.closing(zmd_layout.load_study(folder), ["north"])


@pytest.mark.parametrize(("lang", "word"), [("zh", "撤并影响评估"), ("en", "proposes no closure")])
def test_the_sheet_is_printed_in_both_languages(folder: Path, lang: str, word: str) -> None:
    result = CliRunner().invoke(main, ["--lang", lang, "site", str(folder), "--close", "west"])
    assert result.exit_code == 0, result.output
    assert word in result.output
