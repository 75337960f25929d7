"""Road lines as the two tables of a road graph."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
import shapely

from zmd_layout.errors import CrsError, LayerError
from zmd_layout.layers.roads import RoadCounts, RoadTables, expand_runs, level_of
from zmd_layout.messages import Message
from zmd_layout.network.crossings import (
    MOST_BRIDGES_PER_JUNCTION,
    Crossings,
    junction_count,
    with_vertices,
)
from zmd_layout.network.crossings import crossings as find_crossings
from zmd_layout.network.graph import degrees_error

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

# The values of OSM's `oneway` (OSM wiki, Key:oneway); all others, `reversible` and `alternating`
# among them, let one through in both directions at some time.
_FORWARD = frozenset({"yes", "true", "1", "f"})  # F, T, B: the codes of Geofabrik's shapefiles
_BACKWARD = frozenset({"-1", "reverse", "t"})
# A motorway is one-way unless it says otherwise (OSM wiki, Tag:highway=motorway).
_IMPLIED_ONEWAY = "motorway"

_MILLIMETRES_PER_METRE = 1000.0

Crossing: TypeAlias = Literal["as_drawn", "meet", "pass"]


def tables_from_lines(lines: gpd.GeoDataFrame, *, crossings: Crossing = "as_drawn") -> RoadTables:
    """
    Cut road lines into the nodes and stretches of a graph.

    A node stands at each end of a line, at each vertex (to 1 mm) that two lines share, and where a
    line ends on another one. Lines that cross without a common vertex meet if they lie on one
    level; where no column says on which level lines lie, they meet if they are a plain drawing, and
    pass over each other if they are drawn from junction to junction
    (`MOST_BRIDGES_PER_JUNCTION`). Nothing meets a motorway but what ends on it.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings in a projected CRS in metres, with `highway` and `oneway`
        as in OSM (`yes`, `true`, `1`; `-1`, `reverse`; else both ways) or as Geofabrik codes it
        (`F` forward, `T` backward, `B` both). Optional: `bridge`, `tunnel` and `level` (OSM's
        `layer`), of which any says on which level lines lie.
    crossings
        `meet` or `pass`: what lines of one level do that cross without a common vertex.

    Returns
    -------
    RoadTables
        The same whatever the order of the lines. Empty lines are counted as `ways_lost`.

    Raises
    ------
    LayerError
        A column is missing, or the geometry is no line; all faults are told.
    CrsError
        The CRS is missing, or not projected in metres.
    """
    faults = _line_faults(lines)
    if faults:
        raise LayerError(*faults)
    _require_metres(lines)
    parts, row, tags = _parts(lines)
    if not len(parts):
        raise LayerError(Message("network.no_lines", count=len(lines)))

    xy, part, millimetres = _vertices(*shapely.get_coordinates(parts, return_index=True))
    vertex, places = _number_vertices(millimetres)
    level = tags["level"].to_numpy()[row]
    found = find_crossings(xy, part, vertex, _open_levels(level, tags, row)[part])
    do_meet = found.is_end | _do_meet(found, part, vertex, crossings, is_known=_has_levels(lines))
    if do_meet.any():
        met = Crossings(found.step[:, do_meet], found.xy[do_meet], found.is_end[do_meet])
        xy, part, millimetres = _vertices(*with_vertices(xy, part, met))
        vertex, places = _number_vertices(millimetres)
    tails, heads = _cut(vertex, part)
    of_edge = tags.iloc[row[part[tails]]]
    is_backward = of_edge["is_backward"].to_numpy()
    inner = heads - tails - 1
    begin = np.cumsum(inner) - inner
    # lines that are open against their drawing only are turned round, bends and all
    taken = expand_runs(tails + 1, heads)
    is_turned = np.repeat(is_backward, inner)
    taken[is_turned] = (np.repeat(tails + heads, inner) - taken)[is_turned]
    ends = vertex[tails], vertex[heads]
    used = np.unique(ends)
    node_xy = places[used] / _MILLIMETRES_PER_METRE
    return RoadTables(
        nodes=pd.DataFrame({"node_id": used, "x": node_xy[:, 0], "y": node_xy[:, 1]}),
        edges=pd.DataFrame(
            {
                "u": np.where(is_backward, *ends[::-1]),
                "v": np.where(is_backward, *ends),
                "length_m": _lengths(xy, tails, heads),
                "highway": of_edge["highway"].to_numpy(),
                "oneway": of_edge["is_oneway"].to_numpy(),
                "level": level[part[tails]],
                "first_vertex": begin,
                "vertex_count": inner,
            }
        ),
        counts=RoadCounts(
            ways=len(lines),
            ways_lost=len(lines) - len(np.unique(row)),
            crossings_joined=int(do_meet.sum()),
            crossings_passed=int((~do_meet).sum()),
        ),
        vertices=pd.DataFrame({"x": xy[taken, 0], "y": xy[taken, 1]}),
    )


_LEVEL_COLUMNS = ("level", "bridge", "tunnel")


def _has_levels(lines: gpd.GeoDataFrame) -> bool:
    return any(name in lines and lines[name].notna().any() for name in _LEVEL_COLUMNS)


def _open_levels(
    level: NDArray[np.float64], tags: pd.DataFrame, row: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the levels on which lines may be crossed: none of a motorway."""
    is_motorway = tags["highway"].isin(["motorway", "motorway_link"]).to_numpy()[row]
    return np.where(is_motorway, np.nan, level)


def _do_meet(
    found: Crossings,
    part: NDArray[np.int64],
    vertex: NDArray[np.int64],
    asked: Crossing,
    *,
    is_known: bool,
) -> bool:
    """Return whether lines that cross on one level meet."""
    if asked != "as_drawn" or is_known:
        return asked != "pass"
    bridges = int((~found.is_end).sum())
    return bridges > MOST_BRIDGES_PER_JUNCTION * junction_count(part, vertex)


def _line_faults(lines: gpd.GeoDataFrame) -> list[Message]:
    faults = []
    missing = [column for column in ("highway", "oneway") if column not in lines.columns]
    if missing:
        faults.append(Message("network.missing_columns", columns=missing))
    kinds = lines.geometry.geom_type.dropna()
    odd = kinds[~kinds.isin(["LineString", "MultiLineString"])]
    if len(odd):
        faults.append(
            Message("network.not_lines", count=len(odd), found=sorted(odd.unique().tolist()))
        )
    elif not np.isfinite(shapely.get_coordinates(lines.geometry.array)).all():
        faults.append(Message("network.bad_lines"))
    return faults


def _require_metres(lines: gpd.GeoDataFrame) -> None:
    crs = lines.crs
    if crs is None:
        raise CrsError(Message("network.no_crs"))
    if not crs.is_projected or {axis.unit_conversion_factor for axis in crs.axis_info[:2]} != {1.0}:
        raise degrees_error(crs.name)


def _parts(lines: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], NDArray[np.int64], pd.DataFrame]:
    """Return the simple lines in an order of their own, the row of each, and the tags by row."""
    geometry = np.asarray(lines.geometry.array, dtype=object)
    parts, row = shapely.get_parts(geometry, return_index=True)
    is_line = shapely.length(parts) > 0
    parts, row = parts[is_line], row[is_line]
    # Sums of lengths, and with them the last digits, depend on the order of the lines.
    order = np.argsort(shapely.to_wkb(parts), kind="stable")
    highway = lines["highway"].astype("string").fillna("").str.strip().str.lower()
    oneway = lines["oneway"].astype("string").fillna("").str.strip().str.lower()
    # A column with gaps holds 1 as 1.0.
    oneway = oneway.str.removesuffix(".0")
    is_implied = (highway == _IMPLIED_ONEWAY) & (oneway == "")
    is_backward = oneway.isin(_BACKWARD)
    tags = pd.DataFrame(
        {
            "highway": highway.astype(object),
            "is_backward": is_backward.astype(bool),
            "is_oneway": (oneway.isin(_FORWARD) | is_backward | is_implied).astype(bool),
            "level": _levels(lines),
        }
    )
    return parts[order], row[order], tags


def _levels(lines: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the level of each line by its tags; there are few kinds of them."""
    columns = [
        lines[name].astype("string").fillna("").str.strip().str.removesuffix(".0").tolist()
        if name in lines
        else [""] * len(lines)
        for name in ("bridge", "tunnel", "level")
    ]
    level = cache(level_of)
    return np.array([level(*words) for words in zip(*columns, strict=True)], dtype=np.float64)


def _vertices(
    xy: NDArray[np.float64], part: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return coordinates, line and whole millimetres of the vertices, none twice in a row."""
    millimetres = np.rint(xy * _MILLIMETRES_PER_METRE).astype(np.int64)
    is_step = (np.diff(part) != 0) | (np.diff(millimetres, axis=0) != 0).any(axis=1)
    is_step = np.concatenate([[True], is_step])
    return xy[is_step], part[is_step], millimetres[is_step]


def _number_vertices(
    millimetres: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each vertex the number of its place, from west to east, and the places themselves."""
    order = np.lexsort((millimetres[:, 1], millimetres[:, 0]))
    ordered = millimetres[order]
    is_new = np.concatenate([[False], (np.diff(ordered, axis=0) != 0).any(axis=1)])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(is_new)
    is_new[0] = True
    return number, ordered[is_new]


def _cut(
    vertex: NDArray[np.int64], part: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last vertex position of each stretch between two nodes."""
    is_node = np.bincount(vertex)[vertex] > 1
    changes = np.diff(part) != 0
    is_node |= np.concatenate([[True], changes]) | np.concatenate([changes, [True]])
    at = np.flatnonzero(is_node)
    tails, heads = at[:-1], at[1:]
    is_same_line = part[tails] == part[heads]
    return tails[is_same_line], heads[is_same_line]


def _lengths(
    xy: NDArray[np.float64], tails: NDArray[np.int64], heads: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Measure stretches; each is summed by itself, for a running total would cost digits."""
    step_m = np.hypot(*np.diff(xy, axis=0, append=xy[-1:]).T)
    found: NDArray[np.float64] = np.add.reduceat(step_m, np.column_stack([tails, heads]).ravel())
    return found[::2]
