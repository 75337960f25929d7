"""From the columns of a file to those of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from zmd_layout.layers.conform import convert, rename
from zmd_layout.layers.schema import STATISTIC_NAMES
from zmd_layout.layers.validate import faults_of
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.layers.schema import Schema
    from zmd_layout.study import LayerSource


def columns_of(
    raw: gpd.GeoDataFrame, schema: Schema, source: LayerSource, *, is_own: bool
) -> tuple[gpd.GeoDataFrame, list[Message]]:
    """
    Rename, convert and validate the columns of a table.

    Parameters
    ----------
    raw
        Their columns, their coordinates.
    schema, source
        What they are to be, and how the study declares them.
    is_own
        Whether it is a layer of the study's own, which keeps its columns as text and numbers.

    Returns
    -------
    frame, faults
        Our columns and types, and everything that is wrong with them.
    """
    raw = raw.reset_index(drop=True)
    geometry = raw.geometry
    if is_own:
        frame = raw.rename(columns={theirs: ours for ours, theirs in source.columns.items()})
        return gpd.GeoDataFrame(frame, geometry=geometry.to_numpy(), crs=raw.crs), []
    table = pd.DataFrame(raw.drop(columns=geometry.name))
    table, faults = rename(table, schema, source)
    table = table.drop(columns=[c for c in ("coordinates", "geometry") if c in table])
    table = _with_key(table, schema)
    table, unreadable = convert(table, schema, source)
    faults += unreadable
    if not faults:
        faults += faults_of(table, schema)
    if not faults and schema.name == "statistics":
        faults += _statistic_faults(table)
    return gpd.GeoDataFrame(table, geometry=geometry.to_numpy(), crs=raw.crs), faults


def _with_key(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Fill an optional key that is empty with the number of the row in the file."""
    key = next((c for c in schema.columns if c.name == schema.key), None)
    if key is None or key.is_required:
        return table
    numbers = pd.Series([str(n + 1) for n in range(len(table))], index=table.index, dtype=object)
    given = table[key.name].astype(object) if key.name in table else numbers
    return table.assign(**{key.name: given.where(given.notna() & (given != ""), numbers)})


def _statistic_faults(table: pd.DataFrame) -> list[Message]:
    unknown = sorted(set(table["name"]) - STATISTIC_NAMES)
    known = sorted(STATISTIC_NAMES)
    return [Message("layers.unknown_statistic", found=unknown, known=known)] if unknown else []
