"""
The columns of every layer: names, types, what is required, and the usual names in real files.

`Column.names` are synonyms as they stand in the heads of Chinese tables, without blanks and units;
a file that uses one needs no `columns` entry in the study. The roster of schools has a reader of
its own with the 48 fields of the education statistics.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from zmd_layout.vocabulary import (
    ConstraintKind,
    Construction,
    KindergartenDefect,
    LandUse,
    Ownership,
    ReviewStage,
    SchoolStatus,
    Settlement,
    Stage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(StrEnum):
    """The type of a column."""

    ID = "id"
    TEXT = "text"
    WORD = "word"
    STAGES = "stages"
    COUNT = "count"
    NUMBER = "number"
    YEAR = "year"
    BOOL = "bool"
    DATE = "date"
    OFFER = "offer"
    PHASES = "phases"


class Unit(StrEnum):
    """What a number counts or measures."""

    COUNT = "count"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a layer.

    Attributes
    ----------
    name
        Ours.
    kind
        Its type. COUNT and NUMBER are never negative; WORD is one of `words`.
    is_required
        Whether the column must be there and, unless `may_be_blank`, filled in every row.
    may_be_blank
        Whether a required column may have empty cells, which are unknown.
    words
        The closed list of a WORD.
    names
        Usual names in real files, beside our own.
    table
        Of a WORD the table of `value_words.toml` with the words of other people.
    unit
        What a number counts or measures: whole people or things, or an area.
    """

    name: str
    kind: Kind
    is_required: bool = False
    words: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    table: str = ""
    unit: Unit | None = None
    may_be_blank: bool = False

    @property
    def counts(self) -> bool:
        """Whether a cell counts whole people or things."""
        return self.unit is Unit.COUNT or self.kind is Kind.COUNT


class Shape(StrEnum):
    """What the geometry of a layer may be."""

    POLYGON = "polygon"
    POINT = "point"
    LINE = "line"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Schema:
    """
    What a layer must look like.

    Attributes
    ----------
    name
        The layer.
    shape
        The geometry.
    columns
        Its columns.
    key
        The column that must be unique, or None.
    has_ages
        Whether it may carry `residents_<from>_<to>`.
    may_lack_geometry
        Whether rows, or all of it, may have no position.
    is_partition
        Whether polygons must not overlap.
    takes_places
        Whether points may say where units without a known area are shown.
    """

    name: str
    shape: Shape
    columns: tuple[Column, ...]
    key: str | None = None
    has_ages: bool = False
    may_lack_geometry: bool = False
    is_partition: bool = False
    takes_places: bool = False

    def column(self, name: str) -> Column | None:
        """Find a column by our name."""
        return next((c for c in self.columns if c.name == name), None)


AGE_COLUMN = re.compile(r"residents_(\d{1,3})_(\d{1,3})")


def _words(words: Iterable[StrEnum]) -> tuple[str, ...]:
    return tuple(str(word) for word in words)


# a column for each stage, and for the kinds that have several, as yearbooks print them
_SCHOOL_TOTALS = {
    "kindergarten": ("幼儿园", "幼儿园数"),
    "primary": ("小学", "普通小学", "小学校数"),
    "junior": ("初中", "初级中学", "普通初中"),
    "senior": ("高中", "高级中学", "普通高中"),
    "vocational": ("中等职业学校", "中职", "中职学校"),
    "special": ("特殊教育学校", "特教学校"),
    "nine_year": ("九年一贯制学校", "九年一贯制"),
    "twelve_year": ("十二年一贯制学校", "十二年一贯制"),
    "complete_secondary": ("完全中学", "完中"),
}
_UNIT_ID = Column(
    "unit_id", Kind.ID, is_required=True,
    names=("id", "code", "adcode", "gb", "区划代码", "行政区划代码", "代码", "编码", "编号"),
)  # fmt: skip
_NAME = Column("name", Kind.TEXT, names=("名称", "name_zh", "NAME", "地区", "单位名称", "地区名称"))
_REQUIRED_NAME = Column("name", Kind.TEXT, is_required=True, names=_NAME.names)
_RESIDENTS = Column(
    "residents",
    Kind.NUMBER,
    unit=Unit.COUNT,
    names=("pop", "population", "常住人口", "年末常住人口", "常住人口数", "人口数"),
)
_STAGE = Column("stage", Kind.WORD, words=_words(Stage), names=("学段",), table="stage")
_SCHOOL_ID = Column(
    "school_id", Kind.ID, is_required=True,
    names=("学校标识码", "学校机构标识码", "标识码", "学校代码", "机构代码"),
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    schema.name: schema
    for schema in (
        Schema(
            "counties", Shape.POLYGON,
            (
                _UNIT_ID, _REQUIRED_NAME,
                Column(
                    "kind", Kind.WORD, words=("county", "district", "zone"),
                    names=("类型", "类别"), table="county_kind",
                ),
                Column("within", Kind.ID), _RESIDENTS,
            ),
            key="unit_id", has_ages=True, may_lack_geometry=True, is_partition=True,
        ),
        Schema(
            "townships", Shape.POLYGON,
            (
                _UNIT_ID, _REQUIRED_NAME,
                Column(
                    "kind", Kind.WORD, words=("town", "township", "subdistrict"),
                    names=("类型", "类别"), table="township_kind",
                ),
                Column("county_id", Kind.ID, names=("县代码", "所属县")),
                Column("is_county_seat", Kind.BOOL), _RESIDENTS,
            ),
            key="unit_id", has_ages=True, may_lack_geometry=True, is_partition=True,
            takes_places=True,
        ),
        Schema(
            "planning_units", Shape.POLYGON, (_UNIT_ID, _NAME, _RESIDENTS),
            key="unit_id", has_ages=True, is_partition=True,
        ),
        Schema(
            "villages", Shape.ANY,
            (_UNIT_ID, _NAME, Column("township_id", Kind.ID, names=("乡镇代码",)), _RESIDENTS),
            key="unit_id", has_ages=True, is_partition=True,
        ),
        Schema("population", Shape.ANY, (_RESIDENTS,), has_ages=True),
        Schema(
            "schools", Shape.ANY,
            (
                replace(_SCHOOL_ID, is_required=False),  # a plain list of points has none
                Column("name", Kind.TEXT, names=("学校名称", "学校机构名称", "单位名称", "校名")),
                Column("stages", Kind.STAGES, names=("学段",)),
                # where `stages` is empty: those that the school may have, and no others
                Column("possible_stages", Kind.STAGES),
                Column(
                    "level_code", Kind.ID, names=("办学类型", "学校机构办学类型", "办学类型代码")
                ),
                Column("is_teaching_point", Kind.BOOL, names=("教学点", "是否教学点")),
                Column("ownership", Kind.WORD, words=_words(Ownership), table="ownership"),
                Column(
                    "administered_by", Kind.WORD, words=("city", "county"), table="administered_by"
                ),
                Column("is_township_central", Kind.BOOL, names=("中心园", "是否乡镇中心园")),
                Column("is_boarding", Kind.BOOL, names=("寄宿制学校", "是否寄宿制", "寄宿制")),
                Column("boarders", Kind.COUNT, names=("寄宿生数", "住校生数", "寄宿生")),
                Column("enrolment", Kind.COUNT, names=("在校生数", "在校学生数", "在校生")),
                Column("enrolment_primary", Kind.COUNT, names=("小学在校生数", "小学在校生")),
                Column("enrolment_junior", Kind.COUNT, names=("初中在校生数", "初中在校生")),
                Column("enrolment_senior", Kind.COUNT, names=("高中在校生数", "高中在校生")),
                Column("seats", Kind.COUNT, names=("设计学位", "核定学位", "学位数")),
                Column("classes", Kind.COUNT, names=("班数", "教学班数", "班级数")),
                Column("classrooms", Kind.COUNT, names=("普通教室数", "教室数")),
                Column(
                    "classes_of_56_and_more", Kind.COUNT,
                    names=("56人及以上班数", "大班额班数"),
                ),
                Column("inclusive_pupils", Kind.COUNT, names=("随班就读学生数", "随班就读人数")),
                Column("has_resource_room", Kind.BOOL, names=("资源教室", "是否建有资源教室")),
                Column("settlement", Kind.WORD, words=_words(Settlement), table="settlement"),
                Column(
                    "in_township_seat", Kind.BOOL,
                    names=("是否乡镇政府所在地", "是否乡镇政府驻地"),
                ),
                Column("status", Kind.WORD, words=_words(SchoolStatus), table="status"),
                Column(
                    "construction", Kind.WORD, words=_words(Construction), table="construction"
                ),
                Column("opens_on", Kind.DATE, names=("投用时间", "启用时间", "开办时间")),
                Column("residential_area_id", Kind.ID),
                Column(
                    "site_area_m2", Kind.NUMBER, names=("占地面积", "校园占地面积"), unit=Unit.AREA
                ),
                Column("source", Kind.TEXT),
                Column("county_id", Kind.ID), Column("township_id", Kind.ID),
                Column("county_name", Kind.TEXT), Column("township_name", Kind.TEXT),
                Column("is_stage_ambiguous", Kind.BOOL),
            ),
            key="school_id", may_lack_geometry=True,
        ),
        Schema(
            "residential_areas", Shape.POLYGON,
            (
                Column(
                    "unit_id", Kind.ID,
                    names=("地块编号", "宗地编号", "地块号", "DKBH", "ZDBH", "id"),
                ),
                Column("name", Kind.TEXT, names=(
                    "项目名称", "小区名称", "楼盘名称", "地块名称", "名称", "DKMC", "XMMC",
                )),
                Column(
                    "developer", Kind.TEXT,
                    names=(
                        "建设单位", "开发单位", "开发企业", "用地单位", "竞得人", "YDDW", "JSDW",
                    ),
                ),
                Column(
                    "review_stage", Kind.WORD, words=_words(ReviewStage),
                    names=("审查环节", "审查阶段", "环节"), table="review_stage",
                ),
                Column(
                    "conditions_on", Kind.DATE,
                    names=("规划条件出具日期", "规划条件日期", "规划条件时间", "出让日期"),
                ),
                Column(
                    "settlement", Kind.WORD, words=_words(Settlement),
                    names=("城乡属性", "城乡类型", "城乡分类"), table="settlement",
                ),
                Column("is_new", Kind.BOOL, names=("是否新建", "新建")),
                Column(
                    "planned_residents", Kind.NUMBER, unit=Unit.COUNT,
                    names=(
                        "规划人口", "规划居住人口", "规划人口数", "规划人数", "居住人数",
                        "居住人口",
                        "RK", "GHRK", "JZRK",
                    ),
                ),
                Column(
                    "dwellings", Kind.NUMBER, unit=Unit.COUNT,
                    names=(
                        "规划户数", "总户数", "户数", "居住户数", "住宅户数", "住宅套数", "套数",
                        "HS", "GHHS", "ZHS",
                    ),
                ),
                Column("persons_per_dwelling", Kind.NUMBER, names=("户均人口", "户均人数")),
                Column("started_on", Kind.DATE, names=("开工日期", "开工时间")),
                Column(
                    "first_phase_on", Kind.DATE,
                    names=("首期交付日期", "首期交付时间", "交付时间"),
                ),
                Column("accepted_on", Kind.DATE, names=("竣工验收日期", "竣工验收", "联合验收")),
                Column(
                    "kindergarten_defect", Kind.WORD, words=_words(KindergartenDefect),
                    names=("配套幼儿园问题", "配套园问题"), table="kindergarten_defect",
                ),
                Column("schools", Kind.OFFER, names=("配建学校",)),
                Column("phases", Kind.PHASES, names=("分期",)),
                Column("approved_on", Kind.DATE, names=("方案批准日期",)),
                Column("approved_schools", Kind.OFFER, names=("批准方案配建学校",)),
            ),
            key="unit_id", may_lack_geometry=True,
        ),
        Schema(
            "roads", Shape.LINE,
            (Column("highway", Kind.TEXT, names=("fclass",)), Column("oneway", Kind.TEXT)),
        ),
        Schema(
            "education_land", Shape.POLYGON,
            (
                Column(
                    "parcel_id", Kind.ID, is_required=True,
                    names=("地块编号", "宗地编号"),
                ),
                _NAME, _STAGE,
                Column(
                    "current_use", Kind.WORD, words=_words(LandUse),
                    names=("现状用途",), table="land_use",
                ),
            ),
            key="parcel_id",
        ),
        Schema(
            "land_use", Shape.POLYGON,
            (
                Column(
                    "current_use", Kind.WORD, is_required=True, words=_words(LandUse),
                    names=("现状用途",),
                ),
                _NAME,
            ),
        ),
        Schema(
            "classes", Shape.NONE,
            (
                _SCHOOL_ID, _STAGE,
                Column("grade", Kind.TEXT, names=("年级",)),
                Column("pupils", Kind.COUNT, is_required=True, names=("人数", "学生数")),
            ),
            may_lack_geometry=True,
        ),
        Schema(
            "projects", Shape.ANY,
            (
                Column("project_id", Kind.ID, is_required=True, names=("项目编号",)), _NAME, _STAGE,
                Column(
                    "kind", Kind.WORD, words=("new", "expanded", "continued"),
                    names=("建设性质",), table="project_kind",
                ),
                Column(
                    "status", Kind.WORD, words=("done", "under_way", "planned", "stopped"),
                    names=("项目状态", "建设状态", "进展"), table="project_status",
                ),
                Column("ownership", Kind.WORD, words=_words(Ownership), table="ownership"),
                Column("county_id", Kind.ID),
                Column("done_on", Kind.DATE, names=("竣工日期", "竣工时间")),
            ),
            key="project_id", may_lack_geometry=True,
        ),
        Schema(
            "closures", Shape.NONE,
            (
                _SCHOOL_ID,
                Column("closes_on", Kind.DATE, names=("撤并时间", "撤销时间", "停办时间")),
                Column("replacement_id", Kind.ID, names=("并入学校",)),
            ),
            key="school_id", may_lack_geometry=True,
        ),
        Schema(
            "constraints", Shape.ANY,
            (Column(
                    "kind", Kind.WORD, is_required=True, words=_words(ConstraintKind),
                    table="constraint_kind",
                ), _NAME),
        ),
        Schema(
            "statistics", Shape.NONE,
            (
                _UNIT_ID,
                Column("year", Kind.YEAR, is_required=True, names=("年份",)),
                Column("name", Kind.TEXT, is_required=True, names=("指标",)),
                Column(
                    "value", Kind.NUMBER, is_required=True, names=("数值", "值"), may_be_blank=True
                ),
            ),
            may_lack_geometry=True,
        ),
        # the tables of people: see `[people]` and `[forecast]` of the study file
        Schema(
            "census", Shape.NONE, (_UNIT_ID, _NAME, _RESIDENTS),
            key="unit_id", has_ages=True, may_lack_geometry=True,
        ),
        Schema(
            "births", Shape.NONE,
            (
                Column("unit_id", Kind.ID, names=_UNIT_ID.names),
                Column("year", Kind.YEAR, is_required=True, names=("年份",)),
                Column("births", Kind.NUMBER, names=("出生人数", "出生人口", "活产数")),
                Column("low", Kind.NUMBER, names=("低方案", "低")),
                Column("middle", Kind.NUMBER, names=("中方案", "中")),
                Column("high", Kind.NUMBER, names=("高方案", "高")),
            ),
            may_lack_geometry=True,
        ),
        Schema(
            "grades", Shape.NONE,
            (
                _UNIT_ID,
                Column("year", Kind.YEAR, is_required=True, names=("年份", "学年")),
                # 1 to 12, counted through from the first year of primary school
                Column("grade", Kind.COUNT, is_required=True, names=("年级",)),
                Column("pupils", Kind.COUNT, names=("人数", "学生数", "在校生数", "在校生")),
            ),
            may_lack_geometry=True,
        ),
        # how many schools there are by a yearbook: see `[completeness]` of the study file
        Schema(
            "school_totals", Shape.NONE,
            (
                _UNIT_ID, _NAME,
                Column("year", Kind.YEAR, names=("年份", "学年")),
                Column(
                    "settlement", Kind.WORD, words=_words(Settlement),
                    names=("城乡属性", "城乡类型", "城乡分类"), table="settlement",
                ),
                Column(
                    "township_kind", Kind.WORD,
                    words=("subdistrict", "town", "township", "town_or_township"),
                    names=("街道乡镇", "乡镇类型"), table="township_kind",
                ),
                *(Column(name, Kind.COUNT, names=names) for name, names in _SCHOOL_TOTALS.items()),
            ),
            may_lack_geometry=True,
        ),
    )
}  # fmt: skip
SCHEMAS["reference_schools"] = replace(SCHEMAS["schools"], name="reference_schools")

STATISTIC_NAMES = frozenset(
    {
        "kindergarten_enrolment",
        "kindergarten_inclusive_enrolment_share",
        "kindergarten_gross_enrolment_rate",
        "compulsory_private_enrolment_share",
        "inclusive_pupils",
        "resource_rooms",
        "special_resource_centres",
        # of the targets of the plan
        "compulsory_retention_rate",
        "senior_stage_gross_enrolment_rate",
        "balanced_counties_share",
        "vocational_enrolment_10000",
        "higher_vocational_enrolment_10000",
        "apprenticeship_share",
        "double_qualified_teachers_share",
        "senior_enrolment_10000",
        "undergraduate_enrolment_10000",
        "tertiary_enrolment_per_100000",
        "mean_years_of_schooling",
        "mandarin_share",
        "balanced_counties",
        "school_groups",
        "school_groups_of_province",
        "school_groups_of_city",
        "digital_campus_share",
        "renowned_senior_schools",
        "vocational_total_enrolment_10000",
        "vocational_park_capacity_10000",
        "new_vocational_schools",
        "general_senior_share",
        "live_lessons_share",
        "counties_with_community_college",
        "counties_with_elderly_centre",
    }
)


def schema_of(name: str) -> Schema:
    """Return the schema of a layer; one of the study's own may have any shape and columns."""
    return SCHEMAS.get(name) or Schema(name, Shape.ANY, (), may_lack_geometry=True)
