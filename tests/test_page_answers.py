"""What the review page is told of a study that lacks something, and of plots that know little."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import zmd_layout
from conftest import COUNTIES, square
from zmd_layout.workflow import open_desk

pytest.importorskip("fastapi")
from test_serve import ask

from zmd_layout.web.app import make_app
from zmd_layout.web.register import Register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ORIGIN = {"origin": "http://testserver"}


@pytest.fixture
def page(tmp_path: Path) -> Callable[[Path], Any]:
    """Give a function that makes the page of a study."""

    def make(folder: Path) -> Any:
        return make_app(open_desk(zmd_layout.load_study(folder)), Register(tmp_path / "r.sqlite"))

    return make


def test_a_study_without_polygons_and_rules_on_plots_has_no_outline_and_adds_none_up(
    make_study: Callable[..., Path], page: Callable[[Path], Any]
) -> None:
    whole = ask(page(make_study()), "GET", "/api/start").json()
    assert whole["outline"]["type"] in {"Polygon", "MultiPolygon"}
    assert whole["merging"]["distance_m"] > 0
    bare = [(about, None) for about, _ in COUNTIES]
    lacking = make_study(counties=bare, head='rulesets = ["national"]')
    found = ask(page(lacking), "GET", "/api/start").json()
    assert (found["outline"], found["merging"]) == (None, None)


def test_an_uploaded_plot_comes_back_with_its_promises_and_without_what_is_unknown(
    make_study: Callable[..., Path], page: Callable[[Path], Any]
) -> None:
    promised = [{"stage": "primary", "classes": 24, "opens_on": "2027-09-01"}]
    rows = [
        {"name": "甲园", "dwellings": 900, "schools": promised, "conditions_on": "2024-03-01"},
        {"name": "乙园", "planned_residents": 3000},
    ]
    features = [
        {"type": "Feature", "properties": row, "geometry": square(0.02 * n, 0.01, 0.005)}
        for n, row in enumerate(rows)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    files = {"file": ("plots.geojson", text.encode(), "application/geo+json")}
    answer = ask(page(make_study()), "POST", "/api/plots", files=files, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    first, second = (feature["properties"] for feature in answer.json()["plots"])
    assert first["schools"] == promised
    assert first["conditions_on"] == "2024-03-01"
    assert "planned_residents" not in first
    assert (second["planned_residents"], "schools" in second) == (3000, False)
