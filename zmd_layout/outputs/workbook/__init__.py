"""
`findings.xlsx`: the sheets that a planner expects, with filters, frozen heads and formats.

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
from zmd_layout.outputs.workbook.rows import sheets_of
from zmd_layout.outputs.workbook.sheet import say
from zmd_layout.outputs.workbook.verdicts import status_word
from zmd_layout.vocabulary import Lang, Status, Strength

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zmd_layout.outputs.results import Results
    from zmd_layout.outputs.workbook.sheet import Sheet

_WIDEST, _REMARK_WIDE, _LEAST_WIDE, _NARROWEST = 60, 48, 16, 8
_A3, _A4 = 8, 9  # as spreadsheets number paper
_WIDE_SHEET = 12  # columns, beyond which A4 is too small to read
_LINE_POINTS, _MOST_LINES = 14.5, 5
_BOLD_ROOM = 1.1
_PAGE_COLUMNS = 190  # signs that a line on A3 holds and can still be read
_STATUS_COLOURS = {
    (Status.SHORTFALL, Strength.DUTY): "#F5C6A5",
    (Status.SHORTFALL, Strength.IN_PRINCIPLE): "#FBE3B0",
    (Status.NOT_ASSESSABLE, Strength.DUTY): "#E3E3E3",
}


def write_workbook(path: Path, results: Results, *, lang: Lang | str = Lang.ZH) -> None:
    """
    Write the workbook.

    Parameters
    ----------
    path
        The file.
    results
        What it tells. Where anything was made up, each sheet says so in its first row.
    lang
        The language of names, heads and words; clauses stay as they stand in the document.
    """
    speech = Lang(lang)
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
        book.set_properties({"created": day, "title": results.world.study.name.text(speech)})
        styles = {
            "head": book.add_format(
                {"bold": True, "bg_color": "#1F4E79", "font_color": "white", "text_wrap": True,
                 "valign": "vcenter", "border": 1}
            ),
            "banner": book.add_format(
                {"bold": True, "font_color": "#7A3E00", "bg_color": "#FFF1CC"}
            ),
            "text": book.add_format({"text_wrap": True, "valign": "top", "indent": 1}),
            "link": book.add_format({"font_color": "#1F4E79", "underline": 1, "valign": "top"}),
            "number": book.add_format({"num_format": "#,##0.00", "valign": "top"}),
            # one format for both would print a whole number as "1,127." in Excel
            "whole": book.add_format({"num_format": "#,##0", "valign": "top"}),
            "year": book.add_format({"num_format": "0", "valign": "top"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"}),
        }  # fmt: skip
        for sheet in sheets_of(results, lang=speech):
            _write_sheet(book, sheet, styles, is_synthetic=results.is_made_up)


def _write_sheet(book: Any, sheet: Sheet, styles: dict[str, Any], *, is_synthetic: bool) -> None:  # noqa: ANN401 - xlsxwriter has no types
    page = book.add_worksheet(sheet.name)
    first = 0
    if is_synthetic:
        page.write_string(
            0, 0, Message("words.synthetic_banner").text(sheet.lang), styles["banner"]
        )
        first = 1
    widths = _widths(sheet)
    for column, (name, width) in enumerate(zip(sheet.columns, widths, strict=True)):
        page.write_string(first, column, name, styles["head"])
        page.set_column(column, column, width)
    page.set_row(first, _height(sheet.columns, widths, bold=True))
    for number, row in enumerate(sheet.rows, start=first + 1):
        page.set_row(number, _height(row, widths))
        for column, cell in enumerate(row):
            is_year = column in sheet.year_columns
            shapes = {**styles, "whole": styles["year"]} if is_year else styles
            if column == sheet.link_column and cell:
                page.write_url(number, column, f"internal:'{cell}'!A1", styles["link"], str(cell))
                continue
            _write_cell(page, (number, column), cell, shapes, sheet.lang)
    last = first + max(len(sheet.rows), 1)
    page.autofilter(first, 0, last, max(len(sheet.columns) - 1, 0))
    page.freeze_panes(first + 1, sheet.frozen_columns)
    page.set_landscape()
    page.set_paper(_A3 if len(sheet.columns) > _WIDE_SHEET else _A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(first)
    if sheet.status_column is not None:
        for (status, strength), colour in _STATUS_COLOURS.items():
            page.conditional_format(
                first + 1, sheet.status_column, last, sheet.status_column,
                {"type": "cell", "criteria": "==",
                 "value": f'"{status_word(status, strength, sheet.lang)}"',
                 "format": book.add_format({"bg_color": colour})},
            )  # fmt: skip


def _write_cell(
    page: Any,  # noqa: ANN401 - xlsxwriter has no types
    at: tuple[int, int],
    cell: object,
    styles: dict[str, Any],
    lang: Lang,
) -> None:
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return
    if isinstance(cell, bool | np.bool_):
        page.write_string(*at, say("yes" if cell else "no", lang), styles["text"])
    elif isinstance(cell, int | float | np.integer | np.floating):
        if not math.isnan(float(cell)):
            shape = "whole" if float(cell).is_integer() else "number"
            page.write_number(*at, float(cell), styles[shape])
    elif isinstance(cell, dt.date):
        page.write_datetime(*at, dt.datetime.combine(cell, dt.time()), styles["day"])
    else:
        page.write_string(*at, str(cell)[:32_000], styles["text"])


def _height(cells: Sequence[object], widths: Sequence[float], *, bold: bool = False) -> float:
    """Return the points that wrapped text needs, which not every program works out by itself."""
    room = _BOLD_ROOM if bold else 1.0
    lines = [
        math.ceil(_signs(cell) * room / max(width - 2, 1))
        for cell, width in zip(cells, widths, strict=True)
        if isinstance(cell, str)
    ]
    return _LINE_POINTS * min(max([1, *lines]), _MOST_LINES)


def _widths(sheet: Sheet) -> list[float]:
    """
    Make columns as wide as their longest texts, the widest narrower where the sheet is too wide.

    Signs beyond the width are wrapped; a wide sheet would else be printed too small to read.
    """
    wanted = [_width(sheet, column) for column in range(len(sheet.columns))]
    widest = float(_WIDEST)
    while widest > _LEAST_WIDE and sum(min(width, widest) for width in wanted) > _PAGE_COLUMNS:
        widest -= 1
    fitted = [min(width, widest) for width in wanted]
    fitted[-1] = min(wanted[-1], max(widest, _REMARK_WIDE))  # remarks, which are long
    return fitted


def _width(sheet: Sheet, column: int) -> float:
    """Count the signs of a column's longest text, Chinese ones twice, within limits."""
    texts = [str(row[column] or "") for row in sheet.rows[:200]]
    longest = max([_signs(sheet.columns[column]) / 2, *map(_signs, texts)])  # heads take two lines
    return float(min(max(longest + 2, _NARROWEST), _WIDEST))


def _signs(text: str) -> int:
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in text)  # noqa: PLR2004 - CJK begins there
