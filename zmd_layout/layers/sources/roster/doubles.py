"""Rows of a roster that are one school: merged, and told."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.plain import plain
from zmd_layout.layers.schools.doubles import TOGETHER_M
from zmd_layout.layers.schools.stages import core_name
from zmd_layout.layers.sources.roster.report import Doubt, Skipped
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zmd_layout.layers.sources.roster.records import Record

_MOST_DEGREES = 180.0
_M_PER_DEGREE = 111_320.0
_PLACES = ("county_id", "county_name", "township_name")
_TOLD = ("enrolment", "classes", "stages", "ownership", "status")


def merge_doubles(records: Sequence[Record]) -> tuple[list[Record], list[Skipped]]:
    """
    Merge the rows that carry one id and one name, or no id and one name in one place.

    Where rows without an id have positions, those more than 300 m apart are two places, as two
    campuses are; where they have none, only what is spelt alike is one.

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
        for kept, *others in _together(sorted(groups[key], key=_fullness)):
            _fill_up(kept, others)
            merged.append(kept)
            skipped += [
                Skipped(
                    other.row,
                    str(other.school.get("name")),
                    Message("roster.row_double", row=kept.place),
                    other.sheet,
                )
                for other in others
            ]
    _make_ids_unique(merged)
    return sorted(merged, key=lambda record: (record.sheet, record.row)), skipped


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
        return "", name, f"row {record.place}"  # nothing says that another row is the same
    return "", name, f"{x:.1f} {y:.1f}"


def _together(records: Sequence[Record]) -> list[list[Record]]:
    """Part rows of one name that do not stand together."""
    parts: list[list[Record]] = []
    for record in records:
        part = next((p for p in parts if all(_is_one(record, other) for other in p)), None)
        if part is None:
            parts.append([record])
        else:
            part.append(record)
    return parts


def _is_one(first: Record, second: Record) -> bool:
    if first.school.get("school_id") is not None:
        return True
    here, there = _place(first), _place(second)
    is_one_datum = first.school.get("coordinates") == second.school.get("coordinates")
    if here is None or there is None or not is_one_datum:
        return plain(str(first.school.get("name"))) == plain(str(second.school.get("name")))
    (x, y), (to_x, to_y) = here, there
    along, up = to_x - x, to_y - y
    if max(abs(x), abs(to_x)) <= _MOST_DEGREES:
        along *= _M_PER_DEGREE * math.cos(math.radians(y))
        up *= _M_PER_DEGREE
    return math.hypot(along, up) <= TOGETHER_M


def _place(record: Record) -> tuple[float, float] | None:
    x, y = record.school.get("x"), record.school.get("y")
    return None if x is None or y is None or _is_empty(x) or _is_empty(y) else (float(x), float(y))


def _fullness(record: Record) -> tuple[int, str, str]:
    """Order the fullest row first, then by what it says, last by its number."""
    filled = sum(not _is_empty(value) for value in record.school.values())
    return -filled, repr(sorted(record.school.items(), key=lambda item: item[0])), record.place


def _fill_up(kept: Record, others: Iterable[Record]) -> None:
    for other in others:
        differing = []
        for column, value in other.school.items():
            if _is_empty(kept.school.get(column)):
                kept.school[column] = value
            elif column in _TOLD and not _is_empty(value) and value != kept.school[column]:
                differing.append(column)
        if differing:
            reason = Message("roster.doubles_differ", row=other.place, columns=differing)
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
                 reason, record.sheet)  # fmt: skip


def _is_empty(value: Any) -> bool:  # noqa: ANN401 - a cell of any column
    return value is None or (isinstance(value, float) and math.isnan(value))
