"""
Three stages of a case decide what may still be asked.

While the planning conditions are written everything may be asked. Once they are given they bind
both sides: a scheme is held against the rules in force on their day, an acceptance against what was
approved. A plot that was granted gets no new duty; what it lacks is a hint to the county.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from zmd_layout.messages import Message
from zmd_layout.rulebook.measure_forms import NamedMeasure
from zmd_layout.vocabulary import ReviewStage, UnitKind

if TYPE_CHECKING:
    from zmd_layout.rulebook import Rule


class Topic(StrEnum):
    """What a rule speaks of, as far as the stage of a case matters."""

    PROVISION = "provision"
    SIZE = "size"
    DELIVERY = "delivery"
    ACCEPTANCE = "acceptance"
    MERGED = "merged"


class Standing(StrEnum):
    """Whether a clause may be held against the applicant at this stage."""

    ASKED = "asked"
    VERIFY = "verify"
    HINT = "hint"


_DELIVERY = {"school_days_late", "kindergarten_days_late"}
_ACCEPTANCE = {"accepted_with_open_defect"}
_A, _H = Standing.ASKED, Standing.HINT
_TABLE: dict[Topic, dict[ReviewStage, Standing]] = {
    topic: dict(zip(ReviewStage, row, strict=True))
    for topic, row in {
        # conditions, scheme, acceptance
        Topic.PROVISION: (_A, _A, _H),
        Topic.SIZE: (_A, _A, _H),
        Topic.DELIVERY: (_H, _A, _A),
        Topic.ACCEPTANCE: (_H, _H, _A),
        Topic.MERGED: (_H, _H, _H),
    }.items()
}


def topic_of(rule: Rule) -> Topic:
    """Return what a rule speaks of by its unit and by what it measures."""
    if rule.unit is UnitKind.RESIDENTIAL_GROUP:
        return Topic.MERGED
    if rule.unit is UnitKind.SCHOOL:
        return Topic.SIZE
    named = {m.named for m in rule.measures.values() if isinstance(m, NamedMeasure)}
    if named & _ACCEPTANCE:
        return Topic.ACCEPTANCE
    return Topic.DELIVERY if named & _DELIVERY else Topic.PROVISION


def standing_of(
    topic: Topic, stage: ReviewStage, *, is_conditions_day_known: bool
) -> tuple[Standing, Message]:
    """
    Decide whether a clause may be asked, and why.

    Parameters
    ----------
    topic
        What the clause speaks of.
    stage
        The stage of the case.
    is_conditions_day_known
        Without the day of the planning conditions nobody can say which law a scheme is under.
    """
    standing = _TABLE[topic][stage]
    depends = topic in {Topic.PROVISION, Topic.SIZE} and stage is ReviewStage.SCHEME
    if depends and not is_conditions_day_known:
        return Standing.VERIFY, Message("review.why_verify")
    return standing, Message(f"review.why_{topic}_{standing}")
