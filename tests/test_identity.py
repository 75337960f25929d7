"""Every unit is itself: ids are opaque, and what is remembered or counted is of the right one."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import shapely
from counting_world import STUDY, layer
from own_rules import counting, number, rule, write_rules
from test_review_desk import KNOWN

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout.checks.kinds import decide_by_kind
from zmd_layout.checks.value import Value
from zmd_layout.errors import RuleError
from zmd_layout.measures import World
from zmd_layout.rulebook import Banded, DatedValue, load_ruleset
from zmd_layout.rulebook.kinds import Band
from zmd_layout.unit_keys import (
    area_of_promised,
    closes_entry,
    join_ids,
    promised_id,
    read_closes,
    split_ids,
)
from zmd_layout.vocabulary import Basis, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOSTILE = [
    "1", "01", "1#1", "A", "B", "A+B", "A;B", "A@B", "a b", "%2B", "100%", "地块 甲", "甲#2",
    "+", "#", "@", ";", "长" * 200, "x" * 200, "=1+1", "study:1",
]  # fmt: skip
NEW = {"is_new": True, "settlement": "urban"}


def merging(distance_m: float) -> dict[str, Any]:
    return {
        "merge_distance_m": DatedValue(value=distance_m, basis=Basis.ASSUMPTION),
        "merge_years": DatedValue(value=5, basis=Basis.ASSUMPTION),
    }


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_two_groups_have_one_id_whatever_the_ids_of_their_members(size: int) -> None:
    groups = [tuple(sorted(ids)) for ids in itertools.combinations(HOSTILE, size)]
    joined = [join_ids(ids) for ids in groups]
    assert len(set(joined)) == len(groups)
    assert [split_ids(text) for text in joined] == groups


def test_plain_ids_are_joined_as_they_always_were() -> None:
    assert join_ids(["411702-2", "411702-1"]) == "411702-1+411702-2"
    assert promised_id("ZMD-1", 2) == "ZMD-1#2"
    assert closes_entry("senior-new-per-county", "411724") == "senior-new-per-county@411724"


@pytest.mark.parametrize("unit_id", HOSTILE)
def test_a_joined_id_gives_back_the_id_that_went_in(unit_id: str) -> None:
    assert area_of_promised(promised_id(unit_id, 3)) == unit_id
    text = ";".join(closes_entry("a-rule", one) for one in (unit_id, "411724"))
    assert read_closes(text.split(";")) == [("a-rule", unit_id), ("a-rule", "411724")]


def test_rules_that_merge_areas_at_other_distances_have_their_own_groups() -> None:
    # A and B touch, X and Y too; Z lies 200 m beside Y
    places = {"A": 0, "B": 100, "X": 5000, "Y": 5100, "Z": 5400}
    areas = layer(
        "residential_areas",
        [
            {"unit_id": i, **NEW, "geometry": shapely.box(x, 0, x + 100, 100)}
            for i, x in places.items()
        ],
    )
    schools = layer("schools", [{"school_id": "s", "geometry": shapely.Point(5450, 50)}])
    world = World(STUDY, {"residential_areas": areas, "schools": schools}, STUDY.as_of)
    near, far = (world.units(UnitKind.RESIDENTIAL_GROUP, merging(d)) for d in (100, 300))
    assert near is not None
    assert far is not None
    assert near.frame.index.tolist() == ["A+B", "X+Y"]
    assert far.frame.index.tolist() == ["A+B", "X+Y+Z"]
    assert world.members(schools, near).tolist() == [""]
    assert world.members(schools, far).tolist() == ["X+Y+Z"]
    assert world.members(schools, near).tolist() == [""]


def test_two_own_rules_of_merged_areas_are_each_held_against_their_own_groups(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    merged = {
        "unit": "residential_group",
        "measures": {"found": {"named": "area_primary_schools"}},
    }
    rules = [
        rule(f"within-{d}", **merged, parameters={
            "least": number(1), "merge_distance_m": number(d), "merge_years": number(5)})
        for d in (100, 300)
    ]  # fmt: skip
    write_rules(tmp_path, *rules)
    plots = [
        ({"unit_id": i, "name": i, "planned_residents": 9000, **NEW}, square(x, 0.05, 0.001))
        for i, x in (("A", 0.01), ("B", 0.011), ("X", 0.03), ("Y", 0.031), ("Z", 0.034))
    ]
    write_geojson(tmp_path / "areas.geojson", plots)
    school = {"school_id": "s", "name": "一小", "stages": "primary", "status": "operating",
              "is_teaching_point": False}  # fmt: skip
    write_geojson(tmp_path / "schools.geojson", [(school, point(0.0345, 0.0505))])
    extra = "".join(
        f"\n[layers.{name}]\npath = '{file}.geojson'\ncoordinates = 'wgs84'\nyear = 2025\n"
        for name, file in (("residential_areas", "areas"), ("schools", "schools"))
    )
    study = zmd_layout.load_study(make_study(extra, head='rulesets = ["my-rules"]'))
    found = zmd_layout.check(study).set_index(["rule_id", "unit_id"])["status"].to_dict()
    assert found == {
        ("within-100", "A+B"): "shortfall", ("within-100", "X+Y"): "shortfall",
        ("within-300", "A+B"): "shortfall", ("within-300", "X+Y+Z"): "pass",
    }  # fmt: skip


@pytest.mark.parametrize("ids", [("1", "1#1"), ("A", "B", "A+B"), ("1", "01"), ("甲#2", "甲")])
def test_an_opinion_carries_the_findings_of_its_own_plot_alone(
    tmp_path: Path, ids: tuple[str, ...]
) -> None:
    # the last one alone promises what it owes; all lie far apart
    school = {"stage": "primary", "seats": 1620, "classes": 36, "opens_on": "2027-06-30"}
    plots = [
        (
            {"unit_id": unit_id, "name": f"地块{n}", **KNOWN, "planned_residents": 12000,
             "schools": [school] if unit_id == ids[-1] else []},
            square(0.05 * n, 0.01, 0.005),
        )
        for n, unit_id in enumerate(ids)
    ]  # fmt: skip
    found = zmd_layout.review(write_geojson(tmp_path / "plots.geojson", plots))
    for case in found.cases:
        about = {(i.finding["unit_kind"], i.finding["unit_id"]) for i in case.issues}
        promised = {("school", promised_id(case.unit_id, 1))} if case.unit_id == ids[-1] else set()
        assert about - {("residential_area", case.unit_id)} <= promised
        (primary,) = (i for i in case.issues if i.rule.id == "primary-per-new-residential-area")
        assert primary.status == ("pass" if case.unit_id == ids[-1] else "shortfall")
        assert not case.members


def test_a_school_that_names_an_area_of_the_study_is_not_given_to_a_plot_of_the_same_number(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    area = {"unit_id": "1", "name": "老小区", "planned_residents": 12000, **NEW}
    write_geojson(tmp_path / "areas.geojson", [(area, square(0.05, 0.01, 0.005))])
    school = {"school_id": "s", "name": "一小", "stages": "primary", "status": "operating",
              "is_teaching_point": False, "residential_area_id": "1"}  # fmt: skip
    write_geojson(tmp_path / "schools.geojson", [(school, point(0.052, 0.012))])
    extra = "".join(
        f"\n[layers.{name}]\npath = '{file}.geojson'\ncoordinates = 'wgs84'\nyear = 2025\n"
        for name, file in (("residential_areas", "areas"), ("schools", "schools"))
    )
    study = zmd_layout.load_study(make_study(extra))
    plot = {"unit_id": "1", "name": "新地块", **KNOWN, "planned_residents": 12000, "is_new": True}
    file = write_geojson(tmp_path / "plots.geojson", [(plot, square(0.01, 0.01, 0.005))])
    (case,) = zmd_layout.review(file, study=study).cases
    (primary,) = (i for i in case.issues if i.rule.id == "primary-per-new-residential-area")
    assert primary.status == "shortfall"


# counts of verdicts


@pytest.fixture
def checked(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., dict[Any, Any]]:
    """Give a function that checks own rules in counties with townships and schools."""

    def check(*rules: dict[str, Any]) -> dict[Any, Any]:
        write_rules(tmp_path, *rules)
        towns = [
            ({"unit_id": f"41172{c}10{t}", "name": f"镇{c}{t}", "kind": "town",
              "county_id": f"41172{c}"}, square(0.1 * (c - 1) + 0.05 * t, 0, 0.05))
            for c in (1, 2) for t in (0, 1)
        ]  # fmt: skip
        write_geojson(tmp_path / "towns.geojson", towns)
        schools = [
            ({"school_id": f"s{n}", "name": f"{n}小", "stages": "primary"}, point(x, 0.02))
            for n, x in enumerate((0.01, 0.11, 0.16))
        ]
        write_geojson(tmp_path / "schools.geojson", schools)
        extra = "".join(
            f"\n[layers.{name}]\npath = '{file}.geojson'\ncoordinates = 'wgs84'\nyear = 2025\n"
            for name, file in (("townships", "towns"), ("schools", "schools"))
        )
        study = zmd_layout.load_study(make_study(extra, head='rulesets = ["my-rules"]'))
        found = zmd_layout.check(study)
        return found.set_index(["rule_id", "unit_id"])["measured"].to_dict()

    return check


def test_a_county_rule_counts_the_verdicts_of_its_own_county(checked: Callable[..., Any]) -> None:
    found = checked(rule("b-towns", unit="township"), counting("a-counties", "b-towns"))
    counted = {unit: n for (rule_id, unit), n in found.items() if rule_id == "a-counties"}
    assert counted == {"411721": 1, "411722": 0, "411702": 0}


@pytest.mark.parametrize("names", list(itertools.permutations("abc")))
def test_a_chain_of_three_is_counted_in_the_order_of_its_dependence(
    checked: Callable[..., Any], names: tuple[str, ...]
) -> None:
    first, second, third = names
    found = checked(
        rule(first, unit="township"),
        counting(second, first),
        counting(third, second, unit="city"),
    )
    assert {n for (rule_id, _), n in found.items() if rule_id == third} == {1}


@pytest.mark.parametrize(
    ("rules", "key"),
    [
        ([counting("own", "own")], "rulebook.counts_itself"),
        ([counting("a", "b"), counting("b", "c"), counting("c", "a")], "rulebook.circle"),
        ([rule("a", unit="city"), counting("b", "a")], "rulebook.no_part_of_it"),
        ([rule("a"), counting("b", "aa")], "rulebook.unknown_verdicts_near"),
        ([rule("towns"), counting("b", "zzzzzzzz")], "rulebook.unknown_verdicts"),
    ],
)
def test_counts_that_wait_for_themselves_or_for_nobody_are_refused_when_read(
    tmp_path: Path, rules: list[dict[str, Any]], key: str
) -> None:
    with pytest.raises(RuleError) as refused:
        load_ruleset(str(write_rules(tmp_path, *rules)))
    told = [dict(message.args).get("why", message) for message in refused.value.messages]
    assert [message.key for message in told] == [key]


def test_an_alternative_may_count_verdicts_too(checked: Callable[..., Any]) -> None:
    either = {"found": {"either": [{"field": "residents_0_4"},
                                   {"verdicts": "towns", "status": "shortfall"}]}}  # fmt: skip
    found = checked(rule("towns", unit="township"), counting("own", "towns", measures=either))
    assert found["own", "411721"] == 1


# bands


def banded(bands: list[tuple[float | None, float | None, float]]) -> tuple[Any, dict[str, Any]]:
    numbers: dict[str, Any] = {}

    def name(value: float | None) -> str | None:
        if value is None:
            return None
        numbers[f"n{value:g}"] = DatedValue(value=value, basis=Basis.CLAUSE)
        return f"n{value:g}"

    told = [Band(at_least=name(a), at_most=name(b), required=str(name(n))) for a, b, n in bands]
    check = Banded(kind="banded", supply="there", demand="people", bands=tuple(told))
    (any_rule,) = (r for r in load_ruleset("zhumadian-2022-49") if r.id == "senior-new-per-county")
    return any_rule.model_copy(update={"check": check, "needs": ("there", "people")}), numbers


def test_a_band_inside_a_range_is_seen() -> None:
    own, numbers = banded([(10_000, 10_500, 1)])
    values = {"people": Value(9_350, 10_540), "there": Value(0, 0)}
    assert decide_by_kind(own, values, numbers).status == "not_assessable"
    values["there"] = Value(1, 1)
    assert decide_by_kind(own, values, numbers).status == "pass"


def test_bands_are_decided_over_the_whole_range_as_if_every_number_were_tried() -> None:
    chance = random.Random(20)  # noqa: S311 - worlds, no secrets
    for _ in range(2000):
        bands = []
        for _ in range(chance.randrange(1, 4)):
            low, high = sorted(chance.choices([None, *range(10)], k=2), key=lambda n: n or 0)
            bands.append((low, high, chance.randrange(3)))
        own, numbers = banded(bands)
        low = chance.randrange(10)
        high, there = chance.randrange(low, 12), chance.randrange(4)
        found = decide_by_kind(
            own, {"people": Value(low, high), "there": Value(there, there)}, numbers
        )
        holding = [
            [n for a, b, n in bands if (a is None or a <= p) and (b is None or p <= b)]
            for p in range(low, high + 1)
        ]
        owed = [max(held, default=0) for held in holding]
        if not any(holding):
            expected = "not_applicable"
        elif there >= max(owed):
            expected = "pass"
        else:
            expected = "shortfall" if there < min(owed) else "not_assessable"
        assert found.status == expected, (bands, low, high, there)


# the units of a rule for a kind of school


def test_a_rule_for_a_kind_of_school_has_the_schools_of_that_kind_as_its_units(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    kinds = [{"field": "stages", "equals": "primary"}, {"field": "status", "equals": "operating"}]
    large = {"found": {"field": "enrolment"}}
    write_rules(tmp_path, rule("own", unit="school", applies_to=kinds, measures=large))
    schools = [
        ({"school_id": i, "name": i, "stages": stages, "status": status, "enrolment": 5}, None)
        for i, stages, status in (
            ("a", "primary", "operating"), ("b", "junior", "operating"), ("c", None, "operating"),
            ("d", "primary", "planned"), ("e", "primary;junior", "planned"),
        )
    ]  # fmt: skip
    rows = pd.DataFrame([fields for fields, _ in schools])
    rows.to_csv(tmp_path / "schools.csv", index=False)
    extra = "\n[layers.schools]\npath = 'schools.csv'\ncoordinates = 'none'\nyear = 2025\n"
    study = zmd_layout.load_study(make_study(extra, head='rulesets = ["my-rules"]'))
    found = zmd_layout.check(study).set_index("unit_id")["status"].to_dict()
    assert found == {"a": "pass", "c": "not_assessable", "d": "not_applicable"}


def test_classes_of_schools_of_other_kinds_leave_the_count_of_a_kind_alone(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    kinds = [{"field": "stages", "equals": "primary"}]
    write_rules(
        tmp_path, rule("own", unit="school", applies_to=kinds, measures={
            "found": {"count": "classes"}}),
    )  # fmt: skip
    pd.DataFrame(
        [{"school_id": i, "stages": stages} for i, stages in (("a", "primary"), ("b", "junior"))]
    ).to_csv(tmp_path / "schools.csv", index=False)
    pd.DataFrame(
        [{"school_id": i, "stage": "primary", "grade": "1", "pupils": 9} for i in "abb"]
    ).to_csv(tmp_path / "classes.csv", index=False)
    extra = "".join(
        f"\n[layers.{name}]\npath = '{name}.csv'\ncoordinates = 'none'\nyear = 2025\n"
        for name in ("schools", "classes")
    )
    study = zmd_layout.load_study(make_study(extra, head='rulesets = ["my-rules"]'))
    (row,) = zmd_layout.check(study).to_dict("records")
    assert (row["unit_id"], row["measured"]) == ("a", 1)
