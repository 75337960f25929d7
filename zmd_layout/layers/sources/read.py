"""
Choose how a source is read: OSM extracts, rosters of the education statistics, files or tables.

What is read is in its own coordinates and, but for extracts and rosters, under its own columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd

from zmd_layout.crs import parse_coordinates
from zmd_layout.errors import CrsError
from zmd_layout.layers.account import Account
from zmd_layout.layers.files import listening, read_raw
from zmd_layout.layers.plausible_places import without_implausible_places
from zmd_layout.layers.reading.frames import read_table
from zmd_layout.layers.roads import roads_near
from zmd_layout.layers.row_datums import in_one_datum
from zmd_layout.layers.schools.reference import REFERENCE
from zmd_layout.layers.sources.osm import layers as osm_layers
from zmd_layout.layers.sources.roster import is_roster, read_roster
from zmd_layout.layers.windows import read_within, window_of_extract
from zmd_layout.messages import Message
from zmd_layout.study.frames import NO_POSITIONS

if TYPE_CHECKING:
    from pathlib import Path

    from zmd_layout.crs import StudyArea
    from zmd_layout.layers.account import Entry
    from zmd_layout.layers.roads import RoadTables
    from zmd_layout.layers.sources.osm.opl import Window
    from zmd_layout.study import LayerSource, Study
    from zmd_layout.study.frames import Table

BORDER_M = 20_000.0  # supply and roads may reach this far beyond the study area (edge effects)
SCHOOLS = {"schools", REFERENCE}
_PLACED = {*SCHOOLS, "projects"}
WIDE = {*SCHOOLS, "roads", "population", "constraints"}


@dataclass(frozen=True, slots=True)
class RawLayer:
    """
    A source as it was read.

    Attributes
    ----------
    frame
        Its table, in its own coordinates.
    roads
        For roads out of an OSM extract; `frame` is then empty.
    notes
        What the reader has to say.
    is_ours
        Whether the reader has already given the columns our names and types.
    account
        What of the file was read, joined, converted or left out.
    """

    frame: gpd.GeoDataFrame
    roads: RoadTables | None = None
    notes: tuple[Message, ...] = ()
    is_ours: bool = False
    account: tuple[Entry, ...] = ()


def extracts_of(study: Study) -> osm_layers.Extracts:
    """Remember which files are read for several layers."""
    schools = [study.path_of(study.layers[name]) for name in SCHOOLS if name in study.layers]
    roads = [study.path_of(study.layers["roads"])] if "roads" in study.layers else []
    return osm_layers.Extracts(schools, roads, working_crs=study.crs)


def in_wgs84(source: LayerSource, name: str) -> LayerSource:
    """Declare an OSM extract as what OSM is; refuse any other declaration."""
    if source.coordinates is None:
        return source.model_copy(update={"coordinates": osm_layers.COORDINATES})
    if parse_coordinates(source.coordinates).declared not in osm_layers.SAME_DATUM:
        raise CrsError(
            Message("crs.osm_declared", layer=name, path=source.path, declared=source.coordinates)
        )
    return source


def read_file(
    path: Path, source: LayerSource, name: str,
    *, extracts: osm_layers.Extracts, area: StudyArea | None,
) -> RawLayer:  # fmt: skip
    """Read a file by the reader of its kind; of what covers more ground, what is near the study."""
    is_extract = osm_layers.is_extract(path)
    # of what we read of extracts ourselves only what is near is taken in any case
    is_ours = is_extract and name in {*SCHOOLS, "roads"}
    has_place = source.coordinates not in (None, NO_POSITIONS)
    if source.clip and area is not None and has_place and not is_ours:
        read = _clipped(path, source, name, area)
    else:
        read = _read(path, source, name, extracts=extracts, area=area)
    if is_extract and area is not None:
        read = _near(read, area)
    return _with_known_places(read, source, name, area) if has_place and not is_extract else read


def read_frame(table: Table, source: LayerSource, name: str, *, area: StudyArea | None) -> RawLayer:
    """Read a table in memory as a file of the same columns is read."""
    account = Account()
    frame = read_table(table.frame, source, layer_name=name, account=account)
    read = RawLayer(frame, account=tuple(account.entries))
    if source.coordinates == NO_POSITIONS:
        return read
    return _with_known_places(read, source, name, area)


def _read(
    path: Path, source: LayerSource, name: str,
    *, extracts: osm_layers.Extracts, area: StudyArea | None,
) -> RawLayer:  # fmt: skip
    """Choose the reader: OSM extracts, rosters of the education statistics, or plain tables."""
    if osm_layers.is_extract(path) and path.exists():
        window = None if area is None else _extract_window(area)
        if name == "roads":
            roads, notes = extracts.roads(path, window)
            return RawLayer(gpd.GeoDataFrame(geometry=[]), roads=roads, notes=notes)
        if name in SCHOOLS:
            frame, notes = extracts.schools(path, window)
            return RawLayer(frame, notes=notes, is_ours=True)
    if name in SCHOOLS and is_roster(path, source):
        roster = read_roster(path, source)
        notes = (roster.report.summary(),)
        return RawLayer(roster.frame, notes=notes, is_ours=True, account=roster.report.account)
    account = Account()
    with listening(name) as murmurs:
        frame = read_raw(path, source, layer_name=name, account=account)
    return RawLayer(frame, notes=tuple(murmurs), account=tuple(account.entries))


def _with_known_places(
    read: RawLayer, source: LayerSource, name: str, area: StudyArea | None
) -> RawLayer:
    """Bring rows to one datum, and take off places that cannot be those of schools."""
    frame, notes = read.frame, read.notes
    declared = str(source.coordinates)
    if not read.is_ours:
        frame, converted = in_one_datum(frame, declared=declared, layer_name=name)
        notes += converted
    if name in _PLACED:
        frame, doubts = without_implausible_places(
            frame, layer_name=name, declared=declared, area=area, accept=source.accept
        )
        notes += doubts
    return replace(read, frame=frame, notes=notes)


def _extract_window(area: StudyArea) -> Window:
    return window_of_extract(area.geometry.buffer(BORDER_M), working_crs=area.working_crs)


def _near(read: RawLayer, area: StudyArea) -> RawLayer:
    """Take what an extract, usually of a whole province, holds near the study."""
    zone = area.geometry.buffer(BORDER_M)
    if read.roads is not None:
        return replace(read, roads=roads_near(read.roads, zone))
    is_near = read.frame.geometry.to_crs(area.working_crs).intersects(zone)
    return replace(read, frame=read.frame[is_near.to_numpy()].reset_index(drop=True))


def _clipped(path: Path, source: LayerSource, name: str, area: StudyArea) -> RawLayer:
    """Read what a file that covers more ground holds in the study, or near it."""
    zone = area.geometry.buffer(BORDER_M if name in WIDE else 0.0)
    account = Account()
    frame = read_within(
        path, source, zone, name=name, working_crs=area.working_crs, account=account
    )
    notes = (Message("layers.clipped", count=len(frame)),)
    return RawLayer(frame, notes=notes, account=tuple(account.entries))
