"""Where a study is, and whether its working plane suits that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from zmd_layout.crs import StudyArea, require_fit
from zmd_layout.errors import CrsError

if TYPE_CHECKING:
    from zmd_layout.layers.layer import Layers
    from zmd_layout.messages import Message
    from zmd_layout.study import Study

_WHERE = ("counties", "townships", "planning_units", "villages")


def study_area(layers: Layers, study: Study) -> StudyArea | None:
    """Return the ground that the first layer of units with polygons covers; None without any."""
    for name in _WHERE:
        if name not in layers:
            continue
        shapes = layers[name].frame.geometry.dropna().to_numpy()
        shapes = shapes[shapely.get_dimensions(shapes) == 2]  # noqa: PLR2004 - areas
        if len(shapes):
            return StudyArea(shapely.union_all(shapes), study.crs, study.name.zh)
    return None


def plane_faults(layers: Layers, name: str, area: StudyArea | None) -> list[Message]:
    """Hold the working plane against where the study is; what it distorts a little is a note."""
    if area is None:
        return []
    try:
        note = require_fit(area.geometry.bounds, working_crs=area.working_crs)
    except CrsError as error:
        return list(error.messages)
    if note is not None:
        origin = layers[name].origin
        layers[name] = replace(layers[name], origin=replace(origin, notes=(*origin.notes, note)))
    return []
