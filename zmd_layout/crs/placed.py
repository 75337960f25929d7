"""Whether the points of a layer lie where the study is, under their declared coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.crs.alternatives import neighbour_zones, rival_datums
from zmd_layout.crs.declared import Coordinates, working_plane
from zmd_layout.crs.plane import Points, place, shift_note
from zmd_layout.crs.range_checks import prefix_note
from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike
    from shapely.geometry.base import BaseGeometry

    from zmd_layout.crs.china_offsets import FloatArray


@dataclass(frozen=True, slots=True)
class StudyArea:
    """
    Where the study is.

    Parameters
    ----------
    geometry
        Polygon or multipolygon in `working_crs`.
    working_crs
        `EPSG:n`.
    name
        As printed, such as 驻马店市.
    """

    geometry: BaseGeometry
    working_crs: str
    name: str


@dataclass(frozen=True, slots=True)
class Tolerance:
    """
    How much of a layer may lie outside the study area.

    Parameters
    ----------
    outside_share
        The largest share of the points, 0 to 1.
    buffer_m
        Points this near to the area count as inside: borders of public maps are off by some
        hundred metres.
    """

    outside_share: float = 0.02
    buffer_m: float = 1000.0


DEFAULT_TOLERANCE = Tolerance()


@dataclass(frozen=True, slots=True)
class DatumCheck:
    """
    What was seen of a declaration that was not contradicted.

    Parameters
    ----------
    points_count
        Points whose place is known.
    outside_count
        Those of them outside the study area and its buffer.
    is_verified
        Whether the other datums are ruled out. A shift of a few hundred metres inside a city
        contradicts nothing: then False, and the output has to say so (`datum_unverified`).
    notes
        What was done to the numbers, and what was left undone.
    """

    points_count: int
    outside_count: int
    is_verified: bool
    notes: tuple[Message, ...] = ()


def check_placed(
    x: ArrayLike,
    y: ArrayLike,
    *,
    coordinates: Coordinates,
    area: StudyArea,
    layer_name: str,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
) -> DatumCheck:
    """
    Refuse points that contradict their declared coordinates, and say what they look like.

    Parameters
    ----------
    x, y
        East and north (longitude and latitude) as declared; of a line or polygon one point on it.
        NaN is unknown and not looked at.
    coordinates
        The declaration.
    area
        The study area.
    layer_name
        The layer in the error.
    tolerance
        How much may lie outside.

    Returns
    -------
    DatumCheck

    Raises
    ------
    CrsError
        Numbers that are impossible under the declaration, or too many points outside the area; the
        message names the share, what the numbers look like (swapped columns, another datum, another
        zone) and the way out.
    """
    working_plane(area.working_crs)
    raw = _known(x, y)
    placed = place(*raw, coordinates=coordinates, working_crs=area.working_crs, name=layer_name)
    points_count = len(raw[0])
    zone = area.geometry.buffer(tolerance.buffer_m)
    shapely.prepare(zone)
    outside_count = _outside_count(placed, zone)
    most_outside = tolerance.outside_share * points_count
    if outside_count > most_outside:
        fitting = [
            looks
            for looks, points in _alternatives(raw, placed, coordinates, area.working_crs)
            if _outside_count(points, zone) <= most_outside
        ]
        raise CrsError(
            Message(
                "crs.misplaced",
                layer=layer_name,
                declared=coordinates.declared,
                area=area.name,
                outside=outside_count,
                points=points_count,
                percent=f"{100 * outside_count / points_count:.0f}",
                looks=_looks(fitting),
            )
        )
    rivals = rival_datums(*placed, coordinates=coordinates, working_crs=area.working_crs)
    notes = (
        prefix_note(raw[0], coordinates=coordinates, name=layer_name),
        shift_note(coordinates, working_crs=area.working_crs),
    )
    return DatumCheck(
        points_count=points_count,
        outside_count=outside_count,
        is_verified=points_count > 0
        and all(_outside_count(points, zone) > most_outside for points in rivals.values()),
        notes=tuple(note for note in notes if note is not None),
    )


def _known(x: ArrayLike, y: ArrayLike) -> Points:
    east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    is_known = ~(np.isnan(east) | np.isnan(north))
    return east[is_known], north[is_known]


def _outside_count(points: Points, zone: BaseGeometry) -> int:
    return int(np.sum(~shapely.contains_xy(zone, *points)))


def _alternatives(
    raw: Points, placed: Points, coordinates: Coordinates, working_crs: str
) -> Iterator[tuple[Message, Points]]:
    """Yield what the numbers could be instead, likeliest first, and where they would lie then."""
    x, y = raw
    swapped = _placed_or_none(y, x, coordinates, working_crs)
    if swapped is not None:
        yield Message("crs.looks_swapped"), swapped
    for zone in neighbour_zones(coordinates):
        points = _placed_or_none(x, y, zone, working_crs)
        if points is not None:
            yield Message("crs.looks_declared", declared=zone.declared), points
    rivals = rival_datums(*placed, coordinates=coordinates, working_crs=working_crs)
    for datum, points in rivals.items():
        key = "crs.looks_declared" if coordinates.is_geographic else "crs.looks_shifted"
        yield Message(key, declared=str(datum)), points


def _placed_or_none(
    x: FloatArray, y: FloatArray, coordinates: Coordinates, working_crs: str
) -> Points | None:
    try:
        return place(x, y, coordinates=coordinates, working_crs=working_crs)
    except CrsError:  # not an alternative, then
        return None


def _looks(fitting: list[Message]) -> Message:
    if not fitting:
        return Message("crs.looks_unknown")
    return Message("crs.looks_like", alternatives=fitting)
