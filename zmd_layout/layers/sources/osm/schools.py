"""Schools and kindergartens out of an OSM extract, one row an institution as far as OSM tells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd

from zmd_layout.layers.schools.stages import stages_of_name
from zmd_layout.layers.sources.osm.merge import Drawn, owners
from zmd_layout.layers.sources.osm.opl import lines_with, tags_of
from zmd_layout.layers.sources.osm.shapes import LocatedBy, Place, places
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.layers.sources.osm.opl import Window
    from zmd_layout.layers.sources.osm.scan import Extract

KINDS = ("school", "kindergarten")  # colleges and universities are no stage of a layout plan

SCHOOL_KEYS = (
    "name",
    "name:zh",
    "name:en",
    "isced:level",
    "operator:type",
    "operator",
    "capacity",
    "school:boarding",
    "grades",
)

GROUND_VALUES = {
    "building": frozenset({"school", "kindergarten"}),
    "landuse": frozenset({"education"}),
}
"""Tags of buildings and grounds that are a school where the name says so, and no amenity does."""

_MAY_BE_SCHOOL = re.compile(
    rb"[T,](?:amenity=[^, ]*(?:school|kindergarten)|building=(?:school|kindergarten)[, ]"
    rb"|landuse=education[, ])"
)
_NAMES = ("name", "name:zh", "name:en", "alt_name", "official_name", "short_name", "old_name")


@dataclass(frozen=True, slots=True)
class SchoolCounts:
    """
    What an extract held of schools, and what became of it: `read = kept + merged + lost`.

    Parameters
    ----------
    read
        Objects (nodes, ways, relations) by kind: school, kindergarten.
    kept
        Rows of the frame.
    merged
        Objects that were taken into the area of the same institution.
    lost
        Objects of which the extract holds no node.
    partial
        Rows whose area lacks nodes or members in the extract: a point among the known nodes.
    """

    read: dict[str, int]
    kept: int
    merged: int
    lost: int
    partial: int


@dataclass(frozen=True, slots=True)
class OsmSchools:
    """
    Schools and kindergartens of OSM.

    Parameters
    ----------
    frame
        EPSG:4326, a row an institution, nodes before ways before relations, by number:

        - `osm_id`: n, w or r and the number; `kind`: school or kindergarten;
        - the tags of `SCHOOL_KEYS` under their OSM names: text as it stands there, None: no such
          tag of the object or of those that were merged into it;
        - `tags`: a dict of all tags of the object itself;
        - `located_by`: a word of `LocatedBy`;
        - `merged_ids`: the objects that the row took in, joined by `;`;
        - geometry: Point, Polygon or MultiPolygon, valid.
    dropped
        Counts before and after.
    """

    frame: gpd.GeoDataFrame
    dropped: SchoolCounts


@dataclass(frozen=True, slots=True)
class _Object:
    osm_id: str
    kind: str
    tags: dict[str, str]
    place: Place

    @property
    def order(self) -> tuple[int, int]:
        return "nwr".index(self.osm_id[0]), int(self.osm_id[1:])


@dataclass(slots=True)
class SchoolCollector:
    """Gather the schools while an extract is read; `schools` makes the frame."""

    lines: list[bytes] = field(default_factory=list)

    def add(self, block: bytes) -> None:
        """Take in those OPL lines that are schools."""
        words = (b"amenity=", b"building=", b"landuse=")
        found = dict.fromkeys(line for word in words for line in lines_with(word, block))
        self.lines += [
            line for line in found if _MAY_BE_SCHOOL.search(line) and _kind(tags_of(line))
        ]

    def schools(self, extract: Extract, *, window: Window | None = None) -> OsmSchools:
        """
        Place the schools, and merge those that are one institution.

        Parameters
        ----------
        extract
            Where the lines came from; the members of relations are read from it.
        window
            Only what has a node there is taken, and counted.
        """
        found = _objects(self.lines, extract, window)
        objects = sorted(found, key=lambda each: each.order)
        placed = [each for each in objects if each.place.geometry is not None]
        frame = _frame(placed)
        counts = SchoolCounts(
            read={kind: sum(each.kind == kind for each in objects) for kind in KINDS},
            kept=len(frame),
            merged=len(placed) - len(frame),
            lost=len(objects) - len(placed),
            partial=int((frame["located_by"] == LocatedBy.KNOWN_NODES).sum()),
        )
        return OsmSchools(frame, counts)


def _kind(tags: dict[str, str]) -> str | None:
    """Return school or kindergarten, for buildings and grounds without an amenity by name."""
    if "amenity" in tags:
        values = [value.strip() for value in tags["amenity"].split(";")]
        return next((value for value in values if value in KINDS), None)
    is_ground = any(tags.get(key) in values for key, values in GROUND_VALUES.items())
    if not is_ground or any(key.endswith(":amenity") for key in tags):  # disused:amenity
        return None
    reading = stages_of_name(tags.get("name:zh") or tags.get("name") or "")
    if not reading.is_school:
        return None
    is_kindergarten = reading.stages == (Stage.KINDERGARTEN,)
    return "kindergarten" if is_kindergarten or tags.get("building") == "kindergarten" else "school"


def _drawn(each: _Object) -> Drawn:
    return Drawn(
        shape=each.place.geometry,
        kind=each.kind,
        names=tuple(each.tags[key] for key in _NAMES if each.tags.get(key)),
        is_building="building" in each.tags,
        is_part="amenity" not in each.tags,
    )


def _objects(lines: Sequence[bytes], extract: Extract, window: Window | None) -> list[_Object]:
    objects = []
    for line, place in zip(lines, places(lines, extract, window=window), strict=True):
        if not place.is_within:
            continue
        tags = tags_of(line)
        osm_id = line.split(b" ", 1)[0].decode()
        objects.append(_Object(osm_id, _kind(tags) or KINDS[0], tags, place))
    return objects


def _frame(placed: Sequence[_Object]) -> gpd.GeoDataFrame:
    """Make a row of each object that belongs to no other, completed by those that belong to it."""
    owner = owners([_drawn(each) for each in placed])
    taken: dict[int, list[_Object]] = {}
    for position, each in enumerate(placed):
        taken.setdefault(owner[position], [])
        if owner[position] != position:
            taken[owner[position]].append(each)
    rows = [_row(placed[position], taken[position]) for position in sorted(taken)]
    columns = ["osm_id", "kind", *SCHOOL_KEYS, "tags", "located_by", "merged_ids", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs="EPSG:4326")


def _row(whole: _Object, parts: Sequence[_Object]) -> dict[str, object]:
    tags = [each.tags for each in (whole, *parts)]
    return {
        "osm_id": whole.osm_id,
        "kind": whole.kind,
        **{key: next((each[key] for each in tags if each.get(key)), None) for key in SCHOOL_KEYS},
        "tags": whole.tags,
        "located_by": str(whole.place.located_by),
        "merged_ids": ";".join(each.osm_id for each in parts),
        "geometry": whole.place.geometry,
    }
