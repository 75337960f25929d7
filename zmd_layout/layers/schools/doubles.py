"""Rows of one source that are one school, merged."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.layers.schools.pairs import compatible, stages_of
from zmd_layout.layers.schools.same_name import is_one_name

if TYPE_CHECKING:
    import geopandas as gpd

_OFFICIAL_ID = re.compile(r"\d{10}")  # 学校标识码
# the campus, its point and its gate; of two schools of one name farther apart both stay
TOGETHER_M = 300.0


def merge_doubles(schools: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """
    Merge rows of one source that are one school: one name, standing together, no two stages.

    Rows that carry two ids of the education statistics are two schools.

    Parameters
    ----------
    schools
        In a plane in metres; ids unique.

    Returns
    -------
    schools, merged
        The rows that stay, areas before points, then the fuller row, filled up from the others;
        and for each row that went the id of the one that took it in.
    """
    frame = schools.sort_values("school_id", ignore_index=True)
    is_area = frame.geometry.area.fillna(0.0).to_numpy() > 0
    filled = frame.notna().sum(axis=1).to_numpy()
    order = np.lexsort((frame["school_id"].astype(str), -filled, ~is_area))
    group = _groups_of_one(frame, order, is_area)
    order = order[np.argsort(group[order], kind="stable")]
    ordered = frame.iloc[order]
    labels = group[order]
    is_first = np.r_[True, labels[1:] != labels[:-1]] if len(labels) else np.zeros(0, bool)
    kept = ordered[is_first].copy()
    owner = dict(zip(labels[is_first], kept["school_id"], strict=True))
    merged = {
        str(identity): str(owner[label])
        for identity, label, first in zip(ordered["school_id"], labels, is_first, strict=True)
        if not first
    }
    if merged:
        values = ordered.drop(columns="geometry").groupby(labels, sort=False).first()
        for column in values.columns:
            if column != "school_id":
                kept[column] = values[column].to_numpy()
        kept = _without_open_stages(kept)
    return kept.sort_values("school_id", ignore_index=True), merged


def _without_open_stages(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Drop what one of the merged rows left open and another decided."""
    for name, value in (("possible_stages", None), ("is_stage_ambiguous", False)):
        if name in frame and "stages" in frame:
            frame[name] = frame[name].where(frame["stages"].isna(), value)
    return frame


def _groups_of_one(
    frame: gpd.GeoDataFrame, order: np.ndarray[Any, Any], is_area: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """
    Label the rows of each school with one number.

    A row joins the campus that it stands near, or points all of which it stands near: no chain of
    points leads from one school to another of its name.
    """
    partners = _partners(frame)
    label = np.arange(len(frame))
    members: dict[int, set[int]] = {}
    for row in order.tolist():
        owners = [
            owner
            for owner in sorted(label[other] for other in partners[row] if label[other] in members)
            if owner in partners[row] and (is_area[owner] or members[owner] <= partners[row])
        ]
        label[row] = owners[0] if owners else row
        members.setdefault(int(label[row]), set()).add(row)
    return label


def _partners(frame: gpd.GeoDataFrame) -> dict[int, set[int]]:
    """Find for each row those near it that may be the same school."""
    partners: dict[int, set[int]] = defaultdict(set)
    if "name" not in frame:
        return partners
    names = [name if isinstance(name, str) else "" for name in frame["name"]]
    ids = frame["school_id"].astype(str).tolist()
    stages = stages_of(frame)
    pairs = frame.sindex.query(frame.geometry, predicate="dwithin", distance=TOGETHER_M)
    for i, j in pairs.T.tolist():
        if i < j and compatible(stages[i], stages[j]) and is_one_name(names[i], names[j]):
            if _OFFICIAL_ID.fullmatch(ids[i]) and _OFFICIAL_ID.fullmatch(ids[j]):
                continue
            partners[i].add(j)
            partners[j].add(i)
    return partners
