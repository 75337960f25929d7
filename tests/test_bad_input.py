"""What a user gets wrong: one clear message in both languages, exit 1, nothing half-written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from conftest import COUNTIES, point, square, write_geojson
from zmd_layout.cli import main
from zmd_layout.rulebook import rules_folder

if TYPE_CHECKING:
    from collections.abc import Callable

SCHOOLS = """
[layers.schools]
path = "{path}"
coordinates = "{coordinates}"
year = 2025
"""


def refuse(study: Path, out: Path, *wanted: str) -> None:
    """Run and see it refused: exit 1, the words in each language, no traceback, no file."""
    for lang, words in zip(("zh", "en"), (wanted[::2], wanted[1::2]), strict=True):
        result = CliRunner().invoke(main, ["--lang", lang, "run", str(study), "--out", str(out)])
        assert result.exit_code == 1, result.output
        for word in words:
            assert word in result.output, result.output
        assert "Traceback" not in result.output
        assert not out.exists() or not list(out.iterdir())


def test_an_empty_layer_is_refused_and_told_from_no_layer(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "schools.geojson", [])
    study = make_study(SCHOOLS.format(path="schools.geojson", coordinates="wgs84"))
    refuse(study, tmp_path / "out", "没有一行数据", "holds no rows", "不知道", "unknown, not none")


def test_swapped_columns_are_refused_with_the_way_out(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "schools.csv").write_text(
        "school_id,name,经度,纬度\n"
        + "".join(f"{n},校{n},33.0{n},114.0{n}\n" for n in range(1, 9)),
        "utf-8",
    )
    study = make_study(SCHOOLS.format(path="schools.csv", coordinates="wgs84"))
    refuse(study, tmp_path / "out", "schools", "schools")


def test_eastings_of_another_zone_are_refused(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    rows = "".join(f"{n},校{n},39502{n}18,3653946\n" for n in range(1, 9))
    (tmp_path / "schools.csv").write_text("school_id,name,x,y\n" + rows, "utf-8")
    study = make_study(SCHOOLS.format(path="schools.csv", coordinates="EPSG:4547"))
    refuse(study, tmp_path / "out", "39", "39", "schools", "schools")


def test_eastings_with_the_zone_in_front_are_understood(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    rows = "".join(f"{n},校{n},385030{n}8,3658946\n" for n in range(1, 9))
    (tmp_path / "schools.csv").write_text("school_id,name,x,y\n" + rows, "utf-8")
    study = make_study(SCHOOLS.format(path="schools.csv", coordinates="EPSG:4547"))
    result = CliRunner().invoke(main, ["run", str(study), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output


def test_undeclared_coordinates_are_refused(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "s.geojson", [({"school_id": "1"}, point(0.05, 0.05))])
    study = make_study('[layers.schools]\npath = "s.geojson"\n')
    refuse(study, tmp_path / "out", "没有声明坐标系", "not declared", "gcj02", "gcj02")


def test_overlapping_units_are_refused(make_study: Callable[..., Path], tmp_path: Path) -> None:
    overlapping = [*COUNTIES[:2], ({**COUNTIES[2][0]}, square(0, 0.05))]
    study = make_study(counties=overlapping)
    refuse(study, tmp_path / "out", "重叠", "overlap", "西县 / 中区", "西县 / 中区")


def test_negative_people_and_doubled_ids_are_told_together(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    wrong = [
        ({**COUNTIES[0][0], "residents": -5}, COUNTIES[0][1]),
        ({**COUNTIES[1][0], "unit_id": "411721"}, COUNTIES[1][1]),
    ]
    study = make_study(counties=wrong)
    refuse(study, tmp_path / "out", "负数", "negative", "重复", "duplicate")


def test_ages_that_exceed_the_residents_are_refused(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    wrong = [({**COUNTIES[0][0], "residents_0_4": 400000, "residents_5_9": 400000}, COUNTIES[0][1])]
    study = make_study(counties=wrong)
    refuse(study, tmp_path / "out", "超过常住人口", "more than the residents")


@pytest.mark.parametrize(
    ("head", "extra", "zh", "en"),
    [
        ("ruleset = []", "", "是否想写“rulesets”", 'Did you mean "rulesets"'),
        ("", '[layers.school]\npath = "x.gpkg"\n', "schools", "schools"),
        ('crs = "EPSG:4326"', "", "crs", "crs"),
        ('crs = "EPSG:3857"', "", "crs", "crs"),
    ],
)
def test_a_misspelt_or_wrong_key_is_named_with_the_near_one(
    make_study: Callable[..., Path], tmp_path: Path, head: str, extra: str, zh: str, en: str
) -> None:
    refuse(make_study(extra, head=head), tmp_path / "out", zh, en)


def test_all_faults_of_all_layers_come_at_once(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "classes.csv").write_text("stage,grade,pupils\nprimary,1,40\n", "utf-8")
    study = make_study(
        SCHOOLS.format(path="missing.csv", coordinates="wgs84")
        + '[layers.classes]\npath = "classes.csv"\ncoordinates = "none"\n'
    )
    refuse(study, tmp_path / "out", "school_id", "school_id", "missing.csv", "missing.csv")


@pytest.fixture
def own_rules(make_study: Callable[..., Path], tmp_path: Path) -> Path:
    folder = tmp_path / "my-rules"
    folder.mkdir()
    name = "vocational-per-county.yaml"
    shutil.copy(rules_folder() / "zhumadian-2022-49" / name, folder / name)
    make_study(head='rulesets = ["my-rules"]')
    return folder / name


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("count: schools", "named: number_of_wishes", "number_of_wishes"),
        ("basis: clause, clause: chapter4", "clause: chapter4", "basis"),
        ("clause: chapter4}", "clause: chapter9}", "chapter9"),
        ("strength: duty", "strenght: duty", "strenght"),
        ("needs: [own_vocational_schools]", "needs: [wishes]", "needs"),
    ],
)
def test_a_rule_that_is_none_is_named_with_its_file_and_place(
    own_rules: Path, tmp_path: Path, old: str, new: str, words: str
) -> None:
    text = own_rules.read_text("utf-8")
    if old.startswith("count"):
        start, end = text.index("    count: schools"), text.index("measure_unit")
        text = text[:start] + f"    {new}\n" + text[end:]
    else:
        assert old in text
        text = text.replace(old, new)
    own_rules.write_text(text, "utf-8")
    refuse(tmp_path, tmp_path / "out", words, words, own_rules.name, own_rules.name)


def test_the_last_good_results_stay_whole_when_the_input_breaks(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    study = make_study()
    assert CliRunner().invoke(main, ["run", str(study), "--out", str(out)]).exit_code == 0
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    (tmp_path / "counties.geojson").write_text("{", "utf-8")
    assert CliRunner().invoke(main, ["run", str(study), "--out", str(out)]).exit_code == 1
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
