"""
The sheets of a workbook or a text as grids of cells, the first step for every table.

Every visible sheet is read, whatever extent the workbook states for it, and merged cells stand in
each of their places. Hidden sheets are not read, and the account says so.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zmd_layout.errors import LayerError
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.reading.workbooks import open_workbook, rows_of_sheet
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from zmd_layout.study import LayerSource
Grid = list[list[Any]]

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')
_BLOCK = 1 << 20
_LONGEST_TAG = 200
_MOST_COLUMNS = 16_384  # of a spreadsheet
_MOST_FILLED = 20_000_000  # cells that rows shorter than the widest lack
# a merged title may span the sheet; cells beyond these are no table
_MOST_MERGED_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    A sheet.

    Attributes
    ----------
    name
        Its name; "" of a text.
    grid
        Rows of equal length from row 1 of the file on. A cell of a text is a str; of a workbook
        what it holds. Empty is None.
    """

    name: str
    grid: Grid


def sheets_of(path: Path, source: LayerSource, layer_name: str, account: Account) -> list[Sheet]:
    """
    Read the sheets of a workbook.

    Parameters
    ----------
    path
        An XLSX.
    source
        For the sheets that the study names, hidden or not; else all that are visible are read.
    layer_name
        The layer in errors.
    account
        Takes an entry for the sheets that are not read.

    Raises
    ------
    LayerError
        If the workbook cannot be read or has no such sheet.
    """
    with open_workbook(path, layer_name=layer_name) as book:
        pages = _chosen(book, source.sheets, path, layer_name, account)
        return [Sheet(page.title, _grid(page, path)) for page in pages]


def _chosen(
    book: Any,  # noqa: ANN401 - openpyxl has no types
    wanted: Sequence[str] | None,
    path: Path,
    layer_name: str,
    account: Account,
) -> list[Any]:
    pages = {page.title: page for page in book.worksheets}
    if wanted is not None:
        missing = [name for name in wanted if name not in pages]
        if missing:
            raise LayerError(
                Message("layers.no_sheet", layer=layer_name, path=path.name, sheet=missing,
                        found=list(pages))
            )  # fmt: skip
        account.add(
            Item.SHEET, Outcome.LEFT_OUT, [name for name in pages if name not in wanted],
            why=Message("account.sheet_not_named"),
        )  # fmt: skip
        return [pages[name] for name in wanted]
    hidden = [name for name, page in pages.items() if page.sheet_state != "visible"]
    account.add(Item.SHEET, Outcome.LEFT_OUT, hidden, why=Message("account.sheet_hidden"))
    return [page for name, page in pages.items() if name not in hidden]


def _grid(page: Any, path: Path) -> Grid:  # noqa: ANN401 - openpyxl has no types
    page.reset_dimensions()  # the extent that the file states is often wrong
    grid = squared(rows_of_sheet(page, path), path.name)
    room = _MOST_MERGED_CELLS
    width = len(grid[0]) if grid else 0
    part = page._worksheet_path  # noqa: SLF001 - openpyxl names it nowhere else
    for north, west, south, east in _merged(path, part):
        rows, columns = min(south, len(grid)) - north + 1, min(east, width) - west + 1
        room -= rows * columns
        if room < 0 or rows < 1 or columns < 1:
            continue
        value = grid[north - 1][west - 1]
        for row in grid[north - 1 : north - 1 + rows]:
            row[west - 1 : west - 1 + columns] = [value] * columns
    return grid


def _merged(path: Path, part: str) -> Iterator[tuple[int, int, int, int]]:
    """Find the merged ranges of a sheet: first row, first column, last row, last column."""
    from openpyxl.utils import column_index_from_string as number  # noqa: PLC0415 - see above

    seen: set[bytes] = set()
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as file:
        rest = b""
        while block := file.read(_BLOCK):
            data = rest + block
            for found in _MERGED.finditer(data):
                if found[0] not in seen:
                    seen.add(found[0])
                    yield (
                        int(found[2]), number(found[1].decode()),
                        int(found[4]), number(found[3].decode()),
                    )  # fmt: skip
            rest = data[-_LONGEST_TAG:]


def squared(rows: Iterable[Sequence[Any]], name: str) -> Grid:
    """
    Strip the cells of rows, and fill the rows up to one length; nothing and blanks are None.

    Raises
    ------
    LayerError
        If almost all cells would be filled up: a small file that would take all memory. It is named
        as `name`.
    """
    grid: Grid = []
    for row in rows:
        if len(row) > _MOST_COLUMNS:  # before it is copied
            raise LayerError(Message("formats.ragged", name=name, columns=len(row)))
        grid.append([cleaned(cell) for cell in row])
    while grid and not any(cell is not None for cell in grid[-1]):
        grid.pop()
    width = max((_filled_width(row) for row in grid), default=0)
    lacking = sum(max(width - len(row), 0) for row in grid)
    if lacking > _MOST_FILLED:
        raise LayerError(Message("formats.ragged", name=name, columns=width))
    return [row[:width] + [None] * (width - len(row)) for row in grid]


def _filled_width(row: list[Any]) -> int:
    return next((n for n in range(len(row), 0, -1) if row[n - 1] is not None), 0)


def cleaned(cell: Any) -> Any:  # noqa: ANN401 - a cell holds what it holds
    """Strip a cell; what is blank is None."""
    if isinstance(cell, str):
        return cell.strip() or None
    return cell
