"""
Copy the wanted objects of an OSM extract as text lines.

pyosmium hands every node of a way to Python as objects of its own, which costs more than reading
the file. So libosmium itself filters, looks up the places and writes what is wanted as OPL, its
format of one object a line (https://osmcode.org/opl-file-format/), and pandas and NumPy read the
lines in bulk.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import osmium

from zmd_layout.errors import SourceError
from zmd_layout.layers.formats import osm_format
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    Kinds = osmium.osm.osm_entity_bits
    Filter: TypeAlias = (
        osmium.filter.KeyFilter
        | osmium.filter.EntityFilter
        | osmium.filter.IdFilter
        | "_WithValues"
    )


_A_WAY = b"w1 N\n"


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
    values
        Keys that count with some values only, such as `building` with `school`.
    """

    way_keys: tuple[str, ...]
    other_keys: tuple[str, ...] = ()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def takes_all_ways_of(self, path: Path) -> bool:
        """
        Return whether all ways are copied with the wanted ones.

        Relations need ways that have no keys of their own: to take all along costs less than to
        read text, let alone compressed text, a second time.
        """
        return bool(self.other_keys) and osm_format(path) != "pbf"


def extract_file(path: Path) -> osmium.io.File:
    """Return an extract as libosmium opens it, whatever its name."""
    return osmium.io.File(str(path), osm_format(path) or "")


def copy_wanted(
    path: Path, target: Path, wanted: Wanted, places: Places, *, only_ways: bool = False
) -> None:
    """
    Copy what is wanted of an extract.

    Parameters
    ----------
    path, target
        The extract, and the OPL file.
    wanted
        What to copy; see `Wanted.takes_all_ways_of` for what comes with it.
    places
        Takes in the places of all nodes.
    only_ways
        Copy the ways only, with the places that are known already.

    Raises
    ------
    SourceError
        If the extract is broken.
    """
    kinds = osmium.osm.NODE | osmium.osm.WAY
    filters: list[Filter | _WithValues] = []
    if not wanted.takes_all_ways_of(path):
        filters.append(_with_keys((*wanted.way_keys, *wanted.values), osmium.osm.WAY))
        if wanted.values:
            filters.append(_WithValues(wanted.way_keys, wanted.values, osmium.osm.WAY))
    if only_ways:
        kinds = osmium.osm.WAY
    elif wanted.other_keys:
        kinds |= osmium.osm.RELATION
        others = osmium.osm.NODE | osmium.osm.RELATION
        filters.append(_with_keys((*wanted.other_keys, *wanted.values), others))
        if wanted.values:
            filters.append(_WithValues(wanted.other_keys, wanted.values, others))
    else:
        filters.append(osmium.filter.EntityFilter(osmium.osm.WAY))
    _copy(path, target, kinds, filters, places)


def copy_ways(path: Path, target: Path, ids: Iterable[int], places: Places) -> None:
    """
    Copy the ways of some ids.

    Raises
    ------
    SourceError
        If the extract is broken.
    """
    _copy(path, target, osmium.osm.WAY, [osmium.filter.IdFilter(ids)], places)


class Places:
    """
    The places of nodes while an extract is copied.

    Parameters
    ----------
    store
        A map type of libosmium.
    on_ways
        Whether the nodes of ways are written with their places.
    """

    def __init__(self, store: str = "flex_mem", *, on_ways: bool = True) -> None:
        self.table = osmium.index.create_map(store)
        self.on_ways = on_ways

    def keeper(self) -> osmium.NodeLocationsForWays:
        """Return what takes the places in and puts them on ways."""
        keeper = osmium.NodeLocationsForWays(self.table)
        keeper.ignore_errors()
        keeper.apply_nodes_to_ways = self.on_ways
        return keeper

    def place_of(self, node_id: int) -> tuple[float, float] | None:
        """Return longitude and latitude of a node that was read, or None."""
        try:
            place = self.table.get(node_id)
        except KeyError:
            return None
        return (place.lon, place.lat) if place.valid() else None


def _with_keys(keys: Sequence[str], kinds: Kinds) -> Filter:
    """Let only those objects of some kinds pass that have one of the keys; others pass."""
    chosen = osmium.filter.KeyFilter(*keys)
    chosen.enable_for(kinds)
    return chosen


class _WithValues:
    """
    Lets only those objects of some kinds pass that have a key, or another with a value asked for.

    libosmium joins its own filters by "and" only; objects come here after they passed those.
    """

    def __init__(
        self, keys: Sequence[str], values: Mapping[str, frozenset[str]], kinds: Kinds
    ) -> None:
        self._keys, self._values = keys, values
        for kind, name in ((osmium.osm.NODE, "node"), (osmium.osm.WAY, "way"),
                           (osmium.osm.RELATION, "relation")):  # fmt: skip
            if kinds & kind:
                setattr(self, name, self._stops)

    def _stops(self, each: osmium.osm.OSMObject[Any]) -> bool:
        tags = each.tags
        if any(key in tags for key in self._keys):
            return False
        return not any(tags.get(key) in wanted for key, wanted in self._values.items())


def _copy(
    path: Path, target: Path, kinds: Kinds, filters: Sequence[Filter | _WithValues], places: Places
) -> None:
    keeper = places.keeper()
    form = f"opl,locations_on_ways={str(places.on_ways).lower()},add_metadata=false"
    try:
        with (
            contextlib.closing(osmium.SimpleWriter(osmium.io.File(str(target), form))) as writer,
            osmium.io.Reader(extract_file(path), kinds) as reader,
        ):
            osmium.apply(reader, keeper, *filters, writer)
        if places.on_ways:
            # libosmium puts the places in order of ids, if they are not, when it meets a way
            osmium.apply(osmium.io.FileBuffer(_A_WAY, "opl"), keeper)
    except (RuntimeError, OSError, ValueError) as error:
        raise SourceError(Message("osm.broken", path=path, why=error)) from error
