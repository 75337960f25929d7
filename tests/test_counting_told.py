"""What a count, a sum, a share or a figure says of itself: the reason, the cautions, the origin."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Any

import pytest
import shapely
from counting_world import LIMITS, OPERATING, STUDY, counties, keys, layer, school, values

from zmd_layout.checks.conditions import meets_all
from zmd_layout.checks.value import Value, exactly, total
from zmd_layout.measures import World, evaluate
from zmd_layout.measures.registry import NAMED_MEASURES
from zmd_layout.messages import Message
from zmd_layout.messages.words import field_word, layer_word
from zmd_layout.rulebook.measure_forms import (
    Condition,
    CountMeasure,
    EitherMeasure,
    FieldMeasure,
    NamedMeasure,
    ParameterRef,
    ShareMeasure,
    StatisticMeasure,
    SumMeasure,
)
from zmd_layout.study.schools import Completeness
from zmd_layout.vocabulary import Stage, UnitKind

COUNT = CountMeasure(count="schools", where=(OPERATING,))
SEATS = SumMeasure(sum="schools", of="seats", where=(OPERATING,))
PRIMARY = CountMeasure(
    count="schools", where=(OPERATING, Condition(field="stages", contains="primary"))
)
SMALL = Condition(field="size", at_most=ParameterRef(parameter="most"))  # 300
SCHOOLS = layer_word("schools")


# --- why a value is not known


def test_what_is_missing_is_named() -> None:
    def why(definition: Any, unit: str = "a", *layers: Any) -> tuple[Message, ...]:
        return values(definition, *layers)[unit].notes

    assert why(COUNT) == (Message("measures.missing_layer", layer=SCHOOLS),)
    assert why(StatisticMeasure(statistic="x")) == (
        Message("measures.missing_layer", layer=layer_word("statistics")),
    )
    assert why(FieldMeasure(field="pupils")) == (
        Message("measures.missing_column", source="counties 2020", field=field_word("pupils")),
    )
    assert why(FieldMeasure(field="residents"), "b") == (
        Message("measures.empty_field", field=field_word("residents")),
    )
    needed = COUNT.model_copy(update={"needs_rows": True})
    assert why(needed, "b", layer("schools", [school("a")])) == (
        Message("measures.no_rows", layer=SCHOOLS),
    )


def test_where_nothing_is_known_the_first_way_stands_with_the_reasons_of_all() -> None:
    ways = FieldMeasure(field="residents"), FieldMeasure(field="pupils"), FieldMeasure(field="x")
    found = values(EitherMeasure(either=ways))["b"]
    assert found.year == 2020, "the year of the layer with the empty cell"
    assert found.notes == (
        Message("measures.empty_field", field=field_word("residents")),
        Message("measures.missing_column", source="counties 2020", field=field_word("pupils")),
        Message("measures.missing_column", source="counties 2020", field=field_word("x")),
    )
    assert values(EitherMeasure(either=ways[::-1]))["b"].year is None


def test_what_there_is_nothing_to_measure_of_goes_before_a_range() -> None:
    void = ShareMeasure(part=COUNT, whole=CountMeasure(count="classes"))
    either = EitherMeasure(either=(FieldMeasure(field="pupils"), COUNT, void))
    schools = layer("schools", [school("a", None)])
    classes = layer("classes", [{"county_id": "b"}])
    assert values(either, schools, classes)["a"].is_void


# --- why a count has two ends


def test_a_range_names_its_ends_and_the_fields_that_the_open_rows_lack() -> None:
    public = Condition(field="ownership", equals="public")
    rows = [
        school("a", ownership="public"),
        school("a", ownership=None),
        school("b", None, ownership="public"),
        # decided by its status: what it lacks does not matter
        school("a", "closed", ownership=None),
    ]
    found = values(CountMeasure(count="schools", where=(OPERATING, public)), layer("schools", rows))
    fields = [field_word("status"), field_word("ownership")]
    told = Message("measures.undecided", layer=SCHOOLS, low=1.0, high=2.0, fields=fields)
    assert found["a"].notes == (told,)
    assert found["b"].notes == (
        Message("measures.undecided", layer=SCHOOLS, low=0.0, high=1.0, fields=fields),
    )
    assert found["c"].notes == ()
    only = values(
        CountMeasure(count="schools", where=(OPERATING, public)),
        layer("schools", [*rows[:2], rows[3]]),
    )
    assert dict(only["a"].notes[0].args)["fields"] == [field_word("ownership")]


def test_a_column_that_the_layer_has_not_is_named() -> None:
    where = (OPERATING, Condition(field="ownership", equals="public"))
    found = values(CountMeasure(count="schools", where=where), layer("schools", [school("a")]))
    assert found["a"].notes == (
        Message(
            "measures.undecided", layer=SCHOOLS, low=0.0, high=1.0, fields=[field_word("ownership")]
        ),
    )


def test_rows_of_unknown_place_are_told_as_such() -> None:
    rows = [school("a", seats=30.0), school(None, seats=70.0)]
    place = [Message("measures.unplaced")]
    counted = values(COUNT, layer("schools", rows))
    assert counted["b"].notes == (
        Message("measures.undecided", layer=SCHOOLS, low=0.0, high=1.0, fields=place),
    )
    summed = values(SEATS, layer("schools", rows))
    assert [(v.low, v.high) for v in summed.values()] == [(30, 100), (0, 70), (0, 70)]
    assert summed["a"].notes == (
        Message("measures.undecided_sum", layer=SCHOOLS, low=30.0, high=100.0, fields=place),
    )
    open_ = values(SEATS, layer("schools", [school("a", seats=30.0), school(None, seats=math.nan)]))
    assert open_["b"].notes == (
        Message("measures.undecided_open", layer=SCHOOLS, low=0.0, high=math.inf, fields=place),
    )


def test_a_list_that_is_not_complete_tells_what_it_knows() -> None:
    found = values(COUNT, layer("schools", [school("a")], is_complete=False))
    assert found["a"].notes == (Message("measures.incomplete", layer=SCHOOLS, count=1.0),)
    assert found["b"].notes == (Message("measures.incomplete", layer=SCHOOLS, count=0.0),)
    assert found["a"].flags == ("osm_incomplete",)


def test_where_too_few_schools_of_a_stage_are_known_their_count_has_no_upper_end() -> None:
    asked = Completeness(expected={"a": {Stage.PRIMARY: 9}}, year=2025)
    known = [school("a", stages="primary", is_teaching_point=False) for _ in range(3)]
    world = World(
        STUDY.model_copy(update={"completeness": asked}),
        {"counties": counties(), "schools": layer("schools", known)},
        STUDY.as_of,
    )
    units = world.units(UnitKind.COUNTY, LIMITS)
    assert units is not None
    found = evaluate(PRIMARY, world=world, units=units, limits=LIMITS)
    assert (found["a"].low, found["a"].high, keys(found["a"])) == (
        3, math.inf, ["completeness.too_few"],
    )  # fmt: skip
    assert (found["b"].known, found["b"].notes) == (0, ())


# --- what is to be said of a range


def staged(*rows: dict[str, Any]) -> dict[str, Value]:
    return values(PRIMARY, layer("schools", list(rows)))


def test_a_school_of_open_stage_flags_the_range_of_its_unit_alone() -> None:
    found = staged(
        school("a", stages="primary"),
        school("a", stages=None),
        school("b", None, stages="primary"),
        school("c", "closed", stages=None),
    )
    flags = {unit: value.flags for unit, value in found.items()}
    assert flags == {"a": ("ambiguous_stage",), "b": (), "c": ()}
    assert (found["b"].low, found["b"].high) == (0, 1), "open, but not for its stage"


def test_a_school_of_open_stage_and_place_flags_every_unit() -> None:
    found = staged(school("a", stages="primary"), school(None, stages=None))
    assert {value.flags for value in found.values()} == {("ambiguous_stage",)}
    both = staged(school("a", stages=None), school(None, stages=None))
    assert {value.flags for value in both.values()} == {("ambiguous_stage",)}
    known = staged(school("a", stages=None), school(None, stages="primary"))
    assert [value.flags for value in known.values()] == [("ambiguous_stage",), (), ()]


def test_schools_without_a_column_of_stages_are_all_of_open_stage() -> None:
    found = staged(school("a"), school("c", "closed"))
    assert [value.flags for value in found.values()] == [("ambiguous_stage",), (), ()]


def test_a_school_of_open_stage_without_seats_leaves_the_sum_of_seats_as_it_is() -> None:
    seats = SumMeasure(sum="schools", of="seats", where=PRIMARY.where)
    found = values(seats, layer("schools", [school("a", stages=None, seats=0.0)]))["a"]
    assert (found.known, found.flags) == (0, ())


def test_only_a_stage_that_is_asked_for_is_ruled_out_by_the_possible_ones() -> None:
    rows = [school("a", stages=None, grades=None, possible_stages="junior;senior")]
    frame = layer("schools", rows).frame

    def is_possible(**condition: Any) -> bool:
        asked = (Condition(**condition),)
        return bool(meets_all(frame, asked, limits={}, plan_period=None)[1][0])

    assert is_possible(field="stages", contains="senior")
    assert not is_possible(field="stages", contains="primary")
    assert is_possible(field="stages", any_of=("primary",)), "a list of its own, held as it stands"
    assert is_possible(field="grades", contains="primary")


def test_other_layers_have_no_open_stages() -> None:
    rows = [{"county_id": "a", "stages": None}]
    where = (Condition(field="stages", contains="primary"),)
    found = values(CountMeasure(count="projects", where=where), layer("projects", rows))
    assert (found["a"].high, found["a"].flags) == (1, ())


def test_positions_of_an_unverified_datum_flag_even_an_exact_count() -> None:
    rows = [school(None, geometry=shapely.Point(5, 5)), school("b")]
    found = values(COUNT, layer("schools", rows, is_datum_verified=False))
    assert found["a"].known == 1
    assert found["a"].flags == ("datum_unverified",)
    closed = [school(None, "closed", geometry=shapely.Point(5, 5)), school("b")]
    assert values(COUNT, layer("schools", closed, is_datum_verified=False))["a"].flags == ()


# --- where a number comes from


def test_made_up_positions_make_a_count_up_and_so_does_a_made_up_list_without_rows() -> None:
    rows = [school("a")]
    assert values(COUNT, layer("schools", rows, synthetic_columns=frozenset({"geometry"})))[
        "a"
    ].is_synthetic
    for columns, is_synthetic in ((frozenset(), False), (frozenset({"seats"}), True)):
        some = layer("schools", rows, synthetic_columns=columns)
        nothing = replace(some, frame=some.frame.iloc[:0])
        expected = exactly(0.0, is_synthetic=is_synthetic, sources=("schools",))
        assert values(COUNT, nothing)["a"] == expected


def test_a_column_that_nobody_could_make_up_is_taken_as_it_is() -> None:
    found = values(FieldMeasure(field="is_synthetic"))
    assert found["c"] == exactly(0.0, year=2020, sources=("counties 2020",))


def test_a_study_without_a_plan_period_leaves_what_lies_in_it_open() -> None:
    world = World(
        STUDY.model_copy(update={"plan_period": None}),
        {
            "counties": counties(),
            "schools": layer("schools", [school("a", opens_on=dt.date(2024, 9, 1))], year=2024),
        },
        STUDY.as_of,
    )
    units = world.units(UnitKind.COUNTY, LIMITS)
    assert units is not None
    new = CountMeasure(count="schools", where=(Condition(field="opens_on", in_plan_period=True),))
    found = evaluate(new, world=world, units=units, limits=LIMITS)["a"]
    assert (found.low, found.high, found.year) == (0, 1, 2024)


def test_a_figure_is_made_up_where_the_statistics_are() -> None:
    rows = [{"unit_id": "a", "year": 2024, "name": "x", "value": 5.0}]
    made = layer("statistics", rows, synthetic_columns=frozenset({"value"}))
    assert values(StatisticMeasure(statistic="x"), made)["a"] == exactly(
        5.0, year=2024, is_synthetic=True, sources=("statistics 2024",)
    )


def test_of_several_figures_of_one_year_the_last_in_the_table_counts() -> None:
    years = [2020 + n % 5 for n in range(100)]
    rows = [
        {"unit_id": "a", "year": year, "name": "x", "value": float(n)}
        for n, year in enumerate(years)
    ]
    found = values(StatisticMeasure(statistic="x"), layer("statistics", rows))["a"]
    assert (found.known, found.year) == (99, 2024)


def test_a_figure_that_is_not_there_is_named() -> None:
    rows = [{"unit_id": "c", "year": 2026, "name": "x", "value": 1.0}]
    found = values(StatisticMeasure(statistic="x"), layer("statistics", rows))
    told = (Message("measures.no_statistic", name="x"),)
    assert [value.notes for value in found.values()] == [told] * 3, "2026 is after the day"


# --- numbers of the rule


def test_numbers_in_a_column_of_mixed_cells_are_summed() -> None:
    mixed = layer("schools", [school("a", seats=100.0), school("a", seats=50.0), school("b")])
    mixed.frame["seats"] = mixed.frame["seats"].astype(object)
    found = values(SEATS, mixed)
    assert found["a"].known == 150
    assert (found["b"].low, found["b"].high) == (0, math.inf)


@pytest.mark.parametrize(
    "definition",
    [
        CountMeasure(count="schools", where=(SMALL,)),
        EitherMeasure(
            either=(FieldMeasure(field="pupils"), CountMeasure(count="schools", where=(SMALL,)))
        ),
    ],
)
def test_a_bound_of_the_rule_holds_in_every_form_of_count(definition: Any) -> None:
    rows = [school("a", size=300), school("a", size=301)]
    assert values(definition, layer("schools", rows))["a"].known == 1


def test_a_bound_of_the_rule_holds_on_both_sides_of_a_share() -> None:
    rows = [school("a", size=300), school("a", "closed", size=300), school("a", size=301)]
    small = CountMeasure(count="schools", where=(SMALL,))
    share = ShareMeasure(part=CountMeasure(count="schools", where=(OPERATING, SMALL)), whole=small)
    assert values(share, layer("schools", rows))["a"].known == 50


def test_a_named_measure_is_asked_with_the_world_the_units_and_the_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Any, ...]] = []

    def measure(*given: Any) -> dict[str, Value]:
        asked.append(given)
        return {"a": exactly(4.0)}

    monkeypatch.setitem(NAMED_MEASURES, ("of_this_test", UnitKind.COUNTY), measure)
    found = values(NamedMeasure(named="of_this_test"))
    assert found == {"a": exactly(4.0)}
    ((world, units, limits),) = asked
    assert (world.study, units.kind, limits) == (STUDY, UnitKind.COUNTY, LIMITS)


# --- shares


def share_of(*schools: dict[str, Any], whole: float, **origin: Any) -> Value:
    """Give the share of county a: its operating schools over a number of pupils."""
    share = ShareMeasure(part=COUNT, whole=SumMeasure(sum="classes", of="pupils"))
    classes = layer("classes", [{"county_id": "a", "pupils": whole}], year=2025)
    return values(share, layer("schools", list(schools), **origin), classes)["a"]


def test_a_share_is_at_most_all_and_its_ends_are_in_order() -> None:
    some = share_of(school("a"), school("a", None), school("a", None), whole=2)
    assert (some.low, some.high) == (50, 100)
    more = share_of(school("a"), school("a"), school("a"), whole=2)
    assert (more.low, more.high) == (150, 150), "a part larger than its whole is not hidden"
    half = share_of(school("a"), whole=2)
    assert half.known == 50


def test_a_share_is_as_old_as_its_older_side_and_carries_the_cautions_of_both() -> None:
    found = share_of(school("a", stages=None), whole=2, year=2020)
    assert (found.year, found.flags) == (2020, ())
    part = share_of(school("a"), whole=2, is_complete=False, year=2024)
    assert (part.low, part.high) == (-math.inf, math.inf)
    assert (part.year, part.flags) == (2024, ("osm_incomplete",))
    assert keys(part) == ["measures.incomplete"]


def test_a_share_whose_whole_may_be_nothing_or_is_open_is_unknown() -> None:
    share = ShareMeasure(part=COUNT, whole=CountMeasure(count="projects"))
    schools = layer("schools", [school("a")])
    for projects in (
        layer("projects", [{"county_id": "a"}], is_complete=False),
        layer("projects", [{"county_id": None}]),
    ):
        found = values(share, schools, projects)["a"]
        assert (found.low, found.high, found.is_void) == (-math.inf, math.inf, False)
        assert len(found.notes) == 1


def test_a_share_tells_the_reasons_of_both_sides_once() -> None:
    rows = [school("a"), school("a", None, seats=10.0)]
    ours = layer("schools", rows)
    both = ShareMeasure(part=COUNT, whole=SEATS)
    assert keys(values(both, ours)["a"]) == ["measures.undecided", "measures.undecided_open"]
    same = ShareMeasure(part=COUNT, whole=COUNT)
    assert keys(values(same, ours)["a"]) == ["measures.undecided"]


# --- sums of values


def test_the_open_reasons_of_a_sum_come_once_in_the_order_of_their_texts() -> None:
    first, second = (Message("measures.no_statistic", name=name) for name in ("a", "b"))
    settled = Message("measures.no_statistic", name="c")
    parts = [Value(1, 4, notes=(second,)), Value(2, 3, notes=(first, second)),
             Value(5, 5, notes=(settled,))]  # fmt: skip
    assert total(parts, source="z").notes == (
        Message("measures.sum_open", low=8), first, second,
    )  # fmt: skip


def test_conditions_on_a_column_that_is_not_there_do_not_stop_those_after_it() -> None:
    frame = layer("schools", [school("a"), school("a", "closed")]).frame
    absent = Condition(field="colour", equals="red")
    surely, possibly = meets_all(frame, (absent, OPERATING), limits={}, plan_period=None)
    assert (surely.tolist(), possibly.tolist()) == ([False, False], [True, False])
