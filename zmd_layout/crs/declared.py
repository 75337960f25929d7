"""
What a study declares about coordinates, and what may be a working CRS.

Coordinates are declared, never guessed: `wgs84`, `cgcs2000`, `gcj02`, `bd09` (degrees, longitude
as x) or `EPSG:n`. Everywhere x is east and y is north, whatever the order of axes that the EPSG
register gives (latitude or northing first for 4490, 4547 and their like).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import pyproj
from pyproj.exceptions import CRSError as UnknownCrsError

from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    import geopandas as gpd

ACCEPTED_FORMS = "wgs84, cgcs2000, gcj02, bd09, EPSG:n"

_WGS84, _CGCS2000 = 4326, 4490
# Beijing 1954, Xian 1980, CGCS2000, New Beijing: the datums with Gauss-Krüger zones of China.
_CHINESE_DATUMS = (4214, 4610, _CGCS2000, 4555)
METRES_PER_ZONE = 1_000_000
_6_DEGREE_ZONES, _3_DEGREE_ZONES = range(13, 24), range(25, 46)
ZONES_OF_CHINA = (*_3_DEGREE_ZONES, *_6_DEGREE_ZONES)


class Datum(StrEnum):
    """What the coordinates refer to; `epsg` is any CRS of the EPSG register."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"
    EPSG = "epsg"


@dataclass(frozen=True, slots=True)
class Coordinates:
    """
    A declaration of coordinates that was understood.

    Parameters
    ----------
    datum
        The datum, or `Datum.EPSG` for a CRS of the register.
    epsg
        The code of the CRS in which the numbers stand once a GCJ-02 or BD-09 shift is undone: 4326
        for wgs84, gcj02 and bd09, 4490 for cgcs2000.
    """

    datum: Datum
    epsg: int

    @property
    def declared(self) -> str:
        """The declaration in its usual spelling, such as `gcj02` or `EPSG:4547`."""
        return f"EPSG:{self.epsg}" if self.datum is Datum.EPSG else str(self.datum)

    @property
    def crs(self) -> pyproj.CRS:
        """The CRS of `epsg`."""
        return crs_of(f"EPSG:{self.epsg}")

    @property
    def is_geographic(self) -> bool:
        """Whether the numbers are degrees."""
        return bool(self.crs.is_geographic)

    def __str__(self) -> str:
        return self.declared


_NAMED = {
    "wgs84": Coordinates(Datum.WGS84, _WGS84),
    "cgcs2000": Coordinates(Datum.CGCS2000, _CGCS2000),
    "gcj02": Coordinates(Datum.GCJ02, _WGS84),
    "bd09": Coordinates(Datum.BD09, _WGS84),
}


def parse_coordinates(declared: str) -> Coordinates:
    """
    Read a declaration of coordinates; case, spaces, hyphens and full-width letters do not matter.

    Parameters
    ----------
    declared
        `wgs84`, `cgcs2000`, `gcj02`, `bd09` or `EPSG:n`, where n is a geographic or projected CRS.

    Returns
    -------
    Coordinates

    Raises
    ------
    CrsError
        The declaration is none of these.
    """
    spelling = re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", declared)).lower()
    if spelling in _NAMED:
        return _NAMED[spelling]
    code = re.fullmatch(r"epsg:(\d{4,6})", spelling)
    if code is None:
        raise CrsError(Message("crs.undeclared", found=declared, accepted=ACCEPTED_FORMS))
    crs = crs_of(f"EPSG:{code[1]}")
    if not (crs.is_geographic or crs.is_projected) or len(crs.axis_info) > 2:  # noqa: PLR2004 - a plane or a sphere has two axes
        raise CrsError(Message("crs.not_horizontal", found=declared, name=crs.name))
    return Coordinates(Datum.EPSG, int(code[1]))


def working_plane(working_crs: str) -> pyproj.CRS:
    """
    Return the CRS in which everything is measured, if it is fit for that.

    Parameters
    ----------
    working_crs
        `EPSG:n`.

    Returns
    -------
    pyproj.CRS

    Raises
    ------
    CrsError
        It is not in the register, not projected, not in metres, or stretches lengths as the
        Mercator projections do (EPSG:3857: × 1.19 at 33°N).
    """
    crs = crs_of(working_crs)
    fault = _fault_of_plane(crs)
    if fault is not None:
        raise CrsError(Message(fault, found=working_crs, name=crs.name))
    return crs


def require_plane(frame: gpd.GeoDataFrame | gpd.GeoSeries, working_crs: str, name: str) -> None:
    """
    Refuse a layer that does not stand in the working CRS.

    Parameters
    ----------
    frame
        The layer.
    working_crs
        `EPSG:n`, fit for measuring.
    name
        What the layer is called in the error.

    Raises
    ------
    CrsError
        The layer has no CRS or another one, or `working_crs` is not fit for measuring.
    """
    wanted = working_plane(working_crs)
    if frame.crs is None:
        raise CrsError(Message("crs.none", layer=name, wanted=working_crs))
    if frame.crs != wanted:
        found = frame.crs.to_string()
        raise CrsError(Message("crs.another", layer=name, found=found, wanted=working_crs))


@cache
def crs_of(code: str) -> pyproj.CRS:
    """
    Look up `EPSG:n` in the register.

    Raises
    ------
    CrsError
        The register has no such code.
    """
    try:
        return pyproj.CRS.from_user_input(code)
    except UnknownCrsError as error:
        raise CrsError(Message("crs.unknown_code", found=code)) from error


@dataclass(frozen=True, slots=True)
class GaussKruger:
    """
    A Gauss-Krüger zone of China.

    Parameters
    ----------
    central_meridian
        Degrees east.
    prefix
        The zone number in front of the eastings by the definition of the CRS; 0 for none.
    """

    central_meridian: float
    prefix: int

    @property
    def offset_m(self) -> float:
        """What the prefix adds to an easting."""
        return float(self.prefix * METRES_PER_ZONE)


@cache
def gauss_kruger(crs: pyproj.CRS) -> GaussKruger | None:
    """Return the zone of a Chinese Gauss-Krüger CRS, or None for any other CRS."""
    operation = crs.coordinate_operation
    if not crs.is_projected or operation is None or operation.method_name != "Transverse Mercator":
        return None
    if crs.geodetic_crs is None or crs.geodetic_crs.to_epsg() not in _CHINESE_DATUMS:
        return None
    # EPSG parameters 8802 and 8806: longitude of natural origin, false easting
    values = {parameter.code: float(parameter.value) for parameter in operation.params}
    return GaussKruger(values["8802"], prefix=int(values["8806"] // METRES_PER_ZONE))


def meridian_of_zone(zone: int) -> int | None:
    """
    Return the central meridian of a zone number of China, in degrees east.

    The two numberings do not meet in China: 13–23 are 6° zones, 25–45 are 3° zones. None for a
    number that is neither.
    """
    if zone in _6_DEGREE_ZONES:
        return 6 * zone - 3
    if zone in _3_DEGREE_ZONES:
        return 3 * zone
    return None


def zones_of_meridian(central_meridian: float) -> list[int]:
    """Return the zone numbers of China with that central meridian, the 3° one first."""
    return [zone for zone in ZONES_OF_CHINA if meridian_of_zone(zone) == central_meridian]


def code_of_zone(crs: pyproj.CRS, zone: int) -> str:
    """
    Name the CRS (`EPSG:n`) of another zone of the same datum, zone number in the eastings.

    Parameters
    ----------
    crs
        A Chinese Gauss-Krüger CRS.
    zone
        A zone number of China, of 3° or 6°.
    """
    datum = crs.name.partition(" / ")[0]
    width = "3-degree " if zone in _3_DEGREE_ZONES else ""
    return f"EPSG:{crs_of(f'{datum} / {width}Gauss-Kruger zone {zone}').to_epsg()}"


def _fault_of_plane(crs: pyproj.CRS) -> str | None:
    if not crs.is_projected:
        return "crs.plane_in_degrees"
    if any(axis.unit_name != "metre" for axis in crs.axis_info):
        return "crs.plane_not_in_metres"
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    if "Mercator" in method and "Transverse" not in method and "Oblique" not in method:
        return "crs.plane_stretches"
    return None
