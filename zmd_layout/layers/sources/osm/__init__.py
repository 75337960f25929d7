"""
Read schools and roads out of an OSM extract: `.osm.pbf`, `.osm`, `.osm.bz2`, `.osm.gz`.

An extract is often cut out along a line, and then lacks nodes and members of what crosses it.
Such an extract is read as far as it goes, and what was dropped is counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from zmd_layout.layers.sources.osm.copy import Wanted
from zmd_layout.layers.sources.osm.opl import Window
from zmd_layout.layers.sources.osm.roads import RoadCollector
from zmd_layout.layers.sources.osm.scan import EXTRACT_SUFFIXES, opened
from zmd_layout.layers.sources.osm.schools import (
    GROUND_VALUES,
    SCHOOL_KEYS,
    OsmSchools,
    SchoolCollector,
    SchoolCounts,
)
from zmd_layout.layers.sources.osm.shapes import LocatedBy
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.layers.roads import RoadCounts, RoadTables

__all__ = [
    "EXTRACT_SUFFIXES",
    "SCHOOL_KEYS",
    "LocatedBy",
    "OsmSchools",
    "SchoolCounts",
    "SchoolsAndRoads",
    "Window",
    "read_roads",
    "read_schools",
    "read_schools_and_roads",
    "road_note",
    "school_note",
]

_SCHOOL_KEY = "amenity"
_ROAD_KEY = "highway"


class SchoolsAndRoads(NamedTuple):
    """What one extract holds of both."""

    schools: OsmSchools
    roads: RoadTables


def read_schools(path: Path | str, *, window: Window | None = None) -> OsmSchools:
    """
    Read the schools and kindergartens of an extract.

    Taken are nodes, ways and relations with `amenity=school` or `amenity=kindergarten`, and named
    buildings and grounds without an amenity (`building=school`, `landuse=education`) whose name is
    that of a school; colleges, universities, driving and language schools have an `amenity` of
    their own and are left out.

    Parameters
    ----------
    path
        The extract.
    window
        Only what has a node there is taken, and counted.

    Raises
    ------
    SourceError
        If there is no such file, or it cannot be read as OSM.
    """
    collector = SchoolCollector()
    wanted = Wanted((_SCHOOL_KEY,), (_SCHOOL_KEY,), GROUND_VALUES)
    with opened(Path(path), wanted, window=window) as extract:
        for block in extract.blocks():
            collector.add(block)
        return collector.schools(extract, window=window)


def read_roads(path: Path | str, *, working_crs: str, window: Window | None = None) -> RoadTables:
    """
    Read the road graph of an extract, for walkers and vehicles.

    Taken are all ways with a `highway` that is in use, private ones too, and no areas. They are
    split where they meet; lengths are measured on the ellipsoid, along all nodes. A way that
    lacks nodes is cut there. Vehicles are held to `oneway`, to roundabouts and to motorways.

    Parameters
    ----------
    path
        The extract.
    working_crs
        The projected CRS, in metres, of the nodes' `x` and `y`.
    window
        Only stretches with an end there are taken, and only ways with a node there counted.

    Raises
    ------
    SourceError
        If there is no such file, or it cannot be read as OSM.
    CrsError
        If the CRS is not projected.
    """
    collector = RoadCollector()
    with opened(Path(path), Wanted((_ROAD_KEY,)), window=window) as extract:
        for block in extract.blocks():
            collector.add(block)
    return collector.tables(working_crs=working_crs, window=window)


def read_schools_and_roads(
    path: Path | str, *, working_crs: str, window: Window | None = None
) -> SchoolsAndRoads:
    """
    Read both, going through the extract once; see `read_schools` and `read_roads`.

    Parameters
    ----------
    path
        The extract.
    working_crs
        The projected CRS, in metres, of the roads' nodes.
    window
        As there.

    Raises
    ------
    SourceError
        If there is no such file, or it cannot be read as OSM.
    CrsError
        If the CRS is not projected.
    """
    schools, roads = SchoolCollector(), RoadCollector()
    wanted = Wanted((_SCHOOL_KEY, _ROAD_KEY), (_SCHOOL_KEY,), GROUND_VALUES)
    with opened(Path(path), wanted, window=window) as extract:
        for block in extract.blocks():
            schools.add(block)
            roads.add(block)
        placed = schools.schools(extract, window=window)
    return SchoolsAndRoads(placed, roads.tables(working_crs=working_crs, window=window))


def school_note(counts: SchoolCounts) -> Message:
    """Return what was read, merged and lost."""
    return Message(
        "osm.school_counts",
        schools=counts.read["school"],
        kindergartens=counts.read["kindergarten"],
        kept=counts.kept,
        merged=counts.merged,
        lost=counts.lost,
        partial=counts.partial,
    )


def road_note(counts: RoadCounts) -> Message:
    """Return how many ways were read, cut and lost."""
    return Message(
        "osm.road_counts",
        ways=counts.ways,
        cut=counts.ways_cut,
        lost=counts.ways_lost,
        missing=counts.node_references_missing,
    )
