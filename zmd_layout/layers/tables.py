"""
Read tables of text, whole or what of their points lies in a window.

A window is looked for a block at a time, so that a table of a nation takes the memory of a county.
Where a block is plain (no quotes, numbers as coordinates), pandas reads its two columns of
coordinates and only rows in the window are made; any other block goes through the reader of whole
tables, so that both give the same rows and the same faults.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.layers import formats
from zmd_layout.layers.reading.cells import Unreadable, read_degrees
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Bounds = tuple[float, float, float, float]
    Floats = np.ndarray[Any, np.dtype[np.float64]]

BLOCK_BYTES = 1 << 22
_ROWS_AT_ONCE = 1 << 16
_ENCODINGS = ("utf-8-sig", "gb18030")
_HEAD = 4096
_SHOWN = 5
_NO_PLACE = ("", "—", "-", "——", "/", "无", "None", "nan")
_MOST_COLUMNS = 16_384  # of a spreadsheet
_MOST_FILLED = 20_000_000  # cells that rows shorter than the head lack
# what only csv knows how to read, and what ends a line for str.splitlines but not for pandas
_NOT_PLAIN = '"\0\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029'


class Text(NamedTuple):
    """A file of text: where it is, its encoding, and what stands between its cells."""

    path: Path
    encoding: str
    separator: str


@dataclass(slots=True)
class Misread:
    """Cells of a column of coordinates that are no numbers."""

    column: str
    count: int = 0
    rows: list[object] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def refuse(self, layer_name: str) -> None:
        """
        Refuse the layer if there are any.

        Raises
        ------
        LayerError
            How many, the first rows (from 1) and the first different cells.
        """
        if self.count:
            raise LayerError(
                Message(
                    "layers.not_a_coordinate", layer=layer_name, column=self.column,
                    count=self.count, rows=self.rows, found=[cell[:30] for cell in self.found],
                )
            )  # fmt: skip

    def numbers(self, cells: pd.Series[Any], *, first_row: int = 0) -> Floats:
        """Read cells, NaN where they are empty, and note those that are no numbers."""
        text = cells.astype("string").str.strip()
        blank = text.isna() | text.isin(_NO_PLACE).fillna(value=True)
        read = pd.to_numeric(text.where(~blank), errors="coerce")
        numbers: Floats = np.array(read.astype("float64"), dtype=np.float64, copy=True)
        for n in np.flatnonzero(~blank.to_numpy() & np.isnan(numbers)).tolist():
            cell = text.iloc[n]
            try:
                numbers[n] = read_degrees(cell)
            except Unreadable:
                label = cells.index[n]
                self.note(label if isinstance(label, str) else first_row + int(label) + 1, cell)
        return numbers

    def note(self, row: object, cell: object) -> None:
        """Note a cell that is no number."""
        self.count += 1
        if len(self.rows) < _SHOWN:
            self.rows.append(row)
        if str(cell) not in self.found and len(self.found) < _SHOWN:
            self.found.append(str(cell))


@dataclass(slots=True)
class Window:
    """
    Which rows of a table lie in a window.

    Parameters
    ----------
    bounds
        West, south, east and north in the table's own coordinates.
    x, y
        The positions of its columns of coordinates, and their heads.
    """

    bounds: Bounds
    x: tuple[int, str]
    y: tuple[int, str]
    rows_seen: int = 0
    _misread: tuple[Misread, Misread] = field(init=False)

    def __post_init__(self) -> None:
        self._misread = (Misread(self.x[1]), Misread(self.y[1]))

    def choose(self, rows: list[list[Any]]) -> list[list[Any]]:
        """Choose among the rows that follow; blank ones are counted and left out."""
        places = [
            misread.numbers(
                pd.Series([row[at] if at < len(row) else None for row in rows], dtype=object),
                first_row=self.rows_seen,
            )
            for misread, (at, _) in zip(self._misread, (self.x, self.y), strict=True)
        ]
        self.rows_seen += len(rows)
        return [rows[n] for n in np.flatnonzero(self._holds(*places))]

    def choose_plain(self, block: str, separator: str) -> list[str] | None:
        """Choose among the lines that follow; None: they are not plain enough."""
        lines = block.splitlines()
        at = [self.x[0], self.y[0]]
        try:
            table = pd.read_csv(
                io.BytesIO(block.encode()), sep=separator, header=None, names=range(max(at) + 1),
                usecols=at, index_col=False, dtype=np.float64, quoting=csv.QUOTE_NONE,
                skip_blank_lines=False, keep_default_na=False, na_values=[""],
            )  # fmt: skip
        except ValueError:  # pandas' own errors are such, too
            return None
        x, y = table[at[0]].to_numpy(), table[at[1]].to_numpy()
        if len(table) != len(lines) or np.isinf(x).any() or np.isinf(y).any():
            return None
        self.rows_seen += len(lines)
        return [lines[n] for n in np.flatnonzero(self._holds(x, y))]

    def refuse_misread(self, layer_name: str) -> None:
        """
        Refuse the layer if a cell of a coordinate, wherever it would lie, is no number.

        Raises
        ------
        LayerError
            As for a whole table: of the first column that has such.
        """
        for misread in self._misread:
            misread.refuse(layer_name)

    def _holds(self, x: Floats, y: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
        west, south, east, north = self.bounds
        # digits are read to the last bit by one parser only: the rows at the edge stay in
        slack = 1e-12 * max(map(abs, self.bounds))
        return (
            (x >= west - slack) & (x <= east + slack) & (y >= south - slack) & (y <= north + slack)
        )


def is_no_place(cell: object) -> bool:
    """Report a cell that names no place: nothing, a dash, 无."""
    return cell is None or str(cell).strip() in _NO_PLACE


def open_text(path: Path, encoding: str | None, layer_name: str) -> Text:
    """
    Find out how a file of text is written.

    Raises
    ------
    LayerError
        If it is in none of the encodings, or not in the one that is declared.
    """
    marked = formats.encoding_mark(path)
    for name in [marked] if marked else [encoding] if encoding else _ENCODINGS:
        try:
            bytes(4).decode(name)  # refuses what is no encoding of text
            head = ""
            for block in _decoded(path, name):
                head = head or block
        except (UnicodeDecodeError, LookupError):
            continue
        first = head[:_HEAD].splitlines()[0] if head else ""
        return Text(path, name, max(",\t;", key=first.count))
    raise LayerError(
        Message("layers.encoding", layer=layer_name, path=path.name,
                encoding=encoding or "UTF-8, GB18030")
    )  # fmt: skip


def all_rows_of(text: Text) -> Iterator[list[str]]:
    """Yield every row, blank ones among them, so that their numbers are those of the file."""
    lines = chain.from_iterable(block.splitlines() for block in _blocks(text))
    return csv.reader(lines, delimiter=text.separator)


def rows_within(text: Text, window: Window) -> Iterator[list[str]]:
    """
    Return the rows below the head that lie in a window.

    Parameters
    ----------
    text
        A table whose head is its first row that is not empty.
    window
        Counts the rows, and keeps the cells that are no numbers.
    """
    blocks = _blocks(text)
    is_head_due = True
    for whole in blocks:
        if not _is_plain(whole):
            # a quote may reach over many blocks: from here on all is read as in whole tables
            rest = chain.from_iterable(some.splitlines() for some in chain([whole], blocks))
            rows = csv.reader(rest, delimiter=text.separator)
            if is_head_due:
                window.rows_seen += next((n for n, row in enumerate(rows, start=1) if any(row)), 0)
            while some := list(islice(rows, _ROWS_AT_ONCE)):
                yield from window.choose(some)
            return
        block = whole
        if is_head_due:
            lines = whole.splitlines(keepends=True)
            filled = next((n for n, line in enumerate(lines) if not _is_bare(line, text)), None)
            window.rows_seen += len(lines) if filled is None else filled + 1
            if filled is None:
                continue
            block, is_head_due = "".join(lines[filled + 1 :]), False
        chosen = window.choose_plain(block, text.separator)
        if chosen is None:
            found = csv.reader(block.splitlines(), delimiter=text.separator)
            yield from window.choose(list(found))
        else:
            yield from csv.reader(chosen, delimiter=text.separator)


def _is_plain(block: str) -> bool:
    is_broken_oddly = block.count("\r") != block.count("\r\n")
    return not (is_broken_oddly or any(mark in block for mark in _NOT_PLAIN))


def _is_bare(line: str, text: Text) -> bool:
    """Return whether no cell of a plain line holds anything."""
    return not line.rstrip("\r\n").strip(text.separator)


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    """Decode a file a block at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while data := file.read(BLOCK_BYTES):
            yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def _blocks(text: Text) -> Iterator[str]:
    """Return a text in blocks of whole lines; one without line feeds is one block."""
    begun: list[str] = []
    for block in _decoded(text.path, text.encoding):
        end = block.rfind("\n") + 1
        if end:
            yield "".join([*begun, block[:end]])
            begun.clear()
        begun.append(block[end:])
    rest = "".join(begun)
    if rest:
        yield rest


def table_of(rows: Iterable[list[Any]], head: list[str], name: str) -> pd.DataFrame:
    """
    Make a table: rows that are shorter than the head are filled up, longer ones cut.

    Raises
    ------
    LayerError
        If the head is wider than a spreadsheet, or almost all cells would be filled up: a small
        file that would take all memory. It is named as `name`.
    """
    width, left = len(head), _MOST_FILLED
    if width > _MOST_COLUMNS:
        raise LayerError(Message("formats.ragged", name=name, columns=width))

    def fitted(row: list[Any]) -> list[Any]:
        nonlocal left
        left -= max(width - len(row), 0)
        if left < 0:
            raise LayerError(Message("formats.ragged", name=name, columns=width))
        return [*row[:width], *[None] * (width - len(row))]

    body = [row if len(row) == width else fitted(row) for row in rows]
    return pd.DataFrame(body, columns=head, dtype=object)


def heads_of(first: list[Any]) -> list[str]:
    """Return the names of columns; those without one are numbered."""
    head = [str(cell).strip() if cell is not None else "" for cell in first]
    return [name or f"column_{n + 1}" for n, name in enumerate(head)]
