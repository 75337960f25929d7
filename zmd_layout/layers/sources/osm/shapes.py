"""The places of OSM objects: points, areas, and what can be said of areas that were clipped."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from zmd_layout.layers.sources.osm.opl import members_of, way_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.layers.sources.osm.opl import Window
    from zmd_layout.layers.sources.osm.scan import Extract

    Array = np.ndarray[Any, np.dtype[Any]]

_RING_LENGTH = 4  # a triangle that comes back to its first node
_AREA_TYPES = re.compile(rb"[T,]type=(?:multipolygon|boundary)\b")
_POINT = re.compile(rb" x(\S+) y(\S+)")
_NUMBER = re.compile(rb"\d+")
_NOTHING = np.full((1, 2), np.nan)


class LocatedBy(StrEnum):
    """What the place of an object rests on."""

    POINT = "point"
    AREA = "area"
    LINE = "line"  # a way that is not closed: the middle of it
    MEMBERS = "members"  # a relation that is no area: the mean of its members' nodes
    KNOWN_NODES = "known_nodes"  # parts are missing: the mean of the nodes that are there


class Place(NamedTuple):
    """
    Where an object is.

    Parameters
    ----------
    geometry
        EPSG:4326, valid; None if no node is known.
    located_by
        What it rests on.
    is_within
        Whether a node of it lies in the window that was asked for, if one was.
    """

    geometry: shapely.Geometry | None
    located_by: LocatedBy
    is_within: bool = True


def places(
    lines: Sequence[bytes], extract: Extract, *, window: Window | None = None
) -> list[Place]:
    """
    Place objects.

    Parameters
    ----------
    lines
        OPL lines of nodes, ways and relations.
    extract
        Where they were read; what relations are made of is read from it.
    window
        For `Place.is_within`.

    Returns
    -------
    places
        One for each line.
    """
    ways = [line for line in lines if line.startswith(b"w")]
    relations = [line for line in lines if line.startswith(b"r")]
    shape_of_way = _shapes([*ways, *_member_ways(relations, extract)])
    found = []
    for line in lines:
        shapes = _shapes_of(line, shape_of_way, extract)
        coordinates = np.concatenate([_NOTHING[:0], *shapes])
        place = _place(line, shapes, coordinates)
        if window is not None:
            place = place._replace(is_within=bool(window.holds(*coordinates.T).any()))
        found.append(place)
    return found


def _shapes_of(line: bytes, shape_of_way: dict[int, Array], extract: Extract) -> list[Array]:
    """Return the nodes of what an object is made of: longitude and latitude, NaN where unknown."""
    if line.startswith(b"n"):
        point = _POINT.search(line)
        return [np.array([[float(point[1]), float(point[2])]]) if point else _NOTHING]
    if line.startswith(b"w"):
        return [shape_of_way[_number(line)]]
    shapes = []
    for kind, number in members_of(line):
        if kind == b"w":
            shapes.append(shape_of_way.get(number, _NOTHING))
        elif kind == b"n":
            shapes.append(np.array([extract.place_of(number) or (np.nan, np.nan)]))
        else:
            shapes.append(_NOTHING)
    return shapes


def _place(line: bytes, shapes: Sequence[Array], coordinates: Array) -> Place:
    if line.startswith(b"n"):
        is_known = np.isfinite(coordinates).all()
        return Place(shapely.Point(coordinates[0]) if is_known else None, LocatedBy.POINT)
    if line.startswith(b"w"):
        return _place_of_way(coordinates)
    return _place_of_relation(line, shapes, coordinates)


def _number(line: bytes) -> int:
    """Read the id of an object; its sign stays outside, as no uploaded object has one."""
    found = _NUMBER.search(line)
    return int(found[0]) if found else 0


def _member_ways(relations: Sequence[bytes], extract: Extract) -> list[bytes]:
    return extract.ways(
        number for line in relations for kind, number in members_of(line) if kind == b"w"
    )


def _shapes(ways: Sequence[bytes]) -> dict[int, Array]:
    """Return the nodes of ways: longitude and latitude (n × 2), NaN where a node is missing."""
    if not ways:
        return {}
    nodes = way_nodes(ways)
    coordinates = np.column_stack([nodes.lon, nodes.lat])
    ends = np.cumsum(np.bincount(nodes.way, minlength=len(ways)))[:-1]
    return dict(zip(map(_number, ways), np.split(coordinates, ends), strict=True))


def _place_of_way(shape: Array) -> Place:
    if not np.isfinite(shape).all():
        return Place(_mean(shape), LocatedBy.KNOWN_NODES)
    is_ring = len(shape) >= _RING_LENGTH and bool((shape[0] == shape[-1]).all())
    area = _valid_area(shapely.Polygon(shape)) if is_ring else None
    if area is not None:
        return Place(area, LocatedBy.AREA)
    if len(shape) > 1:
        return Place(shapely.centroid(shapely.LineString(shape)), LocatedBy.LINE)
    return Place(_mean(shape), LocatedBy.LINE)


def _place_of_relation(line: bytes, shapes: Sequence[Array], coordinates: Array) -> Place:
    if not np.isfinite(coordinates).all():
        return Place(_mean(coordinates), LocatedBy.KNOWN_NODES)
    if _AREA_TYPES.search(line):
        rings = [shapely.LineString(shape) for shape in shapes if len(shape) > 1]
        area = _valid_area(shapely.build_area(shapely.GeometryCollection(rings)))
        if area is not None:
            return Place(area, LocatedBy.AREA)
    return Place(_mean(coordinates), LocatedBy.MEMBERS)


def _valid_area(geometry: shapely.Geometry) -> shapely.Geometry | None:
    """Repair a self-crossing area; None: it covers nothing."""
    if not geometry.is_valid:
        geometry = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    return geometry if geometry.area > 0 else None


def _mean(shape: Array) -> shapely.Geometry | None:
    known = np.unique(shape[np.isfinite(shape).all(axis=1)], axis=0)
    return shapely.Point(known.mean(axis=0)) if len(known) else None
