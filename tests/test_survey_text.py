from __future__ import annotations

import random

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from zmd_layout.errors import CrsError, LayerError, ZmdLayoutError
from zmd_layout.layers.sources.survey_text import SurveyText, read_survey_text
from zmd_layout.messages import Message

PLANE = "EPSG:4547"

HEAD = """[属性描述]
格式版本号=1.01
数据产生单位=示例测绘队
数据产生日期=2026-9-1
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=38
精度=0.001
转换参数=,,,,,,
[地块坐标]
"""
# 200 × 150 m without a hole of 50 × 40 m: 2.8 ha
PLOT = """10,2.8000,2026-01,示例地块一,面,,城镇住宅用地,0701,@
J1,1,3654000.000,38502000.000
J2,1,3654000.000,38502200.000
J3,1,3653850.000,38502200.000
J4,1,3653850.000,38502000.000
J1,1,3654000.000,38502000.000
J5,2,3653950.000,38502050.000
J6,2,3653950.000,38502100.000
J7,2,3653910.000,38502100.000
J8,2,3653910.000,38502050.000
J5,2,3653950.000,38502050.000
"""
SAMPLE = HEAD + PLOT
EXPECTED = shapely.box(502_000, 3_653_850, 502_200, 3_654_000) - shapely.box(
    502_050, 3_653_910, 502_100, 3_653_950
)


def read(text: str | bytes, *, working_crs: str = PLANE, encoding: str = "gbk") -> SurveyText:
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return read_survey_text(data, working_crs=working_crs, name="plots.txt")


def keys(messages: tuple[Message, ...]) -> list[str]:
    return [message.key for message in messages]


def refused(text: str | bytes, error: type[ZmdLayoutError] = LayerError) -> tuple[list[str], str]:
    """Give the keys of the messages and their text in both languages."""
    with pytest.raises(error) as caught:
        read(text)
    return keys(caught.value.messages), caught.value.text("zh") + "\n" + caught.value.text("en")


def plot(*rings: list[tuple[float, float]], area_ha: str = "", name: str = "甲") -> str:
    """Write a plot of rings (east, north), offsets in metres from a corner in the city."""
    lines = [f",{area_ha},1,{name},面,,,,@"]
    for number, ring in enumerate(rings, start=1):
        lines += [
            f"J{row},{number},{3_653_000 + north},{38_502_000 + east}"
            for row, (east, north) in enumerate([*ring, ring[0]], start=1)
        ]
    return "\n".join(lines) + "\n"


def square(east: float, north: float, side: float) -> list[tuple[float, float]]:
    return [(east, north), (east + side, north), (east + side, north + side), (east, north + side)]


# --- the standard form


def test_a_plot_with_a_hole_is_read_whole() -> None:
    survey = read(SAMPLE)
    assert survey.plots.crs == PLANE
    row = survey.plots.iloc[0]
    assert row.geometry.symmetric_difference(EXPECTED).area < 1e-3
    assert (row.plot_no, row["name"]) == ("2026-01", "示例地块一")
    assert (row.land_use, row.land_use_code, row.graphic_kind) == ("城镇住宅用地", "0701", "面")
    assert (row.stated_area_ha, row.area_m2) == (2.8, pytest.approx(28_000, abs=1e-3))
    assert survey.plots.map_sheet.isna().all()
    assert survey.plots.other_fields.isna().all()
    assert keys(survey.warnings) == ["survey.nested"]


def test_the_geometry_comes_in_the_working_crs_and_the_stated_area_is_compared_in_its_own() -> None:
    survey = read(SAMPLE, working_crs="EPSG:4548")
    assert survey.plots.crs == "EPSG:4548"
    assert survey.plots.to_crs(PLANE).geometry[0].symmetric_difference(EXPECTED).area < 1e-2
    assert survey.plots.area_m2[0] > 28_000 * 1.001
    assert keys(survey.warnings) == ["survey.nested"]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_usual_encodings_are_recognised(encoding: str, newline: str) -> None:
    survey = read(SAMPLE.replace("\n", newline), encoding=encoding)
    assert survey.plots["name"].tolist() == ["示例地块一"]
    assert survey.plots.geometry[0].symmetric_difference(EXPECTED).area < 1e-3


@pytest.mark.parametrize(
    "written",
    [
        SAMPLE.replace("[", "【").replace("]", "】").replace("=", "＝"),
        SAMPLE.replace("[", "［").replace("]", "］"),
        SAMPLE.replace(",", "\t"),
        SAMPLE.replace(",", ", \t"),
        SAMPLE.replace(",", "，").replace("@", "＠"),
        SAMPLE.replace("3654000.000", "３６５４０００．０００"),
        SAMPLE.replace("@\n", "@,,\n"),
        SAMPLE.replace("=", " = "),
        "\n\n" + SAMPLE.replace("\n", "  \n\n"),
        SAMPLE.replace("[地块坐标]", "[扩展信息]\n随便什么,1\n[地块坐标]"),
        SAMPLE.replace("带号=38\n", ""),
        SAMPLE.replace("精度=0.001", "精度=3"),
        SAMPLE.replace("2000国家大地坐标系", "CGCS2000"),
        SAMPLE.replace("2000国家大地坐标系", "国家2000大地坐标系"),
    ],
)
def test_local_habits_change_nothing(written: str) -> None:
    survey = read(written)
    assert survey.plots.geometry[0].symmetric_difference(EXPECTED).area < 1e-3
    assert survey.plots["name"].tolist() == ["示例地块一"]
    assert survey.plots.land_use_code.tolist() == ["0701"]
    assert keys(survey.warnings) == ["survey.nested"]


def test_more_fields_than_usual_are_kept_as_text() -> None:
    longer = SAMPLE.replace("0701,@", "0701,甲方,2026,备注,,@")
    row = read(longer).plots.iloc[0]
    assert row.land_use_code == "0701"
    assert row.other_fields == "甲方,2026,备注"


def test_fields_at_unknown_places_are_not_guessed() -> None:
    local = SAMPLE.replace("面,,城镇住宅用地,0701,@", "某镇,某村,0701,城镇住宅用地,面,备注,@")
    row = read(local).plots.iloc[0]
    assert (row.plot_no, row["name"]) == ("2026-01", "示例地块一")
    assert read(local).plots.land_use_code.isna().all()
    assert row.other_fields == "某镇,某村,0701,城镇住宅用地,面,备注"


def test_plots_keep_the_order_of_the_file() -> None:
    survey = read(HEAD + plot(square(0, 0, 10), name="乙") + plot(square(50, 0, 20), name="甲"))
    assert survey.plots["name"].tolist() == ["乙", "甲"]
    assert survey.plots.area_m2.tolist() == pytest.approx([100, 400], abs=1e-3)


def test_control_characters_do_not_reach_the_names() -> None:
    row = read(SAMPLE.replace("示例地块一", "示例\x07地块\x1b一")).plots.iloc[0]
    assert row["name"] == "示例地块一"


# --- columns and zones


def test_swapped_columns_are_read_by_their_size_and_said() -> None:
    lines = [line.split(",") for line in PLOT.splitlines()[1:]]
    swapped = "\n".join(f"{label},{ring},{y},{x}" for label, ring, x, y in lines)
    survey = read(HEAD + PLOT.splitlines()[0] + "\n" + swapped)
    assert survey.plots.geometry[0].symmetric_difference(EXPECTED).area < 1e-3
    assert keys(survey.warnings) == ["survey.swapped", "survey.nested"]


def test_columns_that_change_within_a_file_are_refused() -> None:
    mixed = SAMPLE.replace("J7,2,3653910.000,38502100.000", "J7,2,38502100.000,3653910.000")
    assert refused(mixed, CrsError)[0] == ["survey.columns_mixed"]


def test_the_zone_of_the_head_serves_where_the_eastings_have_none() -> None:
    survey = read(SAMPLE.replace(",38502", ",502"))
    assert survey.plots.geometry[0].symmetric_difference(EXPECTED).area < 1e-3
    assert keys(survey.warnings) == ["survey.zone_from_head", "survey.nested"]


def test_a_zone_that_is_nowhere_is_not_guessed() -> None:
    text = SAMPLE.replace(",38502", ",502").replace("带号=38\n", "")
    assert refused(text, CrsError)[0] == ["survey.zone_missing"]


def test_the_zone_of_the_head_must_agree_with_the_eastings() -> None:
    found, text = refused(SAMPLE.replace("带号=38", "带号=39"), CrsError)
    assert found == ["survey.zone_contradicts"]
    assert "38" in text
    assert "39" in text


@pytest.mark.parametrize("zone", ["24", "114", "0", "三十八", "3800"])
def test_a_number_that_is_no_zone_of_china_is_refused(zone: str) -> None:
    assert refused(SAMPLE.replace("带号=38", f"带号={zone}"), CrsError)[0] == [
        "survey.zone_unknown"
    ]


def test_two_zones_in_a_file_are_refused() -> None:
    mixed = SAMPLE.replace(",38502050", ",39502050")
    assert refused(mixed, CrsError)[0] == ["survey.zones_mixed"]


def test_a_6_degree_zone_lands_where_its_meridian_says() -> None:
    # zones 19 and 20 meet at 114°E; the meridian of zone 19 is 111°E, as that of the 3° zone 37
    text = SAMPLE.replace(",38502", ",19780").replace("带号=38", "带号=19")
    six = read(text.replace("几度分带=3", "几度分带=6"))
    three = read(SAMPLE.replace(",38502", ",37780").replace("带号=38", "带号=37"))
    assert six.plots.geometry[0].equals_exact(three.plots.geometry[0], 1e-6)
    assert shapely.get_x(six.plots.geometry[0].centroid) == pytest.approx(500_000, abs=3000)
    assert keys(six.warnings) == ["survey.nested"]
    assert keys(read(text).warnings) == ["survey.width", "survey.nested"]


# --- systems that are refused


@pytest.mark.parametrize(
    ("system", "key"),
    [
        ("80国家大地坐标系", "survey.datum_xian80"),
        ("1980西安坐标系", "survey.datum_xian80"),
        ("西安80", "survey.datum_xian80"),
        ("1954北京坐标系", "survey.datum_beijing54"),
        ("北京54", "survey.datum_beijing54"),
        ("驻马店地方独立坐标系", "survey.datum_local"),
        ("城市坐标系2000", "survey.datum_local"),
        ("WGS84", "survey.datum_unknown"),
        ("", "survey.datum_missing"),
    ],
)
def test_another_system_is_refused_and_the_message_says_what_to_ask_for(
    system: str, key: str
) -> None:
    found, text = refused(SAMPLE.replace("2000国家大地坐标系", system), CrsError)
    assert found == [key]
    assert "测绘单位" in text
    assert "CGCS2000" in text


def test_a_missing_system_is_no_cgcs2000() -> None:
    text = SAMPLE.replace("坐标系=2000国家大地坐标系\n", "")
    assert refused(text, CrsError)[0] == ["survey.datum_missing"]


def test_all_that_is_wrong_with_the_head_is_told_at_once() -> None:
    text = (
        SAMPLE.replace("2000国家大地坐标系", "西安80")
        .replace("高斯克吕格", "UTM")
        .replace("计量单位=米", "计量单位=公里")
        .replace("带号=38", "带号=39")
    )
    assert refused(text, CrsError)[0] == [
        "survey.datum_xian80",
        "survey.projection",
        "survey.unit",
        "survey.zone_contradicts",
    ]


def test_degrees_are_refused_as_degrees() -> None:
    text = HEAD + ",,1,甲,面,,,,@\nJ1,1,33.01,114.02\nJ2,1,33.01,114.03\nJ3,1,33.02,114.03\n"
    assert refused(text, CrsError)[0][0] == "survey.degrees"


def test_a_coordinate_that_lost_a_digit_is_refused_by_its_point() -> None:
    text = SAMPLE.replace("J7,2,3653910.000", "J7,2,365391.000")
    found, words = refused(text, CrsError)
    assert found == ["survey.columns_unclear"]
    assert "J7" in words


def test_parameters_of_a_conversion_are_not_applied_in_silence() -> None:
    assert "survey.conversion" in keys(read(SAMPLE.replace("=,,,,,,", "=1.5,,,,,,")).warnings)
    assert "survey.conversion" not in keys(read(SAMPLE.replace("=,,,,,,", "=0,0,0,0")).warnings)


# --- rings


def test_an_open_ring_is_closed_with_a_warning() -> None:
    text = SAMPLE.replace("J1,1,3654000.000,38502000.000\nJ5", "J5")
    survey = read(text)
    assert survey.plots.geometry[0].symmetric_difference(EXPECTED).area < 1e-3
    assert keys(survey.warnings) == ["survey.closed", "survey.nested"]


@pytest.mark.parametrize("stated", ["10", "8", ""])
def test_the_number_of_points_may_count_the_closing_ones_or_not(stated: str) -> None:
    assert keys(read(SAMPLE.replace("10,2.8", f"{stated},2.8")).warnings) == ["survey.nested"]


def test_a_wrong_number_of_points_is_a_warning() -> None:
    assert keys(read(SAMPLE.replace("10,2.8", "12,2.8")).warnings) == [
        "survey.count",
        "survey.nested",
    ]


def test_a_second_ring_outside_the_first_is_a_part() -> None:
    survey = read(HEAD + plot(square(0, 0, 10), square(50, 0, 10)))
    assert survey.plots.geometry[0].geom_type == "MultiPolygon"
    assert survey.plots.area_m2[0] == pytest.approx(200, abs=1e-3)


def test_an_island_in_a_hole_is_a_part() -> None:
    survey = read(HEAD + plot(square(40, 40, 20), square(0, 0, 100), square(20, 20, 60)))
    assert survey.plots.area_m2[0] == pytest.approx(100**2 - 60**2 + 20**2, abs=1e-2)
    assert dict(survey.warnings[0].args)["holes"] == 1


def test_a_hole_may_touch_its_border_and_parts_may_touch_each_other() -> None:
    notch = read(HEAD + plot(square(0, 0, 100), square(0, 20, 10)))
    assert notch.plots.area_m2[0] == pytest.approx(9900, abs=1e-2)
    neighbours = read(HEAD + plot(square(0, 0, 10), square(10, 0, 10)))
    assert neighbours.plots.area_m2[0] == pytest.approx(200, abs=1e-3)
    assert neighbours.plots.is_valid.all()


def test_rings_under_one_number_are_told_apart_where_they_close() -> None:
    survey = read(SAMPLE.replace(",2,365", ",1,365"))
    assert survey.plots.geometry[0].symmetric_difference(EXPECTED).area < 1e-3


@pytest.mark.parametrize("other", [square(5, 5, 10), square(0, 0, 10)])
def test_rings_that_overlap_in_part_or_repeat_each_other_are_refused(
    other: list[tuple[float, float]],
) -> None:
    assert refused(HEAD + plot(square(0, 0, 10), other))[0] == ["survey.rings_overlap"]


def test_a_bow_tie_is_refused_with_the_plot_and_its_points() -> None:
    bow_tie = [(0, 0), (10, 10), (10, 0), (0, 10)]
    found, text = refused(HEAD + plot(square(50, 50, 5)) + plot(bow_tie, name="蝴蝶地块"))
    assert found == ["survey.bow_tie"]
    assert "蝴蝶地块" in text
    assert "J1–J2" in text
    assert "J3–J4" in text


def test_a_line_encloses_nothing() -> None:
    text = HEAD + ",,1,甲,面,,,,@\nJ1,1,3654000,38502000\nJ2,1,3654000,38502200\n"
    assert refused(text)[0] == ["survey.few_corners"]
    collinear = HEAD + plot([(0, 0), (10, 0), (20, 0)])
    assert refused(collinear)[0] == ["survey.bow_tie"]


def test_the_faults_of_all_plots_are_told_at_once_up_to_a_number() -> None:
    bow_tie = [(0, 0), (10, 10), (10, 0), (0, 10)]
    found, text = refused(HEAD + "".join(plot(bow_tie, name=f"第{n}块") for n in range(25)))
    assert found == ["survey.bow_tie"] * 20 + ["survey.more_faults"]
    assert "5" in text.splitlines()[20]


# --- stated areas


@pytest.mark.parametrize(
    ("stated", "stated_ha", "key"),
    [
        ("2.8", 2.8, None),
        ("2.82", 2.82, None),
        ("2.9", 2.9, "survey.area_differs"),
        ("28000", 2.8, "survey.area_in_m2"),
        ("42", 2.8, "survey.area_in_mu"),
        ("", np.nan, None),
        ("约3公顷", np.nan, "survey.area_unreadable"),
        ("0", np.nan, "survey.area_unreadable"),
    ],
)
def test_the_stated_area_is_held_against_the_points(
    stated: str, stated_ha: float, key: str | None
) -> None:
    survey = read(SAMPLE.replace("2.8000", stated))
    assert survey.plots.stated_area_ha[0] == pytest.approx(stated_ha, nan_ok=True)
    assert keys(survey.warnings) == ["survey.nested", *([key] if key else [])]


# --- files that are none


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"AC1032\0\0\0\0", "survey.other_format"),
        (b"%PDF-1.7", "survey.other_format"),
        (b"PK\x03\x04\x14\0", "survey.other_format"),
        (b"", "survey.no_survey_text"),
        (b"\xff\xfe\xfd\xff\xff", "survey.not_text"),
        (b"J1,1,3654000\0.0,38502000.0", "survey.not_text"),
        (b"1,,502000.0,3654000.0,50.2\n2,,502100.0,3654000.0,50.1\n", "survey.no_survey_text"),
        (HEAD.encode("gbk"), "survey.no_plot"),
        ((HEAD + ",,1,甲,面,,,,@\n").encode("gbk"), "survey.no_points"),
    ],
)
def test_what_is_no_survey_text_is_refused_with_a_word_on_what_to_ask_for(
    data: bytes, key: str
) -> None:
    assert refused(data)[0] == [key]


def test_lines_that_cannot_be_read_are_told_by_their_numbers() -> None:
    broken = SAMPLE.replace("3653910.000,38502100.000", "nan,38502100.000").replace(
        "J3,1,", "J3;1;"
    )
    found, text = refused(broken)
    assert found == ["survey.bad_line", "survey.bad_line"]
    assert "16" in text
    assert "21" in text


def test_many_lines_that_cannot_be_read_are_told_up_to_a_number_and_counted() -> None:
    found, text = refused(SAMPLE + "第;一;行\n" * 30)
    told = found.count("survey.bad_line")
    assert found == ["survey.bad_line"] * told + ["survey.more_faults"]
    assert 0 < told < 30
    assert str(30 - told) in text.splitlines()[told]


def test_a_file_beyond_the_limits_is_refused_before_it_is_read() -> None:
    assert refused(b"J1,1,1,1\n" * 1_200_000)[0] == ["survey.too_large"]


def test_too_many_plots_points_or_rings_are_refused() -> None:
    assert refused(HEAD + ",,1,甲,面,,,,@\n" * 5001)[0] == ["survey.too_many_plots"]
    points = "J1,1,3654000,38502000\n" * 100_001
    assert refused(HEAD + ",,1,甲,面,,,,@\n" + points)[0] == ["survey.too_many_points"]
    assert refused("\n" * 350_000)[0] == ["survey.too_many_lines"]
    rings = [square(20 * n, 0, 10) for n in range(201)]
    assert refused(HEAD + plot(*rings))[0] == ["survey.too_many_rings"]


def test_a_long_line_does_not_come_back_in_the_message() -> None:
    _, text = refused(SAMPLE + "甲" * 100_000)
    assert len(text) < 1000


PIECES = ["", *"0123456789", ",", "@", "\n", "=", "[", "J9,1,", "38", "-", "西安", "9" * 40, "nan"]


def mutated(chance: random.Random, changes: int, encoding: str) -> bytes:
    """Change a few places of the sample, mostly by whole characters, now and then by bytes."""
    text = SAMPLE
    for _ in range(changes):
        start = chance.randrange(len(text))
        stop = start + chance.choice([0, 1, 1, 3, 30])
        text = text[:start] + chance.choice(PIECES) + text[stop:]
    data = bytearray(text.encode(encoding, errors="replace"))
    if chance.random() < 0.2:
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.sampled_from(["gbk", "utf-8"]))
@examples(40)
def test_no_mutation_of_a_file_raises_anything_but_our_own_errors(
    seed: int, changes: int, encoding: str
) -> None:
    try:
        survey = read(mutated(random.Random(seed), changes, encoding))  # noqa: S311 - a test
    except ZmdLayoutError as error:
        told = error.text("zh"), error.text("en")
        survey = None
    if survey is None:
        assert told[0] != told[1]
    else:
        assert survey.plots.is_valid.all()
        assert (survey.plots.area_m2 > 0).all()
        assert all(warning.text("zh") != warning.text("en") for warning in survey.warnings)
