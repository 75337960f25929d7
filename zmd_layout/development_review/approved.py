"""What was built, compared at acceptance with the scheme that was approved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zmd_layout.development_review.phases import Standing
from zmd_layout.layers.offers import NINE_YEAR
from zmd_layout.messages import Message, word_message
from zmd_layout.vocabulary import ReviewStage, Stage, Status, Strength

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIGURES = ("schools", "classes", "seats", "site_area_m2")


@dataclass(frozen=True, slots=True)
class Approved:
    """
    A figure of the approved scheme beside what was built.

    Attributes
    ----------
    kind
        The kind of school, as an offer has it.
    figure
        `schools`, `classes`, `seats` or `site_area_m2`.
    approved, built
        Both amounts; what was built is NaN where it is not stated.
    """

    kind: str
    figure: str
    approved: float
    built: float

    @property
    def gap(self) -> float:
        """What is missing, at least 0; NaN where it is not known."""
        return math.nan if math.isnan(self.built) else max(self.approved - self.built, 0.0)

    @property
    def status(self) -> Status:
        """The verdict."""
        if math.isnan(self.built):
            return Status.NOT_ASSESSABLE
        return Status.SHORTFALL if self.gap > 0 else Status.PASS

    @property
    def facts(self) -> Mapping[str, object]:
        """What the table of conclusions asks of a row."""
        return {
            "status": self.status, "standing": Standing.ASKED, "strength": Strength.DUTY,
            "stage": ReviewStage.ACCEPTANCE, "is_assumed": False, "is_reading": False,
            "carries_refusal": False,
        }  # fmt: skip

    @property
    def message(self) -> Message:
        """Return the comparison as a sentence."""
        return Message(
            f"review.approved_{self.status}", kind=kind_word(self.kind),
            figure=Message(f"review.figure_{self.figure}"), approved=f"{self.approved:g}",
            built=f"{self.built:g}", gap=f"{self.gap:g}",
        )  # fmt: skip

    def reason(self, key: str) -> Message:
        """Return the comparison as a reason; its words do not depend on the rule that applies."""
        del key
        return self.message


def kind_word(kind: str) -> Message:
    """Return the name of a kind of school, as an offer has it."""
    return Message("opinion.nine_year") if kind == NINE_YEAR else word_message(Stage(kind))


def is_approval_stated(fields: Mapping[str, Any]) -> bool:
    """Return whether the approved scheme was entered; one without schools has its day alone."""
    return fields.get("approved_on") is not None or bool(fields.get("approved_schools"))


def missing_at(fields: Mapping[str, Any], stage: ReviewStage) -> tuple[Message, ...]:
    """Return the papers that a stage needs and that are not there."""
    if stage is ReviewStage.ACCEPTANCE and not is_approval_stated(fields):
        return (Message("review.missing_approved"),)
    return ()


def compared_with_approved(fields: Mapping[str, Any], stage: ReviewStage) -> tuple[Approved, ...]:
    """
    Compare what was built with what was approved, by kind of school.

    Parameters
    ----------
    fields
        The plot's; `approved_schools` are compared with `schools`.
    stage
        The stage of the case; before acceptance nothing is compared.
    """
    if stage is not ReviewStage.ACCEPTANCE:
        return ()
    approved, built = (tuple(fields.get(k) or ()) for k in ("approved_schools", "schools"))
    kinds = dict.fromkeys(str(offer["stage"]) for offer in approved)
    return tuple(
        Approved(kind, figure, wanted, _sum(built, kind, figure))
        for kind in kinds
        for figure in _FIGURES
        if not math.isnan(wanted := _sum(approved, kind, figure))
    )


def _sum(offers: Sequence[Mapping[str, Any]], kind: str, figure: str) -> float:
    """Add a figure of one kind of school up; NaN where one school does not state it."""
    of_kind = [offer for offer in offers if offer["stage"] == kind]
    if figure == "schools":
        return float(len(of_kind))
    return float(sum(math.nan if o.get(figure) is None else float(o[figure]) for o in of_kind))
