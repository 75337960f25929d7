"""A table with what its reader has to know about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd

    from zmd_layout.messages import Message


@dataclass(frozen=True, slots=True)
class WithNotes:
    """
    A table and its notices.

    Parameters
    ----------
    table
        The result.
    notices
        What was supposed, left out or looks wrong; a map, a workbook or a log prints them.
    """

    table: gpd.GeoDataFrame
    notices: tuple[Message, ...]
