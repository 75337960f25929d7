"""What is real under the made city: counties, their census, township names and county seats."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from zmd_layout.errors import StudyError
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.messages import Message
from zmd_layout.synthetic.names import numeral
from zmd_layout.synthetic.random_streams import to_centimetres, to_micrometres

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLANE = "EPSG:4547"
CITY = "411700"
# Neighbours follow each other, so that a part of the city hangs together; the smallest is first.
COUNTY_ORDER = (
    "411725", "411702", "411728", "411727", "411721", "411722", "411723", "411724", "411726",
    "411729",
)  # fmt: skip
# Further cities are copies of the ground beside the first, in rows of two.
_CITIES_A_ROW = 2  # a third beside these would lie outside of what the plane can hold
_CITY_STEP_M = (210_000.0, 160_000.0)
_MOST_CITIES = 30
# A county seat holds its county's urban residents at this density.
_SEAT_RESIDENTS_PER_M2 = 0.006


@dataclass(frozen=True, slots=True)
class County:
    """
    A county as it really is.

    Attributes
    ----------
    unit_id, name, kind
        As in the layer `counties`; in a copied city made.
    base_id
        The real county that this is, or is a copy of.
    number
        Number of its streams of chance: the place of the real county in `COUNTY_ORDER`, plus ten
        for each city before.
    polygon
        Its area in `PLANE`.
    seat
        (2,) place of the county seat.
    ages
        (19,) residents by age group, the zone's people included.
    urban
        Residents who live in towns (城镇人口).
    townships
        `unit_id`, `name`, `kind`, and `x`, `y` where a centre is known.
    """

    unit_id: str
    name: str
    kind: str
    base_id: str
    number: int
    polygon: shapely.Polygon
    seat: NDArray[np.float64]
    ages: NDArray[np.int64]
    urban: int
    townships: pd.DataFrame

    @property
    def city_number(self) -> int:
        """The number of the city: 0 is the real one."""
        return self.number // len(COUNTY_ORDER)

    @property
    def city_id(self) -> str:
        """The id of the city."""
        return moved_id(CITY, self.city_number)

    @property
    def seat_reach_m(self) -> float:
        """How far the streets of the county seat reach from its middle."""
        return float(to_centimetres(np.sqrt(self.urban / _SEAT_RESIDENTS_PER_M2 / np.pi)))

    @property
    def root(self) -> str:
        """The name without 示例, 县 or 区, as in the names of schools."""
        return self.name.removeprefix("示例")[:-1]


def ground(scale: float) -> list[County]:
    """
    Choose the counties of a city of the given size.

    Parameters
    ----------
    scale
        1 is the city. Below 1: the fewest counties, in `COUNTY_ORDER`, that hold at least this
        share of its residents. Above 1: as many cities side by side; the further ones are copies of
        the ground with made names and codes.

    Raises
    ------
    StudyError
        If the scale is not positive, or larger than 99.
    """
    if not 0 < scale <= _MOST_CITIES:
        raise StudyError(Message("standin.scale", scale=scale, most=_MOST_CITIES))
    whole, part = divmod(scale, 1)
    city = real_counties()
    chosen = [_copied(county, copy) for copy in range(int(whole)) for county in city]
    wanted = part * sum(int(county.ages.sum()) for county in city)
    for county in city:
        if wanted <= 0:
            break
        chosen.append(_copied(county, int(whole)))
        wanted -= int(county.ages.sum())
    return chosen


@cache
def real_counties() -> tuple[County, ...]:
    """Read the ten counties, in `COUNTY_ORDER`."""
    layer = county_layer().set_index("unit_id")
    plane = layer[layer.geometry.notna()].to_crs(PLANE)
    census = _table("census2020.csv").set_index("unit_id")
    zone_of = census["within"].fillna("")
    seats = _placed(_table("county_seats.csv")).set_index("unit_id")
    townships = _placed(_table("townships.csv"))
    counties = []
    for number, county_id in enumerate(COUNTY_ORDER):
        row = plane.loc[county_id]
        counted = (census.index == county_id) | (zone_of == county_id)
        own = townships[townships["county_id"] == county_id].reset_index(drop=True)
        counties.append(
            County(
                unit_id=county_id,
                name=row["name"],
                kind=row["kind"],
                base_id=county_id,
                number=number,
                polygon=shapely.transform(row.geometry, to_micrometres),
                seat=seats.loc[county_id, ["x", "y"]].to_numpy(dtype=np.float64),
                ages=row[age_columns()].to_numpy(dtype=np.int64),
                urban=int(census.loc[counted, "urban"].sum()),
                townships=own[["unit_id", "name", "kind", "x", "y"]],
            )
        )
    return tuple(counties)


@cache
def county_layer() -> gpd.GeoDataFrame:
    """Read the real layer `counties` in WGS 84, the zone without geometry included."""
    return gpd.read_file(io.BytesIO(source("counties.geojson")))


@cache
def age_columns() -> list[str]:
    """Name the columns of the census's age groups, youngest first."""
    return [name for name in county_layer().columns if AGE_COLUMN.fullmatch(name)]


def source(name: str) -> bytes:
    """Read a file of the real study."""
    return (files("zmd_layout") / "builtin" / "zhumadian-census" / name).read_bytes()


def moved_id(unit_id: str, city: int) -> str:
    """Return the id of a unit in the copied city `city`; no real code begins with 9."""
    return unit_id if city == 0 else f"{900 + city}{unit_id[3:]}"


def moved_name(name: str, city: int) -> str:
    """Return the name of a unit in the copied city `city`."""
    return name if city == 0 else f"示例{numeral(city + 1)}{name}"


def city_offset_m(city: int) -> NDArray[np.float64]:
    """Report how far the copied city `city` lies from the real one: (2,) east and north."""
    row, column = divmod(city, _CITIES_A_ROW)
    # The rows turn back like a plough, so that each city is the next one's neighbour.
    column = column if row % 2 == 0 else _CITIES_A_ROW - 1 - column
    return np.array([column * _CITY_STEP_M[0], -row * _CITY_STEP_M[1]])


def _copied(county: County, city: int) -> County:
    if city == 0:
        return county
    offset_m = city_offset_m(city)
    townships = county.townships.assign(
        unit_id=[moved_id(unit_id, city) for unit_id in county.townships["unit_id"]],
        name=[moved_name(name, city) for name in county.townships["name"]],
        x=county.townships["x"] + offset_m[0],
        y=county.townships["y"] + offset_m[1],
    )
    return replace(
        county,
        unit_id=moved_id(county.unit_id, city),
        name=moved_name(county.name, city),
        number=county.number + city * len(COUNTY_ORDER),
        polygon=shapely.transform(county.polygon, lambda xy: to_micrometres(xy + offset_m)),
        seat=to_centimetres(county.seat + offset_m),
        townships=townships,
    )


def _table(name: str) -> pd.DataFrame:
    kinds = {"unit_id": "str", "within": "str", "county_id": "str"}
    return pd.read_csv(io.BytesIO(source(name)), dtype=kinds, encoding="utf-8")


def _placed(table: pd.DataFrame) -> pd.DataFrame:
    """Add `x` and `y` in the plane to a table with `lon` and `lat`; unknown stays NaN."""
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326")
    plane = points.to_crs(PLANE)
    is_known = table["lon"].notna()
    return table.assign(
        x=to_centimetres(plane.x.where(is_known)), y=to_centimetres(plane.y.where(is_known))
    )
