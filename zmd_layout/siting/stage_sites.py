"""Where the missing schools of a stage would stand: solved county by county."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.siting.alternatives import others
from zmd_layout.siting.demand_matrix import joined
from zmd_layout.siting.needs import LASTING
from zmd_layout.siting.placement import place
from zmd_layout.siting.proposed import giving
from zmd_layout.siting.stage_state import Aim, StageState
from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.siting.needs import Need
    from zmd_layout.siting.stage_state import Ground
    from zmd_layout.vocabulary import Stage

_HAIR = 1e-3  # of a new school on reserved land


def solve_stage(ground: Ground, stage: Stage, needs: list[Need]) -> StageState:
    """Choose the places that close the needs of a stage, county by county."""
    matrix = ground.matrix
    way, places, weights = matrix.access[stage], matrix.places[stage], matrix.weights(stage)
    if not needs:
        nowhere = csr_array((0, len(way.demand.xy)))
        return StageState(stage, way, weights, places.iloc[:0], nowhere, ground.options)
    counts = np.nan_to_num(giving(places, needs, ground.rules, matrix.world))
    places, counts = (
        places[counts.any(axis=0)].reset_index(drop=True),
        counts[:, counts.any(axis=0)],
    )
    to_points = matrix.reach(places, ground.options)
    work = StageState(stage, way, weights, places, to_points, ground.options)
    counties = np.array([county_of_need(need, matrix.world) for need in needs])
    for county in sorted(set(counties)):
        mine = np.flatnonzero(counties == county)
        _solve_county(work, str(county), [needs[n] for n in mine], counts[mine], ground)
    return work


def county_of_need(need: Need, world: World) -> str:
    """Return the county in which the unit of a need lies."""
    if need.unit_kind is UnitKind.COUNTY:
        return need.unit_id
    townships, counties = world.layers.get("townships"), world.units(UnitKind.COUNTY, {})
    if townships is None:
        return need.unit_id
    if counties is None:
        county = townships.frame.get("county_id", townships.frame["unit_id"])
    else:
        county = world.members(townships, counties)
    known = county[townships.frame["unit_id"] == need.unit_id].dropna()
    return str(known.iloc[0]) if known.any() else need.unit_id


def _solve_county(
    work: StageState, county: str, needs: list[Need], counts: NDArray[np.float64], ground: Ground
) -> None:
    mine = np.flatnonzero(counts.any(axis=0))
    inside = counts[:, mine]
    gaps = np.array([need.amount for need in needs])
    lacking = inside.sum(axis=1) < gaps
    work.unmet += [need for need, lacks in zip(needs, lacking, strict=True) if lacks]
    gaps = np.minimum(gaps, inside.sum(axis=1))
    if not len(mine) or not gaps.sum():
        return
    points = np.flatnonzero((ground.county_of == county) & (work.children > 0))
    now = np.nan_to_num(work.way.found.distance_m[points], nan=work.options.reach_m)
    now = np.minimum(now, work.options.reach_m)
    travel = joined(work, points, now, work.to_candidates[mine][:, points])
    costs = _costs(work, mine)
    rows = _binding(inside, gaps)
    found = place(
        inside[rows], gaps[rows], travel=travel, time_limit_s=work.options.time_limit_s, costs=costs
    )
    if found is None:
        work.unmet += needs
        return
    work.placements.append(found)
    # ids are unique within a kind only
    closed: defaultdict[tuple[str, UnitKind, str], float] = defaultdict(float)
    for site in found.sites:
        closes = []
        for need, row in zip(needs, inside, strict=True):
            # no more places close a need than schools are missing
            key = need.rule_id, need.unit_kind, need.unit_id
            if row[site] > 0 and closed[key] < need.amount and need.rule_id != LASTING:
                closes.append(need)
                closed[key] += row[site]
        own = np.ones(len(mine)) if costs is None else costs
        also = others(inside, found.sites, int(site), costs=own, travel=travel)
        work.rows.append(
            {
                "place": int(mine[site]), "county_id": county, "closes": closes,
                "also": [int(mine[other]) for other in also],
            }
        )  # fmt: skip


def _binding(inside: NDArray[np.float64], gaps: NDArray[np.float64]) -> NDArray[np.int64]:
    """Keep of needs that the same places close the one that wants most."""
    _, group = np.unique(inside, axis=0, return_inverse=True)
    order = np.lexsort((np.arange(len(gaps)), -gaps))
    first = np.unique(group.ravel()[order], return_index=True)[1]
    return np.sort(order[first])


def _costs(work: StageState, mine: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """
    Return the cost of each place by its kind; None where the fewest are asked for.

    Places at which the stage is taught already shorten no way; of those the one that is the nearest
    school of most children is cheaper by a hair.
    """
    if work.options.aim is Aim.FEWEST:
        return None
    places, found = work.places.iloc[mine], work.way.found
    base = places["kind"].map(work.options.relative_cost).to_numpy(dtype=float)
    owners = work.way.schools["school_id"].astype(str)
    served = np.bincount(
        found.facility[found.is_reached],
        weights=work.children[found.is_reached],
        minlength=len(owners),
    )
    near = places["school_id"].map(dict(zip(owners, served, strict=True))).to_numpy(dtype=float)
    near = np.nan_to_num(near)
    costs: NDArray[np.float64] = base - _HAIR * near / max(near.max(initial=0.0), 1.0)
    return costs
