"""Make one OSM extract of the answers of an Overpass server."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import osmium
from osmium.osm import mutable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Element = Mapping[str, Any]


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
