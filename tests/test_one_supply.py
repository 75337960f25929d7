"""One supply: a school counts once, seats are by class list, land is measured on the map."""

from __future__ import annotations

import random
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import zmd_layout
from conftest import COVERS, point, square, write_geojson
from zmd_layout.measures import World
from zmd_layout.measures.supply.seats import listed_classes, of_stage
from zmd_layout.vocabulary import Stage
from zmd_layout.workflow.loading import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PRIMARY, LAND = "primary-per-new-residential-area", "education-land-untouched"
HEAD = '\n[layers.{0}]\npath = "{0}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
PLOT = {
    "unit_id": "A", "name": "甲苑", "planned_residents": 20_000, "settlement": "urban",
    "is_new": True, "conditions_on": "2022-09-01", "review_stage": "acceptance",
}  # fmt: skip


@pytest.fixture
def world_of(make_study: Callable[..., Path]) -> Callable[..., Any]:
    """Return a function that opens a study of the layers that it is handed."""

    def make(classes: list[dict[str, Any]] | None = None, **layers: Any) -> Any:
        entries = "".join(
            HEAD.format(name) + (COVERS if name == "schools" else "") for name in layers
        )
        if classes is not None:
            entries += (
                '\n[layers.classes]\npath = "classes.csv"\ncoordinates = "none"\nyear = 2025\n'
            )
        folder = make_study(entries)
        for name, rows in layers.items():
            write_geojson(folder / f"{name}.geojson", rows)
        if classes is not None:
            pd.DataFrame(classes).to_csv(folder / "classes.csv", index=False)
        return zmd_layout.load_study(folder)

    return make


def verdict(study: Any, rule_id: str = PRIMARY) -> pd.Series[Any]:
    found = zmd_layout.check(study)
    return found[found["rule_id"] == rule_id].iloc[0]


def school(**fields: Any) -> tuple[dict[str, Any], Any]:
    base = {"school_id": "1", "name": "甲苑小学", "stages": "primary", "status": "operating"}
    return base | fields, point(0.012, 0.012)


def plot(*offers: dict[str, Any], **fields: Any) -> tuple[dict[str, Any], Any]:
    return PLOT | {"schools": [*offers]} | fields, square(0.01, 0.01, 0.005)


OFFER = {"stage": "primary", "opens_on": "2024-09-01"}


@pytest.mark.parametrize(
    ("offer", "rostered", "least", "most"),
    [
        (OFFER, {"residential_area_id": "A"}, 1, 1),
        (OFFER, {"opens_on": "2024-09-01"}, 1, 1),
        (OFFER | {"name": "甲苑小学"}, {}, 1, 1),
        (OFFER, {"opens_on": "2015-09-01"}, 2, 2),  # older than the conditions
        (OFFER | {"opens_on": "2027-09-01"}, {}, 2, 2),  # yet to come
        (OFFER, {}, 1, 2),
        (OFFER, {"status": "under_construction", "residential_area_id": "A"}, 1, 1),
    ],
)
def test_a_promised_school_that_is_in_the_roster_too_counts_once(
    world_of: Callable[..., Any], offer: dict[str, Any], rostered: dict[str, Any], least: int,
    most: int,
) -> None:  # fmt: skip
    row = verdict(world_of(schools=[school(**rostered)], residential_areas=[plot(offer)]))
    if least == most:
        assert row["measured"] == least
    else:
        assert pd.isna(row["measured"])
        assert row["status"] == "not_assessable"
        assert "请核对校名" in row["note_zh"]


def second_count(same: list[list[bool | None]]) -> tuple[int, int]:
    """Count one list as by hand: leave out pairs one after the other, in every order."""
    offers, rostered = len(same), len(same[0]) if same else 0
    pairs = [(o, r) for o in range(offers) for r in range(rostered)]

    def most(allowed: set[bool | None]) -> int:
        usable = [p for p in pairs if same[p[0]][p[1]] in allowed]
        for size in range(min(offers, rostered), 0, -1):
            for chosen in combinations(usable, size):
                if len({o for o, _ in chosen}) == size == len({r for _, r in chosen}):
                    return size
        return 0

    whole = offers + rostered
    return whole - most({True, None}), whole - most({True})


def test_a_second_simple_implementation_agrees_on_double_sources(
    make_study: Callable[..., Path],
) -> None:
    chance = random.Random("double")  # noqa: S311 - worlds, no secrets
    plots, rostered, expected = [], [], {}
    study = make_study(HEAD.format("schools") + COVERS + HEAD.format("residential_areas"))
    for n in range(60):
        unit, x = f"P{n}", 0.0012 * n
        offers = [
            {"stage": "primary", "name": f"{n}号" + chance.choice(["东小学", "西小学", "中小学"]),
             "opens_on": chance.choice(["2024-09-01", "2024-03-01", "2028-09-01"])}
            for _ in range(chance.randint(0, 3))
        ]  # fmt: skip
        names = chance.sample(["东小学", "西小学", "南小学"], 3)
        here = [
            {"school_id": f"{unit}-{m}", "name": f"{n}号{names[m]}",
             "stages": "primary", "status": "operating",
             "opens_on": chance.choice([None, "2024-09-01", "2010-09-01"])}
            for m in range(chance.randint(0, 3))
        ]  # fmt: skip
        same: list[list[bool | None]] = []
        for offer in offers:
            line: list[bool | None] = []
            for one in here:
                if offer["opens_on"] > "2025-12-31" or (one["opens_on"] or "9") < "2022-09-01":
                    line.append(False)
                elif offer["opens_on"] == one["opens_on"] or offer["name"] == one["name"]:
                    line.append(True)
                else:
                    line.append(None)
            same.append(line)
        if not offers or not here:
            expected[unit] = (len(offers) + len(here),) * 2
        else:
            expected[unit] = second_count(same)
        fields = PLOT | {"unit_id": unit, "name": unit, "schools": offers}
        plots.append((fields, square(x, 0.01, 0.001)))
        rostered += [(one, point(x + 0.0003 + 0.0001 * m, 0.0105)) for m, one in enumerate(here)]
    write_geojson(study / "schools.geojson", rostered)
    write_geojson(study / "residential_areas.geojson", plots)
    opened = zmd_layout.load_study(study)
    world = World(opened, load(opened, None), opened.as_of)
    from zmd_layout.measures.supply.plot_supply import supply_of_plots
    from zmd_layout.vocabulary import UnitKind

    units = world.units(UnitKind.RESIDENTIAL_AREA, {})
    assert units is not None
    found = supply_of_plots(world, units, Stage.PRIMARY)
    assert {unit: (one.least, one.most) for unit, one in found.items()} == expected
    assert any(low < high for low, high in expected.values())


def test_an_existing_school_over_its_capacity_meets_the_clause_with_a_flag_and_a_remark(
    world_of: Callable[..., Any],
) -> None:
    areas = [plot(planned_residents=10_000)]
    full = verdict(world_of(schools=[school(classes=12, enrolment=541)], residential_areas=areas))
    assert (full["status"], full["measured"]) == ("pass", 1)
    assert "school_full" in full["flags"]
    assert "甲苑小学" in full["note_zh"]
    spare = verdict(world_of(schools=[school(classes=12, enrolment=540)], residential_areas=areas))
    assert spare["status"] == "pass"
    assert "school_full" not in spare["flags"]


def test_seats_of_a_school_of_several_stages_come_from_the_class_list(
    world_of: Callable[..., Any],
) -> None:
    listed = [
        {"school_id": "1", "stage": stage, "grade": "1", "pupils": pupils}
        for stage, count, pupils in (("primary", 4, 45), ("junior", 8, 50))
        for _ in range(count)
    ]
    nine = school(stages="primary;junior", classes=12, enrolment=580)
    other = school(
        school_id="2", name="另一学校", stages="primary;junior", classes=9, enrolment=400
    )
    study = world_of(classes=listed, schools=[nine, other])
    world = World(study, load(study, None), study.as_of)
    rows = world.layers["schools"].frame.assign(unit_id="u")
    junior = of_stage(rows, Stage.JUNIOR, listed_classes(world)).set_index("school_id")
    assert junior["classes"].to_dict() == {"1": 8, "2": 3}
    assert junior["enrolment"]["1"] == pytest.approx(580 * 400 / 580)
    assert junior["enrolment"]["2"] == pytest.approx(400 / 3), "by grades, where nothing is listed"


# --- land


def parcel(use: str | None = "vacant") -> tuple[dict[str, Any], Any]:
    return {"parcel_id": "L", "name": "预留地", "current_use": use}, square(0.01, 0.01, 0.002)


def test_an_estate_drawn_over_a_reserved_parcel_is_a_loss_of_the_part_it_covers(
    world_of: Callable[..., Any],
) -> None:
    half = (PLOT, square(0.011, 0.01, 0.002))
    row = verdict(world_of(education_land=[parcel()], residential_areas=[half]), LAND)
    whole = verdict(world_of(education_land=[parcel("other")]), LAND)
    assert row["status"] == "shortfall"
    assert row["measured"] == pytest.approx(whole["measured"] / 2, rel=0.01)
    assert "50.0%" in row["note_zh"]


def test_a_plot_beside_a_parcel_takes_nothing(world_of: Callable[..., Any]) -> None:
    beside = (PLOT, square(0.0121, 0.01, 0.002))
    row = verdict(world_of(education_land=[parcel()], residential_areas=[beside]), LAND)
    assert (row["status"], row["measured"]) == ("pass", 0)


def test_partial_loss_is_told_by_the_map_of_present_use(world_of: Callable[..., Any]) -> None:
    uses = [
        ({"current_use": "other"}, square(0.01, 0.01, 0.001)),
        ({"current_use": "vacant"}, square(0.011, 0.01, 0.001)),
    ]
    row = verdict(world_of(education_land=[parcel()], land_use=uses), LAND)
    whole = verdict(world_of(education_land=[parcel("other")]), LAND)
    assert row["measured"] == pytest.approx(whole["measured"] / 4, rel=0.01)
    unknown = verdict(world_of(education_land=[parcel(None)], land_use=uses), LAND)
    assert unknown["status"] == "shortfall", "what is surely lost is lost, whatever the rest is"


def test_check_and_review_measure_the_same_land(
    world_of: Callable[..., Any], tmp_path: Path
) -> None:
    over = (PLOT, square(0.0115, 0.01, 0.002))
    checked = verdict(world_of(education_land=[parcel()], residential_areas=[over]), LAND)
    study = world_of(education_land=[parcel()])
    file = write_geojson(tmp_path / "plots.geojson", [over])
    (case,) = zmd_layout.review(file, study=study).cases
    assert case.parcels[0].covered_m2 == pytest.approx(checked["measured"], abs=0.1)


@pytest.mark.parametrize(
    ("offer", "flags"),
    [
        ({"classes": 1}, {"offered_seats_few"}),
        ({"seats": 999}, {"offered_seats_few"}),
        ({"seats": 1000}, set()),
        ({"seats": 1000, "site_area_m2": 22_999}, {"offered_land_small"}),
        ({"seats": 1000, "site_area_m2": 23_000}, set()),
        ({}, set()),
    ],
)
def test_a_promised_school_that_is_too_small_is_remarked_on_and_still_counts(
    world_of: Callable[..., Any], offer: dict[str, Any], flags: set[str]
) -> None:
    areas = [plot({"stage": "primary", **offer}, planned_residents=10_000)]
    found = verdict(world_of(residential_areas=areas))
    assert (found["status"], found["measured"]) == ("pass", 1)
    assert {flag for flag in str(found["flags"]).split(";") if flag.startswith("offered_")} == flags
    if flags:
        assert "不作为不符合条款" in found["note_zh"]
