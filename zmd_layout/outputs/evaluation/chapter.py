"""`evaluation.docx`: the final evaluation in the form in which an office hands it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.messages import Message, word
from zmd_layout.outputs.evaluation.counts import counts_of_targets
from zmd_layout.outputs.evaluation.table import PROVISION, TARGET
from zmd_layout.outputs.report.document import WordReport
from zmd_layout.vocabulary import Lang, Strength, TargetHandling, TargetState

if TYPE_CHECKING:
    from pathlib import Path

    from zmd_layout.outputs.results import Results

_REASONS_SHOWN = 20
_PLACES_SHOWN = 3
_BAD = [str(TargetState.MISSED), str(TargetState.SHORT)]
_SIGNS = {"at_least": "≥", "above": ">", "at_most": "≤", "equals": "="}


def write_evaluation(
    path: Path, results: Results, table: pd.DataFrame, *, lang: Lang | str = Lang.ZH
) -> None:
    """
    Write the final evaluation as a Word file.

    Parameters
    ----------
    path
        The file.
    results
        Study and day. Where anything was made up, the header of every page says so.
    table
        As `evaluation_table` returns it.
    lang
        The language; clauses stay as they are in the plan.
    """
    speech = Lang(lang)
    study = results.world.study
    banner = Message("words.synthetic_banner").text(speech) if results.is_made_up else None
    report = WordReport(
        _say("title", speech, name=study.name), day=results.world.as_of, banner=banner
    )
    report.paragraph(
        _say("draft", speech, day=results.world.as_of, rulesets=list(study.rulesets))
    )  # fmt: skip
    report.heading(_say("part_course", speech))
    report.paragraph(_say("course", speech, **counts_of_targets(table)))
    targets = table[table["item_kind"] == TARGET]
    if len(targets):
        rows = [_target_cells(row, speech) for row in targets.itertuples()]
        report.table(
            _say("targets_table", speech), _heads("targets_heads", speech), rows,
            widths_cm=(3.6, 1.4, 1.3, 1.6, 2.2, 2.0, 3.9),
        )  # fmt: skip
        report.source(_say("source", speech))
    provisions = table[table["item_kind"] == PROVISION]
    for part, caption, rows_of in (
        ("part_success", "success_table", _met(provisions)),
        ("part_problems", "problems_table", _not_met(provisions)),
    ):
        report.heading(_say(part, speech))
        _provisions(report, caption, rows_of, speech)
    _reasons(report, table, speech)
    _advice(report, table, speech)
    report.save(path)


def _say(key: str, lang: Lang, **args: object) -> str:
    return Message(f"evaluation.{key}", **args).text(lang)


def _heads(key: str, lang: Lang) -> list[str]:
    return _say(key, lang).split("|")


def number_text(value: Any, lang: Lang) -> str:  # noqa: ANN401 - a cell
    """Print a figure without needless zeros; what is not known by its word."""
    if value is None or pd.isna(value):
        return _say("unknown", lang)
    return f"{float(str(value)):,.2f}".rstrip("0").rstrip(".")


def _target_cells(row: Any, lang: Lang) -> list[str]:  # noqa: ANN401 - a row of a table
    has_target = row.target is not None and not pd.isna(row.target)
    target = f"{_SIGNS.get(row.relation, '')}{number_text(row.target, lang)}" if has_target else "—"
    base = "—" if row.base is None or pd.isna(row.base) else number_text(row.base, lang)
    return [
        getattr(row, f"title_{lang}"), word_of_unit(row.measure_unit, lang), base, target,
        _actual(row, lang), word(TargetState(row.state), lang), _remark(row, lang),
    ]  # fmt: skip


def _actual(row: Any, lang: Lang) -> str:  # noqa: ANN401 - a row of a table
    """Print the figure of the city, or in how many units it is not met."""
    if row.state == TargetState.NOT_CHECKABLE:
        return "—"
    if pd.isna(row.actual) and row.units > 1 and row.units_met + row.units_missed > 0:
        return _say("of_units", lang, missed=f"{row.units_missed:.0f}", units=f"{row.units:,.0f}")
    year = "" if pd.isna(row.actual_year) else f" ({row.actual_year:.0f})"
    return number_text(row.actual, lang) + year


def _remark(row: Any, lang: Lang) -> str:  # noqa: ANN401 - a row of a table
    """Print what a reader of the table needs; contradictions have a part of their own."""
    texts = [getattr(row, f"why_{lang}")]
    if row.handling == TargetHandling.REPORTED and row.state == TargetState.UNKNOWN:
        texts.append(_say("figure_missing", lang, year=row.due_on.year))
    else:
        texts.append(getattr(row, f"missing_{lang}"))
    if getattr(row, f"contradiction_{lang}"):
        texts.append(_say("see_contradiction", lang))
    return "\n".join(text for text in texts if text)


def word_of_unit(unit: str, lang: Lang) -> str:
    """Print a unit of measure; empty where there is none."""
    return Message(f"words.unit_{unit}").text(lang) if unit else ""


def _sums(provisions: pd.DataFrame) -> pd.DataFrame:
    """Sum the units of each provision over its counties."""
    keys = ["rule_id", "title_zh", "title_en", "strength"]
    groups = provisions.groupby(keys, sort=False)
    sums = groups[["units_met", "units_missed", "units_unknown"]].sum()
    return sums.assign(wholes=groups.size()).reset_index()


def _met(provisions: pd.DataFrame) -> pd.DataFrame:
    sums = _sums(provisions)
    is_good = (sums["units_met"] > 0) & (sums["units_missed"] == 0) & (sums["units_unknown"] == 0)
    return sums[is_good]


def _not_met(provisions: pd.DataFrame) -> pd.DataFrame:
    sums = _sums(provisions)
    return sums[sums["units_missed"] > 0]


def _provisions(report: WordReport, caption: str, rows_of: pd.DataFrame, lang: Lang) -> None:
    if rows_of.empty:
        report.paragraph(_say("none", lang))
        return
    report.table(
        _say(caption, lang), _heads("provisions_heads", lang),
        [_provision_cells(row, lang) for row in rows_of.itertuples()],
        widths_cm=(6.4, 2.4, 1.8, 1.8, 1.8, 1.8),
    )  # fmt: skip
    report.source(_say("source", lang))


def _provision_cells(row: Any, lang: Lang) -> list[str]:  # noqa: ANN401 - a row of a table
    counts = (row.wholes, row.units_met, row.units_missed, row.units_unknown)
    title, strength = getattr(row, f"title_{lang}"), word(Strength(row.strength), lang)
    return [title, strength, *(f"{count:,.0f}" for count in counts)]


def _reasons(report: WordReport, table: pd.DataFrame, lang: Lang) -> None:
    report.heading(_say("part_reasons", lang))
    report.paragraph(_say("reasons", lang))
    bad = table[table["state"].isin(_BAD) & (table[f"why_{lang}"] != "")]
    groups = bad.groupby([f"title_{lang}", f"why_{lang}"], sort=False)["unit_name"].unique()
    shown_groups: list[tuple[Any, Any]] = list(groups.items())[:_REASONS_SHOWN]
    for (title, text), places in shown_groups:
        shown = [str(place) for place in places[:_PLACES_SHOWN]] or [_say("no_places", lang)]
        report.paragraph(_say("reason", lang, title=title, places=shown, text=text))
    contradictions = table[table[f"contradiction_{lang}"] != ""]
    if len(contradictions):
        report.subheading(_say("contradictions", lang))
        for row in contradictions.itertuples():
            title, text = getattr(row, f"title_{lang}"), getattr(row, f"contradiction_{lang}")
            report.paragraph(_say("contradiction", lang, title=title, text=text))


def _advice(report: WordReport, table: pd.DataFrame, lang: Lang) -> None:
    report.heading(_say("part_advice", lang))
    targets, provisions = (table[table["item_kind"] == kind] for kind in (TARGET, PROVISION))
    is_late = provisions["state"] == TargetState.TIME_UNKNOWN
    unknown = targets[targets["state"] == TargetState.UNKNOWN]["handling"]
    numbers = {
        "advice_missing": int((unknown == TargetHandling.REPORTED).sum()),
        "advice_layers": int((unknown == TargetHandling.ENCODED).sum()),
        "advice_time": provisions[is_late]["rule_id"].nunique(),
        "advice_open": provisions[provisions["state"].isin(_BAD)]["rule_id"].nunique(),
    }
    said = [_say(key, lang, count=count) for key, count in numbers.items() if count]
    for text in said or [_say("none", lang)]:
        report.paragraph(text)
