"""A sheet of the workbook, not yet in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from zmd_layout.messages import Message
from zmd_layout.vocabulary import Lang

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
        The position of the column that is coloured by status.
    year_columns
        Positions of columns whose numbers are years.
    link_column
        The position of the column whose cells name another sheet, to which they lead.
    lang
        The language of the texts.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    frozen_columns: int = 0
    status_column: int | None = None
    year_columns: frozenset[int] = frozenset()
    link_column: int | None = None
    lang: Lang = Lang.ZH


def make_sheet(key: str, rows: list[Row], lang: Lang, **more: Any) -> Sheet:  # noqa: ANN401 - fields of `Sheet`
    """
    Make a sheet with the name and the heads that the catalogue has for it.

    Parameters
    ----------
    key
        `workbook.<key>_name` and `workbook.<key>_heads` in the catalogue.
    rows
        As many cells in each as there are heads.
    lang
        The language.
    **more
        Other fields of `Sheet`.

    Raises
    ------
    ValueError
        When a row has more or fewer cells than there are heads.
    """
    heads = tuple(say(f"{key}_heads", lang).split("|"))
    wrong = [row for row in rows if len(row) != len(heads)]
    if wrong:
        raise ValueError(f"{key}: {len(heads)} heads, {len(wrong[0])} cells")
    return Sheet(say(f"{key}_name", lang), heads, rows, lang=lang, **more)


def say(key: str, lang: Lang, **args: object) -> str:
    """Render a text of the workbook."""
    return Message(f"workbook.{key}", **args).text(lang)


def as_frame(sheet: Sheet) -> pd.DataFrame:
    """Return a sheet as a table, for notebooks."""
    return pd.DataFrame(sheet.rows, columns=list(sheet.columns))
