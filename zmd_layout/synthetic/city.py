"""The made city as a whole: every layer of the design, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from zmd_layout.messages import Message
from zmd_layout.synthetic.land import make_constraints, make_education_land
from zmd_layout.synthetic.people import make_people
from zmd_layout.synthetic.random_streams import to_micrometres
from zmd_layout.synthetic.real_inputs import (
    PLANE,
    city_offset_m,
    county_layer,
    ground,
    moved_id,
    moved_name,
)
from zmd_layout.synthetic.registers import make_closures, make_projects, make_statistics
from zmd_layout.synthetic.residential_areas import make_estates
from zmd_layout.synthetic.roads import make_roads
from zmd_layout.synthetic.school_kinds import Kind
from zmd_layout.synthetic.schools import make_schools
from zmd_layout.synthetic.townships import make_townships
from zmd_layout.vocabulary import SchoolStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from zmd_layout.synthetic.people import People
    from zmd_layout.synthetic.real_inputs import County

DEFAULT_SEED = 202249


@dataclass(frozen=True, slots=True)
class _Made:
    """The parts that are made county by county."""

    county: County
    townships: gpd.GeoDataFrame
    people: People
    schools: gpd.GeoDataFrame
    classes: pd.DataFrame


def make_city(
    *,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    progress: Callable[[Message], None] | None = None,
) -> dict[str, pd.DataFrame]:
    """
    Make a whole city on the real counties, their census and their townships' names.

    Parameters
    ----------
    seed
        The same seed gives the same city, whatever the platform.
    scale
        1 is Zhumadian. Below 1: the fewest counties that hold at least this share of its residents,
        each the same as in the whole city. Above 1: as many cities side by side.
    progress
        Called before each step with what comes.

    Returns
    -------
    dict
        Layer → its table, columns as in the design, empty is unknown. Layers with positions are
        GeoDataFrames in `PLANE`, but `counties` in WGS 84. The people of townships, villages and
        population sum to the census of their county by age group, to the person. Every made name
        begins with 示例.

    Raises
    ------
    StudyError
        If the scale is not positive, or too large.
    """
    tell = progress or (lambda _: None)
    counties = ground(scale)
    made = []
    for county in counties:
        tell(Message("standin.making_county", county=county.name))
        made.append(_make_county(county, seed))
    tell(Message("standin.making_roads"))
    villages = _joined(part.people.villages for part in made)
    townships = _joined(part.townships for part in made)
    population = _joined(part.people.population for part in made)
    centres = townships[["centre_x", "centre_y"]].to_numpy()
    roads = make_roads(counties, centres, shapely.get_coordinates(villages["geometry"]), seed)
    tell(Message("standin.making_registers"))
    estates, schools = _estates(made)
    return {
        "counties": _county_layer(counties),
        "townships": townships.drop(columns=["centre_x", "centre_y"]),
        "villages": villages.drop(columns=["township", "rank"]),
        "population": population,
        "schools": schools.drop(columns=["kind", "township"]),
        "residential_areas": estates,
        "roads": roads,
        "education_land": _joined(
            make_education_land(part.county, part.schools, seed) for part in made
        ),
        "constraints": make_constraints(counties, population, roads, seed),
        "classes": _joined(part.classes for part in made),
        "projects": _joined(make_projects(part.county, seed) for part in made),
        "closures": _joined(make_closures(part.county, part.schools) for part in made),
        "statistics": _joined(
            make_statistics([p.county for p in city], [p.schools for p in city])
            for city in _by_city(made)
        ),
    }


def _make_county(county: County, seed: int) -> _Made:
    townships = make_townships(county, seed)
    people = make_people(county, townships, seed)
    schools = make_schools(county, townships, people.villages, seed)
    return _Made(county, townships, people, schools.schools, schools.classes)


def _joined(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(list(parts), ignore_index=True)


def _by_city(made: Sequence[_Made]) -> list[list[_Made]]:
    numbers = sorted({part.county.city_number for part in made})
    return [[part for part in made if part.county.city_number == number] for number in numbers]


def _estates(made: Sequence[_Made]) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Make the residential areas, and move a primary school into each that is to hold one."""
    estates, schools = [], []
    for city in _by_city(made):
        areas, holders = make_estates(
            [part.county for part in city], [part.townships for part in city]
        )
        own = _joined(part.schools for part in city)
        for unit_id in holders:
            area = areas.geometry[areas["unit_id"] == unit_id].iloc[0]
            is_in_county = own["school_id"].str.slice(2, 8) == unit_id[2:8]
            is_urban_primary = (own["kind"] == Kind.PRIMARY) & (own["settlement"] == "urban")
            is_open = own["status"] == SchoolStatus.OPERATING
            row = own.index[is_in_county & is_urban_primary & is_open][0]
            own.loc[row, "residential_area_id"] = unit_id
            own.loc[row, "geometry"] = area.centroid
        estates.append(areas)
        schools.append(own)
    return _joined(estates), _joined(schools)


def _county_layer(counties: Sequence[County]) -> gpd.GeoDataFrame:
    """Take the real rows, the zone with the district that holds it; copies with made names."""
    layer = county_layer()
    parts = []
    for county in counties:
        city = county.city_number
        rows = layer[(layer["unit_id"] == county.base_id) | (layer["within"] == county.base_id)]
        if city:
            rows = _moved(rows, city)
        parts.append(rows)
    return gpd.GeoDataFrame(_joined(parts), crs=layer.crs)


def _moved(rows: gpd.GeoDataFrame, city: int) -> gpd.GeoDataFrame:
    offset_m = city_offset_m(city)
    areas = rows.geometry.to_crs(PLANE).transform(lambda xy: to_micrometres(xy + offset_m))
    return rows.assign(
        unit_id=[moved_id(unit_id, city) for unit_id in rows["unit_id"]],
        name=[moved_name(name, city) for name in rows["name"]],
        within=[moved_id(w, city) if isinstance(w, str) else None for w in rows["within"]],
        geometry=areas.to_crs(rows.crs),
    )
