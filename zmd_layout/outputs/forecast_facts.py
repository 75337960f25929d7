"""Facts of a forecast for report and workbook: who is elsewhere, and the hindcast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.measures.outlook import STAGES
from zmd_layout.outputs.results import county_names
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Those of senior-school ages in a year: `stayed`, `living`, `elsewhere` as in `Outlook`."""

    year: int
    stayed: float
    living: float
    elsewhere: float


def senior_ages_elsewhere(results: Results) -> Elsewhere | None:
    """Sum `Outlook.elsewhere` of the year of assessment; None where cohorts do not change."""
    if results.outlook is None or results.outlook.elsewhere.empty:
        return None
    table = results.outlook.elsewhere
    year = int(np.clip(results.world.as_of.year, table["year"].min(), table["year"].max()))
    sums = table[table["year"] == year][["stayed", "living", "elsewhere"]].sum(skipna=False)
    return Elsewhere(year, *(float(value) for value in sums))


def hindcast_rows(results: Results) -> list[tuple[str, Stage, str, float, float, float]]:
    """
    List the hindcast by county and stage.

    Returns
    -------
    list
        County, stage, method, forecast, counted and error in percent; counties in order, the
        study's movement before that of none. Errors are never averaged over counties.
    """
    if results.outlook is None or results.outlook.hindcast.empty:
        return []
    names = county_names(results)
    table = results.outlook.hindcast
    order = table["stage"].map(list(STAGES).index)
    table = table.assign(order=order).sort_values(["unit_id", "order"], kind="stable")
    return [
        (
            names.get(str(row["unit_id"]), str(row["unit_id"])), Stage(row["stage"]),
            str(row["method"]), row["forecast"], row["counted"], row["error_percent"],
        )
        for row in table.to_dict("records")
    ]  # fmt: skip
