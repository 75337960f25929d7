"""Cohorts that change between two censuses: their ratios, forecasts and errors."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zmd_layout.errors import LayerError, StudyError
from zmd_layout.forecast import (
    BirthMeasure,
    Method,
    Movement,
    Scenario,
    births_from_table,
    cohort_ratios,
    default_movement,
    default_scenario,
    forecast,
    hindcast,
    hindcast_by_stage,
    mean_absolute_errors,
    movement_ratios,
    packaged_ages,
    packaged_births,
    packaged_hindcast,
    scenario_of,
    single_years,
    suppositions,
)
from zmd_layout.forecast.hamilton_perry import county_ratios
from zmd_layout.study.people import CohortRatio, Forecast, NetMigration
from zmd_layout.vocabulary import Basis, Stage

ZHUMADIAN = ["411702", *(f"4117{number}" for number in range(21, 30))]
DOC = Path(__file__).parents[1] / "docs" / "forecast.md"


def ratios(*rows: tuple[int, int, float], spread: float = 0.0, **more: object) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (first, last, middle * (1 - spread), middle, middle * (1 + spread))
            for first, last, middle in rows
        ],
        columns=["age_from", "age_to", "low", "middle", "high"],
    ).assign(**more)


def changing(table: pd.DataFrame) -> Scenario:
    still = default_scenario(packaged_births("held"))
    return replace(still, cohort_ratios=table, movement=Movement.GIVEN)


def by_age(base: pd.DataFrame, years: list[int], scenario: Scenario) -> pd.DataFrame:
    return forecast(base, base_year=2020, years=years, scenario=scenario, by="age").set_index(
        ["unit_id", "year", "age"]
    )


def flat(people: float = 100.0, ages: int = 25) -> pd.DataFrame:
    return pd.DataFrame([[people] * ages], index=["A"], columns=pd.RangeIndex(ages))


# --- the ratios of two censuses


def test_the_ratios_of_the_city_are_those_of_the_censuses() -> None:
    table = cohort_ratios(packaged_ages(2010), packaged_ages(2020)).set_index(
        ["unit_id", "age_from"]
    )
    city = table.loc["411700", "ratio"]
    assert city.tolist() == pytest.approx([1.210, 0.785, 0.522], abs=0.0005)
    missed = 100 * (1 / city - 1)  # of "everybody stays", in percent of the counted
    assert missed.tolist() == pytest.approx([-17.4, 27.4, 91.6], abs=0.05)
    of_counties = table.loc[ZHUMADIAN].groupby("age_from")[["before", "after"]].sum()
    assert (of_counties["after"] / of_counties["before"]).tolist() == pytest.approx(city.tolist())


def test_units_whose_codes_changed_are_one_in_both_censuses() -> None:
    found = county_ratios()
    assert found["unit_id"].nunique() >= 150
    assert {"410212", "410783", "411702"} <= set(found["unit_id"])
    assert not {"410224", "410728", "411771"} & set(found["unit_id"])
    assert found["ratio"].between(0.2, 12).all()


def test_ages_that_do_not_end_where_the_cohorts_do_are_refused() -> None:
    earlier = pd.DataFrame({"residents_0_14": [30.0]}, index=["A"])
    later = pd.DataFrame({"residents_10_14": [9.0], "residents_15_24": [9.0]}, index=["A"])
    with pytest.raises(LayerError, match="0—4"):
        cohort_ratios(earlier, later)
    with pytest.raises(LayerError, match="单元代码"):
        cohort_ratios(earlier, later.rename(index={"A": "B"}))


# --- what they make of a forecast


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.3, 2.0), min_size=3, max_size=3))
def test_ten_years_on_each_group_has_its_ratio(middles: list[float]) -> None:
    table = ratios(*zip((0, 5, 10), (4, 9, 14), middles, strict=True))
    later = by_age(flat(), [2030], changing(table))["middle"].loc[("A", 2030)]
    for first, middle in zip((0, 5, 10), middles, strict=True):
        grown = later.loc[first + 10 : first + 14].to_numpy() / 100
        # single ages follow a curve whose geometric mean is the ratio of their group
        assert np.exp(np.log(grown).mean()) == pytest.approx(middle)


def test_a_ratio_works_evenly_over_its_decade_and_the_next_one_follows_by_age() -> None:
    table = ratios((0, 14, 0.81))
    people = by_age(flat(ages=25), [2025, 2030, 2040], changing(table))["middle"]
    assert people.loc[("A", 2025, 12)] == pytest.approx(90)
    assert people.loc[("A", 2030, 14)] == pytest.approx(81)
    assert people.loc[("A", 2040, 24)] == pytest.approx(100 * 0.81**2)
    # born in 2023, and so five years old in 2028
    assert by_age(flat(), [2028], changing(table))["middle"].loc[("A", 2028, 5)] == (
        pytest.approx(90)
    )


def test_ratios_of_one_change_nobody_and_the_band_keeps_its_order() -> None:
    still = default_scenario(packaged_births("held"))
    one = changing(ratios((0, 4, 1.0), (5, 9, 1.0), (10, 14, 1.0)))
    pd.testing.assert_frame_equal(
        by_age(flat(), [2020, 2033], one), by_age(flat(), [2020, 2033], still)
    )
    wide = by_age(flat(), [2035], changing(ratios((0, 4, 1.2), (5, 9, 0.7), spread=0.1)))
    assert (wide["low"] <= wide["middle"]).all()
    assert (wide["middle"] <= wide["high"]).all()
    assert (wide.loc[("A", 2035), "low"].loc[5:] < wide.loc[("A", 2035), "high"].loc[5:]).all()


def test_ratios_are_refused_where_ages_have_a_gap_or_nobody_is_left() -> None:
    with pytest.raises(StudyError) as refused:
        changing(ratios((0, 4, 1.0), (6, 9, 0.0)))
    keys = {message.key for message in refused.value.messages}
    assert keys == {"forecast.ratio_ages", "forecast.ratio_positive"}
    with pytest.raises(StudyError, match="B"):
        by_age(flat(), [2021], changing(ratios((0, 4, 1.0), unit_id="B")))


def test_the_own_ratio_carries_2010_to_2020_as_it_was_counted() -> None:
    columns = [f"residents_{name}" for name in ("0_0", "1_4", "5_9", "10_14")]
    earlier = single_years(packaged_ages(2010).loc[ZHUMADIAN, columns])
    own = movement_ratios(Movement.COUNTY, ZHUMADIAN)
    births = births_from_table(
        pd.DataFrame({"year": [2011], "births": [1.0]}), measure=BirthMeasure.INDEX,
        basis=Basis.ASSUMPTION, source="-", holds_last=True,
    )  # fmt: skip
    scenario = replace(default_scenario(births), cohort_ratios=own, movement=Movement.COUNTY)
    later = forecast(earlier, base_year=2010, years=[2020], scenario=scenario, by="age")
    counted = packaged_ages(2020).loc[ZHUMADIAN]
    for first in (10, 15, 20):
        rows = later[later["age"].between(first, first + 4)]
        projected = rows.groupby("unit_id")["middle"].sum()
        # exact but for how the ages lie within their group
        assert projected.to_numpy() == pytest.approx(
            counted[f"residents_{first}_{first + 4}"].to_numpy(), rel=0.03
        )


# --- which movement a study has


def test_the_default_is_henan_in_henan_the_nation_elsewhere_and_none_without_codes() -> None:
    assert default_movement(["411721", "411702"]) is Movement.HENAN
    assert default_movement(["411721", "340102"]) is Movement.NATION
    assert default_movement(["A", "411721"]) is Movement.NONE
    assert default_movement([]) is Movement.NONE
    units = pd.Index(["411721"])
    assert scenario_of(Forecast(), units=units).movement is Movement.HENAN
    assert scenario_of(Forecast(movement="none"), units=units).cohort_ratios is None
    rate = NetMigration(ages=(6, 14), low=-0.02, middle=-0.01, high=0.0)
    alone = scenario_of(Forecast(net_migration=(rate,)), units=units)
    assert alone.cohort_ratios is None  # a study's own rates are not added to a packaged ratio
    own = CohortRatio(ages=(0, 4), low=0.9, middle=1.0, high=1.1)
    given_ = scenario_of(Forecast(cohort_ratios=(own,)), units=units)
    assert given_.movement is Movement.GIVEN
    assert given_.basis is Basis.ASSUMPTION


def test_bands_are_never_of_zero_width_and_hold_the_middle() -> None:
    for movement in (Movement.NATION, Movement.HENAN, Movement.COUNTY):
        table = movement_ratios(movement, ZHUMADIAN)
        assert table is not None
        assert (table["low"] < table["high"]).all()
        assert (table["low"] <= table["middle"]).all()
        assert (table["middle"] <= table["high"]).all()
    with pytest.raises(StudyError, match="340102"):
        movement_ratios(Movement.COUNTY, ["340102"])


@pytest.mark.parametrize("movement", ["none", "nation", "henan", "county"])
def test_every_movement_is_named_in_both_languages(movement: str) -> None:
    chosen = Forecast(movement=movement)
    texts = suppositions(scenario_of(chosen, units=pd.Index(["411721"])))
    assert all(text.text("zh") and text.text("en") for text in texts)


# --- what they miss


def test_the_errors_of_counties_left_out_are_those_of_the_document() -> None:
    """The table of docs/forecast.md is what the packaged censuses give."""
    errors = mean_absolute_errors()
    rows = re.findall(
        r"^\| [^|]+`(\w+)` \|((?: [\d.]+ \|){6})$", DOC.read_text("utf-8"), re.MULTILINE
    )
    assert {method for method, _ in rows} == {str(method) for method in Method}
    for method, cells in rows:
        found = [
            errors.loc[(first, method), column]
            for first in (10, 15)
            for column in ("error_percent", "error_counties", "error_districts")
        ]
        assert [float(cell) for cell in cells.strip(" |").split(" | ")] == pytest.approx(
            found, abs=0.05001
        )


def test_the_default_is_the_best_pooled_method_on_counties_left_out() -> None:
    errors = mean_absolute_errors()["error_percent"]
    assert mean_absolute_errors().loc[(10, "henan"), "counties"] >= 150
    for first in (10, 15):
        assert errors[first].idxmin() == "henan"
        assert errors[(first, "henan")] < errors[(first, "none")]


def test_on_the_ten_counties_the_errors_are_those_that_were_found() -> None:
    table = packaged_hindcast()
    rows = table[table["unit_id"].isin(ZHUMADIAN) & (table["age_from"] == 10)]
    errors = rows.assign(error=rows["error_percent"].abs()).groupby("method")["error"].mean()
    assert errors["none"] == pytest.approx(15.4, abs=0.05)
    assert errors["nation"] == pytest.approx(10.8, abs=0.05)
    assert (rows.loc[rows["method"] == "none", "error_percent"] < 0).all()  # all ten too low


def test_a_county_left_out_plays_no_part_in_its_own_forecast() -> None:
    table = county_ratios()
    is_one = table["unit_id"] == "411721"
    other = table.assign(
        after=table["after"].mask(is_one, 7 * table["after"]),
        ratio=table["ratio"].mask(is_one, 7 * table["ratio"]),
    )
    nation = pd.Series(1.0, index=[0, 5, 10])
    before, after = (hindcast(t, nation=nation).set_index("unit_id") for t in (table, other))
    assert before.loc["411721", "forecast"].tolist() == after.loc["411721", "forecast"].tolist()


def test_errors_are_by_county_and_stage_and_units_without_censuses_have_none() -> None:
    found = hindcast_by_stage(["411721", "999999"], Movement.HENAN)
    assert found["unit_id"].unique().tolist() == ["411721"]
    assert found["stage"].tolist() == [Stage.JUNIOR, Stage.SENIOR]
