"""Small worlds of a few units and ages; the real census where the shared folder is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from volumes import examples

from zmd_layout.errors import LayerError, StudyError
from zmd_layout.forecast import (
    BirthMeasure,
    Births,
    Capacity,
    Scenario,
    age_groups,
    apportion,
    balance,
    births_from_table,
    children_by_stage,
    combine,
    compare_methods,
    default_scenario,
    forecast,
    forecast_of_parts,
    packaged_births,
    packaged_titles,
    peak_years,
    print_people,
    progress,
    progression_ratios,
    school_capacities,
    seats_needed,
    single_years,
    standards,
    supply,
    suppositions,
    values,
)
from zmd_layout.forecast.figures import Mark, Sourced
from zmd_layout.study.people import IntoTowns
from zmd_layout.vocabulary import Basis, Stage

SHARED = Path(__file__).parents[1].parent / "shared" / "data" / "zhumadian"
GROUPS = ["residents_0_0", "residents_1_4", "residents_5_9", "residents_10_14", "residents_15_19"]


def census(*rows: list[float], residents: list[float] | None = None) -> pd.DataFrame:
    """Give units A, B, … with the five groups of `GROUPS`."""
    table = pd.DataFrame(rows, columns=GROUPS, index=list("ABCDEF")[: len(rows)])
    return table if residents is None else table.assign(residents=residents)


def ages(**people: float) -> pd.DataFrame:
    """Give units with the same number of people at each age from 0 to 20."""
    return pd.DataFrame({age: pd.Series(people, dtype=float) for age in range(21)})


def held(scenario: Scenario | None = None, **changes: object) -> Scenario:
    return replace(scenario or default_scenario("held"), **changes)


def births(table: dict[str, list], *, holds_last: bool = False) -> Births:
    measure = BirthMeasure.PEOPLE if "unit_id" in table else BirthMeasure.INDEX
    return births_from_table(
        pd.DataFrame(table), measure=measure, basis=Basis.STANDARD, source="here",
        holds_last=holds_last,
    )  # fmt: skip


def at(table: pd.DataFrame, unit: str, year: int, stage: Stage) -> pd.Series:
    rows = table[(table["unit_id"] == unit) & (table["year"] == year) & (table["stage"] == stage)]
    assert len(rows) == 1
    return rows.iloc[0]


# --- whole people


def test_the_largest_remainder_gets_the_person_left_over_and_the_first_among_equals() -> None:
    groups, totals = np.array([0, 1, 0, 1, 0]), np.array([4, 1])
    weights = np.array([1.0, 2.0, 1.0, 2.0, 1.0])
    assert apportion(weights, groups=groups, totals=totals).tolist() == [2, 1, 1, 0, 1]


@examples(20)
@given(
    weights=st.lists(st.floats(0.01, 1e6), min_size=3, max_size=12),
    totals=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9)),
)
def test_whole_shares_sum_to_the_totals_and_stay_within_one_of_the_fraction(
    weights: list[float], totals: tuple[int, int, int]
) -> None:
    weight = np.array(weights)
    groups = np.arange(len(weight)) % 3
    shares = apportion(weight, groups=groups, totals=np.array(totals))
    sums = np.bincount(groups, weights=weight)
    exact = weight / sums[groups] * np.array(totals)[groups]
    assert np.bincount(groups, weights=shares).tolist() == list(totals)
    assert (np.abs(shares - exact) < 1 + 1e-6).all()
    assert (shares >= 0).all()


# --- ages


def test_a_spline_keeps_every_group_and_rises_towards_the_fuller_one() -> None:
    years = single_years(census([10, 80, 150, 160, 90])).loc["A"]
    assert years[[1, 2, 3, 4]].sum() == pytest.approx(80)
    assert years.loc[1:4].is_monotonic_increasing
    assert list(years.index) == list(range(20))


def test_no_curve_is_drawn_across_the_end_of_compulsory_schooling() -> None:
    smooth = single_years(census([10, 80, 150, 160, 10]), breaks=[]).loc["A"]
    broken = single_years(census([10, 80, 150, 160, 10])).loc["A"]
    assert smooth[14] < 0.6 * smooth[12]
    assert broken[14] == pytest.approx(broken[12], rel=0.1)


@examples(15)
@given(
    rows=st.lists(st.lists(st.integers(0, 10**6), min_size=5, max_size=5), min_size=1, max_size=4)
)
def test_single_years_are_never_negative_and_keep_every_group_to_the_person(
    rows: list[list[int]],
) -> None:
    table = census(*rows)
    exact, whole = single_years(table), single_years(table, whole=True)
    for group in age_groups(table.columns):
        of_group = list(range(group.first, group.last + 1))
        assert exact[of_group].sum(axis=1).to_numpy() == pytest.approx(
            table[group.column].to_numpy(), rel=1e-12
        )
        assert whole[of_group].sum(axis=1).tolist() == table[group.column].tolist()
    assert (exact >= 0).all(axis=None)
    assert (whole >= 0).all(axis=None)


def test_an_unknown_group_makes_a_unit_unknown_and_no_other() -> None:
    years = single_years(census([10, 80, np.nan, 160, 90], [1, 4, 5, 5, 5]))
    assert years.loc["A"].isna().all()
    assert years.loc["B"].sum() == pytest.approx(20)
    assert single_years(census([1, 4, np.nan, 5, 5]), whole=True).isna().all(axis=None)


def test_groups_that_leave_a_gap_or_overlap_are_refused() -> None:
    table = pd.DataFrame({"residents_0_4": [1], "residents_6_9": [1], "residents_8_14": [1]})
    with pytest.raises(LayerError) as caught:
        single_years(table)
    assert [message.key for message in caught.value.messages] == ["forecast.age_seam"] * 2
    with pytest.raises(LayerError, match="residents_<起>_<止>"):
        single_years(pd.DataFrame({"residents": [1]}))


def test_ages_that_do_not_sum_to_the_residents_are_refused_by_name() -> None:
    everybody = pd.DataFrame(
        {"residents": [100, 100], "residents_0_14": [30, 30], "residents_15_120": [70, 60]},
        index=["A", "B"],
    )
    with pytest.raises(LayerError, match="B") as caught:
        single_years(everybody)
    assert [message.key for message in caught.value.messages] == ["forecast.ages_differ"]


def test_some_ages_may_sum_to_less_than_the_residents_but_not_to_more() -> None:
    assert single_years(census([1, 4, 5, 5, 5], residents=[50])).loc["A"].sum() == pytest.approx(20)
    with pytest.raises(LayerError, match="超过常住人口"):
        single_years(census([1, 4, 5, 5, 5], residents=[19]))


def test_negative_ages_and_fractions_of_people_are_refused_together() -> None:
    with pytest.raises(LayerError) as caught:
        single_years(census([-1, 4, 5.5, 5, 5]), whole=True)
    assert {message.key for message in caught.value.messages} == {
        "forecast.negative_ages", "forecast.not_whole",
    }  # fmt: skip


def test_children_are_summed_over_the_ages_of_each_stage() -> None:
    children = children_by_stage(ages(A=10)).loc["A"]
    assert children.to_dict() == {
        Stage.KINDERGARTEN: 30, Stage.PRIMARY: 60, Stage.JUNIOR: 30, Stage.SENIOR: 30,
    }  # fmt: skip


def test_a_stage_whose_ages_are_not_there_is_refused() -> None:
    with pytest.raises(LayerError, match="senior"):
        children_by_stage(single_years(census([1, 4, 5, 5, 5])).loc[:, :16])


# --- cohorts


@examples(15)
@given(people=st.lists(st.integers(0, 10**5), min_size=21, max_size=21), years=st.integers(0, 12))
def test_with_survival_one_a_closed_cohort_keeps_its_people(people: list[int], years: int) -> None:
    base = pd.DataFrame([people], index=["A"], columns=range(21))
    later = forecast(base, base_year=2020, years=[2020 + years], scenario=held(), by="age")
    for column in ("low", "middle", "high"):
        assert later.loc[years:20, column].tolist() == people[: 21 - years]


def test_survival_takes_its_part_each_year() -> None:
    survival = pd.Series(0.5, index=range(21))
    later = forecast(
        ages(A=80), base_year=2020, years=[2022], scenario=held(survival=survival), by="age"
    )
    assert later["middle"].iloc[[0, 1, 2, 20]].tolist() == [80, 40, 20, 20]


def test_births_follow_the_index_of_each_variant_from_the_units_own_age_0() -> None:
    table = births(
        {"year": [2021, 2022], "low": [0.5, 0.4], "middle": [0.8, 0.8], "high": [1.0, 1.1]}
    )
    later = forecast(
        ages(A=100, B=10), base_year=2020, years=[2022], scenario=held(births=table), by="age"
    )
    newborn = later[later["age"] == 0].set_index("unit_id")
    assert newborn.loc["A", ["low", "middle", "high"]].tolist() == pytest.approx([40, 80, 110])
    assert newborn.loc["B", ["low", "middle", "high"]].tolist() == pytest.approx([4, 8, 11])


def test_counted_births_are_solid_and_supposed_ones_dashed() -> None:
    table = births(
        {"unit_id": ["A"] * 3, "year": [2021, 2022, 2023], "births": [70, np.nan, np.nan],
         "low": [np.nan, 50, 40], "middle": [np.nan, 60, 60], "high": [np.nan, 70, 80]}
    )  # fmt: skip
    later = forecast(
        ages(A=100), base_year=2020, years=range(2020, 2027),
        scenario=held(births=replace(table, holds_last=True)),
    )  # fmt: skip
    solid = at(later, "A", 2024, Stage.KINDERGARTEN)  # born 2019, 2020, 2021
    assert solid[["low", "middle", "high"]].tolist() == [270, 270, 270]
    assert solid["is_born"]
    dashed = at(later, "A", 2025, Stage.KINDERGARTEN)  # born 2020, 2021, 2022
    assert dashed[["low", "middle", "high"]].tolist() == [220, 230, 240]
    assert not dashed["is_born"]
    assert dashed["born_share"] == pytest.approx(170 / 230)


def test_an_unknown_age_stays_unknown_as_it_grows_older_and_spoils_no_other() -> None:
    base = ages(A=10).loc[:, :5]  # ages 6 and over were not counted
    later = forecast(base, base_year=2020, years=[2020, 2026, 2032], scenario=held())
    assert np.isnan(at(later, "A", 2020, Stage.PRIMARY)["middle"])
    assert at(later, "A", 2026, Stage.PRIMARY)["middle"] == 60
    assert np.isnan(at(later, "A", 2026, Stage.JUNIOR)["middle"])


def test_net_migration_changes_the_units_and_ages_it_names() -> None:
    table = pd.DataFrame(
        {"unit_id": ["A"], "age_from": [3], "age_to": [3], "low": [-0.5], "middle": [0.0],
         "high": [0.5]}
    )  # fmt: skip
    later = forecast(
        ages(A=10, B=10), base_year=2020, years=[2021], scenario=held(net_migration=table), by="age"
    )
    changed = later[(later["low"] != 10) & later["low"].notna()]
    assert changed[["unit_id", "age", "low", "middle", "high"]].to_numpy().tolist() == [
        ["A", 4, 5.0, 10.0, 15.0]
    ]


def test_people_who_move_between_units_are_neither_lost_nor_doubled() -> None:
    moves = pd.DataFrame(
        {"from_unit_id": ["A", "A"], "to_unit_id": ["B", "C"], "age_from": 0, "age_to": 14,
         "share": [0.2, 0.1]}
    )  # fmt: skip
    base = ages(A=100, B=10, C=0)
    later = forecast(base, base_year=2020, years=[2020, 2030], scenario=held(moves=moves), by="age")
    moved = later[(later["year"] == 2030) & later["age"].between(10, 20)]
    stayed = forecast(base, base_year=2020, years=[2030], scenario=held(), by="age")
    stayed = stayed[stayed["age"].between(10, 20)]
    assert moved["middle"].sum() == pytest.approx(stayed["middle"].sum())
    assert moved[moved["unit_id"] == "A"]["middle"].iloc[0] == pytest.approx(100 * 0.7**10)
    assert (moved["low"] <= moved["high"]).all()


def test_a_unit_split_in_two_has_the_sum_of_its_halves() -> None:
    base = single_years(census([7, 30, 51, 60, 40], [14, 60, 102, 120, 80]))
    base = pd.concat([base, base.loc[["A"]].add(base.loc["B"]).set_axis(["C"])])
    later = forecast(base, base_year=2020, years=range(2020, 2036), scenario=default_scenario())
    halves = combine(later, into={"A": "C", "B": "C"})
    whole = later[later["unit_id"] == "C"].sort_values(["year", "stage"], ignore_index=True)
    assert_frame_equal(halves, whole, rtol=1e-12)


@examples(15)
@given(
    people=st.lists(
        st.lists(st.integers(0, 999), min_size=21, max_size=21), min_size=4, max_size=4
    ),
    seats=st.lists(st.booleans(), min_size=4, max_size=4),
    share=st.floats(0.0, 1.0),
)
def test_parts_sum_to_their_unit_in_every_year_however_they_move_into_towns(
    people: list[list[int]], seats: list[bool], share: float
) -> None:
    parts = pd.DataFrame(people, index=["A1", "A2", "A3", "B1"], columns=range(21), dtype=float)
    within = pd.Series({"A1": "A", "A2": "A", "A3": "A", "B1": "B"})
    leaving = pd.DataFrame(
        {"age_from": [5], "age_to": [14], "low": [-0.1], "middle": [0.0], "high": [0.1]}
    )
    scenario = replace(default_scenario(), net_migration=leaving)
    years = {"base_year": 2020, "years": range(2020, 2036), "scenario": scenario}
    whole = forecast(parts.groupby(within).sum(), by="age", **years)
    found = forecast_of_parts(
        whole, parts, within=within, is_seat=pd.Series(seats, index=parts.index),
        into_towns=IntoTowns(ages=(3, 14), share=share),
    )  # fmt: skip
    cases = ["low", "middle", "high"]
    assert (found[cases] >= 0).all(axis=None)
    sums = found.assign(unit_id=found["unit_id"].str[0]).groupby(["unit_id", "year", "stage"])
    wanted = forecast(parts.groupby(within).sum(), **years).set_index(["unit_id", "year", "stage"])
    shares = sums[cases].sum().reindex(wanted.index)
    assert np.allclose(shares, wanted[cases], rtol=1e-9, atol=1e-6)


def test_the_order_of_units_plays_no_part() -> None:
    base = single_years(census([7, 30, 51, 60, 40], [14, 60, 102, 120, 80], [1, 2, 3, 4, 5]))
    straight = forecast(base, base_year=2020, years=[2030], scenario=default_scenario())
    turned = forecast(base[::-1], base_year=2020, years=[2030], scenario=default_scenario())
    assert_frame_equal(straight, turned)


def test_a_sum_is_unknown_where_a_part_is() -> None:
    base = ages(A=10, B=np.nan)
    later = forecast(base, base_year=2020, years=[2021], scenario=held())
    together = combine(later, into={"A": "city", "B": "city"})
    assert together[["low", "middle", "high"]].isna().all(axis=None)
    alone = combine(later, into={"A": "city"})
    assert alone["middle"].tolist() == [30, 30, 60, 30]


@pytest.mark.parametrize("years", [[2019, 2025], []])
def test_years_before_the_count_or_no_year_at_all_are_refused(years: list[int]) -> None:
    with pytest.raises(StudyError, match="2020"):
        forecast(ages(A=1), base_year=2020, years=years, scenario=held())


def test_a_year_beyond_the_table_of_births_is_refused_unless_the_last_one_holds() -> None:
    table = {"year": [2021], "low": [1.0], "middle": [1.0], "high": [1.0]}
    with pytest.raises(StudyError, match="2022、2023"):
        forecast(ages(A=1), base_year=2020, years=[2023], scenario=held(births=births(table)))
    kept = held(births=births(table, holds_last=True))
    later = forecast(ages(A=9), base_year=2020, years=[2023], scenario=kept, by="age")
    assert later["middle"].iloc[0] == 9


def test_bad_base_tables_are_refused() -> None:
    with pytest.raises(LayerError) as caught:
        forecast(
            pd.DataFrame({1: [1, 1], 2: [1, 1]}, index=["A", "A"]), base_year=2020, years=[2021],
            scenario=held(),
        )  # fmt: skip
    assert {message.key for message in caught.value.messages} == {
        "forecast.unit_twice", "forecast.base_ages",
    }  # fmt: skip


def test_a_survival_that_ends_before_the_stages_do_is_refused() -> None:
    short = held(survival=pd.Series(1.0, index=range(15)))
    with pytest.raises(StudyError, match="17"):
        forecast(ages(A=1), base_year=2020, years=[2021], scenario=short)


# --- scenarios


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"year": [2021], "low": [2.0], "middle": [1.0], "high": [3.0]}, "forecast.variants_order"),
        ({"year": [2021], "low": [1.0], "middle": [1.0]}, "forecast.variants_order"),
        ({"year": [2021], "births": [-1.0]}, "forecast.births_negative"),
        ({"year": [2021, 2021], "births": [1.0, 2.0]}, "forecast.births_twice"),
    ],
)
def test_tables_of_births_that_cannot_be_used_are_refused(
    table: dict[str, list[float]], key: str
) -> None:
    with pytest.raises(StudyError) as caught:
        births(table)
    assert [message.key for message in caught.value.messages] == [key]


def test_births_of_people_need_their_units() -> None:
    table = pd.DataFrame({"year": [2021], "births": [100.0]})
    with pytest.raises(StudyError, match="unit_id"):
        births_from_table(table, measure=BirthMeasure.PEOPLE, basis=Basis.STANDARD, source="here")


def test_suppositions_out_of_range_are_refused_together() -> None:
    moves = pd.DataFrame(
        {"from_unit_id": ["A"], "to_unit_id": ["B"], "age_from": [0], "age_to": [9], "share": [1.5]}
    )
    rates = pd.DataFrame({"age_from": [0], "age_to": [9], "low": [0.1], "middle": [0.0]})
    survival = pd.Series([1.0, 1.2], index=[1, 2])
    with pytest.raises(StudyError) as caught:
        held(moves=moves, net_migration=rates, survival=survival)
    assert {message.key for message in caught.value.messages} == {
        "forecast.move_share", "forecast.variants_missing", "forecast.survival_ages",
        "forecast.survival_range",
    }  # fmt: skip
    with pytest.raises(StudyError, match="share"):
        held(moves=moves.drop(columns="share"))


def test_more_people_cannot_leave_than_there_are_and_none_go_to_a_stranger() -> None:
    moves = pd.DataFrame(
        {"from_unit_id": ["A", "A"], "to_unit_id": ["B", "C"], "age_from": 0, "age_to": 9,
         "share": [0.7, 0.7]}
    )  # fmt: skip
    base = ages(A=1, B=1, C=1)
    with pytest.raises(StudyError, match="A"):
        forecast(base, base_year=2020, years=[2021], scenario=held(moves=moves))
    with pytest.raises(StudyError, match="C"):
        forecast(base.loc[["A", "B"]], base_year=2020, years=[2021], scenario=held(moves=moves))
    rates = pd.DataFrame({"age_from": [0], "age_to": [9], "low": [-1.1], "middle": 0, "high": 0})
    with pytest.raises(StudyError, match="迁出超过"):
        forecast(base, base_year=2020, years=[2021], scenario=held(net_migration=rates))


def test_the_packaged_births_are_sourced_and_a_recalled_figure_is_an_assumption() -> None:
    for name in packaged_titles():
        series = packaged_births(name)
        assert all(series.sources)
        assert (series.table["year"].diff().dropna() == 1).all()
    assert packaged_births("nation").basis is Basis.ASSUMPTION
    henan = packaged_births("henan").table.set_index("year")
    assert henan.loc[2024, "middle"] == pytest.approx(76.2 / 91.7)
    assert henan["is_counted"].loc[2024:2026].tolist() == [True, False, False]
    assert henan.loc[2035, "low"] < henan.loc[2035, "middle"] < henan.loc[2035, "high"]
    with pytest.raises(StudyError, match="henan"):
        packaged_births("sichuan")


def test_a_scenario_is_an_assumption_unless_all_its_numbers_are_counts() -> None:
    assert default_scenario().basis is Basis.ASSUMPTION
    own = births({"unit_id": ["A"], "year": [2021], "births": [100.0]})
    counted = held(births=own, survival_basis=Basis.STANDARD)
    assert counted.basis is Basis.STANDARD
    assert replace(counted, survival_basis=Basis.ASSUMPTION).basis is Basis.ASSUMPTION


def test_a_forecast_says_what_it_supposes() -> None:
    rates = pd.DataFrame({"age_from": [0], "age_to": [9], "low": [0], "middle": [0], "high": [0.1]})
    still, moving = held(), held(net_migration=rates, survival=pd.Series([0.9, 1.0]))
    assert [message.key for message in suppositions(still)] == [
        "forecast.births_from", "forecast.without_migration", "forecast.all_survive",
    ]  # fmt: skip
    assert [message.key for message in suppositions(moving)] == [
        "forecast.births_from", "forecast.with_migration", "forecast.survive",
    ]  # fmt: skip
    for message in (*suppositions(still), *suppositions(moving)):
        assert message.text("zh")
        assert message.text("en")


# --- what is read off


def test_the_peak_is_the_first_of_the_highest_years() -> None:
    base = ages(A=10)
    base[3] = 50.0  # in kindergarten 2020–2022, in primary school 2023–2028
    later = forecast(base, base_year=2020, years=range(2020, 2036), scenario=held())
    peaks = peak_years(later).set_index("stage")
    assert peaks.loc[Stage.KINDERGARTEN, "year"] == 2020
    assert peaks.loc[Stage.PRIMARY, ["year", "middle"]].tolist() == [2023, 100]
    assert peaks["is_born"].all()


def test_the_born_are_printed_to_the_person_and_the_unborn_in_thousands() -> None:
    assert print_people(55_512.4, is_born=True).text("zh") == "55,512人"
    assert print_people(55_512.4, is_born=False).text("zh") == "约5.6万人"
    assert print_people(55_512.4, is_born=False).text("en") == "about 56 thousand people"
    assert print_people(480.0, is_born=False).text("zh") == "不足500人"
    assert print_people(500.0, is_born=False).text("en") == "about 1 thousand people"
    assert print_people(np.nan, is_born=False).text("zh") == "资料不足"


# --- grades


def enrolment(*rows: tuple[int, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["year", "grade", "pupils"])
    return table.assign(unit_id="A")


def test_progression_is_measured_along_cohorts_and_carried_on() -> None:
    table = enrolment(
        (2023, 1, 100), (2023, 2, 80), (2024, 1, 50), (2024, 2, 90), (2024, 3, 88),
        (2025, 1, 40), (2025, 2, 45), (2025, 3, np.nan),
    )  # fmt: skip
    ratios = progression_ratios(table).set_index("grade")
    assert ratios.loc[1, ["ratio", "pairs"]].tolist() == pytest.approx([135 / 150, 2])
    assert ratios.loc[2, ["ratio", "pairs"]].tolist() == pytest.approx([88 / 80, 1])
    intake = pd.DataFrame({"unit_id": "A", "year": [2026], "pupils": [30.0]})
    later = progress(table, ratios.reset_index(), intake=intake, years=[2026, 2027])
    later = later.set_index(["year", "grade"])["pupils"]
    assert later.loc[2026].tolist() == pytest.approx([30, 40 * 0.9, 45 * 1.1])
    assert np.isnan(later.loc[2027, 1])
    assert later.loc[2027].tolist()[1:] == pytest.approx([30 * 0.9, 40 * 0.9 * 1.1])


def test_progression_needs_two_years_and_each_grade_once() -> None:
    with pytest.raises(LayerError, match="连续两年"):
        progression_ratios(enrolment((2023, 1, 100), (2023, 2, 80)))
    with pytest.raises(LayerError, match="重复"):
        progression_ratios(enrolment((2023, 1, 100), (2023, 1, 80)))
    table = enrolment((2023, 1, 100), (2024, 2, 80))
    intake = pd.DataFrame({"unit_id": "A", "year": [2025], "pupils": [30.0]})
    with pytest.raises(LayerError, match="2024"):
        progress(table, progression_ratios(table), intake=intake, years=[2024])


def test_a_recalled_figure_that_does_not_count_as_an_assumption_is_no_figure() -> None:
    Sourced(basis=Basis.ASSUMPTION, mark=Mark.RECALLED, source="凭记忆")
    with pytest.raises(ValueError, match="counts as an assumption: 凭记忆"):
        Sourced(basis=Basis.STANDARD, mark=Mark.RECALLED, source="凭记忆")


# --- demand and supply


def test_seats_follow_attendance_and_classes_are_whole() -> None:
    later = forecast(ages(A=15), base_year=2020, years=[2020], scenario=held())
    needed = seats_needed(
        later, class_sizes={Stage.PRIMARY: 45, Stage.SENIOR: 50}, attendance={Stage.SENIOR: 0.5}
    ).set_index("stage")
    assert needed["middle"].to_dict() == {Stage.PRIMARY: 90.0, Stage.SENIOR: 22.5}
    assert needed["classes_middle"].to_dict() == {Stage.PRIMARY: 2, Stage.SENIOR: 1}


def test_the_noise_of_a_sum_opens_no_class() -> None:
    row = pd.DataFrame(
        {"unit_id": ["A"], "year": [2020], "stage": [Stage.PRIMARY], "low": [90.0],
         "middle": [90.0 + 1e-9], "high": [90.1], "born_share": [1.0], "is_born": [True]}
    )  # fmt: skip
    needed = seats_needed(row, class_sizes={Stage.PRIMARY: 45}).iloc[0]
    assert needed[["classes_low", "classes_middle", "classes_high"]].tolist() == [2, 2, 3]


def test_class_sizes_and_attendance_out_of_range_are_refused() -> None:
    later = forecast(ages(A=15), base_year=2020, years=[2020], scenario=held())
    with pytest.raises(StudyError) as caught:
        seats_needed(later, class_sizes={Stage.PRIMARY: 0}, attendance={Stage.PRIMARY: -1})
    assert len(caught.value.messages) == 2


def schools(**columns: list) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    base = {"school_id": [f"s{n}" for n in range(count)], "unit_id": "A", "stage": Stage.PRIMARY}
    return pd.DataFrame({**base, **columns})


def capacity_of(table: pd.DataFrame, capacity: Capacity) -> pd.Series:
    return table[table["capacity"] == capacity].iloc[0]


def test_a_school_with_55_in_a_class_is_full_and_has_nothing_to_spare() -> None:
    found = school_capacities(
        schools(classes=[6], classrooms=[8], seats=[np.nan], enrolment=[330]),
        class_sizes={Stage.PRIMARY: 45},
    )
    running = capacity_of(found, Capacity.CLASSES)
    assert running[["seats", "spare_seats", "pupils_over"]].tolist() == [270, 0, 60]
    rooms = capacity_of(found, Capacity.CLASSROOMS)
    assert rooms[["seats", "spare_seats", "pupils_over"]].tolist() == [360, 30, 0]
    design = capacity_of(found, Capacity.DESIGN)
    assert design[["seats", "spare_seats", "pupils_over"]].isna().all()


def test_a_school_that_is_not_known_makes_the_supply_unknown_and_not_zero() -> None:
    found = supply(school_capacities(schools(classes=[6, np.nan]), class_sizes={Stage.PRIMARY: 45}))
    row = capacity_of(found, Capacity.CLASSES)
    assert np.isnan(row["seats"])
    assert row[["schools", "schools_known", "seats_known"]].tolist() == [2, 1, 270]


def test_needed_stands_against_each_capacity_with_its_gap_and_its_spare() -> None:
    later = forecast(ages(A=50, B=50), base_year=2020, years=[2020], scenario=held())
    needed = seats_needed(later, class_sizes={Stage.PRIMARY: 45})
    there = supply(
        school_capacities(schools(classes=[6], classrooms=[8]), class_sizes={Stage.PRIMARY: 45})
    )
    table = balance(needed, there)
    of_a, of_b = table[table["unit_id"] == "A"], table[table["unit_id"] == "B"]
    assert capacity_of(of_a, Capacity.CLASSES)[["gap_middle", "spare_middle"]].tolist() == [30, 0]
    assert capacity_of(of_a, Capacity.CLASSROOMS)[["gap_high", "spare_high"]].tolist() == [0, 60]
    assert np.isnan(capacity_of(of_a, Capacity.DESIGN)["gap_middle"])
    assert of_b["gap_middle"].isna().all()  # no roster of B: unknown, not without schools


def test_supply_may_differ_by_year() -> None:
    later = forecast(ages(A=50), base_year=2020, years=[2020, 2021], scenario=held())
    needed = seats_needed(later, class_sizes={Stage.PRIMARY: 45})
    capacities = school_capacities(schools(seats=[200]), class_sizes={Stage.PRIMARY: 45})
    both = pd.concat([capacities.assign(year=2020), capacities.assign(year=2021, seats=300.0)])
    table = balance(needed, supply(both))
    design = table[table["capacity"] == Capacity.DESIGN].set_index("year")
    assert design["gap_middle"].to_dict() == {2020: 100.0, 2021: 0.0}


def test_a_school_with_a_stage_twice_is_refused() -> None:
    with pytest.raises(LayerError, match="s0"):
        school_capacities(schools(school_id=["s0", "s0"]), class_sizes={})


def test_the_per_thousand_method_stands_beside_with_a_reason() -> None:
    later = forecast(ages(A=10, B=np.nan), base_year=2020, years=[2020], scenario=held())
    needed = seats_needed(later, class_sizes={Stage.PRIMARY: 45, Stage.JUNIOR: 50})
    table = compare_methods(
        needed, pd.Series({"A": 500, "B": 900}),
        seats_per_thousand={Stage.PRIMARY: 100, Stage.JUNIOR: 60},
    ).set_index(["unit_id", "stage"])  # fmt: skip
    primary = table.loc[("A", Stage.PRIMARY)]
    assert primary[["cohort_seats", "per_thousand_seats", "difference"]].tolist() == [60, 50, 10]
    assert primary["note"].key == "forecast.methods_more"
    assert "120.0" in primary["note"].text("zh")
    assert table.loc[("A", Stage.JUNIOR), "note"].key == "forecast.methods_agree"
    assert table.loc[("B", Stage.PRIMARY), "note"].key == "forecast.methods_unknown"


def test_the_standards_name_their_source_and_class_sizes_are_those_of_the_code() -> None:
    sizes = values(standards().class_sizes)
    assert sizes[Stage.PRIMARY] == 45
    assert sizes[Stage.JUNIOR] == sizes[Stage.SENIOR] == 50
    assert standards().class_sizes[Stage.PRIMARY].basis is Basis.STANDARD
    assert standards().class_sizes[Stage.KINDERGARTEN].basis is Basis.ASSUMPTION
    assert all(figure.source for figure in standards().class_sizes.values())


# --- the real census


def real_census() -> pd.DataFrame:
    table = pd.read_csv(SHARED / "census2020_yearbook.csv", dtype={"adcode": str})
    table = table[table["adcode"] != "411700"].set_index("adcode")
    columns = {"residents": table["人口数_合计"]}
    words = {"0岁": "0_0", "1到4岁": "1_4", "85岁以上": "85_120"}
    words |= {f"{first}到{first + 4}岁": f"{first}_{first + 4}" for first in range(5, 85, 5)}
    for word, group in words.items():
        columns[f"residents_{group}"] = table[f"男_{word}"] + table[f"女_{word}"]
    return pd.DataFrame(columns)


needs_shared = pytest.mark.skipif(
    not SHARED.exists(), reason="the shared folder is not beside the repo"
)


@pytest.mark.shared
@needs_shared
def test_ages_of_the_real_census_sum_to_the_person_in_every_county_and_group() -> None:
    table = real_census()
    whole = single_years(table, whole=True)
    assert whole.sum(axis=1).tolist() == table["residents"].tolist()
    assert int(whole.to_numpy().sum()) == 7_008_427
    for group in age_groups(table.columns):
        of_group = whole[list(range(group.first, group.last + 1))].sum(axis=1)
        assert of_group.tolist() == table[group.column].tolist()


@pytest.mark.shared
@needs_shared
def test_ageing_the_real_census_gives_the_published_first_check() -> None:
    table = real_census()
    groups = [group for group in age_groups(table.columns) if group.first < 25]
    even = {
        age: table[group.column] / (group.last - group.first + 1)
        for group in groups
        for age in range(group.first, group.last + 1)
    }
    published = {  # 万, of an even split of each age group
        (Stage.PRIMARY, 2020): 79, (Stage.PRIMARY, 2026): 56, (Stage.PRIMARY, 2032): 37,
        (Stage.JUNIOR, 2020): 41, (Stage.JUNIOR, 2026): 39, (Stage.JUNIOR, 2032): 25,
        (Stage.SENIOR, 2020): 25, (Stage.SENIOR, 2026): 40, (Stage.SENIOR, 2035): 25,
    }  # fmt: skip
    cities = {}
    for name, base in {"even": pd.DataFrame(even), "spline": single_years(table)}.items():
        later = forecast(base, base_year=2020, years=range(2020, 2036), scenario=held())
        cities[name] = combine(later, into=dict.fromkeys(table.index, "411700"))
    for (stage, year), wan in published.items():
        people = at(cities["even"], "411700", year, stage)["middle"]
        assert people / 1e4 == pytest.approx(wan, abs=0.6)
        # the spline shares a group among its ages in another way, and that is all
        assert at(cities["spline"], "411700", year, stage)["middle"] == pytest.approx(
            people, rel=0.08
        )
