"""The chapter of indications: what an incomplete list makes likely, apart from all verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.messages import Message, word
from zmd_layout.vocabulary import Lang, Screening

if TYPE_CHECKING:
    from zmd_layout.outputs.report.document import WordReport
    from zmd_layout.outputs.results import Results

_SHOWN = 30
_WORDS = (Screening.LIKELY_SHORT, Screening.LIKELY_MET)


def indications(report: WordReport, results: Results, lang: Lang) -> None:
    """Write the chapter; nothing where the list of schools is complete."""
    told = results.summary.indicated
    if told is None:
        return
    report.heading(_say("indications", lang))
    report.paragraph(told.text(lang))
    report.paragraph(_say("indications_text", lang))
    found = results.findings[results.findings["screening"].isin(_WORDS)]
    if found.empty:
        return
    titles = {rule.id: rule.title.text(lang) for rule in results.rules}
    ordered = found.sort_values(
        ["screening", "short_chance_low", "unit_id"], ascending=[False, False, True], kind="stable"
    )
    rows = [_row(row, titles, lang) for row in ordered.head(_SHOWN).itertuples()]
    report.table(
        _say("indications_table", lang, shown=len(rows), all=len(found)),
        _say("indications_heads", lang).split("|"), rows,
        widths_cm=(2.6, 4.2, 1.4, 1.8, 2.0, 3.0, 2.2),
    )  # fmt: skip
    report.source(_say("source_findings", lang))


def _row(row: Any, titles: dict[str, str], lang: Lang) -> list[str]:  # noqa: ANN401 - a row of a table
    return [
        row.unit_name, titles.get(row.rule_id, row.rule_id), f"{row.required:g}",
        f"{row.measured_low:g}", span(row.gap_low, row.gap_high, lang),
        word(Screening(row.screening), lang),
        f"{100 * row.short_chance_low:.0f}—{100 * row.short_chance_high:.0f}%",
    ]  # fmt: skip


def span(low: float, high: float, lang: Lang) -> str:
    """Print the ends of a range; an end that is not known is left open."""
    ends = {"low": f"{low:g}", "high": f"{high:g}"}
    is_open = high != high  # noqa: PLR0124 - NaN is unknown
    return Message("gap_map.range_open" if is_open else "gap_map.range", **ends).text(lang)


def _say(key: str, lang: Lang, **args: object) -> str:
    return Message(f"report.{key}", **args).text(lang)
