"""
The fewest or cheapest schools that close the needs of a county, and of those the least travel.

Two models, one after the other, each with the schools that stand fixed:

1. min Σ c_j x_j  subject to  Σ_j g_j x_j ≥ gap for every need, g_j schools or seats;
2. at that cost, max Σ_ij y_ij · w_i (d_i − d_ij)  subject to  Σ_j y_ij ≤ 1, y_ij ≤ x_j: the
   children's ways are shortened the most. It is a p-median with fixed sites, of which only the
   pairs that shorten a way are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

from zmd_layout.location.highs import LinearModel, MipStatus, solve_mip

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SLACK = 1e-6  # of the cost: sums of decimals are not exact
_TRIED = 3  # sites of which all choices are tried
_NODES = 200  # branch-and-bound nodes: a count, so that the answer is the same on every machine


@dataclass(frozen=True, slots=True)
class Placement:
    """
    New sites for one county and stage.

    Attributes
    ----------
    sites
        Positions among the candidates, ascending.
    objective, bound
        Child-metres of all ways in the county with the new sites, and what no choice of as many
        sites can go below.
    is_optimal
        Whether both models were proved.
    is_reproducible
        False where the time limit ended a search.
    """

    sites: NDArray[np.int64]
    objective: float
    bound: float
    is_optimal: bool
    is_reproducible: bool


@dataclass(frozen=True, slots=True)
class Travel:
    """
    Children and their ways.

    Attributes
    ----------
    children
        (points,) people.
    now_m
        (points,) the way to the nearest school that stands; where there is none, the longest way
        that is looked at.
    distance_m
        (candidates, points) sparse; pairs out of reach are not stored.
    """

    children: NDArray[np.float64]
    now_m: NDArray[np.float64]
    distance_m: csr_array


def place(
    inside: NDArray[Any],
    gaps: NDArray[Any],
    *,
    travel: Travel,
    time_limit_s: float,
    costs: NDArray[np.float64] | None = None,
) -> Placement | None:
    """
    Choose sites.

    Parameters
    ----------
    inside
        (needs, candidates) how much a candidate gives to a need: a school (1, or true), or seats.
    gaps
        (needs,) schools or seats owed.
    travel
        Children and their ways.
    time_limit_s
        The net under both searches.
    costs
        (candidates,) positive; None for one each, which asks for the fewest.

    Returns
    -------
    placement
        None where the needs cannot be met, for want of candidates.
    """
    count = inside.shape[1]
    costs = np.ones(count) if costs is None else costs
    needs = csr_array(inside.astype(np.float64))
    cheapest = solve_mip(
        LinearModel(
            objective=costs,
            rows=needs,
            row_lower=gaps.astype(np.float64),
            row_upper=np.full(len(gaps), np.inf),
            column_lower=np.zeros(count),
            column_upper=np.ones(count),
            is_integer=np.ones(count, dtype=bool),
        ),
        time_limit_s=time_limit_s,
    )
    if not len(cheapest.values):
        return None
    spent = float(costs @ np.round(cheapest.values))
    pairs = _pairs(travel)
    base = float(travel.children @ travel.now_m)
    if cheapest.status is MipStatus.OPTIMAL and _is_tried(inside, gaps):
        sites = _best_by_trial(inside[0] > 0, int(gaps[0]), (costs, spent), pairs)
        objective = base - _saving(sites, pairs)
        return Placement(sites, objective, objective, is_optimal=True, is_reproducible=True)
    result = solve_mip(
        _travel_model(needs, gaps, (costs, spent), pairs),
        time_limit_s=time_limit_s,
        node_limit=_NODES,
    )
    chosen = result.values if len(result.values) else cheapest.values
    sites = np.flatnonzero(chosen[:count] > 0.5)  # noqa: PLR2004 - binary
    objective = base - _saving(sites, pairs)
    # whatever the search proved, no way can save more than its best pair
    least = base - _saving(np.arange(count), pairs)
    bound = max(base + result.bound, least) if np.isfinite(result.bound) else least
    proved = result.status is MipStatus.OPTIMAL and cheapest.status is MipStatus.OPTIMAL
    return Placement(
        sites,
        objective,
        min(bound, objective),
        proved,
        not (result.is_ended_by_time or cheapest.is_ended_by_time),
    )


@dataclass(frozen=True, slots=True)
class _Pairs:
    site: NDArray[np.int64]
    point: NDArray[np.int64]
    saving: NDArray[np.float64]
    points: int


def _pairs(travel: Travel) -> _Pairs:
    """Keep the pairs of candidate and point that shorten a way; saving in child-metres."""
    table = travel.distance_m.tocoo()
    saving = travel.children[table.col] * (travel.now_m[table.col] - table.data)
    keep = saving > 0
    order = np.lexsort((table.row[keep], table.col[keep]))
    point, index = np.unique(table.col[keep][order], return_inverse=True)
    return _Pairs(
        table.row[keep][order].astype(np.int64),
        index.astype(np.int64),
        saving[keep][order],
        len(point),
    )


def _is_tried(inside: NDArray[Any], gaps: NDArray[Any]) -> bool:
    """Report whether few sites are wanted that count alike, so that all choices can be tried."""
    return (
        len(gaps) == 1 and gaps[0] in range(1, _TRIED + 1) and bool(np.isin(inside, (0, 1)).all())
    )


def _best_by_trial(
    counts: NDArray[np.bool_],
    number: int,
    budget: tuple[NDArray[np.float64], float],
    pairs: _Pairs,
) -> NDArray[np.int64]:
    """
    Try all choices of a few sites at the least cost; of equal ones the first.

    A search by branching takes a hundred times as long for them.
    """
    costs, spent = budget
    table = np.zeros((len(counts), pairs.points))
    table[pairs.site, pairs.point] = pairs.saving
    candidates = np.flatnonzero(counts)
    best, chosen = -1.0, candidates[:number]
    for places in combinations(range(len(candidates)), number - 1):
        firsts = candidates[list(places)]
        lasts = candidates[places[-1] + 1 if places else 0 :]
        lasts = lasts[costs[firsts].sum() + costs[lasts] <= spent + _SLACK]
        if len(lasts):
            saved = np.maximum(table[firsts].max(axis=0, initial=0.0), table[lasts]).sum(axis=1)
            if saved.max() > best:
                best, chosen = float(saved.max()), np.r_[firsts, lasts[saved.argmax()]]
    return chosen


def _travel_model(
    needs: csr_array,
    gaps: NDArray[Any],
    budget: tuple[NDArray[np.float64], float],
    pairs: _Pairs,
) -> LinearModel:
    count = needs.shape[1]
    size = len(pairs.site)
    rows = np.arange(size)
    one = np.ones(size)
    met = csr_array((needs.data, needs.indices, needs.indptr), shape=(len(gaps), count + size))
    costs, spent = budget
    total = coo_array((costs, (np.zeros(count, int), np.arange(count))), (1, count + size))
    once = coo_array((one, (pairs.point, count + rows)), (pairs.points, count + size))
    linked = coo_array(
        (np.r_[one, -one], (np.r_[rows, rows], np.r_[count + rows, pairs.site])),
        (size, count + size),
    )
    return LinearModel(
        objective=np.r_[np.zeros(count), -pairs.saving],
        rows=csr_array(vstack([met, total, once, linked])),
        row_lower=np.r_[gaps, 0.0, np.full(pairs.points + size, -np.inf)].astype(np.float64),
        row_upper=np.r_[
            np.full(len(gaps), np.inf), spent + _SLACK, np.ones(pairs.points), np.zeros(size)
        ],
        column_lower=np.zeros(count + size),
        column_upper=np.ones(count + size),
        is_integer=np.r_[np.ones(count, dtype=bool), np.zeros(size, dtype=bool)],
    )


def _saving(sites: NDArray[np.int64], pairs: _Pairs) -> float:
    """Return the child-metres that open sites save: for each point its best one."""
    is_open = np.isin(pairs.site, sites)
    best = np.zeros(pairs.points)
    np.maximum.at(best, pairs.point[is_open], pairs.saving[is_open])
    return float(best.sum())
