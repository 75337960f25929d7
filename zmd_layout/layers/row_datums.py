"""Rows of one table whose coordinates refer to different datums, as a column of it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from zmd_layout.errors import LayerError
from zmd_layout.layers.plain import plain
from zmd_layout.layers.reading.cells import Unreadable
from zmd_layout.layers.sources.roster.cells import read_word
from zmd_layout.layers.sources.roster.datums import as_one_datum
from zmd_layout.messages import Message

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

COLUMN = "coordinates"
_HEADS = {COLUMN, "坐标系", "坐标系统", "坐标来源", "坐标基准", "坐标类型", "datum"}
_TABLE = "coordinates"
_SHOWN = 5


def in_one_datum(
    frame: gpd.GeoDataFrame, *, declared: str, layer_name: str
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Bring rows that name a datum of their own to the declared one.

    Parameters
    ----------
    frame
        As it was read, in its declared coordinates but for those rows.
    declared
        The coordinates of the layer, which rows with an empty cell have.
    layer_name
        The layer in errors.

    Returns
    -------
    frame, notes
        In the declared coordinates, and how many rows were converted.

    Raises
    ------
    LayerError
        If a row names a datum that is not known, or rows name datums and the layer is declared in a
        plane.
    """
    head = next((c for c in frame.columns if plain(str(c)).casefold() in _HEADS), None)
    if head is None:
        return frame, ()
    datums = _datums(frame[head], layer_name)
    shapes = frame.geometry.to_numpy()
    counts: dict[str, int] = {}
    for datum in sorted({d for d in datums if d is not None and d != declared}):
        rows = np.array([d == datum for d in datums]) & frame.geometry.notna().to_numpy()
        if not rows.any():
            continue

        def moved(points: NDArray[np.float64], datum: str = datum) -> NDArray[np.float64]:
            x, y = points.T
            return np.column_stack(as_one_datum(x, y, [datum] * len(x), declared=declared))

        shapes = shapes.copy()
        shapes[rows] = shapely.transform(shapes[rows], moved)
        counts[datum] = int(rows.sum())
    frame = frame.rename(columns={head: COLUMN}).set_geometry(list(shapes), crs=frame.crs)
    if not counts:
        return frame, ()
    found = [f"{datum} ({count})" for datum, count in counts.items()]
    note = Message("layers.rows_converted", layer=layer_name, declared=declared, found=found)
    return frame, (note,)


def _datums(cells: pd.Series[Any], layer_name: str) -> list[str | None]:
    datums: list[str | None] = []
    unknown: dict[int, str] = {}
    for number, cell in enumerate(cells, 1):
        text = str(cell).strip() if isinstance(cell, str) else ""
        datums.append(_datum(text) if text else None)
        if text and datums[-1] is None:
            unknown[number] = text
    if unknown:
        shown = list(unknown)[:_SHOWN]
        raise LayerError(
            Message(
                "layers.unknown_datums", layer=layer_name, count=len(unknown), rows=shown,
                found=sorted(set(unknown.values()))[:_SHOWN],
            )
        )  # fmt: skip
    return datums


def _datum(text: str) -> str | None:
    try:
        word = read_word(text, table=_TABLE)
    except Unreadable:
        return None
    return word if isinstance(word, str) else None
