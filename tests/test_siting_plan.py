"""The plan over years on one county of four villages: re-use before building, sized by need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.siting.suggest import Suggestions

COUNTY = {"unit_id": "411721", "name": "西县", "kind": "county"}
TOWN = {"unit_id": "411721101", "name": "西镇", "kind": "town", "county_id": "411721"}
# 2020: those of 10 to 14 are juniors until 2025; fewer and fewer follow
SHRINKING = {
    "residents_0_4": 300, "residents_5_9": 1500, "residents_10_14": 1500, "residents_15_19": 300,
}  # fmt: skip
STEADY = {f"residents_{age}_{age + 4}": 1500 for age in (0, 5, 10, 15)}


def school(number: int, stages: str, classes: int, **more: Any) -> tuple[dict[str, Any], Any]:
    size = 45 if stages == "primary" else 50
    row = {
        "school_id": f"{stages[0]}{number}", "name": f"{stages}{number}", "stages": stages,
        "classes": classes, "classrooms": classes, "seats": classes * size,
        "enrolment": classes * size, "classes_of_56_and_more": 0, "is_teaching_point": False,
        "status": "operating",
    }  # fmt: skip
    return row | more, point(0.02 * number, 0.05)


HOME = [(f"v{n}", f"村{n}", 0.02 * n) for n in range(1, 5)]


def planned(
    make_study: Callable[..., Path],
    tmp_path: Path,
    schools: list[Any],
    ages: dict[str, int],
    counties: list[Any] | None = None,
    **choices: Any,
) -> Suggestions:
    """Plan a county whose children all live in four villages."""
    shared = {name: number // 4 for name, number in ages.items()}
    villages = [
        ({"unit_id": key, "name": name, "residents": 5000, **shared}, point(east, 0.05))
        for key, name, east in HOME
    ]
    everyone = {"residents": 20_000, **ages}
    tables = {
        "townships": [(TOWN | everyone, square(0, 0))], "villages": villages, "schools": schools,
    }  # fmt: skip
    for name, rows in tables.items():
        write_geojson(tmp_path / f"{name}.geojson", rows)
    extra = "".join(
        f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2020\n'
        for name in tables
    )
    extra += '\n[forecast]\nmovement = "none"\n'
    around = [(COUNTY | everyone, square(0, 0)), *(counties or [])]
    folder = make_study(extra, counties=around)
    return zmd_layout.site(zmd_layout.load_study(folder).with_plan(**choices))


def of(result: Suggestions, stage: str, action: str) -> pd.DataFrame:
    table = result.table
    return table[(table["stage"] == stage) & (table["action"] == action)]


def without_seat(result: Suggestions, stage: str, column: str = "no_seat") -> pd.Series:
    table = result.seats_by_year
    mine = table[
        (table["stage"] == stage) & (table["unit_kind"] == "county")
        & table["case"].isin(["all", "middle"])
    ]  # fmt: skip
    return mine.set_index("year")[column]


ENOUGH = [school(1, "kindergarten", 60), school(2, "primary", 60), school(3, "senior", 30)]


def test_a_hump_is_bridged_in_free_rooms_and_nothing_is_built(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    junior = school(4, "junior", 15, classrooms=18)
    result = planned(make_study, tmp_path, [*ENOUGH, junior], SHRINKING)
    short = without_seat(result, "junior")
    assert 0 < (short > 0).sum() <= 4
    assert of(result, "junior", "new").empty
    assert of(result, "junior", "expand").empty
    bridged = of(result, "junior", "bridge")
    assert set(bridged["school_id"]) == {"j4"}
    assert bridged["from_year"].iloc[0] == 2026
    after = without_seat(result, "junior", "no_seat_after_plan")
    assert (after[1:] <= short[1:]).all()
    assert after[1:].sum() < short[1:].sum()


def test_no_temporary_class_opens_in_a_school_with_large_classes(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    crowded = school(4, "junior", 15, classrooms=18, classes_of_56_and_more=2)
    result = planned(make_study, tmp_path, [*ENOUGH, crowded], SHRINKING)
    assert of(result, "junior", "bridge").empty


def test_rooms_of_the_primary_school_that_empty_serve_juniors(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    full = school(4, "junior", 14)
    empty = school(2, "primary", 60, enrolment=1500)
    schools = [ENOUGH[0], empty, ENOUGH[2], full]
    result = planned(make_study, tmp_path, schools, SHRINKING, convert={"least_years": 1})
    lent = of(result, "junior", "convert")
    assert set(lent["school_id"]) == {"p2"}
    assert lent["until_year"].notna().all()
    # rooms that are lent leave no child of the lending stage without a seat
    assert (without_seat(result, "primary", "no_seat_after_plan")[1:] == 0).all()


def test_no_rooms_are_converted_for_a_shortage_shorter_than_the_way_through_the_school(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    schools = [*ENOUGH, school(4, "junior", 15)]
    result = planned(make_study, tmp_path, schools, SHRINKING)
    short = without_seat(result, "junior")[1:]
    assert 0 < (short >= 50).sum() < 3
    assert result.table.empty or of(result, "junior", "convert").empty


NOBODY = dict.fromkeys(["residents", *SHRINKING], 0)
EAST = ({"unit_id": "411722", "name": "东县", "kind": "county", **NOBODY}, square(0.1, 0))


def neighbour(**more: Any) -> tuple[dict[str, Any], Any]:
    row, _ = school(9, "junior", 40, enrolment=0)
    return row | more, point(0.12, 0.05)


def test_children_for_whom_the_county_has_no_seat_go_across_the_border_at_last(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    schools = [*ENOUGH, school(4, "junior", 15), neighbour()]
    closed = planned(make_study, tmp_path, schools, SHRINKING, [EAST], borders="closed")
    result = planned(make_study, tmp_path, schools, SHRINKING, [EAST])
    across = of(result, "junior", "share")
    across = across[across["school_id"] == "j9"]
    assert set(across["county_id"]) == {"411721"}
    assert "东县" in across["note_zh"].iloc[0]
    table = result.seats_by_year
    mine = table[(table["stage"] == "junior") & (table["unit_id"] == "411721")].set_index("year")
    assert (mine.loc[2026:, "left_full"] < 1).all()
    alone = without_seat(closed, "junior", "no_seat_after_plan")
    moved = mine["across_border"] + mine["no_seat_after_plan"]
    assert moved[1:].to_numpy() == pytest.approx(
        closed.seats_by_year.pipe(
            lambda rows: rows[(rows["stage"] == "junior") & (rows["unit_id"] == "411721")]
        )["no_seat_after_plan"][1:].to_numpy(), abs=1,
    )  # fmt: skip
    assert alone[1:].sum() > 0
    # seats by year of the row are those of the table
    by_year = dict(part.split("=") for part in across["seats_by_year"].iloc[0].split(";"))
    for year, seats in by_year.items():
        assert float(seats) == pytest.approx(mine.loc[int(year), "across_border"], abs=1)


def test_children_beyond_the_longest_way_board_at_a_school_of_their_county_or_are_named(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    far = school(4, "junior", 80, is_boarding=True)
    near = {"longest_way_m": {"junior": 3000}, "accepted_way_m": {"junior": 2500}}
    result = planned(make_study, tmp_path, [*ENOUGH, far], STEADY, **near)
    beds = of(result, "junior", "board")
    assert set(beds["school_id"]) == {"j4"}
    assert (without_seat(result, "junior", "left_too_far")[1:] == 0).all()
    assert (without_seat(result, "junior", "boarding")[1:] > 0).all()
    assert (without_seat(result, "junior", "no_seat")[1:] > 0).all()
    day = school(4, "junior", 80, is_boarding=False)
    left = planned(make_study, tmp_path, [*ENOUGH, day], STEADY, **near)
    assert of(left, "junior", "board").empty
    missing = without_seat(left, "junior", "no_seat")[1:].to_numpy()
    assert without_seat(left, "junior", "left_too_far")[1:].to_numpy() == pytest.approx(missing)


def test_choices_for_cases_stand_side_by_side_with_what_insurance_costs(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    schools = [*ENOUGH, school(4, "junior", 14, classrooms=18)]
    story = planned(make_study, tmp_path, schools, SHRINKING).story
    assert story is not None
    choices = {one.name: one for one in story.cases}
    assert list(choices) == ["plan", "low", "middle", "high", "expected", "regret"]
    least = choices["regret"]
    others = [one.largest for name, one in choices.items() if name != "plan"]
    assert least.largest == pytest.approx(min(others), abs=1e-3)
    assert least.bound <= least.largest + 1e-6
    for case, name in enumerate(("low", "middle", "high")):
        assert choices[name].regret[case] == pytest.approx(0, abs=1e-6)
    chosen = planned(make_study, tmp_path, schools, SHRINKING, cases="regret").story
    assert chosen is not None
    assert chosen.cost == pytest.approx(least.cost)


def test_a_shortage_that_lasts_gets_a_new_school_that_is_used_in_2032(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    result = planned(
        make_study, tmp_path, [*ENOUGH[:2], school(3, "senior", 6), school(4, "junior", 80)],
        STEADY | {"residents_5_9": 6000, "residents_10_14": 6000}, general_senior_share=1.0,
        actions=["share", "bridge", "expand", "new"],
    )  # fmt: skip
    new = of(result, "senior", "new")
    short = without_seat(result, "senior")
    assert (short[short.index >= 2028] > 0).sum() >= 3
    assert len(new) >= 1
    assert (new["use_2032"] >= 70).all()
    largest = short[short.index >= 2028].max()
    assert new["seats"].sum() <= max(largest + 150, 1200)
    assert (new["from_year"] >= 2028).all()


def test_a_county_without_a_shortage_gets_no_action(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    juniors = school(4, "junior", 60)
    primary = school(2, "primary", 90)
    result = planned(make_study, tmp_path, [ENOUGH[0], primary, ENOUGH[2], juniors], SHRINKING)
    costly = result.table[result.table["action"].isin(["bridge", "convert", "expand"])]
    assert costly.empty
    assert result.story is None or result.story.cost == 0


def test_unknown_seats_leave_the_county_without_a_plan_and_unknown(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    row, place = school(4, "junior", 14)
    open_ = row | {"classes": None, "seats": None}, place
    result = planned(make_study, tmp_path, [*ENOUGH, open_], SHRINKING)
    assert without_seat(result, "junior").isna().all()
    assert of(result, "junior", "convert").empty


def test_an_action_less_never_leaves_fewer_children_without_a_seat(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    schools = [*ENOUGH, school(4, "junior", 14, classrooms=18)]
    left = [
        without_seat(
            planned(make_study, tmp_path, schools, SHRINKING, actions=actions),
            "junior", "no_seat_after_plan",
        )[1:].sum()
        for actions in (["share"], ["share", "bridge"], ["share", "bridge", "convert"])
    ]  # fmt: skip
    assert left == sorted(left, reverse=True)


def test_objective_bound_and_gap_are_the_cost_of_the_county(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    result = planned(
        make_study, tmp_path, [*ENOUGH, school(4, "junior", 14, classrooms=18)], SHRINKING
    )
    rows = result.table[result.table["objective_unit"] == "10000-yuan"]
    assert (rows["bound"] <= rows["objective"] + 1e-9).all()
    assert (rows["gap_percent"] == 0).all()
    assert rows["objective"].max() == rows["objective"].min()
    assert result.story is not None
    assert result.story.cost == pytest.approx(rows["objective"].iloc[0])


def test_the_three_numbers_stand_beside_residents_and_enrolment(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    result = planned(make_study, tmp_path, [*ENOUGH, school(4, "junior", 14)], SHRINKING)
    table = result.seats_by_year
    city = table[(table["unit_kind"] == "city") & (table["stage"] == "junior")]
    county = table[(table["unit_kind"] == "county") & (table["stage"] == "junior")]
    assert city["no_seat"].to_numpy() == pytest.approx(county["no_seat"].to_numpy())
    now = county[county["year"] == 2025].iloc[0]
    assert now["enrolment"] == 14 * 50
    assert now["seats"] == 14 * 50
    assert now["no_seat"] == pytest.approx(now["seats_needed"] - now["seats"], abs=1)
    assert np.isnan(county[county["year"] == 2026]["enrolment"].iloc[0])


def test_after_the_plan_a_count_written_apart_finds_the_same_children_without_a_seat(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    # all live within reach of the one school, so that subtraction is the whole flow
    schools = [*ENOUGH, school(4, "junior", 14, classrooms=18)]
    result = planned(make_study, tmp_path, schools, SHRINKING)
    rows = result.table[result.table["stage"] == "junior"]
    rows = rows[rows["action"].isin(["bridge", "convert", "expand", "new"])]
    table = result.seats_by_year
    county = table[(table["stage"] == "junior") & (table["unit_kind"] == "county")]
    for year in county[county["year"] > 2025].itertuples():
        is_open = (rows["from_year"] <= year.year) & (rows["until_year"].fillna(9999) >= year.year)
        missing = max(0.0, year.seats_needed - year.seats)
        most = rows.loc[is_open, "seats"].sum()
        # the seats of a row are those of its largest year
        assert max(0.0, missing - most) <= year.no_seat_after_plan + 1
        assert year.no_seat_after_plan <= missing + 1
    peak = county[county["year"] == rows["from_year"].min()].iloc[0]
    added = rows.loc[rows["from_year"] == peak["year"], "seats"].sum()
    left = max(0.0, peak["seats_needed"] - peak["seats"] - added)
    assert peak["no_seat_after_plan"] == pytest.approx(left, abs=1)


def test_all_cases_are_provided_for_at_no_less_cost_than_the_middle_one(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    schools = [*ENOUGH, school(4, "junior", 14, classrooms=18)]
    middle, every = (
        planned(make_study, tmp_path, schools, SHRINKING, cases=cases).story
        for cases in ("middle", "all")
    )
    assert middle is not None
    assert every is not None
    assert every.child_years_after <= middle.child_years_after + 1


def test_the_command_prints_the_plan_and_writes_seats_by_year(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    planned(make_study, tmp_path, [*ENOUGH, school(4, "junior", 14, classrooms=18)], SHRINKING)
    folder = next(tmp_path.glob("**/study.toml")).parent
    out = tmp_path / "out"
    done = CliRunner().invoke(
        main, ["site", str(folder), "--actions", "share,bridge", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "无学位的人·年" in done.output
    assert "改用" not in done.output
    plan = json.loads((out / "run.json").read_text("utf-8"))["plan"]
    need = next(need for need in plan["needs"] if need["stage"] == "junior")
    assert need["first_year"] <= need["peak_year"] <= need["last_year"]
    assert need["county_id"] == "411721"
    assert {one["action"] for one in plan["actions"]} <= {"share", "bridge"}
    assert plan["bound_10000_yuan"] <= plan["cost_10000_yuan"]
    assert (out / "seats_by_year.csv").read_text("utf-8-sig").startswith("unit_kind,unit_id")
    assert "最小后悔" in done.output
    for asked in (["--actions", "merge"], ["--plan", "new.price=1"], ["--plan", "borders"]):
        wrong = CliRunner().invoke(main, ["site", str(folder), *asked])
        assert wrong.exit_code == 2, asked


def test_any_key_of_the_plan_is_an_option_for_a_study_and_for_a_folder_of_studies(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    place = tmp_path / "studies" / "one"
    place.mkdir(parents=True)
    planned(make_study, tmp_path, [*ENOUGH, school(4, "junior", 14, classrooms=18)], SHRINKING)
    for file in [*tmp_path.glob("*.geojson"), tmp_path / "study.toml"]:
        file.rename(place / file.name)
    costs = []
    for folder, price in ((place, "0.4"), (place, "0.8"), (place.parent, "0.8")):
        out = tmp_path / f"out{len(costs)}"
        asked = ["--plan", f"bridge.yearly_cost_per_seat={price}", "--out", str(out)]
        done = CliRunner().invoke(main, ["run", str(folder), *asked, "--fresh"])
        assert done.exit_code == 0, done.output
        record = max(out.glob("**/run.json"), key=lambda file: len(file.parts))
        costs.append(json.loads(record.read_text("utf-8"))["plan"]["cost_10000_yuan"])
    assert costs[0] > 0
    assert costs[1:] == [pytest.approx(2 * costs[0])] * 2


def test_who_is_left_is_named_by_year_and_reason_and_sums_to_the_table(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    result = planned(make_study, tmp_path, [*ENOUGH, school(4, "junior", 14)], SHRINKING)
    assert result.story is not None
    mine = [one for one in result.story.left if one.stage == "junior"]
    assert {one.reason for one in mine} == {"full"}
    by_year = {one.year: one.children for one in mine}
    after = without_seat(result, "junior", "no_seat_after_plan")[1:]
    for year, number in after.items():
        assert by_year.get(year, 0.0) == pytest.approx(number, abs=0.5)


def test_the_choice_of_schools_has_its_own_status_objective_and_bound(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    schools = [*ENOUGH, school(4, "junior", 12, classrooms=20)]
    result = planned(make_study, tmp_path, schools, SHRINKING)
    bridged = of(result, "junior", "bridge")
    assert len(bridged) == 1
    assert (bridged["place_status"] == "optimal").all()
    assert (bridged["place_objective"] <= bridged["place_bound"] + 1e-6).all()
    assert (bridged["place_gap_percent"] == 0).all()
