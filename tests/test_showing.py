"""What a notebook shows of a result, and maps in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import pytest
import shapely

import zmd_layout
from zmd_layout.errors import OutputError
from zmd_layout.outputs.notebook import html_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def result(make_study: Callable[..., Path]) -> Any:
    return zmd_layout.run(zmd_layout.load_study(make_study()))


def test_a_run_sums_itself_up_in_both_languages(result: Any) -> None:
    page = result._repr_html_()
    assert "小世界 / Small world" in page
    assert "资料不足 / not assessable" in page
    assert "No site is suggested." in page


def test_text_of_the_data_is_never_markup() -> None:
    page = html_table(["a"], [["<b>x</b>"], [float("nan")], [["p", "q"]]])
    assert "<b>" not in page
    assert "<td>p; q</td>" in page
    assert "<td></td>" in page


def test_one_rule_is_a_map_in_one_line(result: Any) -> None:
    assert isinstance(result.explore("senior-new-per-county"), folium.Map)
    with pytest.raises(OutputError, match="senior-new-per-county"):
        result.explore("no-such-rule")


def test_a_review_shows_what_may_be_concluded() -> None:
    plot = gpd.GeoDataFrame(
        {"name": ["春江<i>"], "planned_residents": [10000], "settlement": ["urban"],
         "review_stage": ["scheme"], "conditions_on": ["2024-03-01"]},
        geometry=[shapely.box(114.0, 33.0, 114.01, 33.01)], crs=4326,
    )  # fmt: skip
    page = zmd_layout.review(plot)._repr_html_()
    assert "春江&lt;i&gt;" in page
    assert "修改完善后再行报审" in page or "资料不足，退回补正" in page
