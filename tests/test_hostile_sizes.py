"""Small files that unpack to much: refused within bounds of time and memory."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</sheetData></worksheet>"
_MOST_SECONDS = 60  # on two busy cores; most take one
_MOST_MIB = 1_200
PROGRAM = """
import sys
import zmd_layout
from pathlib import Path
from zmd_layout.errors import ZmdLayoutError
from zmd_layout.layers.files import read_raw
from zmd_layout.layers.sources.roster import read_roster
from zmd_layout.study import LayerSource
door, path = sys.argv[1], Path(sys.argv[2])
source = LayerSource(path=str(path), coordinates="wgs84")
try:
    if door == "review":
        zmd_layout.review(path)
    elif door == "roster":
        read_roster(path, source)
    else:
        read_raw(path, source, layer_name="villages")
except ZmdLayoutError as error:
    print(error.text("en").encode("ascii", "replace").decode())
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
except ImportError:  # Windows has no such figure: the time alone is bounded
    peak = 0
print(peak)
"""


def refused(door: str, path: Path) -> str:
    """Read a file in a process of its own; return its refusal, within the bounds."""
    start = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM, door, str(path)],
        capture_output=True, text=True, timeout=_MOST_SECONDS, check=True, encoding="utf-8",
    )  # fmt: skip
    seconds = time.monotonic() - start
    *text, peak = done.stdout.strip().splitlines()
    figures = f"{seconds:.1f} s, {int(peak) >> 20} MiB"
    sys.stdout.write(f"{path.name}, {path.stat().st_size / 1e6:.1f} MB, {door}: {figures}\n")
    assert int(peak) >> 20 < _MOST_MIB
    return "\n".join(text)


def book(path: Path, part: str, *chunks: bytes) -> Path:
    """Write a workbook one part of which holds other bytes than it should."""
    plain = path.with_suffix(".plain")
    made = openpyxl.Workbook()
    made.active.append(["学校名称", "办学类型", "经度"])
    made.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            if member != part:
                new.writestr(member, old.read(member))
        with new.open(part, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
    return path


# where merged cells are not asked for and nothing is padded
READ_WITHOUT_HARM = {"a cell in the last corner", "rows as wide as the sheet"}
SHEET = "xl/worksheets/sheet1.xml"
ROWS = b"".join(b"<row><c><v>%d</v></c></row>" % n for n in range(10_000))
CELL = b'<row r="1"><c r="A1"><v>1</v></c></row>'
CORNER = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
ALL_MERGED = b'</sheetData><mergeCells><mergeCell ref="A1:%sXFD1048576"/></mergeCells></worksheet>'
STYLES = b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>'
ENTITIES = [b'<!DOCTYPE x [<!ENTITY a "', b"x" * 1000, b'"><!ENTITY b "', b"&a;" * 1000,
            b'"><!ENTITY c "', b"&b;" * 1000, b'">]>']  # fmt: skip
OUTSIDE = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'
BOOKS: dict[str, tuple[str, list[bytes]]] = {
    "640 MB of rows": (SHEET, [HEAD, *[ROWS] * 2500, END]),
    "a row of millions of cells": (
        SHEET, [HEAD, b"<row>", *[b"<c/>" * 100_000] * 150, b"</row>", END]
    ),
    "a row of cells with comments": (
        SHEET, [HEAD, b"<row>", *[b"<c/>" * 99_000 + b"<!--</row>-->"] * 150, b"</row>", END]
    ),
    "a cell in the last corner": (SHEET, [HEAD, CELL, CORNER, END]),
    "rows as wide as the sheet": (
        SHEET, [HEAD, *[b'<row><c r="XFD%d"><v>1</v></c></row>' % n for n in range(1, 50_000)], END]
    ),
    "everything merged": (SHEET, [HEAD, CELL, ALL_MERGED % b""]),
    "merged, written oddly": (SHEET, [HEAD, CELL, (ALL_MERGED % b"").replace(b"XFD", b"&#88;FD")]),
    "millions of styles": (
        "xl/styles.xml", [STYLES, *[b"<xf/>" * 100_000] * 20, b"</cellXfs></styleSheet>"]
    ),
    "entities": (SHEET, [*ENTITIES, HEAD, b'<row><c t="str"><v>&c;</v></c></row>', END]),
    "entities in UTF-16": (SHEET, [OUTSIDE.encode("utf-16")]),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("door", ["review", "roster", "run"])
@pytest.mark.parametrize("name", BOOKS)
def test_a_workbook_that_grows_is_refused_within_bounds(
    tmp_path: Path, name: str, door: str
) -> None:
    path = book(tmp_path / "bomb.xlsx", *BOOKS[name][:1], *BOOKS[name][1])
    text = refused(door, path)
    if name in READ_WITHOUT_HARM and door != "roster":
        return
    assert "bomb.xlsx" in text


def csv_of_commas(path: Path) -> Path:
    path.write_bytes(b"," * 60_000_000 + b"\n1,2\n")
    return path


def csv_with_a_wide_head(path: Path) -> Path:
    path.write_bytes(b",".join(b"%d" % n for n in range(16_000)) + b"\n" + b"1\n" * 5_000_000)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("door", ["review", "run"])
@pytest.mark.parametrize("make", [csv_of_commas, csv_with_a_wide_head])
def test_a_text_that_grows_is_refused_within_bounds(
    tmp_path: Path, door: str, make: Callable[[Path], Path]
) -> None:
    text = refused(door, make(tmp_path / "bomb.csv"))
    assert make is csv_of_commas or "bomb.csv" in text  # an empty row is no head


def zip_of_zeros(path: Path) -> Path:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("plots.geojson", "w", force_zip64=True) as file,
    ):
        for _ in range(1200):
            file.write(bytes(1 << 20))
    return path


def zip_of_many_members(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number}.geojson", b"")
    return path


def zip_in_zip(path: Path) -> Path:
    zip_of_zeros(path.with_suffix(".inner"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path.with_suffix(".inner"), "plots.geojson")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("door", ["review", "run"])
@pytest.mark.parametrize("make", [zip_of_zeros, zip_of_many_members, zip_in_zip])
def test_a_zip_that_grows_is_refused_within_bounds(
    tmp_path: Path, door: str, make: Callable[[Path], Path]
) -> None:
    text = refused(door, make(tmp_path / "bomb.zip"))
    assert "bomb.zip" in text or "plots.geojson" in text
