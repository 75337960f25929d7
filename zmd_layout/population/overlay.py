"""Which part of which target lies in which zone: points, polygons and grid cells alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.errors import CrsError
from zmd_layout.messages import Message
from zmd_layout.population.grids import Grid, cells_by_zone, grid_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

# a point on a border goes to the zone on its east (and a little to the north): a shift far below
# the precision of any coordinate decides it, so that halves of a zone never share or lose a point
_NUDGE_M = (1e-5, 1e-6)


def require_one_plane(**layers: gpd.GeoDataFrame) -> None:
    """
    Refuse layers that do not all stand in the same CRS of metres.

    Raises
    ------
    CrsError
        Naming every layer without a CRS, in degrees, or in another CRS than the first.
    """
    wanted = next(iter(layers.values())).crs
    faults = [
        Message("people.plane", layer=name, found=str(layer.crs), wanted=str(wanted))
        for name, layer in layers.items()
        if layer.crs is None or not layer.crs.is_projected or layer.crs != wanted
    ]
    if faults:
        raise CrsError(*faults)


def point_pieces(zones: gpd.GeoSeries, points: gpd.GeoSeries) -> pd.DataFrame:
    """
    Find the zones of points.

    Parameters
    ----------
    zones
        Polygons in metres, which may overlap.
    points
        Points in the same CRS.

    Returns
    -------
    DataFrame
        Columns `zone`, `target` (positions) and `part` = 1. A point on a border is in the zone to
        its east; on the outer border, where no zone is to the east, in the first that touches it.
    """
    nudged = shapely.transform(points.to_numpy(), lambda xy: xy + np.array(_NUDGE_M))
    target, zone = zones.sindex.query(nudged, predicate="intersects")
    lost = np.setdiff1d(np.arange(len(points)), target)
    lost_target, lost_zone = zones.sindex.query(points.to_numpy()[lost], predicate="intersects")
    touched = pd.DataFrame({"zone": lost_zone, "target": lost[lost_target]})
    touched = touched.sort_values("zone").drop_duplicates("target")
    inside = pd.DataFrame({"zone": zone, "target": target})
    return pd.concat([inside, touched], ignore_index=True).assign(part=1.0)


def polygon_pieces(zones: gpd.GeoSeries, polygons: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """
    Cut polygons along zones.

    Parameters
    ----------
    zones, polygons
        In metres, of one CRS; either may overlap itself.

    Returns
    -------
    GeoDataFrame
        Columns `zone`, `target` (positions), `part` (share of the target's area, 0 to 1) and the
        piece as geometry. Pieces without area are left out.
    """
    target, zone = zones.sindex.query(polygons.to_numpy(), predicate="intersects")
    whole = polygons.to_numpy()[target]
    piece = shapely.intersection(whole, zones.to_numpy()[zone])
    area_m2 = shapely.area(piece)
    kept = area_m2 > 0
    return gpd.GeoDataFrame(
        {
            "zone": zone[kept],
            "target": target[kept],
            "part": area_m2[kept] / shapely.area(whole[kept]),
        },
        geometry=piece[kept],
        crs=zones.crs,
    )


def cell_pieces(zones: gpd.GeoSeries, grid: Grid) -> gpd.GeoDataFrame:
    """
    Find the cells of a grid that zones are spread over.

    Parameters
    ----------
    zones
        Polygons in any CRS.
    grid
        People per cell.

    Returns
    -------
    GeoDataFrame
        Columns `zone` (position), `target` (number of the cell), `weight` (people of the covered
        part), `part` (covered, 0 to 1), `area` (relative: the covered part), and the centre of the
        cell as geometry, in the CRS of `zones`. A cell that two zones share has a row in each.
        Cells without people are left out, unless the zone has no others.
    """
    crs = grid_crs(grid)
    columns: list[tuple[NDArray[np.generic], ...]] = []
    for position, cells in enumerate(cells_by_zone(grid, zones)):
        weight = cells.coverage * cells.people
        kept = weight > 0 if (weight > 0).any() else cells.coverage > 0
        # cells of a grid in degrees grow narrower to the north
        width = np.cos(np.radians(cells.y)) if crs.is_geographic else np.ones(len(cells.y))
        area = cells.coverage * width
        zone = np.full(int(kept.sum()), position)
        columns.append(
            (
                zone, cells.cell[kept], weight[kept], cells.coverage[kept], area[kept],
                cells.x[kept], cells.y[kept],
            )
        )  # fmt: skip
    zone, target, weight, part, area, x, y = (
        np.concatenate(parts) for parts in zip(*columns, strict=True)
    )
    centres = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=crs).to_crs(zones.crs)
    return gpd.GeoDataFrame(
        {"zone": zone, "target": target, "weight": weight, "part": part, "area": area},
        geometry=centres.to_numpy(),
        crs=zones.crs,
    )
