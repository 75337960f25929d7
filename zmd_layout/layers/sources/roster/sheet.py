"""A file of the education statistics → a grid of cells, with merged cells filled."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from zmd_layout.errors import LayerError
from zmd_layout.layers import formats
from zmd_layout.layers.workbooks import open_workbook, rows_of_sheet
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from pathlib import Path

Grid = list[list[Any]]
_ENCODINGS = ("utf-8-sig", "gb18030")
_LAYER = "schools"


def read_grid(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Grid:
    """
    Read all cells of a CSV or XLSX file.

    Parameters
    ----------
    path
        The file.
    sheet
        The sheet of a workbook; by default the first.
    encoding
        The encoding of a text; by default UTF-8, else GB18030 (which holds GBK).

    Returns
    -------
    grid
        Rows of equal length, from row 1 of the file on. A cell of a text is a str; of a workbook
        what it holds. A merged cell stands in each of its places. Empty is None.

    Raises
    ------
    LayerError
        If the file is not there, cannot be decoded or has no such sheet.
    """
    if not path.exists():
        raise LayerError(Message("layers.no_file", layer=_LAYER, path=path))
    found = formats.format_of(path)
    if not is_table(path):
        raise formats.refusal(path, found, layer_name=_LAYER)
    rows = _book(path, sheet) if found == formats.XLSX else _text(path, encoding)
    width = max((len(row) for row in rows), default=0)
    return [[_cell(c) for c in row] + [None] * (width - len(row)) for row in rows]


def is_table(path: Path) -> bool:
    """Return whether a file is a workbook or a text, by its first bytes."""
    found = formats.format_of(path)
    return found == formats.XLSX or formats.is_text_table(path, found)


def _cell(cell: Any) -> Any:  # noqa: ANN401 - a cell holds what it holds
    if isinstance(cell, str):
        return cell.strip() or None
    return cell


def _text(path: Path, encoding: str | None) -> Grid:
    data = path.read_bytes()
    marked = formats.encoding_mark(path)
    for name in [marked] if marked else [encoding] if encoding else _ENCODINGS:
        try:
            text = data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        separator = max(",\t;", key=text[:4096].count)
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)]
    raise LayerError(
        Message("layers.encoding", layer=_LAYER, path=path.name,
                encoding=encoding or "UTF-8, GB18030")
    )  # fmt: skip


def _book(path: Path, sheet: str | None) -> Grid:
    # merged ranges are known only to the full reader
    with open_workbook(path, layer_name=_LAYER, with_merged=True) as book:
        if sheet is not None and sheet not in book.sheetnames:
            raise LayerError(
                Message("layers.no_sheet", layer=_LAYER, sheet=sheet, found=book.sheetnames)
            )
        page = book[sheet] if sheet else book.worksheets[0]
        grid = rows_of_sheet(page, path)
        for merged in page.merged_cells.ranges:
            value = grid[merged.min_row - 1][merged.min_col - 1]
            for row in grid[merged.min_row - 1 : merged.max_row]:
                row[merged.min_col - 1 : merged.max_col] = [value] * merged.size["columns"]
    return grid
