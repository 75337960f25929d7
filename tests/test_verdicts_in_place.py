"""Verdicts in place: whose target it is, what a list speaks of, and what lies in what."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import shape

import zmd_layout
from conftest import point, square, write_geojson
from tests.counting_world import OPERATING, layer, school, values
from zmd_layout.errors import StudyError
from zmd_layout.layers.holding import stands_alone
from zmd_layout.measures import World
from zmd_layout.rulebook import load_ruleset
from zmd_layout.rulebook.measure_forms import CountMeasure
from zmd_layout.study import Covers, read_study
from zmd_layout.vocabulary import UnitKind
from zmd_layout.workflow.loading import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = {rule.id: rule for rule in load_ruleset("zhumadian-2022-49")}
OWN = {rule.id for rule in RULES.values() if rule.place is not None}
CODES = RULES["compulsory-projects"].place.counties  # type: ignore[union-attr]
PROJECTS = '\n[layers.projects]\npath = "projects.csv"\ncoordinates = "none"\nyear = 2025\n'
SCHOOLS = '\n[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
SPECIAL = "special-school-per-county"


def counties(*codes: str) -> list[tuple[dict[str, Any], Any]]:
    return [
        ({"unit_id": code, "name": code, "kind": "county", "residents": 5e5}, square(0.1 * n, 0))
        for n, code in enumerate(codes)
    ]


@pytest.fixture
def city_rows(make_study: Callable[..., Path]) -> Callable[..., pd.DataFrame]:
    """Return a function that checks counties with a register of 365 compulsory projects."""

    def check(codes: tuple[str, ...], head: str) -> pd.DataFrame:
        folder = make_study(PROJECTS, head=head, counties=counties(*codes))
        rows = [
            {"project_id": n, "stage": "primary", "status": "done", "done_on": "2023-09-01",
             "county_id": codes[0], "ownership": "public"}
            for n in range(365)
        ]  # fmt: skip
        pd.DataFrame(rows).to_csv(folder / "projects.csv", index=False)
        found = zmd_layout.check(zmd_layout.load_study(folder))
        return found[found["rule_id"] == "compulsory-projects"].set_index("unit_id")

    return check


def test_the_six_targets_of_the_city_are_bound_to_it() -> None:
    assert sorted(OWN) == [
        "compulsory-private-share", "compulsory-projects", "kindergarten-gross-enrolment-rate",
        "kindergarten-inclusive-enrolment-share", "kindergarten-public-projects",
        "senior-projects",
    ]  # fmt: skip
    assert {RULES[rule_id].unit for rule_id in OWN} == {"city"}


def test_the_whole_city_is_judged_by_its_targets(city_rows: Callable[..., pd.DataFrame]) -> None:
    found = city_rows(CODES, 'city = "411700"')
    assert found.loc["411700", "status"] == "pass"
    assert found.loc["411721", "status"] == "reported"


def test_one_county_is_not_judged_by_the_citys_targets_and_keeps_its_figure(
    city_rows: Callable[..., pd.DataFrame],
) -> None:
    found = city_rows(CODES[:1], 'city = "411700"')
    assert found.loc["411700", "status"] == "not_applicable"
    assert "10" in found.loc["411700", "note_zh"]
    assert found.loc[CODES[0], ["status", "measured"]].tolist() == ["reported", 365]


def test_nine_of_ten_counties_are_not_the_city(city_rows: Callable[..., pd.DataFrame]) -> None:
    assert city_rows(CODES[1:], 'city = "411700"').loc["411700", "status"] == "not_applicable"


def test_another_city_is_told_once_and_has_no_county_rows(
    city_rows: Callable[..., pd.DataFrame],
) -> None:
    found = city_rows(("410122", "410181"), 'city = "410100"')
    assert found["status"].tolist() == ["not_applicable"]
    assert "410100" in found["note_en"].iloc[0]


def test_an_undeclared_city_asks_for_the_key(city_rows: Callable[..., pd.DataFrame]) -> None:
    found = city_rows(CODES, "")
    assert found.loc["411700", "status"] == "not_assessable"
    assert "city" in found.loc["411700", "note_zh"]
    assert "study.toml" in found.loc["411700", "note_en"]


def test_a_city_is_a_code_of_six_digits(make_study: Callable[..., Path]) -> None:
    with pytest.raises(StudyError):
        read_study(make_study(head='city = "驻马店"'))


def test_the_built_in_studies_declare_their_city() -> None:
    assert zmd_layout.load_study("zhumadian-census").city == "411700"


# --- what a list speaks of


@pytest.fixture
def special(make_study: Callable[..., Path]) -> Callable[..., tuple[str, str]]:
    """Return a function that gives the verdict on special schools of 411721 under a list."""

    def check(*rows: dict[str, Any], declared: str = "") -> tuple[str, str]:
        folder = make_study(SCHOOLS + declared, counties=counties("411721", "411722"))
        told = [
            ({"school_id": f"s{n}", "status": "operating", **row}, point(row.pop("_x"), 0.05))
            for n, row in enumerate(rows)
        ]
        write_geojson(folder / "schools.geojson", told)
        found = zmd_layout.check(zmd_layout.load_study(folder))
        row = found[(found["rule_id"] == SPECIAL) & (found["unit_id"] == "411721")].iloc[0]
        return row["status"], row["note_zh"]

    return check


HERE, THERE = {"stages": "primary", "_x": 0.05}, {"stages": "special", "_x": 0.15}


def test_a_list_without_a_special_school_does_not_say_that_there_is_none(
    special: Callable[..., tuple[str, str]],
) -> None:
    status, note = special(dict(HERE))
    assert status == "not_assessable"
    assert "特殊教育" in note
    assert special(dict(HERE), declared='covers = {stages = ["special"]}\n')[0] == "shortfall"


def test_a_list_without_a_row_of_a_county_does_not_say_that_it_has_none(
    special: Callable[..., tuple[str, str]],
) -> None:
    assert special(dict(THERE))[0] == "not_assessable"
    assert special(dict(HERE), dict(THERE))[0] == "shortfall"
    declared = 'covers = {units = ["411721", "411722"]}\n'
    assert special(dict(THERE), declared=declared)[0] == "shortfall"


def test_a_declared_county_alone_is_covered(special: Callable[..., tuple[str, str]]) -> None:
    declared = 'covers = {units = ["411722"]}\n'
    assert special(dict(HERE), dict(THERE), declared=declared)[0] == "not_assessable"


def test_is_complete_works_on_and_says_what_it_now_means(make_study: Callable[..., Path]) -> None:
    folder = make_study(SCHOOLS + "is_complete = true\n")
    write_geojson(folder / "schools.geojson", [({"school_id": "1"}, point(0.05, 0.05))])
    study = zmd_layout.load_study(folder)
    [note] = [
        note
        for note in load(study, None)["schools"].origin.notes
        if note.key == "layers.is_complete_true"
    ]
    assert "covers" in note.text("en")


def test_covers_that_names_nothing_is_refused(make_study: Callable[..., Path]) -> None:
    with pytest.raises(StudyError):
        read_study(make_study(SCHOOLS + "covers = {}\n"))


# --- what lies in what


def test_a_zone_inside_a_unit_is_never_summed_with_it() -> None:
    rows = [
        {"unit_id": "411702", "kind": "district", "within": None, "geometry": None},
        {"unit_id": "411771", "kind": "zone", "within": "411702", "geometry": None},
        {"unit_id": "411772", "kind": "zone", "within": None, "geometry": None},
    ]
    whole = layer("counties", rows).frame
    assert stands_alone(whole).tolist() == [True, False, False]
    assert stands_alone(whole.drop(columns="within")).tolist() == [True, False, False]


def test_a_zone_with_ground_of_its_own_is_summed_and_one_on_anothers_is_not() -> None:
    ground = [square(0, 0), square(0.02, 0.02, 0.01), square(0.3, 0)]
    rows = [
        {"unit_id": "411702", "kind": "district"}, {"unit_id": "411771", "kind": "zone"},
        {"unit_id": "411772", "kind": "zone"},
    ]  # fmt: skip
    made = layer(
        "counties", [r | {"geometry": shape(g)} for r, g in zip(rows, ground, strict=True)]
    )
    assert np.array_equal(stands_alone(made.frame), [True, False, True])


def test_the_city_has_the_residents_of_its_counties_once(make_study: Callable[..., Path]) -> None:
    own = counties("411702", "411721")
    zone = {"unit_id": "411771", "name": "经开区", "kind": "zone", "residents": 268_684}
    folder = make_study(counties=[*own, (zone, None)], head='city = "411700"')
    study = zmd_layout.load_study(folder)
    layers = load(study, None)
    world = World(study, layers, study.as_of)
    units = world.units(UnitKind.CITY, {})
    assert units is not None
    assert units.frame["residents"].tolist() == [1e6]


def test_a_plot_across_a_county_border_is_told_with_both_parts(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    study = zmd_layout.load_study(make_study())
    fields = {"unit_id": "A", "name": "甲", "planned_residents": 9000, "settlement": "urban"}
    plots = [
        (fields, square(0.098, 0.01, 0.005)),
        (fields | {"unit_id": "B"}, square(0.05, 0.01, 0.005)),
    ]
    found = zmd_layout.review(write_geojson(tmp_path / "plots.geojson", plots), study=study)
    across, within = found.cases
    assert [note.key for note in across.notes][:1] == ["review.across_border"]
    assert "西县" in across.notes[0].text("zh")
    assert "东县" in across.notes[0].text("zh")
    assert across.county == "东县", "the larger part"
    assert not [note for note in within.notes if note.key == "review.across_border"]
    rows = found.findings[found.findings["rule_id"] == "primary-per-new-residential-area"]
    flags = rows.set_index("unit_id")["flags"]
    assert ("across_border" in flags["A"], "across_border" in flags["B"]) == (True, False)


def test_a_list_covers_the_townships_of_its_counties_by_their_place_not_by_their_digits() -> None:
    rows = [
        {"unit_id": "甲镇", "geometry": shapely.box(1, 1, 2, 2)},
        {"unit_id": "a001", "geometry": shapely.box(11, 1, 12, 2)},
        {"unit_id": "b+1", "county_id": "a", "geometry": shapely.box(13, 1, 14, 2)},
        {"unit_id": "海", "geometry": shapely.box(99, 1, 100, 2)},
    ]
    schools = layer("schools", [school("a")], covers=Covers(units=("a",)))
    found = values(
        CountMeasure(count="schools", where=(OPERATING,)),
        schools, layer("townships", rows), kind=UnitKind.TOWNSHIP,
    )  # fmt: skip
    assert {unit for unit, value in found.items() if math.isfinite(value.high)} == {"甲镇", "b+1"}
