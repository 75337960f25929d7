"""How far a target was reached, and when: from the years of its figures or from its findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.vocabulary import DueState, Status, TargetState

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from zmd_layout.rulebook.targets import Target

_OF_DUE = {
    DueState.DUE_MET: TargetState.MET,
    DueState.MET_LATE: TargetState.MET_LATE,
    DueState.DUE_MISSED: TargetState.MISSED,
    DueState.MET_TIME_UNKNOWN: TargetState.TIME_UNKNOWN,
    DueState.DUE_UNVERIFIED: TargetState.UNKNOWN,
    DueState.NOT_DUE: TargetState.NOT_DUE,
}
_OF_STATUS = {
    Status.PASS: TargetState.HOLDS,
    Status.SHORTFALL: TargetState.SHORT,
    Status.NOT_ASSESSABLE: TargetState.UNKNOWN,
    Status.REPORTED: TargetState.REPORTED,
}
# of many units the first that occurs is that of the whole
_GRAVEST_FIRST = (
    TargetState.MISSED, TargetState.SHORT, TargetState.UNKNOWN, TargetState.TIME_UNKNOWN,
    TargetState.NOT_DUE, TargetState.MET_LATE, TargetState.HOLDS, TargetState.MET,
    TargetState.REPORTED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reached:
    """The state of a target, with the figure and the year that decide it."""

    state: TargetState
    actual: float | None = None
    year: int | None = None


def state_of_finding(status: str, due_state: str) -> TargetState | None:
    """Return the state of a finding; None where the provision does not apply to the unit."""
    verdict = Status(status)
    if verdict is Status.NOT_APPLICABLE:
        return None
    dated = _OF_DUE.get(DueState(due_state)) if due_state else None
    if dated is None or verdict is Status.REPORTED:
        return _OF_STATUS[verdict]
    return dated


def gravest(states: Iterable[TargetState]) -> TargetState:
    """Return the state of a whole whose parts have these states."""
    found = set(states)
    return next((state for state in _GRAVEST_FIRST if state in found), TargetState.UNKNOWN)


def reached(
    target: Target,
    figures: Mapping[int, float],
    *,
    base_year: int,
    due_on: dt.date,
    as_of: dt.date,
) -> Reached:
    """
    Hold the figures of a target against it.

    A figure of the plan's years that reaches the target shows that it was met in time. That it was
    missed takes a figure of the due year itself; a newer one alone leaves the time unknown, an
    older one leaves all unknown.

    Parameters
    ----------
    target
        The target.
    figures
        Year → figure; those of the base year and before show nothing, nor do those after `as_of`.
    base_year, due_on, as_of
        The year before the plan, the day by which it is due, and the day of the assessment.
    """
    known = {y: v for y, v in figures.items() if base_year < y <= as_of.year}
    if not known:
        return Reached(TargetState.UNKNOWN)
    last = max(known)
    if target.value is None or as_of < due_on:
        state = TargetState.REPORTED if target.value is None else TargetState.NOT_DUE
        return Reached(state, known[last], last)
    return _dated(target, known, due_on.year)


def _dated(target: Target, known: Mapping[int, float], due: int) -> Reached:
    """Hold figures by year against a target that has a number and is due."""
    last = max(known)
    then = max((year for year in known if year <= due), default=None)
    if then is not None and target.is_met_by(known[then]):
        return Reached(TargetState.MET, known[then], then)
    if then == due:
        later = [year for year in known if year > due and target.is_met_by(known[year])]
        year = min(later, default=due)
        return Reached(TargetState.MET_LATE if later else TargetState.MISSED, known[year], year)
    return Reached(
        TargetState.TIME_UNKNOWN if last > due else TargetState.UNKNOWN, known[last], last
    )
