from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from placing import AREA, CENTRE_M, PLANE, check, placed_as, points_in_area, refusal, written_as
from volumes import examples

from zmd_layout.crs import (
    Datum,
    Offset,
    StudyArea,
    Tolerance,
    as_declared,
    check_against_reference,
    check_placed,
    estimate_offset,
    looks_like_datum_shift,
    parse_coordinates,
    to_plane,
)

if TYPE_CHECKING:
    from zmd_layout.crs import DatumCheck

seeds = st.integers(0, 2**32 - 1)


def test_points_in_the_area_pass_but_a_shift_inside_a_city_is_not_ruled_out() -> None:
    found = check(*written_as(points_in_area(200), "gcj02"), "gcj02")
    assert (found.points_count, found.outside_count) == (200, 0)
    assert not found.is_verified


def test_an_area_no_larger_than_the_shift_verifies_the_datum() -> None:
    block = StudyArea(shapely.Point(CENTRE_M).buffer(50), PLANE, "某街区")
    found = check_placed(
        *written_as(np.array([CENTRE_M]), "gcj02"),
        coordinates=parse_coordinates("gcj02"),
        area=block,
        layer_name="plot",
        tolerance=Tolerance(buffer_m=20),
    )
    assert found.is_verified


def test_outside_china_no_other_datum_is_in_question() -> None:
    plane, lon, lat = "EPSG:32628", np.array([-15.43]), np.array([28.12])
    wgs84 = parse_coordinates("wgs84")
    x_m, y_m = to_plane(lon, lat, coordinates=wgs84, working_crs=plane)
    city = StudyArea(shapely.Point(x_m[0], y_m[0]).buffer(5000), plane, "Las Palmas")
    assert check_placed(lon, lat, coordinates=wgs84, area=city, layer_name="schools").is_verified
    offset = Offset(540, -200, 0.7)
    assert looks_like_datum_shift(offset, x_m, y_m, coordinates=wgs84, working_crs=plane) is None


def test_a_layer_without_a_single_known_place_is_not_verified() -> None:
    found = check([np.nan], [33.0], "wgs84")
    assert (found.points_count, found.outside_count, found.is_verified) == (0, 0, False)


def test_a_few_schools_across_the_border_are_no_contradiction() -> None:
    points_m = points_in_area(100)
    points_m[:2, 0] = 700_000
    assert check(*written_as(points_m, "wgs84"), "wgs84").outside_count == 2
    points_m[:3, 0] = 700_000
    keys, text = refusal(check, *written_as(points_m, "wgs84"), "wgs84")
    assert keys == ["crs.misplaced"]
    assert "3 of 100" in text
    assert check(
        *written_as(points_m, "wgs84"), "wgs84", tolerance=Tolerance(outside_share=0.05)
    ).outside_count


def test_points_near_the_border_count_as_inside() -> None:
    just_outside = np.array([[AREA.geometry.bounds[2] + 900, 3_650_000.0]])
    assert check(*written_as(just_outside, "wgs84"), "wgs84").outside_count == 0
    lon, lat = written_as(just_outside, "wgs84")
    assert refusal(check, lon, lat, "wgs84", tolerance=Tolerance(buffer_m=0))[0] == [
        "crs.misplaced"
    ]


def test_another_zone_is_recognised_where_the_eastings_do_not_tell() -> None:
    x, y = points_in_area(50).T
    for declared, right in (("EPSG:4548", "EPSG:4547"), ("EPSG:2333", "EPSG:2362")):
        keys, text = refusal(check, x, y, declared)
        assert keys == ["crs.misplaced"]
        assert "100 %" in text
        assert text.count(f'coordinates = "{right}"') == 2


def test_another_utm_zone_is_recognised() -> None:
    utm = as_declared(
        *points_in_area(50).T, coordinates=parse_coordinates("EPSG:32650"), working_crs=PLANE
    )
    _, text = refusal(check, *utm, "EPSG:32649")
    assert 'coordinates = "EPSG:32650"' in text


def test_swapped_degrees_of_the_far_west_are_recognised_by_the_area() -> None:
    # 和田: both orders are possible degrees
    plane, lon, lat = "EPSG:4536", np.array([80.5, 80.6]), np.array([37.1, 37.2])
    x_m, y_m = to_plane(lon, lat, coordinates=parse_coordinates("wgs84"), working_crs=plane)
    area = StudyArea(shapely.MultiPoint([*zip(x_m, y_m, strict=True)]).buffer(5000), plane, "和田")
    keys, text = refusal(
        check_placed,
        lat,
        lon,
        coordinates=parse_coordinates("wgs84"),
        area=area,
        layer_name="schools",
    )
    assert keys == ["crs.misplaced"]
    assert "swap x and y" in text


def test_a_small_area_tells_another_datum() -> None:
    block = StudyArea(shapely.Point(CENTRE_M).buffer(200), PLANE, "某街区")
    lon, lat = written_as(np.array([CENTRE_M]), "bd09")
    _, text = refusal(
        check_placed,
        lon,
        lat,
        coordinates=parse_coordinates("wgs84"),
        area=block,
        layer_name="plots",
        tolerance=Tolerance(buffer_m=0),
    )
    assert text.count('coordinates = "bd09"') == 2
    assert 'coordinates = "gcj02"' not in text


def test_a_layer_of_another_city_looks_like_nothing_known() -> None:
    keys, text = refusal(check, [116.4], [39.9], "wgs84")
    assert keys == ["crs.misplaced"]
    assert "belongs to this study" in text


# --- a constant offset against a reference


def twin_layers(
    *, seed: int, shift_m: tuple[float, float], unmatched: float = 0.3, clustered: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Make a reference and a noisy, shifted copy of which a share has no partner."""
    random = np.random.default_rng(seed)
    reference = points_in_area(600, seed=seed)
    if clustered:
        reference[:400] = CENTRE_M + random.normal(0, 4000, (400, 2))
    points = reference + random.normal(0, 30, reference.shape) + shift_m
    strangers = random.random(len(points)) < unmatched
    points[strangers] = points_in_area(int(strangers.sum()), seed=seed + 1)
    return random.permutation(points), reference


@given(
    seed=seeds,
    bearing=st.floats(0, 360),
    distance_m=st.floats(0, 1400),
    clustered=st.booleans(),
)
@examples(15)
def test_a_planted_shift_is_found_among_strangers_and_noise(
    seed: int,
    bearing: float,
    distance_m: float,
    *,
    clustered: bool,
) -> None:
    shift = distance_m * np.sin(np.radians(bearing)), distance_m * np.cos(np.radians(bearing))
    offset = estimate_offset(*twin_layers(seed=seed, shift_m=shift, clustered=clustered))
    assert offset is not None
    assert np.hypot(offset.dx_m - shift[0], offset.dy_m - shift[1]) < 25
    assert offset.support > 0.5


@given(seeds)
@examples(20)
def test_no_shift_is_found_between_layers_that_have_nothing_in_common(seed: int) -> None:
    assert (
        estimate_offset(points_in_area(500, seed=seed), points_in_area(600, seed=seed + 1)) is None
    )


def test_the_order_of_the_rows_does_not_matter() -> None:
    points, reference = twin_layers(seed=1, shift_m=(540, -200))
    assert estimate_offset(points, reference) == estimate_offset(points[::-1], reference[::-1])


def test_too_few_points_have_no_offset() -> None:
    points, reference = twin_layers(seed=1, shift_m=(540, -200))
    assert estimate_offset(points[:0], reference) is None
    assert estimate_offset(points[:3], points[:3] + 100) is None


@pytest.mark.parametrize("really", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("declared", ["wgs84", "cgcs2000", "gcj02", "bd09"])
def test_the_true_datum_is_named_by_its_offset(really: str, declared: str) -> None:
    points, reference = twin_layers(seed=7, shift_m=(0, 0))
    placed = placed_as(*written_as(points, really), declared)
    offset = estimate_offset(np.column_stack(placed), reference)
    coordinates = parse_coordinates(declared)
    found = looks_like_datum_shift(offset, *placed, coordinates=coordinates, working_crs=PLANE)
    is_declared_rightly = really == declared.replace("cgcs2000", "wgs84")
    assert found == (None if is_declared_rightly else Datum(really))


def test_an_offset_that_no_datum_explains_is_no_datum_shift() -> None:
    points, reference = twin_layers(seed=7, shift_m=(-700, 700))
    offset = estimate_offset(points, reference)
    coordinates = parse_coordinates("wgs84")
    assert (
        looks_like_datum_shift(offset, *points.T, coordinates=coordinates, working_crs=PLANE)
        is None
    )


def test_a_reference_verifies_a_datum_or_refuses_it() -> None:
    points, reference = twin_layers(seed=3, shift_m=(0, 0))
    with_unknown = np.vstack([points, [[np.nan, np.nan]]])
    lon, lat = written_as(with_unknown, "gcj02")

    def against(declared: str) -> DatumCheck:
        return check_against_reference(
            placed_as(lon, lat, declared),
            (reference[:, 0], reference[:, 1]),
            coordinates=parse_coordinates(declared),
            working_crs=PLANE,
            layer_name="schools",
            so_far=check(lon, lat, declared),
        )

    assert against("gcj02").is_verified
    keys, text = refusal(against, "wgs84")
    assert keys == ["crs.offset"]
    assert text.count('coordinates = "gcj02"') == 2


def test_a_reference_of_other_things_verifies_nothing() -> None:
    points = points_in_area(300, seed=1)
    lon, lat = written_as(points, "wgs84")
    reference = points_in_area(300, seed=2)
    for rows in (300, 3):
        found = check_against_reference(
            (points[:, 0], points[:, 1]),
            (reference[:rows, 0], reference[:rows, 1]),
            coordinates=parse_coordinates("wgs84"),
            working_crs=PLANE,
            layer_name="schools",
            so_far=check(lon, lat, "wgs84"),
        )
        assert not found.is_verified
