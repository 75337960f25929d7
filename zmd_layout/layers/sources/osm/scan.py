"""
Take the wanted objects out of an OSM extract, as text lines with the places of their nodes.

Of a large extract only what touches the window that is asked for is taken.
"""

from __future__ import annotations

import contextlib
import mmap
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osmium

from zmd_layout.errors import SourceError
from zmd_layout.layers.formats import osm_format
from zmd_layout.layers.sources.osm.copy import Places, Wanted, copy_wanted, copy_ways, extract_file
from zmd_layout.layers.sources.osm.cut import cut, is_large
from zmd_layout.layers.sources.osm.opl import blocks_of, lines_of
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zmd_layout.layers.sources.osm.opl import Window

EXTRACT_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")


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
        self._places = Places()
        self._has_all_ways = wanted.takes_all_ways_of(path)
        self._wanted = self._folder / "wanted.opl"
        copy_wanted(path, self._wanted, wanted, self._places)
        if not _is_sorted(path) and _lacks_nodes(self._wanted):
            # Overpass may send nodes after the ways that need them: their places are known now
            again = self._folder / "ways again.opl"
            copy_wanted(path, again, wanted, self._places, only_ways=True)
            self._wanted = _with_ways(self._wanted, again, self._folder / "wanted again.opl")

    def blocks(self) -> Iterator[bytes]:
        """Return the wanted objects, and maybe other ways, as OPL lines, some megabytes at once."""
        return blocks_of(self._wanted)

    def ways(self, ids: Iterable[int]) -> list[bytes]:
        """Return the ways of these ids, as far as the extract has them, as OPL lines."""
        chosen = set(ids)
        if not chosen:
            return []
        source = self._wanted
        if not self._has_all_ways:
            source = self._folder / "ways.opl"
            copy_ways(self._path, source, chosen, self._places)
        return _ways_of(source, chosen)

    def place_of(self, node_id: int) -> tuple[float, float] | None:
        """Return longitude and latitude of a node that was read, or None."""
        return self._places.place_of(node_id)


@contextlib.contextmanager
def opened(path: Path, wanted: Wanted, *, window: Window | None = None) -> Iterator[Extract]:
    """
    Open an extract: `.osm.pbf`, `.osm`, `.osm.bz2` or `.osm.gz`.

    Parameters
    ----------
    path, wanted
        The extract, and what to take out of it.
    window
        What has no node there need not be given: of a large extract all that touches it is, with
        all its nodes, and all ways that share a node with that; of others everything.

    Raises
    ------
    SourceError
        If there is no such file, neither its bytes nor its name tell a format of OSM, or it is
        broken.
    """
    if not path.is_file():
        raise SourceError(Message("osm.no_file", path=path))
    if osm_format(path) is None:
        raise SourceError(Message("osm.no_extract", path=path, wanted=EXTRACT_SUFFIXES))
    # Windows keeps a file from being deleted that an error's traceback still holds open
    with tempfile.TemporaryDirectory(prefix="zmd-layout-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # libosmium takes a comma in the name of a file for the end of the name
        if window is not None and is_large(path) and "," not in name:
            path = cut(path, wanted, window, folder)
        yield Extract(path, wanted, folder)


def _with_ways(others: Path, ways: Path, target: Path) -> Path:
    """Put together the nodes and relations of one text and the ways of another."""
    with target.open("wb") as file:
        for lines in lines_of(others):
            file.writelines([*lines.of("n"), *lines.of("r")])
        file.writelines(blocks_of(ways))
    return target


def _is_sorted(path: Path) -> bool:
    with osmium.io.Reader(extract_file(path), osmium.osm.NOTHING) as reader:
        return str(reader.header().get("sorting")) == "Type_then_ID"


def _ways_of(path: Path, ids: set[int]) -> list[bytes]:
    """Find the lines of some ways: by halving, as most files are in order, else one by one."""
    if path.stat().st_size == 0:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        found = [_line_of(text, number) for number in ids]
    if None not in found:
        return [line for line in found if line is not None]
    wanted = np.fromiter(ids, np.int64)
    return [
        line.rstrip(b"\n")
        for lines in lines_of(path)
        for line in lines.of("w", np.isin(lines.ids("w"), wanted))
    ]


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
    return any(
        b"xy" in block and (b"xy," in block or b"xy\n" in block) for block in blocks_of(path)
    )
