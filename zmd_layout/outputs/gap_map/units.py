"""Gather every unit that the map speaks of, once, with its place and what it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.outputs.gap_map.geometry import (
    encode_lines,
    label_points,
    round_degrees,
    simplify,
    to_degrees,
)
from zmd_layout.outputs.gap_map.names import search_key
from zmd_layout.outputs.gap_map.tables import encode_table
from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

KIND_ORDER = {str(kind): position for position, kind in enumerate(UnitKind)}
COLUMNS = ["kind", "unit_id", "name", "county_id", "township_id", "geometry"]
# where the statistical division codes of townships and villages name what holds them
CODE_OF = {
    UnitKind.COUNTY: r"^(\d{6})(?:\d{3}){1,2}$",
    UnitKind.TOWNSHIP: r"^(\d{9})\d{3}$",
}
CODED = (UnitKind.TOWNSHIP, UnitKind.VILLAGE)
NOWHERE = -1
POINT_TYPE = 0
AREA_DIMENSION = 2


def collect_units(
    findings: gpd.GeoDataFrame, layers: Mapping[str, pd.DataFrame]
) -> gpd.GeoDataFrame:
    """
    Gather the units of the findings and the counties and townships around them.

    Parameters
    ----------
    findings
        A row for each rule and unit, with the geometry of the unit or none.
    layers
        `counties` and `townships` are read: they give names, places and what lies in what.

    Returns
    -------
    GeoDataFrame
        EPSG:4326, one row a unit, ordered by kind and id, index 0…n-1: `kind, unit_id, name,
        county_id, township_id, geometry`, and `county` and `township`, the positions of the rows it
        belongs to (-1 where that is not known).
    """
    told = _of_findings(findings)
    context = [_of_layer(layers[name], name, kind) for name, kind in _CONTEXT if name in layers]
    gathered = pd.concat([told, *context], ignore_index=True)
    gathered["has_no_place"] = gathered.geometry.isna() | gathered.geometry.is_empty
    gathered = gathered.sort_values("has_no_place", kind="stable")
    first = gathered.groupby(["kind", "unit_id"], sort=False)[COLUMNS[2:]].first().reset_index()
    first["order"] = first["kind"].map(KIND_ORDER)
    units = first.sort_values(["order", "unit_id"], ignore_index=True)[COLUMNS]
    frame = gpd.GeoDataFrame(units, geometry="geometry", crs=4326)
    frame["township"] = _holders(frame, UnitKind.TOWNSHIP, frame["township_id"])
    frame["county"] = _holders(frame, UnitKind.COUNTY, _county_ids(frame))
    return frame


_CONTEXT = (
    ("counties", UnitKind.COUNTY),
    ("townships", UnitKind.TOWNSHIP),
    ("villages", UnitKind.VILLAGE),
)


def _county_ids(units: pd.DataFrame) -> pd.Series[Any]:
    """Return the county that a unit names itself, or that its township names."""
    of_township = units["township"].map(units["county_id"])
    ids: pd.Series[Any] = units["county_id"].where(units["county_id"].notna(), of_township)
    return ids


def _of_findings(findings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    keys = ["unit_kind", "unit_id"]
    ordered = findings.assign(has_no_place=findings.geometry.isna()).sort_values(
        [*keys, "has_no_place", "rule_id"], kind="stable"
    )
    once = to_degrees(ordered.drop_duplicates(keys), "findings")
    return gpd.GeoDataFrame(
        {
            "kind": once["unit_kind"].astype(str).to_numpy(),
            "unit_id": once["unit_id"].astype(str).to_numpy(),
            "name": once["unit_name"].to_numpy(dtype=object),
            "county_id": np.full(len(once), None, dtype=object),
            "township_id": np.full(len(once), None, dtype=object),
            "geometry": once.geometry.to_numpy(),
        },
        geometry="geometry",
        crs=4326,
    )


def _of_layer(layer: pd.DataFrame, name: str, kind: UnitKind) -> gpd.GeoDataFrame:
    if isinstance(layer, gpd.GeoDataFrame) and layer.active_geometry_name:
        geometry = to_degrees(_shown_at_places(layer), name).geometry.to_numpy()
    else:
        geometry = np.full(len(layer), None, dtype=object)
    return gpd.GeoDataFrame(
        {
            "kind": np.full(len(layer), str(kind), dtype=object),
            "unit_id": layer["unit_id"].astype(str).to_numpy(),
            "name": cells(layer, "name"),
            "county_id": cells(layer, "within" if kind is UnitKind.COUNTY else "county_id"),
            "township_id": cells(layer, "township_id"),
            "geometry": geometry,
        },
        geometry="geometry",
        crs=4326,
    )


def _shown_at_places(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put a unit whose area is not known at its place."""
    if "place_x" not in layer:
        return layer
    places = gpd.GeoSeries(gpd.points_from_xy(layer["place_x"], layer["place_y"]), crs=layer.crs)
    places[layer["place_x"].isna().to_numpy()] = None
    return layer.set_geometry(
        layer.geometry.where(layer.geometry.notna(), places.set_axis(layer.index))
    )


def cells(layer: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """Return a column's cells with None for what is missing; all None where there is no column."""
    if column not in layer.columns:
        return np.full(len(layer), None, dtype=object)
    values = layer[column].astype(object)
    return np.asarray(values.where(values.notna(), None), dtype=object)


def _holders(units: gpd.GeoDataFrame, kind: UnitKind, named: pd.Series) -> NDArray[np.int64]:
    """
    Find the unit of a kind that holds each: the one it names, else the one in which it lies.

    The id of a township or village is read as an official code only where a place is missing.
    """
    holders = units[units["kind"] == kind]
    position_of = {unit_id: int(position) for position, unit_id in holders["unit_id"].items()}
    itself = pd.Series(units.index, index=units.index).where(units["kind"] == kind)
    found = itself.fillna(named.map(position_of))
    smaller = units["kind"].map(KIND_ORDER) > KIND_ORDER[kind]
    drawn = holders[shapely.get_dimensions(holders.geometry.to_numpy()) == AREA_DIMENSION]
    lost = found.isna() & smaller & ~units.geometry.isna()
    found[lost] = _holder_by_place(units[lost], drawn)
    coded = units["unit_id"].where(units["kind"].isin(CODED)).str.extract(CODE_OF[kind])[0]
    by_code = coded.map(position_of)
    lacks_place = units.geometry.isna() | ~by_code.isin(drawn.index)
    return found.fillna(by_code.where(lacks_place)).fillna(NOWHERE).to_numpy(dtype=np.int64)


def _holder_by_place(units: gpd.GeoDataFrame, drawn: gpd.GeoDataFrame) -> NDArray[np.float64]:
    result = np.full(len(units), np.nan)
    if len(units) and len(drawn):
        tree = shapely.STRtree(drawn.geometry.to_numpy())
        points = shapely.point_on_surface(units.geometry.to_numpy())
        unit, holder = tree.query(points, predicate="intersects")
        # a point on a border touches two: the one with the smaller id is as good as the other
        order = np.lexsort((holder, unit))[::-1]
        result[unit[order]] = drawn.index.to_numpy()[holder[order]]
    return result


def encode_units(units: gpd.GeoDataFrame) -> dict[str, Any]:
    """
    Encode units and their shapes for the page.

    Returns
    -------
    dict
        `table` with `kind, id, name, county, township, x, y, shape, keys`, where x and y are whole
        1e-5 degrees (None without a place) and shape is a position in `shapes` (None for a point);
        and `shapes`, the rings of each.
    """
    geometries = units.geometry.to_numpy().copy()
    for kind in dict.fromkeys(units["kind"]):
        chosen = (units["kind"] == kind).to_numpy() & ~units.geometry.isna().to_numpy()
        geometries[chosen] = simplify(geometries[chosen], kind)
    shapes, shape_of = _shapes(geometries)
    x, y = _whole(label_points(geometries))
    table = {
        "kind": list(units["kind"]),
        "id": list(units["unit_id"]),
        "name": list(units["name"]),
        "county": list(units["county"]),
        "township": list(units["township"]),
        "x": x,
        "y": y,
        "shape": shape_of,
        "keys": ["" if pd.isna(name) else search_key(str(name)) for name in units["name"]],
    }
    return {"table": encode_table(table), "shapes": shapes}


def _shapes(geometries: NDArray[np.object_]) -> tuple[list[list[list[int]]], list[int | None]]:
    shapes: list[list[list[int]]] = []
    shape_of: list[int | None] = []
    for geometry in geometries:
        lines = [] if geometry is None else encode_lines(_without_points(geometry))
        shape_of.append(len(shapes) if lines else None)
        if lines:
            shapes.append(lines)
    return shapes, shape_of


def _without_points(geometry: Any) -> Any:  # noqa: ANN401 - shapely has no type for "any geometry"
    return shapely.MultiLineString() if shapely.get_type_id(geometry) == POINT_TYPE else geometry


def _whole(points: NDArray[np.float64]) -> tuple[list[int | None], list[int | None]]:
    known = np.isfinite(points[:, 0])
    whole = round_degrees(np.where(known[:, None], points, 0.0))
    x, y = (
        [int(value) if is_known else None for value, is_known in zip(axis, known, strict=True)]
        for axis in whole.T
    )
    return x, y
