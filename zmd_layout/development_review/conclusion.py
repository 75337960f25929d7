"""
What an opinion concludes, by the table of rules in `conclusions.toml`.

A refusal needs a duty from law, ordinance or the plan of the land; a consent needs a duty that was
decided, and none that is short. Where nothing applies or nothing could be decided there is a
conclusion that says so. Made-up data carry no conclusion at all.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Conclusions(StrEnum):
    """What an opinion may conclude; a sample concludes nothing."""

    AGREE = "agree"
    AMEND = "amend"
    REFUSE = "refuse"
    INCOMPLETE = "incomplete"
    REFER = "refer"
    NO_FIGURE = "no_figure"
    NOT_APPLICABLE = "not_applicable"
    SAMPLE = "sample"


# what an official may conclude instead of the rules
BY_HAND = (
    Conclusions.AGREE,
    Conclusions.AMEND,
    Conclusions.REFUSE,
    Conclusions.INCOMPLETE,
)


class Row(Protocol):
    """A line of a case that the table of conclusions is applied to."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What `conclusions.toml` asks of a row, by its keys."""

    def reason(self, key: str) -> Message:
        """Return the line as a reason in the words of a message."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """
    The conclusion of a case.

    Attributes
    ----------
    kind
        Which.
    reasons
        What has to be changed or supplied, why it is refused, or why there is no conclusion; empty
        for an agreement.
    """

    kind: Conclusions
    reasons: tuple[Message, ...]

    @property
    def message(self) -> Message:
        """The conclusion as it is printed."""
        return Message(f"review.conclusion_{self.kind}")


def conclude(
    rows: Sequence[Row],
    *,
    is_synthetic: bool,
    missing: Sequence[Message] = (),
    faults: Sequence[Message] = (),
) -> Conclusion:
    """
    Conclude a case.

    Parameters
    ----------
    rows
        Its findings, and its comparison with the approved scheme.
    is_synthetic
        Whether made-up data had a part in it.
    missing
        Papers that the stage needs and that are not there.
    faults
        What has to be put right beside the rows, such as land for schools that is covered.
    """
    if is_synthetic:
        return Conclusion(Conclusions.SAMPLE, ())
    lists = {"missing": missing, "faults": faults}
    for rule in _rules():
        matched = [row for row in rows if _matches(row.facts, rule["rows"])]
        listed = lists.get(rule.get("list", ""), ())
        if matched or listed or rule.get("always"):
            key = rule.get("reason")
            reasons = [*(row.reason(key) for row in matched if key), *listed]
            return Conclusion(Conclusions(rule["conclusion"]), tuple(dict.fromkeys(reasons)))
    raise AssertionError("the last rule applies always")


def _matches(facts: Mapping[str, object], patterns: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        all(facts[key] in allowed for key, allowed in pattern.items()) for pattern in patterns
    )


@cache
def _rules() -> tuple[dict[str, Any], ...]:
    source = files("zmd_layout.development_review") / "conclusions.toml"
    return tuple(tomllib.loads(source.read_text("utf-8"))["rule"])
