"""
Bring a raw table to our columns and types: rename, translate, convert, and gather the faults.

Nothing is guessed: an unreadable cell is a fault with its row number, an empty one is unknown (or
zero, where the study says that blanks mean zero).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.layers.offers import read_date, read_offers, read_phases, with_first_phase
from zmd_layout.layers.schema import AGE_COLUMN, Column, Kind, Schema
from zmd_layout.layers.schools.stages import stages_of_words
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from zmd_layout.study import LayerSource

_TRUE = {"true", "1", "1.0", "yes", "y", "t", "是", "有", "√"}
_FALSE = {"false", "0", "0.0", "no", "n", "f", "否", "无", "×"}
_SHOWN = 5
COORDINATE_COLUMNS = frozenset({"x", "y"})  # of tables; they have become points by then


def plain(name: object) -> str:
    """Bring a column's head to the form in which synonyms are compared."""
    text = unicodedata.normalize("NFKC", str(name))
    return re.sub(r"[\s()]", "", text).casefold()  # what is in brackets may be a unit, and stays


def rename(
    frame: pd.DataFrame, schema: Schema, source: LayerSource
) -> tuple[pd.DataFrame, list[Message]]:
    """
    Give the columns our names: the study's `columns` first, then our own, then usual names.

    Two columns that could both be the same field are a fault, never a choice; so is a name in
    `columns` that the layer does not have.
    """
    known = {*(column.name for column in schema.columns), *COORDINATE_COLUMNS}
    unknown = [
        ours
        for ours in source.columns
        if ours not in known and not (schema.has_ages and AGE_COLUMN.fullmatch(ours))
    ]
    faults = [
        Message("layers.no_such_name", layer=schema.name, column=ours, known=sorted(known))
        for ours in unknown
    ]
    faults += [
        Message("layers.no_such_column", layer=schema.name, column=theirs, ours=ours,
                found=[str(c) for c in frame.columns if c != "geometry"][:30])
        for ours, theirs in source.columns.items()
        if theirs not in frame.columns and ours not in COORDINATE_COLUMNS
    ]  # fmt: skip
    chosen = {
        theirs: ours
        for ours, theirs in source.columns.items()
        if theirs in frame.columns and ours not in unknown
    }
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
    faults += [
        Message("layers.two_candidates", layer=schema.name, column=ours, found=[theirs] * times)
        for theirs, ours in chosen.items()
        if (times := list(frame.columns).count(theirs)) > 1
    ]
    frame = frame.loc[:, ~frame.columns.duplicated()]
    kept = [head for head in frame.columns if head in chosen or head in {"geometry", "coordinates"}]
    return frame[kept].rename(columns=chosen), faults


def convert(
    frame: pd.DataFrame, schema: Schema, source: LayerSource
) -> tuple[pd.DataFrame, list[Message]]:
    """Convert every column to its type; a cell that cannot be read is a fault."""
    faults: list[Message] = []
    out = {}
    for name in frame.columns:
        column = schema.column(str(name)) or Column(str(name), Kind.NUMBER)  # ages have no entry
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
    converted = pd.DataFrame(out, index=frame.index)
    return (converted if faults else with_first_phase(converted)), faults


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
    return read_date(cell)


def _read_offer(cell: Any, column: Column) -> tuple[dict[str, Any], ...] | None:  # noqa: ARG001, ANN401 - readers share a form
    return read_offers(cell)


def _read_phases(cell: Any, column: Column) -> tuple[dict[str, Any], ...] | None:  # noqa: ARG001, ANN401 - readers share a form
    return read_phases(cell)


_READERS: dict[Kind, Callable[[Any, Column], Any]] = {
    Kind.ID: _read_id,
    Kind.TEXT: _read_text,
    Kind.WORD: _read_word,
    Kind.STAGES: _read_stages,
    Kind.BOOL: _read_bool,
    Kind.DATE: _read_date,
    Kind.OFFER: _read_offer,
    Kind.PHASES: _read_phases,
}
