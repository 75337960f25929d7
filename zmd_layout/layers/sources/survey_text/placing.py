"""Which coordinate system, which zone and which column is east: then points can be placed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.crs import (
    METRES_PER_ZONE,
    Coordinates,
    code_of_zone,
    is_easting,
    is_northing,
    meridian_of_zone,
    parse_coordinates,
    zones_in_front,
)
from zmd_layout.errors import CrsError
from zmd_layout.layers.sources.survey_text.grammar import number_or_none, shown
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.layers.sources.survey_text.grammar import Sheet

_CGCS2000_ZONE_38 = "EPSG:4526"

# In this order: 1980 and 1954 are looked for before 2000, so that a line that names two is refused.
_SYSTEMS = (
    ("survey.datum_xian80", re.compile(r"80|西安|xian", re.IGNORECASE)),
    ("survey.datum_beijing54", re.compile(r"54|北京|beijing", re.IGNORECASE)),
    ("survey.datum_local", re.compile(r"地方|独立|城建|城市|任意|local", re.IGNORECASE)),
)
_CGCS2000 = re.compile(r"2000国家|国家2000|^2000(坐标系)?$|大地2000|cgcs-?2000|4490", re.IGNORECASE)
_GAUSS_KRUGER = re.compile(r"高斯|gauss", re.IGNORECASE)
_METRE = re.compile(r"米|m|metre|meter", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlacedPoints:
    """
    The points of a sheet, ready for `crs.to_plane`.

    Parameters
    ----------
    x, y
        Easting (without the zone) and northing in metres of `coordinates`.
    coordinates
        The zone, as a declaration.
    warnings
        How doubt was resolved.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    coordinates: Coordinates
    warnings: tuple[Message, ...]


def place_points(sheet: Sheet, *, name: str) -> PlacedPoints:
    """
    Decide system, zone and columns of a survey text.

    Parameters
    ----------
    sheet
        The file as read.
    name
        What it is called in messages.

    Returns
    -------
    PlacedPoints

    Raises
    ------
    CrsError
        The system is missing or not CGCS2000 in Gauss-Krüger metres, the columns cannot be told
        apart, or the zone is missing, unknown or contradicts itself; all of these at once.
    """
    faults = _faults_of_system(sheet.attributes, name)
    east, north, is_swapped = _east_and_north(sheet, name, faults)
    zone, warnings = _zone(sheet.attributes, east, name, faults)
    if faults:
        raise CrsError(*faults)
    if is_swapped:
        warnings.insert(0, Message("survey.swapped", name=name))
    if _has_conversion(sheet.attributes):
        warnings.append(Message("survey.conversion", name=name))
    cgcs2000 = parse_coordinates(_CGCS2000_ZONE_38)
    return PlacedPoints(
        x=np.mod(east, METRES_PER_ZONE),
        y=north,
        coordinates=parse_coordinates(code_of_zone(cgcs2000.crs, zone)),
        warnings=tuple(warnings),
    )


def _faults_of_system(attributes: dict[str, str], name: str) -> list[Message]:
    faults = []
    system = next((attributes[key] for key in attributes if key.startswith("坐标系")), "")
    if (key := _fault_of_datum(system)) is not None:
        faults.append(Message(key, name=name, found=shown(system)))
    projection = attributes.get("投影类型", "")
    if projection and not _GAUSS_KRUGER.search(projection):
        faults.append(Message("survey.projection", name=name, found=shown(projection)))
    unit = attributes.get("计量单位", "")
    if unit and not _METRE.fullmatch(unit):
        faults.append(Message("survey.unit", name=name, found=shown(unit)))
    return faults


def _fault_of_datum(system: str) -> str | None:
    if not system:
        return "survey.datum_missing"
    for key, pattern in _SYSTEMS:
        if pattern.search(system):
            return key
    return None if _CGCS2000.search(system) else "survey.datum_unknown"


def _east_and_north(
    sheet: Sheet, name: str, faults: list[Message]
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Report the columns by magnitude: a northing has 7 digits, an easting 6 or, with zone, 8."""
    is_standard = is_northing(sheet.first) & is_easting(sheet.second)
    is_swapped = is_easting(sheet.first) & is_northing(sheet.second)
    if is_standard.all():
        return sheet.second, sheet.first, False
    if is_swapped.all():
        return sheet.first, sheet.second, True
    odd = np.flatnonzero(~(is_standard | is_swapped))
    if len(odd) == 0:
        count = min(int(is_swapped.sum()), int(is_standard.sum()))
        faults.append(Message("survey.columns_mixed", name=name, count=count))
    else:
        is_degrees = bool((np.maximum(sheet.first, sheet.second)[odd] <= 180).all())  # noqa: PLR2004 - the sphere
        faults.append(
            Message(
                "survey.degrees" if is_degrees else "survey.columns_unclear",
                name=name,
                count=len(odd),
                point=sheet.point_labels[odd[0]],
                found=f"({sheet.first[odd[0]]:.10g}, {sheet.second[odd[0]]:.10g})",
            )
        )
    return sheet.second, sheet.first, False


def _zone(
    attributes: dict[str, str], east: NDArray[np.float64], name: str, faults: list[Message]
) -> tuple[int, list[Message]]:
    """Read the zone in front of the eastings or in the head; a fault where that is unclear."""
    in_front = np.unique(zones_in_front(east))
    found = [int(zone) for zone in in_front if zone > 0]
    stated = attributes.get("带号", "")
    stated_zone = int(digits[0]) if (digits := re.match(r"\d{1,3}(?!\d)", stated)) else 0
    if stated and meridian_of_zone(stated_zone) is None:
        faults.append(Message("survey.zone_unknown", name=name, found=shown(stated)))
    elif len(found) > 1:
        faults.append(Message("survey.zones_mixed", name=name, found=found))
    elif found and stated and found[0] != stated_zone:
        faults.append(
            Message("survey.zone_contradicts", name=name, found=found[0], stated=stated_zone)
        )
    elif not found and not stated:
        faults.append(Message("survey.zone_missing", name=name))
    zone = found[0] if found else stated_zone
    return zone, _warnings_of_zone(zone, attributes, name, is_in_front=bool(found))


def _warnings_of_zone(
    zone: int, attributes: dict[str, str], name: str, *, is_in_front: bool
) -> list[Message]:
    warnings = []
    if not is_in_front:
        warnings.append(Message("survey.zone_from_head", name=name, zone=zone))
    width = re.match(r"[36]", attributes.get("几度分带", ""))
    if width is not None and int(width[0]) != _width(zone):
        warnings.append(
            Message("survey.width", name=name, stated=width[0], zone=zone, width=_width(zone))
        )
    return warnings


def _width(zone: int) -> int:
    return 3 if zone >= 25 else 6  # noqa: PLR2004 - see crs.meridian_of_zone


def _has_conversion(attributes: dict[str, str]) -> bool:
    values = attributes.get("转换参数", "").split(",")
    return any(number_or_none(value) != 0 for value in values if value)
