from __future__ import annotations

import hashlib
import io
import re
import socket
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from local_server import QuietHandler, serving

from zmd_layout.errors import SourceError
from zmd_layout.layers.sources.fetch import (
    GHS_POP,
    WORLDPOP,
    Patience,
    RasterSource,
    fetch_raster,
    read_record,
    study_snippet,
)
from zmd_layout.layers.sources.fetch.download import Downloaded, download

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("no_proxy")]

BODY = bytes(range(256)) * 20_000  # 5 MB: more than one block, and more than a socket holds
NOON = "2026-01-02T12:00:00+08:00"


@dataclass
class Server:
    """A file server that can cut, refuse and change its mind."""

    url: str = ""
    body: bytes = BODY
    etag: str | None = '"one"'
    takes_ranges: bool = True
    drip_s: float = 0.0  # the pause between two bytes
    portion: int | None = None  # of a range no more is given at a time
    cuts: list[int] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def start_of(self, headers: dict[str, str]) -> int:
        """Tell which byte to begin with."""
        wanted = headers.get("Range", "")
        self.asked.append(wanted)
        if not wanted or not self.takes_ranges or headers.get("If-Range") != self.etag:
            return 0
        return int(re.findall(r"\d+", wanted)[0])


def handler_of(state: Server) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - so http.server calls it
            if state.refusals:
                state.asked.append("refused")
                status, headers = state.refusals.pop(0)
                self.answer_cut(status, headers, b"<html>no</html>")
                return
            begin = state.start_of(dict(self.headers))
            size = len(state.body)
            if begin >= size > 0:
                self.answer_cut(416, {"Content-Range": f"bytes */{size}"}, b"")
                return
            headers = {"ETag": state.etag} if state.etag else {}
            end = size
            if begin:
                end = size if state.portion is None else min(size, begin + state.portion)
                headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
            self.answer_cut(206 if begin else 200, headers, state.body[begin:end])

        def answer_cut(self, status: int, headers: dict[str, str], body: bytes) -> None:
            sent = body[: state.cuts.pop(0)] if state.cuts else body
            self.answer(status, headers, sent, told=len(body), drip_s=state.drip_s)

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()
    with serving(handler_of(state)) as port:
        state.url = f"http://127.0.0.1:{port}/grids/people_2020.tif"
        yield state


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def patience(waits: list[float]) -> Patience:
    return Patience(rounds=2, first_wait_s=5, timeout_s=10, sleep=waits.append)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "population" / "people.tif"


def files_of(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_comes_whole_with_its_sum_and_progress(
    server: Server, patience: Patience, target: Path
) -> None:
    heard: list[tuple[float, float | None]] = []
    got = download(
        server.url,
        target,
        patience=patience,
        progress=lambda done, total, _: heard.append((done, total)),
    )
    assert got == Downloaded(target, server.url, hashlib.sha256(BODY).hexdigest(), len(BODY))
    assert target.read_bytes() == BODY
    assert heard[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert files_of(target.parent) == {"people.tif"}


def test_cuts_that_bring_the_file_further_are_gone_on_from_however_many_they_are(
    server: Server, patience: Patience, target: Path
) -> None:
    server.cuts = [2_000_000, 1_000_000, 500_000, 100_000]
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY
    begins = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in server.asked[1:]]
    assert begins == sorted(set(begins))
    assert len(begins) == 4
    assert begins[0] == pytest.approx(2_000_000, abs=65_536)


def test_a_later_call_goes_on_where_an_earlier_one_broke_off(
    server: Server, patience: Patience, target: Path
) -> None:
    server.cuts = [2_000_000, 0, 0]
    with pytest.raises(SourceError, match="people_2020"):
        download(server.url, target, patience=patience)
    assert not target.exists()
    assert files_of(target.parent) == {"people.tif.part", "people.tif.part.json"}
    server.asked.clear()
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY
    assert len(server.asked) == 1
    assert server.asked[0] == "bytes=2000000-"


def test_a_server_that_gives_a_range_in_portions_is_asked_for_each_next_one(
    server: Server, patience: Patience, target: Path
) -> None:
    server.cuts, server.portion = [2_000_000], 1_500_000
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY
    begins = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in server.asked[1:]]
    assert [begin - begins[0] for begin in begins] == [0, 1_500_000, 3_000_000]


@pytest.mark.parametrize("told", ["bytes 7-21/15", "lines 1-2/9", ""])
def test_an_answer_from_another_place_of_the_file_is_thrown_away_and_all_is_asked_for_again(
    server: Server, patience: Patience, target: Path, told: str
) -> None:
    server.cuts = [2_000_000, 0, 0]
    with pytest.raises(SourceError):
        download(server.url, target, patience=patience)
    server.asked.clear()
    server.refusals = [(206, {"Content-Range": told})]
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY
    assert server.asked == ["refused", ""]


def test_a_file_that_changed_meanwhile_is_begun_anew(
    server: Server, patience: Patience, target: Path
) -> None:
    server.cuts = [2_000_000, 0, 0]
    with pytest.raises(SourceError):
        download(server.url, target, patience=patience)
    server.body, server.etag = BODY[::-1], '"two"'
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY[::-1]


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_mark_of_the_version_nothing_is_gone_on_with(
    server: Server, patience: Patience, target: Path, etag: str | None
) -> None:
    server.etag = etag
    server.cuts = [2_000_000]
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY
    assert server.asked == ["", ""]


def test_a_server_without_ranges_is_asked_for_all_of_it_again(
    server: Server, patience: Patience, target: Path
) -> None:
    server.takes_ranges = False
    server.cuts = [2_000_000]
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY


def test_a_part_that_is_whole_already_is_put_in_place(
    server: Server, patience: Patience, target: Path
) -> None:
    server.cuts = [2_000_000, 0, 0]
    with pytest.raises(SourceError):
        download(server.url, target, patience=patience)
    target.with_name("people.tif.part").write_bytes(BODY)
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY


def test_a_part_that_is_longer_than_the_file_is_begun_anew(
    server: Server, patience: Patience, target: Path
) -> None:
    server.cuts = [2_000_000, 0, 0]
    with pytest.raises(SourceError):
        download(server.url, target, patience=patience)
    target.with_name("people.tif.part").write_bytes(BODY + b"more")
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY


def test_a_wrong_sum_keeps_what_was_there(server: Server, patience: Patience, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(SourceError, match="SHA-256"):
        download(server.url, target, patience=patience, sha256="0" * 64)
    assert target.read_bytes() == b"old"
    assert files_of(target.parent) == {"people.tif"}


def test_a_right_sum_is_taken_in_capitals_too(
    server: Server, patience: Patience, target: Path
) -> None:
    wanted = hashlib.sha256(BODY).hexdigest().upper()
    assert download(server.url, target, patience=patience, sha256=wanted).size == len(BODY)


def test_a_busy_server_is_given_its_time_and_one_that_says_no_is_not_asked_again(
    server: Server, patience: Patience, target: Path, waits: list[float]
) -> None:
    server.refusals = [(503, {"Retry-After": "40"})]
    download(server.url, target, patience=patience)
    assert waits == [40]
    server.asked.clear()
    server.refusals = [(404, {})] * 2
    with pytest.raises(SourceError, match="404"):
        download(server.url, target, patience=patience)
    assert server.asked == ["refused"]
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/grid.tif", "grid.tif", "http:///grid.tif"])
def test_an_address_that_cannot_be_asked_is_named(
    patience: Patience, target: Path, url: str
) -> None:
    with pytest.raises(SourceError, match=re.escape(url)):
        download(url, target, patience=patience)


def test_a_server_that_says_nothing_is_not_waited_for_without_end(
    patience: Patience, target: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/grid.tif"
        with pytest.raises(SourceError) as down:
            download(url, target, patience=replace(patience, timeout_s=0.2))
    assert "did not answer in time" in down.value.text("en")


def test_a_server_that_drips_is_not_waited_for_without_end_and_what_came_is_gone_on_with(
    server: Server, patience: Patience, target: Path
) -> None:
    server.drip_s = 0.01
    with pytest.raises(SourceError) as down:
        download(server.url, target, patience=replace(patience, limit_s=0.3))
    assert "within 0.3 s" in down.value.text("en")
    assert len(server.asked) == 1
    server.drip_s = 0
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY
    assert int(re.findall(r"\d+", server.asked[1])[0]) > 0


def test_cuts_without_number_end_with_the_time_of_the_file(
    server: Server, patience: Patience, target: Path
) -> None:
    server.cuts = [1000, *([1] * 100_000)]
    with pytest.raises(SourceError, match=r"0\.3"):
        download(server.url, target, patience=replace(patience, limit_s=0.3))


@pytest.mark.parametrize("note", ["[]", "null", '{"url": 7}', "{", '"text"'])
def test_a_torn_note_beside_a_part_begins_it_anew(
    server: Server, patience: Patience, target: Path, note: str
) -> None:
    target.parent.mkdir()
    target.with_name("people.tif.part").write_bytes(b"half")
    target.with_name("people.tif.part.json").write_text(note, "utf-8")
    download(server.url, target, patience=patience)
    assert target.read_bytes() == BODY
    assert server.asked == [""]


# grids


def grid(crs: str | None = "EPSG:4326") -> bytes:
    file = io.BytesIO()
    with rasterio.open(
        file, "w", driver="GTiff", width=2, height=2, count=1, dtype="float32", crs=crs,
        transform=rasterio.Affine(0.1, 0, 114, 0, -0.1, 33),
    ) as dataset:  # fmt: skip
        dataset.write(np.ones((1, 2, 2), np.float32))
    return file.getvalue()


def packed(**contents: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name.replace("_", "."), content)
    return file.getvalue()


def template_of(server: Server, name: str) -> str:
    return server.url.replace("people_2020.tif", name)


def test_a_grid_is_fetched_recorded_and_named_for_the_study(
    server: Server, patience: Patience, tmp_path: Path
) -> None:
    server.body = grid()
    source = RasterSource(template_of(server, "people_{year}.tif"), {"year": 2020})
    fetched = fetch_raster(source, tmp_path, fetched_at=NOON, patience=patience)
    (file,) = fetched.files
    assert file.path == "population/people_2020.tif"
    assert file.urls == (server.url,)
    assert read_record(tmp_path).files[file.path] == file
    assert study_snippet(fetched.files) == (
        '[layers.population]\npath = "population/people_2020.tif"\n'
        'coordinates = "wgs84"\nyear = 2020\n'
    )
    server.asked.clear()
    again = fetch_raster(source, tmp_path, fetched_at="later", patience=patience)
    assert again.files == fetched.files
    assert server.asked == []


def test_a_renewal_lets_go_of_a_part_that_was_left(
    server: Server, patience: Patience, tmp_path: Path
) -> None:
    server.body = grid()
    source = RasterSource(server.url)
    server.cuts = [100, 0, 0]
    with pytest.raises(SourceError):
        fetch_raster(source, tmp_path, fetched_at=NOON, patience=patience)
    server.asked.clear()
    fetch_raster(source, tmp_path, fetched_at=NOON, patience=patience, refresh=True)
    assert server.asked == [""]


def test_a_grid_in_an_archive_is_unpacked(
    server: Server, patience: Patience, tmp_path: Path
) -> None:
    server.body = packed(people_tif=grid("EPSG:32650"), readme_txt=b"CC BY")
    fetched = fetch_raster(
        RasterSource(template_of(server, "tile.zip")), tmp_path, fetched_at=NOON, patience=patience
    )
    assert fetched.files[0].coordinates == "EPSG:32650"
    assert fetched.files[0].data_as_of is None
    assert "year" not in study_snippet(fetched.files)
    assert files_of(tmp_path / "population") == {"tile.tif"}


def torn(archive: bytes, content: bytes) -> bytes:
    """Turn a byte of what an archive holds, so that its sum is no longer right."""
    at = archive.index(content) + len(content) // 2
    return archive[:at] + bytes([archive[at] ^ 1]) + archive[at + 1 :]


@pytest.mark.parametrize(
    ("name", "body", "key"),
    [
        ("a.tif", b"<html>maintenance</html>", "fetch.no_grid"),
        ("a.tif", grid(None), "fetch.no_crs"),
        ("a.zip", b"<html>maintenance</html>", "fetch.no_zip"),
        ("a.zip", torn(packed(a_tif=grid()), grid()), "fetch.no_zip"),
        ("a.zip", packed(readme_txt=b"CC BY"), "fetch.not_one_grid"),
        ("a.zip", packed(a_tif=b"1", b_tif=b"2"), "fetch.not_one_grid"),
    ],
)
def test_what_is_no_grid_is_refused_and_leaves_nothing(
    server: Server, patience: Patience, tmp_path: Path, name: str, body: bytes, key: str
) -> None:
    server.body = body
    source = RasterSource(template_of(server, name))
    with pytest.raises(SourceError) as refused:
        fetch_raster(source, tmp_path, fetched_at=NOON, patience=patience)
    assert [message.key for message in refused.value.messages] == [key]
    assert files_of(tmp_path / "population") == set()
    assert read_record(tmp_path).files == {}


def test_the_templates_are_filled_in_and_missing_values_are_named() -> None:
    values = {"year": 2020, "COUNTRY": "CHN", "country": "chn"}
    assert RasterSource(WORLDPOP, values).url.endswith("/chn_pop_2020_CN_100m_R2025A_v1.tif")
    with pytest.raises(SourceError, match="column、row"):
        _ = RasterSource(GHS_POP, {"year": 2020}).url


def test_a_record_that_cannot_be_read_knows_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "fetch.json").write_text('{"files": [{"path": 1}]}', "utf-8")
    assert read_record(tmp_path).files == {}
