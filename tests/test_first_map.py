"""A stranger's way: a folder made by `init`, files of one's own, and a first map."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import zmd_layout
from conftest import square, write_geojson
from zmd_layout.cli import main
from zmd_layout.errors import LayerError

VILLAGES = """
[layers.villages]
path = "villages.geojson"
coordinates = "wgs84"
year = 2020
columns = {unit_id = "ID", residents = "pop"}
"""
SCHOOLS = """
[layers.schools]
path = "schools.csv"
coordinates = "wgs84"
year = 2020
columns = {school_id = "ID", x = "PointX", y = "PointY", seats = "supply1"}
"""


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a new study folder with village polygons that have no names."""
    made = tmp_path / "gongyi"
    assert command("init", str(made)).exit_code == 0
    villages = [({"ID": n, "pop": 100 * (n + 1)}, square(0.01 * n, 0, 0.01)) for n in range(3)]
    write_geojson(made / "villages.geojson", villages)
    (made / "schools.csv").write_text(
        "ID,PointX,PointY,supply1,stages\n9,114.005,33.005,300,primary\n"
    )
    return made


def add(folder: Path, text: str) -> None:
    path = folder / "study.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_a_new_study_is_named_after_its_folder(folder: Path) -> None:
    assert zmd_layout.load_study(folder).id == "gongyi"


def test_every_example_of_the_template_is_toml_when_it_is_uncommented(folder: Path) -> None:
    lines = (folder / "study.toml").read_text("utf-8").splitlines()
    blocks: list[list[str]] = []
    for line in lines:
        if line.startswith("# ["):
            blocks.append([])
        if blocks and line.startswith("# ") and line.strip() != "#":
            blocks[-1].append(line.removeprefix("# "))
        elif line == "":
            blocks.append([])
    named = [block for block in blocks if block and block[0].startswith("[")]
    assert len(named) > 10
    for block in named:
        text = "\n".join(line for line in block if "=" in line or line.startswith(("[", "]", " ")))
        assert tomllib.loads(text), block


def test_villages_without_names_alone_make_a_map_and_are_told_what_is_missing(
    folder: Path, tmp_path: Path
) -> None:
    add(folder, VILLAGES)
    done = command("run", str(folder), "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert (tmp_path / "out" / "gap_map.html").exists()
    told = next(line for line in done.output.splitlines() if line.startswith("补上这些图层"))
    assert "学校 [layers.schools]" in told
    assert "layers.villages" not in told


@pytest.mark.parametrize("job", ["run", "check", "site"])
def test_a_study_not_yet_filled_in_is_told_where_to_begin(job: str, tmp_path: Path) -> None:
    assert command("init", str(tmp_path / "new")).exit_code == 0
    done = command(job, str(tmp_path / "new"), "--out", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert "还没有图层" in done.output
    assert "counties" in done.output
    assert not (tmp_path / "out").exists()


def test_schools_without_places_alone_still_make_a_map(folder: Path, tmp_path: Path) -> None:
    table = SCHOOLS.replace('"wgs84"', '"none"').replace('x = "PointX", y = "PointY", ', "")
    add(folder, table)
    done = command("run", str(folder), "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "gap_map.html").exists()


def test_coordinate_columns_of_any_name_place_schools(folder: Path) -> None:
    add(folder, VILLAGES + SCHOOLS)
    findings = zmd_layout.check(zmd_layout.load_study(folder))
    ways = findings[findings["rule_id"] == "primary-access-remote-village"]
    assert set(ways["status"]) == {"reported"}
    assert ways["measured"].is_monotonic_increasing


def test_a_coordinate_column_that_is_not_there_is_named(folder: Path) -> None:
    add(folder, VILLAGES + SCHOOLS.replace("PointX", "Point_X"))
    with pytest.raises(LayerError, match=r"Point_X.*PointX"):
        zmd_layout.check(zmd_layout.load_study(folder))
