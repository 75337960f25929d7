"""A siting question of a study as a location problem on its ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from zmd_layout.errors import ArgumentError
from zmd_layout.layers.geometry import points_in
from zmd_layout.location.problem import Model, Problem
from zmd_layout.measures.places import children_by_place
from zmd_layout.measures.supply.seats import seats_by_school
from zmd_layout.messages import Message, word_message
from zmd_layout.siting.demand_matrix import DemandMatrix, demand_matrix
from zmd_layout.siting.planning import CandidateKind
from zmd_layout.vocabulary import Stage, UnitKind
from zmd_layout.workflow.arguments import as_choice
from zmd_layout.workflow.questions.opened import world_of
from zmd_layout.workflow.questions.ways import on_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.study import Study

_REACH_M = 25_000.0


def location_problem(  # noqa: PLR0913 - a question: all but the first by name
    study: Study,
    stage: Stage | str,
    *,
    new: int,
    year: int | None = None,
    county: str | None = None,
    capacity: float | None = None,
    standing: bool = False,
    reach_m: float = _REACH_M,
) -> Problem:
    """
    Make the p-median problem of so many new schools, for `location.solve`.

    Parameters
    ----------
    study
        The study.
    stage
        The stage.
    new
        How many new schools there are to be.
    year
        The year whose children are served (the middle case); by default those of the census.
    county
        Children and places of one county, by id; by default of all.
    capacity
        The most children that a new school takes; None: no limit.
    standing
        Whether the schools that stand are open in every solution, with their own seats where a
        capacity is set. False: as if there were none.
    reach_m
        The longest way. A child who is not served costs as much as that way.

    Returns
    -------
    problem
        Costs in child-metres, over the roads of the study. Demands are labelled by the ids of the
        layer in which children live, sites by those of candidates (and of schools), so that
        `solve(problem).assignment` is a Series on these ids.

    Raises
    ------
    ArgumentError
        If nothing says where children live, there are no schools or places, or the seats of a
        standing school are unknown while a capacity is set.

    Examples
    --------
    >>> problem = zmd_layout.location_problem(study, "primary", new=3, county="411725")
    >>> solution = zmd_layout.location.solve(problem)
    >>> str(solution.status), len(solution.open_sites)
    ('optimal', 3)
    """
    world, stage = world_of(study), as_choice(stage, Stage, name="stage")
    matrix = demand_matrix(world, [stage])
    if matrix is None:
        raise ArgumentError(Message("arguments.no_children"))
    children = _children(matrix, stage, year)
    is_here = children > 0
    if county is not None:
        _refuse_unknown(world, county)
        is_here &= matrix.county == county
    if stage not in matrix.places:
        raise ArgumentError(Message("arguments.no_schools", stage=word_message(stage)))
    found = matrix.places[stage]
    found = found[found["kind"] != CandidateKind.EXPANSION]
    found = found if county is None else found[found["county_id"] == county]
    if found.empty:
        where = word_message(UnitKind.COUNTY) if county is None else county
        raise ArgumentError(Message("arguments.no_places", county=where))
    names = found["candidate_id"].astype(str).to_numpy()
    ways = matrix.ways_within(points_in(found), keys=names, cutoff_m=reach_m)
    limits = np.full(len(names), np.inf if capacity is None else float(capacity))
    fixed = np.zeros(len(names), dtype=bool)
    if standing:
        old, their_ways, seats = _standing(matrix, stage, reach_m, has_limit=capacity is not None)
        names = np.concatenate([old, names])
        ways = csr_array(vstack([their_ways, ways]))
        limits = np.concatenate([seats, limits])
        fixed = np.concatenate([np.ones(len(old), dtype=bool), fixed])
    here = np.flatnonzero(is_here)
    weight = children[here]
    costs = csr_array(ways[:, here].T)
    costs.data = costs.data * np.repeat(weight, np.diff(costs.indptr))
    labels = on_ids(world, matrix.points.layer.name).index[here]
    return Problem(
        model=Model.P_MEDIAN,
        costs=costs,
        demands=weight,
        open_count=new + int(fixed.sum()),
        capacities=None if capacity is None else limits,
        fixed_open=fixed if fixed.any() else None,
        unserved_cost=weight * reach_m,
        demand_labels=labels,
        site_labels=pd.Index(names),
    )


def _children(matrix: DemandMatrix, stage: Stage, year: int | None) -> NDArray[np.float64]:
    """Return the children at each demand point, none beyond the border; unknown counts as none."""
    if year is None:
        return matrix.weights(stage)
    found = children_by_place(matrix.world, years=[year])
    column = f"{stage}_{year}"
    if found is None or column not in found:
        raise ArgumentError(Message("arguments.no_forecast"))
    inside = found["county_id"].notna().to_numpy()
    values: NDArray[np.float64] = np.nan_to_num(found[column].to_numpy(dtype=float)) * inside
    return values


def _refuse_unknown(world: World, county: str) -> None:
    units = world.units(UnitKind.COUNTY, {})
    known = [] if units is None else sorted(map(str, units.frame.index))
    if county not in known:
        raise ArgumentError(Message("arguments.no_county", found=repr(county), known=known))


def _standing(
    matrix: DemandMatrix, stage: Stage, reach_m: float, *, has_limit: bool
) -> tuple[NDArray[Any], csr_array, NDArray[np.float64]]:
    """Return the ids, ways and seats of the schools that stand."""
    world, schools = matrix.world, matrix.access[stage].schools
    keys = schools["school_id"].astype(str).to_numpy()
    listed = seats_by_school(world, stage, years=[world.as_of.year])
    known = pd.Series(dtype=float) if listed is None else listed.set_index("school_id")["seats"]
    seats = known.reindex(keys).to_numpy(dtype=float)
    if has_limit and np.isnan(seats).any():
        raise ArgumentError(Message("arguments.seats_unknown", count=int(np.isnan(seats).sum())))
    return keys, matrix.ways_within(points_in(schools), keys=keys, cutoff_m=reach_m), seats
