"""
From the sheets of a file to one table: which sheets hold it, how they go together.

Sheets with equal heads are one table in parts, such as a sheet for each county or stage, unless a
key stands in two of them: then they are two states of one list, and it is asked which is meant.
Sheets of which nothing is known, such as covers, are left out; of several that could each be the
table none is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.reading.heads import Head, find_head, rows_of_title, scale_of
from zmd_layout.layers.reading.table_rows import why_no_data
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zmd_layout.layers.reading.heads import Recognise
    from zmd_layout.layers.reading.sheets import Sheet

SHEET_COLUMN = "工作表"
_LEAST_FIELDS = 2
_SHOWN = 5
_LEAST_SHARE = 0.5
_LEAST_ALIKE = 0.75


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet with its head."""

    sheet: Sheet
    head: Head


def parts_of(
    sheets: Sequence[Sheet],
    recognise: Recognise,
    *,
    layer_name: str,
    file_name: str,
    is_named: bool,
    account: Account,
) -> list[Part]:
    """
    Choose the sheets that hold the table.

    Parameters
    ----------
    sheets
        What was read.
    recognise
        The field of a head, or None.
    layer_name, file_name
        In errors.
    is_named
        Whether the user named the sheets.
    account
        Takes what was read and left out.

    Raises
    ------
    LayerError
        If several sheets with different heads could each be the table.
    """
    filled = [Part(sheet, find_head(sheet.grid, recognise)) for sheet in sheets if sheet.grid]
    account.add(
        Item.SHEET, Outcome.LEFT_OUT, [s.name for s in sheets if not s.grid],
        why=Message("account.sheet_empty"),
    )  # fmt: skip
    if len(filled) < _LEAST_FIELDS or is_named:
        return filled
    known = [part for part in filled if len(part.head.fields) >= _LEAST_FIELDS]
    if not known:
        # nothing is known of any: the first, as for a workbook of one sheet
        account.add(Item.SHEET, Outcome.LEFT_OUT, [p.sheet.name for p in filled[1:]],
                    why=Message("account.sheet_not_first"))  # fmt: skip
        return filled[:1]
    names = [part.sheet.name for part in filled if part not in known]
    account.add(Item.SHEET, Outcome.LEFT_OUT, names, why=Message("account.sheet_no_table"))
    if not all(_are_alike(known[0].head, part.head) for part in known[1:]):
        raise LayerError(
            Message("layers.several_sheets", layer=layer_name, path=file_name,
                    found=[part.sheet.name for part in known])
        )  # fmt: skip
    return known


def _are_alike(one: Head, other: Head) -> bool:
    """Report heads of one table; a column that a sheet lacks is unknown there."""
    return len(one.fields & other.fields) >= _LEAST_ALIKE * len(one.fields | other.fields)


def refuse_repeated(
    parts: Sequence[tuple[str, Sequence[object]]],
    *,
    is_key: bool,
    layer_name: str,
    file_name: str,
) -> None:
    """
    Refuse sheets that hold the same things twice, such as two years of one list.

    Parameters
    ----------
    parts
        Of each sheet its name and its keys, or names where there is no key.
    is_key
        Whether one that repeats is enough; of names more than half of a sheet must.
    layer_name, file_name
        In errors.

    Raises
    ------
    LayerError
        Which sheets, and what repeats.
    """
    seen: dict[str, str] = {}
    for name, keys in parts:
        texts = [str(key).strip() for key in keys if key is not None and str(key).strip()]
        again = [text for text in texts if seen.get(text, name) != name]
        if again and (is_key or len(again) > _LEAST_SHARE * len(texts)):
            raise LayerError(
                Message("layers.sheets_repeat", layer=layer_name, path=file_name,
                        found=[seen[again[0]], name], count=len(again),
                        keys=list(dict.fromkeys(again))[:_SHOWN])
            )  # fmt: skip
        for text in texts:
            seen.setdefault(text, name)


def table_of_parts(  # noqa: PLR0913 - all but the first by name
    parts: Sequence[Part],
    *,
    key: Callable[[str], bool],
    counted: Callable[[str], bool],
    is_filtered: bool,
    layer_name: str,
    file_name: str,
    account: Account,
) -> pd.DataFrame:
    """
    Make one table of the sheets that hold it.

    Parameters
    ----------
    parts
        The sheets.
    key
        Tells the field that must not repeat over sheets.
    counted
        Tells a field of counted people or things, to which the unit of the whole table applies.
    is_filtered
        Whether totals, notes and repeated heads are left out; else every filled row is data.
    layer_name, file_name
        In errors.
    account
        Takes what was left out.

    Returns
    -------
    table
        Their heads; the index is the number of the row in the file less one, or `sheet!row` where
        there are several sheets, which a column 工作表 then names.
    """
    tables = [
        _one(part, counted, is_several=len(parts) > 1, is_filtered=is_filtered, account=account)
        for part in parts
    ]
    if not tables:
        return pd.DataFrame()
    if len(tables) == 1:
        return tables[0]
    common = frozenset.intersection(*(part.head.fields for part in parts))
    field = next(filter(key, sorted(common)), None)
    if field is not None:
        keyed = [
            (part.sheet.name, list(table.iloc[:, part.head.recognised.index(field)]))
            for part, table in zip(parts, tables, strict=True)
        ]
        refuse_repeated(keyed, is_key=True, layer_name=layer_name, file_name=file_name)
    tables[1:] = [  # the same fields may come under other heads
        table.rename(columns=_alike(part.head, parts[0].head, table, tables[0]))
        for part, table in zip(parts[1:], tables[1:], strict=True)
    ]
    account.add(Item.SHEET, Outcome.JOINED, [part.sheet.name for part in parts],
                why=Message("account.sheets_joined"))  # fmt: skip
    return pd.concat(
        [t.assign(**{SHEET_COLUMN: p.sheet.name}) for p, t in zip(parts, tables, strict=True)]
    )


def _alike(head: Head, other: Head, table: pd.DataFrame, first: pd.DataFrame) -> dict[str, str]:
    """Name the columns of a sheet as those of the first sheet that hold the same fields."""
    names = {f: n for f, n in zip(other.recognised, first.columns, strict=True) if f is not None}
    return {
        str(column): str(names[field])
        for field, column in zip(head.recognised, table.columns, strict=True)
        if field in names
    }


def _one(
    part: Part,
    counted: Callable[[str], bool],
    *,
    is_several: bool,
    is_filtered: bool,
    account: Account,
) -> pd.DataFrame:
    head, sheet = part.head, part.sheet
    named = [n for n, field in enumerate(head.recognised) if field is not None][:3] or [0]
    body, labels = [], []
    left_out: dict[str, tuple[Message, list[int]]] = {}
    for n, cells in enumerate(sheet.grid[head.body_from :], start=head.body_from):
        if all(cell is None for cell in cells):
            continue
        why = why_no_data(cells, head, named) if is_filtered else None
        if why is not None:
            left_out.setdefault(why.key, (why, []))[1].append(n + 1)
            continue
        body.append(cells)
        labels.append(f"{sheet.name}!{n + 1}" if is_several else n)
    account.add(Item.ROW, Outcome.READ, count=len(body), part=sheet.name)
    for why, rows in left_out.values():
        account.add(Item.ROW, Outcome.LEFT_OUT, rows, why=why, part=sheet.name)
    above = [
        n + 1
        for n, row in enumerate(sheet.grid[: head.first])
        if any(cell is not None for cell in row)
    ]
    account.add(Item.ROW, Outcome.LEFT_OUT, above, why=Message("account.rows_above"),
                part=sheet.name)  # fmt: skip
    index = pd.Index(labels, dtype=object if is_several else "int64")
    body = [cells[: _width(head)] for cells in body]
    return pd.DataFrame(body, columns=_names(head, counted), index=index, dtype=object)


def _width(head: Head) -> int:
    """Count the columns up to the last that has a head; cells behind it belong to none."""
    return max((n for n, title in enumerate(head.titles, start=1) if title), default=0)


def _names(head: Head, counted: Callable[[str], bool]) -> list[str]:
    """
    Name the columns: the last row of the head where that is enough to tell them apart.

    The unit that a line above names for the whole table, such as 万人, goes into the heads of
    counted columns that name none.
    """
    last = [rows_of_title(title)[-1] for title in head.titles]
    names = []
    for n, title in enumerate(head.titles[: _width(head)]):
        name = last[n] if last.count(last[n]) == 1 else title
        unit = head.units[n]
        field = head.recognised[n]
        is_counted = field is not None and counted(field)
        if is_counted and unit not in name and scale_of(unit, "count") != 1:
            name = f"{name}（{unit}）"
        names.append(name or f"column_{n + 1}")
    return names
