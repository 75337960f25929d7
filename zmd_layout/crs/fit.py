"""Whether a working plane suits the ground that is measured in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyproj

from zmd_layout.crs.declared import working_plane
from zmd_layout.crs.plane import to_wgs84
from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

# assumptions of ours: radii of some hundred metres to a few kilometres bear no more
_MOST_ERROR = 0.01
_NOTED_ERROR = 0.002
_ZONES_OF_CHINA = (73.5, 136.5)
_LATITUDES_OF_CHINA = (3.0, 54.0)
_WEST_MERIDIAN, _WEST_CODE = 75, 4534  # CGCS2000 / 3-degree Gauss-Kruger CM 75E
_ZONE_DEGREES = 3


@dataclass(frozen=True, slots=True)
class Fit:
    """
    How well a plane suits some ground.

    Attributes
    ----------
    lon, lat
        The middle of the ground.
    error
        The largest relative error of lengths in it; infinite where the plane has no place for it.
    better
        A CRS that suits it.
    """

    lon: float
    lat: float
    error: float
    better: str


def fit_of_plane(bounds: tuple[float, float, float, float], *, working_crs: str) -> Fit:
    """
    Measure how a plane distorts lengths over some ground.

    Parameters
    ----------
    bounds
        West, south, east and north of the ground in `working_crs`.
    working_crs
        `EPSG:n`.
    """
    west, south, east, north = bounds
    x = np.array([(west + east) / 2, west, west, east, east])
    y = np.array([(south + north) / 2, south, north, south, north])
    lon, lat = to_wgs84(x, y, working_crs=working_crs)
    plane = pyproj.Proj(working_plane(working_crs))
    scales = plane.get_factors(lon, lat, errcheck=False)
    found = np.concatenate([scales.meridional_scale, scales.parallel_scale])
    errors = np.where(np.isfinite(found), np.abs(found - 1), np.inf)
    middle = float(lon[0]), float(lat[0])
    return Fit(*middle, error=float(errors.max()), better=plane_of(*middle))


def distortion_note(
    bounds: tuple[float, float, float, float], *, working_crs: str
) -> Message | None:
    """
    Report how a plane distorts lengths where it is used, and which plane suits better.

    Parameters
    ----------
    bounds, working_crs
        As `fit_of_plane`.

    Returns
    -------
    note
        None where it suits.
    """
    fit = fit_of_plane(bounds, working_crs=working_crs)
    return _said("crs.plane_distorts", fit, working_crs) if fit.error > _NOTED_ERROR else None


def require_fit(bounds: tuple[float, float, float, float], *, working_crs: str) -> Message | None:
    """
    Refuse a plane that distorts lengths too much where it is used.

    Parameters
    ----------
    bounds, working_crs
        As `fit_of_plane`.

    Returns
    -------
    note
        As `distortion_note`.

    Raises
    ------
    CrsError
        If lengths are off by more than 1 %.
    """
    fit = fit_of_plane(bounds, working_crs=working_crs)
    if fit.error > _MOST_ERROR:
        raise CrsError(_said("crs.plane_elsewhere", fit, working_crs))
    return distortion_note(bounds, working_crs=working_crs)


def _said(key: str, fit: Fit, working_crs: str) -> Message:
    return Message(
        key, working=working_crs, name=working_plane(working_crs).name, better=fit.better,
        lon=f"{fit.lon:.1f}", lat=f"{fit.lat:.1f}", percent=f"{fit.error:.1%}",
    )  # fmt: skip


def plane_of(lon: float, lat: float) -> str:
    """
    Name a plane for a place: the 3° zone of CGCS2000 in China, else the UTM zone.

    Parameters
    ----------
    lon, lat
        Degrees.
    """
    in_china = _ZONES_OF_CHINA[0] <= lon < _ZONES_OF_CHINA[1]
    if in_china and _LATITUDES_OF_CHINA[0] <= lat <= _LATITUDES_OF_CHINA[1]:
        meridian = _ZONE_DEGREES * round(lon / _ZONE_DEGREES)
        return f"EPSG:{_WEST_CODE + (meridian - _WEST_MERIDIAN) // _ZONE_DEGREES}"
    zone = int((lon + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"
