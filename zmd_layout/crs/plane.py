"""Coordinates as declared → metres of the working CRS, vectorised."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from zmd_layout.crs.china_offsets import (
    FloatArray,
    bd09_to_wgs84,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from zmd_layout.crs.declared import Coordinates, Datum, crs_of, gauss_kruger, working_plane
from zmd_layout.crs.file_label import is_global, require_no_contradiction
from zmd_layout.crs.range_checks import eastings_as_defined, require_possible
from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

Points: TypeAlias = tuple[FloatArray, FloatArray]

UNNAMED = Message("crs.unnamed")

_TO_WGS84: dict[Datum, Callable[[ArrayLike, ArrayLike], Points]] = {
    Datum.GCJ02: gcj02_to_wgs84,
    Datum.BD09: bd09_to_wgs84,
}
_FROM_WGS84: dict[Datum, Callable[[ArrayLike, ArrayLike], Points]] = {
    Datum.GCJ02: wgs84_to_gcj02,
    Datum.BD09: wgs84_to_bd09,
}


def to_plane(
    x: ArrayLike,
    y: ArrayLike,
    *,
    coordinates: Coordinates,
    working_crs: str,
    name: str | Message = UNNAMED,
) -> Points:
    """
    Bring points into the working CRS.

    Parameters
    ----------
    x, y
        East and north (longitude and latitude) as declared, of the same shape. Where either is
        NaN the place is unknown, and stays so.
    coordinates
        What they are declared as.
    working_crs
        `EPSG:n`, projected, in metres.
    name
        What the layer is called in errors.

    Returns
    -------
    tuple of arrays
        Easting and northing in metres.

    Raises
    ------
    CrsError
        A number is impossible under the declaration, or `working_crs` is not fit for measuring.

    Notes
    -----
    CGCS2000 and WGS 84 are taken as the same (pyproj's shift between them is null; they differ by
    less than a metre). For Xi'an 1980 and Beijing 1954 see `shift_note`.
    """
    working_plane(working_crs)
    raw = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    x_m, y_m = place(*raw, coordinates=coordinates, working_crs=working_crs, name=name)
    is_lost = np.isinf(x_m)  # and then the northing is, too
    if is_lost.any():
        raise CrsError(
            Message(
                "crs.beyond_plane",
                layer=name,
                declared=coordinates.declared,
                working=working_crs,
                count=int(is_lost.sum()),
            )
        )
    return x_m, y_m


def place(
    x: FloatArray,
    y: FloatArray,
    *,
    coordinates: Coordinates,
    working_crs: str,
    name: str | Message = UNNAMED,
) -> Points:
    """Do as `to_plane`, but give infinity to a point too far away for the plane."""
    require_possible(x, y, coordinates=coordinates, name=name)
    x = eastings_as_defined(x, gauss_kruger(coordinates.crs))
    undo = _TO_WGS84.get(coordinates.datum)
    if undo is not None:
        x, y = undo(x, y)
    return _project(x, y, _code(coordinates), working_crs)


def geometry_to_plane(
    series: gpd.GeoSeries,
    *,
    coordinates: Coordinates,
    working_crs: str,
    name: str | Message = UNNAMED,
) -> gpd.GeoSeries:
    """
    Bring geometries of any kind into the working CRS; heights are dropped.

    Parameters
    ----------
    series
        The geometries with x east and y north (longitude first), on any index. The CRS that the
        series carries must not contradict the declaration.
    coordinates
        What the numbers are declared as.
    working_crs
        `EPSG:n`, projected, in metres.
    name
        What the layer is called in errors.

    Returns
    -------
    geopandas.GeoSeries
        On the same index, in `working_crs`. A missing geometry stays missing.

    Raises
    ------
    CrsError
        As `to_plane`, or the file's own CRS contradicts the declaration.
    """
    require_no_contradiction(series.crs, coordinates=coordinates, name=name)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = points.T
        moved = to_plane(x, y, coordinates=coordinates, working_crs=working_crs, name=name)
        return np.column_stack(moved)

    moved = shapely.transform(series.to_numpy(), move)
    return gpd.GeoSeries(
        moved, index=series.index, crs=working_plane(working_crs), name=series.name
    )


def to_wgs84(x_m: ArrayLike, y_m: ArrayLike, *, working_crs: str) -> Points:
    """Bring points of the working CRS to longitude and latitude (WGS 84, degrees); NaN stays."""
    working_plane(working_crs)
    return _project(np.asarray(x_m, float), np.asarray(y_m, float), working_crs, "EPSG:4326")


def as_declared(
    x_m: ArrayLike, y_m: ArrayLike, *, coordinates: Coordinates, working_crs: str
) -> Points:
    """
    Write points of the working CRS as `coordinates` has them: the inverse of `to_plane`.

    Parameters
    ----------
    x_m, y_m
        Easting and northing in metres of `working_crs`.
    coordinates
        What to write.
    working_crs
        `EPSG:n`.

    Returns
    -------
    tuple of arrays
        East and north as `coordinates` has them.
    """
    x, y = _project(np.asarray(x_m, float), np.asarray(y_m, float), working_crs, _code(coordinates))
    shift = _FROM_WGS84.get(coordinates.datum)
    return (x, y) if shift is None else shift(x, y)


def shift_note(coordinates: Coordinates, *, working_crs: str) -> Message | None:
    """
    Report it where a datum shift is needed and not applied.

    The parameters between Xi'an 1980 or Beijing 1954 and CGCS2000 are local and not public; pyproj
    keeps longitude and latitude, and the result is off by some tens of metres to over a hundred.

    Parameters
    ----------
    coordinates
        A declaration.
    working_crs
        `EPSG:n`.

    Returns
    -------
    Message or None
        None for WGS 84, CGCS2000 and whatever pyproj has a published transformation for.
    """
    if is_global(coordinates.crs):
        return None
    if "Ballpark" not in _transformer(_code(coordinates), working_crs).description:
        return None
    datum = coordinates.crs.datum.name if coordinates.crs.datum else coordinates.crs.name
    return Message("crs.shift_not_applied", declared=coordinates.declared, datum=datum)


def _project(x: FloatArray, y: FloatArray, source: str, target: str) -> Points:
    is_unknown = np.isnan(x) | np.isnan(y)
    to_x, to_y = _transformer(source, target).transform(x, y)
    return np.where(is_unknown, np.nan, to_x), np.where(is_unknown, np.nan, to_y)


@cache
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs_of(source), crs_of(target), always_xy=True)


def _code(coordinates: Coordinates) -> str:
    return f"EPSG:{coordinates.epsg}"
