"""What is judged, and what is said of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zmd_layout.vocabulary import Basis, DueState, Status, Strength

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from zmd_layout.checks.due import OnDueDay
    from zmd_layout.messages import Message
    from zmd_layout.rulebook import DatedValue
    from zmd_layout.vocabulary import Relation


@dataclass(frozen=True, slots=True)
class Unit:
    """
    What the verdict is about.

    Attributes
    ----------
    fields
        Its attributes; None or a missing key is unknown.
    made
        The attributes that were made up.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    made: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ends:
    """
    The ends of the range in which a number lies; None where it has no end.

    A list that is complete has both equal.
    """

    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, low: float, high: float) -> Ends:
        """Return the ends of a range that may be open."""
        return cls(*(end if math.isfinite(end) else None for end in (low, high)))


UNKNOWN = Ends()


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The status of a rule for a unit, and the numbers behind it; None is unknown.

    `measured_ends` and `gap_ends` are what is surely there and surely missing, and what may be;
    `year` is that of the oldest datum in it, `then` what is known of a target on its due day.
    """

    status: Status
    strength: Strength
    relation: Relation | None
    measured: float | None = None
    required: float | None = None
    gap: float | None = None
    measured_ends: Ends = UNKNOWN
    required_ends: Ends = UNKNOWN
    gap_ends: Ends = UNKNOWN
    due_on: dt.date | None = None
    due_state: DueState = DueState.NONE
    basis: Basis = Basis.CLAUSE
    is_synthetic: bool = False
    flags: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    sources: tuple[str, ...] = ()
    year: int | None = None
    then: OnDueDay | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a check kind says before strength, time and provenance are added."""

    status: Status
    measured: float | None = None
    required: float | None = None
    gap: float | None = None
    measured_ends: Ends = UNKNOWN
    required_ends: Ends = UNKNOWN
    gap_ends: Ends = UNKNOWN
    strength: Strength | None = None
    numbers: tuple[DatedValue, ...] = ()
    basis: Basis | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    is_met: bool | None = None
