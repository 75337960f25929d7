"""Made land: parcels reserved for schools, and where no school may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from zmd_layout.synthetic.names import MADE, numeral
from zmd_layout.synthetic.random_streams import (
    lattice,
    places_in,
    spread_out,
    stream,
    to_centimetres,
)
from zmd_layout.synthetic.real_inputs import PLANE
from zmd_layout.synthetic.school_kinds import KIND_PLANS, Kind
from zmd_layout.vocabulary import ConstraintKind, LandUse, SchoolStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zmd_layout.synthetic.real_inputs import County

_PARCEL_SIDE_M = (140, 221)
_SCHOOL_PARCELS = 3
# Beside the seat: reserved and empty, or built over with something else.
_RESERVED = (
    (Stage.PRIMARY, LandUse.VACANT, (-1_500.0, -2_700.0)),
    (Stage.JUNIOR, LandUse.VACANT, (-500.0, -2_700.0)),
    (Stage.PRIMARY, LandUse.OTHER, (500.0, -2_700.0)),
    (Stage.KINDERGARTEN, LandUse.VACANT, (1_500.0, -2_700.0)),
)
# In every second county the parcel that is built over elsewhere is still empty.
_COUNTIES_A_BREACH = 2

_FIELD_M, _FIELD_SIDE_M = 1_000.0, 800.0
_FIELD_ROOM_M = 600.0
_FIELDS_IN_HUNDRED = 80
_RED_LINE_COUNTIES = {"411725": 3, "411726": 4, "411728": 2}
_RED_LINE_REACH_M = (1_500, 3_001)
_FLOOD_COUNTIES = ("411721", "411722")
_FLOOD_REACH_M = 2_500.0
_RIVER_HALF_WIDTH_M = 40.0
_RIVER_BENDS = 8
_RAILWAY_COUNTIES = ("411721", "411728", "411702", "411725")
_RAILWAY_WEST_M = 2_600.0
_RAILWAY_BEYOND_M = 30_000.0
# Sides of a quarter circle of a round area.
_ROUNDNESS = 6


def make_education_land(county: County, schools: gpd.GeoDataFrame, seed: int) -> gpd.GeoDataFrame:
    """Make parcels reserved for education: with a school on them, empty, and built over."""
    chance = stream(seed, "education land", county.number)
    is_standing = (schools["status"] == SchoolStatus.OPERATING) & schools["kind"].isin(
        [Kind.PRIMARY, Kind.JUNIOR]
    )
    standing = schools[is_standing].drop_duplicates("township").iloc[:_SCHOOL_PARCELS]
    plots = [
        (KIND_PLANS[Kind(kind)].stages[0], LandUse.EDUCATION, place)
        for kind, place in zip(standing["kind"], standing.get_coordinates().to_numpy(), strict=True)
    ]
    is_breached = county.number % _COUNTIES_A_BREACH == 0
    for stage, use, offset_m in _RESERVED:
        found = LandUse.VACANT if use is LandUse.OTHER and not is_breached else use
        plots.append((stage, found, county.seat + offset_m))
    sides_m = chance.integers(*_PARCEL_SIDE_M, size=len(plots))
    return gpd.GeoDataFrame(
        {
            "parcel_id": [f"EL{county.unit_id}{n:02d}" for n in range(1, len(plots) + 1)],
            "name": [f"{MADE}{county.root}教育用地{numeral(n)}" for n in range(1, len(plots) + 1)],
            "stage": [str(stage) for stage, _, _ in plots],
            "current_use": [str(use) for _, use, _ in plots],
        },
        geometry=[
            shapely.box(*to_centimetres(np.concatenate([place - side / 2, place + side / 2])))
            for (_, _, place), side in zip(plots, sides_m, strict=True)
        ],
        crs=PLANE,
    )


def make_constraints(
    counties: Sequence[County], population: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, seed: int
) -> gpd.GeoDataFrame:
    """Make what bars a site: farmland, red lines, flood areas, rivers, railways, arterial roads."""
    settled = cKDTree(population.get_coordinates().to_numpy())
    parts = [_arterials(counties, roads), _railways(counties)]
    for county in counties:
        chance = stream(seed, "constraints", county.number)
        parts += [
            (ConstraintKind.PERMANENT_FARMLAND, _fields(county, settled, chance)),
            (ConstraintKind.WATER, _river(county, chance)),
            (ConstraintKind.ECOLOGICAL_RED_LINE, _red_lines(county, settled, chance)),
            (ConstraintKind.FLOOD_DETENTION, _flood_area(county)),
        ]
    kinds = np.repeat([str(kind) for kind, _ in parts], [len(areas) for _, areas in parts])
    return gpd.GeoDataFrame(
        {"kind": kinds, "name": [f"{MADE}{_KIND_NAMES[kind]}" for kind in kinds]},
        geometry=[area for _, areas in parts for area in areas],
        crs=PLANE,
    )


_KIND_NAMES = {
    ConstraintKind.PERMANENT_FARMLAND: "永久基本农田",
    ConstraintKind.ECOLOGICAL_RED_LINE: "生态保护红线",
    ConstraintKind.FLOOD_DETENTION: "蓄滞洪区",
    ConstraintKind.WATER: "河道",
    ConstraintKind.RAILWAY: "铁路",
    ConstraintKind.ARTERIAL: "城市主干路",
}
_Part = tuple[ConstraintKind, "Sequence[shapely.Geometry]"]


def _fields(
    county: County, settled: cKDTree, chance: np.random.Generator
) -> list[shapely.Geometry]:
    """Lay farmland where nobody lives nearby."""
    centres = (lattice(county.polygon, _FIELD_M) + 0.5) * _FIELD_M
    is_free = shapely.contains_xy(county.polygon, centres[:, 0], centres[:, 1])
    is_free &= to_centimetres(settled.query(centres)[0]) > _FIELD_ROOM_M
    is_free &= chance.integers(0, 100, size=len(centres)) < _FIELDS_IN_HUNDRED
    low, high = centres[is_free] - _FIELD_SIDE_M / 2, centres[is_free] + _FIELD_SIDE_M / 2
    return list(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))


def _river(county: County, chance: np.random.Generator) -> list[shapely.Geometry]:
    """Draw a river from west to east through the northern half of the county."""
    west, south, east, north = county.polygon.bounds
    along = np.linspace(west, east, _RIVER_BENDS)
    across = south + (north - south) * (0.55 + 0.2 * chance.random(_RIVER_BENDS))
    course = shapely.LineString(to_centimetres(np.column_stack([along, across])))
    bed = shapely.buffer(course, _RIVER_HALF_WIDTH_M, cap_style="flat")
    return _inside(county, bed)


def _red_lines(
    county: County, settled: cKDTree, chance: np.random.Generator
) -> list[shapely.Geometry]:
    """Protect the emptiest places of the hilly counties."""
    count = _RED_LINE_COUNTIES.get(county.base_id, 0)
    candidates = places_in(county.polygon, 60 * count, chance)
    emptiest = candidates[np.argsort(-to_centimetres(settled.query(candidates)[0]), kind="stable")]
    places = spread_out(emptiest[: 20 * count], count, taken=county.seat[None, :])
    reach_m = chance.integers(*_RED_LINE_REACH_M, size=count)
    return [part for place, reach in zip(places, reach_m, strict=True)
            for part in _inside(county, _round_area(place, float(reach)))]  # fmt: skip


def _flood_area(county: County) -> list[shapely.Geometry]:
    if county.base_id not in _FLOOD_COUNTIES:
        return []
    west, south, east, north = county.polygon.bounds
    middle = np.array([west + (east - west) * 0.7, (south + north) / 2])
    return _inside(county, _round_area(to_centimetres(middle), _FLOOD_REACH_M))


def _round_area(place: NDArray[np.float64], reach_m: float) -> shapely.Geometry:
    return shapely.buffer(shapely.Point(place), reach_m, quad_segs=_ROUNDNESS)


def _inside(county: County, area: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the parts of an area or line that lie in the county, to the centimetre."""
    kept = shapely.get_parts(shapely.intersection(area, county.polygon))
    is_whole = (shapely.get_dimensions(kept) == shapely.get_dimensions(area)) & ~shapely.is_empty(
        kept
    )
    return list(shapely.transform(kept[is_whole], to_centimetres))


def _railways(counties: Sequence[County]) -> _Part:
    """Draw the line that passes west of the seats from north to south."""
    lines: list[shapely.Geometry] = []
    for city in sorted({county.city_number for county in counties}):
        by_id = {c.base_id: c for c in counties if c.city_number == city}
        # never none: the first of `COUNTY_ORDER`, which every city has, is among them
        passed = [by_id[county] for county in _RAILWAY_COUNTIES if county in by_id]
        stops = np.array([county.seat - [_RAILWAY_WEST_M, 0] for county in passed])
        ends = np.array([[0, _RAILWAY_BEYOND_M], [0, -_RAILWAY_BEYOND_M]])
        line = shapely.LineString(
            to_centimetres(np.vstack([stops[0] + ends[0], stops, stops[-1] + ends[1]]))
        )
        lines += [part for county in by_id.values() for part in _inside(county, line)]
    return ConstraintKind.RAILWAY, lines


def _arterials(counties: Sequence[County], roads: gpd.GeoDataFrame) -> _Part:
    """Take the primary roads inside the county seats."""
    seats = np.array([county.seat for county in counties])
    reach_m = np.array([county.seat_reach_m for county in counties])
    primary = roads.geometry[roads["highway"] == "primary"]
    middles = shapely.get_coordinates(shapely.line_interpolate_point(primary, 0.5, normalized=True))
    distance_m, seat = cKDTree(seats).query(middles)
    return ConstraintKind.ARTERIAL, list(primary[distance_m <= reach_m[seat]])
