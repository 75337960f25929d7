"""The final evaluation: every target of the plan has a state, and none is late without a date."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from zmd_layout.cli import main
from zmd_layout.errors import RuleError
from zmd_layout.layers.schema import STATISTIC_NAMES
from zmd_layout.messages import Message
from zmd_layout.outputs.evaluation import gravest, reached, state_of_finding
from zmd_layout.rulebook import load_ruleset, rules_folder
from zmd_layout.rulebook.targets import Target, Targets, load_targets
from zmd_layout.vocabulary import DueState, Status, Strength, TargetHandling, TargetState
from zmd_layout.workflow import evaluate, load_study, repeat

if TYPE_CHECKING:
    from zmd_layout.workflow.evaluating import Evaluation

SET = "zhumadian-2022-49"
PLAN = Path(__file__).parents[2] / "shared" / "plan" / "zhumadian-plan-2022-49.txt"
DUE, TODAY = dt.date(2025, 12, 31), dt.date(2026, 11, 28)


@cache
def targets() -> Targets:
    found = load_targets(SET)
    assert found is not None
    return found


@cache
def census_evaluation() -> Evaluation:
    return evaluate(load_study("zhumadian-census"), as_of=TODAY)


@cache
def plan() -> str:
    if not PLAN.exists():
        pytest.skip("the text of the plan is not here")
    return re.sub(r"\s+", "", PLAN.read_text("utf-8"))


def a_target(relation: str | None = "at_least", value: float | None = 93.5) -> Target:
    raw = {
        "id": "rate", "title": {"zh": "率", "en": "Rate"}, "quote": "率", "article": "表",
        "strength": "expected_target", "statistic": "rate", "relation": relation, "value": value,
    }  # fmt: skip
    return Target.model_validate(raw)


def state(
    figures: dict[int, float], target: Target | None = None, as_of: dt.date = TODAY
) -> TargetState:
    return reached(
        target or a_target(), figures, base_year=2020, due_on=DUE, as_of=as_of
    ).state  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, TargetState.UNKNOWN),
        ({2020: 99.0}, TargetState.UNKNOWN),  # the base is no result
        ({2025: 93.5}, TargetState.MET),
        ({2025: 93.4}, TargetState.MISSED),
        ({2023: 94.0}, TargetState.MET),
        ({2023: 93.0}, TargetState.UNKNOWN),  # too old to show that it was missed
        ({2026: 94.0}, TargetState.TIME_UNKNOWN),
        ({2026: 90.0}, TargetState.TIME_UNKNOWN),
        ({2023: 93.0, 2026: 94.0}, TargetState.TIME_UNKNOWN),
        ({2025: 93.0, 2026: 94.0}, TargetState.MET_LATE),
        ({2025: 93.0, 2026: 93.2}, TargetState.MISSED),
        ({2027: 94.0}, TargetState.UNKNOWN),  # after the day of assessment
    ],
)
def test_a_figure_places_a_target_in_time(figures: dict[int, float], expected: TargetState) -> None:
    assert state(figures) is expected


def test_more_than_a_number_is_not_the_number_itself() -> None:
    assert state({2025: 20.0}, a_target("above", 20)) is TargetState.MISSED
    assert state({2025: 20.0}, a_target("at_least", 20)) is TargetState.MET
    assert state({2025: 5.0}, a_target("at_most", 5)) is TargetState.MET


def test_a_target_without_a_number_is_reported_and_one_ahead_is_not_due() -> None:
    assert state({2025: 16.0}, a_target(None, None)) is TargetState.REPORTED
    assert state({2025: 99.0}, as_of=dt.date(2025, 6, 30)) is TargetState.NOT_DUE


@given(st.dictionaries(st.integers(2018, 2030), st.floats(0, 100), max_size=6))
def test_missed_or_late_takes_a_figure_of_the_due_year(figures: dict[int, float]) -> None:
    if state(figures) in {TargetState.MISSED, TargetState.MET_LATE}:
        assert figures[DUE.year] < 93.5


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.NOT_APPLICABLE])
@pytest.mark.parametrize("due", [*DueState])
def test_a_finding_is_missed_only_where_its_dates_say_so(status: Status, due: DueState) -> None:
    found = state_of_finding(status, due)
    assert (found is TargetState.MISSED) == (
        due is DueState.DUE_MISSED and status is not Status.REPORTED
    )


def test_one_missed_unit_makes_the_whole_missed() -> None:
    assert gravest([TargetState.MET, TargetState.MISSED, TargetState.UNKNOWN]) == "missed"
    assert gravest([TargetState.MET, TargetState.UNKNOWN]) == "unknown"
    assert gravest([TargetState.MET, TargetState.MET_LATE]) == "met_late"
    assert gravest([]) == "unknown"


# the list and the plan ---------------------------------------------------------------------------


def test_every_quote_of_a_target_is_in_the_plan() -> None:
    for one in targets().target:
        assert re.sub(r"\s+", "", one.quote) in plan(), one.id


def test_every_row_of_the_table_of_the_plan_is_in_the_list_and_nothing_is_left_over() -> None:
    text = plan()
    start = text.index("属性全国河南驻马店全国河南驻马店") + len("属性全国河南驻马店全国河南驻马店")
    left = text[start : text.index("二、全面落实立德树人根本任务", start)]
    rows = [one for one in targets().target if one.in_table]
    for one in rows:
        quote = re.sub(r"\s+", "", one.quote)
        assert left.count(quote) == 1, one.id
        left = left.replace(quote, "|")
    # what stays are the names of the six groups of rows
    assert left == "教育普及|||公共|||职业教育||||普通教育||人力资源开发|||".replace(
        "公共|||", "公共||"
    )


def test_the_numbers_of_a_row_are_the_last_three_columns_of_its_quote() -> None:
    for one in targets().target:
        if one.in_table and one.value is not None:
            assert f"{one.value:g}" in one.quote
            assert one.base is None or f"{one.base:g}" in one.quote


def test_every_rule_that_a_target_names_exists_and_every_statistic_is_in_the_closed_list() -> None:
    rules = {rule.id for rule in load_ruleset(SET)}
    for one in targets().target:
        assert one.rule is None or one.rule in rules
        assert one.statistic is None or one.statistic in STATISTIC_NAMES
        assert (one.reason is not None) == (one.handling is TargetHandling.NOT_CHECKABLE)


def test_the_command_lists_every_target_and_every_rule() -> None:
    shown = CliRunner().invoke(main, ["rules", "targets"], env={"COLUMNS": "400"})
    assert shown.exit_code == 0, shown.output
    for one in targets().target:
        assert one.title.zh in shown.output
    for rule in load_ruleset(SET):
        assert rule.id in shown.output


def test_a_wrong_row_is_named_by_its_file_and_place(tmp_path: Path) -> None:
    text = (rules_folder() / SET / "targets.toml").read_text("utf-8")
    (tmp_path / "targets.toml").write_text(
        text.replace('rule = "senior-projects"\n', "", 1), "utf-8"
    )
    with pytest.raises(RuleError) as caught:
        load_targets(str(tmp_path))
    assert "targets.toml" in str(caught.value)
    assert "target.16" in str(caught.value)


# a study -----------------------------------------------------------------------------------------


def test_the_census_alone_leaves_every_target_open_and_misses_none() -> None:
    table = census_evaluation().table
    listed = table[table["item_kind"] == "target"]
    assert list(listed["item"]) == [one.id for one in targets().target]
    assert set(listed["state"]) <= {"unknown", "reported", "not_checkable", "time_unknown"}
    assert not table["state"].isin(["missed", "met_late"]).any()


def test_every_open_target_names_the_figure_that_is_missing() -> None:
    table = census_evaluation().table
    is_open = (table["item_kind"] == "target") & (table["state"] == "unknown")
    assert (table[is_open]["missing_zh"] != "").all()
    assert (table[is_open]["missing_en"] != "").all()


def test_each_provision_is_there_unless_it_applies_to_no_unit() -> None:
    table = census_evaluation().table
    asked = {r.id for r in load_ruleset(SET) if r.strength is not Strength.INDICATOR}
    assert set(table[table["item_kind"] == "provision"]["rule_id"]) <= asked
    assert (table["units"].dropna() > 0).all()


def test_figures_that_are_asked_for_become_actual_figures_once_filled_in(tmp_path: Path) -> None:
    asked = census_evaluation().to_fill
    assert {"senior_stage_gross_enrolment_rate", "senior_enrolment_10000"} <= set(asked["name"])
    asked = asked.assign(value=None)
    asked.loc[asked["name"] == "senior_stage_gross_enrolment_rate", "value"] = 94.1
    asked.loc[asked["name"] == "senior_enrolment_10000", "value"] = 17.9
    census = load_study("zhumadian-census")
    path = tmp_path / "figures.csv"
    asked.to_csv(path, index=False, encoding="utf-8-sig")
    text = (census.folder / "study.toml").read_text("utf-8")
    for file in census.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "study.toml").write_text(
        text + '\n[layers.statistics]\npath = "figures.csv"\nblank_means = "unknown"\n', "utf-8"
    )
    table = evaluate(load_study(tmp_path), as_of=TODAY).table.set_index("item")
    assert table.loc["senior-gross-rate", "state"] == "met"
    assert table.loc["senior-gross-rate", "actual_year"] == DUE.year
    assert table.loc["senior-enrolment", "state"] == "missed"
    assert table.loc["mandarin-share", "state"] == "unknown"


def test_the_report_has_the_five_parts_and_the_contradictions_of_the_plan(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["evaluate", "zhumadian-census", "--as-of", "2026-11-28", "--out", str(out)]
    shown = CliRunner().invoke(main, command)
    assert shown.exit_code == 0, shown.output
    document = docx.Document(str(out / "evaluation.docx"))
    heads = [p.text for p in document.paragraphs if p.style and p.style.name == "Heading 1"]
    parts = ("course", "success", "problems", "reasons", "advice")
    assert heads == [Message(f"evaluation.part_{part}").text() for part in parts]
    text = "\n".join(p.text for p in document.paragraphs)
    for one in targets().target:
        assert one.contradiction is None or one.contradiction.zh in text
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert not {text for text in cells if text.endswith(".0")}  # counts are whole
    written = pd.read_csv(out / "evaluation.csv", dtype=str, encoding="utf-8-sig")
    assert len(written) == len(census_evaluation().table)


def test_a_final_evaluation_can_be_repeated_from_its_record(tmp_path: Path) -> None:
    first = evaluate(load_study("zhumadian-census"), as_of=TODAY, out=tmp_path / "first")
    again = repeat(first.paths["run.json"])
    assert again.is_same, again.messages()
