"""The documents of a run: figures, report and the leader's page, as files to be written."""

from __future__ import annotations

import shutil
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zmd_layout.outputs.results import Results

FIGURES_FOLDER = "figures"
REPORT, PDF, LEADER_PAGE = "report.docx", "report.pdf", "leader.html"
_NEEDED = ("matplotlib", "docx", "pylopdf_fonts_zh_cn")


def missing_packages() -> list[str]:
    """Name the packages that documents need and that are not installed."""
    return [name for name in _NEEDED if find_spec(name) is None]


def libreoffice() -> str | None:
    """Return the path of LibreOffice, with which a PDF is made; None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def document_writers(
    results: Results, *, with_pdf: bool = False, lang: Lang = Lang.ZH
) -> dict[str, Callable[[Path], None]]:
    """
    Return what writes each document of a run.

    Parameters
    ----------
    results
        What they tell.
    with_pdf
        Also turn the report into a PDF with LibreOffice.
    lang
        The language of all of them.

    Returns
    -------
    writers
        File name → function that writes it; the report stands before its PDF, which is made of it.
    """
    # matplotlib takes longer to load than a check of one plot takes to run
    from zmd_layout.outputs.figures import save_figure  # noqa: PLC0415 - as just said
    from zmd_layout.outputs.leader import write_leader_page  # noqa: PLC0415 - likewise
    from zmd_layout.outputs.report import to_pdf, write_report  # noqa: PLC0415 - likewise
    from zmd_layout.outputs.report.figures import draw_figures  # noqa: PLC0415 - likewise

    figures = draw_figures(results, lang=lang)
    writers: dict[str, Callable[[Path], None]] = {
        f"{FIGURES_FOLDER}/{name}.{kind}": partial(save_figure, figure)
        for name, figure in figures.items()
        for kind in ("png", "svg")
    }
    writers[REPORT] = lambda path: write_report(path, results, figures, lang=lang)
    if with_pdf:
        writers[PDF] = lambda path: to_pdf(path.with_name(REPORT), path)
    writers[LEADER_PAGE] = lambda path: write_leader_page(path, results, figures, lang=lang)
    return writers
