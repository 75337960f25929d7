"""
The fewest or cheapest sites that reach every demand.

Demands whose sites include all sites of another are served with it, and sites that reach no more
than another and cost no less are not needed; what is left is often a tenth and goes to HiGHS with
a bound and a first solution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from zmd_layout.location.highs import LinearModel, MipStatus, solve_mip
from zmd_layout.location.instance import keep_demands, narrow
from zmd_layout.location.lagrangian import first_multipliers, raise_bound
from zmd_layout.location.swap import open_greedily

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.instance import Instance
    from zmd_layout.location.options import Deadline

# the usual counts
BOUND_STEPS = 1000
NODES = 20_000
# demands that are compared with all others at once; bounds the memory of the comparison
DEMANDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """
    Sites that reach every demand.

    Attributes
    ----------
    open_ids
        The sites, by their numbers in the problem that the instance came from, ascending.
    objective
        Their cost.
    bound
        No cover costs less.
    nodes
        Nodes of HiGHS.
    """

    open_ids: NDArray[np.int64]
    objective: float
    bound: float
    nodes: int = 0


def solve_cover(instance: Instance, net: Deadline, *, at_most: int | None = None) -> Cover:
    """
    Find the cheapest sites that reach every demand, and prove it.

    Parameters
    ----------
    instance
        The problem: every `cost` is zero, every demand must be served, the count is free.
    net
        The time limit, with the options.
    at_most
        With a number, sites count one each and the question is only whether so many, the settled
        ones included, are enough: the search ends as soon as `objective` or `bound` answers it.
    """
    first = bound_cover(instance, net)
    enough = first.objective if at_most is None else at_most
    is_answered = first.objective <= enough and (at_most is not None or first.bound >= enough)
    if is_answered or first.bound > enough or net.is_over():
        return first
    return _prove(reduce_cover(instance), first, net, at_most)


def bound_cover(instance: Instance, net: Deadline) -> Cover:
    """Return a good cover and a good bound, quickly."""
    instance = reduce_cover(instance)
    if not instance.demand_count:
        settled = instance.constant
        return Cover(open_ids=instance.settled_open, objective=settled, bound=settled)
    search = open_greedily(instance)
    objective = search.descend()
    open_ids = instance.open_ids(search.is_open)
    dual = raise_bound(
        instance,
        objective=objective,
        iterations=net.options.count(BOUND_STEPS),
        net=net,
        start=first_multipliers(instance),
    )
    return Cover(open_ids=open_ids, objective=objective, bound=dual.bound)


def reduce_cover(instance: Instance) -> Instance:
    """Fold away the demands and sites of a cover that decide nothing, and the sites it needs."""
    while True:
        before = (instance.demand_count, instance.site_count)
        nobody = np.zeros(instance.site_count, dtype=bool)
        instance = narrow(instance, opened=_needed_sites(instance), closed=nobody)
        if not instance.demand_count:
            return instance
        instance = keep_demands(instance, _hardest_demands(_reach(instance)))
        nobody = np.zeros(instance.site_count, dtype=bool)
        useless = _useless_sites(_reach(instance), instance.opening)
        instance = narrow(instance, opened=nobody, closed=useless)
        if (instance.demand_count, instance.site_count) == before:
            return instance


def _needed_sites(instance: Instance) -> NDArray[np.bool_]:
    """Return which sites are the only one of some demand, and which cost nothing."""
    needed: NDArray[np.bool_] = instance.opening == 0
    has_one = np.diff(instance.row_start) == 1
    needed[instance.site[instance.row_start[:-1][has_one]]] = True
    return needed


def _reach(instance: Instance) -> sparse.csr_array:
    shape = (instance.demand_count, instance.site_count)
    ones = np.ones(len(instance.site), dtype=np.int32)
    return sparse.csr_array((ones, instance.site, instance.row_start), shape=shape)


def _hardest_demands(reach: sparse.csr_array) -> NDArray[np.bool_]:
    """Return which demands have no other whose sites are among theirs, one of equals; (n,) bool."""
    counts = np.diff(reach.indptr)
    # fewest sites first: only an earlier demand can be contained in a later one
    order = np.argsort(counts, kind="stable")
    ordered = reach[order]
    by_site = ordered.T.tocsr()
    is_served = np.zeros(len(counts), dtype=bool)
    for start in range(0, len(counts), DEMANDS_AT_ONCE):
        shared = (ordered[start : start + DEMANDS_AT_ONCE] @ by_site).tocoo()
        smaller = start + shared.row
        contains = (shared.data == counts[order][smaller]) & (smaller < shared.col)
        is_served[shared.col[contains]] = True
    hardest = np.empty(len(counts), dtype=bool)
    hardest[order] = ~is_served
    return hardest


def _useless_sites(reach: sparse.csr_array, opening: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which sites another replaces: it reaches as much or more and costs no more; (m,)."""
    counts = np.bincount(reach.indices, minlength=reach.shape[1])
    shared = (reach.T @ reach).tocoo()
    less, more = shared.row, shared.col
    is_within = (shared.data == counts[less]) & (less != more) & (opening[less] >= opening[more])
    # of two that are equal in all the first stays
    is_equal = (counts[less] == counts[more]) & (opening[less] == opening[more])
    is_within &= ~is_equal | (less > more)
    useless: NDArray[np.bool_] = counts == 0
    useless[less[is_within]] = True
    return useless


def _prove(instance: Instance, first: Cover, net: Deadline, at_most: int | None) -> Cover:
    """Hand the reduced problem to HiGHS."""
    scale = float(instance.opening.mean())
    is_start = at_most is None
    start = np.isin(instance.site_id, first.open_ids).astype(np.float64)
    result = solve_mip(
        _model(instance, scale, at_most),
        time_limit_s=net.remaining_s(),
        node_limit=net.options.last_count(NODES),
        start=start if is_start else None,
        seed=net.options.seed,
    )
    net.has_ended_the_search |= result.is_ended_by_time
    cover = Cover(
        open_ids=first.open_ids, objective=first.objective, bound=first.bound, nodes=result.nodes
    )
    if len(result.values):
        is_open = result.values > 0.5  # noqa: PLR2004 - the middle
        value = instance.value(is_open)
        if value < cover.objective:
            open_ids = instance.open_ids(is_open)
            cover = Cover(open_ids=open_ids, objective=value, bound=first.bound, nodes=result.nodes)
    if at_most is not None:
        is_too_few = result.status is MipStatus.INFEASIBLE
        return _with_bound(cover, at_most + 1.0) if is_too_few else cover
    # the values above are what counts: a proof of HiGHS is a bound on them, no more
    proved = result.objective if result.status is MipStatus.OPTIMAL else result.bound
    return _with_bound(cover, instance.valid_bound(proved * scale + instance.constant))


def _model(instance: Instance, scale: float, at_most: int | None) -> LinearModel:
    """Write the least cost of a cover, or, with a count, whether there is one of so many sites."""
    rows, upper = _reach(instance), np.full(instance.demand_count, np.inf)
    lower, objective = np.ones(instance.demand_count), instance.opening / scale
    if at_most is not None:
        # the first solution answers, so there is nothing to minimise
        objective = np.zeros(instance.site_count)
        rows = sparse.vstack([rows, sparse.csr_array(np.ones((1, instance.site_count)))]).tocsr()
        lower = np.append(lower, -np.inf)
        upper = np.append(upper, at_most - instance.constant)
    return LinearModel(
        objective=objective,
        rows=rows,
        row_lower=lower,
        row_upper=upper,
        column_lower=np.zeros(instance.site_count),
        column_upper=np.ones(instance.site_count),
        is_integer=np.ones(instance.site_count, dtype=bool),
    )


def _with_bound(cover: Cover, bound: float) -> Cover:
    return replace(cover, bound=min(max(cover.bound, bound), cover.objective))
