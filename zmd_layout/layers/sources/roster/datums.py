"""Coordinates whose datum is told row by row, brought to the one that the study declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.crs import (
    Datum,
    bd09_to_wgs84,
    gcj02_to_wgs84,
    parse_coordinates,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from zmd_layout.errors import LayerError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Array = np.ndarray[Any, np.dtype[np.float64]]
    Move = Callable[[Array, Array], tuple[Array, Array]]


def _stay(x: Array, y: Array) -> tuple[Array, Array]:
    """Leave degrees of WGS 84 and CGCS2000, which are the same within a metre."""
    return x, y


_TO_WGS84: dict[str, Move] = {
    Datum.WGS84: _stay,
    Datum.CGCS2000: _stay,
    Datum.GCJ02: gcj02_to_wgs84,
    Datum.BD09: bd09_to_wgs84,
}
_FROM_WGS84: dict[str, Move] = {
    Datum.WGS84: _stay,
    Datum.CGCS2000: _stay,
    Datum.GCJ02: wgs84_to_gcj02,
    Datum.BD09: wgs84_to_bd09,
}


def as_one_datum(
    x: Array, y: Array, datums: Sequence[str | None], *, declared: str | None
) -> tuple[Array, Array]:
    """
    Convert rows of another datum to the declared one.

    Parameters
    ----------
    x, y
        (n,) degrees east and north; NaN is unknown and stays.
    datums
        The datum of each row; None is the declared one.
    declared
        `coordinates` of the study; None, as before anything is declared: nothing is converted.

    Raises
    ------
    LayerError
        If rows tell a datum and the declared coordinates are none of degrees (a plane or `none`).
    """
    others = sorted({datum for datum in datums if datum is not None and datum != declared})
    if not others or declared is None:
        return x, y  # undeclared, nothing can be converted: the study's door asks for it
    wanted = str(parse_coordinates(declared).datum) if declared not in (None, "none") else ""
    if wanted not in _FROM_WGS84:
        raise LayerError(Message("roster.mixed_datums", found=others, declared=str(declared)))
    x, y = x.copy(), y.copy()
    told = np.array([datum or "" for datum in datums])
    for datum in others:
        rows = (told == datum) & np.isfinite(x) & np.isfinite(y)
        x[rows], y[rows] = _FROM_WGS84[wanted](*_TO_WGS84[datum](x[rows], y[rows]))
    return x, y
