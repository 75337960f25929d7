"""Where possible numbers end, and where an offset begins to count: on the bound and beside it."""

from __future__ import annotations

import numpy as np
import pytest
from placing import CENTRE_M, PLANE, check, placed_as, points_in_area, written_as

from zmd_layout.crs import (
    Datum,
    DatumCheck,
    Offset,
    as_declared,
    check_against_reference,
    estimate_offset,
    is_easting,
    is_northing,
    looks_like_datum_shift,
    meridian_of_zone,
    parse_coordinates,
    to_wgs84,
    wgs84_to_gcj02,
    zones_in_front,
)
from zmd_layout.errors import CrsError

WGS84 = parse_coordinates("wgs84")


def fault(x: float, y: float, declared: str) -> str | None:
    """Give the key of what is wrong with a point, or None."""
    try:
        placed_as([x], [y], declared)
    except CrsError as error:
        (message,) = error.messages
        return message.key.removeprefix("crs.")
    return None


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (180, 33, None),
        (-180, 33, None),
        (114, 90, None),
        (114, -90, None),
        (180.5, 33, "degrees_out_of_range"),
        (91, 90.5, "degrees_out_of_range"),
        (90, 180, "degrees_swapped"),
        (90.5, 180, "degrees_out_of_range"),
        (33, -180.5, "degrees_out_of_range"),
        (1000, 33, "degrees_out_of_range"),
        (1000.5, 33, "degrees_are_metres"),
    ],
)
def test_degrees_end_at_180_and_90(lon: float, lat: float, expected: str | None) -> None:
    assert fault(lon, lat, "wgs84") == expected


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (180, 180, "metres_are_degrees"),
        (180.5, 180, None),
        (180, 180.5, None),
        (100, 3_653_946, None),
        (0, 3_653_946, "metres_impossible"),
        (0.5, 3_653_946, None),
        (999_999.5, 3_653_946, None),
        (1_000_000, 3_653_946, "metres_impossible"),
        (502_018, 0, "metres_impossible"),
        (502_018, 0.5, None),
        (502_018, 5_999_999.5, None),
        (502_018, 6_000_000, "metres_impossible"),
        (502_018, np.inf, "metres_impossible"),
        (np.inf, 3_653_946, "metres_impossible"),
    ],
)
def test_eastings_have_six_digits_and_northings_at_most_seven(
    x: float, y: float, expected: str | None
) -> None:
    assert fault(x, y, PLANE) == expected


def test_another_plane_may_have_some_points_near_its_origin_but_no_infinite_one() -> None:
    for x, y in ((np.inf, 3.6e6), (5e5, np.inf)):
        assert fault(x, y, "EPSG:32649") == "metres_impossible"
    near = [100.0, 5e5, np.nan, 100.0], [100.0, 3.6e6, 3.6e6, np.nan]
    assert np.isnan(placed_as(*near, "EPSG:32649")[0]).tolist() == [False, False, True, True]
    assert fault(100, 100, "EPSG:32649") == "metres_are_degrees"
    with pytest.raises(CrsError):
        placed_as([100.0, np.nan, 5e5], [100.0, 3.6e6, np.nan], "EPSG:32649")


def test_northings_of_china_have_seven_digits() -> None:
    numbers = np.array([999_999.5, 1_000_000, 3_653_946, 5_999_999.5, 6_000_000, np.nan])
    assert is_northing(numbers).tolist() == [False, True, True, True, False, False]


def test_an_easting_has_six_digits_or_the_zone_in_front() -> None:
    numbers = np.array([-1, 0, 0.5, 999_999.5, 1e6, 12.5e6, 13.5e6, 24.5e6, 45.5e6, 46.5e6, np.inf])
    zones = [0, 0, 0, 0, 0, 0, 13, 0, 45, 0, 0]
    assert zones_in_front(numbers).tolist() == zones
    assert is_easting(numbers).tolist() == [False, False, True, True] + [z > 0 for z in zones[4:]]
    assert zones_in_front(np.array([np.nan, -np.inf])).tolist() == [0, 0]


def test_both_numberings_of_zones_have_their_meridians() -> None:
    zones = (12, 13, 23, 24, 25, 45, 46)
    assert [meridian_of_zone(n) for n in zones] == [None, 75, 135, None, 75, 135, None]


def test_on_the_edge_of_the_box_of_china_nothing_is_shifted() -> None:
    lon, lat = np.array([73.66, 135.05, 100, 100]), np.array([30, 30, 3.86, 53.55])
    assert np.array_equal(wgs84_to_gcj02(lon, lat), (lon, lat))
    inside = wgs84_to_gcj02(np.add(lon, [1e-6, -1e-6, 0, 0]), np.add(lat, [0, 0, 1e-6, -1e-6]))
    assert np.all(np.hypot(inside[0] - lon, inside[1] - lat) > 1e-4)


def test_an_unknown_ordinate_makes_the_place_unknown_even_where_nothing_is_projected() -> None:
    x, y = [502_018, None, 502_018], [3_653_946, 3_653_946, None]
    same = as_declared(x, y, coordinates=parse_coordinates(PLANE), working_crs=PLANE)
    degrees = to_wgs84(x, y, working_crs=PLANE)
    for east, north in (same, degrees):
        assert np.isnan(east).tolist() == np.isnan(north).tolist() == [False, True, True]


def test_back_in_degrees_the_city_stands_where_the_standards_say() -> None:
    lon, lat = to_wgs84([CENTRE_M[0]], [CENTRE_M[1]], working_crs=PLANE)
    assert (lon[0], lat[0]) == pytest.approx((114.0216, 33.0108), abs=1e-5)
    with pytest.raises(CrsError, match="EPSG:3857"):
        to_wgs84([0.0], [0.0], working_crs="EPSG:3857")


# --- offsets


def doubled(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Give places 3 km apart and, 300 m east of each, two points that stand a metre apart."""
    places = np.column_stack((np.arange(count) * 3000.0, np.zeros(count)))
    return np.vstack([np.add(places, (300, 0)), np.add(places, (301, 0))]), places


def test_eight_pairs_are_an_offset_and_seven_are_none() -> None:
    assert estimate_offset(*doubled(8)) == Offset(pytest.approx(300.5), 0.0, 1.0)
    assert estimate_offset(*doubled(7)) is None


def test_a_reference_of_eight_verifies_and_one_of_seven_does_not() -> None:
    lon, lat = written_as(points_in_area(8), "wgs84")
    points, reference = doubled(8)
    for rows, is_verified in ((8, True), (7, False)):
        found = check_against_reference(
            tuple((points - (300, 0)).T),
            tuple(reference[:rows].T),
            coordinates=WGS84,
            working_crs=PLANE,
            layer_name="schools",
            so_far=check(lon, lat, "wgs84"),
        )
        assert found.is_verified is is_verified


def test_what_was_verified_before_stays_so_beside_a_reference_of_other_things() -> None:
    so_far = DatumCheck(points_count=300, outside_count=0, is_verified=True)
    for rows in (300, 3):
        found = check_against_reference(
            tuple(points_in_area(300, seed=1).T),
            tuple(points_in_area(rows, seed=2).T),
            coordinates=WGS84,
            working_crs=PLANE,
            layer_name="schools",
            so_far=so_far,
        )
        assert found == so_far


@pytest.mark.parametrize(("strangers", "is_found"), [(70, True), (74, False)])
def test_three_in_ten_must_find_their_partner(strangers: int, *, is_found: bool) -> None:
    # 30 pairs 500 m apart; the others have nothing within 2 km
    places = np.column_stack((np.arange(30 + strangers) * 10_000.0, np.zeros(30 + strangers)))
    points = np.add(places, (0, 500))
    points[30:] += (5000, 0)
    offset = estimate_offset(points, places)
    assert (offset is not None) is is_found
    if offset is not None:
        assert (offset.dx_m, offset.dy_m, offset.support) == (0, 500, 0.3)


def test_a_partner_farther_than_the_matching_distance_is_none() -> None:
    places = np.column_stack((np.arange(40) * 10_000.0, np.zeros(40)))
    points = places.copy()
    points[20:, 1] += 150
    offset = estimate_offset(points, places)
    assert offset is not None
    assert (offset.distance_m, offset.support) == (0, 0.5)


def test_of_many_points_an_even_part_is_compared_in_whatever_order_they_stand() -> None:
    random = np.random.default_rng(5)
    # 12,000 points in columns and rows, so that many share an ordinate, 5 km from each other
    grid = np.stack(np.meshgrid(np.arange(120), np.arange(100)), axis=-1).reshape(-1, 2) * 5000.0
    places = random.permutation(grid)[:900]
    points = np.add(grid, (540, -200))
    offset = estimate_offset(points, places)
    assert offset is not None
    assert (offset.dx_m, offset.dy_m) == (540, -200)
    # 5,000 of 12,000 remain
    assert offset.support == pytest.approx(5 / 12, abs=0.05)
    for _ in range(3):
        shuffled = random.permutation(points), random.permutation(places)
        assert estimate_offset(*shuffled) == offset


@pytest.mark.parametrize(("off_m", "datum"), [(195, Datum.GCJ02), (205, None)])
def test_an_offset_is_that_of_a_datum_within_two_hundred_metres(
    off_m: float, datum: Datum | None
) -> None:
    x_m, y_m = np.array([CENTRE_M[0]]), np.array([CENTRE_M[1]])
    shifted = as_declared(x_m, y_m, coordinates=WGS84, working_crs=PLANE)
    there = placed_as(*shifted, "gcj02")
    offset = Offset(float((x_m - there[0])[0]) + off_m, float((y_m - there[1])[0]), 0.5)
    found = looks_like_datum_shift(offset, x_m, y_m, coordinates=WGS84, working_crs=PLANE)
    assert found == datum
