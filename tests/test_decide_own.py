"""What no built-in rule happens to need of a decision, on rules of one's own made from them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from zmd_layout.checks import Unit, Verdict, decide, report
from zmd_layout.checks.value import Value, exactly
from zmd_layout.messages import Message
from zmd_layout.rulebook import Rule, load_rule, rules_folder
from zmd_layout.vocabulary import Basis, Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SET = "zhumadian-2022-49"
AREA, SENIOR = "primary-per-new-residential-area", "senior-new-per-county"
AS_OF = dt.date(2025, 12, 31)
NEW_AREA = Unit({"settlement": "urban", "is_new": True, "conditions_on": dt.date(2024, 1, 1)})
COUNTY = Unit({"kind": "county"})
PROVINCE = """
  province_residents:
    unit: person/school
    values:
      2022-07-01: {value: 8000, basis: clause, clause: box6}
measures:
  primary_schools: """


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Rule]:
    """Give a function that makes a rule from a packaged one by exchanging parts of its text."""

    def make(name: str, *exchanged: tuple[str, str]) -> Rule:
        text = (rules_folder() / SET / f"{name}.yaml").read_text("utf-8")
        for old, new in exchanged:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, "utf-8")
        return load_rule(path)

    return make


@pytest.fixture
def beside_province(own: Callable[..., Rule]) -> Rule:
    """Give a rule of the city, a school for 10,000 people, beside a province that asks 8,000."""
    return own(
        AREA,
        ("\nmeasures:\n  primary_schools: ", PROVINCE),
        ("needs: [", "stricter: {limit: province_residents, flag: exceeds_province}\nneeds: ["),
    )


def of_area(rule: Rule, people: Value, schools: Value) -> Verdict:
    values = {"planned_residents": people, "primary_schools": schools}
    verdict = decide(rule, unit=NEW_AREA, values=values, as_of=AS_OF)
    assert verdict is not None
    return verdict


def of_county(rule: Rule, people: float | Value, schools: float) -> Verdict:
    residents = people if isinstance(people, Value) else exactly(people)
    values = {"residents": residents, "new_senior_schools": exactly(schools)}
    verdict = decide(rule, unit=COUNTY, values=values, as_of=AS_OF)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("people", "schools", "status", "asked"),
    [
        (16_000, 1, Status.PASS, 2),  # one by the city, two by the province
        (15_999, 1, Status.PASS, None),
        (16_000, 2, Status.PASS, None),
        (9_000, 0, Status.NOT_APPLICABLE, 1),  # below the ratio of the city, not of the province
        (9_000, 1, Status.NOT_APPLICABLE, None),
        (7_999, 0, Status.NOT_APPLICABLE, None),
        (40_000, 0, Status.SHORTFALL, None),  # the city's own shortfall says enough
    ],
)
def test_a_province_that_asks_more_is_told_where_the_city_is_content(
    beside_province: Rule, people: float, schools: float, status: Status, asked: int | None
) -> None:
    verdict = of_area(beside_province, exactly(people), exactly(schools))
    assert verdict.status is status
    assert ("exceeds_province" in verdict.flags) == (asked is not None)
    told = [note for note in verdict.notes if note.key == "checks.province_asks_more"]
    wanted = Message("checks.province_asks_more", per=8000, required=asked)
    assert told == ([] if asked is None else [wanted])


def test_what_a_province_asks_for_is_not_held_against_schools_of_unknown_number(
    beside_province: Rule,
) -> None:
    unknown = of_area(beside_province, exactly(9_000), Value())
    assert unknown.flags == ()
    told = [note.key for note in of_area(beside_province, exactly(9_000), exactly(0)).notes]
    assert told == ["checks.below_ratio", "checks.province_asks_more"]


def test_numbers_that_are_not_in_force_yet_are_named_and_nothing_is_decided(
    own: Callable[..., Rule],
) -> None:
    later = [
        (
            f"  {name}:\n    unit: school\n    values:\n      2022",
            f"  {name}:\n    unit: school\n    values:\n      2030",
        )
        for name in ("schools_below", "schools_above")
    ]
    verdict = of_county(own(SENIOR, *later), 500_000, 5)
    assert verdict.status is Status.NOT_ASSESSABLE
    assert verdict.notes == (Message("checks.no_number", names=["schools_above", "schools_below"]),)


def test_a_verdict_rests_on_the_band_that_was_used_and_no_other(own: Callable[..., Rule]) -> None:
    source = "source: {zh: 假设, en: assumed}"
    rule = own(
        SENIOR, ("value: 2, basis: clause, clause: above", f"value: 2, basis: assumption, {source}")
    )
    assert of_county(rule, 900_000, 2).basis is Basis.ASSUMPTION
    assert of_county(rule, 400_000, 2).basis is Basis.CLAUSE


@pytest.mark.parametrize("void", ["planned_residents", "primary_schools"])
def test_where_there_is_nothing_to_measure_nothing_is_owed_and_the_reason_stays(
    own: Callable[..., Rule], void: str
) -> None:
    why = Message("measures.nothing_to_divide")
    values: dict[str, Any] = {n: exactly(20_000) for n in ("planned_residents", "primary_schools")}
    values[void] = Value(is_void=True, notes=(why,))
    verdict = of_area(own(AREA), values["planned_residents"], values["primary_schools"])
    assert verdict.status is Status.NOT_APPLICABLE
    assert verdict.required == 0
    assert verdict.notes == (why,)


@pytest.mark.parametrize(
    ("method", "word"),
    [((Message("measures.no_way"),), "scenario"), ((), "multiplier")],
)
def test_a_range_that_decides_is_told_with_both_ends_and_where_it_comes_from(
    own: Callable[..., Rule], method: tuple[Message, ...], word: str
) -> None:
    verdict = of_area(own(AREA), Value(9_000, 21_000, method=method), exactly(1))
    assert verdict.status is Status.NOT_ASSESSABLE
    assert verdict.flags == (f"{word}_decides",)
    told = Message(f"checks.{word}_decides", low=9_000, high=21_000)
    assert verdict.notes == (told, *method)
    settled = of_area(own(AREA), Value(9_000, 21_000, method=method), exactly(2))
    assert (settled.status, settled.flags) == (Status.PASS, ())


@pytest.mark.parametrize(
    ("people", "is_near"),
    [
        (Value(500_000, 610_000), True),  # 5 % of 600,000 are 30,000
        (Value(500_000, 570_000), True),
        (Value(630_000, 900_000), True),
        (Value(500_000, 569_999), False),
        (Value(630_001, 900_000), False),
        (Value(100_000, 200_000), False),
    ],
)
def test_a_range_is_near_a_line_where_either_end_of_it_is(
    own: Callable[..., Rule], people: Value, *, is_near: bool
) -> None:
    verdict = of_county(own(SENIOR), people, 2)
    assert verdict.status is Status.PASS
    assert ("near_threshold" in verdict.flags) == is_near
    told = Message("checks.near_threshold", demand=people.low, bound=600_000)
    assert (told in verdict.notes) == is_near


def test_a_range_that_ends_on_the_line_where_both_sentences_hold_owes_the_larger_number(
    own: Callable[..., Rule],
) -> None:
    verdict = of_county(own(SENIOR), Value(500_000, 600_000), 2)
    assert "overlap_600000" in verdict.flags
    assert Message("checks.overlap", demand=600_000, required=2) in verdict.notes


def test_people_of_unknown_number_are_named_where_nothing_says_why(
    own: Callable[..., Rule],
) -> None:
    verdict = of_county(own(SENIOR), Value(), 2)
    assert (verdict.status, verdict.measured) == (Status.NOT_ASSESSABLE, 2)
    assert verdict.notes == (Message("checks.unknown_measure", name="residents"),)


def test_the_letter_is_held_beside_what_is_surely_owed_and_no_more(
    own: Callable[..., Rule],
) -> None:
    perhaps_two = of_area(own(AREA), Value(19_000, 21_000), exactly(0))
    assert (perhaps_two.status, perhaps_two.basis) == (Status.SHORTFALL, Basis.CLAUSE)
    assert perhaps_two.notes == ()
    surely_two = of_area(own(AREA), Value(20_000, 21_000), exactly(0))
    assert (surely_two.basis, surely_two.required, surely_two.gap) == (Basis.CLAUSE, 1, 1)
    assert surely_two.notes == (Message("checks.letter_and_proportion", letter=1, required=2),)


def test_a_rule_that_does_not_apply_is_made_up_where_the_field_that_says_so_is(
    own: Callable[..., Rule],
) -> None:
    values = {name: exactly(1) for name in ("residents", "new_senior_schools")}
    for made, is_made_up in (({"kind"}, True), ({"residents"}, False)):
        unit = Unit({"kind": "district"}, made=frozenset(made))
        verdict = decide(own(SENIOR), unit=unit, values=values, as_of=AS_OF)
        assert verdict is not None
        assert (verdict.status, verdict.is_synthetic) == (Status.NOT_APPLICABLE, is_made_up)


def test_of_a_rule_that_is_not_in_force_no_figure_is_reported(own: Callable[..., Rule]) -> None:
    values = {name: exactly(1) for name in ("residents", "new_senior_schools")}
    days = dt.date(2022, 6, 30), dt.date(2022, 7, 1)
    before, since = (report(own(SENIOR), unit=COUNTY, values=values, as_of=day) for day in days)
    assert before is None
    assert since is not None
    assert (since.status, since.measured) == (Status.REPORTED, 1)
