"""Implausible places of schools: default points of geocoders, rounded, swapped, far off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from zmd_layout.crs import parse_coordinates
from zmd_layout.crs.plane import place
from zmd_layout.errors import CrsError
from zmd_layout.layers.plausibility import bounds
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Implausible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.crs import StudyArea
    from zmd_layout.study import Acceptance

    Rows = NDArray[np.bool_]

_KEYS = ("name", "school_id", "project_id")
_MOST_LON, _MOST_LAT = 180.0, 90.0
_EXACT = 1e-9  # of a degree or metre: what reading a decimal leaves


def without_implausible_places(
    frame: gpd.GeoDataFrame,
    *,
    layer_name: str,
    declared: str,
    area: StudyArea | None = None,
    accept: Iterable[Acceptance] = (),
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Take implausible places off points, which then have no known place.

    Parameters
    ----------
    frame
        As it was read, in its declared coordinates; only points are looked at.
    layer_name
        The layer.
    declared
        Its coordinates.
    area
        Where the study is, or None.
    accept
        What the study accepts.

    Returns
    -------
    frame, notes
        The rows, all of them, and for each kind of doubt those that lost their place, or the reason
        for which they kept it.
    """
    accepted = {acceptance.what: acceptance.reason for acceptance in accept}
    shapes = frame.geometry.to_numpy()
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    is_point &= ~shapely.is_empty(shapes)
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    taken = np.zeros(len(frame), dtype=bool)
    notes = []
    for what, found, values in _doubts(x, y, is_point, declared, area):
        rows = found & ~taken
        if not rows.any():
            continue
        told = {"layer": layer_name, "count": int(rows.sum()), "what": str(what),
                "found": _names(frame, rows)} | values  # fmt: skip
        if what in accepted:
            notes.append(Message("plausibility.accepted", reason=accepted[what], **told))
            continue
        notes.append(Message(f"plausibility.{what}", **told))
        taken |= rows
    if not taken.any():
        return frame, tuple(notes)
    return frame.set_geometry(list(np.where(taken, None, shapes)), crs=frame.crs), tuple(notes)


def _doubts(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    is_point: Rows,
    declared: str,
    area: StudyArea | None,
) -> Iterator[tuple[Implausible, Rows, dict[str, Any]]]:
    yield Implausible.COINCIDING_PLACES, _coinciding(x, y, is_point), {}
    is_geographic = parse_coordinates(declared).is_geographic
    yield Implausible.ROUNDED_PLACES, _rounded(x, y, is_point, is_geographic=is_geographic), {}
    if area is None:
        return
    limit = bounds("far_places")
    distance_m = _distances(x, y, is_point, declared, area)
    is_far = is_point & (distance_m > limit["most_m"])
    if is_far.sum() > max(1, limit["most_share"] * is_point.sum()):
        return  # not some rows but the declaration is in question
    is_swapped = is_far & (_distances(y, x, is_far, declared, area) <= limit["most_m"])
    yield Implausible.SWAPPED_PLACES, is_swapped, {}
    is_far &= ~is_swapped
    known = distance_m[is_far & np.isfinite(distance_m)]
    yield Implausible.FAR_PLACES, is_far, {"km": f"{max(known, default=np.nan) / 1000:,.0f}"}


def _coinciding(x: NDArray[np.float64], y: NDArray[np.float64], is_point: Rows) -> Rows:
    places = np.column_stack([x, y])[is_point]
    if not len(places):
        return np.zeros(len(x), dtype=bool)
    _, which, counts = np.unique(places, axis=0, return_inverse=True, return_counts=True)
    rows = np.zeros(len(x), dtype=bool)
    rows[is_point] = counts[which.reshape(-1)] >= bounds("coinciding_places")["least"]
    return rows


def _rounded(
    x: NDArray[np.float64], y: NDArray[np.float64], is_point: Rows, *, is_geographic: bool
) -> Rows:
    limit = bounds("rounded_places")
    unit = 10.0 ** -limit["decimals"] if is_geographic else float(limit["whole_m"])
    rows = is_point.copy()
    for axis in (x, y):
        steps = np.where(is_point, axis, 0.5 * unit) / unit
        rows &= np.abs(steps - np.round(steps)) <= _EXACT / unit
    placed = int(is_point.sum())
    is_many = placed >= limit["least_rows"] and rows.sum() >= limit["least_share"] * placed
    return rows if is_many else np.zeros(len(x), dtype=bool)


def _distances(
    x: NDArray[np.float64], y: NDArray[np.float64], is_point: Rows, declared: str, area: StudyArea
) -> NDArray[np.float64]:
    """Measure how far points lie from the study area: infinitely where numbers are impossible."""
    coordinates = parse_coordinates(declared)
    is_possible = is_point.copy()
    if coordinates.is_geographic:
        is_possible &= (np.abs(x) <= _MOST_LON) & (np.abs(y) <= _MOST_LAT)
    distance = np.where(is_point, np.inf, 0.0)
    try:
        east, north = place(
            x[is_possible], y[is_possible], coordinates=coordinates, working_crs=area.working_crs
        )
    except CrsError:  # refused with the way out when the layer is placed
        return np.zeros(len(x))
    is_known = np.isfinite(east) & np.isfinite(north)
    found = np.full(len(east), np.inf)
    found[is_known] = shapely.distance(
        shapely.points(east[is_known], north[is_known]), area.geometry
    )
    distance[is_possible] = found
    return distance


def _names(frame: gpd.GeoDataFrame, rows: Rows) -> list[str]:
    key = next((column for column in _KEYS if column in frame), None)
    names = [str(n + 1) for n in range(len(frame))] if key is None else frame[key].astype(str)
    return [str(name) for name, row in zip(names, rows, strict=True) if row]
