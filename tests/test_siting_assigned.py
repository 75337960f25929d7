"""`zmd-layout site` with seats, whole units, connected catchments, limits and fairness."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from conftest import COVERS, point, square, write_geojson
from zmd_layout.cli import main
from zmd_layout.siting.neighbours import neighbours

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNTY = {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 14000}
PLACES = [(0.01, 0.01, 400), (0.03, 0.03, 300), (0.05, 0.05, 300), (0.07, 0.07, 300)]
LAYER = '\n[layers.{0}]\npath = "{0}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'


@pytest.fixture
def study(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a county of four villages in a line, a school in the first."""

    def make(**school: Any) -> Path:
        villages = [
            (
                {"unit_id": f"v{n}", "name": f"村{n}", "residents": 5 * children,
                 **{f"residents_{a}_{a + 4}": children for a in (0, 5, 10, 15)}},
                point(east, north),
            )
            for n, (east, north, children) in enumerate(PLACES)
        ]  # fmt: skip
        school = {"school_id": "s0", "name": "一小", "stages": "primary"} | school
        rows = {"villages": villages, "schools": [(school, point(0.01, 0.01))]}
        for name, features in rows.items():
            write_geojson(tmp_path / f"{name}.geojson", features)
        entries = "".join(
            LAYER.format(name) + (COVERS if name == "schools" else "") for name in rows
        )
        return make_study(entries, counties=[(COUNTY, square(0, 0))])

    return make


def site(study: Path, *asked: str) -> tuple[str, dict[str, Any], pd.DataFrame]:
    """Return what is printed, `run.json`, and who goes where."""
    out = study / "out"
    command = ["--lang", "en", "site", str(study), "--stage", "primary", *asked]
    done = CliRunner().invoke(main, [*command, "--out", str(out)])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(out / "assignment.csv", keep_default_na=False)
    table["share"] = table["share"].astype(float)
    return done.output, json.loads((out / "run.json").read_text("utf-8")), table


def taken(table: pd.DataFrame) -> pd.Series[float]:
    return (table["children"] * table["share"]).groupby(table["site_id"]).sum()


def test_no_school_takes_more_children_than_it_has_seats(study: Callable[..., Path]) -> None:
    said, run, table = site(study(seats=500), "--new", "2", "--seats", "600")
    seats = taken(table)
    assert seats["s0"] <= 500 + 0.01
    assert (seats.drop("s0") <= 600 + 0.01).all()  # shares have six decimals
    assert table.groupby("point")["share"].sum().round(9).eq(1).all()
    assert "proved that no better plan exists" in " ".join(said.split())
    assert run["search_ended_by"] == "proof"
    assert run["reproducible"] is True


def test_whole_units_send_a_village_to_one_school(study: Callable[..., Path]) -> None:
    path = study(seats=500)
    table = site(path, "--new", "2", "--seats", "900", "--whole-units")[2]
    assert len(table) == table["point"].nunique()
    assert set(table["share"]) == {1.0}


def test_connected_catchments_have_no_village_of_another_school_between(
    study: Callable[..., Path],
) -> None:
    asked = ("--new", "1", "--seats", "2000", "--contiguous")
    table = site(study(seats=2000), *asked)[2].sort_values("x_m")
    # in a line, a connected catchment is one run of villages
    assert (table["site_id"] != table["site_id"].shift()).sum() == table["site_id"].nunique()


def test_no_child_goes_farther_than_the_limit(study: Callable[..., Path]) -> None:
    table = site(study(seats=2000), "--new", "2", "--max-distance-m", "4500")[2]
    assert (table["distance_m"].astype(float) <= 4500).all()


def test_too_few_seats_are_said_and_how_many_children_are_left(
    study: Callable[..., Path],
) -> None:
    said, _, table = site(study(seats=500), "--new", "1", "--seats", "100")
    assert "no plan meets all of what is asked" in " ".join(said.split())
    left = table[table["site_id"] == ""]
    total = table["children"] @ table["share"]
    assert left["children"] @ left["share"] == pytest.approx(total - 600)


def test_unknown_seats_are_asked_for_and_never_taken_as_none(study: Callable[..., Path]) -> None:
    path = study()
    command = ["--lang", "en", "site", str(path), "--stage", "primary", "--new", "1", "--seats"]
    done = CliRunner().invoke(main, [*command, "2000", "--out", str(path / "out")])
    assert done.exit_code == 1
    assert "--existing-seats" in done.output
    table = site(path, "--new", "1", "--seats", "2000", "--existing-seats", "450")[2]
    assert taken(table)["s0"] <= 450 + 0.01


@pytest.mark.parametrize("fair", ["envy", "envy_travel", "kolm_pollak"])
def test_fair_plans_are_proved_in_a_small_county(study: Callable[..., Path], fair: str) -> None:
    asked = ("--new", "1", "--fair", fair, "--accepted-m", "1000", "--trade-off", "0,1,9")
    said, run, _ = site(study(seats=500), *asked)
    assert "proved that no better plan exists" in " ".join(said.split())
    curve = pd.read_csv(run_folder(run, study), encoding="utf-8-sig")
    assert (np.diff(curve["envy_km2"]) <= 1e-6).all()


def run_folder(run: dict[str, Any], study: Callable[..., Path]) -> Path:
    assert "trade_off.csv" in run["outputs"]
    return study(seats=500) / "out" / "trade_off.csv"


def test_the_options_of_a_number_of_schools_are_refused_without_a_number(
    study: Callable[..., Path],
) -> None:
    path = study(seats=500)
    command = ["--lang", "en", "site", str(path), "--stage", "primary", "--whole-units"]
    done = CliRunner().invoke(main, [*command, "--out", str(path / "out")])
    assert done.exit_code == 1
    assert "--new" in done.output


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_neighbours_are_symmetric_connected_and_have_nobody_between(
    places: list[tuple[int, int]],
) -> None:
    xy = np.array(places, dtype=float)
    graph = neighbours(xy)
    assert (graph != graph.T).nnz == 0
    assert connected_components(graph)[0] == 1
    for start, end in zip(*graph.nonzero(), strict=True):
        half = np.hypot(*(xy[start] - xy[end])) / 2
        assert np.hypot(*(xy - (xy[start] + xy[end]) / 2).T).min() >= half - 1e-9
