"""Cells of every kind, as tables, sheets and pages print them: the unknown stays empty."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import zmd_layout
from conftest import point, square, write_geojson
from zmd_layout import workflow
from zmd_layout.layers import load_layers
from zmd_layout.measures import World
from zmd_layout.outputs.gap_map.tables import plain
from zmd_layout.outputs.gap_map.units import collect_units
from zmd_layout.outputs.results import Results
from zmd_layout.outputs.suggestion_table import to_geojson
from zmd_layout.outputs.table import to_csv
from zmd_layout.outputs.workbook.people import rounded
from zmd_layout.outputs.workbook.schools import kept_schools
from zmd_layout.outputs.workbook.sheet import as_frame, make_sheet
from zmd_layout.siting.columns import empty_suggestions
from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_cells_of_a_csv_are_words_days_and_plain_numbers() -> None:
    cells = [7, 2.50, float("nan"), None, True, dt.date(2025, 9, 1), ("a", 1), "=1+1"]
    table = pd.DataFrame({"cell": pd.Series(cells, dtype=object)})
    text = to_csv(table, columns=("cell", "cell"))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    wanted = ["cell", "7", "2.5", "", "", "true", "2025-09-01", "('a', 1)", "'=1+1"]
    assert rows == [[word, word] for word in wanted]


def test_suggestions_keep_columns_of_other_peoples_making() -> None:
    table = gpd.GeoDataFrame(
        {
            "seen_on": [dt.date(2025, 9, 1), None],
            "counts": [[np.int64(3), np.float64("nan"), np.str_("甲")], []],
            "cost": [0.1 + 0.2, float("nan")],
            "told": [pd.NA, True],
        },
        geometry=[shapely.Point(500_000, 3_650_000)] * 2,
        crs="EPSG:4547",
    )
    first, second = (f["properties"] for f in json.loads(to_geojson(table))["features"])
    assert first == {
        "seen_on": "2025-09-01", "counts": [3, None, "甲"], "cost": 0.3, "told": None,
    }  # fmt: skip
    assert second == {"seen_on": None, "counts": [], "cost": None, "told": True}


@pytest.mark.parametrize("cell", [float("inf"), float("-inf"), np.float64("nan"), pd.NA, pd.NaT])
def test_a_number_that_is_none_is_missing_on_the_page(cell: object) -> None:
    assert plain(cell) is None


def test_a_layer_without_a_column_of_shapes_still_lends_its_names() -> None:
    findings = gpd.GeoDataFrame(
        {"unit_kind": ["village"], "unit_id": ["v1"], "unit_name": ["村"], "rule_id": ["r"]},
        geometry=[shapely.Point(114, 33)], crs=4326,
    )  # fmt: skip
    counties = pd.DataFrame({"unit_id": ["411721"], "name": ["西县"]})
    units = collect_units(findings, {"counties": counties})
    assert units["name"].tolist() == ["西县", "村"]
    assert units.geometry.isna().tolist() == [True, False]


def test_children_are_given_as_exactly_as_they_are_known() -> None:
    assert rounded(1234.0, is_born=True) == 1230
    assert rounded(1234.0, is_born=False) == 1000
    assert rounded(1234.0, is_born=False, unborn=-2) == 1200
    assert rounded(float("nan"), is_born=True) is None


def test_a_row_of_a_sheet_that_does_not_fit_its_heads_is_refused() -> None:
    with pytest.raises(ValueError, match="balance"):
        make_sheet("balance", [("one cell",)], Lang.ZH)


def test_a_small_school_that_no_road_reaches_has_no_way_to_a_larger_one(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    def school(number: int, pupils: int) -> dict[str, object]:
        return {"school_id": f"s{number}", "name": f"第{number}小学", "stages": "primary",
                "enrolment": pupils}  # fmt: skip

    places = [(1, 30, 0.01, 0.05), (2, 20, 0.05, 0.099), (3, 900, 0.09, 0.05)]
    rows = [(school(number, pupils), point(east, north)) for number, pupils, east, north in places]
    write_geojson(tmp_path / "schools.geojson", rows)
    road = {"type": "LineString", "coordinates": [[114.0, 33.05], [114.05, 33.05], [114.1, 33.05]]}
    write_geojson(tmp_path / "roads.geojson", [({"highway": "tertiary", "oneway": "no"}, road)])
    entry = '\n[layers.{0}]\npath = "{0}.geojson"\ncoordinates = "wgs84"\n'
    folder = make_study(
        "".join(entry.format(name) for name in ("schools", "roads")),
        counties=[({"unit_id": "411721", "name": "西县", "kind": "county"}, square(0, 0))],
    )
    study = zmd_layout.load_study(folder)
    world = World(study, load_layers(study), study.as_of)
    nothing = gpd.GeoDataFrame(geometry=[], crs=study.crs)
    results = Results(
        world, workflow.load_rules(study), nothing, empty_suggestions(study.crs), None
    )
    table = as_frame(kept_schools(results, Lang.EN)).iloc[:, [0, 5, 6]].to_numpy().tolist()
    (reached, to, metres), (remote, *no_way) = table
    assert (reached, to) == ("第1小学", "第3小学")
    assert metres == pytest.approx(0.08 * 93_500, rel=0.03)
    assert remote == "第2小学"
    assert pd.isna(no_way).all()
