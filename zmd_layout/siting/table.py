"""The form of suggested sites, a contract with other people's scripts."""

from __future__ import annotations

import geopandas as gpd

COLUMNS = (
    "id", "rank", "county_id", "stage", "action", "name", "seats", "classes", "opens_in",
    "residents_served", "children_served", "mean_distance_before_m", "mean_distance_after_m",
    "closes", "model", "solve_status", "objective", "objective_unit", "bound", "gap_percent",
    "flags", "is_synthetic", "note_zh", "note_en",
)  # fmt: skip


def empty_suggestions(crs: str) -> gpd.GeoDataFrame:
    """Give an empty table of suggestions in `crs`."""
    return gpd.GeoDataFrame({name: [] for name in COLUMNS}, geometry=[], crs=crs)
