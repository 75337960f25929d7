"""Tables as offices hand them over: sheets, heads, coordinates and shapes, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h3
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest

from conftest import square, write_geojson
from zmd_layout.errors import LayerError
from zmd_layout.layers import Layer, Origin, RawLayer, load_layers, validate_layer
from zmd_layout.study import read_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeStudy = Callable[..., Path]


def layer(name: str, path: str, *more: str, coordinates: str = "none") -> str:
    lines = [f"[layers.{name}]", f'path = "{path}"', f'coordinates = "{coordinates}"', *more]
    return "\n" + "\n".join(lines) + "\n"


def book(path: Path, **sheets: list[list[Any]]) -> None:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)


def loaded(folder: Path, name: str) -> Layer:
    return load_layers(read_study(folder))[name]


def faults(folder: Path) -> dict[str, dict[str, object]]:
    with pytest.raises(LayerError) as caught:
        load_layers(read_study(folder))
    return {fault.key: dict(fault.args) for fault in caught.value.messages}


SIZES = [["学校标识码", "学段", "人数"], [None, None, None], ["1", "primary", 45]]


def test_a_workbook_is_read_from_all_sheets_of_a_table_or_from_the_one_named(
    make_study: MakeStudy,
) -> None:
    folder = make_study(layer("classes", "book.xlsx"))
    book(folder / "book.xlsx", 班额=SIZES, 去年=[*SIZES[:2], ["1", "primary", 61]])
    assert loaded(folder, "classes").frame["pupils"].tolist() == [45, 61]
    make_study(layer("classes", "book.xlsx", 'sheet = "去年"'))
    assert loaded(folder, "classes").frame["pupils"].tolist() == [61]


def test_a_sheet_that_a_workbook_lacks_is_told_beside_those_it_has(make_study: MakeStudy) -> None:
    folder = make_study(layer("classes", "book.xlsx", 'sheet = "前年"'))
    book(folder / "book.xlsx", 班额=SIZES, 去年=SIZES)
    assert faults(folder) == {
        "layers.no_sheet": {
            "layer": "classes",
            "path": "book.xlsx",
            "sheet": ["前年"],
            "found": ["班额", "去年"],
        }
    }


def test_an_empty_sheet_lacks_the_columns_it_needs(make_study: MakeStudy) -> None:
    folder = make_study(layer("classes", "book.xlsx"))
    book(folder / "book.xlsx", 空表=[])
    told = faults(folder)
    assert set(told) == {"layers.missing_column", "layers.empty"}
    assert told["layers.empty"] == {"layer": "classes", "path": "book.xlsx"}


def test_a_statistic_may_lack_its_value_but_not_the_column(make_study: MakeStudy) -> None:
    folder = make_study(layer("statistics", "figures.csv"))
    head, row = "unit_id,year,name", "411702,2025,mandarin_share"
    (folder / "figures.csv").write_text(f"{head},value\n{row},\n{row},95\n", "utf-8")
    values = loaded(folder, "statistics").frame["value"]
    assert sorted(values.isna()) == [False, True]
    (folder / "figures.csv").write_text(f"{head}\n{row}\n", "utf-8")
    lacks = {"layer": "statistics", "column": "value", "names": ["数值", "值"]}
    assert faults(folder) == {"layers.missing_column": lacks}


def test_a_table_of_a_geopackage_that_has_no_shapes_is_a_layer_without_places(
    make_study: MakeStudy,
) -> None:
    folder = make_study(layer("classes", "classes.gpkg"))
    table = pd.DataFrame({"school_id": ["1"], "stage": ["primary"], "pupils": [45]})
    pyogrio.write_dataframe(table, folder / "classes.gpkg", layer="classes")
    frame = loaded(folder, "classes").frame
    assert frame["pupils"].tolist() == [45]
    assert frame.geometry.isna().all()


def test_a_second_column_of_longitudes_is_asked_about(make_study: MakeStudy) -> None:
    text = "school_id,经度,lon,纬度\n1,114.05,114.06,33.05\n"
    folder = make_study(layer("schools", "schools.csv", coordinates="wgs84"))
    (folder / "schools.csv").write_text(text, "utf-8")
    assert faults(folder) == {
        "layers.two_candidates": {"layer": "schools", "column": "x / y", "found": ["经度", "lon"]}
    }
    make_study(layer("schools", "schools.csv", 'columns = {x = "lon"}', coordinates="wgs84"))
    place = loaded(folder, "schools").frame.to_crs(4326).geometry[0]
    assert (place.x, place.y) == pytest.approx((114.06, 33.05))


def test_coordinates_that_are_no_numbers_are_told_by_row(make_study: MakeStudy) -> None:
    folder = make_study(layer("schools", "schools.csv", coordinates="wgs84"))
    text = "school_id,经度,纬度\n1,114.05,33.05\n2,114度70分,33.05\n3,,\n"
    (folder / "schools.csv").write_text(text, "utf-8")
    assert faults(folder)["layers.not_a_coordinate"] == {
        "layer": "schools", "column": "经度", "count": 1, "rows": [3], "found": ["114度70分"],
    }  # fmt: skip


def test_two_columns_that_may_both_be_the_name_are_asked_about(make_study: MakeStudy) -> None:
    folder = make_study(layer("projects", "projects.csv"))
    (folder / "projects.csv").write_text("project_id,名称,地区\n1,甲小学,西县\n", "utf-8")
    assert faults(folder) == {
        "layers.two_candidates": {"layer": "projects", "column": "name", "found": ["名称", "地区"]}
    }
    make_study(layer("projects", "projects.csv", 'columns = {name = "名称"}'))
    assert loaded(folder, "projects").frame["name"].tolist() == ["甲小学"]


def test_their_words_become_ours_and_a_blank_means_what_the_study_says(
    make_study: MakeStudy,
) -> None:
    text = "school_id,status,enrolment,residents\n1,在办,,5\n2,拟建,30,6\n3, 在办 ,—,7\n"
    words = 'values = {status = {"在办" = "operating", "拟建" = "planned"}}'
    folder = make_study(layer("schools", "schools.csv", words, 'blank_means = "zero"'))
    (folder / "schools.csv").write_text(text, "utf-8")
    frame = loaded(folder, "schools").frame
    assert frame["status"].tolist() == ["operating", "planned", "operating"]
    assert frame["enrolment"].tolist() == [0, 30, 0]
    make_study(layer("schools", "schools.csv", words))
    assert loaded(folder, "schools").frame["enrolment"].isna().tolist() == [True, False, True]


def test_a_name_of_a_column_that_the_layer_does_not_have_is_told_beside_those_it_has(
    make_study: MakeStudy,
) -> None:
    named = 'columns = {class = "班级"}'
    folder = make_study(layer("classes", "classes.csv", named))
    (folder / "classes.csv").write_text("school_id,班级,人数\n1,一年级,45\n", "utf-8")
    assert faults(folder).pop("layers.no_such_name") == {
        "layer": "classes", "column": "class",
        "known": ["grade", "pupils", "school_id", "stage", "x", "y"],
    }  # fmt: skip
    make_study(layer("classes", "classes.csv", 'columns = {grade = "班级"}'))
    assert loaded(folder, "classes").frame["grade"].tolist() == ["一年级"]


def test_ages_under_names_of_their_own_are_numbers(make_study: MakeStudy) -> None:
    named = 'columns = {residents_0_4 = "零至四岁"}'
    folder = make_study(layer("census", "census.csv", named))
    (folder / "census.csv").write_text("unit_id,常住人口,零至四岁\n411721,1000,60\n", "utf-8")
    assert loaded(folder, "census").frame["residents_0_4"].tolist() == [60]


def test_an_empty_shape_and_a_shape_of_another_kind_are_told_by_row(make_study: MakeStudy) -> None:
    folder = make_study(layer("planning_units", "units.csv", coordinates="wgs84"))
    rows = ['1,"POLYGON ((114 33, 114.1 33, 114.1 33.1, 114 33))"', "2,POLYGON EMPTY",
            "3,POINT (114.05 33.05)"]  # fmt: skip
    (folder / "units.csv").write_text("\n".join(["unit_id,wkt", *rows]), "utf-8")
    told = faults(folder)
    assert told["layers.empty_geometry"]["rows"] == [3]
    assert told["layers.wrong_shape"]["rows"] == [4]
    assert told["layers.wrong_shape"]["found"] == ["Point"]


def test_a_row_without_its_hexagon_is_told_and_not_dropped(make_study: MakeStudy) -> None:
    folder = make_study(layer("population", "people.csv", coordinates="wgs84"))
    cell = h3.latlng_to_cell(33.05, 114.05, 8)
    (folder / "people.csv").write_text(f"h3,residents\n{cell},70\n,30\n", "utf-8")
    assert faults(folder)["layers.no_geometry"]["rows"] == [3]


@pytest.mark.parametrize(
    "cell", ['{"stage": "primary"}', '["小学"]', '[{"classes": 24}]', '[{"stage": "primary"'],
    ids=["one outside a list", "a word", "without a stage", "cut off"],
)  # fmt: skip
def test_promised_schools_that_are_no_list_of_them_are_refused(
    make_study: MakeStudy, cell: str
) -> None:
    folder = make_study(layer("residential_areas", "plots.geojson", coordinates="wgs84"))
    plots = [({"unit_id": "1", "schools": cell}, square(0.02, 0.02, 0.01))]
    write_geojson(folder / "plots.geojson", plots)
    told = faults(folder)["layers.unreadable"]
    assert (told["column"], told["rows"]) == ("schools", [1])


def test_promised_schools_come_alike_as_text_as_a_list_and_as_geoparquet_holds_them(
    make_study: MakeStudy,
) -> None:
    folder = make_study(layer("residential_areas", "plots.geojson", coordinates="wgs84"))
    plots = [
        ({"unit_id": "1", "schools": '[{"stage": "primary", "classes": 24}]'},
         square(0.02, 0.02, 0.01)),
    ]  # fmt: skip
    write_geojson(folder / "plots.geojson", plots)
    study = read_study(folder)
    source = study.layers["residential_areas"]
    raw = pyogrio.read_dataframe(folder / "plots.geojson")
    raw["schools"] = pd.Series([np.array([{"stage": "primary", "classes": 24}])], dtype=object)
    held = validate_layer("residential_areas", RawLayer(raw), source, study=study, origin=Origin())
    assert held.frame["schools"][0] == loaded(folder, "residential_areas").frame["schools"][0]
    assert held.frame["schools"][0] == ({"stage": "primary", "classes": 24.0},)
