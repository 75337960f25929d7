"""
Cut out of a large OSM extract what touches a window.

The places of all nodes go into a file, not into memory; the wanted ways are copied with the ids of
their nodes only, and only those that touch the window get places. What is held in memory grows with
the window, and a little with the relations of the extract that have the wanted keys.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zmd_layout.errors import SourceError
from zmd_layout.layers.formats import osm_format
from zmd_layout.layers.sources.osm.copy import Places, copy_wanted, copy_ways
from zmd_layout.layers.sources.osm.opl import (
    Lines,
    blocks_of,
    lines_of,
    members_of,
)
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from zmd_layout.layers.sources.osm.copy import Wanted
    from zmd_layout.layers.sources.osm.opl import Window

    Array = np.ndarray[Any, np.dtype[Any]]

# libosmium's sparse_file_array: id, longitude and latitude in 1e-7 degrees
_RECORD = np.dtype([("id", "<i8"), ("x", "<i4"), ("y", "<i4")])
_RECORDS_AT_ONCE = 1 << 20
_UNITS_PER_DEGREE = 1e7
_NOWHERE = np.iinfo(np.int32).max
# smaller ones are read as a whole quicker, and in as little memory: benchmarks/osm_window.py
LARGE_BYTES = 1 << 25
_ROOM_TIMES = 4  # of the bytes of a PBF: what is written on the way, with a reserve
_TEXT_TIMES = 10  # XML that is not compressed takes ten times as many bytes


class _Objects(NamedTuple):
    """The nodes and relations that are wanted: their lines, and what relations are made of."""

    nodes: dict[int, bytes]
    relations: list[bytes]
    member_nodes: set[int]
    member_ways: set[int]


def is_large(path: Path) -> bool:
    """Return whether to cut an extract costs less than to read all of it."""
    return _bytes_as_pbf(path) >= LARGE_BYTES


def _bytes_as_pbf(path: Path) -> float:
    return path.stat().st_size / (_TEXT_TIMES if osm_format(path) == "osm" else 1)


def _refuse_lack_of_room(path: Path, folder: Path) -> None:
    """Refuse in time: a full disk under a mapped file would end the process without a word."""
    needed, free = _ROOM_TIMES * _bytes_as_pbf(path), shutil.disk_usage(folder).free
    if free < needed:
        sizes = {"needed": f"{needed / 1e9:.1f}", "free": f"{free / 1e9:.1f}"}
        raise SourceError(Message("osm.no_room", path=path, folder=folder.parent, **sizes))


def cut(path: Path, wanted: Wanted, window: Window, folder: Path) -> Path:
    """
    Cut what touches a window out of an extract.

    Parameters
    ----------
    path, wanted
        The extract, and which objects of it are wanted.
    window
        Where.
    folder
        For files that are needed on the way; they take some 16 bytes a node of the extract, and
        the text of its wanted objects.

    Returns
    -------
    cut
        An extract as OPL, nodes before ways before relations: wanted nodes in the window; wanted
        ways with a node there, and all that share a node with those (they tell where roads meet);
        all wanted relations and the ways they are made of; the places of all nodes of these.

    Raises
    ------
    SourceError
        If the extract is broken, or there is no room for what is written on the way.
    """
    _refuse_lack_of_room(path, folder)
    text = folder / "everywhere.opl"
    nodes = _NodeFile(folder / "nodes.bin")
    copy_wanted(path, text, wanted, nodes.places)
    inside = nodes.within(window)
    objects, touching = _first_look(text, inside)
    ways = folder / "ways of the cut.opl"
    with ways.open("wb") as file:
        needed, missing = _copy_touching(text, touching, objects.member_ways, file)
        if missing and not wanted.takes_all_ways_of(path):
            members = folder / "members.opl"
            copy_ways(path, members, missing, nodes.places)
            more, _ = _copy_touching(members, np.empty(0, np.int64), missing, file)
            needed = _ascending([needed, more])
    target = folder / "cut.opl"
    bare = _ascending([needed, np.fromiter(objects.member_nodes, np.int64)])
    bare = bare[~_among(bare, np.sort(np.fromiter(objects.nodes, np.int64)))]
    with target.open("wb") as file:
        file.writelines(objects.nodes.values())
        file.writelines(nodes.lines_of(bare))
        file.writelines(blocks_of(ways))
        file.writelines(objects.relations)
    return target


class _NodeFile:
    """The places of nodes in a file that libosmium writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.places = Places(f"sparse_file_array,{path}", on_ways=False)

    def within(self, window: Window) -> Array:
        """Return the ids of the nodes in a window, ascending."""
        found = [
            some["id"][window.holds(some["x"] / _UNITS_PER_DEGREE, some["y"] / _UNITS_PER_DEGREE)]
            for some in self._parts()
        ]
        return _ascending(found)

    def lines_of(self, ids: Array) -> Iterator[bytes]:
        """Return OPL lines of the nodes of these ids (ascending), many at a time."""
        for some in self._parts():
            chosen = some[_among(some["id"], ids) & (some["x"] != _NOWHERE)]
            columns = (
                chosen["id"].tolist(),
                (chosen["x"] / _UNITS_PER_DEGREE).tolist(),
                (chosen["y"] / _UNITS_PER_DEGREE).tolist(),
            )
            yield b"".join(map(b"n%d x%.7f y%.7f\n".__mod__, zip(*columns, strict=True)))

    def _parts(self) -> Iterator[Array]:
        count = self.places.table.used_memory() // _RECORD.itemsize
        with self._path.open("rb") as file:
            for first in range(0, count, _RECORDS_AT_ONCE):
                yield np.fromfile(file, _RECORD, min(_RECORDS_AT_ONCE, count - first))


def _ascending(parts: list[Array]) -> Array:
    """Put ids into one row, each once; twice as fast as `numpy.unique`, which hashes."""
    ids = np.sort(np.concatenate([np.empty(0, np.int64), *parts]))
    is_new = np.ones(len(ids), np.bool_)
    is_new[1:] = ids[1:] != ids[:-1]
    found: Array = ids[is_new]
    return found


def _among(values: Array, ids: Array) -> Array:
    """Return which values are ids (ascending)."""
    if not len(ids):
        return np.zeros(len(values), np.bool_)
    found: Array = ids[np.minimum(np.searchsorted(ids, values), len(ids) - 1)] == values
    return found


def _touching(lines: Lines, way: Array, ref: Array, nodes: Array) -> Array:
    """Return which ways have one of some nodes."""
    return np.bincount(way[_among(ref, nodes)], minlength=lines.count("w")) > 0


def _first_look(text: Path, inside: Array) -> tuple[_Objects, Array]:
    """Take nodes in the window and all relations; give the nodes of ways that touch it, too."""
    nodes: dict[int, bytes] = {}
    relations: list[bytes] = []
    refs = []
    for lines in lines_of(text):
        relations += lines.of("r")
        ids = lines.ids("n")
        is_in = _among(ids, inside)
        nodes |= dict(zip(ids[is_in].tolist(), lines.of("n", is_in), strict=True))
        way, ref = lines.refs()
        refs.append(_ascending([ref[_touching(lines, way, ref, inside)[way]]]))
    members = [member for line in relations for member in members_of(line)]
    objects = _Objects(
        nodes, relations,
        {number for kind, number in members if kind == b"n"},
        {number for kind, number in members if kind == b"w"},
    )  # fmt: skip
    return objects, _ascending(refs)


def _copy_touching(
    text: Path, nodes: Array, members: set[int], file: BinaryIO
) -> tuple[Array, set[int]]:
    """Copy ways that touch nodes or are members; give ids of their nodes, and members not met."""
    refs = []
    met: set[int] = set()
    for lines in lines_of(text):
        way, ref = lines.refs()
        is_taken = _touching(lines, way, ref, nodes)
        if members:
            ids = lines.ids("w")
            is_member = np.isin(ids, np.fromiter(members, np.int64))
            met.update(ids[is_member].tolist())
            is_taken |= is_member
        file.writelines(lines.of("w", is_taken))
        refs.append(_ascending([ref[is_taken[way]]]))
    return _ascending(refs), members - met
