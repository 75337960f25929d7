from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pyproj import Transformer
from volumes import examples

from zmd_layout.errors import SourceError
from zmd_layout.layers import load_layers
from zmd_layout.layers.roads import lines_of, roads_near
from zmd_layout.layers.sources.osm import SchoolsAndRoads, Window, read_schools_and_roads
from zmd_layout.layers.sources.osm import cut as osm_cut
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.layers.roads import RoadTables

PLACES = Path(__file__).parents[1].parent / "shared" / "data" / "places"
PLANE = "EPSG:4547"
WINDOW = Window(114.0, 33.0, 114.5, 33.5)
KEYS = [{"highway": "path"}, {"highway": "primary"}, {"amenity": "school"}, {"building": "yes"}, {}]


def node(number: int, lon: float, lat: float, **tags: str) -> str:
    return f'<node id="{number}" lon="{lon}" lat="{lat}">{_tags(tags)}</node>'


def way(number: int, refs: list[int], **tags: str) -> str:
    references = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{number}">{references}{_tags(tags)}</way>'


def relation(number: int, members: list[tuple[str, int]], **tags: str) -> str:
    lines = "".join(f'<member type="{kind}" ref="{ref}" role=""/>' for kind, ref in members)
    return f'<relation id="{number}">{lines}{_tags(tags)}</relation>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def write(path: Path, elements: list[str]) -> Path:
    path.unlink(missing_ok=True)
    xml = path.with_suffix(".xml.osm") if path.suffix == ".pbf" else path
    xml.write_text(f'<osm version="0.6">{"".join(elements)}</osm>', "utf-8")
    if path.suffix == ".pbf":
        with osmium.SimpleWriter(str(path)) as writer, osmium.io.Reader(str(xml)) as reader:
            osmium.apply(reader, writer)
    return path


def read(path: Path, *, window: Window | None, is_cut: bool = False) -> SchoolsAndRoads:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(osm_cut, "LARGE_BYTES", 0 if is_cut else math.inf)
        return read_schools_and_roads(path, working_crs=PLANE, window=window)


def assert_same(one: SchoolsAndRoads, other: SchoolsAndRoads) -> None:
    assert one.schools.frame.to_wkt().equals(other.schools.frame.to_wkt())
    assert one.schools.dropped == other.schools.dropped
    assert one.roads.counts == other.roads.counts
    assert_same_roads(one.roads, other.roads)


def assert_same_roads(one: RoadTables, other: RoadTables) -> None:
    assert_frame_equal(one.nodes, other.nodes)
    places = ["first_vertex", "vertex_count"]
    edges = [roads.edges.drop(columns=places) for roads in (one, other)]
    assert_frame_equal(*edges, check_exact=False, rtol=1e-12)
    assert shapely.equals_exact(lines_of(one), lines_of(other), tolerance=1e-6).all()


@st.composite
def towns(draw: st.DrawFn) -> list[str]:
    """Make objects in and around the window, some of whose parts the file lacks, in any order."""
    corner = st.sampled_from([113.7, 113.9, 114.0, 114.2, 114.4, 114.6, 114.9])
    there = draw(st.dictionaries(st.integers(1, 14), st.tuples(corner, corner), max_size=12))
    refs = st.lists(st.integers(1, 14), max_size=5)
    ways = draw(st.lists(st.tuples(refs, st.sampled_from(KEYS), st.booleans()), max_size=8))
    kinds = st.tuples(st.sampled_from(["node", "way"]), st.integers(1, 9))
    groups = draw(st.lists(st.lists(kinds, min_size=1, max_size=3), max_size=3))
    schools = draw(st.sets(st.integers(1, 14), max_size=3))
    elements = [
        node(n, x, y - 81, **({"amenity": "school"} if n in schools else {}))
        for n, (x, y) in there.items()
    ]
    elements += [
        way(n, [*found, *found[:1]] if closes else found, **tags)
        for n, (found, tags, closes) in enumerate(ways, 1)
    ]
    elements += [
        relation(n, members, type="multipolygon", amenity="school")
        for n, members in enumerate(groups, 1)
    ]
    return draw(st.permutations(elements)) if draw(st.booleans()) else elements


def test_nodes_in_no_order_after_what_they_belong_to_are_found(tmp_path: Path) -> None:
    there = [(9, 114.1, 33.1), (2, 114.2, 33.1), (5, 114.2, 33.2)]
    path = write(
        tmp_path / "town.osm",
        [
            relation(1, [("node", 9)], amenity="school"),
            way(1, [9, 2, 5], highway="path"),
            *(node(*each) for each in there),
        ],
    )
    found = read(path, window=None)
    assert found.schools.dropped.kept == 1
    assert found.roads.counts.node_references_missing == 0
    assert_same(read(path, window=WINDOW, is_cut=True), found)


@examples(10)
@given(towns(), st.sampled_from(["town.osm", "town.osm.pbf"]))
def test_a_cut_extract_gives_what_the_whole_gives_in_the_window(
    tmp_path_factory: pytest.TempPathFactory, town: list[str], name: str
) -> None:
    path = write(tmp_path_factory.mktemp("town") / name, town)
    assert_same(read(path, window=WINDOW, is_cut=True), read(path, window=WINDOW))


@examples(10)
@given(towns())
def test_a_window_hides_nothing_of_what_a_zone_within_it_takes(
    tmp_path_factory: pytest.TempPathFactory, town: list[str]
) -> None:
    path = write(tmp_path_factory.mktemp("town") / "town.osm.pbf", town)
    seen, whole = read(path, window=WINDOW, is_cut=True), read(path, window=None)
    inner = _in_plane(shapely.segmentize(shapely.box(*WINDOW).buffer(-0.05), 0.01))
    assert_same_roads(roads_near(seen.roads, inner), roads_near(whole.roads, inner))
    frame = whole.schools.frame
    corners = [shapely.get_coordinates(shape).T for shape in frame.geometry]
    is_in = np.array([WINDOW.holds(*corner).any() for corner in corners], dtype=bool)
    here = frame[is_in & frame["located_by"].isin(["point", "area"])]
    assert set(here["osm_id"]) <= objects_of(seen)


def objects_of(read: SchoolsAndRoads) -> set[str]:
    frame = read.schools.frame
    return set(frame["osm_id"]) | {name for ids in frame["merged_ids"] for name in ids.split(";")}


@pytest.mark.parametrize("more", ["", "clip = true\n"])
def test_a_study_takes_what_is_near_it_out_of_a_large_extract_and_is_told_of_the_rest(
    make_study: Callable[..., Path], more: str
) -> None:
    layers = "".join(
        f'\n[layers.{name}]\npath = "all.osm.pbf"\nyear = 2025\n{more}'
        for name in ("schools", "roads")
    )
    folder = make_study(layers)
    places = {1: (114.05, 33.05), 2: (114.06, 33.05), 3: (116.0, 35.0), 4: (116.01, 35.0)}
    write(
        folder / "all.osm.pbf",
        [
            *(
                node(n, *place, amenity="school", name=f"示例{n}小学")
                for n, place in places.items()
            ),
            way(1, [1, 2], highway="path"),
            way(2, [3, 4], highway="path"),
        ],
    )
    found = {}
    for least in (0, math.inf):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(osm_cut, "LARGE_BYTES", least)
            found[least] = load_layers(read_study(folder))
    cut, whole = found.values()
    assert cut["schools"].frame["name"].tolist() == ["示例1小学", "示例2小学"]
    assert cut["schools"].frame.equals(whole["schools"].frame)
    assert_same_roads(cut["roads"].roads, whole["roads"].roads)
    for name in ("schools", "roads"):
        assert cut[name].origin.notes == whole[name].origin.notes
        window, counts, *_ = cut[name].origin.notes
        told, counted = dict(window.args), dict(counts.args)
        assert float(told["west"]) < 113.85
        assert "116" not in window.text("en")
        assert counted.get("schools", counted.get("ways")) == {"schools": 2, "roads": 1}[name]
    assert cut["roads"].roads.edges["length_m"].sum() == pytest.approx(934, abs=1)


def test_a_disk_without_room_for_a_large_extract_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "town.osm.pbf", [node(1, 114.1, 33.1, amenity="school")])
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(SourceError) as refused:
        read(path, window=WINDOW, is_cut=True)
    assert [fault.key for fault in refused.value.messages] == ["osm.no_room"]
    assert read(path, window=WINDOW).schools.dropped.kept == 1


@pytest.mark.shared
@pytest.mark.skipif(not PLACES.exists(), reason="needs ../shared")
def test_a_real_town_is_the_same_cut_out_or_whole() -> None:
    path = PLACES / "las_palmas" / "las_palmas_20230221.osm.pbf"
    window = Window(-15.46, 28.05, -15.42, 28.12)
    cut = read(path, window=window, is_cut=True)
    assert_same(cut, read(path, window=window))
    assert cut.schools.dropped.kept == 72
    assert cut.roads.counts.ways == 4153


def _in_plane(shape: Any) -> Any:
    turn = Transformer.from_crs("EPSG:4326", PLANE, always_xy=True)
    return shapely.transform(shape, lambda xy: np.column_stack(turn.transform(*xy.T)))
