"""
Seat whole demands at given open sites: the generalised assignment problem.

The split seating gives a bound and a reduced cost for each pair. A pair whose reduced cost closes
the gap to the best answer known is in no better one; what remains is small enough for HiGHS.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack

from zmd_layout.location.capacitated.oscillation import seat_whole_quickly
from zmd_layout.location.capacitated.transport import Assignment, cannot_seat, solve_transport
from zmd_layout.location.highs import LinearModel, MipStatus, solve_mip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.capacitated.transport import SeatingOrder
    from zmd_layout.location.options import Deadline, SolveOptions

NODES = 20_000
LARGE = 0.9  # demands above this quantile of people decide whether all fit
CHOICES_OF_LARGE = 3
CORES = (1.4, 1.9)  # pairs a demand in a model without proof; more where the first seats nobody
STAGE_NODES = 200
MANY = 2.5  # pairs a demand, above which a proof looks for a better answer first
CORE_NODES = 50


def seat_whole(
    form: CapacitatedForm,
    is_open: NDArray[np.bool_],
    order: SeatingOrder,
    *,
    options: SolveOptions,
    net: Deadline,
) -> Assignment | None:
    """
    Seat whole demands at open sites.

    Parameters
    ----------
    form
        The problem.
    is_open
        (m,) bool.
    order
        How thoroughly, and below which objective.
    options, net
        Effort and time.

    Returns
    -------
    Assignment or None
        With an objective of inf where none was found; its bound says what was proved. None where
        the time was over first.
    """
    split = solve_transport(form, is_open, time_limit_s=net.remaining_s())
    if split is None:
        return None
    bound = form.round_up(split.bound)
    if bound >= order.upper:
        return cannot_seat(form, is_open, bound=bound)
    best = cannot_seat(form, is_open, bound=bound)
    if not order.prove:
        best = seat_whole_quickly(form, split, seed=options.seed) or best
    known = min(order.upper, best.objective)
    if order.pair_bound is None and known < np.inf:
        return replace(best, bound=bound)
    pair_bound = split.bound + reduced_costs(form, split)
    if order.pair_bound is not None:
        pair_bound = np.maximum(pair_bound, order.pair_bound)
    if order.pair_bound is None or order.prove:
        exact = _seat_by_stages(form, split, pair_bound, known, options=options, net=net)
        bound = max(bound, exact.bound)
    else:
        exact = _seat_in_core(form, split, pair_bound, best, upper=known, options=options, net=net)
    return replace(min(best, exact, key=lambda seating: seating.objective), bound=bound)


def _seat_in_core(  # noqa: PLR0913 - one more than usual, all of them plain
    form: CapacitatedForm,
    split: Assignment,
    pair_bound: NDArray[np.float64],
    start: Assignment,
    *,
    upper: float,
    options: SolveOptions,
    net: Deadline,
) -> Assignment:
    """Seat over the most promising pairs and those of a start, without proof."""
    best = start
    for size in CORES:
        core = choose_core(form, pair_bound, pair_bound < upper, size)
        core[start.pair] = True
        nodes = options.count(CORE_NODES)
        best = _seat_by_mip(form, split, core, start=start.pair, nodes=nodes, net=net)
        if best.objective < np.inf:
            break
    return best


def _seat_by_stages(
    form: CapacitatedForm,
    split: Assignment,
    pair_bound: NDArray[np.float64],
    upper: float,
    *,
    options: SolveOptions,
    net: Deadline,
) -> Assignment:
    """Seat with proof: where many pairs may help, a part of them first, to know an answer."""
    best, known = cannot_seat(form, split.is_open), upper
    useful = pair_bound < known
    if useful.sum() > MANY * form.demand_count:
        core = choose_core(form, pair_bound, useful, CORES[-1])
        best = _seat_by_mip(form, split, core, nodes=options.count(STAGE_NODES), net=net)
        known = min(known, best.objective)
    exact = _seat_by_mip(form, split, pair_bound < known, nodes=options.last_count(NODES), net=net)
    better = min(best, exact, key=lambda seating: seating.objective)
    return replace(better, bound=min(exact.bound, known))


def choose_core(
    form: CapacitatedForm,
    pair_bound: NDArray[np.float64],
    useful: NDArray[np.bool_],
    size: float,
) -> NDArray[np.bool_]:
    """Choose the useful pairs of least bound, whatever it is the first choices of each demand."""
    pair = np.flatnonzero(useful)
    pair = pair[np.lexsort((pair_bound[pair], form.pair_demand[pair]))]
    demand = form.pair_demand[pair]
    rank = np.arange(len(demand)) - np.searchsorted(demand, demand)
    # large demands decide whether all fit, and need a choice
    is_large = form.people >= np.quantile(form.people, LARGE)
    is_choice = rank < np.where(is_large, CHOICES_OF_LARGE, 1)[demand]
    order = np.lexsort((pair_bound[pair], ~is_choice))
    core = np.zeros(len(pair_bound), dtype=bool)
    core[pair[order[: round(size * form.demand_count)]]] = True
    return core


def reduced_costs(form: CapacitatedForm, split: Assignment) -> NDArray[np.float64]:
    """Return what using each pair whole adds to the bound of a split assignment (inf: shut)."""
    demand, site = form.pair_demand, form.pair_site
    priced = form.pair_cost + form.pair_people * split.capacity_dual[site]
    reduced = np.maximum(priced - split.demand_price[demand], 0.0)
    return np.where(split.is_open[site], reduced, np.inf)


def _seat_by_mip(
    form: CapacitatedForm,
    split: Assignment,
    kept: NDArray[np.bool_],
    *,
    nodes: int,
    net: Deadline,
    start: NDArray[np.int64] | None = None,
) -> Assignment:
    """Seat whole demands over the kept pairs; the bound counts only these."""
    pair = np.flatnonzero(kept)
    model = whole_model(form, pair)
    values = None
    if start is not None and len(start):
        left_out = np.isin(np.flatnonzero(~form.must_serve), form.pair_demand[start], invert=True)
        values = np.concatenate((np.isin(pair, start), left_out)).astype(np.float64)
    result = solve_mip(model, time_limit_s=net.remaining_s(), node_limit=nodes, start=values)
    net.has_ended_the_search |= result.is_ended_by_time
    opening = float(form.opening[split.is_open].sum())
    if result.status is MipStatus.INFEASIBLE:
        return cannot_seat(form, split.is_open)
    if not len(result.values):
        return cannot_seat(form, split.is_open, bound=max(split.bound, opening + result.bound))
    taken = pair[result.values[: len(pair)] > 0.5]  # noqa: PLR2004 - a half, between 0 and 1
    return whole_seating(form, split, taken, bound=opening + result.bound)


def whole_seating(
    form: CapacitatedForm, split: Assignment, taken: NDArray[np.int64], *, bound: float
) -> Assignment:
    """Return the seating that uses the taken pairs whole, each demand once at most."""
    left_out = np.ones(form.demand_count, dtype=bool)
    left_out[form.pair_demand[taken]] = False
    cost = form.pair_cost[taken].sum() + form.unserved[left_out].sum()
    objective = float(form.opening[split.is_open].sum() + cost)
    return replace(
        split, objective=objective, bound=min(bound, objective), pair=taken,
        share=np.ones(len(taken)),
    )  # fmt: skip


def whole_model(
    form: CapacitatedForm,
    pair: NDArray[np.int64],
    *,
    further: csr_array | None = None,
    forced: NDArray[np.int64] | None = None,
) -> LinearModel:
    """
    Write the assignment over some pairs as a model: each demand once, no site too full.

    Parameters
    ----------
    form
        The problem.
    pair
        (k,) pairs that may be used; the columns, followed by those of the demands left out.
    further
        (r, k) more rows, each at least 0, or None.
    forced
        Pairs that are used in any case, or None.
    """
    count, demand_count = len(pair), form.demand_count
    may_stay = np.flatnonzero(~form.must_serve)
    columns = count + len(may_stay)
    shape = (demand_count + form.site_count, columns)
    rows = csr_array(
        (
            np.concatenate((np.ones(columns), form.pair_people[pair])),
            (
                np.concatenate(
                    (form.pair_demand[pair], may_stay, demand_count + form.pair_site[pair])
                ),
                np.concatenate((np.arange(columns), np.arange(count))),
            ),
        ),
        shape=shape,
    )
    lower = np.concatenate((np.ones(demand_count), np.full(form.site_count, -np.inf)))
    upper = np.concatenate((np.ones(demand_count), form.capacity))
    if further is not None:
        wider = csr_array(
            (further.data, further.indices, further.indptr), shape=(further.shape[0], columns)
        )
        rows = csr_array(vstack((rows, wider)))
        lower = np.concatenate((lower, np.zeros(further.shape[0])))
        upper = np.concatenate((upper, np.full(further.shape[0], np.inf)))
    least = np.zeros(columns)
    if forced is not None:
        least[:count] = np.isin(pair, forced)
    return LinearModel(
        objective=np.concatenate((form.pair_cost[pair], form.unserved[may_stay])),
        rows=rows,
        row_lower=lower,
        row_upper=upper,
        column_lower=least,
        column_upper=np.ones(columns),
        is_integer=np.ones(columns, dtype=bool),
    )
