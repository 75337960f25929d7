"""
Find the head of a table among titles, notes and the first rows, and join its rows.

Which heads are known a reader says by `recognise`, so that rosters, censuses and lists of plots go
through the same search.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zmd_layout.layers.reading.sheets import Grid

    Recognise = Callable[[str], str | None]

_SEARCH_ROWS = 15
_MOST_HEAD_ROWS = 4
_IN_BRACKETS = re.compile(r"[(\[][^()\[\]]{1,40}[)\]]")
_TOTALS = ("合计", "总计", "总数", "小计", "计")
_UNIT_LINE = re.compile(r"单位[:：]\s*([^\s:：,，、;；()（）]{1,8})\s*$")
_BAND = re.compile(
    r"(\d{1,3})[-—–~～至到_](\d{1,3})(?:周?岁)?(?:组)?(?:的?常住)?(?:人口|人数|儿童)?(?:数)?"
)
# what a spreadsheet makes of 5-9: a day, written again as text
_DAY_ZH = re.compile(r"(\d{1,2})月(\d{1,2})日?")
_DAY_EN = re.compile(r"(\d{1,2})[-/]([A-Za-z]{3})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Head:
    """
    The head of a table.

    Attributes
    ----------
    titles
        Of each column the rows of its head, joined by `_`; empty where it has none.
    units
        Of each column the unit that its head, the row of units or the line above names, or "".
    first, body_from
        Its first row, and the first row after it, 0-based.
    recognised
        What `recognise` says of each column.
    """

    titles: tuple[str, ...]
    units: tuple[str, ...]
    first: int
    body_from: int
    recognised: tuple[str | None, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """The fields that are known."""
        return frozenset(field for field in self.recognised if field is not None)


@cache
def table_words() -> dict[str, Any]:
    """Return the words of which heads and rows are made."""
    source = files("zmd_layout.layers.reading") / "table_words.toml"
    return tomllib.loads(source.read_text("utf-8"))


def find_head(grid: Grid, recognise: Recognise) -> Head:
    """
    Find the head: the rows near the top in which most columns are known fields.

    Parameters
    ----------
    grid
        The cells.
    recognise
        The field of a title, or None.

    Returns
    -------
    Head
        Its rows joined; the first filled row where nothing is known. A row of units or of column
        numbers below it belongs to it.
    """
    first = next((n for n, row in enumerate(grid) if any(c is not None for c in row)), 0)
    best = (0, 0, 0)
    chosen = (first, 1)
    for start in range(min(_SEARCH_ROWS, len(grid))):
        for depth in range(1, min(_MOST_HEAD_ROWS, len(grid) - start) + 1):
            titles = joined(grid[start : start + depth])
            known = {field for title in titles if title and (field := recognise(title)) is not None}
            score = (len(known), -depth, -start)
            if score > best:
                best, chosen = score, (start, depth)
    start, depth = chosen
    titles = joined(grid[start : start + depth])
    of_table = _unit_above(grid[:start])
    below = start + depth
    units = [unit_in(title) or of_table for title in titles]
    while below < len(grid) and _is_below_head(grid[below]):
        named = [as_unit(cell) for cell in grid[below]]
        units = [known or unit for known, unit in zip(named, units, strict=True)]
        below += 1
    found = tuple(recognise(title) if title else None for title in titles)
    return Head(titles, tuple(units), start, below, found)


def joined(rows: Grid) -> tuple[str, ...]:
    """Join the rows of a head by column; a head over several columns stands over each of them."""
    filled = [_fill_right(row, rows[n + 1 :]) for n, row in enumerate(rows)]
    titles = []
    for column in range(len(rows[0]) if rows else 0):
        parts: list[str] = []
        for row in filled:
            text = _title(row[column])
            if text and (not parts or parts[-1] != text):
                parts.append(text)
        titles.append("_".join(parts))
    return tuple(titles)


def _title(cell: object) -> str:
    """Return a head as text; 5-9, which a spreadsheet took for a day, is an age group again."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime | dt.date):
        return f"{cell.month}-{cell.day}"
    words = str(cell).split()
    return " ".join(words) if str(cell).isascii() else "".join(words)


def _fill_right(row: Sequence[object], below: Grid) -> list[object]:
    """Carry a head to the right over columns that have a head of their own only further down."""
    out = list(row)
    for column in range(1, len(out)):
        has_below = any(lower[column] is not None for lower in below)
        if out[column] is None and has_below and out[column - 1] is not None:
            out[column] = out[column - 1]
    return out


def _unit_above(rows: Grid) -> str:
    """Return the one unit that a line above the head names for the whole table, or ""."""
    for row in rows:
        for cell in row:
            found = _UNIT_LINE.search(unicodedata.normalize("NFKC", str(cell or "")))
            if found is not None and (unit := as_unit(found[1])):
                return unit
    return ""


def _is_below_head(row: Sequence[object]) -> bool:
    """Report a row of units or of column numbers (甲 乙 1 2 3)."""
    cells = [unicodedata.normalize("NFKC", str(cell)).strip("() ") for cell in row if cell]
    if not cells:
        return False
    is_units = all(as_unit(cell) for cell in cells)
    numbers = [cell for cell in cells if cell.isdigit()]
    runs = numbers == [str(n + 1) for n in range(len(numbers))]
    is_only_numbers = all(cell.isdigit() or cell in "甲乙丙丁戊" for cell in cells)
    # two numbers that run 1, 2 are as likely a row of data
    is_long = len(numbers) > 2 or len(cells) > len(numbers) > 1  # noqa: PLR2004 - see above
    return is_units or (is_long and runs and is_only_numbers)


def as_unit(cell: object) -> str:
    """Return the unit that a cell names (`（单位：人）`), or ""."""
    text = unicodedata.normalize("NFKC", str(cell)).strip("()[] ").removeprefix("单位")
    text = text.removeprefix(":").strip()
    return text if text in _units() else ""


@cache
def _units() -> frozenset[str]:
    units = table_words()["units"]
    named = [*units["count"], *units["area"], *units["other"]]
    return frozenset(unicodedata.normalize("NFKC", unit) for unit in named)


def unit_in(title: str) -> str:
    """Return the unit in the brackets of a head (占地面积（亩）), or ""."""
    found = _IN_BRACKETS.findall(unicodedata.normalize("NFKC", title))
    known = [unit for text in found if (unit := as_unit(text))]
    return known[-1] if known else ""


def scale_of(unit: str, kind: str) -> float:
    """Return what one of a unit is in ours; 1 for a unit of another kind than `count` or `area`."""
    named = table_words()["units"].get(kind, {})
    scales = {unicodedata.normalize("NFKC", name): scale for name, scale in named.items()}
    return float(scales.get(unit, 1.0))


def forms(title: str) -> list[str]:
    """
    Return the forms under which a head may be known, the surest first.

    The head as a whole goes first, with and without its unit and its 合计; then its rows in the
    other order (在校生数_小学 is 小学在校生数); then its last row alone.
    """
    text = unicodedata.normalize("NFKC", title)
    bare = _IN_BRACKETS.sub(lambda m: "" if as_unit(m[0]) else m[0], text)
    found = []
    for whole in (text, bare):
        parts = rows_of_title(whole)
        kept = [part for part in parts if part not in _TOTALS] or parts
        found += ["".join(parts), "".join(kept), "".join(reversed(kept)), *_last(kept, parts)]
    return found


def rows_of_title(title: str) -> list[str]:
    """Part a joined title; in names of programs, such as county_name, the sign is of the name."""
    return [title] if title.isascii() else title.split("_")


def _last(kept: list[str], parts: list[str]) -> list[str]:
    """Return the last row of a head, unless the rows above say that it is a part or a total."""
    is_part = any(word in part for part in kept[:-1] for word in table_words()["rows"]["parts"])
    return [kept[-1]] if kept[-1] == parts[-1] and not is_part else []


def age_column(head: str) -> str | None:
    """Return our column of the ages that a head names (5-9岁, 分年龄_5-9, 5月9日), else None."""
    for form in dict.fromkeys(form.replace(" ", "") for form in forms(head)):
        band = _BAND.fullmatch(form) or _DAY_ZH.fullmatch(form)
        if band is not None:
            return f"residents_{int(band[1])}_{int(band[2])}"
        day = _DAY_EN.fullmatch(form)
        if day is not None and day[2].casefold() in _MONTHS:
            return f"residents_{_MONTHS.index(day[2].casefold()) + 1}_{int(day[1])}"
    return None
