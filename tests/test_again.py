"""A second run does again only what rests on something that changed, and comes out the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyogrio
import pytest
from click.testing import CliRunner

import zmd_layout
from zmd_layout.cli import main
from zmd_layout.layers import Layer, load_layers
from zmd_layout.layers.tracked import ALL, TrackedLayers, noting
from zmd_layout.outputs.suggestion_table import to_geojson
from zmd_layout.outputs.table import to_csv
from zmd_layout.synthetic import build
from zmd_layout.workflow.cache import memory_of
from zmd_layout.workflow.digests import of_files, of_table


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give a small city and the cache in which one run of it was kept."""
    folder = build(tmp_path_factory.mktemp("city"), scale=0.01).parent
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZMD_CACHE", str(cache))
        _run(folder)
    return folder, cache


@pytest.fixture
def folder(city: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the city as it was, with a cache of its own that knows it under the same place."""
    place, kept = city
    shutil.copytree(kept, tmp_path / "cache")
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))
    return place


def _run(folder: Path, *, reuse: bool = True) -> zmd_layout.Run:
    return zmd_layout.run(zmd_layout.load_study(folder), reuse=reuse)


def _texts(result: zmd_layout.Run) -> tuple[str, str]:
    return to_csv(result.findings), to_geojson(result.suggestions)


def test_where_nothing_changed_everything_is_taken_from_the_last_run(folder: Path) -> None:
    again = _run(folder)
    assert again.steps.done == []
    assert {"siting", "layer-schools"} <= set(again.steps.reused)
    alone = _run(folder, reuse=False)
    assert alone.steps.done == alone.steps.reused == []
    assert _texts(again) == _texts(alone)


def test_changed_projects_redo_the_rules_that_count_projects_and_no_siting(folder: Path) -> None:
    path = folder / "projects.csv"
    before = path.read_bytes()
    try:
        path.write_bytes(b"".join(before.splitlines(keepends=True)[:-5]))
        again = _run(folder)
        fresh = _run(folder, reuse=False)
    finally:
        path.write_bytes(before)
    assert "layer-projects" in again.steps.done
    assert "rule-kindergarten-public-projects" in again.steps.done
    assert "siting" in again.steps.reused
    assert "rule-primary-access-remote-village" in again.steps.reused
    assert [step for step in again.steps.done if step.startswith("layer-")] == ["layer-projects"]
    assert _texts(again) == _texts(fresh)


def test_changed_schools_redo_siting_and_leave_land_alone(folder: Path) -> None:
    path = folder / "schools.gpkg"
    before = path.read_bytes()
    try:
        schools = pyogrio.read_dataframe(path)
        pyogrio.write_dataframe(schools.iloc[:-3], path)
        again = _run(folder)
        fresh = _run(folder, reuse=False)
    finally:
        path.write_bytes(before)
    assert {"layer-schools", "siting"} <= set(again.steps.done)
    assert "rule-education-land-untouched" in again.steps.reused
    assert _texts(again) == _texts(fresh)


def test_another_day_of_assessment_takes_nothing_from_the_last_run(folder: Path) -> None:
    study = zmd_layout.load_study(folder)
    later = study.model_copy(update={"as_of": study.as_of.replace(year=2027)})
    memory = memory_of(later)
    made = memory.recall("siting", "any", {}, lambda: "new")
    assert (made, memory.steps.reused) == ("new", [])


def test_a_kept_step_that_cannot_be_read_is_done_again(folder: Path, tmp_path: Path) -> None:
    (broken,) = (tmp_path / "cache").rglob("siting.pickle")
    broken.write_bytes(b"no pickle")
    again = _run(folder)
    assert again.steps.done == ["siting"]


def test_outputs_that_rest_on_the_same_stay_as_they_are(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["--lang", "en", "run", str(folder), "--out", str(out)]
    first, second = (CliRunner().invoke(main, command) for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    assert "Nothing changed since the last run" in second.output
    stamp = (out / "run.json").stat().st_mtime_ns
    (out / "findings.csv").write_text("", "utf-8")
    CliRunner().invoke(main, command)
    assert (out / "findings.csv").stat().st_size > 1000
    assert (out / "run.json").stat().st_mtime_ns > stamp


def test_layers_note_who_asks_for_what() -> None:
    layers = TrackedLayers({"schools": None, "roads": None})  # type: ignore[dict-item]  # names are enough
    with noting(layers) as names:
        assert "closures" not in layers
        _ = layers["schools"]
    assert names == {"closures", "schools"}
    with noting(layers) as names:
        _ = {**layers}
    assert names == {ALL, "schools", "roads"}


def test_what_stands_on_top_of_layers_is_no_source() -> None:
    layers = TrackedLayers({"schools": None, "roads": None})  # type: ignore[dict-item]  # names are enough
    with noting(layers) as names:
        after = layers | {"schools": None}
        _ = after["schools"], after["roads"]
    assert names == {"roads"}


def test_a_step_inside_a_step_is_noted_in_both() -> None:
    layers = TrackedLayers({"schools": None, "roads": None})  # type: ignore[dict-item]  # names are enough
    with noting(layers) as outer:
        _ = layers["schools"]
        with noting(layers) as inner:
            _ = layers["roads"]
    assert (inner, outer) == ({"roads"}, {"schools", "roads"})


def test_a_result_that_may_not_be_kept_is_made_again_each_time(
    tmp_path: Path, make_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))
    study = zmd_layout.load_study(make_study())
    for is_kept, reused in ((False, []), (True, []), (True, ["step"])):
        memory = memory_of(study)
        assert (
            memory.recall("step", "key", {}, lambda: "made", if_=lambda _, k=is_kept: k) == "made"
        )
        assert memory.steps.reused == reused


def test_a_step_that_went_through_all_layers_is_done_again_when_there_is_one_more(
    tmp_path: Path, make_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZMD_CACHE", str(tmp_path / "cache"))
    study = zmd_layout.load_study(make_study())
    layers = load_layers(study)

    def counted(layers: dict[str, Layer]) -> tuple[int, list[str]]:
        memory = memory_of(study)
        known = memory.know(layers)
        return memory.recall("count", "key", known, lambda: len({**known})), memory.steps.reused

    assert counted(layers) == (1, [])
    assert counted(layers) == (1, ["count"])
    assert counted({**layers, "more": layers["counties"]}) == (2, [])


def test_the_digest_of_a_geodatabase_sees_every_file_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "land.gdb"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.gdbtable").write_bytes(b"1")
    seen = {of_files(folder)}
    (folder / "inner" / "b.gdbindexes").write_bytes(b"2")
    seen.add(of_files(folder))
    (folder / "a.gdbtable").write_bytes(b"3")
    seen.add(of_files(folder))
    assert len(seen) == 3
    assert None not in seen
    assert of_files(folder) in seen


def test_the_digest_of_a_table_sees_every_cell() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", None]})
    others = [
        table.assign(a=[1.0, 2.5]), table.assign(b=["x", "None"]), table.rename(columns={"b": "c"}),
        table.set_axis([1, 0]), table.iloc[:1], table.assign(a=[1, 2]),
    ]  # fmt: skip
    digests = {of_table(other) for other in [table, *others]}
    assert len(digests) == 7
    assert of_table(table.copy()) == of_table(table)
