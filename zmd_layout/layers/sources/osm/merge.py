"""Find the objects of OSM that are one institution: the campus as an area, a point, a building."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from zmd_layout.layers.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, np.dtype[Any]]


def owners(
    geometry: Sequence[shapely.Geometry], kinds: Sequence[str], names: Sequence[str | None]
) -> list[int]:
    """
    Tell which object each object belongs to.

    An object belongs to an area that covers it (its edge included, where gates stand) if both
    are of one kind and their names are the same, width and spaces aside, or at least one has no
    name. A nameless area that covers objects of several names takes in none of these: it is a
    campus that they share. Of several areas the one of the same name comes first, then the
    smallest.

    Parameters
    ----------
    geometry
        Points and areas, valid, in one CRS.
    kinds
        School or kindergarten.
    names
        None: nameless.

    Returns
    -------
    owners
        For each object the position of the area that it belongs to in the end, or its own.
    """
    shapes = np.array(geometry, dtype=object)
    spelt = [plain(name or "").casefold() for name in names]
    covering = _covering(shapes, kinds)
    shared = _shared_by_several(covering, spelt)
    size = shapely.area(shapes)
    owner = list(range(len(shapes)))
    for inner, areas in covering.items():
        fitting = [
            area for area in areas if _fits(spelt[inner], spelt[area], is_shared=area in shared)
        ]
        if fitting:
            owner[inner] = min(fitting, key=lambda a: (spelt[a] != spelt[inner], size[a], a))
    return [_last(owner, each) for each in range(len(owner))]


def _covering(shapes: Array, kinds: Sequence[str]) -> dict[int, list[int]]:
    """List the larger areas of the same kind that cover each object."""
    size = shapely.area(shapes)
    inner, outer = shapely.STRtree(shapes).query(shapes, predicate="covered_by")
    covering: dict[int, list[int]] = defaultdict(list)
    for i, o in zip(inner.tolist(), outer.tolist(), strict=True):
        # a way and a relation may draw the same area: the later one (the relation) is the larger
        if size[o] > 0 and (size[o], o) > (size[i], i) and kinds[i] == kinds[o]:
            covering[i].append(o)
    return covering


def _shared_by_several(covering: dict[int, list[int]], spelt: Sequence[str]) -> set[int]:
    """Find the nameless areas that cover objects of two names or more."""
    held: dict[int, set[str]] = defaultdict(set)
    for inner, areas in covering.items():
        for area in areas:
            held[area].add(spelt[inner])
    return {area for area, names in held.items() if not spelt[area] and len(names - {""}) > 1}


def _fits(inner: str, area: str, *, is_shared: bool) -> bool:
    if not inner or inner == area:
        return True
    return not area and not is_shared


def _last(owner: Sequence[int], start: int) -> int:
    """Follow the owners up; each is larger than what it covers, so that there is an end."""
    while owner[start] != start:
        start = owner[start]
    return start
