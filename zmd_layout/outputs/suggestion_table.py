"""Suggested sites as `suggestions.geojson`: a contract with other people's scripts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.crs import to_wgs84

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import geopandas as gpd


def to_geojson(suggestions: gpd.GeoDataFrame) -> str:
    """
    Write suggestions as GeoJSON text: a Point each, longitude and latitude with 6 decimals.

    Unknown numbers are null; `closes` is a list. Other columns of the table are kept as they are.
    """
    lon, lat = np.empty(0), np.empty(0)
    if len(suggestions):
        shapes = suggestions.geometry
        lon, lat = to_wgs84(
            shapes.x.to_numpy(), shapes.y.to_numpy(), working_crs=str(suggestions.crs)
        )
    table = pd.DataFrame(suggestions.drop(columns=suggestions.geometry.name))
    features = [
        {
            "type": "Feature",
            "properties": _properties(row),
            "geometry": {"type": "Point", "coordinates": [round(float(x), 6), round(float(y), 6)]},
        }
        for row, x, y in zip(table.to_dict("records"), lon, lat, strict=True)
    ]
    collection = {"type": "FeatureCollection", "name": "suggestions", "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _properties(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {str(name): _value(cell) for name, cell in row.items()}


def _value(cell: Any) -> Any:  # noqa: ANN401 - a cell of any kind becomes JSON
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, list | tuple):
        return [_value(item) for item in cell]
    if isinstance(cell, float):
        return None if math.isnan(cell) else round(cell, 6)
    if isinstance(cell, bool | int | str) or cell is None:
        return cell
    return None if pd.isna(cell) else str(cell)
