"""A layer in several files is the layer: nothing is lost, nothing is read as another's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import zmd_layout
from conftest import point, write_geojson
from zmd_layout.errors import OutputError, ZmdLayoutError
from zmd_layout.layers import load_layers
from zmd_layout.messages import Message
from zmd_layout.workflow.provenance import refuse_changed

SCHOOLS = '\n[layers.schools]\npath = {}\ncoordinates = "wgs84"\nyear = 2025\n'
HEAD = "学校标识码,学校名称,办学类型,经度,纬度,班数\n"
NAMES = ("甲村小学", "乙村小学", "丙镇中心小学", "丁镇初级中学", "戊镇幼儿园")
ROWS = [
    f"{100 + n},{name},{'幼儿园' if '幼' in name else '小学' if '小' in name else '初级中学'},"
    f"{114.02 + 0.01 * n},{33.01},{6 + n}\n"
    for n, name in enumerate(NAMES)
]


def write(folder: Path, name: str, rows: list[str], head: str = HEAD) -> None:
    (folder / name).write_text(head + "".join(rows), "utf-8")


@pytest.fixture
def split_study(make_study: Callable[..., Path]) -> Callable[..., Path]:
    """Return a function that makes a study of which the schools are in the files that it names."""

    def make(**files: list[str]) -> Path:
        names = [f"{name}.csv" for name in files]
        folder = make_study(SCHOOLS.format(names if len(names) > 1 else f'"{names[0]}"'))
        for name, rows in files.items():
            write(folder, f"{name}.csv", rows)
        return folder

    return make


def checked(folder: Path) -> pd.DataFrame:
    found = zmd_layout.check(zmd_layout.load_study(folder))
    return pd.DataFrame(found.drop(columns=["geometry", "sources"])).reset_index(drop=True)


def test_splitting_a_layer_over_files_changes_no_verdict(
    split_study: Callable[..., Path],
) -> None:
    whole = checked(split_study(all=ROWS))
    assert set(whole["status"]) - {"not_assessable", "not_applicable"}
    for cut in range(1, len(ROWS)):
        assert_frame_equal(checked(split_study(a=ROWS[cut:], b=ROWS[:cut])), whole)


def test_files_of_a_layer_may_differ_in_format_and_heads(make_study: Callable[..., Path]) -> None:
    folder = make_study(SCHOOLS.format(["a.csv", "b.geojson"]))
    write(folder, "a.csv", ROWS[:2])
    write_geojson(
        folder / "b.geojson",
        [({"school_id": "x", "name": "己小学", "stages": "primary"}, point(0.03, 0.02))],
    )
    schools = load_layers(zmd_layout.load_study(folder))["schools"]
    assert sorted(schools.frame["school_id"]) == ["100", "101", "x"]
    assert schools.origin.path == "a.csv; b.geojson"
    assert len(schools.origin.sha256.split("; ")) == 2
    assert {entry.part for entry in schools.origin.account} == {"a.csv", "b.geojson"}


def test_rows_without_an_id_are_told_apart_by_their_file(make_study: Callable[..., Path]) -> None:
    folder = make_study(SCHOOLS.format(["a.csv", "b.csv"]))
    for name, rows in (("a.csv", ROWS[:2]), ("b.csv", ROWS[2:4])):
        write(folder, name, [row.partition(",")[2] for row in rows], HEAD.partition(",")[2])
    schools = load_layers(zmd_layout.load_study(folder))["schools"]
    assert len(schools.frame) == 4
    assert schools.frame["school_id"].is_unique


def test_an_id_in_two_files_is_refused_with_both_files(split_study: Callable[..., Path]) -> None:
    with pytest.raises(ZmdLayoutError) as caught:
        load_layers(zmd_layout.load_study(split_study(a=ROWS[:3], b=ROWS[2:])))
    assert "102（a.csv、b.csv）" in caught.value.text("zh")


def test_every_fault_names_its_own_file(split_study: Callable[..., Path]) -> None:
    folder = split_study(a=ROWS[:2], b=ROWS[2:])
    (folder / "b.csv").unlink()
    with pytest.raises(ZmdLayoutError, match=r"b\.csv"):
        load_layers(zmd_layout.load_study(folder))


def test_a_file_that_changes_during_the_run_is_found_among_several(
    split_study: Callable[..., Path],
) -> None:
    folder = split_study(a=ROWS[:2], b=ROWS[2:])
    study = zmd_layout.load_study(folder)
    layers = load_layers(study)
    refuse_changed(study, layers)
    write(folder, "b.csv", ROWS[3:])
    with pytest.raises(OutputError) as caught:
        refuse_changed(study, layers)
    assert caught.value.messages[0] == Message("repeat.changed_during_run", names=["b.csv"])


def test_a_second_run_reads_again_when_any_file_changed(
    split_study: Callable[..., Path], tmp_path: Path
) -> None:
    folder = split_study(a=ROWS[:2], b=ROWS[2:])
    runs = []
    for rows in (ROWS[2:], ROWS[3:]):
        write(folder, "b.csv", rows)
        study = zmd_layout.load_study(folder)
        runs.append(zmd_layout.run(study, out=tmp_path / "out", reuse=True))
    assert [len(run.layers["schools"].frame) for run in runs] == [5, 4]


def test_a_file_named_twice_is_refused(make_study: Callable[..., Path]) -> None:
    with pytest.raises(ZmdLayoutError, match="twice"):
        zmd_layout.load_study(make_study(SCHOOLS.format(["a.csv", "a.csv"])))
