"""A Word file in the look of an official report: A4, Chinese fonts, a banner on each page."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from zmd_layout.outputs.figures import look
from zmd_layout.outputs.word_parts import LATIN, put_page_number, set_font

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

_BODY, _HEAD = "仿宋", "黑体"
_WARNING = RGBColor(0x9C, 0x3D, 0x00)
_QUIET = RGBColor(0x59, 0x59, 0x59)
_HEAD_FILL = "1F4E79"
_PICTURE_DPI = 160
_TEXT_WIDTH_CM = 16.0
_ROWS_KEPT_TOGETHER = 14
_NUMBER = re.compile(r"[-−+]?[\d,]*\d(\.\d+)?%?")


class WordReport:
    """
    A Word document that is written from top to bottom.

    Parameters
    ----------
    title
        Stands above and in the properties of the file.
    day
        The day that the file gives as its own, so that the same results give the same file.
    banner
        In the header of every page; None for none.
    """

    def __init__(self, title: str, *, day: dt.date, banner: str | None) -> None:
        self._document = Document()
        self._set_page()
        self._set_styles()
        properties = self._document.core_properties
        properties.title, properties.author = title, "zmd_layout"
        properties.created = properties.modified = dt.datetime.combine(day, dt.time())
        properties.last_modified_by = "zmd_layout"
        if banner:
            self._put_banner(banner)
        put_page_number(self._document.sections[0].footer.paragraphs[0], _BODY, 9)
        heading = self._document.add_paragraph()
        heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
        heading.paragraph_format.space_after = Pt(10)
        set_font(heading.add_run(title), _HEAD, 20)

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._document.add_heading(text, level=1)

    def subheading(self, text: str) -> None:
        """Begin a part of a section."""
        self._document.add_heading(text, level=2)

    def paragraph(self, text: str) -> None:
        """Add a paragraph, its first line indented by two signs."""
        paragraph = self._document.add_paragraph(text)
        paragraph.paragraph_format.first_line_indent = Pt(24)

    def source(self, text: str) -> None:
        """Report below a table or a figure where its numbers come from."""
        paragraph = self._document.add_paragraph()
        room = paragraph.paragraph_format
        room.space_before, room.space_after = Pt(3), Pt(8)
        set_font(paragraph.add_run(text), _BODY, 8.5).font.color.rgb = _QUIET

    def figure(self, figure: Figure, caption: str) -> None:
        """Add a picture over the width of the text, with its caption below."""
        data = io.BytesIO()
        with look():
            figure.savefig(
                data, format="png", dpi=_PICTURE_DPI, metadata={"Software": None}, facecolor="white"
            )
        data.seek(0)
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        paragraph.add_run().add_picture(data, width=Cm(14.6))
        self._caption(caption, keep=False)

    def table(
        self,
        caption: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        widths_cm: Sequence[float],
    ) -> None:
        """
        Add a table; its head repeats on each page, no row is torn and a short one stays together.

        Parameters
        ----------
        caption
            Stands above.
        columns, rows
            Heads and cells.
        widths_cm
            The width of each column, in all at most `_TEXT_WIDTH_CM`.
        """
        self._caption(caption, keep=True)
        table = self._document.add_table(rows=1, cols=len(columns), style="Table Grid")
        table.autofit = False
        for column, width in zip(table.columns, widths_cm, strict=True):
            column.width = Cm(width)  # some programs go by the column, others by the cell
        _fill_row(table.rows[0], columns, widths_cm, is_head=True)
        for cell in table.rows[0].cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
        is_whole = len(rows) <= _ROWS_KEPT_TOGETHER
        for number, row in enumerate(rows, start=1):
            added = table.add_row()
            _fill_row(added, row, widths_cm, is_head=False)
            if is_whole and number < len(rows):
                for cell in added.cells:
                    cell.paragraphs[0].paragraph_format.keep_with_next = True

    def save(self, path: Path) -> None:
        """Write the file; its parts bear a fixed time, so that equal reports are equal bytes."""
        data = io.BytesIO()
        self._document.save(data)
        with zipfile.ZipFile(data) as loose, zipfile.ZipFile(path, "w") as fixed:
            for name in loose.namelist():
                part = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                fixed.writestr(part, loose.read(name), zipfile.ZIP_DEFLATED)

    def _caption(self, text: str, *, keep: bool) -> None:
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = keep
        paragraph.paragraph_format.space_before = Pt(4)
        set_font(paragraph.add_run(text), _HEAD, 10)

    def _set_page(self) -> None:
        section = self._document.sections[0]
        section.page_width, section.page_height = Cm(21.0), Cm(29.7)
        section.left_margin = section.right_margin = Cm((21.0 - _TEXT_WIDTH_CM) / 2)
        section.top_margin, section.bottom_margin = Cm(2.8), Cm(2.4)

    def _set_styles(self) -> None:
        styles = self._document.styles
        for name, family, size in (
            ("Normal", _BODY, 12.0), ("Heading 1", _HEAD, 15.0), ("Heading 2", _HEAD, 12.0),
        ):  # fmt: skip
            style = styles[name]
            style.font.name, style.font.size = LATIN, Pt(size)
            style.font.color.rgb = RGBColor(0, 0, 0)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            fonts.set(qn("w:eastAsia"), family)
        normal = styles["Normal"].paragraph_format
        normal.space_after, normal.line_spacing = Pt(4), 1.3

    def _put_banner(self, banner: str) -> None:
        paragraph = self._document.sections[0].header.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = set_font(paragraph.add_run(banner), _HEAD, 8.5)
        run.font.bold, run.font.color.rgb = True, _WARNING


def _fill_row(row: Any, cells: Sequence[str], widths_cm: Sequence[float], *, is_head: bool) -> None:  # noqa: ANN401 - as above
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no repeated heads
    properties.append(OxmlElement("w:cantSplit"))
    if is_head:
        properties.append(OxmlElement("w:tblHeader"))
    for cell, text, width in zip(row.cells, cells, widths_cm, strict=True):
        cell.width = Cm(width)
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_before = Pt(2)
        paragraph.paragraph_format.space_after = Pt(2)
        paragraph.paragraph_format.line_spacing = 1.0
        run = set_font(paragraph.add_run(text), _HEAD if is_head else _BODY, 9)
        if not is_head and _NUMBER.fullmatch(text):
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if is_head:
            run.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            shade = OxmlElement("w:shd")
            for name, value in (("val", "clear"), ("color", "auto"), ("fill", _HEAD_FILL)):
                shade.set(qn(f"w:{name}"), value)
            cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001 - nor shaded cells
