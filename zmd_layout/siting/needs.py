"""The school shortfalls that new schools are to close, read from findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.rulebook import Report, Threshold
from zmd_layout.rulebook.measure_forms import CountMeasure
from zmd_layout.unit_keys import closes_entry
from zmd_layout.vocabulary import Relation, Stage, Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from zmd_layout.rulebook import Rule

SCHOOL, SEAT = "school", "seat"
_COUNTY_STAGES = {Stage.JUNIOR, Stage.SENIOR, Stage.VOCATIONAL, Stage.SPECIAL}
_GROUNDS = {UnitKind.COUNTY, UnitKind.TOWNSHIP}


@dataclass(frozen=True, slots=True)
class Need:
    """
    So many more schools, or seats, of a stage are owed in a unit.

    Attributes
    ----------
    rule_id, unit_kind, unit_id
        Who says so, and where.
    amount
        How many schools, or how many seats.
    measure_unit
        `school` or `seat`.
    stage
        Of which stage.
    is_synthetic
        Whether the finding rests on made-up data.
    """

    rule_id: str
    unit_kind: UnitKind
    unit_id: str
    amount: float
    measure_unit: str
    stage: Stage
    is_synthetic: bool

    @property
    def name(self) -> str:
        """Name the need as `closes` does: rule_id@unit_id."""
        return closes_entry(self.rule_id, self.unit_id)


def _amount(gap: float, unit: str) -> float:
    return float(np.ceil(gap)) if unit == SCHOOL else float(gap)


def _asks_for_supply(rule: Rule, stage: Stage) -> bool:
    is_counted = rule.measure_unit == SEAT or counted_schools(rule) is not None
    return (
        rule.stage is stage
        and rule.relation is Relation.AT_LEAST
        and rule.measure_unit in {SCHOOL, SEAT}
        and is_counted
        and bool(set(rule.units) & _GROUNDS)
    )


def counted_schools(rule: Rule) -> CountMeasure | None:
    """Give what a rule counts when it asks for so many schools; None where it counts no schools."""
    if isinstance(rule.check, Report):
        return None
    name = rule.check.measure if isinstance(rule.check, Threshold) else rule.check.supply
    supply = rule.measures[name]
    return supply if isinstance(supply, CountMeasure) and supply.count == "schools" else None


def needs_of(findings: gpd.GeoDataFrame, rules: Sequence[Rule], stage: Stage) -> list[Need]:
    """
    Read the needs of one stage, in a stable order.

    A need is a shortfall of a rule that asks for at least so many schools, or seats, of the stage
    in a county or township. Residential areas are not among them: what a developer owes stands in
    the review. Seats are looked for where the plan would have them:
    of juniors and seniors by county, of the others by township.
    """
    units = {rule.id: rule.measure_unit for rule in rules if _asks_for_supply(rule, stage)}
    is_short = findings["rule_id"].isin(units) & (findings["status"] == Status.SHORTFALL)
    is_seat = findings["rule_id"].map(units) == SEAT
    of_seats = UnitKind.COUNTY if stage in _COUNTY_STAGES else UnitKind.TOWNSHIP
    grounds = [str(kind) for kind in _GROUNDS]
    is_there = findings["unit_kind"].isin(grounds) & ~(
        is_seat & (findings["unit_kind"] != of_seats)
    )
    short = findings[is_short & is_there]
    return [
        Need(
            str(row.rule_id), UnitKind(row.unit_kind), str(row.unit_id),
            _amount(row.gap, units[row.rule_id]), units[row.rule_id], stage,
            bool(row.is_synthetic),
        )
        for row in short.sort_values(["rule_id", "unit_id"], kind="stable").itertuples()
    ]  # fmt: skip
