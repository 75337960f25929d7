"""
Bring a raw table to our columns and types: rename, translate, convert, and gather the faults.

Nothing is guessed: an unreadable cell is a fault with its row number, an empty one is unknown (or
zero, where the study says that blanks mean zero).
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.layers.schema import AGE_COLUMN, Column, Kind, Schema
from zmd_layout.layers.stages import stages_of_words
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.study import LayerSource

_TRUE = {"true", "1", "1.0", "yes", "y", "t", "是", "有", "√"}
_FALSE = {"false", "0", "0.0", "no", "n", "f", "否", "无", "×"}
_SHOWN = 5
_OFFER_KEYS = {"stage", "seats", "classes", "opens_on", "ownership", "site_area_m2", "name"}
OFFER_STAGES = {**{str(s): (str(s),) for s in Stage}, "nine_year": ("primary", "junior")}


def plain(name: object) -> str:
    """Bring a column's head to the form in which synonyms are compared."""
    text = unicodedata.normalize("NFKC", str(name))
    return re.sub(r"[\s()（）]|[(（].*?[)）]", "", text).casefold()


def rename(
    frame: pd.DataFrame, schema: Schema, source: LayerSource
) -> tuple[pd.DataFrame, list[Message]]:
    """
    Give the columns our names: the study's `columns` first, then our own, then usual names.

    Two columns that could both be the same field are a fault, never a choice.
    """
    faults = [
        Message("layers.no_such_column", layer=schema.name, column=theirs, ours=ours,
                found=[str(c) for c in frame.columns if c != "geometry"][:30])
        for ours, theirs in source.columns.items()
        if theirs not in frame.columns
    ]  # fmt: skip
    chosen = {theirs: ours for ours, theirs in source.columns.items() if theirs in frame.columns}
    heads = {str(head): plain(head) for head in frame.columns if head not in chosen}
    for column in schema.columns:
        if column.name in source.columns:
            continue
        if column.name in heads:
            chosen[column.name] = column.name
            continue
        wanted = {plain(name) for name in column.names}
        matching = [head for head, form in heads.items() if form in wanted and head not in chosen]
        if len(matching) > 1:
            faults.append(
                Message(
                    "layers.two_candidates", layer=schema.name, column=column.name, found=matching
                )
            )
        elif matching:
            chosen[matching[0]] = column.name
    if schema.has_ages:
        chosen |= {head: head for head in heads if AGE_COLUMN.fullmatch(head)}
    kept = [head for head in frame.columns if head in chosen or head in {"geometry", "coordinates"}]
    return frame[kept].rename(columns=chosen), faults


def convert(
    frame: pd.DataFrame, schema: Schema, source: LayerSource
) -> tuple[pd.DataFrame, list[Message]]:
    """Convert every column to its type; a cell that cannot be read is a fault."""
    faults: list[Message] = []
    out = {}
    for name in frame.columns:
        column = schema.column(str(name))
        if column is None and AGE_COLUMN.fullmatch(str(name)):
            column = Column(str(name), Kind.NUMBER)
        if column is None:
            out[name] = frame[name]
            continue
        raw = frame[name]
        table = dict(source.values).get(column.name)
        if table is not None:
            raw = raw.map(lambda cell, table=table: table.get(str(cell).strip(), cell))
        if source.blank_means == "zero" and column.kind in {Kind.COUNT, Kind.NUMBER}:
            raw = raw.where(~_blank(raw), "0")
        values, bad = _convert_column(raw, column)
        if bad.any():
            faults.append(_unreadable(schema, column, raw, bad))
        out[name] = values
    return pd.DataFrame(out, index=frame.index), faults


def _unreadable(
    schema: Schema, column: Column, raw: pd.Series[Any], bad: pd.Series[bool]
) -> Message:
    rows = [int(n) + 1 for n in np.flatnonzero(bad)[:_SHOWN]]
    found = list(dict.fromkeys(str(cell)[:30] for cell in raw[bad]))[:_SHOWN]
    return Message(
        "layers.unreadable", layer=schema.name, column=column.name, count=int(bad.sum()), rows=rows,
        found=found, wanted=Message(f"layers.kind_{column.kind}", words=list(column.words)),
    )  # fmt: skip


def _blank(raw: pd.Series[Any]) -> pd.Series[bool]:
    text = raw.astype("string").str.strip()
    return raw.isna() | text.isin(["", "—", "-", "None", "nan"]).fillna(value=True)


def _convert_column(raw: pd.Series[Any], column: Column) -> tuple[pd.Series[Any], pd.Series[bool]]:
    blank = _blank(raw)
    if column.kind in {Kind.COUNT, Kind.NUMBER, Kind.YEAR}:
        text = raw.astype("string").str.strip().str.replace(",", "", regex=False)
        values = pd.to_numeric(text.where(~blank), errors="coerce").astype("float64")
        return values, ~blank & ~np.isfinite(values.fillna(np.inf))
    read = _READERS[column.kind]
    distinct: dict[str, Any] = {}
    for cell in raw[~blank]:  # cells of one text are read once; a list has no hash
        if str(cell) not in distinct:
            distinct[str(cell)] = read(cell, column)
    values = pd.Series(
        [None if empty else distinct[str(cell)] for cell, empty in zip(raw, blank, strict=True)],
        index=raw.index, dtype=object,
    )  # fmt: skip
    bad = ~blank & pd.Series([value is None for value in values], index=raw.index)
    return values, bad


def _read_id(cell: Any, column: Column) -> str | None:  # noqa: ARG001, ANN401 - readers share a form
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    if re.fullmatch(r"\d+\.0", text):
        text = text[:-2]
    return None if re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", text) else text


def _read_text(cell: Any, column: Column) -> str:  # noqa: ARG001, ANN401 - readers share a form
    return "".join(
        c for c in str(cell).strip() if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}
    )


def _read_word(cell: Any, column: Column) -> str | None:  # noqa: ANN401 - readers share a form
    text = str(cell).strip().casefold()
    return text if text in column.words else None


def _read_stages(cell: Any, column: Column) -> str | None:  # noqa: ARG001, ANN401 - readers share a form
    items = [item.strip().casefold() for item in re.split(r"[;；,，、]", str(cell)) if item.strip()]
    known = [str(stage) for stage in Stage]
    if items and all(item in known for item in items):
        return ";".join(sorted(set(items), key=known.index))
    in_words = stages_of_words(str(cell))
    return None if in_words is None else ";".join(in_words.stages)


def _read_bool(cell: Any, column: Column) -> bool | None:  # noqa: ARG001, ANN401 - readers share a form
    text = str(cell).strip().casefold()
    return True if text in _TRUE else False if text in _FALSE else None


def _read_date(cell: Any, column: Column) -> dt.date | None:  # noqa: ARG001, ANN401 - readers share a form
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


def _read_offer(cell: Any, column: Column) -> tuple[dict[str, Any], ...] | None:  # noqa: ARG001, ANN401 - readers share a form
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    try:
        items = json.loads(cell) if isinstance(cell, str) else cell
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    offers = [_one_offer(item) for item in items]
    return None if None in offers else tuple(o for o in offers if o is not None)


def _one_offer(item: dict[str, Any]) -> dict[str, Any] | None:
    """Read one promised school; None if a key or value of it is not understood."""
    item = {key: value for key, value in item.items() if value not in (None, "")}
    if not set(item) <= _OFFER_KEYS or item.get("stage") not in OFFER_STAGES:
        return None
    out: dict[str, Any] = dict(item)
    for key in ("seats", "classes", "site_area_m2"):
        number = item.get(key)
        if number is not None and not _is_amount(number):
            return None
    if "opens_on" in item:
        out["opens_on"] = _read_date(item["opens_on"], Column("opens_on", Kind.DATE))
        if out["opens_on"] is None:
            return None
    return out


def _is_amount(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number < 1e12  # noqa: PLR2004 - no school is that large; keeps inf and NaN out


_READERS: dict[Kind, Callable[[Any, Column], Any]] = {
    Kind.ID: _read_id,
    Kind.TEXT: _read_text,
    Kind.WORD: _read_word,
    Kind.STAGES: _read_stages,
    Kind.BOOL: _read_bool,
    Kind.DATE: _read_date,
    Kind.OFFER: _read_offer,
}
