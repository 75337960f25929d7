"""A planner's own list of schools on the layers of the built-in census study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import zmd_layout
from zmd_layout.errors import StudyError
from zmd_layout.outputs.gap_map.units import collect_units
from zmd_layout.workflow.init_study import make_study_folder
from zmd_layout.workflow.repeating import repeat

if TYPE_CHECKING:
    import geopandas as gpd

CENSUS = "zhumadian-census"
HEAD = f'[study]\nid = "mine"\nname = {{zh = "我的", en = "Mine"}}\nbase = "{CENSUS}"\n'
SCHOOLS = """
[layers.schools]
path = "schools.csv"
coordinates = "wgs84"
is_complete = false
year = 2025
"""
LIST = """name,lon,lat
示例甲小学,114.030,32.975
示例乙初级中学,114.040,32.980
示例丙中学,114.378,32.605
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(HEAD + SCHOOLS, "utf-8")
    (tmp_path / "schools.csv").write_text(LIST, "utf-8")
    return tmp_path


def places_of(findings: gpd.GeoDataFrame, layers: dict[str, zmd_layout.Layer]) -> pd.Series[bool]:
    units = collect_units(findings, {name: layer.frame for name, layer in layers.items()})
    return units[units["kind"] == "township"].set_index("unit_id").geometry.notna()


def test_a_list_of_schools_is_all_that_is_brought(mine: Path) -> None:
    study, census = zmd_layout.load_study(mine), zmd_layout.load_study(CENSUS)
    assert set(study.layers) == {*census.layers, "schools"}
    assert (study.crs, study.as_of, study.city) == (census.crs, census.as_of, census.city)
    assert study.path_of(study.layers["counties"]) == census.path_of(census.layers["counties"])
    assert study.path_of(study.layers["schools"]) == (mine / "schools.csv").resolve()


def test_a_layer_of_ones_own_replaces_that_of_the_base(mine: Path) -> None:
    own = '[layers.townships]\npath = "t.csv"\ncoordinates = "none"\n'
    (mine / "study.toml").write_text(HEAD + own, "utf-8")
    study = zmd_layout.load_study(mine)
    assert study.path_of(study.layers["townships"]) == (mine / "t.csv").resolve()
    assert study.layers["townships"].year is None
    assert study.layers["counties"].base == CENSUS


def test_a_base_that_is_not_built_in_is_named(mine: Path) -> None:
    (mine / "study.toml").write_text(HEAD.replace(CENSUS, "zhumadian-cencus"), "utf-8")
    with pytest.raises(StudyError, match="zhumadian-cencus"):
        zmd_layout.load_study(mine)


def test_schools_outside_the_list_are_not_taken_for_none(mine: Path) -> None:
    findings = zmd_layout.check(zmd_layout.load_study(mine))
    assert not (findings["status"] == "shortfall").any()
    senior = findings[findings["rule_id"] == "senior-new-per-county"]
    assert senior["required"].sum() == 16


def test_the_run_is_done_again_from_its_record(mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    zmd_layout.run(zmd_layout.load_study(mine), out=out)
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert record["opened"]["definition"]["base"] == CENSUS
    again = repeat(out)
    assert again.is_same, again


def test_townships_stand_on_the_map_at_their_real_places() -> None:
    result = zmd_layout.run(zmd_layout.load_study(CENSUS))
    has_place = places_of(result.findings, dict(result.layers))
    assert has_place.sum() == 183
    assert len(has_place) == 196
    # a point is no area: what lies in a township is not known by it
    assert result.layers["townships"].frame.geometry.isna().all()


def test_places_and_the_list_of_townships_agree() -> None:
    folder = zmd_layout.load_study(CENSUS).folder
    columns = ["unit_id", "name", "kind", "county_id"]
    places, names = (
        pd.read_csv(folder / name, dtype=str)[columns]
        for name in ("township_places.csv", "townships.csv")
    )
    pd.testing.assert_frame_equal(places, names)


def test_init_writes_a_short_file_that_runs_at_once(tmp_path: Path) -> None:
    make_study_folder(tmp_path / "mine", base=CENSUS)
    study = zmd_layout.load_study(tmp_path / "mine")
    assert study.id == "mine"
    assert study.base == CENSUS
    assert not zmd_layout.check(study).empty


def test_a_row_of_unknown_stage_does_not_make_the_list_complete_for_special_schools(
    mine: Path,
) -> None:
    (mine / "study.toml").write_text(HEAD + SCHOOLS.replace("is_complete = false\n", ""), "utf-8")
    (mine / "schools.csv").write_text(LIST + "示例东校,114.379,32.606\n", "utf-8")
    findings = zmd_layout.check(zmd_layout.load_study(mine))
    special = findings[findings["rule_id"] == "special-school-per-county"]
    assert "shortfall" not in set(special["status"])
