"""The rows of a table: what is data, and what is a total, a note, a heading or a head again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.layers.plain import plain
from zmd_layout.layers.reading.heads import joined, rows_of_title, table_words
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.layers.reading.heads import Head

_LEAST_CELLS_OF_DATA = 2


def why_no_data(cells: Sequence[Any], head: Head, named: Sequence[int]) -> Message | None:
    """
    Report why a row below the head is no data; None if it is.

    Parameters
    ----------
    cells
        The row.
    head
        The head of the table.
    named
        The columns in which a total would say so: names, ids, numbers of rows.
    """
    filled = [cell for cell in cells if cell is not None]
    first = plain(str(filled[0])).casefold() if filled else ""
    if first.startswith(tuple(table_words()["rows"]["footers"])):
        return Message("account.row_note")
    if _is_head_again(cells, head):
        return Message("account.row_head_again")
    if any(is_total(cells[n]) for n in named if n < len(cells)):
        return Message("account.row_total")
    columns = sum(1 for title in head.titles if title)
    is_alone = len(filled) < _LEAST_CELLS_OF_DATA or len({str(c) for c in filled}) == 1
    if is_alone and columns > _LEAST_CELLS_OF_DATA and isinstance(filled[0], str):
        return Message("account.row_remark")
    return None


def _is_head_again(cells: Sequence[Any], head: Head) -> bool:
    """Report a row of the head that is printed again, on each page of a long table."""
    titles = joined([list(cells)])
    same = [
        title in rows_of_title(own)
        for title, own in zip(titles, head.titles, strict=False)
        if title and own
    ]
    return len(same) >= _LEAST_CELLS_OF_DATA and all(same)


def is_total(cell: object) -> bool:
    """Recognise 合计, 其中:女 and 全县合计; a name that holds such a word is longer."""
    if not isinstance(cell, str):
        return False
    text = plain(cell).casefold()
    words = table_words()["rows"]
    return (
        text in words["totals"]
        or text.startswith("其中")
        or text.endswith(tuple(words["total_endings"]))
    )
