"""The register as a workbook: a line for each plot of every review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xlsxwriter

from zmd_layout.messages import Message, word
from zmd_layout.vocabulary import Lang, ReviewStage
from zmd_layout.web.register import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_WIDTHS = (6, 6, 8, 18, 24, 24, 10, 10, 12, 34, 40, 20, 30, 12, 18, 20, 12)


def write_register(path: Path, reviews: Sequence[Mapping[str, Any]], *, lang: Lang) -> None:
    """
    Write reviews into a workbook, to be filtered and printed.

    Parameters
    ----------
    path
        The file.
    reviews
        As `Register.search` lists them.
    lang
        The language of heads and words; conclusions stay as they were saved.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        page = book.add_worksheet(Message("web.register").text(lang))
        head = book.add_format({"bold": True, "bg_color": "#E8EDF3", "text_wrap": True})
        cell = book.add_format({"text_wrap": True, "valign": "top"})
        heads = Message("web.register_heads").text(lang).split("|")
        page.write_row(0, 0, heads, head)
        count = 0
        for review in reviews:
            for row in _rows(review, lang):
                count += 1
                for column, value in enumerate(row):
                    page.write(count, column, value, cell)
        for column, width in enumerate(_WIDTHS):
            page.set_column(column, column, width)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(count, 1), len(heads) - 1)
        page.set_landscape()
        page.set_paper(8)  # A3
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)


def _rows(review: Mapping[str, Any], lang: Lang) -> Iterable[list[Any]]:
    is_void = review["action"] == Action.VOIDED
    state = Message("web.state_void" if is_void else "web.state_valid").text(lang)
    head = [review["id"], review["version"], state, review["saved_at"][:16].replace("T", " ")]
    tail = [review["by"], review["remark"]]
    if not review["results"]:
        yield [*head, review["name"], *[None] * 4, review["conclusion"], *[None] * 5, *tail]
    for result in review["results"]:
        own = result.get("override") or {}
        yield [
            *head, review["name"], result["name"], word(ReviewStage(result["stage"]), lang),
            result["residents"], result["as_of"], result["conclusion"],
            "；".join(result["reasons"]), own.get("text"), own.get("reason"), own.get("official"),
            (own.get("at") or "")[:16].replace("T", " ") or None, *tail,
        ]  # fmt: skip
