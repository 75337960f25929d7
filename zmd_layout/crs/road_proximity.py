"""
Points that stand beside lines, such as schools beside roads: under a wrong datum fewer do.

Where lines are everywhere, as the streets of a city, this says nothing; in the country it does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.crs.alternatives import rival_datums
from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.crs.declared import Coordinates
    from zmd_layout.crs.placed import DatumCheck
    from zmd_layout.crs.plane import Points

# Assumptions of ours: how near beside is, how many points tell, and how sure one must be.
_BESIDE_M = 100.0
_LEAST_POINTS = 60
_LEAST_DIFFERENCE = 0.1  # of the share of points that stand beside
_LEAST_DEVIATIONS = 5.0  # of the difference, in its standard deviations were there none


def check_beside_lines(
    placed_m: Points,
    lines: shapely.STRtree,
    *,
    coordinates: Coordinates,
    working_crs: str,
    layer_name: str,
    so_far: DatumCheck,
) -> DatumCheck:
    """
    Ask whether points stand beside lines as declared, or would if they were of another datum.

    Parameters
    ----------
    placed_m
        Easting and northing in metres of `working_crs`, as declared; no NaN.
    lines
        Lines whose datum is known, in the same plane.
    coordinates
        What the points are declared as.
    working_crs
        `EPSG:n`.
    layer_name
        The layer in the error.
    so_far
        What is known of the datum before.

    Returns
    -------
    DatumCheck
        `so_far`, verified if clearly more points stand beside lines as declared than under any
        other datum; unchanged where the lines do not tell.

    Raises
    ------
    CrsError
        If clearly more would under another.
    """
    if len(placed_m[0]) < _LEAST_POINTS:
        return so_far
    rivals = rival_datums(*placed_m, coordinates=coordinates, working_crs=working_crs)
    here = _beside(placed_m, lines)
    there = {datum: _beside(points, lines) for datum, points in rivals.items()}
    better = [datum for datum in there if _is_clearly_more(there[datum], here)]
    if better:
        best = max(better, key=lambda datum: int(there[datum].sum()))
        raise CrsError(
            Message(
                "crs.off_lines", layer=layer_name, declared=coordinates.declared,
                here=round(100 * here.mean()), there=round(100 * there[best].mean()),
                distance=round(_BESIDE_M), datum=str(best),
            )
        )  # fmt: skip
    is_alone = bool(there) and all(_is_clearly_more(here, other) for other in there.values())
    return replace(so_far, is_verified=so_far.is_verified or is_alone)


def _beside(points: Points, lines: shapely.STRtree) -> NDArray[np.bool_]:
    found = lines.query(shapely.points(*points), predicate="dwithin", distance=_BESIDE_M)
    is_beside = np.zeros(len(points[0]), dtype=bool)
    is_beside[found[0]] = True
    return is_beside


def _is_clearly_more(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> bool:
    """Compare the same points under two datums: only those count that change sides (McNemar)."""
    gained, lost = int((first & ~second).sum()), int((second & ~first).sum())
    difference = gained - lost
    is_large = difference >= _LEAST_DIFFERENCE * len(first)
    return is_large and difference >= _LEAST_DEVIATIONS * np.sqrt(gained + lost)
