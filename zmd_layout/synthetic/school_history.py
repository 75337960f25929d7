"""When and how each made school came to be, who owns it and who runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.synthetic.school_kinds import (
    KIND_PLANS,
    NEW_SENIORS,
    OWNERSHIPS,
    SIZE_CASE_OPENING,
    SIZE_CASES,
    Kind,
    Opening,
)
from zmd_layout.vocabulary import Construction, Ownership, SchoolStatus

if TYPE_CHECKING:
    import geopandas as gpd

    from zmd_layout.synthetic.real_inputs import County

_OLD = (1952, 2020)
_PERIOD = (2021, 2025)
# How many in a hundred came to be in the plan's period, and how.
_RECENT_IN_HUNDRED = {
    Kind.KINDERGARTEN: 7, Kind.PRIMARY: 4, Kind.JUNIOR: 5, Kind.NINE_YEAR: 20, Kind.VOCATIONAL: 10,
}  # fmt: skip
_CONSTRUCTIONS = (
    *[Construction.NEW] * 12, *[Construction.EXPANDED] * 5, *[Construction.RELOCATED] * 2,
    Construction.CONTINUED,
)  # fmt: skip
_COMING = {
    Kind.KINDERGARTEN: Opening("2026-09-01", Construction.NEW, SchoolStatus.UNDER_CONSTRUCTION),
    Kind.PRIMARY: Opening("2027-09-01", Construction.NEW, SchoolStatus.PLANNED),
}
_CLOSED_A_COUNTY = 2
# Of so many townships one has no central kindergarten, one a private one, and two a second one.
_TOWNSHIPS_A_GAP = 12
_RUN_BY_CITY = (Kind.SENIOR, Kind.VOCATIONAL, Kind.TERTIARY)


def with_history(sites: pd.DataFrame, county: County, chance: np.random.Generator) -> pd.DataFrame:
    """
    Add `opens_on`, `construction`, `status` and `seats_built`.

    `construction` is empty for schools older than the plan, and `seats_built` for all but the
    schools whose size is the case of a rule. Each county has a few schools that are still to come
    and a few that have closed.
    """
    old = chance.integers(_OLD[0], _OLD[1] + 1, size=len(sites))
    recent = chance.integers(_PERIOD[0], _PERIOD[1] + 1, size=len(sites))
    how = chance.integers(0, len(_CONSTRUCTIONS), size=len(sites))
    odds = np.array([_RECENT_IN_HUNDRED.get(Kind(kind), 0) for kind in sites["kind"]])
    is_recent = chance.integers(0, 100, size=len(sites)) < odds
    sites = sites.assign(
        opens_on=[f"{year}-09-01" for year in np.where(is_recent, recent, old)],
        construction=pd.Series(np.array(_CONSTRUCTIONS)[how], index=sites.index).where(is_recent),
        status=str(SchoolStatus.OPERATING),
        seats_built=np.nan,
    )
    for opening, row in _openings(sites, county):
        sites.loc[row, ["opens_on", "construction", "status"]] = [
            opening.opens_on, str(opening.construction), str(opening.status),
        ]  # fmt: skip
    for case, row in _size_cases(sites, county):
        sites.loc[row, "seats_built"] = case
    sites.loc[_closed(sites), "status"] = str(SchoolStatus.CLOSED)
    return sites


def _openings(sites: pd.DataFrame, county: County) -> list[tuple[Opening, int]]:
    seniors = sites.index[sites["kind"] == Kind.SENIOR]
    openings = NEW_SENIORS[county.base_id]
    found = list(zip(openings, seniors[-len(openings) :], strict=True))
    found += [(opening, _last(sites, kind)) for kind, opening in _COMING.items()]
    return found + [(SIZE_CASE_OPENING, row) for _, row in _size_cases(sites, county)]


def _size_cases(sites: pd.DataFrame, county: County) -> list[tuple[int, int]]:
    """Choose the schools of the county whose size is the case of a rule: seats and row."""
    cases = [SIZE_CASES[(county.number + step) % len(SIZE_CASES)] for step in (0, 1)]
    return [(case.seats, _first_in_seat(sites, case.kind)) for case in cases]


def _first_in_seat(sites: pd.DataFrame, kind: Kind) -> int:
    of_kind = sites[sites["kind"] == kind].sort_values("is_county_seat", kind="stable")
    return int(of_kind.index[-1])


def _last(sites: pd.DataFrame, kind: Kind) -> int:
    in_country = sites[(sites["kind"] == kind) & (sites["number"] > 0) & ~sites["is_county_seat"]]
    return int(in_country.index[-1])


def _closed(sites: pd.DataFrame) -> pd.Index[int]:
    """Choose the schools that have closed: primaries of villages, never a central one."""
    is_open = sites["status"] == SchoolStatus.OPERATING
    village = sites[(sites["kind"] == Kind.PRIMARY) & (sites["number"] > 1) & is_open]
    return village.index[~village["is_county_seat"]][:_CLOSED_A_COUNTY]


def with_owners(
    sites: pd.DataFrame, townships: gpd.GeoDataFrame, county: County, chance: np.random.Generator
) -> pd.DataFrame:
    """Add `ownership`, `administered_by` and `is_township_central`."""
    bounds = np.array([np.cumsum(KIND_PLANS[Kind(kind)].owners) for kind in sites["kind"]])
    drawn = chance.integers(0, 100, size=len(sites))
    ownership = np.array(OWNERSHIPS)[(drawn[:, None] >= bounds).sum(axis=1)]
    kind, number = sites["kind"].to_numpy(), sites["number"].to_numpy()
    is_rural_unit = (townships["kind"] != "subdistrict").to_numpy()[sites["township"]]
    lacks, is_private, has_two = _central_gaps(townships, chance)
    township = sites["township"].to_numpy()
    is_central = is_rural_unit & np.where(
        kind == Kind.KINDERGARTEN,
        np.where(has_two[township], number <= 1, (number == 0) & ~lacks[township]),
        (kind == Kind.PRIMARY) & (number == 0),
    )
    ownership[is_central] = Ownership.PUBLIC
    is_kindergarten = kind == Kind.KINDERGARTEN
    ownership[is_central & is_kindergarten & is_private[township]] = Ownership.INCLUSIVE_PRIVATE
    is_city_run = np.isin(kind, _RUN_BY_CITY) & (county.kind == "district")
    return sites.assign(
        ownership=ownership,
        administered_by=np.where(is_city_run, "city", "county"),
        is_township_central=is_central,
    )


def _central_gaps(
    townships: gpd.GeoDataFrame, chance: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose townships without a central kindergarten, with a private one, and with two."""
    order = chance.permutation(np.flatnonzero(townships["kind"] != "subdistrict"))
    gap = 1 + len(order) // _TOWNSHIPS_A_GAP
    flags = np.zeros((3, len(townships)), dtype=bool)
    for flag, rows in zip(flags, (order[:1], order[1:gap], order[gap : 2 * gap]), strict=True):
        flag[rows] = True
    return flags[0], flags[1], flags[2]
