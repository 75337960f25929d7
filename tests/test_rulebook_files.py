"""Rule sets, cases and YAML files: what is found, how defaults merge, and what each fault says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from fuzzing import RULE

from zmd_layout.errors import RuleError
from zmd_layout.messages import Message
from zmd_layout.rulebook import (
    DatedValue,
    Effective,
    Parameter,
    builtin_rulesets,
    load_cases,
    load_rule,
    load_ruleset,
    read_yaml,
    rules_folder,
    sets,
)
from zmd_layout.vocabulary import Basis, Relation

CASES = """
defaults:
  as_of: 2025-12-31
  unit: {kind: county, residents: 5}
  measures: {schools: 1, people: 9}
cases:
  - {name: one, unit: {residents: 7}, measures: {schools: 2}, expect: {status: pass}}
  - {name: two, as_of: 2024-01-01, expect: null}
"""


def faults(error: RuleError) -> list[tuple[str, dict[str, object]]]:
    return [(m.key, dict(m.args)) for m in error.messages]


def test_defaults_go_under_each_case_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "c.test.yaml").write_text(CASES, "utf-8")
    one, two = load_cases(tmp_path / "c.test.yaml")
    assert one.model_dump() == {
        "name": "one", "as_of": dt.date(2025, 12, 31), "unit": {"kind": "county", "residents": 7},
        "measures": {"schools": 2, "people": 9}, "expect": {"status": "pass"},
    }  # fmt: skip
    assert two.as_of == dt.date(2024, 1, 1)
    assert two.unit == {"kind": "county", "residents": 5}
    assert two.expect is None


def test_cases_need_no_defaults(tmp_path: Path) -> None:
    text = "cases:\n  - {name: x, as_of: 2024-01-01, expect: null}\n"
    (tmp_path / "c.test.yaml").write_text(text, "utf-8")
    (case,) = load_cases(tmp_path / "c.test.yaml")
    assert (case.unit, case.measures) == ({}, {})


@pytest.mark.parametrize("text", ["[]", "cases: 3", "defaults: {}", "defaults: 1\ncases: []\n- 1"])
def test_what_is_no_list_of_cases_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.test.yaml").write_text(text, "utf-8")
    with pytest.raises(RuleError) as caught:
        load_cases(tmp_path / "c.test.yaml")
    assert "c.test.yaml" in caught.value.text("en")


def test_cases_that_are_no_mappings_are_named(tmp_path: Path) -> None:
    (tmp_path / "c.test.yaml").write_text("cases: [1]", "utf-8")
    with pytest.raises(RuleError) as caught:
        load_cases(tmp_path / "c.test.yaml")
    assert faults(caught.value) == [("rulebook.not_cases", {"path": "c.test.yaml"})]


def test_a_fault_in_a_case_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "c.test.yaml").write_text(CASES.replace("name: two, ", ""), "utf-8")
    with pytest.raises(RuleError) as caught:
        load_cases(tmp_path / "c.test.yaml")
    ((key, told),) = faults(caught.value)
    assert key == "rulebook.fault"
    assert told == {
        "path": "c.test.yaml",
        "line": 8,
        "where": "cases.1.name",
        "why": Message("rulebook.why_missing", found="null"),
    }


def test_a_fault_deep_in_a_rule_is_told_with_the_line_of_its_key(tmp_path: Path) -> None:
    text = RULE.read_text("utf-8").replace("value: 600000", "value: many")
    (tmp_path / RULE.name).write_text(text, "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rule(tmp_path / RULE.name)
    told = dict(caught.value.messages[0].args)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "many" in row)
    assert told["path"] == RULE.name
    assert str(told["where"]).startswith("parameters.")
    assert str(told["where"]).endswith(".value")
    assert abs(int(str(told["line"])) - line) <= 1
    assert told["why"] == Message("rulebook.why_number", found="many")


def test_a_rule_belongs_to_the_set_whose_name_its_folder_bears(tmp_path: Path) -> None:
    (tmp_path / RULE.name).write_bytes(RULE.read_bytes())
    assert load_rule(tmp_path / RULE.name).ruleset == tmp_path.name
    (rule,) = load_ruleset(tmp_path.name, base=tmp_path.parent)
    assert rule.ruleset == tmp_path.name


def test_a_list_is_no_rule(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("[1]", "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rule(tmp_path / "r.yaml")
    assert faults(caught.value) == [("rulebook.not_a_rule", {"path": "r.yaml"})]


def test_an_id_that_is_not_the_name_of_the_file_is_told_with_both(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_bytes(RULE.read_bytes())
    with pytest.raises(RuleError) as caught:
        load_rule(tmp_path / "other.yaml")
    told = {"path": "other.yaml", "found": RULE.stem, "wanted": "other"}
    assert faults(caught.value) == [("rulebook.id_is_not_file", told)]


def test_an_unknown_set_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(RuleError) as caught:
        load_ruleset("nowhere", base=tmp_path)
    told = {"ruleset": "nowhere", "known": list(builtin_rulesets())}
    assert faults(caught.value) == [("rulebook.no_ruleset", told)]


def test_rules_of_a_set_come_in_the_order_of_their_ids_and_cases_are_no_rules() -> None:
    for name in builtin_rulesets():
        ids = [rule.id for rule in load_ruleset(name)]
        assert ids == sorted(ids)
        assert not [i for i in ids if i.endswith(".test")]


def test_a_broken_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rules_folder().name == "rules"
    assert (rules_folder() / "national").is_dir()
    monkeypatch.setattr(sets, "__file__", str(tmp_path / "a" / "b" / "sets.py"))
    with pytest.raises(RuleError) as caught:
        rules_folder()
    assert faults(caught.value) == [("rulebook.no_folder", {})]
    (tmp_path / "rules").mkdir()
    assert rules_folder() == tmp_path / "rules", "beside the package"
    (tmp_path / "a" / "rules").mkdir(parents=True)
    assert rules_folder() == tmp_path / "a" / "rules", "in the package"


def test_a_rule_that_counts_verdicts_of_no_rule_is_named_with_its_file(tmp_path: Path) -> None:
    text = RULE.read_text("utf-8").replace("check: {", "check: {", 1)
    name = next(
        line.split(":")[0].strip()
        for line in text.split("measures:")[1].splitlines()
        if line.strip()
    )
    start = text.index("measures:")
    rest = text[start:].split("\n")
    index = next(n for n, line in enumerate(rest) if line.strip().startswith(f"{name}:"))
    rest[index] = f"  {name}: {{verdicts: no-such-rule, status: shortfall}}"
    while rest[index + 1].startswith("    "):
        del rest[index + 1]
    (tmp_path / RULE.name).write_text(text[:start] + "\n".join(rest), "utf-8")
    with pytest.raises(RuleError) as caught:
        load_ruleset(str(tmp_path))
    told = {"path": RULE.name, "wanted": "no-such-rule"}
    assert faults(caught.value) == [("rulebook.unknown_verdicts", told)]


def test_yaml_that_is_none_is_told_with_its_file_and_why(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: 1\na: 2\n", "utf-8")
    with pytest.raises(RuleError) as caught:
        read_yaml(tmp_path / "x.yaml")
    ((key, told),) = faults(caught.value)
    assert key == "rulebook.doubled_key"
    assert told == {"path": "x.yaml", "line": 2, "key": "a"}


def test_a_key_that_is_a_list_is_told_as_such_and_not_as_written_twice(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("? [a]\n: 1\n? [b]\n: 2\n", "utf-8")
    with pytest.raises(RuleError) as caught:
        read_yaml(tmp_path / "x.yaml")
    ((key, told),) = faults(caught.value)
    assert key == "rulebook.not_yaml"
    assert told == {"path": "x.yaml", "line": 1}


@pytest.mark.parametrize(
    "bad", ["b: 2024-13-01", "b: [1", "b: {c: 1", "b: !!bool 07", "b: x: y", "b: !!int two"]
)
def test_what_is_no_yaml_is_told_with_its_line_and_in_one_language(
    tmp_path: Path, bad: str
) -> None:
    (tmp_path / "x.yaml").write_text(f"a: 1\n{bad}\n", "utf-8")
    with pytest.raises(RuleError) as caught:
        read_yaml(tmp_path / "x.yaml")
    ((key, told),) = faults(caught.value)
    assert key == "rulebook.not_yaml"
    assert told["line"] in {2, 3}, "where it is, or where the file ends in the middle of it"


def test_only_true_and_false_are_booleans(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("[true, false, on, off, yes, no, True, y]", "utf-8")
    found = read_yaml(tmp_path / "x.yaml")
    assert found == [True, False, "on", "off", "yes", "no", "True", "y"]


def test_a_number_holds_from_its_day_until_the_next() -> None:
    one, two = (DatedValue(value=v, basis=Basis.CLAUSE, clause="c") for v in (1, 2))
    parameter = Parameter(unit="m", values={dt.date(2024, 1, 1): two, dt.date(2022, 7, 1): one})
    assert parameter.on(dt.date(2022, 6, 30)) is None
    assert parameter.on(dt.date(2022, 7, 1)) == one
    assert parameter.on(dt.date(2023, 12, 31)) == one
    assert parameter.on(dt.date(2024, 1, 1)) == two


def test_a_rule_binds_on_both_its_first_and_its_last_day() -> None:
    days = Effective.model_validate({"from": "2022-07-01", "until": "2025-12-31"})
    rule = load_rule(RULE).model_copy(update={"effective": days})
    assert [rule.in_force(d) for d in (dt.date(2022, 6, 30), dt.date(2022, 7, 1),
            dt.date(2025, 12, 31), dt.date(2026, 1, 1))] == [False, True, True, False]  # fmt: skip
    assert rule.relation is Relation.AT_LEAST
    assert rule.units[0] is rule.unit
    assert rule.limits(dt.date(2000, 1, 1)) == dict.fromkeys(rule.parameters)


def test_a_title_speaks_both_languages() -> None:
    title = load_rule(RULE).title
    assert title.text("zh") == title.zh
    assert title.text("en") == title.en
    assert Message("compare.rules_added", rules=title).text("en").endswith(title.en)
