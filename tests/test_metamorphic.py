"""What may not matter does not: the format of a file, a school more, a move of everything."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

import zmd_layout
from conftest import COUNTIES, point, square, write_geojson
from zmd_layout.findings import find
from zmd_layout.layers import load_layers
from zmd_layout.measures import World
from zmd_layout.outputs.table import to_csv
from zmd_layout.rulebook import Banded, Proportion, Rule, Threshold, load_ruleset
from zmd_layout.rulebook.fields import counted_layers
from zmd_layout.synthetic import build
from zmd_layout.vocabulary import Relation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = load_ruleset("zhumadian-2022-49")
SCHOOLS = [
    (
        {"school_id": f"0{n}", "name": f"第{n}学校", "stages": stages, "status": "operating",
         "is_teaching_point": False, "enrolment": 100 * n, "settlement": "rural",
         "opens_on": "2022-09-01", "construction": "new", "ownership": "public",
         "is_township_central": n % 2 == 0},
        point(0.012 * n, 0.05),
    )
    for n, stages in enumerate(["kindergarten", "primary", "junior", "primary;junior", "senior"], 1)
]  # fmt: skip
TOWNS = [
    ({"unit_id": f"41172{c}10{t}", "name": f"镇{c}{t}", "kind": "town", "residents": 20000 + t,
      "county_id": f"41172{c}"}, square(0.1 * (c - 1) + 0.05 * t, 0, 0.05))
    for c in (1, 2) for t in (0, 1)
]  # fmt: skip
AREAS = [
    ({"unit_id": f"{n}", "name": f"地块{n}", "planned_residents": 9000 + 2000 * n, "is_new": True,
      "settlement": "urban", "conditions_on": "2024-03-01"}, square(0.02 * n, 0.06, 0.004))
    for n in (1, 2)
]  # fmt: skip
LAYERS = {"townships": TOWNS, "schools": SCHOOLS, "residential_areas": AREAS}
PLAIN = {"csv", "xlsx"}  # tables, for points alone


def _written(folder: Path, name: str, form: str) -> str:
    rows = write_geojson(folder / f"{name}.geojson", LAYERS[name])
    file = folder / f"{name}.{form}"
    if form == "geojson":
        return file.name
    frame = gpd.read_file(rows, engine="pyogrio")
    if form in PLAIN:
        table = pd.DataFrame(frame.drop(columns="geometry"))
        table["lon"], table["lat"] = frame.geometry.x, frame.geometry.y
        table.to_csv(file, index=False) if form == "csv" else table.to_excel(file, index=False)
    else:
        pyogrio.write_dataframe(frame, file)
    return file.name


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *((name, form) for name in LAYERS for form in ("gpkg", "fgb")),
        *(("schools", form) for form in sorted(PLAIN)),
    ],
)
def test_another_file_format_changes_nothing(
    make_study: Callable[..., Path], tmp_path: Path, name: str, form: str
) -> None:
    def check(forms: dict[str, str]) -> str:
        extra = "".join(
            f"\n[layers.{layer}]\npath = '{_written(tmp_path, layer, forms.get(layer, 'geojson'))}'"
            "\ncoordinates = 'wgs84'\nyear = 2025\n"
            for layer in LAYERS
        )
        return to_csv(zmd_layout.check(zmd_layout.load_study(make_study(extra, counties=COUNTIES))))

    assert check({name: form}) == check({})


# a school more, in the made city


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> World:
    study = zmd_layout.load_study(build(tmp_path_factory.mktemp("city"), scale=0.01).parent)
    return World(study, load_layers(study), study.as_of)


def _counts_schools(rule: Rule) -> bool:
    """Say whether a rule asks for at least so many schools."""
    check: Any = rule.check
    asks = isinstance(check, Proportion | Banded) or (
        isinstance(check, Threshold) and check.relation is Relation.AT_LEAST
    )
    return asks and rule.measure_unit == "school" and counted_layers(rule) == {"schools"}


_ORDER = {"shortfall": 0, "not_assessable": 1, "pass": 2, "not_applicable": 2, "reported": 2}


@pytest.mark.parametrize("seed", range(4))
def test_a_school_more_never_worsens_a_rule_of_the_plan_that_counts_schools(
    city: World, seed: int
) -> None:
    counting = [rule for rule in RULES if _counts_schools(rule)]
    assert len(counting) >= 5
    chance = random.Random(seed)  # noqa: S311 - worlds, no secrets
    layer = city.layers["schools"]
    row = layer.frame.iloc[[chance.randrange(len(layer.frame))]].assign(school_id="the new one")
    more = row.assign(status=chance.choice(["operating", "planned", None]))
    frame = pd.concat([layer.frame, more], ignore_index=True)
    schools = replace(layer, frame=gpd.GeoDataFrame(frame, geometry="geometry", crs=row.crs))
    after = World(city.study, {**city.layers, "schools": schools}, city.as_of)
    keys = ["rule_id", "unit_kind", "unit_id"]
    was, now = (find(counting, world).set_index(keys) for world in (city, after))
    assert was.index.equals(now.index)
    worse = now["status"].map(_ORDER) < was["status"].map(_ORDER)
    assert not worse.any()
    assert (now["gap"].fillna(0) <= was["gap"].fillna(0)).all()


# another place, other ids


def _moved(world: World, metres: float) -> World:
    """Move all layers of a world in its plane."""
    layers = {
        name: replace(
            layer, frame=layer.frame.set_geometry(layer.frame.geometry.translate(metres, metres))
        )
        for name, layer in world.layers.items()
        if layer.roads is None
    }
    return World(world.study, {**world.layers, **layers}, world.as_of)


def test_a_move_of_everything_by_a_kilometre_changes_nothing(city: World) -> None:
    straight = {name: layer for name, layer in city.layers.items() if name != "roads"}
    world = World(city.study, straight, city.as_of)
    was, now = (find(RULES, one).drop(columns="geometry") for one in (world, _moved(world, 1000.0)))
    assert {"pass", "shortfall"} <= {*was["status"]}
    pd.testing.assert_frame_equal(was, now, rtol=1e-6)


def test_other_ids_of_schools_change_nothing_else(city: World) -> None:
    def renamed(layer: Any) -> Any:
        ids = {
            name: layer.frame[name].map(lambda old: old if pd.isna(old) else f"校 {old}/@")
            for name in ("school_id", "replacement_id")
            if name in layer.frame
        }
        return replace(layer, frame=layer.frame.assign(**ids)) if ids else layer

    layers = {name: renamed(layer) for name, layer in city.layers.items()}
    was, now = (find(RULES, one) for one in (city, World(city.study, layers, city.as_of)))
    is_school = was["unit_kind"] == "school"
    assert is_school.any()
    expected = was["unit_id"].where(~is_school, "校 " + was["unit_id"] + "/@")
    assert now["unit_id"].tolist() == expected.tolist()
    keep = ["rule_id", "unit_kind", "unit_name", "status", "measured", "required", "gap", "flags"]
    pd.testing.assert_frame_equal(was[keep], now[keep])
