"""The look of an official Chinese letter (GB/T 9704) in Word, as WPS opens it too."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from zmd_layout.outputs.word_parts import put_page_number, set_font
from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import BytesIO

# Word and WPS take the reader's own fonts by these names, and another where they are missing
TITLE, BODY, HEAD, SUBHEAD = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
TABLE = "宋体"
NOTE_PT = 10.5
_TEXT_WIDTH_CM = 15.6
_SHORT_TABLE = 6  # rows; such a table stays on one page
_RED = RGBColor(0xB2, 0x18, 0x2B)
_BLACK = RGBColor(0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Form:
    """A paragraph style: its font, size and line in points, and the space around it."""

    font: str
    size: float
    line: float | None = None
    indent: float = 0.0
    before: float = 0.0
    after: float = 0.0
    align: WD_ALIGN_PARAGRAPH | None = None
    stays_with_next: bool = False


_CENTER, _RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
# Chinese by GB/T 9704; English words are longer, and the standard does not know them
_FORMS: dict[Lang, dict[str, _Form]] = {
    Lang.ZH: {
        "Title": _Form(TITLE, 22, 34, after=10, align=_CENTER),
        "Heading 1": _Form(HEAD, 16, 28, indent=32, stays_with_next=True),
        "Body Text": _Form(BODY, 16, 28, indent=32),
        "Salutation": _Form(BODY, 16, 28),
        "Signature": _Form(BODY, 16, 28, align=_RIGHT),
        "Caption": _Form(HEAD, 12, None, before=8, after=4, align=_CENTER, stays_with_next=True),
        "Note": _Form(SUBHEAD, NOTE_PT, None, before=4, after=4),
        "Table Head": _Form(HEAD, 8.5, 11, align=_CENTER, stays_with_next=True),
        "Table Text": _Form(TABLE, 8.5, 11),
    },
    Lang.EN: {
        "Title": _Form(TITLE, 18, 24, after=8, align=_CENTER),
        "Heading 1": _Form(HEAD, 12, 18, before=6, stays_with_next=True),
        "Body Text": _Form(BODY, 11, 15, after=3),
        "Salutation": _Form(BODY, 11, 15, after=3),
        "Signature": _Form(BODY, 11, 18, align=_RIGHT),
        "Caption": _Form(HEAD, 11, None, before=8, after=4, align=_CENTER, stays_with_next=True),
        "Note": _Form(SUBHEAD, 9.5, None, before=4, after=4),
        "Table Head": _Form(HEAD, 8, 10, align=_CENTER, stays_with_next=True),
        "Table Text": _Form(TABLE, 8, 10),
    },
}  # fmt: skip


def new_document(*, header: str | None, watermark: str | None = None, lang: Lang = Lang.ZH) -> Any:  # noqa: ANN401 - python-docx has no types
    """
    Open an A4 document with the margins of an official letter and page numbers.

    Parameters
    ----------
    header
        A red line above every page.
    watermark
        A word across every page.
    lang
        The language, which decides the sizes of the paragraph styles.
    """
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    for name, form in _FORMS[lang].items():
        _set_style(document, name, form)
    body_form = _FORMS[lang]["Body Text"]
    set_font(document.styles["Normal"], BODY, body_form.size)
    if header is not None:
        line = section.header.paragraphs[0]
        line.alignment = _CENTER
        run = line.add_run(header)
        set_font(run, HEAD, NOTE_PT)
        run.font.color.rgb = _RED
    if watermark is not None:
        _watermark(section.header.paragraphs[0], watermark)
    put_page_number(section.footer.paragraphs[0], TABLE, 12)
    return document


def _set_style(document: Any, name: str, form: _Form) -> None:  # noqa: ANN401 - python-docx
    """Set a paragraph style, also where the template of python-docx looks otherwise."""
    styles = document.styles
    if name not in styles:
        styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style = styles[name]
    for element in (style.element.pPr, style.element.rPr):
        if element is not None:
            style.element.remove(element)
    style.base_style = None
    set_font(style, form.font, form.size)
    style.font.color.rgb = _BLACK
    paragraph = style.paragraph_format
    paragraph.alignment = form.align
    paragraph.line_spacing = None if form.line is None else Pt(form.line)
    paragraph.first_line_indent = Pt(form.indent)
    paragraph.space_before, paragraph.space_after = Pt(form.before), Pt(form.after)
    paragraph.keep_with_next = form.stays_with_next
    paragraph.widow_control = True


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


def _paragraph(document: Any, text: str, style: str) -> Any:  # noqa: ANN401 - python-docx
    """Append a paragraph; python-docx would search all styles for each."""
    element = OxmlElement("w:p")
    element.style = style.replace(" ", "")
    document.element.body[-1].addprevious(element)  # the section closes the body
    paragraph = Paragraph(element, document._body)  # noqa: SLF001 - the parent that it offers
    if text:
        paragraph.add_run(text)
    return paragraph


def title(document: Any, text: str, *, on_new_page: bool = False) -> None:  # noqa: ANN401 - python-docx
    """Write the title."""
    _paragraph(document, text, "Title").paragraph_format.page_break_before = on_new_page


def heading(document: Any, text: str) -> None:  # noqa: ANN401 - python-docx
    """Write a heading of the first level; it stays with what follows."""
    _paragraph(document, text, "Heading 1")


def body(document: Any, text: str, *, is_indented: bool = True) -> None:  # noqa: ANN401 - python-docx
    """Write a paragraph."""
    _paragraph(document, text, "Body Text" if is_indented else "Salutation")


def caption(document: Any, text: str, *, on_new_page: bool = False) -> None:  # noqa: ANN401 - python-docx
    """Write the caption above a table or a picture."""
    _paragraph(document, text, "Caption").paragraph_format.page_break_before = on_new_page


def note(document: Any, text: str, *, is_warning: bool = False) -> None:  # noqa: ANN401 - python-docx
    """Write small print."""
    run = _paragraph(document, "", "Note").add_run(text)
    if is_warning:
        run.font.color.rgb = _RED
        run.font.bold = True


def right(document: Any, text: str) -> None:  # noqa: ANN401 - python-docx
    """Write a line at the right, as signatures stand."""
    _paragraph(document, text, "Signature")


def picture(document: Any, png: BytesIO) -> None:  # noqa: ANN401 - python-docx
    """Put a picture as wide as the text."""
    paragraph = _paragraph(document, "", "Note")
    paragraph.add_run().add_picture(png, width=Cm(_TEXT_WIDTH_CM))


def table(
    document: Any,  # noqa: ANN401 - python-docx
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    widths: Sequence[float],
    is_last_below: bool = False,
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
    is_last_below
        Write what the last column holds beneath its row, across the table: a long remark in a
        narrow column would make the row longer than a page.
    """
    columns = len(heads) - is_last_below
    widths = [_TEXT_WIDTH_CM * width / sum(widths[:columns]) for width in widths[:columns]]
    made = document.add_table(rows=0, cols=columns)
    made.style = "Table Grid"
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    made.autofit = False
    _narrow_margins(made)
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Cm(width)
    body = made._tbl  # noqa: SLF001 - rows of python-docx cost a search of the table each
    plain, wide = _row(widths), _row([sum(widths)], spans=columns)
    body.append(_filled(_row(widths, is_head=True), heads[:columns]))
    for number, texts in enumerate(rows, start=1):
        body.append(_filled(deepcopy(plain), texts[:columns]))
        if is_last_below and texts[-1]:
            _keep_with_next(body[-1])
            body.append(_filled(deepcopy(wide), [texts[-1]]))
        elif number < len(rows) <= _SHORT_TABLE:
            _keep_with_next(body[-1])


_ROW = f"<w:tr {nsdecls('w')}><w:trPr><w:cantSplit/>{{head}}</w:trPr>{{cells}}</w:tr>"
_CELL = (
    '<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}</w:tcPr>'
    '<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r/></w:p></w:tc>'
)
_TWIPS_PER_CM = 1440 / 2.54


def _row(widths: Sequence[float], *, spans: int = 1, is_head: bool = False) -> Any:  # noqa: ANN401 - python-docx
    """Prepare an empty row that stays on one page; a head is repeated on each."""
    span = f'<w:gridSpan w:val="{spans}"/>' if spans > 1 else ""
    style = "TableHead" if is_head else "TableText"
    cells = "".join(
        _CELL.format(width=round(width * _TWIPS_PER_CM), span=span, style=style) for width in widths
    )
    return parse_xml(_ROW.format(head="<w:tblHeader/>" if is_head else "", cells=cells))


def _filled(row: Any, texts: Sequence[str]) -> Any:  # noqa: ANN401 - python-docx
    """Put texts into the cells of a prepared row."""
    for run, text in zip(row.iter(qn("w:r")), texts, strict=True):
        run.text = text
    return row


def _keep_with_next(row: Any) -> None:  # noqa: ANN401 - python-docx
    """Keep a row on the page of the remark beneath it."""
    for properties in row.iter(qn("w:pPr")):
        properties.append(OxmlElement("w:keepNext"))


def _narrow_margins(table: Any) -> None:  # noqa: ANN401 - python-docx
    """Leave 1 mm beside the text of a cell: ten columns share the width of a page."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:w"), "57")
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    table._tbl.tblPr.append(margins)  # noqa: SLF001 - python-docx offers none
