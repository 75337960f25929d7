"""The roads around a place, read by window, so that one plot does not wait for a whole city."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.layers.files import read_raw
from zmd_layout.layers.load import origin_of, validate_layer
from zmd_layout.layers.sources.osm import layers as osm_layers
from zmd_layout.layers.sources.read import RawLayer
from zmd_layout.layers.windows import window_of

if TYPE_CHECKING:
    import shapely

    from zmd_layout.layers.layer import Layer
    from zmd_layout.study import LayerSource, Study

_LAYER = "roads"


def has_windows(study: Study, source: LayerSource) -> bool:
    """Return whether a part can be read; OSM extracts, several files, tables are read whole."""
    if source.also or study.table_of(source) is not None:
        return False
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
    frame = read_raw(
        path, source, layer_name=_LAYER, window=window_of(zone, source, working_crs=study.crs)
    )
    if frame.empty:
        return None
    return validate_layer(
        _LAYER, RawLayer(frame), source, study=study, origin=origin_of(path, source)
    )
