"""`zmd-layout site`: what is told of a plan that does all, some or nothing of what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from conftest import COVERS, point, square, write_geojson
from zmd_layout.cli import main
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

COUNTY = {"unit_id": "411721", "name": "西县", "kind": "county", "residents": 14000}
PLACES = [(0.01, 0.01, 400), (0.05, 0.05, 300), (0.09, 0.09, 500)]
LAYER = '\n[layers.{0}]\npath = "{0}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'


@pytest.fixture
def folder(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a county of three villages, a primary school in the first."""

    def make(extra: str = "", *, county: dict[str, Any] | None = None, **layers: Any) -> Path:
        villages = [
            (
                {"unit_id": f"v{n}", "name": f"村{n}", "residents": 5 * children,
                 **{f"residents_{a}_{a + 4}": children for a in (0, 5, 10, 15)}},
                point(east, north),
            )
            for n, (east, north, children) in enumerate(PLACES)
        ]  # fmt: skip
        schools = [
            (
                {"school_id": f"s{n}", "name": f"{n}小", "stages": "primary"},
                point(0.01, 0.01 + n / 99),
            )
            for n in range(2)
        ]
        rows = {"villages": villages, "schools": schools, **layers}
        for name, features in rows.items():
            write_geojson(tmp_path / f"{name}.geojson", features)
        entries = "".join(
            LAYER.format(name) + (COVERS if name == "schools" else "") for name in rows
        )
        return make_study(entries + extra, counties=[(COUNTY | (county or {}), square(0, 0))])

    return make


def site(study: Path, *asked: str) -> Result:
    out = str(study / "out")
    return CliRunner().invoke(main, ["--lang", "en", "site", str(study), *asked, "--out", out])


def text(key: str, **args: object) -> str:
    return Message(key, **args).text("en")


def test_where_nothing_is_short_no_place_is_suggested(folder: Callable[..., Path]) -> None:
    done = site(folder(), "--stage", "special")
    assert done.exit_code == 0, done.output
    assert text("sites.nothing") in done.output
    assert text("sites.table_title") not in done.output


def test_places_that_do_not_reach_all_say_what_would_and_that_some_is_made_up(
    folder: Callable[..., Path],
) -> None:
    water = [({"kind": "water"}, square(0.085, 0.085, 0.01))]
    study = folder(constraints=water)
    path = study / "study.toml"
    made = path.read_text("utf-8").replace(
        '"villages.geojson"', '"villages.geojson"\nsynthetic = true'
    )
    path.write_text(made, "utf-8")
    asked = ("--stage", "primary", "--aim", "cover_all", "--radius-m", "1000")
    done = site(study, *asked, "--cost", "expansion=0.5")
    assert done.exit_code == 0, done.output
    said = "".join(done.output.split())
    for wanted in (
        text("sites.proof_none", stage=Message("words.stage_primary")),
        text("words.synthetic_banner"),
    ):
        assert "".join(wanted.split()) in said


def test_an_aim_of_so_many_schools_needs_a_stage(folder: Callable[..., Path]) -> None:
    done = site(folder(), "--new", "1")
    assert done.exit_code == 1
    assert text("sites.needs_stage") in done.output


def test_a_shortfall_that_no_place_can_close_remains_and_is_named(
    folder: Callable[..., Path],
) -> None:
    town = {"unit_id": "411721101", "name": "西镇", "kind": "town", "county_id": "411721"}
    study = folder(
        county={"residents": 250_000},
        townships=[(town, square(0, 0))],
        constraints=[({"kind": "water"}, square(0.03, -0.01, 0.2))],
    )
    done = site(study, "--stage", "primary", "--include-indicators")
    assert done.exit_code == 0, done.output
    left = "indicator-primary-per-10000-residents@411721"
    assert text("sites.remaining", names=[left], count=1) in done.output
    assert text("sites.note_nobody") in done.output
    first = site(study, "--stage", "vocational").output
    assert text("sites.note_first_way_weighed", after=1).partition("1 m")[0] in first
    assert " nan " not in done.output + first


def test_where_every_school_closes_the_way_that_is_left_is_unknown(
    folder: Callable[..., Path],
) -> None:
    done = site(folder(), "--close", "s0", "--close", "s1")
    assert done.exit_code == 0, done.output
    assert f"m → {text('sites.unknown')} m" in done.output
    assert "nan" not in done.output


def test_the_sheet_of_a_closing_names_the_replacement_and_that_its_data_are_made_up(
    folder: Callable[..., Path],
) -> None:
    closures = (
        '\n[layers.closures]\npath = "closures.csv"\ncoordinates = "none"\nsynthetic = true\n'
    )
    study = folder(closures)
    path = study / "study.toml"
    text_ = path.read_text("utf-8")
    path.write_text(
        text_.replace('"schools.geojson"', '"schools.geojson"\nsynthetic = true'), "utf-8"
    )
    (study / "closures.csv").write_text(
        "school_id,closes_on,replacement_id\ns0,2025-09-01,s1\n", "utf-8"
    )
    done = site(study, "--close", "s0")
    assert done.exit_code == 0, done.output
    banner = text("words.synthetic_banner")
    told = text(
        "sites.closing_replacement", school="s0", replacement="s1", closes="2025-09-01",
        opens=None, first=Message("sites.unknown"),
    )  # fmt: skip
    sheet = (study / "out" / "closing_impact.txt").read_text("utf-8").splitlines()
    assert sheet[0] == banner
    assert [line for line in sheet if line.startswith(told.partition("2025")[0])]
    assert banner in done.output
