"""Schools and roads as a study names them: rosters, OSM extracts, and one against the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pytest
from click.testing import CliRunner

from zmd_layout.cli import main
from zmd_layout.crs import wgs84_to_gcj02
from zmd_layout.errors import LayerError
from zmd_layout.layers import load_layers
from zmd_layout.layers.sources import osm
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable

PLACES = Path(__file__).parents[1].parent / "shared" / "data" / "places"
HEAD = "学校标识码,学校名称,办学类型,县（市、区）,经度,纬度"


def osm_of(points: list[tuple[float, float]]) -> str:
    nodes = "".join(
        f'<node id="{n + 1}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">'
        f'<tag k="amenity" v="school"/>'
        f'<tag k="name" v="第{n}小学"/></node>'
        for n, (lon, lat) in enumerate(points)
    )
    return f'<?xml version="1.0"?><osm version="0.6" generator="t">{nodes}</osm>'


def points() -> list[tuple[float, float]]:
    chance = np.random.default_rng(5)
    return [(114 + float(x), 33 + float(y)) for x, y in chance.uniform(0.02, 0.09, size=(40, 2))]


def roster_of(where: list[tuple[float, float]]) -> str:
    rows = [f"21410000{n:02},第{n}小学,211,西县,{x:.7f},{y:.7f}" for n, (x, y) in enumerate(where)]
    return "\n".join([HEAD, *rows])


def layer(name: str, path: str, coordinates: str | None = None) -> str:
    declared = f'coordinates = "{coordinates}"' if coordinates else ""
    return f'\n[layers.{name}]\npath = "{path}"\n{declared}\nyear = 2025\n'


def test_a_roster_comes_through_the_door_with_the_ids_of_its_counties(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(layer("schools", "roster.csv", "wgs84"))
    (folder / "roster.csv").write_text(roster_of(points()), "gb18030")
    schools = load_layers(read_study(folder))["schools"]
    assert len(schools.frame) == 40
    assert set(schools.frame["county_id"]) == {"411721"}
    assert set(schools.frame["stages"]) == {"primary"}
    assert schools.origin.is_complete


def test_a_declared_column_overrides_what_the_roster_reader_would_take(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(layer("schools", "roster.csv", "wgs84") + 'columns = {name = "校名"}\n')
    text = roster_of(points()).replace("学校名称", "校名,学校名称")
    text = text.replace("小学,211", "小学,乙,211")
    (folder / "roster.csv").write_text(text, "gb18030")
    names = load_layers(read_study(folder))["schools"].frame["name"]
    assert names[0] == "第0小学"


def test_schools_of_an_extract_are_never_complete_by_themselves(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(layer("schools", "schools.osm"))
    (folder / "schools.osm").write_text(osm_of(points()), "utf-8")
    schools = load_layers(read_study(folder))["schools"]
    assert len(schools.frame) == 40
    assert not schools.origin.is_complete
    assert set(schools.frame["source"]) == {"OSM"}


def test_a_wrongly_declared_datum_is_refused_by_a_second_layer(
    make_study: Callable[..., Path],
) -> None:
    lon, lat = wgs84_to_gcj02(*np.array(points()).T)
    folder = make_study(
        layer("schools", "roster.csv", "wgs84") + layer("reference_schools", "schools.osm")
    )
    (folder / "roster.csv").write_text(roster_of(list(zip(lon, lat, strict=True))), "gb18030")
    (folder / "schools.osm").write_text(osm_of(points()), "utf-8")
    with pytest.raises(LayerError, match="gcj02"):
        load_layers(read_study(folder))


def test_a_rightly_declared_datum_is_verified_by_a_second_layer_and_else_is_not(
    make_study: Callable[..., Path],
) -> None:
    lon, lat = wgs84_to_gcj02(*np.array(points()).T)
    extra = layer("schools", "roster.csv", "gcj02")
    folder = make_study(extra)
    (folder / "roster.csv").write_text(roster_of(list(zip(lon, lat, strict=True))), "gb18030")
    assert load_layers(read_study(folder))["schools"].origin.is_datum_verified is False
    shown = CliRunner().invoke(main, ["run", str(folder), "--out", str(folder / "out")])
    assert "无法用现有图层核实" in "".join(shown.output.split())
    make_study(extra + layer("reference_schools", "schools.osm"))
    (folder / "schools.osm").write_text(osm_of(points()), "utf-8")
    assert load_layers(read_study(folder))["schools"].origin.is_datum_verified is True


def beside_roads(apart: float) -> tuple[list[tuple[float, float]], str]:
    """Make 80 schools beside long roads `apart` degrees from each other, and the roads."""
    chance = np.random.default_rng(3)
    count = round(0.1 / apart)
    rows = chance.integers(1, count, size=80)
    where = [(float(x), 33 + apart * n + 0.0003) for x, n in zip(
        114 + chance.uniform(0.01, 0.09, size=80), rows, strict=True)]  # fmt: skip
    nodes, ways = "", ""
    for n in range(count):
        for end, lon in ((0, 114.0), (1, 114.1)):
            nodes += (
                f'<node id="{2 * n + end + 1}" version="1" lon="{lon}" lat="{33 + apart * n}"/>'
            )
        ends = f'<nd ref="{2 * n + 1}"/><nd ref="{2 * n + 2}"/>'
        ways += f'<way id="{n + 1}" version="1">{ends}<tag k="highway" v="tertiary"/></way>'
    return where, f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}</osm>'


@pytest.mark.parametrize(
    ("apart", "declared", "verified"),
    [(0.02, "gcj02", ["yes"]), (0.02, "wgs84", []), (0.0018, "gcj02", ["no"])],
    ids=["as it is", "wrongly", "where roads are everywhere"],
)
def test_roads_tell_the_datum_of_schools_where_they_are_few(
    make_study: Callable[..., Path], apart: float, declared: str, verified: list[str]
) -> None:
    where, roads = beside_roads(apart)
    lon, lat = wgs84_to_gcj02(*np.array(where).T)
    folder = make_study(layer("schools", "roster.csv", declared) + layer("roads", "roads.osm"))
    (folder / "roster.csv").write_text(roster_of(list(zip(lon, lat, strict=True))), "gb18030")
    (folder / "roads.osm").write_text(roads, "utf-8")
    if not verified:
        with pytest.raises(LayerError, match="gcj02"):
            load_layers(read_study(folder))
    else:
        schools = load_layers(read_study(folder))["schools"]
        assert schools.origin.is_datum_verified is (verified == ["yes"])


def test_the_command_shows_what_it_understood_and_writes_the_list_to_check(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(
        "学校标识码,学校名称,办学类型,神秘列\n1,水屯镇中学,,x\n,合计,,\n", "gb18030"
    )
    out = tmp_path / "out"
    shown = CliRunner().invoke(main, ["roster", str(tmp_path / "roster.csv"), "--out", str(out)])
    assert shown.exit_code == 0, shown.output
    assert "学校名称 → name" in shown.output
    assert "神秘列" in shown.output
    assert (out / "check_list.xlsx").exists()


@pytest.mark.parametrize(("declared", "exit_code"), [("gcj02", 0), ("wgs84", 1)])
def test_the_command_matches_with_osm_and_refuses_a_wrong_datum(
    tmp_path: Path, declared: str, exit_code: int
) -> None:
    lon, lat = wgs84_to_gcj02(*np.array(points()).T)
    (tmp_path / "roster.csv").write_text(roster_of(list(zip(lon, lat, strict=True))), "gb18030")
    (tmp_path / "schools.osm").write_text(osm_of(points()), "utf-8")
    shown = CliRunner().invoke(
        main,
        ["roster", str(tmp_path / "roster.csv"), "--coordinates", declared,
         "--osm", str(tmp_path / "schools.osm"), "--out", str(tmp_path / "out")],
    )  # fmt: skip
    assert shown.exit_code == exit_code, shown.output
    if exit_code == 0:
        assert "40 所相符" in shown.output
        assert "已核实" in shown.output
        assert (tmp_path / "out" / "matching.xlsx").exists()
    else:
        assert "gcj02" in shown.output


def test_one_name_within_a_campus_is_one_school_of_an_extract_and_the_counts_add_up(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(layer("schools", "schools.osm"))
    near = [(114.05, 33.05), (114.051, 33.05), (114.08, 33.05)]
    text = osm_of(near).replace("第1小学", "第0小学").replace("第2小学", "第0小学")
    (folder / "schools.osm").write_text(text, "utf-8")
    schools = load_layers(read_study(folder))["schools"]
    assert schools.frame["school_id"].tolist() == ["n1", "n3"]
    notes = {note.key: dict(note.args) for note in schools.origin.notes}
    assert notes["osm.school_counts"]["kept"] == 3
    assert notes["matching.merged"] == {"count": 1, "left": 2}


STREET = (
    '<node id="901" version="1" lon="114.01" lat="33.01"/>'
    '<node id="902" version="1" lon="114.02" lat="33.01"/>'
    '<node id="903" version="1" lon="114.03" lat="33.020"/>'
    '<node id="904" version="1" lon="114.03" lat="33.0214"/>'
    '<way id="1" version="1"><nd ref="901"/><nd ref="902"/><tag k="highway" v="residential"/></way>'
    '<way id="2" version="1"><nd ref="903"/><nd ref="904"/><tag k="highway" v="residential"/></way>'
)


@pytest.mark.parametrize("suffix", [".osm", ".osm.gz", ".osm.bz2", ".osm.pbf"])
def test_an_extract_that_holds_schools_and_roads_is_gone_through_once(
    make_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    folder = make_study(layer("schools", f"all{suffix}") + layer("roads", f"all{suffix}"))
    text = osm_of(points()).replace("</osm>", f"{STREET}</osm>")
    (folder / "plain.osm").write_text(text, "utf-8")
    with (
        osmium.SimpleWriter(str(folder / f"all{suffix}")) as writer,
        osmium.io.Reader(str(folder / "plain.osm")) as reader,
    ):
        osmium.apply(reader, writer)
    opened = []
    open_extract = osm.opened
    monkeypatch.setattr(osm, "opened", lambda *a, **k: opened.append(a) or open_extract(*a, **k))
    found = load_layers(read_study(folder))
    assert len(found["schools"].frame) == 40
    assert {901, 902, 903, 904} <= set(found["roads"].roads.nodes["node_id"])
    assert len(opened) == 1
    (told,) = [note for note in found["roads"].origin.notes if note.key == "osm.road_islands"]
    assert dict(told.args) == {"count": 1, "km": "0.2", "percent": "14.2"}


@pytest.mark.shared
@pytest.mark.skipif(not PLACES.exists(), reason="needs the folder ../shared")
@pytest.mark.parametrize(
    ("layers", "plane", "told"),
    [
        ({"schools": "las_palmas/las_palmas_20230221.osm.pbf",
          "roads": "las_palmas/las_palmas_20230221.osm.pbf"}, "EPSG:32628", "163"),
        ({"roads": "porto_alegre/poa.osm.pbf"}, "EPSG:32722", None),
        ({"schools": "liechtenstein/liechtenstein-2013-08-03.osm.bz2"}, "EPSG:32632", "16"),
    ],
)  # fmt: skip
def test_real_extracts_load_from_the_command_line(
    tmp_path: Path, layers: dict[str, str], plane: str, told: str | None
) -> None:
    text = f'[study]\nid = "place"\nname = {{zh = "地方", en = "Place"}}\ncrs = "{plane}"\n'
    text += "as_of = 2025-12-31\n"
    for name, path in layers.items():
        text += f'[layers.{name}]\npath = "{(PLACES / path).as_posix()}"\nyear = 2023\n'
    (tmp_path / "study.toml").write_text(text, "utf-8")
    shown = CliRunner().invoke(main, ["check", str(tmp_path), "--out", str(tmp_path / "out")])
    assert shown.exit_code == 0, shown.output
    found = load_layers(read_study(tmp_path))
    if told is not None:
        assert any(told in note.text() for note in found["schools"].origin.notes)
    if "roads" in layers:
        assert len(found["roads"].roads.edges) > 10_000


def test_a_roster_without_a_row_is_told_as_empty_and_lacks_no_columns(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study(layer("schools", "roster.csv", "wgs84"))
    (folder / "roster.csv").write_text("学校标识码,学校名称,学段,经度,纬度\n", "utf-8")
    with pytest.raises(LayerError) as refused:
        load_layers(read_study(folder))
    assert [fault.key for fault in refused.value.messages] == ["layers.empty"]
