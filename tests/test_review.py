"""Thresholds to the person, dates to the day, plots side by side: through the public door."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
from click.testing import CliRunner

import zmd_layout
from conftest import square, write_geojson
from zmd_layout.cli import main
from zmd_layout.development_review import Choices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PRIMARY, JUNIOR = "primary-per-new-residential-area", "junior-per-new-residential-area"


def area(name: str, residents: int | None, east: float = 0.0, **more: Any) -> tuple[dict, dict]:
    """Give a new urban area of about 500 m."""
    properties = {"name": name, "planned_residents": residents, "settlement": "urban", **more}
    return properties, square(east, 0, 0.005)


def review(tmp_path: Path, *areas: tuple[dict, dict], as_of: str = "2025-12-31") -> list[dict]:
    """Review from the command line and read `findings.csv` back."""
    file = write_geojson(tmp_path / "areas.geojson", list(areas))
    out = tmp_path / "out"
    arguments = ["review", str(file), "--as-of", as_of, "--out", str(out)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    with (out / "findings.csv").open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def row(rows: list[dict], rule_id: str, name: str) -> dict[str, str]:
    return next(r for r in rows if r["rule_id"] == rule_id and r["unit_name"] == name)


@pytest.mark.parametrize(
    ("residents", "primary", "junior"),
    [(9999, 0, 0), (10000, 1, 0), (19999, 1, 0), (20000, 1, 1), (30000, 1, 1)],
)
def test_what_is_required_changes_with_the_very_person(
    tmp_path: Path, residents: int, primary: int, junior: int
) -> None:
    rows = review(tmp_path, area("甲", residents))
    for rule_id, required in ((PRIMARY, primary), (JUNIOR, junior)):
        found = row(rows, rule_id, "甲")
        assert found["required"] == str(required)
        assert found["status"] == ("shortfall" if required else "not_applicable")
        assert found["gap"] == str(required)
        assert found["measured"] == "0"


def test_three_plots_side_by_side_owe_a_school_together(tmp_path: Path) -> None:
    rows = review(tmp_path, *(area(f"地块{n}", 6000, 0.0055 * n) for n in range(3)))
    group = next(r for r in rows if r["rule_id"] == "primary-merged-areas")
    assert group["unit_kind"] == "residential_group"
    assert group["unit_id"] == "1+2+3"
    assert (group["required"], group["status"]) == ("1", "shortfall")
    assert (group["strength"], group["addressee"]) == ("indicator", "county")
    assert "merged" in group["flags"]
    assert {r["status"] for r in rows if r["rule_id"] == PRIMARY} == {"not_applicable"}


def test_plots_far_apart_are_no_group(tmp_path: Path) -> None:
    rows = review(tmp_path, area("甲", 6000), area("乙", 6000, 0.05))
    assert not [r for r in rows if r["unit_kind"] == "residential_group"]


def test_plots_of_different_years_are_no_group(tmp_path: Path) -> None:
    rows = review(
        tmp_path,
        area("甲", 6000, conditions_on="2022-08-01"),
        area("乙", 6000, 0.0055, conditions_on="2025-08-02"),
    )
    assert not [r for r in rows if r["unit_kind"] == "residential_group"]


def test_twenty_thousand_with_one_primary_falls_short_in_principle_only(tmp_path: Path) -> None:
    rows = review(tmp_path, area("甲", 20000, schools=[{"stage": "primary", "classes": 24}]))
    found = row(rows, PRIMARY, "甲")
    assert (found["status"], found["strength"], found["gap"]) == ("shortfall", "in_principle", "1")
    assert "reading_decides" in found["flags"]
    assert found["basis"] == "assumption"
    assert "字面" in found["note_zh"]


def test_a_nine_year_school_is_one_primary_and_one_junior(tmp_path: Path) -> None:
    rows = review(
        tmp_path, area("甲", 20000, schools=[{"stage": "nine_year"}, {"stage": "primary"}])
    )
    assert row(rows, PRIMARY, "甲")["status"] == "pass"
    assert row(rows, JUNIOR, "甲")["status"] == "pass"


@pytest.mark.parametrize(
    ("dwellings", "status", "flag"),
    [
        (3000, "not_applicable", ""),
        (3500, "not_assessable", "multiplier_decides"),
        (4000, "shortfall", ""),
    ],
)
def test_dwellings_are_people_at_two_multipliers(
    tmp_path: Path, dwellings: int, status: str, flag: str
) -> None:
    found = row(review(tmp_path, area("甲", None, dwellings=dwellings)), PRIMARY, "甲")
    assert found["status"] == status
    assert flag in found["flags"]
    assert found["basis"] == "assumption"


def test_the_files_own_persons_per_dwelling_decide(tmp_path: Path) -> None:
    rows = review(tmp_path, area("甲", None, dwellings=3500, persons_per_dwelling=2.9))
    assert row(rows, PRIMARY, "甲")["required"] == "1"


def test_the_day_of_the_conditions_fixes_the_law(tmp_path: Path) -> None:
    rows = review(
        tmp_path,
        area("前", 10000, conditions_on="2022-06-30"),
        area("后", 10000, 0.1, conditions_on="2022-07-01"),
        area("不明", 10000, 0.2),
    )
    assert row(rows, PRIMARY, "前")["status"] == "not_applicable"
    assert row(rows, PRIMARY, "后")["status"] == "shortfall"
    assert "conditions_date_unknown" in row(rows, PRIMARY, "不明")["flags"]


def test_a_rural_area_is_outside_and_an_unknown_one_is_open(tmp_path: Path) -> None:
    rows = review(
        tmp_path, area("村", 10000, settlement="rural"), area("不明", 10000, 0.1, settlement=None)
    )
    assert row(rows, PRIMARY, "村")["status"] == "not_applicable"
    assert row(rows, PRIMARY, "不明")["status"] == "not_assessable"


def test_an_area_named_as_an_example_is_marked_as_made_up(tmp_path: Path) -> None:
    rows = review(tmp_path, area("示例小区", 10000), area("真小区", 10000, 0.1))
    assert row(rows, PRIMARY, "示例小区")["is_synthetic"] == "true"
    assert row(rows, PRIMARY, "真小区")["is_synthetic"] == "false"


def test_a_school_that_stands_inside_counts_beside_the_offer(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    school = {"school_id": "1", "name": "一小", "stages": "primary"}
    point = {"type": "Point", "coordinates": [114.0025, 33.0025]}
    write_geojson(tmp_path / "schools.geojson", [(school, point)])
    folder = make_study(
        '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    )
    study = zmd_layout.load_study(folder)
    file = write_geojson(tmp_path / "areas.geojson", [area("甲", 10000)])
    found = zmd_layout.review(file, study=study).findings.set_index("rule_id").loc[PRIMARY]
    assert (found["status"], found["measured"]) == ("pass", 1)
    assert "地块内现有 1 所" in found["note_zh"]


def test_a_plot_outside_the_study_is_refused(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    file = write_geojson(tmp_path / "areas.geojson", [area("远", 10000, 5.0)])
    folder = make_study()
    result = CliRunner().invoke(
        main, ["review", str(file), "--study", str(folder), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "小世界" in result.output


def test_a_table_of_geopandas_is_reviewed_as_a_file_is(tmp_path: Path) -> None:
    file = write_geojson(tmp_path / "areas.geojson", [area("甲", 10000)])
    from_file = zmd_layout.review(file).findings
    from_table = zmd_layout.review(gpd.read_file(file)).findings
    columns = ["rule_id", "unit_name", "status", "required", "measured"]
    assert from_file[columns].equals(from_table[columns])


def test_the_order_of_the_plots_changes_nothing(tmp_path: Path) -> None:
    areas = [
        area("甲", 12000, unit_id="b"), area("乙", 7000, 0.0055, unit_id="a"),
        area("丙", 4000, 0.1, unit_id="c"),
    ]  # fmt: skip
    forward, backward = review(tmp_path, *areas), review(tmp_path, *areas[::-1])
    assert forward == backward


def test_an_offer_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path / "a.geojson", [area("甲", 10000, schools=[{"stage": "college"}])]
    )
    result = CliRunner().invoke(main, ["review", str(file), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "schools" in result.output
    assert json.loads(file.read_text("utf-8"))["features"]


def test_the_terminal_tells_what_a_set_beside_says_and_asks_for_no_study_where_one_is(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    offer = [{"stage": "primary", "opens_on": "2027-06-30", "classes": 24}]
    known = {"conditions_on": "2024-03-01", "first_phase_on": "2027-06-30", "schools": offer}
    file = write_geojson(tmp_path / "areas.geojson", [area("甲", 12000, **known)])
    asked = ["review", str(file), "--study", str(make_study()), "--also", "henan-2021"]
    result = CliRunner().invoke(main, [*asked, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "没有给出 --study" not in result.output
    study = zmd_layout.load_study(tmp_path)
    (case,) = zmd_layout.review(file, study=study, choices=Choices(also=("henan-2021",))).cases
    assert case.beside
    for pair in case.beside:
        assert pair.message.text("zh") in result.output


def test_the_terminal_says_first_what_is_missing_and_what_may_be_concluded(tmp_path: Path) -> None:
    file = write_geojson(tmp_path / "areas.geojson", [area("甲", 10000)])
    result = CliRunner().invoke(main, ["review", str(file), "--out", str(tmp_path / "out")])
    table, _, after = result.output.partition("甲：")
    assert table.index("▲缺口") < table.index("▨资料不足") < table.index("—不适用")
    assert after.splitlines()[0] == "资料不足，退回补正。"
    assert "没有给出 --study" in after
