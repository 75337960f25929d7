"""A measured value: a range, and where it comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.messages import Message
from zmd_layout.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
    is_void
        Whether there is nothing to measure (no school was promised that could come late, no pupils
        of whom to give a share): a rule that asks for it does not apply. Never used for unknown.
    basis
        None where it is simply counted; `assumption` where a number of ours is in it.
    flags, notes
        Cautions, and sentences for the finding (for an unknown value: why).
    method
        How a known value was come to, where the finding must say so: year, cases, class size.
    sources
        The layers it comes from, as `schools 2025`.
    """

    low: float = -math.inf
    high: float = math.inf
    year: int | None = None
    is_synthetic: bool = False
    is_void: bool = False
    basis: Basis | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    method: tuple[Message, ...] = ()
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
    """Return a known value."""
    return Value(number, number, **provenance)  # type: ignore[arg-type]


def oldest(*years: int | None) -> int | None:
    """Return the earliest year, or None where any is unknown or there is none."""
    known = [year for year in years if year is not None]
    return min(known) if known and len(known) == len(years) else None


def unique(notes: Iterable[Message]) -> tuple[Message, ...]:
    """Drop repeated messages, keeping the order; their values may be lists, so no set will do."""
    found: list[Message] = []
    for note in notes:
        if note not in found:
            found.append(note)
    return tuple(found)


def weakest(*bases: Basis | None) -> Basis | None:
    """Return the weakest of what several numbers rest on; None where all are simply counted."""
    order = list(Basis)
    return max((basis for basis in bases if basis is not None), key=order.index, default=None)


def total(parts: Sequence[Value], *, source: str) -> Value:
    """
    Add values up; the unknown ends of any part are unknown of the sum.

    Parameters
    ----------
    parts
        The values; none sum to a known 0.
    source
        How findings cite the layer that tells what the parts are.
    """
    open_notes = unique(n for part in parts if not part.is_exact for n in part.notes)
    notes = sorted(open_notes, key=str)
    low = sum(part.low for part in parts)
    if notes and math.isfinite(low):
        notes.insert(0, Message("measures.sum_open", low=low))
    return Value(
        low,
        sum(part.high for part in parts),
        year=oldest(*(part.year for part in parts)),
        is_synthetic=any(part.is_synthetic for part in parts),
        basis=weakest(*(part.basis for part in parts)),
        flags=tuple(sorted({flag for part in parts for flag in part.flags})),
        notes=tuple(notes),
        sources=tuple(sorted({source} | {s for part in parts for s in part.sources})),
    )
