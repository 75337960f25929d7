"""Location problems and their solutions, so that any benchmark can be handed in."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from zmd_layout.errors import SitingError
from zmd_layout.location.forms import (
    Axis,
    aligned_costs,
    read_adjacency,
    read_axis,
    read_choice,
    read_costs,
    read_flags,
    read_numbers,
    read_places,
    read_switch,
    read_whole,
    refuse_lost_zeros,
)
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csr_array


class Model(StrEnum):
    """The question that is asked of the sites."""

    P_MEDIAN = "p_median"  # least total cost with `open_count` sites
    P_CENTER = "p_center"  # smallest worst cost with `open_count` sites
    SET_COVER = "set_cover"  # fewest (or cheapest) sites so that every demand has an open pair
    MAX_COVER = "max_cover"  # most demand with an open pair, with `open_count` sites
    FACILITY = "facility"  # least fixed plus serving cost, number of sites free


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Problem:
    """
    A location problem over n demand points and m sites.

    Inputs are converted to plain arrays on construction. If a DataFrame or a Series is given, all
    labelled inputs are aligned by label, and the solution carries these labels.

    Parameters
    ----------
    model
        The model or its name, such as `"p_median"`.
    costs
        (n, m) cost of serving the whole of demand i from site j, in any unit, such as metres times
        children; for `P_CENTER` the distance. Covering models use only which pairs are allowed and
        also accept booleans. In a dense matrix (array, list of lists, DataFrame), NaN or inf marks
        a pair that is not allowed; in a sparse matrix of any SciPy format, so does an entry that
        is not *stored*, whereas a stored zero is a cost of 0. Note that `csr_array(distances)`
        drops zeros; a matrix that appears to have lost the pair of each place with itself in this
        manner is refused.
    demands
        (n,) people, at least 0, or one number for all; used by capacities and by `MAX_COVER`.
    open_count
        How many sites are open in all, the fixed ones included; None where the model is free.
    capacities
        (m,) people a site can take, or one number for all, or None for no limit.
    fixed_costs
        (m,) cost of opening, or one number for all, or None for zero (`SET_COVER`: one each).
    fixed_open
        Sites that are open in every solution (existing schools), or None: (m,) booleans or 0/1,
        or the labels of these sites, or their positions if sites have no labels. A list of m
        values that are all 0 or 1 is read as flags.
    single_source
        Whether each demand goes whole to one site.
    adjacency
        (n, n) dense or sparse, nonzero for neighbours, or None. If given, the catchment of each
        open site must be connected and contain the demand in `site_demand`; implies
        `single_source`. A pair stored once is a neighbourhood in both directions.
    site_demand
        (m,) demand point at which each site is located, required by `adjacency`: its position
        from 0, or its label as text or in a Series; −1 or missing for none.
    unserved_cost
        (n,) cost of leaving a demand unserved, or one number for all, or None where all must be
        served.
    demand_labels, site_labels
        (n,), (m,) unique labels for the solution; None: those of the inputs, if any.

    Raises
    ------
    SitingError
        If an input cannot be read or the inputs contradict each other; one message per fault,
        with the name of the parameter.

    Examples
    --------
    >>> import pandas as pd
    >>> metres = pd.DataFrame(
    ...     {"north": [0.0, 900.0, None], "south": [1500.0, 400.0, 0.0]}, index=["a", "b", "c"]
    ... )
    >>> people = pd.Series({"c": 30, "b": 20, "a": 10})
    >>> problem = Problem(
    ...     model="p_median", costs=metres.mul(people, axis=0), demands=people, open_count=1
    ... )
    >>> problem.site_labels.tolist()
    ['north', 'south']
    """

    model: Model
    costs: csr_array
    demands: NDArray[np.float64]
    open_count: int | None
    capacities: NDArray[np.float64] | None
    fixed_costs: NDArray[np.float64] | None
    fixed_open: NDArray[np.bool_] | None
    single_source: bool
    adjacency: csr_array | None
    site_demand: NDArray[np.int64] | None
    unserved_cost: NDArray[np.float64] | None
    demand_labels: pd.Index[Any] | None
    site_labels: pd.Index[Any] | None

    def __init__(  # noqa: PLR0913 - a parameter each
        self,
        *,
        model: Model | str,
        costs: ArrayLike | pd.DataFrame | csr_array,
        demands: ArrayLike | pd.Series[Any],
        open_count: int | None = None,
        capacities: ArrayLike | pd.Series[Any] | None = None,
        fixed_costs: ArrayLike | pd.Series[Any] | None = None,
        fixed_open: ArrayLike | pd.Series[Any] | pd.Index[Any] | Iterable[Any] | None = None,
        single_source: bool = False,
        adjacency: ArrayLike | pd.DataFrame | csr_array | None = None,
        site_demand: ArrayLike | pd.Series[Any] | None = None,
        unserved_cost: ArrayLike | pd.Series[Any] | None = None,
        demand_labels: Iterable[Any] | None = None,
        site_labels: Iterable[Any] | None = None,
    ) -> None:
        model = read_choice("model", model, Model)
        frame = costs if isinstance(costs, pd.DataFrame) else pd.DataFrame()
        is_cover = model in {Model.SET_COVER, Model.MAX_COVER}
        pairs = read_costs(costs, is_cover=is_cover)
        n, m = pairs.shape
        by_row = (frame.index, demands, unserved_cost)
        by_column = (frame.columns, capacities, fixed_costs, fixed_open, site_demand)
        rows = read_axis("demand_labels", n, demand_labels, *by_row)
        columns = read_axis("site_labels", m, site_labels, *by_column)
        if isinstance(costs, pd.DataFrame) and not (demand_labels is None is site_labels):
            pairs = read_costs(aligned_costs(costs, rows, columns), is_cover=is_cover)
        read: dict[str, Any] = {
            "model": model,
            "costs": pairs,
            "demand_labels": rows.labels,
            "site_labels": columns.labels,
        }
        faults: list[Message] = []
        parts: dict[str, tuple[object, Callable[..., Any], *tuple[Axis, ...]]] = {
            "demands": (demands, read_numbers, rows),
            "open_count": (open_count, read_whole),
            "capacities": (capacities, read_numbers, columns),
            "fixed_costs": (fixed_costs, read_numbers, columns),
            "fixed_open": (fixed_open, read_flags, columns),
            "single_source": (single_source, read_switch),
            "adjacency": (adjacency, read_adjacency, rows),
            "site_demand": (site_demand, read_places, columns, rows),
            "unserved_cost": (unserved_cost, read_numbers, rows),
        }
        for name, (value, reader, *axes) in parts.items():
            try:
                may_lack = value is None and name != "demands"
                read[name] = None if may_lack else reader(name, value, *axes)
            except SitingError as error:
                faults += error.messages
        if faults:
            raise SitingError(*faults)
        # a coverage matrix of ones has no zeros to lose
        if issparse(costs) and not (is_cover and (pairs.data == 1).all()):
            refuse_lost_zeros(pairs, read["site_demand"])
        self._fill({**read, "single_source": bool(read["single_source"])})
        faults = [*self._shape_faults(), *self._pair_faults(), *self._value_faults()]
        if faults:
            raise SitingError(*faults)

    def rearranged(self, **changes: object) -> Problem:
        """Return a problem with some attributes replaced, without reading them again."""
        problem = object.__new__(Problem)
        problem._fill({each.name: getattr(self, each.name) for each in fields(self)} | changes)
        return problem

    def _fill(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def demand_name(self, number: int) -> str:
        """Return the label of a demand, else its position from 0."""
        return str(number if self.demand_labels is None else self.demand_labels[number])

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


class SearchEnd(StrEnum):
    """What ended a search."""

    PROOF = "proof"  # nothing was left to search
    COUNT = "count"  # its counts of iterations and nodes: the same on every machine
    TIME = "time"  # the clock


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
        Positions from 0 of the open sites, ascending, the fixed ones included; an Index of labels
        if the problem has labels.
    assignment
        (n,) site of each demand, −1 where it is not served. Where a demand is split, the site with
        the largest part; `flows` has the parts. A Series by demand label if the problem has
        labels, missing where a demand is not served.
    flows
        (n, m) sparse shares in 0–1 where demands may be split, else None; a DataFrame of sparse
        columns if the problem has labels.
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
    open_sites: Any  # an array or, with labels, pandas
    assignment: Any
    flows: Any = None
    is_reproducible: bool = True
    explanation: tuple[Message, ...] = ()
    statistics: dict[str, Any] = field(default_factory=dict)

    @property
    def ended_by(self) -> SearchEnd:
        """What ended the search: a proof, a count or the time."""
        if self.status in {SolveStatus.OPTIMAL, SolveStatus.INFEASIBLE}:
            return SearchEnd.PROOF
        return SearchEnd.COUNT if self.is_reproducible else SearchEnd.TIME


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proved of an objective: see `Solution`."""

    status: SolveStatus
    bound: float
    gap_percent: float


def proof_of(objective: float, bound: float, *, tolerance: float) -> Proof:
    """
    Return what a bound proves: optimal where it is within `tolerance` (a share) of the objective.

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
    """Return 100·|objective − bound| / |objective|; 0 where both are zero, NaN where one is not."""
    if not (np.isfinite(objective) and np.isfinite(bound)):
        return float("nan")
    if objective == bound:
        return 0.0
    return float("inf") if objective == 0 else 100 * abs(objective - bound) / abs(objective)
