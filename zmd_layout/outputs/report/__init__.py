"""`report.docx`: what was checked, where the gaps are, what could be done, what is not known."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zmd_layout.errors import OutputError
from zmd_layout.forecast import census_ages
from zmd_layout.messages import Message, word
from zmd_layout.outputs.documents import libreoffice
from zmd_layout.outputs.forecast_facts import Elsewhere, hindcast_rows, senior_ages_elsewhere
from zmd_layout.outputs.report.document import WordReport
from zmd_layout.outputs.report.facts import (
    People,
    counts_by_county,
    number,
    people_text,
    people_to_come,
    shortage_cells,
    worst_problems,
)
from zmd_layout.outputs.report.figures import AGES, DEMAND, OVERVIEW
from zmd_layout.outputs.report.indications import indications
from zmd_layout.outputs.workbook.sources import layer_word
from zmd_layout.vocabulary import Lang, Stage, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from zmd_layout.outputs.results import Results

_PROBLEMS_SHOWN = 10
_SUGGESTIONS_SHOWN = 10
_REASONS_SHOWN = 5
_PDF_SECONDS = 180


def write_report(
    path: Path, results: Results, figures: Mapping[str, Figure], *, lang: Lang | str = Lang.ZH
) -> None:
    """
    Write the report of a run as a Word file.

    Parameters
    ----------
    path
        The file.
    results
        What it tells. Where anything was made up, the header of every page says so.
    figures
        As `report_figures.draw_figures` gives them; one that is not there is left out.
    lang
        The language.
    """
    speech = Lang(lang)
    study = results.world.study
    banner = Message("words.synthetic_banner").text(speech) if results.is_made_up else None
    title = _say("title", speech, name=study.name.model_dump()[str(speech)])
    report = WordReport(title, day=results.world.as_of, banner=banner)
    _scope(report, results, speech)
    _picture(report, results, figures, speech)
    _problems(report, results, speech)
    indications(report, results, speech)
    _suggestions(report, results, speech)
    _outlook(report, results, figures, speech)
    _limits(report, results, speech)
    report.save(path)


def to_pdf(document: Path, path: Path) -> None:
    """
    Turn a Word file into a PDF with LibreOffice.

    Raises
    ------
    OutputError
        When there is no LibreOffice, or it fails.
    """
    program = libreoffice()
    if program is None:
        raise OutputError(Message("report.no_libreoffice", name=path.name))
    with tempfile.TemporaryDirectory() as folder:
        # a profile of its own: one that is open elsewhere would refuse a second program
        command = [
            program, f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}", "--headless",
            "--convert-to", "pdf", "--outdir", folder, str(document),
        ]  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603 - the program was found, the arguments are ours
                command, capture_output=True, check=False, timeout=_PDF_SECONDS, text=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OutputError(Message("report.no_pdf", name=path.name, why=error)) from error
        made = Path(folder) / f"{document.stem}.pdf"
        if not made.exists():
            raise OutputError(Message("report.no_pdf", name=path.name, why=done.stderr.strip()))
        shutil.copyfile(made, path)


def _say(key: str, lang: Lang, **args: object) -> str:
    return Message(f"report.{key}", **args).text(lang)


def _heads(key: str, lang: Lang) -> list[str]:
    """Read the heads of a table, which the catalogue keeps in one text, apart by strokes."""
    return _say(key, lang).split("|")


def _scope(report: WordReport, results: Results, lang: Lang) -> None:
    study, findings = results.world.study, results.findings
    report.heading(_say("scope", lang))
    report.paragraph(
        _say(
            "scope_text", lang, name=study.name.model_dump()[str(lang)], day=results.world.as_of,
            rulesets=list(study.rulesets), rules=len(results.rules),
            findings=f"{len(findings):,}",
        )
    )  # fmt: skip
    if study.plan_period is not None and results.world.as_of >= study.plan_period[1]:
        report.paragraph(_say("period_over", lang, end=study.plan_period[1].year))
    counts = findings["status"].value_counts()
    rows = [[word(status, lang), f"{counts.get(str(status), 0):,}"] for status in Status]
    report.table(_say("counts", lang), _heads("counts_heads", lang), rows, widths_cm=(6.0, 4.0))
    report.source(_say("source_findings", lang))
    layers = [
        [
            layer_word(name, lang), Path(layer.origin.path).name, str(layer.origin.year or "?"),
            f"{len(layer.frame):,}", _say("yes" if layer.is_synthetic else "no", lang),
        ]
        for name, layer in sorted(results.world.layers.items())
    ]  # fmt: skip
    report.table(
        _say("layers", lang), _heads("layers_heads", lang), layers,
        widths_cm=(3.8, 5.6, 1.8, 2.4, 2.4),
    )  # fmt: skip
    report.source(_say("source_run", lang))


def _picture(
    report: WordReport, results: Results, figures: Mapping[str, Figure], lang: Lang
) -> None:
    report.heading(_say("picture", lang))
    if OVERVIEW in figures:
        report.figure(figures[OVERVIEW], _say("overview", lang))
        report.source(_say("source_findings", lang))
    counts = counts_by_county(results)
    if len(counts):
        rows = [[str(cell) for cell in row] for row in counts.itertuples(index=False)]
        report.table(
            _say("by_county", lang), _heads("by_county_heads", lang), rows,
            widths_cm=(4.0, 3.6, 3.6, 3.6),
        )  # fmt: skip
        report.source(_say("source_findings", lang))


def _problems(report: WordReport, results: Results, lang: Lang) -> None:
    report.heading(_say("problems", lang))
    shortages = results.summary.seats[:_PROBLEMS_SHOWN]
    if shortages:
        seat_rows = [
            [str(place), *shortage_cells(one, lang)] for place, one in enumerate(shortages, 1)
        ]
        report.table(
            _say("shortages_table", lang), _heads("page_seat_heads", lang), seat_rows,
            widths_cm=(0.9, 3.6, 2.6, 3.6, 3.6, 1.7),
        )  # fmt: skip
    problems = worst_problems(results, lang=lang, most=_PROBLEMS_SHOWN)
    if not problems:
        report.paragraph(_say("no_problems", lang))
        return
    report.paragraph(_say("problems_text", lang))
    rows = [
        [
            str(place), p.place, _sentence(p.title, p.units), p.gap, p.addressee, p.due,
            f"{p.key}\n{p.years}",
        ]
        for place, p in enumerate(problems, start=1)
    ]  # fmt: skip
    report.table(
        _say("problems_table", lang), _heads("problems_heads", lang), rows,
        widths_cm=(0.9, 1.9, 4.8, 1.9, 1.9, 2.3, 2.3),
    )  # fmt: skip
    report.source(_say("source_problems", lang))


def _sentence(title: str, units: str) -> str:
    return f"{title}\n{units}" if units else title


def _suggestions(report: WordReport, results: Results, lang: Lang) -> None:
    report.heading(_say("suggestions", lang))
    for line in (message.text(lang) for message in results.summary.headline):
        report.paragraph(line)
    table = results.suggestions
    if table.empty:
        why = results.summary.no_sites
        report.paragraph(_say("no_suggestions", lang) if why is None else why.text(lang))
        return
    shown = table.sort_values(["rank", "stage", "id"], kind="stable").head(_SUGGESTIONS_SHOWN)
    report.paragraph(_say("suggestions_text", lang, all=len(table), shown=len(shown)))
    rows = [_suggestion(row, lang) for row in shown.itertuples()]
    report.table(
        _say("suggestions_table", lang), _heads("suggestions_heads", lang), rows,
        widths_cm=(2.6, 3.2, 1.9, 2.0, 2.0, 2.3, 2.0),
    )  # fmt: skip
    report.source(_say("source_suggestions", lang))
    report.subheading(_say("reasons", lang))
    for row in shown.head(_REASONS_SHOWN).itertuples():
        note = row.note_zh if lang is Lang.ZH else row.note_en
        report.paragraph(_say("reason", lang, id=row.id, note=note))
    report.paragraph(_say("alternatives", lang))


def _suggestion(row: Any, lang: Lang) -> list[str]:  # noqa: ANN401 - a row of a table
    unknown = _say("unknown", lang)
    amounts = (row.seats, round(row.children_served, -1), row.mean_distance_after_m)
    texts = [number(round(value)) if value == value else unknown for value in amounts]  # noqa: PLR0124 - NaN is unknown
    bound = f"{row.gap_percent:.1f}%" if row.gap_percent == row.gap_percent else unknown
    return [row.id, row.name, word(Stage(row.stage), lang), *texts, bound]


def _outlook(
    report: WordReport, results: Results, figures: Mapping[str, Figure], lang: Lang
) -> None:
    report.heading(_say("outlook", lang))
    people = people_to_come(results)
    if not people:
        report.paragraph(_say("no_outlook", lang))
        return
    rows = [
        [
            _ages_text(p.stage, lang), str(p.year),
            *_range_texts(p, lang),
            _say("yes" if p.is_born else "no", lang),
        ]
        for p in people
    ]  # fmt: skip
    report.table(
        _say("people", lang), _heads("people_heads", lang), rows,
        widths_cm=(3.4, 1.8, 2.6, 2.6, 2.6, 2.6),
    )  # fmt: skip
    report.source(_say("source_people", lang))
    away = senior_ages_elsewhere(results)
    if away is not None and away.elsewhere == away.elsewhere:
        report.paragraph(_elsewhere_text(away, lang))
    _hindcast(report, results, lang)
    for name, caption in ((DEMAND, "demand"), (AGES, "ages")):
        if name in figures:
            report.figure(figures[name], _say(caption, lang))
            report.source(_say("source_people", lang))


def _ages_text(stage: Stage, lang: Lang) -> str:
    """Name the children of a stage; those of senior-school ages are not all pupils of one kind."""
    return _say("senior_ages", lang) if stage is Stage.SENIOR else word(stage, lang)


def _range_texts(people: People, lang: Lang) -> list[str]:
    """Print low, middle and high; no range where the scenarios do not differ."""
    cases = (people.low, people.middle, people.high)
    texts = [people_text(value, lang, is_born=people.is_born) for value in cases]
    return ["—", texts[1], "—"] if people.low == people.high else texts


def _elsewhere_text(away: Elsewhere, lang: Lang) -> str:
    numbers = {
        name: people_text(getattr(away, name), lang, is_born=True) for name in ("stayed", "living")
    }
    is_gain = away.elsewhere < 0
    numbers["elsewhere"] = people_text(abs(away.elsewhere), lang, is_born=True)
    return _say("gained" if is_gain else "elsewhere", lang, year=away.year, **numbers)


def _hindcast(report: WordReport, results: Results, lang: Lang) -> None:
    found = hindcast_rows(results)
    if not found:
        return
    rows = [
        [
            county, _ages_text(stage, lang), _say(f"method_{method}", lang),
            *(people_text(value, lang, is_born=True) for value in (forecast, counted)),
            f"{error:+.1f}%",
        ]
        for county, stage, method, forecast, counted, error in found
    ]  # fmt: skip
    report.table(
        _say("hindcast", lang), _heads("hindcast_heads", lang), rows,
        widths_cm=(3.0, 2.6, 3.6, 2.4, 2.4, 2.0),
    )  # fmt: skip
    report.source(_say("source_hindcast", lang, source=census_ages().source))


def _limits(report: WordReport, results: Results, lang: Lang) -> None:
    report.heading(_say("limits", lang))
    unverified = [
        layer_word(name, lang)
        for name, layer in sorted(results.world.layers.items())
        if layer.origin.is_datum_verified is False
    ]
    if unverified:
        report.paragraph(_say("datum", lang, layers=unverified))
    if results.outlook is not None:
        supposed = [note.text(lang) for note in results.outlook.suppositions]
        report.paragraph(_say("supposed", lang) + " ".join(supposed))
    report.paragraph(_say("general", lang))
    open_ = results.findings[results.findings["status"] == Status.NOT_ASSESSABLE]
    if open_.empty:
        return
    note = f"note_{lang}"
    groups = open_.groupby(["rule_id", note], sort=True).size().reset_index(name="units")
    groups = groups.sort_values("units", ascending=False, kind="stable").head(15)
    titles = {rule.id: rule.title.text(lang) for rule in results.rules}
    rows = [
        [titles.get(row.rule_id, row.rule_id), f"{row.units:,}", getattr(row, note)]
        for row in groups.itertuples()
    ]
    report.table(_say("open", lang), _heads("open_heads", lang), rows, widths_cm=(5.2, 2.0, 8.8))
    report.source(_say("source_open", lang))
