"""Counts, sums, shares and statistics of small tables: what is sure, what may be, and why."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from counting_world import (
    LIMITS,
    OPERATING,
    PERIOD,
    counties,
    keys,
    layer,
    school,
    values,
)

from zmd_layout.checks.conditions import is_missing, may_have_stage, meets, meets_all
from zmd_layout.checks.value import Value, exactly, oldest, total, unique, weakest
from zmd_layout.messages import Message
from zmd_layout.rulebook.measure_forms import (
    Condition,
    CountMeasure,
    EitherMeasure,
    FieldMeasure,
    ParameterRef,
    ShareMeasure,
    StatisticMeasure,
    SumMeasure,
)
from zmd_layout.vocabulary import Basis


def test_rows_that_meet_the_condition_are_counted_by_unit() -> None:
    rows = [school("a"), school("a"), school("a", "closed"), school("c")]
    found = values(
        CountMeasure(count="schools", where=(OPERATING,)), layer("schools", rows, year=2025)
    )
    assert found == {
        "a": exactly(2.0, year=2025, sources=("schools 2025",)),
        "b": exactly(0.0, year=2025, sources=("schools 2025",)),
        "c": exactly(1.0, year=2025, sources=("schools 2025",)),
    }


def test_a_row_without_the_decisive_field_widens_the_range_of_its_unit_alone() -> None:
    rows = [school("a"), school("a", None), school("c")]
    found = values(CountMeasure(count="schools", where=(OPERATING,)), layer("schools", rows))
    assert (found["a"].low, found["a"].high) == (1, 2)
    assert keys(found["a"]) == ["measures.undecided"]
    assert "1" in found["a"].notes[0].text("en")
    assert (found["c"].low, found["c"].high) == (1, 1)
    assert found["c"].notes == ()


def test_a_row_of_unknown_place_may_be_in_every_unit() -> None:
    rows = [school("a"), school(None), school(None, "closed")]
    found = values(CountMeasure(count="schools", where=(OPERATING,)), layer("schools", rows))
    assert [(v.low, v.high) for v in found.values()] == [(1, 2), (0, 1), (0, 1)]
    assert keys(found["b"]) == ["measures.undecided"]


def test_a_list_that_is_not_complete_has_no_upper_end() -> None:
    found = values(
        CountMeasure(count="schools", where=(OPERATING,)),
        layer("schools", [school("a")], is_complete=False),
    )
    assert [(v.low, v.high) for v in found.values()] == [
        (1, math.inf),
        (0, math.inf),
        (0, math.inf),
    ]
    assert "osm_incomplete" in found["a"].flags
    assert keys(found["a"]) == ["measures.incomplete"]


def test_without_the_layer_every_unit_says_what_is_missing() -> None:
    found = values(CountMeasure(count="schools"))
    assert all(v.is_unknown and keys(v) == ["measures.missing_layer"] for v in found.values())
    assert list(found) == ["a", "b", "c"]


def test_no_row_at_all_is_unknown_where_rows_are_needed_and_zero_where_not() -> None:
    rows = [school("a", "closed"), school("c")]
    needed = CountMeasure(count="schools", where=(OPERATING,), needs_rows=True)
    found = values(needed, layer("schools", rows))
    assert found["a"].known == 0
    assert found["b"].is_unknown
    assert keys(found["b"]) == ["measures.no_rows"]
    assert found["c"].known == 1


def test_seats_are_summed_and_an_unknown_one_leaves_the_sum_open() -> None:
    rows = [school("a", seats=100.0), school("a", seats=50.0), school("b", seats=math.nan),
            school("c", None, seats=70.0)]  # fmt: skip
    found = values(
        SumMeasure(sum="schools", of="seats", where=(OPERATING,)), layer("schools", rows)
    )
    assert found["a"].known == 150
    assert (found["b"].low, found["b"].high) == (0, math.inf)
    assert keys(found["b"]) == ["measures.undecided_open"]
    assert (found["c"].low, found["c"].high) == (0, 70)
    assert keys(found["c"]) == ["measures.undecided_sum"]


def test_a_sum_over_a_column_that_is_not_there_is_open() -> None:
    found = values(SumMeasure(sum="schools", of="seats"), layer("schools", [school("a")]))
    assert (found["a"].low, found["a"].high) == (0, math.inf)


def test_a_sum_of_assumed_numbers_says_that_it_is_an_assumption() -> None:
    rows = [school("a", seats=100.0)]
    assumed = layer("schools", rows, assumed_columns=frozenset({"seats"}))
    assert values(SumMeasure(sum="schools", of="seats"), assumed)["a"].basis is Basis.ASSUMPTION
    assert values(CountMeasure(count="schools"), assumed)["a"].basis is None


def test_one_made_up_row_marks_the_count_and_so_does_a_made_up_field() -> None:
    count = CountMeasure(count="schools", where=(OPERATING,))
    assert values(count, layer("schools", [school("a", name="示例一小")]))["a"].is_synthetic
    assert not values(count, layer("schools", [school("a", name="一小")]))["a"].is_synthetic
    made = layer("schools", [school("a")], synthetic_columns=frozenset({"status"}))
    assert values(count, made)["a"].is_synthetic
    other = layer("schools", [school("a")], synthetic_columns=frozenset({"seats"}))
    assert not values(count, other)["a"].is_synthetic


def test_a_count_in_the_plan_period_is_as_old_as_its_older_part() -> None:
    new = Condition(field="opens_on", in_plan_period=True)
    days = (*PERIOD, dt.date(2020, 12, 31), dt.date(2026, 1, 1))
    rows = [school("a", opens_on=day) for day in days]
    found = values(CountMeasure(count="schools", where=(new,)), layer("schools", rows, year=2030))
    assert found["a"].known == 2
    assert found["a"].year == 2025
    older = values(CountMeasure(count="schools", where=(new,)), layer("schools", rows, year=2022))
    assert older["a"].year == 2022
    plain = values(CountMeasure(count="schools"), layer("schools", rows, year=2030))
    assert plain["a"].year == 2030


def test_a_share_is_in_percent_and_nothing_to_divide_is_void() -> None:
    rows = [school("a"), school("a", "closed"), school("a", "closed"), school("c", None)]
    share = ShareMeasure(
        part=CountMeasure(count="schools", where=(OPERATING,)), whole=CountMeasure(count="schools")
    )
    found = values(share, layer("schools", rows, year=2025))
    assert found["a"].known == pytest.approx(100 / 3)
    assert found["a"].sources == ("schools 2025",)
    assert found["a"].year == 2025
    assert found["b"].is_void
    assert keys(found["b"]) == ["measures.nothing_to_divide"]
    assert (found["c"].low, found["c"].high) == (0, 100)
    rest = values(share.model_copy(update={"rest": True}), layer("schools", rows))
    assert rest["a"].known == pytest.approx(200 / 3)
    assert (rest["c"].low, rest["c"].high) == (0, 100)


def test_a_share_of_an_open_whole_is_unknown() -> None:
    share = ShareMeasure(
        part=CountMeasure(count="schools", where=(OPERATING,)), whole=CountMeasure(count="schools")
    )
    found = values(share, layer("schools", [school("a")], is_complete=False))
    assert found["a"].is_unknown


def test_a_column_of_the_unit_is_its_value_and_an_empty_cell_is_unknown() -> None:
    found = values(FieldMeasure(field="residents"))
    assert found["a"] == exactly(1000.0, year=2020, sources=("counties 2020",))
    assert found["b"].is_unknown
    assert found["b"].year == 2020
    assert keys(found["b"]) == ["measures.empty_field"]
    assert keys(values(FieldMeasure(field="pupils"))["a"]) == ["measures.missing_column"]
    assumed = values(
        FieldMeasure(field="residents"), counties(assumed_columns=frozenset({"residents"}))
    )
    assert assumed["a"].basis is Basis.ASSUMPTION
    made = values(
        FieldMeasure(field="residents"), counties(synthetic_columns=frozenset({"residents"}))
    )
    assert made["a"].is_synthetic
    assert not found["a"].is_synthetic


def test_the_latest_statistic_up_to_the_day_is_taken() -> None:
    rows = [
        {"unit_id": uid, "year": year, "name": name, "value": value}
        for uid, year, name, value in (
            ("a", 2024, "x", 5.0), ("a", 2025, "x", 7.0), ("a", 2026, "x", 9.0),
            ("a", 2023, "x", 3.0), ("c", 2024, "y", 1.0),
        )
    ]  # fmt: skip
    found = values(StatisticMeasure(statistic="x"), layer("statistics", rows))
    assert found["a"] == exactly(7.0, year=2025, sources=("statistics 2025",))
    assert found["c"].is_unknown
    assert keys(found["c"]) == ["measures.no_statistic"]
    assert keys(values(StatisticMeasure(statistic="x"))["a"]) == ["measures.missing_layer"]


def test_the_first_known_of_several_is_taken_then_the_first_with_ends() -> None:
    rows = [school("a", None), school("b")]
    either = EitherMeasure(
        either=(FieldMeasure(field="pupils"), CountMeasure(count="schools", where=(OPERATING,)),
                FieldMeasure(field="residents"))
    )  # fmt: skip
    found = values(either, layer("schools", rows))
    assert found["a"].known == 1000, "exact goes before a range"
    assert found["b"].known == 1
    ranged = EitherMeasure(either=(FieldMeasure(field="pupils"), either.either[1]))
    assert (values(ranged, layer("schools", rows))["a"].low) == 0
    nothing = EitherMeasure(either=(FieldMeasure(field="pupils"), FieldMeasure(field="seats")))
    assert keys(values(nothing)["a"]) == ["measures.missing_column"] * 2


@pytest.mark.parametrize(
    ("condition", "value", "met"),
    [
        (OPERATING, "operating", True),
        (OPERATING, "closed", False),
        (OPERATING, None, None),
        (OPERATING, "", None),
        (OPERATING, math.nan, None),
        (Condition(field="x", equals=False), False, True),
        (Condition(field="x", any_of=("a", "b")), "b", True),
        (Condition(field="x", any_of=("a", "b")), "ab", False),
        (Condition(field="x", contains="primary"), "primary;junior", True),
        (Condition(field="x", contains="prim"), "primary;junior", False),
        (Condition(field="x", at_least=3), 3, True),
        (Condition(field="x", at_least=3), 2.9, False),
        (Condition(field="x", at_most=3), 3, True),
        (Condition(field="x", at_most=3), 3.1, False),
        (Condition(field="x", at_most=0), 0, True),
        (Condition(field="x", at_least=dt.date(2024, 1, 1)), dt.date(2024, 1, 1), True),
        (Condition(field="x", at_most=ParameterRef(parameter="most")), 300, True),
        (Condition(field="x", at_most=ParameterRef(parameter="most")), 301, False),
        (Condition(field="x", at_most=ParameterRef(parameter="none")), 1, None),
        (Condition(field="x", in_plan_period=True), PERIOD[0], True),
        (Condition(field="x", in_plan_period=True), dt.date(2026, 1, 1), False),
    ],
)
def test_a_value_meets_a_condition_or_not_or_nobody_knows(
    condition: Condition, value: object, met: object
) -> None:
    assert meets(value, condition, limits=LIMITS, plan_period=PERIOD) is met


def test_without_a_plan_period_nobody_knows() -> None:
    condition = Condition(field="x", in_plan_period=True)
    assert meets(PERIOD[0], condition, limits={}, plan_period=None) is None


def test_a_column_that_is_not_there_leaves_every_row_possible() -> None:
    frame = layer("schools", [school("a"), school("b")]).frame
    surely, possibly = meets_all(
        frame, (Condition(field="colour", equals="red"), OPERATING), limits={}, plan_period=None
    )
    assert surely.tolist() == [False, False]
    assert possibly.tolist() == [True, True]


def test_a_school_whose_stages_are_open_cannot_be_of_a_stage_that_is_ruled_out() -> None:
    rows = [
        school("a", stages="primary", possible_stages=None),
        school("a", stages=None, possible_stages="junior;senior"),
        school("a", stages=None, possible_stages=None),
        school("a", stages="junior", possible_stages=None),
    ]
    has, may = may_have_stage(layer("schools", rows).frame, "primary")
    assert has.tolist() == [True, False, False, False]
    assert may.tolist() == [False, False, True, False]


@pytest.mark.parametrize("empty", [None, "", math.nan])
def test_an_empty_cell_is_missing(empty: object) -> None:
    assert is_missing(empty)
    assert not any(is_missing(cell) for cell in (0, 0.0, False, " ", "0", ()))


def test_values_add_up_with_all_that_they_carry() -> None:
    note = Message("measures.nothing_to_divide")
    one = Value(1, 2, year=2020, flags=("b",), notes=(note,), sources=("x",))
    two = Value(
        3, 3, year=2024, is_synthetic=True, basis=Basis.ASSUMPTION, flags=("a",), sources=("y",)
    )
    found = total([one, two], source="z")
    assert (found.low, found.high, found.year) == (4, 5, 2020)
    assert found.is_synthetic
    assert found.basis is Basis.ASSUMPTION
    assert found.flags == ("a", "b")
    assert found.sources == ("x", "y", "z")
    assert [n.key for n in found.notes] == ["measures.sum_open", note.key]
    assert total([], source="z") == Value(0, 0, sources=("z",))
    unknown = total([Value(notes=(note,)), two], source="z")
    assert unknown.is_unknown
    assert [n.key for n in unknown.notes] == [note.key]


def test_the_oldest_year_is_unknown_where_one_is() -> None:
    assert oldest(2024, 2020) == 2020
    assert oldest(2024, None) is None
    assert oldest() is None


def test_the_weakest_basis_counts() -> None:
    assert weakest(Basis.CLAUSE, None, Basis.ASSUMPTION, Basis.STANDARD) is Basis.ASSUMPTION
    assert weakest(None, Basis.CLAUSE) is Basis.CLAUSE
    assert weakest(None) is None
    assert unique([Message("a.b"), Message("a.c"), Message("a.b")]) == (
        Message("a.b"),
        Message("a.c"),
    )


def test_what_a_value_knows_of_itself() -> None:
    assert Value(2, 2).is_exact
    assert Value(2, 2).known == 2
    assert Value(2, 3).known is None
    assert Value(2, 3).is_bounded
    assert not Value(2, 3).is_unknown
    assert Value(2, math.inf).is_unknown
    assert not Value(2, math.inf).is_bounded
    assert not Value(-math.inf, 2).is_bounded


def test_notes_name_the_layer_and_the_field_in_words() -> None:
    missing = values(CountMeasure(count="schools"))["a"].notes[0]
    assert "schools" in missing.text("en")
    assert "None" not in missing.text("en")
    figures = values(StatisticMeasure(statistic="x"))["a"].notes[0]
    assert figures.text("en") != missing.text("en")
    column = values(FieldMeasure(field="pupils"))["a"].notes[0].text("en")
    assert "counties 2020" in column
    assert "None" not in column
    assert "None" not in values(FieldMeasure(field="residents"))["b"].notes[0].text("en")
    rows = [{"unit_id": "c", "year": 2024, "name": "y", "value": 1.0}]
    none = values(StatisticMeasure(statistic="x"), layer("statistics", rows))["a"].notes[0]
    assert dict(none.args)["name"] == "x"


def test_a_share_carries_what_its_parts_carry() -> None:
    share = ShareMeasure(
        part=CountMeasure(count="schools", where=(OPERATING,)),
        whole=SumMeasure(sum="classes", of="pupils"),
    )
    schools = layer("schools", [school("a", name="示例一小"), school("a", None)], year=2025)
    classes = layer("classes", [{"county_id": "a", "pupils": 4.0}], year=2021)
    found = values(share, schools, classes)["a"]
    assert (found.low, found.high) == (25, 50)
    assert found.is_synthetic
    assert found.year == 2021
    assert keys(found) == ["measures.undecided"]
    assert found.sources == ("classes 2021", "schools 2025")


def test_conditions_hold_together_and_the_order_does_not_matter() -> None:
    frame = layer("schools", [school("a", size=1), school("a", "closed", size=9)]).frame
    big = Condition(field="size", at_least=ParameterRef(parameter="most"))
    absent = Condition(field="colour", equals="red")
    for conditions in ((OPERATING, big), (big, OPERATING), (absent, big)):
        _, possibly = meets_all(frame, conditions, limits=LIMITS, plan_period=None)
        assert possibly.tolist() == [False, False]
