"""The main job on the made city, at a small scale: nothing made up passes for real."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyogrio
import pytest

import zmd_layout
from zmd_layout.outputs.table import to_csv
from zmd_layout.synthetic import build


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("city"), scale=0.05).parent


@pytest.fixture(scope="module")
def result(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> zmd_layout.Run:
    out = tmp_path_factory.mktemp("out")
    return zmd_layout.run(zmd_layout.load_study(folder), out=out)


def test_people_on_the_ground_sum_to_the_census(result: zmd_layout.Run) -> None:
    counties = result.layers["counties"].frame
    counted = counties[counties["within"].isna()] if "within" in counties else counties
    ages = [c for c in counted.columns if str(c).startswith("residents")]
    for name in ("townships", "villages", "population"):
        spread = result.layers[name].frame
        assert spread[ages].sum().equals(counted[ages].sum()), name


def test_every_finding_that_rests_on_a_made_layer_is_marked(result: zmd_layout.Run) -> None:
    findings = result.findings
    made = {layer.source for layer in result.layers.values() if layer.is_synthetic}
    real = {layer.source for layer in result.layers.values() if not layer.is_synthetic}
    rests = findings["sources"].map(lambda s: bool(set(s.split(";")) & (made - real)))
    decided = findings["status"].isin(["pass", "shortfall", "reported"])
    assert (rests & decided).any()
    only_townships = findings["sources"].map(lambda s: set(s.split(";")) <= {"townships 2020"})
    assert findings[rests & decided & ~only_townships]["is_synthetic"].all()


def test_every_suggestion_on_the_made_city_is_marked(result: zmd_layout.Run) -> None:
    assert len(result.suggestions)
    assert result.suggestions["is_synthetic"].all()
    by_duty = result.suggestions["is_duty"].astype(bool)
    assert result.suggestions.loc[by_duty, "closes"].map(len).all()
    assert (result.suggestions["gap_percent"] >= 0).all()


def test_the_mark_is_in_plain_sight_everywhere(result: zmd_layout.Run) -> None:
    page = result.paths["gap_map.html"].read_text("utf-8")
    assert "演示数据" in page
    sheet = pd.read_excel(result.paths["findings.xlsx"], header=None, nrows=1)
    assert "演示数据" in str(sheet.iloc[0, 0])
    record = json.loads(result.paths["run.json"].read_text("utf-8"))
    assert record["inputs"]["schools"]["made_up"] == ["*"]
    assert record["inputs"]["counties"]["made_up"] == []


def test_shuffled_rows_give_the_same_findings_and_suggestions(
    folder: Path, result: zmd_layout.Run, tmp_path: Path
) -> None:
    for path in folder.iterdir():
        if path.suffix == ".gpkg" and path.stem != "roads":
            frame = pyogrio.read_dataframe(path)
            frame = frame.sample(frac=1, random_state=3)
            pyogrio.write_dataframe(frame, tmp_path / path.name)
        else:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    shuffled = zmd_layout.run(zmd_layout.load_study(tmp_path), out=tmp_path / "out")
    assert to_csv(shuffled.findings) == to_csv(result.findings)
    name = "suggestions.geojson"
    assert shuffled.paths[name].read_bytes() == result.paths[name].read_bytes()
