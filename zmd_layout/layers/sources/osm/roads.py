"""A road graph out of the ways of an OSM extract."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from zmd_layout.errors import CrsError
from zmd_layout.layers.roads import RoadCounts, RoadTables, expand_runs, level_of
from zmd_layout.layers.sources.osm.opl import WayNodes, joined, nodes_of_fields
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from zmd_layout.layers.sources.osm.opl import Window

    Array = np.ndarray[Any, np.dtype[Any]]

# what is no way to go on, not yet or no more: OSMnx's filter "all"
_NO_ROAD = frozenset(
    {"abandoned", "construction", "no", "planned", "platform"}
    | {"proposed", "raceway", "razed", "rest_area", "services"}
)
_ONE_WAY_BY_NATURE = frozenset({"motorway", "motorway_link"})
_ROUND = frozenset({"roundabout", "circular"})
_FORWARD = frozenset({"yes", "true", "1"})
_BACKWARD = frozenset({"-1", "reverse"})

_TAGS = re.compile(rb"[T,](highway|oneway|junction|area|bridge|tunnel|layer)=([^, ]*)")

_PIECE = 1 << 14
# WGS 84: half the equator's diameter, and the first eccentricity squared
_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 6.694_379_990_14e-3


class _Road(NamedTuple):
    """
    A kind of road, where vehicles may go, and on which level it lies.

    Directions are 1 as drawn, -1 against it, 0 both ways; levels 0 on the ground, above it
    bridges, below it tunnels.
    """

    highway: str
    direction: int
    level: float


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Known nodes of ways, and for each the number of the unbroken piece that it stands in."""

    nodes: WayNodes
    piece: Array


@dataclass(frozen=True, slots=True)
class _Edges:
    """Edges: their nodes, and the positions of first and last as drawn, and their lengths."""

    nodes: WayNodes
    start: Array
    end: Array
    length_m: Array


@dataclass(slots=True)
class RoadCollector:
    """Gather the ways of a road graph while an extract is read; `tables` makes the graph."""

    roads: list[_Road] = field(default_factory=list)
    nodes: list[WayNodes] = field(default_factory=list)

    def add(self, block: bytes) -> None:
        """Take in the ways among OPL lines that are roads."""
        fields = []
        first_way = len(self.roads)
        for line in block.splitlines():
            if line.startswith(b"w"):
                _, tags, nodes = line.split(b" ", 2)
                road = _road(tags)
                if road is not None:
                    fields.append(nodes[1:])
                    self.roads.append(road)
        self.nodes.append(nodes_of_fields(fields, first_way=first_way))

    def tables(self, *, working_crs: str, window: Window | None = None) -> RoadTables:
        """
        Make the graph.

        Parameters
        ----------
        working_crs
            A projected CRS in metres for the places of the nodes.
        window
            Only stretches with an end there are taken, and only ways with a node there counted.

        Raises
        ------
        CrsError
            If the CRS is not projected.
        """
        if not CRS(working_crs).is_projected:
            raise CrsError(Message("osm.not_projected", crs=working_crs))
        pieces, counts = _pieces(joined(self.nodes), len(self.roads), window)
        if pieces.piece.size == 0:
            return RoadTables(
                _node_table([], [], []), _edge_table({name: [] for name in _EDGE_TYPES}), counts
            )
        return _tables(_edges(pieces, window), self.roads, counts, working_crs)


@lru_cache(maxsize=1 << 15)
def _road(field: bytes) -> _Road | None:
    """Judge a way by its tags; most ways share theirs with many others."""
    tags = {key.decode(): value.decode() for key, value in _TAGS.findall(field)}
    highway = tags.get("highway", "no")
    if highway in _NO_ROAD or tags.get("area") == "yes":
        return None
    oneway = tags.get("oneway")
    level = level_of(tags.get("bridge"), tags.get("tunnel"), tags.get("layer"))
    if oneway in _BACKWARD:
        return _Road(highway, -1, level)
    by_nature = highway in _ONE_WAY_BY_NATURE or tags.get("junction") in _ROUND
    is_forward = oneway in _FORWARD or (by_nature and oneway != "no")
    return _Road(highway, int(is_forward), level)


def _pieces(nodes: WayNodes, way_count: int, window: Window | None) -> tuple[_Pieces, RoadCounts]:
    """Cut ways where a node is missing, and leave out what is then less than a line."""
    is_known = nodes.is_known
    begins = np.ones(len(nodes.way), np.bool_)
    begins[1:] = (nodes.way[1:] != nodes.way[:-1]) | ~is_known[:-1]
    piece = np.cumsum(begins) - 1
    is_kept = is_known & (np.bincount(piece, weights=is_known)[piece] > 1)
    is_near = np.ones(way_count, np.bool_)
    if window is not None:
        is_near = _of_ways(nodes, window.holds(nodes.lon, nodes.lat), way_count) > 0
    is_lost = _of_ways(nodes, is_kept, way_count) == 0
    missing = _of_ways(nodes, ~is_known, way_count)
    counts = RoadCounts(
        ways=int(is_near.sum()),
        ways_cut=int(((missing > 0) & ~is_lost & is_near).sum()),
        ways_lost=int((is_lost & is_near).sum()),
        node_references_missing=int(missing[is_near].sum()),
    )
    if is_kept.all():
        return _Pieces(nodes, piece), counts
    return _Pieces(nodes.only(is_kept), piece[is_kept]), counts


def _of_ways(nodes: WayNodes, chosen: Array, way_count: int) -> Array:
    """Count the chosen nodes of each way."""
    return np.bincount(nodes.way, weights=chosen, minlength=way_count)


def _edges(pieces: _Pieces, window: Window | None) -> _Edges:
    """Split the pieces at the nodes that they share."""
    nodes, piece = pieces.nodes, pieces.piece
    changes = piece[1:] != piece[:-1]
    code, _ = pd.factorize(nodes.ref)
    is_junction = np.bincount(code)[code] > 1
    is_junction[1:] |= changes
    is_junction[:-1] |= changes
    is_junction[[0, -1]] = True
    step_m = distances_m(nodes.lon, nodes.lat)
    step_m[changes] = 0.0
    at = np.flatnonzero(is_junction)
    length_m = np.add.reduceat(step_m, at[:-1])
    is_edge = piece[at[:-1]] == piece[at[1:]]
    if window is not None:
        is_near = window.holds(nodes.lon[at], nodes.lat[at])
        is_edge &= is_near[:-1] | is_near[1:]
    return _Edges(nodes, at[:-1][is_edge], at[1:][is_edge], length_m[is_edge])


def _tables(edges: _Edges, roads: list[_Road], counts: RoadCounts, working_crs: str) -> RoadTables:
    nodes, first, last = edges.nodes, edges.start, edges.end
    highway = np.array([road.highway for road in roads], object)
    direction = np.array([road.direction for road in roads], np.int8)
    level = np.array([road.level for road in roads], np.float64)
    way = nodes.way[first]
    is_backward = direction[way] < 0
    project = Transformer.from_crs("EPSG:4326", working_crs, always_xy=True)
    inner = expand_runs(first + 1, last)
    x, y = project.transform(nodes.lon[inner], nodes.lat[inner])
    count = last - first - 1
    begin = np.cumsum(count) - count
    # ways that are open against their drawing only are turned round, bends and all
    turned = expand_runs(begin, begin + count)
    is_turned = np.repeat(is_backward, count)
    turned[is_turned] = (np.repeat(2 * begin + count - 1, count) - turned)[is_turned]
    table = _edge_table(
        {
            "u": nodes.ref[np.where(is_backward, last, first)],
            "v": nodes.ref[np.where(is_backward, first, last)],
            "length_m": edges.length_m,
            "highway": highway[way],
            "oneway": direction[way] != 0,
            "level": level[way],
            "first_vertex": begin,
            "vertex_count": count,
        }
    )
    at = np.unique(np.concatenate([first, last]))
    ids, of_id = np.unique(nodes.ref[at], return_index=True)
    node_x, node_y = project.transform(nodes.lon[at][of_id], nodes.lat[at][of_id])
    # in the order of the edges, so that the order of ways in the file changes nothing
    begin, count = table["first_vertex"].to_numpy(), table["vertex_count"].to_numpy()
    taken = turned[expand_runs(begin, begin + count)]
    bends = pd.DataFrame({"x": np.asarray(x)[taken], "y": np.asarray(y)[taken]})
    table = table.assign(first_vertex=np.cumsum(count) - count)
    return RoadTables(_node_table(ids, node_x, node_y), table, counts, bends)


def distances_m(lon: Array, lat: Array) -> Array:
    """
    Measure the distances between neighbours in a row of places.

    Parameters
    ----------
    lon, lat
        Degrees (WGS 84), n each.

    Returns
    -------
    distances_m
        n − 1 distances on the ground, by the ellipsoid's two radii of curvature at the mean
        latitude: within 1e-6 of the geodesic up to 10 km, and five times as fast.
    """
    found = np.empty(max(len(lon) - 1, 0))
    # a piece that stays in the processor's cache is quicker, and what is left over small
    for first in range(0, len(found), _PIECE):
        last = min(first + _PIECE, len(found))
        found[first:last] = _distances_m(lon[first : last + 1], lat[first : last + 1])
    return found


def _distances_m(lon: Array, lat: Array) -> Array:
    cosine = np.cos(np.radians((lat[1:] + lat[:-1]) / 2))
    shrink = 1 - _ECCENTRICITY_SQUARED * (1 - cosine * cosine)
    prime_vertical_m = _SEMI_MAJOR_M / np.sqrt(shrink)
    meridian_m = prime_vertical_m * (1 - _ECCENTRICITY_SQUARED) / shrink
    east_m = prime_vertical_m * cosine * np.radians(np.diff(lon))
    north_m = meridian_m * np.radians(np.diff(lat))
    return np.sqrt(east_m * east_m + north_m * north_m)


def _node_table(node_id: ArrayLike, x: ArrayLike, y: ArrayLike) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "node_id": np.asarray(node_id, np.int64),
            "x": np.asarray(x, np.float64),
            "y": np.asarray(y, np.float64),
        }
    )


_EDGE_TYPES: dict[str, Any] = {
    "u": np.int64, "v": np.int64, "length_m": np.float64, "highway": object, "oneway": np.bool_,
    "level": np.float64, "first_vertex": np.int64, "vertex_count": np.int64,
}  # fmt: skip


def _edge_table(columns: dict[str, ArrayLike]) -> pd.DataFrame:
    """Sort the edges, so that the order of ways in the file changes nothing."""
    arrays = {name: np.asarray(columns[name], kind) for name, kind in _EDGE_TYPES.items()}
    # there are few kinds of road: to check each text of a long column is slow
    kind, kinds = pd.factorize(arrays["highway"])
    table = pd.DataFrame({**arrays, "highway": pd.Series(kinds).astype(str).take(kind).array})
    order = np.lexsort((table["length_m"], table["v"], table["u"]))
    return table.iloc[order].reset_index(drop=True)
