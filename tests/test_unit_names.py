"""Schools that say in words which county and township they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conftest import point, square, write_geojson
from zmd_layout.layers import Layer, load_layers
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAYERS = "".join(
    f'\n[layers.{name}]\npath = "{name}.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    for name in ("townships", "schools")
)
TOWNS = [
    ("411721101", "城关镇", "411721", (0.0, 0.0)),
    ("411721102", "水屯镇", "411721", (0.05, 0.0)),
    ("411722101", "城关镇", "411722", (0.1, 0.0)),
    ("411722102", "老河乡", "411722", (0.15, 0.0)),
    ("411722103", "老河镇", "411722", (0.15, 0.05)),
]


@pytest.fixture
def schools(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Layer]:
    """Give a function that reads schools without a place, which name their units."""

    def read(*named: dict[str, Any]) -> Layer:
        towns = [
            ({"unit_id": i, "name": n, "kind": "town", "county_id": c}, square(*place, 0.05))
            for i, n, c, place in TOWNS
        ]
        write_geojson(tmp_path / "townships.geojson", towns)
        placed = {"school_id": "s0", "name": "零小", "stages": "primary", **named[0]}
        rows: list[Any] = [(placed, point(0.01, 0.01))]
        rows += [
            ({"school_id": f"s{n}", "name": f"{n}小", "stages": "primary", **names}, None)
            for n, names in enumerate(named[1:], start=1)
        ]
        write_geojson(tmp_path / "schools.geojson", rows)
        return load_layers(read_study(make_study(LAYERS)))["schools"]

    return read


def of(layer: Layer, column: str) -> list[Any]:
    return [cell if isinstance(cell, str) else None for cell in layer.frame[column]]


def test_a_township_of_a_common_name_is_that_of_the_schools_county(
    schools: Callable[..., Layer],
) -> None:
    layer = schools(
        {"county_name": "西县", "township_name": "城关镇"},
        {"county_name": "东县", "township_name": "城关镇"},
        {"county_name": "东县", "township_name": "水屯镇"},  # of the other county
        {"county_name": "东县", "township_name": None},
    )
    assert of(layer, "county_id") == ["411721", "411722", "411722", "411722"]
    assert of(layer, "township_id") == ["411721101", "411722101", None, None]
    told = [dict(n.args) for n in layer.origin.notes if n.key == "layers.unit_not_named"]
    assert told == [{"layer": "townships", "found": ["水屯镇"]}]


def test_a_name_without_its_ending_is_understood_where_only_one_unit_has_it(
    schools: Callable[..., Layer],
) -> None:
    layer = schools(
        {"county_name": "西", "township_name": "水屯"},
        {"county_name": "东县", "township_name": "老河"},  # a township and a town have it
        {"county_name": "东县", "township_name": "老河乡"},
    )
    assert of(layer, "township_id") == ["411721102", None, "411722102"]


def test_without_its_county_a_common_name_stays_open(schools: Callable[..., Layer]) -> None:
    layer = schools({"township_name": "城关镇"}, {"township_name": "水屯镇"})
    assert of(layer, "township_id") == [None, "411721102"]
