"""What closing a school would mean; the tool never proposes one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner

import zmd_layout
from conftest import point, write_geojson
from zmd_layout.cli import main
from zmd_layout.errors import SitingError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.siting.closing import Closing

AGES = {"residents_0_4": 300, "residents_5_9": 300, "residents_10_14": 300, "residents_15_19": 300}


WEST = {"school_id": "west", "name": "西小", "stages": "primary"}
EAST = {"school_id": "east", "name": "东小", "stages": "primary"}


@pytest.fixture
def folder(make_study: Callable[..., Path], tmp_path: Path) -> Path:
    return study(make_study, tmp_path)


def study(
    make_study: Callable[..., Path],
    tmp_path: Path,
    *,
    west: dict[str, Any] | None = None,
    east: dict[str, Any] | None = None,
    closures: list[dict[str, Any]] | None = None,
) -> Path:
    """Write four villages in a row with a primary school in the first and the last."""
    villages = [
        ({"unit_id": f"v{n}", "name": f"村{n}", "residents": 2000, **AGES}, point(0.01 * n, 0.05))
        for n in range(1, 5)
    ]
    schools = [(WEST | (west or {}), point(0.01, 0.05)), (EAST | (east or {}), point(0.04, 0.05))]
    write_geojson(tmp_path / "villages.geojson", villages)
    write_geojson(tmp_path / "schools.geojson", schools)
    extra = "".join(
        f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        for name in ("villages", "schools")
    )
    if closures:
        pd.DataFrame(closures).to_csv(tmp_path / "closures.csv", index=False)
        extra += '\n[layers.closures]\npath = "closures.csv"\ncoordinates = "none"\n'
    return make_study(extra)


def test_children_of_a_closing_school_travel_to_the_next(folder: Path) -> None:
    impact = zmd_layout.closing(zmd_layout.load_study(folder), ["west"])
    row = impact.ways.set_index("group").loc["all"]
    assert row["children"] > 0
    assert row["mean_distance_after_m"] > row["mean_distance_before_m"]
    assert row["children_without_school"] == 0
    assert impact.receivers["name"].tolist() == ["东小"]


def test_closing_all_schools_leaves_children_without_one(folder: Path) -> None:
    impact = zmd_layout.closing(zmd_layout.load_study(folder), ["west", "east"])
    row = impact.ways.set_index("group").loc["all"]
    assert row["children_without_school"] == pytest.approx(row["children"])


def test_a_rule_that_breaks_is_told(folder: Path) -> None:
    impact = zmd_layout.closing(zmd_layout.load_study(folder), ["west"])
    assert "indicator-primary-per-10000-residents" in set(impact.broken["rule_id"])


def test_an_unknown_school_is_refused(folder: Path) -> None:
    with pytest.raises(SitingError, match="north"):
        zmd_layout.closing(zmd_layout.load_study(folder), ["north"])


@pytest.mark.parametrize(("lang", "word"), [("zh", "撤并影响评估"), ("en", "proposes no closure")])
def test_the_sheet_is_printed_in_both_languages(folder: Path, lang: str, word: str) -> None:
    result = CliRunner().invoke(main, ["--lang", lang, "site", str(folder), "--close", "west"])
    assert result.exit_code == 0, result.output
    assert word in result.output


def close_west(folder: Path) -> Closing:
    return zmd_layout.closing(zmd_layout.load_study(folder), ["west"])


def test_grades_1_to_3_are_told_apart_and_take_buses_not_beds(folder: Path) -> None:
    rows = close_west(folder).ways.set_index("group")
    assert rows.loc["grades_1_3", "children"] + rows.loc["grades_4_6", "children"] == (
        pytest.approx(rows.loc["all", "children"])
    )
    for group in ("grades_1_3", "grades_4_6"):
        assert rows.loc[group, "beyond_walk"] == pytest.approx(rows.loc[group, "children"])
        assert rows.loc[group, "buses"] > 0
    assert rows.loc["grades_1_3", "beds"] == 0
    assert rows.loc["grades_4_6", "beds"] == pytest.approx(rows.loc["grades_4_6", "children"])


def test_the_pupils_of_the_closing_school_come_and_large_classes_surely_follow(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = study(
        make_study, tmp_path, west={"enrolment": 200},
        east={"enrolment": 500, "classes": 12, "seats": 540},
    )  # fmt: skip
    table = close_west(folder).receivers
    row = table.iloc[0]
    assert row["pupils"] == pytest.approx(200)
    assert row["seats_short"] == pytest.approx(160)
    assert row["classes_needed"] == 16  # 700 pupils, 45 a class
    assert table["large_classes_follow"].tolist() == [True]  # 12 classes of 55 hold 660


def test_large_classes_need_not_follow_where_all_fit_below_the_line(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = study(
        make_study, tmp_path, west={"enrolment": 100}, east={"enrolment": 500, "classes": 12}
    )
    table = close_west(folder).receivers
    assert table["large_classes_follow"].tolist() == [False]
    assert table["seats_short"].isna().all()  # nobody said how many seats there are


def test_what_nobody_knows_of_the_receiving_school_stays_unknown(folder: Path) -> None:
    assert close_west(folder).receivers["large_classes_follow"].tolist() == [None]


@pytest.mark.parametrize(
    ("opens_on", "first"), [("2024-09-01", True), ("2025-09-01", True), ("2025-09-02", False)]
)
def test_a_replacement_must_open_by_the_day_of_closing(
    make_study: Callable[..., Path], tmp_path: Path, opens_on: str, *, first: bool
) -> None:
    closures = [{"school_id": "west", "closes_on": "2025-09-01", "replacement_id": "east"}]
    folder = study(make_study, tmp_path, east={"opens_on": opens_on}, closures=closures)
    assert close_west(folder).replacements["opens_first"].tolist() == [first]


def test_without_a_replacement_on_record_nothing_is_claimed(folder: Path) -> None:
    assert close_west(folder).replacements["opens_first"].tolist() == [None]


def test_boarders_need_beds_elsewhere(make_study: Callable[..., Path], tmp_path: Path) -> None:
    folder = study(make_study, tmp_path, west={"boarders": 60})
    assert close_west(folder).boarders["boarders"].tolist() == [60]


def test_the_sheet_is_written_where_a_folder_is_named(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet"
    asked = ["site", str(folder), "--close", "west", "--out", str(out)]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.output
    text = (out / "closing_impact.txt").read_text("utf-8")
    assert "1—3年级" in text
    assert "原则上不寄宿" in text
    assert "先落实安置" in text


def test_a_school_of_two_stages_that_counts_its_pupils_by_stage_is_not_split_by_grades(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    both = {"stages": "primary;junior", "enrolment": 900}
    split = zmd_layout.closing(
        zmd_layout.load_study(study(make_study, tmp_path, east=both)), ["west"]
    ).receivers.set_index("stage")
    assert split.loc["primary", "enrolment"] == pytest.approx(600)  # six grades of nine
    told = both | {"enrolment_primary": 800, "enrolment_junior": 100}
    counted = zmd_layout.closing(
        zmd_layout.load_study(study(make_study, tmp_path, east=told)), ["west"]
    ).receivers.set_index("stage")
    assert counted.loc["primary", "enrolment"] == 800


def test_without_a_list_of_schools_or_children_nothing_is_said_of_a_closing(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(SitingError) as refused:
        zmd_layout.closing(zmd_layout.load_study(make_study()), ["west"])
    assert refused.value.messages == (Message("sites.closing_without_schools"),)
    write_geojson(tmp_path / "schools.geojson", [(WEST, point(0.01, 0.05))])
    schools = '\n[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    with pytest.raises(SitingError) as refused:
        zmd_layout.closing(zmd_layout.load_study(make_study(schools)), ["west"])
    assert refused.value.messages == (Message("sites.closing_without_children"),)
