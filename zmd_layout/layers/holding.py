"""Units that lie in another, such as a zone in a district: their people are counted there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

_ZONE = "zone"


def stands_alone(counties: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """
    Return which rows of the layer of counties may be added up.

    A unit whose `within` names another is counted there already. So is a zone that names none and
    has no ground of its own: it has no polygon, or its polygon lies in that of another unit.

    Parameters
    ----------
    counties
        `unit_id`, `kind` and `within` as far as they are known, and the polygons.

    Returns
    -------
    alone
        (n,) bool.
    """
    alone = np.ones(len(counties), dtype=np.bool_)
    if "within" in counties:
        alone &= counties["within"].isna().to_numpy(dtype=bool)
    if "kind" not in counties:
        return alone
    zones = np.flatnonzero((counties["kind"] == _ZONE).to_numpy(dtype=bool) & alone)
    shapes = counties.geometry.to_numpy()
    for zone in zones:
        shape = shapes[zone]
        others = np.delete(shapes, zone)
        if shape is None or shapely.intersects(others, shapely.point_on_surface(shape)).any():
            alone[zone] = False
    return alone
