"""Find the objects of OSM that are one institution: the campus as an area, a point, a building."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from zmd_layout.layers.schools.same_name import contradict

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, np.dtype[Any]]

# an assumption of ours: gates and buildings without a name stand this near to their campus
_NEAR_M = 50.0
_M_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """
    An object of OSM that is a school, or a part of one.

    Attributes
    ----------
    shape
        A point or an area, valid, in longitude and latitude.
    kind
        School or kindergarten.
    names
        All that it is called, in any language; empty: nameless.
    is_building
        Whether it is a building, and no campus.
    is_part
        Whether only its building or ground is tagged, and no amenity.
    """

    shape: shapely.Geometry
    kind: str
    names: tuple[str, ...] = ()
    is_building: bool = False
    is_part: bool = False


def owners(objects: Sequence[Drawn]) -> list[int]:
    """
    Find the object that each object belongs to.

    An object belongs to an area that covers it (its edge included, where gates stand) if both are
    of one kind and their names do not contradict each other: they are names of one school, or one
    has none, or none in the other's script. A nameless area that covers objects of several schools
    takes in none of these: it is a campus that they share. Buildings and grounds without an amenity
    belong to the campus around them whatever they are called. Of several areas one that is named
    alike comes first, then the smallest. A nameless point or building also belongs to the one
    campus that it stands beside, and to a nameless building.

    Returns
    -------
    owners
        For each object the position of the area that it belongs to in the end, or its own.
    """
    shapes = np.array([each.shape for each in objects], dtype=object)
    covering = _covering(shapes, objects)
    shared = _shared_by_several(covering, objects)
    size = shapely.area(shapes)
    owner = list(range(len(objects)))
    for inner, areas in covering.items():
        fitting = [a for a in areas if _fits(objects[inner], objects[a], is_shared=a in shared)]
        if fitting:
            named = set(objects[inner].names)
            owner[inner] = min(
                fitting, key=lambda a: (named.isdisjoint(objects[a].names), size[a], a)
            )
    for inner, area in _beside(shapes, objects, owner):
        owner[inner] = area
    return [_last(owner, each) for each in range(len(owner))]


def _covering(shapes: Array, objects: Sequence[Drawn]) -> dict[int, list[int]]:
    """List the larger areas of the same kind that cover each object."""
    size = shapely.area(shapes)
    inner, outer = shapely.STRtree(shapes).query(shapes, predicate="covered_by")
    covering: dict[int, list[int]] = defaultdict(list)
    for i, o in zip(inner.tolist(), outer.tolist(), strict=True):
        # a way and a relation may draw the same area: the later one (the relation) is the larger
        if size[o] > 0 and (size[o], o) > (size[i], i) and objects[i].kind == objects[o].kind:
            covering[i].append(o)
    return covering


def _shared_by_several(covering: dict[int, list[int]], objects: Sequence[Drawn]) -> set[int]:
    """Find the nameless areas that cover objects of two schools or more."""
    held: dict[int, list[Drawn]] = defaultdict(list)
    for inner, areas in covering.items():
        for area in areas:
            if objects[inner].names and not objects[inner].is_part and not objects[area].names:
                held[area].append(objects[inner])
    return {
        area
        for area, inside in held.items()
        if any(_contradict(first, second) for first, second in combinations(inside, 2))
    }


def _fits(inner: Drawn, area: Drawn, *, is_shared: bool) -> bool:
    if not inner.names or (inner.is_part and not area.is_part):
        return True
    if not area.names:
        return not is_shared
    return not _contradict(inner, area)


def _contradict(first: Drawn, second: Drawn) -> bool:
    if set(first.names) & set(second.names):
        return False
    return all(contradict(a, b) for a in first.names for b in second.names)


def _beside(shapes: Array, objects: Sequence[Drawn], owner: Sequence[int]) -> list[tuple[int, int]]:
    """Pair nameless points and buildings with the one campus, or building, that they stand by."""
    nameless = [
        n for n, each in enumerate(objects)
        if not each.names and owner[n] == n and (each.is_building or shapes[n].area == 0)
    ]  # fmt: skip
    if not nameless:
        return []
    metric = _in_metres(shapes)
    size = shapely.area(metric)
    inner, outer = shapely.STRtree(metric).query(
        metric[nameless], predicate="dwithin", distance=_NEAR_M
    )
    near: dict[int, set[int]] = defaultdict(set)
    for i, o in zip(np.array(nameless)[inner].tolist(), outer.tolist(), strict=True):
        is_other = objects[i].kind == objects[o].kind and (size[o], o) > (size[i], i)
        if is_other and size[o] > 0 and (objects[o].names or objects[o].is_building):
            near[i].add(_last(owner, o))
    named = {i: {o for o in found if objects[o].names} for i, found in near.items()}
    pairs = []
    for i, found in sorted(near.items()):
        fitting = named[i] or {max(found, key=lambda o: (size[o], o))}
        if len(fitting) == 1:
            pairs.append((i, next(iter(fitting))))
    return pairs


def _in_metres(shapes: Array) -> Array:
    """Stretch degrees so that short distances are metres."""

    def stretched(points: Array) -> Array:
        lon, lat = points.T
        middle = math.radians(float(np.mean(lat))) if len(lat) else 0.0
        return np.column_stack([lon * math.cos(middle), lat]) * _M_PER_DEGREE

    return np.asarray(shapely.transform(shapes, stretched))


def _last(owner: Sequence[int], start: int) -> int:
    """Follow the owners up; each is larger than what it covers, so that there is an end."""
    while owner[start] != start:
        start = owner[start]
    return start
