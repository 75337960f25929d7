"""How alike two schools of two sources are: by name, by stage, by distance."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz
from scipy.spatial import cKDTree

from zmd_layout.layers.schools.same_name import match_name

if TYPE_CHECKING:
    import geopandas as gpd

_NUMERALS = re.compile("[〇一二三四五六七八九十百]+(?=小|初中|中|高|幼)")


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """
    What counts as the same school; all of it is an assumption of ours.

    Attributes
    ----------
    radius_m
        Schools farther apart are never compared, unless their ids are equal or the one and only of
        their name in both sources, where one has no position. It reaches over the shift of BD-09.
    nearness_m
        The distance at which nearness has fallen to a half.
    name_weight
        The weight of the name in the score, 0 to 1; the rest is nearness.
    least_score
        Pairs below are not the same.
    far_m
        Matched pairs farther apart are on the list of conflicts.
    margin
        A second candidate whose score is nearer than this makes a conflict.
    """

    radius_m: float = 1500.0
    nearness_m: float = 200.0
    name_weight: float = 0.7
    least_score: float = 0.6
    far_m: float = 400.0
    margin: float = 0.03


def candidate_pairs(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, options: MatchOptions
) -> pd.DataFrame:
    """
    Return the pairs of two sources that may be the same school.

    Parameters
    ----------
    left, right
        Columns `school_id`, `name`, `stages`, `possible_stages` (each may be missing but the id),
        in one plane in metres.
    options
        What counts as the same.

    Returns
    -------
    pairs
        `left`, `right` (row numbers), `distance_m` (NaN: unknown), `name_score` (0 to 1, NaN where
        either has no name), `is_same_id`, `score`; only pairs of at least `least_score`, with
        stages that do not exclude each other unless the ids are equal.
    """
    names = _names(left), _names(right)
    ids = left["school_id"].astype(str).to_numpy(), right["school_id"].astype(str).to_numpy()
    near = _near(left, right, options.radius_m)
    pairs = sorted({*near, *_same(*ids), *_only_of_name(*names, *_placeless(left, right))})
    if not pairs:
        return pd.DataFrame(
            columns=["left", "right", "distance_m", "name_score", "is_same_id", "score"]
        )
    table = pd.DataFrame(pairs, columns=["left", "right"])
    table["distance_m"] = _distances(left, right, table)
    table["name_score"] = [_alike(names[0][i], names[1][j]) for i, j in pairs]
    table["is_same_id"] = ids[0][table["left"]] == ids[1][table["right"]]
    table["score"] = _scores(table, options)
    stages = stages_of(left), stages_of(right)
    fits = np.array([compatible(stages[0][i], stages[1][j]) for i, j in pairs])
    keep = (table["score"] >= options.least_score) & (fits | table["is_same_id"])
    kept: pd.DataFrame = table[keep].reset_index(drop=True)
    return kept


def _scores(table: pd.DataFrame, options: MatchOptions) -> pd.Series[Any]:
    """Weigh name and nearness; what is unknown gives its weight to nobody."""
    nearness = 0.5 ** (table["distance_m"] / options.nearness_m)
    name = table["name_score"]
    weight = options.name_weight
    score = weight * name.fillna(0.0) + (1 - weight) * nearness.fillna(0.0)
    # two nameless schools, or one, are the same only where they stand on each other
    score = score.where(name.notna(), nearness)
    score = score.where(nearness.notna(), name)
    return score.where(~table["is_same_id"], 1.0)


def _names(frame: gpd.GeoDataFrame) -> list[str]:
    return [match_name(name) for name in frame["name"]] if "name" in frame else [""] * len(frame)


def _alike(first: str, second: str) -> float:
    """
    Compare two names, 0 to 1; NaN where one is empty.

    Different numbers (第一小学, 第二小学) make different schools however alike the rest. A short
    name that the longer one holds (二小 in 水屯镇第二小学) is nearly the same.
    """
    if not first or not second:
        return float("nan")
    numbers = [_NUMERALS.findall(name) for name in (first, second)]
    if numbers[0] != numbers[1]:
        return 0.0
    whole = fuzz.ratio(first, second) / 100
    shorter = min(len(first), len(second))
    part = 0.9 * fuzz.partial_ratio(first, second) / 100 if shorter > 2 else 0.0  # noqa: PLR2004 - 小学 alone is no name
    return max(whole, part)


def stages_of(frame: gpd.GeoDataFrame) -> list[frozenset[str]]:
    """Return the stages that each school has or may have; empty is unknown."""
    empty = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    sure, possible = (frame.get(name, empty) for name in ("stages", "possible_stages"))
    cells = sure.where(sure.notna(), possible)
    return [frozenset(cell.split(";")) if isinstance(cell, str) else frozenset() for cell in cells]


def compatible(first: frozenset[str], second: frozenset[str]) -> bool:
    """Return whether schools of these stages may be one; empty is unknown."""
    return not first or not second or bool(first & second)


def _near(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, radius_m: float) -> set[tuple[int, int]]:
    rows, points = zip(_points(left), _points(right), strict=True)
    if min(len(rows[0]), len(rows[1])) == 0:
        return set()
    found = cKDTree(points[0]).query_ball_tree(cKDTree(points[1]), radius_m)
    return {
        (int(rows[0][i]), int(rows[1][j])) for i, partners in enumerate(found) for j in partners
    }


def _points(frame: gpd.GeoDataFrame) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    known = frame.geometry.notna().to_numpy() & ~frame.geometry.is_empty.to_numpy()
    middles = frame.geometry[known].centroid
    return np.flatnonzero(known), np.column_stack([middles.x, middles.y])


def _distances(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, table: pd.DataFrame
) -> np.ndarray[Any, Any]:
    """Measure between shapes: a gate on the edge of a campus is at the campus."""
    first = left.geometry.reset_index(drop=True)[table["left"]].reset_index(drop=True)
    second = right.geometry.reset_index(drop=True)[table["right"]].reset_index(drop=True)
    return np.asarray(first.distance(second, align=False), dtype=np.float64)


def _same(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> set[tuple[int, int]]:
    at = {identity: n for n, identity in enumerate(right)}
    return {(n, at[identity]) for n, identity in enumerate(left) if identity in at}


def _placeless(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return left.geometry.isna().to_numpy(), right.geometry.isna().to_numpy()


def _only_of_name(
    left: list[str],
    right: list[str],
    left_placeless: np.ndarray[Any, Any],
    right_placeless: np.ndarray[Any, Any],
) -> set[tuple[int, int]]:
    """Pair schools of which one has no position, and whose name stands once in either source."""
    at_left, at_right = _once(left), _once(right)
    return {
        (at_left[name], at_right[name])
        for name in at_left.keys() & at_right.keys()
        if left_placeless[at_left[name]] or right_placeless[at_right[name]]
    }


def _once(names: list[str]) -> dict[str, int]:
    """Return the row of each name that stands in one row only."""
    counts = Counter(names)
    return {name: row for row, name in enumerate(names) if name and counts[name] == 1}
