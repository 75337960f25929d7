"""A rule is held against columns, types and words when it is read: every fault at once."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import yaml
from own_rules import SOME_DAY, number, rule, text_of, write_rules

import zmd_layout
from zmd_layout.checks.conditions import meets
from zmd_layout.errors import RuleError
from zmd_layout.messages import Message
from zmd_layout.rulebook import load_rule, load_ruleset
from zmd_layout.rulebook.measure_forms import Condition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = dt.date(2024, 1, 1)


def faults(folder: Path, keys: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what is told of a rule: path, line, where and why."""
    file = write_rules(folder, keys) / f"{keys['id']}.yaml"
    with pytest.raises(RuleError) as refused:
        load_rule(file)
    return [dict(message.args) for message in refused.value.messages]


def why(folder: Path, keys: dict[str, Any]) -> tuple[str, Message]:
    (told,) = faults(folder, keys)
    return told["where"], told["why"]


def counted(*conditions: dict[str, Any], layer: str = "schools", **more: Any) -> dict[str, Any]:
    return rule("own", measures={"found": {"count": layer, "where": list(conditions)}}, **more)


@pytest.mark.parametrize(
    ("condition", "where", "key", "near"),
    [
        ({"field": "status", "equals": "operatin"}, "equals", "why_word_near", "operating"),
        ({"field": "stages", "contains": "primry"}, "contains", "why_word_near", "primary"),
        ({"field": "stages", "equals": "primary;juior"}, "equals", "why_word_near", "junior"),
        ({"field": "stages", "equals": "junior;primary"}, "equals", "stages_in_order", None),
        ({"field": "stages", "any_of": ["primary", "junir"]}, "any_of", "why_word_near", "junior"),
        ({"field": "ownership", "any_of": ["public", "privat"]}, "any_of", "why_word_near",
         "private"),
        ({"field": "seats", "equals": "100"}, "equals", "wrong_type", None),
        ({"field": "seats", "equals": True}, "equals", "wrong_type", None),
        ({"field": "seats", "contains": "1"}, "contains", "wrong_operator", None),
        ({"field": "seats", "at_least": DAY}, "at_least", "wrong_type", None),
        ({"field": "opens_on", "equals": "2024-01-01"}, "equals", "wrong_type", None),
        ({"field": "opens_on", "at_least": 2020}, "at_least", "wrong_type", None),
        ({"field": "opens_on", "at_least": {"parameter": "least"}}, "at_least", "wrong_type", None),
        ({"field": "seats", "in_plan_period": True}, "in_plan_period", "wrong_operator", None),
        ({"field": "is_boarding", "equals": "true"}, "equals", "wrong_type", None),
        ({"field": "is_boarding", "equals": 1}, "equals", "wrong_type", None),
        ({"field": "status", "at_least": 3}, "at_least", "wrong_operator", None),
        ({"field": "school_id", "equals": 411702}, "equals", "wrong_type", None),
        ({"field": "statu", "equals": "operating"}, "field", "no_column_near", "status"),
        ({"field": "zzzzzzzz", "equals": "x"}, "field", "no_column", None),
    ],
)  # fmt: skip
def test_a_condition_that_can_never_be_met_as_it_was_meant_is_refused(
    tmp_path: Path, condition: dict[str, Any], where: str, key: str, near: str | None
) -> None:
    place, told = why(tmp_path, counted({"field": "status", "equals": "operating"}, condition))
    assert place == f"measures.found.where.1.{where}"
    assert told.key == f"rulebook.{key}"
    assert dict(told.args).get("near") == near


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "status", "equals": "operating"},
        {"field": "stages", "any_of": ["primary", "primary;junior"]},
        {"field": "stages", "contains": "junior"},
        {"field": "opens_on", "equals": DAY},
        {"field": "opens_on", "at_most": DAY},
        {"field": "opens_on", "in_plan_period": True},
        {"field": "seats", "equals": 100},
        {"field": "seats", "at_least": {"parameter": "least"}},
        {"field": "is_boarding", "equals": False},
        {"field": "school_id", "any_of": ["411702"]},
        {"field": "name", "equals": "一小"},
    ],
)
def test_a_condition_that_fits_is_read(tmp_path: Path, condition: dict[str, Any]) -> None:
    folder = write_rules(tmp_path, counted(condition))
    assert [one.id for one in load_ruleset(str(folder))] == ["own"]


@pytest.mark.parametrize(
    ("keys", "where", "key"),
    [
        ({"measures": {"found": {"field": "name"}}}, "measures.found.field", "no_number"),
        ({"measures": {"found": {"field": "reside"}}}, "measures.found.field", "no_column_near"),
        ({"measures": {"found": {"sum": "schools", "of": "status"}}}, "measures.found.of",
         "no_number"),
        ({"measures": {"found": {"sum": "schools", "of": "enrollment"}}}, "measures.found.of",
         "no_column_near"),
        ({"measures": {"found": {"count": "schols"}}}, "measures.found.count", "why_layer_near"),
        ({"measures": {"found": {"statistic": "resource_room"}}}, "measures.found.statistic",
         "why_word_near"),
        ({"measures": {"found": {"named": "way_to_primary"}}, "unit": "village"},
         "measures.found.named", "nobody_computes_near"),
        ({"applies_to": [{"field": "kind", "equals": "town"}]}, "applies_to.0.equals",
         "why_word"),
        ({"monitor": [{"unit": "city", "where": [{"field": "kind", "equals": "town"}]}]},
         "monitor.0.where.0.equals", "why_word"),
        ({"wish": {"limit": "least", "where": [{"field": "people", "at_least": 1}]}},
         "wish.where.0.field", "no_column"),
        ({"unit": "residential_group", "measures": {"found": {"field": "residents"}},
          "parameters": {"least": number(1), "merge_distance_m": number(1),
                         "merge_years": number(1)}},
         "measures.found.field", "no_column"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_units_or_layers_is_refused_with_the_nearest(
    tmp_path: Path, keys: dict[str, Any], where: str, key: str
) -> None:
    place, told = why(tmp_path, rule("own", **keys))
    assert (place, told.key) == (where, f"rulebook.{key}")


def test_a_field_must_be_there_for_each_kind_of_unit_and_words_may_be_of_any(
    tmp_path: Path,
) -> None:
    both = {"also_units": ["township"]}
    place, told = why(
        tmp_path, rule("own", **both, applies_to=[{"field": "within", "equals": "411702"}])
    )
    assert (place, told.key) == ("applies_to.0.field", "rulebook.no_column")
    words = [{"field": "kind", "any_of": ["county", "town"]}]
    load_ruleset(str(write_rules(tmp_path, rule("own", **both, applies_to=words))))


def test_ages_are_fields_of_units_that_may_have_them(tmp_path: Path) -> None:
    ages = {"found": {"field": "residents_6_11"}}
    load_ruleset(str(write_rules(tmp_path, rule("own", measures=ages))))
    assert why(tmp_path, rule("own", unit="school", measures=ages))[0] == "measures.found.field"


THREE = counted(
    {"field": "status", "equals": "operatin"},
    {"field": "opens_on", "at_least": 2020},
    strength="dutty",
    colour="red",
)


def test_all_faults_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    told = faults(tmp_path, THREE)
    lines = text_of(THREE).splitlines()
    assert [one["where"] for one in told] == [
        "strength", "colour", "measures.found.where.0.equals", "measures.found.where.1.at_least",
    ]  # fmt: skip
    assert [lines[one["line"] - 1].strip() for one in told] == [
        "strength: dutty", "colour: red", "equals: operatin", "at_least: 2020",
    ]  # fmt: skip


def test_faults_within_braces_have_the_line_of_their_item(tmp_path: Path) -> None:
    text = text_of(counted()).replace(
        "    where: []\n",
        "    where:\n"
        "      - {field: status, equals: operating}\n"
        "      - {field: status, equals: operatin}\n",
    )
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    with pytest.raises(RuleError) as refused:
        load_rule(tmp_path / "own.yaml")
    (message,) = refused.value.messages
    line = text.splitlines().index("      - {field: status, equals: operatin}") + 1
    assert dict(message.args)["line"] == line


def test_a_measure_that_cannot_be_read_hides_no_fault_of_another(tmp_path: Path) -> None:
    keys = counted({"field": "status", "equals": "operatin"})
    keys["measures"]["other"] = {"count": "schools", "wher": []}
    assert [one["where"] for one in faults(tmp_path, keys)] == [
        "measures.other.wher", "measures.found.where.0.equals",
    ]  # fmt: skip


def test_what_rests_on_something_unread_is_not_blamed_beside_it(tmp_path: Path) -> None:
    keys = rule("own", parameters={"least": {**number(1), "unit": [1]}})
    assert [one["where"] for one in faults(tmp_path, keys)] == ["parameters.least.unit"]
    keys = rule("own", unit="couty", applies_to=[{"field": "kind", "equals": "county"}])
    assert [one["where"] for one in faults(tmp_path, keys)] == ["unit"]


WRONG: dict[str, Any] = {
    "strength": ["strong", 3, None], "unit": ["cty"], "due": [{}, {"on": 3}, "now"],
    "parameters": [3, {"least": {"unit": "1", "values": {}}}], "needs": ["found", []],
    "title": [{"zh": "只有中文"}, ""], "clauses": [{}], "effective": [{"from": "soon"}],
    "measures": [{}, {"found": {}}, {"found": {"count": "schools", "where": 3}}],
    "check": [{"kind": "formula"}, {"kind": "threshold"}], "status": ["done"], "colour": ["red"],
    "applies_to": [[{"field": "kind"}], [{"field": "kind", "equals": [1]}], {}],
}  # fmt: skip


@pytest.mark.parametrize(
    "keys", [{key: value} for key, values in WRONG.items() for value in values]
)
def test_no_english_stands_in_a_chinese_sentence(tmp_path: Path, keys: dict[str, Any]) -> None:
    for told in faults(tmp_path, rule("own", **keys)):
        text = Message("rulebook.fault", **told).text("zh")
        written = text_of(rule("own", **keys)) + yaml.safe_dump(told["where"]) + " ".join(_names())
        known = {"null", "true", "false", *re.findall(r"\w+", written)}
        words = set(re.findall(r"[A-Za-z_]{2,}", text))
        assert words <= known, text


def _names() -> list[str]:
    from zmd_layout import vocabulary
    from zmd_layout.rulebook.reading import _keys

    lists = [
        list(one) for one in vars(vocabulary).values() if hasattr(one, "__members__")
    ]  # fmt: skip
    kinds = ["threshold", "proportion", "banded", "report", "own.yaml"]
    return [*_keys(), *(str(word) for words in lists for word in words), *kinds]


@pytest.mark.parametrize("cell", [pd.Timestamp("2024-01-01 09:00"), DAY])
def test_days_of_an_own_layer_are_days_also_where_they_have_an_hour(cell: Any) -> None:
    for condition in (
        Condition(field="x", equals=DAY), Condition(field="x", at_least=DAY),
        Condition(field="x", at_most=DAY),
    ):  # fmt: skip
        assert meets(cell, condition, limits={}, plan_period=None) is True


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ({"field": "surfac", "equals": "grass"}, "no_column_near"),
        ({"field": "surface", "at_least": 3}, "wrong_operator"),
        ({"field": "size", "equals": "3"}, "wrong_type"),
        ({"field": "surface", "equals": "grass"}, None),
        ({"field": "size", "at_least": 3}, None),
        ({"field": "nothing", "at_least": 3}, None),
    ],
)
def test_an_own_layer_is_held_against_the_rule_when_they_meet(
    make_study: Callable[..., Path], tmp_path: Path, condition: dict[str, Any], key: str | None
) -> None:
    from conftest import point, write_geojson

    row = {"surface": "grass", "size": 4, "nothing": None}
    write_geojson(tmp_path / "grounds.geojson", [(row, point(0.05, 0.05))])
    write_rules(tmp_path, counted(condition, layer="grounds"))
    extra = "\n[own_layers.grounds]\npath = 'grounds.geojson'\ncoordinates = 'wgs84'\nyear = 2025\n"
    study = zmd_layout.load_study(make_study(extra, head='rulesets = ["my-rules"]'))
    if key is None:
        assert len(zmd_layout.check(study)) == 3
        return
    with pytest.raises(RuleError) as refused:
        zmd_layout.check(study)
    (message,) = refused.value.messages
    told = dict(message.args)
    assert (told["rule"], told["why"].key) == ("own", f"rulebook.{key}")


def test_an_own_layer_that_the_study_does_not_have_is_missing_and_no_fault(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    write_rules(tmp_path, counted({"field": "surface", "equals": "grass"}, layer="grounds"))
    study = zmd_layout.load_study(make_study(head='rulesets = ["my-rules"]'))
    assert set(zmd_layout.check(study)["status"]) == {"not_assessable"}


def test_the_day_on_which_numbers_begin_is_told_as_it_is_written(tmp_path: Path) -> None:
    keys = rule("own", parameters={"least": number(1)})
    keys["parameters"]["least"]["values"][SOME_DAY]["value"] = "many"
    (told,) = faults(tmp_path, keys)
    assert told["where"] == f"parameters.least.values.{SOME_DAY}.value"
    assert text_of(keys).splitlines()[told["line"] - 1].strip() == "value: many"
