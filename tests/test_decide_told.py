"""What a verdict carries beside its status: the day it is due, the origin, what is told with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zmd_layout.checks import Unit, Verdict, decide, due_state_unknown, report
from zmd_layout.checks.value import Value, exactly
from zmd_layout.messages import Message
from zmd_layout.messages.words import field_word
from zmd_layout.rulebook import Due, Rule, load_rule, rules_folder
from zmd_layout.vocabulary import Basis, DueState, Relation, Status

AS_OF = dt.date(2025, 12, 31)
AFTER = dt.date(2026, 6, 30)
PERIOD = (dt.date(2021, 1, 1), AS_OF)
BY_2025 = Due(on=AS_OF)
NEW_AREA = {"settlement": "urban", "is_new": True, "conditions_on": dt.date(2024, 1, 1)}
NEW_SCHOOL = {"stages": "primary;junior", "construction": "new", "opens_on": PERIOD[0]}


def rule(name: str, **changed: Any) -> Rule:
    found = load_rule(rules_folder() / "zhumadian-2022-49" / f"{name}.yaml")
    return found.model_copy(update=changed)


SENIOR = rule("senior-new-per-county")
AREA = rule("primary-per-new-residential-area")
KINDERGARTEN = rule("kindergarten-public-central-per-township")
NINE_YEAR = rule("nine-year-size-new")
PRIVATE = rule("compulsory-private-share")


def of(
    given: Rule,
    unit: dict[str, Any],
    *,
    made: str = "",
    as_of: dt.date = AS_OF,
    **values: Value | float,
) -> Verdict:
    known = {n: v if isinstance(v, Value) else exactly(float(v)) for n, v in values.items()}
    about = Unit({k: v for k, v in unit.items() if v is not None}, made=frozenset({made}))
    verdict = decide(given, unit=about, values=known, as_of=as_of, plan_period=PERIOD)
    assert verdict is not None
    return verdict


def of_county(given: Rule, schools: Value, as_of: dt.date) -> Verdict:
    people = exactly(400_000.0, year=schools.year)
    unit = {"kind": "county"}
    return of(given, unit, as_of=as_of, residents=people, new_senior_schools=schools)


# --- the day by which it is due


@pytest.mark.parametrize(
    ("schools", "year", "as_of", "expected"),
    [
        (1, 2024, dt.date(2025, 12, 30), DueState.NOT_DUE),
        (1, 2024, AS_OF, DueState.DUE_MET),
        (1, 2025, AFTER, DueState.DUE_MET),
        (1, 2026, AFTER, DueState.MET_TIME_UNKNOWN),  # or before the day: no date says
        (0, 2024, dt.date(2025, 12, 30), DueState.NOT_DUE),
        (0, 2024, AFTER, DueState.DUE_UNVERIFIED),  # it may have opened in 2025
        (0, 2025, AFTER, DueState.DUE_MISSED),
        (0, 2026, AFTER, DueState.MET_TIME_UNKNOWN),
        (1, None, AFTER, DueState.DUE_UNVERIFIED),
        (0, None, AFTER, DueState.DUE_UNVERIFIED),
    ],
)
def test_data_show_when_a_target_was_met_and_only_later_data_that_it_was_missed(
    schools: int, year: int | None, as_of: dt.date, expected: DueState
) -> None:
    due = SENIOR.model_copy(update={"due": BY_2025})
    verdict = of_county(due, exactly(float(schools), year=year), as_of)
    assert (verdict.due_state, verdict.due_on) == (expected, AS_OF)


def test_what_decided_is_as_old_as_its_oldest_datum() -> None:
    due = SENIOR.model_copy(update={"due": BY_2025})
    people, schools = exactly(500_000.0, year=2020), exactly(0.0, year=2026)
    found = of(due, {"kind": "county"}, as_of=AFTER, residents=people, new_senior_schools=schools)
    assert (found.due_state, found.year) == (DueState.MET_TIME_UNKNOWN, 2020)


def test_after_the_day_what_nobody_knows_is_unverified_and_what_is_not_owed_is_not_due() -> None:
    due = SENIOR.model_copy(update={"due": BY_2025})
    assert of_county(due, Value(year=2026), AFTER).due_state is DueState.DUE_UNVERIFIED
    district = of(due, {"kind": "district"}, as_of=AFTER, residents=5e5, new_senior_schools=0)
    assert (district.status, district.due_state) == (Status.NOT_APPLICABLE, DueState.NONE)
    early = of(due, {"kind": "district"}, as_of=PERIOD[1] - dt.timedelta(1), residents=5e5,
               new_senior_schools=0)  # fmt: skip
    assert early.due_state is DueState.NOT_DUE


@pytest.mark.parametrize(("due", "expected"), [
    (Due(state=DueState.STANDING), DueState.STANDING),
    (Due(state=DueState.NONE), DueState.NONE),
])  # fmt: skip
def test_a_rule_without_a_day_stands_or_has_no_day(due: Due, expected: DueState) -> None:
    given = SENIOR.model_copy(update={"due": due})
    found = of_county(given, exactly(0.0, year=2020), AFTER)
    assert (found.due_state, found.due_on) == (expected, None)
    assert due_state_unknown(given, AFTER) is expected


def test_of_a_rule_without_any_finding_only_the_day_is_known() -> None:
    due = SENIOR.model_copy(update={"due": BY_2025})
    assert due_state_unknown(due, AS_OF - dt.timedelta(days=1)) is DueState.NOT_DUE
    assert due_state_unknown(due, AS_OF) is DueState.DUE_UNVERIFIED


@pytest.mark.parametrize(
    ("share", "expected"),
    [(5.0, DueState.DUE_MET), (5.5, DueState.DUE_MISSED), (Value(4, 6, year=2022), None)],
)
def test_a_figure_beside_a_number_is_due_by_whether_it_keeps_to_it(
    share: float | Value, expected: DueState | None
) -> None:
    value = share if isinstance(share, Value) else exactly(share, year=2022)
    found = of(PRIVATE, {}, private_share=value)
    assert found.status is Status.REPORTED
    assert found.required == 5
    assert found.due_state is (expected or DueState.DUE_UNVERIFIED)
    assert found.notes == (Message("checks.reference", reference=5),)


def test_a_figure_that_is_only_monitored_is_owed_by_nobody() -> None:
    values = {"residents": exactly(5e5), "new_senior_schools": Value(0, 1, sources=("schools",))}
    due = SENIOR.model_copy(update={"due": BY_2025})
    found = report(due, unit=Unit({"kind": "county"}), values=values, as_of=AFTER)
    assert found is not None
    assert (found.status, found.measured, found.required) == (Status.REPORTED, None, None)
    assert (found.due_state, found.due_on, found.relation) == (DueState.NONE, None, None)
    assert found.notes == (Message("checks.monitored"),)
    assert found.sources == ("schools",)


# --- which law, and whether it applies


def test_what_was_granted_before_the_rule_owes_nothing_and_says_from_when_it_binds() -> None:
    day = dt.date(2022, 6, 30)
    unit = {**NEW_AREA, "conditions_on": day}
    found = of(AREA, unit, made="conditions_on", planned_residents=50_000, primary_schools=0)
    assert (found.status, found.required, found.measured) == (Status.NOT_APPLICABLE, 0, None)
    assert found.notes == (Message("checks.before_conditions", day=day, start=dt.date(2022, 7, 1)),)
    assert found.is_synthetic, "the day that decides is made up"
    assert (found.sources, found.year, found.due_state) == ((), None, DueState.STANDING)
    assert not of(AREA, unit, planned_residents=50_000, primary_schools=0).is_synthetic
    due = AREA.model_copy(update={"due": BY_2025})
    later = of(due, unit, as_of=AFTER, planned_residents=50_000, primary_schools=0)
    assert later.due_state is DueState.NONE


def test_the_law_of_the_day_of_assessment_stands_in_for_an_unknown_day_and_is_flagged() -> None:
    found = of(AREA, {**NEW_AREA, "conditions_on": None}, planned_residents=1e4, primary_schools=1)
    assert (found.status, found.flags) == (Status.PASS, ("conditions_date_unknown",))
    other = {"settlement": "rural", "is_new": True}
    outside = of(AREA, other, planned_residents=1e4, primary_schools=1)
    assert (outside.status, outside.flags) == (Status.NOT_APPLICABLE, ("conditions_date_unknown",))


def test_a_rule_that_does_not_apply_owes_nothing_but_a_cap_has_no_number_there() -> None:
    owed = of(SENIOR, {"kind": "district"}, residents=5e5, new_senior_schools=0)
    assert (owed.relation, owed.required) == (Relation.AT_LEAST, 0)
    assert owed.notes == (
        Message(
            "checks.not_applicable", field=field_word("kind"), value=Message("values.district")
        ),
    )
    cap = of(NINE_YEAR, {**NEW_SCHOOL, "construction": "expansion"}, pupils=4000)
    assert (cap.status, cap.relation, cap.required) == (
        Status.NOT_APPLICABLE, Relation.AT_MOST, None,
    )  # fmt: skip
    void = of(NINE_YEAR, NEW_SCHOOL, pupils=Value(is_void=True))
    assert (void.status, void.required) == (Status.NOT_APPLICABLE, None)


def test_all_fields_that_nobody_knows_are_named_and_a_failed_one_goes_before_them() -> None:
    unknown = {**NEW_SCHOOL, "construction": None, "opens_on": None}
    found = of(NINE_YEAR, unknown, pupils=10)
    fields = [field_word("construction"), field_word("opens_on")]
    assert found.status is Status.NOT_ASSESSABLE
    assert found.notes == (Message("checks.unit_unknown", fields=fields),)
    failed = of(NINE_YEAR, {**unknown, "opens_on": dt.date(2020, 9, 1)}, pupils=10)
    assert failed.status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("made", ["stages", "construction", "opens_on"])
def test_a_verdict_is_made_up_where_a_field_that_it_rests_on_is(made: str) -> None:
    assert of(NINE_YEAR, NEW_SCHOOL, made=made, pupils=10).is_synthetic
    assert not of(NINE_YEAR, NEW_SCHOOL, made="name", pupils=10).is_synthetic
    unknown = {**NEW_SCHOOL, made: None}
    assert of(NINE_YEAR, unknown, made=made, pupils=10).is_synthetic


# --- wishes and stricter numbers


@pytest.mark.parametrize(
    ("residents", "kindergartens", "is_told"),
    [(30_000, 1, True), (29_999, 1, False), (None, 1, False), (30_000, 2, False),
     (30_000, 0, False), (30_000, Value(0, 1), False)],
)  # fmt: skip
def test_a_wish_is_told_where_the_clause_is_met_and_the_wish_is_not(
    residents: float | None, kindergartens: float | Value, *, is_told: bool
) -> None:
    unit = {"kind": "town", "residents": residents}
    found = of(KINDERGARTEN, unit, public_central_kindergartens=kindergartens)
    assert (Message("checks.wish", wanted=2) in found.notes) is is_told


def test_a_wish_whose_number_is_not_in_force_yet_is_told_by_nobody() -> None:
    wanted = KINDERGARTEN.parameters["kindergartens_wanted"]
    later = {dt.date(2030, 1, 1): next(iter(wanted.values.values()))}
    parameters = {
        **KINDERGARTEN.parameters,
        "kindergartens_wanted": wanted.model_copy(update={"values": later}),
    }
    given = KINDERGARTEN.model_copy(update={"parameters": parameters})
    found = of(given, {"kind": "town", "residents": 4e4}, public_central_kindergartens=1)
    assert found.status is Status.NOT_ASSESSABLE
    assert found.notes == (Message("checks.no_number", names=["kindergartens_wanted"]),)


@pytest.mark.parametrize(
    ("pupils", "is_told"), [(2500, False), (2500.5, True), (3000, True), (3001, False)]
)
def test_a_stricter_cap_of_the_province_is_told_from_the_first_pupil_beyond_it(
    pupils: float, *, is_told: bool
) -> None:
    found = of(NINE_YEAR, NEW_SCHOOL, pupils=pupils)
    told = Message("checks.laxer_than_province", city=3000, province=2500)
    assert (told in found.notes) is is_told
    assert ("exceeds_province" in found.flags) is is_told
    assert found.basis is Basis.CLAUSE
