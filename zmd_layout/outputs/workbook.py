"""
`findings.xlsx`: the ten sheets that a planner expects, with filters, frozen heads and formats.

Every text is written as a string, so that no cell of data ever runs as a formula.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xlsxwriter

from zmd_layout.messages import Message
from zmd_layout.outputs.workbook_rows import sheets_of

if TYPE_CHECKING:
    from pathlib import Path

    from zmd_layout.outputs.results import Results
    from zmd_layout.outputs.workbook_sheet import Sheet

_WIDEST, _NARROWEST = 60, 6
_A3, _A4 = 8, 9  # as spreadsheets number paper
_WIDE_SHEET = 12  # columns, beyond which A4 is too small to read
_YEAR_COLUMNS = {"年份", "建设时序"}
_STATUS_COLOURS = {"缺口": "#F5C6A5", "需说明理由": "#FBE3B0", "资料不足": "#E3E3E3"}


def write_workbook(path: Path, results: Results) -> None:
    """
    Write the workbook.

    Parameters
    ----------
    path
        The file.
    results
        What it tells. Where anything was made up, each sheet says so in its first row.
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        # a fixed day: the same results give the same file
        day = dt.datetime.combine(results.world.as_of, dt.time())
        book.set_properties({"created": day, "title": results.world.study.name.zh})
        styles = {
            "head": book.add_format(
                {"bold": True, "bg_color": "#1F4E79", "font_color": "white", "text_wrap": True,
                 "valign": "vcenter", "border": 1}
            ),
            "banner": book.add_format(
                {"bold": True, "font_color": "#7A3E00", "bg_color": "#FFF1CC"}
            ),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "number": book.add_format({"num_format": "#,##0.00", "valign": "top"}),
            # one format for both would print a whole number as "1,127." in Excel
            "whole": book.add_format({"num_format": "#,##0", "valign": "top"}),
            "year": book.add_format({"num_format": "0", "valign": "top"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"}),
        }  # fmt: skip
        for sheet in sheets_of(results):
            _write_sheet(book, sheet, styles, is_made=results.is_made_up)


def _write_sheet(book: Any, sheet: Sheet, styles: dict[str, Any], *, is_made: bool) -> None:  # noqa: ANN401 - xlsxwriter has no types
    page = book.add_worksheet(sheet.name)
    first = 0
    if is_made:
        page.write_string(0, 0, Message("words.synthetic_banner").text(), styles["banner"])
        first = 1
    for column, name in enumerate(sheet.columns):
        page.write_string(first, column, name, styles["head"])
        page.set_column(column, column, _width(sheet, column))
    for number, row in enumerate(sheet.rows, start=first + 1):
        for column, cell in enumerate(row):
            is_year = sheet.columns[column] in _YEAR_COLUMNS
            shapes = {**styles, "whole": styles["year"]} if is_year else styles
            _write_cell(page, number, column, cell, shapes)
    last = first + max(len(sheet.rows), 1)
    page.autofilter(first, 0, last, max(len(sheet.columns) - 1, 0))
    page.freeze_panes(first + 1, sheet.frozen_columns)
    page.set_landscape()
    page.set_paper(_A3 if len(sheet.columns) > _WIDE_SHEET else _A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(first)
    if sheet.status_column is not None:
        column = sheet.columns.index(sheet.status_column)
        for word, colour in _STATUS_COLOURS.items():
            page.conditional_format(
                first + 1, column, last, column,
                {"type": "text", "criteria": "containing", "value": word,
                 "format": book.add_format({"bg_color": colour})},
            )  # fmt: skip


def _write_cell(page: Any, row: int, column: int, cell: object, styles: dict[str, Any]) -> None:  # noqa: ANN401 - as above
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return
    if isinstance(cell, bool | np.bool_):
        page.write_string(row, column, "是" if cell else "否", styles["text"])
    elif isinstance(cell, int | float | np.integer | np.floating):
        if not math.isnan(float(cell)):
            shape = "whole" if float(cell).is_integer() else "number"
            page.write_number(row, column, float(cell), styles[shape])
    elif isinstance(cell, dt.date):
        page.write_datetime(row, column, dt.datetime.combine(cell, dt.time()), styles["day"])
    else:
        page.write_string(row, column, str(cell)[:32_000], styles["text"])


def _width(sheet: Sheet, column: int) -> float:
    """Make a column as wide as its longest text, Chinese signs counted twice, within limits."""
    texts = [sheet.columns[column], *(str(row[column] or "") for row in sheet.rows[:200])]
    longest = max(sum(2 if ord(sign) > 0x2E80 else 1 for sign in text) for text in texts)  # noqa: PLR2004 - CJK begins there
    return float(min(max(longest + 2, _NARROWEST), _WIDEST))
