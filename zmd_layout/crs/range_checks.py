"""Numbers that cannot be what they are declared as, whatever the study area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.crs.declared import (
    METRES_PER_ZONE,
    ZONES_OF_CHINA,
    Coordinates,
    GaussKruger,
    code_of_zone,
    gauss_kruger,
    meridian_of_zone,
    zones_of_meridian,
)
from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from zmd_layout.crs.china_offsets import FloatArray

    BoolArray = NDArray[np.bool_]

# Northings of China lie between 400 and 6,000 km, so they have seven digits north of 9°N and
# cannot be taken for an easting with six or eight.
_LEAST_NORTHING_M, _MOST_NORTHING_M = 1_000_000, 6_000_000


def require_possible(
    x: FloatArray, y: FloatArray, *, coordinates: Coordinates, name: str | Message
) -> None:
    """
    Refuse numbers that contradict their declaration by themselves.

    Parameters
    ----------
    x, y
        East and north (longitude and latitude) as declared. NaN is unknown and not looked at.
    coordinates
        What they are declared as.
    name
        What the layer is called in the error.

    Raises
    ------
    CrsError
        Degrees out of range, longitude and latitude or northing and easting swapped, degrees given
        as metres or the reverse, eastings of another zone; one message for each kind of fault, with
        the number of points and the first of them.
    """
    is_known = ~(np.isnan(x) | np.isnan(y))
    if coordinates.is_geographic:
        faults = dict(_faults_of_degrees(x, y))
    else:
        faults = dict(_faults_of_metres(x, y, gauss_kruger(coordinates.crs)))
    messages = [
        _tell(key, x[bad & is_known], y[bad & is_known], coordinates, name)
        for key, bad in faults.items()
        if (bad & is_known).any()
    ]
    messages += _tell_wrong_zones(x[is_known], y[is_known], coordinates, name)
    if messages:
        raise CrsError(*messages)


def eastings_as_defined(x: FloatArray, zone: GaussKruger | None) -> FloatArray:
    """
    Put eastings into the form of their CRS: with the zone number in front, or without.

    Parameters
    ----------
    x
        Eastings, each with or without the number of the zone in front (38502018 or 502018), none
        of them impossible.
    zone
        The zone of the CRS that they are declared as; None leaves them alone.
    """
    if zone is None:
        return x
    return np.mod(x, METRES_PER_ZONE) + zone.offset_m


def prefix_note(x: FloatArray, *, coordinates: Coordinates, name: str | Message) -> Message | None:
    """Report known eastings with the zone in front whose CRS has none, or the reverse."""
    zone = gauss_kruger(coordinates.crs)
    if zone is None:
        return None
    changed = int(np.sum((zones_in_front(x) != 0) != (zone.prefix != 0)))
    if changed == 0:
        return None
    key = "crs.prefix_added" if zone.prefix else "crs.prefix_stripped"
    return Message(key, layer=name, declared=coordinates.declared, count=changed)


def is_northing(values: FloatArray) -> BoolArray:
    """Return for each number whether it has the seven digits of a northing of China in metres."""
    return (values >= _LEAST_NORTHING_M) & (values < _MOST_NORTHING_M)


def is_easting(values: FloatArray) -> BoolArray:
    """Return for each number whether it has six digits, or eight with a zone in front."""
    has_zone: BoolArray = zones_in_front(values) != 0
    return ((values > 0) & (values < METRES_PER_ZONE)) | has_zone


def zones_in_front(x: FloatArray) -> NDArray[np.int64]:
    """Read the zone number in front of eastings; 0 where there is none that lies in China."""
    front = np.floor(x / METRES_PER_ZONE)
    return np.where(np.isin(front, ZONES_OF_CHINA), front, 0).astype(np.int64)


def _faults_of_degrees(x: FloatArray, y: FloatArray) -> Iterator[tuple[str, BoolArray]]:
    out = ~((np.abs(x) <= 180) & (np.abs(y) <= 90))  # noqa: PLR2004 - the sphere
    swapped = out & (np.abs(x) <= 90) & (np.abs(y) <= 180)  # noqa: PLR2004 - likewise
    metres = out & (np.maximum(np.abs(x), np.abs(y)) > 1000)  # noqa: PLR2004 - no angle is so large
    yield "crs.degrees_swapped", swapped
    yield "crs.degrees_are_metres", metres
    yield "crs.degrees_out_of_range", out & ~swapped & ~metres


def _faults_of_metres(
    x: FloatArray, y: FloatArray, zone: GaussKruger | None
) -> Iterator[tuple[str, BoolArray]]:
    degrees = (np.abs(x) <= 180) & (np.abs(y) <= 180)  # noqa: PLR2004 - the sphere
    if zone is None:
        # other planes may have points near their origin, but not all of them
        yield "crs.metres_are_degrees", degrees & bool(degrees[~(np.isnan(x) | np.isnan(y))].all())
        yield "crs.metres_impossible", ~(np.isfinite(x) & np.isfinite(y))
        return
    swapped = is_northing(x) & is_easting(y)
    fits = is_easting(x) & (y > 0) & (y < _MOST_NORTHING_M)
    yield "crs.metres_are_degrees", degrees
    yield "crs.metres_swapped", swapped
    yield "crs.metres_impossible", ~(fits | degrees | swapped)


def _tell_wrong_zones(
    x: FloatArray, y: FloatArray, coordinates: Coordinates, name: str | Message
) -> Iterator[Message]:
    zone = gauss_kruger(coordinates.crs)
    if zone is None:
        return
    in_front = zones_in_front(x)
    for found in np.unique(in_front[in_front != 0]).tolist():
        if meridian_of_zone(found) == zone.central_meridian:
            continue
        bad = in_front == found
        yield Message(
            "crs.wrong_zone",
            **_where(x[bad], y[bad], coordinates, name),
            found=found,
            expected=zones_of_meridian(zone.central_meridian),
            way_out=code_of_zone(coordinates.crs, found),
        )


def _tell(
    key: str, x: FloatArray, y: FloatArray, coordinates: Coordinates, name: str | Message
) -> Message:
    return Message(key, **_where(x, y, coordinates, name))


def _where(
    x: FloatArray, y: FloatArray, coordinates: Coordinates, name: str | Message
) -> dict[str, object]:
    return {
        "layer": name,
        "declared": coordinates.declared,
        "count": len(x),
        "example": f"({x[0]:.10g}, {y[0]:.10g})",
    }
