"""How large a suggested school would be, on how much land, and how full in the years to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.forecast import standards
from zmd_layout.measures.access import schools_of
from zmd_layout.rulebook import Threshold
from zmd_layout.siting.planning import planning
from zmd_layout.siting.standing import GRADES, NINE_YEAR
from zmd_layout.vocabulary import Flag, Relation, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.measures import World
    from zmd_layout.measures.outlook import Outlook
    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.stage_state import Ground, StageState

VARIANTS = ("low", "middle", "high")
USE_YEARS = (2027, 2032, 2035)


def size_caps(rules: Sequence[Rule], world: World) -> dict[str, float]:
    """
    Return the most pupils of a school by its stages, of the rules, else of what stands.

    The key is a stage, or the `;` list of a school of several.
    """
    return {**_largest_schools(world), **rule_caps(rules, world)}


def rule_caps(rules: Sequence[Rule], world: World) -> dict[str, float]:
    """Return the most pupils of a school by its stages, as far as rules say so."""
    caps: dict[str, float] = {}
    for rule in rules:
        stages = next((str(c.equals) for c in rule.applies_to if c.field == "stages"), None)
        if not isinstance(rule.check, Threshold) or rule.relation is not Relation.AT_MOST:
            continue
        dated = rule.limits(world.as_of)[rule.check.limit]
        if stages is not None and rule.measure_unit == "person" and dated is not None:
            caps[stages] = min(dated.value, caps.get(stages, np.inf))
    return caps


def _largest_schools(world: World) -> dict[str, float]:
    """Return the seats of the largest school of each stage alone: where no rule caps, no larger."""
    found = {}
    for stage in Stage:
        schools = schools_of(world, stage)
        if schools is not None and "seats" in schools:
            most = schools.loc[schools["stages"] == stage, "seats"].max()
            if np.isfinite(most) and most > 0:
                found[str(stage)] = float(most)
    return found


def size_of(row: dict[str, Any], ground: Ground, work: StageState) -> dict[str, Any]:
    """
    Return classes, seats and land for the children in the year of opening, in whole streams.

    Where the cap of a rule, or the largest school that stands, allows fewer, that holds, and
    `is_over` tells that more than one school, or the seats of others, are needed. Of a school that
    grows into a nine-year one, seats are those of the added stage. Unknown where no standard class
    size is known, or nobody counts the children by place.
    """
    sizes = standards().class_sizes
    children = row["children_at_opening"]
    if work.stage not in sizes or not np.isfinite(children):
        return {"classes": np.nan, "seats": np.nan, "site_area_needed_m2": np.nan, "is_over": False}
    size, grades = sizes[work.stage].value, GRADES[work.stage]
    cap = ground.caps.get(str(work.stage), np.inf)
    if row["stages"] == NINE_YEAR:
        taken = row["seats_now"] if np.isfinite(row["seats_now"]) else 0.0
        cap = min(cap, ground.caps.get(NINE_YEAR, np.inf) - taken)
    streams = max(np.ceil(children / (size * grades)), 1.0)
    most = max(np.floor(cap / (size * grades)), 1.0)
    seats = min(streams, most) * grades * size
    land = standards().land_m2_per_seat.get(work.stage)
    return {
        "classes": min(streams, most) * grades,
        "seats": seats,
        "site_area_needed_m2": np.nan if land is None else seats * land.value,
        "is_over": bool(streams > most),
    }


def children_at_opening(row: dict[str, Any], ground: Ground, work: StageState) -> dict[str, float]:
    """
    Return the children that would be served in the year of opening, in the middle scenario.

    They change as those of their county and stage do; without a forecast they are those of today.
    """
    rate = _rates(ground.matrix.outlook, work, row["county_id"], row["opens_in"])[1]
    children = row["children_served"]
    return {"children_at_opening": children * rate if np.isfinite(rate) else children}


def use_to_come(row: dict[str, Any], ground: Ground, work: StageState) -> dict[str, float]:
    """
    Return the share of the seats that would be used in the years of `USE_YEARS`, in percent.

    In the outlook year in the low, middle and high scenario, at most 100: a school too small for
    all who are near is
    full. Unknown without a forecast that reaches from the year of the children to that year.
    """
    uses = {}
    for year in (*USE_YEARS, work.options.outlook_year):
        rates = _rates(ground.matrix.outlook, work, row["county_id"], year)
        children = row["children_served"]
        shares = [100 * np.minimum(children * rate / row["seats"], 1.0) for rate in rates]
        if year in USE_YEARS:
            is_open = year >= row["opens_in"]
            uses[f"use_{year}"] = float(shares[1]) if is_open else np.nan
        if year == work.options.outlook_year:
            named = zip(VARIANTS, shares, strict=True)
            uses |= {f"use_{year}_{name}_percent": float(share) for name, share in named}
    return uses


def _rates(future: Outlook | None, work: StageState, county: str, year: int) -> list[float]:
    """Return children of a year as a multiple of the layer's, by scenario; NaN is unknown."""
    base = work.way.demand.layer.origin.year
    table = pd.DataFrame() if future is None else _of(future, county, work.stage)
    if base is None or not {base, year} <= set(table.index):
        return [np.nan] * len(VARIANTS)
    now = float(table.loc[[base], "middle"].iloc[0])
    then = table.loc[[year], list(VARIANTS)].to_numpy(dtype=float)[0]
    return [float(number) / now if now > 0 else np.nan for number in then]


def _of(future: Outlook, county: str, stage: Stage) -> pd.DataFrame:
    table = future.children
    mine = table[(table["unit_id"] == county) & (table["stage"] == stage)]
    return pd.DataFrame(mine.set_index("year")[list(VARIANTS)])


def robustness_flags(row: dict[str, Any], work: StageState) -> list[Flag]:
    """Flag a school nearly empty in the outlook year, in the middle or in the low scenario."""
    year, least = work.options.outlook_year, planning().empty_below_percent.value
    middle, low = (row[f"use_{year}_{v}_percent"] for v in ("middle", "low"))
    if middle < least:
        return [Flag.NEARLY_EMPTY_LATER]
    return [Flag.NEARLY_EMPTY_IN_LOW_SCENARIO] if low < least else []
