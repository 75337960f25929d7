"""Verdicts in time: met by the due day or not, by which law, and what stays open."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import box

import zmd_layout
from tests.counting_world import layer
from zmd_layout.checks.due import known_on
from zmd_layout.checks.value import exactly
from zmd_layout.findings import find
from zmd_layout.layers import Layer, Layers
from zmd_layout.measures import World
from zmd_layout.rulebook import load_ruleset
from zmd_layout.study import Covers, Name, Study
from zmd_layout.synthetic import build
from zmd_layout.vocabulary import Stage

RULES = {rule.id: rule for rule in load_ruleset("zhumadian-2022-49")}
PERIOD = (dt.date(2021, 1, 1), dt.date(2025, 12, 31))
NOW = dt.date(2026, 11, 28)
K1, K2, S1 = (
    "kindergarten-public-central-per-township",
    "kindergarten-townships-without",
    "senior-new-per-county",
)
CENTRAL = {"stages": "kindergarten", "ownership": "public", "is_township_central": True}
NINE_YEAR, K5 = "nine-year-size-new", "kindergarten-delivered-with-housing"


def study(as_of: dt.date = NOW) -> Study:
    name = Name(zh="小", en="small")
    return Study(id="s", name=name, as_of=as_of, plan_period=PERIOD, city="411700")


def townships(count: int = 1) -> Layer:
    rows = [
        {"unit_id": f"41172110{n}", "name": f"t{n}", "kind": "town", "county_id": "411721",
         "geometry": box(n, 0, n + 1, 1)}
        for n in range(count)
    ]  # fmt: skip
    return layer("townships", rows, year=2025)


def county(residents: float, year: int = 2020) -> Layer:
    row = {"unit_id": "411721", "name": "县", "kind": "county", "residents": residents}
    return layer("counties", [row | {"geometry": box(0, 0, 9, 9)}], year=year)


def schools(*rows: dict[str, Any], year: int | None = 2026) -> Layer:
    whole = {
        "status": "operating", "opens_on": None, "construction": None, "residential_area_id": None,
        "is_teaching_point": None, "county_id": "411721", "township_id": "411721100",
    }  # fmt: skip
    told = [{"school_id": f"s{n}", **whole, **row} for n, row in enumerate(rows)]
    covers = Covers(stages=tuple(Stage), units=("411721", "411700"))
    return layer("schools", told, year=year, covers=covers)


def judged(rule_id: str, *layers: Layer, as_of: dt.date = NOW) -> list[dict[str, Any]]:
    known: Layers = {one.name: one for one in layers}
    world = World(study(as_of), known, as_of)
    rules = [RULES[rule_id]] + ([RULES[K1]] if rule_id == K2 else [])
    rows = find(rules, world).to_dict("records")
    return [row for row in rows if row["rule_id"] == rule_id]


def state(rule_id: str, *layers: Layer, as_of: dt.date = NOW) -> tuple[str, str]:
    row = judged(rule_id, *layers, as_of=as_of)[0]
    return row["status"], row["due_state"]


DAY = dt.date(2025, 12, 31)


@pytest.mark.parametrize(
    ("opens_on", "expected"),
    [
        (dt.date(2024, 9, 1), ("pass", "due_met")),
        (DAY, ("pass", "due_met")),
        (DAY + dt.timedelta(days=1), ("pass", "met_late")),
        (None, ("pass", "met_time_unknown")),
    ],
)
def test_a_kindergarten_open_by_2025_was_in_time_in_a_list_of_2026(
    opens_on: dt.date | None, expected: tuple[str, str]
) -> None:
    found = schools(CENTRAL | {"opens_on": opens_on})
    assert state(K1, townships(), found) == expected


def test_a_kindergarten_without_a_date_that_a_list_of_2024_shows_was_there() -> None:
    assert state(K1, townships(), schools(CENTRAL, year=2024)) == ("pass", "due_met")


def test_a_township_that_still_has_none_in_2026_has_missed_it() -> None:
    other = {"stages": "primary", "township_id": "411721101"}
    known = {"stages": "kindergarten", "ownership": "private", "is_township_central": False}
    assert state(K1, townships(2), schools(known, other)) == ("shortfall", "due_missed")


def test_a_kindergarten_that_was_closed_since_may_have_stood_on_the_day() -> None:
    gone = schools(CENTRAL | {"status": "closed"}, CENTRAL | {"township_id": "411721101"})
    assert state(K1, townships(2), gone) == ("shortfall", "met_time_unknown")
    ends = [{"school_id": "s0", "closes_on": DAY, "replacement_id": None}]
    closed = layer("closures", ends, year=2026)
    assert state(K1, townships(2), gone, closed) == ("shortfall", "due_missed")


def test_townships_without_are_counted_on_the_due_day() -> None:
    early, late = CENTRAL | {"opens_on": DAY}, {"opens_on": NOW, "township_id": "411721101"}
    both = schools(early, CENTRAL | late)
    assert state(K2, townships(2), both) == ("pass", "met_late")
    assert state(K2, townships(1), both) == ("pass", "due_met")


def test_a_target_of_september_2022_is_not_missed_on_undated_data_of_2025() -> None:
    pupils = {"stages": "primary", "enrolment": 100.0}
    own = [pupils | {"ownership": "public"}, pupils | {"ownership": "private"}]
    counties = [
        {"unit_id": unit, "name": unit, "kind": "county", "residents": 1e5, "geometry": None}
        for unit in RULES["compulsory-private-share"].place.counties
    ]
    layers = (layer("counties", counties, year=2020), schools(*own, year=2025))
    as_of = dt.date(2025, 12, 31)
    # half of the pupils, and not five in a hundred
    assert state("compulsory-private-share", *layers, as_of=as_of)[1] == "met_time_unknown"


@pytest.mark.parametrize(
    ("residents", "opened", "expected"),
    [
        (1_005_745, 1, "due_missed"),
        (1_005_745, 2, "due_met"),
        (612_551, 0, "due_missed"),
        (612_551, 1, "due_unverified"),
        (612_551, 2, "due_met"),
    ],
)
def test_a_county_far_from_the_line_is_decided_whatever_the_year_of_its_census(
    residents: float, opened: int, expected: str
) -> None:
    new = {"stages": "senior", "construction": "new", "opens_on": dt.date(2023, 9, 1)}
    old = {"stages": "senior", "construction": "expanded", "opens_on": dt.date(2023, 9, 1)}
    found = schools(*[new] * opened, old, year=2025)
    [row] = judged(S1, county(residents), found, as_of=dt.date(2026, 6, 30))
    assert row["due_state"] == expected
    assert ("2020" in row["note_en"]) == (residents == 612_551), "newer people are told beside"


def second_state(dates: list[dt.date | None], year: int, due: dt.date) -> str:
    """Put the time of a target of one school as one would with each list in hand."""
    seen = [d for d in dates if d is None or d <= NOW]
    then = [d for d in seen if d is not None and d <= due]
    undated = [d for d in seen if d is None]
    if year <= due.year:
        then += undated
        undated = []
    if then:
        return "due_met"
    if undated:
        return "met_time_unknown"
    if year < due.year:
        return "due_unverified"
    return "met_late" if seen else "due_missed"


def test_a_second_simple_implementation_agrees_on_random_dates_around_the_due_day() -> None:
    chance = random.Random("due")  # noqa: S311 - worlds, no secrets
    seen = set()
    for _ in range(400):
        year = chance.choice([2024, 2025, 2026])
        last = min(NOW, dt.date(year, 12, 31))
        dates: list[dt.date | None] = [
            chance.choice([None, min(last, DAY + dt.timedelta(days=chance.randint(-2, 2)))])
            for _ in range(chance.randint(0, 3))
        ]
        elsewhere = CENTRAL | {"township_id": "411721101"}
        rows = schools(*(CENTRAL | {"opens_on": d} for d in dates), elsewhere, year=year)
        expected = second_state(dates, year, DAY)
        assert state(K1, townships(2), rows)[1] == expected, (year, dates)
        seen.add(expected)
    assert seen == {
        "due_met", "met_time_unknown", "met_late", "due_missed", "due_unverified",
    }  # fmt: skip


def test_what_a_newer_value_says_of_an_older_day_is_nothing() -> None:
    assert known_on(exactly(5, year=2025), DAY) == exactly(5, year=2025)
    assert known_on(exactly(5, year=2026), DAY).is_unknown
    assert known_on(exactly(5), DAY).is_unknown


# --- which law


def review_of(tmp_path: Path, *plots: dict[str, Any], as_of: dt.date = NOW) -> list[dict[str, Any]]:
    features = [
        {"type": "Feature", "properties": plot,
         "geometry": shapely.geometry.mapping(box(114.02 + x, 32.98, 114.025 + x, 32.985))}
        for plot, x in ((plot, plot.pop("_x", 0.02 * n)) for n, plot in enumerate(plots))
    ]  # fmt: skip
    file = tmp_path / "plots.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    found = zmd_layout.review(file, as_of=as_of)
    return list(gpd.GeoDataFrame(found.findings).to_dict("records"))


def verdict(rows: list[dict[str, Any]], rule_id: str, unit: str) -> dict[str, Any]:
    return next(r for r in rows if r["rule_id"] == rule_id and r["unit_id"] == unit)


def plot(**fields: Any) -> dict[str, Any]:
    base = {
        "unit_id": "A1", "name": "甲", "planned_residents": 12_000, "settlement": "urban",
        "is_new": True, "conditions_on": "2023-06-01",
    }  # fmt: skip
    return base | fields


def kindergarten(opens_on: str, **more: Any) -> list[dict[str, Any]]:
    return [{"stage": "kindergarten", "seats": 360, "opens_on": opens_on, **more}]


def test_acceptance_with_a_defect_turns_on_the_acceptance_and_profit_on_operation(
    tmp_path: Path,
) -> None:
    old = plot(
        review_stage="acceptance", conditions_on="2021-06-01", first_phase_on="2024-03-01",
        accepted_on="2024-03-15", kindergarten_defect="missing",
        schools=kindergarten("2024-09-01", ownership="for_profit"),
    )  # fmt: skip
    rows = review_of(tmp_path, old)
    assert verdict(rows, "kindergarten-defect-blocks-acceptance", "A1")["status"] == "shortfall"
    assert verdict(rows, "kindergarten-not-for-profit", "A1")["status"] == "shortfall"
    before = review_of(tmp_path, old | {"accepted_on": "2022-06-30"})
    assert verdict(before, "kindergarten-defect-blocks-acceptance", "A1")["status"] == (
        "not_applicable"
    )


@pytest.mark.parametrize(
    ("opens_on", "accepted_on", "status", "gap"),
    [
        ("2024-06-30", None, "pass", 0),  # by the first phase, so in time in any case
        ("2025-06-30", None, "not_assessable", None),
        ("2025-06-30", "2025-06-30", "pass", 0),
        ("2025-07-01", "2025-06-30", "shortfall", 1),
    ],
)
def test_a_kindergarten_keeps_step_with_the_housing_and_not_with_its_first_phase(
    tmp_path: Path, opens_on: str, accepted_on: str | None, status: str, gap: int | None
) -> None:
    fields = {"first_phase_on": "2024-06-30", "schools": kindergarten(opens_on)}
    row = verdict(review_of(tmp_path, plot(**fields, accepted_on=accepted_on)), K5, "A1")
    assert row["status"] == status
    assert row["gap"] == gap if gap is not None else row["gap"] != row["gap"]


def test_a_nine_year_school_of_4000_that_opens_in_2027_gets_its_row(tmp_path: Path) -> None:
    school = [{"stage": "nine_year", "seats": 4000, "opens_on": "2027-09-01"}]
    row = verdict(review_of(tmp_path, plot(schools=school)), NINE_YEAR, "A1#1")
    assert (row["status"], row["gap"], row["flags"]) == ("shortfall", 1000, "after_plan_period")
    assert "2027-09-01" in row["note_zh"]


def test_plots_are_not_chained_beyond_the_years_between_first_and_last(tmp_path: Path) -> None:
    days = ("2023-01-01", "2025-04-01", "2027-06-01")
    plots = [
        plot(unit_id=f"A{n}", planned_residents=6000, conditions_on=day, _x=0.005 * n)
        for n, day in enumerate(days)
    ]
    groups = {
        row["unit_id"]
        for row in review_of(tmp_path, *plots, as_of=dt.date(2027, 12, 31))
        if row["unit_kind"] == "residential_group"
    }
    assert groups == {"A0+A1", "A1+A2"}


def test_conditions_dated_after_the_assessment_draw_a_word(tmp_path: Path) -> None:
    row = verdict(
        review_of(tmp_path, plot(conditions_on="2027-06-01")),
        "primary-per-new-residential-area", "A1",
    )  # fmt: skip
    assert (row["status"], row["flags"]) == ("shortfall", "conditions_date_ahead")
    assert "2027-06-01" in row["note_en"]


def test_the_letter_asks_for_one_school_where_nothing_is_offered(tmp_path: Path) -> None:
    features = plot(planned_residents=20_000)
    row = verdict(review_of(tmp_path, features), "primary-per-new-residential-area", "A1")
    told = (row["required"], row["gap"], row["strength"], row["basis"], row["addressee"])
    assert told == (1, 1, "duty", "clause", "unnamed")
    assert "reading_decides" not in row["flags"]


def test_boarding_of_2026_does_not_tell_of_boarding_in_2025() -> None:
    rural = {"stages": "junior", "settlement": "rural", "opens_on": dt.date(2010, 9, 1)}
    found = schools(rural | {"is_boarding": True}, rural | {"is_boarding": True})
    assert state("junior-rural-boarding-share", county(1e5), found)[1] == "met_time_unknown"
    older = schools(rural | {"is_boarding": True}, rural | {"is_boarding": True}, year=2025)
    assert state("junior-rural-boarding-share", county(1e5), older)[1] == "due_met"


def test_junior_schools_of_towns_count_for_the_boarding_share_and_those_of_cities_do_not() -> None:
    rows = [
        {"stages": "junior", "settlement": settlement, "is_boarding": boards}
        for settlement, boards in (("rural", True), ("town", False), ("urban", False))
    ]
    [row] = judged("junior-rural-boarding-share", county(1e5), schools(*rows, year=2025))
    assert (row["status"], row["measured"]) == ("reported", 50)


def test_no_target_that_was_kept_turns_late_on_layers_of_2026(tmp_path: Path) -> None:
    folder = build(tmp_path / "city", scale=0.02).parent
    before = zmd_layout.check(zmd_layout.load_study(folder))
    file = folder / "study.toml"
    text = file.read_text("utf-8").replace("as_of = 2025-12-31", "as_of = 2026-11-28")
    file.write_text(text.replace("year = 2025", "year = 2026"), "utf-8")
    after = zmd_layout.check(zmd_layout.load_study(folder))
    assert "met_late" not in set(after["due_state"])
    keys = ["rule_id", "unit_kind", "unit_id"]
    both = before.merge(after, on=keys, suffixes=("_2025", "_2026"))
    kept = both[both["due_state_2025"] == "due_met"]
    assert set(kept["due_state_2026"]) == {"due_met", "met_time_unknown"}
    central = kept[kept["rule_id"] == K1]
    assert len(central)
    assert set(central["due_state_2026"]) == {"due_met"}, "each kindergarten has its date"
