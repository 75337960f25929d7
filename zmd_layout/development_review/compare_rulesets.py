"""The same question under another set: what the city asks beside what province or nation ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.development_review.phases import Topic
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.development_review.issues import Issue


@dataclass(frozen=True, slots=True)
class Pair:
    """
    A finding of a set whose source was not read, and that of the study's own set.

    Attributes
    ----------
    theirs
        Of the set beside; it binds nobody.
    ours
        On the same plot or school and of the same topic and stage; None where there is none.
    """

    theirs: Issue
    ours: Issue | None

    @property
    def is_recalled(self) -> bool:
        """Whether the source beside was only recalled: then no opinion prints it."""
        return any(clause.evidence == "R" for clause in self.theirs.rule.clauses.values())

    @property
    def message(self) -> Message:
        """What an official reads: met here and short there, or the same in both."""
        evidence = next(iter(self.theirs.rule.clauses.values())).evidence
        second = {
            "name": str(self.theirs.finding["unit_name"]),
            "theirs": self.theirs.rule.title,
            "their_limit": limit_of(self.theirs),
            "evidence": Message(f"review.evidence_{evidence}"),
        }
        if self.ours is None:
            return Message(f"review.beside_alone_{self.theirs.status}", **second)
        key = f"review.beside_{self.ours.status}_{self.theirs.status}"
        return Message(key, ours=self.ours.rule.title, our_limit=limit_of(self.ours), **second)


def limit_of(issue: Issue) -> Message:
    """Return the number that a finding is held against and what is there, with their unit."""
    row = issue.finding
    unit = Message(f"opinion.unit_{str(row['measure_unit']).replace('/', '_')}")
    key = f"review.limit_{row['relation']}"
    return Message(key, required=f"{row['required']:g}", measured=f"{row['measured']:g}", unit=unit)


def pairs_of(ours: Sequence[Issue], theirs: Sequence[Issue]) -> tuple[Pair, ...]:
    """
    Put what was decided under a set beside to what was decided under the study's own.

    Parameters
    ----------
    ours, theirs
        The issues of a case: of rules that were read, and of drafts.
    """
    decided = {Status.PASS, Status.SHORTFALL}
    own = {_question(issue): issue for issue in ours if issue.status in decided}
    return tuple(
        Pair(issue, own.get(_question(issue))) for issue in theirs if issue.status in decided
    )


def _question(issue: Issue) -> tuple[object, ...]:
    """Distinguish questions; a nine-year school has one size, whichever stage its rule names."""
    stage = None if issue.topic is Topic.SIZE else issue.rule.stage
    return issue.finding["unit_kind"], issue.finding["unit_id"], issue.topic, stage
