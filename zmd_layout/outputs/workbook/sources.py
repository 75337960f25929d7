"""The sheets of what the results rest on: data, assumptions, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.layers.account import row_of
from zmd_layout.messages import Message, word
from zmd_layout.outputs.workbook.sheet import Row, Sheet, make_sheet, say
from zmd_layout.vocabulary import Basis, Lang, RuleStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zmd_layout.layers import Layer
    from zmd_layout.outputs.results import Results
    from zmd_layout.rulebook import Rule


def sources(results: Results, lang: Lang) -> Sheet:
    """Return each layer with its file, year, datum and repairs, and what the forecast supposes."""
    rows: list[Row] = [
        _layer_row(name, layer, lang) for name, layer in sorted(results.world.layers.items())
    ]
    if results.outlook is not None:
        supposed = say("supposed", lang)
        rows += [_remark(supposed, s.text(lang)) for s in results.outlook.suppositions]
        rows.append(_remark(say("counting", lang), say("senior_counting", lang)))
    return make_sheet("sources", rows, lang, frozen_columns=1, year_columns=frozenset({2}))


def account(results: Results, lang: Lang) -> Sheet:
    """List what was read of each file, joined, converted, left out or not used, and why."""
    rows: list[Row] = [
        (layer_word(name, lang), layer.origin.path, *row_of(entry, lang))
        for name, layer in sorted(results.world.layers.items())
        for entry in layer.origin.account
    ]
    return make_sheet("account", rows, lang, frozen_columns=1)


def _layer_row(name: str, layer: Layer, lang: Lang) -> Row:
    origin = layer.origin
    comma, stop = ("、", "；") if lang is Lang.ZH else (", ", "; ")
    repaired = stop.join(
        Message(f"cli.repaired_{what}", count=count).text(lang)
        for what, count in origin.repaired.items()
    )
    return (
        layer_word(name, lang), origin.path, origin.year, len(layer.frame), origin.coordinates,
        origin.is_datum_verified, comma.join(sorted(origin.synthetic_columns)), repaired,
        origin.sha256,
        stop.join(note.text(lang) for note in origin.notes),
    )  # fmt: skip


def _remark(what: str, text: str) -> Row:
    return (what, "", None, None, "", None, "", "", "", text)


def layer_word(name: str, lang: Lang = Lang.ZH) -> str:
    """Print a layer's name, such as `schools` → 学校; as it is where we have no word."""
    try:
        return Message(f"words.layer_{name}").text(lang)
    except KeyError:
        return name


def sources_text(cells: Iterable[str], lang: Lang) -> str:
    """Print cells such as `schools 2025;townships 2020` once each, as 乡镇 2020、学校 2025."""
    parts = {part for cell in cells for part in cell.split(";") if part}
    named = [part.strip().partition(" ") for part in sorted(parts)]
    comma = "、" if lang is Lang.ZH else ", "
    return comma.join(f"{layer_word(name, lang)} {year}".rstrip() for name, _, year in named)


def rule_sheet(results: Results, lang: Lang) -> Sheet:
    """Return each rule with its clause, our reading and its numbers."""
    rows: list[Row] = []
    for rule in results.rules:
        clauses = list(rule.clauses.values())
        rows.append(
            (
                rule.key, rule.id, rule.title.text(lang), rule.ruleset,
                "；".join(c.text for c in clauses),
                "；".join(f"{c.document} {c.article}" for c in clauses),
                rule.reading.text(lang), word(rule.strength, lang), _numbers(rule, lang),
                word(RuleStatus(rule.status), lang), min(c.checked_on for c in clauses),
            )
        )  # fmt: skip
    return make_sheet("rules", rows, lang, frozen_columns=2)


def _numbers(rule: Rule, lang: Lang) -> str:
    stop = "；" if lang is Lang.ZH else "; "
    return stop.join(
        say(
            "number", lang, name=name, value=f"{dated.value:g}", day=day,
            basis=word(Basis(dated.basis), lang),
        )
        for name, parameter in rule.parameters.items()
        for day, dated in parameter.values.items()
    )  # fmt: skip
