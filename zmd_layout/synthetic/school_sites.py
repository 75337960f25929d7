"""Which schools there are, where they stand and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from zmd_layout.synthetic.names import school_name
from zmd_layout.synthetic.random_streams import share_among, stream, to_centimetres
from zmd_layout.synthetic.real_inputs import age_columns
from zmd_layout.synthetic.school_history import with_history, with_owners
from zmd_layout.synthetic.school_kinds import KIND_PLANS, LOCAL_KINDS, Kind
from zmd_layout.synthetic.school_quotas import quotas
from zmd_layout.synthetic.stages import pupils_of
from zmd_layout.vocabulary import Settlement

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.synthetic.real_inputs import County

# The country has smaller, and so more, schools for its children than the county seat.
_MORE_IN_THE_COUNTRY = {
    Kind.KINDERGARTEN: 2, Kind.PRIMARY: 3, Kind.TEACHING_POINT: 50, Kind.JUNIOR: 1,
    Kind.NINE_YEAR: 2,
}  # fmt: skip
_MAY_BE_NONE = frozenset({Kind.TEACHING_POINT, Kind.NINE_YEAR})
# What only the county has stands in the county seat eight times as likely as elsewhere.
_MORE_IN_THE_SEAT = 8
_FARTHEST_FROM_VILLAGE_M = 250


def make_sites(
    county: County, townships: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, seed: int
) -> pd.DataFrame:
    """
    Found the schools of a county.

    Returns
    -------
    DataFrame
        A row a school: `school_id`, `name`, `kind`, `township` (row of the township), `x`, `y`,
        `settlement`, `is_county_seat`, and the columns of `with_history` and `with_owners`.
    """
    chance = stream(seed, "schools", county.number)
    sites = _by_township(county, townships, seed, chance)
    sites["number"] = sites.groupby(["kind", "township"]).cumcount()
    sites = _placed(sites, townships, villages, chance)
    sites = with_history(sites, county, chance)
    sites = with_owners(sites, townships, county, chance)
    return _named(sites, county, townships)


def _by_township(
    county: County, townships: gpd.GeoDataFrame, seed: int, chance: np.random.Generator
) -> pd.DataFrame:
    pupils = pupils_of(townships[age_columns()].to_numpy(dtype=np.int64))
    residents = townships["residents"].to_numpy(dtype=np.int64)
    is_seat = townships["is_county_seat"].to_numpy(dtype=bool)
    parts = []
    for kind, count in quotas(seed)[county.base_id].items():
        plan = KIND_PLANS[kind]
        if kind in LOCAL_KINDS:
            children = np.maximum(pupils[plan.stages[-1]], 1)
            weights = children * np.where(is_seat, 1, _MORE_IN_THE_COUNTRY[kind])
        else:
            weights = residents * np.where(is_seat, _MORE_IN_THE_SEAT, 1)
        least = 1 if kind in LOCAL_KINDS - _MAY_BE_NONE else 0
        counts = share_among(count, weights, chance=chance, least=least)
        parts.append(
            pd.DataFrame(
                {"kind": str(kind), "township": np.repeat(np.arange(len(townships)), counts)}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _placed(
    sites: pd.DataFrame,
    townships: gpd.GeoDataFrame,
    villages: gpd.GeoDataFrame,
    chance: np.random.Generator,
) -> pd.DataFrame:
    """Stand the first of a kind where the township's government sits, the others at villages."""
    counts = villages.groupby("township").size().to_numpy()
    first = np.cumsum(counts) - counts
    township, number = sites["township"].to_numpy(), sites["number"].to_numpy()
    kind_number = pd.Categorical(sites["kind"], categories=list(Kind)).codes.astype(np.int64)
    turns = chance.integers(0, 1_000_000, size=(len(townships), len(Kind)))
    others = counts[township] - 1
    rank = np.where(number == 0, 0, 1 + (turns[township, kind_number] + number) % others)
    places = villages.get_coordinates().to_numpy()[first[township] + rank]
    reach_cm = _FARTHEST_FROM_VILLAGE_M * 100
    stray_m = chance.integers(-reach_cm, reach_cm + 1, size=places.shape) / 100
    places = _inside(townships.geometry.to_numpy()[township], places, stray_m)
    is_seat = townships["is_county_seat"].to_numpy(dtype=bool)[township]
    is_town = (rank == 0) & (townships["kind"].to_numpy()[township] != "township")
    words = [str(word) for word in (Settlement.URBAN, Settlement.TOWN, Settlement.RURAL)]
    return sites.assign(
        x=places[:, 0],
        y=places[:, 1],
        settlement=np.select([is_seat, is_town], words[:2], words[2]),
        is_county_seat=is_seat,
    )


def _inside(
    areas: NDArray[np.object_], places: NDArray[np.float64], stray_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move places that lie in their areas by `stray_m`; less, or not, where it would leave them."""
    for shrink in (0.5, 0.5, 0.0):
        moved = to_centimetres(places + stray_m)
        is_out = ~shapely.contains_xy(areas, moved[:, 0], moved[:, 1])
        stray_m = np.where(is_out[:, None], stray_m * shrink, stray_m)
    return to_centimetres(places + stray_m)


def _named(sites: pd.DataFrame, county: County, townships: gpd.GeoDataFrame) -> pd.DataFrame:
    """Name schools after their township, and what only the county has after the county."""
    plans = [KIND_PLANS[Kind(kind)] for kind in sites["kind"]]
    is_local = sites["kind"].isin(LOCAL_KINDS)
    place = np.where(is_local, townships["name"].to_numpy()[sites["township"]], county.root)
    in_place = sites.groupby(["kind", place]).cumcount() + 1
    serial = sites.groupby("kind").cumcount() + 1
    return sites.assign(
        school_id=[
            f"SL{county.unit_id}{plan.initial}{number:04d}"
            for plan, number in zip(plans, serial, strict=True)
        ],
        name=[
            school_name(where, number, plan.suffix, is_central=central)
            for where, number, plan, central in zip(
                place, in_place, plans, sites["is_township_central"], strict=True
            )
        ],
    )
