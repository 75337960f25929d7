"""
The smallest worst cost: a search over radii, each a question of covering.

Radii are compared by halving. A greedy cover or the Lagrangian bound answers most questions, and
HiGHS, on what is left after folding, the few near the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.siting.covering import Cover, solve_cover
from zmd_layout.siting.instance import build_instance, merge_equal_demands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.siting.options import TimeNet
    from zmd_layout.siting.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Center:
    """
    Sites from which no demand is farther than a radius.

    Attributes
    ----------
    open_ids
        The sites, ascending, at most as many as were allowed; None where no radius will do.
    radius
        The radius that they keep; NaN where there are none.
    bound
        No smaller one is possible.
    """

    open_ids: NDArray[np.int64] | None
    radius: float
    bound: float


def solve_center(problem: Problem, net: TimeNet) -> Center:
    """
    Find the smallest radius within which `open_count` sites serve every demand.

    Parameters
    ----------
    problem
        A p-center problem in which every demand has a pair, or may be left out at a cost, which
        then stands for its distance.
    net
        The time limit, with the options.
    """
    radii = _radii(problem)
    widest = _ask(problem, radii[-1], net)
    if not _is_enough(widest, problem):
        is_proved = widest.bound > _count(problem)
        return Center(open_ids=None, radius=np.nan, bound=np.inf if is_proved else np.nan)
    # below `proved` no radius will do, `best` will; between `best` and `low` nothing is known
    proved = low = 0
    best, cover = len(radii) - 1, widest
    while low < best:
        middle = (low + best) // 2
        answer = _ask(problem, radii[middle], net)
        if _is_enough(answer, problem):
            best, cover = middle, answer
        else:
            is_proved = answer.bound > _count(problem)
            low = middle + 1
            proved = low if is_proved else proved
        net.tell("radii", radii[best], radii[proved])
    return Center(open_ids=cover.open_ids, radius=float(radii[best]), bound=float(radii[proved]))


def cover_within(problem: Problem, radius: float) -> csr_array:
    """Give the pairs within a radius, their costs put to zero; (n, m) sparse."""
    costs = problem.costs
    is_within = costs.data <= radius
    rows = np.repeat(np.arange(costs.shape[0]), np.diff(costs.indptr))
    counts = np.bincount(rows[is_within], minlength=costs.shape[0])
    return csr_array(
        (
            np.zeros(int(is_within.sum())),
            costs.indices[is_within],
            np.concatenate([[0], np.cumsum(counts)]),
        ),
        shape=costs.shape,
    )


def _radii(problem: Problem) -> NDArray[np.float64]:
    """List the radii that can be the answer, ascending."""
    costs = problem.costs
    rows = np.repeat(np.arange(costs.shape[0]), np.diff(costs.indptr))
    nearest = np.full(costs.shape[0], np.inf)
    np.minimum.at(nearest, rows, costs.data)
    candidates = costs.data
    if problem.unserved_cost is not None:
        nearest = np.minimum(nearest, problem.unserved_cost)
        candidates = np.concatenate([candidates, problem.unserved_cost])
    radii: NDArray[np.float64] = np.unique(candidates[candidates >= nearest.max()])
    return radii


def _ask(problem: Problem, radius: float, net: TimeNet) -> Cover:
    """Look for `open_count` sites that serve all within a radius."""
    site_count = problem.costs.shape[1]
    reach = cover_within(problem, radius)
    if problem.unserved_cost is not None:
        reach = reach[np.flatnonzero(problem.unserved_cost > radius)]
    fixed = problem.fixed_open
    instance = build_instance(
        reach,
        unserved_cost=None,
        opening=np.ones(site_count),
        fixed_open=np.zeros(site_count, dtype=bool) if fixed is None else fixed,
        open_count=None,
    )
    return solve_cover(merge_equal_demands(instance), net, at_most=_count(problem))


def _count(problem: Problem) -> int:
    return int(problem.open_count or 0)


def _is_enough(cover: Cover, problem: Problem) -> bool:
    return cover.objective <= _count(problem)
