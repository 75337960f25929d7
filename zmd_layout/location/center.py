"""
The smallest worst cost: a search over radii, each a question of covering.

Radii are compared by halving. A greedy cover or the Lagrangian bound answers most questions, and
HiGHS, on what is left after folding, the few near the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.location.covering import Cover, solve_cover
from zmd_layout.location.instance import build_instance, merge_equal_demands

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zmd_layout.location.options import Deadline
    from zmd_layout.location.problem import Problem

Answer = TypeVar("Answer")


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


def solve_center(problem: Problem, net: Deadline) -> Center:
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

    def ask(radius: float) -> tuple[bool, bool, Cover]:
        cover = _ask(problem, radius, net)
        return cover.objective <= _count(problem), cover.bound > _count(problem), cover

    halved = halve_radii(radii_of(problem), ask, net)
    open_ids = halved.answer.open_ids if np.isfinite(halved.radius) else None
    return Center(open_ids=open_ids, radius=halved.radius, bound=halved.bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class HalvedRadii(Generic[Answer]):
    """
    The smallest radius that will do.

    Attributes
    ----------
    radius
        NaN where none will, or is known to.
    bound
        No smaller one will do; inf where none at all will, NaN where nothing is known.
    answer
        To the question of the radius, or of the widest one where none will do.
    """

    radius: float
    bound: float
    answer: Answer


def halve_radii(
    radii: NDArray[np.float64],
    ask: Callable[[float], tuple[bool, bool, Answer]],
    net: Deadline,
) -> HalvedRadii[Answer]:
    """
    Find the smallest radius that will do, by halving.

    Parameters
    ----------
    radii
        The radii that can be the answer, ascending.
    ask
        Says of a radius whether it will do, whether it is proved that it will not, and how.
    net
        Whom to tell.
    """
    will_do, is_proved, answer = ask(float(radii[-1]))
    if not will_do:
        bound = np.inf if is_proved else np.nan
        return HalvedRadii(radius=np.nan, bound=bound, answer=answer)
    # below `proved` no radius will do, `best` will; between `best` and `low` nothing is known
    proved = low = 0
    best = len(radii) - 1
    while low < best:
        middle = (low + best) // 2
        will_do, is_proved, new = ask(float(radii[middle]))
        if will_do:
            best, answer = middle, new
        else:
            low = middle + 1
            proved = low if is_proved else proved
        net.tell("radii", float(radii[best]), float(radii[proved]))
    return HalvedRadii(radius=float(radii[best]), bound=float(radii[proved]), answer=answer)


def cover_within(problem: Problem, radius: float) -> csr_array:
    """Return the pairs within a radius, their costs put to zero; (n, m) sparse."""
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


def radii_of(problem: Problem) -> NDArray[np.float64]:
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


def _ask(problem: Problem, radius: float, net: Deadline) -> Cover:
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
