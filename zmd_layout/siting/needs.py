"""The school shortfalls that new schools are to close, read from findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.measures.definitions import CountMeasure
from zmd_layout.rulebook import Report, Threshold
from zmd_layout.vocabulary import Relation, Stage, Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from zmd_layout.rulebook import Rule

_GROUNDS = {UnitKind.COUNTY, UnitKind.TOWNSHIP}


@dataclass(frozen=True, slots=True)
class Need:
    """
    So many more schools of a stage are owed in a unit.

    Attributes
    ----------
    rule_id, unit_kind, unit_id
        Who says so, and where.
    count
        How many schools.
    stage
        Of which stage.
    is_synthetic
        Whether the finding rests on made-up data.
    """

    rule_id: str
    unit_kind: UnitKind
    unit_id: str
    count: int
    stage: Stage
    is_synthetic: bool

    @property
    def name(self) -> str:
        """Name the need as `closes` does: rule_id@unit_id."""
        return f"{self.rule_id}@{self.unit_id}"


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

    A need is a shortfall of a rule that asks for at least so many schools of the stage in a county
    or township. Residential areas are not among them: what a developer owes stands in the review.
    """
    wanted = {
        rule.id
        for rule in rules
        if rule.stage is stage
        and rule.relation is Relation.AT_LEAST
        and rule.measure_unit == "school"
        and counted_schools(rule) is not None
        and set(rule.units) & _GROUNDS
    }
    short = findings[
        findings["rule_id"].isin(wanted)
        & (findings["status"] == Status.SHORTFALL)
        & findings["unit_kind"].isin([str(kind) for kind in _GROUNDS])
    ]
    return [
        Need(
            str(row.rule_id), UnitKind(row.unit_kind), str(row.unit_id), int(np.ceil(row.gap)),
            stage, bool(row.is_synthetic),
        )
        for row in short.sort_values(["rule_id", "unit_id"], kind="stable").itertuples()
    ]  # fmt: skip
