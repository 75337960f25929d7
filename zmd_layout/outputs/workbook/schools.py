"""The sheets of schools: suggested, under way, and small ones to be kept."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.checks.conditions import is_missing
from zmd_layout.layers.geometry import points_in
from zmd_layout.measures.access import way_from
from zmd_layout.measures.world import by_position
from zmd_layout.messages import Message, word
from zmd_layout.network import NO_FACILITY
from zmd_layout.outputs.results import county_names
from zmd_layout.outputs.workbook.sheet import Row, Sheet, make_sheet, say
from zmd_layout.outputs.workbook.verdicts import flags_text
from zmd_layout.unit_keys import ClosedNeed, read_closes
from zmd_layout.vocabulary import Construction, Lang, SchoolStatus, Stage, Status, UnitKind

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from zmd_layout.outputs.results import Results


_LIMITS = "limits.toml"
_LOWER_GRADES = frozenset({"1", "2", "3"})
_TO_FILL_IN = None  # left empty for the planner: the data do not say it


def small_school() -> int:
    """Return the pupils below which a rural school counts as small, from `limits.toml`."""
    limits = tomllib.loads((files("zmd_layout.outputs") / _LIMITS).read_text("utf-8"))
    return int(limits["small_school"]["pupils_fewer_than"])


def planned_schools(results: Results, lang: Lang) -> Sheet:
    """Return the suggested sites, as places to be studied first."""
    names = county_names(results)
    towns = _townships(results)
    titles = {rule.id: rule.title.text(lang) for rule in results.rules}
    unit_names = _unit_names(results)
    stop = "；" if lang is Lang.ZH else "; "

    def closed(need: ClosedNeed) -> str:
        title = titles.get(need.rule_id, need.rule_id)
        return say("closes", lang, title=title, unit=unit_names.get(need, need.unit_id))

    rows: list[Row] = [
        (
            row.id, row.name, word(Stage(row.stage), lang),
            names.get(str(row.county_id), row.county_id), town,
            _how(row.action, lang),
            0 if row.action == "new" else None, row.classes, row.seats, row.site_area_needed_m2,
            row.site_area_needed_m2 / row.seats, _TO_FILL_IN, _TO_FILL_IN, row.opens_in,
            _TO_FILL_IN, round(row.children_served, -1),
            _whole(row.mean_distance_before_m), _whole(row.mean_distance_after_m),
            stop.join(closed(need) for need in read_closes(row.closes)),
            use, stop.join(row.alternatives),
            Message(f"words.solvestatus_{row.solve_status}").text(lang), row.gap_percent,
            flags_text(str(row.flags), lang), bool(row.is_synthetic),
            row.note_zh if lang is Lang.ZH else row.note_en,
        )
        for row, town, use in zip(
            results.suggestions.itertuples(), towns, _uses(results.suggestions), strict=True
        )
    ]  # fmt: skip
    return make_sheet("planned", rows, lang, frozen_columns=2, year_columns=frozenset({13}))


def _how(action: str, lang: Lang) -> str:
    """Name what is done: the words of construction for what is built, else the action."""
    built = {"new": Construction.NEW, "expand": Construction.EXPANDED}
    if action in built:
        return word(built[action], lang)
    return Message(f"sites.action_{action}").text(lang)


def _uses(suggestions: pd.DataFrame) -> list[str]:
    """Print how full each place would be in the outlook year; empty where that is not known."""
    names = [name for name in suggestions if str(name).startswith("use_")]
    rows = suggestions[names].to_numpy(dtype=float)
    return ["" if np.isnan(row).any() else "—".join(f"{use:.0f}" for use in row) for row in rows]


def _whole(metres: float) -> float | None:
    return None if is_missing(metres) else float(round(metres))


def _townships(results: Results) -> list[str]:
    """Name the township in which each suggestion lies; empty where that is not known."""
    units = results.world.units(UnitKind.TOWNSHIP, {})
    table = results.suggestions
    if units is None or table.empty:
        return [""] * len(table)
    places = by_position(table, units)
    return ["" if is_missing(p) else str(units.frame["name"].get(p, "")) for p in places]


def _unit_names(results: Results) -> dict[ClosedNeed, str]:
    short = results.findings[results.findings["status"] == Status.SHORTFALL]
    rows = short[["rule_id", "unit_id", "unit_name"]].astype(str).itertuples(index=False, name=None)
    return {ClosedNeed(rule_id, unit_id): name for rule_id, unit_id, name in rows}


def projects(results: Results, lang: Lang) -> Sheet:
    """Return the projects of the plan and how far they are on the day."""
    layer = results.world.layers.get("projects")
    names = county_names(results)
    rows: list[Row] = []
    for row in [] if layer is None else layer.frame.to_dict("records"):
        done = row.get("done_on")
        stage, kind = row.get("stage"), row.get("kind")
        rows.append(
            (
                row["project_id"], row.get("name"),
                "" if is_missing(stage) else word(Stage(stage), lang),
                "" if is_missing(kind) else word(Construction(kind), lang),
                names.get(str(row.get("county_id")), ""), *[_TO_FILL_IN] * 5, done,
                say(_progress(done, results), lang),
            )
        )  # fmt: skip
    return make_sheet("projects", rows, lang, frozen_columns=2)


def _progress(done_on: Any, results: Results) -> str:  # noqa: ANN401 - a cell
    if is_missing(done_on):
        return "progress_unknown"
    return "done" if done_on <= results.world.as_of else "not_done"


def kept_schools(results: Results, lang: Lang) -> Sheet:
    """List the small schools that stand: to be kept and watched, never to be closed."""
    layer = results.world.layers.get("schools")
    counties = results.world.units(UnitKind.COUNTY, {})
    rows: list[Row] = []
    if layer is None or counties is None or "enrolment" not in layer.frame:
        return make_sheet("kept", rows, lang)
    names = county_names(results)
    frame = layer.frame.assign(
        county=results.world.members(layer, counties), name=_school_names(layer.frame)
    )
    is_primary = frame["stages"].map(lambda s: not is_missing(s) and "primary" in str(s))
    frame = frame[is_primary & (frame["status"] == SchoolStatus.OPERATING)]
    is_small = frame["enrolment"] < small_school()
    small = frame[is_small].sort_values(["county", "school_id"])
    ways = _way_to_larger(small, frame[~is_small], results, lang)
    young = _lower_grades(results)
    for row, way in zip(small.itertuples(), ways, strict=True):
        kind = "teaching_point" if row.is_teaching_point is True else "small_school"
        rows.append(
            (
                row.name, say(kind, lang), names.get(str(row.county), ""), row.enrolment,
                young.get(str(row.school_id)), *way, _TO_FILL_IN, say("keep", lang),
                say("procedure", lang),
            )
        )  # fmt: skip
    return make_sheet("kept", rows, lang, frozen_columns=1)


def _school_names(schools: gpd.GeoDataFrame) -> pd.Series[Any]:
    names: pd.Series[Any] = schools["school_id"].astype(object)
    return schools["name"].fillna(names).astype(object) if "name" in schools else names


def _way_to_larger(
    small: gpd.GeoDataFrame, others: gpd.GeoDataFrame, results: Results, lang: Lang
) -> list[Row]:
    """Find for each small school the nearest primary school that is not small, and the way."""
    others = others[others.geometry.notna() & ~others["is_teaching_point"].eq(True)]  # noqa: FBT003 - a comparison
    ways: list[Row] = [(None, None, None)] * len(small)
    placed = np.flatnonzero(small.geometry.notna().to_numpy())
    if not len(placed) or others.empty:
        return ways
    keys = others["school_id"].astype(str).to_numpy()
    found = way_from(results.world, points_in(small.iloc[placed]), points_in(others), keys=keys)
    key = "by_straight_line" if found.basis else "by_roads"
    how = say(key, lang, factor=found.detour_factor)
    for at, metres, facility in zip(placed, found.distance_m, found.facility, strict=True):
        if facility != NO_FACILITY:
            ways[at] = (others["name"].iloc[facility], float(round(metres)), how)
    return ways


def _lower_grades(results: Results) -> dict[str, float]:
    """Add up the pupils of the first three primary grades by school, where classes are listed."""
    layer = results.world.layers.get("classes")
    if layer is None or not {"grade", "stage"} <= set(layer.frame):
        return {}
    frame = layer.frame
    is_lower = frame["grade"].astype(str).isin(_LOWER_GRADES) & (frame["stage"] == Stage.PRIMARY)
    sums: pd.Series[float] = frame[is_lower].groupby("school_id")["pupils"].sum(min_count=1)
    return {str(school): float(pupils) for school, pupils in sums.dropna().items()}
