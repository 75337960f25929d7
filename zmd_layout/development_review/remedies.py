"""What would do: for a shortfall, the smallest change that closes it, with its numbers."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from zmd_layout.development_review.phases import Topic
from zmd_layout.measures.supply.offered_size import offered_size
from zmd_layout.messages import Message, word_message
from zmd_layout.vocabulary import Stage, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zmd_layout.development_review.demand import Need
    from zmd_layout.rulebook import Rule


def remedy(
    rule: Rule, finding: Mapping[str, Any], *, area: Mapping[str, Any], topic: Topic
) -> Message | None:
    """
    Name the smallest remedy of a finding.

    Parameters
    ----------
    rule, finding
        The rule and its row.
    area
        The plot's fields, None where unknown; `schools` are the promised ones.
    topic
        What the rule speaks of.

    Returns
    -------
    remedy
        None where nothing is needed.
    """
    if finding["status"] == Status.NOT_ASSESSABLE:
        return Message("review.do_supply", zh=finding["note_zh"], en=finding["note_en"])
    gap = finding["gap"]
    if finding["status"] != Status.SHORTFALL or math.isnan(gap):
        return None
    make: dict[Topic, Callable[[], Message]] = {
        Topic.PROVISION: lambda: _schools(rule, area, int(gap)),
        Topic.DELIVERY: lambda: _earlier(rule, area, int(gap)),
        Topic.SIZE: lambda: Message("review.do_smaller", gap=f"{gap:g}"),
        Topic.ACCEPTANCE: lambda: Message("review.do_mend_first"),
        Topic.MERGED: lambda: Message("review.do_share", stage=_stage(rule), gap=f"{gap:g}"),
    }
    return make[topic]()


def seat_advice(
    needs: Sequence[Need], offers: Sequence[Mapping[str, Any]]
) -> tuple[tuple[Stage, Message], ...]:
    """
    Report by how many classes the promised schools fall short of the seats that are needed.

    It is advice, for the need rests on assumptions; what no clause asks is held against nobody.

    Parameters
    ----------
    needs
        Of every stage, less the spare seats around.
    offers
        The promised schools.

    Returns
    -------
    advice
        By stage; nothing where the need or the promised classes are not known, or enough.
    """
    told = []
    for need in needs:
        promised = offered_size(offers, need.stage).classes
        gap = need.classes - promised
        if not math.isnan(gap) and gap >= 1:
            key = "review.do_classes" if promised else "review.do_find_seats"
            classes = math.ceil(round(gap, 6))
            message = Message(
                key, stage=word_message(need.stage), promised=f"{promised:g}", gap=classes,
                classes=f"{need.classes:g}", seats=f"{classes * need.class_size:g}",
            )  # fmt: skip
            told.append((need.stage, message))
    return tuple(told)


def _stage(rule: Rule) -> Message:
    assert rule.stage is not None  # noqa: S101 - rules on plots and groups have one
    return word_message(rule.stage)


def _earlier(rule: Rule, area: Mapping[str, Any], days: int) -> Message:
    # a kindergarten keeps step with the project, primaries and juniors with its first phase
    is_kindergarten = rule.stage is Stage.KINDERGARTEN
    day = area.get("accepted_on" if is_kindergarten else "first_phase_on")
    assert isinstance(day, dt.date)  # noqa: S101 - nothing is late without it
    key = "review.do_with_project" if is_kindergarten else "review.do_earlier"
    return Message(key, days=days, day=day.isoformat())


def _schools(rule: Rule, area: Mapping[str, Any], gap: int) -> Message:
    """Turn promised primaries into nine-year schools before asking for another site."""
    if rule.stage is Stage.JUNIOR:
        offers = area.get("schools") or ()
        primaries = sum(offer["stage"] == Stage.PRIMARY for offer in offers)
        if primaries >= gap:
            return Message("review.do_nine_year", gap=gap)
    if rule.stage is None:
        return Message("review.do_meet", gap=gap)
    return Message("review.do_more", stage=_stage(rule), gap=gap)
