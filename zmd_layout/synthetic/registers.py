"""Made registers beside the schools: building projects, closures, statistics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.synthetic.names import MADE
from zmd_layout.synthetic.random_streams import share_among, stream
from zmd_layout.synthetic.real_inputs import COUNTY_ORDER, real_counties
from zmd_layout.synthetic.school_kinds import Kind
from zmd_layout.synthetic.stages import children_of
from zmd_layout.vocabulary import Ownership, SchoolStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from zmd_layout.synthetic.real_inputs import County

YEAR = 2025


@dataclass(frozen=True, slots=True)
class _Programme:
    """So many projects in the city, of which so many are done."""

    stages: tuple[Stage, ...]
    count: int
    done: int
    title: str


# The plan wants 214, 365 and 30: one programme just short, one fulfilled, one short.
_PROGRAMMES = (
    _Programme((Stage.KINDERGARTEN,), 221, 207, "公办幼儿园"),
    _Programme((Stage.PRIMARY, Stage.JUNIOR), 384, 371, "义务教育学校"),
    _Programme((Stage.SENIOR,), 31, 27, "普通高中"),
)
_PROJECT_KINDS = ("new", "new", "expanded", "expanded", "continued")
_CLOSES_ON = "2024-07-31"
# In one county of so many, a school closes years before its replacement opens.
_COUNTIES_A_BREACH = 5
_WITHOUT_CENTRE = "411724"


@cache
def _project_counts(seed: int) -> dict[str, tuple[tuple[int, int], ...]]:
    """Share each programme out over the counties: county → (projects, done) of each."""
    chance = stream(seed, "programmes")
    residents = np.array([county.ages.sum() for county in real_counties()], dtype=np.int64)
    residents //= 10
    open_and_done = [
        [
            share_among(programme.done, residents, chance=chance),
            share_among(programme.count - programme.done, residents, chance=chance),
        ]
        for programme in _PROGRAMMES
    ]
    return {
        county: tuple((int(done[n] + left[n]), int(done[n])) for done, left in open_and_done)
        for n, county in enumerate(COUNTY_ORDER)
    }


def make_projects(county: County, seed: int) -> pd.DataFrame:
    """Make the building projects of the plan's period; those under way have no `done_on`."""
    chance = stream(seed, "projects", county.number)
    rows: list[dict[str, object]] = []
    for programme, (count, done) in zip(
        _PROGRAMMES, _project_counts(seed)[county.base_id], strict=True
    ):
        for number in range(1, count + 1):
            year, month = chance.integers(2021, 2026), chance.integers(1, 13)
            day = f"{year}-{month:02d}-28"
            serial = len(rows) + 1
            rows.append(
                {
                    "project_id": f"XM{county.unit_id}{serial:04d}",
                    "name": f"{MADE}{county.root}{programme.title}建设项目{number}",
                    "stage": str(programme.stages[number % len(programme.stages)]),
                    "kind": _PROJECT_KINDS[chance.integers(0, len(_PROJECT_KINDS))],
                    "ownership": str(Ownership.PUBLIC),
                    "county_id": county.unit_id,
                    "status": "done" if number <= done else "under_way",
                    "done_on": day if number <= done else None,
                }
            )
    return pd.DataFrame(rows)


def make_closures(county: County, schools: gpd.GeoDataFrame) -> pd.DataFrame:
    """List the closed schools with what takes their pupils, which in places is not yet built."""
    closed = schools[schools["status"] == SchoolStatus.CLOSED]
    primary = schools[schools["kind"] == Kind.PRIMARY]
    central = primary[primary["status"] == SchoolStatus.OPERATING].drop_duplicates("township")
    replacement = closed["township"].map(central.set_index("township")["school_id"])
    coming = primary.loc[primary["status"] == SchoolStatus.PLANNED, "school_id"]
    is_breached = county.number % _COUNTIES_A_BREACH == 0
    if is_breached:
        replacement.iloc[0] = coming.iloc[0]
    return pd.DataFrame(
        {"school_id": closed["school_id"], "closes_on": _CLOSES_ON, "replacement_id": replacement}
    ).reset_index(drop=True)


def make_statistics(
    counties: Sequence[County], schools: Sequence[gpd.GeoDataFrame]
) -> pd.DataFrame:
    """Count what yearbooks tell of one city and its counties, from the made schools."""
    city = counties[0].city_id
    ages = np.array([county.ages for county in counties])
    units = [
        *[(county.unit_id, [own], ages[n : n + 1]) for n, (county, own) in
          enumerate(zip(counties, schools, strict=True))],
        (city, list(schools), ages),
    ]  # fmt: skip
    rows = []
    for unit_id, parts, unit_ages in units:
        open_schools = pd.concat([part[part["status"] == SchoolStatus.OPERATING] for part in parts])
        values = _values(open_schools, unit_ages)
        values["special_resource_centres"] = 0 if unit_id.endswith(_WITHOUT_CENTRE[3:]) else 1
        rows += [
            {"unit_id": unit_id, "year": YEAR, "name": name, "value": value}
            for name, value in values.items()
        ]
    return pd.DataFrame(rows)


def _values(schools: pd.DataFrame, ages: np.ndarray) -> dict[str, float]:
    kindergartens = schools[schools["kind"] == Kind.KINDERGARTEN]
    compulsory = schools[schools["stages"].isin(["primary", "junior", "primary;junior"])]
    of_age = int(children_of(ages)[Stage.KINDERGARTEN].sum())
    enrolled = int(kindergartens["enrolment"].sum())
    return {
        "kindergarten_enrolment": enrolled,
        "kindergarten_inclusive_enrolment_share": _percent(
            _pupils_of(kindergartens, Ownership.PUBLIC, Ownership.INCLUSIVE_PRIVATE), enrolled
        ),
        "kindergarten_gross_enrolment_rate": _percent(enrolled, of_age),
        "compulsory_private_enrolment_share": _percent(
            _pupils_of(compulsory, Ownership.PRIVATE, Ownership.FOR_PROFIT),
            int(compulsory["enrolment"].sum()),
        ),
        "inclusive_pupils": int(schools["inclusive_pupils"].sum()),
        "resource_rooms": int(schools["has_resource_room"].sum()),
    }


def _pupils_of(schools: pd.DataFrame, *owners: Ownership) -> int:
    return int(schools.loc[schools["ownership"].isin(owners), "enrolment"].sum())


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)
