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

from zmd_layout.layers.account import Account, Item, Outcome, row_number
from zmd_layout.layers.offers import read_date, read_offers, read_phases, with_first_phase
from zmd_layout.layers.reading.cells import Unreadable, is_approximate, read_amount, word_of
from zmd_layout.layers.reading.heads import age_column, forms, scale_of, unit_in
from zmd_layout.layers.reading.known import column_of_head, plain
from zmd_layout.layers.schema import AGE_COLUMN, Column, Kind, Schema, Unit
from zmd_layout.layers.schools.stages import stages_of_words
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from zmd_layout.layers.account import Entry
    from zmd_layout.study import LayerSource

_TRUE = {"true", "1", "1.0", "yes", "y", "t", "是", "有", "√"}
_FALSE = {"false", "0", "0.0", "no", "n", "f", "否", "无", "×"}
_SHOWN = 5
_AMOUNTS = {Kind.COUNT, Kind.NUMBER, Kind.YEAR}
_DIGITS = r"-?[0-9]+(?:\.[0-9]+)?"
_WHOLE_DIGITS = r"-?[0-9]+(?:\.(?:[0-9]{1,2}|[0-9]{4,}))?"  # 20.500 may be 20,500
_DECIMALS = 6  # of scaled amounts: 61.2 times 10,000 is 612,000
_SPREAD = re.compile(r"(?<=[\u4e00-\u9fff])[ \u3000]+(?=[\u4e00-\u9fff])")
COORDINATE_COLUMNS = frozenset({"x", "y"})  # of tables; they have become points by then


def rename(
    frame: pd.DataFrame, schema: Schema, source: LayerSource
) -> tuple[pd.DataFrame, dict[str, str], list[Message]]:
    """
    Return the columns our names: the study's `columns` first, then our own, then usual names.

    Two columns that could both be the same field are a fault, never a choice; so is a name in
    `columns` that the layer does not have.

    Returns
    -------
    frame
        The columns that are used, under our names.
    heads
        Our name → the head in the file.
    faults
        What is wrong.
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
    heads = [str(head) for head in frame.columns]
    declared = {ours: _declared_head(theirs, heads) for ours, theirs in source.columns.items()}
    faults += [
        Message("layers.no_such_column", layer=schema.name, column=source.columns[ours], ours=ours,
                found=[head for head in heads if head != "geometry"][:30])
        for ours, theirs in declared.items()
        if theirs is None and ours not in COORDINATE_COLUMNS
    ]  # fmt: skip
    chosen = {
        theirs: ours
        for ours, theirs in declared.items()
        if theirs is not None and ours not in unknown
    }
    rest = [head for head in heads if head not in chosen]
    for ours, matching in _matching(rest, schema, but=set(source.columns)).items():
        if len(matching) > 1:
            faults.append(
                Message("layers.two_candidates", layer=schema.name, column=ours, found=matching)
            )
        else:
            chosen[matching[0]] = ours
    faults += [
        Message("layers.two_candidates", layer=schema.name, column=ours, found=[theirs] * times)
        for theirs, ours in chosen.items()
        if (times := heads.count(theirs)) > 1
    ]
    frame = frame.loc[:, ~frame.columns.duplicated()]
    kept = [head for head in frame.columns if head in chosen or head in {"geometry", "coordinates"}]
    heads_of_ours = {ours: theirs for theirs, ours in chosen.items()}
    return frame[kept].rename(columns=chosen), heads_of_ours, faults


def _declared_head(theirs: str, heads: list[str]) -> str | None:
    """Find a head that the study names: as it is, or but for blanks, its unit and 5-9 as a day."""
    if theirs in heads:
        return theirs
    wanted = {plain(form) for form in forms(theirs)}
    alike = [head for head in heads if wanted & {plain(form) for form in forms(head)}]
    if not alike and (age := age_column(theirs)) is not None:
        alike = [head for head in heads if age_column(head) == age]
    return alike[0] if len(alike) == 1 else None


def _matching(heads: list[str], schema: Schema, *, but: set[str]) -> dict[str, list[str]]:
    """Find the heads of each of our columns; our own name goes before usual ones."""
    found: dict[str, list[str]] = {}
    for head in dict.fromkeys(heads):
        ours = column_of_head(head, schema)
        if ours is not None and ours not in but and ours not in {"x", "y", "place", "geometry"}:
            found.setdefault(ours, []).append(head)
    return {ours: [ours] if ours in theirs else theirs for ours, theirs in found.items()}


def convert(
    frame: pd.DataFrame, schema: Schema, source: LayerSource, heads: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Message], list[Entry]]:
    """
    Convert every column to its type; a cell that cannot be read is a fault.

    Parameters
    ----------
    frame
        Under our names.
    schema, source
        What they are to be, and how the study declares them.
    heads
        Our name → the head in the file, for the unit that it names.

    Returns
    -------
    frame, faults, entries
        Our types, the cells that cannot be read, and what was converted by a unit.
    """
    faults: list[Message] = []
    account = Account()
    out = {}
    scales = _scales(frame, schema, heads, account)
    for name in frame.columns:
        column = _column(schema, str(name))
        raw = frame[name]
        table = dict(source.values).get(column.name)
        if table is not None:
            raw = raw.map(lambda cell, table=table: table.get(str(cell).strip(), cell))
        if source.blank_means == "zero" and column.kind in {Kind.COUNT, Kind.NUMBER}:
            raw = raw.where(~_blank(raw), "0")
        values, bad = _convert_column(raw, column)
        if bad.any():
            faults.append(_unreadable(schema, column, raw, bad, heads.get(column.name)))
        if column.kind in _AMOUNTS and not pd.api.types.is_numeric_dtype(raw):
            vague = raw.map(is_approximate).astype(bool) & ~bad
            why = Message("account.approximate", column=heads.get(column.name, name))
            account.add(Item.CELL, Outcome.CONVERTED, raw[vague], why=why)
        scale = scales.get(str(name), 1.0)
        if scale != 1:
            values = (values * scale).round(_DECIMALS)
        out[name] = values
    converted = pd.DataFrame(out, index=frame.index)
    if not faults:
        converted = with_first_phase(converted)
    return converted, faults, account.entries


def _column(schema: Schema, name: str) -> Column:
    return schema.column(name) or Column(name, Kind.NUMBER, unit=Unit.COUNT)  # ages have no entry


def _scales(
    frame: pd.DataFrame, schema: Schema, heads: Mapping[str, str], account: Account
) -> dict[str, float]:
    """
    Find the unit of each number: what its head names, and for ages that of the residents.

    Ages stand in the unit of the residents beside them where they name none and no row could be
    otherwise: in a table of 61.2 万人 an age group of 3.6 is in 万人, one of 36,000 in people.
    """
    found: dict[str, float] = {}
    for name in map(str, frame.columns):
        column = _column(schema, name)
        kind = Unit.COUNT if column.counts else column.unit
        unit = unit_in(heads.get(name, name))
        scale = scale_of(unit, str(kind)) if kind is not None and unit else 1.0
        if scale != 1:
            found[name] = scale
            why = Message("account.unit", unit=unit, factor=f"{scale:g}")
            account.add(Item.COLUMN, Outcome.CONVERTED, [heads.get(name, name)], why=why)
    whole = found.get("residents")
    if whole is None:
        return found
    total = _convert_column(frame["residents"], _column(schema, "residents"))[0]
    for name in map(str, frame.columns):
        if name in found or not AGE_COLUMN.fullmatch(name) or unit_in(heads.get(name, name)):
            continue
        ages = _convert_column(frame[name], _column(schema, name))[0]
        if (ages <= total).all() and (ages % 1 != 0).any():
            found[name] = whole
            why = Message("account.unit_of_residents", factor=f"{whole:g}")
            account.add(Item.COLUMN, Outcome.CONVERTED, [heads.get(name, name)], why=why)
    return found


def _unreadable(
    schema: Schema, column: Column, raw: pd.Series[Any], bad: pd.Series[bool], head: str | None
) -> Message:
    rows = [row_number(label) for label in raw.index[bad][:_SHOWN]]
    found = list(dict.fromkeys(str(cell)[:30] for cell in raw[bad]))[:_SHOWN]
    named = column.name if head in (None, column.name) else f"{head} ({column.name})"
    return Message(
        "layers.unreadable", layer=schema.name, column=named, count=int(bad.sum()), rows=rows,
        found=found, wanted=Message(f"layers.kind_{column.kind}", words=list(column.words)),
    )  # fmt: skip


def _blank(raw: pd.Series[Any]) -> pd.Series[bool]:
    text = raw.astype("string").str.strip()
    return raw.isna() | text.isin(["", "—", "-", "——", "--", "/", "None", "nan"]).fillna(value=True)


def _convert_column(raw: pd.Series[Any], column: Column) -> tuple[pd.Series[Any], pd.Series[bool]]:
    blank = _blank(raw)
    if column.kind in _AMOUNTS:
        return _amounts(raw, blank, column)
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


def _amounts(
    raw: pd.Series[Any], blank: pd.Series[bool], column: Column
) -> tuple[pd.Series[Any], pd.Series[bool]]:
    """Read numbers; only texts that are not plain digits are looked at one by one."""
    if pd.api.types.is_numeric_dtype(raw):
        values = raw.astype("float64")
        return values, ~blank & ~np.isfinite(values.where(~blank, 0.0))
    is_text = raw.map(lambda cell: isinstance(cell, str)).astype(bool)
    digits = _WHOLE_DIGITS if column.counts else _DIGITS
    plain_text = ~is_text | raw.astype("string").str.fullmatch(digits).fillna(value=False)
    values = pd.to_numeric(raw.where(~blank & plain_text), errors="coerce").astype("float64")
    read: dict[str, float] = {}
    for cell in raw[~blank & ~plain_text].unique():
        try:
            read[cell] = read_amount(cell, is_whole=column.counts)
        except Unreadable:
            read[cell] = np.nan
    if read:
        values = values.where(plain_text, raw.where(~plain_text).map(read).astype("float64"))
    bad = ~blank & ~np.isfinite(values.where(~blank, 0.0))
    return values.astype("float64"), bad


def _read_id(cell: Any, column: Column) -> str | None:  # noqa: ARG001, ANN401 - readers share a form
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    if re.fullmatch(r"\d+\.0", text):
        text = text[:-2]
    return None if re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", text) else text


def _read_text(cell: Any, column: Column) -> str:  # noqa: ARG001, ANN401 - readers share a form
    # blanks between Chinese signs only spread a name over its column (西　县)
    text = _SPREAD.sub("", str(cell).strip())
    return "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def _read_word(cell: Any, column: Column) -> str | None:  # noqa: ANN401 - readers share a form
    text = str(cell).strip().casefold()
    if text in column.words or not column.table:
        return text if text in column.words else None
    word, _ = word_of(cell, column.table)
    return word if word in column.words else None


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
