"""So many new schools: nearest, most covered, fairest, and how many it takes to cover all."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout.cli import main
from zmd_layout.cli.site import AIMS
from zmd_layout.errors import SitingError
from zmd_layout.siting.stage_state import Aim, SitingOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.siting.suggest import Suggestions

PLACES = [
    (0.01, 0.01, 400), (0.03, 0.08, 900), (0.05, 0.05, 300), (0.08, 0.02, 700), (0.09, 0.09, 500),
]  # fmt: skip


@pytest.fixture
def folder(make_study: Callable[..., Path], tmp_path: Path) -> Path:
    """Write a county of five villages, with a primary school in the first."""
    villages = [
        (
            {
                "unit_id": f"v{n}", "name": f"村{n}", "residents": 5 * children,
                **{f"residents_{a}_{a + 4}": children for a in (0, 5, 10, 15)},
            },
            point(east, north),
        )
        for n, (east, north, children) in enumerate(PLACES)
    ]  # fmt: skip
    schools = [({"school_id": "s1", "name": "一小", "stages": "primary"}, point(0.01, 0.01))]
    write_geojson(tmp_path / "villages.geojson", villages)
    write_geojson(tmp_path / "schools.geojson", schools)
    layers = "".join(
        f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
        for name in ("villages", "schools")
    )
    county = {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 14000}
    return make_study(layers, counties=[(county, square(0, 0))])


def placed(folder: Path, aim: Aim, **choices: Any) -> Suggestions:
    options = SitingOptions(aim=aim, **choices)
    return zmd_layout.site(zmd_layout.load_study(folder), stage="primary", options=options)


def ways_m() -> tuple[np.ndarray, np.ndarray]:
    """Give rough straight ways between the villages, times the detour factor, and children."""
    xy = np.array([(e * 93_500, n * 110_900) for e, n, _ in PLACES])
    return 1.3 * np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)), np.array([c for *_, c in PLACES])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_villages_chosen_are_those_of_a_search_through_all_choices(
    folder: Path, count: int
) -> None:
    way, children = ways_m()
    for aim, cost in (
        (Aim.TRAVEL, lambda open_: children @ way[open_].min(axis=0)),
        (Aim.FAIREST, lambda open_: way[open_].min(axis=0).max()),
    ):  # fmt: skip
        best = min(combinations(range(1, 5), count), key=lambda new: cost([0, *new]))
        table = placed(folder, aim, new_count=count).table
        found = [int(name[1:]) for name in table["name"].str.extract(r"(村\d)")[0]]
        assert cost([0, *found]) == pytest.approx(cost([0, *best]), rel=1e-3)
        assert table["solve_status"].unique().tolist() == ["optimal"]


def test_with_one_school_more_no_aim_is_reached_worse(folder: Path) -> None:
    for aim, choices, sign in (
        (Aim.TRAVEL, {}, 1), (Aim.FAIREST, {}, 1), (Aim.COVERED, {"radius_m": 3000}, -1),
    ):  # fmt: skip
        reached = [
            sign * placed(folder, aim, new_count=n, **choices).table["objective"].iloc[0]
            for n in (1, 2, 3)
        ]
        assert reached == sorted(reached, reverse=True), aim


def test_no_child_of_a_new_school_has_a_longer_way_than_before(folder: Path) -> None:
    table = placed(folder, Aim.TRAVEL, new_count=3).table
    assert (table["mean_distance_after_m"] <= table["mean_distance_before_m"]).all()


def test_children_already_covered_do_not_draw_a_school(folder: Path) -> None:
    table = placed(folder, Aim.COVERED, new_count=1, radius_m=1000).table
    assert table["name"].tolist() == ["村1"]  # the largest village without a school
    assert table["objective_unit"].tolist() == ["child"]


def test_to_cover_all_villages_each_other_one_needs_a_school(folder: Path) -> None:
    table = placed(folder, Aim.COVER_ALL, radius_m=1000).table
    assert len(table) == 4
    assert table["objective"].iloc[0] == 4


def test_where_not_all_can_be_covered_the_radius_that_would_do_is_told(
    folder: Path, tmp_path: Path
) -> None:
    water = [({"kind": "water"}, square(0.085, 0.085, 0.01))]
    write_geojson(tmp_path / "constraints.geojson", water)
    layer = '[layers.constraints]\npath = "constraints.geojson"\ncoordinates = "wgs84"\n'
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(layer)
    found = placed(folder, Aim.COVER_ALL, radius_m=1000)
    assert found.table["solve_status"].unique().tolist() == ["infeasible"]
    assert len(found.table) == 3
    radius = max(dict(found.explanation[-1].args)["radius"], 0)
    table = placed(folder, Aim.COVER_ALL, radius_m=radius).table
    assert table["solve_status"].unique().tolist() == ["optimal"]


def test_an_aim_that_needs_a_number_refuses_to_go_without(folder: Path) -> None:
    with pytest.raises(SitingError, match="--new"):
        placed(folder, Aim.TRAVEL)
    with pytest.raises(SitingError, match="只有 5 个备选点"):
        placed(folder, Aim.TRAVEL, new_count=9)


def test_the_command_places_so_many_and_writes_them(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ["site", str(folder), "--stage", "primary", "--new", "2", "--out", str(out)]
    result = CliRunner().invoke(main, ["--lang", "en", *asked])
    assert result.exit_code == 0, result.output
    assert "proved optimal" in result.output
    written = json.loads((out / "suggestions.geojson").read_text("utf-8"))["features"]
    assert [feature["properties"]["model"] for feature in written] == ["p_median"] * 2


def test_a_cost_that_is_none_is_refused_with_the_kinds(folder: Path) -> None:
    result = CliRunner().invoke(main, ["site", str(folder), "--cost", "tent=0.1"])
    assert result.exit_code == 1
    assert "reserved_land" in result.output


def test_the_command_knows_every_aim() -> None:
    assert tuple(Aim) == AIMS


def test_a_stage_without_a_standard_radius_asks_for_one(folder: Path) -> None:
    options = SitingOptions(aim=Aim.COVERED, new_count=1)
    with pytest.raises(SitingError, match="--radius-m"):
        zmd_layout.site(zmd_layout.load_study(folder), stage="senior", options=options)
