"""Campuses that stand: schools that could become what is missing, and closed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.forecast import standards
from zmd_layout.siting.exclusions import is_barred
from zmd_layout.siting.planning import CandidateKind, planning
from zmd_layout.vocabulary import Ownership, SchoolStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zmd_layout.measures import World

NINE_YEAR = f"{Stage.PRIMARY};{Stage.JUNIOR}"
GRADES = {Stage.KINDERGARTEN: 3, Stage.PRIMARY: 6, Stage.JUNIOR: 3, Stage.SENIOR: 3}
_MOST_STREAMS = 2  # that are added to a school that stands
_PARTNER = {Stage.PRIMARY: Stage.JUNIOR, Stage.JUNIOR: Stage.PRIMARY}


def standing_places(world: World, stage: Stage) -> gpd.GeoDataFrame:
    """
    Find the campuses on which a school of a stage could be added without new land.

    A public kindergarten can become the central one of its township, a teaching point a full
    primary school, a primary or junior school a nine-year one where its site has room. The
    campus of a closed school can be a kindergarten, or be again what it was.

    Returns
    -------
    places
        As `candidates`.
    """
    layer = world.layers["schools"]
    frame = layer.frame
    expands = _expands(frame, stage) & frame.geometry.notna().to_numpy()
    idle = _is_idle(frame, stage) & frame.geometry.notna().to_numpy()
    chosen = frame[expands | idle]
    if chosen.empty:
        return gpd.GeoDataFrame(geometry=[], crs=world.study.crs)
    is_expansion = expands[chosen.index.to_numpy()]
    ids = chosen["school_id"].astype(str)
    names = _cells(chosen, "name")
    table = gpd.GeoDataFrame(
        {
            "candidate_id": [
                f"{1 if grows else 2}-{i}" for grows, i in zip(is_expansion, ids, strict=True)
            ],
            "kind": np.where(is_expansion, CandidateKind.EXPANSION, CandidateKind.IDLE_CAMPUS),
            "name": names.where(names.notna(), ids),
            "school_id": ids,
            "stages": _stages_after(chosen, stage, is_expansion),
            "is_synthetic": layer.made(["geometry"])[chosen.index],
            "adds_seats": np.where(is_expansion, 0.0, _former_seats(chosen)),
        },
        geometry=shapely.point_on_surface(chosen.geometry.to_numpy()),
        crs=world.study.crs,
    )
    for kind, column in ((UnitKind.COUNTY, "county_id"), (UnitKind.TOWNSHIP, "township_id")):
        units = world.units(kind, {})
        place = None if units is None else world.members(layer, units)[chosen.index]
        table[column] = "" if place is None else place.fillna("").to_numpy()
    return gpd.GeoDataFrame(table[~is_barred(table.geometry, world, is_standing=True)])


def class_size(stage: Stage) -> float:
    """Return the standard pupils in a class; NaN where no standard is known."""
    size = standards().class_sizes.get(stage)
    return float("nan") if size is None else size.value


def new_seats(stage: Stage) -> float:
    """Return the seats of a new school of usual size; NaN where none is known."""
    classes = planning().new_school_classes.get(stage)
    return float("nan") if classes is None else classes.value * class_size(stage)


def changed_school(school: pd.Series[Any], stage: Stage, stages: str) -> pd.Series[Any]:
    """Return the row of a school as it would be after it is expanded, or opened again."""
    after = school.copy()
    after["stages"] = stages
    if school["status"] == SchoolStatus.CLOSED:
        after["status"], after["construction"] = str(SchoolStatus.OPERATING), "expanded"
        after["ownership"] = str(Ownership.PUBLIC)
    if stage is Stage.PRIMARY:
        after["is_teaching_point"] = False
    if stage is Stage.KINDERGARTEN:
        after["is_township_central"] = True
    return after


def _cells(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    return frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)


def _expands(frame: gpd.GeoDataFrame, stage: Stage) -> NDArray[np.bool_]:
    operates = (frame["status"] == SchoolStatus.OPERATING).to_numpy()
    stages, is_point = frame["stages"], _cells(frame, "is_teaching_point") == True  # noqa: E712 - a column of objects
    if stage is Stage.KINDERGARTEN:
        is_public = _cells(frame, "ownership") == Ownership.PUBLIC
        is_plain = _cells(frame, "is_township_central") == False  # noqa: E712 - unknown is not no
        can_be = (stages == stage) & is_public & is_plain
        return np.asarray(operates & can_be.to_numpy(), dtype=bool)
    if stage not in _PARTNER:
        return np.zeros(len(frame), dtype=bool)
    grows = ((stages == _PARTNER[stage]) & ~is_point).to_numpy() & _has_room(frame, stage)
    if stage is Stage.PRIMARY:
        grows |= ((stages == stage) & is_point).to_numpy()
    return np.asarray(operates & grows, dtype=bool)


def _has_room(frame: gpd.GeoDataFrame, stage: Stage) -> NDArray[np.bool_]:
    """Return whether a site is surely large enough for its pupils and one stream of the stage."""
    land, partner = standards().land_m2_per_seat, _PARTNER[stage]
    seats = np.fmax(*(_cells(frame, c).to_numpy(dtype=float) for c in ("seats", "enrolment")))
    stream = GRADES[stage] * standards().class_sizes[stage].value
    needed_m2 = seats * land[partner].value + stream * land[stage].value
    area_m2 = _cells(frame, "site_area_m2").to_numpy(dtype=float)
    has_room: NDArray[np.bool_] = area_m2 >= needed_m2  # an unknown area or size is no room
    return has_room


def room_for_seats(frame: gpd.GeoDataFrame, stage: Stage) -> NDArray[np.float64]:
    """Return the seats, in whole streams, for which the site of a school of the stage has room."""
    land = standards().land_m2_per_seat.get(stage)
    operates = (frame["status"] == SchoolStatus.OPERATING) & (frame["stages"] == stage)
    operates &= _cells(frame, "is_teaching_point") != True  # noqa: E712 - a column of objects
    if land is None or stage is Stage.KINDERGARTEN:
        return np.zeros(len(frame))
    seats = np.fmax(*(_cells(frame, c).to_numpy(dtype=float) for c in ("seats", "enrolment")))
    area_m2 = _cells(frame, "site_area_m2").to_numpy(dtype=float)
    stream = GRADES[stage] * class_size(stage)
    streams = np.floor((area_m2 / land.value - seats) / stream)
    # an unknown area or size is no room; more than two streams is another school
    found: NDArray[np.float64] = np.clip(np.nan_to_num(streams), 0, _MOST_STREAMS) * stream
    return np.where(operates.to_numpy(dtype=bool), found, 0.0)


def _former_seats(chosen: gpd.GeoDataFrame) -> NDArray[np.float64]:
    seats: NDArray[np.float64] = _cells(chosen, "seats").to_numpy(dtype=float)
    return np.nan_to_num(seats)


def _is_idle(frame: gpd.GeoDataFrame, stage: Stage) -> NDArray[np.bool_]:
    is_closed = (frame["status"] == SchoolStatus.CLOSED).to_numpy()
    had = frame["stages"].map(lambda s: str(stage) in str(s).split(";")).to_numpy(dtype=bool)
    return np.asarray(is_closed & (had | (stage is Stage.KINDERGARTEN)), dtype=bool)


def _stages_after(
    chosen: gpd.GeoDataFrame, stage: Stage, is_expansion: NDArray[np.bool_]
) -> list[str]:
    return [
        NINE_YEAR if grows and stage in _PARTNER and stages == _PARTNER[stage] else str(stage)
        for stages, grows in zip(chosen["stages"], is_expansion, strict=True)
    ]


def under_way(world: World, stage: Stage, units: Sequence[tuple[UnitKind, str]]) -> list[str]:
    """Name the schools of a stage that are being built or planned in any of some units."""
    layer = world.layers["schools"]
    frame = layer.frame
    comes = frame["status"].isin([SchoolStatus.UNDER_CONSTRUCTION, SchoolStatus.PLANNED])
    comes &= frame["stages"].map(lambda s: str(stage) in str(s).split(";")).astype(bool)
    inside = np.zeros(len(frame), dtype=bool)
    for kind, unit_id in units:
        found = world.units(kind, {})
        assert found is not None  # noqa: S101 - something is owed in one of them
        inside |= (world.members(layer, found) == unit_id).to_numpy(dtype=bool)
    rows = frame[comes.to_numpy(dtype=bool) & inside]
    return sorted(_cells(rows, "name").fillna(rows["school_id"]).astype(str))
