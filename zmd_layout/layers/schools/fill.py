"""What a list of schools says without saying it: filled in by convention, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.layers.schools.stages import (
    StageReading,
    read_stages,
    stages_of_code,
    status_of_name,
)
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SchoolStatus

if TYPE_CHECKING:
    import geopandas as gpd

_TEACHING_POINT_NAME = "教学点"
_STAGE_COLUMNS = ("stages", "possible_stages", "is_stage_ambiguous")


def read_missing_stages(
    frame: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Report the stages of schools whose table does not: from `level_code`, then from the name.

    Parameters
    ----------
    frame
        Schools in our columns. Rows with `stages` or `possible_stages` stay as they are.

    Returns
    -------
    frame, notes
        With `stages`, or, where a name leaves several open, with `possible_stages` and
        `is_stage_ambiguous`; both empty where neither code nor name says anything. What surely is
        no school (housing, a driving school, attached classes) is left out and counted in a note.
    """
    told = _cells(frame, "stages").notna() | _cells(frame, "possible_stages").notna()
    if told.all() or not {"name", "level_code"} & set(frame.columns):
        return frame, ()
    open_rows = frame.index[~told.to_numpy()]
    cells = [_cells(frame, name)[open_rows] for name in ("level_code", "name", "settlement")]
    readings = [
        read_stages(code=_text(code), name=_text(name), settlement=_text(settlement))
        for code, name, settlement in zip(*cells, strict=True)
    ]
    frame = frame.copy()
    for name in _STAGE_COLUMNS:
        frame[name] = _filled(name, _cells(frame, name), open_rows, readings)
    out = [row for row, found in zip(open_rows, readings, strict=True) if _is_none(found)]
    ours = [found for found in readings if not _is_none(found)]
    notes = []
    if ours:
        notes.append(
            Message(
                "layers.schools_stages_read",
                count=sum(bool(found.stages) for found in ours),
                ambiguous=sum(found.is_ambiguous for found in ours),
                unknown=sum(not _says_something(found) for found in ours),
            )
        )
    if out:
        notes.append(Message("layers.schools_left_out", count=len(out)))
    return frame.drop(index=out).reset_index(drop=True), tuple(notes)


def _filled(
    column: str, cells: pd.Series[Any], rows: pd.Index[Any], readings: list[StageReading]
) -> pd.Series[Any]:
    """Fill one column in the rows that were read; a cell that is there goes before a reading."""
    values: dict[str, list[Any]] = {
        "stages": [";".join(found.stages) or None for found in readings],
        "possible_stages": [";".join(found.candidates) or None for found in readings],
        "is_stage_ambiguous": [found.is_ambiguous for found in readings],
    }
    read = pd.Series(values[column], index=rows, dtype=object)
    return cells.astype(object).where(cells.notna(), read.reindex(cells.index))


def _cells(frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    empty = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    found: pd.Series[Any] = frame.get(column, empty)
    return found


def _text(cell: object) -> str | None:
    return cell if isinstance(cell, str) else None


def _is_point(code: str) -> bool:
    """Report a code whose pupils and seats count, though it is no school: 218, attached classes."""
    found = stages_of_code(code)
    return found is not None and found.is_teaching_point


def _says_something(found: StageReading) -> bool:
    return bool(found.stages or found.candidates)


def _is_none(found: StageReading) -> bool:
    return not (found.is_school or found.is_to_check or found.stages)


def complete(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Fill in columns that a list of schools leaves out as a whole.

    A list without `status` is one of schools in operation, but for those whose names say otherwise
    (已撤销, 在建). A list without `is_teaching_point` tells
    teaching points by their code (218, and attached classes) or name. A column that is there and
    empty in a row stays unknown there.

    Returns
    -------
    frame, notes
        The schools, and what was taken for granted.
    """
    notes = []
    if "status" not in frame:
        names = [name if isinstance(name, str) else "" for name in _cells(frame, "name")]
        status = [status_of_name(name) or SchoolStatus.OPERATING for name in names]
        frame["status"] = pd.Series(map(str, status), index=frame.index, dtype=object)
        notes.append(Message("layers.schools_operating"))
        out = [n for n, s in zip(names, status, strict=True) if s is not SchoolStatus.OPERATING]
        if out:
            notes.append(Message("layers.schools_status_by_name", count=len(out), names=out))
    if "is_teaching_point" not in frame:
        named = [False] * len(frame)
        if "name" in frame:
            named = [_TEACHING_POINT_NAME in str(name or "") for name in frame["name"]]
        codes = frame["level_code"] if "level_code" in frame else [None] * len(frame)
        frame["is_teaching_point"] = [
            (code is not None and _is_point(str(code))) or is_named
            for code, is_named in zip(codes, named, strict=True)
        ]
        notes.append(Message("layers.schools_teaching_points"))
    return frame, tuple(notes)
