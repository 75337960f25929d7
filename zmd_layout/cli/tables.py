"""What the command prints: closing tables, the rulebook, one rule with its clause."""

from __future__ import annotations

import datetime as dt
import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from zmd_layout.checks.cases import compare, decide_case
from zmd_layout.errors import RuleError
from zmd_layout.layers.account import Item, Outcome, entries_of, row_of
from zmd_layout.messages import Message, word
from zmd_layout.messages.words import layer_word
from zmd_layout.rulebook import (
    CASES_SUFFIX,
    Parameter,
    Rule,
    builtin_rulesets,
    load_cases,
    load_ruleset,
    rules_folder,
)
from zmd_layout.vocabulary import (
    Basis,
    DueState,
    Lang,
    Relation,
    Stability,
    Status,
    Strength,
    UnitKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd

    from zmd_layout.development_review.case import Case
    from zmd_layout.layers import Layers
    from zmd_layout.layers.account import Entry
    from zmd_layout.outputs.summary import Summary
    from zmd_layout.study import Study
    from zmd_layout.workflow.cache import Steps


_STEPS_SHOWN = 8
_PROBLEMS_SHOWN = 3
STALE_AFTER = dt.timedelta(days=365)
_URGENCY = (
    Status.SHORTFALL,
    Status.NOT_ASSESSABLE,
    Status.PASS,
    Status.REPORTED,
    Status.NOT_APPLICABLE,
)
_STATUS_MARK = {
    Status.PASS: "●",
    Status.SHORTFALL: "▲",
    Status.REPORTED: "○",
    Status.NOT_APPLICABLE: "—",
    Status.NOT_ASSESSABLE: "▨",
}


def _say(key: str, lang: Lang, **args: object) -> str:
    return Message(f"cli.{key}", **args).text(lang)


def print_summary(study: Study, summary: Summary, lang: Lang) -> None:
    """Print what a run comes to: seats, who lacks them longest, duties not met, what to check."""
    name = study.name.model_dump()[str(lang)]
    lines = [
        Message("summary.title", name=name, day=study.as_of, rulesets=list(study.rulesets)),
        *summary.headline,
    ]
    if summary.seats:
        problems = [one.message for one in summary.seats[:_PROBLEMS_SHOWN]]
        lines.append(Message("summary.longest", problems=problems))
    if summary.unmet:
        duties = [one.message for one in summary.duties[:_PROBLEMS_SHOWN]]
        lines.append(Message("summary.unmet", unmet=summary.unmet, duties=duties))
    elif summary.met:
        lines.append(Message("summary.none_unmet"))
    if summary.undecided:
        lines.append(Message("summary.undecided", count=summary.undecided))
    for line in (*lines, *summary.checks, *summary.remarks):
        click.echo(line.text(lang))


def print_next(paths: Mapping[str, Path], lang: Lang) -> None:
    """Print where the results are, what to open first, and how to see the rest."""
    folder = paths["gap_map.html"].parent
    names = [path.name for path in paths.values() if path.parent == folder]
    click.echo(Message("summary.next", folder=folder, names=names).text(lang))


def print_findings(findings: gpd.GeoDataFrame, lang: Lang) -> None:
    """Print one row a rule: how many units stand where, and what is required and missing."""
    day = findings["as_of"].iloc[0] if len(findings) else ""
    table = Table(title=_say("findings_title", lang, day=day))
    for key in ("rule", "unit"):
        table.add_column(_say(key, lang), overflow="fold")
    for status in Status:
        table.add_column(f"{_STATUS_MARK[status]}{word(status, lang)}", justify="right")
    for key in ("required", "gap"):
        table.add_column(_say(key, lang), justify="right")
    titles = find_titles(lang)
    for (rule_id, kind), group in findings.groupby(["rule_id", "unit_kind"], sort=True):
        counts = group["status"].value_counts()
        owed = group[group["relation"] == Relation.AT_LEAST]
        sums = [owed["required"].sum(min_count=1), group["gap"].sum(min_count=1)]
        table.add_row(
            titles.get(rule_id, rule_id),
            word(UnitKind(kind), lang),
            *(str(counts.get(str(status), "")) for status in Status),
            *("" if total != total else f"{total:,.0f}" for total in sums),  # noqa: PLR0124 - NaN is unknown
        )
    console().print(table)


def print_banner(findings: gpd.GeoDataFrame, lang: Lang) -> None:
    """Print the warning about made-up data, where there are any."""
    if bool(findings["is_synthetic"].any()):
        click.secho(Message("words.synthetic_banner").text(lang), fg="magenta", bold=True)


def print_review(findings: gpd.GeoDataFrame, lang: Lang) -> None:
    """Print one row for each area and clause, what is missing first."""
    day = findings["as_of"].iloc[0] if len(findings) else ""
    table = Table(title=_say("review_title", lang, day=day), show_lines=True)
    for key in ("unit", "rule", "required", "measured", "gap", "verdict", "strength", "note"):
        table.add_column(_say(key, lang), overflow="fold")
    titles = find_titles(lang, [str(name) for name in findings["ruleset"].unique()])
    ordered = findings.assign(urgency=findings["status"].map(_URGENCY.index)).sort_values(
        ["unit_kind", "unit_id", "urgency", "rule_id"], kind="stable"
    )
    for row in ordered.itertuples():
        status = Status(row.status)
        table.add_row(
            row.unit_name,
            titles.get(row.rule_id, row.rule_id),
            *("" if n != n else f"{n:g}" for n in (row.required, row.measured, row.gap)),  # noqa: PLR0124 - NaN is unknown
            f"{_STATUS_MARK[status]}{word(status, lang)}",
            word(Strength(row.strength), lang),
            row.note_zh if lang is Lang.ZH else row.note_en,
        )
    console().print(table)


def print_cases(cases: Iterable[Case], lang: Lang) -> None:
    """Print what may be concluded of each area and why, and what other sets say beside."""
    for case in cases:
        concluded = case.conclusion
        click.secho(_say("concluded", lang, name=case.name, what=concluded.message), bold=True)
        for reason in concluded.reasons:
            click.echo(f"  · {reason.text(lang)}")
        for pair in case.beside:
            click.echo(pair.message.text(lang))


def print_missing(findings: gpd.GeoDataFrame, layers: Layers, lang: Lang) -> None:
    """Print which layers would let more rules be judged, the one that most of them need first."""
    from zmd_layout.measures.lacking import missing_layers  # it loads GIS packages

    counts = missing_layers(findings, layers)
    if counts:
        wanted = [
            Message("cli.missing_one", layer=layer_word(name), name=name, rules=rules)
            for name, rules in counts.items()
        ]
        click.echo(_say("missing_layers", lang, layers=wanted))


def print_layers(layers: Layers, lang: Lang) -> None:
    """Print what was repaired, taken for granted or could not be verified, a line each."""
    for name, layer in layers.items():
        notes = [
            Message(f"cli.repaired_{what}", count=count)
            for what, count in layer.origin.repaired.items()
        ]
        notes += layer.origin.notes
        if layer.is_datum_open:
            notes.append(Message("cli.datum_unverified", declared=layer.origin.coordinates))
        for note in notes:
            click.echo(_say("layer_note", lang, layer=layer_word(name), note=note))


def print_account(layers: Layers, lang: Lang, *, whole: bool = True) -> None:
    """
    Print what was read, joined, converted, left out or not used; `run.json` has each column.

    Where not the whole is asked for, what was simply read is left to `run.json`, too.
    """
    rows = [
        (layer_word(name).text(lang), *row_of(entry, lang))
        for name, layer in layers.items()
        for entry in layer.origin.account
        if _is_shown(entry) and (whole or entry.outcome != Outcome.READ)
    ]
    _print_account(rows, "account.heads", lang)


def print_account_of(entries: Iterable[Entry], lang: Lang) -> None:
    """Print the account of one file."""
    _print_account([row_of(entry, lang) for entry in entries], "account.heads_of_file", lang)


def print_recorded_account(path: Path, lang: Lang) -> None:
    """Print the account that a run.json keeps."""
    inputs = json.loads(path.read_text("utf-8"))["inputs"]
    rows = [
        (layer_word(name).text(lang), *row_of(entry, lang))
        for name, kept in inputs.items()
        for entry in entries_of(kept["account"])
        if _is_shown(entry)
    ]
    _print_account(rows, "account.heads", lang)


def _is_shown(entry: Entry) -> bool:
    """Return whether an entry is shown for a whole study: not the columns that were simply read."""
    return (entry.item, entry.outcome) != (Item.COLUMN, Outcome.READ)


def _print_account(rows: Sequence[tuple[str | int, ...]], heads: str, lang: Lang) -> None:
    if not rows:
        return
    table = Table(title=Message("account.title").text(lang))
    for head in Message(heads).text(lang).split("|"):
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    console().print(table)


def print_steps(steps: Steps, lang: Lang) -> None:
    """Print how much was taken from the last run, where anything was."""
    if steps.reused:
        done = [step.partition("-")[2] or step for step in steps.done]
        shown = done[:_STEPS_SHOWN] + (["…"] if len(done) > _STEPS_SHOWN else [])
        key = "steps_reused" if done else "steps_all_reused"
        click.echo(_say(key, lang, reused=len(steps.reused), done=len(done), names=shown))


def print_paths(paths: dict[str, Path], lang: Lang) -> None:
    """Print where the results are."""
    click.echo(_say("written", lang))
    for path in paths.values():
        click.echo(f"  {path}")


def print_stability(findings: gpd.GeoDataFrame, paths: dict[str, Path], lang: Lang) -> None:
    """Print how many verdicts hold, and how many each variation turns, where that was tried."""
    counts = findings["stability"].value_counts()
    if not counts.drop("", errors="ignore").sum():
        return
    numbers = {str(word): int(counts.get(str(word), 0)) for word in Stability}
    click.echo(Message("stability.summary", **numbers).text(lang))
    record = json.loads(paths["run.json"].read_text("utf-8"))
    for tried in record["stability"]["turned"]:
        told = Message("stability.changes", name=tried[str(lang)], count=tried["count"])
        click.echo(told.text(lang))


def find_titles(lang: Lang, rulesets: Iterable[str] | None = None) -> dict[str, str]:
    """Return the titles of built-in rules by id: of some sets, or of all."""
    builtin = builtin_rulesets()
    wanted = builtin if rulesets is None else [name for name in rulesets if name in builtin]
    return {rule.id: rule.title.text(lang) for name in wanted for rule in load_ruleset(name)}


def console() -> Console:
    """Return a console wide enough for the tables."""
    # a name such as [/x] is a name and no markup
    return Console(width=max(Console().width, 110), markup=False, emoji=False)


def select_rules(
    ruleset: str | None, wanted: dict[str, str | None], *, stale_on: dt.date | None
) -> list[Rule]:
    """
    Read the rules that meet the filters.

    Parameters
    ----------
    ruleset
        A set; None for all built-in ones.
    wanted
        Attribute → value; None does not filter.
    stale_on
        With a day, only rules of which a clause was last checked more than a year before it.
    """
    names = [ruleset] if ruleset else list(builtin_rulesets())
    rules = [rule for name in names for rule in load_ruleset(name, base=Path())]
    return [
        rule
        for rule in rules
        if all(v is None or str(getattr(rule, name)) == v for name, v in wanted.items())
        and (stale_on is None or is_stale(rule, stale_on))
    ]


def is_stale(rule: Rule, day: dt.date) -> bool:
    """Return whether any clause of the rule was last checked more than a year before `day`."""
    return any(day - clause.checked_on > STALE_AFTER for clause in rule.clauses.values())


def print_rules(rules: list[Rule], lang: Lang) -> None:
    """Print one row a rule."""
    table = Table(title=_say("rules_title", lang, count=len(rules)))
    for key in ("number", "rule", "unit", "strength", "stale"):
        table.add_column(_say(key, lang), overflow="fold")
    for rule in rules:
        draft = f" [{word(rule.status, lang)}]" if rule.status == "draft" else ""
        table.add_row(
            rule.key,
            f"{rule.id}\n{rule.title.text(lang)}{draft}",
            word(rule.unit, lang),
            word(rule.strength, lang),
            min(clause.checked_on for clause in rule.clauses.values()).isoformat(),
        )
    console().print(table)


def find_rule(rule_id: str, ruleset: str | None) -> Rule:
    """
    Read one rule by its id.

    Raises
    ------
    RuleError
        If there is none; names the nearest.
    """
    rules = select_rules(ruleset, {}, stale_on=None)
    for rule in rules:
        if rule.id == rule_id:
            return rule
    near = difflib.get_close_matches(rule_id, [rule.id for rule in rules], n=3, cutoff=0.3)
    raise RuleError(Message("rulebook.no_rule", id=rule_id, near=near))


def print_rule(rule_id: str, ruleset: str | None, lang: Lang) -> None:
    """Print a rule: title, clause quoted, reading, numbers with basis, needs, cases."""
    rule = find_rule(rule_id, ruleset)
    lines = [
        f"{rule.key}  {rule.title.text(lang)}",
        " · ".join((rule.id, rule.ruleset, *_words(rule, lang))),
        f"{_say('addressee', lang)}: {word(rule.addressee, lang)}",
        f"{_say('due', lang)}: {_due(rule, lang)}",
        "",
        f"{_say('clause', lang)}:",
    ]
    lines += [
        f"  「{c.text}」 {c.document} {c.article} [{c.evidence}] {c.checked_on}"
        for c in rule.clauses.values()
    ]
    lines += ["", f"{_say('reading', lang)}: {rule.reading.text(lang)}"]
    if rule.proxy:
        lines += ["", rule.proxy.text(lang)]
    if rule.parameters:
        lines += ["", f"{_say('numbers', lang)}:"]
        lines += [line for n, p in rule.parameters.items() for line in _numbers(n, p, lang)]
    lines += ["", f"{_say('needs', lang)}: {', '.join(rule.needs)}"]
    path = _cases_path(rule, ruleset)
    if path.exists():
        cases = load_cases(path)
        lines += ["", f"{_say('cases', lang)}:"]
        lines += [f"  · {case.name} → {_expected(case.expect)}" for case in cases]
    click.echo("\n".join(lines))


def _words(rule: Rule, lang: Lang) -> list[str]:
    return [word(value, lang) for value in (rule.unit, rule.strength, rule.status)]


def _due(rule: Rule, lang: Lang) -> str:
    if rule.due.on is not None:
        return rule.due.on.isoformat()
    return word(rule.due.state or DueState.NONE, lang)


def _numbers(name: str, parameter: Parameter, lang: Lang) -> list[str]:
    return [
        f"  {name} = {dated.value:g} {parameter.unit} ({day}; {word(Basis(dated.basis), lang)}"
        + (f": {dated.source.text(lang)}" if dated.source else "")
        + ")"
        for day, dated in parameter.values.items()
    ]


def _expected(expect: dict[str, Any] | None) -> str:
    return "—" if expect is None else ", ".join(f"{k}={v}" for k, v in expect.items())


def _cases_path(rule: Rule, ruleset: str | None) -> Path:
    """Find the cases beside a rule of a built-in set, or of a folder that the user names."""
    is_own = ruleset is not None and ruleset not in builtin_rulesets()
    folder = Path(str(ruleset)) if is_own else rules_folder() / rule.ruleset
    return folder / f"{rule.id}{CASES_SUFFIX}"


def run_cases(ruleset: str | None, lang: Lang) -> bool:
    """Run the cases beside the rules; print what fails. True where all is well."""
    rules = select_rules(ruleset, {}, stale_on=None)
    count, failed = 0, 0
    for rule in rules:
        path = _cases_path(rule, ruleset)
        if not path.exists():
            click.echo(_say("no_cases", lang, rule=rule.id))
            failed += 1
            continue
        for case in load_cases(path):
            count += 1
            differences = compare(decide_case(rule, case), case.expect)
            if differences:
                failed += 1
                click.echo(f"{rule.id}: {case.name}: {'; '.join(differences)}")
    click.echo(_say("cases_run", lang, rules=len(rules), cases=count, failed=failed))
    return failed == 0
