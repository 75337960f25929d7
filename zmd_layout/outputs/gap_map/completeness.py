"""Encode how many of the schools that must exist are known, by unit and stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.outputs.gap_map.tables import encode_table

if TYPE_CHECKING:
    from zmd_layout.outputs.gap_map.context import Positions

FACTS = ("stage", "known", "possible", "expected", "share", "is_short")


def encode_completeness(table: pd.DataFrame, positions: Positions) -> dict[str, Any]:
    """
    Encode completeness.

    Parameters
    ----------
    table
        `measures.school_completeness.completeness_of`; stages of which none is expected, and units
        that the map does not know, are left out.
    positions
        Unit → its number on the page.

    Returns
    -------
    dict
        `table`, and `least`: the share below which no school is called missing.
    """
    keys = list(zip(table["unit_kind"], table["unit_id"], strict=True))
    is_known = pd.Series([key in positions for key in keys], index=table.index, dtype=bool)
    rows = table[is_known & table["share"].notna()].sort_values(
        ["share", "unit_id", "stage"], kind="stable"
    )
    units = [positions[key] for key in zip(rows["unit_kind"], rows["unit_id"], strict=True)]
    facts = {name: rows[name].tolist() for name in FACTS}
    least = float(table["least_share"].iloc[0]) if len(table) else None
    return {"table": encode_table({"unit": units, **facts}), "least": least}
