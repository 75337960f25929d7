"""Check of a converted table against its schema, all faults at once."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.account import row_number
from zmd_layout.layers.schema import AGE_COLUMN, Column, Kind, Schema
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import pandas as pd

_SHOWN = 5
_NUMBERS = {Kind.COUNT, Kind.NUMBER, Kind.YEAR}


def faults_of(frame: pd.DataFrame, schema: Schema) -> list[Message]:
    """
    Return one message for each kind of fault and column.

    Parameters
    ----------
    frame
        Converted columns, without geometry: float64 or object, NaN or None where unknown.
    schema
        What they must be.
    """
    return [*_table_faults(frame, schema), *_age_faults(frame, schema)]


def _table_faults(frame: pd.DataFrame, schema: Schema) -> list[Message]:
    known = {column.name: column for column in schema.columns}
    faults = []
    for name in sorted(map(str, frame.columns)):
        column = known.get(name) or Column(name, Kind.NUMBER)  # residents of an age group
        for key, wrong in _wrong_cells(frame[name], column, is_key=name == schema.key):
            if wrong.any():
                faults.append(_fault(schema, name, key, frame.loc[wrong, name]))
    for column in schema.columns:
        if column.is_required and column.name not in frame:
            names = list(column.names)
            message = Message(
                "layers.missing_column", layer=schema.name, column=column.name, names=names
            )
            faults.append(message)
    return faults


def _wrong_cells(
    cells: pd.Series[Any], column: Column, *, is_key: bool
) -> Iterator[tuple[str, pd.Series[bool]]]:
    known = cells.notna()
    if is_key:
        yield "layers.doubled", known & cells.duplicated(keep=False)
    if column.kind in _NUMBERS:
        yield "layers.negative", known & (cells < 0)
    if column.is_required and not column.may_be_blank:
        yield "layers.empty_cell", ~known
    if column.kind is Kind.COUNT:
        yield "layers.not_whole", known & (cells % 1 != 0)


def _fault(schema: Schema, column: str, key: str, cells: pd.Series[Any]) -> Message:
    return Message(
        key, layer=schema.name, column=column, count=len(cells),
        rows=[row_number(n) for n in cells.index[:_SHOWN]],
        found=[_shown(cell) for cell in cells.unique()[:_SHOWN]],
    )  # fmt: skip


def _shown(cell: Hashable) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)[:40]


def _age_faults(frame: pd.DataFrame, schema: Schema) -> list[Message]:
    """Refuse ages that exceed the residents: a group alone, or disjoint groups together."""
    ages = sorted(
        (int(m[1]), int(m[2]), m[0])
        for m in (AGE_COLUMN.fullmatch(str(name)) for name in frame.columns)
        if m
    )
    faults = [
        Message("layers.age_backwards", layer=schema.name, column=name)
        for first, last, name in ages
        if last < first
    ]
    if not ages or "residents" not in frame:
        return faults
    disjoint = all(a[1] < b[0] for a, b in pairwise(ages))
    names = [name for _, _, name in ages]
    counted = frame[names].sum(axis=1) if disjoint else frame[names].max(axis=1)
    over = (counted > frame["residents"] + 0.5).fillna(value=False)
    if over.any():
        rows = [row_number(n) for n in frame.index[over][:_SHOWN]]
        examples = [
            f"{_label(frame, n)}: {counted[n]:g} > {frame['residents'][n]:g}"
            for n in frame.index[over][:_SHOWN]
        ]
        faults.append(
            Message(
                "layers.ages_exceed",
                layer=schema.name,
                count=int(over.sum()),
                rows=rows,
                found=examples,
            )
        )
    return faults


def _label(frame: pd.DataFrame, row: Any) -> str:  # noqa: ANN401 - an index label
    return str(frame["name"][row]) if "name" in frame else str(row_number(row))
