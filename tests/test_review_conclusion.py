"""Conclusions follow from the rows by a table: no consent that was not checked."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zmd_layout
from conftest import square, write_geojson
from zmd_layout.development_review import Conclusions, Standing, conclude
from zmd_layout.messages import Message
from zmd_layout.outputs.opinion.tables import rows
from zmd_layout.vocabulary import Lang, ReviewStage, Status, Strength

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zmd_layout.development_review import Case

KINDERGARTEN = {"stage": "kindergarten", "ownership": "public", "opens_on": "2027-06-30"}


def case_of(folder: Path, **fields: Any) -> Case:
    known = {
        "name": "甲", "planned_residents": 20000, "settlement": "urban",
        "conditions_on": "2024-03-01", "first_phase_on": "2027-06-30",
    }  # fmt: skip
    plot = ({**known, **fields}, square(0.01, 0.01, 0.005))
    (case,) = zmd_layout.review(write_geojson(folder / "a.geojson", [plot])).cases
    return case


@dataclass(frozen=True)
class Line:
    """A row of a case."""

    facts: Mapping[str, object]

    def reason(self, key: str) -> Message:
        """Return a reason."""
        return Message(key)


STAGES = st.sampled_from(ReviewStage)


@st.composite
def lines_of_a_case(draw: st.DrawFn) -> list[Line]:
    stage = draw(STAGES)
    facts = st.fixed_dictionaries(
        {
            "status": st.sampled_from(Status), "standing": st.sampled_from(Standing),
            "strength": st.sampled_from(Strength), "stage": st.just(stage),
            "is_assumed": st.booleans(), "is_reading": st.booleans(),
            "carries_refusal": st.booleans(),
        }
    )  # fmt: skip
    return [Line(row) for row in draw(st.lists(facts, max_size=6))]


def is_duty(line: Line, status: Status) -> bool:
    return line.facts["strength"] is Strength.DUTY and line.facts["status"] is status


@given(lines_of_a_case(), st.integers(0, 1), st.integers(0, 1))
def test_no_combination_of_rows_agrees_with_a_short_duty_or_without_a_decided_one(
    lines: list[Line], missing: int, faults: int
) -> None:
    concluded = conclude(
        lines, is_synthetic=False, missing=[Message("a")] * missing,
        faults=[Message("b")] * faults,
    )  # fmt: skip
    if concluded.kind is not Conclusions.AGREE:
        return
    assert not any(is_duty(line, Status.SHORTFALL) for line in lines)
    assert any(is_duty(line, Status.PASS) for line in lines)
    assert not missing
    assert not faults


@given(lines_of_a_case())
def test_a_refusal_needs_a_short_duty_of_the_law(lines: list[Line]) -> None:
    refused = conclude(lines, is_synthetic=False).kind is Conclusions.REFUSE
    assert refused == any(
        is_duty(line, Status.SHORTFALL)
        and line.facts["standing"] is Standing.ASKED
        and line.facts["carries_refusal"]
        and not line.facts["is_assumed"]
        for line in lines
    )


@given(lines_of_a_case())
def test_made_up_data_conclude_nothing(lines: list[Line]) -> None:
    assert conclude(lines, is_synthetic=True).kind is Conclusions.SAMPLE


AMEND, NONE, INCOMPLETE = "amend", "not_applicable", "incomplete"
# stage × day of the conditions × settlement, with nothing offered
NOTHING_OFFERED = {
    ("conditions", "2024-03-01", "urban"): AMEND, ("conditions", "2024-03-01", "rural"): NONE,
    ("conditions", "2022-06-30", "urban"): NONE, ("conditions", "2022-06-30", "rural"): NONE,
    ("scheme", "2024-03-01", "urban"): AMEND, ("scheme", "2024-03-01", "rural"): NONE,
    ("scheme", "2022-06-30", "urban"): NONE, ("scheme", "2022-06-30", "rural"): NONE,
    **dict.fromkeys(
        itertools.product(["acceptance"], ["2024-03-01", "2022-06-30"], ["urban", "rural"]),
        INCOMPLETE,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "kind"), NOTHING_OFFERED.items())
def test_nothing_offered_is_never_agreed_to(
    tmp_path: Path, given: tuple[str, str, str], kind: str
) -> None:
    stage, day, settlement = given
    case = case_of(tmp_path, review_stage=stage, conditions_on=day, settlement=settlement)
    assert case.conclusion.kind == kind
    if kind == NONE:
        assert case.conclusion.message.text() == "本规则集不适用，不出具结论。"
        assert case.conclusion.reasons


@pytest.mark.parametrize("defect", [None, "none"])
@pytest.mark.parametrize("approved", [None, [], [{"stage": "kindergarten", "classes": 6}]])
def test_acceptance_never_agrees_where_a_duty_is_short(
    tmp_path: Path, defect: str | None, approved: list[dict[str, Any]] | None
) -> None:
    case = case_of(
        tmp_path, review_stage="acceptance", kindergarten_defect=defect, schools=[KINDERGARTEN],
        approved_schools=approved,
    )  # fmt: skip
    assert case.conclusion.kind is not Conclusions.AGREE
    printed = [row[8] for row in rows(1, case, Lang.ZH)]
    assert not any("应当整改" in verdict for verdict in printed)


@pytest.mark.parametrize(
    ("built", "kind"), [({"classes": 6}, "agree"), ({"classes": 5}, "amend"), ({}, "incomplete")]
)
def test_what_was_built_is_compared_with_what_was_approved(
    tmp_path: Path, built: dict[str, Any], kind: str
) -> None:
    case = case_of(
        tmp_path, planned_residents=5000, review_stage="acceptance", kindergarten_defect="none",
        approved_schools=[{"stage": "kindergarten", "classes": 6}],
        schools=[{**KINDERGARTEN, **built}],
    )  # fmt: skip
    assert case.conclusion.kind == kind
    assert [line.figure for line in case.approved] == ["schools", "classes"]
    if kind == "amend":
        assert "班数（班）6，实建5，少1" in case.conclusion.reasons[0].text()


def test_an_approved_school_that_was_not_built_is_to_be_built(tmp_path: Path) -> None:
    case = case_of(
        tmp_path, planned_residents=5000, review_stage="acceptance", kindergarten_defect="none",
        approved_schools=[{"stage": "kindergarten"}, {"stage": "primary"}], schools=[KINDERGARTEN],
    )  # fmt: skip
    assert case.conclusion.kind is Conclusions.AMEND
    assert "小学：批准方案校（园）数（所）1，实建0" in case.conclusion.reasons[0].text()


def test_residents_that_do_not_fit_the_dwellings_are_returned(tmp_path: Path) -> None:
    case = case_of(tmp_path, planned_residents=9000, dwellings=6000, schools=[KINDERGARTEN])
    assert case.conclusion.kind is Conclusions.INCOMPLETE
    assert "合户均1.5人" in case.remarks[0].text()
    assert case.remarks[0] in case.conclusion.reasons


def test_residents_that_no_ground_holds_are_returned(tmp_path: Path) -> None:
    tiny = square(0.01, 0.01, 0.000005)
    plot = ({"name": "甲", "planned_residents": 12000, "settlement": "urban"}, tiny)
    (case,) = zmd_layout.review(write_geojson(tmp_path / "a.geojson", [plot])).cases
    assert case.conclusion.kind is Conclusions.INCOMPLETE
    (remark,) = case.remarks
    assert "0.2" in remark.text()


def test_a_school_of_one_class_is_no_complete_school(tmp_path: Path) -> None:
    one = {"stage": "primary", "classes": 1, "seats": 10, "site_area_m2": 50}
    offers = [KINDERGARTEN, {**one, "opens_on": "2027-06-30"}]
    case = case_of(tmp_path, planned_residents=10000, schools=offers)
    assert case.conclusion.kind is Conclusions.INCOMPLETE
    told = "；".join(remark.text() for remark in case.remarks)
    assert "申报1班，少于年级数（6个）" in told
    assert "每班10个学位" in told
    assert "生均用地5平方米" in told
    # asked beside offered in schools, classes, seats and land, with the basis of each
    row = next(row for row in rows(6, case, Lang.ZH) if row[0] == "小学")
    assert row[1:5] == ["1/1", "23/1", "1000/10", "230/50"]
    assert "驻政〔2022〕49号" in row[5]
    assert "假设值" in row[5]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"conditions_on": "2022-06-30"}, "早于本规则集生效日期2022-07-01"),
        ({"conditions_on": "2030-01-01"}, "晚于评估日期"),
        ({"started_on": "2023-01-01"}, "开工日期2023-01-01早于规划条件出具日期"),
        ({"first_phase_on": "2072-06-30"}, "请核实年份"),
    ],
)
def test_days_that_do_not_fit_are_remarked_on(
    tmp_path: Path, fields: dict[str, Any], told: str
) -> None:
    case = case_of(tmp_path, schools=[KINDERGARTEN], **fields)
    assert any(told in remark.text() for remark in case.remarks)


def test_usual_figures_are_not_remarked_on(tmp_path: Path) -> None:
    primary = {"stage": "primary", "classes": 24, "seats": 1080, "site_area_m2": 24000}
    case = case_of(tmp_path, planned_residents=10000, dwellings=3300, schools=[primary])
    assert case.remarks == ()
