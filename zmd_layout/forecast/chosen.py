"""The scenario that a study chooses: its `[forecast]` and its own table of births."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from zmd_layout.errors import StudyError
from zmd_layout.forecast.births import BirthMeasure, Births, births_from_table
from zmd_layout.forecast.hamilton_perry import Movement, default_movement, movement_ratios
from zmd_layout.forecast.scenarios import Scenario, default_scenario
from zmd_layout.messages import Message, word_message
from zmd_layout.vocabulary import Basis, Stage

if TYPE_CHECKING:
    from zmd_layout.study.people import CohortRatio, Forecast, NetMigration


def scenario_of(
    chosen: Forecast,
    *,
    units: pd.Index,
    births: pd.DataFrame | None = None,
    source: str = "",
) -> Scenario:
    """
    Make the scenario of a study.

    Parameters
    ----------
    chosen
        The table `[forecast]`.
    units
        The units of the forecast; a row of net migration without a unit holds for all of them.
    births
        The layer `births`: `year`, `births` (counted) or `low`, `middle`, `high`, and `unit_id`
        where units differ. None: the packaged series that the study names.
    source
        Where the table stands, if the study does not say it better.

    Raises
    ------
    StudyError
        As `Births` and `Scenario`; a table of births of which some rows name a unit and some none.
    """
    table = chosen.births if births is None else _own_births(chosen, births, source)
    scenario = default_scenario(table)
    if chosen.births_factor != 1:
        scaled = replace(scenario.births, factor=chosen.births_factor, basis=Basis.ASSUMPTION)
        scenario = replace(scenario, births=scaled)
    movement = chosen_movement(chosen, units)
    given = movement is Movement.GIVEN
    return replace(
        scenario,
        net_migration=_rates(chosen.net_migration, units),
        moves=_moves(chosen),
        cohort_ratios=(
            _rates(chosen.cohort_ratios, units) if given else movement_ratios(movement, units)
        ),
        movement=movement,
    )


def chosen_movement(chosen: Forecast, units: pd.Index) -> Movement:
    """
    Return the movement of a study: its own word, its own numbers, or the default.

    Parameters
    ----------
    chosen
        The table `[forecast]`. Rates or moves of its own take the place of the default movement.
    units
        The units of the forecast.
    """
    if chosen.cohort_ratios:
        return Movement.GIVEN
    if chosen.movement is not None:
        return Movement(chosen.movement)
    if chosen.net_migration or chosen.moves:
        return Movement.NONE
    return default_movement(units)


def chosen_numbers(chosen: Forecast) -> tuple[Message, ...]:
    """
    Report the numbers that a study supposes, for the notes of a table.

    Parameters
    ----------
    chosen
        The table `[forecast]`.

    Returns
    -------
    tuple of Message
        Cohort ratios, rates of net migration, moves between counties, and seats for each child.
    """
    rates = [
        Message(
            "forecast.net_rate", unit=rate.unit_id or Message("forecast.all_units"),
            first=rate.ages[0], last=rate.ages[1], low=f"{100 * rate.low:g}",
            middle=f"{100 * rate.middle:g}", high=f"{100 * rate.high:g}",
        )
        for rate in chosen.net_migration
    ]  # fmt: skip
    ratios = [
        Message(
            "forecast.cohort_ratio", unit=ratio.unit_id or Message("forecast.all_units"),
            first=ratio.ages[0], last=ratio.ages[1], low=f"{ratio.low:g}",
            middle=f"{ratio.middle:g}", high=f"{ratio.high:g}",
        )
        for ratio in chosen.cohort_ratios
    ]  # fmt: skip
    moves = [
        Message(
            "forecast.move", first=move.ages[0], last=move.ages[1], share=f"{100 * move.share:g}",
            left=move.from_unit_id, reached=move.to_unit_id,
        )
        for move in chosen.moves
    ]  # fmt: skip
    seats = [
        Message("forecast.seats_a_child", stage=word_message(Stage(stage)), seats=f"{share:g}")
        for stage, share in chosen.attendance.items()
    ]
    factor = chosen.births_factor
    births = [] if factor == 1 else [Message("forecast.births_times", factor=f"{factor:g}")]
    return (*births, *ratios, *rates, *moves, *seats)


def _own_births(chosen: Forecast, births: pd.DataFrame, source: str) -> Births:
    table = pd.DataFrame(births.drop(columns="geometry", errors="ignore"))
    table["year"] = table["year"].astype(int)
    if "unit_id" in table:
        unnamed = int(table["unit_id"].isna().sum())
        if unnamed == len(table):
            table = table.drop(columns="unit_id")
        elif unnamed:
            raise StudyError(Message("forecast.births_unnamed", rows=unnamed))
    return births_from_table(
        table,
        measure=BirthMeasure(chosen.births_are),
        basis=Basis(chosen.births_basis),
        source=chosen.births_source or source,
        holds_last=chosen.births_hold,
    )


def _rates(rates: tuple[NetMigration | CohortRatio, ...], units: pd.Index) -> pd.DataFrame | None:
    rows = [
        (unit, *rate.ages, rate.low, rate.middle, rate.high)
        for rate in rates
        for unit in (units if rate.unit_id is None else [rate.unit_id])
    ]
    columns = ["unit_id", "age_from", "age_to", "low", "middle", "high"]
    return pd.DataFrame(rows, columns=columns) if rows else None


def _moves(chosen: Forecast) -> pd.DataFrame | None:
    rows = [(move.from_unit_id, move.to_unit_id, *move.ages, move.share) for move in chosen.moves]
    columns = ["from_unit_id", "to_unit_id", "age_from", "age_to", "share"]
    return pd.DataFrame(rows, columns=columns) if rows else None
