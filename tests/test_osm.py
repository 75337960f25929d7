from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from volumes import examples

from zmd_layout.errors import CrsError, SourceError
from zmd_layout.layers.roads import lines_of
from zmd_layout.layers.sources.osm import (
    read_roads,
    read_schools,
    read_schools_and_roads,
    road_note,
    school_note,
)
from zmd_layout.layers.sources.osm.roads import distances_m

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.layers.roads import RoadTables
    from zmd_layout.layers.sources.osm import SchoolCounts

    World = Callable[..., Path]
    Places = dict[int, tuple[float, float]]

PLANE = "EPSG:4547"
PLACES = Path(__file__).parents[1].parent / "shared" / "data" / "places"
LIECHTENSTEIN = PLACES / "liechtenstein" / "liechtenstein-2013-08-03.osm.pbf"

SQUARE = {1: (114.0, 33.0), 2: (114.01, 33.0), 3: (114.01, 33.01), 4: (114.0, 33.01)}
RING = [1, 2, 3, 4, 1]


def tags_xml(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def node(number: int, lon: float, lat: float, **tags: str) -> str:
    return f'<node id="{number}" lon="{lon}" lat="{lat}">{tags_xml(tags)}</node>'


def nodes(places: Places) -> list[str]:
    return [node(number, lon, lat) for number, (lon, lat) in places.items()]


def way(number: int, refs: list[int], **tags: str) -> str:
    references = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{number}">{references}{tags_xml(tags)}</way>'


def relation(number: int, members: list[tuple[str, int, str]], **tags: str) -> str:
    lines = "".join(
        f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members
    )
    return f'<relation id="{number}">{lines}{tags_xml(tags)}</relation>'


@pytest.fixture
def world(tmp_path: Path) -> World:
    def write(*elements: str, name: str = "world.osm") -> Path:
        body = "\n".join(elements)
        path = tmp_path / name
        path.write_text(
            f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{body}</osm>', "utf-8"
        )
        return path

    return write


def to_plane(lon: Any, lat: Any) -> Any:
    return Transformer.from_crs("EPSG:4326", PLANE, always_xy=True).transform(lon, lat)


def adds_up(counts: SchoolCounts) -> bool:
    return sum(counts.read.values()) == counts.kept + counts.merged + counts.lost


# schools


def test_a_school_may_be_a_point_an_area_or_a_multipolygon_with_a_hole(world: World) -> None:
    inner = {11: (114.004, 33.004), 12: (114.006, 33.004), 13: (114.006, 33.006)}
    path = world(
        *nodes(SQUARE),
        *nodes(inner),
        node(50, 114.5, 33.5, amenity="kindergarten", name="示例幼儿园"),
        way(1, [1, 2, 3]),
        way(2, [3, 4, 1]),
        way(3, [11, 12, 13, 11]),
        way(4, RING, amenity="school", name="别的学校"),
        relation(
            9,
            [("w", 1, "outer"), ("w", 2, "outer"), ("w", 3, "inner")],
            type="multipolygon",
            amenity="school",
            name="示例小学",
        ),
    )
    schools = read_schools(path)
    frame = schools.frame.set_index("osm_id")
    assert list(frame.index) == ["n50", "w4", "r9"]
    assert frame["kind"].tolist() == ["kindergarten", "school", "school"]
    assert frame["located_by"].tolist() == ["point", "area", "area"]
    assert frame.geometry["w4"].area == pytest.approx(1e-4)
    assert frame.geometry["r9"].area == pytest.approx(1e-4 - 2e-6)
    assert frame.crs == "EPSG:4326"
    assert schools.dropped.read == {"school": 2, "kindergarten": 1}


def test_tags_come_through_as_they_stand_and_absent_ones_stay_unknown(world: World) -> None:
    tags = {
        "amenity": "school", "name": "示例 A, B=C%小学", "name:en": "Example", "grades": "1-6",
        "isced:level": "1", "operator:type": "public", "capacity": "900", "wikidata": "Q1",
    }  # fmt: skip
    row = read_schools(world(node(1, 114, 33, **tags))).frame.iloc[0]
    assert row["tags"] == tags
    assert {key: row[key] for key in ("name", "isced:level", "capacity", "grades")} == {
        "name": "示例 A, B=C%小学",
        "isced:level": "1",
        "capacity": "900",
        "grades": "1-6",
    }
    assert row["school:boarding"] is None
    assert row["name:zh"] is None


@pytest.mark.parametrize("amenity", ["college", "university", "driving_school", "music_school"])
def test_other_places_of_learning_are_no_school(world: World, amenity: str) -> None:
    assert read_schools(world(node(1, 114, 33, amenity=amenity))).frame.empty


def test_a_place_that_is_school_and_kindergarten_is_read_by_the_first_word(world: World) -> None:
    frame = read_schools(world(node(1, 114, 33, amenity="kindergarten;school"))).frame
    assert frame["kind"].tolist() == ["kindergarten"]


def test_a_campus_as_area_point_building_and_gate_is_one_school(world: World) -> None:
    building = {5: (114.002, 33.002), 6: (114.003, 33.002), 7: (114.003, 33.003)}
    path = world(
        *nodes(SQUARE),
        *nodes(building),
        node(50, 114.005, 33.005, amenity="school", name="示例　小学", capacity="300"),
        node(51, 114.0, 33.005, amenity="school", barrier="gate"),
        way(1, RING, amenity="school", name="示例小学"),
        way(2, [5, 6, 7, 5], amenity="school", name="示例小学", building="yes"),
    )
    schools = read_schools(path)
    row = schools.frame.iloc[0]
    assert len(schools.frame) == 1
    assert row["osm_id"] == "w1"
    assert row["merged_ids"] == "n50;n51;w2"
    assert row["capacity"] == "300"
    assert "barrier" not in row["tags"]
    assert schools.dropped.merged == 3
    assert adds_up(schools.dropped)


def test_a_nameless_area_takes_the_name_of_the_one_point_in_it(world: World) -> None:
    path = world(
        *nodes(SQUARE),
        node(50, 114.005, 33.005, amenity="school", name="示例小学"),
        way(1, RING, amenity="school"),
    )
    assert read_schools(path).frame["name"].tolist() == ["示例小学"]


def test_a_nameless_area_that_two_schools_share_takes_in_neither(world: World) -> None:
    path = world(
        *nodes(SQUARE),
        node(50, 114.004, 33.005, amenity="school", name="示例小学"),
        node(51, 114.006, 33.005, amenity="school", name="示例初中"),
        way(1, RING, amenity="school"),
    )
    assert read_schools(path).frame["osm_id"].tolist() == ["n50", "n51", "w1"]


@pytest.mark.parametrize(
    ("place", "tags"),
    [
        ((114.005, 33.005), {"amenity": "kindergarten", "name": "示例小学"}),
        ((114.005, 33.005), {"amenity": "school", "name": "示例初中"}),
        ((114.02, 33.02), {"amenity": "school", "name": "示例小学"}),
    ],
    ids=["another kind", "another name", "outside"],
)
def test_a_point_is_not_merged_that_is_of(
    world: World, place: tuple[float, float], tags: dict[str, str]
) -> None:
    path = world(
        *nodes(SQUARE), node(50, *place, **tags), way(1, RING, amenity="school", name="示例小学")
    )
    assert len(read_schools(path).frame) == 2


def test_a_way_and_a_relation_that_draw_the_same_area_are_one_school(world: World) -> None:
    tags = {"amenity": "school", "name": "示例小学"}
    path = world(
        *nodes(SQUARE),
        way(1, RING, **tags),
        relation(2, [("w", 1, "outer")], type="multipolygon", **tags),
    )
    frame = read_schools(path).frame
    assert frame[["osm_id", "merged_ids"]].to_numpy().tolist() == [["r2", "w1"]]


def test_a_clipped_area_stands_at_the_mean_of_its_known_nodes_and_is_counted(world: World) -> None:
    known = {number: SQUARE[number] for number in (1, 2)}
    path = world(
        *nodes(known),
        way(1, RING, amenity="school"),
        way(2, [97, 98, 99, 97], amenity="school"),
        relation(3, [("w", 1, "outer"), ("w", 77, "outer")], type="multipolygon", amenity="school"),
    )
    schools = read_schools(path)
    assert schools.frame["osm_id"].tolist() == ["w1", "r3"]
    assert schools.frame["located_by"].tolist() == ["known_nodes"] * 2
    assert schools.frame.geometry[0].coords[0] == pytest.approx((114.005, 33.0))
    assert schools.dropped.lost == 1
    assert schools.dropped.partial == 2
    assert adds_up(schools.dropped)


def test_an_open_line_and_a_site_stand_at_their_middle(world: World) -> None:
    path = world(
        *nodes(SQUARE),
        way(1, [1, 2], amenity="school", name="甲"),
        relation(2, [("n", 3, ""), ("n", 4, "")], type="site", amenity="school", name="乙"),
    )
    frame = read_schools(path).frame
    assert frame["located_by"].tolist() == ["line", "members"]
    assert [point.x for point in frame.geometry] == pytest.approx([114.005, 114.005])


def test_a_self_crossing_area_is_made_valid(world: World) -> None:
    path = world(*nodes(SQUARE), way(1, [1, 3, 2, 4, 1], amenity="school"))
    shape = read_schools(path).frame.geometry[0]
    assert shape.is_valid
    assert shape.area > 0


# roads


def test_ways_are_split_where_they_meet_and_measured_along_their_bends(world: World) -> None:
    cross = {1: (114.0, 33.0), 2: (114.01, 33.002), 3: (114.02, 33.0), 4: (114.01, 33.01)}
    path = world(
        *nodes(cross | {5: (114.005, 33.005)}),
        way(1, [1, 2, 3], highway="primary"),
        way(2, [2, 5, 4], highway="residential", oneway="yes"),
    )
    roads = read_roads(path, working_crs=PLANE)
    edges = roads.edges
    assert edges[["u", "v"]].to_numpy().tolist() == [[1, 2], [2, 3], [2, 4]]
    assert edges["highway"].tolist() == ["primary", "primary", "residential"]
    assert edges["oneway"].tolist() == [False, False, True]
    bent = Geod(ellps="WGS84").line_length([114.01, 114.005, 114.01], [33.002, 33.005, 33.01])
    assert edges["length_m"][2] == pytest.approx(bent, rel=1e-6)
    assert roads.nodes["node_id"].tolist() == [1, 2, 3, 4]
    x, y = roads.nodes.loc[roads.nodes["node_id"] == 1, ["x", "y"]].iloc[0]
    assert x == pytest.approx(500_000, abs=1)  # 114°E is the middle of this plane
    assert y == pytest.approx(3_652_000, abs=2_000)


@pytest.mark.parametrize(
    ("tags", "u_v_oneway"),
    [
        ({}, (1, 2, False)),
        ({"oneway": "yes"}, (1, 2, True)),
        ({"oneway": "-1"}, (2, 1, True)),
        ({"oneway": "reversible"}, (1, 2, False)),
        ({"junction": "roundabout"}, (1, 2, True)),
        ({"highway": "motorway"}, (1, 2, True)),
        ({"highway": "motorway", "oneway": "no"}, (1, 2, False)),
    ],
)
def test_vehicles_are_held_to_the_direction_of(
    world: World, tags: dict[str, str], u_v_oneway: tuple[int, int, bool]
) -> None:
    edges = read_roads(
        world(*nodes(SQUARE), way(1, [1, 2], **({"highway": "tertiary"} | tags))), working_crs=PLANE
    ).edges
    assert tuple(edges.loc[0, ["u", "v", "oneway"]]) == u_v_oneway


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "construction"},
        {"highway": "proposed"},
        {"highway": "pedestrian", "area": "yes"},
    ],
)
def test_what_cannot_be_gone_on_is_no_road(world: World, tags: dict[str, str]) -> None:
    roads = read_roads(world(*nodes(SQUARE), way(1, RING, **tags)), working_crs=PLANE)
    assert roads.edges.empty
    assert roads.nodes.empty
    assert roads.counts.ways == 0


def test_a_way_that_lacks_a_node_is_cut_there_and_never_bridged(world: World) -> None:
    line = {number: (114 + number / 1000, 33.0) for number in (1, 2, 4, 5, 7)}
    path = world(
        *nodes(line),
        way(1, [1, 2, 3, 4, 5], highway="residential"),
        way(2, [6, 7], highway="residential"),
    )
    roads = read_roads(path, working_crs=PLANE)
    assert roads.edges[["u", "v"]].to_numpy().tolist() == [[1, 2], [4, 5]]
    counts = roads.counts
    assert (counts.ways, counts.ways_cut, counts.ways_lost) == (2, 1, 1)
    assert counts.node_references_missing == 2


def test_a_loop_starts_and_ends_at_its_one_junction(world: World) -> None:
    edges = read_roads(
        world(*nodes(SQUARE), way(1, RING, highway="residential")), working_crs=PLANE
    ).edges
    assert edges[["u", "v"]].to_numpy().tolist() == [[1, 1]]


def test_degrees_are_no_plane(world: World) -> None:
    path = world(*nodes(SQUARE), way(1, [1, 2], highway="residential"))
    with pytest.raises(CrsError, match="EPSG:4326"):
        read_roads(path, working_crs="EPSG:4326")


@examples(20)
@given(
    st.floats(-179, 179), st.floats(-80, 80),
    st.floats(-0.08, 0.08), st.floats(-0.08, 0.08),
)  # fmt: skip
def test_distances_agree_with_the_geodesic(
    lon: float, lat: float, east: float, north: float
) -> None:
    measured = distances_m(np.array([lon, lon + east]), np.array([lat, lat + north]))[0]
    geodesic = Geod(ellps="WGS84").inv(lon, lat, lon + east, lat + north)[2]
    assert measured == pytest.approx(geodesic, rel=2e-6, abs=1e-5)


@examples(6)
@given(st.lists(st.lists(st.integers(1, 12), min_size=2, max_size=6), min_size=1, max_size=6))
def test_splitting_keeps_the_length_and_the_order_of_ways_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, ways: list[list[int]]
) -> None:
    places = {n: (114 + (n % 4) / 500, 33 + (n // 4) / 500) for n in range(1, 13)}
    folder = tmp_path_factory.mktemp("roads")

    def read(numbered: list[tuple[int, list[int]]]) -> RoadTables:
        elements = [*nodes(places), *(way(n, w, highway="path") for n, w in numbered)]
        path = folder / "world.osm"
        path.write_text(f'<osm version="0.6">{"".join(elements)}</osm>', "utf-8")
        return read_roads(path, working_crs=PLANE)

    numbered = list(enumerate(ways, 1))
    roads = read(numbered)
    whole = sum(
        distances_m(*np.array([places[ref] for ref in refs]).T).sum() for _, refs in numbered
    )
    assert roads.edges["length_m"].sum() == pytest.approx(whole)
    assert set(roads.edges["u"]) | set(roads.edges["v"]) == set(roads.nodes["node_id"])
    again = read(numbered[::-1])
    assert again.edges.drop(columns="length_m").equals(roads.edges.drop(columns="length_m"))
    assert again.nodes["node_id"].equals(roads.nodes["node_id"])
    assert np.allclose(again.nodes[["x", "y"]], roads.nodes[["x", "y"]], atol=1e-6)


@pytest.mark.parametrize("oneway", ["no", "yes", "-1"])
def test_a_stretch_keeps_its_bends_in_the_direction_in_which_it_is_open(
    world: World, oneway: str
) -> None:
    bent = {1: (114.0, 33.0), 2: (114.001, 33.0), 3: (114.001, 33.002), 4: (114.003, 33.002)}
    roads = read_roads(
        world(*nodes(bent), way(1, [1, 2, 3, 4], highway="path", oneway=oneway)), working_crs=PLANE
    )
    (length_m,) = roads.edges["length_m"]
    assert length_m == pytest.approx(
        Geod(ellps="WGS84").line_length(*np.array(list(bent.values())).T), rel=1e-6
    )
    (line,) = lines_of(roads)
    wanted = shapely.linestrings(np.column_stack(to_plane(*np.array(list(bent.values())).T)))
    assert line.equals_exact(wanted.reverse() if oneway == "-1" else wanted, 1e-6)


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ({}, 0),
        ({"bridge": "yes"}, 1),
        ({"bridge": "no", "layer": "0"}, 0),
        ({"bridge": "viaduct", "layer": "2"}, 2),
        ({"tunnel": "culvert"}, -1),
        ({"tunnel": "yes", "layer": "unclear"}, -1),
    ],
)
def test_bridges_and_tunnels_are_on_levels_of_their_own(
    world: World, tags: dict[str, str], level: float
) -> None:
    places = nodes({1: (114.0, 33.0), 2: (114.001, 33.0)})
    roads = read_roads(world(*places, way(1, [1, 2], highway="path", **tags)), working_crs=PLANE)
    assert roads.edges["level"].tolist() == [level]


# files


def both_of(path: Path) -> tuple[Any, ...]:
    schools, roads = read_schools_and_roads(path, working_crs=PLANE)
    return schools.frame.to_wkt(), schools.dropped, roads.edges, roads.nodes, roads.counts


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(
        a.equals(b) if hasattr(a, "equals") else a == b for a, b in zip(one, other, strict=True)
    )


@pytest.fixture
def small_town(world: World) -> Path:
    return world(
        *nodes(SQUARE),
        way(1, RING, amenity="school", name="示例小学"),
        way(2, [1, 2, 3], highway="residential"),
    )


def test_every_form_of_an_extract_gives_the_same_answer(small_town: Path, tmp_path: Path) -> None:
    raw = small_town.read_bytes()
    (tmp_path / "town.osm.bz2").write_bytes(bz2.compress(raw))
    (tmp_path / "town.osm.gz").write_bytes(gzip.compress(raw))
    with osmium.SimpleWriter(str(tmp_path / "town.osm.pbf")) as writer:
        osmium.apply(str(small_town), writer)
    expected = both_of(small_town)
    assert expected[1].kept == 1
    for form in ("bz2", "gz", "pbf"):
        assert same(both_of(tmp_path / f"town.osm.{form}"), expected)


def test_one_reading_of_both_gives_what_two_readings_give(small_town: Path) -> None:
    schools, roads = read_schools_and_roads(small_town, working_crs=PLANE)
    assert schools.frame.equals(read_schools(small_town).frame)
    assert roads.edges.equals(read_roads(small_town, working_crs=PLANE).edges)


def test_nodes_that_come_after_their_ways_are_found(world: World) -> None:
    path = world(
        way(1, RING, amenity="school"), way(2, [1, 2], highway="residential"), *nodes(SQUARE)
    )
    schools, roads = read_schools_and_roads(path, working_crs=PLANE)
    assert schools.frame["located_by"].tolist() == ["area"]
    assert roads.counts.node_references_missing == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gone.osm", None),
        ("roads.shp", b""),
        ("page.osm", b"<html><body>busy</body></html>"),
        ("torn.osm", b'<osm version="0.6"><node id="1" lat="33"'),
        ("rubbish.osm.pbf", b"\x00\x00\x00\x0drubbish"),
    ],
)
def test_a_file_that_is_no_extract_is_refused_by_name_in_both_languages(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as refused:
        read_schools(path)
    assert name in refused.value.text("zh")
    assert name in refused.value.text("en")


def test_a_way_without_nodes_shifts_no_other(world: World) -> None:
    path = world(
        *nodes({1: (114.0, 33.0), 2: (114.01, 33.0), 3: (114.02, 33.0)}),
        way(1, [], highway="residential"),
        way(2, [1, 2], highway="primary"),
        way(3, [], highway="residential"),
        way(4, [2, 3], highway="residential", oneway="yes"),
        way(5, [], highway="residential"),
    )
    roads = read_roads(path, working_crs="EPSG:4547")
    assert roads.edges[["u", "v", "highway", "oneway"]].to_numpy().tolist() == [
        [1, 2, "primary", False], [2, 3, "residential", True],
    ]  # fmt: skip
    assert (roads.counts.ways, roads.counts.ways_lost) == (5, 3)


# real places


@pytest.mark.shared
@pytest.mark.skipif(not PLACES.exists(), reason="needs ../shared")
def test_las_palmas_loads_though_its_clip_lacks_nodes() -> None:
    path = PLACES / "las_palmas" / "las_palmas_20230221.osm.pbf"
    schools, roads = read_schools_and_roads(path, working_crs="EPSG:32628")
    assert schools.dropped.read == {"school": 163, "kindergarten": 23}
    assert adds_up(schools.dropped)
    assert schools.frame.geometry.is_valid.all()
    assert roads.counts.ways_cut > 0
    assert roads.counts.node_references_missing > 0
    assert np.isfinite(roads.nodes[["x", "y"]].to_numpy()).all()
    assert np.isfinite(roads.edges["length_m"]).all()
    assert "163" in school_note(schools.dropped).text("zh")
    assert "13467" in road_note(roads.counts).text("en")


@pytest.mark.shared
@pytest.mark.skipif(not PLACES.exists(), reason="needs ../shared")
def test_liechtenstein_is_the_same_from_bz2_and_pbf() -> None:
    packed = both_of(LIECHTENSTEIN.with_suffix("").with_suffix(".osm.bz2"))
    assert same(both_of(LIECHTENSTEIN), packed)
    assert sum(packed[1].read.values()) == 22


@pytest.mark.shared
@pytest.mark.skipif(not PLACES.exists(), reason="needs ../shared")
def test_porto_alegre_has_roads_and_no_schools() -> None:
    path = PLACES / "porto_alegre" / "poa.osm.pbf"
    schools, roads = read_schools_and_roads(path, working_crs="EPSG:31982")
    assert schools.frame.empty
    assert len(roads.edges) > 25_000
    assert roads.edges["length_m"].sum() == pytest.approx(2_005_426, rel=1e-4)


CAMPUS = {"amenity": "kindergarten", "name": "柳镇中心幼儿园"}
NEAR = (113.9998, 33.0)  # 19 m west of the campus
FAR = (113.999, 33.0)  # 93 m


@pytest.mark.parametrize(
    ("objects", "ids"),
    [
        # names of one school in the ground of it, in two languages or one with its place
        ([way(1, RING, **CAMPUS), node(9, 114.001, 33.001, **CAMPUS | {"name": "Liu Town"})], "w1"),
        (
            [way(1, RING, amenity="school", name="西县柳镇第一小学"),
             node(9, 114.001, 33.001, amenity="school", name="柳镇一小")],
            "w1",
        ),
        # two schools in one ground stay two
        (
            [way(1, RING, amenity="school", name="柳镇第一小学"),
             node(9, 114.001, 33.001, amenity="school", name="柳镇第二小学")],
            "n9 w1",
        ),
        # a nameless gate belongs to the campus beside it, and not to one far away
        ([way(1, RING, **CAMPUS), node(9, *NEAR, amenity="kindergarten")], "w1"),
        ([way(1, RING, **CAMPUS), node(9, *FAR, amenity="kindergarten")], "n9 w1"),
        ([way(1, RING, **CAMPUS), node(9, *NEAR, amenity="school")], "n9 w1"),
        # a named building or ground without an amenity is a school, once
        ([way(1, RING, building="school", name="柳镇小学")], "w1"),
        ([way(1, RING, landuse="education", name="柳镇小学")], "w1"),
        ([way(1, RING, building="school")], ""),
        ([way(1, RING, building="school", name="行知楼")], ""),
        ([way(1, RING, landuse="education", name="柳镇师范学院")], ""),
        ([way(1, RING, building="retail", name="柳镇小学")], ""),
        (
            [way(1, RING, landuse="education", name="柳镇小学"),
             node(9, 114.001, 33.001, amenity="school", name="柳镇小学")],
            "w1",
        ),
        # what is no longer a school is none
        ([way(1, RING, **{"disused:amenity": "school", "building": "school", "name": "柳镇小学"})],
         ""),
    ],
)  # fmt: skip
def test_objects_of_one_school_are_one_school(world: World, objects: list[str], ids: str) -> None:
    found = read_schools(world(*nodes(SQUARE), *objects))
    assert " ".join(sorted(found.frame["osm_id"])) == ids


def test_two_nameless_buildings_side_by_side_are_one_kindergarten_and_two_campuses_two(
    world: World,
) -> None:
    second = {n + 4: (lon + 0.0102, lat) for n, (lon, lat) in SQUARE.items()}
    ring = [5, 6, 7, 8, 5]
    for tags, count in (({"building": "yes"}, 1), ({}, 2)):
        found = read_schools(
            world(
                *nodes(SQUARE), *nodes(second), way(1, RING, amenity="kindergarten", **tags),
                way(2, ring, amenity="kindergarten", **tags),
            )
        )  # fmt: skip
        assert len(found.frame) == count


def test_named_buildings_are_taken_out_of_a_binary_extract_too(tmp_path: Path) -> None:
    path = tmp_path / "x.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for number, place in SQUARE.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place, version=1))
        for number, tags in enumerate(
            [{"building": "school", "name": "柳镇小学"}, {"building": "yes", "name": "柳镇二小"}], 1
        ):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=RING, tags=tags, version=1))
    assert read_schools(path).frame["osm_id"].tolist() == ["w1"]
