"""A measured value: a range, and where it comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zmd_layout.messages import Message
    from zmd_layout.vocabulary import Basis


@dataclass(frozen=True, slots=True)
class Value:
    """
    What is known of one measure of one unit.

    Attributes
    ----------
    low, high
        The ends of the range in which the true value lies. Equal: known. −inf and inf: unknown.
        A count of which some rows lack the decisive field has the sure rows as `low` and the
        possible ones as `high`.
    year
        The year of the oldest datum in it; None if the study does not say.
    is_synthetic
        Whether a made-up datum is in it.
    basis
        None where it is simply counted; `assumption` where a number of ours is in it.
    flags, notes
        Cautions, and sentences for the finding (for an unknown value: why).
    sources
        The layers it comes from, as `schools 2025`.
    """

    low: float = -math.inf
    high: float = math.inf
    year: int | None = None
    is_synthetic: bool = False
    basis: Basis | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether the value is known."""
        return self.low == self.high

    @property
    def is_bounded(self) -> bool:
        """Whether both ends are finite."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def is_unknown(self) -> bool:
        """Whether nothing at all is known at the upper end."""
        return not self.is_exact and not self.is_bounded

    @property
    def known(self) -> float | None:
        """The value, or None if it is not exactly known."""
        return self.low if self.is_exact else None


def exactly(number: float, **provenance: object) -> Value:
    """Give a known value."""
    return Value(number, number, **provenance)  # type: ignore[arg-type]
