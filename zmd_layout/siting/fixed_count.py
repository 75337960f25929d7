"""So many new schools: where they would shorten ways, cover children or be fairest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack

from zmd_layout.errors import SitingError
from zmd_layout.location.problem import Problem
from zmd_layout.location.solver import solve
from zmd_layout.messages import Message, word_message
from zmd_layout.siting.assigned import (
    MODELS,
    UNITS,
    answer_sentence,
    solve_assigned,
    with_assigned,
)
from zmd_layout.siting.demand_matrix import DemandMatrix, demand_matrix, joined
from zmd_layout.siting.distances import STAGES, distance_notes, uncovered
from zmd_layout.siting.fair import FairAnswer
from zmd_layout.siting.needs import Need, needs_of
from zmd_layout.siting.placement import Placement, Travel
from zmd_layout.siting.planning import CandidateKind, planning
from zmd_layout.siting.proposed import giving
from zmd_layout.siting.stage_state import Aim, SitingOptions, StageState
from zmd_layout.siting.suggest import Suggestions, gathered, ground_of, nothing, remaining
from zmd_layout.vocabulary import SolveStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.stage_state import Ground


def site_new(
    world: World,
    findings: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    *,
    stage: Stage,
    options: SitingOptions,
    progress: Callable[[Message], None] | None = None,
) -> Suggestions:
    """
    Place new schools of a stage beside those that stand, whatever the rules ask for.

    Candidates are idle campuses, reserved land and generated places. What they would close is told.

    Parameters
    ----------
    world
        Study, layers and day.
    findings, rules
        What is missing, and the rules behind it.
    stage
        The stage.
    options
        Choices of ours; the aim is one of those that do not close shortfalls.
    progress
        Is told what is being done.

    Returns
    -------
    suggestions
        With status `infeasible` and an explanation where no answer does all that was asked: then
        the sites are the best part of one.

    Raises
    ------
    SitingError
        Where a number or a radius is missing, nothing says where children live, or there are fewer
        places than schools.
    """
    matrix = demand_matrix(world, [one for one in Stage if one in {stage, *STAGES}])
    if matrix is None or stage not in matrix.access:
        raise SitingError(Message("sites.without_children"))
    ground = ground_of(matrix, rules, options)
    places = _places(matrix, stage, options)
    _check(options, places, stage)
    if progress is not None:
        progress(Message("sites.placing", stage=word_message(stage)))
    work = StageState(
        stage, matrix.access[stage], matrix.weights(stage), places,
        matrix.reach(places, options), options,
        objective_unit=UNITS[options.aim],
    )  # fmt: skip
    needs = needs_of(findings, rules, stage)
    assignment = curve = pd.DataFrame()
    further: tuple[Message, ...] = ()
    if options.assigns:
        assigned = solve_assigned(ground, work, _radius_m(options, stage))
        answer, assignment = assigned.found, assigned.assignment
        curve = pd.DataFrame() if assigned.curve is None else assigned.curve
        work.objective_unit = answer.unit
        places = assigned.places
    else:
        travel = _travel(ground, work)
        found = solve(
            _problem(travel, work), seed=options.seed, time_limit_s=options.time_limit_s,
            effort=options.effort, until_time=options.until_time,
        )  # fmt: skip
        answer = FairAnswer(found, found.objective, found.bound, work.objective_unit)
        places = found.open_sites[found.open_sites > 0] - 1
    _put(work, answer, places, needs, ground)
    if not options.assigns:
        further = _least_radius(travel, work)
    explanation = (answer_sentence(answer, work), *answer.found.explanation, *further)
    if not work.rows:
        return nothing(world, matrix, tuple(needs), explanation)
    table, catchments = gathered(ground, [work])
    if options.assigns:
        table = with_assigned(table, assignment, work)
    return Suggestions(
        table, catchments, uncovered(world, matrix),
        remaining=tuple(remaining(ground, work, needs)),
        is_reproducible=answer.found.is_reproducible, explanation=explanation,
        distances=distance_notes(world, matrix), assignment=assignment, trade_off=curve,
    )  # fmt: skip


def _places(matrix: DemandMatrix, stage: Stage, options: SitingOptions) -> gpd.GeoDataFrame:
    places = matrix.places[stage]
    is_new = places["kind"] != CandidateKind.EXPANSION
    if options.county_id is not None:
        is_new &= places["county_id"] == options.county_id
    return places[is_new].reset_index(drop=True)


def _check(options: SitingOptions, places: gpd.GeoDataFrame, stage: Stage) -> None:
    faults = []
    if options.aim.needs_count and options.new_count is None:
        faults.append(Message("sites.needs_new", aim=Message(f"sites.aim_{options.aim}")))
    least = options.new_count or 1
    if len(places) < least:
        faults.append(Message("sites.few_places", found=len(places), wanted=least))
    if options.aim in {Aim.COVERED, Aim.COVER_ALL} and _radius_m(options, stage) is None:
        faults.append(Message("sites.needs_radius", stage=word_message(stage)))
    if options.fair is not None and options.aim is not Aim.TRAVEL:
        faults.append(Message("sites.only_travel"))
    if faults:
        raise SitingError(*faults)


def _radius_m(options: SitingOptions, stage: Stage) -> float | None:
    packaged = planning().service_radius_m.get(stage)
    return options.radius_m or (None if packaged is None else packaged.value)


def _travel(ground: Ground, work: StageState) -> Travel:
    county = work.options.county_id
    is_mine = work.children > 0
    if county is not None:
        is_mine &= ground.county_of == county
    points = np.flatnonzero(is_mine)
    if not len(points):
        raise SitingError(Message("sites.without_children"))
    most = work.options.reach_m
    now_m = np.minimum(np.nan_to_num(work.way.found.distance_m[points], nan=most), most)
    counties = ground.world.units(UnitKind.COUNTY, {})
    units = 1 if county is not None or counties is None else len(counties.frame)
    return joined(work, points, now_m, work.to_candidates[:, points], times=units)


def _problem(travel: Travel, work: StageState) -> Problem:
    """
    Make the location problem; all schools that stand are its first site, always open.

    A pair of a child and a place that is no nearer than the school that stands is left out.
    """
    aim = work.options.aim
    pairs = travel.distance_m.T.tocoo()
    point, place, way_m = pairs.row, pairs.col, pairs.data
    limit_m = travel.now_m
    if aim in {Aim.COVERED, Aim.COVER_ALL}:
        limit_m = np.full(len(travel.now_m), _radius_m(work.options, work.stage))
    keep = way_m <= limit_m[point]
    cost = way_m * travel.children[point] if aim is Aim.TRAVEL else way_m
    shape = travel.distance_m.T.shape
    new = csr_array((cost[keep], (point[keep], place[keep])), shape=shape)
    now = travel.now_m * travel.children if aim is Aim.TRAVEL else travel.now_m
    stands = np.flatnonzero(travel.now_m <= limit_m)
    first = csr_array(
        (now[stands], (stands, np.zeros(len(stands), dtype=int))), shape=(shape[0], 1)
    )
    is_fixed = np.zeros(shape[1] + 1, dtype=bool)
    is_fixed[0] = True
    count = work.options.new_count
    return Problem(
        model=MODELS[aim],
        costs=csr_array(hstack([first, new])),
        demands=travel.children,
        open_count=count + 1 if aim.needs_count and count is not None else None,
        fixed_costs=(~is_fixed).astype(np.float64) if aim is Aim.COVER_ALL else None,
        fixed_open=is_fixed,
    )


def _least_radius(travel: Travel, work: StageState) -> tuple[Message, ...]:
    """Report which radius would reach all children, where the one asked for does not."""
    if not (work.is_partial and work.options.aim is Aim.COVER_ALL):
        return ()
    best_m = travel.now_m.copy()
    pairs = travel.distance_m.tocoo()
    np.minimum.at(best_m, pairs.col, pairs.data)
    return (Message("sites.least_radius", radius=np.ceil(best_m.max())),)


def _put(
    work: StageState,
    answer: FairAnswer,
    sites: NDArray[np.int64],
    needs: list[Need],
    ground: Ground,
) -> None:
    """Put the open places into the work, with the needs that each would close."""
    found = answer.found
    work.is_partial = found.status not in {SolveStatus.OPTIMAL, SolveStatus.FEASIBLE}
    chosen = work.places.iloc[sites]
    gives = giving(chosen.reset_index(drop=True), needs, ground.rules, ground.world)
    # no more places close a need than schools are missing
    gives = np.nan_to_num(gives)
    before = np.cumsum(gives, axis=1) - gives
    counts = (gives > 0) & (before < np.array([n.amount for n in needs]).reshape(-1, 1))
    for number, site in enumerate(sites):
        closes = [need for need, row in zip(needs, counts, strict=True) if row[number]]
        county = str(chosen["county_id"].iloc[number])
        work.rows.append({"place": int(site), "county_id": county, "closes": closes, "also": []})
    work.placements.append(
        Placement(
            sites, answer.objective, answer.bound, found.status is SolveStatus.OPTIMAL,
            found.is_reproducible,
        )
    )  # fmt: skip
