"""What is judged, and what is said of it."""

from __future__ import annotations

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
class Verdict:
    """
    The status of a rule for a unit, and the numbers behind it; None is unknown.

    `year` is that of the oldest datum in it, `then` what is known of a target on its due day.
    """

    status: Status
    strength: Strength
    relation: Relation | None
    measured: float | None = None
    required: float | None = None
    gap: float | None = None
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
    strength: Strength | None = None
    numbers: tuple[DatedValue, ...] = ()
    basis: Basis | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    is_met: bool | None = None
