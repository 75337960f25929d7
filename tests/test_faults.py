"""Killed, disk full, folder read-only, file locked: the last good results stay whole."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import geopandas as gpd
import pytest
import shapely

from conftest import point, write_geojson
from zmd_layout import workflow
from zmd_layout.errors import LayerError, OutputError
from zmd_layout.outputs import folder as outputs
from zmd_layout.outputs.folder import is_whole, write_all

SCHOOLS = """
[layers.schools]
path = "schools.geojson"
coordinates = "wgs84"
year = 2025
"""
FILES = {f"part{n}.txt": n for n in range(6)}


@pytest.fixture
def study(make_study: Callable[..., Path], tmp_path: Path) -> Path:
    schools = [({"school_id": "s1", "name": "校", "stages": "senior"}, point(0.05, 0.05))]
    write_geojson(tmp_path / "schools.geojson", schools)
    return make_study(SCHOOLS)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def write(folder: Path, generation: int) -> None:
    def writer(number: int) -> Callable[[Path], None]:
        return lambda path: path.write_text(f"{generation} {number}\n" * 2000, "utf-8")

    write_all(folder, {name: writer(n) for name, n in FILES.items()}, {"generation": generation})


@pytest.fixture
def good(tmp_path: Path) -> Path:
    write(tmp_path / "out", 1)
    return tmp_path / "out"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EACCES])
@pytest.mark.parametrize("at", range(6))
def test_a_disk_that_fails_at_any_file_leaves_the_last_results(
    good: Path, number: int, at: int
) -> None:
    before = bytes_of(good)

    def failing(_: Path) -> None:
        raise OSError(number, os.strerror(number))

    writers: dict[str, Callable[[Path], None]] = {
        name: (failing if n == at else lambda path: path.write_text("new", "utf-8"))
        for name, n in FILES.items()
    }
    with pytest.raises(OutputError, match="out"):
        write_all(good, writers, {})
    assert bytes_of(good) == before
    assert is_whole(good)


@pytest.mark.parametrize("at", range(7))
def test_replacing_that_breaks_off_in_the_middle_is_told_by_the_record(
    good: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    replace, done = os.replace, iter(range(99))

    def breaks_off(one: Path, two: Path) -> None:
        if next(done) == at:
            raise OSError(errno.EIO, "broken off")
        replace(one, two)

    monkeypatch.setattr(outputs.os, "replace", breaks_off)
    with pytest.raises(OutputError):
        write(good, 2)
    texts = {(good / name).read_text("utf-8").split()[0] for name in FILES}
    assert texts <= {"1", "2"}, "no file is torn"
    assert is_whole(good) == (texts == {"1"}), "a mixture is known for one"
    assert [p for p in good.iterdir() if p.name.startswith(".zmd-")] == []


def test_a_locked_file_is_named_before_any_is_replaced(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bytes_of(good)
    opened = Path.open

    def locked(self: Path, mode: str = "r", *rest: object, **more: object) -> object:
        if self == good / "part3.txt" and mode == "r+b":
            raise PermissionError(errno.EACCES, "open in Excel")
        return opened(self, mode, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(OutputError, match=r"part3\.txt"):
        write(good, 2)
    monkeypatch.undo()
    assert bytes_of(good) == before


def test_what_a_killed_run_left_is_cleared_away_and_what_another_writes_now_is_not(
    good: Path,
) -> None:
    left, live = good / ".zmd-left", good / ".zmd-live"
    for folder in (left, live):
        folder.mkdir()
        (folder / "findings.csv").write_text("half", "utf-8")
    long_ago = time.time() - 7200
    for path in (left / "findings.csv", left):
        os.utime(path, (long_ago, long_ago))
    os.utime(live, (long_ago, long_ago))  # begun long ago, but its file is new
    write(good, 2)
    assert not left.exists()
    assert (live / "findings.csv").exists()
    assert is_whole(good)


def test_a_folder_that_cannot_be_written_is_told(study: Path) -> None:
    (study / "taken").write_text("a file", "utf-8")
    for place in (study / "taken", study / "taken" / "inside"):
        with pytest.raises(OutputError, match="taken"):
            workflow.check_to_folder(workflow.load_study(study), out=place)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_told_and_left(good: Path) -> None:
    before = bytes_of(good)
    good.chmod(0o555)
    try:
        with pytest.raises(OutputError):
            write(good, 2)
    finally:
        good.chmod(0o755)
    assert bytes_of(good) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of 256 KB; takes root on Linux."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if (
        sys.platform != "linux"
        or os.geteuid() != 0
        or subprocess.run(mount, check=False).returncode  # noqa: S603 - our own command
    ):
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)  # noqa: S603, S607 - likewise


def test_a_disk_that_is_really_full_leaves_the_last_results(small_disk: Path) -> None:
    out = small_disk / "out"
    write(out, 1)
    before = bytes_of(out)
    writers = {"part0.txt": lambda path: path.write_bytes(b"x" * 400_000)}
    with pytest.raises(OutputError, match="磁盘空间不足"):
        write_all(out, writers, {})
    assert bytes_of(out) == before
    assert is_whole(out)


def test_a_full_disk_is_called_one_by_whatever_library_meets_it(
    small_disk: Path, study: Path
) -> None:
    """XlsxWriter and GDAL write files of their own and raise errors of their own."""
    out = study / "out"
    workflow.check_to_folder(workflow.load_study(study), out=out)
    before = bytes_of(out)
    (small_disk / "filled").write_bytes(b"x" * 240_000)
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(small_disk),
        "ZMD_CACHE": str(study / "cache"),
    }  # fmt: skip
    program = [sys.executable, "-m", "zmd_layout", "run", str(study), "--out", str(out)]
    done = subprocess.run(program, env=environment, capture_output=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 1
    assert (
        f"磁盘空间不足（请查看输出文件夹、缓存文件夹和临时文件夹 {small_disk} "
        in done.stderr.decode()
    )
    assert bytes_of(out) == before
    table = gpd.GeoDataFrame({"a": ["x" * 400_000]}, geometry=[shapely.Point(0, 0)], crs=4326)
    writers = {"a.gpkg": lambda _: table.to_file(small_disk / "a.gpkg")}
    with pytest.raises(OutputError, match="磁盘空间不足"):
        write_all(out, writers, {})
    assert bytes_of(out) == before


KILLED = """
import sys
from pathlib import Path
from zmd_layout.outputs.folder import write_all
out, generation = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
while True:
    generation += 1
    write_all(out, {f"part{n}.txt": (lambda path, n=n: path.write_text(
        f"{generation} {n}\\n" * 2000, "utf-8")) for n in range(6)}, {"generation": generation})
"""


def kill_while_writing(out: Path, *, times: int, seed: int) -> int:
    """Kill a program that writes without end; give how often a mixture was left and known."""
    chance, known = Random(seed), 0  # noqa: S311 - no secret
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for turn in range(times):
        program = [sys.executable, "-c", KILLED, str(out), str(turn * 1000)]
        with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(chance.uniform(0.01, 0.15))
            child.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        found = {(out / name).read_text("utf-8").split()[0] for name in FILES}
        assert all(len((out / n).read_text("utf-8").splitlines()) == 2000 for n in FILES), "torn"
        record = json.loads((out / "run.json").read_text("utf-8"))
        assert is_whole(out) == (found == {str(record["generation"])})
        known += not is_whole(out)
        write(out, turn * 1000)
        assert is_whole(out), "the next run mends it"
    return known


def test_a_program_killed_while_it_writes_leaves_whole_files_and_a_mixture_is_known(
    good: Path,
) -> None:
    assert kill_while_writing(good, times=3, seed=1) <= 3


@pytest.mark.slow
def test_a_check_killed_at_any_moment_leaves_the_last_results(study: Path) -> None:
    out = study / "out"
    workflow.check_to_folder(workflow.load_study(study), out=out)
    before = bytes_of(out)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = [sys.executable, "-m", "zmd_layout", "check", str(study), "--out", str(out)]
    for seconds in (0.3, 1.5):
        with subprocess.Popen(  # noqa: S603 - our own program
            program, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as child:
            time.sleep(seconds)
            child.kill()
        assert is_whole(out)
        assert bytes_of(out)["findings.csv"] == before["findings.csv"]


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"{"])
def test_a_source_that_was_cut_off_is_refused_and_the_last_results_stay(
    study: Path, content: bytes
) -> None:
    out = study / "out"
    workflow.check_to_folder(workflow.load_study(study), out=out)
    before = bytes_of(out)
    (study / "schools.geojson").write_bytes(content)
    with pytest.raises(LayerError, match="schools"):
        workflow.check_to_folder(workflow.load_study(study), out=out)
    assert bytes_of(out) == before


def test_a_source_that_is_a_folder_is_refused(study: Path) -> None:
    (study / "schools.geojson").unlink()
    (study / "schools.geojson").mkdir()
    with pytest.raises(LayerError, match="schools"):
        workflow.check_to_folder(workflow.load_study(study), out=study / "out")
