"""Candidates as the schools they would be, so that rules can be asked whether they count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.checks.conditions import meets_all
from zmd_layout.measures import World
from zmd_layout.siting.needs import LASTING, counted_schools
from zmd_layout.siting.planning import CandidateKind
from zmd_layout.siting.standing import changed_school, class_size
from zmd_layout.vocabulary import Construction, Ownership, SchoolStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.needs import Need


def proposed_schools(places: gpd.GeoDataFrame, stage: Stage, world: World) -> gpd.GeoDataFrame:
    """
    Return each candidate as a row of the layer `schools`: what would stand there.

    It is asked about as if it stood on the day of the assessment; a new school is public, run by
    the county and, of kindergartens, the central one.

    Returns
    -------
    schools
        (n,) rows on the index of `places`, in the columns of the layer.
    """
    frame = world.layers["schools"].frame if "schools" in world.layers else gpd.GeoDataFrame()
    by_id = {
        str(key): row for key, row in zip(frame.get("school_id", ()), frame.index, strict=True)
    }
    rows = [
        changed_school(frame.loc[by_id[place.school_id]], stage, place.stages)
        if place.school_id
        else pd.Series(_new_school(place, stage, world))
        for place in places.itertuples()
    ]
    table = pd.DataFrame(rows).set_axis(places.index)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=world.study.crs)


def _new_school(place: Any, stage: Stage, world: World) -> dict[str, Any]:  # noqa: ANN401 - a row
    period = world.study.plan_period
    return {
        "school_id": f"proposed-{place.candidate_id}",
        "name": place.name,
        "stages": str(stage),
        "is_teaching_point": False,
        "ownership": str(Ownership.PUBLIC),
        "administered_by": "county",
        "is_township_central": stage is Stage.KINDERGARTEN,
        "status": str(SchoolStatus.OPERATING),
        "construction": str(Construction.NEW),
        "opens_on": min(world.as_of, period[1]) if period else world.as_of,
        "seats": place.adds_seats,
        "classes": place.adds_seats / class_size(stage),
        "is_synthetic": False,
        "geometry": place.geometry,
    }


def giving(
    places: gpd.GeoDataFrame, needs: list[Need], rules: Mapping[str, Rule], world: World
) -> NDArray[np.float64]:
    """
    Report whether each candidate would give a school to each need.

    It counts where it lies in the need's unit and would surely meet what the rule counts, and does
    not meet it yet; to a lasting shortage of seats every new school counts.

    Returns
    -------
    gives
        (needs, candidates) 0 or 1.
    """
    found = np.zeros((len(needs), len(places)))
    for number, need in enumerate(needs):
        found[number] = (places[f"{need.unit_kind}_id"] == need.unit_id).to_numpy(dtype=bool)
    mine = np.flatnonzero(found.any(axis=0))
    if not len(mine):
        return found
    inside = places.iloc[mine]
    after = proposed_schools(inside, needs[0].stage, world)
    before = _as_they_stand(inside, world)
    for rule_id in sorted({need.rule_id for need in needs}):
        rows = [number for number, need in enumerate(needs) if need.rule_id == rule_id]
        if rule_id == LASTING:
            gives = (inside["kind"] != CandidateKind.EXPANSION).to_numpy(dtype=bool)
        else:
            gives = _adds(rules[rule_id], before, after, world)
        found[np.ix_(np.array(rows), mine)] *= gives
    return found


def _as_they_stand(places: gpd.GeoDataFrame, world: World) -> pd.DataFrame:
    """Return the rows of the schools that stand at candidates; empty rows where none does."""
    frame = world.layers["schools"].frame
    rows = frame.set_index(frame["school_id"].astype(str)).reindex(places["school_id"])
    return pd.DataFrame(rows.set_axis(places.index))


def _adds(rule: Rule, before: pd.DataFrame, after: pd.DataFrame, world: World) -> NDArray[np.bool_]:
    supply = counted_schools(rule)
    assert supply is not None  # noqa: S101 - a need of schools comes from a rule that counts them
    common: dict[str, Any] = {
        "limits": rule.limits(world.as_of), "plan_period": world.study.plan_period,
    }  # fmt: skip
    surely, _ = meets_all(after, supply.where, **common)
    already, _ = meets_all(before, supply.where, **common)
    counted: NDArray[np.bool_] = surely & ~already
    return counted


def world_with(places: gpd.GeoDataFrame, stage: Stage, world: World) -> World:
    """Return the study as it would be with candidates carried out."""
    if places.empty or "schools" not in world.layers:
        return world
    layer = world.layers["schools"]
    after = proposed_schools(places, stage, world)
    kept = layer.frame[~layer.frame["school_id"].isin(after["school_id"])]
    table = pd.concat([kept, after.reindex(columns=layer.frame.columns)], ignore_index=True)
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=world.study.crs)
    return World(world.study, world.layers | {"schools": replace(layer, frame=frame)}, world.as_of)
