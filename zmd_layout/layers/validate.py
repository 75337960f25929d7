"""Hold a converted table against its schema with pandera, all faults at once."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandera.pandas as pa
from pandera.errors import SchemaErrors

from zmd_layout.layers.schema import AGE_COLUMN, Column, Kind, Schema
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

_SHOWN = 5
_NUMBERS = {Kind.COUNT, Kind.NUMBER, Kind.YEAR}


def faults_of(frame: pd.DataFrame, schema: Schema) -> list[Message]:
    """
    Give one message for each kind of fault and column.

    Parameters
    ----------
    frame
        Converted columns, without geometry.
    schema
        What they must be.
    """
    return [*_table_faults(frame, schema), *_age_faults(frame, schema)]


def _table_faults(frame: pd.DataFrame, schema: Schema) -> list[Message]:
    try:
        _pandera(frame, schema).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        return [
            _fault(schema, str(column), str(check), group)
            for (column, check), group in cases.groupby(
                ["column", "check"], sort=True, dropna=False
            )
        ]
    return []


def _pandera(frame: pd.DataFrame, schema: Schema) -> pa.DataFrameSchema:
    columns = {column.name: _pandera_column(column, schema) for column in schema.columns}
    ages = [name for name in frame.columns if AGE_COLUMN.fullmatch(str(name))]
    columns |= {name: _pandera_column(Column(name, Kind.NUMBER), schema) for name in ages}
    return pa.DataFrameSchema(columns, strict=True, coerce=False)


def _pandera_column(column: Column, schema: Schema) -> pa.Column:
    checks = []
    if column.kind in _NUMBERS:
        checks.append(pa.Check(lambda values: values >= 0, name="negative"))
    if column.kind is Kind.COUNT:
        checks.append(pa.Check(lambda values: values % 1 == 0, name="not_whole"))
    return pa.Column(
        "float64" if column.kind in _NUMBERS else object,
        checks,
        nullable=not column.is_required,
        unique=column.name == schema.key,
        required=column.is_required,
        name=column.name,
    )


def _fault(schema: Schema, column: str, check: str, group: pd.DataFrame) -> Message:
    if check == "column_in_dataframe":
        name = str(group["failure_case"].iloc[0])
        known = schema.column(name)
        return Message(
            "layers.missing_column", layer=schema.name, column=name,
            names=list(known.names) if known else [],
        )  # fmt: skip
    rows = [int(n) + 1 for n in group["index"].dropna().unique()[:_SHOWN]]
    found = [_shown(cell) for cell in group["failure_case"].unique()[:_SHOWN]]
    kinds = {
        "not_nullable": "layers.empty_cell",
        "field_uniqueness": "layers.doubled",
        "negative": "layers.negative",
        "not_whole": "layers.not_whole",
    }
    return Message(
        kinds.get(check, "layers.wrong_value"), layer=schema.name, column=column, count=len(group),
        rows=rows, found=found,
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
        rows = [int(n) + 1 for n in frame.index[over][:_SHOWN]]
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
    return str(frame["name"][row]) if "name" in frame else str(row + 1)
