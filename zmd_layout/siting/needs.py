"""The school shortfalls that new schools are to close, read from findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.rulebook import Report, Threshold
from zmd_layout.rulebook.measure_forms import CountMeasure
from zmd_layout.unit_keys import closes_entry
from zmd_layout.vocabulary import Relation, Status, Strength, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from zmd_layout.rulebook import Rule
    from zmd_layout.vocabulary import Stage

LASTING = "lasting-shortage"  # in place of a rule: schools that the plan over years builds
_SCHOOL = "school"
_GROUNDS = {UnitKind.COUNTY, UnitKind.TOWNSHIP}


@dataclass(frozen=True, slots=True)
class Need:
    """
    So many more schools of a stage are needed in a unit.

    Attributes
    ----------
    rule_id, unit_kind, unit_id
        Which rule says so, or `LASTING`, and where.
    amount
        How many schools.
    stage
        Of which stage.
    is_synthetic
        Whether it rests on made-up data.
    is_duty
        Whether the rule lays down a duty, no reference indicator.
    """

    rule_id: str
    unit_kind: UnitKind
    unit_id: str
    amount: float
    stage: Stage
    is_synthetic: bool
    is_duty: bool = False

    @property
    def name(self) -> str:
        """Name the need as `closes` does: rule_id@unit_id."""
        return closes_entry(self.rule_id, self.unit_id)


def _asks_for_schools(rule: Rule, stage: Stage, *, include_indicators: bool) -> bool:
    return (
        rule.stage is stage
        and rule.relation is Relation.AT_LEAST
        and rule.measure_unit == _SCHOOL
        and counted_schools(rule) is not None
        and (include_indicators or rule.strength is not Strength.INDICATOR)
        and bool(set(rule.units) & _GROUNDS)
    )


def counted_schools(rule: Rule) -> CountMeasure | None:
    """Return what a rule counts when it asks for so many schools; None if not schools."""
    if isinstance(rule.check, Report):
        return None
    name = rule.check.measure if isinstance(rule.check, Threshold) else rule.check.supply
    supply = rule.measures[name]
    return supply if isinstance(supply, CountMeasure) and supply.count == "schools" else None


def needs_of(
    findings: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    stage: Stage,
    *,
    include_indicators: bool = False,
) -> list[Need]:
    """
    Read the schools of one stage that rules find missing, in a stable order.

    A need is a shortfall of a rule that asks for at least so many schools of the stage in a county
    or township; of a reference indicator only where indicators are included. Residential areas are
    not among them: what a developer owes stands in the review. Seats are no matter of one year's
    finding but of the plan over years.
    """
    asking = {
        rule.id: rule
        for rule in rules
        if _asks_for_schools(rule, stage, include_indicators=include_indicators)
    }
    is_short = findings["rule_id"].isin(asking) & (findings["status"] == Status.SHORTFALL)
    is_there = findings["unit_kind"].isin([str(kind) for kind in _GROUNDS])
    short = findings[is_short & is_there]
    return [
        Need(
            str(row.rule_id), UnitKind(row.unit_kind), str(row.unit_id),
            float(np.ceil(row.gap)), stage, bool(row.is_synthetic),
            is_duty=asking[row.rule_id].strength is not Strength.INDICATOR,
        )
        for row in short.sort_values(["rule_id", "unit_id"], kind="stable").itertuples()
    ]  # fmt: skip
