"""A capacitated problem of small size handed to HiGHS whole, as one member of the portfolio."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

from zmd_layout.location.capacitated.single_source import whole_seating
from zmd_layout.location.capacitated.transport import solve_transport
from zmd_layout.location.highs import LinearModel, MipStatus, solve_mip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.capacitated.transport import Assignment
    from zmd_layout.location.options import Deadline

MOST_PAIRS = 60_000  # beyond, the first relaxation takes longer than the tree
NODES = 2_000
_HALF = 0.5  # between open and closed


@dataclass(frozen=True, slots=True)
class MipAnswer:
    """A better seating, or None, and a bound on every answer over the pairs of the form."""

    best: Assignment | None
    bound: float


def solve_whole_mip(form: CapacitatedForm, best: Assignment | None, net: Deadline) -> MipAnswer:
    """
    Search the whole problem by HiGHS.

    Parameters
    ----------
    form
        The problem, without the pairs that no better answer has.
    best
        The best seating known, or None.
    net
        Effort and time.
    """
    result = solve_mip(
        whole_problem_model(form),
        time_limit_s=net.remaining_s(),
        node_limit=net.options.count(NODES),
        start=None if best is None else _start(form, best),
        seed=net.options.seed,
    )
    net.has_ended_the_search |= result.is_ended_by_time
    if result.status is MipStatus.INFEASIBLE:
        return MipAnswer(None, np.inf)
    proved = result.objective if result.status is MipStatus.OPTIMAL else result.bound
    if not len(result.values):
        return MipAnswer(None, proved)
    is_open = result.values[: form.site_count] > _HALF
    seating = solve_transport(form, is_open, time_limit_s=net.remaining_s())
    if seating is not None and form.is_single_source:
        pairs = result.values[form.site_count : form.site_count + len(form.pair_site)]
        seating = whole_seating(form, seating, np.flatnonzero(pairs > _HALF), bound=proved)
    return MipAnswer(seating, proved)


def _start(form: CapacitatedForm, best: Assignment) -> NDArray[np.float64] | None:
    """Return the columns of a seating."""
    share = np.zeros(len(form.pair_site))
    share[best.pair] = best.share
    served = np.bincount(form.pair_demand, weights=share, minlength=form.demand_count)
    left = 1.0 - served[~form.must_serve]
    return np.concatenate([best.is_open.astype(np.float64), share, left])


def whole_problem_model(form: CapacitatedForm) -> LinearModel:
    """Write open sites, shares and demands left out as columns."""
    sites, pairs, demands = form.site_count, len(form.pair_site), form.demand_count
    may_stay = np.flatnonzero(~form.must_serve)
    size = sites + pairs + len(may_stay)
    pair = np.arange(pairs)
    one = np.ones(pairs)
    left = np.ones(len(may_stay))
    served = coo_array(
        (
            np.concatenate([one, left]),
            (
                np.concatenate([form.pair_demand, may_stay]),
                np.arange(sites, size),
            ),
        ),
        (demands, size),
    )
    seats = coo_array(
        (
            np.concatenate([form.pair_people, -form.capacity]),
            (
                np.concatenate([form.pair_site, np.arange(sites)]),
                np.concatenate([sites + pair, np.arange(sites)]),
            ),
        ),
        (sites, size),
    )
    linked = coo_array(
        (
            np.concatenate([one, -one]),
            (np.concatenate([pair, pair]), np.concatenate([sites + pair, form.pair_site])),
        ),
        (pairs, size),
    )
    count = coo_array((np.ones(sites), (np.zeros(sites, dtype=int), np.arange(sites))), (1, size))
    wanted = form.open_count
    is_integer = np.zeros(size, dtype=bool)
    is_integer[:sites] = True
    is_integer[sites:] = form.is_single_source
    lower = np.zeros(size)
    lower[:sites] = form.fixed_open
    return LinearModel(
        objective=np.concatenate([form.opening, form.pair_cost, form.unserved[may_stay]]),
        rows=csr_array(vstack([served, seats, linked, count])),
        row_lower=np.concatenate(
            [np.ones(demands), np.full(sites + pairs, -np.inf), [0.0 if wanted is None else wanted]]
        ),
        row_upper=np.concatenate(
            [np.ones(demands), np.zeros(sites + pairs), [sites if wanted is None else wanted]]
        ),
        column_lower=lower,
        column_upper=np.ones(size),
        is_integer=is_integer,
    )


def with_pairs_of(form: CapacitatedForm, best: Assignment, whole: CapacitatedForm) -> Assignment:
    """Return a seating over a part of the pairs, by the numbers of the whole form's pairs."""
    key = whole.pair_site * whole.demand_count + whole.pair_demand
    wanted = form.pair_site[best.pair] * whole.demand_count + form.pair_demand[best.pair]
    return replace(best, pair=np.searchsorted(key, wanted))
