"""
The review opinion (配套教育设施审查意见) as a Word file: nine parts, five tables, a map.

The conclusion is the rules' own. What the official decides otherwise stands beside it, with her
reason and her name. On made-up data there is no conclusion, no number and no signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from io import BytesIO
from typing import TYPE_CHECKING, Any

from zmd_layout.development_review import Conclusions, basis_in_order
from zmd_layout.layers.account import row_of
from zmd_layout.messages import Message, catalogue
from zmd_layout.outputs.opinion import style as style
from zmd_layout.outputs.opinion.picture import draw
from zmd_layout.outputs.opinion.tables import (
    day,
    days_in_words,
    heads,
    in_sequence,
    listed,
    merging_note,
    people_printed,
    printed,
    project,
    rows,
    together,
    widths,
)
from zmd_layout.outputs.workbook.sources import sources_text
from zmd_layout.vocabulary import Flag, Lang, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from zmd_layout.development_review import Basis, Case, Issue
    from zmd_layout.layers import Layers

_PACKAGE = "zmd-layout"
_REPORTED_AFTER = 10  # opinions
_REQUIREMENTS, _QUANTITIES = 1, 6  # tables of which the last column is not printed as one


@dataclass(frozen=True, slots=True)
class Override:
    """
    An official's own conclusion, kept apart from the rules'.

    Attributes
    ----------
    conclusion, reason, official, at
        What the official concludes, why, the official's name, and when.
    """

    conclusion: Conclusions
    reason: str
    official: str
    at: dt.datetime

    @property
    def message(self) -> Message:
        """The conclusion as it is printed."""
        return Message(f"review.conclusion_{self.conclusion}")


def write_opinion(
    path: Path,
    cases: Sequence[Case],
    *,
    layers: Layers,
    overrides: Mapping[str, Override] | None = None,
    lang: Lang = Lang.ZH,
    progress: Callable[[Message], None] | None = None,
) -> None:
    """
    Write the opinions on some plots into one file, each from a page of its own.

    Parameters
    ----------
    path
        The `.docx`.
    cases
        The cases.
    layers
        For the maps.
    overrides
        By the id of the plot.
    lang
        The language.
    progress
        Receives how many opinions are written, after every tenth.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    made_up = any(case.is_synthetic for case in cases)
    header = Message("opinion.sample_header").text(lang) if made_up else None
    mark = Message("opinion.watermark").text(lang) if made_up else None
    document = style.new_document(header=header, watermark=mark, lang=lang)
    for number, case in enumerate(cases):
        own = (overrides or {}).get(case.unit_id)
        _Writer(document, case, layers, own, lang).write(on_new_page=number > 0)
        if progress is not None and (number + 1) % _REPORTED_AFTER == 0:
            progress(Message("opinion.progress", done=number + 1, count=len(cases)))
    document.core_properties.title = cases[0].title.text(lang) if cases else ""
    document.core_properties.author = "zmd_layout"
    document.save(str(path))


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one opinion."""

    document: Any
    case: Case
    layers: Layers
    override: Override | None
    lang: Lang

    def write(self, *, on_new_page: bool) -> None:
        """Write all parts, in order."""
        title = Message(f"opinion.title_{self.case.stage}", name=self.case.name).text(self.lang)
        style.title(self.document, title, on_new_page=on_new_page)
        if self.case.is_synthetic:
            style.note(self.document, self._text("sample_banner"), is_warning=True)
        else:
            style.right(self.document, self._text("number_line"))
        style.body(self.document, self._text("to", county=self._county()), is_indented=False)
        if not self.case.is_synthetic:
            style.body(self.document, self._text("received"))
        for part in (
            self._project, self._basis, self._requirements, self._seats, self._site,
            self._timing, self._problems, self._conclusion, self._remarks, self._annexes,
        ):  # fmt: skip
            part()

    def _text(self, key: str, **args: object) -> str:
        return self._say(Message(f"opinion.{key}", **args))

    def _say(self, message: Message) -> str:
        return days_in_words(message.text(self.lang), self.lang)

    def _body(self, key: str, **args: object) -> None:
        style.body(self.document, self._text(key, **args))

    def _head(self, number: int) -> None:
        style.heading(self.document, self._text(f"part_{number}"))

    def _table(self, number: int) -> None:
        lines = rows(number, self.case, self.lang)
        style.caption(self.document, self._text(f"table_{number}"))
        if not lines:
            style.note(self.document, self._text(f"no_table_{number}"))
            return
        names, columns = heads(number, self.lang), widths(number, self.lang)
        if number == _QUANTITIES:  # their basis is in the annex
            names, columns, lines = names[:-1], columns[:-1], [line[:-1] for line in lines]
        has_remarks = number == _REQUIREMENTS
        if has_remarks:
            lines = [[*line[:-1], self._beneath(names[-1], line[-1])] for line in lines]
        style.table(self.document, names, lines, widths=columns, is_last_below=has_remarks)

    def _beneath(self, head: str, remark: str) -> str:
        return self._text("beneath", head=head, text=remark) if remark else ""

    def _county(self) -> str:
        return self.case.county or self._text("county_open")

    def _project(self) -> None:
        self._head(1)
        style.body(self.document, project(self.case, self.lang))
        if not self.case.is_stage_stated:
            self._body("stage_assumed")
        for note in self.case.residents.notes:
            style.body(self.document, self._say(note))

    def _basis(self) -> None:
        """Name the clauses in their order; what they say is quoted in the table and in annex 4."""
        self._head(2)
        named: dict[str, list[str]] = {}
        missing = []
        for basis in self._bases():
            if basis.is_missing:
                missing.append(basis.document)
            named.setdefault(basis.document, []).append(basis.article)
        for number, (document, articles) in enumerate(named.items(), start=1):
            key = "basis_open" if document in missing else "basis"
            self._body(key, number=number, document=document, article=listed(articles, self.lang))

    def _bases(self) -> tuple[Basis, ...]:
        return basis_in_order(issue.rule for issue in self.case.issues)

    def _requirements(self) -> None:
        self._head(3)
        self._table(1)
        if self.case.approved:
            self._table(7)
        for sentence in self._ready_sentences():
            style.body(self.document, sentence)

    def _ready_sentences(self) -> list[str]:
        pairs = [pair for pair in self.case.beside if not pair.is_recalled]
        compared = [pair.ours for pair in pairs]
        out = [self._say(pair.message) for pair in pairs]
        for issue in self.case.issues:
            flags = str(issue.finding["flags"]).split(";")
            args = {
                "rule": issue.rule.title.text(self.lang),
                "offered": printed(issue.finding["measured"]),
                "required": printed(issue.finding["required"]),
            }
            if Flag.READING_DECIDES in flags and issue.rests_on_reading:
                out.append(self._text("say_reading", **args))
            if Flag.MULTIPLIER_DECIDES in flags:
                people = self.case.residents
                out.append(
                    self._text("say_multiplier", low=printed(people.low), high=printed(people.high),
                               dwellings=printed(self.case.fields.get("dwellings")), **args)
                )  # fmt: skip
            if Flag.EXCEEDS_PROVINCE in flags and issue not in compared:
                out.append(self._text("say_province", **args))
        if self.case.members:
            names = [str(n.fields.get("name") or i) for i, n in self.case.members.items()]
            own = self.case.residents
            out.append(
                self._text("say_merged", names=listed(names, self.lang),
                           own=people_printed(own.low, own.high), together=together(self.case))
            )  # fmt: skip
        return list(dict.fromkeys(out))

    def _seats(self) -> None:
        self._head(4)
        self._table(_QUANTITIES)
        style.note(self.document, self._text("quantities_note"))
        for _, what in self.case.advice:
            style.note(self.document, self._text("seats_advice", what=self._say(what)))

    def _site(self) -> None:
        self._head(5)
        sizes = [
            (offer["stage"], offer["site_area_m2"])
            for offer in self.case.fields.get("schools") or ()
            if offer.get("site_area_m2") is not None
        ]
        if not sizes:
            self._body("no_site")
        sites = [
            self._text("site", stage=self._text(f"offer_{stage}"), size=printed(float(size)))
            for stage, size in sizes
        ]
        for parcel in self.case.parcels:
            self._body("covers_parcel", name=parcel.name, size=printed(parcel.covered_m2))
        style.body(self.document, "".join(sites) + self._text("site_unchecked"))

    def _timing(self) -> None:
        self._head(6)
        self._table(5)

    def _problems(self) -> None:
        self._head(7)
        lines = [self._problem(i) for i in self.case.issues if self._is_problem(i)]
        faults = self.case.faults
        if not lines and not faults:
            self._body("no_problem")
        for number, fault in enumerate(faults, start=1):
            self._body("reason", number=number, what=self._say(fault).rstrip("。."))
        for number, (key, about, what) in enumerate(lines, start=len(faults) + 1):
            self._body(key, number=number, rule=about, what=what.rstrip("。."))

    def _problem(self, issue: Issue) -> tuple[str, str, str]:
        is_held = issue.is_held
        what = issue.remedy or issue.why
        return (
            "problem" if is_held else "advice",
            issue.rule.title.text(self.lang),
            self._say(what),
        )

    @staticmethod
    def _is_problem(issue: Issue) -> bool:
        return issue.status is Status.SHORTFALL or issue.lacks_data

    def _conclusion(self) -> None:
        self._head(8)
        for remark in self.case.remarks:
            self._body("remark", what=self._say(remark).rstrip("。."))
        concluded = self.case.conclusion
        lead = self._text(f"lead_{concluded.kind}") if concluded.reasons else ""
        style.body(self.document, concluded.message.text(self.lang) + lead)
        for number, reason in enumerate(concluded.reasons, start=1):
            self._body("reason", number=number, what=self._say(reason).rstrip("。."))
        self._own_conclusion()
        self._body("by_rule")

    def _own_conclusion(self) -> None:
        """Put the official's own conclusion beside that of the rules; a sample has none."""
        own = self.override
        if own is None or self.case.is_synthetic:
            return
        hers = own.message.text(self.lang)
        ours = self.case.conclusion.message.text(self.lang)
        self._body(
            "override", ours=ours.rstrip("。."), hers=hers.rstrip("。."), reason=own.reason,
            official=own.official, on=f"{day(own.at.date(), self.lang)} {own.at:%H:%M}",
        )  # fmt: skip

    def _remarks(self) -> None:
        self._head(9)
        rulesets = sorted({i.rule.ruleset for i in self.case.issues})
        self._body(
            "remarks", as_of=day(self.case.as_of, self.lang),
            study=self.case.study.text(self.lang),
            rulesets=listed(map(self._ruleset, rulesets), self.lang), version=version(_PACKAGE),
        )  # fmt: skip
        for line in self._text("annexes").split("\n"):
            style.body(self.document, line)
        if not self.case.is_synthetic:
            style.right(self.document, self._text("office"))
            style.right(self.document, self._text("date"))

    def _account(self) -> None:
        """List what of the applicant's file was read, repaired, left out or not used."""
        if not self.case.account:
            return
        style.caption(self.document, Message("account.title").text(self.lang))
        heads = Message("account.heads_of_file").text(self.lang).split("|")
        lines = [
            [days_in_words(str(cell), self.lang) for cell in row_of(e, self.lang)]
            for e in self.case.account
        ]
        style.table(self.document, heads, lines, widths=(8, 9, 7, 34, 12, 30))

    def _ruleset(self, name: str) -> str:
        """Name a built-in set in words; one of the user's own has its folder's name."""
        key = f"opinion.ruleset_{name}"
        return Message(key).text(self.lang) if key in catalogue("opinion") else name

    def _annexes(self) -> None:
        self._surroundings()
        style.caption(self.document, self._text("annex_2"))
        self._table(2)
        style.note(self.document, self._text("seats_note"))
        for stage, *_, basis in rows(_QUANTITIES, self.case, self.lang):
            style.note(self.document, self._text("quantity_basis", stage=stage, basis=basis))
        style.caption(self.document, self._text("annex_3"))
        self._table(4)
        if self.case.merging is not None:
            style.note(self.document, self._say(merging_note(self.case.merging)))
        style.note(self.document, self._text("merged_note"))
        self._sources()

    def _surroundings(self) -> None:
        """Draw the plot and the schools around it, and list them."""
        style.caption(self.document, self._text("annex_1"), on_new_page=True)
        if self.case.shape is None:
            style.note(self.document, self._text("no_shape"))
        else:
            picture = BytesIO(draw(self.case, self.layers, lang=self.lang))
            style.picture(self.document, picture)
            style.note(self.document, self._text("map_note"))
        self._table(3)
        if any(school.is_within for school in self.case.near):
            style.note(self.document, self._text("near_note"))

    def _sources(self) -> None:
        """Print what the opinion rests on and what it could not decide, as small print."""
        style.caption(self.document, self._text("annex_4"))
        sources = sources_text([str(i.finding["sources"]) for i in self.case.issues], self.lang)
        style.note(self.document, self._text("sources", sources=sources or self._text("none")))
        for note in self.case.notes:
            style.note(self.document, self._say(note))
        for issue in self.case.issues:
            if issue.status is Status.NOT_ASSESSABLE:
                why = str(issue.finding[f"note_{self.lang}"])
                title = issue.rule.title.text(self.lang)
                style.note(self.document, self._text("undecided", rule=title, note=why))
        self._account()
        for basis in self._bases():
            if not basis.is_missing:
                quoted = in_sequence((f"“{text}”" for text in basis.texts), self.lang)
                style.note(
                    self.document,
                    self._text("quoted", document=basis.document, article=basis.article,
                               text=quoted),
                )  # fmt: skip
