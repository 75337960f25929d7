"""The cells of a row → one school in our columns, with what is doubtful about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zmd_layout.layers.reading.cells import Unreadable, read_degrees, word_in
from zmd_layout.layers.schema import SCHEMAS, Kind
from zmd_layout.layers.schools.stages import (
    StageReading,
    read_stages,
    stages_of_code,
    stages_of_words,
)
from zmd_layout.layers.sources.roster import cells as read
from zmd_layout.layers.sources.roster.bands import Band, classes_from
from zmd_layout.layers.sources.roster.report import Doubt
from zmd_layout.layers.sources.roster.tables import fields, words
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Ownership

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zmd_layout.layers.sources.roster.rows import Row

_COUNTS = {"count", "area"}
_UNKNOWN_NAME = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How the cells of a file are to be read.

    Attributes
    ----------
    titles, units
        Field → the head of its column, and the unit that it names.
    bands
        Column → the band of class sizes that it counts.
    values
        The study's translations: our column or a field → theirs → ours.
    is_blank_zero
        Whether an empty cell of a count means zero.
    """

    titles: dict[str, str]
    units: dict[str, str]
    bands: dict[int, Band]
    values: Mapping[str, Mapping[str, str]]
    is_blank_zero: bool


@dataclass(slots=True)
class Record:
    """A school of the roster: our columns, what decided its stages, and the doubts."""

    row: int
    school: dict[str, Any]
    stages: StageReading
    doubts: list[Doubt] = field(default_factory=list)
    is_id_unreadable: bool = False
    sheet: str = ""

    @property
    def place(self) -> str:
        """The row as readers know it: its number, behind its sheet where there are several."""
        return row_name(self.sheet, self.row)


def record_of(row: Row, reading: Reading) -> Record:
    """Read a row."""
    found: dict[str, Any] = {}
    doubts: list[tuple[str, str, Message]] = []
    for name, cell in row.cells.items():
        value = _read(name, cell, reading)
        if isinstance(value, read.Doubtful):
            doubts.append((name, str(cell), value.reason))
            value = value.value
        found[name] = value
    is_id_unreadable = any(
        name == "school_id" and reason.key == "roster.unreadable" for name, _, reason in doubts
    )
    if found.get("place") is not None:
        found["lon"], found["lat"] = found["place"]
    _decide_scale(found, doubts)
    stages = _stages(found, doubts)
    values = _our_columns(found, stages)
    _take_in_pupils(found, values, stages, doubts)
    _take_in_remark(found, values)
    values["classes_of_56_and_more"] = _large_classes(found, row, reading, doubts)
    _look_for_the_implausible(values, doubts)
    told = [
        Doubt(row.number, found.get("school_id") or "", found.get("name") or _UNKNOWN_NAME,
              reading.titles.get(name, ""), cell, reason, row.sheet)
        for name, cell, reason in doubts
    ]  # fmt: skip
    return Record(row.number, values, stages, told, is_id_unreadable, row.sheet)


def _decide_scale(found: dict[str, Any], doubts: list[tuple[str, str, Message]]) -> None:
    """Read 设计规模, which is in classes (39班) or in seats (1800人); a bare number is neither."""
    scale = found.pop("design_scale", None)
    if scale is None:
        return
    unit = re.search(r"(班|人|座|学位|个学位)$", scale)
    try:
        amount = read.read_count(scale.removesuffix(unit[0]) if unit else scale)
    except Unreadable:
        amount = None
    if unit is None or amount is None:
        doubts.append(("design_scale", scale, Message("roster.scale_without_unit")))
        return
    name = "design_classes" if unit[0] == "班" else "design_seats"
    if found.get(name) is None:
        found[name] = amount


def _take_in_pupils(
    found: Mapping[str, Any],
    values: dict[str, Any],
    stages: StageReading,
    doubts: list[tuple[str, str, Message]],
) -> None:
    """
    Add pupils up over the stages that the school has, where the roster has them by stage only.

    Children in a kindergarten are the enrolment of a kindergarten; beside other stages they are in
    attached classes, which are no part of it.
    """
    parts = {
        "kindergarten": found.get("kg_children"), "primary": found.get("pupils_primary"),
        "junior": found.get("pupils_junior"), "senior": found.get("pupils_senior"),
    }  # fmt: skip
    if found.get("pupils") is None:
        own = [parts.get(stage) for stage in stages.stages]
        values["enrolment"] = None if not own or None in own else sum(n for n in own if n)
    if values.get("enrolment") is None and stages.is_ambiguous:
        told = [count for count in parts.values() if count]
        values["enrolment"] = sum(told) if told else None
    children = parts["kindergarten"]
    if children and stages.stages and "kindergarten" not in stages.stages:
        doubts.append(("kg_children", f"{children:g}", Message("roster.attached_children")))


def _take_in_remark(found: Mapping[str, Any], values: dict[str, Any]) -> None:
    """Take what a remark says of the state of a school and of its coordinates."""
    remark = found.get("remark")
    if not remark:
        return
    if values.get("status") is None:
        for status, beginnings in words()["remark"].items():
            if remark.startswith(tuple(beginnings)) and "校舍" not in remark:
                values["status"] = status
                break
        else:
            values.setdefault("status", None)
    if values.get("coordinates") is None and "坐标" in remark:
        told = word_in(remark, words()["coordinates"])[0]
        values["coordinates"] = told


def row_name(sheet: str, row: int) -> str:
    """Name a row to readers."""
    return f"{sheet}!{row}" if sheet else str(row)


def _read(name: str, cell: Any, reading: Reading) -> Any:  # noqa: ANN401 - a cell holds what it holds
    field_ = fields().get(name)
    kind = field_.kind if field_ is not None else _kind_of_column(name)
    column = field_.column if field_ is not None else name
    table = reading.values.get(column or name) or reading.values.get(name)
    if table is not None and str(cell).strip() in table:
        return table[str(cell).strip()]
    is_blank = read.is_blank(cell)
    if is_blank and not (kind == "bool" and cell is not None and str(cell).strip() == "无"):
        return 0.0 if reading.is_blank_zero and kind in _COUNTS else None
    try:
        return _reader(kind, name, column, reading)(cell)
    except Unreadable:
        return read.Doubtful(None, Message("roster.unreadable", found=str(cell)[:40]))


def _kind_of_column(name: str) -> str:
    """Return the kind of one of our columns that is no field of the statistics."""
    column = SCHEMAS["schools"].column(name)
    kinds = {Kind.COUNT: "count", Kind.NUMBER: "number", Kind.BOOL: "bool", Kind.DATE: "date",
             Kind.ID: "id"}  # fmt: skip
    return kinds.get(column.kind, "text") if column is not None else "text"


def _reader(kind: str, name: str, column: str | None, reading: Reading) -> Callable[[Any], Any]:
    if kind == "area":
        return lambda cell: read.read_area(cell, unit=reading.units.get(name, ""))
    if kind == "words":
        table = name if name in words() else str(column)
        return lambda cell: read.read_word(cell, table=table)
    return _READERS[kind]


_READERS: dict[str, Callable[[Any], Any]] = {
    "id": read.read_id,
    "code": read.read_id,
    "text": read.read_text,
    "count": read.read_count,
    "number": read.read_number,
    "bool": read.read_bool,
    "date": read.read_date,
    "longitude": read_degrees,
    "latitude": read_degrees,
    "place": read.read_place_or_none,
}


def _stages(found: Mapping[str, Any], doubts: list[tuple[str, str, Message]]) -> StageReading:
    """Decide the stages: the type code, else the words of a column of stages, else the name."""
    code, text, name = found.get("type_code"), found.get("stage_text"), found.get("name")
    if code is not None and stages_of_code(code) is None:
        doubts.append(("type_code", code, Message("roster.unknown_code", code=code)))
        code = None
    if code is None and text is not None:
        by_words = stages_of_words(text)
        if by_words is not None:
            return by_words
    stages = read_stages(code=code, name=name, settlement=found.get("settlement_code"))
    if stages.is_to_check or stages.is_ambiguous:
        doubts.append(("name", name or "", stages.reason))
    return stages


def _our_columns(found: Mapping[str, Any], stages: StageReading) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in found.items():
        field_ = fields().get(name)
        column = name if field_ is None else field_.column
        if column is not None and (value is not None or column not in values):
            values.setdefault(column, value)
            if values[column] is None:
                values[column] = value
    for first in ("classrooms", "opened_on"):  # they go before what only stands in for them
        if found.get(first) is not None:
            values[str(fields()[first].column)] = found[first]
    values["stages"] = ";".join(stages.stages) or None
    values["possible_stages"] = ";".join(stages.candidates) or None
    values["is_stage_ambiguous"] = stages.is_ambiguous
    values["is_teaching_point"] = bool(values.get("is_teaching_point")) or stages.is_teaching_point
    if stages.stages and not stages.is_school and values.get("is_township_central") is None:
        values["is_township_central"] = False  # attached classes are no kindergarten
    if found.keys() & {"owner_code", "is_public", "inclusive_private"}:
        values["ownership"] = _ownership(found)
    return values


def _ownership(found: Mapping[str, Any]) -> str | None:
    """Join the columns of the owner: a private kindergarten may be inclusive, or for profit."""
    told = [found.get("owner_code"), found.get("is_public")]
    # `教育部门` says public and `民办` private; whoever says more (普惠性民办) goes first
    owner = max((t for t in told if t is not None), key=_PRECISION.index, default=None)
    if owner != Ownership.PRIVATE:
        return owner
    if found.get("inclusive_private"):
        return Ownership.INCLUSIVE_PRIVATE
    return Ownership.FOR_PROFIT if found.get("for_profit") == "yes" else owner


_PRECISION = [
    str(ownership)
    for ownership in (
        Ownership.PUBLIC, Ownership.PRIVATE, Ownership.FOR_PROFIT, Ownership.INCLUSIVE_PRIVATE,
    )
]  # fmt: skip


def _large_classes(
    found: Mapping[str, Any], row: Row, reading: Reading, doubts: list[tuple[str, str, Message]]
) -> float | None:
    """
    Return the classes of 56 and more: a column of that name, else the bands, else 大班额班数.

    大班额 beside a column 超大班额 may or may not hold it: then it is not used.
    """
    told = found.get("classes_of_56_and_more")
    if told is not None:
        return float(told)
    if reading.bands:
        counts = {
            band: _count(row.others[column], is_blank_zero=reading.is_blank_zero)
            for column, band in reading.bands.items()
        }
        return classes_from(counts, from_pupils=words()["large_class"]["from_pupils"])
    large = found.get("large_classes")
    if large is None:
        return None
    if found.get("very_large_classes"):
        doubts.append(("large_classes", f"{large:g}", Message("roster.large_classes")))
        return None
    return float(large)


def _count(cell: Any, *, is_blank_zero: bool) -> float | None:  # noqa: ANN401 - a cell
    if read.is_blank(cell):
        return 0.0 if is_blank_zero else None
    try:
        return read.read_count(cell)
    except Unreadable:
        return None


def _look_for_the_implausible(
    values: Mapping[str, Any], doubts: list[tuple[str, str, Message]]
) -> None:
    for column, (low, high) in words()["plausible"].items():
        value = values.get(column)
        if value is not None and not low <= value <= high:
            name = next(f.name for f in fields().values() if f.column == column)
            reason = Message("roster.implausible", low=low, high=high)
            doubts.append((name, f"{value:g}", reason))
