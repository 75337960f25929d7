"""What is said first: shortages by child-years, duties apart, and one figure in every output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docx
import pandas as pd
import pytest
from click.testing import CliRunner

from zmd_layout.cli import main
from zmd_layout.messages import Message
from zmd_layout.outputs.summary import SeatProblem, Summary, summarise
from zmd_layout.rulebook import load_ruleset
from zmd_layout.vocabulary import Stage

RULES = load_ruleset("zhumadian-2022-49")
DUTY = "kindergarten-public-central-per-township"


def seats(**no_seat: list[float]) -> pd.DataFrame:
    """Return rows of `seats_by_year.csv`: of each county its children without a seat from 2025."""
    rows = [
        {"unit_kind": "county", "unit_id": county, "unit_name": county, "stage": "junior",
         "year": year, "case": case, "no_seat": missing, "no_school_within_longest_way": 0.0,
         "seats_needed": 0.0, "seats": 0.0, "enrolment": float("nan")}
        for county, course in no_seat.items()
        for year, missing in enumerate(course, start=2025)
        for case in ("low", "middle", "high")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def findings(*rows: tuple[str, str, str]) -> pd.DataFrame:
    columns = ["rule_id", "strength", "status"]
    return pd.DataFrame(rows, columns=columns).assign(unit_kind="township")


def found(table: pd.DataFrame) -> Summary:
    return summarise(findings(), RULES, seats_by_year=table)


def test_a_long_small_shortage_comes_before_a_short_large_one() -> None:
    summary = found(seats(brief=[0, 900, 0, 0, 0], long=[0, 300, 300, 300, 300]))
    assert [one.county_id for one in summary.seats] == ["long", "brief"]
    assert summary.seats[0] == SeatProblem("long", "long", Stage.JUNIOR, 1200, 300, 2026, 2029)


def test_the_year_of_assessment_that_no_action_can_reach_is_not_counted() -> None:
    assert found(seats(county=[5000, 0, 0])).seats == ()


def test_children_beyond_the_longest_way_are_no_shortage_of_seats() -> None:
    table = seats(county=[0, 400, 400])
    table["no_school_within_longest_way"] = 400.0
    assert found(table).seats == ()


def test_a_shortage_that_is_unknown_is_none_and_does_not_hide_another() -> None:
    table = seats(county=[0, 100, float("nan")], other=[0, float("nan"), float("nan")])
    assert [(one.county_id, one.child_years) for one in found(table).seats] == [("county", 100.0)]


def test_duties_are_counted_by_rule_and_reference_indicators_are_none_of_them() -> None:
    summary = summarise(
        findings(
            (DUTY, "duty", "shortfall"), (DUTY, "duty", "shortfall"), (DUTY, "duty", "pass"),
            (DUTY, "duty", "not_assessable"), (DUTY, "indicator", "shortfall"),
        ),
        RULES,
    )  # fmt: skip
    assert [(one.key, one.units) for one in summary.duties] == [("K1", 2)]
    assert (summary.unmet, summary.undecided) == (2, 1)


@pytest.mark.parametrize(
    ("pupils", "children", "is_said"),
    [(90.0, 110.0, True), (110.0, 90.0, True), (90.0, 95.0, False), (float("nan"), 110.0, False)],
)
def test_enrolment_and_residents_are_set_side_by_side_where_they_disagree_on_seats(
    pupils: float, children: float, *, is_said: bool
) -> None:
    table = seats(city=[0, 0]).assign(
        unit_kind="city", enrolment=pupils, seats_needed=children, seats=100.0
    )
    assert bool(found(table).checks) == is_said


def test_terminal_page_and_report_say_the_same_shortage(
    make_study: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("docx")
    shortage = SeatProblem("411721", "西县", Stage.JUNIOR, 4321.0, 1234.0, 2027, 2029)
    summary = Summary(headline=(Message("sites.story_none"),), seats=(shortage,))
    monkeypatch.setattr("zmd_layout.workflow.running.summarise", lambda *_, **__: summary)
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["run", str(make_study()), "--out", str(out)])
    assert done.exit_code == 0, done.output
    report = docx.Document(str(out / "report.docx"))
    cells = [cell.text for table in report.tables for row in table.rows for cell in row.cells]
    page = (out / "leader.html").read_text("utf-8")
    for printed in (done.stdout, page, " ".join(cells)):
        assert "4,320" in printed
        assert "1,230" in printed
    assert "没有需要采取措施的缺口" in page
    assert "没有需要采取措施的缺口" in done.stdout


def test_a_run_prints_lines_that_matter_and_the_tables_on_request(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    study = str(make_study())
    brief, whole = (
        CliRunner().invoke(main, ["run", study, "--out", str(tmp_path / "out"), *more])
        for more in ([], ["--table"])
    )
    title = Message("cli.findings_title", day="2025-12-31").text("zh")
    assert title not in brief.stdout
    assert title in whole.stdout
    assert brief.stdout.count("\n") <= 15
    assert "gap_map.html" in brief.stdout


def test_where_no_duty_could_be_judged_none_is_called_met(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["run", str(make_study()), "--out", str(out)])
    found = pd.read_csv(out / "findings.csv")
    duties = found[found["strength"] == "duty"]
    assert not set(duties["status"]) & {"pass", "shortfall"}
    assert Message("summary.none_unmet").text("zh") not in done.stdout
    assert "未能判定的应当性要求" in done.stdout
