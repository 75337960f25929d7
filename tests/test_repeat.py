"""A run's record suffices to do it again, and says what is no longer the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyogrio
import pytest
from click.testing import CliRunner

from conftest import point, write_geojson
from zmd_layout import workflow
from zmd_layout.cli import main
from zmd_layout.errors import OutputError, StudyError
from zmd_layout.workflow import studies

SCHOOLS = """
[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
year = 2025
"""


@pytest.fixture
def study(make_study: Callable[..., Path], tmp_path: Path) -> Path:
    schools = [
        ({"school_id": f"s{n}", "name": f"校{n}", "stages": "senior"}, point(0.02 * n, 0.05))
        for n in range(1, 5)
    ]
    write_geojson(tmp_path / "schools.geojson", schools)
    return make_study(SCHOOLS)


def checked(study: Path) -> Path:
    workflow.check_to_folder(workflow.load_study(study), out=study / "out")
    return study / "out" / "run.json"


def test_a_check_repeats_byte_for_byte_from_its_record_alone(study: Path) -> None:
    record = checked(study)
    (study / "study.toml").unlink()
    repetition = workflow.repeat(record)
    assert repetition.is_same
    assert repetition.alike == ("findings.csv",)
    assert not repetition.differences
    assert repetition.paths == {}


def test_a_check_of_a_built_in_study_repeats_where_the_program_stands_elsewhere(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    shutil.copytree(study, here / studies.CENSUS, ignore=shutil.ignore_patterns("here"))
    monkeypatch.setattr(studies, "BUILTIN", here)
    out = tmp_path / "record"
    workflow.check_to_folder(workflow.load_study(studies.CENSUS), out=out)
    here.rename(there)
    monkeypatch.setattr(studies, "BUILTIN", there)
    assert workflow.repeat(out / "run.json").is_same


def test_a_geodatabase_is_a_layer_whose_every_file_is_held_against_the_record(
    study: Path,
) -> None:
    land = study / "land.gdb"
    counties = pyogrio.read_dataframe(study / "counties.geojson")
    pyogrio.write_dataframe(counties, land, driver="OpenFileGDB", layer="counties")
    pyogrio.write_dataframe(counties.head(1), land, driver="OpenFileGDB", layer="old", append=True)
    file = study / "study.toml"
    named = '"land.gdb"\nlayer = "counties"'
    file.write_text(file.read_text("utf-8").replace('"counties.geojson"', named), "utf-8")
    record = checked(study)
    known = json.loads(record.read_text("utf-8"))["inputs"]["counties"]
    assert (len(known["sha256"]), known["rows"]) == (64, 3)
    (land / "a.lock").touch()  # of a program that looks at it
    assert workflow.repeat(record).is_same
    (land / "a00000099.gdbtable").touch()
    (told,) = workflow.repeat(record).differences
    assert told.key == "compare.layer_changed"


@pytest.mark.slow
def test_every_file_of_a_run_comes_out_the_same_byte_for_byte(study: Path) -> None:
    first = workflow.run(workflow.load_study(study), out=study / "out")
    again = workflow.repeat(first.paths["run.json"], out=study / "again")
    assert not again.unlike
    assert not again.gone
    assert not again.new
    assert {"layers.gpkg", "findings.xlsx", "gap_map.html"} <= set(again.alike)


def test_a_changed_layer_is_named_and_so_are_the_outputs_that_differ(study: Path) -> None:
    record = checked(study)
    text = (study / "schools.geojson").read_text("utf-8")
    (study / "schools.geojson").write_text(text.replace("senior", "primary"), "utf-8")
    repetition = workflow.repeat(record, out=study / "again")
    assert [m.key for m in repetition.differences] == ["compare.layer_changed"]
    assert "schools" in repetition.differences[0].text("en")
    assert repetition.unlike == ("findings.csv",)
    assert not repetition.is_same
    assert repetition.paths["findings.csv"].is_file()


def test_a_rule_that_says_something_else_is_named(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    from zmd_layout.rulebook import rules_folder

    name = "senior-new-per-county"
    (tmp_path / "mine").mkdir()
    rule = tmp_path / "mine" / f"{name}.yaml"
    shutil.copy(rules_folder() / "zhumadian-2022-49" / rule.name, rule)
    record = checked(make_study(head='rulesets = ["mine"]'))
    text = rule.read_text("utf-8")
    assert "value: 600000" in text
    rule.write_text(text.replace("value: 600000", "value: 610000"), "utf-8")
    differences = workflow.repeat(record).differences
    assert [m.key for m in differences] == ["compare.rules_changed"]
    assert name in differences[0].text("zh")


def test_another_version_and_an_open_search_are_told(study: Path) -> None:
    record = checked(study)
    raw = json.loads(record.read_text("utf-8"))
    raw["versions"]["numpy"] = "1.0"
    raw["reproducible"] = False
    record.write_text(json.dumps(raw), "utf-8")
    repetition = workflow.repeat(record)
    texts = "\n".join(m.text("en") for m in repetition.messages())
    assert "another version: numpy 1.0" in texts
    assert "time limit" in texts
    assert repetition.is_same


def test_the_command_says_that_all_is_the_same_and_takes_no_study_beside(study: Path) -> None:
    record = checked(study)
    said = CliRunner().invoke(main, ["--lang", "en", "run", "--repeat", str(record.parent)])
    assert said.exit_code == 0, said.output
    assert "exactly what the record lists" in said.output
    both = CliRunner().invoke(main, ["run", str(study), "--repeat", str(record)])
    assert both.exit_code == 2


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"command": "review"}', "[" * 100_000],
    ids=["torn", "list", "empty", "review", "deep"],
)
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text, "utf-8")
    with pytest.raises(StudyError, match=r"run\.json"):
        workflow.repeat(tmp_path / "run.json")


def test_a_record_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="nowhere"):
        workflow.repeat(tmp_path / "nowhere.json")


@pytest.mark.parametrize("command", [workflow.check_to_folder, workflow.site])
def test_a_file_that_changes_during_the_run_stops_it_before_anything_is_written(
    study: Path, command: Callable[..., object]
) -> None:
    record = checked(study)
    before = record.read_bytes()
    source = study / "schools.geojson"

    def change(_: object) -> None:
        source.write_text(source.read_text("utf-8") + "\n", "utf-8")

    opened = workflow.load_study(study)
    with pytest.raises(OutputError, match=r"schools\.geojson"):
        command(opened, out=study / "out", progress=change)
    assert record.read_bytes() == before


def test_a_file_whose_people_were_put_elsewhere_may_change_for_no_result_rests_on_it(
    study: Path,
) -> None:
    for name in ("villages", "population"):
        rows = [
            ({"unit_id": f"{name}{n}", "residents": 100 * n}, point(0.02 * n, 0.05))
            for n in range(1, 4)
        ]
        write_geojson(study / f"{name}.geojson", rows)
        entry = f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\n'
        with (study / "study.toml").open("a", encoding="utf-8") as file:
            file.write(entry)
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[people]\nground = "villages"\n')
    changed = study / "population.geojson"

    def change(_: object) -> None:
        changed.write_text(changed.read_text("utf-8") + "\n", "utf-8")

    workflow.check_to_folder(workflow.load_study(study), out=study / "out", progress=change)
    record = json.loads((study / "out" / "run.json").read_text("utf-8"))
    assert record["inputs"]["population"]["path"] == "villages.geojson"
