"""
The linear relaxation of an uncapacitated problem by cuts in the space of the sites.

Column j is site j, column m + i the cost t[i] of serving demand i. For any level d, the cut

    t[i] + Σ_{j: cost[i, j] < d} (d − cost[i, j]) · y[j] ≥ d        (d ≤ outside[i])

holds for every solution; at a given y the strongest one takes as d the cost of the site at which
the sites of the demand, summed up from the cheapest, reach 1 (Duran-Mateluna, Alès and Elloumi,
2023, "An efficient Benders decomposition for the p-median problem"). There are no n × m variables,
and multipliers u of the Lagrangian become the first cuts, with d = u: they reach its bound at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from zmd_layout.location.highs import LinearModel, MipStatus, add_rows, open_solver, run_solver
from zmd_layout.location.lagrangian import dot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.instance import Instance

# a cut is added where it is violated by this part of its level
VIOLATION = 1e-6
# a sum of sites that is this near to 1 is 1
ONE = 1 - 1e-9
# from this many rows on, the first optimum comes sooner from the interior point method
MANY_ROWS = 1000
# rows with more slack than this, in mean costs, are dropped when room is made
SLACK = 1e-3


@dataclass(frozen=True, slots=True)
class RelaxedPoint:
    """
    An optimum of the present relaxation.

    Attributes
    ----------
    bound
        Valid lower bound under the bounds of the sites, from the duals, whatever their rounding.
    sites
        (m,) in 0–1.
    serving
        (n,) cost of serving each demand as the cuts know it.
    reduced_costs
        (m,) of the sites.
    """

    bound: float
    sites: NDArray[np.float64]
    serving: NDArray[np.float64]
    reduced_costs: NDArray[np.float64]


class Relaxation:
    """
    A linear programme that grows by cuts.

    Parameters
    ----------
    instance
        The problem.
    multipliers
        (n,) of a Lagrangian bound.
    seed
        Random seed of HiGHS.

    Attributes
    ----------
    iterations
        Simplex iterations so far, each weighted by the rows it worked on.
    """

    def __init__(self, instance: Instance, multipliers: NDArray[np.float64], seed: int) -> None:
        self.instance = instance
        self._rows_of_entries = instance.rows()
        last = instance.row_start[1:] - 1
        # a demand that must be served pays at most its dearest site, and a row says it is served
        self._dearest = np.where(instance.must_serve, instance.cost[last], instance.outside)
        self._cheapest = instance.cost[instance.row_start[:-1]]
        self._scale = max(float(self._dearest.mean()), 1e-300)
        self.iterations = 0
        levels = np.clip(multipliers, self._cheapest, self._dearest)
        # where all sites cost the same, the highest level says all
        has_one_level = instance.cost[last] == self._cheapest
        levels = np.where(has_one_level, self._dearest, levels)
        everyone = np.arange(instance.demand_count)
        rows, lower = self._cuts(everyone, levels)
        served_rows, served_lower = self._must_serve_rows(np.flatnonzero(instance.must_serve))
        self._row_blocks = [self._count_row(), rows, served_rows]
        # the rows before this one stay
        self._first_cut = 1 + len(lower) + len(served_lower)
        count = np.inf if instance.open_count is None else float(instance.open_count)
        self._lower = np.concatenate([[-np.inf if np.isinf(count) else count], lower, served_lower])
        self._upper = np.full(len(self._lower), np.inf)
        self._upper[0] = count
        self._objective = np.concatenate(
            [instance.opening / self._scale, np.ones(instance.demand_count)]
        )
        self._solver: Any = open_solver(self._model(), seed=seed)
        self._solver.setOptionValue("solver", "ipm" if self.row_count >= MANY_ROWS else "simplex")

    @property
    def row_count(self) -> int:
        """The number of rows."""
        return len(self._lower)

    def solve(
        self,
        site_lower: NDArray[np.float64],
        site_upper: NDArray[np.float64],
        *,
        iteration_limit: int,
        time_limit_s: float,
    ) -> RelaxedPoint | MipStatus:
        """Solve under bounds of the sites, (m,) each; a status where there is no optimum."""
        site_count = self.instance.site_count
        self._solver.changeColsBounds(
            site_count, np.arange(site_count, dtype=np.int32), site_lower, site_upper
        )
        self._solver.setOptionValue("simplex_iteration_limit", max(1, iteration_limit))
        result = run_solver(self._solver, time_limit_s=time_limit_s, is_mip=False)
        self.iterations += result.simplex_iterations * self.row_count
        # from here on the last basis is a better start than any interior point
        self._solver.setOptionValue("solver", "simplex")
        if result.status is not MipStatus.OPTIMAL:
            return result.status
        lower = np.concatenate([site_lower, self._cheapest / self._scale])
        upper = np.concatenate([site_upper, self._dearest / self._scale])
        value, reduced = self._bound_by_duals(result.row_duals, lower, upper)
        return RelaxedPoint(
            bound=value * self._scale + self.instance.constant,
            sites=result.values[:site_count],
            serving=result.values[site_count:] * self._scale,
            reduced_costs=reduced[:site_count] * self._scale,
        )

    def cut_off(self, point: RelaxedPoint) -> int:
        """Add the strongest cut of each demand whose serving cost is too low; give their number."""
        instance = self.instance
        reached = self._reached(point.sites)
        starts = instance.row_start[:-1]
        entry = np.where(reached >= ONE, np.arange(len(reached)), len(reached))
        full = np.minimum.reduceat(entry, starts)
        has_full = full < instance.row_start[1:]
        level = np.where(has_full, np.append(instance.cost, 0.0)[full], self._dearest)
        saved = np.maximum(level[self._rows_of_entries] - instance.cost, 0.0)
        true_cost = level - np.add.reduceat(saved * point.sites[instance.site], starts)
        is_violated = true_cost > point.serving + VIOLATION * np.maximum(level, self._scale)
        violated = np.flatnonzero(is_violated)
        rows, lower = self._cuts(violated, level[violated])
        add_rows(self._solver, rows, lower)
        self._row_blocks.append(rows)
        self._lower = np.concatenate([self._lower, lower])
        self._upper = np.concatenate([self._upper, np.full(len(lower), np.inf)])
        return len(violated)

    def drop_slack_rows(self) -> None:
        """Drop the cuts that the last optimum does not touch."""
        values = np.asarray(self._solver.getSolution().row_value)
        is_slack = values - self._lower > SLACK
        is_slack[: self._first_cut] = False
        slack = np.flatnonzero(is_slack).astype(np.int32)
        if len(slack):
            self._solver.deleteRows(len(slack), slack)
            self._row_blocks = [self._matrix()[~is_slack]]
            self._lower, self._upper = self._lower[~is_slack], self._upper[~is_slack]

    def _matrix(self) -> sparse.csr_array:
        if len(self._row_blocks) > 1:
            self._row_blocks = [sparse.vstack(self._row_blocks).tocsr()]
        return self._row_blocks[0]

    def _model(self) -> LinearModel:
        return LinearModel(
            objective=self._objective,
            rows=self._matrix(),
            row_lower=self._lower,
            row_upper=self._upper,
            column_lower=np.concatenate(
                [np.zeros(self.instance.site_count), self._cheapest / self._scale]
            ),
            column_upper=np.concatenate(
                [np.ones(self.instance.site_count), self._dearest / self._scale]
            ),
        )

    def _bound_by_duals(
        self,
        duals: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> tuple[float, NDArray[np.float64]]:
        """
        Bound the relaxation by weak duality, and give the reduced costs.

        For any duals of the right sign this holds, so no tolerance of the solver enters (Neumaier
        and Shcherbina, 2004, "Safe bounds in linear and mixed-integer linear programming").
        """
        duals = np.maximum(duals, 0.0) if np.isinf(self._lower[0]) else _signed(duals)
        reduced = self._objective - self._matrix().T @ duals
        rows = np.where(np.isfinite(self._lower), self._lower, 0.0)
        value = dot(rows, duals) + float(np.minimum(reduced * lower, reduced * upper).sum())
        return value, reduced

    def _reached(self, sites: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum up the sites of each demand from the cheapest, (entries,)."""
        total = np.concatenate([[0.0], np.cumsum(sites[self.instance.site])])
        before = np.repeat(total[self.instance.row_start[:-1]], np.diff(self.instance.row_start))
        reached: NDArray[np.float64] = total[1:] - before
        return reached

    def _cuts(
        self, demands: NDArray[np.int64], levels: NDArray[np.float64]
    ) -> tuple[sparse.csr_array, NDArray[np.float64]]:
        """Write the cuts of some demands at some levels, in mean costs."""
        instance = self.instance
        level = np.full(instance.demand_count, -np.inf)
        level[demands] = levels
        saved = level[self._rows_of_entries] - instance.cost
        is_in = saved > 0
        number = np.zeros(instance.demand_count, dtype=np.int64)
        number[demands] = np.arange(len(demands))
        row = np.concatenate([number[self._rows_of_entries[is_in]], np.arange(len(demands))])
        column = np.concatenate([instance.site[is_in], instance.site_count + demands])
        value = np.concatenate([saved[is_in] / self._scale, np.ones(len(demands))])
        shape = (len(demands), instance.site_count + instance.demand_count)
        return sparse.csr_array((value, (row, column)), shape=shape), levels / self._scale

    def _must_serve_rows(
        self, demands: NDArray[np.int64]
    ) -> tuple[sparse.csr_array, NDArray[np.float64]]:
        """Report that some demands have an open site."""
        instance = self.instance
        site_count = instance.site_count
        reach = sparse.csr_array(
            (np.ones(len(instance.site)), instance.site, instance.row_start),
            shape=(instance.demand_count, site_count + instance.demand_count),
        )
        return reach[demands], np.ones(len(demands))

    def _count_row(self) -> sparse.csr_array:
        site_count = self.instance.site_count
        row = np.zeros((1, site_count + self.instance.demand_count))
        row[0, :site_count] = 1.0
        return sparse.csr_array(row)


def _signed(duals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Clip the duals of the cuts; that of the count, an equation, has any sign."""
    clipped = np.maximum(duals, 0.0)
    clipped[0] = duals[0]
    return clipped
