"""Files as offices and exporters write them: heads, units, sheets, encodings, shapes, remarks."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
import shapely.affinity
from click.testing import CliRunner

import zmd_layout
from zmd_layout.cli import main
from zmd_layout.errors import LayerError, ZmdLayoutError
from zmd_layout.layers.account import Account, Item, Outcome
from zmd_layout.layers.columns import columns_of
from zmd_layout.layers.files import read_raw
from zmd_layout.layers.reading.cells import Unreadable, read_amount, read_degrees, read_place
from zmd_layout.layers.schema import SCHEMAS
from zmd_layout.layers.sources.review_files import read_plots
from zmd_layout.layers.sources.roster import read_roster
from zmd_layout.messages import Message, catalogue
from zmd_layout.study import LayerSource

CENSUS = [["区划代码", "地区", "常住人口", "0-4岁", "5-9岁"],
          ["411721", "西县", 612000, 36000, 41000],
          ["411722", "东县", 480000, 26000, 31000]]  # fmt: skip
SHARED = Path(__file__).parents[2] / "shared" / "cases"


def book(path: Path, **sheets: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        page = made.create_sheet(name)
        for row in rows:
            page.append(row)
    made.save(path)
    return path


def read(path: Path, name: str, **source: Any) -> tuple[gpd.GeoDataFrame, Account]:
    account = Account()
    declared = LayerSource(path=path.name, **source)
    raw = read_raw(path, declared, layer_name=name, account=account)
    frame, faults = columns_of(raw, SCHEMAS[name], declared, is_own=False, account=account)
    if faults:
        raise LayerError(*faults)
    return frame, account


def people(frame: gpd.GeoDataFrame) -> list[list[float]]:
    columns = ["residents", "residents_0_4", "residents_5_9"]
    return frame.sort_values("unit_id")[columns].to_numpy().tolist()


EXPECTED = [[612000, 36000, 41000], [480000, 26000, 31000]]
HEAD, *BODY = CENSUS
CENSUSES: dict[str, list[list[Any]]] = {
    "plain": CENSUS,
    "title and unit": [["表1 各县区人口"], ["单位：人"], *CENSUS],
    "table in 万人": [["表1"], ["单位：万人"], HEAD,
                      *[[*r[:2], *(n / 10000 for n in r[2:])] for r in BODY]],
    "unit in a row of its own": [HEAD, [None, None, "人", "人", "人"], *BODY],
    "residents in 万人": [[*HEAD[:2], "常住人口（万人）", *HEAD[3:]],
                          *[[*r[:2], *(n / 10000 for n in r[2:])] for r in BODY]],
    "only residents in 万人": [[*HEAD[:2], "常住人口(万人)", *HEAD[3:]],
                               *[[*r[:2], r[2] / 10000, *r[3:]] for r in BODY]],
    "head of two rows": [["区划代码", "地区", "常住人口", "分年龄", None],
                         [None, None, None, "0-4岁", "5-9岁"], *BODY],
    "men and women beside": [["区划代码", "地区", "常住人口", "合计", "合计", "男", "男"],
                             [None, None, None, "0-4岁", "5-9岁", "0-4岁", "5-9岁"],
                             *[[*r, r[3] / 2, r[4] / 2] for r in BODY]],
    "ages as days": [[*HEAD[:4], dt.date(2021, 5, 9)], *BODY],
    "ages as days in words": [[*HEAD[:4], "5月9日"], *BODY],
    "ages with another dash": [[*HEAD[:3], "0—4周岁人口", "5至9岁"], *BODY],
    "total above": [HEAD, ["411700", "全市", 1092000, 62000, 72000], *BODY],
    "total below without a code": [HEAD, *BODY, [None, "合  计", 1092000, 62000, 72000]],
    "total and part of it": [HEAD, *BODY, ["合计", None, 1092000, 62000, 72000],
                             ["其中：女", None, 540000, 30000, 35000]],
    "notes": [HEAD, *BODY, ["注：1.不含现役军人。"], ["资料来源：统计局"]],
    "head repeated": [HEAD, BODY[0], HEAD, BODY[1]],
    "blank rows": [[None], HEAD, [None], BODY[0], [None], BODY[1]],
    "codes of twelve digits": [HEAD, *[[r[0] + "000000", *r[1:]] for r in BODY]],
    "codes as numbers": [HEAD, *[[int(r[0] + "000000"), *r[1:]] for r in BODY]],
    "full-width digits": [HEAD, *[[*r[:2], str(r[2]).translate(
        {ord(str(d)): chr(0xFF10 + d) for d in range(10)}), *r[3:]] for r in BODY]],
    "separators": [HEAD, *[[*r[:2], *(f"{n:,}" for n in r[2:])] for r in BODY]],
    "blanks in numbers": [HEAD, *[[*r[:2], *(f"{n:,}".replace(",", " ") for n in r[2:])]
                                  for r in BODY]],
    "units in cells": [HEAD, *[[*r[:2], f"{r[2] / 10000:g}万人", *(f"{n}人" for n in r[3:])]
                               for r in BODY]],
    "spread names": [HEAD, ["411721", " 西 县", *BODY[0][2:]], BODY[1]],
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(CENSUSES))
def test_a_census_of_an_office_gives_its_people_however_it_is_written(
    tmp_path: Path, kind: str
) -> None:
    frame, _ = read(book(tmp_path / "c.xlsx", 表=CENSUSES[kind]), "census")
    assert people(frame) == EXPECTED
    assert sorted(frame["name"]) == ["东县", "西县"]
    assert sorted(frame["unit_id"]) == ["411721", "411722"]


def test_ages_of_people_beside_residents_in_wan_stay_people(tmp_path: Path) -> None:
    frame, account = read(
        book(tmp_path / "c.xlsx", 表=CENSUSES["only residents in 万人"]), "census"
    )
    assert people(frame) == EXPECTED
    converted = [e.what for e in account.entries if e.outcome is Outcome.CONVERTED]
    assert converted == [("常住人口(万人)",)]


def test_what_was_left_out_stands_in_the_account_with_row_and_reason(tmp_path: Path) -> None:
    rows = [["标题"], HEAD, *BODY, [None, "合计", 1, 1, 1], ["注：略"]]
    _, account = read(book(tmp_path / "c.xlsx", 表=rows, 封面=[["封面"]]), "census")
    told = {(e.item, e.what): e.why.key for e in account.entries
            if e.outcome is Outcome.LEFT_OUT and isinstance(e.why, Message)}  # fmt: skip
    assert told == {
        (Item.SHEET, ("封面",)): "account.sheet_no_table",
        (Item.ROW, ("1",)): "account.rows_above",
        (Item.ROW, ("5",)): "account.row_total",
        (Item.ROW, ("6",)): "account.row_note",
    }


def test_a_sheet_for_each_county_is_one_table_and_hidden_sheets_are_not_read(
    tmp_path: Path,
) -> None:
    path = book(tmp_path / "c.xlsx", 西=[HEAD, BODY[0]], 东=[["标题"], HEAD, BODY[1]],
                旧=[HEAD, ["411799", "旧县", 1, 0, 0]])  # fmt: skip
    made = openpyxl.load_workbook(path)
    made["旧"].sheet_state = "hidden"
    made.save(path)
    frame, account = read(path, "census")
    assert people(frame) == EXPECTED
    assert [e.what for e in account.entries if e.item is Item.SHEET] == [("旧",), ("西", "东")]
    frame, _ = read(path, "census", sheet=("旧",))
    assert frame["unit_id"].tolist() == ["411799"]


def test_sheets_of_different_tables_are_asked_about(tmp_path: Path) -> None:
    villages = [["编号", "名称", "经度", "纬度"], ["1", "村", 114, 33]]
    path = book(tmp_path / "c.xlsx", 人口=CENSUS, 村=villages)
    with pytest.raises(LayerError, match="人口、村"):
        read(path, "census")


def test_a_fault_names_the_sheet_and_its_row(tmp_path: Path) -> None:
    bad = ["411722", "东县", "很多", 1, 1]
    path = book(tmp_path / "c.xlsx", 西=[HEAD, BODY[0]], 东=[["标题"], HEAD, bad])
    with pytest.raises(LayerError, match="东!3"):
        read(path, "census")


@pytest.mark.parametrize(
    ("cell", "number"),
    [("20500", 20500), ("２０，５００", 20500), ("20 500", 20500), ("20，500人", 20500),
     ("3,800户", 3800), ("12000人", 12000), ("2.05万", 20500), ("约1.2万人", 12000), (2.05, 2.05),
     ("3千户", 3000), ("1e5", 1e5), ("-5", -5), (20500, 20500), ("20 500.5", 20500.5)],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(cell: object, number: float) -> None:
    assert read_amount(cell) == pytest.approx(number)


@pytest.mark.parametrize("cell", ["20.500", "很多", "", "1,23", "12人左右", True, "1-2"])
def test_an_amount_that_may_mean_two_things_is_not_read(cell: object) -> None:
    with pytest.raises(Unreadable):
        read_amount(cell, is_whole=True)


@pytest.mark.parametrize(
    "cell",
    ["114°01′12.00″", "E114°01′12.00″", "114°01'12.00\"", "114:01:12.00", "114°01’12.00”",
     "114-01-12.00", "114°1.2000′", "东经114°01′12.00″", "114º01´12.00˝", "114˚01′12.00″",
     "114 01 12.00", "114° 01′ 12.00″", "114°01′12.00″E", "114°01'12.00''", "114度01分12.00秒",
     "114.0２", " 114.02 ", "经度114.02", "114.02°", "114°00′72″", "114°01′12″ E"],
)  # fmt: skip
def test_degrees_minutes_and_seconds_are_read_in_every_spelling(cell: str) -> None:
    if cell == "114°00′72″":
        with pytest.raises(Unreadable):
            read_degrees(cell)
    else:
        assert read_degrees(cell) == pytest.approx(114.02)


@pytest.mark.parametrize("cell", ["0", "114,02", "百度", "114°61′", "inf", "114°01", "200°01′02″"])
def test_what_is_no_coordinate_is_not_read(cell: str) -> None:
    if cell == "114°01":
        assert read_degrees("114°01′") == pytest.approx(114 + 1 / 60)
    else:
        with pytest.raises(Unreadable):
            read_degrees(cell)


@pytest.mark.parametrize(
    "cell", ["114.02,33.03", "33.03，114.02", "114.02 33.03", "(114.02;33.03)",
             "东经114.02，北纬33.03", "114°01′12″,33°01′48″"],
)  # fmt: skip
def test_both_coordinates_of_one_cell_are_told_apart_by_their_size(cell: str) -> None:
    assert read_place(cell) == pytest.approx((114.02, 33.03))


ROSTER = ["学校标识码", "学校名称", "办学类型", "经度", "纬度", "在校生数"]


def roster(path: Path, rows: list[list[Any]], head: list[str] | None = None) -> Any:
    return read_roster(
        book(path / "s.xlsx", 名册=[head or ROSTER, *rows]),
        LayerSource(path="s.xlsx", coordinates="wgs84"),
    )


PLACED = [[str(n), f"柳镇第{n}小学", "211", 114 + n / 50, 33 + n / 70, 400] for n in range(1, 7)]
DOUBTS = {
    "account.place_zero": [0, 0.0],
    "account.place_metres": [502000, 3653900],
    "account.place_swapped": [33.05, 114.08],
}


@pytest.mark.parametrize("reason", sorted(DOUBTS))
def test_a_place_that_is_none_is_unknown_and_listed(tmp_path: Path, reason: str) -> None:
    odd = ["9", "柳镇第九小学", "211", *DOUBTS[reason], 400]
    found = roster(tmp_path, [*PLACED, odd])
    assert found.frame.set_index("school_id").geometry.isna()["9"]
    assert {doubt.row for doubt in found.report.doubtful} == {8}
    text = "\n".join(
        ",".join(map(str, row))
        for row in [
            ["编号", "名称", "经度", "纬度"],
            *[[r[0], r[1], *r[3:5]] for r in [*PLACED, odd]],
        ]
    )
    (tmp_path / "v.csv").write_text(text, "utf-8")
    frame, account = read(tmp_path / "v.csv", "villages", coordinates="wgs84")
    assert frame.set_index("unit_id").geometry.isna()["9"]
    doubted = [e for e in account.entries if e.outcome is Outcome.UNUSED]
    told = [(e.what, e.why.key) for e in doubted if isinstance(e.why, Message)]
    assert told == [(("8",), reason)]


def test_degrees_with_minutes_for_decimals_are_never_taken_for_decimals(tmp_path: Path) -> None:
    packed = [[row[0], row[1], "211", float(f"114.{n:02}{m:02}"), float(f"33.{m:02}{n:02}"), 400]
              for row, n, m in zip(PLACED, (1, 2, 4, 6, 35, 59), (12, 56, 48, 36, 7, 21),
                                   strict=True)]  # fmt: skip
    found = roster(tmp_path, packed)
    assert found.frame.geometry.isna().all()
    assert {doubt.reason.key for doubt in found.report.doubtful} == {"account.place_packed"}
    assert roster(tmp_path, PLACED).frame.geometry.notna().all()


def test_a_roster_with_subtotals_remarks_and_sizes_uses_them_all(tmp_path: Path) -> None:
    head = ["乡镇（街道）", "学校名称", "办学类型", "小学在校生", "初中在校生", "幼儿园学生数",
            "设计规模", "建成时间", "寄宿制", "经度", "纬度", "备注"]  # fmt: skip
    rows = [
        ["柳镇", "柳镇中心小学", "小学", 400, None, None, "18班", "1998.9", "否", 114.02,
         33.02, "高德坐标"],
        ["柳镇", "柳镇初中", "初中", None, 800, None, 24, "二〇一二年九月", "是",
         114.03, 33.02, "在建"],
        ["柳镇", "柳镇幼儿园", "幼儿园", None, None, 90, "180人", "2015-09", None, 114.04,
         33.02, None],
        ["柳镇", "柳镇旧小学", "小学", 30, None, 25, None, None, None, 114.05, 33.02, "已撤并"],
        ["小计", "4所", None, 430, 800, 115, None, None, None, None, None, None],
    ]  # fmt: skip
    found = roster(tmp_path, rows, head)
    frame = found.frame.set_index("name")
    assert len(frame) == 4
    assert frame["enrolment"].tolist() == [400, 800, 90, 30]
    assert frame["status"].tolist() == [None, "under_construction", None, "closed"]
    assert frame["is_boarding"].tolist()[:2] == [False, True]
    assert frame["classrooms"].tolist()[0] == 18
    assert frame["seats"].tolist()[2] == 180
    assert frame["opens_on"].tolist()[1] == dt.date(2012, 9, 1)
    assert frame.geometry["柳镇中心小学"].x == pytest.approx(114.0138, abs=2e-3)
    told = {doubt.reason.key for doubt in found.report.doubtful}
    assert told == {"roster.scale_without_unit", "roster.attached_children"}
    assert [skipped.reason.key for skipped in found.report.skipped] == ["roster.row_total"]


PLOT = {"name": "柳岸新居", "户数": 3800, "城乡属性": "urban"}
SHAPE = shapely.box(114, 33, 114.005, 33.005)


def shapefile(folder: Path, columns: dict[str, Any], encoding: str, cpg: str | None) -> Path:
    frame = gpd.GeoDataFrame([columns], geometry=[SHAPE], crs=4326)
    pyogrio.write_dataframe(frame, folder / "plot.shp", encoding=encoding)
    (folder / "plot.cpg").unlink(missing_ok=True)
    if cpg is not None:
        (folder / "plot.cpg").write_text(cpg)
    return folder / "plot.shp"


@pytest.mark.parametrize("cpg", [None, "UTF-8", "ISO-8859-1", "1252", "OEM", "ANSI 936", "system",
                                 "GB2312", "no encoding"])  # fmt: skip
@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
@pytest.mark.filterwarnings("ignore")
def test_chinese_names_are_read_by_the_bytes_whatever_the_cpg_says(
    tmp_path: Path, encoding: str, cpg: str | None
) -> None:
    path = shapefile(tmp_path, PLOT, encoding, cpg)
    frame, _ = read(path, "residential_areas")
    assert frame[["name", "dwellings", "settlement"]].to_numpy().tolist() == [
        ["柳岸新居", 3800, "urban"]
    ]
    assert read_plots(path, working_crs="EPSG:4547").frame["name"].tolist() == ["柳岸新居"]


def test_a_name_in_latin_letters_follows_its_cpg(tmp_path: Path) -> None:
    frame, _ = read(
        shapefile(tmp_path, {"name": "Müller é"}, "cp1252", "1252"), "residential_areas"
    )
    assert frame["name"].tolist() == ["Müller é"]


@pytest.mark.filterwarnings("ignore")
def test_names_cut_by_a_shapefile_are_completed_where_one_column_can_be_meant(
    tmp_path: Path,
) -> None:
    plot = {"name": "Riverside", "planned_residents": 20500, "conditions_on": "2025-03-01",
            "first_phase_on": "2027-06-30"}  # fmt: skip
    frame, account = read(shapefile(tmp_path, plot, "UTF-8", "UTF-8"), "residential_areas")
    assert frame["planned_residents"].tolist() == [20500]
    assert frame["first_phase_on"].tolist() == [dt.date(2027, 6, 30)]
    completed = [e for e in account.entries if e.outcome is Outcome.CONVERTED]
    assert [e.what[0] for e in completed] == ["planned_re", "conditions", "first_phas"]


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
def test_residents_of_a_shapefile_have_their_whole_name(tmp_path: Path, encoding: str) -> None:
    county = {"unit_id": "411721", "name": "西平县", "residents": 612551}
    found, _ = read(shapefile(tmp_path, county, encoding, encoding), "counties")
    assert found[["name", "residents"]].to_numpy().tolist() == [["西平县", 612551]]


@pytest.mark.filterwarnings("ignore")
def test_cut_names_of_several_columns_are_asked_about_with_the_likely_ones(tmp_path: Path) -> None:
    county = {"unit_id": "411721", "name": "县", "residents": 9, "residents_3_5": 1,
              "residents_6_11": 2}  # fmt: skip
    path = shapefile(tmp_path, county, "UTF-8", "UTF-8")
    with pytest.raises(LayerError, match=r"residents_、resident_1.*residents_3_5"):
        read(path, "counties")
    school = {"school_id": "1", "name": "校", "enrolment_primary": 1, "enrolment_junior": 2}
    with pytest.raises(LayerError, match="enrolment_junior、enrolment_primary"):
        read(shapefile(tmp_path, school, "UTF-8", "UTF-8"), "schools")


@pytest.mark.filterwarnings("ignore")
def test_a_chinese_name_cut_inside_a_character_is_completed(tmp_path: Path) -> None:
    plot = {"项目名称": "甲", "规划居住人口": 12000, "规划户数": 3800, "首期交付日期": "2027-06-30"}
    frame, _ = read(shapefile(tmp_path, plot, "UTF-8", "UTF-8"), "residential_areas")
    assert frame["planned_residents"].tolist() == [12000]
    assert frame["first_phase_on"].tolist() == [dt.date(2027, 6, 30)]


RING = "114.0,33.0,0 114.005,33.0,0 114.005,33.005,0 114.0,33.005,0"
CLOSED = f"{RING} 114.0,33.0,0"


def polygon(ring: str) -> str:
    return (f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing>"
            "</outerBoundaryIs></Polygon>")  # fmt: skip


def kml(
    folder: Path, shape: str, *, encoding: str = "utf-8", said: str = "UTF-8", beside: str = ""
) -> Path:
    text = (
        f'<?xml version="1.0" encoding="{said}"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        "<Document><Placemark><name>甲苑</name><ExtendedData><Data name='规划人口'><value>12000"
        f"</value></Data></ExtendedData>{shape}</Placemark>{beside}</Document></kml>"
    )
    (folder / "plot.kml").write_bytes(text.encode(encoding))
    return folder / "plot.kml"


LABEL = "<Point><coordinates>114.002,33.002</coordinates></Point>"
LINE = f"<LineString><coordinates>{CLOSED}</coordinates></LineString>"
KMLS = {
    "plain": polygon(CLOSED),
    "label point": f"<MultiGeometry>{LABEL}{polygon(CLOSED)}</MultiGeometry>",
    "label line": f"<MultiGeometry>{polygon(CLOSED)}{LINE}</MultiGeometry>",
    "nested": f"<MultiGeometry>{LABEL}<MultiGeometry>{polygon(CLOSED)}{LABEL}</MultiGeometry>"
    "</MultiGeometry>",
    "unclosed ring": polygon(RING),
    "prefix that nothing declares": "<gx:altitudeMode>clampToSeaFloor</gx:altitudeMode>"
    + polygon(CLOSED),
    "closed line": LINE,
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KMLS))
@pytest.mark.parametrize(("encoding", "said"), [("utf-8", "UTF-8"), ("gb18030", "gb2312"),
                                                ("gb18030", "UTF-8")])  # fmt: skip
def test_the_polygon_of_a_kml_is_the_plot_whatever_stands_beside_it(
    tmp_path: Path, kind: str, encoding: str, said: str
) -> None:
    plots = read_plots(
        kml(tmp_path, KMLS[kind], encoding=encoding, said=said), working_crs="EPSG:4547"
    )
    (shape,) = plots.frame.geometry
    assert shapely.equals(shapely.force_2d(shapely.normalize(shape)), shapely.normalize(SHAPE))
    assert plots.frame[["name", "规划人口"]].to_numpy().tolist() == [["甲苑", "12000"]]
    if kind in {"label point", "label line", "nested", "unclosed ring"}:
        assert any(e.item is Item.SHAPE and e.what == ("甲苑",) for e in plots.account)


def drawing(folder: Path, layers: dict[str, list[Any]]) -> Path:
    rows = [(layer, line) for layer, lines in layers.items() for line in lines]
    frame = gpd.GeoDataFrame(
        {"Layer": [r[0] for r in rows]}, geometry=[r[1] for r in rows], crs=4547
    )
    (folder / "plot.dxf").unlink(missing_ok=True)
    pyogrio.write_dataframe(frame, folder / "plot.dxf", driver="DXF")
    return folder / "plot.dxf"


X, Y = 502000.0, 3653850.0
CORNERS = [(X, Y), (X + 400, Y), (X + 400, Y + 350), (X, Y + 350)]
HOUSES = [shapely.box(X + n, Y + 50, X + n + 30, Y + 70).exterior for n in (20, 80, 140)]
OUTLINE = shapely.LineString([*CORNERS, CORNERS[0]])
SIDES = [shapely.LineString([CORNERS[n], CORNERS[(n + 1) % 4]]) for n in range(4)]


@pytest.mark.parametrize(
    "layers",
    [{"0": [OUTLINE]}, {"0": [shapely.LineString([*CORNERS, (X + 0.002, Y)])]}, {"0": SIDES},
     {"用地红线": [OUTLINE], "建筑": HOUSES}, {"0": [OUTLINE, *HOUSES]},
     {"0": [*SIDES[:3], shapely.LineString([CORNERS[3], (X + 0.02, Y)])]},
     {"0": [OUTLINE], "注记": [shapely.Point(X, Y), shapely.LineString(CORNERS[:2])]}],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_the_plot_of_a_drawing_is_its_boundary_and_the_layers_are_listed(
    tmp_path: Path, layers: dict[str, list[Any]]
) -> None:
    plots = read_plots(drawing(tmp_path, layers), working_crs="EPSG:4547")
    assert plots.frame.geometry.area.round(-1).tolist() == [140000]
    listed = [name for e in plots.account if e.item is Item.LAYER for name in e.what]
    assert sorted(listed) == sorted(layers)


@pytest.mark.filterwarnings("ignore")
def test_a_drawing_with_an_open_boundary_or_several_layers_is_asked_about(tmp_path: Path) -> None:
    open_line = shapely.LineString([*CORNERS, (X + 0.5, Y)])
    with pytest.raises(ZmdLayoutError, match=r"0\.5 米"):
        read_plots(drawing(tmp_path, {"0": [open_line]}), working_crs="EPSG:4547")
    path = drawing(tmp_path, {"A": [OUTLINE], "B": HOUSES})
    with pytest.raises(ZmdLayoutError, match="A、B"):
        read_plots(path, working_crs="EPSG:4547")
    assert len(read_plots(path, working_crs="EPSG:4547", layer="A").frame) == 1


def geojson(folder: Path, properties: dict[str, Any]) -> Path:
    feature = {"type": "Feature", "properties": properties, "geometry": SHAPE.__geo_interface__}
    path = folder / "plot.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    return path


@pytest.mark.parametrize(
    "properties",
    [{"项目名称": "甲", "城乡属性": "城镇", "规划人口": "12000人", "总户数": "3,800户"},
     {"DKMC": "甲", "城乡类型": "城区", "RK": 12000, "HS": "3 800"},
     {"名称": "甲", "城乡分类": "主城区", "规划人口（万人）": 1.2, "规划户数（户）": "３８００"},
     {"name": "甲", "settlement": "urban", "planned_residents": "约1.2万人",
      "dwellings": "3800户"}],
)  # fmt: skip
def test_a_plot_is_read_as_people_write_it(tmp_path: Path, properties: dict[str, Any]) -> None:
    frame, _ = read(geojson(tmp_path, properties), "residential_areas")
    row = frame.iloc[0]
    assert (row["name"], row["settlement"]) == ("甲", "urban")
    assert (row["planned_residents"], row["dwellings"]) == (12000, 3800)


@pytest.mark.parametrize(
    ("word", "stage"),
    [
        ("方案", "scheme"),
        ("方案审查", "scheme"),
        ("规划条件", "conditions"),
        ("竣工验收", "acceptance"),
    ],
)
def test_stages_of_review_are_read_in_words(tmp_path: Path, word: str, stage: str) -> None:
    frame, _ = read(geojson(tmp_path, {"项目名称": "甲", "审查环节": word}), "residential_areas")
    assert frame["review_stage"].tolist() == [stage]


@pytest.mark.parametrize(
    ("cell", "classes"),
    [("幼儿园12班、小学24班", {"kindergarten": 12, "primary": 24}),
     ("配建一所幼儿园（9班）", {"kindergarten": 9}), ("九年一贯制学校36班", {"nine_year": 36}),
     ("小学24个班，初中18班", {"primary": 24, "junior": 18}), ("无", {})],
)  # fmt: skip
def test_promised_schools_are_read_in_words(
    tmp_path: Path, cell: str, classes: dict[str, int]
) -> None:
    frame, _ = read(geojson(tmp_path, {"项目名称": "甲", "配建学校": cell}), "residential_areas")
    assert {o["stage"]: o["classes"] for o in frame["schools"][0]} == classes


def test_a_list_of_plots_without_shapes_is_judged_by_its_people(tmp_path: Path) -> None:
    rows = [["2026年新建住宅项目一览表"],
            ["序号", "项目名称", "地块编号", "规划户数（户）", "规划人口（人）", "城乡属性",
             "配建幼儿园（班）",
             "配建小学（班）"],
            [1, "橡林花园", "A-1", "2200", "6050", "城区", 0, 0],
            [2, "置地悦府", "A-2", "4,000", "12800", "城区", 12, 24], ["合计"]]  # fmt: skip
    review = zmd_layout.review(book(tmp_path / "list.xlsx", 报审=rows), out=tmp_path / "out")
    found = review.findings.set_index(["rule_id", "unit_id"])["status"]
    assert found["kindergarten-planned-with-residential-area", "A-1"] == "shortfall"
    assert found["primary-per-new-residential-area", "A-2"] == "pass"
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    account = record["inputs"]["residential_areas"]["account"]
    assert any(line["item"] == "row" and line["outcome"] == "left_out" for line in account)
    assert (tmp_path / "out" / "opinion.docx").exists()


def test_a_boundary_that_touches_itself_is_a_plot_and_one_that_crosses_itself_is_none(
    tmp_path: Path,
) -> None:
    pinched = shapely.Polygon([(0, 0), (200, 0), (100, 80), (200, 160), (0, 160), (100, 80)])
    lobes = shapely.make_valid(pinched, method="structure").area
    crossed = shapely.Polygon([(0, 0), (200, 160), (200, 0), (0, 160)])
    for shape, is_plot in ((pinched, True), (crossed, False)):
        moved = shapely.affinity.translate(shape, 502000, 3653850)
        frame = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[moved], crs=4547)
        path = tmp_path / "plot.gpkg"
        path.unlink(missing_ok=True)
        pyogrio.write_dataframe(frame, path)
        if is_plot:
            review = zmd_layout.review(path)
            assert review.areas.geometry.area.tolist() == pytest.approx([lobes])
        else:
            with pytest.raises(ZmdLayoutError, match="甲"):
                zmd_layout.review(path)


def test_a_column_that_resembles_a_known_one_is_named_with_its_likely_meaning(
    tmp_path: Path,
) -> None:
    _, account = read(geojson(tmp_path, {"name": "甲", "规划居往人口": 12000, "容积率": 2}),
                      "residential_areas")  # fmt: skip
    told = {e.what: e.why for e in account.entries if e.outcome is Outcome.UNUSED}
    assert told[("规划居往人口",)].text("en").startswith("it resembles planned_residents")
    assert told[("容积率",)] is None


def test_several_layers_of_a_package_are_asked_about_and_tables_beside_are_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "d.gpkg"
    frame = gpd.GeoDataFrame({"unit_id": ["1"], "name": ["镇"]}, geometry=[SHAPE], crs=4326)
    pyogrio.write_dataframe(frame, path, layer="towns_2020")
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), path, layer="styles")
    assert read(path, "townships")[0]["name"].tolist() == ["镇"]
    pyogrio.write_dataframe(frame, path, layer="towns_2010")
    with pytest.raises(LayerError, match="towns_2020、towns_2010"):
        read(path, "townships")
    assert read(path, "townships", layer="towns_2010")[0]["name"].tolist() == ["镇"]


def test_no_message_about_a_file_alone_speaks_of_a_study_file() -> None:
    for room in ("layers", "crs", "roster", "formats", "review", "survey", "account"):
        texts = catalogue(room)
        for key, languages in texts.items():
            if "study.toml" in str(languages):
                assert f"{key}_alone" in texts or key in NEEDS_A_STUDY, key
            if key.endswith("_alone"):
                assert "study.toml" not in str(languages), key


# told of what a study file says only
NEEDS_A_STUDY = {
    "layers.no_such_name", "layers.no_such_column", "crs.plane_in_degrees",
    "crs.osm_declared", "crs.plane_elsewhere", "crs.plane_not_in_metres", "crs.plane_stretches",
}  # fmt: skip


@pytest.mark.parametrize("make", [
    lambda folder: geojson(folder, {"项目名称": "甲", "城乡属性": "不知道"}),
    lambda folder: geojson(folder, {"项目名称": "甲", "规划人口": "很多"}),
    lambda folder: geojson(folder, {"项目名称": "甲", "名称": "乙"}),
    lambda folder: book(
        folder / "a.xlsx", 甲=[["项目名称", "规划人口", "出让日期"], ["甲", 1]],
        乙=[["项目名称", "户数", "建设单位"], ["甲", 1]],
    ),
    lambda folder: book(folder / "a.xlsx", 甲=[]),
    lambda folder: folder / "nowhere.geojson",
])  # fmt: skip
def test_a_refused_file_of_a_review_is_named_and_no_study_file_is_spoken_of(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    result = CliRunner().invoke(main, ["review", str(path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "study.toml" not in result.output
    assert path.name in result.output.replace("\n", "")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no ../shared/cases beside the repo")
@pytest.mark.parametrize("folder", ["census-heads", "population-in-wan", "xlsx-dimension"])
def test_the_shared_censuses_hold_the_two_counties_with_their_people(folder: str) -> None:
    paths = sorted((SHARED / folder).glob("*/c.xlsx"))
    assert paths
    for path in paths:
        frame, _ = read(path, "census")
        assert people(frame) == EXPECTED, path


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no ../shared/cases beside the repo")
def test_the_shared_roster_of_two_counties_is_read_whole() -> None:
    path = SHARED / "roster" / "two_counties_two_sheets.xlsx"
    found = read_roster(path, LayerSource(path=path.name))
    assert found.frame["county_name"].value_counts().to_dict() == {"西平县": 67, "遂平县": 53}
