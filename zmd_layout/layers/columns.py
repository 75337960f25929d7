"""From the columns of a file to those of a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from zmd_layout.layers.account import Account, Item, Outcome, row_number
from zmd_layout.layers.conform import convert, rename
from zmd_layout.layers.offers import with_offers
from zmd_layout.layers.reading.assemble import SHEET_COLUMN
from zmd_layout.layers.reading.known import resembling
from zmd_layout.layers.reading.table_rows import is_total
from zmd_layout.layers.schema import STATISTIC_NAMES
from zmd_layout.layers.validate import faults_of
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.layers.schema import Schema
    from zmd_layout.study import LayerSource

_KNOWN_OTHERWISE = {SHEET_COLUMN, "coordinates", "geometry"}
_CODES = {"unit_id", "county_id", "township_id"}
_LONG_CODE = re.compile(r"\d{9}000")


def columns_of(
    raw: gpd.GeoDataFrame, schema: Schema, source: LayerSource, *, is_own: bool, account: Account
) -> tuple[gpd.GeoDataFrame, list[Message]]:
    """
    Rename, convert and validate the columns of a table.

    Parameters
    ----------
    raw
        Their columns, their coordinates; the index numbers the rows in messages.
    schema, source
        What they are to be, and how the study declares them.
    is_own
        Whether it is a layer of the study's own, which keeps its columns as text and numbers.
    account
        Takes the columns that were read and those that were not used, and the rows left out.

    Returns
    -------
    frame, faults
        Our columns and types, and everything that is wrong with them.
    """
    geometry = raw.geometry
    if is_own:
        frame = raw.rename(columns={theirs: ours for ours, theirs in source.columns.items()})
        return gpd.GeoDataFrame(frame, geometry=geometry.to_numpy(), crs=raw.crs), []
    table = pd.DataFrame(raw.drop(columns=geometry.name))
    if schema.name == "residential_areas":
        table = with_offers(table, account)
    given = list(map(str, table.columns))
    table, heads, faults = rename(table, schema, source)
    _account_for(given, heads, schema, account)
    table = table.drop(columns=[c for c in ("coordinates", "geometry") if c in table])
    is_data = ~_totals(table, schema, account)
    table, geometry = table[is_data], geometry[is_data]
    table = _with_key(table, schema, source)
    table, unreadable, entries = convert(table, schema, source, heads)
    account.entries += entries
    table = _with_short_codes(table, account)
    faults += unreadable
    if not faults:
        faults += faults_of(table, schema)
    if not faults and schema.name == "statistics":
        faults += _statistic_faults(table)
    return gpd.GeoDataFrame(table, geometry=geometry.to_numpy(), crs=raw.crs), faults


def _account_for(given: list[str], heads: dict[str, str], schema: Schema, account: Account) -> None:
    """Report which columns were read as which, and of the others what they resemble."""
    used = [theirs if theirs == ours else f"{theirs} → {ours}" for ours, theirs in heads.items()]
    account.add(Item.COLUMN, Outcome.READ, used)
    unused = [c for c in given if c not in heads.values() and c not in _KNOWN_OTHERWISE]
    likely = {head: ours for head in unused if (ours := resembling(head, schema, but=heads))}
    for head, ours in likely.items():
        why = Message("account.column_resembles", column=ours)
        account.add(Item.COLUMN, Outcome.UNUSED, [head], why=why)
    account.add(Item.COLUMN, Outcome.UNUSED, [head for head in unused if head not in likely])


def _totals(table: pd.DataFrame, schema: Schema, account: Account) -> pd.Series[bool]:
    """
    Find rows that are called a total, which would count everybody twice.

    One that only its numbers tell for a total is found where the census meets its units.
    """
    named = [c for c in ("name", schema.key) if c is not None and c in table]
    is_sum = pd.Series(data=False, index=table.index)
    for column in named:
        is_sum |= table[column].map(is_total).astype(bool)
    rows = [row_number(label) for label in table.index[is_sum]]
    account.add(Item.ROW, Outcome.LEFT_OUT, rows, why=Message("account.row_total"))
    return is_sum


def _with_short_codes(table: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Shorten codes of twelve digits of counties and townships to the six and nine in use."""
    for column in _CODES & set(table.columns):
        codes = table[column]
        short = codes.map(_short_code).astype(object)
        account.add(
            Item.CELL, Outcome.CONVERTED, codes[codes.notna() & (codes != short)],
            why=Message("account.codes_shortened"),
        )  # fmt: skip
        table = table.assign(**{column: short})
    return table


def _short_code(code: object) -> object:
    if not isinstance(code, str) or not _LONG_CODE.fullmatch(code):
        return code
    return code[:6] if code.endswith("000000") else code[:9]


def _with_key(table: pd.DataFrame, schema: Schema, source: LayerSource) -> pd.DataFrame:
    """Fill an optional key that is empty with the number of the row in the file."""
    key = next((c for c in schema.columns if c.name == schema.key), None)
    if key is None or key.is_required:
        return table
    numbers = pd.Series(
        [source.row_id(n + 1) for n in range(len(table))], index=table.index, dtype=object
    )
    given = table[key.name].astype(object) if key.name in table else numbers
    return table.assign(**{key.name: given.where(given.notna() & (given != ""), numbers)})


def _statistic_faults(table: pd.DataFrame) -> list[Message]:
    unknown = sorted(set(table["name"]) - STATISTIC_NAMES)
    known = sorted(STATISTIC_NAMES)
    return [Message("layers.unknown_statistic", found=unknown, known=known)] if unknown else []
