"""Lines of OPL, the format of one OSM object a line (https://osmcode.org/opl-file-format/)."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    Array = np.ndarray[Any, np.dtype[Any]]

_BLOCK_BYTES = 1 << 23  # bounds the memory that lines take while they are parsed
_ESCAPED = re.compile("%([0-9a-f]+)%")
_NODES_TO_CSV = bytes.maketrans(b"nxy,", b"\n,,,")  # "n5x1y2,n6xy" → "\n5,1,2,\n6,,,"
_ID_OF = {kind: re.compile(rb"\n%c(-?\d+)" % ord(kind)) for kind in "nwr"}
_NODES_FIELD = re.compile(rb" N(.*)\n")  # a tag cannot look so: its blanks are escaped
_MEMBER = re.compile(rb"([nwr])(\d+)@")


class Window(NamedTuple):
    """A rectangle of longitudes and latitudes, in degrees (WGS 84); its edges belong to it."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: Array, lat: Array) -> Array:
        """Return which places lie in it; NaN lies nowhere."""
        return (lon >= self.west) & (lon <= self.east) & (lat >= self.south) & (lat <= self.north)


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
        """Return which nodes have a place."""
        return np.isfinite(self.lon) & np.isfinite(self.lat)

    def only(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> WayNodes:
        """Keep some of the nodes."""
        return WayNodes(self.way[chosen], self.ref[chosen], self.lon[chosen], self.lat[chosen])


def blocks_of(path: Path) -> Iterator[bytes]:
    """Read a text file some megabytes at a time, each block ending with a whole line."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block + file.readline()


class Lines:
    """
    The lines of a block of OPL, made only when they are asked for.

    Parameters
    ----------
    block
        Whole lines.
    """

    def __init__(self, block: bytes) -> None:
        self._block = block
        text = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(text == ord("\n")) + 1
        starts = np.append(0, ends[:-1])[: len(ends)]
        kinds = text[starts]
        self._of_kind = {
            kind: (starts[kinds == ord(kind)], ends[kinds == ord(kind)]) for kind in _ID_OF
        }

    def count(self, kind: str) -> int:
        """Return how many objects of a kind there are."""
        return len(self._of_kind[kind][0])

    def of(self, kind: str, chosen: Array | None = None) -> list[bytes]:
        """Return the lines of nodes, ways or relations, or some of them, with their ends."""
        starts, ends = self._of_kind[kind]
        if chosen is not None:
            starts, ends = starts[chosen], ends[chosen]
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        return [self._block[start:end] for start, end in pairs]

    def ids(self, kind: str) -> Array:
        """Return their ids, int64."""
        return _numbers(b",".join(_ID_OF[kind].findall(b"\n" + self._block)))

    def refs(self) -> tuple[Array, Array]:
        """
        Read the nodes of ways that are written without places.

        Returns
        -------
        way, ref
            As in `WayNodes`; the first way of the block is 0.
        """
        fields = _NODES_FIELD.findall(self._block)
        text = b",".join(filter(None, fields))
        return _ways_of_nodes(fields, text, 0), _numbers(text.translate(None, b"n"))


def _numbers(text: bytes) -> Array:
    """Read whole numbers with commas between them."""
    return np.fromstring(text.decode("ascii"), np.int64, sep=",") if text else np.empty(0, np.int64)


def lines_of(path: Path) -> Iterator[Lines]:
    """Read an OPL file some megabytes at a time."""
    return map(Lines, blocks_of(path))


def way_nodes(lines: Iterable[bytes]) -> WayNodes:
    """
    Read the nodes of ways.

    Parameters
    ----------
    lines
        OPL lines, all of them of ways.
    """
    return nodes_of_fields([line[line.rfind(b" N") + 2 :] for line in lines])


def members_of(relation: bytes) -> list[tuple[bytes, int]]:
    """Read kind and id of the members of a relation; members that are relations are passed on."""
    return [(kind, int(ref)) for kind, ref in _MEMBER.findall(relation.rpartition(b" M")[2])]


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
    table = pd.read_csv(
        io.BytesIO(text.translate(_NODES_TO_CSV) or b"\n"),
        names=["ref", "lon", "lat"],
        usecols=[0, 1, 2],  # a comma at the end of a line makes a fourth
        dtype={"ref": np.int64, "lon": np.float64, "lat": np.float64},
    )
    way = _ways_of_nodes(fields, text, first_way)
    return WayNodes(way, *(table[name].to_numpy() for name in ("ref", "lon", "lat")))


def _ways_of_nodes(fields: Sequence[bytes], text: bytes, first_way: int) -> Array:
    """Return the number of the way of each node, by where each field ends in the text of all."""
    length = np.fromiter(map(len, fields), np.int64, len(fields))
    ends = np.cumsum(length + (length > 0))  # each with its comma
    nodes = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("n"))
    counts = np.diff(np.searchsorted(nodes, ends), prepend=0)
    return np.repeat(np.arange(first_way, first_way + len(fields), dtype=np.int32), counts)


def joined(parts: list[WayNodes]) -> WayNodes:
    """Put the nodes of ways that were read in parts into one row; the parts are used up."""
    parts = parts or [nodes_of_fields([])]
    whole = WayNodes(
        np.concatenate([part.way for part in parts]),
        np.concatenate([part.ref for part in parts]),
        np.concatenate([part.lon for part in parts]),
        np.concatenate([part.lat for part in parts]),
    )
    parts.clear()
    return whole


def lines_with(word: bytes, block: bytes) -> Iterator[bytes]:
    """Return the lines of a text that hold a word, without making the others."""
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
