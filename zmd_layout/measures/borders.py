"""Plots that lie across the border of a county, or of the study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.layers.holding import stands_alone

if TYPE_CHECKING:
    from zmd_layout.measures.world import World

_SLIVER = 0.01  # ours: of the plot; borders are not drawn more exactly


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a plot in one county; no id and no name: outside of all counties."""

    unit_id: str
    name: str
    area_m2: float


def parts_by_county(world: World, shape: shapely.Geometry) -> tuple[Part, ...]:
    """
    Return the parts of a plot by county, the largest first.

    Parts of less than a hundredth of the plot are left out: borders are not drawn more exactly.

    Parameters
    ----------
    world
        The study; without polygons of counties nothing is told.
    shape
        The plot in the study's plane.
    """
    layer = world.layers.get("counties")
    if layer is None or shape is None or not shape.area > 0:
        return ()
    frame = layer.frame[stands_alone(layer.frame) & layer.frame.geometry.notna().to_numpy()]
    if frame.empty:
        return ()
    shapes = frame.geometry.to_numpy()
    near = np.flatnonzero(shapely.intersects(shapes, shape))
    inside = shapely.area(shapely.intersection(shapes[near], shape))
    parts = [
        Part(str(frame["unit_id"].iloc[row]), str(frame["name"].iloc[row]), float(area_m2))
        for row, area_m2 in zip(near, inside, strict=True)
    ]
    parts.append(Part("", "", float(shape.area - inside.sum())))
    kept = [part for part in parts if part.area_m2 > _SLIVER * shape.area]
    return tuple(sorted(kept, key=lambda part: (-part.area_m2, part.unit_id)))
