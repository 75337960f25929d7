"""
Take the wanted objects out of an OSM extract, as text lines with the places of their nodes.

pyosmium hands every node of a way to Python as objects of its own, which costs more than reading
the file. So libosmium itself filters, looks up the places and writes what is wanted as OPL, its
format of one object a line (https://osmcode.org/opl-file-format/), and pandas and NumPy read the
lines in bulk.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pandas as pd

from zmd_layout.errors import SourceError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Kinds = osmium.osm.osm_entity_bits
    Filter = osmium.filter.KeyFilter | osmium.filter.EntityFilter | osmium.filter.IdFilter

EXTRACT_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")

_BLOCK_BYTES = 1 << 23  # bounds the memory that lines take while they are parsed
_ESCAPED = re.compile("%([0-9a-f]+)%")
_NODES_TO_CSV = bytes.maketrans(b"nxy,", b"\n,,,")  # "n5x1y2,n6xy" → "\n5,1,2,\n6,,,"


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    The objects to take out of an extract: those that have at least one of the keys.

    Parameters
    ----------
    way_keys
        Keys of ways.
    other_keys
        Keys of nodes and relations; empty: none of them is wanted.
    """

    way_keys: tuple[str, ...]
    other_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WayNodes:
    """
    The nodes of many ways, one way after the other.

    Parameters
    ----------
    way
        Number of the way that a node stands in, int32, ascending from 0.
    ref
        OSM id of the node, int64.
    lon, lat
        Degrees (WGS 84), float64; NaN: the extract lacks the node.
    """

    way: np.ndarray[tuple[int], np.dtype[np.int32]]
    ref: np.ndarray[tuple[int], np.dtype[np.int64]]
    lon: np.ndarray[tuple[int], np.dtype[np.float64]]
    lat: np.ndarray[tuple[int], np.dtype[np.float64]]

    @property
    def is_known(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell which nodes have a place."""
        return np.isfinite(self.lon) & np.isfinite(self.lat)

    def only(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> WayNodes:
        """Keep some of the nodes."""
        return WayNodes(self.way[chosen], self.ref[chosen], self.lon[chosen], self.lat[chosen])


class Extract:
    """
    The wanted objects of an OSM extract, and the places of its nodes; made by `opened`.

    Parameters
    ----------
    path
        The extract.
    wanted
        What to take out of it.
    folder
        For files that are needed while this object is.
    """

    def __init__(self, path: Path, wanted: Wanted, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._places = osmium.index.create_map("flex_mem")
        # relations need ways that have no keys of their own: to take all along costs less than
        # to read text, let alone compressed text, a second time
        self._has_all_ways = bool(wanted.other_keys) and not path.name.lower().endswith(".pbf")
        kinds = osmium.osm.NODE | osmium.osm.WAY
        filters: list[Filter] = []
        if not self._has_all_ways:
            filters.append(_with_keys(wanted.way_keys, osmium.osm.WAY))
        if wanted.other_keys:
            kinds |= osmium.osm.RELATION
            filters.append(_with_keys(wanted.other_keys, osmium.osm.NODE | osmium.osm.RELATION))
        else:
            filters.append(osmium.filter.EntityFilter(osmium.osm.WAY))
        self._wanted = self._copy("wanted", kinds, filters)
        if not self._is_sorted() and _lacks_nodes(self._wanted):
            # Overpass may send nodes after the ways that need them: their places are known now
            self._wanted = self._copy("wanted again", kinds, filters)

    def blocks(self) -> Iterator[bytes]:
        """Give the wanted objects, and maybe other ways, as OPL lines, some megabytes at a time."""
        return _blocks(self._wanted)

    def ways(self, ids: Iterable[int]) -> list[bytes]:
        """Give the ways of these ids, as far as the extract has them, as OPL lines."""
        chosen = set(ids)
        if not chosen:
            return []
        if self._has_all_ways:
            source = self._wanted
        else:
            source = self._copy("ways", osmium.osm.WAY, [osmium.filter.IdFilter(chosen)])
        return _ways_of(source, chosen)

    def place_of(self, node_id: int) -> tuple[float, float] | None:
        """Give longitude and latitude of a node that was read, or None."""
        try:
            place = self._places.get(node_id)
        except KeyError:
            return None
        return (place.lon, place.lat) if place.valid() else None

    def _copy(self, name: str, kinds: Kinds, filters: Sequence[Filter]) -> Path:
        """Write what passes the filters as OPL."""
        target = self._folder / f"{name}.opl"
        add_places = osmium.NodeLocationsForWays(self._places)
        add_places.ignore_errors()
        opl = osmium.io.File(str(target), "opl,locations_on_ways=true,add_metadata=false")
        try:
            with (
                contextlib.closing(osmium.SimpleWriter(opl)) as writer,
                osmium.io.Reader(str(self._path), kinds) as reader,
            ):
                osmium.apply(reader, add_places, *filters, writer)
        except (RuntimeError, OSError, ValueError) as error:
            raise SourceError(Message("osm.broken", path=self._path, why=error)) from error
        return target

    def _is_sorted(self) -> bool:
        with osmium.io.Reader(str(self._path), osmium.osm.NOTHING) as reader:
            return str(reader.header().get("sorting")) == "Type_then_ID"


@contextlib.contextmanager
def opened(path: Path, wanted: Wanted) -> Iterator[Extract]:
    """
    Open an extract: `.osm.pbf`, `.osm`, `.osm.bz2` or `.osm.gz`.

    Raises
    ------
    SourceError
        If there is no such file, its name does not tell a format of OSM, or it is broken.
    """
    if not path.is_file():
        raise SourceError(Message("osm.no_file", path=path))
    if not path.name.lower().endswith(EXTRACT_SUFFIXES):
        raise SourceError(Message("osm.no_extract", path=path, wanted=EXTRACT_SUFFIXES))
    with tempfile.TemporaryDirectory(prefix="zmd-layout-") as folder:
        yield Extract(path, wanted, Path(folder))


def _with_keys(keys: Sequence[str], kinds: Kinds) -> Filter:
    """Let only those objects of some kinds pass that have one of the keys; others pass."""
    chosen = osmium.filter.KeyFilter(*keys)
    chosen.enable_for(kinds)
    return chosen


def _blocks(path: Path) -> Iterator[bytes]:
    """Read a text file some megabytes at a time, each block ending with a whole line."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block + file.readline()


def _ways_of(path: Path, ids: set[int]) -> list[bytes]:
    """Find the lines of some ways: by halving, as most files are in order, else one by one."""
    if path.stat().st_size == 0:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        found = [_line_of(text, number) for number in ids]
    if None not in found:
        return [line for line in found if line is not None]
    names = {f"w{number}".encode() for number in ids}
    lines = (line for block in _blocks(path) for line in block.splitlines())
    return [line for line in lines if line[: line.find(b" ")] in names]


def _line_of(text: mmap.mmap, way: int) -> bytes | None:
    """Find the line of a way; None: it is not there, or not where its id would stand in order."""
    low, high = 0, len(text)
    while low < high:
        start = max(text.rfind(b"\n", low, (low + high) // 2) + 1, low)
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        name = text[start : text.find(b" ", start)]
        found = (b"nwr".find(name[:1]), int(name[1:]))
        if found == (1, way):
            return text[start:end]
        low, high = (end + 1, high) if found < (1, way) else (low, start)
    return None


def _lacks_nodes(path: Path) -> bool:
    # a node without a place is written "n5xy"; a tag that looks so costs one more reading only
    return any(b"xy" in block and (b"xy," in block or b"xy\n" in block) for block in _blocks(path))


def way_nodes(lines: Iterable[bytes]) -> WayNodes:
    """
    Read the nodes of ways.

    Parameters
    ----------
    lines
        OPL lines, all of them of ways.
    """
    return nodes_of_fields([line[line.rfind(b" N") + 2 :] for line in lines])


def nodes_of_fields(fields: Sequence[bytes], *, first_way: int = 0) -> WayNodes:
    """
    Read the last fields of the lines of ways, which list their nodes.

    Parameters
    ----------
    fields
        What follows the `N`; empty: a way without nodes.
    first_way
        The number of the first field's way.
    """
    text = b",".join(filter(None, fields))
    length = np.fromiter(map(len, fields), np.int64, len(fields))
    ends = np.cumsum(length + (length > 0))  # each with its comma
    nodes = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("n"))
    counts = np.diff(np.searchsorted(nodes, ends), prepend=0)
    table = pd.read_csv(
        io.BytesIO(text.translate(_NODES_TO_CSV) or b"\n"),
        names=["ref", "lon", "lat"],
        usecols=[0, 1, 2],  # a comma at the end of a line makes a fourth
        dtype={"ref": np.int64, "lon": np.float64, "lat": np.float64},
    )
    way = np.repeat(np.arange(first_way, first_way + len(fields), dtype=np.int32), counts)
    return WayNodes(way, *(table[name].to_numpy() for name in ("ref", "lon", "lat")))


def joined(parts: list[WayNodes]) -> WayNodes:
    """Put the nodes of ways that were read in parts into one row; the parts are used up."""
    whole = WayNodes(
        np.concatenate([part.way for part in parts]),
        np.concatenate([part.ref for part in parts]),
        np.concatenate([part.lon for part in parts]),
        np.concatenate([part.lat for part in parts]),
    )
    parts.clear()
    return whole


def lines_with(word: bytes, block: bytes) -> Iterator[bytes]:
    """Give the lines of a text that hold a word; the others are passed over without being made."""
    at = block.find(word)
    while at >= 0:
        end = block.find(b"\n", at)
        end = len(block) if end < 0 else end
        yield block[block.rfind(b"\n", 0, at) + 1 : end]
        at = block.find(word, end)


def tags_of(line: bytes) -> dict[str, str]:
    """Read all tags of an OPL line."""
    for field in line.decode().split(" ")[1:]:
        if field.startswith("T"):
            pairs = (pair.partition("=") for pair in field[1:].split(",") if pair)
            return {unescaped(key): unescaped(value) for key, _, value in pairs}
    return {}


def unescaped(text: str) -> str:
    """Put back the characters that OPL writes as `%hex%`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
