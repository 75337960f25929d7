"""Seat the demands at given open sites: the transport problem, and the prices of its seats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.location.highs import LinearModel, open_solver, run_solver

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm

# A share below it is rounding noise of the linear programme.
LEAST_SHARE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """
    Who is seated where, at a given set of open sites.

    Attributes
    ----------
    is_open
        (m,) bool.
    objective
        Opening plus serving cost; inf where not every demand that must be served is.
    bound
        Lower bound for this set of open sites; inf where it cannot serve.
    pair, share
        (taken,) pairs of the form with a share of their demand, and the share.
    demand_price
        (n,) what serving a demand costs at the margin.
    capacity_dual
        (m,) what one more seat at a site would save, at least 0.
    """

    is_open: NDArray[np.bool_]
    objective: float
    bound: float
    pair: NDArray[np.int64]
    share: NDArray[np.float64]
    demand_price: NDArray[np.float64]
    capacity_dual: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatingOrder:
    """
    How thoroughly to seat.

    Attributes
    ----------
    upper
        Only a seating below it is of interest; inf for any.
    pair_bound
        (pairs,) lower bound on every answer that uses the pair whole, or None where a quick
        seating is enough.
    prove
        Whether to go on to a proof.
    """

    upper: float
    pair_bound: NDArray[np.float64] | None = None
    prove: bool = False


def solve_transport(
    form: CapacitatedForm,
    is_open: NDArray[np.bool_],
    *,
    time_limit_s: float = np.inf,
    forced: NDArray[np.int64] | None = None,
) -> Assignment | None:
    """
    Seat people at least cost where demands may be split: a linear programme, exact.

    Parameters
    ----------
    form
        The problem; whether it is single-source is not looked at.
    is_open
        (m,) bool.
    time_limit_s
        The net.
    forced
        Pairs that are used whole in any case, or None.

    Returns
    -------
    Assignment or None
        None where the time was over first.
    """
    pair = np.flatnonzero(is_open[form.pair_site])
    demand_count, outside = form.demand_count, form.outside()
    least = np.zeros(len(pair) + demand_count)
    if forced is not None:
        least[: len(pair)] = np.isin(pair, forced)
    model = LinearModel(
        objective=np.concatenate((form.pair_cost[pair], outside)),
        rows=_rows(form, pair),
        row_lower=np.concatenate((np.ones(demand_count), np.full(form.site_count, -np.inf))),
        row_upper=np.concatenate((np.ones(demand_count), form.capacity)),
        column_lower=least,
        column_upper=np.full(len(pair) + demand_count, np.inf),
    )
    result = run_solver(open_solver(model), time_limit_s=time_limit_s, is_mip=False)
    if not len(result.row_duals):
        return None
    share, left_out = np.split(np.clip(result.values, 0.0, 1.0), [len(pair)])
    taken = share > LEAST_SHARE
    is_served = not (left_out[form.must_serve] > LEAST_SHARE * 1e3).any()
    objective = _cost(form, is_open, pair, share, left_out) if is_served else np.inf
    return Assignment(
        is_open=is_open,
        objective=objective,
        bound=objective,
        pair=pair[taken],
        share=share[taken],
        demand_price=result.row_duals[:demand_count],
        capacity_dual=np.maximum(-result.row_duals[demand_count:], 0.0),
    )


def cannot_seat(
    form: CapacitatedForm, is_open: NDArray[np.bool_], *, bound: float = np.inf
) -> Assignment:
    """Return the seating of nobody: there is none, or none below `bound`."""
    return Assignment(
        is_open=is_open,
        objective=np.inf,
        bound=bound,
        pair=np.empty(0, dtype=np.int64),
        share=np.empty(0),
        demand_price=np.zeros(form.demand_count),
        capacity_dual=np.zeros(form.site_count),
    )


def _cost(
    form: CapacitatedForm,
    is_open: NDArray[np.bool_],
    pair: NDArray[np.int64],
    share: NDArray[np.float64],
    left_out: NDArray[np.float64],
) -> float:
    """Add up the shares, free of what the linear programme paid for noise in `left_out`."""
    can_stay = ~form.must_serve
    unserved_cost = form.unserved[can_stay] @ left_out[can_stay]
    return float(form.opening[is_open].sum() + form.pair_cost[pair] @ share + unserved_cost)


def _rows(form: CapacitatedForm, pair: NDArray[np.int64]) -> csr_array:
    """One row a demand: its shares and what is left out make 1; one row a site: its people."""
    count, demand_count = len(pair), form.demand_count
    rows = np.concatenate(
        (form.pair_demand[pair], np.arange(demand_count), demand_count + form.pair_site[pair])
    )
    columns = np.concatenate((np.arange(count + demand_count), np.arange(count)))
    values = np.concatenate((np.ones(count + demand_count), form.pair_people[pair]))
    shape = (demand_count + form.site_count, count + demand_count)
    return csr_array((values, (rows, columns)), shape=shape)
