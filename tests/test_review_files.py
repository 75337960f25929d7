"""Plots in every format of the desk, and what is refused with one clear word."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely
from plot_files import PLOT, SURVEY, shapefile_in_zip, table, write_dxf, write_kml, write_survey

import zmd_layout
from conftest import square, write_geojson
from zmd_layout.errors import ZmdLayoutError
from zmd_layout.layers import archives
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

PRIMARY = "primary-per-new-residential-area"


def verdict(path: Path, coordinates: str | None = None) -> pd.Series:
    findings = zmd_layout.review(path, coordinates=coordinates).findings
    return findings.set_index("rule_id").loc[PRIMARY]


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(ZmdLayoutError) as caught:
        zmd_layout.review(path, **options)
    assert len(caught.value.messages) == 1
    assert caught.value.text("en") != caught.value.text("zh")
    return caught.value.text("zh")


@pytest.mark.parametrize(("encoding", "with_cpg"), [("GB18030", False), ("UTF-8", True)])
def test_a_zipped_shapefile_is_read_in_its_own_encoding(
    tmp_path: Path, encoding: str, *, with_cpg: bool
) -> None:
    found = verdict(shapefile_in_zip(tmp_path, encoding=encoding, with_cpg=with_cpg))
    assert (found["unit_name"], found["status"]) == ("春江花园", "shortfall")


def test_a_geopackage_is_read_in_its_own_crs(tmp_path: Path) -> None:
    path = tmp_path / "plot.gpkg"
    table().to_file(path)
    found = verdict(path)
    assert (found["unit_name"], found["gap"]) == ("春江花园", 1)
    assert found["geometry"].area == pytest.approx(30000)


def test_a_kml_is_read_flat_with_its_extended_data(tmp_path: Path) -> None:
    found = verdict(write_kml(tmp_path / "plot.kml"))
    assert (found["unit_name"], found["required"]) == ("春江花园", 1)
    assert not shapely.has_z(found["geometry"])


def test_a_survey_text_gives_the_plot_without_its_people(tmp_path: Path) -> None:
    review = zmd_layout.review(write_survey(tmp_path / "plot.txt"))
    assert review.areas.loc[0, "name"] == "示例地块一"
    assert review.areas.geometry[0].area == pytest.approx(30000)
    assert set(review.findings["status"]) <= {"not_assessable", "not_applicable", "reported"}


def test_survey_plots_of_one_number_are_told_apart_by_their_place_in_the_file(
    tmp_path: Path,
) -> None:
    first = SURVEY.partition("[地块坐标]\n")[2]
    second = first.replace(",38502", ",38503").replace("一", "二")
    path = tmp_path / "plots.txt"
    path.write_bytes((SURVEY + second).encode("gbk"))
    areas = zmd_layout.review(path).areas
    assert areas["unit_id"].tolist() == ["1", "2"]
    assert areas["name"].tolist() == ["示例地块一", "示例地块二"]
    path.write_bytes((SURVEY + second.replace("2026-01", "2026-02")).encode("gbk"))
    assert sorted(zmd_layout.review(path).areas["unit_id"]) == ["2026-01", "2026-02"]


def test_a_drawing_of_an_open_line_holds_no_plot(tmp_path: Path) -> None:
    path = tmp_path / "plot.dxf"
    line = shapely.LineString([(502_000, 3_653_850), (502_200, 3_654_000)])
    gpd.GeoSeries([line], crs="EPSG:4547").to_file(path, driver="DXF")
    assert refusal(path, coordinates="EPSG:4547") == (
        Message("review.no_polygon", name="plot.dxf").text("zh")
    )


def test_a_shapefile_without_its_table_is_a_plot_of_which_nothing_is_known(tmp_path: Path) -> None:
    whole = shapefile_in_zip(tmp_path, encoding="GB18030", with_cpg=False)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / "bare.zip", "w") as bare:
        for name in old.namelist():
            if not name.endswith(".dbf"):
                bare.writestr(name, old.read(name))
    found = verdict(tmp_path / "bare.zip")
    assert found["status"] == "not_assessable"
    assert found["geometry"].area == pytest.approx(30000)


def test_a_drawing_of_closed_lines_is_read_once_its_coordinates_are_declared(
    tmp_path: Path,
) -> None:
    path = write_dxf(tmp_path / "plot.dxf")
    assert "coordinates" in refusal(path)
    review = zmd_layout.review(path, coordinates="EPSG:4547")
    assert review.areas.geometry[0].area == pytest.approx(30000)


@pytest.mark.parametrize("name", ["总平面图.dwg", "红线.PDF"])
def test_a_picture_is_refused_with_a_word_on_what_to_ask_for(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"AC1032")
    assert "勘测定界" in refusal(tmp_path / name)


def test_a_boundary_that_crosses_itself_is_refused_by_name(tmp_path: Path) -> None:
    ring = [[114.0, 33.0], [114.01, 33.01], [114.01, 33.0], [114.0, 33.01], [114.0, 33.0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    path = write_geojson(tmp_path / "bow.geojson", [({**PLOT, "规划人口": 1}, shape)])
    assert "春江花园" in refusal(path)


def test_degrees_that_are_said_to_be_metres_are_refused(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", [(PLOT, square(0, 0, 0.005))])
    assert "EPSG:4547" in refusal(path, coordinates="EPSG:4547")


def test_metres_in_a_geojson_are_refused(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", [(PLOT, table().geometry[0].__geo_interface__)])
    assert "wgs84" in refusal(path)


def test_the_wrong_zone_is_refused_beside_a_study(
    make_study: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "plot.gpkg"
    table().set_crs("EPSG:4548", allow_override=True).to_file(path)  # the zone of 117° E
    assert "小世界" in refusal(path, study=zmd_layout.load_study(make_study()))


def test_a_zip_that_leads_outside_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "in" / "plot.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../escaped.geojson", "{}")
    assert "escaped" in refusal(path)
    assert not list(tmp_path.rglob("escaped*"))


def test_a_bomb_is_stopped_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 1 << 20)
    path = tmp_path / "plot.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plot.geojson", bytes(8 << 20))
    assert path.stat().st_size < 1 << 14
    assert "解压" in refusal(path)


def test_a_bomb_that_lies_about_its_size_is_stopped_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_refuse", lambda *_: None)
    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 1 << 20)
    path = tmp_path / "plot.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plot.geojson", bytes(8 << 20))
    assert "解压" in refusal(path)


def test_a_file_larger_than_any_plot_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 1 << 10)
    path = tmp_path / "plot.geojson"
    path.write_bytes(bytes(1 << 11))
    assert "上限" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken"])
def test_a_broken_zip_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plot.zip"
    path.write_bytes(content)
    assert "zip" in refusal(path)


def test_a_zip_of_two_layers_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "plot.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.geojson", "{}")
        archive.writestr("b.geojson", "{}")
    assert "a.geojson" in refusal(path)


def test_a_kml_with_entities_is_refused_and_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("top-secret", "utf-8")
    secret = (tmp_path / "secret").as_uri()
    prolog = f'<!DOCTYPE kml [<!ENTITY x SYSTEM "{secret}">]>'
    text = refusal(write_kml(tmp_path / "plot.kml", prolog=prolog, name="&x;"))
    assert "ENTITY" in text
    assert "top-secret" not in text


def test_a_name_of_markup_stays_text(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    path = write_geojson(tmp_path / "a.geojson", [({**PLOT, "name": name}, square(0, 0, 0.005))])
    zmd_layout.review(path, out=tmp_path / "out")
    assert name not in (tmp_path / "out" / "gap_map.html").read_text("utf-8")


def test_a_name_that_a_spreadsheet_would_run_is_text_in_every_output(tmp_path: Path) -> None:
    name = "=cmd|' /C calc'!A0"
    path = write_geojson(tmp_path / "a.geojson", [({**PLOT, "name": name}, square(0, 0, 0.005))])
    zmd_layout.review(path, out=tmp_path / "out")
    rows = list(
        csv.DictReader(io.StringIO((tmp_path / "out" / "findings.csv").read_text("utf-8-sig")))
    )
    assert {row["unit_name"] for row in rows} == {f"'{name}"}
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
