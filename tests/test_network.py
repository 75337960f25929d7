"""Small road worlds, and laws that hold on every road graph."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from road_oracle import Oracle
from volumes import examples

from zmd_layout.errors import CrsError, LayerError
from zmd_layout.layers.roads import RoadTables
from zmd_layout.network import (
    NO_FACILITY,
    Method,
    RoadGraph,
    Snap,
    areas_from_grid,
    areas_from_points,
    build_graph,
    catchments,
    grid_over,
    k_nearest,
    nearest,
    snap,
    straight_line,
    tables_from_lines,
    within,
)
from zmd_layout.vocabulary import Basis

PLANE = "EPSG:4547"
TOLERANCE_M = 1e-6


def roads(places: list[tuple[float, float]], edges: list[tuple[object, ...]]) -> RoadTables:
    """Make tables of nodes 0, 1, … and edges (u, v, length_m, highway, oneway)."""
    xy = np.array(places, dtype=float)
    return RoadTables(
        pd.DataFrame({"node_id": np.arange(len(xy)), "x": xy[:, 0], "y": xy[:, 1]}),
        pd.DataFrame(edges, columns=["u", "v", "length_m", "highway", "oneway"]),
    )


def street(*, length_m: float = 1000.0, step_m: float = 100.0) -> RoadTables:
    """Make one straight street along the x axis."""
    count = round(length_m / step_m) + 1
    return roads(
        [(i * step_m, 0.0) for i in range(count)],
        [(i, i + 1, step_m, "residential", False) for i in range(count - 1)],
    )


def lines(*paths: list[tuple[float, float]], oneway: object = "no") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"highway": ["residential"] * len(paths), "oneway": [oneway] * len(paths)},
        geometry=[shapely.LineString(path) for path in paths],
        crs=PLANE,
    )


def town(seed: int, *, side: int = 7, is_even: bool = False) -> RoadTables:
    """Make a grid of streets with gaps, one-ways and parallel edges; even ones are full of ties."""
    random = np.random.default_rng(seed)
    place = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2) * 100.0
    number = np.arange(side * side).reshape(side, side)
    ends = np.vstack(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    ends = np.vstack([ends, ends[random.random(len(ends)) < 0.1]])
    ends = ends[random.random(len(ends)) < 0.85]
    detour = np.ones(len(ends)) if is_even else random.uniform(1, 2, len(ends))
    is_oneway = random.random(len(ends)) < (0.0 if is_even else 0.3)
    tables = roads(
        place.tolist(),
        [
            (u, v, 100.0 * d, "residential", bool(o))
            for (u, v), d, o in zip(ends.tolist(), detour, is_oneway, strict=True)
        ],
    )
    return tables if is_even else bent(tables, random)


def bent(tables: RoadTables, random: np.random.Generator) -> RoadTables:
    """Give every edge one to three bends, so that no two lie on each other."""
    count = random.integers(1, 4, len(tables.edges))
    edge = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(count) - count
    part = (np.arange(len(edge)) - first[edge] + 1) / (count[edge] + 1)
    xy = tables.nodes[["x", "y"]].to_numpy()
    u, v = (xy[tables.edges[end].to_numpy()[edge]] for end in ("u", "v"))
    places = u + (v - u) * part[:, None] + random.uniform(-15, 15, (len(edge), 2))
    return RoadTables(
        tables.nodes,
        tables.edges.assign(first_vertex=first, vertex_count=count),
        vertices=pd.DataFrame(places, columns=["x", "y"]),
    )


LIMIT_M = 60.0


def places(seed: int, count: int, *, is_even: bool = False) -> np.ndarray:
    """Draw points in and around a town; even ones are corners, or a quarter of a street off."""
    random = np.random.default_rng(seed)
    xy = random.uniform(-40, 640, (count, 2))
    if is_even:
        xy = (xy / 100).round() * 100
        xy[:, 0] += random.integers(0, 2, count) * 25
    return xy


def scatter(graph: RoadGraph, seed: int, count: int, *, is_even: bool = False) -> Snap:
    """Tie the places, with keys in an order of their own."""
    keys = [f"p{i:03}" for i in np.random.default_rng(seed).permutation(count)]
    xy = places(seed, count, is_even=is_even)
    return snap(xy, graph, limit_m=LIMIT_M, keys=keys)


seeds = st.integers(0, 10_000)
quick = examples(12)


# --- the graph ---


def test_of_parallel_edges_the_shortest_counts() -> None:
    tables = roads(
        [(0, 0), (100, 0)],
        [(0, 1, 300.0, "residential", False), (1, 0, 120.0, "residential", False)],
    )
    graph = build_graph(tables, mode="walk")
    assert graph.weights.toarray().tolist() == [[0, 120], [120, 0]]
    assert graph.counts.parallels == 2


def test_an_edge_of_no_length_joins_its_ends() -> None:
    tables = roads([(0, 0), (0, 0)], [(0, 1, 0.0, "residential", False)])
    graph = build_graph(tables, mode="walk")
    assert graph.weights.data == pytest.approx([0.001, 0.001])
    assert graph.counts.edges_floored == 1
    assert graph.counts.components == 1


def test_a_walker_goes_both_ways_and_a_car_obeys_the_sign() -> None:
    ring = [
        (0, 1, 100.0, "residential", True),
        (1, 2, 100.0, "residential", True),
        (2, 0, 100.0, "residential", True),
    ]
    tables = roads([(0, 0), (100, 0), (50, 80)], ring)
    for mode, expected_m in (("walk", 100.0), ("drive", 200.0)):
        graph = build_graph(tables, mode=mode)
        home = snap([(100, 0)], graph, limit_m=10)
        school = snap([(0, 0)], graph, limit_m=10)
        assert nearest(graph, home, school).distance_m.tolist() == [expected_m]
        assert k_nearest(graph, home, school, k=1).distance_m.tolist() == [[expected_m]]
        assert within(graph, school, home, cutoff_m=500).toarray().tolist() == [[expected_m]]


def test_nobody_walks_on_a_motorway_and_no_car_uses_a_footway() -> None:
    tables = roads(
        [(0, 0), (100, 0), (200, 0)],
        [
            (0, 1, 100.0, "motorway", False),
            (0, 1, 150.0, "residential", False),
            (0, 1, 120.0, "footway", False),
            (1, 2, 100.0, "trunk", False),
        ],
    )
    assert build_graph(tables, mode="walk").weights.data.tolist() == [120, 120, 100, 100]
    assert build_graph(tables, mode="drive").weights.data.tolist() == [100, 100, 100, 100]
    without = build_graph(tables, mode="walk", excluded_highways={"trunk"})
    assert without.weights.data.tolist() == [100, 100]


def test_a_road_of_unknown_class_is_a_road_and_is_counted() -> None:
    tables = roads([(0, 0), (100, 0)], [(0, 1, 100.0, None, False)])
    graph = build_graph(tables, mode="walk")
    assert graph.counts.edges_of_unknown_class == 1
    assert graph.weights.nnz == 2


def test_a_loop_and_a_node_without_a_road_are_left_out() -> None:
    tables = roads(
        [(0, 0), (100, 0), (500, 500)],
        [(0, 1, 100.0, "residential", False), (1, 1, 60.0, "residential", False)],
    )
    graph = build_graph(tables, mode="walk")
    assert graph.node_id.tolist() == [0, 1]
    assert graph.counts.loops == 1


def test_the_main_component_is_where_a_car_can_go_and_return() -> None:
    tables = roads(
        [(0, 0), (100, 0), (200, 0)],
        [(0, 1, 100.0, "residential", False), (1, 2, 100.0, "residential", True)],
    )
    graph = build_graph(tables, mode="drive")
    assert graph.node_id[graph.is_main].tolist() == [0, 1]
    assert graph.counts.components == 2


def test_all_faults_of_the_tables_are_told_at_once() -> None:
    tables = roads(
        [(0, 0), (100, float("nan"))],
        [(0, 7, -5.0, "residential", False), (0, 1, float("nan"), "residential", None)],
    )
    tables.nodes.loc[2] = [0, 50, 50]
    with pytest.raises(LayerError) as error:
        build_graph(tables, mode="walk")
    assert {message.key for message in error.value.messages} == {
        "network.duplicate_nodes",
        "network.bad_coordinates",
        "network.unknown_ends",
        "network.bad_lengths",
        "network.bad_oneway",
    }
    assert "2" in error.value.text("zh")


def test_a_missing_column_is_named() -> None:
    tables = street()
    bare = RoadTables(tables.nodes.drop(columns="x"), tables.edges.drop(columns="oneway"))
    with pytest.raises(LayerError, match=r"nodes\.x、edges\.oneway"):
        build_graph(bare, mode="walk")


def test_degrees_are_refused_even_in_bare_tables() -> None:
    tables = roads([(114.02, 32.98), (114.03, 32.98)], [(0, 1, 934.0, "residential", False)])
    with pytest.raises(CrsError, match="EPSG:4547"):
        build_graph(tables, mode="walk")


def test_roads_that_are_all_closed_to_a_mode_are_refused() -> None:
    tables = roads([(0, 0), (100, 0)], [(0, 1, 100.0, "footway", False)])
    with pytest.raises(LayerError, match="机动车"):
        build_graph(tables, mode="drive")


@quick
@given(seeds)
def test_the_graph_does_not_depend_on_the_order_of_rows(seed: int) -> None:
    tables = town(seed)
    shuffled = RoadTables(
        tables.nodes.sample(frac=1, random_state=seed),
        tables.edges.sample(frac=1, random_state=seed),
        vertices=tables.vertices,
    )
    for mode in ("walk", "drive"):
        one, other = build_graph(tables, mode=mode), build_graph(shuffled, mode=mode)
        assert one.counts == other.counts
        assert (one.node_id == other.node_id).all()
        assert (one.weights.data == other.weights.data).all()
        assert (one.weights.indices == other.weights.indices).all()
        assert one.weights.indices.dtype == np.int32


# --- roads from lines ---


def pieces_of(frame: gpd.GeoDataFrame, **options: str) -> tuple[int, int]:
    """Return how many edges and unconnected parts lines make."""
    tables = tables_from_lines(frame, **options)
    return len(tables.edges), build_graph(tables, mode="walk").counts.components


CROSS = ([(0, 0), (100, 0)], [(50, -50), (50, 50)])


def test_drawn_lines_meet_where_they_share_a_vertex_cross_or_end_on_each_other() -> None:
    shared = lines([(0, 0), (50, 0), (100, 0)], [(50, -50), (50, 0), (50, 50)])
    ending = lines([(0, 0), (100, 0)], [(50, -50), (50, 0)])
    at_a_bend = lines([(0, 0), (100, 0)], [(40, -50), (50, 0), (60, -50)])
    assert pieces_of(shared) == (4, 1)
    assert pieces_of(lines(*CROSS)) == (4, 1)
    assert pieces_of(ending) == (3, 1)
    assert pieces_of(at_a_bend) == (4, 1)
    assert tables_from_lines(lines(*CROSS)).counts.crossings_joined == 1
    assert pieces_of(lines(*CROSS), crossings="pass") == (2, 2)
    assert pieces_of(ending, crossings="pass") == (3, 1)


@pytest.mark.parametrize(
    ("column", "values"),
    [("bridge", ["no", "yes"]), ("bridge", ["F", "T"]), ("tunnel", ["yes", None]),
     ("level", [0, 1]), ("level", ["-1", "0"])],
)  # fmt: skip
def test_bridges_and_tunnels_pass_over_and_under_what_they_cross(
    column: str, values: list[object]
) -> None:
    frame = lines(*CROSS).assign(**{column: values})
    assert pieces_of(frame) == (2, 2)
    assert pieces_of(frame.assign(**{column: [values[0]] * 2})) == (4, 1)


def test_nothing_crosses_a_motorway_but_its_links_end_on_it() -> None:
    frame = lines(*CROSS, [(80, 0), (80, 90)]).assign(
        highway=["motorway", "residential", "motorway_link"], oneway="no"
    )
    assert len(tables_from_lines(frame).edges) == 4


def test_of_lines_drawn_from_junction_to_junction_the_few_bare_crossings_are_bridges() -> None:
    grid = [[(x, y), (x + 100, y)] for x in (0, 100, 200) for y in (0, 100, 200, 300)]
    grid += [[(x, y), (x, y + 100)] for x in (0, 100, 200, 300) for y in (0, 100, 200)]
    bridge = [(-50, 50), (350, 50)]
    tables = tables_from_lines(lines(*grid, bridge).assign(oneway="no"))
    assert (tables.counts.crossings_joined, tables.counts.crossings_passed) == (4, 0)
    large = [*grid, *([(x + 300, y), (x2 + 300, y2)] for (x, y), (x2, y2) in grid)]
    few = tables_from_lines(lines(*large, [(-50, 50), (50, 50)]))
    assert (few.counts.crossings_joined, few.counts.crossings_passed) == (0, 1)
    asked = tables_from_lines(lines(*large, [(-50, 50), (50, 50)]), crossings="meet")
    assert (asked.counts.crossings_joined, asked.counts.crossings_passed) == (1, 0)


def test_ends_within_a_millimetre_are_one_node() -> None:
    tables = tables_from_lines(lines([(0, 0), (100, 0)], [(100.0002, 0), (200, 0)]))
    assert len(tables.nodes) == 3
    apart = tables_from_lines(lines([(0, 0), (100, 0)], [(100.002, 0), (200, 0)]))
    assert len(apart.nodes) == 4


def test_a_bent_line_is_as_long_as_its_bends() -> None:
    tables = tables_from_lines(lines([(0, 0), (30, 0), (30, 40)]))
    assert tables.edges["length_m"].tolist() == [70]


def test_a_point_beside_a_bend_is_tied_to_the_bend_and_not_to_a_junction() -> None:
    graph = build_graph(
        tables_from_lines(lines([(0, 0), (800, 0), (800, 600), (1600, 600)])), mode="walk"
    )
    assert len(graph.node_id) == 2
    home, school = (snap([xy], graph, limit_m=20) for xy in ((810, 250), (1600, 600)))
    assert home.distance_m.tolist() == [10]
    assert nearest(graph, home, school).distance_m.tolist() == [10 + 350 + 800]


def test_a_street_that_ends_on_itself_has_a_node_there_and_homes_on_its_loop() -> None:
    tables = tables_from_lines(lines([(0, 0), (500, 0), (800, 400), (800, -400), (500, 0)]))
    assert len(tables.nodes) == 2
    assert sorted(tables.edges["u"] == tables.edges["v"]) == [False, True]
    graph = build_graph(tables, mode="walk")
    homes = snap([(800, 100), (800, -100)], graph, limit_m=1)
    assert nearest(graph, homes, snap([(0, 0)], graph, limit_m=1)).distance_m.tolist() == [1300] * 2
    assert nearest(graph, homes, snap([(800, -50)], graph, limit_m=1)).distance_m.tolist() == [
        150,
        50,
    ]


@pytest.mark.parametrize(
    ("value", "forward", "backward"),
    [
        ("yes", True, False),
        ("true", True, False),
        ("1", True, False),
        (1.0, True, False),
        (True, True, False),
        ("-1", False, True),
        (-1, False, True),
        ("reverse", False, True),
        ("no", True, True),
        (None, True, True),
        ("alternating", True, True),
        ("F", True, False),
        ("T", False, True),
        ("B", True, True),
    ],
)
def test_oneway_is_read_as_in_osm(value: object, forward: bool, backward: bool) -> None:  # noqa: FBT001 - a table of cases
    tables = tables_from_lines(lines([(0, 0), (100, 0)], oneway=value))
    arcs = build_graph(tables, mode="drive").weights.toarray()
    assert (arcs[0, 1] > 0, arcs[1, 0] > 0) == (forward, backward)


def test_a_motorway_is_one_way_unless_it_says_otherwise() -> None:
    motorway = lines([(0, 0), (100, 0)], oneway=None).assign(highway="motorway")
    assert tables_from_lines(motorway).edges["oneway"].tolist() == [True]
    assert tables_from_lines(motorway.assign(oneway="no")).edges["oneway"].tolist() == [False]


def test_parts_of_a_multiline_are_lines_and_empty_ones_are_counted() -> None:
    frame = gpd.GeoDataFrame(
        {"highway": "residential", "oneway": "no"},
        geometry=[
            shapely.MultiLineString([[(0, 0), (50, 0)], [(50, 0), (90, 0)]]),
            None,
            shapely.LineString(),
        ],
        index=[7, 7, 9],
        crs=PLANE,
    )
    tables = tables_from_lines(frame)
    assert sorted(tables.edges["length_m"]) == [40, 50]
    assert (tables.counts.ways, tables.counts.ways_lost) == (3, 2)


@quick
@given(seeds)
def test_the_order_and_direction_of_lines_do_not_matter(seed: int) -> None:
    random = np.random.default_rng(seed)
    corners = random.integers(0, 5, (12, 3, 2)) * 137.31
    paths = [path.tolist() for path in corners if len(np.unique(path, axis=0)) > 1]
    frame = lines(*paths)
    shuffled = frame.sample(frac=1, random_state=seed)
    one, other = (build_graph(tables_from_lines(f), mode="walk") for f in (frame, shuffled))
    assert (one.node_xy == other.node_xy).all()
    assert (one.weights.data == other.weights.data).all()
    turned = build_graph(tables_from_lines(frame.set_geometry(frame.reverse())), mode="walk")
    xy = random.uniform(0, 560, (30, 2))
    ways_m = [
        nearest(g, snap(xy[:25], g, limit_m=99), snap(xy[25:], g, limit_m=99)).distance_m
        for g in (one, turned)
    ]
    # a crossing is rounded to a millimetre, and the rounding of its place may turn over
    np.testing.assert_allclose(*ways_m, rtol=0, atol=0.05)


def test_lines_without_tags_or_of_another_kind_are_refused_with_all_faults() -> None:
    frame = gpd.GeoDataFrame({"highway": ["residential"]}, geometry=[shapely.Point(0, 0)])
    with pytest.raises(LayerError) as error:
        tables_from_lines(frame)
    assert [message.key for message in error.value.messages] == [
        "network.missing_columns",
        "network.not_lines",
    ]


def test_lines_with_a_missing_coordinate_are_refused() -> None:
    with np.errstate(invalid="ignore"):  # making such a line is what shapely would warn of
        frame = lines([(0, 0), (float("nan"), 1)])
    with pytest.raises(LayerError, match="空值或无穷大"):
        tables_from_lines(frame)


def test_lines_without_any_length_are_refused() -> None:
    with pytest.raises(LayerError, match="没有一条有长度的线"):
        tables_from_lines(lines([(1, 1), (1, 1)]))


@pytest.mark.parametrize("crs", [None, "EPSG:4326", "EPSG:2263"])
def test_lines_that_are_not_in_metres_are_refused(crs: str | None) -> None:
    frame = lines([(0, 0), (100, 0)]).set_crs(crs, allow_override=True)
    with pytest.raises(CrsError):
        tables_from_lines(frame)


# --- ties to the road ---


def test_a_point_beyond_the_limit_is_counted_and_keeps_its_distance() -> None:
    graph = build_graph(street(), mode="walk")
    tied = snap([(0, 30), (0, 31), (0, np.nan)], graph, limit_m=30, keys=["b", "a", "c"])
    assert tied.is_snapped.tolist() == [True, False, False]
    assert tied.distance_m.tolist()[:2] == [30, 31]
    assert np.isnan(tied.distance_m[2])
    assert tied.count_over_limit == 2
    assert tied.keys_over_limit.tolist() == ["a", "c"]
    assert "2" in tied.message().text("en")


def test_a_point_beside_a_scrap_of_road_is_tied_to_the_main_road() -> None:
    tables = roads(
        [(0, 0), (100, 0), (200, 0), (100, 300), (150, 300)],
        [
            (0, 1, 100.0, "residential", False),
            (1, 2, 100.0, "residential", False),
            (3, 4, 50.0, "residential", False),
        ],
    )
    graph = build_graph(tables, mode="walk")
    beside_island = [(100.0, 290.0)]
    near = snap(beside_island, graph, limit_m=300)
    assert graph.node_id[near.node].tolist() == [[1, 1]]
    far = snap(beside_island, graph, limit_m=100)
    assert far.node.tolist() == [[-1, -1]]
    school = snap([(0, 0)], graph, limit_m=100)
    found = nearest(graph, far, school)
    assert np.isnan(found.distance_m).all()
    assert found.facility.tolist() == [NO_FACILITY]
    assert found.unreached.tolist() == [0]


def test_a_village_behind_a_river_goes_to_its_own_school_or_to_none() -> None:
    shores = [(0, 0), (3000, 0), (0, 400), (2000, 400)]
    tables = roads(shores, [(0, 1, 3000.0, "tertiary", False), (2, 3, 2000.0, "tertiary", False)])
    graph = build_graph(tables, mode="walk")
    village = snap([(1000, 390)], graph, limit_m=1000)
    across = snap([(1000, 0)], graph, limit_m=1000)
    assert nearest(graph, village, across).unreached.tolist() == [0]
    here = snap([(1000, 0), (1900, 400)], graph, limit_m=1000)
    assert nearest(graph, village, here).distance_m.tolist() == [910]


def test_each_point_may_have_a_limit_of_its_own() -> None:
    graph = build_graph(street(), mode="walk")
    tied = snap([(0, 300), (0, 300)], graph, limit_m=[200, 1000])
    assert tied.is_snapped.tolist() == [False, True]


def test_keys_must_be_unique_and_as_many_as_points() -> None:
    graph = build_graph(street(), mode="walk")
    with pytest.raises(LayerError, match="x"):
        snap([(0, 0), (1, 0)], graph, limit_m=10, keys=["x", "x"])
    with pytest.raises(LayerError, match="1"):
        snap([(0, 0), (1, 0)], graph, limit_m=10, keys=["x"])


# --- the nearest ---


def test_the_distance_counts_the_way_to_the_road_at_both_ends() -> None:
    graph = build_graph(street(), mode="walk")
    home = snap([(0, 30)], graph, limit_m=100)
    school = snap([(300, -20)], graph, limit_m=100)
    assert nearest(graph, home, school).distance_m.tolist() == [350]


def test_a_school_far_from_the_road_loses_to_one_beside_it() -> None:
    graph = build_graph(street(), mode="walk")
    home = snap([(200, 0)], graph, limit_m=200)
    schools = snap([(100, 150), (400, 0)], graph, limit_m=200)
    found = nearest(graph, home, schools)
    assert found.facility.tolist() == [1]
    assert found.distance_m.tolist() == [200]


def test_of_equally_near_schools_the_smaller_key_wins() -> None:
    graph = build_graph(street(), mode="walk")
    home = snap([(500, 0)], graph, limit_m=10)
    for places in ([(0, 0), (1000, 0)], [(1000, 0), (0, 0)]):
        schools = snap(places, graph, limit_m=10, keys=["b", "a"])
        assert nearest(graph, home, schools).facility.tolist() == [1]
        assert k_nearest(graph, home, schools, k=2).facility.tolist() == [[1, 0]]


def test_two_schools_on_one_site_are_both_found() -> None:
    graph = build_graph(street(), mode="walk")
    home = snap([(500, 0)], graph, limit_m=10)
    schools = snap([(300, 0), (300, 0), (0, 0)], graph, limit_m=10, keys=["b", "a", "c"])
    found = k_nearest(graph, home, schools, k=3)
    assert found.facility.tolist() == [[1, 0, 2]]
    assert found.distance_m.tolist() == [[200, 200, 500]]


def test_the_cutoff_is_inclusive_and_counts_the_ties() -> None:
    graph = build_graph(street(), mode="walk")
    home = snap([(0, 30)], graph, limit_m=100)
    school = snap([(300, 20)], graph, limit_m=100)
    for cutoff_m, is_reached in ((350.0, True), (349.9, False), (15.0, False)):
        assert nearest(graph, home, school, cutoff_m=cutoff_m).is_reached.tolist() == [is_reached]
        many = k_nearest(graph, home, school, k=1, cutoff_m=cutoff_m)
        assert many.is_reached.tolist() == [is_reached]
        assert within(graph, school, home, cutoff_m=cutoff_m).nnz == int(is_reached)


def test_without_a_school_nobody_reaches_one() -> None:
    graph = build_graph(street(), mode="walk")
    home = snap([(0, 0)], graph, limit_m=10)
    nothing = snap(np.empty((0, 2)), graph, limit_m=10)
    for schools in (nothing, snap([(0, 5000)], graph, limit_m=10)):
        assert nearest(graph, home, schools).unreached.tolist() == [0]
        assert k_nearest(graph, home, schools, k=2).unreached.tolist() == [0]
        assert within(graph, schools, home, cutoff_m=1e6).nnz == 0
        assert within(graph, home, schools, cutoff_m=1e6).nnz == 0


def test_where_fewer_than_k_schools_are_in_reach_the_rest_is_missing() -> None:
    graph = build_graph(street(), mode="walk")
    home = snap([(0, 0)], graph, limit_m=10)
    school = snap([(300, 0)], graph, limit_m=10)
    found = k_nearest(graph, home, school, k=3)
    assert found.facility.tolist() == [[0, NO_FACILITY, NO_FACILITY]]
    assert np.isnan(found.distance_m[0, 1:]).all()


@quick
@given(seeds, st.sampled_from(["walk", "drive"]), st.booleans())
def test_distances_agree_with_brute_force_over_roads_that_are_cut_in_two(
    seed: int,
    mode: str,
    is_even: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    tables = town(seed, is_even=is_even)
    graph = build_graph(tables, mode=mode)
    demand = scatter(graph, seed, 40, is_even=is_even)
    facilities = scatter(graph, seed + 1, 9, is_even=is_even)
    oracle = Oracle(tables, obeys_oneway=mode == "drive")
    table = oracle.distances(
        oracle.tie(places(seed, 40, is_even=is_even)),
        oracle.tie(places(seed + 1, 9, is_even=is_even)),
        limit_m=LIMIT_M,
    )
    by_key = np.argsort(facilities.key)
    order = by_key[np.argsort(table[:, by_key].round(6), axis=1, kind="stable")]
    ordered = np.take_along_axis(table, order, axis=1)
    expected = np.where(np.isfinite(ordered), ordered, np.nan)
    owner = np.where(np.isfinite(ordered), order, NO_FACILITY)

    one = nearest(graph, demand, facilities)
    np.testing.assert_allclose(one.distance_m, expected[:, 0], rtol=0, atol=TOLERANCE_M)
    assert (one.facility == owner[:, 0]).all()
    many = k_nearest(graph, demand, facilities, k=5)
    np.testing.assert_allclose(many.distance_m, expected[:, :5], rtol=0, atol=TOLERANCE_M)
    assert (many.facility == owner[:, :5]).all()
    for cutoff_m in (0.0, 50.0, 350.0, np.inf):
        pairs = within(graph, facilities, demand, cutoff_m=cutoff_m).tocoo()
        found = np.full(table.shape, np.inf)
        found[pairs.col, pairs.row] = pairs.data
        wanted = np.where(table <= cutoff_m, table, np.inf)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE_M)


def test_many_places_on_one_long_road_are_told_apart() -> None:
    tables = roads([(0, 0), (5000, 0)], [(0, 1, 5000.0, "residential", False)])
    graph = build_graph(tables, mode="walk")
    homes = snap([(x, 30.0) for x in (100, 1900, 2600, 4990)], graph, limit_m=50)
    schools = snap([(1000, 0), (2500, -40), (2500, 20), (5000, 0)], graph, limit_m=50)
    found = nearest(graph, homes, schools)
    assert found.distance_m.tolist() == [930, 650, 150, 40]
    assert found.facility.tolist() == [0, 2, 2, 3]
    assert found.tie_m is not None
    assert found.tie_m.tolist() == [30, 50, 50, 30]
    pairs = within(graph, schools, homes, cutoff_m=700).toarray()
    assert pairs.tolist() == [[0, 0, 0, 0], [0, 670, 170, 0], [0, 650, 150, 0], [0, 0, 0, 40]]


def test_a_car_goes_round_the_block_to_what_lies_behind_it_on_a_one_way() -> None:
    ring = [(0, 1, 100.0, "residential", True), (1, 2, 100.0, "residential", True),
            (2, 3, 100.0, "residential", True), (3, 0, 100.0, "residential", True)]  # fmt: skip
    tables = roads([(0, 0), (100, 0), (100, 100), (0, 100)], ring)
    graph = build_graph(tables, mode="drive")
    home = snap([(60, 0)], graph, limit_m=1)
    ahead, behind = (snap([(x, 0)], graph, limit_m=1) for x in (90, 20))
    for school, expected_m in ((ahead, 30.0), (behind, 360.0)):
        assert nearest(graph, home, school).distance_m.tolist() == [expected_m]
        assert within(graph, school, home, cutoff_m=500).toarray().tolist() == [[expected_m]]


@quick
@given(seeds, st.booleans())
def test_results_do_not_depend_on_the_order_of_points(
    seed: int,
    is_even: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    graph = build_graph(town(seed, is_even=is_even), mode="walk")
    random = np.random.default_rng(seed)
    homes_xy = random.uniform(0, 600, (20, 2)).round(-2 if is_even else 1)
    schools_xy = random.uniform(0, 600, (8, 2)).round(-2 if is_even else 1)
    names = np.array([f"s{i}" for i in random.permutation(8)])
    turn = random.permutation(8)
    demand = snap(homes_xy, graph, limit_m=1000)
    one = k_nearest(graph, demand, snap(schools_xy, graph, limit_m=1000, keys=names), k=3)
    other = k_nearest(
        graph, demand, snap(schools_xy[turn], graph, limit_m=1000, keys=names[turn]), k=3
    )
    assert (one.distance_m == other.distance_m).all()
    assert (names[one.facility] == names[turn][other.facility]).all()
    back = random.permutation(20)
    third = nearest(
        graph, snap(homes_xy[back], graph, limit_m=1000), snap(schools_xy, graph, limit_m=1000)
    )
    assert (third.distance_m == one.distance_m[back, 0]).all()


@quick
@given(seeds)
def test_on_foot_the_way_back_is_as_long(seed: int) -> None:
    graph = build_graph(town(seed), mode="walk")
    one, other = scatter(graph, seed, 9), scatter(graph, seed + 1, 9)
    there = within(graph, one, other, cutoff_m=900)
    back = within(graph, other, one, cutoff_m=900)
    assert (there != back.T).nnz == 0
    assert there.nnz == back.nnz


@quick
@given(seeds, st.sampled_from(["walk", "drive"]))
def test_one_more_school_never_makes_a_way_longer(seed: int, mode: str) -> None:
    graph = build_graph(town(seed), mode=mode)
    demand = scatter(graph, seed, 30)
    random = np.random.default_rng(seed)
    places = random.uniform(0, 600, (5, 2))
    before = nearest(graph, demand, snap(places[:4], graph, limit_m=1000)).distance_m
    after = nearest(graph, demand, snap(places, graph, limit_m=1000)).distance_m
    assert ((after <= before) | np.isnan(before)).all()


def test_progress_is_told_to_the_end() -> None:
    graph = build_graph(street(), mode="walk")
    homes = snap([(0, 0), (500, 0)], graph, limit_m=10)
    schools = snap([(300, 0), (900, 0), (0, 99)], graph, limit_m=10)
    told: list[tuple[int, int]] = []
    within(graph, schools, homes, cutoff_m=250, progress=lambda *step: told.append(step))
    assert told[-1] == (3, 3)
    told.clear()
    k_nearest(graph, homes, schools, k=2, progress=lambda *step: told.append(step))
    assert told == [(1, 2), (2, 2)]


def test_a_short_cut_in_the_table_does_not_hide_a_pair() -> None:
    # The stretch is shorter than the straight line between its ends: the part of the graph that is
    # searched has to be the larger for it.
    tables = roads(
        [(0, 0), (1000, 0), (1100, 0)],
        [(0, 1, 50.0, "residential", False), (1, 2, 100.0, "residential", False)],
    )
    graph = build_graph(tables, mode="walk")
    school, home = (snap([xy], graph, limit_m=1) for xy in ((0, 0), (1100, 0)))
    assert within(graph, school, home, cutoff_m=160).toarray().tolist() == [[150]]


# --- straight lines ---


def test_a_straight_line_is_declared_as_an_assumption() -> None:
    found = straight_line([(0, 0), (np.nan, 0)], [(300, 400)], detour_factor=1.3)
    assert found.distance_m[0] == pytest.approx(650)
    assert found.unreached.tolist() == [1]
    assert found.method is Method.STRAIGHT_LINE
    assert found.basis is Basis.ASSUMPTION
    assert "1.3" in found.message().text("zh")
    assert "假设" in found.message().text("zh")


def test_of_many_equally_near_places_the_smallest_key_wins() -> None:
    places = [(3, 4), (4, 3), (-3, 4), (-4, 3), (5, 0), (0, 5), (-5, 0), (0, -5), (-3, -4), (6, 6)]
    keys = list("kjihgfedca")
    found = straight_line([(0, 0)], places, detour_factor=1, facility_keys=keys)
    assert found.facility.tolist() == [8]
    assert found.distance_m.tolist() == [5]


def test_a_straight_line_has_a_cutoff_and_bears_an_empty_list() -> None:
    far = straight_line([(0, 0)], [(0, 100)], detour_factor=1.5, cutoff_m=149)
    assert far.facility.tolist() == [NO_FACILITY]
    assert straight_line([(0, 0)], [], detour_factor=1).unreached.tolist() == [0]


@pytest.mark.parametrize("factor", [0.9, float("nan"), float("inf")])
def test_a_detour_shorter_than_the_straight_line_is_refused(factor: float) -> None:
    with pytest.raises(LayerError, match="绕行系数"):
        straight_line([(0, 0)], [(1, 1)], detour_factor=factor)


# --- areas ---


def test_catchments_fill_the_area_without_overlap_and_hold_their_homes() -> None:
    graph = build_graph(town(3, is_even=True), mode="walk")
    boundary = gpd.GeoSeries([shapely.box(0, 0, 590, 610)], crs=PLANE)
    schools = snap([(100, 100), (500, 200), (300, 500)], graph, limit_m=50, keys=["c", "a", "b"])
    areas = catchments(graph, schools, boundary=boundary, cell_m=20, limit_m=500)
    assert areas["facility_key"].tolist() == ["a", "b", "c"]
    assert areas.crs == PLANE
    assert areas.area.sum() == pytest.approx(boundary.area.sum())
    assert areas.union_all().area == pytest.approx(boundary.area.sum())
    assert areas.set_index("facility_key").loc["c"].geometry.contains(shapely.Point(100, 100))


def test_a_service_area_ends_at_its_cutoff() -> None:
    graph = build_graph(street(length_m=2000, step_m=10), mode="walk")
    boundary = gpd.GeoSeries([shapely.box(-100, -100, 2100, 100)], crs=PLANE)
    school = snap([(1000, 0)], graph, limit_m=10, keys=["s"])
    options = {"boundary": boundary, "cell_m": 10, "limit_m": 100}
    areas = catchments(graph, school, cutoff_m=500, **options)
    left, bottom, right, top = areas.total_bounds
    assert (left, right) == pytest.approx((500, 1500), abs=20)
    assert (bottom, top) == pytest.approx((-100, 100), abs=20)
    assert areas.area.sum() < 1000 * 200


def test_cells_without_a_school_are_in_no_catchment() -> None:
    boundary = gpd.GeoSeries([shapely.box(0, 0, 40, 20)], crs=PLANE)
    grid = grid_over(boundary.union_all(), cell_m=20)
    owner = np.where(grid.centres_xy[:, 0] < 20, 0, NO_FACILITY)
    areas = areas_from_grid(grid, owner, keys=np.array(["s"]), boundary=boundary)
    assert areas.geometry.iloc[0].equals(shapely.box(0, 0, 20, 20))
    none = areas_from_grid(
        grid, np.full(len(owner), NO_FACILITY), keys=np.array(["s"]), boundary=boundary
    )
    assert none.empty
    assert none.crs == PLANE


def test_an_area_that_meets_itself_and_the_border_is_drawn_validly() -> None:
    boundary = gpd.GeoSeries([shapely.box(0, 0, 60, 60)], crs=PLANE)
    grid = grid_over(boundary.union_all(), cell_m=20)
    # the hole in the middle and the notch in the upper right meet at a corner
    is_open = (grid.row == grid.column) & np.isin(grid.row, (1, 2))
    owner = np.where(is_open, NO_FACILITY, 0)
    (area,) = areas_from_grid(grid, owner, keys=np.array(["s"]), boundary=boundary).geometry
    assert area.is_valid
    assert area.equals(
        shapely.box(0, 0, 60, 60)
        - shapely.union_all([shapely.box(20, 20, 40, 40), shapely.box(40, 40, 60, 60)])
    )


def test_points_divide_the_area_between_their_schools() -> None:
    boundary = gpd.GeoSeries([shapely.box(0, 0, 100, 50)], crs=PLANE)
    points = [(25, 25), (75, 25), (75, 25)]
    keys = np.array(["b", "a"])
    areas = areas_from_points(points, np.array([0, 0, 1]), keys=keys, boundary=boundary)
    assert areas["facility_key"].tolist() == ["a", "b"]
    assert areas.geometry.iloc[0].equals(shapely.box(50, 0, 100, 50))
    assert areas.geometry.iloc[1].equals(shapely.box(0, 0, 50, 50))
    lost = areas_from_points(points[:2], np.array([NO_FACILITY, 1]), keys=keys, boundary=boundary)
    assert lost.geometry.iloc[0].equals(shapely.box(50, 0, 100, 50))
    single = areas_from_points([(1, 1)], np.array([0]), keys=keys, boundary=boundary)
    assert single.area.tolist() == [5000]


@pytest.mark.parametrize(
    "points",
    [
        [(10, 10), (50, 10), (90, 10)],
        [(10, 10), (90, 40)],
        [(10, 10), (np.nan, 20), (60, 30)],
        [(-300, 10), (50, 20), (400, 40)],
    ],
)
def test_every_part_of_the_area_goes_to_the_school_of_its_nearest_point(
    points: list[tuple[float, float]],
) -> None:
    boundary = gpd.GeoSeries([shapely.box(0, 0, 100, 50)], crs=PLANE)
    facility = np.arange(len(points))
    areas = areas_from_points(points, facility, keys=facility, boundary=boundary)
    assert areas.area.sum() == pytest.approx(5000)
    assert areas.union_all().area == pytest.approx(5000)
    for area in areas.itertuples():
        inside = area.geometry.representative_point()
        distance_m = np.hypot(*(np.array(points) - (inside.x, inside.y)).T)
        assert np.nanargmin(distance_m) == area.facility_key
