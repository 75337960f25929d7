"""`zmd-layout rules`: find a rule, read it with its clause, run the cases beside it."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from zmd_layout.cli import main
from zmd_layout.cli.tables import select_rules
from zmd_layout.messages import Message
from zmd_layout.rulebook import builtin_rulesets, load_cases, load_ruleset, rules_folder

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

SET = "zhumadian-2022-49"
SENIOR = "senior-new-per-county"


def rules(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--lang", "en", "rules", *arguments])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Give a folder with one rule of the packaged set and its cases."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for path in (rules_folder() / SET).glob(f"{SENIOR}.*"):
        shutil.copy(path, folder)
    return folder


def test_a_list_holds_the_rules_that_meet_the_filter_and_no_others() -> None:
    everything = [rule for name in builtin_rulesets() for rule in load_ruleset(name)]
    listed = rules("list", "--unit", "county", "--strength", "duty")
    assert listed.exit_code == 0, listed.output
    words = set(listed.output.split())
    for rule in everything:
        is_wanted = (str(rule.unit), str(rule.strength)) == ("county", "duty")
        assert (rule.id in words) == is_wanted, rule.id


def test_a_clause_is_stale_a_year_after_it_was_checked_and_not_before() -> None:
    rule = next(r for r in load_ruleset(SET) if r.id == SENIOR)
    checked = min(clause.checked_on for clause in rule.clauses.values())

    def stale(days: int) -> set[str]:
        day = checked + dt.timedelta(days=days)
        return {found.id for found in select_rules(SET, {}, stale_on=day)}

    assert SENIOR not in stale(365)
    assert SENIOR in stale(366)


def test_a_list_of_what_is_stale_leaves_out_a_rule_that_was_checked_today(own: Path) -> None:
    today = dt.datetime.now().astimezone().date()
    rule = own / f"{SENIOR}.yaml"
    lines = rule.read_text("utf-8").splitlines()

    def checked_on(day: dt.date) -> str:
        dated = [
            f"{line.partition('checked_on:')[0]}checked_on: {day}"
            if "checked_on:" in line
            else line
            for line in lines
        ]
        rule.write_text("\n".join(dated), "utf-8")
        return rules("list", "--stale", "--ruleset", str(own)).output

    assert SENIOR not in checked_on(today)
    assert SENIOR in checked_on(today - dt.timedelta(days=400))


def test_a_rule_is_shown_with_its_clause_its_numbers_and_its_cases() -> None:
    rule = next(r for r in load_ruleset(SET) if r.id == SENIOR)
    shown = rules("show", SENIOR)
    assert shown.exit_code == 0, shown.output
    for clause in rule.clauses.values():
        assert f"「{clause.text}」" in shown.output
        assert str(clause.checked_on) in shown.output
    for name in rule.parameters:
        assert f"  {name} = " in shown.output
    assert rule.reading.en in shown.output
    assert "  · " in shown.output
    assert "status=" in shown.output


def test_every_rule_can_be_shown_in_both_languages() -> None:
    for name in builtin_rulesets():
        for rule in load_ruleset(name):
            for lang in ("zh", "en"):
                asked = ["--lang", lang, "rules", "show", rule.id, "--ruleset", name]
                shown = CliRunner().invoke(main, asked)
                assert shown.exit_code == 0, (rule.id, shown.output)
                assert rule.title.text(lang) in shown.output
                assert (rule.proxy is None) or rule.proxy.text(lang) in shown.output
                assert (rule.due.on is None) or rule.due.on.isoformat() in shown.output


def test_a_rule_that_is_not_there_is_answered_with_the_nearest_ids() -> None:
    shown = rules("show", "senior-new-per-countie")
    assert shown.exit_code == 1
    assert SENIOR in shown.output
    assert "Traceback" not in shown.output


def test_the_cases_beside_a_rule_of_ones_own_are_run(own: Path) -> None:
    tested = rules("test", "--ruleset", str(own))
    assert tested.exit_code == 0, tested.output
    count = len(load_cases(own / f"{SENIOR}.test.yaml"))
    said = Message("cli.cases_run", rules=1, cases=count, failed=0).text("en")
    assert tested.output == f"{said}\n"


def test_a_case_that_expects_something_else_is_named_with_both_and_fails(own: Path) -> None:
    path = own / f"{SENIOR}.test.yaml"
    text = path.read_text("utf-8")
    assert "status: pass" in text
    path.write_text(text.replace("status: pass", "status: shortfall", 1), "utf-8")
    tested = rules("test", "--ruleset", str(own))
    assert tested.exit_code == 1
    told = next(line for line in tested.output.splitlines() if line.startswith(f"{SENIOR}: "))
    assert "pass" in told
    assert "shortfall" in told


def test_a_rule_without_cases_fails_the_run_of_the_cases(own: Path) -> None:
    (own / f"{SENIOR}.test.yaml").unlink()
    tested = rules("test", "--ruleset", str(own))
    assert tested.exit_code == 1
    assert SENIOR in tested.output
    shown = rules("show", SENIOR, "--ruleset", str(own))
    assert shown.exit_code == 0
    assert "  · " not in shown.output


@pytest.mark.parametrize("option", ["--unit", "--stage", "--strength"])
def test_a_filter_that_no_rule_can_meet_is_told_with_the_words_that_there_are(option: str) -> None:
    done = rules("list", option, "primry")
    assert done.exit_code == 2
    assert {"--unit": "county", "--stage": "primary", "--strength": "duty"}[option] in done.output
