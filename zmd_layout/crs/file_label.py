"""The CRS that a file carries (its .prj, its header) against what the study declares."""

from __future__ import annotations

import numpy as np
import pyproj

from zmd_layout.crs.declared import METRES_PER_ZONE, Coordinates
from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

_WGS84_AXIS_M = 6378137.0
_SAME_M = 0.01


def require_no_contradiction(
    label: pyproj.CRS | None, *, coordinates: Coordinates, name: str | Message
) -> None:
    """
    Refuse a declaration that the file itself contradicts.

    Parameters
    ----------
    label
        The CRS that the file carries. None, and WGS 84 or CGCS2000 in degrees, say nothing: GeoJSON
        and KML are read so whatever they hold, and GCJ-02 and BD-09 are labelled so for want of a
        code.
    coordinates
        What the study declares.
    name
        What the layer is called in the error.

    Raises
    ------
    CrsError
        The label is another projection or another datum.
    """
    if label is None or (label.is_geographic and is_global(label)):
        return
    if not _mean_the_same(label, coordinates.crs):
        raise CrsError(
            Message(
                "crs.file_contradicts",
                layer=name,
                declared=coordinates.declared,
                found=label.name,
                code=label.to_string() if label.to_authority() else label.name,
            )
        )


def is_global(crs: pyproj.CRS) -> bool:
    """Return whether a CRS stands on WGS 84, CGCS2000 or their like: an ellipsoid of their size."""
    return crs.ellipsoid is not None and crs.ellipsoid.semi_major_metre == _WGS84_AXIS_M


def _mean_the_same(label: pyproj.CRS, declared: pyproj.CRS) -> bool:
    """
    Compare two CRSs by what they do to a point.

    Names are no guide: a .prj says CGCS2000_3_Degree_GK_CM_114E where the register says
    CGCS2000 / 3-degree Gauss-Kruger CM 114E. A zone number in front of the eastings is left out.
    """
    if label.is_geographic != declared.is_geographic:
        return False
    if label.is_geographic:
        return label.ellipsoid == declared.ellipsoid
    area = declared.area_of_use
    # a corner of the area: on the central meridian a scale of another size would not show
    lon, lat = (area.west, area.south) if area else (0.0, 0.0)
    (x, y), (other_x, other_y) = pyproj.Proj(label)(lon, lat), pyproj.Proj(declared)(lon, lat)
    return bool(
        np.allclose(
            [x % METRES_PER_ZONE, y], [other_x % METRES_PER_ZONE, other_y], rtol=0, atol=_SAME_M
        )
    )
