"""What a list of schools says without saying it: filled in by convention, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.messages import Message

if TYPE_CHECKING:
    import geopandas as gpd

TEACHING_POINT_CODE = "218"
_TEACHING_POINT_NAME = "教学点"


def complete(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """
    Fill in columns that a list of schools leaves out as a whole.

    A list without `status` is one of schools in operation. A list without `is_teaching_point` tells
    teaching points by their code (218) or name. A column that is there and empty in a row stays
    unknown there.

    Returns
    -------
    frame, notes
        The schools, and what was taken for granted.
    """
    notes = []
    if "status" not in frame:
        frame["status"] = "operating"
        notes.append(Message("layers.schools_operating"))
    if "is_teaching_point" not in frame:
        named = [False] * len(frame)
        if "name" in frame:
            named = [_TEACHING_POINT_NAME in str(name or "") for name in frame["name"]]
        codes = frame["level_code"] if "level_code" in frame else [None] * len(frame)
        frame["is_teaching_point"] = [
            code == TEACHING_POINT_CODE or is_named
            for code, is_named in zip(codes, named, strict=True)
        ]
        notes.append(Message("layers.schools_teaching_points"))
    return frame, tuple(notes)
