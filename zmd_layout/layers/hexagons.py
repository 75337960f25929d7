"""Tables of H3 cells, which name their place and have no geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h3
import numpy as np
import shapely

from zmd_layout.errors import LayerError
from zmd_layout.layers.reading.known import plain
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

_NAMES = {"h3", "h3index", "h3_index", "h3id", "h3_id"}
_SHOWN = 5


def cell_column(heads: Iterable[object]) -> str | None:
    """Find the column that names H3 cells."""
    return next((str(head) for head in heads if plain(head) in _NAMES), None)


def cells_to_polygons(cells: pd.Series[Any], *, layer_name: str) -> NDArray[np.object_]:
    """
    Draw H3 cells.

    Parameters
    ----------
    cells
        Their indexes as text, such as `89a901291abffff`; empty cells have no polygon.
    layer_name
        The layer in errors.

    Returns
    -------
    polygons
        (n,) in degrees of WGS 84, longitude first; None where there is no index.

    Raises
    ------
    LayerError
        If an index is none of H3.
    """
    texts = cells.astype("string").str.strip().replace("", None)
    wrong = [text for text in texts.dropna() if not h3.is_valid_cell(text)]
    if wrong:
        raise LayerError(
            Message("layers.no_h3", layer=layer_name, count=len(wrong), found=wrong[:_SHOWN])
        )
    shapes = np.full(len(texts), None, dtype=object)
    for row, text in enumerate(texts):
        if isinstance(text, str):
            corners = [(east, north) for north, east in h3.cell_to_boundary(text)]
            shapes[row] = shapely.Polygon(corners)
    return shapes
