"""Findings as `findings.csv`: a contract with other people's scripts."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.findings import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_DECIMALS = 6


def to_csv(findings: gpd.GeoDataFrame | pd.DataFrame, *, columns: Sequence[str] = COLUMNS) -> str:
    """
    Write findings, or another table with these columns, as CSV text.

    `true` and `false`, ISO days, at most 6 decimals, empty for unknown; a text that a spreadsheet
    would run as a formula gets an apostrophe in front. Write it as UTF-8 with BOM.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    cells = [findings[name].tolist() for name in columns]
    writer.writerows([_cell(value) for value in row] for row in zip(*cells, strict=True))
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str):  # nearly every cell; a city has a million
        return inert(value)
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return "" if math.isnan(value) else number_text(float(value))
    if isinstance(value, dt.date):
        return value.isoformat()
    return inert(str(value))


def number_text(value: float) -> str:
    """Print a number with at most 6 decimals and no trailing zeros."""
    text = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def inert(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula."""
    return f"'{text}" if text.startswith(_RUN_BY_SPREADSHEETS) else text
