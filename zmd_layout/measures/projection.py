"""The counties' children in the years to come, under the study's scenario or another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.errors import StudyError
from zmd_layout.forecast import (
    Movement,
    Scenario,
    forecast,
    hindcast_by_stage,
    scenario_of,
    single_years,
)
from zmd_layout.layers.holding import stands_alone
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from zmd_layout.measures.world import World
    from zmd_layout.study.people import Forecast

# a county's own ratio cannot be tested on the decade that it was taken from
_TESTABLE = (Movement.NATION, Movement.HENAN)


@dataclass(frozen=True, slots=True)
class ChildrenAhead:
    """
    The counties' children in the years to come.

    Attributes
    ----------
    frame
        The counties that are not within another.
    census_year
        The year of the count.
    base
        Those counted, by unit and single year of age.
    children, by_age
        As `forecast.forecast` gives them, by stage and by single year of age.
    scenario
        What is assumed.
    """

    frame: pd.DataFrame
    census_year: int
    base: pd.DataFrame
    children: pd.DataFrame
    by_age: pd.DataFrame
    scenario: Scenario


def children_ahead(world: World) -> ChildrenAhead | None:
    """Project the counties' children under the study's scenario; None as in `outlook`."""
    kept: ChildrenAhead | None = world.keep("children ahead", lambda: project(world, None))
    return kept


def project(world: World, scenario: Scenario | None) -> ChildrenAhead | None:
    """
    Project the counties' children under a scenario.

    Parameters
    ----------
    world
        The study.
    scenario
        What is assumed; None: what the study says.

    Returns
    -------
    ChildrenAhead
        None where the counties have no ages or no year.

    Raises
    ------
    LayerError, StudyError
        Ages, births or ratios that cannot be used; a last year before the census.
    """
    layer = world.layers.get("counties")
    if layer is None or layer.origin.year is None:
        return None
    frame = layer.frame[stands_alone(layer.frame)]
    ages = age_columns(frame)
    if not ages:
        return None
    until, first = world.study.forecast.until, layer.origin.year
    if until < first:
        raise StudyError(Message("forecast.years", base_year=first, found=[until]))
    base = single_years(frame.set_index("unit_id")[ages])
    # a table may have school ages only: the younger are then unknown
    base = base.reindex(columns=pd.RangeIndex(int(base.columns[-1]) + 1, name="age"))
    scenario = scenario or _scenario(world, base.index, world.study.forecast)
    span: dict[str, Any] = {"base_year": first, "years": range(first, until + 1)}
    children = forecast(base, scenario=scenario, **span)
    by_age = forecast(base, scenario=scenario, by="age", **span)
    return ChildrenAhead(frame, first, base, children, by_age, scenario)


def age_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns of age groups."""
    return [str(c) for c in frame.columns if AGE_COLUMN.fullmatch(str(c))]


def scenario_case(
    world: World, *, births: str | None = None, movement: Movement | None = None
) -> Scenario:
    """
    Return the scenario of the study with other births or another movement.

    Parameters
    ----------
    world
        The study.
    births
        A packaged series (`packaged_titles`); None: those of the study.
    movement
        `Movement.NONE`, `NATION`, `HENAN` or `COUNTY`; None: that of the study. A movement that is
        named takes the place of the study's own rates and moves.

    Raises
    ------
    StudyError
        When there is no such series, or a county without a ratio of its own.
    """
    counties = world.layers["counties"].frame
    counties = counties[stands_alone(counties)]
    changes: dict[str, Any] = {}
    if births is not None:
        changes["births"] = births
    if movement is not None:
        changes |= {
            "movement": str(movement), "cohort_ratios": (), "net_migration": (), "moves": (),
        }  # fmt: skip
    chosen = world.study.forecast.model_copy(update=changes)
    units = pd.Index(counties["unit_id"].astype(str))
    return _scenario(world, units, chosen, has_own_births=births is None)


def _scenario(
    world: World, units: pd.Index, chosen: Forecast, *, has_own_births: bool = True
) -> Scenario:
    births = world.layers.get("births") if has_own_births else None
    return scenario_of(
        chosen,
        units=units,
        births=None if births is None else births.frame.drop(columns="is_synthetic"),
        source="" if births is None else births.origin.path,
    )


def elsewhere(ahead: ChildrenAhead) -> pd.DataFrame:
    """Return `Outlook.elsewhere`: those of senior-school ages who stayed, live here, or do not."""
    scenario = ahead.scenario
    if all(
        change is None
        for change in (scenario.cohort_ratios, scenario.net_migration, scenario.moves)
    ):
        return pd.DataFrame()
    still = replace(
        scenario, cohort_ratios=None, net_migration=None, moves=None, movement=Movement.NONE
    )
    years = ahead.children["year"].unique()
    stayed = forecast(ahead.base, base_year=ahead.census_year, years=years, scenario=still)
    keys = ["unit_id", "year", "stage"]
    both = ahead.children.merge(stayed, on=keys, suffixes=("", "_stayed"))
    rows = both[both["stage"] == Stage.SENIOR].reset_index(drop=True)
    return pd.DataFrame(
        {
            "unit_id": rows["unit_id"],
            "year": rows["year"],
            "stayed": rows["middle_stayed"],
            "living": rows["middle"],
            "elsewhere": rows["middle_stayed"] - rows["middle"],
        }
    )


def hindcast_of(ahead: ChildrenAhead) -> pd.DataFrame:
    """Return `Outlook.hindcast`: errors of the movement and of none, by county and stage."""
    units = ahead.base.index
    used = ahead.scenario.movement
    methods = [used, Movement.NONE] if used in _TESTABLE else [Movement.NONE]
    tables = [hindcast_by_stage(units, method).assign(method=str(method)) for method in methods]
    return pd.concat(tables, ignore_index=True)
