"""What a refusal and a note of coordinates carry: where to look, and the way out."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from placing import CENTRE_M, PLANE, check, placed_as, points_in_area, told, written_as

from zmd_layout.crs import (
    StudyArea,
    Tolerance,
    check_against_reference,
    check_placed,
    geometry_to_plane,
    parse_coordinates,
    require_plane,
    to_plane,
    working_plane,
)
from zmd_layout.messages import Message


def move(series: gpd.GeoSeries, declared: str) -> gpd.GeoSeries:
    coordinates = parse_coordinates(declared)
    return geometry_to_plane(series, coordinates=coordinates, working_crs=PLANE, name="村界")


# --- declarations and planes


def test_a_refused_declaration_is_quoted_as_it_was_written() -> None:
    accepted = "wgs84, cgcs2000, gcj02, bd09, EPSG:n"
    assert told(parse_coordinates, "GPS-84") == (
        Message("crs.undeclared", found="GPS-84", accepted=accepted),
    )
    assert told(parse_coordinates, "epsg 5773") == (
        Message("crs.undeclared", found="epsg 5773", accepted=accepted),
    )
    assert told(parse_coordinates, "epsg:5773") == (
        Message("crs.not_horizontal", found="epsg:5773", name="EGM96 height"),
    )


def test_a_refused_plane_is_named_by_code_and_name() -> None:
    assert told(working_plane, "EPSG:4490") == (
        Message(
            "crs.plane_in_degrees", found="EPSG:4490", name="China Geodetic Coordinate System 2000"
        ),
    )


def test_an_oblique_projection_measures_metres_as_a_transverse_one_does() -> None:
    assert working_plane("EPSG:3375").name == "GDM2000 / Peninsula RSO"


def test_a_layer_off_the_plane_is_told_what_it_has_and_what_is_wanted() -> None:
    unplaced = gpd.GeoSeries([shapely.Point(*CENTRE_M)])
    assert told(require_plane, unplaced, PLANE, "schools") == (
        Message("crs.none", layer="schools", wanted=PLANE),
    )
    assert told(require_plane, unplaced.set_crs("EPSG:4548"), PLANE, "schools") == (
        Message("crs.another", layer="schools", found="EPSG:4548", wanted=PLANE),
    )


# --- what the file itself says


def test_a_file_that_contradicts_is_told_by_name_and_with_the_code_to_declare() -> None:
    series = gpd.GeoSeries([shapely.Point(*CENTRE_M)], crs="EPSG:4548")
    assert told(move, series, "EPSG:4547") == (
        Message(
            "crs.file_contradicts",
            layer="村界",
            declared="EPSG:4547",
            found="CGCS2000 / 3-degree Gauss-Kruger CM 117E",
            code="EPSG:4548",
        ),
    )


def test_a_projection_without_a_code_is_told_by_its_name() -> None:
    own = pyproj.CRS("+proj=tmerc +lon_0=113.5 +x_0=500000 +ellps=GRS80 +units=m")
    named = pyproj.CRS(own.to_wkt().replace('"unknown"', '"驻马店城建坐标系"', 1))
    (message,) = told(move, gpd.GeoSeries([shapely.Point(*CENTRE_M)], crs=named), "EPSG:4547")
    assert dict(message.args)["found"] == dict(message.args)["code"] == "驻马店城建坐标系"


@pytest.mark.parametrize("off_m", ["+x_0=500010", "+x_0=500000 +y_0=10", "+x_0=500000 +k=0.9999"])
def test_a_projection_some_metres_off_is_another(off_m: str) -> None:
    label = pyproj.CRS(f"+proj=tmerc +lon_0=114 {off_m} +ellps=GRS80 +units=m")
    series = gpd.GeoSeries([shapely.Point(*CENTRE_M)], crs=label)
    assert [message.key for message in told(move, series, "EPSG:4547")] == ["crs.file_contradicts"]


def test_the_same_projection_written_on_the_ellipsoid_of_wgs_84_is_no_other() -> None:
    label = pyproj.CRS("+proj=tmerc +lon_0=114 +x_0=500000 +ellps=WGS84 +units=m")
    moved = move(gpd.GeoSeries([shapely.Point(*CENTRE_M)], crs=label), "EPSG:4547")
    assert moved.iloc[0].coords[0] == pytest.approx(CENTRE_M)


def test_moved_geometries_keep_the_name_of_their_column() -> None:
    series = gpd.GeoSeries([shapely.Point(114, 33)], name="outline")
    assert move(series, "wgs84").name == "outline"


# --- numbers


def impossible(key: str, example: str, *, declared: str, count: int = 1) -> Message:
    return Message(key, layer="村界", declared=declared, count=count, example=example)


def test_impossible_numbers_are_told_with_their_layer_their_count_and_the_first_of_them() -> None:
    lines = gpd.GeoSeries([shapely.LineString([(114, 33), (33.5, 114.25), (33, 115), (181, 33)])])
    assert told(move, lines, "gcj02") == (
        impossible("crs.degrees_swapped", "(33.5, 114.25)", declared="gcj02", count=2),
        impossible("crs.degrees_out_of_range", "(181, 33)", declared="gcj02"),
    )


def test_eastings_of_several_other_zones_are_told_zone_by_zone_with_the_crs_of_each() -> None:
    points = gpd.GeoSeries(shapely.points([38.5e6, 39.5e6, 39.6e6, 19.5e6], [3.65e6] * 4))
    zone = {"layer": "村界", "declared": "EPSG:4547"}
    assert told(move, points, "EPSG:4547") == (
        Message(
            "crs.wrong_zone", **zone, count=1, example="(19500000, 3650000)",
            found=19, expected=[38], way_out="EPSG:4497",
        ),
        Message(
            "crs.wrong_zone", **zone, count=2, example="(39500000, 3650000)",
            found=39, expected=[38], way_out="EPSG:4527",
        ),
    )  # fmt: skip


def test_a_point_too_far_for_the_plane_is_told_with_its_layer_and_count() -> None:
    points = gpd.GeoSeries(shapely.points([114, 24, 24.5], [33, 0, 0]))
    assert told(move, points, "wgs84") == (
        Message("crs.beyond_plane", layer="村界", declared="wgs84", working=PLANE, count=2),
    )


@pytest.mark.parametrize("call", [to_plane, geometry_to_plane])
def test_without_a_name_the_numbers_are_called_coordinates(call: Callable[..., object]) -> None:
    given = (
        ([200.0], [33.0]) if call is to_plane else (gpd.GeoSeries([shapely.Point(200.0, 33.0)]),)
    )
    coordinates = parse_coordinates("wgs84")
    (message,) = told(call, *given, coordinates=coordinates, working_crs=PLANE)
    assert dict(message.args)["layer"] == Message("crs.unnamed")


# --- points against the area


def test_numbers_impossible_in_a_layer_are_told_with_its_name() -> None:
    (message,) = told(check, [200.0], [33.0], "wgs84")
    assert dict(message.args)["layer"] == "schools"


def test_a_note_on_zones_carries_the_layer_the_declaration_and_the_count() -> None:
    x, y = points_in_area(10).T
    x[:4] += 38e6
    assert check(x, y, "EPSG:4547").notes == (
        Message("crs.prefix_stripped", layer="schools", declared="EPSG:4547", count=4),
    )
    assert check(x, y, "EPSG:4526").notes == (
        Message("crs.prefix_added", layer="schools", declared="EPSG:4526", count=6),
    )


def test_a_datum_without_public_parameters_is_noted_with_its_name() -> None:
    assert check(*points_in_area(10).T, "EPSG:2383").notes == (
        Message("crs.shift_not_applied", declared="EPSG:2383", datum="Xian 1980"),
    )


def test_a_datum_with_published_parameters_is_shifted_and_needs_no_note() -> None:
    area = StudyArea(shapely.Point(500_000, 5_500_000).buffer(3000), "EPSG:32632", "Odenwald")
    old = check_placed(
        [500_080.0], [5_500_200.0], coordinates=parse_coordinates("EPSG:23032"), area=area,
        layer_name="schools",
    )  # fmt: skip
    assert old.notes == ()
    assert old.outside_count == 0


def misplaced(declared: str, outside: int, points: int, looks: Message) -> tuple[Message]:
    return (
        Message(
            "crs.misplaced", layer="schools", declared=declared, area="驻马店市", outside=outside,
            points=points, percent=f"{100 * outside / points:.0f}", looks=looks,
        ),
    )  # fmt: skip


def looks_like(*declared: str) -> Message:
    likely = [Message("crs.looks_declared", declared=name) for name in declared]
    return Message("crs.looks_like", alternatives=likely)


def test_a_layer_of_another_city_is_told_with_the_area_and_the_share() -> None:
    points_m = points_in_area(8)
    points_m[:2] += 1e5, -5e5
    assert told(check, *points_m.T, "EPSG:4547") == misplaced(
        "EPSG:4547", 2, 8, Message("crs.looks_unknown")
    )


@pytest.mark.parametrize(
    ("really", "declared", "looks"),
    [
        # the zone beside, and the one two away, as two zones of 6° are
        ("EPSG:4546", "EPSG:4547", "EPSG:4546"),
        ("EPSG:4548", "EPSG:4547", "EPSG:4548"),
        ("EPSG:4546", "EPSG:4548", "EPSG:4546"),
        ("EPSG:4548", "EPSG:4546", "EPSG:4548"),
        # a CRS with the zone in front has neighbours with theirs
        ("EPSG:4546", "EPSG:4526", "EPSG:4525"),
    ],
)
def test_a_neighbouring_zone_is_recognised(really: str, declared: str, looks: str) -> None:
    numbers = written_as(points_in_area(20), really)
    assert told(check, *numbers, declared) == misplaced(declared, 20, 20, looks_like(looks))


def test_a_layer_of_a_projection_without_zones_is_looked_for_in_none() -> None:
    oblique = "EPSG:3375"
    area = StudyArea(shapely.Point(400_000, 400_000).buffer(3000), oblique, "槟城")
    refused = told(
        lambda: check_placed(
            [700_000.0], [400_000.0], coordinates=parse_coordinates(oblique), area=area,
            layer_name="schools",
        )
    )  # fmt: skip
    assert [dict(message.args)["looks"] for message in refused] == [Message("crs.looks_unknown")]


def test_eastings_with_their_zone_in_front_are_in_no_other_zone() -> None:
    east, north = points_in_area(8).T
    assert told(check, east + 38e6, north + 5e5, "EPSG:4526") == misplaced(
        "EPSG:4526", 8, 8, Message("crs.looks_unknown")
    )


@pytest.mark.parametrize("really", ["EPSG:32648", "EPSG:32650"])
def test_both_neighbours_of_a_utm_zone_are_recognised(really: str) -> None:
    numbers = written_as(points_in_area(20), really)
    assert told(check, *numbers, "EPSG:32649") == misplaced(
        "EPSG:32649", 20, 20, looks_like(really)
    )


def test_another_zone_fits_though_a_few_of_its_points_lie_across_the_border() -> None:
    points_m = points_in_area(100)
    points_m[:2, 0] = 700_000
    numbers = written_as(points_m, "EPSG:4548")
    assert told(check, *numbers, "EPSG:4547") == misplaced(
        "EPSG:4547", 100, 100, looks_like("EPSG:4548")
    )


def test_metres_projected_from_shifted_degrees_are_recognised_in_a_small_area() -> None:
    block = StudyArea(shapely.Point(CENTRE_M).buffer(200), PLANE, "某街区")
    degrees = written_as(np.array([CENTRE_M]), "gcj02")
    (message,) = told(
        check_placed,
        *placed_as(*degrees, "wgs84"),
        coordinates=parse_coordinates(PLANE),
        area=block,
        layer_name="plots",
        tolerance=Tolerance(buffer_m=0),
    )
    looks = Message("crs.looks_shifted", declared="gcj02")
    assert dict(message.args)["looks"] == Message("crs.looks_like", alternatives=[looks])


# --- what verifies a datum


def test_metres_verify_no_datum_for_they_may_come_from_shifted_degrees() -> None:
    assert not check(*points_in_area(50).T, PLANE).is_verified


def test_nothing_is_verified_where_all_points_may_lie_outside() -> None:
    block = StudyArea(shapely.Point(CENTRE_M).buffer(50), PLANE, "某街区")
    for share, is_verified in ((0.99, True), (1.0, False)):
        found = check_placed(
            *written_as(np.array([CENTRE_M]), "wgs84"),
            coordinates=parse_coordinates("wgs84"),
            area=block,
            layer_name="plots",
            tolerance=Tolerance(outside_share=share, buffer_m=0),
        )
        assert found.is_verified is is_verified


def test_an_empty_cell_is_an_unknown_place() -> None:
    found = check([None, 114.0, 114.0], [33.0, None, 33.0], "wgs84")
    assert found.points_count == 1
    x_m, y_m = placed_as([None, 114.0, 114.0], [33.0, None, 33.0], "bd09")
    assert np.isnan(x_m).tolist() == np.isnan(y_m).tolist() == [True, True, False]


def test_an_offset_is_told_with_its_length_the_share_that_agrees_and_the_datum() -> None:
    reference = points_in_area(40, seed=3)
    points = reference.copy()
    points[:10] = points_in_area(10, seed=4)
    lon, lat = written_as(points, "gcj02")
    shifted = placed_as(lon, lat, "wgs84")
    length_m = np.hypot(*(np.column_stack(shifted) - points)[10:].T)
    so_far = check(lon, lat, "wgs84")
    (message,) = told(
        check_against_reference,
        shifted,
        (reference[:, 0], reference[:, 1]),
        coordinates=parse_coordinates("wgs84"),
        working_crs=PLANE,
        layer_name="schools",
        so_far=so_far,
    )
    args = dict(message.args)
    assert abs(args.pop("distance") - np.median(length_m)) < 5
    assert message.key == "crs.offset"
    assert args == {"layer": "schools", "declared": "wgs84", "percent": 75, "datum": "gcj02"}
