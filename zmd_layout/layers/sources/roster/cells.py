"""
Read one cell of the education statistics.

Each reader gives the value, None for an empty cell, and raises `Unreadable` for one that it does
not understand; `Doubtful` carries a value that a person has to look at.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.reading.cells import (
    Unreadable,
    is_approximate,
    read_amount,
    read_place,
    text_of,
    value_words,
    word_in,
)
from zmd_layout.layers.reading.heads import scale_of, table_words
from zmd_layout.layers.sources.roster.tables import words
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

_BLANK = frozenset({"", "—", "-", "--", "——", "/", "无", "none", "nan", "\\"})
_TRUE = frozenset({"是", "有", "√", "true", "1", "yes", "y", "t"})
_FALSE = frozenset({"否", "无", "×", "false", "0", "no", "n", "f"})
# Excel counts days from 1899-12-30; whole numbers in this span are days of 1954 to 2064
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_SERIALS = (20_000, 60_000)
_YEARS = (1900, 2100)
_SCHOOL_YEAR_MONTH = 9


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A value that was read, and why somebody should look at it."""

    value: Any
    reason: Message


def is_blank(cell: object) -> bool:
    """Recognise an empty cell: nothing, a dash, 无."""
    return cell is None or (isinstance(cell, str) and _text(cell).casefold() in _BLANK)


def read_text(cell: object) -> str | None:
    """Read a text without control characters."""
    text = "".join(c for c in _text(cell) if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return text or None


def read_id(cell: object) -> str | None:
    """Read an id as text; a number that a spreadsheet has shortened (2.14E+09) is refused."""
    text = _text(cell).lstrip("'")
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        raise Unreadable
    return re.sub(r"(?<=\d)\.0$", "", text) or None


def read_number(cell: object) -> float | None:
    """Read a number at least 0, with thousands separators or a unit behind it."""
    number = read_amount(_without_unit(cell))
    if number < 0 or is_approximate(cell):
        raise Unreadable
    return number


def _without_unit(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = text_of(cell)
    unit = next((u for u in sorted(_areas(), key=len, reverse=True) if text.endswith(u)), "")
    return text.removesuffix(unit).strip() if unit else cell


@cache
def _areas() -> frozenset[str]:
    units = table_words()["units"]
    return frozenset(text_of(unit) for unit in [*units["area"], *units["other"]])


def read_count(cell: object) -> float | None:
    """Read a whole number at least 0."""
    number = read_number(cell)
    if number is None or number % 1:
        raise Unreadable
    return number


def read_area(cell: object, *, unit: str) -> float | None:
    """Read an area in m²; `unit` is that of the column, a unit in the cell goes before it."""
    own = text_of(cell) if isinstance(cell, str) else ""
    named = [u for u in _areas() if own.endswith(u)]
    number = read_number(cell)
    scale = scale_of(max(named, key=len) if named else unit, "area")
    return None if number is None else number * scale


def read_bool(cell: object) -> bool | None:
    """Read yes or no; a number of rooms is yes where it is not zero."""
    text = re.sub(r"\.0$", "", _text(cell).casefold())
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text.isdigit():
        return int(text) > 0
    raise Unreadable


def read_date(cell: object) -> dt.date | Doubtful | None:
    """
    Read a day: a date, Excel's number of one, 2023-9-1, 2023.9, 2023年9月, 202309, 2023年秋, 2023.

    A month alone is its first day; 秋 and a year alone are 1 September, the beginning of the school
    year; the year alone is doubtful.
    """
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if isinstance(cell, float) and cell % 1:
        return _month_of_number(cell)
    text = _in_digits(re.sub(r"\.0$", "", _text(cell)))
    if text.isdigit() and _SERIALS[0] <= int(text) <= _SERIALS[1]:
        return _EXCEL_EPOCH + dt.timedelta(days=int(text))
    for pattern, make in _DATES:
        found = re.fullmatch(pattern, text)
        if found is not None:
            return make(found)
    raise Unreadable


def _in_digits(text: str) -> str:
    """Write 二〇一二年九月 as 2012年9月."""
    if not set(text) & set("一二三四五六七八九"):
        return text
    months = {"十一": "11", "十二": "12", "十": "10"}
    text = re.sub("(?<=年)(十[一二]?)(?=月)", lambda m: months[m[1]], text)
    text = re.sub("(?<=月)(二?三?十[一二三四五六七八九]?)(?=日)", _day_in_digits, text)
    return text.translate(str.maketrans("〇零○O一二三四五六七八九", "0000123456789"))


def _day_in_digits(found: re.Match[str]) -> str:
    tens, _, ones = found[1].partition("十")
    digits = "一二三四五六七八九"
    return f"{digits.find(tens) + 1 if tens else 1}{digits.find(ones) + 1 if ones else 0}"


def _month_of_number(cell: float) -> dt.date | Doubtful:
    """Read 2023.9, which a spreadsheet holds as a number; 2023.1 may be January or October."""
    year, _, month = str(cell).partition(".")
    day = _day(year, month)
    if month == "1":
        return Doubtful(None, Message("roster.january_or_october", found=cell))
    return day


def _day(year: str, month: str, day: str = "1") -> dt.date:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError as error:
        raise Unreadable from error


def _autumn(year: str) -> dt.date:
    return dt.date(int(year), _SCHOOL_YEAR_MONTH, 1)


def _year_alone(year: str) -> Doubtful:
    if not _YEARS[0] <= int(year) <= _YEARS[1]:
        raise Unreadable
    return Doubtful(_autumn(year), Message("roster.year_alone", found=year))


_DATES: tuple[tuple[str, Callable[[re.Match[str]], dt.date | Doubtful]], ...] = (
    (r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?", lambda m: _day(m[1], m[2], m[3])),
    (r"(\d{4})[-/.年](\d{1,2})月?", lambda m: _day(m[1], m[2])),
    (r"(\d{4})(\d{2})(\d{2})", lambda m: _day(m[1], m[2], m[3])),
    (r"(\d{4})(\d{2})", lambda m: _day(m[1], m[2])),
    (r"(\d{4})年?秋季?(?:学期)?", lambda m: _autumn(m[1])),
    (r"(\d{4})年?", lambda m: _year_alone(m[1])),
)


def read_place_or_none(cell: object) -> tuple[float, float] | None:
    """Read both coordinates of one cell; words, such as those of a datum, are no place."""
    place = read_place(cell)
    if place is None and any(sign.isdigit() for sign in text_of(cell)):
        raise Unreadable
    return place


def read_word(cell: object, *, table: str) -> str | Doubtful | None:
    """Read a word of a table of `words.toml`, or of the words that all layers know."""
    word, is_unsure = word_in(cell, words().get(table) or value_words()[table])
    if is_unsure:
        return Doubtful(None, Message("roster.unsure", found=text_of(cell)))
    if word is None:
        raise Unreadable
    return word


def _text(cell: object) -> str:
    return unicodedata.normalize("NFKC", str(cell)).strip() if cell is not None else ""
