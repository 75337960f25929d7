"""Made villages and a made population grid: the township's people, to the person and age group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from zmd_layout.synthetic.names import village_names
from zmd_layout.synthetic.random_streams import lattice, places_in, share_out, spread_out, stream
from zmd_layout.synthetic.real_inputs import PLANE, age_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.synthetic.real_inputs import County

CELL_M = 500.0
_RESIDENTS_PER_VILLAGE = 2_400
_FEWEST_VILLAGES = 3
_MOST_VILLAGES = 90
_CANDIDATES_A_VILLAGE = 12
# Out in the fields so many cells in a hundred hold a hamlet; around a centre all are built up.
_HAMLETS_IN_HUNDRED = 40
_TOWN_REACH_M = 1_000.0
# People of a village's core, and of a cell around it; denser in the county seat and the towns.
_CORE_WEIGHT, _CELL_WEIGHT, _DENSITIES = (200, 500), (20, 120), (6, 3)
# The weight of children under 15 differs by village, in a hundred.
_CHILDREN_LUCK = (85, 116)
_CHILD_GROUPS = 4


@dataclass(frozen=True, slots=True)
class People:
    """
    Where the people of a county live.

    Attributes
    ----------
    villages
        Points: the columns of the layer, `township` (row of the township) and `rank` (0 is the
        village in which the township's government sits).
    population
        Points with `residents` and ages: each village's core and the inhabited cells around it.
    """

    villages: gpd.GeoDataFrame
    population: gpd.GeoDataFrame


def make_people(county: County, townships: gpd.GeoDataFrame, seed: int) -> People:
    """
    Spread the people of each township over villages and cells of 500 m.

    The people of a township sum, by age group, over its villages and over its points; each point
    belongs to one village.
    """
    chance = stream(seed, "people", county.number)
    settled = _settle(county, townships, chance)
    villages, points = settled.villages, settled.points
    columns = age_columns()
    luck = chance.integers(*_CHILDREN_LUCK, size=len(villages))
    weights = np.repeat(points["weight"].to_numpy()[:, None] * 100, len(columns), axis=1)
    weights[:, :_CHILD_GROUPS] = (points["weight"] * luck[points["village"]]).to_numpy()[:, None]
    ages = share_out(
        townships[columns].to_numpy(dtype=np.int64),
        weights,
        groups=points["township"].to_numpy(),
        chance=chance,
    )
    population = pd.DataFrame(ages, columns=columns)
    by_village = population.groupby(points["village"]).sum()
    return People(
        villages=_layer(
            pd.concat(
                [
                    villages[["unit_id", "name", "township_id"]],
                    by_village.sum(axis=1).rename("residents"),
                    by_village,
                    villages[["township", "rank"]],
                ],
                axis=1,
            ),
            villages,
        ),
        population=_layer(
            pd.concat([population.sum(axis=1).rename("residents"), population], axis=1), points
        ),
    )


def _layer(frame: pd.DataFrame, places: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(places["x"], places["y"]), crs=PLANE)


@dataclass(frozen=True, slots=True)
class _Settled:
    villages: pd.DataFrame
    points: pd.DataFrame


def _settle(county: County, townships: gpd.GeoDataFrame, chance: np.random.Generator) -> _Settled:
    """Place the villages of every township and the inhabited cells around them."""
    villages, points, first = [], [], 0
    for row, township in enumerate(townships.itertuples(index=False)):
        centre = np.array([township.centre_x, township.centre_y])
        count = int(
            np.clip(township.residents // _RESIDENTS_PER_VILLAGE, _FEWEST_VILLAGES, _MOST_VILLAGES)
        )
        candidates = places_in(township.geometry, _CANDIDATES_A_VILLAGE * count, chance)
        others = spread_out(candidates, count - 1, taken=centre[None, :])
        places = np.vstack([centre, others])
        is_urban = township.kind == "subdistrict"
        villages.append(
            pd.DataFrame(
                {
                    "unit_id": [f"{township.unit_id}9{n:02d}" for n in range(1, count + 1)],
                    "name": village_names(count, is_urban=is_urban, chance=chance),
                    "township_id": township.unit_id,
                    "township": row,
                    "rank": np.arange(count),
                    "x": places[:, 0],
                    "y": places[:, 1],
                }
            )
        )
        inhabited = _inhabit(county, township.geometry, places, chance)
        inhabited["village"] += first
        points.append(inhabited.assign(township=row))
        first += count
    return _Settled(
        villages=pd.concat(villages, ignore_index=True),
        points=pd.concat(points).sort_values(["village", "rank"]).reset_index(drop=True),
    )


def _inhabit(
    county: County,
    area: shapely.Geometry,
    villages: NDArray[np.float64],
    chance: np.random.Generator,
) -> pd.DataFrame:
    """Weigh the cores of the villages of a township and the cells that people live in."""
    cells = (lattice(area, CELL_M) + 0.5) * CELL_M
    shapely.prepare(area)
    cells = cells[shapely.contains_xy(area, cells[:, 0], cells[:, 1])]
    is_town = _is_near(cells, villages[0], _TOWN_REACH_M)
    is_seat = _is_near(cells, county.seat, county.seat_reach_m)
    is_hamlet = chance.integers(0, 100, size=len(cells)) < _HAMLETS_IN_HUNDRED
    is_lived_in = is_seat | is_town | is_hamlet
    cells = cells[is_lived_in]
    density = np.select([is_seat[is_lived_in], is_town[is_lived_in]], _DENSITIES, 1)
    core = chance.integers(*_CORE_WEIGHT, size=len(villages))
    core[0] *= 2
    spread = chance.integers(*_CELL_WEIGHT, size=len(cells)) * density
    places = np.vstack([villages, cells])
    nearest = cKDTree(villages).query(cells)[1]
    return pd.DataFrame(
        {
            "x": places[:, 0],
            "y": places[:, 1],
            "village": np.concatenate([np.arange(len(villages)), nearest]),
            "rank": np.arange(len(places)),
            "weight": np.concatenate([core, spread]),
        }
    )


def _is_near(
    places: NDArray[np.float64], place: NDArray[np.float64], reach_m: float
) -> NDArray[np.bool_]:
    return np.asarray(((places - place) ** 2).sum(axis=1) <= reach_m**2)
