"""Made areas and people for the real townships of a county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from zmd_layout.synthetic.random_streams import (
    places_in,
    share_out,
    spread_out,
    stream,
    to_centimetres,
    to_micrometres,
)
from zmd_layout.synthetic.real_inputs import PLANE, age_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from zmd_layout.synthetic.real_inputs import County

# The known centres are those of bounding boxes, which may lie at the border or beyond it.
_LEAST_BORDER_M = 300.0
_CANDIDATES = 600
# Subdistricts without a known centre lie around the county seat, and those this near are the seat.
_SEAT_REACH_M = 5_000.0
_SEAT_SIDE_M = 8_500.0
# Of a county's urban residents, so many in a hundred live in the seat, the others in the towns.
_SEAT_SHARE_OF_URBAN = 72
# The young and the working are drawn to the seat, the old stay: weight in a hundred by age group.
_SEAT_PULL = np.array(
    [105, 108, 112, 112, 125, 118, 120, 125, 122, 115, 108, 100, 95, 85, 80, 76, 74, 72, 70],
    dtype=np.int64,
)


def make_townships(county: County, seed: int) -> gpd.GeoDataFrame:
    """
    Make the townships of a county.

    Returns
    -------
    GeoDataFrame
        The columns of the layer and `centre_x`, `centre_y`, by `unit_id`. The areas cover the
        county without gap or overlap (to 1 µm); the ages sum to the county's.
    """
    chance = stream(seed, "townships", county.number)
    frame = county.townships.sort_values("unit_id").reset_index(drop=True)
    centres = _centres(county, frame, chance)
    is_subdistrict = (frame["kind"] == "subdistrict").to_numpy()
    is_seat = is_subdistrict & (_distance_m(centres, county.seat) <= _SEAT_SIDE_M)
    areas = _areas(county.polygon, centres)
    weights = _weights(county, frame, areas, is_seat=is_seat, chance=chance)
    ages = share_out(
        county.ages[None, :], weights, groups=np.zeros(len(frame), dtype=np.int64), chance=chance
    )
    return gpd.GeoDataFrame(
        {
            "unit_id": frame["unit_id"],
            "name": frame["name"],
            "kind": frame["kind"],
            "county_id": county.unit_id,
            "is_county_seat": is_seat,
            "residents": ages.sum(axis=1),
            **dict(zip(age_columns(), ages.T, strict=True)),
            "centre_x": centres[:, 0],
            "centre_y": centres[:, 1],
        },
        geometry=areas,
        crs=PLANE,
    )


def _centres(
    county: County, frame: pd.DataFrame, chance: np.random.Generator
) -> NDArray[np.float64]:
    """Take the known centres, and make the others: subdistricts around the seat, towns apart."""
    centres = frame[["x", "y"]].to_numpy(dtype=np.float64, copy=True)
    border = shapely.boundary(county.polygon)
    is_missing = np.isnan(centres[:, 0])
    points = shapely.points(centres[~is_missing])
    is_missing[~is_missing] = ~shapely.contains(county.polygon, points) | (
        shapely.distance(border, points) < _LEAST_BORDER_M
    )
    is_subdistrict = (frame["kind"] == "subdistrict").to_numpy()
    around_seat = places_in(
        shapely.intersection(county.polygon, shapely.box(*_square(county.seat, _SEAT_REACH_M))),
        _CANDIDATES,
        chance,
    )
    anywhere = places_in(county.polygon, _CANDIDATES, chance)
    for rows, candidates in (
        (np.flatnonzero(is_missing & is_subdistrict), around_seat),
        (np.flatnonzero(is_missing & ~is_subdistrict), anywhere),
    ):
        known = centres[~is_missing]
        centres[rows] = spread_out(
            candidates,
            len(rows),
            taken=known if len(known) else county.seat[None, :],
            room_m=to_centimetres(shapely.distance(border, shapely.points(candidates))),
        )
        is_missing[rows] = False
    return centres


def _square(centre: NDArray[np.float64], half_m: float) -> NDArray[np.float64]:
    return np.concatenate([centre - half_m, centre + half_m])


def _areas(polygon: shapely.Polygon, centres: NDArray[np.float64]) -> NDArray[np.object_]:
    """Cut the county into what lies nearest to each centre (Voronoi)."""
    cells = shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=polygon, ordered=True)
    parts = shapely.intersection(shapely.get_parts(cells), polygon)
    return _without_exclaves(shapely.transform(parts, to_micrometres), centres)


def _without_exclaves(
    areas: NDArray[np.object_], centres: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Hand what a bend of the county's border cuts off from its centre to the neighbour."""
    pieces, owner = shapely.get_parts(areas, return_index=True)
    is_main = shapely.contains_xy(pieces, *centres[owner].T)
    whole = pieces[is_main].copy()
    for piece in pieces[~is_main]:
        shared_m = shapely.length(shapely.intersection(whole, piece))
        neighbour = int(np.argmax(to_centimetres(shared_m)))
        whole[neighbour] = shapely.union(whole[neighbour], piece)
    return np.asarray(whole, dtype=object)


def _weights(
    county: County,
    frame: pd.DataFrame,
    areas: NDArray[np.object_],
    *,
    is_seat: NDArray[np.bool_],
    chance: np.random.Generator,
) -> NDArray[np.int64]:
    """Weigh townships by age group: towns by the urban census, the country by its area."""
    residents = int(county.ages.sum())
    luck = chance.integers(80, 121, size=len(frame))
    km2 = np.maximum((shapely.area(areas) / 1e6).round().astype(np.int64), 1)
    urban_of_seat = county.urban * _SEAT_SHARE_OF_URBAN // 100
    towns = np.select([is_seat, frame["kind"] == "town"], [0, 2], 1)
    country = np.where(is_seat, 1, 4) * km2
    people = (
        _part(urban_of_seat, luck * is_seat)
        + _part(county.urban - urban_of_seat, luck * towns)
        + _part(residents - county.urban, luck * country)
    )
    pull = np.where(is_seat[:, None], _SEAT_PULL, 100)
    return np.asarray(np.maximum(people[:, None] * pull // 100, 1))


def _part(total: int, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(total * weights // max(int(weights.sum()), 1), dtype=np.int64)


def _distance_m(places: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(to_centimetres(np.sqrt(((places - place) ** 2).sum(axis=1))))
