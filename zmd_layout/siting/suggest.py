"""
From shortfalls to suggested sites: for each stage and county, where the owed schools would stand.

A suggestion is a place to be studied first (备选位置，供选址论证), not a decision. It carries what
it closes, whom it would serve, how ways change, and how far its stage's answer is from the best.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from zmd_layout.findings import find
from zmd_layout.location.problem import SearchEnd
from zmd_layout.messages import Message, word_message
from zmd_layout.siting.columns import empty_suggestions, suggestions_html
from zmd_layout.siting.demand_matrix import DemandMatrix, demand_matrix
from zmd_layout.siting.distances import STAGES, distance_notes, uncovered
from zmd_layout.siting.needs import LASTING, Need, needs_of
from zmd_layout.siting.plan.actions import Action
from zmd_layout.siting.plan.after_plan import after_plan
from zmd_layout.siting.plan.lasting_needs import shortage_of
from zmd_layout.siting.plan.plan_options import PlanOptions
from zmd_layout.siting.plan.plan_story import PlanStory, tell_plan, with_plan
from zmd_layout.siting.plan.planned_rows import (
    SharedSeats,
    beds_cost,
    seats_elsewhere,
    shared_seats,
    standing_rows,
)
from zmd_layout.siting.plan.seats_by_year import COLUMNS as SEAT_COLUMNS
from zmd_layout.siting.plan.seats_by_year import seats_by_year
from zmd_layout.siting.plan.supply_demand import supply_and_demand
from zmd_layout.siting.plan.years_plan import YearsPlan, plan_over_years
from zmd_layout.siting.planning import CandidateKind
from zmd_layout.siting.proposed import world_with
from zmd_layout.siting.sizes import rule_caps, size_caps
from zmd_layout.siting.stage_sites import county_of_need, solve_stage
from zmd_layout.siting.stage_state import Ground, SitingOptions, StageState
from zmd_layout.siting.suggestions_table import no_catchments, report_stage
from zmd_layout.vocabulary import SolveStatus, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule


@dataclass(frozen=True, slots=True)
class Suggestions:
    """
    Suggested sites.

    Attributes
    ----------
    table
        `suggestions.geojson` as a table, in the study's plane.
    catchments
        `suggestion_id` and the ground of the children whose nearest school the site would be
        (模拟学区, not a legal 学区).
    uncovered
        Points of children from which no school of the stage is in reach.
    unmet
        Needs for which there is no candidate.
    remaining
        Needs that the rules still find when they are asked again with all suggestions carried out.
    is_reproducible
        False where a time limit ended a search.
    explanation
        Why there is no (better) answer, for the aims that cover.
    distances
        How ways were measured and how many points have none, as `distance_notes`.
    seats_by_year
        As `seats_by_year`, with `no_seat_after_plan` beside it.
    story
        The plan over years in numbers; None where it could not be made.
    assignment
        Who goes where, if children were assigned to schools (`siting.assigned`); else empty.
    trade_off
        Mean way and envy by the weight of envy, if asked for; else empty.
    """

    table: gpd.GeoDataFrame
    catchments: gpd.GeoDataFrame
    uncovered: gpd.GeoDataFrame
    unmet: tuple[Need, ...] = ()
    remaining: tuple[Need, ...] = ()
    is_reproducible: bool = True
    explanation: tuple[Message, ...] = ()
    distances: dict[str, Message] = field(default_factory=dict)
    seats_by_year: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=SEAT_COLUMNS))
    story: PlanStory | None = None
    assignment: pd.DataFrame = field(default_factory=pd.DataFrame)
    trade_off: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def ended_by(self) -> SearchEnd:
        """What ended the searches: proofs, counts, or for at least one the time."""
        if not self.is_reproducible:
            return SearchEnd.TIME
        is_open = SolveStatus.FEASIBLE in set(self.table.get("solve_status", ()))
        return SearchEnd.COUNT if is_open else SearchEnd.PROOF

    def _repr_html_(self) -> str:
        return suggestions_html(self.table)


def suggest(
    world: World,
    findings: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    *,
    stages: Sequence[Stage] = tuple(Stage),
    options: SitingOptions | None = None,
    progress: Callable[[Message], None] | None = None,
) -> Suggestions:
    """
    Suggest where the schools that rules find missing could stand.

    Parameters
    ----------
    world
        Study, layers and day.
    findings
        What is missing.
    rules
        The rules behind the findings.
    stages
        For which stages.
    options
        Choices of ours; the aim is one of those that close shortfalls.
    progress
        Is told what is being done.

    Returns
    -------
    suggestions
        Sorted by stage, county and rank. Empty where nothing is missing, or where no layer tells
        where children live.
    """
    options = options or SitingOptions()
    needs = {stage: _needs(findings, rules, stage, world, options) for stage in Stage}
    matrix = demand_matrix(world, [stage for stage in Stage if stage in {*stages, *STAGES}])
    if matrix is None:
        lost = [need for stage in stages for need in needs[stage]]
        return nothing(world, None, tuple(lost))
    ground = ground_of(matrix, rules, options)
    if progress is not None:
        progress(Message("sites.planning"))
    plan, by_year = _plan(ground, needs)
    works, lost = [], []
    for stage in stages:
        wanted = [*needs[stage], *_to_build(plan, stage, options)]
        if stage not in matrix.access or (wanted and not matrix.weights(stage).any()):
            lost += needs[stage]
            continue
        if progress is not None and wanted:
            progress(Message("sites.placing", stage=word_message(stage)))
        works.append(solve_stage(ground, stage, wanted))
    after = after_plan(matrix, plan, _new_sites(ground, works, plan))
    elsewhere = list(seats_elsewhere(plan, after))
    plan = replace(plan, beds_cost=beds_cost(plan, elsewhere))
    for work in works:
        _add_standing(work, plan, [*shared_seats(plan), *elsewhere], ground)
    unmet = tuple(lost + [n for work in works for n in work.unmet if n.rule_id != LASTING])
    if not any(work.rows for work in works):
        none = nothing(world, matrix, unmet)
        story = tell_plan(plan, by_year, none.table, after)
        return replace(none, seats_by_year=with_plan(by_year, after), story=story)
    table, catchments = gathered(ground, works, plan)
    story = tell_plan(plan, by_year, table, after)
    return Suggestions(
        table,
        catchments,
        uncovered(world, matrix),
        unmet,
        tuple(need for work in works for need in remaining(ground, work, needs[work.stage])),
        all(p.is_reproducible for work in works for p in work.placements)
        and all(found.answer.is_reproducible for found in plan.amounts.values()),
        distances=distance_notes(world, matrix),
        seats_by_year=with_plan(by_year, after),
        story=story,
    )


def _new_sites(ground: Ground, works: Sequence[StageState], plan: YearsPlan) -> gpd.GeoDataFrame:
    """Place the new schools of the plan, with their seats."""
    built = {one.stage for one in plan.new}
    mine = [work for work in works if work.rows and work.stage in built]
    if not mine:
        return empty_suggestions(ground.world.study.crs)
    table = gathered(ground, mine, plan)[0]
    return table[table["action"] == Action.NEW]


def _is_asked(county: str, options: SitingOptions) -> bool:
    return options.county_id in {None, county}


def _plan(ground: Ground, needs: Mapping[Stage, list[Need]]) -> tuple[YearsPlan, pd.DataFrame]:
    """Plan over years what the schools of duties leave open, and list seats by year."""
    world = ground.world
    options = PlanOptions(world.study.plan)
    supply = supply_and_demand(ground.matrix, options)
    owed = {
        (stage, need.unit_id): int(need.amount)
        for stage in supply
        for need in needs[stage]
        if need.unit_kind is UnitKind.COUNTY
    }
    places = {}
    for stage in supply:
        found = ground.matrix.places[stage]
        places[stage] = found[found["kind"] != CandidateKind.EXPANSION]
    by_rule = rule_caps(list(ground.rules.values()), world)
    caps = {stage: by_rule[str(stage)] for stage in supply if str(stage) in by_rule}
    is_open = world.study.plan.borders == "open"
    shortages = {stage: shortage_of(one, borders_open=is_open) for stage, one in supply.items()}
    plan = plan_over_years(
        ground.matrix,
        supply,
        options,
        shortages=shortages,
        places=places,
        owed=owed,
        size_caps=caps,
    )
    return plan, seats_by_year(world, supply, shortages)


def _to_build(plan: YearsPlan, stage: Stage, options: SitingOptions) -> list[Need]:
    """Return the new schools of the plan as needs of their counties."""
    counties = [one.county_id for one in plan.new if one.stage is stage]
    return [
        Need(
            LASTING, UnitKind.COUNTY, county, float(counties.count(county)), stage,
            plan.supply[stage].is_synthetic,
        )
        for county in sorted(set(counties))
        if _is_asked(county, options)
    ]  # fmt: skip


def _add_standing(
    work: StageState, plan: YearsPlan, shared: list[SharedSeats], ground: Ground
) -> None:
    """Add what is done at standing schools to the chosen places of a stage."""
    places, rows = standing_rows(plan, shared, work.stage)
    if places.empty:
        return
    first = len(work.places)
    table = gpd.GeoDataFrame(places, geometry="geometry", crs=ground.world.study.crs)
    work.places = gpd.GeoDataFrame(
        pd.concat([work.places, table], ignore_index=True), geometry="geometry", crs=table.crs
    )
    work.rows += [
        row | {"place": first + row["place"]}
        for row in rows
        if _is_asked(row["county_id"], work.options)
    ]


def _needs(
    findings: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    stage: Stage,
    world: World,
    options: SitingOptions,
) -> list[Need]:
    """Return the schools of a stage that rules find missing, of one county where one is asked."""
    include = world.study.plan.include_indicators
    found = needs_of(findings, rules, stage, include_indicators=include)
    return [need for need in found if _is_asked(county_of_need(need, world), options)]


def ground_of(matrix: DemandMatrix, rules: Sequence[Rule], options: SitingOptions) -> Ground:
    """Gather what all stages share."""
    by_id = {rule.id: rule for rule in rules}
    return Ground(matrix, by_id, size_caps(rules, matrix.world), options)


def gathered(
    ground: Ground, works: Sequence[StageState], plan: YearsPlan | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Put the answers of all stages that have one into one table and one map of catchments."""
    crs = ground.world.study.crs
    parts = [report_stage(ground, work, plan) for work in works if work.rows]
    tables, areas = ([part[n] for part in parts] for n in (0, 1))
    return (
        gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=crs),
        gpd.GeoDataFrame(pd.concat(areas, ignore_index=True), crs=crs),
    )


def nothing(
    world: World,
    matrix: DemandMatrix | None,
    unmet: tuple[Need, ...] = (),
    explanation: tuple[Message, ...] = (),
) -> Suggestions:
    """Return suggestions of no site."""
    crs = world.study.crs
    return Suggestions(
        empty_suggestions(crs), no_catchments(crs), uncovered(world, matrix), unmet, unmet,
        explanation=explanation, distances=distance_notes(world, matrix),
    )  # fmt: skip


def remaining(ground: Ground, work: StageState, needs: list[Need]) -> list[Need]:
    """Ask the rules again, with the chosen places carried out."""
    if not needs:
        return []
    sites = [row["place"] for row in work.rows if "planned" not in row]
    chosen = work.places.iloc[sites]
    asked = [ground.rules[rule_id] for rule_id in sorted({need.rule_id for need in needs})]
    after = find(asked, world_with(chosen, work.stage, ground.world))
    return _needs(after, asked, work.stage, ground.world, ground.options)
