"""The five tables of an opinion: heads, widths and rows of text."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

from zmd_layout.development_review.approved import kind_word
from zmd_layout.development_review.case import Neighbour
from zmd_layout.development_review.phases import Standing
from zmd_layout.forecast import standards
from zmd_layout.layers.offers import NINE_YEAR
from zmd_layout.messages import Message, word, word_message
from zmd_layout.vocabulary import (
    Addressee,
    Lang,
    Ownership,
    Stage,
    Status,
    Strength,
    Transfer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zmd_layout.development_review import Case, Issue, Merging
    from zmd_layout.development_review.demand import Need

Rows = list[list[str]]
_WIDTHS: dict[int, tuple[float, ...]] = {
    1: (0.7, 1.2, 6.3, 1.3, 1.3, 1.1, 1.1, 1.0, 1.6, 3.0),
    2: (1.1, 1.8, 1.1, 1.8, 1.7, 1.5, 2.4, 1.4, 1.2, 1.2),
    3: (3.4, 1.2, 1.5, 1.8, 1.1, 1.3, 1.8, 1.2, 1.3, 1.4),
    4: (1.4, 1.9, 2.6, 1.8, 1.7, 1.0, 1.3, 1.7, 4.0),
    5: (1.9, 0.9, 2.3, 2.3, 2.3, 2.3, 1.0, 1.0, 1.6),
    6: (1.2, 2.0, 2.0, 2.4, 2.6, 6.0),
    7: (2.6, 3.0, 2.2, 2.2, 2.0, 4.0),
}
# English words are longer than Chinese ones and do not break
_WIDTHS_EN: dict[int, tuple[float, ...]] = {
    1: (0.7, 2.0, 4.2, 1.4, 1.9, 1.5, 1.5, 1.5, 1.9, 2.4),
    2: (2.0, 1.7, 1.5, 1.6, 1.9, 1.5, 2.1, 1.4, 1.1, 1.2),
    3: (2.9, 1.9, 1.4, 1.9, 1.2, 1.1, 1.5, 1.0, 1.2, 1.0),
    5: (2.2, 1.5, 1.9, 1.9, 1.9, 1.9, 1.1, 1.3, 1.9),
    6: (2.2, 2.6, 2.6, 2.6, 3.0, 6.0),
}
_UNKNOWN = "—"
_ISO_DAY = re.compile(r"(?<![\d-])\d{4}-\d{2}-\d{2}(?![\d-])")


def project(case: Case, lang: Lang) -> str:
    """State in a sentence which project it is; what is not stated is left open, never made up."""
    fields, people = case.fields, case.residents
    is_open = Message("opinion.open").text(lang)
    settlement = fields.get("settlement")
    return Message(
        "opinion.project", name=case.name, developer=fields.get("developer") or is_open,
        county=case.county or Message("opinion.county_open").text(lang),
        area=_UNKNOWN if case.shape is None else _hectares(case.shape.area),
        people=people_printed(people.low, people.high) if people.is_bounded
        else Message("opinion.unknown").text(lang),
        dwellings=printed(fields.get("dwellings")),
        conditions=day(fields.get("conditions_on"), lang),
        stage=word(case.stage, lang),
        settlement=Message(f"opinion.settlement_{settlement}") if settlement else is_open,
    ).text(lang)  # fmt: skip


def _hectares(area_m2: float) -> str:
    """Print an area with two digits, and a tiny one with as many as it takes to be seen."""
    hectares = area_m2 / 10_000
    least = 0.05
    return f"{hectares:.2f}" if hectares >= least else f"{hectares:.6f}".rstrip("0").rstrip(".")


def widths(number: int, lang: Lang) -> tuple[float, ...]:
    """Return the widths of a table's columns, to be scaled to the width of the text."""
    return _WIDTHS_EN.get(number, _WIDTHS[number]) if lang is Lang.EN else _WIDTHS[number]


def listed(names: Iterable[str], lang: Lang) -> str:
    """Join names as the language does."""
    return ("、" if lang is Lang.ZH else ", ").join(names)


def in_sequence(texts: Iterable[str], lang: Lang) -> str:
    """Join remarks, the empty ones left out."""
    return ("；" if lang is Lang.ZH else "; ").join(text for text in texts if text)


def bracketed(text: object, lang: Lang) -> str:
    """Put a remark into the brackets of the language."""
    return f"（{text}）" if lang is Lang.ZH else f"({text})"


def heads(number: int, lang: Lang) -> list[str]:
    """Return the heads of a table."""
    return Message(f"opinion.heads_{number}").text(lang).split("|")


def rows(number: int, case: Case, lang: Lang) -> Rows:
    """Return the rows of a table; empty where there is nothing to tell."""
    make: dict[int, Callable[[Case, Lang], Rows]] = {
        1: _requirements, 2: _needs, 3: _near, 4: _merged, 5: _phases, 6: _quantities,
        7: _approved,
    }  # fmt: skip
    return make[number](case, lang)


def printed(number: float | None, digits: int = 0) -> str:
    """Print a number; unknown is a dash, never a zero."""
    if number is None or math.isnan(number):
        return _UNKNOWN
    return f"{number:.{digits}f}" if digits else f"{number:g}" if number < 1 else f"{number:.0f}"


def day(value: object, lang: Lang) -> str:
    """Print a day as the language writes it: 2027年9月1日, 1 September 2027."""
    if not isinstance(value, dt.date):
        return _UNKNOWN
    months = Message("opinion.months").text(lang).split("|")
    return Message(
        "opinion.day", year=value.year, month=months[value.month - 1], day=value.day
    ).text(lang)


def days_in_words(text: str, lang: Lang) -> str:
    """Print the ISO days within a sentence as the language writes them."""

    def printed_day(found: re.Match[str]) -> str:
        try:
            return day(dt.date.fromisoformat(found[0]), lang)
        except ValueError:  # a number of some other kind
            return found[0]

    return _ISO_DAY.sub(printed_day, text)


def verdict_words(issue: Issue, lang: Lang) -> str:
    """Print a status by its strength: a duty and a principle have words of their own."""
    if issue.is_decided:
        return _decided(issue.status, issue.strength, issue.standing, lang)
    return word(issue.status, lang)


def _decided(status: Status, strength: Strength, standing: Standing, lang: Lang) -> str:
    """Print what was decided; a duty that is not asked at this stage is nothing to put right."""
    if status is Status.SHORTFALL and standing is not Standing.ASKED:
        return Message(f"opinion.verdict_not_asked_{standing}").text(lang)
    kind = strength if strength in {Strength.DUTY, Strength.IN_PRINCIPLE} else "other"
    return Message(f"opinion.verdict_{status}_{kind}").text(lang)


def _requirements(case: Case, lang: Lang) -> Rows:
    out = []
    for number, issue in enumerate(case.issues, start=1):
        row = issue.finding
        stage = word(issue.rule.stage, lang) if issue.rule.stage else _UNKNOWN
        unit = Message(f"opinion.unit_{row['measure_unit'].replace('/', '_')}").text(lang)
        clause = next(iter(issue.rule.clauses.values()))
        text = f"{clause.document}{clause.article}：{clause.text}"
        notes = [str(row[f"note_{lang}"])]
        if issue.standing is not Standing.ASKED:
            notes.insert(0, issue.why.text(lang))
        told = days_in_words(in_sequence(notes, lang), lang)
        head = [str(number), stage, text]
        addressee = word(Addressee(row["addressee"]), lang)
        if issue.letter is not None:
            out += [
                [*head, strength, addressee, *amounts, verdict, note]
                for strength, *amounts, verdict, note in _two_lines(issue, unit, told, lang)
            ]
            continue
        out.append(
            [
                *head, word(issue.strength, lang), addressee,
                _amount(row["required"], unit), _amount(row["measured"], unit),
                _amount(row["gap"], unit), verdict_words(issue, lang), told,
            ]
        )  # fmt: skip
    return out


def _two_lines(issue: Issue, unit: str, told: str, lang: Lang) -> Rows:
    """Print the letter of a clause, and beneath it the proportion, which binds nobody."""
    assert issue.letter is not None  # noqa: S101 - the caller has asked
    offered = float(issue.finding["measured"])
    asked, wished = issue.letter.asked, issue.letter.in_proportion
    is_met = offered >= asked
    kind = issue.rule.strength
    status = Status.PASS if is_met else Status.SHORTFALL
    reading = Status.PASS if offered >= wished else Status.SHORTFALL
    return [
        [
            word(kind, lang), _amount(asked, unit), _amount(offered, unit),
            _amount(max(asked - offered, 0.0), unit),
            _decided(status, kind, issue.standing, lang),
            in_sequence([Message("opinion.by_the_letter").text(lang), told], lang),
        ],
        [
            Message("opinion.reading").text(lang), _amount(wished, unit), _amount(offered, unit),
            _amount(max(wished - offered, 0.0), unit),
            Message(f"opinion.verdict_{reading}_other").text(lang),
            Message("opinion.in_proportion").text(lang),
        ],
    ]  # fmt: skip


def _amount(number: float, unit: str) -> str:
    text = printed(number)
    return text if text == _UNKNOWN else f"{text}{unit}"


def _needs(case: Case, lang: Lang) -> Rows:
    return [_need(case, need, lang) for need in case.needs]


def _need(case: Case, need: Need, lang: Lang) -> list[str]:
    persons = case.fields.get("persons_per_dwelling")
    low, high = case.residents.low, case.residents.high
    people = people_printed(low, high)
    if persons is not None:
        each = printed(float(persons), 2)
    elif low != high and math.isfinite(low):
        each = Message("opinion.two_multipliers").text(lang)
    else:
        each = Message("opinion.stated_people").text(lang)
    cohorts = "/".join(printed(value) for value in (need.low, need.middle, need.high))
    assumed = Message("opinion.assumed").text(lang)
    year = f"\n{bracketed(need.year, lang)}" if need.year else ""
    return [
        word(need.stage, lang), people, printed(case.fields.get("dwellings")), each,
        f"{need.per_thousand:g}\n{bracketed(assumed, lang)}", printed(need.by_thousand),
        f"{cohorts}{year}", printed(need.spare_near), printed(need.net), printed(need.classes),
    ]  # fmt: skip


def _near(case: Case, lang: Lang) -> Rows:
    return [
        [
            s.name, word(s.stage, lang), word(Ownership(s.ownership), lang) if s.ownership
            else _UNKNOWN, f"{printed(s.road_m)}/{s.distance_m:.0f}",
            printed(s.classes, 1).removesuffix(".0"),
            printed(s.enrolment),
            f"{printed(s.seats)}\n"
            + bracketed(f"×{standards().class_sizes[s.stage].value:g}", lang),
            printed_sign(s.spare),
            printed(s.large_classes), str(s.year) if s.year else _UNKNOWN,
        ]
        for s in case.near
        if s.is_within
    ]  # fmt: skip


def _quantities(case: Case, lang: Lang) -> Rows:
    return [
        [
            word(q.stage, lang),
            *(f"{printed(a.asked)}/{printed(a.offered)}"
              for a in (q.schools, q.classes, q.seats, q.site_area_m2)),
            in_sequence((basis.text(lang) for basis in q.basis), lang),
        ]
        for q in case.quantities
    ]  # fmt: skip


def _approved(case: Case, lang: Lang) -> Rows:
    return [
        [
            kind_word(line.kind).text(lang), Message(f"review.figure_{line.figure}").text(lang),
            printed(line.approved), printed(line.built), printed(line.gap),
            _decided(line.status, Strength.DUTY, Standing.ASKED, lang)
            if line.status is not Status.NOT_ASSESSABLE else word(line.status, lang),
        ]
        for line in case.approved
    ]  # fmt: skip


def _owner(owner: str | None, lang: Lang) -> str:
    return word(Ownership(owner), lang) if owner in set(Ownership) else _UNKNOWN


def printed_sign(number: float) -> str:
    """Print spare seats: a lack has a minus."""
    return _UNKNOWN if math.isnan(number) else f"{number:+.0f}"


def _merged(case: Case, lang: Lang) -> Rows:
    """List the plots that are added up; the hint stands in the first row and holds for all."""
    groups = [i for i in case.issues if i.finding["unit_kind"] == "residential_group"]
    if not case.members:
        return []
    hint = (
        in_sequence(dict.fromkeys(i.remedy.text(lang) for i in groups if i.remedy), lang)
        or _UNKNOWN
    )
    own = Neighbour(case.fields, 0.0, case.residents)
    plots: dict[str, Neighbour] = {case.unit_id: own, **case.members}
    total = together(case)
    rows = [
        [
            unit, str(plot.fields.get("name") or unit),
            str(plot.fields.get("developer") or _UNKNOWN),
            day(plot.fields.get("conditions_on"), lang),
            people_printed(plot.residents.low, plot.residents.high), printed(plot.distance_m),
            _is_same_developer(case, plot, lang), total, Message("opinion.ditto").text(lang),
        ]
        for unit, plot in plots.items()
    ]  # fmt: skip
    rows[0][-1] = hint
    return rows


def together(case: Case) -> str:
    """Print the residents of a plot and of those that it is added up with."""
    people = [case.residents, *(plot.residents for plot in case.members.values())]
    return people_printed(sum(p.low for p in people), sum(p.high for p in people))


def _is_same_developer(case: Case, plot: Neighbour, lang: Lang) -> str:
    own, other = case.fields.get("developer"), plot.fields.get("developer")
    if own is None or other is None:
        return _UNKNOWN
    return Message("opinion.yes" if own == other else "opinion.no").text(lang)


def people_printed(low: float, high: float) -> str:
    """Print residents, a range where the persons per dwelling are not stated."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return _UNKNOWN
    return printed(low) if low == high else f"{printed(low)}–{printed(high)}"


def merging_note(merging: Merging) -> Message:
    """Report how far apart plots are still added up, and where both numbers come from."""
    return Message(
        "opinion.merging", distance=f"{merging.distance_m:g}", years=f"{merging.years:g}",
        distance_source=merging.distance_source, years_source=merging.years_source,
    )  # fmt: skip


def _phases(case: Case, lang: Lang) -> Rows:
    """Report the phases of housing, or the project as one, and then the promised schools."""
    fields = case.fields
    handover = fields.get("first_phase_on")
    whole = {
        "name": Message("opinion.first_phase").text(lang), "dwellings": fields.get("dwellings"),
        "started_on": fields.get("started_on"), "completed_on": fields.get("accepted_on"),
        "delivered_on": handover,
    }  # fmt: skip
    offers = fields.get("schools") or ()
    phases = fields.get("phases") or ([whole] if offers or handover else [])
    return [
        *(_phase(number, phase, lang) for number, phase in enumerate(phases, start=1)),
        *(_promised(offer, handover, lang) for offer in offers),
    ]


def _phase(number: int, phase: Mapping[str, Any], lang: Lang) -> list[str]:
    name = phase.get("name") or Message("opinion.phase", number=number).text(lang)
    days = [day(phase.get(key), lang) for key in ("started_on", "completed_on", "delivered_on")]
    return [str(name), printed(phase.get("dwellings")), *days, *[_UNKNOWN] * 4]


def _promised(offer: Mapping[str, Any], handover: object, lang: Lang) -> list[str]:
    opens, stage, transfer = offer.get("opens_on"), offer["stage"], offer.get("transfer")
    together = _UNKNOWN
    if isinstance(opens, dt.date) and isinstance(handover, dt.date):
        together = Message("opinion.yes" if opens <= handover else "opinion.no").text(lang)
    kind = Message("opinion.nine_year") if stage == NINE_YEAR else word_message(Stage(stage))
    name = offer.get("name")
    return [
        f"{name}\n{bracketed(kind.text(lang), lang)}" if name else kind.text(lang), _UNKNOWN,
        *(day(offer.get(key), lang) for key in ("started_on", "completed_on")), day(opens, lang),
        day(offer.get("handed_over_on"), lang), together, _owner(offer.get("ownership"), lang),
        word(Transfer(transfer), lang) if transfer else _UNKNOWN,
    ]  # fmt: skip
