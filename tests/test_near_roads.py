"""Roads around a place: read by window from a file of lines, or none where none are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from conftest import write_geojson
from zmd_layout.crs import parse_coordinates, to_plane
from zmd_layout.layers import load_layers
from zmd_layout.layers.near_roads import has_windows, roads_near
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROADS = '\n[layers.roads]\npath = "{path}"\ncoordinates = "wgs84"\n'


def test_a_window_holds_the_roads_that_meet_it_and_far_from_all_there_is_no_layer(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(ROADS.format(path="roads.geojson"))
    lines = [
        ({"highway": kind}, {"type": "LineString", "coordinates": [[lon, 33], [lon, 33.1]]})
        for kind, lon in (("residential", 114.02), ("tertiary", 114.08))
    ]
    write_geojson(folder / "roads.geojson", lines)
    study = read_study(folder)
    source = study.layers["roads"]
    (east,), (north,) = to_plane(
        [114.02], [33.05], coordinates=parse_coordinates("wgs84"), working_crs=study.crs
    )
    here = shapely.Point(east, north).buffer(500)
    found = roads_near(study, source, here)
    assert found is not None
    assert found.frame["highway"].tolist() == ["residential"]
    assert found.frame.crs == study.crs
    assert roads_near(study, source, shapely.Point(east, north + 40_000).buffer(500)) is None


def test_an_extract_without_a_road_has_no_part_that_hangs_on_nothing(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(ROADS.format(path="roads.osm").replace('coordinates = "wgs84"\n', ""))
    node = '<node id="1" version="1" lon="114.05" lat="33.05"/>'
    text = f'<?xml version="1.0"?><osm version="0.6">{node}</osm>'
    (folder / "roads.osm").write_text(text, "utf-8")
    study = read_study(folder)
    assert not has_windows(study, study.layers["roads"])
    roads = load_layers(study)["roads"]
    assert roads.roads.edges.empty
    assert "osm.road_islands" not in [note.key for note in roads.origin.notes]
