"""A sheet of the workbook, not yet in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    A sheet of the workbook.

    Attributes
    ----------
    name
        On the tab, at most 31 signs.
    columns
        The heads.
    rows
        Text, numbers, days, booleans; None is left empty.
    frozen_columns
        How many columns stay when one scrolls.
    status_column
        The head of the column that is coloured by status.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    frozen_columns: int = 0
    status_column: str | None = None


def as_frame(sheet: Sheet) -> pd.DataFrame:
    """Give a sheet as a table, for notebooks."""
    return pd.DataFrame(sheet.rows, columns=list(sheet.columns))
