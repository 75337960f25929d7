"""New residential areas handed over before the schools promised with them, county by county."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import zmd_layout
from conftest import square, write_geojson

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAYER = """
[layers.residential_areas]
path = "areas.geojson"
coordinates = "wgs84"
year = 2025
"""
RULE = "county-schools-with-city-growth"


def promised(stage: str, opens_on: str | None = None) -> dict[str, Any]:
    return {"stage": stage, "opens_on": opens_on} if opens_on else {"stage": stage}


LATE, IN_TIME = promised("primary", "2025-09-01"), promised("junior", "2025-06-30")


@pytest.fixture
def counties(make_study: Callable[..., Path], tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Give a function that tells what is found of the counties where areas stand in the west."""

    def find(*areas: dict[str, Any]) -> pd.DataFrame:
        usual = {"settlement": "urban", "is_new": True, "first_phase_on": "2025-06-30"}
        rows = [
            (
                {"unit_id": f"a{n}", "name": f"小区{n}", **usual, **area},
                square(0.01 * n, 0.05, 0.004),
            )
            for n, area in enumerate(areas, start=1)
        ]
        write_geojson(tmp_path / "areas.geojson", rows)
        found = zmd_layout.check(zmd_layout.load_study(make_study(LAYER if areas else "")))
        return found[found["rule_id"] == RULE].set_index("unit_name")

    return find


@pytest.mark.parametrize(
    ("area", "ahead"),
    [
        ({"schools": [LATE]}, 1),
        ({"schools": [IN_TIME]}, 0),  # on the day of the handover
        ({"schools": [IN_TIME, LATE]}, 1),
        ({"schools": [promised("senior", "2025-09-01")]}, 0),  # none that each child needs
        ({"schools": []}, 0),
        ({"schools": [LATE], "is_new": False}, 0),
        ({"schools": [LATE], "first_phase_on": "2026-01-01"}, 0),  # after the assessment
        ({"schools": [LATE], "first_phase_on": "2025-12-31"}, 0),
        ({"schools": [LATE], "first_phase_on": None}, None),
        ({"schools": [promised("primary")]}, None),
        ({"schools": [IN_TIME, promised("kindergarten")]}, None),
        ({"schools": [LATE, promised("kindergarten")]}, 1),  # late whatever the other does
    ],
)
def test_an_area_is_ahead_of_its_schools_by_the_days_of_both(
    counties: Callable[..., pd.DataFrame], area: dict[str, Any], ahead: float | None
) -> None:
    county = counties(area).loc["西县"]
    assert county["status"] == "reported"
    assert county["measured"] == ahead or (ahead is None and pd.isna(county["measured"]))


def test_an_area_counts_in_its_own_county_and_one_unknown_leaves_the_sum_open(
    counties: Callable[..., pd.DataFrame],
) -> None:
    late = {"schools": [LATE]}
    found = counties(late, late)
    assert (found.loc["西县", "measured"], found.loc["东县", "measured"]) == (2, 0)
    opened = counties(late, late, {"schools": [promised("primary")]})
    assert pd.isna(opened.loc["西县", "measured"])
    assert opened.loc["东县", "measured"] == 0


def test_without_residential_areas_nothing_is_claimed(
    counties: Callable[..., pd.DataFrame],
) -> None:
    county = counties().loc["西县"]
    assert pd.isna(county["measured"])
    assert "新建住宅项目" in county["note_zh"]
