"""The word that was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALIKE = 60  # of 100


def nearest(found: str, known: Iterable[str], *, at_least: float = _ALIKE) -> str | None:
    """Return the known word that is most like the one found; None where none is like it."""
    match = process.extractOne(found, sorted(known), scorer=fuzz.ratio, score_cutoff=at_least)
    return None if match is None else str(match[0])
