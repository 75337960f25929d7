"""What a school's code and name say about its stages."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from zmd_layout.layers.schools.stages import (
    read_stages,
    stages_of_grades,
    stages_of_isced,
    stages_of_name,
    stages_of_span,
)

TABLE = Path(__file__).parent / "data" / "school_names.csv"
NAMES = list(csv.DictReader(TABLE.read_text("utf-8").splitlines()))


@pytest.mark.parametrize("row", NAMES, ids=lambda row: row["name"])
def test_a_name_means_what_the_table_says(row: dict[str, str]) -> None:
    reading = stages_of_name(row["name"], settlement=row["settlement"] or None)
    expected, _, candidates = row["expected"].partition(":")
    stages = "" if expected in {"ambiguous", "none"} else expected
    assert ";".join(reading.stages) == stages
    assert ";".join(reading.candidates) == candidates
    assert ";".join(reading.likely) == row["likely"]
    assert reading.is_teaching_point == (row["teaching_point"] == "yes")
    assert reading.is_to_check == (row["to_check"] == "yes")


def test_the_table_is_large_and_holds_ambiguous_names_and_noise() -> None:
    kinds = [row["expected"].partition(":")[0] for row in NAMES]
    assert len(NAMES) >= 150
    assert kinds.count("ambiguous") >= 20
    assert kinds.count("none") >= 40


def test_the_code_goes_before_the_name() -> None:
    reading = read_stages(code="312", name="水屯镇中学")
    assert reading.stages == ("primary", "junior")
    assert not reading.is_to_check


def test_a_code_against_a_sure_name_is_to_be_checked() -> None:
    reading = read_stages(code="211", name="水屯镇第一初级中学")
    assert reading.stages == ("primary",)
    assert reading.is_to_check


def test_an_unknown_code_leaves_it_to_the_name() -> None:
    assert read_stages(code="17", name="水屯镇中心小学").stages == ("primary",)


def test_words_in_place_of_a_code_are_read_as_the_code() -> None:
    assert read_stages(code="九年一贯制学校", name="育才学校").stages == ("primary", "junior")


def test_attached_classes_and_training_are_no_school_by_code() -> None:
    assert not read_stages(code="119", name="李庄小学").is_school
    assert not read_stages(code="931", name="李庄小学").is_school


def test_a_teaching_point_is_told_by_its_code() -> None:
    reading = read_stages(code="218", name="李庄小学")
    assert reading.is_teaching_point


@pytest.mark.parametrize(
    ("level", "stages"),
    [
        ("1", ("primary",)),
        ("0;1", ("kindergarten", "primary")),
        ("1-3", ("primary", "junior", "senior")),
        ("2, 3", ("junior", "senior")),
        ("5", ()),
        ("primary", ()),
        ("3-8", ("senior",)),
    ],
)
def test_isced_levels_are_read_as_lists_and_spans(level: str, stages: tuple[str, ...]) -> None:
    assert stages_of_isced(level) == stages


@examples(20)
@given(st.sampled_from(NAMES), st.sampled_from(["（东校区）", "(新校区)", "-北校区", "分校"]))
def test_a_campus_suffix_changes_no_school(row: dict[str, str], suffix: str) -> None:
    plain = stages_of_name(row["name"])
    if plain.is_school and row["name"].strip().endswith(("小学", "初级中学", "高级中学", "幼儿园")):
        assert stages_of_name(row["name"].strip() + suffix).stages == plain.stages


@examples(20)
@given(st.text(max_size=30))
def test_any_text_is_read_without_failing_and_never_both_sure_and_ambiguous(name: str) -> None:
    reading = stages_of_name(name)
    assert not (reading.stages and reading.candidates)


@pytest.mark.parametrize(
    ("grades", "stages"),
    [
        ("1-6", ("primary",)),
        ("K-5", ("kindergarten", "primary")),
        ("6-8", ("junior",)),
        ("7;8;9", ("junior",)),
        ("1-12", ("primary", "junior", "senior")),
        ("all", ()),
        ("", ()),
        ("1-6 boys", ()),
    ],
)
def test_grades_name_the_stages_of_which_a_school_has_half_the_years(
    grades: str, stages: tuple[str, ...]
) -> None:
    assert stages_of_grades(grades) == stages


def test_ages_name_stages_likewise() -> None:
    assert stages_of_span(3, 11, by="ages") == ("kindergarten", "primary")
    assert stages_of_span(11, 15, by="ages") == ("junior",)
