"""
GCJ-02 and BD-09, the shifted coordinates of Chinese web maps, to and from WGS 84.

Both shifts are known from their published re-implementations only (the form that coordtransform
made common; its printed example is a test). WGS 84 → GCJ-02 → BD-09 is taken as the definition.
The published inverses are off by metres; here they are solved by fixed-point passes, which
contract more than tenfold each.

All functions take and give arrays (or scalars) of longitude and latitude in degrees. NaN stays NaN.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
LonLat: TypeAlias = tuple[FloatArray, FloatArray]

# The Krasovsky 1940 ellipsoid, on which the shift was written.
_SEMI_MAJOR_AXIS_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_ANGLE = np.pi * 3000.0 / 180.0
_BD_LON_SHIFT, _BD_LAT_SHIFT = 0.0065, 0.006
_BOX_OF_CHINA = (73.66, 3.86, 135.05, 53.55)
# Six passes end at the resolution of a double (3e-9 m); four would be off by 1.6e-6 m.
_PASSES = 6


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """
    Shift WGS 84 to GCJ-02 (高德, 腾讯, 谷歌中国).

    Parameters
    ----------
    lon, lat
        Degrees.

    Returns
    -------
    tuple of arrays
        Longitude and latitude. Outside the box that the published code calls China nothing is
        shifted.
    """
    lon, lat = _as_arrays(lon, lat)
    lon_shift, lat_shift = _gcj02_shift(lon, lat)
    return _only_in_china(lon, lat, lon + lon_shift, lat + lat_shift)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """
    Undo the shift of GCJ-02, exactly (below 1e-6 m).

    Parameters
    ----------
    lon, lat
        Degrees.

    Returns
    -------
    tuple of arrays
        Longitude and latitude. As published, a point whose GCJ-02 position lies outside the box
        that the code calls China is taken as unshifted.
    """
    lon, lat = _as_arrays(lon, lat)
    wgs_lon, wgs_lat = lon, lat
    for _ in range(_PASSES):
        lon_shift, lat_shift = _gcj02_shift(wgs_lon, wgs_lat)
        wgs_lon, wgs_lat = lon - lon_shift, lat - lat_shift
    return _only_in_china(lon, lat, wgs_lon, wgs_lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """
    Shift GCJ-02 to BD-09 (百度), in degrees.

    As published, this second shift is applied everywhere, in China or not.
    """
    lon, lat = _as_arrays(lon, lat)
    radius_shift, angle_shift = _bd09_shift(lon, lat)
    radius = np.hypot(lon, lat) + radius_shift
    angle = np.arctan2(lat, lon) + angle_shift
    return radius * np.cos(angle) + _BD_LON_SHIFT, radius * np.sin(angle) + _BD_LAT_SHIFT


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Undo the shift of BD-09 to GCJ-02, in degrees, exactly (below 1e-6 m)."""
    lon, lat = _as_arrays(lon, lat)
    lon, lat = lon - _BD_LON_SHIFT, lat - _BD_LAT_SHIFT
    radius, angle = np.hypot(lon, lat), np.arctan2(lat, lon)
    gcj_lon, gcj_lat = lon, lat
    for _ in range(_PASSES):
        radius_shift, angle_shift = _bd09_shift(gcj_lon, gcj_lat)
        gcj_radius, gcj_angle = radius - radius_shift, angle - angle_shift
        gcj_lon, gcj_lat = gcj_radius * np.cos(gcj_angle), gcj_radius * np.sin(gcj_angle)
    return gcj_lon, gcj_lat


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Shift WGS 84 to BD-09 (百度), by way of GCJ-02, in degrees."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Undo both shifts of BD-09, in degrees, exactly (below 1e-6 m)."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _as_arrays(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _only_in_china(
    lon: FloatArray, lat: FloatArray, to_lon: FloatArray, to_lat: FloatArray
) -> LonLat:
    west, south, east, north = _BOX_OF_CHINA
    in_china = (lon > west) & (lon < east) & (lat > south) & (lat < north)
    return np.where(in_china, to_lon, lon), np.where(in_china, to_lat, lat)


def _gcj02_shift(lon: FloatArray, lat: FloatArray) -> LonLat:
    """Return the shift of GCJ-02 at a WGS 84 position, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root, product = np.sqrt(np.abs(x)), x * y
    ripple = 20.0 * (np.sin(6.0 * np.pi * x) + np.sin(2.0 * np.pi * x))
    north_waves = _waves(y, (20.0, 40.0, 160.0, 320.0), (1.0, 3.0, 12.0, 30.0))
    east_waves = _waves(x, (20.0, 40.0, 150.0, 300.0), (1.0, 3.0, 12.0, 30.0))
    north_m = (
        -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * product
        + 0.2 * root
        + (ripple + north_waves) * 2.0 / 3.0
    )  # fmt: skip - a line of the polynomial, a line of the waves
    east_m = (
        300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * product
        + 0.1 * root
        + (ripple + east_waves) * 2.0 / 3.0
    )  # fmt: skip - likewise
    latitude = np.radians(lat)
    flattening = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    meridian_radius_m = _SEMI_MAJOR_AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / flattening**1.5
    parallel_radius_m = _SEMI_MAJOR_AXIS_M / np.sqrt(flattening) * np.cos(latitude)
    return np.degrees(east_m / parallel_radius_m), np.degrees(north_m / meridian_radius_m)


def _waves(
    degrees: FloatArray, amplitudes: tuple[float, ...], divisors: tuple[float, ...]
) -> FloatArray:
    terms = zip(amplitudes, divisors, strict=True)
    return np.asarray(sum(size * np.sin(degrees / divisor * np.pi) for size, divisor in terms))


def _bd09_shift(lon: FloatArray, lat: FloatArray) -> LonLat:
    """Return the shift of BD-09 at a GCJ-02 position, in degrees of radius and radians of angle."""
    return 0.00002 * np.sin(lat * _BD_ANGLE), 0.000003 * np.cos(lon * _BD_ANGLE)
