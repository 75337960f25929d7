"""Tables in memory as the layers of a study, in place of files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyproj import CRS

from zmd_layout.errors import ArgumentError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

PREFIX = "frame:"  # of `LayerSource.path`, before the name of the layer
NO_POSITIONS = "none"
# CGCS2000, 3-degree Gauss-Krüger without zone numbers: EPSG:4534 has its meridian at 75° E
_FIRST_ZONE, _FIRST_MERIDIAN, _LAST_MERIDIAN, _ZONE_WIDTH = 4534, 75, 135, 3
_WEB_MERCATOR = 3857


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table that was handed in.

    Attributes
    ----------
    frame
        The table, a copy.
    is_labelled
        Whether its coordinates are degrees of which nothing but its own CRS says what they are.
    coordinates
        As declared.
    """

    frame: pd.DataFrame
    is_labelled: bool
    coordinates: str


def taken(layers: Mapping[str, object], coordinates: Mapping[str, str]) -> dict[str, Table]:
    """
    Take the tables of a study.

    Parameters
    ----------
    layers
        Layer → GeoDataFrame, or DataFrame for a layer without positions or with columns of them.
    coordinates
        Layer → what its coordinates are, where that is not what its CRS says.

    Returns
    -------
    tables
        By layer.

    Raises
    ------
    ArgumentError
        All faults in one error.
    """
    faults = [
        Message("arguments.not_a_layer", name="coordinates", layer=name, known=sorted(layers))
        for name in coordinates
        if name not in layers
    ]
    tables: dict[str, Table] = {}
    for name, given in layers.items():
        frame: Any = given
        if not hasattr(frame, "columns") or not hasattr(frame, "iloc"):
            found = type(frame).__name__
            faults.append(Message("arguments.no_frame", layer=name, found=found))
            continue
        crs = _crs_of(frame)
        word = coordinates.get(name) or _declaration(frame, crs)
        if word is None:
            faults.append(Message("arguments.frame_without_crs", layer=name))
            continue
        label_only = name not in coordinates and crs is not None and crs.is_geographic
        tables[name] = Table(frame.copy(), label_only, word)
    if faults:
        raise ArgumentError(*faults)
    return tables


def plane_of(tables: Mapping[str, Table]) -> str | None:
    """Return the CRS of the first table that is a plane in metres; else one for its degrees."""
    for table in tables.values():
        crs = _crs_of(table.frame)
        if crs is None:
            continue
        if crs.is_projected:
            code = crs.to_epsg()
            in_metres = all(axis.unit_name == "metre" for axis in crs.axis_info)
            if code is not None and code != _WEB_MERCATOR and in_metres:
                return f"EPSG:{code}"
            continue
        west, _, east, _ = table.frame.total_bounds
        meridian = _ZONE_WIDTH * round((west + east) / 2 / _ZONE_WIDTH)
        if _FIRST_MERIDIAN <= meridian <= _LAST_MERIDIAN:
            return f"EPSG:{_FIRST_ZONE + (meridian - _FIRST_MERIDIAN) // _ZONE_WIDTH}"
    return None


def _crs_of(frame: Any) -> CRS | None:  # noqa: ANN401 - a table of any kind
    crs = getattr(frame, "crs", None)
    return None if crs is None else CRS.from_user_input(crs)


def _declaration(frame: Any, crs: CRS | None) -> str | None:  # noqa: ANN401 - a table of any kind
    """Return what the CRS of a table declares; None where it has geometry and no CRS."""
    if crs is None:
        has_shapes = hasattr(frame, "geometry") and bool(frame.geometry.notna().any())
        return None if has_shapes else NO_POSITIONS
    code = crs.to_epsg()
    return None if code is None else f"EPSG:{code}"
