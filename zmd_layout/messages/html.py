"""Small tables of text in Chinese and English for notebooks, without script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from zmd_layout.messages import Message, both

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def said(message: Message) -> str:
    """Render a message in both languages, for a page that has no switch."""
    return " / ".join(both(message))


def html_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; every cell is text, whatever signs are in it."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_cell(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell: object) -> str:
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:,.6g}"  # noqa: PLR0124 - NaN is unknown
    if isinstance(cell, list | tuple):
        return "; ".join(str(item) for item in cell)
    return "" if cell is None else str(cell)
