"""Parts of files that cover more ground than a study: what lies in a zone, read by window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.crs import as_declared, geometry_to_plane, parse_coordinates
from zmd_layout.layers.files import read_raw
from zmd_layout.layers.sources.osm.opl import Window

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from zmd_layout.layers.account import Account
    from zmd_layout.study import LayerSource

# the zone's edge is followed at this step into coordinates where it is no rectangle
_STEP_M = 500.0
_ROOM_M = 2_000.0


def window_of(
    zone: shapely.Polygon, source: LayerSource, *, working_crs: str
) -> tuple[float, float, float, float] | None:
    """
    Return a zone's bounds in the coordinates of a file.

    Parameters
    ----------
    zone
        A polygon in the plane of `working_crs`.
    source
        The file, for its declared coordinates.
    working_crs
        The study's plane.

    Returns
    -------
    window
        West, south, east and north; None where no coordinates are declared.
    """
    if source.coordinates in (None, "none"):
        return None  # the door says what to do about that
    return _bounds(zone, str(source.coordinates), working_crs)


def window_of_extract(zone: shapely.Geometry, *, working_crs: str) -> Window:
    """
    Return the window of an OSM extract in which a zone lies, with room around it.

    Parameters
    ----------
    zone
        An area in the plane of `working_crs`.
    working_crs
        The study's plane.
    """
    # an area can lie in the zone though its nodes lie beyond it; no school is as wide as the room
    return Window(*_bounds(zone.buffer(_ROOM_M).convex_hull, "wgs84", working_crs))


def _bounds(
    zone: shapely.Polygon, coordinates: str, working_crs: str
) -> tuple[float, float, float, float]:
    edge = shapely.get_coordinates(shapely.segmentize(zone.exterior, _STEP_M))
    x, y = as_declared(
        edge[:, 0], edge[:, 1], coordinates=parse_coordinates(coordinates), working_crs=working_crs
    )
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))


def read_within(
    path: Path,
    source: LayerSource,
    zone: shapely.Geometry,
    *,
    name: str,
    working_crs: str,
    account: Account | None = None,
) -> gpd.GeoDataFrame:
    """
    Read the rows of a file whose representative point lies in a zone.

    Parameters
    ----------
    path, source
        The file, and how it is declared; rows without a position are left out.
    zone
        In the plane of `working_crs`.
    name
        The layer in errors.
    working_crs
        The study's plane.
    account
        Takes what was read and left out.

    Raises
    ------
    LayerError, CrsError
        As `read_raw` and `geometry_to_plane`.
    """
    window = window_of(zone.convex_hull, source, working_crs=working_crs)
    frame = read_raw(path, source, layer_name=name, window=window, account=account)
    known = frame[frame.geometry.notna()]
    shapes = geometry_to_plane(
        known.geometry, coordinates=parse_coordinates(str(source.coordinates)),
        working_crs=working_crs, name=name,
    )  # fmt: skip
    shapely.prepare(zone)
    is_in = shapely.intersects(zone, shapely.point_on_surface(shapes.to_numpy()))
    return known[is_in].reset_index(drop=True)
