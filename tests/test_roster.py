"""Rosters of the education statistics as they really come, read from files."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from zmd_layout.crs import wgs84_to_bd09, wgs84_to_gcj02
from zmd_layout.errors import LayerError
from zmd_layout.layers.sources.roster import (
    Roster,
    check_list,
    is_roster,
    preview,
    read_roster,
    write_check_list,
)
from zmd_layout.study import LayerSource

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "学校（机构）标识码,学校（机构）名称,办学类型"


def read(tmp_path: Path, text: str, *, encoding: str = "gb18030", **declared: object) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding)
    return read_roster(path, LayerSource(path="roster.csv", **declared))


def read_cell(tmp_path: Path, head: str, cell: str, column: str, **declared: object) -> object:
    roster = read(tmp_path, f"{HEAD},{head}\n2141000001,水屯小学,211,{cell}\n", **declared)
    return roster.frame[column][0] if column in roster.frame else None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_roster_is_read_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    roster = read(tmp_path, f"{HEAD}\n2141000001,水屯小学,211\n", encoding=encoding)
    assert roster.frame["name"].tolist() == ["水屯小学"]
    assert roster.frame["stages"].tolist() == ["primary"]


def test_rows_that_are_no_schools_are_left_out_with_a_reason(tmp_path: Path) -> None:
    roster = read(
        tmp_path,
        "二〇二五年统计表,,\n" + HEAD + "\n甲,乙,丙\n确山县,,\n2141000001,水屯小学,211\n"
        "2141000002,其中小学,211\n,合计,\n2141000003,李庄驾校,931\n填表人：张三,,\n",
    )
    assert roster.frame["name"].tolist() == ["水屯小学"]
    keys = [skipped.reason.key for skipped in roster.report.skipped]
    assert "roster.row_total" in keys
    assert "roster.row_footer" in keys
    assert "roster.row_heading" in keys
    assert "stages.code_no_school" in keys
    assert roster.report.rows_read == roster.report.schools + len(roster.report.skipped)


def test_attached_classes_are_no_school_but_their_pupils_count(tmp_path: Path) -> None:
    roster = read(
        tmp_path,
        HEAD + ",在校生数\n2141000001,水屯小学,211,300\n2141000001,水屯小学,119,40\n"
        "2141000002,甲小学附设初中班,319,60\n",
    )
    rows = roster.frame.set_index("school_id")
    assert rows["stages"].to_dict() == {
        "2141000001": "primary", "2141000001-2": "kindergarten", "2141000002": "junior",
    }  # fmt: skip
    assert rows["is_teaching_point"].tolist() == [False, True, True]
    assert rows["enrolment"].tolist() == [300, 40, 60]


def test_a_county_in_a_merged_cell_or_a_heading_is_filled_down(tmp_path: Path) -> None:
    roster = read(
        tmp_path,
        "县（市、区）,学校名称,学校标识码,办学类型\n确山县,甲小学,1,211\n,乙小学,2,211\n西平县,丙小学,3,211\n",
    )
    assert roster.frame["county_name"].tolist() == ["确山县", "确山县", "西平县"]


def test_heads_of_two_rows_are_joined_and_merged_cells_are_filled(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["驻马店市学校基本情况"])
    sheet.append(["县（市、区）", "学校（机构）名称", "办学类型", "在校生数", None, "占地面积"])
    sheet.append([None, None, None, "合计", "小学", None])
    sheet.append([None, None, None, "（人）", "（人）", "（亩）"])
    sheet.append(["确山县", "甲学校", 312, 900, 500, 30])
    sheet.append([None, "乙小学", 211, 400, 400, 12])
    for cells in ("A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:F3", "A5:A6"):
        sheet.merge_cells(cells)
    path = tmp_path / "roster.xlsx"
    book.save(path)
    roster = read_roster(path, LayerSource(path="roster.xlsx"))
    assert roster.frame["enrolment"].tolist() == [900, 400]
    assert roster.frame["enrolment_primary"].tolist() == [500, 400]
    assert roster.frame["county_name"].tolist() == ["确山县", "确山县"]
    assert roster.frame["site_area_m2"].tolist() == pytest.approx([20000, 8000])
    assert roster.frame["stages"].tolist() == ["primary;junior", "primary"]


def test_two_columns_for_one_field_are_asked_about_with_the_line_to_write(tmp_path: Path) -> None:
    text = "学校标识码,学校名称,单位名称,办学类型\n1,甲小学,乙,211\n"
    with pytest.raises(LayerError) as caught:
        read(tmp_path, text)
    assert 'columns = {name = "学校名称"}' in caught.value.text("zh")
    assert 'columns = {name = "单位名称"}' in caught.value.text("en")
    roster = read(tmp_path, text, columns={"name": "单位名称"})
    assert roster.frame["name"].tolist() == ["乙"]


def test_all_faults_of_the_head_come_in_one_error(tmp_path: Path) -> None:
    text = "标识码,学校代码,学校名称,单位名称,办学类型\n1,1,甲小学,乙,211\n"
    with pytest.raises(LayerError) as caught:
        read(tmp_path, text, columns={"seats": "学位"})
    assert len(caught.value.messages) == 3


def test_a_file_without_names_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="columns"):
        read(tmp_path, "学校标识码,办学类型,班数\n1,211,3\n")


def test_ids_that_a_spreadsheet_shortened_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=r"2\.14E\+09"):
        read(tmp_path, f"{HEAD}\n2.14E+09,水屯小学,211\n")


def test_an_id_is_text_and_keeps_its_zeros(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD}\n0141000001,水屯小学,211.0\n")
    assert roster.frame["school_id"].tolist() == ["0141000001"]
    assert roster.frame["level_code"].tolist() == ["211"]


@pytest.mark.parametrize(
    ("head", "cell", "area"),
    [("占地面积（亩）", "3", 2000), ("占地面积", "3亩", 2000), ("占地面积（平方米）", "2000", 2000),
     ("占地面积", '"20,000"', 20000), ("占地", "—", None)],
)  # fmt: skip
def test_an_area_in_mu_becomes_square_metres(
    tmp_path: Path, head: str, cell: str, area: float | None
) -> None:
    assert read_cell(tmp_path, head, cell, "site_area_m2") == (
        None if area is None else pytest.approx(area)
    )


@pytest.mark.parametrize(
    ("cell", "day"),
    [("2023-09-01", dt.date(2023, 9, 1)), ("2023.9", dt.date(2023, 9, 1)),
     ("2023.10", dt.date(2023, 10, 1)), ("2023年秋", dt.date(2023, 9, 1)),
     ("2023年9月", dt.date(2023, 9, 1)), ("45170", dt.date(2023, 9, 1)),
     ("202309", dt.date(2023, 9, 1)), ("2023", dt.date(2023, 9, 1)), ("去年", None),
     ("2023.13", None)],
)  # fmt: skip
def test_days_come_in_many_forms(tmp_path: Path, cell: str, day: dt.date | None) -> None:
    assert read_cell(tmp_path, "投用时间", cell, "opens_on") == day


def test_a_year_alone_is_put_on_the_list_of_doubtful_rows(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD},投用时间\n1,水屯小学,211,2023\n")
    assert [doubt.reason.key for doubt in roster.report.doubtful] == ["roster.year_alone"]


def test_degrees_minutes_and_seconds_are_degrees(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD},经度,纬度\n1,水屯小学,211,114°01′30″,33度0分36秒\n")
    point = roster.frame.geometry[0]
    assert (point.x, point.y) == pytest.approx((114.025, 33.01))


@pytest.mark.parametrize(
    ("blank_means", "enrolment"), [("zero", 0.0), ("unknown", None)]
)  # fmt: skip
def test_a_blank_means_what_the_study_says(
    tmp_path: Path, blank_means: str, enrolment: float | None
) -> None:
    assert read_cell(tmp_path, "在校生数", "—", "enrolment", blank_means=blank_means) == enrolment


@pytest.mark.parametrize(
    ("cell", "words"),
    [("教育部门", "public"), ("民办", "private"), ("普惠性民办", "inclusive_private"),
     ("非营利性民办", "private"), ("营利性民办", "for_profit"), ("村集体", "public"),
     ("公建民营", None)],
)  # fmt: skip
def test_owners_become_our_words_and_the_unsure_stay_unknown(
    tmp_path: Path, cell: str, words: str | None
) -> None:
    assert read_cell(tmp_path, "举办者", cell, "ownership") == words


def test_a_recognised_private_kindergarten_is_inclusive(tmp_path: Path) -> None:
    roster = read(
        tmp_path,
        f"{HEAD},公办/民办,是否普惠\n1,甲幼儿园,111,民办,是\n2,乙幼儿园,111,民办,否\n",
    )
    assert roster.frame["ownership"].tolist() == ["inclusive_private", "private"]


def test_the_study_translates_codes_that_no_one_else_knows(tmp_path: Path) -> None:
    values = {"ownership": {"831": "public"}}
    assert read_cell(tmp_path, "举办者", "831", "ownership", values=values) == "public"


@pytest.mark.parametrize(
    ("code", "settlement"),
    [("111", "urban"), ("121", "town"), ("220", "rural"), ("镇中心区", "town")],
)
def test_settlement_codes_become_our_words(tmp_path: Path, code: str, settlement: str) -> None:
    assert read_cell(tmp_path, "驻地城乡类型", code, "settlement") == settlement


@pytest.mark.parametrize(
    ("heads", "counts", "large"),
    [
        ("46—55人,56—65人,66人及以上", "3,2,1", 3),
        ("46-55人,56人及以上", "3,2", 2),
        ("51—60人,61人及以上", "1,2", None),
        ("51—60人,61人及以上", "0,2", 2),
        ("46—55人,56—65人", "3,2", None),
        ("46—55人,56—65人,66人及以上", "3,,1", None),
    ],
)
def test_bands_of_class_sizes_tell_large_classes_only_where_they_allow_it(
    tmp_path: Path, heads: str, counts: str, large: float | None
) -> None:
    roster = read(tmp_path, f"{HEAD},{heads}\n1,水屯小学,211,{counts}\n")
    found = roster.frame.get("classes_of_56_and_more")
    assert (None if found is None else found[0]) == large


@pytest.mark.parametrize("head", ["（" + " " * 50_000, "9" * 50_000, "[单位:" * 10_000])
def test_a_head_without_end_is_no_field_and_keeps_nobody_waiting(tmp_path: Path, head: str) -> None:
    roster = read(tmp_path, f"{HEAD},{head}\n1,水屯小学,211,3\n")  # the square of it takes hours
    assert roster.frame["name"].tolist() == ["水屯小学"]
    assert len(roster.frame.columns) == len(
        read(tmp_path, f"{HEAD},x\n1,水屯小学,211,3\n").frame.columns
    )


def test_very_large_classes_beside_large_ones_leave_the_sum_open(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD},大班额班数,超大班额班数\n1,水屯小学,211,3,1\n")
    assert "classes_of_56_and_more" not in roster.frame
    assert [doubt.reason.key for doubt in roster.report.doubtful] == ["roster.large_classes"]


def test_rows_of_another_datum_come_into_the_declared_one(tmp_path: Path) -> None:
    lon, lat = (float(v[0]) for v in wgs84_to_gcj02([114.0], [33.0]))
    bd = [float(v[0]) for v in wgs84_to_bd09([114.0], [33.0])]
    roster = read(
        tmp_path,
        f"{HEAD},经度,纬度,坐标系\n1,甲小学,211,{lon},{lat},高德\n2,乙小学,211,{bd[0]},{bd[1]},百度\n"
        f"3,丙小学,211,{lon},{lat},\n",
        coordinates="gcj02",
    )
    assert np.allclose(roster.frame.geometry.x, lon, atol=1e-6)
    assert np.allclose(roster.frame.geometry.y, lat, atol=1e-6)


def test_rows_that_tell_a_datum_need_a_declared_one_of_degrees(tmp_path: Path) -> None:
    text = f"{HEAD},经度,纬度,坐标系\n1,甲小学,211,114,33,百度\n"
    with pytest.raises(LayerError, match="bd09"):
        read(tmp_path, text, coordinates="EPSG:4547")


def test_an_ambiguous_name_stays_ambiguous_with_what_it_may_be(tmp_path: Path) -> None:
    roster = read(tmp_path, "学校标识码,学校名称,班数\n1,水屯镇中学,12\n")
    assert roster.frame["possible_stages"].tolist() == ["junior;senior"]
    assert "stages" not in roster.frame
    assert roster.frame["is_stage_ambiguous"].tolist() == [True]
    assert roster.report.ambiguous == 1


def test_a_teaching_point_is_marked_and_kept(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD}\n1,李庄小学,218\n2,张庄教学点,\n")
    assert roster.frame["is_teaching_point"].tolist() == [True, True]


def test_one_school_in_two_rows_is_merged_and_contradictions_are_told(tmp_path: Path) -> None:
    roster = read(
        tmp_path, f"{HEAD},在校生数,班数\n1,水屯小学,211,300,\n1,水屯小学（东校区）,211,320,8\n"
    )
    assert len(roster.frame) == 1
    assert roster.frame["enrolment"].tolist() == [320]
    assert [doubt.reason.key for doubt in roster.report.doubtful] == ["roster.doubles_differ"]


def test_one_id_under_two_names_stays_two_schools(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD}\n1,水屯小学,211\n1,老河小学,211\n")
    assert sorted(roster.frame["school_id"]) == ["1", "1-2"]


def test_schools_of_one_name_without_ids_and_places_stay_apart(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD}\n,实验小学,211\n,实验小学,211\n")
    assert len(roster.frame) == 2
    assert roster.frame["school_id"].is_unique


def test_the_list_to_check_is_a_workbook_without_formulas(tmp_path: Path) -> None:
    roster = read(tmp_path, f"{HEAD},举办者\n1,=1+1小学,211,=cmd()\n")
    path = write_check_list(roster.report, tmp_path / "list.xlsx")
    sheet = openpyxl.load_workbook(path).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert sheet.max_row == len(check_list(roster.report)) + 1


def test_the_preview_names_the_column_of_each_field_and_the_heads_it_does_not_know(
    tmp_path: Path,
) -> None:
    roster = read(tmp_path, f"{HEAD},神秘列\n1,水屯小学,211,x\n")
    table = preview(roster.report)
    assert table.set_index("field")["column"]["name"] == "学校（机构）名称"
    assert "神秘列" in table["column"].tolist()


def test_a_table_of_our_own_columns_is_no_roster(tmp_path: Path) -> None:
    path = tmp_path / "schools.csv"
    path.write_text("school_id,name,stages,x,y\n1,a,primary,114,33\n", "utf-8")
    assert not is_roster(path, LayerSource(path="schools.csv"))
    path.write_text(f"{HEAD}\n1,水屯小学,211\n", "utf-8")
    assert is_roster(path, LayerSource(path="schools.csv"))


ROWS = [f"214100000{n},第{n}小学,211,{100 * n}" for n in range(1, 7)]


@examples(15)
@given(order=st.permutations(ROWS), doubled=st.integers(0, 5))
def test_the_order_of_rows_and_doubles_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], doubled: int
) -> None:
    folder = tmp_path_factory.mktemp("roster")
    head = f"{HEAD},在校生数\n"
    plain = read(folder, head + "\n".join(ROWS)).frame
    mixed = read(folder, head + "\n".join([*order, order[doubled]])).frame
    assert mixed.sort_values("school_id", ignore_index=True).equals(plain)
