"""What a notebook shows of a result: a few small tables, in Chinese and English, without script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from zmd_layout.messages import Message, both, word_message
from zmd_layout.vocabulary import Status, Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from zmd_layout.study import Study

_WORST = 8
_SHOWN = 10


def said(message: Message) -> str:
    """Render a message in both languages, for a page that has no switch."""
    return " / ".join(both(message))


def html_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Give a table; every cell is text, whatever signs are in it."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_cell(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def findings_html(study: Study, findings: pd.DataFrame) -> str:
    """
    Sum findings up: how many stand where, and the duties that most units miss.

    Parameters
    ----------
    study
        What was assessed.
    findings
        As a run gives them.
    """
    name = f"{study.name.zh} / {study.name.en}"
    parts = [f"<p><b>{escape(name)}</b> · {study.as_of} · {escape(', '.join(study.rulesets))}</p>"]
    if bool(findings["is_synthetic"].any()):
        parts.append(f"<p><b>{escape(said(Message('words.synthetic_banner')))}</b></p>")
    counts = findings["status"].value_counts()
    words = [said(word_message(status)) for status in Status]
    parts.append(html_table(words, [[int(counts.get(str(status), 0)) for status in Status]]))
    short = findings[
        (findings["status"] == Status.SHORTFALL) & (findings["strength"] == Strength.DUTY)
    ]
    if len(short):
        groups = short.groupby("rule_id", sort=True)
        table = groups.agg(units=("unit_id", "size"), first=("unit_name", "first")).reset_index()
        table = table.sort_values("units", ascending=False, kind="stable").head(_WORST)
        heads = [said(Message(f"showing.{key}")) for key in ("rule", "units", "such_as")]
        parts.append(html_table(heads, table.itertuples(index=False)))
    return "".join(parts)


def suggestions_html(table: pd.DataFrame) -> str:
    """Give the first suggested sites with what they close and how far from the best they may be."""
    if table.empty:
        return f"<p>{escape(said(Message('showing.no_sites')))}</p>"
    columns = ("id", "name", "stage", "seats", "opens_in", "closes", "gap_percent")
    heads = [said(Message(f"showing.{name}")) for name in columns]
    first = table[list(columns)].head(_SHOWN)
    more = len(table) - len(first)
    rest = f"<p>{escape(said(Message('showing.more', count=more)))}</p>" if more else ""
    return html_table(heads, first.itertuples(index=False)) + rest


def _cell(cell: object) -> str:
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:,.6g}"  # noqa: PLR0124 - NaN is unknown
    if isinstance(cell, list | tuple):
        return "; ".join(str(item) for item in cell)
    return "" if cell is None else str(cell)
