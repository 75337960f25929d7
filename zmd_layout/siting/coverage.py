"""
Which share of a unit lies within the service radius of a school, counted in three ways.

Children of the stage, residents, and the ground of residential areas: planners publish all three
under one name (服务半径覆盖率), so that each row says which it is, and how ways were measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from zmd_layout.checks.value import weakest
from zmd_layout.layers.geometry import points_in
from zmd_layout.measures.access import access, way_from
from zmd_layout.measures.coverage import why_no_distance
from zmd_layout.measures.outlook import outlook
from zmd_layout.measures.places import children_by_place
from zmd_layout.measures.supply.listed import is_stage_covered
from zmd_layout.messages import Message
from zmd_layout.siting.planning import planning
from zmd_layout.vocabulary import Basis, Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from zmd_layout.layers.layer import Layer
    from zmd_layout.measures import World
    from zmd_layout.measures.access import Access
    from zmd_layout.measures.units import Units
    from zmd_layout.network import Nearest
    from zmd_layout.rulebook import Rule

COLUMNS = (
    "unit_kind", "unit_id", "unit_name", "stage", "counted", "radius_m", "total", "covered",
    "share_percent", "method", "radius_is_for_unit", "basis", "sources", "is_synthetic",
    "year", "off_road", "note_zh", "note_en",
)  # fmt: skip
_KINDS = (UnitKind.CITY, UnitKind.COUNTY, UnitKind.TOWNSHIP)
_STAGES = (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR)
_ABSENT = "measures.stage_not_in_list"
_RADIUS = "service_radius_m"
_TOWNS = {"town", "subdistrict"}  # for which the radii are written


@dataclass(frozen=True, slots=True)
class _Counted:
    """What is counted, and whether each row of a layer is within the radius, or without road."""

    name: str
    layer: Layer
    rows: pd.Index
    weight: NDArray[np.float64]
    is_within: NDArray[np.bool_]
    is_off_road: NDArray[np.bool_]
    sources: tuple[str, ...]
    is_synthetic: bool
    year: int | None
    basis: Basis | None = None

    @property
    def is_of_people(self) -> bool:
        """Whether people are counted, at the places of the finest layer that has any."""
        return self.name != "residential_area_m2"


def coverage_table(world: World, rules: Sequence[Rule]) -> pd.DataFrame:
    """
    Return which share is within the service radius, by unit and stage.

    Parameters
    ----------
    world
        The study.
    rules
        Rules whose `service_radius_m` for a stage goes before the packaged one.

    Returns
    -------
    coverage
        `COLUMNS`: of city, counties and townships; `year` is that of what is counted: children are
        those of the year of assessment where the counties have a forecast (the medium scenario),
        otherwise those of the census; `counted` is `children`, `residents` or
        `residential_area_m2` (by the middle of each area); `method` is `network` or
        `straight_line` (times the detour factor); `radius_is_for_unit` is false where the radius is
        not written for such a unit (townships proper, which have rules of their own), empty where a
        unit holds both. `off_road` is what of `total` lies at places without road, which are not
        within: at most so much more is covered. NaN is unknown; `note_zh` and `note_en` say why.
        Empty without children at points.
    """
    rows: list[dict[str, Any]] = []
    now = _children_now(world)
    for stage in _STAGES:
        way = access(world, stage)
        radius = _radius_m(rules, stage, world)
        if way is None or radius is None:
            continue
        why = why_no_distance(world, stage, radius[0])
        is_whole = is_stage_covered(world.layers["schools"], stage)
        for counted in _ways_to_count(world, way, stage, radius[0], now=now):
            note = why if counted.is_of_people or why is None or why.key == _ABSENT else None
            for kind in _KINDS:
                units = world.units(kind, {})
                if units is not None:
                    shared = {
                        "stage": str(stage), "radius_m": radius[0],
                        "basis": str(weakest(radius[1], counted.basis)), "year": counted.year,
                        "method": str(way.found.method),
                    }  # fmt: skip
                    found = [
                        row | _told(note, row["share_percent"], is_whole=is_whole)
                        for row in _of_units(world, counted, units)
                    ]
                    rows += [shared | row for row in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _told(why: Message | None, share: float, *, is_whole: bool) -> dict[str, Any]:
    """Return the cells of a row that has no share, or only that of the schools listed."""
    if why is None and is_whole:
        return {"note_zh": "", "note_en": ""}
    unknown = {} if why is None else dict.fromkeys(("covered", "share_percent"), float("nan"))
    note = why or Message("measures.known_schools_alone", low=share)
    return {**unknown, "note_zh": note.text("zh"), "note_en": note.text("en")}


def _radius_m(rules: Sequence[Rule], stage: Stage, world: World) -> tuple[float, Basis] | None:
    for rule in rules:
        dated = rule.limits(world.as_of).get(_RADIUS) if rule.stage is stage else None
        if dated is not None:
            return float(dated.value), dated.basis
    packaged = planning().service_radius_m.get(stage)
    return None if packaged is None else (packaged.value, packaged.basis)


def _children_now(world: World) -> pd.DataFrame | None:
    """Return children by stage at the demand points in the year of assessment, if forecast."""
    future = outlook(world)
    if future is None or world.as_of.year not in set(future.children["year"]):
        return None
    found = children_by_place(world, years=[world.as_of.year])
    suffix = f"_{world.as_of.year}"
    if found is None:
        return None
    return pd.DataFrame(found.filter(like=suffix)).rename(columns=lambda c: c.removesuffix(suffix))


def _ways_to_count(
    world: World, way: Access, stage: Stage, radius_m: float, *, now: pd.DataFrame | None
) -> Iterator[_Counted]:
    layer = way.demand.layer
    rows = layer.frame.index[layer.frame.geometry.notna()]
    within = np.nan_to_num(way.found.distance_m, nan=np.inf) <= radius_m
    sources, made = _sources(world, way, layer)
    off, census = _off_road(way.found), layer.origin.year
    if now is None:
        children = way.demand.children[str(stage)].to_numpy(dtype=float)
        yield _Counted("children", layer, rows, children, within, off, sources, made, census)
    else:
        children, year = now[str(stage)].to_numpy(dtype=float), world.as_of.year
        yield _Counted(
            "children", layer, rows, children, within, off, sources, made, year, Basis.ASSUMPTION
        )
    residents = way.demand.children["residents"].to_numpy(dtype=float)
    yield _Counted("residents", layer, rows, residents, within, off, sources, made, census)
    areas = world.layers.get("residential_areas")
    if areas is None:
        return
    frame = areas.frame[areas.frame.geometry.notna()]
    homes, places = points_in(frame), points_in(way.schools)
    keys = way.schools["school_id"].astype(str).to_numpy()
    found = way_from(world, homes, places, keys=keys)
    within = np.nan_to_num(found.distance_m, nan=np.inf) <= radius_m
    sources, made = _sources(world, way, areas)
    area_m2 = shapely.area(frame.geometry.to_numpy())
    off = _off_road(found)
    yield _Counted(
        "residential_area_m2",
        areas,
        frame.index,
        area_m2,
        within,
        off,
        sources,
        made,
        areas.origin.year,
    )


def _off_road(found: Nearest) -> NDArray[np.bool_]:
    is_off_road = found.is_off_road
    return np.zeros(len(found.distance_m), dtype=bool) if is_off_road is None else is_off_road


def _sources(world: World, way: Access, layer: Layer) -> tuple[tuple[str, ...], bool]:
    layers = [layer, world.layers["schools"]]
    if way.found.detour_factor is None:
        layers.append(world.layers["roads"])
    return tuple(sorted({one.source for one in layers})), any(one.is_synthetic for one in layers)


def _of_units(world: World, counted: _Counted, units: Units) -> Iterator[dict[str, Any]]:
    """Sum what is counted in each unit; a unit with an unknown part is unknown."""
    place = world.members(counted.layer, units)[counted.rows].to_numpy(dtype=object)
    codes = units.frame.index.get_indexer(pd.Index(place))
    inside = codes >= 0
    size = len(units.frame)

    def total(weight: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.bincount(codes[inside], weights=weight[inside], minlength=size)
        return np.asarray(sums, dtype=np.float64)

    whole, part = total(counted.weight), total(np.where(counted.is_within, counted.weight, 0.0))
    whole_known = np.where(total(np.isnan(counted.weight).astype(float)) > 0, np.nan, whole)
    part_known = np.where(np.isnan(whole_known), np.nan, part)
    off_road = total(np.where(counted.is_off_road, np.nan_to_num(counted.weight), 0.0))
    kinds = units.frame["kind"] if "kind" in units.frame else pd.Series(None, units.frame.index)
    for number, unit in enumerate(units.frame.index):
        if not whole_known[number] > 0 and not np.isnan(whole_known[number]):
            continue
        is_township = units.kind is UnitKind.TOWNSHIP
        yield {
            "unit_kind": str(units.kind),
            "unit_id": str(unit),
            "unit_name": str(units.frame["name"][unit] if "name" in units.frame else unit),
            "counted": counted.name,
            "total": whole_known[number],
            "covered": part_known[number],
            "share_percent": 100 * part_known[number] / whole_known[number],
            "radius_is_for_unit": kinds[unit] in _TOWNS if is_township else None,
            "sources": ";".join(counted.sources),
            "is_synthetic": counted.is_synthetic,
            "off_road": off_road[number],
        }
