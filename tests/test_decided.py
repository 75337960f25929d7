"""
Every rule's verdicts in many situations stay as they are written down, with all they carry.

`tests/data/decided.csv` is the record: numbers, flags, sources, years, and which note with which
values. Where a verdict is meant to change, write it anew with `python tests/test_decided.py` and
read the difference.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

from zmd_layout.checks import Unit, Verdict, decide, report
from zmd_layout.checks.cases import PLAN_PERIOD, _value
from zmd_layout.checks.value import Value
from zmd_layout.checks.verdict import Ends
from zmd_layout.messages import Message
from zmd_layout.rulebook import (
    CASES_SUFFIX,
    Case,
    Rule,
    builtin_rulesets,
    load_cases,
    load_ruleset,
    rules_folder,
)
from zmd_layout.vocabulary import Basis, JudgedOn

RECORD = Path(__file__).parent / "data" / "decided.csv"
KEYS = ["rule", "case", "how"]
HEAD = [*KEYS, *(f.name for f in fields(Verdict) if f.name != "then")]
CASES_A_RULE = 3
DATES = {JudgedOn.CONDITIONS: "conditions_on", JudgedOn.ACCEPTANCE: "accepted_on"}


def variations(values: dict[str, Value]) -> Iterator[tuple[str, dict[str, Value]]]:
    """Give the values as they are, with provenance, wider, and with each unknown in turn."""
    yield "plain", values
    told = Message("measures.nothing_to_divide")
    yield "told", {
        name: replace(v, year=2010 + n, is_synthetic=n == 0, sources=(f"s{n}",), flags=(f"f{n}",),
                      notes=(told,), basis=(Basis.ASSUMPTION, Basis.STANDARD, None)[n % 3])
        for n, (name, v) in enumerate(values.items())
    }  # fmt: skip
    for name, value in values.items():
        if value.is_exact:
            yield (
                f"{name} wider",
                {**values, name: replace(value, low=value.low - 1, high=value.high + 1)},
            )
            yield (
                f"{name} times 25",
                {**values, name: Value(value.low * 25, value.high * 25, year=2024)},
            )
        yield f"{name} open", {**values, name: Value(2, notes=(told,))}
        yield f"{name} unknown", {**values, name: Value(notes=(told,))}


def said(value: object) -> str:
    """Write a value of a verdict so that it can be read and compared."""
    if isinstance(value, Message):
        return f"{value.key}({'; '.join(f'{k}={said(v)}' for k, v in value.args)})"
    if isinstance(value, tuple | list):
        return " | ".join(said(item) for item in value)
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, Ends):
        return f"{said(value.low)}..{said(value.high)}"
    if value is None or isinstance(value, str | int | dt.date):
        return "" if value is None else str(value)
    return said(getattr(value, "en", type(value).__name__))


def row(key: tuple[str, str, str], verdict: Verdict | None) -> list[str]:
    if verdict is None:
        return [*key, "not in force", *[""] * (len(HEAD) - 4)]
    return [*key, *(said(getattr(verdict, name)) for name in HEAD[len(KEYS) :])]


def decided() -> dict[tuple[str, str, str], list[str]]:
    """Decide the first cases of every rule in all variations."""
    out = {}
    for ruleset in builtin_rulesets():
        for rule in load_ruleset(ruleset):
            cases = load_cases(rules_folder() / ruleset / f"{rule.id}{CASES_SUFFIX}")
            for case in cases[:CASES_A_RULE]:
                for how, verdict in _of_case(rule, case):
                    key = (rule.id, case.name, how)
                    out[key] = row(key, verdict)
    return out


def _of_case(rule: Rule, case: Case) -> Iterator[tuple[str, Verdict | None]]:
    unit = Unit({k: v for k, v in case.unit.items() if v is not None})
    values = {name: _value(case.measures.get(name)) for name in sorted(rule.needs)}
    for how, varied in variations(values):
        about = replace(unit, made=frozenset(unit.fields)) if how == "told" else unit
        yield (
            how,
            decide(rule, unit=about, values=varied, as_of=case.as_of, plan_period=PLAN_PERIOD),
        )
    yield "reported", report(rule, unit=unit, values=values, as_of=case.as_of)
    late = dt.date(2026, 6, 30)
    yield "later", decide(rule, unit=unit, values=values, as_of=late, plan_period=PLAN_PERIOD)
    if rule.judged_on in DATES:
        day = rule.effective.start - dt.timedelta(days=1)
        before = replace(unit, fields={**unit.fields, DATES[rule.judged_on]: day})
        yield (
            "judged by the day before",
            decide(rule, unit=before, values=values, as_of=case.as_of, plan_period=PLAN_PERIOD),
        )
    nobody = Unit({"kind": case.unit.get("kind")})
    yield "no fields", decide(rule, unit=nobody, values=values, as_of=case.as_of, plan_period=None)


def test_verdicts_are_those_that_are_written_down() -> None:
    with RECORD.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == HEAD
    now = decided()
    written = {(r[0], r[1], r[2]): r for r in rows}
    known = {key: r for key, r in written.items() if key in now}
    assert len(known) > 0.8 * len(written), "rules or cases were renamed: write the record anew"
    different = [f"{r}\n  is now {now[key]}" for key, r in known.items() if now[key] != r]
    assert not different, f"{len(different)} verdicts differ, first:\n" + "\n".join(different[:3])


if __name__ == "__main__":
    with RECORD.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([HEAD, *decided().values()])
    sys.stdout.write(f"{RECORD}\n")
