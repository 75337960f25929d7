"""Pupils, classes and rooms of the made schools: what a county's children come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.synthetic.random_streams import share_out, stream
from zmd_layout.synthetic.real_inputs import age_columns
from zmd_layout.synthetic.school_kinds import KIND_PLANS, LOCAL_KINDS, MOODS, Kind
from zmd_layout.synthetic.stages import PLANS, pupils_of
from zmd_layout.vocabulary import SchoolStatus, Stage

if TYPE_CHECKING:
    import geopandas as gpd

    from zmd_layout.synthetic.real_inputs import County

_LUCK = (60, 141)
# Parents send their children to the county seat: weight of its schools in a hundred.
_SEAT_PULL = {Stage.JUNIOR: 125, Stage.PRIMARY: 135, Stage.KINDERGARTEN: 105}
# No school draws more or less than these shares, in a hundred, of the county's mean.
_LEAST_SHARE, _LARGEST_SHARE = 25, 200
# A teaching point keeps the lower grades, in small rooms.
_TEACHING_POINT_PUPILS = (6, 56)
_TEACHING_POINT_GRADES, _TEACHING_POINT_SEATS = 3, 20
_SPECIAL_PUPILS = (60, 221)
# A school whose size is the case of a rule is nearly full.
_FULL_IN_HUNDRED = 95
_CLASS_LUCK = (-5, 3)
# Only a school of this many classes keeps a spare room.
_CLASSES_FOR_A_SPARE_ROOM = 8
_LARGE_CLASS = 56


def make_rolls(
    county: County, townships: gpd.GeoDataFrame, sites: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Send the children of a county to its open schools.

    Returns
    -------
    rolls
        A row for each school and stage it teaches: `site` (row of the school), `stage`, `pupils`,
        `classes`, `classrooms`, `seats`, `large_classes`. The pupils of a stage sum to the
        children who attend it in the county.
    classes
        A row a class: `roll`, `grade`, `pupils`.
    """
    chance = stream(seed, "rolls", county.number)
    rolls = _openings(sites)
    rolls["pupils"] = _pupils(county, townships, rolls, chance)
    sizes = _class_sizes(county, rolls, chance)
    classes = _classes(rolls, sizes, chance)
    mood = MOODS[county.base_id]
    per_class = rolls["stage"].map({str(s): plan.seats_per_class for s, plan in PLANS.items()})
    per_class = per_class.mask(rolls["kind"] == Kind.TEACHING_POINT, _TEACHING_POINT_SEATS)
    rolls["classes"] = classes.groupby("roll").size().reindex(rolls.index, fill_value=0)
    has_room = rolls["classes"] >= _CLASSES_FOR_A_SPARE_ROOM
    luck = chance.integers(0, 2, size=len(rolls)) * has_room if mood.spare_classrooms else 0
    spare = rolls["classes"] * mood.spare_classrooms // 100 + luck
    rolls["classrooms"] = rolls["classes"] + spare
    rolls["seats"] = rolls["classrooms"] * per_class
    large = classes.loc[classes["pupils"] >= _LARGE_CLASS].groupby("roll").size()
    rolls["large_classes"] = large.reindex(rolls.index, fill_value=0)
    return rolls, classes


def _openings(sites: pd.DataFrame) -> pd.DataFrame:
    """List the stages of the schools that teach."""
    is_open = sites["status"] == SchoolStatus.OPERATING
    rows = [
        (site, str(stage))
        for site, kind in sites.loc[is_open, "kind"].items()
        for stage in KIND_PLANS[Kind(kind)].stages
    ]
    rolls = pd.DataFrame(rows, columns=["site", "stage"])
    of_site = sites.loc[rolls["site"]].reset_index(drop=True)
    return rolls.join(of_site[["kind", "township", "is_county_seat", "seats_built"]])


def _pupils(
    county: County, townships: gpd.GeoDataFrame, rolls: pd.DataFrame, chance: np.random.Generator
) -> np.ndarray:
    local = pupils_of(townships[age_columns()].to_numpy(dtype=np.int64))
    total = pupils_of(county.ages[None, :])
    pupils = _fixed_pupils(rolls, chance)
    luck = chance.integers(*_LUCK, size=len(rolls))
    is_local = rolls["kind"].isin(LOCAL_KINDS).to_numpy()
    for stage, attending in total.items():
        rows = np.flatnonzero((rolls["stage"] == stage) & (pupils < 0))
        fixed = int(pupils[(rolls["stage"] == stage) & (pupils > 0)].sum())
        township = rolls["township"].to_numpy()[rows]
        shares = local[stage][township] // np.bincount(township)[township]
        mean = int(attending[0]) // len(rows)
        shares = np.clip(shares, mean * _LEAST_SHARE // 100, mean * _LARGEST_SHARE // 100)
        shares = np.where(is_local[rows], shares, mean)
        pull = np.where(rolls["is_county_seat"].to_numpy()[rows], _SEAT_PULL.get(stage, 100), 100)
        weights = np.maximum(shares * pull // 100 * luck[rows] // 100, 1)
        pupils[rows] = share_out(
            np.array([[attending[0] - fixed]]),
            weights[:, None],
            groups=np.zeros(len(rows), dtype=np.int64),
            chance=chance,
        )[:, 0]
    return pupils


def _fixed_pupils(rolls: pd.DataFrame, chance: np.random.Generator) -> np.ndarray:
    """Return the pupils of schools whose number does not follow the children; −1 for all others."""
    count = len(rolls)
    pupils = np.full(count, -1, dtype=np.int64)
    is_point = (rolls["kind"] == Kind.TEACHING_POINT).to_numpy()
    is_special = (rolls["stage"] == Stage.SPECIAL).to_numpy()
    pupils[is_point] = chance.integers(*_TEACHING_POINT_PUPILS, size=count)[is_point]
    pupils[is_special] = chance.integers(*_SPECIAL_PUPILS, size=count)[is_special]
    built = rolls["seats_built"].to_numpy()
    is_case = ~np.isnan(built)
    grades = rolls["stage"].map({str(s): len(plan.grades) for s, plan in PLANS.items()})
    of_school = grades.groupby(rolls["site"]).transform("sum")
    full = built[is_case].astype(np.int64) * _FULL_IN_HUNDRED // 100
    pupils[is_case] = full * grades[is_case] // of_school[is_case]
    return pupils


def _class_sizes(county: County, rolls: pd.DataFrame, chance: np.random.Generator) -> np.ndarray:
    """Report how many pupils each school puts into a class before it opens another."""
    mood = MOODS[county.base_id]
    usual = rolls["stage"].map({str(stage): plan.fullest_class for stage, plan in PLANS.items()})
    luck = chance.integers(*_CLASS_LUCK, size=len(rolls))
    return np.asarray(usual * mood.fullest_class // 100 + luck, dtype=np.int64)


def _classes(rolls: pd.DataFrame, sizes: np.ndarray, chance: np.random.Generator) -> pd.DataFrame:
    """Split each roll into grades by cohort, and each grade into classes as even as can be."""
    ladders = [_ladder(*roll) for roll in zip(rolls["kind"], rolls["stage"], strict=True)]
    roll = np.repeat(np.arange(len(rolls)), [len(ladder) for ladder in ladders])
    grades = np.array([grade for ladder in ladders for grade, _ in ladder], dtype=object)
    cohorts = np.array([weight for ladder in ladders for _, weight in ladder], dtype=np.int64)
    pupils = share_out(
        rolls["pupils"].to_numpy()[:, None], cohorts[:, None], groups=roll, chance=chance
    )[:, 0]
    counts = -(-pupils // sizes[roll])
    grade = np.repeat(np.arange(len(roll)), counts)
    nth = np.arange(len(grade)) - np.repeat(np.cumsum(counts) - counts, counts)
    size = pupils[grade] // counts[grade] + (nth < pupils[grade] % counts[grade])
    return pd.DataFrame({"roll": roll[grade], "grade": grades[grade], "pupils": size})


def _ladder(kind: str, stage: str) -> list[tuple[str, int]]:
    """Return the grades of a roll with their cohorts; a teaching point has the lower ones only."""
    plan = PLANS[Stage(stage)]
    grades = list(zip(plan.grades, plan.cohorts, strict=True))
    return grades[:_TEACHING_POINT_GRADES] if kind == Kind.TEACHING_POINT else grades
