"""The sheets of verdicts: every finding, what is to be mended, what could not be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.messages import Message, word
from zmd_layout.outputs.results import county_names, county_of
from zmd_layout.outputs.workbook.sheet import Row, Sheet, make_sheet, say
from zmd_layout.outputs.workbook.sources import sources_text
from zmd_layout.unit_keys import ClosedNeed, read_closes
from zmd_layout.vocabulary import (
    Addressee,
    Basis,
    DueState,
    Flag,
    Lang,
    Relation,
    Screening,
    ScreeningBasis,
    Stability,
    Status,
    Strength,
    UnitKind,
)

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results

SOFT = frozenset({Strength.IN_PRINCIPLE, Strength.EXPECTED_TARGET, Strength.INDICATOR})
_SITES_SHOWN = 3
_VERDICT = 13  # the column that is coloured


def status_word(status: str, strength: str, lang: Lang) -> str:
    """Print a status as the reviewer expects it: a soft shortfall is one to be explained."""
    if status == Status.SHORTFALL and strength in SOFT:
        return Message("outputs.to_explain").text(lang)
    return word(Status(status), lang)


def all_findings(results: Results, lang: Lang) -> Sheet:
    """Return every finding with its clause; not the schools to which a clause does not apply."""
    names, place_of = county_names(results), county_of(results)
    keys = {rule.id: rule.key for rule in results.rules}
    findings = results.findings
    is_idle = (findings["unit_kind"] == UnitKind.SCHOOL) & (
        findings["status"] == Status.NOT_APPLICABLE
    )
    rows: list[Row] = [
        (
            number, names.get(place_of.get((str(row.unit_kind), str(row.unit_id)), ""), ""),
            row.unit_name, keys.get(str(row.rule_id), ""), *_verdict(row, lang),
        )
        for number, row in enumerate(findings[~is_idle].itertuples(), start=1)
    ]  # fmt: skip
    return make_sheet("findings", rows, lang, frozen_columns=3, status_column=_VERDICT)


def _verdict(row: Any, lang: Lang) -> Row:  # noqa: ANN401 - a row of a table
    head, _, text = str(row.clause).partition("：")
    return (
        text, head, word(Strength(row.strength), lang), word(Addressee(row.addressee), lang),
        word(Relation(row.relation), lang) if row.relation else "", row.required, row.measured,
        row.gap, unit_word(str(row.measure_unit), lang),
        status_word(row.status, row.strength, lang), word(DueState(row.due_state), lang),
        _stability(row.stability, lang),
        sources_text([str(row.sources)], lang), word(Basis(row.basis), lang),
        flags_text(str(row.flags), lang), bool(row.is_synthetic),
        row.note_zh if lang is Lang.ZH else row.note_en,
    )  # fmt: skip


def _stability(cell: object, lang: Lang) -> object:
    return word(Stability(str(cell)), lang) if cell in set(Stability) else cell


def flags_text(flags: str, lang: Lang) -> str:
    """Print flags as words; one without a word is printed as it is."""
    known = {str(flag) for flag in Flag}
    comma = "、" if lang is Lang.ZH else ", "
    return comma.join(word(Flag(f), lang) if f in known else f for f in flags.split(";") if f)


def unit_word(unit: str, lang: Lang = Lang.ZH) -> str:
    """Print what a number is counted in, such as `school` → 所; as it is where we have no word."""
    try:
        return Message(f"words.unit_{unit}").text(lang)
    except KeyError:
        return unit


def problems(results: Results, lang: Lang) -> Sheet:
    """Return the shortfalls, the strongest clause first, with who owes it and until when."""
    names, place_of = county_names(results), county_of(results)
    titles = {rule.id: rule.title.text(lang) for rule in results.rules}
    sites = _sites_by_finding(results)
    short = results.findings[results.findings["status"] == Status.SHORTFALL]
    order = {str(s): n for n, s in enumerate(Strength)}
    short = short.assign(order=short["strength"].map(order))
    short = short.sort_values(["order", "rule_id", "unit_id"], kind="stable")
    rows: list[Row] = []
    for number, row in enumerate(short.itertuples(), start=1):
        county = place_of.get((str(row.unit_kind), str(row.unit_id)), "")
        title = titles.get(str(row.rule_id), str(row.rule_id))
        verdict = status_word(row.status, row.strength, lang)
        rows.append(
            (
                number, names.get(county, ""), row.unit_name,
                say("problem", lang, title=title, verdict=verdict),
                word(Addressee(row.addressee), lang), None,
                _measure(sites.get(ClosedNeed(row.rule_id, row.unit_id), []), lang),
                word(Strength(row.strength), lang), row.gap,
                unit_word(str(row.measure_unit), lang),
                row.due_on or word(DueState(row.due_state), lang), _data_needed(row, lang),
            )
        )  # fmt: skip
    return make_sheet("problems", rows, lang, frozen_columns=3)


def indications(results: Results, lang: Lang) -> Sheet | None:
    """Return what an incomplete list of schools indicates; None where the list is complete."""
    names, place_of = county_names(results), county_of(results)
    titles = {rule.id: rule.title.text(lang) for rule in results.rules}
    findings = results.findings
    rows: list[Row] = [
        (
            names.get(place_of.get((str(row.unit_kind), str(row.unit_id)), ""), ""), row.unit_name,
            titles.get(str(row.rule_id), str(row.rule_id)), row.required, row.measured_low,
            row.measured_high, row.gap_low, row.gap_high, word(Screening(row.screening), lang),
            word(ScreeningBasis(row.screening_basis), lang), row.short_chance_low,
            row.short_chance_high,
        )
        for row in findings[findings["screening"].isin(list(Screening))].itertuples()
    ]  # fmt: skip
    return make_sheet("indications", rows, lang, frozen_columns=2) if rows else None


def _sites_by_finding(results: Results) -> dict[ClosedNeed, list[str]]:
    """Name the suggested places that would close a finding."""
    found: dict[ClosedNeed, list[str]] = {}
    for row in results.suggestions.itertuples():
        for closed in read_closes(row.closes):
            found.setdefault(closed, []).append(str(row.id))
    return found


def _measure(sites: list[str], lang: Lang) -> str:
    if not sites:
        return ""
    comma = "、" if lang is Lang.ZH else ", "
    more = " …" if len(sites) > _SITES_SHOWN else ""
    return say("measure_sites", lang, sites=comma.join(sites[:_SITES_SHOWN]) + more)


_DATA_NEEDED = {
    DueState.DUE_UNVERIFIED: "data_after_due",
    DueState.MET_TIME_UNKNOWN: "data_with_dates",
}


def _data_needed(row: Any, lang: Lang) -> str:  # noqa: ANN401 - a row of a table
    key = None if is_missing(row.due_on) else _DATA_NEEDED.get(row.due_state)
    return "" if key is None else say(key, lang, day=row.due_on)


def open_matters(results: Results, lang: Lang) -> Sheet:
    """Return what could not be judged, by rule and by what is missing."""
    titles = {rule.id: rule.title.text(lang) for rule in results.rules}
    open_ = results.findings[results.findings["status"] == Status.NOT_ASSESSABLE]
    rows: list[Row] = [
        (rule_id, titles.get(str(rule_id), ""), len(group), note)
        for (rule_id, note), group in open_.groupby(["rule_id", f"note_{lang}"], sort=True)
    ]
    return make_sheet("open", rows, lang)
