"""What is asked of a plot beside what is offered: schools, classes, seats and land by stage."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zmd_layout.development_review.phases import Topic
from zmd_layout.forecast import standards
from zmd_layout.layers.offers import OFFER_STAGES
from zmd_layout.measures.supply.offered_size import offered_size
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zmd_layout.development_review.demand import Need
    from zmd_layout.development_review.issues import Issue
    from zmd_layout.vocabulary import Stage


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure that is asked, and offered; NaN where it is not known."""

    asked: float
    offered: float


@dataclass(frozen=True, slots=True)
class Quantities:
    """
    What is asked and offered of one stage.

    Attributes
    ----------
    stage
        Which.
    schools
        Asked by the clause that is in force; NaN where none applies.
    classes, seats
        By the larger estimate of the demand: no clause asks for them.
    site_area_m2
        Of the offered seats, or of the needed ones where no seats are offered.
    basis
        The clause, and the norms with their sources.
    """

    stage: Stage
    schools: Amount
    classes: Amount
    seats: Amount
    site_area_m2: Amount
    basis: tuple[Message, ...]


def quantities_of(
    issues: Sequence[Issue], needs: Sequence[Need], offers: Sequence[Mapping[str, Any]]
) -> tuple[Quantities, ...]:
    """
    Set what is asked beside what is offered, by stage.

    Parameters
    ----------
    issues
        Those on provision ask for schools.
    needs
        The seats of each stage.
    offers
        The promised schools; of one of several stages each has the share of its grades.
    """
    return tuple(_of_stage(need, issues, offers) for need in needs)


def _of_stage(
    need: Need, issues: Sequence[Issue], offers: Sequence[Mapping[str, Any]]
) -> Quantities:
    stage = need.stage
    asked = [
        i
        for i in issues
        if i.topic is Topic.PROVISION and i.rule.stage is stage and i.rule.measure_unit == "school"
        and i.is_decided and i.finding["relation"] == "at_least"
    ]  # fmt: skip
    mine = [offer for offer in offers if str(stage) in OFFER_STAGES[offer["stage"]]]
    size = need.class_size
    size_offered = offered_size(offers, stage)
    seats, classes = size_offered.seats, size_offered.classes
    land = standards().land_m2_per_seat.get(stage)
    based_on = need.larger if math.isnan(seats) or not seats else seats
    wanted = max((float(i.finding["required"]) for i in asked), default=math.nan)
    needed = need.larger / size
    per_class = standards().class_sizes[stage].source
    norm = standards().indicator
    basis = [
        *(Message("review.basis_clause", document=c.document, article=c.article)
          for i in asked for c in [next(iter(i.rule.clauses.values()))]),
        Message("review.basis_seats", value=f"{need.per_thousand:g}", source=norm.source),
        Message("review.basis_class", value=f"{size:g}", source=per_class),
    ]  # fmt: skip
    if land is not None:
        basis.append(Message("review.basis_site", value=f"{land.value:g}", source=land.source))
    return Quantities(
        stage,
        Amount(wanted, float(len(mine))),
        Amount(needed if math.isnan(needed) else float(math.ceil(round(needed, 6))), classes),
        Amount(need.larger, seats),
        Amount(math.nan if land is None else based_on * land.value, size_offered.site_area_m2),
        tuple(dict.fromkeys(basis)),
    )
