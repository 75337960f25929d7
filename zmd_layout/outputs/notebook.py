"""What a notebook shows of a result: a few small tables, in Chinese and English, without script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from zmd_layout.messages import Message, word_message
from zmd_layout.messages.html import html_table, said
from zmd_layout.vocabulary import Status, Strength

if TYPE_CHECKING:
    import pandas as pd

    from zmd_layout.study import Study

_WORST = 8


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
