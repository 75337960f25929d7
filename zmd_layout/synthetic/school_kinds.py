"""What kinds of schools the made city has, how many, and where things are short or spare."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from zmd_layout.vocabulary import Construction, Ownership, SchoolStatus, Stage


class Kind(StrEnum):
    """A kind of institution in the statistics of education."""

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    TEACHING_POINT = "teaching_point"
    JUNIOR = "junior"
    NINE_YEAR = "nine_year"
    COMBINED = "combined"
    TWELVE_YEAR = "twelve_year"
    SENIOR = "senior"
    VOCATIONAL = "vocational"
    SPECIAL = "special"
    TERTIARY = "tertiary"


@dataclass(frozen=True, slots=True)
class KindPlan:
    """
    How many of a kind the made city has.

    Attributes
    ----------
    level_code
        办学类型 of GB/T 33782.
    stages
        What it teaches; none that the rules see for universities and colleges.
    count
        In the whole city.
    suffix
        Its name ends so.
    initial
        Its letter in the made ids.
    owners
        How many in a hundred are public, inclusive private, private and for profit.
    """

    level_code: str
    stages: tuple[Stage, ...]
    count: int
    suffix: str
    initial: str
    owners: tuple[int, int, int, int]


OWNERSHIPS = (
    Ownership.PUBLIC,
    Ownership.INCLUSIVE_PRIVATE,
    Ownership.PRIVATE,
    Ownership.FOR_PROFIT,
)
_P, _J, _S = Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR

# Without the teaching points 3,536 in all, as many as the plan counts (chapter 1, 2020).
KIND_PLANS: dict[Kind, KindPlan] = {
    Kind.KINDERGARTEN: KindPlan("111", (Stage.KINDERGARTEN,), 1862, "幼儿园", "K", (46, 40, 12, 2)),
    Kind.PRIMARY: KindPlan("211", (_P,), 1212, "小学", "P", (95, 0, 5, 0)),
    Kind.TEACHING_POINT: KindPlan("218", (_P,), 620, "教学点", "T", (100, 0, 0, 0)),
    Kind.JUNIOR: KindPlan("311", (_J,), 258, "初级中学", "J", (93, 0, 7, 0)),
    Kind.NINE_YEAR: KindPlan("312", (_P, _J), 96, "九年一贯制学校", "N", (88, 0, 12, 0)),
    Kind.COMBINED: KindPlan("341", (_J, _S), 12, "中学", "C", (80, 0, 20, 0)),
    Kind.TWELVE_YEAR: KindPlan("345", (_P, _J, _S), 8, "十二年一贯制学校", "L", (40, 0, 50, 10)),
    Kind.SENIOR: KindPlan("342", (_S,), 44, "高级中学", "S", (84, 0, 16, 0)),
    Kind.VOCATIONAL: KindPlan(
        "365", (Stage.VOCATIONAL,), 30, "职业中等专业学校", "V", (70, 0, 26, 4)
    ),
    Kind.SPECIAL: KindPlan("514", (Stage.SPECIAL,), 10, "特殊教育学校", "D", (100, 0, 0, 0)),
    Kind.TERTIARY: KindPlan("414", (), 4, "职业学院", "U", (75, 0, 25, 0)),
}
# What every township has; of the other kinds a county has a few.
LOCAL_KINDS = frozenset(
    {Kind.KINDERGARTEN, Kind.PRIMARY, Kind.TEACHING_POINT, Kind.JUNIOR, Kind.NINE_YEAR}
)

# Special schools and colleges by county; all other kinds follow the children.
FIXED_COUNTS: dict[Kind, dict[str, int]] = {
    Kind.SPECIAL: {
        "411702": 2, "411721": 1, "411722": 1, "411723": 1, "411724": 0, "411725": 1,
        "411726": 1, "411727": 1, "411728": 1, "411729": 1,
    },
    Kind.TERTIARY: {"411702": 4},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mood:
    """Whether seats are short or spare in a county, in a hundred of what is usual."""

    fullest_class: int
    spare_classrooms: int


_SHORT, _BALANCED, _SPARE = Mood(112, 0), Mood(100, 5), Mood(86, 15)
MOODS: dict[str, Mood] = {
    "411702": _SHORT, "411721": _BALANCED, "411722": _SHORT, "411723": _BALANCED,
    "411724": _BALANCED, "411725": _SPARE, "411726": _SPARE, "411727": _BALANCED,
    "411728": _SPARE, "411729": _SHORT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opening:
    """When and how a school comes to be."""

    opens_on: str
    construction: Construction = Construction.NEW
    status: SchoolStatus = SchoolStatus.OPERATING


_BUILDING, _PLANNED = SchoolStatus.UNDER_CONSTRUCTION, SchoolStatus.PLANNED
_NEW = Construction.NEW
# Some counties have their new senior schools, some are late, some only enlarge or move old ones.
NEW_SENIORS: dict[str, tuple[Opening, ...]] = {
    "411702": (Opening("2023-09-01"),),
    "411721": (Opening("2022-09-01"), Opening("2024-09-01")),
    "411722": (
        Opening("2023-09-01"),
        Opening("2026-09-01", _NEW, _BUILDING),
        Opening("2022-09-01", Construction.RELOCATED),
    ),
    "411723": (Opening("2021-09-01"), Opening("2025-09-01")),
    "411724": (Opening("2024-09-01"), Opening("2027-09-01", _NEW, _PLANNED)),
    "411725": (Opening("2023-09-01"),),
    "411726": (Opening("2022-09-01"), Opening("2025-09-01")),
    "411727": (Opening("2024-09-01"),),
    "411728": (Opening("2026-09-01", _NEW, _BUILDING),),
    "411729": (
        Opening("2023-09-01", Construction.EXPANDED),
        Opening("2027-09-01", _NEW, _PLANNED),
        Opening("2028-09-01", _NEW, _PLANNED),
    ),
}


@dataclass(frozen=True, slots=True)
class SizeCase:
    """A new school of a size that a rule on size must tell apart."""

    kind: Kind
    seats: int


# At, below and above the sizes that the plan and the province name; two of them in each county.
SIZE_CASES = (
    SizeCase(Kind.PRIMARY, 2340),
    SizeCase(Kind.NINE_YEAR, 2940),
    SizeCase(Kind.JUNIOR, 2000),
    SizeCase(Kind.PRIMARY, 2000),
    SizeCase(Kind.NINE_YEAR, 3150),
    SizeCase(Kind.JUNIOR, 2200),
    SizeCase(Kind.NINE_YEAR, 2500),
    SizeCase(Kind.PRIMARY, 1620),
)
SIZE_CASE_OPENING = Opening("2023-09-01")
