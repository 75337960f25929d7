"""
Open an XLSX workbook within limits of memory and time.

A workbook is a zip of XML: 2 MB may hold 640 MB of rows, one row of millions of cells, or a single
cell in the last corner of a sheet, which pads every row before it. The parts are gone through once
as bytes before openpyxl builds objects of them, at the cost of unpacking them twice.
"""

from __future__ import annotations

import re
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zmd_layout.errors import LayerError
from zmd_layout.layers import formats
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openpyxl.worksheet._read_only import ReadOnlyWorksheet
    from openpyxl.worksheet.worksheet import Worksheet as FullWorksheet

MOST_BYTES = 256 * 2**20  # of all parts, unpacked
MOST_CELLS = 20_000_000  # of a sheet, blanks between cells among them
MOST_CELLS_AS_OBJECTS = 4_000_000  # where merged cells are asked for, which takes an object a cell
_MOST_ELEMENTS_BESIDE = 500_000  # of styles, names, comments: 65,000 styles are Excel's limit
_MOST_ROW_BYTES = 4 * 2**20  # 16,384 cells of 256 bytes
_BLOCK_BYTES = 1 << 20
_SHEETS = "xl/worksheets/"
_TEXTS = "xl/sharedStrings"
_END_OF_ROW = re.compile(rb"</(?:[\w.-]+:)?row\s*>")
_MERGED = re.compile(rb"<(?:[\w.-]+:)?mergeCell\s[^>]*>")
_RANGE = re.compile(rb"""ref=["']([A-Z]+[0-9]+:[A-Z]+[0-9]+)["']""")
_DOCTYPES = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"),
             "<!DOCTYPE".encode("utf-16-be"))  # fmt: skip


@contextmanager
def open_workbook(path: Path, *, layer_name: str, with_merged: bool = False) -> Iterator[Any]:
    """
    Open a workbook with openpyxl, values in place of formulas.

    Parameters
    ----------
    path
        An XLSX by its first bytes, whatever its name.
    layer_name
        The layer in errors.
    with_merged
        Whether merged cells are asked for.

    Yields
    ------
    book
        `openpyxl.Workbook`, closed at the end.

    Raises
    ------
    LayerError
        If it unpacks to more than the limits, declares document types, or cannot be read.
    """
    import openpyxl  # noqa: PLC0415 - slow to load, for workbooks only

    most = MOST_CELLS_AS_OBJECTS if with_merged else MOST_CELLS
    with path.open("rb") as file:
        try:
            _check_parts(path, most, layer_name)
            book = openpyxl.load_workbook(
                file, read_only=not with_merged, data_only=True, keep_links=False
            )
        except LayerError:
            raise
        except Exception as error:  # openpyxl raises what its zip and XML readers raise
            why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise LayerError(
                Message("layers.unreadable_file", layer=layer_name, path=path, why=why)
            ) from error
        try:
            yield book
        finally:
            book.close()


def rows_of_sheet(sheet: ReadOnlyWorksheet | FullWorksheet, path: Path) -> list[list[Any]]:
    """
    Read the rows of a sheet, from its first on.

    Raises
    ------
    LayerError
        If they take more than `MOST_CELLS` cells, blanks among them.
    """
    from openpyxl.worksheet.worksheet import Worksheet  # noqa: PLC0415 - as above

    # the full reader makes an object of every blank up to the last corner
    if isinstance(sheet, Worksheet) and sheet.max_row * sheet.max_column > MOST_CELLS_AS_OBJECTS:
        raise LayerError(_too_large(path.name, MOST_CELLS_AS_OBJECTS))
    rows: list[list[Any]] = []
    left = MOST_CELLS
    for row in sheet.iter_rows(values_only=True):
        left -= max(len(row), 1)
        if left < 0:
            raise LayerError(_too_large(path.name, MOST_CELLS))
        rows.append(list(row))
    return rows


def _check_parts(path: Path, most_cells: int, layer_name: str) -> None:
    if formats.has_long_list(path):
        raise LayerError(_too_large(path.name, most_cells))
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        # zipfile gives no more of a part than it states
        if sum(part.file_size for part in parts) > MOST_BYTES:
            raise LayerError(_too_large(path.name, most_cells))
        beside = 0
        for part in parts:
            if not part.filename.lower().endswith((".xml", ".rels", ".vml")):
                continue
            is_sheet = part.filename.startswith(_SHEETS)
            elements = _elements_of(archive, part, path, layer_name, is_sheet=is_sheet)
            # a cell is an element with one inside
            if elements > 2 * most_cells:
                raise LayerError(_too_large(path.name, most_cells))
            beside += 0 if is_sheet or part.filename.startswith(_TEXTS) else elements
        if beside > _MOST_ELEMENTS_BESIDE:
            raise LayerError(_too_large(path.name, most_cells))


def _elements_of(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, path: Path, layer_name: str, *, is_sheet: bool
) -> int:
    """Count the elements of a part; refuses document types, and rows that have no end."""
    elements, row_bytes, last = 0, 0, b""
    with archive.open(part) as source:
        while block := source.read(_BLOCK_BYTES):
            seen = last + block
            if any(mark in seen for mark in _DOCTYPES):
                raise formats.refusal(path, formats.DOCTYPED, layer_name=layer_name)
            elements += seen.count(b"<") - seen.count(b"</")
            elements += sum(map(_merged_cells, _MERGED.findall(seen))) if is_sheet else 0
            # in a comment the end of a row ends none
            ends = [] if b"<!" in seen else [m.end() for m in _END_OF_ROW.finditer(seen)]
            row_bytes = len(seen) - ends[-1] if ends else row_bytes + len(block)
            if is_sheet and row_bytes > _MOST_ROW_BYTES:
                raise LayerError(_too_large(path.name, MOST_CELLS))
            last = block[-64:]
            elements -= last.count(b"<") - last.count(b"</")
    return elements


def _merged_cells(element: bytes) -> int:
    """Count the cells of a merged range, each of which openpyxl makes an object of."""
    from openpyxl.utils import range_boundaries  # noqa: PLC0415 - as above

    found = _RANGE.search(element)
    if found is None:
        return 2 * MOST_CELLS + 1  # not as programs write it: refused
    west, north, east, south = map(int, range_boundaries(found[1].decode("ascii")))
    return (east - west + 1) * (south - north + 1)


def _too_large(name: str, cells: int) -> Message:
    return Message("formats.book_too_large", name=name, most=MOST_BYTES >> 20, cells=f"{cells:,}")
