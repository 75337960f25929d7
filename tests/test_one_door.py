"""One table in every form that offices and exporters write: the same schools, or a refusal."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zmd_layout import check
from zmd_layout.errors import LayerError, ZmdLayoutError
from zmd_layout.study import read_study

HEADS = ["学校标识码", "学校名称", "学段", "在校生数", "经度", "纬度"]
STUDY = """
[study]
id = "door"
name = {{zh = "门", en = "Door"}}
as_of = 2025-12-31
plan_period = [2021-01-01, 2025-12-31]

[layers.counties]
path = "counties.geojson"
coordinates = "wgs84"

[layers.schools]
path = "{path}"
coordinates = "wgs84"
"""
Rows = list[list[Any]]


def frame_of(rows: Rows) -> gpd.GeoDataFrame:
    table = pd.DataFrame(
        [row[:4] for row in rows], columns=["school_id", "name", "stages", "pupils"]
    )
    points = shapely.points([row[4] for row in rows], [row[5] for row in rows])
    named = table.rename(columns={"pupils": "enrolment"})
    return gpd.GeoDataFrame(named, geometry=points, crs=4326)


def write_csv(folder: Path, rows: Rows, encoding: str) -> str:
    with (folder / "s.csv").open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADS, *rows])
    return "s.csv"


def write_book(folder: Path, rows: Rows, sheets: int, *, dimension: str | None = None) -> str:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for n in range(sheets):
        page = book.create_sheet(f"第{n + 1}片")
        for row in [HEADS, *rows[n::sheets]]:
            page.append(row)
    book.save(folder / "s.xlsx")
    if dimension is not None:
        lie(folder / "s.xlsx", dimension)
    return "s.xlsx"


def lie(path: Path, dimension: str) -> None:
    """Write another extent into the sheets of a workbook, as some office programs do."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, data in parts.items():
            if name.startswith("xl/worksheets/"):
                begin = data.index(b'<dimension ref="')
                end = data.index(b"/>", begin)
                told = f'<dimension ref="{dimension}"'.encode()
                book.writestr(name, data[:begin] + told + data[end:])
            else:
                book.writestr(name, data)


def write_shapefile(folder: Path, rows: Rows, encoding: str, *, cpg: str | None) -> str:
    pyogrio.write_dataframe(frame_of(rows), folder / "s.shp", encoding=encoding)
    (folder / "s.cpg").unlink(missing_ok=True)
    if cpg is not None:
        (folder / "s.cpg").write_text(cpg)
    return "s.shp"


def write_zip(folder: Path, rows: Rows) -> str:
    inside = folder / "inside"
    inside.mkdir()
    write_shapefile(inside, rows, "GB18030", cpg=None)
    with zipfile.ZipFile(folder / "s.zip", "w") as archive:
        for file in inside.iterdir():
            archive.write(file, f"学校/{file.name}")
    return "s.zip"


def write_vector(folder: Path, rows: Rows, name: str, driver: str) -> str:
    pyogrio.write_dataframe(frame_of(rows), folder / name, driver=driver)
    return name


def write_kml(folder: Path, rows: Rows) -> str:
    marks = "".join(
        f"<Placemark><name>{name}</name><ExtendedData><Data name='学校标识码'><value>{code}</value>"
        f"</Data><Data name='学段'><value>{stage}</value></Data>"
        f"<Data name='在校生数'><value>{pupils}</value></Data></ExtendedData>"
        f"<Point><coordinates>{x},{y}</coordinates></Point></Placemark>"
        for code, name, stage, pupils, x, y in rows
    )
    text = f"<kml xmlns='http://www.opengis.net/kml/2.2'><Document>{marks}</Document></kml>"
    (folder / "s.kml").write_text(text, "utf-8")
    return "s.kml"


def write_ods(folder: Path, rows: Rows) -> str:
    del rows
    with zipfile.ZipFile(folder / "s.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    return "s.ods"


WAYS: dict[str, Callable[[Path, Rows], str]] = {
    "csv in gbk": lambda folder, rows: write_csv(folder, rows, "gbk"),
    "csv with a mark": lambda folder, rows: write_csv(folder, rows, "utf-8-sig"),
    "csv in utf-16": lambda folder, rows: write_csv(folder, rows, "utf-16"),
    "xlsx": lambda folder, rows: write_book(folder, rows, 1),
    "xlsx of three sheets": lambda folder, rows: write_book(folder, rows, 3),
    "xlsx with a wrong extent": lambda folder, rows: write_book(folder, rows, 1, dimension="A1"),
    "geopackage": lambda folder, rows: write_vector(folder, rows, "s.gpkg", "GPKG"),
    "geojson": lambda folder, rows: write_vector(folder, rows, "s.geojson", "GeoJSON"),
    "shapefile": lambda folder, rows: write_shapefile(folder, rows, "UTF-8", cpg="UTF-8"),
    "shapefile without cpg": lambda folder, rows: write_shapefile(
        folder, rows, "GB18030", cpg=None
    ),
    "shapefile with a lying cpg": lambda folder, rows: write_shapefile(
        folder, rows, "GB18030", cpg="ISO-8859-1"
    ),
    "shapefile in a folder of a zip": write_zip,
    "kml": write_kml,
    "ods": write_ods,
}
NAMES = st.sampled_from(
    ["柳镇中心学校", "槐镇第一小学", "桑镇实验学校", "榆镇初级中学", "西城学校"]
)
ROW = st.tuples(NAMES, st.sampled_from(["小学", "初中", "小学;初中"]), st.integers(1, 2000),
                st.integers(1, 18), st.integers(1, 9))  # fmt: skip


def findings(folder: Path, path: str) -> pd.DataFrame:
    (folder / "study.toml").write_text(STUDY.format(path=path), "utf-8")
    found = check(read_study(folder))
    columns = ["rule_id", "unit_id", "status", "measured", "required", "gap"]
    return pd.DataFrame(found[columns]).sort_values(columns[:2]).reset_index(drop=True)


def write_counties(folder: Path) -> None:
    counties = gpd.GeoDataFrame(
        {"unit_id": ["411721", "411722"], "name": ["西县", "东县"], "kind": ["county"] * 2,
         "residents": [61200, 48000]},
        geometry=[shapely.box(114, 33, 114.1, 33.1), shapely.box(114.1, 33, 114.2, 33.1)], crs=4326,
    )  # fmt: skip
    pyogrio.write_dataframe(counties, folder / "counties.geojson", driver="GeoJSON")


@pytest.mark.parametrize("way", sorted(WAYS))
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(ROW, min_size=3, max_size=7))
def test_a_table_gives_the_same_findings_in_every_form_or_is_refused_with_what_to_do(
    tmp_path_factory: pytest.TempPathFactory, way: str, drawn: list[tuple[Any, ...]]
) -> None:
    rows: Rows = [
        [f"214100000{n}", f"{name}{n}", stage, pupils, 114 + x / 100, 33 + y / 100]
        for n, (name, stage, pupils, x, y) in enumerate(drawn)
    ]
    folder = tmp_path_factory.mktemp("door")
    write_counties(folder)
    expected = findings(folder, write_csv(folder, rows, "utf-8"))
    path = WAYS[way](folder, rows)
    if way == "ods":
        with pytest.raises(ZmdLayoutError, match=r"另存为 \.xlsx"):
            findings(folder, path)
    else:
        pd.testing.assert_frame_equal(findings(folder, path), expected, check_dtype=False)


def test_two_states_of_one_list_are_asked_about(tmp_path: Path) -> None:
    write_counties(tmp_path)
    book = openpyxl.Workbook()
    for name in ("2023", "2024"):
        page = book.create_sheet(name)
        for row in [HEADS, ["1", "柳镇小学", "小学", 90, 114.05, 33.05]]:
            page.append(row)
    book.remove(book.worksheets[0])
    book.save(tmp_path / "s.xlsx")
    with pytest.raises(LayerError, match="2023、2024"):
        findings(tmp_path, "s.xlsx")
