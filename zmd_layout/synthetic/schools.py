"""The made schools as the layer has them, and the classes and closures that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from zmd_layout.synthetic.names import MADE
from zmd_layout.synthetic.random_streams import stream
from zmd_layout.synthetic.real_inputs import PLANE
from zmd_layout.synthetic.school_kinds import KIND_PLANS, LOCAL_KINDS, Kind
from zmd_layout.synthetic.school_rolls import make_rolls
from zmd_layout.synthetic.school_sites import make_sites
from zmd_layout.synthetic.stages import PLANS
from zmd_layout.vocabulary import SchoolStatus, Settlement, Stage

if TYPE_CHECKING:
    from zmd_layout.synthetic.real_inputs import County

SOURCE = f"{MADE}：程序生成"
# Seats of schools that are still to come, or whose number was not told.
_COMING_CLASSROOMS = {Kind.SENIOR: 48, Kind.PRIMARY: 24, Kind.KINDERGARTEN: 9}
_BOARDING_IN_HUNDRED = {
    Kind.JUNIOR: 85, Kind.NINE_YEAR: 60, Kind.COMBINED: 90, Kind.TWELVE_YEAR: 95, Kind.SENIOR: 95,
    Kind.VOCATIONAL: 80, Kind.SPECIAL: 90,
}  # fmt: skip
_CENTRAL_PRIMARY_BOARDING = 55
_SEAT_BOARDING_PART = 3
_BOARDERS_IN_HUNDRED = {Kind.PRIMARY: (15, 45), Kind.JUNIOR: (60, 96)}
_SITE_M2_A_SEAT = (16, 29)
_INCLUSIVE = frozenset({Kind.PRIMARY, Kind.JUNIOR, Kind.NINE_YEAR, Kind.TEACHING_POINT})
# So many in a hundred are not known, as in rosters that counties hand in.
_UNKNOWN_SITE_AREA, _UNKNOWN_LARGE_CLASSES, _UNKNOWN_BOARDING = 12, 3, 2
_CLASS_LISTS_IN_HUNDRED = 60
# Where many pupils are taught inclusively, most schools have a room for it.
_MANY_INCLUSIVE, _ROOMS_IN_HUNDRED = 5, 70


@dataclass(frozen=True, slots=True)
class Schools:
    """
    The schools of a county.

    Attributes
    ----------
    schools
        The columns of the layer, `kind`, and `township` (row of the township).
    classes
        The class lists of a part of them.
    """

    schools: gpd.GeoDataFrame
    classes: pd.DataFrame


def make_schools(
    county: County, townships: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, seed: int
) -> Schools:
    """Make the schools of a county with their pupils, classes and rooms."""
    chance = stream(seed, "school facts", county.number)
    sites = make_sites(county, townships, villages, seed)
    rolls, classes = make_rolls(county, townships, sites, seed)
    facts = _facts(sites, rolls)
    schools = sites.join(facts)
    schools = schools.join(_boarding(schools, chance))
    schools = schools.join(_details(schools, chance))
    has_list = chance.integers(0, 100, size=len(sites)) < _CLASS_LISTS_IN_HUNDRED
    return Schools(schools=_layer(schools), classes=_class_lists(schools, rolls, classes, has_list))


def _facts(sites: pd.DataFrame, rolls: pd.DataFrame) -> pd.DataFrame:
    """Add up the rolls of each school; what is not open has seats at most."""
    told = ["pupils", "seats", "classes", "classrooms", "large_classes"]
    sums = rolls.groupby("site")[told].sum().reindex(sites.index).astype(np.float64)
    facts = sums.rename(columns={"pupils": "enrolment", "large_classes": "classes_of_56_and_more"})
    is_coming = sites["status"].isin([SchoolStatus.PLANNED, SchoolStatus.UNDER_CONSTRUCTION])
    for kind, rooms in _COMING_CLASSROOMS.items():
        rows = is_coming & (sites["kind"] == kind)
        facts.loc[rows, "classrooms"] = rooms
        facts.loc[rows, "seats"] = rooms * PLANS[KIND_PLANS[kind].stages[0]].seats_per_class
    built = sites["seats_built"]
    facts["seats"] = facts["seats"].where(built.isna(), built)
    return facts


def _boarding(schools: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Report which schools board and how many pupils; of a few it is not known."""
    kinds = [Kind(kind) for kind in schools["kind"]]
    odds = np.array([_BOARDING_IN_HUNDRED.get(kind, 0) for kind in kinds])
    is_primary = np.array([kind is Kind.PRIMARY for kind in kinds])
    odds = np.where(schools["is_township_central"] & is_primary, _CENTRAL_PRIMARY_BOARDING, odds)
    is_urban = schools["settlement"] == Settlement.URBAN
    odds = np.where(is_urban & schools["kind"].isin(LOCAL_KINDS), odds // _SEAT_BOARDING_PART, odds)
    is_boarding = chance.integers(0, 100, size=len(schools)) < odds
    low, high = np.array(
        [_BOARDERS_IN_HUNDRED[Kind.PRIMARY if p else Kind.JUNIOR] for p in is_primary]
    ).T
    share = chance.integers(low, high)
    boarders = schools["enrolment"] * np.where(is_boarding, share, 0) // 100
    is_unknown = chance.integers(0, 100, size=len(schools)) < _UNKNOWN_BOARDING
    is_unknown &= np.array([Stage.JUNIOR in KIND_PLANS[kind].stages for kind in kinds])
    return pd.DataFrame(
        {
            "is_boarding": pd.Series(is_boarding, schools.index, dtype="boolean").mask(is_unknown),
            "boarders": np.where(is_unknown, np.nan, boarders),
        },
        index=schools.index,
    )


def _details(schools: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    count = len(schools)
    area_m2 = schools["seats"] * chance.integers(*_SITE_M2_A_SEAT, size=count)
    is_told = chance.integers(0, 100, size=count) >= _UNKNOWN_SITE_AREA
    many = chance.integers(0, 10, size=count)
    inclusive = np.where(many > 0, many // 3, chance.integers(_MANY_INCLUSIVE, 10, size=count))
    is_inclusive = schools["kind"].isin(_INCLUSIVE) & schools["enrolment"].notna()
    is_ready = chance.integers(0, 100, size=count) < _ROOMS_IN_HUNDRED
    has_room = (inclusive >= _MANY_INCLUSIVE) & is_ready
    return pd.DataFrame(
        {
            "site_area_m2": area_m2.where(is_told),
            "inclusive_pupils": np.where(is_inclusive, inclusive, np.nan),
            "has_resource_room": pd.Series(has_room, schools.index, dtype="boolean").where(
                is_inclusive
            ),
            "tells_large_classes": chance.integers(0, 100, size=count) >= _UNKNOWN_LARGE_CLASSES,
        },
        index=schools.index,
    )


def _layer(schools: pd.DataFrame) -> gpd.GeoDataFrame:
    plans = [KIND_PLANS[Kind(kind)] for kind in schools["kind"]]
    large = schools["classes_of_56_and_more"].where(schools["tells_large_classes"])
    return gpd.GeoDataFrame(
        {
            "school_id": schools["school_id"],
            "name": schools["name"],
            "stages": [";".join(plan.stages) or None for plan in plans],
            "level_code": [plan.level_code for plan in plans],
            "is_teaching_point": schools["kind"] == Kind.TEACHING_POINT,
            **{name: schools[name] for name in _AS_THEY_ARE},
            "classes_of_56_and_more": large,
            "residential_area_id": None,
            "source": SOURCE,
            "kind": schools["kind"],
            "township": schools["township"],
        },
        geometry=gpd.points_from_xy(schools["x"], schools["y"]),
        crs=PLANE,
    )


_AS_THEY_ARE = (
    "ownership", "administered_by", "is_township_central", "is_boarding", "boarders", "enrolment",
    "seats", "classes", "classrooms", "inclusive_pupils", "has_resource_room", "settlement",
    "status", "construction", "opens_on", "site_area_m2",
)  # fmt: skip


def _class_lists(
    schools: pd.DataFrame, rolls: pd.DataFrame, classes: pd.DataFrame, has_list: np.ndarray
) -> pd.DataFrame:
    of_roll = rolls.loc[classes["roll"], ["site", "stage"]].reset_index(drop=True)
    lists = pd.DataFrame(
        {
            "school_id": schools["school_id"].to_numpy()[of_roll["site"]],
            "stage": of_roll["stage"],
            "grade": classes["grade"],
            "pupils": classes["pupils"],
        }
    )
    return lists[has_list[of_roll["site"]]].reset_index(drop=True)
