"""An uncapacitated problem in the form in which it is searched: rows sorted by cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

# of a sum of floats, far above what rounding does to it
ROUNDING = 1e-11
# objective and bound that are closer than this, relatively, are the same
CLOSED_GAP = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """
    Serve each of n demands from the cheapest open site or not at all, at least cost.

    p-median, facility location and maximal covering are all of this form. Sites whose state is
    settled are folded away: an open one into `outside` and `constant`, a closed one into nothing.

    Attributes
    ----------
    row_start
        (n + 1,) where the entries of each demand begin; no row is empty.
    site, cost
        (entries,) the sites that a demand can reach and the cost of serving it from there,
        ascending in each row and all below `outside`.
    outside
        (n,) cost of serving a demand from none of the m sites.
    must_serve
        (n,) bool, demands that may not be left out; their `outside` is a penalty that drives the
        search and outweighs every saving.
    opening
        (m,) cost of opening each site.
    open_count
        Number of sites to open among the m, or None where it is free.
    is_integral
        Whether all costs are whole numbers, and so is every objective.
    constant
        Cost of what is settled.
    demand_id, site_id
        (n,), (m,) the numbers of demands and sites in the problem they come from.
    settled_open
        Sites of that problem that are open already, ascending.
    """

    row_start: NDArray[np.int64]
    site: NDArray[np.int64]
    cost: NDArray[np.float64]
    outside: NDArray[np.float64]
    must_serve: NDArray[np.bool_]
    opening: NDArray[np.float64]
    open_count: int | None
    is_integral: bool
    constant: float
    demand_id: NDArray[np.int64]
    site_id: NDArray[np.int64]
    settled_open: NDArray[np.int64]

    @property
    def demand_count(self) -> int:
        """The number of demands that are still in question."""
        return len(self.outside)

    @property
    def site_count(self) -> int:
        """The number of sites that are still in question."""
        return len(self.opening)

    def rows(self) -> NDArray[np.int64]:
        """Return the demand of each entry, (entries,)."""
        return np.repeat(np.arange(self.demand_count), np.diff(self.row_start))

    def is_covering(self) -> bool:
        """Return whether serving costs nothing, so that only being reached matters."""
        return not self.cost.any()

    def value(self, is_open: NDArray[np.bool_]) -> float:
        """Return the objective of a set of open sites, (m,) bool."""
        served = np.where(is_open[self.site], self.cost, np.inf)
        least = self.outside
        if len(served):
            least = np.minimum(np.minimum.reduceat(served, self.row_start[:-1]), least)
        return float(least.sum() + self.opening[is_open].sum()) + self.constant

    def open_ids(self, is_open: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Name all open sites, the settled ones included, in the problem they come from."""
        return np.sort(np.concatenate([self.settled_open, self.site_id[is_open]]))

    def valid_bound(self, value: float) -> float:
        """Take a computed bound down by what rounding may have added, up to a whole number."""
        if not math.isfinite(value):
            return value
        safe = value - ROUNDING * abs(value)
        return float(math.ceil(safe - 1e-6)) if self.is_integral else safe

    def worth_finding(self, objective: float) -> float:
        """Return the value below which a solution would be better than `objective`."""
        if self.is_integral:
            return objective - 1 + 1e-6 + ROUNDING * abs(objective)
        return objective - 0.5 * CLOSED_GAP * abs(objective)


def build_instance(
    costs: csr_array,
    *,
    unserved_cost: NDArray[np.float64] | None,
    opening: NDArray[np.float64],
    fixed_open: NDArray[np.bool_],
    open_count: int | None,
) -> Instance:
    """
    Sort the rows of a cost matrix and fold away what is settled.

    Parameters
    ----------
    costs
        (n, m) sparse, every stored entry a pair that is allowed.
    unserved_cost
        (n,) cost of leaving a demand out, or None where all must be served; then each demand must
        have an entry.
    opening
        (m,) cost of opening.
    fixed_open
        (m,) bool, sites that are open in every solution.
    open_count
        Number of open sites, the fixed ones included, or None where it is free.
    """
    demand_count, site_count = costs.shape
    rows = np.repeat(np.arange(demand_count), np.diff(costs.indptr))
    # of equal costs the first site comes first; the sort keeps an order that is there
    keys = (costs.data, rows) if costs.has_sorted_indices else (costs.indices, costs.data, rows)
    order = np.lexsort(keys)
    all_costs = [costs.data, opening]
    if unserved_cost is not None:
        all_costs.append(unserved_cost)
    whole = Instance(
        row_start=costs.indptr.astype(np.int64),
        site=costs.indices[order].astype(np.int64),
        cost=costs.data[order].astype(np.float64),
        outside=_penalty(costs, rows, opening) if unserved_cost is None else unserved_cost,
        must_serve=np.full(demand_count, unserved_cost is None),
        opening=opening,
        open_count=open_count,
        is_integral=all(bool((values == np.rint(values)).all()) for values in all_costs),
        constant=0.0,
        demand_id=np.arange(demand_count),
        site_id=np.arange(site_count),
        settled_open=np.empty(0, dtype=np.int64),
    )
    return narrow(whole, opened=fixed_open, closed=np.zeros(site_count, dtype=bool))


def narrow(instance: Instance, *, opened: NDArray[np.bool_], closed: NDArray[np.bool_]) -> Instance:
    """
    Fold away sites whose state is settled, and the pairs and demands that then decide nothing.

    Parameters
    ----------
    instance
        The problem.
    opened, closed
        (m,) bool, sites that are open, and closed, from now on.
    """
    rows = instance.rows()
    outside = instance.outside.copy()
    is_settled_pair = opened[instance.site]
    np.minimum.at(outside, rows[is_settled_pair], instance.cost[is_settled_pair])
    is_free = ~(opened | closed)
    is_kept_pair = is_free[instance.site] & (instance.cost < outside[rows])
    counts = np.bincount(rows[is_kept_pair], minlength=instance.demand_count)
    is_kept_demand = counts > 0
    new_number = np.cumsum(is_free) - 1
    settled = outside[~is_kept_demand].sum() + instance.opening[opened].sum()
    open_count = instance.open_count
    return Instance(
        row_start=_row_start(counts[is_kept_demand]),
        site=new_number[instance.site[is_kept_pair]],
        cost=instance.cost[is_kept_pair],
        outside=outside[is_kept_demand],
        must_serve=(instance.must_serve & (outside == instance.outside))[is_kept_demand],
        opening=instance.opening[is_free],
        open_count=None if open_count is None else open_count - int(opened.sum()),
        is_integral=instance.is_integral,
        constant=instance.constant + float(settled),
        demand_id=instance.demand_id[is_kept_demand],
        site_id=instance.site_id[is_free],
        settled_open=instance.open_ids(opened),
    )


def keep_demands(instance: Instance, is_kept: NDArray[np.bool_]) -> Instance:
    """Forget some demands, (n,) bool, that decide nothing."""
    counts = np.diff(instance.row_start)[is_kept]
    entries = entry_ranges(instance.row_start[:-1][is_kept], counts)
    return replace(
        instance,
        row_start=_row_start(counts),
        site=instance.site[entries],
        cost=instance.cost[entries],
        outside=instance.outside[is_kept],
        must_serve=instance.must_serve[is_kept],
        demand_id=instance.demand_id[is_kept],
    )


def merge_equal_demands(instance: Instance) -> Instance:
    """
    Join the demands that can reach the same sites, where serving costs nothing (covering models).

    Parameters
    ----------
    instance
        A problem in which every `cost` is zero.
    """
    starts = instance.row_start
    keys = [instance.site[start:end].tobytes() for start, end in pairwise(starts)]
    group_of: dict[bytes, int] = {}
    group = np.array([group_of.setdefault(key, len(group_of)) for key in keys], dtype=np.int64)
    first = np.unique(group, return_index=True)[1]
    is_first = np.zeros(instance.demand_count, dtype=bool)
    is_first[first] = True
    outside = np.zeros(len(first))
    np.add.at(outside, group, instance.outside)
    must_serve = np.zeros(len(first), dtype=bool)
    must_serve[group[instance.must_serve]] = True
    return replace(keep_demands(instance, is_first), outside=outside, must_serve=must_serve)


def _row_start(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    row_start = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=row_start[1:])
    return row_start


def entry_ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """List the entries start, …, start + count − 1 of each row, one row after the other."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)


def _penalty(
    costs: csr_array, rows: NDArray[np.int64], opening: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a cost of leaving a demand out that outweighs any saving elsewhere, (n,)."""
    dearest = np.zeros(costs.shape[0])
    np.maximum.at(dearest, rows, costs.data)
    penalty: NDArray[np.float64] = np.ceil(dearest + dearest.sum() + opening.sum() + 1)
    return penalty
