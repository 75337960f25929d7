"""What Word files of either look are made of: fonts with Chinese signs, and the page number."""

from __future__ import annotations

from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

LATIN = "Times New Roman"


def set_font(styled: Any, name: str, size_pt: float) -> Any:  # noqa: ANN401 - a run or a style
    """Return a run or style a font, and give it back; Chinese signs have a setting of their own."""
    styled.font.name = LATIN
    styled.font.size = Pt(size_pt)
    styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)
    return styled


def put_page_number(paragraph: Any, name: str, size_pt: float) -> None:  # noqa: ANN401 - python-docx
    """Write the number of the page, centred, as a field that Word counts."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = set_font(paragraph.add_run(), name, size_pt)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)  # noqa: SLF001 - python-docx offers no fields
