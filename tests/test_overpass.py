from __future__ import annotations

import gzip
import json
import re
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import osmnx
import pytest
import shapely
import urllib3
from local_server import STATE, Overpass, overpass_serving

from zmd_layout.errors import SourceError
from zmd_layout.layers.sources.fetch import (
    RECORD,
    OverpassSettings,
    Patience,
    Topic,
    fetch_osm,
    read_record,
    study_snippet,
    tiles_of,
)
from zmd_layout.layers.sources.osm import read_roads, read_schools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("no_proxy")]

AREA = shapely.box(114.1, 32.6, 114.9, 32.9)  # two tiles of half a degree
NOON = "2026-01-02T12:00:00+08:00"


@pytest.fixture
def overpass() -> Iterator[Overpass]:
    with overpass_serving() as running:
        yield running


@pytest.fixture
def mirror() -> Iterator[Overpass]:
    with overpass_serving() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def asking(overpass: Overpass, waits: list[float]) -> OverpassSettings:
    patience = Patience(rounds=3, first_wait_s=5, pause_s=1, timeout_s=10, sleep=waits.append)
    return OverpassSettings((overpass.url,), patience, topics=(Topic.SCHOOLS,))


def fetch(folder: Path, settings: OverpassSettings, **more: Any) -> Any:
    return fetch_osm(AREA, folder, fetched_at=NOON, settings=settings, **more)


def test_tiles_are_put_together_and_what_they_share_is_there_once(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    steps: list[tuple[float, float | None, str]] = []
    fetched = fetch(
        tmp_path,
        replace(asking, topics=tuple(Topic)),
        progress=lambda done, total, what: steps.append((done, total, what.key)),
    )
    assert [file.path for file in fetched.files] == ["osm/schools.osm.pbf", "osm/roads.osm.pbf"]
    assert len(overpass.queries) == 4
    assert read_schools(tmp_path / "osm" / "schools.osm.pbf").dropped.read["school"] == 2
    assert read_roads(tmp_path / "osm" / "roads.osm.pbf", working_crs="EPSG:4547").counts.ways == 3
    assert steps == [
        (1, 2, "fetch.schools"),
        (2, 2, "fetch.schools"),
        (1, 2, "fetch.roads"),
        (2, 2, "fetch.roads"),
    ]
    assert not (tmp_path / "osm" / ".parts").exists()


def test_the_record_says_what_came_from_where_and_the_snippet_names_it(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    fetched = fetch(tmp_path, asking)
    entry = json.loads((tmp_path / RECORD).read_text("utf-8"))["files"][0]
    assert entry["path"] == "osm/schools.osm.pbf"
    assert entry["urls"] == [overpass.url]
    assert entry["fetched_at"] == NOON
    assert entry["data_as_of"] == STATE
    assert len(entry["sha256"]) == 64
    assert set(read_record(tmp_path).files.values()) == set(fetched.files)
    assert study_snippet(fetched.files).startswith(
        '[layers.schools]\npath = "osm/schools.osm.pbf"\ncoordinates = "wgs84"\nyear = 2026\n'
    )


def test_no_other_server_is_called_and_osmnx_is_left_as_it_was(
    overpass: Overpass,
    asking: OverpassSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called = []
    connect = urllib3.util.connection.create_connection

    def connect_and_tell(address: tuple[str, int], *more: Any, **named: Any) -> socket.socket:
        called.append(address)
        return connect(address, *more, **named)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", connect_and_tell)
    settings_before = {name: getattr(osmnx.settings, name) for name in vars(osmnx.settings)}
    resolve_before = socket.getaddrinfo
    overpass.misbehave(504)
    fetch(tmp_path, replace(asking, topics=tuple(Topic)))
    assert set(called) == {("127.0.0.1", overpass.port)}
    assert overpass.other_requests == []
    assert {name: getattr(osmnx.settings, name) for name in settings_before} == settings_before
    assert socket.getaddrinfo is resolve_before


def test_the_query_tells_the_server_when_to_give_up_in_whole_seconds(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    patience = replace(asking.patience, timeout_s=9.5)
    fetch(tmp_path, replace(asking, patience=patience, memory_bytes=1_000_000))
    assert overpass.queries[0].startswith("[out:json][timeout:10][maxsize:1000000];")


def test_a_busy_server_is_given_the_time_that_it_asks_for(
    overpass: Overpass, asking: OverpassSettings, waits: list[float], tmp_path: Path
) -> None:
    overpass.misbehave(429, Retry_After="17")
    assert len(fetch(tmp_path, asking).files) == 1
    assert [wait for wait in waits if wait != 1] == [17]


@pytest.mark.parametrize(
    "misdeed",
    [
        (504, b"", {}),
        (429, b"", {"Retry_After": "soon"}),
        (200, b'{"elements": [', {"Content_Length": "5000"}),
        (200, b"<html><body>The server is probably too busy</body></html>", {}),
        (200, b"", {}),
        (200, b"[]", {}),
        (200, b'{"elements": [], "remark": "runtime error: Query timed out"}', {}),
        (200, b"[" * 100_000, {}),
        (200, b'{"elements": [null]}', {}),
        (200, b'{"elements": [{"id": 1}]}', {}),
        (200, b'{"elements": [{"type": "node", "id": 1, "lon": 114.2}]}', {}),
        (200, b'{"elements": [{"type": "node", "id": 1, "lon": 114.2, "lat": NaN}]}', {}),
        (200, b'{"elements": [{"type": "node", "id": 1, "lon": 32.7, "lat": 114.2}]}', {}),
        (200, b'{"elements": [{"type": "node", "id": "1", "lon": 114, "lat": 32}]}', {}),
        (200, b'{"elements": [{"type": "node", "id": 1, "lon": 9, "lat": 9, "tags": null}]}', {}),
        (200, b'{"elements": [{"type": "way", "id": 1, "nodes": [1, null]}]}', {}),
        (200, b'{"elements": [{"type": "way", "id": 1}]}', {}),
        (200, b'{"elements": [{"type": "relation", "id": 1, "members": [{}]}]}', {}),
        (
            200,
            b'{"elements": [{"type": "way", "id": 1, "nodes": [1], "geometry": [{"lat": 9}]}]}',
            {},
        ),
    ],
    ids=[
        "504",
        "429 in words",
        "cut",
        "html",
        "no body",
        "other json",
        "remark",
        "deep json",
        "null",
        "no type",
        "no latitude",
        "latitude that is no number",
        "swapped",
        "id in words",
        "tags that are none",
        "node that is none",
        "way without nodes",
        "member that is none",
        "out geom",
    ],
)
def test_what_is_no_answer_is_asked_for_again_after_growing_waits(
    overpass: Overpass,
    asking: OverpassSettings,
    waits: list[float],
    tmp_path: Path,
    misdeed: tuple[int, bytes, dict[str, str]],
) -> None:
    status, body, headers = misdeed
    overpass.misbehave(status, body, times=2, **headers)
    fetch(tmp_path, asking)
    assert [wait for wait in waits if wait != 1] == [5, 10]
    assert read_schools(tmp_path / "osm" / "schools.osm.pbf").dropped.read["school"] == 2


def break_off_after_one(
    overpass: Overpass, asking: OverpassSettings, folder: Path
) -> tuple[SourceError, list[str]]:
    """Fetch from a server that breaks down after an answer; give the error and what it answered."""
    good = overpass.answer

    def break_down_after_one(query: str) -> tuple[int, dict[str, str], bytes]:
        if len(overpass.queries) >= 1:
            overpass.misdeeds = [(504, {}, b"")]
        return good(query)

    overpass.answer = break_down_after_one  # type: ignore[method-assign]
    with pytest.raises(SourceError) as stopped:
        fetch(folder, asking)
    answered = overpass.queries[:1]
    overpass.answer = good  # type: ignore[method-assign]
    overpass.misdeeds, overpass.queries = [], []
    return stopped.value, answered


def test_a_run_that_broke_off_goes_on_without_asking_twice(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    stopped, answered = break_off_after_one(overpass, asking, tmp_path)
    assert len(stopped.messages) == 1
    assert "1 of 2" in stopped.text("en")
    fetch(tmp_path, asking)
    assert len(overpass.queries) == 1
    assert not set(answered) & set(overpass.queries)
    assert read_schools(tmp_path / "osm" / "schools.osm.pbf").dropped.read["school"] == 2


@pytest.mark.parametrize("damage", ["torn", "no gzip", "old and broken"])
def test_a_kept_answer_that_is_not_whole_is_asked_for_again(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path, damage: str
) -> None:
    break_off_after_one(overpass, asking, tmp_path)
    (kept,) = (tmp_path / "osm" / ".parts").iterdir()
    whole = kept.read_bytes()
    broken = {"url": "http://127.0.0.1", "elements": [{"type": "node", "id": 1}]}
    kept.write_bytes(
        {
            "torn": whole[: len(whole) // 2],
            "no gzip": b"\x00" * len(whole),
            "old and broken": gzip.compress(json.dumps(broken).encode()),
        }[damage]
    )
    fetch(tmp_path, asking)
    assert len(overpass.queries) == 2
    assert read_schools(tmp_path / "osm" / "schools.osm.pbf").dropped.read["school"] == 2


def test_a_renewal_lets_go_of_what_was_kept_and_says_where_it_stopped(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    break_off_after_one(overpass, asking, tmp_path)
    fetch(tmp_path, asking, refresh=True)
    assert len(overpass.queries) == 2
    overpass.queries.clear()
    overpass.misbehave(503, times=99)
    with pytest.raises(SourceError) as stopped:
        fetch(tmp_path, asking, refresh=True)
    assert [message.key for message in stopped.value.messages] == ["fetch.stopped_refresh"]


def test_a_server_that_drips_is_not_waited_for_without_end(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    overpass.drip_s = 0.05
    patience = replace(asking.patience, limit_s=0.3)
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"0\.3"):
        fetch(tmp_path, replace(asking, patience=patience))
    assert time.monotonic() - began < 3  # a tile takes nine seconds at this pace
    assert len(overpass.queries) == 1


@pytest.mark.parametrize("state", [None, 7, "of late", [1]])
def test_an_answer_that_tells_no_time_of_its_data_gives_a_file_without_one(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path, state: object
) -> None:
    elements = [{"type": "node", "id": 1, "lat": 32.7, "lon": 114.2, "tags": {"amenity": "school"}}]
    told = {"osm3s": {"timestamp_osm_base": state}, "elements": elements}
    overpass.misbehave(200, json.dumps(told).encode(), times=2)
    fetched = fetch(tmp_path, asking)
    assert fetched.files[0].data_as_of is None
    assert "year" not in study_snippet(fetched.files)


def test_what_a_broken_run_kept_of_another_area_stays_for_the_next_one_there(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    break_off_after_one(overpass, asking, tmp_path)
    elsewhere = shapely.box(113.6, 32.6, 113.7, 32.7)
    fetched = fetch_osm(elsewhere, tmp_path, fetched_at=NOON, settings=asking)
    assert len(fetched.files) == len(overpass.queries) == 1
    overpass.queries.clear()
    fetch(tmp_path, asking)
    assert len(overpass.queries) == 1
    assert [path.name for path in (tmp_path / "osm").iterdir()] == ["schools.osm.pbf"]


def test_an_answer_that_stands_elsewhere_is_followed_there(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    overpass.misbehave(307, location=f"{overpass.url}/interpreter?moved")
    fetched = fetch(tmp_path, asking)
    assert len(fetched.files) == 1
    assert len(overpass.queries) == 3  # one of two tiles was asked for twice
    assert overpass.other_requests == ["/api/interpreter?moved"]


def test_what_is_there_is_not_fetched_again_unless_wanted_or_changed(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    first = fetch(tmp_path, asking)
    overpass.queries.clear()
    again = fetch(tmp_path, asking)
    assert overpass.queries == []
    assert again.files == first.files
    assert [note.key for note in again.notes] == ["fetch.kept"]

    (tmp_path / "osm" / "schools.osm.pbf").write_bytes(b"damaged")
    assert fetch(tmp_path, asking).files == first.files
    assert len(overpass.queries) == 2

    fetch(tmp_path, asking, refresh=True)
    assert len(overpass.queries) == 4


def test_a_source_that_is_down_gives_one_message_and_keeps_what_was_there(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    fetch(tmp_path, asking)
    before = {p.name: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    overpass.misbehave(503, times=99)
    with pytest.raises(SourceError) as down:
        fetch(tmp_path, asking, refresh=True)
    assert len(down.value.messages) == 1
    assert overpass.url in down.value.text("zh")
    assert "503" in down.value.text("en")
    assert {p.name: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_server_that_does_not_listen_is_named(asking: OverpassSettings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api"
    with pytest.raises(SourceError, match=re.escape(url)):
        fetch(tmp_path, replace(asking, endpoints=(url,)))


def test_a_mirror_that_helped_out_is_asked_first_from_then_on_and_recorded(
    overpass: Overpass, mirror: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    overpass.misbehave(504)
    fetched = fetch(tmp_path, replace(asking, endpoints=(overpass.url, mirror.url)))
    assert (len(overpass.queries), len(mirror.queries)) == (1, 2)
    assert fetched.files[0].urls == (mirror.url,)


def test_a_refusal_for_good_and_too_long_a_wait_are_not_asked_again(
    overpass: Overpass, mirror: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    overpass.misbehave(400, times=9)
    mirror.misbehave(429, times=9, Retry_After="86400")
    with pytest.raises(SourceError):
        fetch(tmp_path, replace(asking, endpoints=(overpass.url, mirror.url)))
    assert (len(overpass.queries), len(mirror.queries)) == (1, 1)


def test_an_empty_answer_makes_no_file_and_says_that_it_proves_nothing(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    overpass.is_empty = True
    fetched = fetch(tmp_path, asking)
    assert fetched.files == ()
    assert [note.key for note in fetched.notes] == ["fetch.nothing"]
    assert "学校" in fetched.notes[0].text("zh")
    assert not (tmp_path / "osm" / "schools.osm.pbf").exists()


def test_an_empty_answer_keeps_the_file_that_was_there(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path
) -> None:
    fetch(tmp_path, asking)
    before = (tmp_path / "osm" / "schools.osm.pbf").read_bytes()
    overpass.is_empty = True
    fetch(tmp_path, asking, refresh=True)
    assert (tmp_path / "osm" / "schools.osm.pbf").read_bytes() == before


def test_tiles_cover_the_area_and_leave_out_what_it_does_not_touch() -> None:
    corner = shapely.Polygon([(114, 32), (115, 32), (114, 33)])
    tiles = tiles_of(corner, 0.25)
    assert shapely.union_all(tiles).covers(corner)
    assert all(tile.intersects(corner) for tile in tiles)
    assert len(tiles) < 16
    assert sum(tile.area for tile in tiles) == pytest.approx(shapely.union_all(tiles).area)


@pytest.mark.parametrize(
    "area",
    [shapely.box(500_000, 3_600_000, 520_000, 3_620_000), shapely.Polygon()],
    ids=["metres", "nothing"],
)
def test_an_area_that_is_not_in_degrees_is_refused_before_anyone_is_asked(
    overpass: Overpass, asking: OverpassSettings, tmp_path: Path, area: shapely.Geometry
) -> None:
    with pytest.raises(SourceError, match="EPSG:4326"):
        fetch_osm(area, tmp_path, fetched_at=NOON, settings=asking)
    assert overpass.queries == []
