"""Make one OSM extract of the answers of an Overpass server."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import osmium
from osmium.osm import mutable

from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Element = Mapping[str, Any]

_KINDS = ("node", "way", "relation")
_ID_LIMIT = 1 << 63


def fault_of(elements: Iterable[Any]) -> Message | None:
    """
    Return what makes an answer unusable as an extract; None if it is complete.

    Parameters
    ----------
    elements
        Overpass JSON elements of one tile.

    Returns
    -------
    message
        The first incomplete element, or that nodes of ways have no coordinates, as with
        `out geom` or `out ids`: the ways would have no length.
    """
    places: set[int] = set()
    ways: list[list[int]] = []
    for number, element in enumerate(elements, 1):
        lack = _lack_of(element)
        if lack is not None:
            return Message("fetch.broken_element", number=number, lack=lack)
        if element["type"] == "node":
            places.add(element["id"])
        elif element["type"] == "way":
            ways.append(element.get("nodes", []))
    named = [nodes for nodes in ways if nodes]
    without = sum(places.isdisjoint(nodes) for nodes in named)
    if without or (ways and not named):
        return Message("fetch.no_places", count=without or len(ways))
    return None


def _lack_of(element: object) -> str | None:
    """Return the part of an element that is missing or wrong."""
    kind = element.get("type") if isinstance(element, dict) else None
    if not isinstance(element, dict) or not isinstance(kind, str):
        return "type"
    if kind not in _KINDS:
        return None  # counts and areas are passed over
    if not _is_id(element.get("id")):
        return "id"
    tags = element.get("tags", {})
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return "tags"
    checks = {"node": _lack_of_node, "way": _lack_of_way, "relation": _lack_of_relation}
    return checks[kind](element)


def _lack_of_node(node: Element) -> str | None:
    limits = {"lat": 90, "lon": 180}
    wrong = (name for name, limit in limits.items() if not _is_within(node.get(name), limit))
    return next(wrong, None)


def _lack_of_way(way: Element) -> str | None:
    nodes = way.get("nodes", [])
    return None if isinstance(nodes, list) and all(map(_is_id, nodes)) else "nodes"


def _lack_of_relation(relation: Element) -> str | None:
    members = relation.get("members", [])
    is_whole = isinstance(members, list) and all(
        isinstance(member, dict)
        and member.get("type") in _KINDS
        and _is_id(member.get("ref"))
        and isinstance(member.get("role", ""), str)
        for member in members
    )
    return None if is_whole else "members"


def _is_id(value: object) -> bool:
    return type(value) is int and -_ID_LIMIT <= value < _ID_LIMIT


def _is_within(value: object, limit: float) -> bool:
    return type(value) in {int, float} and math.fabs(value) <= limit  # type: ignore[arg-type]


def write_extract(answers: Iterable[Iterable[Element]], target: Path) -> None:
    """
    Write elements as an extract; what several answers hold is written once.

    Parameters
    ----------
    answers
        Elements as Overpass JSON has them, tile by tile; only one tile's need be in memory.
    target
        An `.osm.pbf`; a file that is there is replaced.
    """
    with tempfile.TemporaryDirectory(prefix="zmd-layout-") as folder:
        merge = osmium.MergeInputReader()
        for number, elements in enumerate(answers):
            tile = Path(folder, f"{number}.osm.pbf")
            _write_tile(elements, tile)
            merge.add_file(str(tile))
        extract = osmium.io.File(str(target), "pbf")
        with osmium.SimpleWriter(extract, overwrite=True) as writer:
            merge.apply(writer, simplify=True)


def _write_tile(elements: Iterable[Element], tile: Path) -> None:
    add = {"node": _add_node, "way": _add_way, "relation": _add_relation}
    with osmium.SimpleWriter(str(tile)) as writer:
        for element in elements:
            kind = element.get("type")
            if kind in add:
                add[kind](writer, element)


def _add_node(writer: osmium.SimpleWriter, element: Element) -> None:
    place = (float(element["lon"]), float(element["lat"]))
    writer.add_node(
        mutable.Node(id=int(element["id"]), location=place, tags=element.get("tags", {}))
    )


def _add_way(writer: osmium.SimpleWriter, element: Element) -> None:
    writer.add_way(
        mutable.Way(
            id=int(element["id"]), nodes=element.get("nodes", []), tags=element.get("tags", {})
        )
    )


def _add_relation(writer: osmium.SimpleWriter, element: Element) -> None:
    members = [
        (member["type"][0], int(member["ref"]), member.get("role", ""))
        for member in element.get("members", [])
    ]
    writer.add_relation(
        mutable.Relation(id=int(element["id"]), members=members, tags=element.get("tags", {}))
    )
