"""Where a verdict stands in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.checks.verdict import Decision
from zmd_layout.vocabulary import DueState, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from zmd_layout.checks.value import Value
    from zmd_layout.rulebook import Rule


def due_state_unknown(rule: Rule, as_of: dt.date) -> DueState:
    """Place a rule in time of which nothing is known."""
    return due_state(rule, Decision(Status.NOT_ASSESSABLE), {}, as_of)


def due_state(
    rule: Rule, decision: Decision, values: Mapping[str, Value], as_of: dt.date
) -> DueState:
    """
    Place the verdict in time.

    What decided it is as old as its oldest datum. Data older than the due day can show that a
    target was met, never that it was missed.
    """
    due = rule.due.on
    if due is None:
        return rule.due.state or DueState.NONE
    if as_of < due or decision.status is Status.NOT_APPLICABLE:
        return DueState.NOT_DUE if as_of < due else DueState.NONE
    met = {Status.PASS: True, Status.SHORTFALL: False}.get(decision.status, decision.is_met)
    years = [value.year for value in values.values()]
    if met is None or None in years or not years:
        return DueState.DUE_UNVERIFIED
    year = min(y for y in years if y is not None)
    if met:
        return DueState.DUE_MET if year <= due.year else DueState.MET_LATE
    return DueState.DUE_MISSED if year >= due.year else DueState.DUE_UNVERIFIED
