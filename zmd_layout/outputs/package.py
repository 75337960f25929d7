"""The layers of a run as one GeoPackage (EPSG:4490)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

GEOGRAPHIC = "EPSG:4490"
_CLOCK = "OGR_CURRENT_DATE"


def write_package(path: Path, tables: Mapping[str, gpd.GeoDataFrame], *, day: dt.date) -> None:
    """
    Write tables as layers of a GeoPackage, in the given order.

    Parameters
    ----------
    path
        The file; it must not exist.
    tables
        By layer name. Lists and days are written as text, so that every GIS reads them.
    day
        What the file gives as the day of its last change: the day of the assessment, so that the
        same results are the same bytes.
    """
    pyogrio.set_gdal_config_options({_CLOCK: f"{day.isoformat()}T00:00:00.000Z"})
    try:
        _write(path, tables)
    finally:
        pyogrio.set_gdal_config_options({_CLOCK: None})


def _write(path: Path, tables: Mapping[str, gpd.GeoDataFrame]) -> None:
    for name, table in tables.items():
        plain = _plain(table)
        pyogrio.write_dataframe(
            plain.to_crs(GEOGRAPHIC) if plain.crs is not None else plain,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=_geometry_type(table),
            append=path.exists(),
        )


def _geometry_type(table: gpd.GeoDataFrame) -> str:
    kinds = set(table.geometry.dropna().geom_type.unique())
    return next(iter(kinds)) if len(kinds) == 1 else "Unknown"


def _plain(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    out = table.copy()
    for name in out.columns:
        if name != out.geometry.name and out[name].dtype == object:
            out[name] = out[name].map(_cell).astype("string")
    return out


def _cell(value: Any) -> str | None:  # noqa: ANN401 - a cell of any layer
    if value is None or (not isinstance(value, tuple | list | dict) and pd.isna(value)):
        return None
    return str(value)


def units_table(frames: Mapping[str, gpd.GeoDataFrame], crs: str) -> gpd.GeoDataFrame:
    """
    Put the units of all kinds into one table: `unit_kind, unit_id, name, residents`, geometry.

    Parameters
    ----------
    frames
        Units by kind, indexed by unit id.
    crs
        The study's plane, for a study without units.
    """
    parts = []
    for kind, frame in frames.items():
        part = gpd.GeoDataFrame(
            {
                "unit_kind": kind,
                "unit_id": frame.index.astype(str),
                "name": frame["name"].to_numpy() if "name" in frame else None,
                "residents": frame["residents"].to_numpy(float) if "residents" in frame else None,
            },
            geometry=frame.geometry.to_numpy(),
            crs=frame.crs,
        )
        part["residents"] = part["residents"].astype("float64")
        parts.append(part)
    if not parts:
        columns: dict[str, list[str]] = {
            "unit_kind": [],
            "unit_id": [],
            "name": [],
            "residents": [],
        }
        return gpd.GeoDataFrame(columns, geometry=[], crs=crs)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
