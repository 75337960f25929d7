"""Roads that do not quite meet, and places that no road comes near, in small worlds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import zmd_layout
from zmd_layout.layers.roads import lines_of
from zmd_layout.measures import World
from zmd_layout.measures.road_health import road_health
from zmd_layout.network import build_graph, join, loose_ends, nearest, snap, tables_from_lines

if TYPE_CHECKING:
    from zmd_layout.layers.roads import RoadTables

PLANE = "EPSG:4547"
CASES = Path(__file__).parents[1].parent / "shared" / "cases" / "roads"


def lines(*paths: list[tuple[float, float]], **tags: object) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {"highway": "tertiary", "oneway": "no"},
        geometry=[shapely.LineString(path) for path in paths],
        index=range(len(paths)),
        crs=PLANE,
    )
    return frame.assign(**tags)


def joined(frame: gpd.GeoDataFrame, *, within_m: float = 3.0) -> RoadTables:
    tables = tables_from_lines(frame)
    return join(tables, loose_ends(tables, within_m=within_m))


def way_m(tables: RoadTables, start: tuple[float, float], end: tuple[float, float]) -> float:
    graph = build_graph(tables, mode="walk")
    one, other = (snap([xy], graph, limit_m=5) for xy in (start, end))
    return float(nearest(graph, one, other).distance_m[0])


SHORES = ([(0, 0), (500, 40), (3000, 0)], [(0, 900), (3000, 900)])


@pytest.mark.parametrize("gap_m", [0.0, 0.4, 2.0, 3.0])
def test_a_bridge_drawn_short_of_the_road_is_joined_and_the_gap_is_way(gap_m: float) -> None:
    bridge = [(2000, 900), (2000, 16 + gap_m)]
    tables = joined(lines(*SHORES, bridge))
    found_m = way_m(tables, (2000, 900), (3000, 0))
    assert found_m == pytest.approx(884 + np.hypot(1000, 16), abs=0.1)
    assert tables.edges["length_m"].sum() == pytest.approx(
        tables_from_lines(lines(*SHORES, bridge)).edges["length_m"].sum() + gap_m, abs=0.1
    )


def test_a_wider_gap_is_none_of_ours_to_close() -> None:
    tables = joined(lines(*SHORES, [(2000, 900), (2000, 20)]))
    assert build_graph(tables, mode="walk").counts.components == 2


def test_two_ends_that_face_each_other_become_one_road() -> None:
    tables = joined(lines([(0, 0), (500, 0)], [(502, 0), (900, 300)]))
    assert way_m(tables, (0, 0), (900, 300)) == pytest.approx(502 + np.hypot(398, 300))


def test_an_end_over_or_under_a_road_is_not_joined_to_it() -> None:
    frame = lines([(0, 0), (900, 0)], [(450, 400), (450, 1)], level=["0", "1"])
    assert len(loose_ends(tables_from_lines(frame), within_m=3).node_id) == 0
    onto_motorway = lines([(0, 0), (900, 0)], [(450, 400), (450, 1)])
    onto_motorway["highway"] = ["motorway", "tertiary"]
    assert len(loose_ends(tables_from_lines(onto_motorway), within_m=3).node_id) == 0


def test_a_road_that_is_cut_several_times_keeps_its_shape_and_its_sign() -> None:
    main = [(0, 0), (300, 0), (300, 300), (900, 300), (900, 0)]
    sides = [[(x, 200 + y), (x, 301 + y)][::-1] for x, y in ((500, 100), (700, 100))]
    sides += [[(100, 80), (100, 2)]]
    frame = lines(main, *sides)
    frame["oneway"] = ["yes", "no", "no", "no"]
    after = joined(frame)
    parts = after.edges[after.edges["oneway"]]
    assert sorted(parts["length_m"]) == [100, 200, 500, 700]
    shape = shapely.line_merge(shapely.union_all(lines_of(after)[after.edges["oneway"]]))
    assert shape.equals(shapely.LineString(main)) or shape.reverse().equals(
        shapely.LineString(main)
    )
    # all parts still lead from the first end to the last
    graph = build_graph(after, mode="drive")
    ends = graph.node_xy[np.diff(graph.weights.indptr) > 0]
    assert (ends == (0, 0)).all(axis=1).any()
    assert not (ends == (900, 0)).all(axis=1).any()


def test_the_order_of_lines_does_not_matter_to_what_is_joined() -> None:
    random = np.random.default_rng(5)
    paths = [[tuple(xy) for xy in random.uniform(0, 400, (2, 2))] for _ in range(40)]
    one, other = (
        build_graph(joined(frame, within_m=9), mode="walk")
        for frame in (lines(*paths), lines(*paths[::-1]))
    )
    assert (one.node_xy == other.node_xy).all()
    assert (one.weights.data == other.weights.data).all()


STUDY = """
[study]
id = "small"
name = {zh = "小县", en = "Small"}
crs = "EPSG:4547"
as_of = 2025-12-31
rulesets = ["zhumadian-2022-49"]

[layers.roads]
path = "roads.geojson"
coordinates = "EPSG:4547"
[layers.schools]
path = "schools.csv"
coordinates = "EPSG:4547"
year = 2025
[layers.villages]
path = "villages.csv"
coordinates = "EPSG:4547"
year = 2020
"""
RULE = "primary-access-remote-village"
ORIGIN = np.array([503_000.0, 3_652_000.0])


def findings(
    folder: Path, frame: gpd.GeoDataFrame, villages: list[tuple[float, float]], more: str = ""
) -> pd.DataFrame:
    """Check villages against one school, 20 m beside the origin."""
    frame = frame.set_geometry(frame.geometry.translate(*ORIGIN))
    frame.to_file(folder / "roads.geojson")
    x, y = (np.array([(0, -20), *villages], dtype=float) + ORIGIN).T
    pd.DataFrame(
        {"school_id": ["S"], "name": ["一小"], "stages": ["primary"], "x": x[:1], "y": y[:1]}
    ).to_csv(folder / "schools.csv", index=False)
    ids = [f"V{n}" for n in range(len(villages))]
    pd.DataFrame({"unit_id": ids, "name": ids, "residents": 900, "x": x[1:], "y": y[1:]}).to_csv(
        folder / "villages.csv", index=False
    )
    (folder / "study.toml").write_text(STUDY + more, "utf-8")
    found = zmd_layout.check(zmd_layout.load_study(folder))
    return found[found["rule_id"] == RULE].set_index("unit_id")


STREET = lines([(0, 0), (4000, 0)])


def test_a_village_far_from_every_road_has_no_way_and_its_finding_says_how_far(
    tmp_path: Path,
) -> None:
    found = findings(tmp_path, STREET, [(1000, 900), (2000, 1200)])
    near, far = found.loc["V0"], found.loc["V1"]
    assert near["measured"] == pytest.approx(20 + 1000 + 900)
    assert "920" in near["note_zh"]
    assert far["status"] == "not_assessable"
    assert "1,200" in far["note_zh"]
    assert "off_road" in far["flags"].split(";")
    wider = findings(tmp_path, STREET, [(2000, 1200)], "[travel]\nlongest_tie_country_m = 1300\n")
    assert wider.loc["V0", "measured"] == pytest.approx(3220)


def test_in_a_town_the_limit_is_shorter(tmp_path: Path) -> None:
    streets = [[(x, 0), (x, 2000)] for x in range(0, 2001, 100) if x not in {900, 1000, 1100}]
    town = lines(*streets, [(0, 0), (2000, 0)])
    found = findings(tmp_path, town, [(1000, 1000)])
    # the middle of a gap of 400 m, amid streets 100 m apart
    assert found.loc["V0", "measured"] == pytest.approx(20 + 1000 + 1000 - 200 + 200, abs=1)
    stricter = findings(tmp_path, town, [(1000, 1000)], "[travel]\nlongest_tie_town_m = 190\n")
    assert stricter.loc["V0", "status"] == "not_assessable"


def test_the_study_says_how_people_travel_and_how_fast(tmp_path: Path) -> None:
    frame = lines([(0, 0), (1000, 0)], [(1000, 0), (1000, 500), (0, 500), (0, 0)])
    frame["oneway"] = ["F", "F"]
    village = [(400, -20)]
    on_foot = findings(tmp_path, frame, village)
    assert on_foot.loc["V0", "measured"] == pytest.approx(440)
    assert "步行" in on_foot.loc["V0", "note_zh"]
    by_car = findings(
        tmp_path, frame, village, '[travel]\nmode = "drive"\nspeeds_m_per_min = {drive = 400}\n'
    )
    assert by_car.loc["V0", "measured"] == pytest.approx(40 + 600 + 500 + 1000 + 500)
    assert "乘车（每分钟 400 米）约 7 分钟" in by_car.loc["V0", "note_zh"]


def test_the_state_of_the_roads_is_a_table_of_places(tmp_path: Path) -> None:
    frame = lines(
        [(0, 0), (4000, 0)], [(500, 800), (500, 2)], [(900, 20), (900, 900), (1200, 900)],
        [(3000, 3000), (3200, 3000)],
    )  # fmt: skip
    findings(tmp_path, frame, [(1000, 10)])
    study = zmd_layout.load_study(tmp_path)
    found = road_health(World(study, zmd_layout.layers.load_layers(study), study.as_of))
    assert found["kind"].tolist() == ["joined_end", "loose_end", "island", "island"]
    assert found["gap_m"].tolist()[:2] == [2, 20]
    assert found["length_m"].tolist()[2:] == [1180, 200]
    assert found.geometry.iloc[1].equals(shapely.Point(ORIGIN + np.array([900, 20])))


@pytest.mark.shared
@pytest.mark.skipif(not CASES.exists(), reason="needs ../shared")
def test_side_roads_that_end_on_a_road_meet_it_as_if_they_shared_a_vertex() -> None:
    noded, unnoded = (
        zmd_layout.check(zmd_layout.load_study(CASES / name))
        for name in ("st_hair_noded", "st_hair_unnoded")
    )
    ways_m = [found[found["rule_id"] == RULE]["measured"].tolist() for found in (noded, unnoded)]
    assert ways_m[0] == pytest.approx(ways_m[1])
    # 18,225 m by the junction at which the side road begins; the school is nearer to the side road
    along_m = 100 * 250 / np.hypot(2000, 250)
    aside_m = 100 * 2000 / np.hypot(2000, 250)
    assert ways_m[1][0] == pytest.approx(18_224.5 - 100 - along_m + aside_m, abs=0.1)


@pytest.mark.shared
@pytest.mark.skipif(not CASES.exists(), reason="needs ../shared")
def test_a_bridge_of_osm_with_a_gap_is_crossed_where_it_stands() -> None:
    study = zmd_layout.load_study(CASES / "st_osm_bridge_gap")
    found = zmd_layout.check(study)
    assert found[found["rule_id"] == RULE]["measured"].min() > 19_000
    listed = road_health(World(study, zmd_layout.layers.load_layers(study), study.as_of))
    assert listed["kind"].tolist() == ["joined_end"]
    assert listed["gap_m"].tolist() == pytest.approx([2.0], abs=0.01)
