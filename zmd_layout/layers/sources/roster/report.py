"""What the reader understood of a roster: shown before anything is used, and sent back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
import xlsxwriter

from zmd_layout.errors import OutputError
from zmd_layout.layers.sources.roster.tables import fields, is_used
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from pathlib import Path

    from zmd_layout.layers.account import Entry
    from zmd_layout.vocabulary import Lang

_COLUMNS = ("sheet_of_row", "row", "school_id", "name", "column", "found", "reason")
_NARROWEST, _WIDEST = 10, 60


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no school: its number in the file, its first words, and why."""

    row: int
    text: str
    reason: Message
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """
    A row, or a cell of it, that somebody should look at.

    Attributes
    ----------
    row
        Its number in the file, from 1.
    school_id, name
        The school.
    column
        The head of the column, "" for the row as a whole.
    found
        What stands there.
    reason
        Why it is doubtful, and what was done.
    sheet
        The sheet, where there are several.
    """

    row: int
    school_id: str
    name: str
    column: str
    found: str
    reason: Message
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class RosterReport:
    """
    What was understood of a file.

    Attributes
    ----------
    path
        The file.
    columns
        Field → head of the column that it is read from.
    not_recognised
        Heads that are no known field.
    units
        Field → the unit of its column, where one was named.
    skipped
        Rows that are no schools, or are taken into another row.
    doubtful
        Rows and cells to be checked.
    rows_read
        Rows below the head that are not empty.
    schools
        Rows of the result.
    ambiguous
        Those of them whose stages the name leaves open.
    account
        What of the file was read, joined, left out or not used.
    """

    path: str
    columns: dict[str, str]
    not_recognised: tuple[str, ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    doubtful: tuple[Doubt, ...] = ()
    rows_read: int = 0
    schools: int = 0
    ambiguous: int = 0
    account: tuple[Entry, ...] = ()

    def summary(self) -> Message:
        """State in a sentence how many rows became how many schools."""
        return Message(
            "roster.summary", path=self.path, rows=self.rows_read, schools=self.schools,
            skipped=len(self.skipped), ambiguous=self.ambiguous, doubtful=len(self.doubtful),
        )  # fmt: skip


def preview(report: RosterReport, *, lang: Lang | str = "zh") -> pd.DataFrame:
    """
    Show what was understood.

    Returns
    -------
    table
        `field`, `column` (of the file, "" where there is none), `used_as` (our column, "" where the
        field is recognised and not used) and `unit`; fields first, then the heads that are not
        recognised with an empty field, then the reasons for skipping rows with their numbers.
    """
    rows = [
        {"field": name, "column": title, "used_as": _used_as(name),
         "unit": report.units.get(name, "")}
        if name in fields()
        else {"field": name, "column": title, "used_as": name, "unit": ""}
        for name, title in report.columns.items()
    ]  # fmt: skip
    rows += [{"field": "", "column": t, "used_as": "", "unit": ""} for t in report.not_recognised]
    reasons = Counter(skipped.reason.text(lang) for skipped in report.skipped)
    rows += [
        {"field": "", "column": "", "unit": "",
         "used_as": Message("roster.skipped", count=n, reason=r).text(lang)}
        for r, n in sorted(reasons.items())
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["field", "column", "used_as", "unit"])


def _used_as(name: str) -> str:
    """Name our column of a field; one that decides others is used as itself."""
    return fields()[name].column or (name if is_used(name) else "")


def check_list(report: RosterReport, *, lang: Lang | str = "zh") -> pd.DataFrame:
    """Return the doubtful rows as a table that can be sent back: a row for each doubt, in order."""
    heads = [Message(f"roster.list_{name}").text(lang) for name in _COLUMNS]
    rows = [
        (d.sheet, d.row, d.school_id, d.name, d.column, d.found, d.reason.text(lang))
        for d in sorted(report.doubtful, key=lambda d: (d.sheet, d.row, d.column, d.found))
    ]
    table = pd.DataFrame(rows, columns=heads)
    return table if any(d.sheet for d in report.doubtful) else table.iloc[:, 1:]


def write_check_list(report: RosterReport, path: Path, *, lang: Lang | str = "zh") -> Path:
    """
    Write the doubtful rows as a workbook (待核清单); no text is ever taken for a formula.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    table = check_list(report, lang=lang)
    return write_table(table, path, sheet=Message("roster.list_sheet").text(lang))


def write_table(table: pd.DataFrame, path: Path, *, sheet: str) -> Path:
    """
    Write a table as a workbook whose texts are never taken for formulas, links or numbers.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        with xlsxwriter.Workbook(path, options) as book:
            page = book.add_worksheet(sheet)
            bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
            for column, head in enumerate(table.columns):
                page.set_column(column, column, _width(table[head]))
                page.write_string(0, column, str(head), bold)
            for row, cells in enumerate(table.itertuples(index=False), start=1):
                for column, cell in enumerate(cells):
                    _write_cell(page, (row, column), cell, wrapped)
            page.freeze_panes(1, 0)
            page.autofilter(0, 0, max(len(table), 1), len(table.columns) - 1)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        raise OutputError(Message("roster.not_written", path=path, why=error)) from error
    return path


def _write_cell(page: Any, at: tuple[int, int], cell: Any, wrapped: Any) -> None:  # noqa: ANN401 - xlsxwriter has no types
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if not pd.isna(cell):
            page.write_number(*at, cell)
    elif cell is not None:
        page.write_string(*at, str(cell), wrapped)


def _width(cells: pd.Series[Any]) -> int:
    """Return a column the width of its longest text, within bounds; Chinese is twice as wide."""
    longest = max((2 * len(str(cell)) for cell in cells), default=0)
    return min(max(longest, _NARROWEST), _WIDEST)
