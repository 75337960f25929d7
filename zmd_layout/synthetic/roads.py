"""A made road net: lattice villages and town grids, joined as such nets are, with a few islands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay, cKDTree

from zmd_layout.synthetic.random_streams import lattice, stream, to_centimetres
from zmd_layout.synthetic.real_inputs import PLANE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zmd_layout.synthetic.real_inputs import County

# Spacing of junctions in the fields and in the streets, and how far they stray from the lattice.
_FIELD_M, _FIELD_STRAY = 800.0, 0.64
_STREET_M, _STREET_STRAY = 250.0, 0.2
_TOWN_REACH_M = 700.0
_VILLAGE_ROOM_M = 250.0
# A country road bends by up to this part of its length to either side.
_BEND = 0.08
_ONEWAY_IN_HUNDRED = 6
_ISLAND_REACH_M = 1_000.0
_ISLAND_FROM_SEAT_M = 9_000.0
_COUNTIES_AN_ISLAND = 3
# The motorway runs by the seats of these counties, from north to south.
_MOTORWAY_SEATS = ("411721", "411728", "411702", "411725")
_MOTORWAY_OFFSET_M = (3_500.0, 0.0)
_CARRIAGEWAY_M = 15.0


@dataclass(frozen=True, slots=True)
class _Net:
    """Junctions (n, 2) and the stretches between them: ends (m, 2), lengths (m,) in millimetres."""

    places: NDArray[np.float64]
    ends: NDArray[np.int64]
    length_mm: NDArray[np.int64]

    def without(self, is_cut: NDArray[np.bool_]) -> _Net:
        return _Net(self.places, self.ends[~is_cut], self.length_mm[~is_cut])


def make_roads(
    counties: Sequence[County],
    towns: NDArray[np.float64],
    villages: NDArray[np.float64],
    seed: int,
) -> gpd.GeoDataFrame:
    """
    Make the roads of the city.

    Parameters
    ----------
    counties
        The ground; its seats are joined by primary roads.
    towns
        (t, 2) centres of the townships, joined by tertiary roads.
    villages
        (v, 2) villages: each stands at a junction.
    seed
        The seed of the city.

    Returns
    -------
    GeoDataFrame
        `highway`, `oneway` and straight or bent lines from junction to junction, which meet at
        shared ends. All hang together but for a few islands; the motorway crosses the other roads
        without meeting them. One-way streets leave every place within reach of every other.
    """
    chance = stream(seed, "roads")
    seats = np.array([county.seat for county in counties])
    reach_m = np.array([county.seat_reach_m for county in counties])
    places = _junctions(counties, np.vstack([villages, towns]), reach_m, chance)
    net = _with_islands(_urquhart(places), seats, chance)
    tree = cKDTree(places)
    near_seat = tree.query(seats)[1]
    primary, _ = _links(net, np.unique(near_seat))
    tertiary, is_spanning = _links(net, np.unique(tree.query(towns)[1]))
    middle = places[net.ends].mean(axis=1)
    is_street = _is_in_town(middle, seats, reach_m, towns)
    highway = np.select(
        [primary, tertiary, is_street], ["primary", "tertiary", "residential"], "unclassified"
    )
    is_oneway = is_street & ~primary & ~tertiary & ~is_spanning
    is_oneway &= chance.integers(0, 100, size=len(highway)) < _ONEWAY_IN_HUNDRED
    motorway = _motorway(counties, places, tree)
    oneway = np.where(is_oneway, "yes", "no")
    return gpd.GeoDataFrame(
        {
            "highway": [*highway, *["motorway"] * len(motorway)],
            "oneway": [*oneway, *["yes"] * len(motorway)],
        },
        geometry=[*_lines(net, ~is_street, chance), *motorway],
        crs=PLANE,
    )


def _junctions(
    counties: Sequence[County],
    settled: NDArray[np.float64],
    reach_m: NDArray[np.float64],
    chance: np.random.Generator,
) -> NDArray[np.float64]:
    """Place junctions in the fields, in the street grids and at the villages, none twice."""
    seats = np.array([county.seat for county in counties])
    taken = cKDTree(settled)
    kept = [settled]
    for county, seat, reach in zip(counties, seats, reach_m, strict=True):
        field = _strayed(county.polygon, _FIELD_M, _FIELD_STRAY, chance)
        is_street = _distance_m2(field, seat) <= reach**2
        kept.append(field[~is_street & (taken.query(field)[0] > _VILLAGE_ROOM_M)])
        block = shapely.intersection(county.polygon, shapely.box(*(seat - reach), *(seat + reach)))
        street = _strayed(block, _STREET_M, _STREET_STRAY, chance)
        kept.append(street[_distance_m2(street, seat) <= reach**2])
    centimetres = np.unique((np.vstack(kept) * 100).round().astype(np.int64), axis=0)
    return np.asarray(centimetres / 100)


def _strayed(
    area: shapely.Geometry, step_m: float, stray: float, chance: np.random.Generator
) -> NDArray[np.float64]:
    """Let the knots of a lattice stray by up to half of `stray` steps; keep those in the area."""
    knots = lattice(area, step_m)
    places = to_centimetres((knots + (chance.random(knots.shape) - 0.5) * stray) * step_m)
    shapely.prepare(area)
    return np.asarray(places[shapely.contains_xy(area, places[:, 0], places[:, 1])])


def _distance_m2(places: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(((places - place) ** 2).sum(axis=1))


def _urquhart(places: NDArray[np.float64]) -> _Net:
    """
    Join places as villages are: the Delaunay triangles, each without its longest side.

    The net is plane and hangs together, for it holds the shortest spanning tree (Urquhart,
    "Algorithms for computation of relative neighborhood graph", Electronics Letters 16, 1980).
    Lengths are compared as whole square centimetres, ties by number.
    """
    corners = np.sort(Delaunay(places).simplices.astype(np.int64), axis=1)
    sides = np.vstack([corners[:, [0, 1]], corners[:, [0, 2]], corners[:, [1, 2]]])
    ends, side = np.unique(sides, axis=0, return_inverse=True)
    centimetres = (places * 100).round().astype(np.int64)
    squared = ((centimetres[ends[:, 0]] - centimetres[ends[:, 1]]) ** 2).sum(axis=1)
    rank = np.empty(len(ends), dtype=np.int64)
    rank[np.lexsort((np.arange(len(ends)), squared))] = np.arange(len(ends))
    of_triangle = side.reshape(3, -1)
    longest = of_triangle[rank[of_triangle].argmax(axis=0), np.arange(len(corners))]
    is_kept = np.ones(len(ends), dtype=bool)
    is_kept[longest] = False
    length_mm = np.maximum((np.sqrt(squared) * 10).round().astype(np.int64), 1)
    return _Net(places, ends[is_kept], length_mm[is_kept])


def _with_islands(net: _Net, seats: NDArray[np.float64], chance: np.random.Generator) -> _Net:
    """Cut a few villages off the net, as behind a river whose bridge is not in the data."""
    far = cKDTree(seats).query(net.places)[0] > _ISLAND_FROM_SEAT_M
    count = max(1, len(seats) // _COUNTIES_AN_ISLAND)
    middles = net.places[chance.permutation(np.flatnonzero(far))[:count]]
    for middle in middles:
        is_inside = _distance_m2(net.places, middle) <= _ISLAND_REACH_M**2
        net = net.without(is_inside[net.ends[:, 0]] != is_inside[net.ends[:, 1]])
    return net


def _links(net: _Net, sources: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Find the shortest way between each two sources whose surroundings touch.

    Returns
    -------
    is_link, is_spanning
        (m,) bool each: the stretches of these ways, and those of the trees around the sources.
    """
    count = len(net.places)
    u, v = net.ends.T
    weights = csr_array((net.length_mm.astype(np.float64), (u, v)), shape=(count, count))
    distance, parent, owner = dijkstra(
        weights, directed=False, indices=sources, min_only=True, return_predecessors=True
    )
    code = u * count + v
    order = np.argsort(code)
    reached = np.flatnonzero(parent >= 0)
    above = parent[reached].astype(np.int64)
    way = np.minimum(reached, above) * count + np.maximum(reached, above)
    stretch_up = np.full(count, -1)
    stretch_up[reached] = order[np.searchsorted(code[order], way)]
    is_spanning = np.zeros(len(net.ends), dtype=bool)
    is_spanning[stretch_up[reached]] = True

    crossing = np.flatnonzero((owner[u] != owner[v]) & (owner[u] >= 0) & (owner[v] >= 0))
    cost_mm = distance[u[crossing]] + net.length_mm[crossing] + distance[v[crossing]]
    pair = np.sort(np.column_stack([owner[u[crossing]], owner[v[crossing]]]), axis=1)
    by_cost = np.lexsort((crossing, cost_mm, pair[:, 1], pair[:, 0]))
    is_first = np.concatenate([[True], (np.diff(pair[by_cost], axis=0) != 0).any(axis=1)])
    best = crossing[by_cost][is_first[: len(by_cost)]]
    is_link = np.zeros(len(net.ends), dtype=bool)
    is_link[best] = True
    at = np.unique(net.ends[best])
    while len(at):
        at = at[stretch_up[at] >= 0]
        is_link[stretch_up[at]] = True
        at = np.unique(parent[at])
    return is_link, is_spanning


def _is_in_town(
    places: NDArray[np.float64],
    seats: NDArray[np.float64],
    reach_m: NDArray[np.float64],
    towns: NDArray[np.float64],
) -> NDArray[np.bool_]:
    distance_m, seat = cKDTree(seats).query(places)
    return np.asarray(
        (distance_m <= reach_m[seat]) | (cKDTree(towns).query(places)[0] <= _TOWN_REACH_M)
    )


def _lines(
    net: _Net, is_bent: NDArray[np.bool_], chance: np.random.Generator
) -> NDArray[np.object_]:
    """Draw each stretch from end to end; in the country with a bend in the middle."""
    start, end = net.places[net.ends[:, 0]], net.places[net.ends[:, 1]]
    along = end - start
    aside = np.column_stack([-along[:, 1], along[:, 0]])
    bend = (chance.random(len(start)) * 2 - 1) * _BEND
    middle = to_centimetres((start + end) / 2 + aside * bend[:, None])
    triples = np.stack([start, middle, end], axis=1)
    lines = shapely.linestrings(triples)
    lines[~is_bent] = shapely.linestrings(triples[~is_bent][:, [0, 2]])
    return np.asarray(lines, dtype=object)


def _motorway(
    counties: Sequence[County], places: NDArray[np.float64], tree: cKDTree
) -> list[shapely.LineString]:
    """Draw both carriageways from interchange to interchange; only there do they meet a road."""
    lines = []
    cities = sorted({county.city_number for county in counties})
    for city in cities:
        seats = {c.base_id: c.seat for c in counties if c.city_number == city}
        by_way = [seats[county] for county in _MOTORWAY_SEATS if county in seats]
        stops = [places[tree.query(seat + _MOTORWAY_OFFSET_M)[1]] for seat in by_way]
        for north, south in pairwise(stops):
            lines.append(_carriageway(north, south))
            lines.append(_carriageway(south, north))
    return lines


def _carriageway(start: NDArray[np.float64], end: NDArray[np.float64]) -> shapely.LineString:
    along = end - start
    right = np.array([along[1], -along[0]]) / np.sqrt((along**2).sum()) * _CARRIAGEWAY_M
    inner = [to_centimetres(start + along * part + right) for part in (0.1, 0.5, 0.9)]
    return shapely.LineString([start, *inner, end])
