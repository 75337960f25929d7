"""
Coordinates: declared, converted, checked against the study area, never guessed.

`parse_coordinates` reads a declaration, `to_plane` and `geometry_to_plane` bring numbers to the
working CRS, `check_placed` and `check_against_reference` refuse what contradicts itself.
"""

from zmd_layout.crs.china_offsets import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from zmd_layout.crs.declared import (
    METRES_PER_ZONE,
    Coordinates,
    Datum,
    code_of_zone,
    meridian_of_zone,
    parse_coordinates,
    require_plane,
    working_plane,
)
from zmd_layout.crs.fit import distortion_note, plane_of, require_fit
from zmd_layout.crs.offset import (
    Offset,
    check_against_reference,
    estimate_offset,
    looks_like_datum_shift,
)
from zmd_layout.crs.placed import DatumCheck, StudyArea, Tolerance, check_placed
from zmd_layout.crs.plane import as_declared, geometry_to_plane, shift_note, to_plane, to_wgs84
from zmd_layout.crs.range_checks import is_easting, is_northing, zones_in_front
from zmd_layout.crs.road_proximity import check_beside_lines

__all__ = [
    "METRES_PER_ZONE",
    "Coordinates",
    "Datum",
    "DatumCheck",
    "Offset",
    "StudyArea",
    "Tolerance",
    "as_declared",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "check_against_reference",
    "check_beside_lines",
    "check_placed",
    "code_of_zone",
    "distortion_note",
    "estimate_offset",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "geometry_to_plane",
    "is_easting",
    "is_northing",
    "looks_like_datum_shift",
    "meridian_of_zone",
    "parse_coordinates",
    "plane_of",
    "require_fit",
    "require_plane",
    "shift_note",
    "to_plane",
    "to_wgs84",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
    "working_plane",
    "zones_in_front",
]
