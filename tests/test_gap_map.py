"""The gap map's page, read as a file: what it holds, what it refuses, what it never does."""

from __future__ import annotations

import base64
import colorsys
import hashlib
import json
import re
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from volumes import examples

from zmd_layout.errors import CrsError, OutputError
from zmd_layout.messages import Message, catalogue
from zmd_layout.outputs.gap_map import gap_map, names, palette, save
from zmd_layout.outputs.gap_map.context import encode_population, school_type
from zmd_layout.outputs.gap_map.geometry import encode_lines, round_degrees, simplify
from zmd_layout.outputs.gap_map.tables import encode_column, encode_table, plain
from zmd_layout.study import Name, Study
from zmd_layout.vocabulary import Lang

PAGE_FILES = Path(__file__).parents[1] / "zmd_layout" / "outputs" / "gap_map"
X, Y = 455_000.0, 3_660_000.0  # a place in the middle of the city, EPSG:4547
SIDE = 10_000.0


def square(column: int, row: int = 0, side: float = SIDE) -> shapely.Polygon:
    """Give a square of the study plane, `column` squares east and `row` north of the place."""
    west, south = X + column * SIDE, Y + row * SIDE
    return shapely.box(west, south, west + side, south + side)


FINDING = {
    "rule_id": "senior-new-per-county", "ruleset": "zhumadian-2022-49", "unit_kind": "county",
    "unit_id": "411721", "unit_name": "西县", "status": "shortfall", "strength": "duty",
    "addressee": "county", "relation": "at_least", "measured": 0.0, "required": 1.0, "gap": 1.0,
    "measure_unit": "school", "as_of": "2025-12-31", "due_on": "2025-12-31",
    "due_state": "due_unverified", "clause": "驻政〔2022〕49号 八", "basis": "clause",
    "sources": "schools 2025", "is_synthetic": False, "flags": "", "stability": "stable",
    "note_zh": "", "note_en": "", "geometry": square(0),
}  # fmt: skip


def findings_of(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    """Make findings, each of `FINDING` with what differs."""
    return gpd.GeoDataFrame([FINDING | row for row in rows], geometry="geometry", crs=4547)


def two_counties() -> gpd.GeoDataFrame:
    east = {"unit_id": "411722", "unit_name": "东县", "status": "pass", "geometry": square(1)}
    return findings_of({}, east)


def payload_of(chart: folium.Map) -> dict[str, Any]:
    """Read back what a page carries."""
    packed = re.search(r'id="zmd-data">([^<]*)</script>', chart.get_root().render())
    assert packed
    text = zlib.decompress(base64.b64decode(packed[1])).decode("utf-8")
    return dict(json.loads(text))


def column_of(table: dict[str, Any], name: str) -> list[Any]:
    """Decode a column as the page does."""
    column = table["columns"][name]
    if "v" in column:
        return list(column["v"])
    if "d" in column:
        return [column["d"][code] for code in column["i"]]
    return [column["c"]] * table["rows"]


def unit_column(chart: folium.Map, name: str) -> dict[str, Any]:
    table = payload_of(chart)["units"]["table"]
    return dict(zip(column_of(table, "id"), column_of(table, name), strict=True))


# ---- the page as a file ----


def test_a_map_is_a_folium_map_and_one_file(tmp_path: Path) -> None:
    chart = gap_map(two_counties())
    save(chart, tmp_path / "图 1.html")
    assert isinstance(chart, folium.Map)
    assert (tmp_path / "图 1.html").read_bytes().decode("utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in tmp_path.iterdir()] == ["图 1.html"]


def test_a_page_asks_nothing_of_any_other_place() -> None:
    html = gap_map(two_counties()).get_root().render()
    html = re.sub(r"[A-Za-z0-9+/]{80,}=*", "", html)  # packed data and pictures may spell anything
    for pattern in (r"<script[^>]+src=", r"<link[^>]+href=\"(?!data:)", r"\burl\((?!data:|#)",
                    "@import", "sourceMappingURL", "jquery", "bootstrap", "cdn"):  # fmt: skip
        assert not re.search(pattern, html), pattern


def test_the_same_findings_in_any_order_make_the_same_bytes() -> None:
    rows = two_counties()
    once = gap_map(rows).get_root().render()
    again = gap_map(rows.iloc[::-1]).get_root().render()
    assert once == again


def test_a_page_lets_only_its_own_scripts_run() -> None:
    chart = gap_map(two_counties())
    folium.Marker((33.0, 114.0)).add_to(chart)
    html = chart.get_root().render()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert "L.marker(" in scripts[-1]
    assert set(re.findall(r"sha256-([^&']+)", policy[1])) == hashes
    assert policy[1].startswith("default-src &#39;none&#39;")


def test_a_map_shows_in_a_notebook() -> None:
    assert "srcdoc=" in gap_map(two_counties())._repr_html_()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_opens_in_the_language_asked_for_and_holds_both(lang: str) -> None:
    chart = gap_map(two_counties(), lang=lang)
    html = chart.get_root().render()
    assert ("学校布局缺口图</h1>" in html) == (lang == "zh")
    assert set(payload_of(chart)["words"]) == {"zh", "en"}


# ---- strings of the data ----

NASTY = '</script><script>window.hacked=1</script><!--&"\u2028'


def test_markup_in_a_name_never_becomes_markup() -> None:
    study = Study(id="x", name=Name(zh=NASTY, en=NASTY), as_of="2025-12-31")
    html = gap_map(findings_of({"unit_name": NASTY}), study=study).get_root().render()
    assert "<script>window.hacked" not in html
    assert "&lt;script&gt;window.hacked" in html


def test_a_template_in_a_name_is_not_run() -> None:
    study = Study(id="x", name=Name(zh="{{ 6 * 7 }}市", en="x"), as_of="2025-12-31")
    html = gap_map(findings_of({"unit_name": "{% raw %}"}), study=study).get_root().render()
    assert "{{ 6 * 7 }}市" in html
    assert "42市" not in html


# ---- what is drawn how ----


@pytest.mark.parametrize(
    ("status", "strength", "expected"),
    [
        ("shortfall", "duty", "shortfall"),
        ("shortfall", "binding_target", "shortfall"),
        ("shortfall", "in_principle", "reason"),
        ("shortfall", "encouragement", "reported"),
        ("shortfall", "permission", "reported"),
        ("pass", "encouragement", "reported"),
        ("pass", "in_principle", "pass"),
        ("not_assessable", "in_principle", "not_assessable"),
        ("not_applicable", "permission", "not_applicable"),
    ],
)
def test_the_strength_of_a_clause_softens_the_mark(
    status: str, strength: str, expected: str
) -> None:
    assert palette.mark(status, strength) == expected


def test_only_what_was_checked_and_holds_is_green() -> None:
    greens = [
        mark
        for mark, style in palette.STYLES.items()
        for color in (style["fill"], style["symbol"])
        if 90 < hue_and_saturation(color)[0] < 200 and hue_and_saturation(color)[1] > 0.15
    ]
    assert set(greens) == {palette.Mark.PASS}


def test_each_mark_has_a_shape_of_its_own_and_only_the_unknown_is_hatched() -> None:
    shapes = [style["shape"] for style in palette.STYLES.values()]
    assert len(set(shapes)) == len(palette.Mark)
    assert [m for m, style in palette.STYLES.items() if "hatch" in style] == ["not_assessable"]


@pytest.mark.parametrize("eye", ["protan", "deutan", "tritan"])
def test_the_colour_blind_can_tell_the_fills_that_matter_apart(eye: str) -> None:
    fills = [palette.STYLES[m]["fill"] for m in palette.Mark if "hatch" not in palette.STYLES[m]]
    seen = [lab(DICHROMAT[eye] @ linear(fill)) for fill in fills]
    shortfall = seen[0]
    assert min(np.linalg.norm(shortfall - other) for other in seen[1:]) > 20


@pytest.mark.parametrize(
    "fills",
    [palette.STEPS, (palette.STABILITY["stable"], *palette.STABILITY["fills"])],
    ids=["shortfalls", "fragile verdicts"],
)
def test_steps_of_one_colour_darken_on_grey_paper(fills: tuple[str, ...]) -> None:
    lightness = [lab(linear(fill))[0] for fill in fills]
    assert np.all(np.diff(lightness) < -6)


def test_symbols_stand_out_on_paper() -> None:
    luminances = [linear(style["symbol"]) @ LUMINANCE for style in palette.STYLES.values()]
    assert min(1.05 / (luminance + 0.05) for luminance in luminances) > 4.5


LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB
DICHROMAT = {
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)  # fmt: skip


def channels(color: str) -> np.ndarray[Any, Any]:
    return np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def linear(color: str) -> np.ndarray[Any, Any]:
    value = channels(color)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    x, y, z = np.cbrt(np.clip(XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1, 1.089]), 1e-6, 1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def hue_and_saturation(color: str) -> tuple[float, float]:
    hue, saturation, _ = colorsys.rgb_to_hsv(*channels(color))
    return 360 * hue, saturation


# ---- units ----


def test_supply_keeps_its_order_on_grey_paper() -> None:
    fills = [*palette.SUPPLY.values(), *palette.SHORT]
    greys = [
        0.299 * int(fill[1:3], 16) + 0.587 * int(fill[3:5], 16) + 0.114 * int(fill[5:7], 16)
        for fill in fills
    ]
    assert all(light - dark > 10 for light, dark in pairwise(greys))


def test_a_unit_without_a_place_is_listed_and_not_drawn() -> None:
    chart = gap_map(findings_of({}, {"unit_id": "411723", "unit_name": "无图县", "geometry": None}))
    assert unit_column(chart, "x")["411721"] is not None
    assert unit_column(chart, "x")["411723"] is None
    assert unit_column(chart, "shape")["411723"] is None


def test_a_layer_lends_its_place_to_findings_that_have_none() -> None:
    counties = gpd.GeoDataFrame(
        {"unit_id": ["411721"], "name": ["西县"]}, geometry=[square(0)], crs=4547
    )
    chart = gap_map(findings_of({"geometry": None}), layers={"counties": counties})
    assert unit_column(chart, "shape")["411721"] is not None


def test_a_school_belongs_to_the_county_it_stands_in() -> None:
    middle = square(1).centroid
    school = {"unit_kind": "school", "unit_id": "S1", "unit_name": "校", "geometry": middle}
    chart = gap_map(pd.concat([two_counties(), findings_of(school)]))
    units = payload_of(chart)["units"]["table"]
    county = unit_column(chart, "county")["S1"]
    assert column_of(units, "name")[county] == "东县"


def test_a_township_belongs_to_the_county_of_its_digits_and_a_village_to_both() -> None:
    village = {"unit_kind": "village", "unit_id": "411722001003", "geometry": None}
    township = {"unit_kind": "township", "unit_id": "411722001", "geometry": None}
    chart = gap_map(pd.concat([two_counties(), findings_of(village, township)]))
    ids = list(unit_column(chart, "county"))
    assert ids[unit_column(chart, "county")["411722001"]] == "411722"
    assert ids[unit_column(chart, "county")["411722001003"]] == "411722"
    assert ids[unit_column(chart, "township")["411722001003"]] == "411722001"


@pytest.mark.parametrize("unit_id", ["甲镇", "411721101"])
def test_a_township_that_lies_in_a_county_belongs_to_it_whatever_its_id(unit_id: str) -> None:
    township = {"unit_kind": "township", "unit_id": unit_id, "geometry": square(1, side=5_000.0)}
    chart = gap_map(pd.concat([two_counties(), findings_of(township)]))
    ids = list(unit_column(chart, "county"))
    assert ids[unit_column(chart, "county")[unit_id]] == "411722"


def test_the_digits_of_a_school_say_nothing_of_its_county() -> None:
    school = {"unit_kind": "school", "unit_id": "411721101", "geometry": None}
    chart = gap_map(pd.concat([two_counties(), findings_of(school)]))
    assert unit_column(chart, "county")["411721101"] == -1


def test_what_lies_in_no_county_is_said_to_lie_in_none() -> None:
    far = {"unit_kind": "parcel", "unit_id": "P1", "geometry": square(9)}
    chart = gap_map(pd.concat([two_counties(), findings_of(far)]))
    assert unit_column(chart, "county")["P1"] == -1


def test_a_name_is_found_by_characters_initials_and_pinyin() -> None:
    assert names.search_key("泌阳县") == "泌阳县|byx|biyangxian"
    assert names.search_key("P01") == "p01"


def test_without_pypinyin_names_are_found_by_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "HAS_PINYIN", False)
    assert names.search_key.__wrapped__("泌阳县") == "泌阳县"


# ---- numbers ----


def test_unknown_numbers_stay_unknown_and_zero_stays_zero() -> None:
    unknown = {"unit_id": "411722", "measured": np.nan, "gap": pd.NA, "geometry": square(1)}
    table = payload_of(gap_map(findings_of({}, unknown)))["findings"]
    assert column_of(table, "measured") == [0, None]
    assert column_of(table, "gap") == [1, None]


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=4),
    st.floats(allow_nan=True, allow_infinity=True, width=32),
)  # fmt: skip


@given(st.lists(CELLS, min_size=1, max_size=30))
@examples(20)
def test_a_column_comes_back_as_it_was(values: list[Any]) -> None:
    decoded = column_of(encode_table({"name": values}), "name")
    wanted = [plain(value) for value in values]
    assert json.dumps(decoded) == json.dumps(wanted)


def test_a_repeated_value_is_stored_once() -> None:
    assert encode_column(["学"] * 1000) == {"c": "学"}
    assert encode_column(["a", "b"] * 500)["d"] == ["a", "b"]


def test_columns_of_unequal_length_are_no_table() -> None:
    with pytest.raises(ValueError, match="one length"):
        encode_table({"a": [1], "b": [1, 2]})


def test_dates_lose_the_hour_that_they_never_had() -> None:
    assert plain(pd.Timestamp("2025-12-31")) == "2025-12-31"
    assert plain(pd.NaT) is None


# ---- geometry ----


@given(
    st.lists(
        st.tuples(st.floats(113, 115), st.floats(32, 34)), min_size=2, max_size=12, unique=True
    )
)
@examples(20)
def test_a_line_comes_back_to_the_fifth_decimal(points: list[tuple[float, float]]) -> None:
    line = shapely.LineString(points)
    encoded = encode_lines(line)
    wanted = round_degrees(np.array(points))
    kept = wanted[np.concatenate(([True], np.any(np.diff(wanted, axis=0) != 0, axis=1)))]
    decoded = [np.cumsum(np.reshape(steps, (-1, 2)), axis=0) for steps in encoded]
    assert len(kept) == 1 or np.array_equal(decoded[0], kept)


def test_a_hole_is_kept() -> None:
    ring = shapely.box(114, 33, 114.1, 33.1) - shapely.box(114.04, 33.04, 114.06, 33.06)
    assert len(encode_lines(ring)) == 2


def test_neighbours_keep_their_common_border() -> None:
    steps = np.linspace(33, 33.2, 201)
    border = np.column_stack([114.1 + 0.0001 * (np.arange(201) % 2), steps])
    west = shapely.Polygon([(114, 33), *border, (114, 33.2)])
    east = shapely.Polygon([(114.2, 33), *border, (114.2, 33.2)])
    before = np.array([west, east], dtype=object)
    after = simplify(before, "county")
    assert shapely.get_num_coordinates(after).sum() < shapely.get_num_coordinates(before).sum() / 4
    assert shapely.area(shapely.intersection(*after)) == 0
    assert shapely.area(shapely.union_all(after)) == pytest.approx(0.2 * 0.2)


def test_overlapping_areas_are_simplified_each_by_itself() -> None:
    circle = shapely.Point(114, 33).buffer(0.05, quad_segs=200)
    other = shapely.Point(114.05, 33).buffer(0.05, quad_segs=200)
    after = simplify(np.array([circle, other], dtype=object), "county")
    assert shapely.is_valid(after).all()
    assert (shapely.get_num_coordinates(after) < 200).all()


@given(
    st.lists(
        st.tuples(st.floats(113, 115), st.floats(32, 34), st.integers(1, 5000)),
        min_size=1,
        max_size=20,
    )
)
@examples(15)
def test_no_resident_is_lost_in_the_squares(people: list[tuple[float, float, int]]) -> None:
    x, y, residents = zip(*people, strict=True)
    layer = gpd.GeoDataFrame({"residents": residents}, geometry=gpd.points_from_xy(x, y), crs=4326)
    assert sum(column_of(encode_population(layer)["table"], "residents")) == sum(residents)


def test_a_square_of_unknown_residents_is_not_an_empty_one() -> None:
    layer = gpd.GeoDataFrame(
        {"residents": [10.0, np.nan]}, geometry=gpd.points_from_xy([114, 115], [33, 33]), crs=4326
    )
    encoded = encode_population(layer)
    assert encoded["table"]["rows"] == 1
    assert encoded["unknown"] == 1


# ---- rules, schools, children, suggestions ----


def test_a_rule_is_shown_with_its_title_and_clause_and_an_unknown_one_under_its_id() -> None:
    own = {"rule_id": "our-primary-rule", "ruleset": "our-rules"}
    rules = {
        rule["id"]: rule for rule in payload_of(gap_map(findings_of({}, own)))["rules"]
    }  # fmt: skip
    assert rules["senior-new-per-county"]["title"]["zh"] == "县新建标准化普通高中"
    assert "60万人口以下的县" in rules["senior-new-per-county"]["clauses"][0]["text"]
    assert rules["our-primary-rule"]["title"]["en"] == "our-primary-rule"
    assert rules["our-primary-rule"]["stage"] == "primary"


@pytest.mark.parametrize(
    ("stages", "is_point", "expected"),
    [
        ("primary", False, "primary"),
        ("primary", True, "teaching_point"),
        ("primary;junior", False, "nine_year"),
        ("junior;senior", False, "complete_secondary"),
        ("kindergarten;senior", False, "several"),
        (None, False, "unknown"),
        ("", False, "unknown"),
    ],
)
def test_a_school_is_called_by_its_stages(stages: str, is_point: bool, expected: str) -> None:  # noqa: FBT001
    assert school_type(stages, is_teaching_point=is_point) == expected


def test_schools_point_to_the_unit_they_are() -> None:
    middle = square(0).centroid
    school = {"unit_kind": "school", "unit_id": "S1", "unit_name": "校", "geometry": middle}
    layer = gpd.GeoDataFrame(
        {"school_id": ["S2", "S1"], "name": ["乙", "校"], "stages": ["junior", "primary"]},
        geometry=[middle, middle],
        crs=4547,
    )
    payload = payload_of(gap_map(findings_of({}, school), layers={"schools": layer}))
    ids = column_of(payload["units"]["table"], "id")
    assert column_of(payload["schools"], "name") == ["校", "乙"]
    assert column_of(payload["schools"], "unit") == [ids.index("S1"), None]


def test_children_of_a_place_that_is_not_on_the_map_are_left_out_and_unknown_seats_stay() -> None:
    children = pd.DataFrame(
        {
            "unit_id": ["411721", "999999"], "stage": "primary", "year": 2025,
            "children": [100.0, 5.0], "seats": [np.nan, 5.0],
        }
    )  # fmt: skip
    table = payload_of(gap_map(two_counties(), layers={"children": children}))["children"]
    assert table["rows"] == 1
    assert column_of(table, "children") == [100]
    assert column_of(table, "seats") == [None]


def suggestions() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": ["N2", "N1"],
            "rank": [2, 1],
            "stage": "senior",
            "closes": ["no-such-rule@411721;senior-new-per-county@nowhere",
                       "senior-new-per-county@411721"],
            "is_synthetic": False,
        },
        geometry=[square(1).centroid, square(0).centroid],
        crs=4547,
    )  # fmt: skip


def test_a_suggestion_says_which_findings_it_closes() -> None:
    payload = payload_of(gap_map(two_counties(), suggestions=suggestions()))
    assert column_of(payload["suggestions"]["table"], "id") == ["N1", "N2"]
    assert payload["suggestions"]["closes"] == [[[0, 0]], []]


def test_a_catchment_goes_with_its_suggestion() -> None:
    line = shapely.LineString([square(0).centroid, square(1).centroid])
    layer = gpd.GeoDataFrame(
        {"suggestion_id": ["N2", "gone"]}, geometry=[line, square(1)], crs=4547
    )
    chart = gap_map(two_counties(), suggestions=suggestions(), layers={"catchments": layer})
    (catchment,) = payload_of(chart)["suggestions"]["catchments"]
    assert (catchment["suggestion"], catchment["is_area"]) == (1, False)


# ---- warnings ----


def test_made_up_data_is_announced_above_the_map_and_cannot_be_dismissed() -> None:
    html = gap_map(findings_of({"is_synthetic": True})).get_root().render()
    banner = re.search(r'<section id="zmd-warnings".*?</section>', html, re.DOTALL)
    assert banner
    assert "演示数据" in banner[0]
    assert "<button" not in banner[0]


def test_a_made_up_suggestion_announces_it_too() -> None:
    sites = suggestions().assign(is_synthetic=[True, False])
    assert payload_of(gap_map(two_counties(), suggestions=sites))["isSynthetic"]


def test_real_data_carry_no_warning() -> None:
    payload = payload_of(gap_map(two_counties()))
    assert not payload["isSynthetic"]
    assert payload["warnings"] == []


def test_after_the_plan_period_the_page_says_so() -> None:
    period = ("2021-01-01", "2025-12-31")
    name = Name(zh="某市", en="X")
    late = Study(id="x", name=name, as_of="2026-06-30", plan_period=period)
    in_time = Study(id="x", name=name, as_of="2025-12-31", plan_period=period)
    (warning,) = payload_of(gap_map(two_counties(), study=late))["warnings"]
    assert "2021—2025" in warning["zh"]
    assert payload_of(gap_map(two_counties(), study=in_time))["warnings"] == []


# ---- refusals ----


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(OutputError) as caught:
        gap_map(two_counties().drop(columns=["rule_id", "strength"]))
    assert "rule_id" in caught.value.text("en")
    assert "strength" in caught.value.text("zh")


def test_a_table_without_geometry_is_refused_with_the_way_out() -> None:
    with pytest.raises(OutputError, match="GeoDataFrame"):
        gap_map(pd.DataFrame(two_counties().drop(columns="geometry")))


def test_no_findings_are_no_map() -> None:
    with pytest.raises(OutputError):
        gap_map(two_counties().iloc[:0])


def test_a_layer_that_hides_its_crs_is_refused_by_name() -> None:
    land = gpd.GeoDataFrame({"parcel_id": ["P1"]}, geometry=[square(0)])
    with pytest.raises(CrsError, match="education_land"):
        gap_map(two_counties(), layers={"education_land": land})


# ---- which verdicts hold ----


def test_what_turns_a_fragile_verdict_is_told_apart_from_the_rest_of_its_note() -> None:
    turns = Message("stability.turned_by", names=[Message("stability.people_more", percent=2)])
    told = {f"note_{lang}": f"A note. {turns.text(lang)}" for lang in Lang}
    east = {"unit_id": "411722", "note_zh": "另有备注", "note_en": "Another note"}
    table = payload_of(gap_map(findings_of({"stability": "fragile"} | told, east)))["findings"]
    assert column_of(table, "turned_by_zh") == ["人口多 2%", ""]
    assert column_of(table, "turned_by_en") == ["2 % more people", ""]
    assert column_of(table, "note_en")[0].startswith("A note. Fragile")


def test_where_no_verdict_is_fragile_nothing_is_said_to_turn_one() -> None:
    for rows in (two_counties(), two_counties().drop(columns="stability")):
        columns = payload_of(gap_map(rows))["findings"]["columns"]
        assert "turned_by_zh" not in columns


# ---- texts ----


def test_every_text_that_the_page_asks_for_is_in_the_catalogue_and_none_is_idle() -> None:
    code = "\n".join(
        path.read_text("utf-8") for path in sorted(PAGE_FILES.rglob("*")) if path.is_file()
        and path.suffix in {".js", ".jinja", ".py"}
    )  # fmt: skip
    known = {key.removeprefix("gap_map.") for key in catalogue("gap_map")}
    asked = set(re.findall(r"zmd\.text\(\s*\"(\w+)\"", code))
    asked |= set(re.findall(r"(?:text|label)\('(\w+)'\)", code))
    assert sorted(asked - known) == []
    prefixes = tuple(
        set(re.findall(r"`(\w+_)\$\{", code)) | {"schooltype_", "action_", "stageshort_"}
    )
    quoted = set(re.findall(r"[\"'](?:gap_map\.)?(\w+)[\"']", code))
    idle = [key for key in known - asked - quoted if not key.startswith(prefixes)]
    assert sorted(idle) == []


def test_the_year_shown_first_is_that_of_the_assessment() -> None:
    assert payload_of(gap_map(two_counties()))["year"] == 2025
    assert payload_of(gap_map(two_counties().drop(columns="as_of")))["year"] is None


def test_words_out_of_the_vocabulary_are_named_with_those_that_are_in_it() -> None:
    with pytest.raises(OutputError) as caught:
        gap_map(findings_of({"status": "maybe"}, {"unit_kind": "planet"}))
    for word in ("maybe", "shortfall", "planet", "township"):
        assert word in caught.value.text("en")
