"""
What a housing project promises: its schools and its phases, as cells that hold a list.

A cell is JSON, or a list where the format has lists. What is not understood makes the whole cell
unreadable, for a misspelt key would be a promise that nobody sees.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.reading.cells import Unreadable, read_amount
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Ownership, Stage, Transfer

if TYPE_CHECKING:
    from collections.abc import Callable


NINE_YEAR = "nine_year"
OFFER_STAGES = {**{str(s): (str(s),) for s in Stage}, NINE_YEAR: ("primary", "junior")}
_STAGE_WORDS = {
    "幼儿园": "kindergarten", "小学": "primary", "初中": "junior", "初级中学": "junior",
    "高中": "senior", "九年一贯制学校": NINE_YEAR, "九年一贯制": NINE_YEAR, "九年制学校": NINE_YEAR,
}  # fmt: skip
_NUMERAL = "[一二两三四五六七八九十1]"
_WORDS_OF_OFFER = re.compile(
    rf"(?:拟?配建)?(?:{_NUMERAL}[所座个])?({'|'.join(_STAGE_WORDS)})(?:{_NUMERAL}[所座个])?"
    r"[(:]?(?:(\d{1,3})个?班(?:制|规模)?)?\)?"
)
_NO_OFFER = {"无", "不配建", "未配建", "没有"}
_OFFER_HEAD = re.compile(
    rf"(?:拟|规划)?配建({'|'.join(_STAGE_WORDS)})(?:\((班|座|学位)\)|(班数|学位数|学位))"
)
_MOST_AMOUNT = 1e12  # no school is that large; keeps inf out


def read_date(cell: Any) -> dt.date | None:  # noqa: ANN401 - a cell of any table
    """Read a day as it stands in tables; None if it is none."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    text = str(cell).strip()
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?", text)
    if found is None:
        return None
    try:
        return dt.date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def _amount(value: Any) -> float | None:  # noqa: ANN401 - a value of any list
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and 0 <= value < _MOST_AMOUNT else None


def _text(value: Any) -> str | None:  # noqa: ANN401 - a value of any list
    return value if isinstance(value, str) else None


def _one_of(words: Any) -> Callable[[Any], str | None]:  # noqa: ANN401 - what holds words
    known = {str(word) for word in words}
    return lambda value: value if isinstance(value, str) and value in known else None


_OFFER: dict[str, Callable[[Any], Any]] = {
    "stage": _one_of(OFFER_STAGES),
    "name": _text,
    "classes": _amount,
    "seats": _amount,
    "site_area_m2": _amount,
    "started_on": read_date,
    "completed_on": read_date,
    "opens_on": read_date,
    "handed_over_on": read_date,
    "ownership": _one_of(Ownership),
    "transfer": _one_of(Transfer),
}
_PHASE: dict[str, Callable[[Any], Any]] = {
    "name": _text,
    "dwellings": _amount,
    "started_on": read_date,
    "completed_on": read_date,
    "delivered_on": read_date,
}


def read_offers(cell: Any) -> tuple[dict[str, Any], ...] | None:  # noqa: ANN401 - a cell
    """
    Read promised schools: `stage`, and what is known of the other keys of an offer.

    Returns
    -------
    offers
        None if the cell is no list of them.
    """
    return _read_list(cell, _OFFER, needed="stage")


def read_phases(cell: Any) -> tuple[dict[str, Any], ...] | None:  # noqa: ANN401 - a cell
    """
    Read the phases of a project: `name`, `dwellings`, and the days of start, completion, delivery.

    Returns
    -------
    phases
        None if the cell is no list of them.
    """
    return _read_list(cell, _PHASE, needed=None)


def _read_list(
    cell: Any,  # noqa: ANN401 - a cell
    readers: dict[str, Callable[[Any], Any]],
    *,
    needed: str | None,
) -> tuple[dict[str, Any], ...] | None:
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    try:
        items = json.loads(cell) if isinstance(cell, str) else cell
    except (ValueError, RecursionError):
        items = None
    if items is None and needed == "stage" and isinstance(cell, str):
        items = _offers_in_words(cell)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    found = [_read_item(item, readers, needed) for item in items]
    return None if None in found else tuple(item for item in found if item is not None)


def _offers_in_words(text: str) -> list[dict[str, Any]] | None:
    """Read promised schools as people write them: 幼儿园12班、小学24班, 九年一贯制学校一所36班."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    parts = [part for part in re.split("[、,;,。和及+]|(?<=班)(?=[^()制规])", plain) if part]
    found = [_WORDS_OF_OFFER.fullmatch(part) for part in parts]
    if not found or None in found:
        return [] if plain in _NO_OFFER else None
    items: list[dict[str, Any]] = []
    for part in found:
        if part is None:
            return None
        amount = {"classes": int(part[2])} if part[2] else {}
        items.append({"stage": _STAGE_WORDS[part[1]], **amount})
    return items


def with_offers(table: pd.DataFrame, account: Account) -> pd.DataFrame:
    """
    Make the list of promised schools of columns such as 配建幼儿园（班） and 配建小学（班）.

    A row of zeros promises none; a row without a number in any of them leaves the offer open.
    """
    heads = {
        str(head): found
        for head in table.columns
        if (found := _OFFER_HEAD.fullmatch(unicodedata.normalize("NFKC", str(head)).strip()))
    }
    if not heads or {"schools", "配建学校"} & set(map(str, table.columns)):
        return table
    key = {"班": "classes", "班数": "classes", "座": "seats", "学位": "seats", "学位数": "seats"}
    offers: list[str | None] = []
    for _, row in table[list(heads)].iterrows():
        items, is_known = [], False
        for head, found in heads.items():
            try:
                amount = read_amount(row[head])
            except Unreadable:
                continue
            is_known = True
            stage = _STAGE_WORDS[found[1]]
            if amount:
                items.append({"stage": stage, key[found[2] or found[3]]: amount})
        offers.append(json.dumps(items) if is_known else None)
    account.add(Item.COLUMN, Outcome.JOINED, heads, why=Message("account.offers_joined"))
    listed = pd.Series(offers, index=table.index, dtype=object)
    return table.drop(columns=list(heads)).assign(schools=listed)


def _read_item(
    item: dict[str, Any], readers: dict[str, Callable[[Any], Any]], needed: str | None
) -> dict[str, Any] | None:
    known = {key: value for key, value in item.items() if value not in (None, "")}
    if not set(known) <= set(readers) or (needed is not None and needed not in known):
        return None
    out = {key: readers[key](value) for key, value in known.items()}
    return None if None in out.values() else out


def with_first_phase(table: pd.DataFrame) -> pd.DataFrame:
    """Fill the day of the first phase by the earliest delivery of the phases, where it is blank."""
    if "phases" not in table:
        return table
    earliest = table["phases"].map(_earliest)
    stated = table.get("first_phase_on", earliest)
    return table.assign(first_phase_on=stated.where(stated.notna(), earliest))


def _earliest(phases: Any) -> dt.date | None:  # noqa: ANN401 - a cell
    days = [p["delivered_on"] for p in phases or () if "delivered_on" in p]
    return min(days) if days else None
