"""
What closing a school would mean (撤并影响评估): who would travel how far, and which rules break.

The tool never proposes a closure. It answers the question for a school that somebody else named:
先安置后撤并、先建设后撤并.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from zmd_layout.errors import SitingError
from zmd_layout.findings import find
from zmd_layout.measures import World
from zmd_layout.measures.access import access, way_to
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SchoolStatus, Stage, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from zmd_layout.rulebook import Rule

_FAR_M = (1_000, 2_000, 3_000, 5_000)  # steps of the table, no norms


@dataclass(frozen=True, slots=True)
class Closing:
    """
    The impact of closing one or more schools.

    Attributes
    ----------
    ways
        A row a stage: children whose nearest school closes, their mean and longest way before and
        after, and how many would have more than 1, 2, 3 and 5 km. NaN where no school is left in
        reach; `children_without_school` counts those.
    nearest
        A row for each closing school and stage: the school that would be nearest for most of its
        children.
    broken
        Findings that become shortfalls, as rows of the findings table.
    replacements
        `school_id, closes_on, replacement_id, opens_on` of the closures layer, where it says so.
    is_synthetic
        Whether made-up data are in it.
    """

    ways: pd.DataFrame
    nearest: pd.DataFrame
    broken: gpd.GeoDataFrame
    replacements: pd.DataFrame
    is_synthetic: bool


def closing_impact(world: World, school_ids: Sequence[str], rules: Sequence[Rule]) -> Closing:
    """
    Work out what closing the named schools would mean.

    Parameters
    ----------
    world
        Study, layers and day.
    school_ids
        The schools.
    rules
        The rules that are checked before and after.

    Raises
    ------
    SitingError
        If there is no schools layer, a school is not in it, or nothing says where children live.
    """
    layer = world.layers.get("schools")
    if layer is None:
        raise SitingError(Message("sites.closing_without_schools"))
    known = set(layer.frame["school_id"].astype(str))
    missing = [school for school in school_ids if school not in known]
    if missing:
        raise SitingError(Message("sites.closing_unknown", ids=missing))
    if access(world, Stage.PRIMARY) is None:
        raise SitingError(Message("sites.closing_without_children"))
    frame = layer.frame.copy()
    closes = frame["school_id"].astype(str).isin(school_ids)
    frame.loc[closes, "status"] = str(SchoolStatus.CLOSED)
    after = World(world.study, world.layers | {"schools": replace(layer, frame=frame)}, world.as_of)
    ways, nearest = _ways(world, set(school_ids))
    broken = _broken(find(rules, world), find(rules, after))
    return Closing(ways, nearest, broken, _replacements(world, school_ids), layer.is_made)


def _ways(world: World, closing: set[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, nearest = [], []
    for stage in (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR):
        way = access(world, stage)
        if way is None:
            continue
        ids = way.schools["school_id"].astype(str).to_numpy()
        is_closing = np.isin(ids, list(closing))
        if not is_closing.any():
            continue
        left = way.schools[~is_closing]
        xy = shapely.get_coordinates(shapely.point_on_surface(left.geometry.to_numpy()))
        after = way_to(world, xy.reshape(-1, 2), left["school_id"].astype(str).to_numpy())
        owner = way.found.facility
        hit = (owner >= 0) & is_closing[np.maximum(owner, 0)]
        children = np.nan_to_num(way.demand.children[stage].to_numpy(dtype=float)) * hit
        reached = np.isfinite(after.distance_m)
        rows.append(
            {
                "stage": str(stage),
                "children": children.sum(),
                "mean_distance_before_m": _mean(children, way.found.distance_m),
                "mean_distance_after_m": _mean(children, after.distance_m),
                "longest_after_m": _longest(children, after.distance_m),
                **{
                    f"children_beyond_{far}_m": children[reached & (after.distance_m > far)].sum()
                    for far in _FAR_M
                },
                "children_without_school": children[~reached].sum(),
            }
        )
        for number in np.flatnonzero(is_closing):
            mine = children * (owner == number)
            taker = np.bincount(np.maximum(after.facility, 0), weights=mine * (after.facility >= 0))
            name = left["name"].iloc[int(taker.argmax())] if taker.sum() and "name" in left else ""
            nearest.append({"stage": str(stage), "school_id": ids[number], "next_school": name})
    return pd.DataFrame(rows), pd.DataFrame(nearest)


def _mean(children: np.ndarray, way_m: np.ndarray) -> float:
    known = np.isfinite(way_m) & (children > 0)
    total = children[known].sum()
    return float(children[known] @ way_m[known] / total) if total else float("nan")


def _longest(children: np.ndarray, way_m: np.ndarray) -> float:
    known = np.isfinite(way_m) & (children > 0)
    return float(way_m[known].max()) if known.any() else float("nan")


def _broken(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give the findings that are worse than before: a new shortfall, or a larger gap."""
    keys = ["rule_id", "unit_kind", "unit_id"]
    old = before[[*keys, "status", "gap"]]
    new = pd.DataFrame(after[[*keys, "status", "gap"]])
    joined = new.merge(old, on=keys, how="left", suffixes=("", "_before"))
    worse = (joined["status"] == Status.SHORTFALL) & (
        (joined["status_before"] != Status.SHORTFALL) | (joined["gap"] > joined["gap_before"])
    )
    return after[worse.to_numpy()]


def _replacements(world: World, school_ids: Sequence[str]) -> pd.DataFrame:
    columns = ["school_id", "closes_on", "replacement_id", "opens_on"]
    layer, schools = world.layers.get("closures"), world.layers["schools"].frame
    if layer is None:
        return pd.DataFrame({name: [] for name in columns})
    rows = layer.frame[layer.frame["school_id"].isin(school_ids)].copy()
    if "opens_on" in schools and "replacement_id" in rows:
        opens = schools.set_index("school_id")["opens_on"]
        rows["opens_on"] = rows["replacement_id"].map(opens)
    return pd.DataFrame(rows.reindex(columns=columns))
