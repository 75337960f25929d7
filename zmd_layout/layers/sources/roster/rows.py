"""The rows of a roster: what is a school, and what is a total, a footer or a heading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.plain import plain
from zmd_layout.layers.reading.heads import table_words
from zmd_layout.layers.reading.table_rows import is_total
from zmd_layout.layers.sources.roster.cells import is_blank
from zmd_layout.layers.sources.roster.report import Skipped
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zmd_layout.layers.reading.heads import Head
    from zmd_layout.layers.reading.sheets import Grid

_FILLED_DOWN = ("county", "county_code")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a school: its number in the sheet, from 1, and the cells of the fields."""

    number: int
    cells: dict[str, Any]
    others: tuple[Any, ...]
    sheet: str = ""


def rows_of(
    grid: Grid, head: Head, columns: Mapping[str, int], *, sheet: str = ""
) -> tuple[list[Row], list[Skipped]]:
    """
    Take the rows of schools out of a grid.

    A county that stands once over its schools, in a merged cell or in a row of its own, is filled
    down.

    Returns
    -------
    rows, skipped
        Each row below the head that is not empty is in one of them.
    """
    rows: list[Row] = []
    skipped: list[Skipped] = []
    above: dict[str, Any] = {}
    for number, cells in _filled(grid, head.body_from):
        named = {field: cells[column] for field, column in columns.items()}
        reason = _no_school(cells, named, head, columns)
        if reason is not None:
            if reason.key == "roster.row_heading":
                above["county"] = _first(cells)
            skipped.append(Skipped(number, _first(cells)[:_SHOWN], reason, sheet))
            continue
        for field in _FILLED_DOWN:
            if not is_blank(named.get(field)):
                above[field] = named[field]
            elif field in above:
                named[field] = above[field]
        rows.append(Row(number, named, tuple(cells), sheet))
    return rows, skipped


def _filled(grid: Grid, body_from: int) -> Iterator[tuple[int, list[Any]]]:
    for n, cells in enumerate(grid[body_from:], start=body_from + 1):
        if any(cell is not None for cell in cells):
            yield n, cells


def _no_school(
    cells: list[Any], named: Mapping[str, Any], head: Head, columns: Mapping[str, int]
) -> Message | None:
    """Report why a row is no school; None if it is one."""
    first = _first(cells)
    table = table_words()["rows"]
    if first.startswith(tuple(table["footers"])):
        return Message("roster.row_footer")
    name = "" if is_blank(named.get("name")) else plain(str(named["name"]))
    if name and name == plain(head.titles[columns["name"]].split("_")[-1]):
        return Message("roster.row_head_again")
    if any(map(is_total, cells[: columns["name"] + 1])) or _counts_schools(name):
        return Message("roster.row_total")
    if sum(cell is not None for cell in cells) == 1 or len({str(c) for c in cells}) == 1:
        is_county = first.endswith(tuple(table["county_endings"]))
        return Message("roster.row_heading" if is_county else "roster.row_remark")
    if not name and is_blank(named.get("school_id")):
        return Message("roster.row_nameless")
    return None


def _counts_schools(name: str) -> bool:
    """Report a total that has a number of schools (4所) in the place of a name."""
    return re.fullmatch(r"(?:共|计)?\d+[所个]", name) is not None


def _first(cells: list[Any]) -> str:
    return next((plain(str(cell)) for cell in cells if cell is not None), "")
