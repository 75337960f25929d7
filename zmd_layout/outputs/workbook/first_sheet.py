"""The first sheet: what the run comes to, on one page; each line names the sheet with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.outputs.workbook.sheet import Row, Sheet, make_sheet, say

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results
    from zmd_layout.vocabulary import Lang


def first_sheet(results: Results, lang: Lang) -> Sheet:
    """Return the sheet: seats and plan, shortages by child-years, duties not met, what is open."""
    summary = results.summary
    balance, problems, open_matters = (
        say(f"{key}_name", lang) for key in ("balance", "problems", "open")
    )
    seats, shortages, duties, checks = (
        say(f"summary_{key}", lang) for key in ("seats", "shortages", "duties", "checks")
    )
    rows: list[Row] = [(seats, line.text(lang), None, None, balance) for line in summary.headline]
    child_years, units = say("summary_child_years", lang), say("summary_units", lang)
    rows += [
        (shortages, one.message.text(lang), round(one.child_years, -1), child_years, balance)
        for one in summary.seats
    ]
    rows += [(duties, one.message.text(lang), one.units, units, problems) for one in summary.duties]
    if summary.undecided:
        rows.append((duties, say("summary_open", lang), summary.undecided, units, open_matters))
    rows += [(checks, line.text(lang), None, None, balance) for line in summary.checks]
    if summary.no_sites is not None:
        rows.append((say("summary_no_sites", lang), summary.no_sites.text(lang), None, None, None))
    if summary.indicated is not None:
        name = say("indications_name", lang)
        told = summary.indicated.text(lang)
        rows.append((say("summary_indicated", lang), told, None, None, name))
    return make_sheet("summary", rows, lang, link_column=4)
