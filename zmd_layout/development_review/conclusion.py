"""
Four conclusions, by rule only.

A refusal needs a duty from law, ordinance or the plan of the land; what rests on the education plan
alone is to be changed or suggested. Made-up data carry no conclusion at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from zmd_layout.development_review.legal_basis import full_name
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.development_review.issues import Issue


class Conclusions(StrEnum):
    """What an opinion may conclude; a sample concludes nothing."""

    AGREE = "agree"
    AMEND = "amend"
    REFUSE = "refuse"
    INCOMPLETE = "incomplete"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """
    The conclusion of a case.

    Attributes
    ----------
    kind
        Which.
    reasons
        What has to be changed or supplied, or why it is refused; empty for an agreement.
    """

    kind: Conclusions
    reasons: tuple[Message, ...]

    @property
    def message(self) -> Message:
        """The conclusion as it is printed."""
        return Message(f"review.conclusion_{self.kind}")


def conclude(
    issues: Sequence[Issue], *, is_synthetic: bool, faults: Sequence[Message] = ()
) -> Conclusion:
    """
    Conclude a case.

    Parameters
    ----------
    issues
        All findings of the case.
    is_synthetic
        Whether made-up data had a part in it.
    faults
        What has to be put right beside the findings, such as land for schools that is covered.
    """
    refused = [_reason("review.reason_refuse", i) for i in issues if i.carries_refusal]
    lacking = [_reason("review.reason_supply", i) for i in issues if i.lacks_data]
    changes = [_reason("review.reason_change", i) for i in issues if i.needs_change]
    changes += faults
    if is_synthetic:
        return Conclusion(Conclusions.SAMPLE, ())
    for kind, reasons in (
        (Conclusions.REFUSE, refused),
        (Conclusions.INCOMPLETE, lacking),
        (Conclusions.AMEND, changes),
    ):
        if reasons:
            return Conclusion(kind, tuple(dict.fromkeys(reasons)))
    return Conclusion(Conclusions.AGREE, ())


def _reason(key: str, issue: Issue) -> Message:
    clause = next(iter(issue.rule.clauses.values()))
    what = issue.remedy if issue.remedy is not None and not issue.lacks_data else issue.why
    if issue.lacks_data and issue.remedy is not None and issue.finding["status"] != "shortfall":
        what = issue.remedy
    title = Message("review.title", zh=issue.rule.title.zh, en=issue.rule.title.en)
    document = full_name(clause.document)
    return Message(key, rule=title, document=document, article=clause.article, what=what)
