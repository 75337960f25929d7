from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from placing import CENTRE_M, PLANE, check, placed_as, points_in_area, refusal, written_as
from volumes import examples

from zmd_layout.crs import (
    Coordinates,
    Datum,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    geometry_to_plane,
    parse_coordinates,
    require_plane,
    shift_note,
    to_plane,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
    working_plane,
)
from zmd_layout.errors import CrsError

CENTRE = (114.0216, 33.0108)  # 驻马店
METRES_PER_DEGREE = 111_320
SHARED = Path(__file__).parents[1].parent / "shared"

longitudes = st.floats(73.8, 134.9)
latitudes = st.floats(4.0, 53.4)
seeds = st.integers(0, 2**32 - 1)


# --- the shifts


def test_the_shifts_give_the_published_example() -> None:
    # printed by coordtransform for 116.404, 39.915
    assert wgs84_to_gcj02(116.404, 39.915) == pytest.approx(
        (116.41024449916938, 39.91640428150164), abs=1e-12
    )
    assert gcj02_to_bd09(116.404, 39.915) == pytest.approx(
        (116.41036949371029, 39.92133699351021), abs=1e-12
    )


@given(longitudes, latitudes)
@examples(25)
def test_the_inverses_are_exact_to_a_micrometre(lon: float, lat: float) -> None:
    for there, back in (
        (wgs84_to_gcj02, gcj02_to_wgs84),
        (gcj02_to_bd09, bd09_to_gcj02),
        (wgs84_to_bd09, bd09_to_wgs84),
    ):
        error_m = np.subtract(back(*there(lon, lat)), (lon, lat)) * METRES_PER_DEGREE
        assert np.abs(error_m).max() < 1e-6


def test_nothing_is_shifted_to_gcj02_outside_china() -> None:
    lon, lat = np.array([-15.4, 139.7, 100.0]), np.array([28.1, 35.7, 60.0])
    for shift in (wgs84_to_gcj02, gcj02_to_wgs84):
        assert np.array_equal(shift(lon, lat), (lon, lat))


def test_an_unknown_place_stays_unknown_and_disturbs_no_other() -> None:
    lon, lat = np.array([np.nan, 114.0, CENTRE[0]]), np.array([33.0, np.nan, CENTRE[1]])
    for declared in ("wgs84", "cgcs2000", "gcj02", "bd09"):
        x_m, y_m = placed_as(lon, lat, declared)
        assert np.isnan(x_m[:2]).all()
        assert np.isnan(y_m[:2]).all()
        alone = placed_as(lon[2:], lat[2:], declared)
        assert (x_m[2], y_m[2]) == (alone[0][0], alone[1][0])


@pytest.mark.parametrize(
    ("declared", "least_m", "most_m", "bearing"),
    [("gcj02", 529, 631, 110), ("bd09", 1170, 1311, 68)],
)
def test_the_shifts_in_zhumadian_are_those_of_the_standards(
    declared: str, least_m: float, most_m: float, bearing: float
) -> None:
    x_m, y_m = placed_as(*written_as(points_in_area(500), "wgs84"), declared)
    east_m, north_m = points_in_area(500)[:, 0] - x_m, points_in_area(500)[:, 1] - y_m
    distance_m = np.hypot(east_m, north_m)
    assert least_m - 5 < distance_m.min()
    assert distance_m.max() < most_m + 5
    assert np.degrees(np.arctan2(east_m.mean(), north_m.mean())) == pytest.approx(bearing, abs=3)


# --- declarations and planes


@pytest.mark.parametrize("spelling", ["gcj02", "GCJ-02", "gcj_02", "ＧＣＪ０２"])
def test_a_declaration_may_be_spelt_in_the_usual_ways(spelling: str) -> None:
    assert parse_coordinates(spelling) == Coordinates(Datum.GCJ02, 4326)


def test_an_epsg_code_is_a_declaration() -> None:
    coordinates = parse_coordinates("epsg: 2333")
    assert coordinates.declared == str(coordinates) == "EPSG:2333"
    assert not coordinates.is_geographic
    assert parse_coordinates("cgcs2000").is_geographic


@pytest.mark.parametrize("declared", ["", "4547", "gps", "mercator", "EPSG:", "EPSG:4547;DROP"])
def test_what_is_no_declaration_is_refused_and_the_accepted_forms_named(declared: str) -> None:
    keys, text = refusal(parse_coordinates, declared)
    assert keys == ["crs.undeclared"]
    assert text.count("wgs84, cgcs2000, gcj02, bd09, EPSG:n") == 2


def test_a_code_outside_the_register_is_refused() -> None:
    assert refusal(parse_coordinates, "EPSG:99999")[0] == ["crs.unknown_code"]


@pytest.mark.parametrize("height_or_space", ["EPSG:5773", "EPSG:4979", "EPSG:4978"])
def test_a_crs_that_is_not_two_dimensional_is_refused(height_or_space: str) -> None:
    assert refusal(parse_coordinates, height_or_space)[0] == ["crs.not_horizontal"]


@pytest.mark.parametrize(
    ("working_crs", "key"),
    [
        ("EPSG:3857", "crs.plane_stretches"),
        ("EPSG:3395", "crs.plane_stretches"),
        ("EPSG:4326", "crs.plane_in_degrees"),
        ("EPSG:4490", "crs.plane_in_degrees"),
        ("EPSG:2225", "crs.plane_not_in_metres"),
    ],
)
def test_a_plane_that_cannot_measure_metres_is_refused(working_crs: str, key: str) -> None:
    assert refusal(working_plane, working_crs)[0] == [key]
    refused = refusal(
        to_plane, [114.0], [33.0], coordinates=parse_coordinates("wgs84"), working_crs=working_crs
    )
    assert refused[0] == [key]


def test_the_city_centre_stands_where_the_standards_say() -> None:
    for declared in ("wgs84", "cgcs2000"):
        assert placed_as(*CENTRE, declared) == pytest.approx(CENTRE_M, abs=1)


def test_a_layer_in_another_crs_is_refused_by_name() -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(*CENTRE_M)], crs=PLANE)
    require_plane(frame, PLANE, "schools")
    keys, text = refusal(require_plane, frame.to_crs(4326), PLANE, "schools")
    assert keys == ["crs.another"]
    assert "schools" in text
    unplaced = gpd.GeoDataFrame(geometry=[shapely.Point(*CENTRE_M)])
    assert refusal(require_plane, unplaced, PLANE, "schools")[0] == ["crs.none"]


@given(
    st.sampled_from(["wgs84", "cgcs2000", "gcj02", "bd09", "EPSG:4547", "EPSG:4526", "EPSG:2333"]),
    seeds,
)
@examples(20)
def test_writing_as_declared_undoes_reading(declared: str, seed: int) -> None:
    points_m = points_in_area(20, seed=seed)
    x_m, y_m = placed_as(*written_as(points_m, declared), declared)
    assert np.abs(np.column_stack((x_m, y_m)) - points_m).max() < 1e-3


def test_a_geometry_is_moved_whole_and_loses_its_height() -> None:
    with_hole = shapely.from_wkt(
        "POLYGON Z ((114 33 5, 114.01 33 5, 114.01 33.01 5, 114 33 5),"
        " (114.005 33.001 5, 114.008 33.001 5, 114.008 33.003 5, 114.005 33.001 5))"
    )
    lines = shapely.MultiLineString([[(114, 33), (114.1, 33)], [(114, 33.1), (114.1, 33.1)]])
    series = gpd.GeoSeries([with_hole, None, lines], index=["a", "b", "c"], crs=4326, name="g")
    moved = geometry_to_plane(series, coordinates=parse_coordinates("bd09"), working_crs=PLANE)
    assert list(moved.index) == ["a", "b", "c"]
    assert moved.crs == PLANE
    assert moved["b"] is None
    assert not moved["a"].has_z
    assert len(moved["a"].interiors) == 1
    corner = placed_as(114.0, 33.0, "bd09")
    assert np.array_equal(moved["a"].exterior.coords[0], corner)
    assert np.array_equal(moved["c"].geoms[0].coords[0], corner)


def test_no_shift_is_claimed_where_the_datums_have_no_public_parameters() -> None:
    note = shift_note(parse_coordinates("EPSG:2333"), working_crs=PLANE)
    assert note is not None
    assert note.key == "crs.shift_not_applied"
    assert "Xian 1980" in note.text("en")
    for without_note in ("wgs84", "cgcs2000", "gcj02", "bd09", "EPSG:4547", "EPSG:32649"):
        assert shift_note(parse_coordinates(without_note), working_crs=PLANE) is None


# --- what the file itself says


def test_a_file_that_says_another_projection_contradicts_the_declaration() -> None:
    series = gpd.GeoSeries([shapely.Point(*CENTRE_M)], crs="EPSG:4548")
    for declared in ("EPSG:4547", "wgs84"):
        keys, text = refusal(
            geometry_to_plane,
            series,
            coordinates=parse_coordinates(declared),
            working_crs=PLANE,
            name="villages",
        )
        assert keys == ["crs.file_contradicts"]
        assert "EPSG:4548" in text


@pytest.mark.parametrize("label", ["EPSG:4326", "OGC:CRS84", "EPSG:4490", None])
def test_a_default_label_of_degrees_contradicts_nothing(label: str | None) -> None:
    series = gpd.GeoSeries([shapely.Point(*CENTRE_M)], crs=label)
    coordinates = parse_coordinates("EPSG:4547")
    moved = geometry_to_plane(series, coordinates=coordinates, working_crs=PLANE)
    assert moved.iloc[0].coords[0] == pytest.approx(CENTRE_M)


def test_a_prj_in_the_words_of_another_program_is_understood() -> None:
    prj = pyproj.CRS("EPSG:4547").to_wkt("WKT1_ESRI")
    series = gpd.GeoSeries([shapely.Point(*CENTRE_M)], crs=prj)
    for declared in ("EPSG:4547", "EPSG:4526"):
        moved = geometry_to_plane(
            series, coordinates=parse_coordinates(declared), working_crs=PLANE
        )
        assert moved.iloc[0].coords[0] == pytest.approx(CENTRE_M)


def test_degrees_of_another_datum_contradict_a_declaration() -> None:
    series = gpd.GeoSeries([shapely.Point(*CENTRE)], crs="EPSG:4214")
    refused = refusal(
        geometry_to_plane, series, coordinates=parse_coordinates("wgs84"), working_crs=PLANE
    )
    assert refused[0] == ["crs.file_contradicts"]


# --- zones in front of the eastings


@pytest.mark.parametrize("declared", ["EPSG:4547", "EPSG:4526"])
@pytest.mark.parametrize("easting", [502_018.0, 38_502_018.0])
def test_the_zone_may_stand_in_front_or_not(declared: str, easting: float) -> None:
    placed = placed_as([easting], [3_653_946.0], declared)
    assert np.allclose(placed, [[502_018.0], [3_653_946.0]], rtol=0, atol=1e-6)


def test_a_note_tells_that_the_zone_was_taken_off_or_added() -> None:
    x, y = points_in_area(10).T
    assert [note.key for note in check(x + 38e6, y, "EPSG:4547").notes] == ["crs.prefix_stripped"]
    assert [note.key for note in check(x, y, "EPSG:4526").notes] == ["crs.prefix_added"]
    assert check(x, y, "EPSG:4547").notes == ()


def test_a_zone_number_of_6_degrees_fits_a_crs_with_its_meridian() -> None:
    # 111°E is the middle of the 6° zone 19 and of the 3° zone 37
    x_m, y_m = placed_as([19_780_000.0], [3_660_000.0], "EPSG:4546")
    expected = placed_as([780_000.0], [3_660_000.0], "EPSG:4546")
    assert (x_m, y_m) == expected


def test_eastings_of_another_zone_are_refused_with_the_zone_and_the_way_out() -> None:
    x, y = points_in_area(10).T
    keys, text = refusal(placed_as, x + 39e6, y, "EPSG:4547")
    assert keys == ["crs.wrong_zone"]
    assert "39" in text
    assert "38" in text
    assert text.count("EPSG:4527") == 2


# --- numbers that contradict their declaration


def test_swapped_degrees_are_refused() -> None:
    lon, lat = written_as(points_in_area(10), "wgs84")
    assert refusal(placed_as, lat, lon, "gcj02")[0] == ["crs.degrees_swapped"]


def test_metres_declared_as_degrees_are_refused() -> None:
    x, y = points_in_area(10).T
    keys, text = refusal(placed_as, x, y, "wgs84")
    assert keys == ["crs.degrees_are_metres"]
    assert "EPSG:4547" in text


@pytest.mark.parametrize("declared", ["EPSG:4547", "EPSG:4526", "EPSG:32649"])
def test_degrees_declared_as_metres_are_refused(declared: str) -> None:
    lon, lat = written_as(points_in_area(10), "wgs84")
    assert refusal(placed_as, lon, lat, declared)[0] == ["crs.metres_are_degrees"]


@pytest.mark.parametrize("prefix_m", [0, 38e6])
def test_northing_and_easting_swapped_are_refused(prefix_m: float) -> None:
    x, y = points_in_area(10).T
    keys, text = refusal(placed_as, y, x + prefix_m, "EPSG:4547")
    assert keys == ["crs.metres_swapped"]
    assert "X" in text


def test_all_kinds_of_impossible_numbers_are_told_at_once_with_their_counts() -> None:
    lon, lat = [33.0, 200.0, 502_018.0, 114.0], [114.0, 33.0, 3_653_946.0, np.inf]
    with pytest.raises(CrsError) as caught:
        placed_as(lon, lat, "wgs84")
    counts = {message.key: dict(message.args)["count"] for message in caught.value.messages}
    assert counts == {
        "crs.degrees_swapped": 1,
        "crs.degrees_are_metres": 2,  # infinity is no angle either
        "crs.degrees_out_of_range": 1,
    }


def test_zero_in_a_plane_of_metres_is_no_place() -> None:
    assert refusal(placed_as, [0.0], [0.0], "EPSG:4547")[0] == ["crs.metres_are_degrees"]


def test_an_easting_with_a_digit_lost_or_gained_is_refused() -> None:
    for easting in (3_850_201.8, 385_020_180.0, -5.0e5):
        keys, _ = refusal(placed_as, [easting], [3_653_946.0], "EPSG:4547")
        assert keys == ["crs.metres_impossible"]


def test_a_point_too_far_for_the_plane_is_refused_and_not_made_infinite() -> None:
    assert refusal(placed_as, [24.0], [0.0], "wgs84")[0] == ["crs.beyond_plane"]


# --- texts and real data


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the folder ../shared")
def test_the_villages_of_gongyi_land_where_their_wgs84_copy_says() -> None:
    folder = SHARED / "data" / "places" / "gongyi"
    raw = gpd.read_file(folder / "gy2_polyon.shp").geometry
    wgs84 = gpd.read_file(folder / "gongyi_villages_wgs84.gpkg").geometry
    plane = "EPSG:4546"
    placed = geometry_to_plane(raw, coordinates=parse_coordinates("EPSG:2333"), working_crs=plane)
    copy = geometry_to_plane(wgs84, coordinates=parse_coordinates("wgs84"), working_crs=plane)
    assert placed.centroid.distance(copy.centroid).max() < 1
    lon, _ = to_wgs84(placed.centroid.x, placed.centroid.y, working_crs=plane)
    assert lon.min() > 112.5
