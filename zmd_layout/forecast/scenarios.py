"""What a forecast supposes: births, survival, net migration, and moves between units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd

from zmd_layout.errors import StudyError
from zmd_layout.forecast.births import BirthMeasure, Births, packaged_births, range_faults
from zmd_layout.forecast.figures import Figure, read_data, weakest
from zmd_layout.forecast.hamilton_perry import Movement, census_ages, ratio_faults
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Basis

_MOVE_COLUMNS = ("from_unit_id", "to_unit_id", "age_from", "age_to", "share")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    All suppositions of one forecast; low, middle and high are variants of the same scenario.

    Parameters
    ----------
    births
        Children of age 0 by year.
    survival
        Chance to live one more year, by age in completed years from 0 on without a gap. Its last
        age is the last age of the forecast.
    survival_basis
        What the survival rests on.
    net_migration
        Columns `age_from`, `age_to`, `low`, `middle`, `high`, and `unit_id` where units differ:
        the people who come less those who leave in a year, for each of the people who are there;
        −0.02 loses two in a hundred a year. Rows that overlap add up. None: nobody comes or goes.
    moves
        Columns `from_unit_id`, `to_unit_id`, `age_from`, `age_to`, `share`: the share of a unit's
        people who move to another unit in a year, such as from the villages into the towns. One
        share for all variants, so that low stays below high in the unit that is left too; run two
        scenarios to see what it changes. None: nobody moves.
    cohort_ratios
        Columns `age_from`, `age_to`, `low`, `middle`, `high`, and `unit_id` where units differ:
        people ten years later for each of a cohort, by its age at the beginning of the decade
        (`movement_ratios`). They replace survival, for deaths are in them. None: survival alone.
    movement
        Where the ratios come from, for what is printed.

    Raises
    ------
    StudyError
        When a table lacks columns, or numbers are out of their range or order.

    Notes
    -----
    Ages of migration and moves are those at the beginning of the year, both ends included.
    """

    births: Births
    survival: pd.Series
    survival_basis: Basis
    net_migration: pd.DataFrame | None = None
    moves: pd.DataFrame | None = None
    cohort_ratios: pd.DataFrame | None = None
    movement: Movement = Movement.NONE

    def __post_init__(self) -> None:
        faults = self._survival_faults()
        if self.net_migration is not None:
            faults += range_faults(self.net_migration, Message("forecast.migration_table"))
        if self.moves is not None:
            faults += _move_faults(self.moves)
        if self.cohort_ratios is not None:
            faults += range_faults(self.cohort_ratios, Message("forecast.ratios_table"))
            faults += ratio_faults(self.cohort_ratios)
        if faults:
            raise StudyError(*faults)

    def _survival_faults(self) -> list[Message]:
        faults = []
        if self.survival.empty or list(self.survival.index) != list(range(len(self.survival))):
            faults.append(Message("forecast.survival_ages"))
        if not self.survival.between(0.0, 1.0).all():
            faults.append(Message("forecast.survival_range"))
        return faults

    @property
    def basis(self) -> Basis:
        """
        What the weakest supposition rests on.

        Births given as an index are carried over from another place, and rates of migration are
        nobody's count of the years to come: both are assumptions.
        """
        is_supposed = (
            self.births.measure is BirthMeasure.INDEX
            or self.net_migration is not None
            or self.moves is not None
            or self.cohort_ratios is not None
        )
        supposed = [Basis.ASSUMPTION] if is_supposed else []
        return weakest([self.births.basis, self.survival_basis, *supposed])


def default_scenario(births: Births | str = "henan") -> Scenario:
    """
    Return a scenario without migration: the packaged survival, and births as given.

    Parameters
    ----------
    births
        A table, or the name of a packaged series.
    """
    survival = _packaged_survival()
    ages = range(survival.first_age, survival.last_age + 1)
    return Scenario(
        births=packaged_births(births) if isinstance(births, str) else births,
        survival=pd.Series(survival.value, index=pd.Index(ages, name="age")),
        survival_basis=survival.basis,
    )


def suppositions(scenario: Scenario) -> tuple[Message, ...]:
    """
    Report what a forecast supposes, for the legend of a map or the notes of a table.

    Parameters
    ----------
    scenario
        What is supposed.

    Returns
    -------
    tuple of Message
        Births and their sources, survival, and whether anybody comes or goes.
    """
    births = Message("forecast.births_from", sources=scenario.births.sources)
    migration = _movement_message(scenario)
    if scenario.cohort_ratios is not None:
        return births, migration
    lowest, highest = float(scenario.survival.min()), float(scenario.survival.max())
    if lowest == highest == 1.0:
        return births, migration, Message("forecast.all_survive")
    return births, migration, Message("forecast.survive", lowest=f"{lowest:.4f}")


def _movement_message(scenario: Scenario) -> Message:
    if scenario.net_migration is not None or scenario.moves is not None:
        return Message("forecast.with_migration")
    if scenario.cohort_ratios is None:
        return Message("forecast.without_migration")
    if scenario.movement is Movement.GIVEN:
        return Message("forecast.movement_given")
    return Message(f"forecast.movement_{scenario.movement}", source=census_ages().source)


class _Survival(Figure):
    first_age: int
    last_age: int


@cache
def _packaged_survival() -> _Survival:
    return _Survival.model_validate(read_data("scenarios.toml")["survival"])


def _move_faults(moves: pd.DataFrame) -> list[Message]:
    missing = [column for column in _MOVE_COLUMNS if column not in moves]
    if missing:
        return [Message("forecast.moves_columns", columns=missing)]
    shares = moves["share"].astype(float)
    if shares.between(0.0, 1.0).all():  # False where a share is unknown
        return []
    return [Message("forecast.move_share")]
