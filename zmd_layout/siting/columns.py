"""The form of suggested sites, a contract with other people's scripts."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import geopandas as gpd

from zmd_layout.messages import Message
from zmd_layout.messages.html import html_table, said

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 10

COLUMNS = (
    "id", "rank", "county_id", "stage", "action", "name", "seats", "classes", "opens_in",
    "residents_served", "children_served", "mean_distance_before_m", "mean_distance_after_m",
    "closes", "model", "solve_status", "objective", "objective_unit", "bound", "gap_percent",
    "flags", "is_synthetic", "note_zh", "note_en", "from_year", "until_year", "use_2027",
    "use_2032", "use_2035", "is_indicative", "is_duty",
)  # fmt: skip


def empty_suggestions(crs: str) -> gpd.GeoDataFrame:
    """Return an empty table of suggestions in `crs`."""
    return gpd.GeoDataFrame({name: [] for name in COLUMNS}, geometry=[], crs=crs)


def suggestions_html(table: pd.DataFrame) -> str:
    """Return the first suggested sites with the shortfalls they close and their gap."""
    if table.empty:
        return f"<p>{escape(said(Message('showing.no_sites')))}</p>"
    columns = ("id", "name", "stage", "seats", "opens_in", "closes", "gap_percent")
    heads = [said(Message(f"showing.{name}")) for name in columns]
    first = table[list(columns)].head(_SHOWN)
    more = len(table) - len(first)
    rest = f"<p>{escape(said(Message('showing.more', count=more)))}</p>" if more else ""
    return html_table(heads, first.itertuples(index=False)) + rest
