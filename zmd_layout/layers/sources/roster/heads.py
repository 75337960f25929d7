"""Find the head of a table, join its rows, and tell which column is which field."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.errors import LayerError
from zmd_layout.layers.sources.roster.bands import band_of
from zmd_layout.layers.sources.roster.tables import field_of_head, fields, plain, words
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zmd_layout.layers.sources.roster.sheet import Grid

_SEARCH_ROWS = 15
_MOST_HEAD_ROWS = 4
_IN_BRACKETS = re.compile(r"[(\[][^()\[\]]{1,40}[)\]]")
_TOTALS = ("合计", "总计", "总数", "小计", "计")


@dataclass(frozen=True, slots=True)
class Head:
    """
    The head of a table.

    Attributes
    ----------
    titles
        Of each column the rows of its head, joined by `_`; empty where it has none.
    units
        Of each column the unit that its head or the row of units names, or "".
    body_from
        The first row after it, 0-based.
    """

    titles: tuple[str, ...]
    units: tuple[str, ...]
    body_from: int


def find_head(grid: Grid) -> Head:
    """
    Find the head: the rows near the top in which most columns are known fields.

    Parameters
    ----------
    grid
        The cells.

    Returns
    -------
    Head
        Its rows joined. A row of units or of column numbers below it belongs to it.
    """
    best = (0, 0, 0)
    chosen = (0, 1)
    for start in range(min(_SEARCH_ROWS, len(grid))):
        for depth in range(1, min(_MOST_HEAD_ROWS, len(grid) - start) + 1):
            titles = _joined(grid[start : start + depth])
            score = (_recognised(titles), -depth, -start)
            if score > best:
                best, chosen = score, (start, depth)
    start, depth = chosen
    titles = _joined(grid[start : start + depth])
    below = start + depth
    units = [_unit_in(title) for title in titles]
    while below < len(grid) and _is_below_head(grid[below]):
        named = [_as_unit(cell) for cell in grid[below]]
        units = [known or unit for known, unit in zip(units, named, strict=True)]
        below += 1
    return Head(titles, tuple(units), below)


def _joined(rows: Grid) -> tuple[str, ...]:
    """Join the rows of a head by column; a head over several columns stands over each of them."""
    filled = [_fill_right(row, rows[n + 1 :]) for n, row in enumerate(rows)]
    titles = []
    for column in range(len(rows[0]) if rows else 0):
        parts: list[str] = []
        for row in filled:
            text = "".join(str(row[column]).split()) if row[column] is not None else ""
            if text and (not parts or parts[-1] != text):
                parts.append(text)
        titles.append("_".join(parts))
    return tuple(titles)


def _fill_right(row: Sequence[object], below: Grid) -> list[object]:
    """Carry a head to the right over columns that have a head of their own only further down."""
    out = list(row)
    for column in range(1, len(out)):
        has_below = any(lower[column] is not None for lower in below)
        if out[column] is None and has_below and out[column - 1] is not None:
            out[column] = out[column - 1]
    return out


def _recognised(titles: Sequence[str]) -> int:
    fields_found = {field for title in titles if (field := field_of(title)) is not None}
    bands = sum(band_of(title) is not None for title in titles)
    return len(fields_found) + bands


def _is_below_head(row: Sequence[object]) -> bool:
    """Tell a row of units or of column numbers (甲 乙 1 2 3)."""
    cells = [unicodedata.normalize("NFKC", str(cell)).strip("() ") for cell in row if cell]
    if not cells:
        return False
    is_units = all(_as_unit(cell) for cell in cells)
    numbers = [cell for cell in cells if cell.isdigit()]
    runs = numbers == [str(n + 1) for n in range(len(numbers))]
    is_only_numbers = all(cell.isdigit() or cell in "甲乙丙丁戊" for cell in cells)
    return is_units or (len(numbers) > 1 and runs and is_only_numbers)


def _as_unit(cell: object) -> str:
    """Give the unit that a cell names (`（单位：人）`), or ""."""
    text = unicodedata.normalize("NFKC", str(cell)).strip("()[] ").removeprefix("单位")
    text = text.removeprefix(":").strip()
    return text if text in words()["rows"]["units"] else ""


def _unit_in(title: str) -> str:
    """Give the unit in the brackets of a head (占地面积（亩）), or ""."""
    found = _IN_BRACKETS.findall(unicodedata.normalize("NFKC", title))
    known = [unit for text in found if (unit := _as_unit(text))]
    return known[-1] if known else ""


def field_of(title: str) -> str | None:
    """
    Tell the field of a head, or None.

    The head as a whole goes first, with and without its unit and its 合计; then its rows in the
    other order (在校生数_小学 is 小学在校生数); then its last row alone.
    """
    known = field_of_head()
    return next((known[form] for form in _forms(title) if form in known), None)


def _forms(title: str) -> list[str]:
    text = unicodedata.normalize("NFKC", title)
    bare = _IN_BRACKETS.sub(lambda m: "" if _as_unit(m[0]) else m[0], text)
    forms = []
    for whole in (text, bare):
        parts = whole.split("_")
        kept = [part for part in parts if part not in _TOTALS] or parts
        forms += ["".join(parts), "".join(kept), "".join(reversed(kept)), *_last(kept, parts)]
    return [plain(form) for form in forms]


def _last(kept: list[str], parts: list[str]) -> list[str]:
    """Give the last row of a head, unless the rows above say that it is a part or a total."""
    is_part = any(word in part for part in kept[:-1] for word in words()["rows"]["parts"])
    return [kept[-1]] if kept[-1] == parts[-1] and not is_part else []


def columns_of_fields(head: Head, declared: Mapping[str, str]) -> dict[str, int]:
    """
    Tell which column holds which field.

    Parameters
    ----------
    head
        The head.
    declared
        `columns` of the study: our column or a field's name → the head in the file.

    Returns
    -------
    columns
        Field → number of the column.

    Raises
    ------
    LayerError
        If a declared head is not there, or two columns could be one field: never picked; the error
        gives the lines to write. All faults in one error.
    """
    faults: list[Message] = []
    chosen: dict[str, int] = {}
    for ours, theirs in declared.items():
        at = [n for n, title in enumerate(head.titles) if _is_head(title, theirs)]
        if not at:
            faults.append(
                Message("layers.no_such_column", layer="schools", column=theirs, ours=ours,
                        found=[title for title in head.titles if title])
            )  # fmt: skip
        else:
            chosen[_field_named(ours)] = at[0]
    rest: dict[str, list[int]] = {}
    for n, title in enumerate(head.titles):
        field = field_of(title) if n not in chosen.values() else None
        if field is not None and field not in chosen:
            rest.setdefault(field, []).append(n)
    for field, at in rest.items():
        if len(at) == 1:
            chosen[field] = at[0]
        else:
            faults.append(_which(field, [head.titles[n] for n in at]))
    if faults:
        raise LayerError(*faults)
    return chosen


def _which(field: str, titles: list[str]) -> Message:
    ours = fields()[field].column or field
    lines = [f'columns = {{{ours} = "{title}"}}' for title in titles]
    return Message("roster.two_candidates", field=ours, found=titles, lines=lines)


def _is_head(title: str, theirs: str) -> bool:
    wanted = plain(theirs)
    return bool(title) and wanted in {plain(title), plain(title.rsplit("_", maxsplit=1)[-1])}


def _field_named(ours: str) -> str:
    """Give the field of one of our columns; the name of a field is its own."""
    if ours in fields():
        return ours
    return next((field.name for field in fields().values() if field.column == ours), ours)
