"""
Read one cell of a table as people write them: amounts with units, degrees, places.

`Unreadable` is raised for a cell that is not what its column holds.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

_UNITS = "人|口|户|套|个|所|班|间|座|张|位|名"
# 1,234 and 1 234: signs between groups of three digits
_GROUPED = re.compile(r"\d{1,3}(?:[, '_]\d{3})+(?:\.\d+)?")
_AMOUNT = re.compile(rf"(-?\d+(?:\.\d+)?)\s*(万|千)?\s*(?:{_UNITS})?")
_APPROXIMATE = re.compile(r"^(?:约|大约|近|约为|≈|~)")
_SCALES = {None: 1.0, "千": 1e3, "万": 1e4}
_THREE_DECIMALS = re.compile(r"\d{1,3}\.\d{3}")

# signs that compatibility normalisation would tear apart, in the form that is read
_SIGNS = str.maketrans({"º": "°", "˚": "°", "∘": "°", "⁰": "°", "´": "'", "`": "'", "＇": "'",
                        "˝": '"', "″": '"', "〃": '"'})  # fmt: skip
_DEGREE, _MINUTE, _SECOND = "°度", "′'分’‘", '"秒”“'
_LETTERS = re.compile(r"^(?:东经|西经|南纬|北纬|经度|纬度|经|纬|[EWNSewns])|[EWNSewns]$")
_NEGATIVE = re.compile(r"西经|南纬|[WSws]")
_MARKED = re.compile(
    rf"(\d{{1,3}}(?:\.\d+)?)[{_DEGREE}](?:(\d{{1,2}}(?:\.\d+)?)[{_MINUTE}])?"
    rf"(?:(\d{{1,2}}(?:\.\d+)?)(?:[{_SECOND}]|[{_MINUTE}]{{2}})?)?"
)
_PARTED = re.compile(r"(\d{1,3})[:：\s\-–—](\d{1,2})[:：\s\-–—](\d{1,2}(?:\.\d+)?)")
_SIXTY = 60.0
_LARGEST_DEGREES = 180.0
_LEAST_PACKED, _LEAST_WITH_SECONDS = 8, 6


class Unreadable(ValueError):  # noqa: N818 - says what the cell is
    """A cell that is not what its column holds."""


def text_of(cell: object) -> str:
    """Return a cell as text with half-width signs and single blanks, stripped."""
    return " ".join(unicodedata.normalize("NFKC", str(cell)).split()) if cell is not None else ""


def read_amount(cell: object, *, is_whole: bool = False) -> float:
    """
    Read an amount: 20500, ２０，５００, 20 500, 3,800户, 12000人, 1.2万, 约1.2万人.

    Parameters
    ----------
    cell
        A number or a text.
    is_whole
        Whether it counts people or things: then `20.500` as text may be 20,500 or 20.5, and is not
        read.

    Raises
    ------
    Unreadable
        If it is none.
    """
    if isinstance(cell, bool):
        raise Unreadable
    text = _APPROXIMATE.sub("", text_of(cell)).strip()
    is_text = isinstance(cell, str)
    grouped = _GROUPED.match(text)
    if grouped is not None:
        text = re.sub("[, '_]", "", grouped[0]) + text[grouped.end() :]
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return _plain_number(text)
    if is_whole and is_text and found[2] is None and _THREE_DECIMALS.fullmatch(found[1]):
        raise Unreadable
    return float(found[1]) * _SCALES[found[2]]


def _plain_number(text: str) -> float:
    """Read what only a program writes, such as 1e5."""
    try:
        number = float(text)
    except ValueError as error:
        raise Unreadable from error
    if number in (float("inf"), float("-inf")) or number != number or "_" in text:  # noqa: PLR0124 - NaN
        raise Unreadable
    return number


def is_approximate(cell: object) -> bool:
    """Report a cell that says itself that it is not exact (约1.2万人)."""
    return _APPROXIMATE.match(text_of(cell)) is not None


def read_degrees(cell: object) -> float:
    """
    Read a longitude or latitude, or metres of a plane.

    Degrees come as 114.02, 114.0５, 114°01′12.00″ with any of the signs in use, 114度01分12秒,
    114:01:12, 114-01-12, 114 01 12, 114°1.2′, with 东经, E or N before or behind; 60 seconds or
    minutes are carried. Zero is no place.

    Raises
    ------
    Unreadable
        If it is none, or zero.
    """
    text = text_of("" if cell is None else str(cell).translate(_SIGNS))
    sign = -1.0 if _NEGATIVE.search(text) else 1.0
    while (bare := _LETTERS.sub("", text).strip(" :,")) != text:
        text = bare
    try:
        number = float(text)
    except ValueError:
        number = _parted(text)
    if number == 0 or number != number or abs(number) == float("inf"):  # noqa: PLR0124 - NaN
        raise Unreadable
    return sign * number


def _parted(text: str) -> float:
    tight = re.sub(rf"\s*([{_DEGREE}{_MINUTE}{_SECOND}])\s*", r"\1", text)
    found = _MARKED.fullmatch(tight) or _PARTED.fullmatch(text)
    if found is None:
        raise Unreadable
    degrees, minutes, seconds = (float(part or 0) for part in found.groups())
    if minutes > _SIXTY or seconds > _SIXTY or degrees > _LARGEST_DEGREES:
        raise Unreadable
    return degrees + minutes / _SIXTY + seconds / _SIXTY**2


def read_place(cell: object) -> tuple[float, float] | None:
    """
    Read a place in one cell, `114.02,33.03` or `33.03，114.02`, as longitude and latitude.

    Which is which the numbers say, for in China longitudes are over 73 and latitudes under 54.

    Returns
    -------
    place
        None if the cell holds no such pair.
    """
    parts = [
        part for part in re.split(r"[,，;；、/|]|\s+(?=[\d东西南北EN])", text_of(cell)) if part
    ]
    if len(parts) != 2:  # noqa: PLR2004 - a pair
        return None
    try:
        one, other = (read_degrees(part.strip("() ")) for part in parts)
    except Unreadable:
        return None
    for x, y in ((one, other), (other, one)):
        if is_longitude(x) and is_latitude(y):
            return x, y
    return None


def is_longitude(value: float) -> bool:
    """Report a longitude of China, which is never a latitude of it."""
    return 73.0 <= value <= 136.0  # noqa: PLR2004 - the country's extent


def is_latitude(value: float) -> bool:
    """Report a latitude of China."""
    return 3.0 <= value <= 54.0  # noqa: PLR2004 - the country's extent


def could_be_packed(degrees: list[float]) -> bool:
    """
    Return whether numbers look like degrees whose decimals are minutes and seconds (114.0148).

    That each of some decimals has a minute and a second below sixty by chance has a probability of
    0.36; eight different ones are asked for, of which six have seconds.
    """
    digits = {f"{abs(value):.6f}".partition(".")[2][:4] for value in degrees} - {"0000"}
    with_seconds = [text for text in digits if text[2:] != "00"]
    is_enough = len(digits) >= _LEAST_PACKED and len(with_seconds) >= _LEAST_WITH_SECONDS
    return is_enough and all(int(text[:2]) < _SIXTY and int(text[2:]) <= _SIXTY for text in digits)


@cache
def value_words() -> dict[str, Any]:
    """Return the tables of words: exact, contained, and those that decide nothing."""
    source = files("zmd_layout.layers.reading") / "value_words.toml"
    return tomllib.loads(source.read_text("utf-8"))


def word_of(cell: object, table: str) -> tuple[str | None, bool]:
    """
    Translate a word of other people by a table of `value_words.toml`.

    Returns
    -------
    word, is_unsure
        Ours, or None; whether the cell holds a word that decides nothing.
    """
    return word_in(cell, value_words()[table])


def word_in(cell: object, entry: dict[str, Any]) -> tuple[str | None, bool]:
    """Translate a word by `exact`, `unsure` and `contains` of a table; see `word_of`."""
    text = re.sub(r"\.0$", "", text_of(cell)).casefold()
    if text in entry["exact"]:
        return str(entry["exact"][text]), False
    if any(word in text for word in entry["unsure"]):
        return None, True
    return next((str(ours) for word, ours in entry["contains"] if word in text), None), False
