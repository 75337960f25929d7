"""
What closing a school would mean (撤并影响评估): who would travel how far, and which rules break.

The tool never proposes a closure. It answers the question for a school that somebody else named:
先安置后撤并、先建设后撤并.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.checks.conditions import is_missing
from zmd_layout.errors import SitingError
from zmd_layout.findings import find
from zmd_layout.measures import World
from zmd_layout.measures.access import access
from zmd_layout.messages import Message
from zmd_layout.siting.closing_schools import receivers
from zmd_layout.siting.closing_ways import moves, ways
from zmd_layout.vocabulary import SchoolStatus, Stage, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from zmd_layout.rulebook import Rule


@dataclass(frozen=True, slots=True)
class Closing:
    """
    The impact of closing one or more schools.

    Attributes
    ----------
    ways
        A row a stage and `group` (`all`, and of primary schools `grades_1_3` and `grades_4_6`):
        children whose nearest school closes, their mean and longest way before and after, how many
        would have more than 1, 2, 3 and 5 km, `beyond_walk` of them more than `walk_limit_m`, and
        what that takes: `buses`, `beds` (in grades 1–3 none, for they are not to board). NaN where
        no school is left in reach; `children_without_school` counts those.
    receivers
        A row for each stage and school that would be the nearest of some: the `pupils` who come,
        its `enrolment`, `seats` and `classes` before, the seats it would lack, the classes it would
        need, and whether large classes surely follow where it gets none. NaN is unknown.
    broken
        Findings that become shortfalls, as rows of the findings table.
    replacements
        `school_id, closes_on, replacement_id, opens_on, opens_first` of each school: whether a
        replacement opens by the day it closes, None where that is not known.
    boarders
        `school_id, boarders`: beds that must be found elsewhere; NaN is unknown.
    is_synthetic
        Whether made-up data are in it.
    """

    ways: pd.DataFrame
    receivers: pd.DataFrame
    broken: gpd.GeoDataFrame
    replacements: pd.DataFrame
    boarders: pd.DataFrame
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
    after = World(
        world.study, {**world.layers, "schools": replace(layer, frame=frame)}, world.as_of
    )
    moved = moves(world, set(school_ids))
    points = access(world, Stage.PRIMARY)
    return Closing(
        ways(world, moved),
        receivers(world, moved, rules),
        _broken(find(rules, world), find(rules, after)),
        _replacements(world, school_ids),
        _boarders(world, school_ids),
        layer.is_synthetic or (points is not None and points.demand.layer.is_synthetic),
    )


def _broken(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the findings that are worse than before: a new shortfall, or a larger gap."""
    keys = ["rule_id", "unit_kind", "unit_id"]
    old = before[[*keys, "status", "gap"]]
    new = pd.DataFrame(after[[*keys, "status", "gap"]])
    joined = new.merge(old, on=keys, how="left", suffixes=("", "_before"))
    worse = (joined["status"] == Status.SHORTFALL) & (
        (joined["status_before"] != Status.SHORTFALL) | (joined["gap"] > joined["gap_before"])
    )
    return after[worse.to_numpy()]


def _replacements(world: World, school_ids: Sequence[str]) -> pd.DataFrame:
    """Report for each school what replaces it, and whether that opens first."""
    layer, schools = world.layers.get("closures"), world.layers["schools"].frame
    listed = pd.DataFrame() if layer is None else layer.frame.set_index("school_id")
    opens = dict(zip(schools["school_id"], schools.get("opens_on", ()), strict=False))
    rows: list[dict[str, Any]] = []
    for school in school_ids:
        row = listed.loc[school] if school in listed.index else pd.Series(dtype=object)
        other = row.get("replacement_id")
        closes_on: Any = row.get("closes_on")
        opens_on: Any = opens.get(other)
        known = not (is_missing(closes_on) or is_missing(opens_on))
        rows.append(
            {
                "school_id": school, "closes_on": closes_on, "replacement_id": other,
                "opens_on": opens_on, "opens_first": opens_on <= closes_on if known else None,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _boarders(world: World, school_ids: Sequence[str]) -> pd.DataFrame:
    frame = world.layers["schools"].frame
    mine = frame[frame["school_id"].astype(str).isin(school_ids)]
    boarders = mine["boarders"] if "boarders" in mine else float("nan")
    return pd.DataFrame({"school_id": mine["school_id"], "boarders": boarders})
