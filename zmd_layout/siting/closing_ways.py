"""Who would travel how far, and how, if schools closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.forecast import single_years
from zmd_layout.layers.geometry import points_in
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures.access import access, way_to
from zmd_layout.siting.means import longest_way, mean_way
from zmd_layout.siting.planning import planning
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.measures.access import Access
    from zmd_layout.network import Nearest

ALL, LOWER, UPPER = "all", "grades_1_3", "grades_4_6"
_FAR_M = (1_000, 2_000, 3_000, 5_000)  # steps of the table, no norms
_AGES = {LOWER: (6, 7, 8), UPPER: (9, 10, 11)}
_STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)


@dataclass(frozen=True, slots=True)
class Move:
    """
    The children of a stage whose nearest school closes.

    Attributes
    ----------
    stage, way
        The stage, and ways as they are.
    left
        The schools that stay.
    after
        The way to the nearest of them, and which it is.
    is_hit
        (points,) whether the nearest school closes.
    """

    stage: Stage
    way: Access
    left: pd.DataFrame
    after: Nearest
    is_hit: NDArray[np.bool_]

    @property
    def children(self) -> NDArray[np.float64]:
        """Children of the stage at each point whose nearest school closes; unknown is none."""
        here = self.way.demand.children[self.stage].to_numpy(dtype=float)
        return np.asarray(np.nan_to_num(here) * self.is_hit, dtype=np.float64)


def moves(world: World, closing: set[str]) -> list[Move]:
    """Find the children who would have to go elsewhere, by stage that is touched and counted."""
    found = []
    for stage in _STAGES:
        way = access(world, stage)
        if way is None or way.demand.children[stage].isna().all():
            continue
        ids = way.schools["school_id"].astype(str).to_numpy()
        is_closing = np.isin(ids, list(closing))
        if not is_closing.any():
            continue
        left = way.schools[~is_closing].reset_index(drop=True)
        after = way_to(world, points_in(left), left["school_id"].astype(str).to_numpy())
        owner = way.found.facility
        is_hit = (owner >= 0) & is_closing[np.maximum(owner, 0)]
        found.append(Move(stage, way, left, after, is_hit))
    return found


def ways(world: World, moved: list[Move]) -> pd.DataFrame:
    """Return ways before and after, and buses and beds, as `Closing.ways`."""
    rows = []
    for move in moved:
        rows.append(_row(move, ALL, move.children))
        if move.stage is Stage.PRIMARY:
            ages = _single_years(world, move)
            rows += [
                _row(move, group, ages[list(years)].sum(axis=1).to_numpy(dtype=float) * move.is_hit)
                for group, years in _AGES.items()
            ]
    return pd.DataFrame(rows)


def _single_years(world: World, move: Move) -> pd.DataFrame:
    layer = move.way.demand.layer
    frame = world.layers[layer.name].frame
    frame = frame[frame.geometry.notna()]
    columns = [c for c in frame.columns if AGE_COLUMN.fullmatch(str(c))]
    return single_years(frame[columns]).fillna(0.0).reset_index(drop=True)


def _row(move: Move, group: str, children: NDArray[np.float64]) -> dict[str, Any]:
    before_m, after_m = move.way.found.distance_m, move.after.distance_m
    is_reached = np.isfinite(after_m)
    figures = planning()
    # primary schools have a limit for each group, and no one limit for all
    limit = figures.walk_limit_m.get(str(move.stage) if group == ALL else group)
    limit_m = float("nan") if limit is None else limit.value
    far = children[is_reached & (after_m > limit_m)].sum() if limit else float("nan")
    may_board = group == UPPER or move.stage in {Stage.JUNIOR, Stage.SENIOR}
    return {
        "stage": str(move.stage),
        "group": group,
        "children": children.sum(),
        "mean_distance_before_m": mean_way(children, before_m),
        "mean_distance_after_m": mean_way(children, after_m),
        "longest_after_m": longest_way(children, after_m),
        **{
            f"children_beyond_{step}_m": children[is_reached & (after_m > step)].sum()
            for step in _FAR_M
        },
        "children_without_school": children[~is_reached].sum(),
        "walk_limit_m": limit_m,
        "beyond_walk": far,
        "buses": np.ceil(far / figures.seats_per_bus.value),
        "beds": far if may_board else 0.0,
    }
