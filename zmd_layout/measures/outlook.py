"""
Children and seats by county and township, stage and year: what the census becomes, what is there.

Children are cohorts of the census carried on (`forecast`); seats are those of the schools layer, in
three capacities. Beside the cohorts stand the per-thousand indicator, and grade progression where
enrolment by grade is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from zmd_layout.errors import StudyError
from zmd_layout.forecast import (
    Movement,
    Scenario,
    balance,
    chosen_numbers,
    compare_methods,
    forecast_of_parts,
    packaged_stage_ages,
    progress,
    progression_ratios,
    seats_needed,
    single_years,
    standards,
    suppositions,
    values,
)
from zmd_layout.measures.projection import (
    age_columns,
    children_ahead,
    elsewhere,
    hindcast_of,
    project,
    scenario_case,
)
from zmd_layout.measures.supply.seats import GRADES, STAGES, in_holders, seats_of
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Basis, Stage, UnitKind

if TYPE_CHECKING:
    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

__all__ = ["GRADES", "STAGES", "Outlook", "outlook", "scenario_case"]

# ours: townships of one count whose children differ by less from their county hold all of it
_WHOLE = 0.02


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    Children and seats to come.

    Attributes
    ----------
    children
        As `forecast.forecast` gives it, for counties; a unit within another is left out.
    balance
        As `forecast.balance` gives it; empty without a schools layer.
    suppositions
        What it supposes, for notes and legends.
    is_synthetic
        Whether made-up data are in the seats.
    needed
        As `forecast.seats_needed` gives it, for counties.
    township_children, township_needed, township_balance
        Likewise for townships; empty where they have no ages.
    methods
        As `forecast.compare_methods` gives it, for counties; empty where they have no residents.
    grades
        Pupils by grade progression beside the cohorts: `unit_id`, `year`, `stage`, `pupils`,
        `cohort`, `difference`, `note`; empty without two years of enrolment by grade.
    census_year
        The year of the count.
    by_age
        The counties' people by single year of age, as `forecast.forecast` gives them.
    scenario
        What is assumed, as numbers; its own basis is that of its weakest assumption.
    elsewhere
        Those of senior-school ages who live in the county beside those who were counted there as
        children: `unit_id`, `year`, `stayed` (the counted cohort if everybody had stayed), `living`
        (residents) and `elsewhere` (`stayed` − `living`: net, those who study, work or live in
        another place; negative where more come than leave). Middle scenario; empty where cohorts
        do not change.
    hindcast
        Error of the study's movement by county and stage from 2010 to 2020, the county left out,
        beside that of `none`: `unit_id`, `stage`, `method`, `forecast`, `counted`,
        `error_percent`; empty where the packaged censuses have none of the counties.
    """

    children: pd.DataFrame
    balance: pd.DataFrame
    suppositions: tuple[Message, ...]
    is_synthetic: bool
    needed: pd.DataFrame = field(default_factory=pd.DataFrame)
    township_children: pd.DataFrame = field(default_factory=pd.DataFrame)
    township_needed: pd.DataFrame = field(default_factory=pd.DataFrame)
    township_balance: pd.DataFrame = field(default_factory=pd.DataFrame)
    methods: pd.DataFrame = field(default_factory=pd.DataFrame)
    grades: pd.DataFrame = field(default_factory=pd.DataFrame)
    census_year: int | None = None
    by_age: pd.DataFrame = field(default_factory=pd.DataFrame)
    scenario: Scenario | None = None
    elsewhere: pd.DataFrame = field(default_factory=pd.DataFrame)
    hindcast: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def basis(self) -> Basis:
        """What the children rest on: where nothing is said of it, an assumption."""
        return Basis.ASSUMPTION if self.scenario is None else self.scenario.basis


def outlook(world: World, *, scenario: Scenario | None = None) -> Outlook | None:
    """
    Carry the counties' children on and set their schools' seats beside them.

    Parameters
    ----------
    world
        The study.
    scenario
        What is assumed; by default what the study says in `[forecast]`: without an entry Henan's
        births and the default movement of its counties.

    Returns
    -------
    outlook
        None where the counties have no ages or no year.

    Raises
    ------
    LayerError, StudyError
        Ages, births or migration that cannot be used; a last year before the census.
    """
    if scenario is not None:
        return _outlook(world, scenario)
    kept: Outlook | None = world.keep("outlook", lambda: _outlook(world, None))
    return kept


def _outlook(world: World, scenario: Scenario | None) -> Outlook | None:
    ahead = project(world, scenario) if scenario is not None else children_ahead(world)
    if ahead is None:
        return None
    counties = world.units(UnitKind.COUNTY, {})
    parts = _township_children(world, ahead.by_age, counties)
    schools = world.layers.get("schools")
    needed, part_needed = _needed(world, ahead.children), _needed(world, parts)
    return Outlook(
        ahead.children,
        _balance(world, needed, counties),
        _suppositions(world, ahead.scenario, has_parts=not parts.empty),
        schools is not None and schools.is_synthetic,
        needed=needed,
        township_children=parts,
        township_needed=part_needed,
        township_balance=_balance(world, part_needed, world.units(UnitKind.TOWNSHIP, {})),
        methods=_methods(world, needed, ahead.frame),
        grades=_grades(world, ahead.children, ahead.by_age),
        census_year=ahead.census_year,
        by_age=ahead.by_age,
        scenario=ahead.scenario,
        elsewhere=elsewhere(ahead),
        hindcast=hindcast_of(ahead),
    )


def _suppositions(world: World, scenario: Scenario, *, has_parts: bool) -> tuple[Message, ...]:
    chosen = world.study.forecast
    if scenario.net_migration is None and scenario.moves is None:
        # a scenario that was handed in may leave out whom the study lets come and go
        chosen = chosen.model_copy(update={"net_migration": (), "moves": ()})
    if scenario.movement is not Movement.GIVEN:
        chosen = chosen.model_copy(update={"cohort_ratios": ()})
    found = [*suppositions(scenario), *chosen_numbers(chosen)]
    if "schools" in world.layers:
        found.append(Message("forecast.seats_by_year"))
    if has_parts:
        found.append(Message("forecast.township_shares"))
        move = world.study.forecast.into_towns
        if move is not None:
            first, last = move.ages
            share = f"{100 * move.share:g}"
            found.append(Message("forecast.into_towns", first=first, last=last, share=share))
    return tuple(found)


def _township_children(world: World, by_age: pd.DataFrame, counties: Units | None) -> pd.DataFrame:
    """Share the counties' forecast out over their townships, where these have ages."""
    layer = world.layers.get("townships")
    if layer is None or counties is None or not age_columns(layer.frame):
        return pd.DataFrame()
    frame = layer.frame.set_index("unit_id")
    county = in_holders(world.members(layer, counties), counties).set_axis(frame.index)
    parts = single_years(frame[age_columns(frame)])
    is_same_count = layer.origin.year in (None, int(by_age["year"].min()))
    parts = scaled_to_counties(parts, county, by_age, is_same_count=is_same_count)
    return forecast_of_parts(
        by_age,
        parts,
        within=county,
        is_seat=frame.get("is_county_seat"),
        into_towns=world.study.forecast.into_towns,
    )


def scaled_to_counties(
    parts: pd.DataFrame, county: pd.Series, by_age: pd.DataFrame, *, is_same_count: bool
) -> pd.DataFrame:
    """
    Bring parts of counties to the ages of their county, which a spline splits a little otherwise.

    Parts that were counted in another year are scaled in any case; those of the same count only
    where they hold all of their county, for a layer may have some of its townships.

    Parameters
    ----------
    parts
        Index part, columns single years of age.
    county
        Part → county.
    by_age
        As in `Outlook`.
    is_same_count
        Whether both are of one count.
    """
    first = by_age[by_age["year"] == by_age["year"].min()]
    # a county has one row an age, so the table only changes its shape
    wide = first.set_index(["unit_id", "age"])["middle"].unstack("age")  # noqa: PD010 - see above
    parts = parts.reindex(columns=wide.columns)
    groups = county.reindex(parts.index)
    sums = parts.groupby(groups).sum().mask(parts.isna().groupby(groups).any())
    wanted = wide.reindex(sums.index)
    ratio = (wanted / sums.where(sums > 0)).fillna(1.0).where(sums.notna())
    if is_same_count:
        differs = (sums.sum(axis=1) / wanted.sum(axis=1) - 1).abs() > _WHOLE
        ratio.loc[differs] = 1.0
    scaled: pd.DataFrame = parts * ratio.reindex(groups).set_axis(parts.index)
    return scaled


def _needed(world: World, children: pd.DataFrame) -> pd.DataFrame:
    if children.empty:
        return children
    chosen = {Stage(stage): share for stage, share in world.study.forecast.attendance.items()}
    sizes = values(standards().class_sizes)
    return seats_needed(children, class_sizes=sizes, attendance=chosen)


def _balance(world: World, needed: pd.DataFrame, units: Units | None) -> pd.DataFrame:
    if units is None or needed.empty:
        return pd.DataFrame()
    seats = seats_of(world, units, years=needed["year"].unique().tolist())
    return pd.DataFrame() if seats is None else balance(needed, seats)


def _methods(world: World, needed: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    name, known = world.study.forecast.seats_per_thousand, standards().seats_per_thousand
    if name not in known:
        raise StudyError(Message("forecast.no_indicator", name=name, known=sorted(known)))
    if "residents" not in frame:
        return pd.DataFrame()
    residents = frame.set_index("unit_id")["residents"]
    return compare_methods(needed, residents, seats_per_thousand=known[name].seats)


def _grades(world: World, children: pd.DataFrame, by_age: pd.DataFrame) -> pd.DataFrame:
    """Carry enrolment by grade on, and set the cohorts of the same ages beside it."""
    layer = world.layers.get("grades")
    if layer is None:
        return pd.DataFrame()
    enrolment = _enrolment(layer)
    last, until = int(enrolment["year"].max()), int(children["year"].max())
    if last >= until:
        raise StudyError(Message("forecast.years", base_year=last, found=[until]))
    first_age = packaged_stage_ages()[Stage.PRIMARY][0]
    intake = by_age[by_age["age"] == first_age].rename(columns={"middle": "pupils"})
    table = progress(
        enrolment, progression_ratios(enrolment), intake=intake[["unit_id", "year", "pupils"]],
        years=range(last + 1, until + 1),
    )  # fmt: skip
    table["stage"] = table["grade"].map(_STAGE_OF_GRADE)
    keys = ["unit_id", "year", "stage"]
    groups = table.groupby(keys)["pupils"]
    sums = groups.sum().mask(groups.count() < groups.size())  # one unknown grade: unknown
    is_whole = groups.size() == sums.index.get_level_values("stage").map(GRADES)
    pupils = sums[is_whole].reset_index()
    both = pupils.merge(children[[*keys, "middle"]], on=keys, how="left")
    both = both.rename(columns={"middle": "cohort"})
    both["difference"] = both["pupils"] - both["cohort"]
    numbers = both[["pupils", "cohort", "difference"]].itertuples(index=False)
    both["note"] = pd.Series([_grade_note(*row) for row in numbers], dtype=object)
    return both


_STAGE_OF_GRADE = {
    grade: stage
    for stage, grades in {
        Stage.PRIMARY: range(1, 7), Stage.JUNIOR: range(7, 10), Stage.SENIOR: range(10, 13),
    }.items()
    for grade in grades
}  # fmt: skip


def _grade_note(pupils: float, cohort: float, difference: float) -> Message:
    if pd.isna(difference):
        return Message("forecast.unknown")
    numbers = {"pupils": pupils, "cohort": cohort, "difference": difference}
    texts = {name: f"{value:,.0f}" for name, value in numbers.items()}
    return Message("forecast.grades_follow", **texts)


def _enrolment(layer: Layer) -> pd.DataFrame:
    table = pd.DataFrame(layer.frame.drop(columns=["geometry", "is_synthetic"]))
    return table.astype({"year": int, "grade": int})
