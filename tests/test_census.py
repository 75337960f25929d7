"""What the real census of 2020 says, and what it cannot say."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import zmd_layout


@pytest.fixture(scope="module")
def findings() -> pd.DataFrame:
    return zmd_layout.check(zmd_layout.load_study("zhumadian-census"))


def of(findings: pd.DataFrame, rule_id: str) -> pd.DataFrame:
    return findings[findings["rule_id"] == rule_id].set_index("unit_name")


def test_sixteen_new_senior_highs_are_owed_in_nine_counties(findings: pd.DataFrame) -> None:
    senior = of(findings, "senior-new-per-county")
    owed = senior[senior["required"] > 0]["required"]
    assert owed.sum() == 16
    assert len(owed) == 9
    assert owed["确山县"] == owed["遂平县"] == 1
    assert owed["汝南县"] == 2


def test_the_district_and_the_zone_owe_none(findings: pd.DataFrame) -> None:
    senior = of(findings, "senior-new-per-county")
    assert senior.loc["驿城区", "status"] == "not_applicable"
    assert senior.loc["河南驻马店经济开发区", "status"] == "not_applicable"


def test_runan_and_zhengyang_are_near_the_line(findings: pd.DataFrame) -> None:
    senior = of(findings, "senior-new-per-county")
    near = senior.index[senior["flags"].str.contains("near_threshold")]
    assert set(near) == {"汝南县", "正阳县"}


def test_yicheng_has_the_people_of_the_zone_within_it() -> None:
    layers = zmd_layout.run(zmd_layout.load_study("zhumadian-census")).layers
    residents = layers["counties"].frame.set_index("unit_id")["residents"]
    assert residents["411702"] == 1025543
    counted = layers["counties"].frame
    assert counted[counted["within"].isna()]["residents"].sum() == 7008427


def test_all_ten_counties_owe_a_special_school_and_the_zone_is_reported(
    findings: pd.DataFrame,
) -> None:
    special = of(findings, "special-school-per-county")
    assert (special["required"] == 1).sum() == 10
    assert special.loc["河南驻马店经济开发区", "status"] == "reported"


def test_153_townships_owe_a_central_kindergarten_and_43_subdistricts_do_not(
    findings: pd.DataFrame,
) -> None:
    central = of(findings, "kindergarten-public-central-per-township")
    assert len(central) == 196
    assert (central["required"] == 1).sum() == 153
    assert (central["status"] == "not_applicable").sum() == 43


def test_nothing_is_passed_or_missed_without_schools(findings: pd.DataFrame) -> None:
    assert not findings["status"].isin(["pass", "shortfall"]).any()
    lacking = findings[findings["status"] == "not_assessable"]
    assert lacking["note_zh"].str.contains("缺：").all()
    assert not findings["is_synthetic"].any()


@pytest.mark.parametrize("day", [dt.date(2025, 12, 31), dt.date(2027, 1, 1)])
def test_with_data_of_2020_no_target_is_missed(day: dt.date) -> None:
    found = zmd_layout.check(zmd_layout.load_study("zhumadian-census"), as_of=day)
    due = found[(found["rule_id"] == "senior-new-per-county") & (found["required"] > 0)]
    assert set(due["due_state"]) == {"due_unverified"}


def test_before_the_plan_there_is_no_finding() -> None:
    found = zmd_layout.check(zmd_layout.load_study("zhumadian-census"), as_of=dt.date(2022, 6, 30))
    assert found.empty
