"""Rows of a roster that are one school: merged, and told."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.schools.stages import core_name
from zmd_layout.layers.sources.roster.report import Doubt, Skipped
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zmd_layout.layers.sources.roster.records import Record

_PLACES = ("county_id", "county_name", "township_name")
_TOLD = ("enrolment", "classes", "stages", "ownership", "status")


def merge_doubles(records: Sequence[Record]) -> tuple[list[Record], list[Skipped]]:
    """
    Merge the rows that carry one id and one name, or no id and one name in one place.

    The fuller row is kept and filled up from the others; where they contradict each other it is on
    the list of doubtful rows. One id under two names stays two schools, the second with the number
    of the school behind its id, and both are doubtful. A school without an id takes its name as
    one. The result does not depend on the order of the rows.

    Returns
    -------
    records, skipped
        The schools, each with an id of its own, and the rows that were taken into another.
    """
    groups: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in records:
        groups[_key(record)].append(record)
    merged, skipped = [], []
    for key in sorted(groups):
        kept, *others = sorted(groups[key], key=_fullness)
        _fill_up(kept, others)
        merged.append(kept)
        skipped += [
            Skipped(o.row, str(o.school.get("name")), Message("roster.row_double", row=kept.row))
            for o in others
        ]
    _make_ids_unique(merged)
    return sorted(merged, key=lambda record: record.row), skipped


def _key(record: Record) -> tuple[str, ...]:
    values = record.school
    name = core_name(str(values.get("name") or ""))
    identity = values.get("school_id")
    if identity is not None:  # attached classes carry the id, and often the name, of their school
        return str(identity), name, "" if record.stages.is_school else "attached"
    places = [str(values.get(column) or "") for column in _PLACES]
    if any(places):
        return "", name, *places
    x, y = values.get("x"), values.get("y")
    if x is None or y is None:
        return "", name, f"row {record.row}"  # nothing says that another row is the same
    return "", name, f"{x:.1f} {y:.1f}"


def _fullness(record: Record) -> tuple[int, str, int]:
    """Order the fullest row first, then by what it says, last by its number."""
    filled = sum(not _is_empty(value) for value in record.school.values())
    return -filled, repr(sorted(record.school.items(), key=lambda item: item[0])), record.row


def _fill_up(kept: Record, others: Iterable[Record]) -> None:
    for other in others:
        differing = []
        for column, value in other.school.items():
            if _is_empty(kept.school.get(column)):
                kept.school[column] = value
            elif column in _TOLD and not _is_empty(value) and value != kept.school[column]:
                differing.append(column)
        if differing:
            reason = Message("roster.doubles_differ", row=other.row, columns=differing)
            kept.doubts.append(_doubt(kept, reason))


def _make_ids_unique(records: Sequence[Record]) -> None:
    taken: dict[str, int] = defaultdict(int)
    for record in sorted(records, key=_key):
        values = record.school
        identity = str(values.get("school_id") or values.get("name"))
        is_shared = taken[identity] > 0
        taken[identity] += 1
        values["school_id"] = f"{identity}-{taken[identity]}" if is_shared else identity
        if is_shared and record.stages.is_school:
            record.doubts.append(_doubt(record, Message("roster.id_shared", id=identity)))


def _doubt(record: Record, reason: Message) -> Doubt:
    values = record.school
    return Doubt(record.row, str(values["school_id"] or ""), str(values.get("name") or ""), "", "",
                 reason)  # fmt: skip


def _is_empty(value: Any) -> bool:  # noqa: ANN401 - a cell of any column
    return value is None or (isinstance(value, float) and math.isnan(value))
