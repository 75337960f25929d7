from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from zmd_layout.errors import LayerError
from zmd_layout.layers import tables
from zmd_layout.layers.files import read_raw
from zmd_layout.study import LayerSource

if TYPE_CHECKING:
    from pathlib import Path

WINDOW = (114.0, 32.0, 115.0, 33.0)
HEAD = "编号,名称,经度,纬度,人口"
PLACES = [
    "114.5",
    " 114.25",
    "115",
    "114",
    "113.999",
    "32.5",
    "32",
    "33.0000001",
    "-1",
    "+32.75",
    "",
]
ODD = ["—", "nan", "inf", "1e2", "1_14", "114.5度", "１１４", "NA", "0x20", "  ", "-"]
WORDS = ["示例村", "", '"两,村"', '"一""村', "村\u2028", "a b", "NA", "村\x0b", "村\0"]


def outcome(path: Path, window: Any, **source: Any) -> Any:
    try:
        frame = read_raw(path, LayerSource(path=path.name, **source), layer_name="villages",
                         window=window)  # fmt: skip
    except LayerError as error:
        return error.text("en")
    west, south, east, north = WINDOW
    known = frame[frame.geometry.notna()]
    is_in = known.geometry.x.between(west, east) & known.geometry.y.between(south, north)
    kept = known[is_in.to_numpy(dtype=bool)].reset_index(drop=True)
    return [str(c) for c in kept.columns], kept.to_wkt().to_numpy(dtype=object).tolist()


@st.composite
def messy(draw: st.DrawFn) -> bytes:
    """Make a table of points, now and then with what only the reader of whole tables knows."""
    is_odd = draw(st.booleans())
    place = st.sampled_from([*PLACES, *(ODD if is_odd else [])])
    word = st.sampled_from(WORDS if is_odd else WORDS[:2])
    row = st.tuples(st.integers(1, 99).map(str), word, place, place, st.sampled_from(["5", ""]))
    rows = [",".join(cells) for cells in draw(st.lists(row, max_size=14))]
    extra = st.sampled_from(["", ",,,,", "7,短", "8,长,114.5,32.5,9,10", ",,114.5,32.5"])
    for line in draw(st.lists(extra, max_size=3)):
        rows.insert(draw(st.integers(0, len(rows))), line)
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = end.join([*draw(st.sampled_from([[], [""], [",,"]])), HEAD, *rows])
    text += draw(st.sampled_from(["", end]))
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030"])), "replace")


@examples(15)
@given(messy(), st.integers(1, 400))
def test_a_window_of_a_table_gives_the_rows_and_the_faults_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, block: int
) -> None:
    path = tmp_path_factory.mktemp("table") / "villages.csv"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "BLOCK_BYTES", block)
        assert outcome(path, WINDOW) == outcome(path, None)


def test_a_coordinate_that_is_no_number_is_told_though_it_lies_in_no_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{n},村,100.{n},20.5,1" for n in range(40)]
    rows[33] = "33,村,东经百度,32.5,1"
    path = tmp_path / "villages.csv"
    path.write_text("\n".join([HEAD, *rows]), "utf-8")
    monkeypatch.setattr(tables, "BLOCK_BYTES", 64)
    told = outcome(path, WINDOW)
    assert told == outcome(path, None)
    assert "35" in told
    assert "东经百度" in told


def test_only_what_lies_in_the_window_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{n},村,{100 + n / 10},32.5,1" for n in range(200)]
    path = tmp_path / "villages.csv"
    path.write_text("\n".join([HEAD, *rows]), "utf-8")
    monkeypatch.setattr(tables, "BLOCK_BYTES", 512)
    frame = read_raw(path, LayerSource(path=path.name), layer_name="villages", window=WINDOW)
    assert frame["编号"].tolist() == [str(n) for n in range(140, 151)]
    assert frame["人口"].tolist() == ["1"] * 11


@pytest.mark.parametrize("covers", [True, False])
def test_of_geoparquet_that_says_where_its_rows_lie_only_the_window_is_read(
    tmp_path: Path, *, covers: bool
) -> None:
    pytest.importorskip("pyarrow")
    points = [shapely.Point(100 + n, 32.5) for n in range(30)]
    frame = gpd.GeoDataFrame({"name": range(30)}, geometry=points, crs="EPSG:4326")
    path = tmp_path / "villages.parquet"
    frame.to_parquet(path, write_covering_bbox=covers)
    read = read_raw(path, LayerSource(path=path.name), layer_name="villages", window=WINDOW)
    assert len(read) == (2 if covers else 30)
    assert read.columns.tolist() == ["name", "geometry"]
