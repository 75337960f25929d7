"""How many of the schools that must exist are known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.checks.value import oldest
from zmd_layout.layers.holding import stands_alone
from zmd_layout.layers.schools.completeness import COLUMNS, completeness, is_counted
from zmd_layout.measures.school_lists.totals import Total, kinds_of_group, totals_of
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.measures.units import Units
    from zmd_layout.measures.world import World

KINDS = (UnitKind.CITY, UnitKind.COUNTY, UnitKind.TOWNSHIP)


def completeness_of(world: World) -> gpd.GeoDataFrame:
    """
    Return how many of the schools that must exist are known, by unit and stage.

    Parameters
    ----------
    world
        Its study says how many must exist: `[completeness]`, or the layer `school_totals`.

    Returns
    -------
    table
        The columns of `layers.schools.completeness.COLUMNS`, `unit_kind` and `unit_name`, and the
        unit's geometry in the study's plane (None where it has none); no rows where nothing is
        expected or no schools are given. `expected` lies between `expected_low` and
        `expected_high`, from `expected_from`, and up to `if_copied` where one of two lists copied
        the other in part. `least_share` is what the study asks, `is_short` that the share is less.
    """
    made: gpd.GeoDataFrame = world.keep("completeness", lambda: _table(world))
    return made


def _table(world: World) -> gpd.GeoDataFrame:
    schools = world.layers.get("schools")
    parts = []
    for kind in KINDS:
        units = world.units(kind, {})
        if schools is None or units is None:
            continue
        totals = {u: t for u, t in totals_of(world).items() if u in set(units.frame.index)}
        if not totals:
            continue
        expected = {
            unit: {stage: total.middle for stage, total in of_unit.items()}
            for unit, of_unit in totals.items()
        }
        part = completeness(schools.frame, world.members(schools, units), expected)
        keys = zip(part["unit_id"], part["stage"], strict=True)
        found = [totals[unit][Stage(stage)] for unit, stage in keys]
        part["expected_low"] = [float(total.low) for total in found]
        part["expected_high"] = [float(total.high) for total in found]
        part["expected_from"] = [str(total.source) for total in found]
        part["if_copied"] = [
            math.nan if total.interval is None else total.interval.high_if_copied for total in found
        ]
        rows = units.frame.reindex(part["unit_id"])
        part["unit_kind"] = str(kind)
        part["unit_name"] = rows["name"].to_numpy()
        part["geometry"] = rows.geometry.to_numpy()
        parts.append(part)
    columns = [
        *COLUMNS, "expected_low", "expected_high", "expected_from", "if_copied", "unit_kind",
        "unit_name", "geometry",
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table["least_share"] = world.study.completeness.least_share
    table["is_short"] = (table["share"] < table["least_share"]).astype(bool)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=world.study.crs)


@dataclass(frozen=True, slots=True)
class Unlisted:
    """
    How many schools of a stage a group of units has that the list does not surely hold.

    Attributes
    ----------
    group
        The unit that the total is of: a county, a township, or the city.
    name
        Its name.
    total
        How many schools it has.
    listed
        How many the list surely holds: in operation, of the stage, no teaching points.
    """

    group: str
    name: str
    total: Total
    listed: int

    @property
    def low(self) -> int:
        """The least that the list may lack."""
        return max(0, self.total.low - self.listed)

    @property
    def high(self) -> float:
        """The most that the list may lack."""
        return self.total.high - self.listed

    @property
    def contradicts(self) -> bool:
        """Whether the list holds more than there are: both do not count the same."""
        return self.high < 0


def unlisted_of(world: World, stage: Stage) -> dict[str, Unlisted]:
    """Return for each unit that has a total of a stage how many schools the list may lack."""
    made: dict[str, Unlisted] = world.keep(("unlisted", stage), lambda: _unlisted(world, stage))
    return made


def _unlisted(world: World, stage: Stage) -> dict[str, Unlisted]:
    totals = {unit: t[stage] for unit, t in totals_of(world).items() if stage in t}
    if not totals:
        return {}
    out: dict[str, Unlisted] = {}
    for kind in KINDS:
        units = world.units(kind, {})
        if units is None:
            continue
        listed = _listed(world, units, stage)
        names = units.frame.get("name", units.frame.index.to_series())
        for unit, total in totals.items():
            if unit in units.frame.index:
                known = int(listed.get(unit, 0))
                out[unit] = Unlisted(unit, str(names[unit]), total, known)
    out |= _by_kind(world, totals, stage)
    counties, city = world.units(UnitKind.COUNTY, {}), world.units(UnitKind.CITY, {})
    if counties is not None:
        out |= _with_zones(out, counties)
        if city is not None and str(city.frame.index[0]) not in out:
            out |= _of_city(out, counties, city)
    return out


def _by_kind(world: World, totals: dict[str, Total], stage: Stage) -> dict[str, Unlisted]:
    """Return the totals of the townships of one kind in a county, with what the list has there."""
    townships = world.units(UnitKind.TOWNSHIP, {})
    out: dict[str, Unlisted] = {}
    if townships is None:
        return out
    for group, total in totals.items():
        county, _, kind = group.partition(":")
        members = townships_of(townships, county, kind) if kind else []
        if members:
            listed = _listed(world, townships, stage).reindex(members).fillna(0)
            out[group] = Unlisted(group, county_name(world, county), total, int(listed.sum()))
    return out


def townships_of(townships: Units, county: str, kind: str) -> list[str]:
    """Return the townships of a kind in a county."""
    frame = townships.frame
    if "county_id" not in frame or "kind" not in frame:
        return []
    wanted = (frame["county_id"] == county) & frame["kind"].isin(kinds_of_group(kind))
    return [str(unit) for unit in frame.index[wanted.to_numpy(dtype=bool)]]


def county_name(world: World, county: str) -> str:
    """Return the name of a county, or its id."""
    counties = world.units(UnitKind.COUNTY, {})
    known = counties is not None and county in counties.frame.index and "name" in counties.frame
    return str(counties.frame["name"][county]) if known and counties is not None else county


def _listed(world: World, units: Units, stage: Stage) -> pd.Series[Any]:
    """Count the schools that the list surely holds, by unit."""
    schools = world.layers.get("schools")
    if schools is None:
        return pd.Series(dtype=float)
    counted = is_counted(schools.frame).to_numpy(dtype=bool) & has_stage(schools.frame, stage)
    return world.members(schools, units)[counted].value_counts()


def _with_zones(found: dict[str, Unlisted], counties: Units) -> dict[str, Unlisted]:
    """Widen the total of a county by the zones in it, which a yearbook may count by themselves."""
    frame = counties.frame
    holder = frame.get("within", pd.Series(None, index=frame.index, dtype=object))
    out: dict[str, Unlisted] = {}
    for zone, county in zip(frame.index, holder, strict=True):
        if zone in found and county in found:
            held = out.get(county, found[county])
            total = replace(held.total, high=held.total.high + found[zone].total.high)
            out[county] = replace(held, total=total)
    return out


def _of_city(found: dict[str, Unlisted], counties: Units, city: Units) -> dict[str, Unlisted]:
    """Add the totals of all counties up, where every one is there and none contradicts its list."""
    alone = [str(unit) for unit in counties.frame.index[stands_alone(counties.frame)]]
    parts = [found[unit] for unit in alone if unit in found and not found[unit].contradicts]
    if len(parts) < len(alone) or any(part.total.is_estimate for part in parts):
        return {}
    totals = [part.total for part in parts]
    total = replace(
        totals[0],
        low=sum(t.low for t in totals),
        middle=sum(t.middle for t in totals),
        high=sum(t.high for t in totals),
        year=oldest(*(t.year for t in totals)),
    )
    unit = str(city.frame.index[0])
    listed = sum(part.listed for part in parts)
    return {unit: Unlisted(unit, str(city.frame["name"].iloc[0]), total, listed)}


def has_stage(frame: pd.DataFrame, stage: Stage) -> NDArray[np.bool_]:
    """Return which schools surely have a stage."""
    if "stages" not in frame:
        return np.zeros(len(frame), dtype=np.bool_)
    cells = frame["stages"]
    found = [isinstance(cell, str) and stage in cell.split(";") for cell in cells]
    return np.array(found, dtype=np.bool_)
