"""A finding as an issue of a case: whether it may be asked, on what ground, and what would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zmd_layout.development_review.legal_basis import (
    Ground,
    carries_refusal,
    full_name,
    ground_of,
)
from zmd_layout.development_review.phases import Standing, Topic, standing_of, topic_of
from zmd_layout.development_review.remedies import remedy
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Basis, Flag, ReviewStage, RuleStatus, Status, Strength

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zmd_layout.development_review.letter import Letter
    from zmd_layout.rulebook import Rule


@dataclass(frozen=True, slots=True)
class Issue:
    """
    A finding of a case.

    Attributes
    ----------
    rule
        Its rule.
    finding
        Its row in the findings.
    topic, standing, why
        What it speaks of, whether it may be asked at this stage, and why.
    ground
        What kind of document it rests on.
    remedy
        The smallest thing that would do, or None where nothing is needed.
    stage
        The stage of the case.
    letter
        Where the letter of the clause asks for less than the proportion: both, each a line of an
        opinion.
    """

    rule: Rule
    finding: Mapping[str, Any]
    topic: Topic
    standing: Standing
    why: Message
    ground: Ground
    remedy: Message | None
    stage: ReviewStage
    letter: Letter | None = None

    @property
    def status(self) -> Status:
        """The verdict."""
        return Status(self.finding["status"])

    @property
    def strength(self) -> Strength:
        """How strongly it binds here."""
        return Strength(self.finding["strength"])

    @property
    def is_draft(self) -> bool:
        """Whether its source was not read: a comparison, and no ground of an opinion."""
        return self.rule.status is RuleStatus.DRAFT

    @property
    def is_decided(self) -> bool:
        """Whether it is met or short."""
        return self.status in {Status.PASS, Status.SHORTFALL}

    @property
    def is_short(self) -> bool:
        """Whether it is short and may be asked."""
        return self.status is Status.SHORTFALL and self.standing is Standing.ASKED

    @property
    def rests_on_reading(self) -> bool:
        """Whether our reading decides it, and not the letter of the clause."""
        is_reading = str(Flag.READING_DECIDES) in str(self.finding["flags"]).split(";")
        return is_reading and self.finding["basis"] == Basis.ASSUMPTION

    @property
    def is_held(self) -> bool:
        """Whether it is short, binds, and is held against the applicant at this stage."""
        binding = self.strength in {Strength.DUTY, Strength.IN_PRINCIPLE}
        return self.is_short and binding and not self.rests_on_reading

    @property
    def facts(self) -> Mapping[str, object]:
        """What the table of conclusions asks of a row."""
        return {
            "status": self.status, "standing": self.standing, "strength": self.strength,
            "stage": self.stage, "is_assumed": self.finding["basis"] == Basis.ASSUMPTION,
            "is_reading": self.rests_on_reading, "carries_refusal": carries_refusal(self.ground),
        }  # fmt: skip

    def reason(self, key: str) -> Message:
        """Return the issue as a reason of a conclusion, in the words of a message."""
        clause = next(iter(self.rule.clauses.values()))
        title = Message("review.title", zh=self.rule.title.zh, en=self.rule.title.en)
        is_asked = self.status is Status.SHORTFALL and self.standing is not Standing.VERIFY
        what = self.why
        if self.remedy is not None and (is_asked or self.status is Status.NOT_ASSESSABLE):
            what = self.remedy
        note = Message("review.do_supply", zh=self.finding["note_zh"], en=self.finding["note_en"])
        return Message(
            key, rule=title, document=full_name(clause.document), article=clause.article,
            what=what, note=note,
        )  # fmt: skip

    @property
    def lacks_data(self) -> bool:
        """Whether it cannot be decided, or not be held against anyone, for want of a datum."""
        undecided = self.status is Status.NOT_ASSESSABLE and self.standing is not Standing.HINT
        return undecided or (self.status is Status.SHORTFALL and self.standing is Standing.VERIFY)


def issue_of(
    rule: Rule,
    finding: Mapping[str, Any],
    *,
    area: Mapping[str, Any],
    stage: ReviewStage,
    letter: Letter | None = None,
) -> Issue:
    """
    Make an issue of a finding.

    Parameters
    ----------
    rule, finding
        The rule and its row.
    area
        The plot's fields, None where unknown.
    stage
        The stage of the case.
    letter
        As `letter_of` gives it for the rule and the plot.
    """
    topic = topic_of(rule)
    if rule.status is RuleStatus.DRAFT:
        standing, why = Standing.HINT, Message("review.why_draft")
    else:
        standing, why = standing_of(
            topic, stage, is_conditions_day_known=area.get("conditions_on") is not None
        )
    ground = ground_of(next(iter(rule.clauses.values())).document)
    wanted = remedy(rule, finding, area=area, topic=topic)
    is_decided = Status(finding["status"]) in {Status.PASS, Status.SHORTFALL}
    return Issue(
        rule, finding, topic, standing, why, ground, wanted, stage, letter if is_decided else None
    )
