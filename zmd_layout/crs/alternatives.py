"""Other declarations under which the same numbers could stand: what they would mean then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.crs.china_offsets import wgs84_to_gcj02
from zmd_layout.crs.declared import Coordinates, Datum, crs_of, gauss_kruger, parse_coordinates
from zmd_layout.crs.plane import Points, as_declared, place
from zmd_layout.errors import CrsError

if TYPE_CHECKING:
    import pyproj
    from numpy.typing import ArrayLike

_DEGREES = (Datum.WGS84, Datum.GCJ02, Datum.BD09)


def rival_datums(
    x_m: ArrayLike, y_m: ArrayLike, *, coordinates: Coordinates, working_crs: str
) -> dict[Datum, Points]:
    """
    Place points as if their degrees were declared with each other datum.

    Parameters
    ----------
    x_m, y_m
        The points in metres of `working_crs`, placed as declared.
    coordinates
        The declaration. Points of a plane may have been projected from shifted degrees, so they
        have the rivals of WGS 84.
    working_crs
        `EPSG:n`.

    Returns
    -------
    dict
        Datum (wgs84, gcj02, bd09 without the declared one; cgcs2000 counts as wgs84) → easting and
        northing in metres. Empty outside China, where nobody shifts.
    """
    is_shifted = coordinates.datum in (Datum.GCJ02, Datum.BD09)
    declared = coordinates if is_shifted else parse_coordinates("wgs84")
    lon, lat = as_declared(x_m, y_m, coordinates=declared, working_crs=working_crs)
    if np.array_equal(wgs84_to_gcj02(lon, lat), (lon, lat)):
        return {}
    return {
        datum: place(lon, lat, coordinates=parse_coordinates(datum), working_crs=working_crs)
        for datum in _DEGREES
        if datum is not declared.datum
    }


def neighbour_zones(coordinates: Coordinates) -> list[Coordinates]:
    """
    Return the declarations of the zones to the west and east of a Gauss-Krüger or UTM zone.

    Parameters
    ----------
    coordinates
        A declaration; a CRS that is not one of a row of zones has no neighbours.
    """
    if coordinates.datum is not Datum.EPSG:
        return []
    zones = [_named(name) for name in _neighbour_names(coordinates.crs)]
    return [zone for zone in zones if zone is not None]


def _neighbour_names(crs: pyproj.CRS) -> list[str]:
    """Name the CRSs around a zone as the register does."""
    zone = gauss_kruger(crs)
    if zone is not None:
        # every central meridian of a 6° zone is that of a 3° zone too
        datum = crs.name.partition(" / ")[0]
        meridians = [round(zone.central_meridian) + step for step in (-3, 3, -6, 6)]
        places = [f"zone {m // 3}" if zone.prefix else f"CM {m}E" for m in meridians]
        return [f"{datum} / 3-degree Gauss-Kruger {place}" for place in places]
    utm = re.fullmatch(r"(.* / UTM zone )(\d+)([NS])", crs.name)
    if utm is None:
        return []
    return [f"{utm[1]}{int(utm[2]) + step}{utm[3]}" for step in (-1, 1)]


def _named(name: str) -> Coordinates | None:
    try:
        code = crs_of(name).to_epsg()
    except CrsError:
        return None
    return None if code is None else Coordinates(Datum.EPSG, code)
