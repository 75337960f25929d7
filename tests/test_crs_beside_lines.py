"""Schools beside roads: a hundred, far apart, each with a road here or where it would be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from placing import PLANE, placed_as, told, written_as

from zmd_layout.crs import DatumCheck, check_beside_lines, parse_coordinates, to_plane
from zmd_layout.messages import Message

KM = 1000.0
SO_FAR = DatumCheck(points_count=100, outside_count=0, is_verified=False)


def schools(count: int) -> np.ndarray:
    """Give places 5 km apart, farther than any shift carries one of them."""
    east, north = np.divmod(np.arange(count), 20)
    return np.column_stack((420 * KM + 5 * KM * east, 3600 * KM + 5 * KM * north))


def as_if(points_m: np.ndarray, datum: str) -> np.ndarray:
    """Give where degrees that were declared wgs84 lie if they are of `datum`."""
    return np.column_stack(placed_as(*written_as(points_m, "wgs84"), datum))


def roads_by(points_m: np.ndarray, *, away_m: float = 10) -> list[shapely.LineString]:
    return [shapely.LineString([(x - 30, y + away_m), (x + 30, y + away_m)]) for x, y in points_m]


def ask(
    points_m: np.ndarray,
    roads: list[shapely.LineString],
    *,
    declared: str = "wgs84",
    so_far: DatumCheck = SO_FAR,
) -> DatumCheck:
    return check_beside_lines(
        (points_m[:, 0], points_m[:, 1]),
        shapely.STRtree(roads),
        coordinates=parse_coordinates(declared),
        working_crs=PLANE,
        layer_name="schools",
        so_far=so_far,
    )


def is_verified(points_m: np.ndarray, roads: list[shapely.LineString]) -> bool:
    return ask(points_m, roads).is_verified


def test_schools_that_all_stand_beside_roads_verify_their_datum() -> None:
    points_m = schools(100)
    assert ask(points_m, roads_by(points_m)) == replace(SO_FAR, is_verified=True)


def test_fewer_than_sixty_schools_tell_nothing() -> None:
    points_m = schools(60)
    assert is_verified(points_m, roads_by(points_m))
    assert not is_verified(points_m[:59], roads_by(points_m))
    assert ask(points_m[:59], roads_by(as_if(points_m, "gcj02"))) == SO_FAR


def test_beside_ends_at_a_hundred_metres() -> None:
    points_m = schools(100)
    assert is_verified(points_m, roads_by(points_m, away_m=99.9))
    assert not is_verified(points_m, roads_by(points_m, away_m=100.1))


@pytest.mark.parametrize(
    ("count", "beside", "is_enough"),
    # five standard deviations of n changes are 5·√n: 25 for 25, 24.5 for 24;
    # of 300 schools a tenth must change sides, and 30 are more than 5·√30 = 27.4
    [(100, 25, True), (100, 24, False), (300, 30, True), (300, 29, False)],
)
def test_the_difference_must_be_a_tenth_and_five_standard_deviations(
    count: int, beside: int, *, is_enough: bool
) -> None:
    points_m = schools(count)
    assert is_verified(points_m, roads_by(points_m[:beside])) is is_enough


def test_schools_that_stand_beside_roads_under_both_datums_do_not_count() -> None:
    points_m = schools(100)
    both = roads_by(points_m[:30]) + roads_by(as_if(points_m, "gcj02")[:30])
    assert not is_verified(points_m, both)
    assert is_verified(points_m, both + roads_by(points_m[30:55]))
    assert not is_verified(points_m, both + roads_by(points_m[30:54]))


def test_schools_that_change_sides_the_other_way_weaken_the_difference() -> None:
    points_m = schools(100)
    against = roads_by(as_if(points_m, "gcj02")[90:])
    # 46 gained and 10 lost: 36 is below 5·√56 = 37.4; with 50 gained 40 is above 5·√60 = 38.7
    assert not is_verified(points_m, roads_by(points_m[:46]) + against)
    assert is_verified(points_m, roads_by(points_m[:50]) + against)


def test_every_other_datum_must_be_ruled_out() -> None:
    points_m = schools(100)
    roads = roads_by(points_m[:40]) + roads_by(as_if(points_m, "bd09")[:40])
    assert not is_verified(points_m, roads)


@pytest.mark.parametrize(
    ("gcj02", "bd09", "datum", "there"), [(95, 90, "gcj02", 95), (90, 95, "bd09", 95)]
)
def test_the_datum_is_named_under_which_most_stand_beside_roads(
    gcj02: int, bd09: int, datum: str, there: int
) -> None:
    points_m = schools(100)
    roads = [
        *roads_by(points_m[:60]),
        *roads_by(as_if(points_m, "gcj02")[:gcj02]),
        *roads_by(as_if(points_m, "bd09")[:bd09]),
    ]
    assert told(ask, points_m, roads) == (
        Message(
            "crs.off_lines", layer="schools", declared="wgs84", here=60, there=there,
            distance=100, datum=datum,
        ),
    )  # fmt: skip


def test_a_wrong_datum_is_refused_even_where_another_check_passed_it() -> None:
    lon, lat = written_as(schools(100), "wgs84")
    points_m = np.column_stack(placed_as(lon, lat, "gcj02"))
    verified = replace(SO_FAR, is_verified=True)
    (message,) = told(ask, points_m, roads_by(schools(100)), declared="gcj02", so_far=verified)
    assert (message.key, dict(message.args)["datum"]) == ("crs.off_lines", "wgs84")


def test_what_was_verified_before_stays_so_where_roads_tell_nothing() -> None:
    verified = replace(SO_FAR, is_verified=True)
    assert ask(schools(100), roads_by(schools(5)), so_far=verified) == verified
    assert ask(schools(100), roads_by(schools(5))) == SO_FAR


def test_outside_china_roads_verify_nothing() -> None:
    plane, wgs84 = "EPSG:32628", parse_coordinates("wgs84")
    lon, lat = np.full(80, -15.4), 28.0 + np.arange(80) / 100
    x_m, y_m = to_plane(lon, lat, coordinates=wgs84, working_crs=plane)
    found = check_beside_lines(
        (x_m, y_m),
        shapely.STRtree(roads_by(np.column_stack((x_m, y_m)))),
        coordinates=wgs84,
        working_crs=plane,
        layer_name="schools",
        so_far=SO_FAR,
    )
    assert found == SO_FAR
