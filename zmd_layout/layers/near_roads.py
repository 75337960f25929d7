"""The roads around a place, read by window, so that one plot does not wait for a whole city."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from zmd_layout.crs import as_declared, parse_coordinates
from zmd_layout.layers.door import Raw, admit, origin_of
from zmd_layout.layers.files import read_raw
from zmd_layout.layers.sources import osm_layers

if TYPE_CHECKING:
    from zmd_layout.layers.layer import Layer
    from zmd_layout.study import LayerSource, Study

_LAYER = "roads"
_STEP_M = (
    500.0  # the zone's edge is followed at this step into coordinates where it is no rectangle
)


def has_windows(study: Study, source: LayerSource) -> bool:
    """Tell whether a part can be read; an OSM extract has to be read whole."""
    return not osm_layers.is_extract(study.path_of(source))


def roads_near(study: Study, source: LayerSource, zone: shapely.Polygon) -> Layer | None:
    """
    Load the roads that meet a zone.

    Parameters
    ----------
    study
        The study, for its plane and folder.
    source
        Its roads, in a file that `has_windows`.
    zone
        A polygon in the study's plane.

    Returns
    -------
    layer
        `roads`; None where there is none.

    Raises
    ------
    ZmdLayoutError
        If the roads are not what the study says.
    """
    path = study.path_of(source)
    frame = read_raw(path, source, layer_name=_LAYER, window=_window(zone, source, study))
    if frame.empty:
        return None
    return admit(_LAYER, Raw(frame), source, study=study, origin=origin_of(path, source))


def _window(
    zone: shapely.Polygon, source: LayerSource, study: Study
) -> tuple[float, float, float, float] | None:
    """Give the zone's bounds in the file's coordinates; None where those are not declared."""
    if source.coordinates is None:
        return None  # the door says what to do about that
    edge = shapely.get_coordinates(shapely.segmentize(zone.exterior, _STEP_M))
    x, y = as_declared(
        edge[:, 0], edge[:, 1], coordinates=parse_coordinates(source.coordinates),
        working_crs=study.crs,
    )  # fmt: skip
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))
