"""What standing schools have room for: temporary classes, tracks of another stage, more tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.siting.plan.actions import plan_figures
from zmd_layout.siting.plan.county_amounts import DONORS, Room
from zmd_layout.siting.plan.lasting_needs import MIDDLE
from zmd_layout.siting.plan.plan_options import class_seats, track_seats
from zmd_layout.siting.standing import room_for_seats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.siting.plan.supply_demand import SupplyDemand
    from zmd_layout.vocabulary import Stage

_LENT = 3  # classes of a track of the stages that rooms are lent to: kindergarten, junior, senior


@dataclass(frozen=True, slots=True)
class SchoolRoom:
    """
    What the schools of a stage have room for; what is unknown is no room.

    Attributes
    ----------
    county
        (schools,) where they are.
    bridge
        (schools,) temporary classes: a share of the classes that run, in free classrooms, none
        where there are large classes.
    lends
        (years, schools) tracks of three classes that a school can lend: it keeps its least size,
        and seats for its own pupils, whose number changes as the children of its county.
    expand
        (schools,) tracks that the site has room for.
    """

    county: NDArray[np.object_]
    bridge: NDArray[np.int64]
    lends: NDArray[np.int64]
    expand: NDArray[np.int64]


def room_of(world: World, one: SupplyDemand) -> SchoolRoom:
    """Measure what the schools of a stage have room for."""
    figures, schools = plan_figures(), one.schools
    classes = schools["classes"].to_numpy(dtype=float)
    free = np.floor(schools["classrooms"].to_numpy(dtype=float) - classes)
    share = np.ceil(figures.bridge_share.value * classes)
    is_large = schools["has_large_classes"].to_numpy(dtype=bool)
    frame = world.layers["schools"].frame
    site = pd.Series(room_for_seats(frame, one.stage), frame["school_id"].astype(str))
    seats = schools["school_id"].astype(str).map(site).to_numpy(dtype=float)
    expand = np.minimum(seats / track_seats(one.stage), figures.most_streams_added.value)
    return SchoolRoom(
        schools["county_id"].to_numpy(dtype=object),
        _count(np.where(is_large, 0.0, np.minimum(free, share))),
        _lends(one, classes),
        _count(np.floor(expand + 1e-9)),
    )


def _lends(one: SupplyDemand, classes: NDArray[np.float64]) -> NDArray[np.int64]:
    kept = plan_figures().kept_classes.get(one.stage)
    if kept is None:
        return np.zeros(one.seats.shape, dtype=np.int64)
    counties = one.schools["county_id"].to_numpy(dtype=object)
    pupils = one.schools["enrolment"].to_numpy(dtype=float)
    rate = np.ones(one.seats.shape)
    for county in one.counties:
        children = one.children[MIDDLE][:, one.county == county].sum(axis=1)
        rate[:, counties == county] = (children / max(children[0], 1.0))[:, None]
    size = class_seats(one.stage)
    free = (one.seats - pupils * rate) / size
    is_point = (one.schools["is_teaching_point"] == True).to_numpy(dtype=bool)  # noqa: E712 - a column of objects
    tracks = np.floor(np.minimum(free, classes - kept.value) / _LENT)
    return _count(np.where(is_point, 0.0, tracks))


def _count(room: NDArray[np.float64]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.maximum(np.nan_to_num(room), 0.0).astype(np.int64)
    return found


def room_of_county(
    county: str,
    rooms: Mapping[Stage, SchoolRoom],
    places: Mapping[Stage, gpd.GeoDataFrame],
    helps: Callable[[Stage, Stage], NDArray[np.bool_]],
) -> Room:
    """
    Sum what the schools of a county have room for, and count its places for a new school.

    Parameters
    ----------
    county
        Its id.
    rooms
        By stage.
    places
        Places for a new school by stage, with `county_id`.
    helps
        Returns which schools of the second stage are near children who lack seats of the first.
    """
    donors = {stage: DONORS[stage] for stage in rooms if DONORS.get(stage) in rooms}
    own = {stage: (room.county == county) & helps(stage, stage) for stage, room in rooms.items()}
    return Room(
        bridge={stage: int(room.bridge[own[stage]].sum()) for stage, room in rooms.items()},
        convert={
            stage: rooms[donor]
            .lends[:, (rooms[donor].county == county) & helps(stage, donor)]
            .sum(axis=1)
            for stage, donor in donors.items()
        },
        expand={stage: int(room.expand[own[stage]].sum()) for stage, room in rooms.items()},
        new={stage: int((table["county_id"] == county).sum()) for stage, table in places.items()},
    )
