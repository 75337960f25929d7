"""Made residential areas, one for each case that the rules on new districts must tell apart."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from zmd_layout.synthetic.names import MADE
from zmd_layout.synthetic.real_inputs import PLANE
from zmd_layout.vocabulary import KindergartenDefect, Ownership, ReviewStage, Settlement, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from zmd_layout.synthetic.real_inputs import County

# The cases stand in a chequer of slots around the county seat.
_SLOTS_A_ROW = 4
_SLOT_M = 1_100.0
_RESIDENTS_PER_M2 = 0.045
_LANE_M = 20.0
# A rural case stands so far from the middle of a township out in the country.
_RURAL_OFFSET_M = (700.0, 500.0)


@dataclass(frozen=True, slots=True)
class Offer:
    """A school that the developer promises."""

    stage: str
    seats: int
    classes: int
    opens_on: str
    ownership: str = Ownership.PUBLIC
    site_area_m2: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """A residential area; empty is unknown."""

    name: str
    planned_residents: int | None = None
    dwellings: int | None = None
    persons_per_dwelling: float | None = None
    settlement: Settlement = Settlement.URBAN
    is_new: bool = True
    review_stage: ReviewStage = ReviewStage.SCHEME
    conditions_on: str | None = "2023-03-15"
    started_on: str | None = "2023-10-01"
    first_phase_on: str | None = "2026-06-30"
    accepted_on: str | None = None
    kindergarten_defect: KindergartenDefect | None = KindergartenDefect.NONE
    schools: tuple[Offer, ...] = ()
    holds_school: bool = False

    @property
    def area_m2(self) -> float:
        """Land by the usual density; dwellings count as three people here."""
        residents = self.planned_residents or 3 * (self.dwellings or 0)
        return residents / _RESIDENTS_PER_M2


def _kindergarten(opens_on: str = "2026-05-31", ownership: str = Ownership.PUBLIC) -> Offer:
    return Offer(Stage.KINDERGARTEN, 360, 12, opens_on, ownership, 5_400)


def _primary(opens_on: str = "2026-05-31") -> Offer:
    return Offer(Stage.PRIMARY, 1_620, 36, opens_on, Ownership.PUBLIC, 32_000)


def _junior(opens_on: str = "2026-05-31") -> Offer:
    return Offer(Stage.JUNIOR, 1_500, 30, opens_on, Ownership.PUBLIC, 38_000)


# Neighbours of one case stand side by side.
CASES: tuple[tuple[Estate, ...], ...] = (
    (
        Estate(
            name="锦绣家园",
            planned_residents=12_000,
            schools=(_kindergarten(), _primary()),
        ),
    ),
    (Estate(name="望河新城", planned_residents=15_000, schools=(_kindergarten(),)),),
    tuple(
        Estate(name=name, planned_residents=residents, schools=(_kindergarten(),))
        for name, residents in (("东苑一期", 6_000), ("东苑二期", 5_900), ("东苑三期", 6_100))
    ),
    (
        Estate(
            name="中央公园",
            planned_residents=20_000,
            schools=(_kindergarten(), _kindergarten(), _primary(), _junior()),
        ),
    ),
    (
        Estate(
            name="和顺花园",
            planned_residents=8_000,
            review_stage=ReviewStage.ACCEPTANCE,
            first_phase_on="2024-06-30",
            accepted_on="2024-06-20",
            kindergarten_defect=KindergartenDefect.NOT_HANDED_OVER,
            schools=(_kindergarten("2024-06-15"),),
        ),
    ),
    (
        Estate(
            name="学府名城",
            planned_residents=13_500,
            review_stage=ReviewStage.ACCEPTANCE,
            first_phase_on="2024-06-30",
            accepted_on="2025-01-15",
            schools=(_kindergarten("2024-06-30"), _primary("2025-09-01")),
        ),
    ),
    (
        Estate(
            name="滨江府",
            planned_residents=11_000,
            conditions_on=None,
            schools=(_kindergarten(), _primary()),
        ),
    ),
    (
        Estate(
            name="田园新村",
            planned_residents=10_500,
            settlement=Settlement.RURAL,
            schools=(_kindergarten(),),
        ),
    ),
    (Estate(name="翠湖湾", dwellings=3_500, schools=(_kindergarten(),)),),
    (
        Estate(
            name="金色年华",
            planned_residents=9_000,
            schools=(_kindergarten(ownership=Ownership.FOR_PROFIT),),
        ),
    ),
    (
        Estate(
            name="万和府",
            planned_residents=10_000,
            schools=(_kindergarten(),),
            holds_school=True,
        ),
    ),
    (
        Estate(
            name="老城记忆",
            planned_residents=16_000,
            review_stage=ReviewStage.ACCEPTANCE,
            conditions_on="2020-05-20",
            started_on="2020-11-01",
            first_phase_on="2023-05-31",
            accepted_on="2023-05-25",
            schools=(_kindergarten("2023-05-31"),),
        ),
    ),
    (
        Estate(
            name="书香门第",
            planned_residents=21_000,
            schools=(
                _kindergarten(),
                _primary(),
                Offer("nine_year", 2_700, 60, "2026-05-31", Ownership.PUBLIC, 62_000),
            ),
        ),
    ),
    (
        Estate(
            name="安居苑",
            planned_residents=9_999,
            review_stage=ReviewStage.CONDITIONS,
            conditions_on="2025-10-20",
            started_on=None,
            first_phase_on=None,
            kindergarten_defect=None,
        ),
    ),
    (
        Estate(
            name="建设路旧区",
            planned_residents=14_000,
            is_new=False,
            conditions_on=None,
            started_on="1998-04-01",
            first_phase_on="1999-12-31",
            accepted_on="1999-12-01",
        ),
    ),
)


def make_estates(
    counties: Sequence[County], townships: Sequence[pd.DataFrame]
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """
    Make the residential areas of one city: the cases dealt out over its counties in turn.

    Returns
    -------
    estates
        The columns of the layer; `schools` is JSON.
    holders
        Ids of those areas in which an existing primary school stands.
    """
    rows, areas, holders = [], [], []
    for number, case in enumerate(CASES):
        place = number % len(counties)
        county = counties[place]
        middle = _middle(county, townships[place], number, case[0].settlement)
        for step, (estate, area) in enumerate(_side_by_side(case, middle)):
            unit_id = f"RZ{county.unit_id}{number + 1:02d}{'ABC'[step] if len(case) > 1 else ''}"
            rows.append(_row(unit_id, estate))
            areas.append(area)
            if estate.holds_school:
                holders.append(unit_id)
    return gpd.GeoDataFrame(rows, geometry=areas, crs=PLANE), holders


def _middle(
    county: County, townships: pd.DataFrame, slot: int, settlement: Settlement
) -> NDArray[np.float64]:
    if settlement is Settlement.RURAL:
        country = townships[~townships["is_county_seat"]].iloc[-1]
        return np.array([country["centre_x"], country["centre_y"]]) + _RURAL_OFFSET_M
    row, column = divmod(slot, _SLOTS_A_ROW)
    half = (_SLOTS_A_ROW - 1) / 2
    return county.seat + np.array([column - half, row - half]) * _SLOT_M


def _side_by_side(
    case: tuple[Estate, ...], middle: NDArray[np.float64]
) -> Iterator[tuple[Estate, shapely.Polygon]]:
    """Lay out the areas of a case from west to east as squares with a lane between them."""
    sides_m = [float(np.round(np.sqrt(estate.area_m2))) for estate in case]
    west = middle[0] - (sum(sides_m) + _LANE_M * (len(case) - 1)) / 2
    for estate, side_m in zip(case, sides_m, strict=True):
        south = middle[1] - side_m / 2
        yield estate, shapely.box(*np.round([west, south, west + side_m, south + side_m], 2))
        west += side_m + _LANE_M


def _row(unit_id: str, estate: Estate) -> dict[str, object]:
    row = {name: value for name, value in asdict(estate).items() if name != "holds_school"}
    offers = [
        {key: value for key, value in offer.items() if value is not None}
        for offer in row.pop("schools")
    ]
    return {
        "unit_id": unit_id,
        **row,
        "name": f"{MADE}{estate.name}",
        "developer": f"{MADE}{estate.name[:2]}置业有限公司",
        "schools": json.dumps(offers, ensure_ascii=False),
    }
