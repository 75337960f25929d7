"""Which verdicts hold when people, distances, borders or the schools are a little wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from conftest import point, square, write_geojson
from zmd_layout import workflow
from zmd_layout.cli import main
from zmd_layout.errors import StudyError

SENIOR = "senior-new-per-county"
SCHOOLS = """
[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
year = 2025
"""
QUIET = "people_percent = 0\ndistance_percent = 0\nschools_lost_percent = 0\nboundary_m = 0\n"
PEOPLE = QUIET.replace("people_percent = 0", "people_percent = 2")


def tried(study: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Give the findings by rule and unit, and how many verdicts each variation turns."""
    opened = workflow.load_study(study)
    findings, paths = workflow.check_to_folder(opened, out=study / "out", stability=True)
    record = json.loads(paths["run.json"].read_text("utf-8"))["stability"]
    turned = {variation["en"]: variation["count"] for variation in record["turned"]}
    return findings.set_index(["rule_id", "unit_id"]), turned


def county(
    unit_id: str, residents: int, east: float
) -> tuple[dict[str, object], dict[str, object]]:
    made = {"unit_id": unit_id, "name": unit_id, "kind": "county", "residents": residents}
    return made, square(east, 0)


def school(number: int, east: float, **more: object) -> tuple[dict[str, object], dict[str, object]]:
    told = {"school_id": f"s{number}", "name": f"校{number}", "stages": "senior",
            "status": "operating", "construction": "new", "opens_on": "2023-09-01"}  # fmt: skip
    return {**told, **more}, point(east, 0.05)


@pytest.fixture
def near_600000(make_study: Callable[..., Path], tmp_path: Path) -> Callable[[str], Path]:
    """Give a study of a county just below 600,000 residents and one far below, a school in each."""

    def make(more: str) -> Path:
        write_geojson(tmp_path / "schools.geojson", [school(1, 0.05), school(2, 0.15)])
        counties = [county("411721", 595_000, 0), county("411722", 300_000, 0.1)]
        return make_study(SCHOOLS + "\n[sensitivity]\n" + more, counties=counties)

    return make


def test_a_verdict_that_two_percent_more_people_turn_is_fragile_and_its_note_says_so(
    near_600000: Callable[[str], Path],
) -> None:
    rows, turned = tried(near_600000(PEOPLE))
    assert rows.loc[(SENIOR, "411721"), "status"] == "pass"
    assert rows.loc[(SENIOR, "411721"), "stability"] == "fragile"
    assert "2 % more people" in rows.loc[(SENIOR, "411721"), "note_en"]
    assert "人口多 2%" in rows.loc[(SENIOR, "411721"), "note_zh"]
    assert rows.loc[(SENIOR, "411722"), "stability"] == "stable"
    assert turned["2 % more people"] >= 1
    assert turned["2 % fewer people"] == 0


def test_half_a_percent_leaves_the_same_verdict_stable(near_600000: Callable[[str], Path]) -> None:
    rows, _ = tried(near_600000(QUIET.replace("people_percent = 0", "people_percent = 0.5")))
    assert rows.loc[(SENIOR, "411721"), "stability"] == "stable"


def test_what_has_no_verdict_either_way_has_no_stability(
    near_600000: Callable[[str], Path],
) -> None:
    rows, _ = tried(near_600000(PEOPLE))
    silent = rows[rows["status"].isin(["not_applicable", "reported"])]
    assert (silent["stability"] == "").any()
    assert (rows.loc[rows["status"].isin(["pass", "shortfall"]), "stability"] != "").all()


def test_a_school_on_the_border_makes_the_verdict_of_both_sides_fragile(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "schools.geojson", [school(1, 0.1003), school(2, 0.05)])
    counties = [county("411721", 300_000, 0), county("411722", 300_000, 0.1)]
    only = "\n[sensitivity]\n" + QUIET.replace("boundary_m = 0", "boundary_m = 50")
    rows, turned = tried(make_study(SCHOOLS + only, counties=counties))
    assert rows.loc[(SENIOR, "411722"), "status"] == "pass"
    assert rows.loc[(SENIOR, "411722"), "stability"] == "fragile"
    assert "50 m to the east" in rows.loc[(SENIOR, "411722"), "note_en"]
    assert rows.loc[(SENIOR, "411721"), "stability"] == "stable"
    assert set(turned) == {f"borders of units 50 m to the {w}" for w in
                           ("east", "north", "west", "south")}  # fmt: skip


def test_osm_that_misses_schools_makes_a_pass_fragile_and_a_full_roster_does_not(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "schools.geojson", [school(1, 0.05), school(2, 0.15)])
    counties = [county("411721", 300_000, 0), county("411722", 300_000, 0.1)]
    some = QUIET.replace("lost_percent = 0", "lost_percent = 50")
    osm = SCHOOLS + "is_complete = false\n[sensitivity]\n" + some
    rows, turned = tried(make_study(osm, counties=counties))
    assert len(turned) == 3
    assert "fragile" in set(rows.loc[SENIOR, "stability"])
    again, same = tried(make_study(osm, counties=counties))
    assert same == turned, "the draws are seeded"
    pd.testing.assert_series_equal(rows["stability"], again["stability"])
    roster, none = tried(make_study(SCHOOLS + "[sensitivity]\n" + some, counties=counties))
    assert none == {}
    assert set(roster.loc[SENIOR, "stability"]) == {"stable"}


def test_distances_in_rules_are_varied_where_a_rule_has_any(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    def area(name: str, east: float) -> tuple[dict[str, object], dict[str, object]]:
        told = {"unit_id": name, "name": name, "settlement": "urban", "is_new": True,
                "planned_residents": 6000, "conditions_on": "2024-01-01"}  # fmt: skip
        return told, square(east, 0.04, side=0.001)

    write_geojson(tmp_path / "areas.geojson", [area("a", 0.04), area("b", 0.0420)])
    layer = '\n[layers.residential_areas]\npath = "areas.geojson"\ncoordinates = "wgs84"\n'
    only = "[sensitivity]\n" + QUIET.replace("distance_percent = 0", "distance_percent = 90")
    _, turned = tried(make_study(layer + only))
    assert set(turned) == {"distances in rules 90 % wider", "distances in rules 90 % narrower"}
    assert sum(turned.values()) >= 1, "the plots are one group or two"


def test_the_command_says_how_many_verdicts_hold_and_the_file_has_the_column(
    near_600000: Callable[[str], Path], tmp_path: Path
) -> None:
    study = near_600000(PEOPLE)
    out = tmp_path / "out"
    arguments = ["--lang", "en", "check", str(study), "--out", str(out)]
    plain = CliRunner().invoke(main, arguments)
    assert "sensitive" not in plain.output
    said = CliRunner().invoke(main, [*arguments, "--stability"])
    assert said.exit_code == 0, said.output
    assert "sensitive" in said.output
    assert "2 % more people: " in said.output
    table = pd.read_csv(out / "findings.csv", keep_default_na=False)
    assert {"stable", "fragile", ""} == set(table["stability"])
    assert workflow.repeat(out / "run.json").is_same


def test_a_misspelt_or_impossible_sensitivity_is_refused(
    near_600000: Callable[[str], Path],
) -> None:
    for line in ("people_percents = 2\n", "people_percent = 100\n", "draws = 0\n"):
        with pytest.raises(StudyError, match="sensitivity"):
            workflow.load_study(near_600000(line))
