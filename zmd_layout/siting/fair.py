"""Fair ways: envy beyond an accepted distance, Kolm–Pollak, and what fairness costs in travel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.location.equity import envy_costs, kolm_pollak
from zmd_layout.location.solver import solve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from zmd_layout.location.problem import Problem, Solution

KM = 1000.0
CURVE_COLUMNS = (
    "weight", "mean_distance_m", "envy_km2", "objective", "bound", "gap_percent", "solve_status",
    "reproducible",
)  # fmt: skip


class Fair(StrEnum):
    """What is fair."""

    ENVY = "envy"  # squared excess over the accepted distance (MELP)
    ENVY_TRAVEL = "envy_travel"  # travel and squared excess (MDELP)
    KOLM_POLLAK = "kolm_pollak"  # equally distributed equivalent


@dataclass(frozen=True, slots=True)
class FairAnswer:
    """A solution, its objective and bound in the unit that is reported."""

    found: Solution
    objective: float
    bound: float
    unit: str


def ways_of(way_m: csr_array, found: Solution) -> NDArray[np.float64]:
    """
    Return the mean way of each demand in a solution, 0 where it has no site.

    Parameters
    ----------
    way_m
        (n, m) metres.
    found
        A solution by positions.
    """
    count = way_m.shape[0]
    if found.flows is not None:
        return np.asarray((found.flows * way_m).sum(axis=1), dtype=np.float64).ravel()
    served = np.flatnonzero(found.assignment >= 0)
    ways = np.zeros(count)
    ways[served] = np.asarray(way_m[served, found.assignment[served]]).ravel()
    return ways


def solve_fair(  # noqa: PLR0913 - all but the first two by name
    problem: Problem,
    way_m: csr_array,
    *,
    fair: Fair,
    accepted_m: float,
    weight: float,
    aversion: float,
    search: Callable[[Problem], Solution] = solve,
) -> FairAnswer:
    """
    Solve a p-median for fair ways.

    Parameters
    ----------
    problem
        A p-median; its costs are replaced.
    way_m
        (n, m) metres of its pairs.
    fair
        What is fair.
    accepted_m, weight
        Distance beyond which there is envy; children × (km + weight × excess in km squared).
    aversion
        Of Kolm–Pollak, on the scale of the ways of the least travel.
    search
        Solves a problem.
    """
    people = problem.demands
    if fair is Fair.KOLM_POLLAK:
        nearest = search(problem)
        scale = kolm_pollak(way_m, people, ways_of(way_m, nearest), aversion=aversion)
        found = search(problem.rearranged(costs=scale.costs(way_m, people)))
        ends = (scale.equivalent(found.objective), scale.equivalent(found.bound))
        return FairAnswer(found, *ends, "metre")
    costs = envy_costs(
        _in_km(way_m), people, accepted=accepted_m / KM,
        weight=weight if fair is Fair.ENVY_TRAVEL else 1.0,
        with_travel=fair is Fair.ENVY_TRAVEL,
    )  # fmt: skip
    found = search(problem.rearranged(costs=costs))
    unit = "child-km-envy" if fair is Fair.ENVY_TRAVEL else "child-km2"
    return FairAnswer(found, found.objective, found.bound, unit)


def trade_off(
    problem: Problem,
    way_m: csr_array,
    weights: Sequence[float],
    *,
    accepted_m: float,
    search: Callable[[Problem], Solution] = solve,
) -> pd.DataFrame:
    """
    Compute the mean way and the envy of the best answers as the weight of envy grows.

    Parameters
    ----------
    problem, way_m
        As for `solve_fair`.
    weights
        Weights of the squared excess in km beside the distance in km; 0 is the least travel.
    accepted_m
        Distance beyond which there is envy.
    search
        Solves a problem.

    Returns
    -------
    curve
        A row for each weight, ascending: `CURVE_COLUMNS`. Between two rows that are proved, the
        envy does not rise and the mean way does not fall.
    """
    people, rows = problem.demands, []
    way_km = _in_km(way_m)
    envy = envy_costs(way_km, people, accepted=accepted_m / KM, with_travel=False)
    for weight in sorted(set(weights)):
        costs = envy_costs(way_km, people, accepted=accepted_m / KM, weight=weight)
        found = search(problem.rearranged(costs=costs))
        served = float(people[np.asarray(found.assignment) >= 0].sum())
        rows.append(
            (
                weight, float(people @ ways_of(way_m, found)) / max(served, 1e-9),
                float(ways_of(envy, found).sum()), found.objective, found.bound,
                found.gap_percent, str(found.status), found.is_reproducible,
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _in_km(way_m: csr_array) -> csr_array:
    way_km = way_m.copy()
    way_km.data = way_km.data / KM
    return way_km
