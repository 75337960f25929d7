"""Each fault of a rule file is told with its line, its place and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing import RULE

from zmd_layout.errors import RuleError
from zmd_layout.messages import Message, word_message
from zmd_layout.rulebook import Rule, load_cases, load_rule, load_ruleset
from zmd_layout.vocabulary import Basis, UnitKind

WHOLE = RULE.read_text("utf-8")
# without the second assumption, so that each passage stands in it once
SETTLED = WHOLE[WHOLE.index("  settled_share:\n") : WHOLE.index("measures:\n")]
TEXT = WHOLE.replace(SETTLED, "").replace("  settled: settled_share\n", "")
UNKNOWN = "{parameter: nowhere}"


def changed(*exchanged: tuple[str, str]) -> str:
    text = TEXT
    for old, new in exchanged:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def told(folder: Path, *exchanged: tuple[str, str]) -> tuple[Message, ...]:
    """Give the faults of the rule of the senior high schools with passages exchanged."""
    (folder / RULE.name).write_text(changed(*exchanged), "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rule(folder / RULE.name)
    return caught.value.messages


def loaded(folder: Path, *exchanged: tuple[str, str]) -> Rule:
    (folder / RULE.name).write_text(changed(*exchanged), "utf-8")
    return load_rule(folder / RULE.name)


def at(where: str, key: str, **args: object) -> tuple[str, Message]:
    return where, Message(f"rulebook.{key}", **args)


def places(messages: tuple[Message, ...]) -> list[tuple[object, object]]:
    return [(dict(m.args)["where"], dict(m.args)["why"]) for m in messages]


# --- what refers to nothing

BELOW = "parameters.schools_below.values.2022-07-01"
NEAR = "parameters.near_share.values.2022-07-01"


def test_a_number_that_cites_no_clause_of_the_rule_is_told_with_the_clauses(tmp_path: Path) -> None:
    clauses = ["above", "below"]
    assert places(told(tmp_path, ("clause: below}", "clause: zzz}"))) == [
        at(f"{BELOW}.clause", "no_clause", found="zzz", known=clauses)
    ]
    near = {"near": "below", "known": clauses}
    ((where, why),) = places(told(tmp_path, ("clause: below}", "clause: belo}")))
    assert (where, dict(why.args) | near) == (f"{BELOW}.clause", {"found": "belo", **near})


@pytest.mark.parametrize("basis", [Basis.ASSUMPTION, Basis.STANDARD])
def test_a_number_that_rests_on_no_clause_needs_a_source(tmp_path: Path, basis: Basis) -> None:
    source = TEXT[TEXT.index("        source: {") : TEXT.index("\nmeasures:")]
    exchanged = (("basis: assumption", f"basis: {basis}"), (source, ""))
    expected = at(NEAR, "no_source", basis=word_message(basis))
    assert places(told(tmp_path, *exchanged)) == [expected]


@pytest.mark.parametrize("evidence", ["N", "R"])
def test_clauses_that_nobody_read_keep_a_rule_a_draft(tmp_path: Path, evidence: str) -> None:
    text = TEXT.replace("evidence: P", f"evidence: {evidence}")
    (tmp_path / RULE.name).write_text(text, "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rule(tmp_path / RULE.name)
    expected = at("status", "unread_clauses", names=["above", "below"])
    assert places(caught.value.messages) == [expected]
    (tmp_path / RULE.name).write_text(text.replace("status: reviewed", "status: draft"), "utf-8")
    assert load_rule(tmp_path / RULE.name).status == "draft"


STATUS = "- {field: status, equals: operating}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("near: near_share", "near: nowhere"),
        ("{at_most: population_line,", "{at_most: nowhere,"),
        ("{at_least: population_line,", "{at_least: nowhere,"),
        ("required: schools_above}", "required: nowhere}"),
        ("- {field: kind, equals: county}", f"- {{field: residents, at_least: {UNKNOWN}}}"),
        ("- {field: kind, equals: county}", f"- {{field: residents, at_most: {UNKNOWN}}}"),
        (STATUS, f"{STATUS}\n      - {{field: seats, at_least: {UNKNOWN}}}"),
        ("needs: [", "wish: {limit: nowhere}\nneeds: ["),
        ("needs: [", "stricter: {limit: nowhere, flag: exceeds_province}\nneeds: ["),
        (
            "needs: [",
            "wish: {limit: near_share, where: [{field: residents, at_least: "
            + UNKNOWN
            + "}]}\nneeds: [",
        ),
        (
            "needs: [",
            "monitor: [{unit: city, where: [{field: residents, at_most: "
            + UNKNOWN
            + "}]}]\nneeds: [",
        ),
    ],
)
def test_a_number_that_is_not_among_the_parameters_is_named_wherever_it_is_asked_for(
    tmp_path: Path, old: str, new: str
) -> None:
    ((where, why),) = places(told(tmp_path, (old, new)))
    assert isinstance(why, Message)
    assert why.key == "rulebook.no_parameter"
    assert dict(why.args)["found"] == "nowhere"
    assert str(where).startswith(
        ("check.", "applies_to.", "measures.", "wish.", "stricter.", "mon")
    )


def test_a_bound_in_an_alternative_or_a_share_is_looked_up_too(tmp_path: Path) -> None:
    where = f"where: [{{field: seats, at_least: {UNKNOWN}}}]"
    for new in (
        f"residents: {{either: [{{field: residents}}, {{count: schools, {where}}}]}}",
        f"residents: {{part: {{count: schools, {where}}}, whole: {{count: schools}}}}",
        f"residents: {{part: {{count: schools}}, whole: {{count: schools, {where}}}}}",
    ):
        exchanged = ("residents: {field: residents}", new)
        ((place, why),) = places(told(tmp_path, exchanged))
        assert str(place).endswith(".where.0.at_least.parameter")
        assert dict(why.args)["found"] == "nowhere"  # type: ignore[attr-defined]


def test_what_nobody_computes_is_named_with_its_measure_and_kind_of_unit(tmp_path: Path) -> None:
    for new, place in (
        ("residents: {named: moon_phase}", "measures.residents.named"),
        ("residents: {either: [{field: residents}, {named: moon_phase}]}",
         "measures.residents.either.1.named"),
        # a measure of other units is none of this one
        ("residents: {named: way_to_primary_m}", "measures.residents.named"),
    ):  # fmt: skip
        ((where, why),) = places(told(tmp_path, ("residents: {field: residents}", new)))
        assert where == place
        assert why.key.startswith("rulebook.nobody_computes")  # type: ignore[attr-defined]
        assert dict(why.args)["unit"] == word_message(UnitKind.COUNTY)  # type: ignore[attr-defined]


def test_measures_that_are_not_defined_or_not_needed_are_told_in_order(tmp_path: Path) -> None:
    known = ["new_senior_schools", "residents"]
    assert places(told(tmp_path, ("demand: residents", "demand: people"))) == [
        at("check.demand", "no_measure", found="people", known=known),
        at("needs", "other_needs", found=known, wanted=["new_senior_schools", "people"]),
    ]
    assert places(told(tmp_path, ("needs: [residents, ", "needs: ["))) == [
        at("needs", "other_needs", found=["new_senior_schools"], wanted=known)
    ]


def test_control_characters_are_refused_with_what_to_do(tmp_path: Path) -> None:
    faults = told(tmp_path, ("zh: 县新建标准化普通高中", 'zh: "县新建\\u202e标准化"'))
    assert places(faults) == [at("title.zh", "why_control")]


def test_all_faults_of_a_rule_are_told_at_once(tmp_path: Path) -> None:
    exchanged = (
        ("clause: below}", "clause: beside}"),
        ("near: near_share", "near: nowhere"),
        ("{at_most: population_line,", "{at_most: anywhere,"),
        ("needs: [residents, ", "needs: ["),
    )
    assert [where for where, _ in places(told(tmp_path, *exchanged))] == [
        f"{BELOW}.clause", "check.near", "check.bands.0.at_most", "needs",
    ]  # fmt: skip


def test_numbers_that_only_a_wish_or_a_province_asks_for_are_known(tmp_path: Path) -> None:
    rule = loaded(
        tmp_path,
        ("needs: [", "wish: {limit: near_share}\nstricter: {limit: near_share, flag: x}\nneeds: ["),
    )
    assert rule.wish is not None
    assert rule.stricter is not None
    assert rule.units == (rule.unit,)


# --- the line


@pytest.mark.parametrize(
    ("old", "new", "where", "line_of"),
    [
        ("id: senior-new-per-county", "id: Senior", "id", "id: Senior"),
        ("strength: duty", "strength: strong", "strength", "strength: strong"),
        (
            "{value: 2, basis: clause, clause: above}",
            "{value: many, basis: clause, clause: above}",
            "parameters.schools_above.values.2022-07-01.value",
            "      2022-07-01: {value: many, basis: clause, clause: above}",
        ),
        (
            "value: 0.05",
            "value: many",
            "parameters.near_share.values.2022-07-01.value",
            "        value: many",
        ),
        # the first key of a block, and one whose name stands earlier at another depth
        ("unit: person", "unit: [1]", "parameters.population_line.unit", "    unit: [1]"),
        ("unit: share", "unit: [1]", "parameters.near_share.unit", "    unit: [1]"),
        # a key that is missing is told at its block, not at its neighbour's
        (
            "    values:\n      2022-07-01: {value: 600000, basis: clause, clause: above}\n",
            "",
            "parameters.population_line.values",
            "  population_line:",
        ),
        (
            "  - {field: kind, equals: county}",
            "  - field: kind\n    equals: county\n\n  - field: status\n    colour: red",
            "applies_to.1.colour",
            "    colour: red",
        ),
        # a list may stand no deeper than its key
        (
            "  - {field: kind, equals: county}",
            "- field: kind\n  equals: county\n- field: status\n  colour: red",
            "applies_to.1.colour",
            "  colour: red",
        ),
        (
            "  - {field: kind, equals: county}",
            "  - colour: red\n    field: kind\n    equals: county",
            "applies_to.0.colour",
            "  - colour: red",
        ),
    ],
)
def test_a_fault_is_told_with_the_line_of_its_key(
    tmp_path: Path, old: str, new: str, where: str, line_of: str
) -> None:
    faults = [dict(message.args) for message in told(tmp_path, (old, new))]
    lines = changed((old, new)).splitlines()
    assert lines.count(line_of) == 1
    assert (faults[0]["where"], faults[0]["line"]) == (where, lines.index(line_of) + 1)
    assert {fault["path"] for fault in faults} == {RULE.name}


def test_a_fault_in_the_second_of_two_blocks_alike_is_told_there(tmp_path: Path) -> None:
    below, above = TEXT.split("  above:\n", 1)
    text = below + "  above:\n" + above.replace("evidence: P", "evidence: Q", 1)
    (tmp_path / RULE.name).write_text(text, "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rule(tmp_path / RULE.name)
    (message,) = caught.value.messages
    args = dict(message.args)
    assert args["where"] == "clauses.above.evidence"
    assert args["line"] == text.splitlines().index("    evidence: Q") + 1


# --- sets


def test_while_a_rule_cannot_be_read_nobody_complains_that_it_is_missing(tmp_path: Path) -> None:
    (tmp_path / RULE.name).write_text(changed(("strength: duty", "strength: strong")), "utf-8")
    counting = changed(
        ("id: senior-new-per-county", "id: counting"),
        ("residents: {field: residents}", f"residents: {{verdicts: {RULE.stem}, status: pass}}"),
    )
    (tmp_path / "counting.yaml").write_text(counting, "utf-8")
    with pytest.raises(RuleError) as caught:
        load_ruleset(str(tmp_path))
    assert [dict(message.args)["where"] for message in caught.value.messages] == ["strength"]
    (tmp_path / RULE.name).write_text(TEXT, "utf-8")
    assert [rule.id for rule in load_ruleset(str(tmp_path))] == ["counting", RULE.stem]


def test_a_folder_without_a_study_is_found_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / RULE.name).write_text(TEXT, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert [rule.ruleset for rule in load_ruleset("mine")] == ["mine"]


def test_a_case_of_an_unknown_key_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.test.yaml"
    path.write_text(
        "cases:\n  - name: one\n    as_of: 2024-01-01\n    expect: null\n    colour: red\n", "utf-8"
    )
    with pytest.raises(RuleError) as caught:
        load_cases(path)
    (message,) = caught.value.messages
    told_of = dict(message.args)
    assert (told_of["line"], told_of["where"]) == (5, "cases.0.colour")
    assert told_of["why"].key == "rulebook.why_extra"


# --- what a computation takes


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        ("primary-merged-areas", "merge_distance_m"),
        ("primary-merged-areas", "persons_per_dwelling_census"),
        ("primary-access-remote-village", "walking_speed_m_per_min"),
        ("compulsory-no-large-class", "large_class_from"),
    ],
)
def test_a_rule_without_a_number_that_its_measure_computes_with_is_refused(
    tmp_path: Path, rule: str, number: str
) -> None:
    text = (RULE.parent / f"{rule}.yaml").read_text("utf-8")
    assert text.count(f"  {number}:\n") == 1
    (tmp_path / f"{rule}.yaml").write_text(text.replace(f"  {number}:\n", "  mine:\n"), "utf-8")
    with pytest.raises(RuleError) as caught:
        load_rule(tmp_path / f"{rule}.yaml")
    assert f"the parameter “{number}” is needed to compute this" in caught.value.text("en")


def test_a_number_that_comes_into_force_after_its_rule_is_refused(tmp_path: Path) -> None:
    text = (RULE.parent / "primary-access-remote-village.yaml").read_text("utf-8")
    start = text.index("walking_speed_m_per_min")
    late = text[:start] + text[start:].replace("2022-07-01", "2023-01-01", 1)
    (tmp_path / "primary-access-remote-village.yaml").write_text(late, "utf-8")
    with pytest.raises(RuleError, match="walking_speed_m_per_min"):
        load_rule(tmp_path / "primary-access-remote-village.yaml")
