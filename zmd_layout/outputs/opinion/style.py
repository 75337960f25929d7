"""The look of an official Chinese letter (GB/T 9704) in Word, as WPS opens it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from zmd_layout.outputs.word_parts import put_page_number, set_font

if TYPE_CHECKING:
    from collections.abc import Sequence

# Word and WPS take the reader's own fonts by these names, and another where they are missing
TITLE, BODY, HEAD, SUBHEAD = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
TABLE = "宋体"
TITLE_PT, BODY_PT, TABLE_PT, NOTE_PT = 22, 16, 8.5, 10.5
_LINE_PT = 28
_TABLE_LINE_PT = 12
_TEXT_WIDTH_CM = 15.6
_RED = RGBColor(0xB2, 0x18, 0x2B)


def new_document(*, header: str | None, watermark: str | None = None) -> Any:  # noqa: ANN401 - python-docx has no types
    """
    Open an A4 document with the margins of an official letter and page numbers.

    Parameters
    ----------
    header
        A red line above every page.
    watermark
        A word across every page.
    """
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    normal = document.styles["Normal"]
    set_font(normal, BODY, BODY_PT)
    if header is not None:
        line = section.header.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = line.add_run(header)
        set_font(run, HEAD, NOTE_PT)
        run.font.color.rgb = _RED
    if watermark is not None:
        _watermark(section.header.paragraphs[0], watermark)
    put_page_number(section.footer.paragraphs[0], TABLE, 12)
    return document


# WordArt as Word itself writes a watermark: WPS and LibreOffice know it by this name and type
_WATERMARK = (
    '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">'
    "<w:rPr><w:noProof/></w:rPr><w:pict>"
    '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800"'
    ' path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/>'
    '<v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/>'
    '<v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/>'
    '<v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>'
    '<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
    '<v:shape id="PowerPlusWaterMarkObject1" o:spid="_x0000_s2049" type="#_x0000_t136"'
    ' style="position:absolute;margin-left:0;margin-top:0;width:420pt;height:105pt;rotation:315;'
    "z-index:-251658752;mso-position-horizontal:center;"
    "mso-position-horizontal-relative:margin;mso-position-vertical:center;"
    'mso-position-vertical-relative:margin" fillcolor="#d9d9d9" stroked="f">'
    '<v:fill opacity=".5"/><v:textpath style="font-family:&quot;{font}&quot;;font-size:1pt"'
    " string={text}/></v:shape></w:pict></w:r>"
)


def _watermark(paragraph: Any, text: str) -> None:  # noqa: ANN401 - python-docx
    xml = _WATERMARK.format(font=HEAD, text=quoteattr(text))
    paragraph._p.append(parse_xml(xml))  # noqa: SLF001 - python-docx offers no watermarks


def title(document: Any, text: str, *, on_new_page: bool = False) -> None:  # noqa: ANN401 - python-docx
    """Write the title."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.page_break_before = on_new_page
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(34)
    paragraph.paragraph_format.space_after = Pt(10)
    set_font(paragraph.add_run(text), TITLE, TITLE_PT)


def heading(document: Any, text: str) -> None:  # noqa: ANN401 - python-docx
    """Write a heading of the first level; it stays with what follows."""
    paragraph = _paragraph(document, text, HEAD, BODY_PT)
    paragraph.paragraph_format.keep_with_next = True


def body(document: Any, text: str, *, is_indented: bool = True) -> None:  # noqa: ANN401 - python-docx
    """Write a paragraph."""
    _paragraph(document, text, BODY, BODY_PT, is_indented=is_indented)


def caption(document: Any, text: str, *, on_new_page: bool = False) -> None:  # noqa: ANN401 - python-docx
    """Write the caption above a table or a picture."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.page_break_before = on_new_page
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_before = Pt(8)
    paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.keep_with_next = True
    set_font(paragraph.add_run(text), HEAD, NOTE_PT + 1.5)


def note(document: Any, text: str, *, is_warning: bool = False) -> None:  # noqa: ANN401 - python-docx
    """Write small print."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(4)
    paragraph.paragraph_format.space_after = Pt(4)
    run = paragraph.add_run(text)
    set_font(run, SUBHEAD, NOTE_PT)
    if is_warning:
        run.font.color.rgb = _RED
        run.font.bold = True


def right(document: Any, text: str) -> None:  # noqa: ANN401 - python-docx
    """Write a line at the right, as signatures stand."""
    paragraph = _paragraph(document, text, BODY, BODY_PT, is_indented=False)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _paragraph(
    document: Any,  # noqa: ANN401 - python-docx
    text: str,
    font: str,
    size_pt: float,
    *,
    is_indented: bool = True,
) -> Any:  # noqa: ANN401 - python-docx
    paragraph = document.add_paragraph()
    form = paragraph.paragraph_format
    form.line_spacing = Pt(_LINE_PT)
    form.space_after = Pt(0)
    if is_indented:
        form.first_line_indent = Pt(2 * size_pt)
    set_font(paragraph.add_run(text), font, size_pt)
    return paragraph


def table(
    document: Any,  # noqa: ANN401 - python-docx
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    widths: Sequence[float],
) -> None:
    """
    Write a table.

    Parameters
    ----------
    document
        The document.
    heads, rows
        Texts.
    widths
        Of the columns, in any unit; they are scaled to the width of the text.
    """
    made = document.add_table(rows=0, cols=len(heads))
    made.style = "Table Grid"
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    made.autofit = False
    _narrow_margins(made)
    scale = _TEXT_WIDTH_CM / sum(widths)
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Cm(width * scale)
    for number, texts in enumerate([heads, *rows]):
        line = made.add_row()
        _keep_whole(line, is_head=number == 0)
        for cell, text, width in zip(line.cells, texts, widths, strict=True):
            cell.width = Cm(width * scale)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.paragraph_format.line_spacing = Pt(_TABLE_LINE_PT)
            if number == 0:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run = paragraph.add_run(text)
            set_font(run, HEAD if number == 0 else TABLE, TABLE_PT)


def _narrow_margins(table: Any) -> None:  # noqa: ANN401 - python-docx
    """Leave 1 mm beside the text of a cell: ten columns share the width of a page."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:w"), "57")
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    table._tbl.tblPr.append(margins)  # noqa: SLF001 - python-docx offers none


def _keep_whole(line: Any, *, is_head: bool) -> None:  # noqa: ANN401 - python-docx
    """Keep a row on one page, and repeat the head on each."""
    properties = line._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx offers neither
    properties.append(OxmlElement("w:cantSplit"))
    if is_head:
        properties.append(OxmlElement("w:tblHeader"))
