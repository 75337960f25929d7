"""Location problems and their solutions as plain arrays, so that any benchmark can be handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.errors import SitingError
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


class Model(StrEnum):
    """The question that is asked of the sites."""

    P_MEDIAN = "p_median"  # least total cost with `open_count` sites
    P_CENTER = "p_center"  # smallest worst cost with `open_count` sites
    SET_COVER = "set_cover"  # fewest (or cheapest) sites so that every demand has an open pair
    MAX_COVER = "max_cover"  # most demand with an open pair, with `open_count` sites
    FACILITY = "facility"  # least fixed plus serving cost, number of sites free


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    A location problem over n demand points and m sites.

    Parameters
    ----------
    model
        The question.
    costs
        (n, m) sparse. A *stored* entry, also a stored zero, is a pair that is allowed, and its
        value is the cost of serving the whole of demand i from site j (for `P_CENTER` the distance;
        for the covering models the value is not used). A pair that is not stored is out of reach.
    demands
        (n,) people, never negative; used by capacities and by `MAX_COVER`.
    open_count
        How many sites are open in all, the fixed ones included; None where the model is free.
    capacities
        (m,) people a site can take, or None for no limit.
    fixed_costs
        (m,) cost of opening, or None for zero (`SET_COVER`: one each).
    fixed_open
        (m,) bool, sites that are open in every solution (existing schools), or None.
    single_source
        Whether each demand goes whole to one site.
    adjacency
        (n, n) sparse boolean, or None. With it, the catchment of each open site must be connected
        and hold the demand named in `site_demand`; it implies `single_source`. A pair that is
        stored once is a neighbourhood both ways.
    site_demand
        (m,) index of the demand point at which each site stands; needed by `adjacency`.
    unserved_cost
        (n,) cost of leaving a demand unserved, or None where all must be served.
    """

    model: Model
    costs: csr_array
    demands: NDArray[np.float64]
    open_count: int | None = None
    capacities: NDArray[np.float64] | None = None
    fixed_costs: NDArray[np.float64] | None = None
    fixed_open: NDArray[np.bool_] | None = None
    single_source: bool = False
    adjacency: csr_array | None = None
    site_demand: NDArray[np.int64] | None = None
    unserved_cost: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        faults = [*self._shape_faults(), *self._pair_faults(), *self._value_faults()]
        if faults:
            raise SitingError(*faults)

    def _shape_faults(self) -> list[Message]:
        n, m = self.costs.shape
        wanted = {
            "demands": n, "unserved_cost": n, "capacities": m, "fixed_costs": m, "fixed_open": m,
            "site_demand": m,
        }  # fmt: skip
        return [
            Message("siting.shape", name=name, found=len(getattr(self, name)), wanted=size)
            for name, size in wanted.items()
            if getattr(self, name) is not None and len(getattr(self, name)) != size
        ]

    def _pair_faults(self) -> list[Message]:
        faults = []
        costs = self.costs
        if 0 in costs.shape:
            faults.append(Message("siting.empty", demands=costs.shape[0], sites=costs.shape[1]))
        rows = np.repeat(np.arange(costs.shape[0]), np.diff(costs.indptr))
        keys = rows * costs.shape[1] + costs.indices
        if (np.diff(keys) <= 0).any():
            keys = np.sort(keys)
        twice = int((np.diff(keys) == 0).sum())
        if twice:
            faults.append(Message("siting.twice", count=twice))
        if not np.isfinite(costs.data).all() or (costs.data < 0).any():
            faults.append(Message("siting.negative", name="costs"))
        return faults

    def _value_faults(self) -> list[Message]:
        faults = []
        for name in ("demands", "capacities", "fixed_costs", "unserved_cost"):
            values = getattr(self, name)
            if values is not None and not (np.isfinite(values).all() and (values >= 0).all()):
                faults.append(Message("siting.negative", name=name))
        needs_count = self.model in {Model.P_MEDIAN, Model.P_CENTER, Model.MAX_COVER}
        if needs_count and self.open_count is None:
            faults.append(Message("siting.needs_count", model=str(self.model)))
        fixed = 0 if self.fixed_open is None else int(self.fixed_open.sum())
        most = self.costs.shape[1]
        if self.open_count is not None and not max(fixed, 1) <= self.open_count <= most:
            faults.append(
                Message("siting.count", found=self.open_count, least=max(fixed, 1), most=most)
            )
        return [*faults, *self._contiguity_faults()]

    def _contiguity_faults(self) -> list[Message]:
        if self.adjacency is None:
            return []
        n = len(self.demands)
        places = self.site_demand
        if places is None or not ((places >= 0) & (places < n)).all():
            return [Message("siting.needs_site_demand")]
        if self.adjacency.shape != (n, n):
            found = self.adjacency.shape[0]
            return [Message("siting.shape", name="adjacency", found=found, wanted=n)]
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """
    The best answer found, and the proof of how good it is.

    Attributes
    ----------
    status
        `optimal` only where bound and objective meet; `feasible` with a gap; `infeasible` where it
        is proved, with an explanation and, in `open_sites` and `assignment`, the best partial
        answer; `unknown` where no answer was found and none was ruled out.
    objective, bound
        In the unit of the costs (covering models: sites or people). NaN where there is none.
    gap_percent
        100·|objective − bound| / |objective|; NaN without a bound or an objective.
    open_sites
        Indices of the open sites, ascending, the fixed ones included.
    assignment
        (n,) site of each demand, −1 where it is not served. Where a demand is split, the site with
        the largest part; the parts stand in `flows`.
    flows
        (n, m) sparse shares in 0–1 where demands may be split, else None.
    is_reproducible
        False where a time limit, not a count, ended the search.
    explanation
        Why there is no (better) answer, for the user.
    statistics
        What the search did: iterations, cuts, nodes, seconds.
    """

    status: SolveStatus
    objective: float
    bound: float
    gap_percent: float
    open_sites: NDArray[np.int64]
    assignment: NDArray[np.int64]
    flows: csr_array | None = None
    is_reproducible: bool = True
    explanation: tuple[Message, ...] = ()
    statistics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proved of an objective: see `Solution`."""

    status: SolveStatus
    bound: float
    gap_percent: float


def proof_of(objective: float, bound: float, *, tolerance: float) -> Proof:
    """
    Tell what a bound proves: optimal, where it lies within `tolerance` (a share) of the objective.

    Parameters
    ----------
    objective, bound
        In the unit of the costs; NaN where there is none.
    tolerance
        The share of the objective below which a gap is one of rounding, and counts as closed.
    """
    gap = gap_percent(objective, bound)
    if gap <= 100 * tolerance:
        return Proof(SolveStatus.OPTIMAL, objective, 0.0)
    return Proof(SolveStatus.FEASIBLE, bound, gap)


def gap_percent(objective: float, bound: float) -> float:
    """Give 100·|objective − bound| / |objective|; 0 where both are zero, NaN where one is not."""
    if not (np.isfinite(objective) and np.isfinite(bound)):
        return float("nan")
    if objective == bound:
        return 0.0
    return float("inf") if objective == 0 else 100 * abs(objective - bound) / abs(objective)
