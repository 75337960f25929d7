"""Study files that cannot be read: each fault in one sentence with the way out, none as a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zmd_layout.errors import StudyError
from zmd_layout.messages import Message
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def faults(path: Path) -> list[str]:
    with pytest.raises(StudyError) as error:
        read_study(path)
    assert str(path.name) in error.value.text("zh")
    return [message.key for message in error.value.messages]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("[study]\nname = '驻马店'".encode("gb18030"), "study.not_utf8"),
        (b"[study\n", "study.not_toml"),
        (b'[study]\npath = "C:\\data"\n', "study.not_toml"),
        (b"x = " + b"[" * 100_000, "study.not_toml"),
        (b"x = " + b"1" * 5_000, "study.not_toml"),
        (b"", "study.no_head"),
        (b"study = 3\n", "study.no_head"),
    ],
    ids=["gb18030", "torn", "backslash", "deep", "long", "empty", "number"],
)
def test_what_is_no_study_file_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, key: str
) -> None:
    (tmp_path / "study.toml").write_bytes(content)
    assert faults(tmp_path / "study.toml") == [key]


def test_a_table_that_no_study_has_is_named_with_the_near_one(
    make_study: Callable[..., Path],
) -> None:
    folder = make_study('\n[layer.schools]\npath = "schools.csv"\n')
    with pytest.raises(StudyError) as error:
        read_study(folder)
    near = Message("study.near", near="layers")
    assert error.value.messages == (
        Message("study.unknown_key", path="study.toml", key="layer", near=near),
    )


def test_a_study_file_of_notepad_with_a_byte_order_mark_is_read(
    make_study: Callable[..., Path],
) -> None:
    path = make_study() / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_study(path).id == "small"


def test_a_folder_without_a_study_and_a_study_that_is_a_folder_are_told_apart(
    tmp_path: Path,
) -> None:
    with pytest.raises(StudyError) as error:
        read_study(tmp_path)
    assert [m.key for m in error.value.messages] == ["study.not_there"]
    (tmp_path / "study.toml").mkdir()
    with pytest.raises(StudyError) as error:
        read_study(tmp_path)
    assert [m.key for m in error.value.messages] == ["study.not_readable"]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('crs = "EPSG:1"', "not a coordinate system"),
        ('crs = "EPSG:4326"', "EPSG:4547"),
        ("[matching]\ndecisions = 'by-hand.csv'", "reference_schools"),
    ],
)
def test_a_value_that_cannot_be_meant_is_named_with_what_would_do(
    make_study: Callable[..., Path], head: str, said: str
) -> None:
    path = make_study(head=head) / "study.toml"
    with pytest.raises(StudyError) as error:
        read_study(path)
    assert [m.key for m in error.value.messages] == ["study.wrong_value"]
    assert said in error.value.text("en")


def test_a_plan_that_ends_before_it_begins_is_refused(make_study: Callable[..., Path]) -> None:
    path = make_study() / "study.toml"
    text = path.read_text("utf-8")
    turned = text.replace("[2021-01-01, 2025-12-31]", "[2025-12-31, 2021-01-01]")
    assert turned != text
    path.write_text(turned, "utf-8")
    assert faults(path) == ["study.wrong_value"]


def test_all_faults_of_a_file_come_at_once_each_with_the_nearest_key(
    make_study: Callable[..., Path],
) -> None:
    path = make_study("[sensitivty]\ndraws = 3\n", head="ruleset = []") / "study.toml"
    path.write_text(path.read_text("utf-8").replace('id = "small"\n', ""), "utf-8")
    assert sorted(faults(path)) == [
        "study.missing_key", "study.unknown_key", "study.unknown_key",
    ]  # fmt: skip
    with pytest.raises(StudyError) as error:
        read_study(path)
    for near in ('"sensitivity"', '"rulesets"'):
        assert f"Did you mean {near}" in error.value.text("en")
