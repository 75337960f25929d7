"""The rulebook as a whole: its quotes, its completeness, and what the loader refuses."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zmd_layout.errors import RuleError
from zmd_layout.rulebook import (
    CASES_SUFFIX,
    Rule,
    builtin_rulesets,
    load_cases,
    load_rule,
    load_ruleset,
    rules_folder,
)
from zmd_layout.vocabulary import Basis, RuleStatus

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN_SET = "zhumadian-2022-49"
SHARED = Path(__file__).parents[1].parent / "shared"

# The table of the design, row by row; a rule that is renamed or lost is seen here.
IDS_OF_THE_PLAN = [
    "closure-after-replacement",
    "compulsory-no-large-class",
    "compulsory-private-share",
    "compulsory-projects",
    "county-schools-with-city-growth",
    "education-land-untouched",
    "indicator-junior-per-20000-residents",
    "indicator-primary-per-10000-residents",
    "junior-merged-areas",
    "junior-per-new-residential-area",
    "junior-rural-boarding",
    "junior-rural-boarding-share",
    "junior-share-in-county-seat",
    "junior-size-new",
    "kindergarten-defect-blocks-acceptance",
    "kindergarten-delivered-with-housing",
    "kindergarten-gross-enrolment-rate",
    "kindergarten-inclusive-enrolment-share",
    "kindergarten-not-for-profit",
    "kindergarten-planned-with-residential-area",
    "kindergarten-public-central-per-township",
    "kindergarten-public-projects",
    "kindergarten-townships-without",
    "nine-year-size-new",
    "primary-access-remote-village",
    "primary-boarding-per-township",
    "primary-merged-areas",
    "primary-per-new-residential-area",
    "primary-rural-day-share",
    "primary-share-near-township-seat",
    "primary-size-new",
    "school-delivered-with-first-phase",
    "senior-new-per-county",
    "senior-no-large-class",
    "senior-projects",
    "special-resource-centre",
    "special-resource-room",
    "special-school-per-county",
    "vocational-per-county",
]

ALL_RULES = [rule for name in builtin_rulesets() for rule in load_ruleset(name)]
BY_ID = {rule.id: rule for rule in ALL_RULES}


SEAT_INDICATORS = [
    f"indicator-seats-{stage}" for stage in ("kindergarten", "primary", "junior", "senior")
]


def test_the_plan_has_all_its_39_rules_and_an_indicator_of_seats_for_each_stage() -> None:
    assert len(IDS_OF_THE_PLAN) == 39
    ids = [rule.id for rule in load_ruleset(PLAN_SET)]
    assert ids == sorted(IDS_OF_THE_PLAN + SEAT_INDICATORS)


def _without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.shared
def test_every_quote_of_the_plan_stands_in_the_plan() -> None:
    file = SHARED / "plan" / "zhumadian-plan-2022-49.txt"
    if not file.exists():
        pytest.skip("the plan is not beside the repo")
    plan = _without_blanks(file.read_text("utf-8"))
    missing = [
        (rule.id, name)
        for rule in ALL_RULES
        for name, clause in rule.clauses.items()
        if clause.evidence == "P" and _without_blanks(clause.text) not in plan
    ]
    assert missing == []


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_every_rule_has_cases_for_unknown_early_and_made_up(rule: Rule) -> None:
    cases = load_cases(rules_folder() / rule.ruleset / f"{rule.id}{CASES_SUFFIX}")
    expected = [case.expect for case in cases]
    assert any(expect is None for expect in expected), "not in force"
    told = [expect for expect in expected if expect is not None]
    assert any(expect.get("status") == "not_assessable" for expect in told), "unknown"
    assert any(expect.get("is_synthetic") for expect in told), "made up"
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_no_rule_takes_force_before_the_number_it_needs(rule: Rule) -> None:
    missing = [name for name, dated in rule.limits(rule.effective.start).items() if dated is None]
    assert missing == []


def test_what_was_only_reported_or_recalled_stays_a_draft() -> None:
    weak = {r.id for r in ALL_RULES if any(c.evidence in "NR" for c in r.clauses.values())}
    drafts = {r.id for r in ALL_RULES if r.status is RuleStatus.DRAFT}
    assert weak == drafts
    assert not any(rule.ruleset == PLAN_SET for rule in ALL_RULES if rule.id in drafts)


def test_due_days_are_those_of_the_plan() -> None:
    days = {rule.due.on for rule in load_ruleset(PLAN_SET)} - {None}
    assert days == {dt.date(2025, 12, 31), dt.date(2022, 9, 1)}
    assert BY_ID["compulsory-private-share"].due.on == dt.date(2022, 9, 1)


def test_only_the_inclusive_share_is_a_binding_target() -> None:
    binding = [rule.id for rule in ALL_RULES if rule.strength == "binding_target"]
    assert binding == ["kindergarten-inclusive-enrolment-share"]


def test_the_line_of_large_classes_is_a_standard_not_the_plan() -> None:
    for rule_id in ("compulsory-no-large-class", "senior-no-large-class"):
        line = BY_ID[rule_id].parameters["large_class_from"].on(dt.date(2025, 12, 31))
        assert line is not None
        assert (line.value, line.basis) == (56, Basis.STANDARD)


RULE = """
id: my-rule
key: X1
title: {zh: 规则, en: A rule}
status: reviewed
strength: duty
addressee: county
due: {on: 2025-12-31}
effective: {from: 2022-07-01, until: null}
clauses:
  one:
    document: 文件
    article: 第一条
    text: 每县1所
    evidence: P
    checked_on: 2026-11-24
reading: {zh: 读法, en: reading}
unit: county
parameters:
  least:
    unit: school
    values:
      2022-07-01: {value: 1, basis: clause, clause: one}
measures:
  schools: {count: schools}
measure_unit: school
check: {kind: threshold, measure: schools, relation: at_least, limit: least}
needs: [schools]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes the rule with one passage replaced."""

    def make(old: str = "", new: str = "", *, name: str = "my-rule.yaml") -> Path:
        assert old in RULE
        path = tmp_path / name
        path.write_text(RULE.replace(old, new, 1) if old else RULE, "utf-8")
        return path

    return make


def test_the_pattern_itself_is_a_rule(write: Callable[..., Path]) -> None:
    rule = load_rule(write())
    assert rule.due.on == dt.date(2025, 12, 31), "`on` is a key, no boolean"


REFUSALS = {
    "unknown key": ("key: X1", "key: X1\ncolour: red", "colour"),
    "doubled key": ("key: X1", "key: X1\nkey: X2", "key"),
    "number without basis": (", basis: clause, clause: one", "", "basis"),
    "clause that is not there": ("clause: one}", "clause: two}", "two"),
    "assumption without a source": ("basis: clause, clause: one", "basis: assumption", "source"),
    "unknown measure": (
        "{count: schools}",
        "{named: moon_phase}",
        "moon_phase",
    ),
    "measure not defined": ("measure: schools,", "measure: pupils,", "pupils"),
    "parameter not there": ("limit: least", "limit: most", "most"),
    "wrong needs": ("needs: [schools]", "needs: [pupils]", "needs"),
    "reported and reviewed": ("evidence: P", "evidence: N", "reviewed"),
    "recalled and reviewed": ("evidence: P", "evidence: R", "reviewed"),
    "no such kind of check": ("kind: threshold", "kind: formula", "formula"),
    "no such word": ("strength: duty", "strength: strong", "strength"),
    "due both ways": ("{on: 2025-12-31}", "{on: 2025-12-31, state: standing}", "due"),
    "a condition with two operators": (
        "{count: schools}",
        "{count: schools, where: [{field: status, equals: a, contains: b}]}",
        "in_plan_period",
    ),
    "not YAML": ("id: my-rule", "id: [my-rule", "YAML"),
    "one text of two": ("{zh: 规则, en: A rule}", "{zh: 规则}", "en"),
}


@pytest.mark.parametrize(("old", "new", "told"), REFUSALS.values(), ids=REFUSALS.keys())
def test_the_loader_refuses_what_it_does_not_understand(
    write: Callable[..., Path], old: str, new: str, told: str
) -> None:
    with pytest.raises(RuleError) as caught:
        load_rule(write(old, new))
    for lang in ("zh", "en"):
        text = caught.value.text(lang)
        assert "my-rule.yaml" in text
        assert told in text


def test_the_id_is_the_name_of_the_file(write: Callable[..., Path]) -> None:
    with pytest.raises(RuleError) as caught:
        load_rule(write(name="other.yaml"))
    assert "other" in caught.value.text("zh")
    assert "my-rule" in caught.value.text("en")


def test_all_faults_of_a_set_come_in_one_error(write: Callable[..., Path], tmp_path: Path) -> None:
    write("key: X1", "key: X1\ncolour: red")
    write("key: X1", "key: X1\nshape: round", name="second.yaml")
    with pytest.raises(RuleError) as caught:
        load_ruleset(str(tmp_path))
    keys = [message.key for message in caught.value.messages]
    assert keys == ["rulebook.fault", "rulebook.fault", "rulebook.id_is_not_file"]


def test_a_fault_is_told_with_its_line(write: Callable[..., Path]) -> None:
    with pytest.raises(RuleError) as caught:
        load_rule(write("strength: duty", "strength: strong"))
    line = RULE.splitlines().index("strength: duty") + 1
    assert f"line {line}" in caught.value.text("en")
    assert f"第{line}行" in caught.value.text("zh")


def test_a_rule_that_counts_verdicts_names_a_rule_of_its_set(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    write("{count: schools}", "{verdicts: no-such-rule, status: shortfall}")
    with pytest.raises(RuleError) as caught:
        load_ruleset(str(tmp_path))
    assert "no-such-rule" in caught.value.text("zh")
