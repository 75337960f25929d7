"""OSM extracts as layers: schools in our columns, roads as tables."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.layers.formats import osm_format
from zmd_layout.layers.schools.stages import (
    StageReading,
    stages_of_grades,
    stages_of_isced,
    stages_of_name,
    stages_of_span,
    status_of_name,
)
from zmd_layout.layers.sources.osm import (
    read_roads,
    read_schools,
    read_schools_and_roads,
    road_note,
    school_note,
)
from zmd_layout.layers.sources.osm.islands import islands
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Ownership, SchoolStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from zmd_layout.layers.roads import RoadTables
    from zmd_layout.layers.sources.osm import OsmSchools, SchoolsAndRoads, Window

COORDINATES = "wgs84"
SAME_DATUM = ("wgs84", "cgcs2000", "EPSG:4326", "EPSG:4490")  # within a metre
SOURCE = "OSM"
_SCHOOL_TAGS = {
    "kindergarten": Stage.KINDERGARTEN,
    "primary": Stage.PRIMARY,
    "elementary": Stage.PRIMARY,
    "special_education_needs": Stage.SPECIAL,
}
_OWNERS = {"public": Ownership.PUBLIC, "government": Ownership.PUBLIC, "private": Ownership.PRIVATE}
_OUT_OF_USE = ("disused", "abandoned", "ruins", "demolished")
_BOARDING = {"yes": True, "no": False, "only": True}


def is_extract(path: Path) -> bool:
    """Recognise an OSM extract by its first bytes, or by its name."""
    return osm_format(path) is not None


class Extracts:
    """
    The extracts of a study: one that holds its schools and its roads is gone through once.

    Parameters
    ----------
    schools, roads
        The files of either, whatever their kind.
    working_crs
        The projected CRS, in metres, of the roads.
    """

    def __init__(self, schools: Iterable[Path], roads: Iterable[Path], *, working_crs: str) -> None:
        self._shared = {path for path in schools if is_extract(path)} & set(roads)
        self._working_crs = working_crs
        self._read: dict[tuple[Path, Window | None], SchoolsAndRoads] = {}

    def schools(
        self, path: Path, window: Window | None
    ) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
        """Read the schools of an extract; see `schools_of_extract`."""
        if path not in self._shared:
            return schools_of_extract(path, window=window)
        return _school_layer(self._both(path, window).schools, window)

    def roads(self, path: Path, window: Window | None) -> tuple[RoadTables, tuple[Message, ...]]:
        """Read the roads of an extract; see `roads_of_extract`."""
        if path not in self._shared:
            return roads_of_extract(path, working_crs=self._working_crs, window=window)
        tables = self._both(path, window).roads
        return tables, _road_notes(tables, window)

    def _both(self, path: Path, window: Window | None) -> SchoolsAndRoads:
        if (path, window) not in self._read:
            self._read[path, window] = read_schools_and_roads(
                path, working_crs=self._working_crs, window=window
            )
        return self._read[path, window]


def schools_of_extract(
    path: Path, *, window: Window | None = None
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Read the schools of an extract in the columns of the layer `schools`.

    Stages come from `isced:level`, else from the name, and where it names none from `school`,
    `grades`, or `min_age` with `max_age`; `amenity=kindergarten` is one. What is
    open stays open. What the name tells to be no school (a driving school mapped as one) is left
    out and counted.

    Parameters
    ----------
    path
        The extract.
    window
        Only what has a node there is taken, and counted.

    Returns
    -------
    schools, notes
        In WGS 84, `school_id` the OSM id, `status` operating unless a tag (`disused`) or a remark
        in the name says otherwise, `source` OSM. `capacity` that is a
        whole number stands in `seats`.

    Raises
    ------
    SourceError
        If the extract cannot be read.
    """
    return _school_layer(read_schools(path, window=window), window)


def _school_layer(
    read: OsmSchools, window: Window | None
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    found = read.frame
    names = found["name:zh"].where(found["name:zh"].notna(), found["name"])
    readings = [
        _reading(tags, name) for tags, name in zip(found.to_dict("records"), names, strict=True)
    ]
    frame = gpd.GeoDataFrame(
        {
            "school_id": found["osm_id"].astype(object),
            "name": names.astype(object).where(names.notna(), None),
            "stages": _column(";".join(r.stages) or None for r in readings),
            "possible_stages": _column(";".join(r.candidates) or None for r in readings),
            "is_stage_ambiguous": _column(r.is_ambiguous for r in readings),
            "is_teaching_point": _column(r.is_teaching_point for r in readings),
            "ownership": _column(_OWNERS.get(str(v).casefold()) for v in found["operator:type"]),
            "is_boarding": _column(_BOARDING.get(str(v)) for v in found["school:boarding"]),
            "seats": pd.to_numeric(found["capacity"], errors="coerce").astype("float64"),
            "status": _column(
                str(_status(tags, name)) for tags, name in zip(found["tags"], names, strict=True)
            ),
            "source": _column(SOURCE for _ in readings),
        },
        geometry=found.geometry.to_numpy(),
        crs=found.crs,
    )
    frame["seats"] = frame["seats"].where(frame["seats"].ge(0) & (frame["seats"] % 1 == 0))
    is_school = np.array([reading.is_school for reading in readings], dtype=bool)
    notes = [*_window_note(window), school_note(read.dropped)]
    if not is_school.all():
        notes.append(Message("osm.no_schools_by_name", count=int((~is_school).sum())))
    return frame[is_school].reset_index(drop=True), tuple(notes)


def roads_of_extract(
    path: Path, *, working_crs: str, window: Window | None = None
) -> tuple[RoadTables, tuple[Message, ...]]:
    """
    Read the roads of an extract.

    Parameters
    ----------
    path
        The extract.
    working_crs
        The projected CRS, in metres, of the roads.
    window
        Only stretches with an end there are taken, and only ways with a node there counted.

    Raises
    ------
    SourceError
        If the extract cannot be read.
    CrsError
        If `working_crs` is not projected.
    """
    tables = read_roads(path, working_crs=working_crs, window=window)
    return tables, _road_notes(tables, window)


def _window_note(window: Window | None) -> tuple[Message, ...]:
    """Report where was looked, so that what lies elsewhere is not taken to be lost."""
    if window is None:
        return ()
    return (Message("osm.window", **{side: f"{at:.2f}" for side, at in window._asdict().items()}),)


def _road_notes(tables: RoadTables, window: Window | None) -> tuple[Message, ...]:
    """Return what was read and cut, and what of it hangs on nothing."""
    notes = (*_window_note(window), road_note(tables.counts))
    apart = islands(tables)
    if not apart.parts:
        return notes
    whole_m = float(tables.edges["length_m"].sum())
    told = Message(
        "osm.road_islands", count=apart.parts, km=f"{apart.length_m / 1000:.1f}",
        percent=f"{100 * apart.length_m / whole_m:.1f}",
    )  # fmt: skip
    return *notes, told


def _reading(tags: Mapping[Any, Any], name: object) -> StageReading:
    """Decide the stages of an object; a name without a word for any leaves them open."""
    by_level = stages_of_isced(str(tags.get("isced:level") or ""))
    by_name = stages_of_name(name) if isinstance(name, str) else None
    if by_level:
        return StageReading(Message("stages.by_level"), stages=by_level)
    by_years = () if by_name is not None and by_name.stages else _by_years(tags["tags"])
    if by_years:
        return StageReading(Message("stages.by_years"), stages=by_years)
    if tags["kind"] == Stage.KINDERGARTEN:
        return StageReading(Message("stages.by_kind"), stages=(Stage.KINDERGARTEN,))
    if by_name is None or (by_name.is_to_check and not by_name.is_school):
        return StageReading(Message("stages.nothing_known"), is_to_check=True)
    return _with_kindergarten(by_name, tags)


def _by_years(tags: Mapping[str, str]) -> tuple[Stage, ...]:
    """Read the stages of `school=primary`, of `grades`, or of `min_age` with `max_age`."""
    named = _SCHOOL_TAGS.get(str(tags.get("school")))
    if named is not None:
        return (named,)
    by_grades = stages_of_grades(str(tags.get("grades") or ""))
    ages = [str(tags.get(key)) for key in ("min_age", "max_age")]
    if by_grades or not all(re.fullmatch(r"\d{1,2}(\.\d+)?", age) for age in ages):
        return by_grades
    return stages_of_span(float(ages[0]), float(ages[1]), by="ages")


def _with_kindergarten(reading: StageReading, tags: Mapping[Any, Any]) -> StageReading:
    """Add the kindergarten of `amenity=school;kindergarten`, sure where the rest is."""
    if Stage.KINDERGARTEN not in str(tags["tags"].get("amenity")).split(";"):
        return reading
    if reading.candidates:
        return replace(reading, candidates=(Stage.KINDERGARTEN, *reading.candidates))
    stages = {Stage.KINDERGARTEN, *reading.stages}
    return replace(reading, stages=tuple(stage for stage in Stage if stage in stages))


def _status(tags: Mapping[str, str], name: object) -> SchoolStatus:
    """Return the status of a school: by its tags, else by a remark in its name."""
    if any(tags.get(key, "no") != "no" for key in _OUT_OF_USE):
        return SchoolStatus.CLOSED
    if tags.get("construction", "no") != "no" or tags.get("landuse") == "construction":
        return SchoolStatus.UNDER_CONSTRUCTION
    by_name = status_of_name(name) if isinstance(name, str) else None
    return by_name or SchoolStatus.OPERATING


def _column(values: Any) -> pd.Series[Any]:  # noqa: ANN401 - any cells
    return pd.Series(list(values), dtype=object)
