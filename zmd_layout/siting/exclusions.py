"""Ground where no school may go, and which bottom lines (底线) could be checked at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.vocabulary import ConstraintKind

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.measures import World

# GB 50099-2011 4.1.6: walls of classrooms with windows from railways and main roads
BUFFER_M = {ConstraintKind.RAILWAY: 300.0, ConstraintKind.ARTERIAL: 80.0}
BOTTOM_LINES = (
    ConstraintKind.PERMANENT_FARMLAND,
    ConstraintKind.ECOLOGICAL_RED_LINE,
    ConstraintKind.OUTSIDE_URBAN_BOUNDARY,
    ConstraintKind.FLOOD_DETENTION,
)


def is_barred(
    places: gpd.GeoSeries, world: World, *, is_standing: bool = False
) -> NDArray[np.bool_]:
    """
    Find the places where no school may go.

    Parameters
    ----------
    places
        Points in the study's plane.
    world
        The study.
    is_standing
        Whether a campus stands there already: then railways and main roads bar nothing, for they
        ask for measures against noise, not for moving.

    Returns
    -------
    barred
        (n,) bool; nothing is barred where there is no layer `constraints`.
    """
    barred = np.zeros(len(places), dtype=bool)
    layer = world.layers.get("constraints")
    if layer is None or not len(places):
        return barred
    points = places.to_numpy()
    for kind, group in layer.frame[layer.frame.geometry.notna()].groupby("kind", sort=True):
        reach_m = BUFFER_M.get(ConstraintKind(str(kind)))
        if is_standing and reach_m is not None:
            continue
        tree = shapely.STRtree(group.geometry.to_numpy())
        hit = tree.query(points, predicate="dwithin", distance=reach_m or 0.0)[0]
        barred[np.unique(hit)] = True
    return barred


def unchecked_lines(world: World) -> tuple[ConstraintKind, ...]:
    """
    Name the bottom lines of which the study has no ground.

    A kind that is not in the layer may be one that nobody drew: it is unchecked, not clear.
    """
    layer = world.layers.get("constraints")
    known = set() if layer is None else set(layer.frame["kind"].dropna().astype(str))
    return tuple(kind for kind in BOTTOM_LINES if str(kind) not in known)
