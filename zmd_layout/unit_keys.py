"""
Keys of units, and the one way in which they are written into a text.

An id is opaque: it names its unit and says nothing else. Where the columns of the outputs join
several ids in one text, the signs that separate them (`%`, `+`, `@`, `;`, `#`) are percent-encoded
inside each id, so that every joined text has one reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable

_SMALL = frozenset({UnitKind.SCHOOL, UnitKind.PARCEL})
_AREAS = frozenset({UnitKind.RESIDENTIAL_AREA, *_SMALL})
_GROUPS = frozenset({UnitKind.RESIDENTIAL_GROUP, *_AREAS})
_PARTS: dict[UnitKind, frozenset[UnitKind]] = {
    UnitKind.CITY: frozenset(UnitKind),
    UnitKind.COUNTY: frozenset(UnitKind) - {UnitKind.CITY},
    UnitKind.TOWNSHIP: frozenset({UnitKind.TOWNSHIP, UnitKind.VILLAGE, *_GROUPS}),
    UnitKind.PLANNING_UNIT: frozenset({UnitKind.PLANNING_UNIT, *_GROUPS}),
    UnitKind.VILLAGE: frozenset({UnitKind.VILLAGE, *_SMALL}),
    UnitKind.RESIDENTIAL_GROUP: _GROUPS,
    UnitKind.RESIDENTIAL_AREA: _AREAS,
}
_ENCODED = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "%+@;#"})


class UnitKey(NamedTuple):
    """A unit: ids are unique within a kind only."""

    kind: UnitKind
    unit_id: str


class ClosedNeed(NamedTuple):
    """What a suggestion closes: a rule's shortfall in a unit."""

    rule_id: str
    unit_id: str


def lies_in(part: UnitKind, whole: UnitKind) -> bool:
    """Return whether units of a kind are parts of units of another, or are these themselves."""
    return part in _PARTS.get(whole, frozenset({whole}))


def encode(unit_id: str) -> str:
    """Encode the separators inside an id."""
    return unit_id.translate(_ENCODED)


def join_ids(unit_ids: Iterable[str]) -> str:
    """Write the ids of a group's members as the group's own id: sorted, joined by `+`."""
    return "+".join(encode(unit_id) for unit_id in sorted(unit_ids))


def split_ids(group_id: str) -> tuple[str, ...]:
    """Read the ids of the members out of a group's id."""
    return tuple(unquote(part) for part in group_id.split("+"))


def promised_id(area_id: str, number: int) -> str:
    """Write the id of a residential area's promised school: area, `#`, number."""
    return f"{encode(area_id)}#{number}"


def area_of_promised(school_id: str) -> str:
    """Read the residential area out of the id of its promised school."""
    return unquote(school_id.rpartition("#")[0])


def closes_entry(rule_id: str, unit_id: str) -> str:
    """Write one entry of the column `closes`: rule, `@`, unit."""
    return f"{rule_id}@{encode(unit_id)}"


def read_closes(entries: Iterable[str]) -> list[ClosedNeed]:
    """Read the entries of the column `closes`."""
    parted = (entry.strip().partition("@") for entry in entries)
    return [ClosedNeed(rule_id, unquote(unit_id)) for rule_id, _, unit_id in parted]
