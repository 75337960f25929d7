"""
A second, deliberately simple implementation of the decisions, held against `checks`.

It knows nothing of ranges as such: it tries the corners of what may be true, decides each as a
person would with two plain numbers, and gives a verdict only where all corners agree.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from itertools import product
from typing import Any

import pytest
from volumes import TIMES

from zmd_layout.checks import Unit, decide
from zmd_layout.checks.value import Value
from zmd_layout.rulebook import Rule, load_ruleset

PERIOD = (dt.date(2021, 1, 1), dt.date(2025, 12, 31))
DAYS = [dt.date(2022, 6, 30), dt.date(2022, 7, 1), dt.date(2025, 12, 31), dt.date(2026, 6, 30)]
WORLDS_A_RULE = 50 * TIMES
RULES = load_ruleset("zhumadian-2022-49")


def twin(  # noqa: C901, PLR0911 - one answer after the other, as one would ask
    rule: Rule, unit: dict[str, Any], values: dict[str, Value], day: dt.date
) -> str | None:
    """Give the status, or None where the rule is not in force."""
    if not _bound(rule, day):
        return None
    law = _law(rule, unit, day)
    if not _bound(rule, law):
        return "not_applicable"
    number = {n: p.values[max(d for d in p.values if d <= law)].value
              for n, p in rule.parameters.items()}  # fmt: skip
    answers = [_met(unit.get(c.field), c, number) for c in rule.applies_to]
    if False in answers:
        return "not_applicable"
    if None in answers:
        return "not_assessable"
    if any(values[name].is_void for name in rule.needs):
        return "not_applicable"
    if rule.check.kind == "report":
        value = values[rule.check.measure]
        is_nothing = math.inf in (abs(value.low), abs(value.high))
        return "not_assessable" if is_nothing else "reported"
    names = list(rule.needs)
    demand = getattr(rule.check, "demand", None)
    if demand and math.inf in (abs(values[demand].low), abs(values[demand].high)):
        return "not_assessable"
    corners = product(*(_corners(values[name], number) for name in names))
    found = {_plain(rule, dict(zip(names, corner, strict=True)), number) for corner in corners}
    if found == {"pass", "not_applicable"}:
        return "pass"  # it may owe nothing, and if it owes, it has it
    return found.pop() if len(found) == 1 else "not_assessable"


DATES = {"conditions": "conditions_on", "acceptance": "accepted_on", "opening": "opens_on"}


def _law(rule: Rule, unit: dict[str, Any], day: dt.date) -> dt.date:
    told = unit.get(DATES.get(str(rule.judged_on), ""))
    if told is None or told > day:
        return day
    return max(told, rule.effective.start) if rule.judged_on == "opening" else told


def _bound(rule: Rule, day: dt.date) -> bool:
    return rule.effective.start <= day and (
        rule.effective.until is None or day <= rule.effective.until
    )


def _corners(value: Value, number: dict[str, float]) -> list[float]:
    """Give the ends, and the numbers of the law that lie between them."""
    return [value.low, *(n for n in number.values() if value.low < n < value.high), value.high]


def _met(cell: object, condition: Any, number: dict[str, float]) -> bool | None:
    if cell is None:
        return None
    if condition.equals is not None:
        return bool(cell == condition.equals)
    if condition.any_of is not None:
        return cell in condition.any_of
    if condition.contains is not None:
        return condition.contains in str(cell).split(";")
    if condition.in_plan_period:
        return PERIOD[0] <= cell <= PERIOD[1]  # type: ignore[operator]
    bound = condition.at_least if condition.at_least is not None else condition.at_most
    line = number[bound.parameter] if hasattr(bound, "parameter") else bound
    return cell >= line if condition.at_least is not None else cell <= line  # type: ignore[operator]


def _plain(rule: Rule, known: dict[str, float], number: dict[str, float]) -> str:
    """Decide with plain numbers, as one would by hand."""
    check = rule.check
    if check.kind == "threshold":
        have, limit = known[check.measure], number[check.limit]
        slack = number[check.tolerance] if check.tolerance else 0
        good = {
            "at_least": have >= limit, "at_most": have <= limit + slack, "equals": have == limit,
        }[check.relation]  # fmt: skip
        return "pass" if good else "shortfall"
    have, people = known[check.supply], known[check.demand]
    if check.kind == "proportion":
        owed = people // number[check.per]
    else:
        owed = 0.0
        for band in check.bands:
            over = band.at_least is None or people >= number[band.at_least]
            under = band.at_most is None or people <= number[band.at_most]
            if over and under:
                owed = max(owed, number[band.required])
    if owed == 0:
        return "not_applicable"
    return "pass" if have >= owed else "shortfall"


def _unit(rule: Rule, chance: random.Random) -> dict[str, Any]:
    """Make a unit whose fields meet the conditions, miss them or are empty."""
    unit: dict[str, Any] = {}
    for condition in rule.applies_to:
        word = next(
            (w for w in (condition.equals, *(condition.any_of or ()), condition.contains)
             if w is not None), None,
        )  # fmt: skip
        if condition.in_plan_period:
            good: Any = chance.choice(PERIOD)
            bad: Any = PERIOD[0] - dt.timedelta(days=1)
        elif isinstance(condition.at_least, dt.date):
            good, bad = chance.choice([PERIOD[0], *DAYS]), PERIOD[0] - dt.timedelta(days=1)
        elif word is None:
            good, bad = chance.choice([5, 6]), 4
        else:
            good = chance.choice(condition.any_of) if condition.any_of else word
            bad = (not word) if isinstance(word, bool) else "something else"
        unit[condition.field] = chance.choices([good, bad, None], weights=[8, 1, 1])[0]
    if rule.judged_on in ("conditions", "acceptance"):
        unit[DATES[rule.judged_on]] = chance.choice([*DAYS, None])
    return unit


def _value(lines: list[float], chance: random.Random) -> Value:
    """Make a value that is known, a range, half open, unknown or void, near a line of the law."""
    line = chance.choice(lines)
    middle = max(0.0, line + chance.choice([-1, 0, 1, -0.5, 0.01, 60]))
    match chance.randrange(10):
        case 0:
            return Value()
        case 1:
            return Value(middle, math.inf)
        case 2:
            return Value(is_void=True)
        case 3 | 4:
            return Value(middle, middle + chance.randrange(1, 5))
        case _:
            return Value(middle, middle)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_twin_agrees_in_random_worlds(rule: Rule) -> None:
    chance = random.Random(rule.id)  # noqa: S311 - worlds, no secrets
    lines = [d.value for p in rule.parameters.values() for d in p.values.values()] or [1.0]
    lines += [0.0, 1.0, *(2 * line for line in lines)]
    seen = set()
    for _ in range(WORLDS_A_RULE):
        unit, day = _unit(rule, chance), chance.choice(DAYS)
        values = {name: _value(lines, chance) for name in rule.needs}
        verdict = decide(
            rule,
            unit=Unit({k: v for k, v in unit.items() if v is not None}),
            values=values,
            as_of=day,
            plan_period=PERIOD,
        )
        found = None if verdict is None else str(verdict.status)
        assert found == twin(rule, unit, values, day), (unit, values, day)
        seen.add(found)
    assert len(seen) >= 3, "the worlds must not be all alike"
