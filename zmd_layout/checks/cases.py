"""The cases beside a rule: situations with the verdict that they must get."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zmd_layout.checks import Unit, Verdict, decide
from zmd_layout.checks.value import Value, exactly
from zmd_layout.vocabulary import Basis

if TYPE_CHECKING:
    from zmd_layout.rulebook import Case, Rule

PLAN_PERIOD = (dt.date(2021, 1, 1), dt.date(2025, 12, 31))


def decide_case(rule: Rule, case: Case) -> Verdict | None:
    """
    Decide the situation of a case.

    A measure is a number, null for unknown, `[low, high]` for a range, or a mapping with `value`
    (or `low` and `high`), `year`, `is_synthetic`, `basis` and `flags`; `{is_void: true}` where
    there is nothing to measure. `at_due`, a number or a range, is what dates tell of the due day.
    """
    values = {name: _value(case.measures.get(name)) for name in rule.needs}
    return decide(
        rule,
        unit=Unit({k: v for k, v in case.unit.items() if v is not None}),
        values=values,
        as_of=case.as_of,
        plan_period=PLAN_PERIOD,
        on_due={name: _at_due(rule, case.measures.get(name), v) for name, v in values.items()},
    )


def _at_due(rule: Rule, given: Any, value: Value) -> Value:  # noqa: ANN401 - raw YAML
    if not isinstance(given, dict) or "at_due" not in given or rule.due.on is None:
        return value
    return replace(_value(given["at_due"]), year=rule.due.on.year)


def _value(given: Any) -> Value:  # noqa: ANN401 - raw YAML
    match given:
        case None:
            return Value()
        case [low, high]:
            return Value(float(low), float(high))
        case dict() if given.get("is_void"):
            return Value(is_void=True)
        case dict():
            low, high = (given[end] if end in given else given["value"] for end in ("low", "high"))
            flags = str(given.get("flags", ""))
            return Value(
                float(low), float(high), year=given.get("year"),
                is_synthetic=bool(given.get("is_synthetic", False)),
                basis=Basis(given["basis"]) if "basis" in given else None,
                flags=tuple(f for f in flags.split(";") if f),
            )  # fmt: skip
        case _:
            return exactly(float(given))


def compare(verdict: Verdict | None, expect: dict[str, Any] | None) -> list[str]:
    """
    Compare the keys that `expect` names; null expects that the rule is not in force.

    Returns
    -------
    differences
        One sentence for each difference, none where all is as expected.
    """
    if verdict is None or expect is None:
        is_same = verdict is None and expect is None
        return [] if is_same else [f"expected {expect}, got {verdict}"]
    found = {name: getattr(verdict, name) for name in expect if hasattr(verdict, name)}
    unknown = [f"a verdict has no {name!r}" for name in expect if name not in found]
    if "flags" in found:
        found["flags"] = ";".join(verdict.flags)
    return unknown + [
        f"{name}: expected {wanted!r}, got {found[name]!r}"
        for name, wanted in expect.items()
        if name in found and found[name] != wanted
    ]
