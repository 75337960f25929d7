"""The study file that `zmd-layout init` writes: every example in it works, every key is told."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from zmd_layout.study import LAYER_NAMES, LayerSource, Study, parse_study
from zmd_layout.study.people import Forecast, People
from zmd_layout.study.plan import Plan
from zmd_layout.workflow.init_study import make_study_folder

EXAMPLE = re.compile(r"# (\[[a-z]|[a-z_]+ = |  \{|\]$)")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = make_study_folder(tmp_path_factory.mktemp("init") / "my-county")
    return (folder / "study.toml").read_text("utf-8")


def test_every_example_of_the_template_is_understood(template: str) -> None:
    lines = [line[2:] if EXAMPLE.match(line) else line for line in template.splitlines()]
    study = parse_study(tomllib.loads("\n".join(lines)), folder=Path(), file=Path("study.toml"))
    assert study.people.within == {"411771": "411702"}
    assert study.forecast.into_towns is not None
    assert {"census", "population", "births", "grades"} <= set(study.layers)


@pytest.mark.parametrize("table", [People, Forecast, LayerSource, Plan], ids=lambda t: t.__name__)
def test_every_key_of_a_table_stands_in_the_template(template: str, table: type[BaseModel]) -> None:
    words = set(re.findall(r"[a-z_]+", template))
    assert set(table.model_fields) <= words


def test_the_template_without_its_examples_is_a_study(template: str) -> None:
    study = parse_study(tomllib.loads(template), folder=Path(), file=Path("study.toml"))
    assert isinstance(study, Study)
    assert study.layers == {}
    assert set(LAYER_NAMES) <= set(re.findall(r"[a-z_]+", template))
