"""What has to be put right beside the findings: an open defect, covered land for schools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from zmd_layout.development_review.legal_basis import full_name
from zmd_layout.messages import Message, word_message
from zmd_layout.rulebook import Threshold
from zmd_layout.vocabulary import KindergartenDefect, ReviewStage, RuleStatus, UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule


@dataclass(frozen=True, slots=True)
class Parcel:
    """
    Reserved education land that a plot covers.

    Attributes
    ----------
    parcel_id, name
        Which.
    covered_m2
        The part that the plot covers, in m².
    is_synthetic
        Whether it was made up.
    """

    parcel_id: str
    name: str
    covered_m2: float
    is_synthetic: bool


def parcels_under(world: World, shape: shapely.Geometry | None) -> tuple[Parcel, ...]:
    """List the reserved education land that a plot covers, of 1 m² and more."""
    layer = world.layers.get("education_land")
    if layer is None or shape is None:
        return ()
    is_touched = layer.frame.intersects(shape)
    touched = layer.frame[is_touched].assign(made=layer.made(["geometry"])[is_touched.to_numpy()])
    found = [
        Parcel(
            str(row["parcel_id"]), str(row.get("name") or row["parcel_id"]),
            float(shapely.intersection(row["geometry"], shape).area), bool(row["made"]),
        )
        for row in touched.to_dict("records")
    ]  # fmt: skip
    return tuple(parcel for parcel in found if parcel.covered_m2 >= 1)


def faults_of(
    fields: Mapping[str, Any],
    stage: ReviewStage,
    parcels: Sequence[Parcel],
    *,
    rules: Iterable[Rule],
    day: dt.date,
) -> tuple[Message, ...]:
    """
    Report what has to be put right.

    Parameters
    ----------
    fields, stage
        The plot's fields and the stage of its case.
    parcels
        The reserved land that it covers.
    rules, day
        A rule on parcels is cited, with its tolerance; without one nothing is asked.
    """
    defect = fields.get("kindergarten_defect")
    faults: list[Message] = []
    if defect not in {None, KindergartenDefect.NONE} and stage is ReviewStage.ACCEPTANCE:
        word = word_message(KindergartenDefect(str(defect)))
        faults.append(Message("review.open_defect", defect=word))
    for rule in rules:
        if rule.unit is UnitKind.PARCEL and rule.status is RuleStatus.REVIEWED:
            faults += _covered(rule, parcels, day)
    return tuple(faults)


def _covered(rule: Rule, parcels: Sequence[Parcel], day: dt.date) -> list[Message]:
    name = rule.check.tolerance if isinstance(rule.check, Threshold) else None
    limit = None if name is None else rule.limits(day)[name]
    tolerance_m2 = 0.0 if limit is None else limit.value
    clause = next(iter(rule.clauses.values()))
    return [
        Message(
            "review.takes_land", name=parcel.name, size=f"{parcel.covered_m2:.0f}",
            document=full_name(clause.document), article=clause.article, text=clause.text,
        )
        for parcel in parcels
        if parcel.covered_m2 > tolerance_m2
    ]  # fmt: skip
