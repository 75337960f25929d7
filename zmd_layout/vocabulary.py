"""The closed lists of words that the package speaks; their print forms stand in `messages`."""

from enum import StrEnum
from typing import Literal

# the built-in studies on whose layers another may stand
Base = Literal["zhumadian-census"]


class Lang(StrEnum):
    """The languages of every text that a user reads; Chinese is the default."""

    ZH = "zh"
    EN = "en"


class Stage(StrEnum):
    """A stage of schooling (学段)."""

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR = "senior"
    VOCATIONAL = "vocational"
    SPECIAL = "special"


class UnitKind(StrEnum):
    """What a finding is about (评价单元)."""

    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    PLANNING_UNIT = "planning_unit"
    RESIDENTIAL_AREA = "residential_area"
    RESIDENTIAL_GROUP = "residential_group"
    SCHOOL = "school"
    PARCEL = "parcel"


class Status(StrEnum):
    """What was found (核查结论)."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    SHORTFALL = "shortfall"
    NOT_APPLICABLE = "not_applicable"
    NOT_ASSESSABLE = "not_assessable"
    REPORTED = "reported"


class Strength(StrEnum):
    """How strongly a clause binds (约束力), strongest first."""

    DUTY = "duty"
    BINDING_TARGET = "binding_target"
    EXPECTED_TARGET = "expected_target"
    IN_PRINCIPLE = "in_principle"
    PERMISSION = "permission"
    ENCOURAGEMENT = "encouragement"
    INDICATOR = "indicator"


class Addressee(StrEnum):
    """Who owes it (责任主体)."""

    CITY = "city"
    COUNTY = "county"
    ZONE = "zone"
    EDUCATION = "education"
    DEVELOPER = "developer"
    SCHOOL = "school"
    UNNAMED = "unnamed"


class Relation(StrEnum):
    """How measured must stand to required."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EQUALS = "equals"


class DueState(StrEnum):
    """Where a provision stands in time (到期情况)."""

    NOT_DUE = "not_due"
    DUE_MET = "due_met"
    DUE_MISSED = "due_missed"
    MET_LATE = "met_late"
    MET_TIME_UNKNOWN = "met_time_unknown"
    DUE_UNVERIFIED = "due_unverified"
    STANDING = "standing"
    NONE = "none"


class TargetState(StrEnum):
    """What a final evaluation says of a target (完成情况)."""

    MET = "met"
    MET_LATE = "met_late"
    MISSED = "missed"
    TIME_UNKNOWN = "time_unknown"
    UNKNOWN = "unknown"
    NOT_DUE = "not_due"
    HOLDS = "holds"  # a requirement without a date that holds on the day of assessment
    SHORT = "short"  # one that does not
    REPORTED = "reported"  # a figure without a number to hold it against
    NOT_CHECKABLE = "not_checkable"


class TargetHandling(StrEnum):
    """How a target of the plan is dealt with (处理方式)."""

    ENCODED = "encoded"
    REPORTED = "reported"
    NOT_CHECKABLE = "not_checkable"


class JudgedOn(StrEnum):
    """The day whose law governs a unit (适用日期)."""

    CONDITIONS = "conditions"
    ACCEPTANCE = "acceptance"
    OPERATION = "operation"
    OPENING = "opening"


class Basis(StrEnum):
    """What a number rests on (数值依据), strongest first."""

    CLAUSE = "clause"
    STANDARD = "standard"
    ASSUMPTION = "assumption"


class Screening(StrEnum):
    """What an incomplete list indicates (线索); never a verdict."""

    SURELY_SHORT = "surely_short"
    LIKELY_SHORT = "likely_short"
    OPEN = "open"
    LIKELY_MET = "likely_met"
    SURELY_MET = "surely_met"


class ScreeningBasis(StrEnum):
    """What an indication rests on, or why there is none."""

    LISTED = "listed"  # the schools that the list holds are enough
    TOTAL = "total"  # with all that the list may lack it would still be so
    THREE_FORMULAS = "three_formulas"
    FORMULAS_DIFFER = "formulas_differ"
    NO_TOTAL = "no_total"
    TOTAL_OF_KINDS = "total_of_kinds"  # of subdistricts and towns together
    CONTRADICTION = "contradiction"  # the list holds more than the total
    YES_NO = "yes_no"  # one school is asked for: no chance is given
    KIND_OF_SCHOOL = "kind_of_school"  # not all schools of the stage count
    NOT_IN_LIST = "not_in_list"  # no school of any stage there: the list may not cover it
    NO_PEOPLE = "no_people"
    NO_TOWNSHIP = "no_township"  # counties and cities get no chance, only a range


class RuleStatus(StrEnum):
    """Whether the source of a rule was read (reviewed) or only reported or recalled (draft)."""

    DRAFT = "draft"
    REVIEWED = "reviewed"


class Settlement(StrEnum):
    """Urban, town or rural (城乡类型)."""

    URBAN = "urban"
    TOWN = "town"
    RURAL = "rural"


class Ownership(StrEnum):
    """Who runs a school (举办者)."""

    PUBLIC = "public"
    INCLUSIVE_PRIVATE = "inclusive_private"
    PRIVATE = "private"
    FOR_PROFIT = "for_profit"


class Transfer(StrEnum):
    """How a promised school passes to the public."""

    FREE = "free"
    DONATED = "donated"
    PURCHASED = "purchased"
    KEPT = "kept"


class SchoolStatus(StrEnum):
    """The state of a school."""

    OPERATING = "operating"
    UNDER_CONSTRUCTION = "under_construction"
    PLANNED = "planned"
    CLOSED = "closed"


class Construction(StrEnum):
    """How a school comes to be (建设性质)."""

    NEW = "new"
    EXPANDED = "expanded"
    RELOCATED = "relocated"
    CONTINUED = "continued"


class ReviewStage(StrEnum):
    """Where a residential project stands (审查环节)."""

    CONDITIONS = "conditions"
    SCHEME = "scheme"
    ACCEPTANCE = "acceptance"


class KindergartenDefect(StrEnum):
    """The five defects 缓建、缩建、停建、不建、建而不交, or none."""

    DELAYED = "delayed"
    REDUCED = "reduced"
    STOPPED = "stopped"
    MISSING = "missing"
    NOT_HANDED_OVER = "not_handed_over"
    NONE = "none"


class LandUse(StrEnum):
    """What stands on a parcel that is reserved for education."""

    EDUCATION = "education"
    VACANT = "vacant"
    OTHER = "other"


class ConstraintKind(StrEnum):
    """Where no school may go, or not without a reason (底线)."""

    PERMANENT_FARMLAND = "permanent_farmland"
    ECOLOGICAL_RED_LINE = "ecological_red_line"
    OUTSIDE_URBAN_BOUNDARY = "outside_urban_boundary"
    FLOOD_DETENTION = "flood_detention"
    WATER = "water"
    RAILWAY = "railway"
    ARTERIAL = "arterial"
    OTHER = "other"


class Flag(StrEnum):
    """A caution that travels with a finding."""

    OVERLAP_600000 = "overlap_600000"
    NEAR_THRESHOLD = "near_threshold"
    MULTIPLIER_DECIDES = "multiplier_decides"
    SCENARIO_DECIDES = "scenario_decides"
    AMBIGUOUS_STAGE = "ambiguous_stage"
    READING_DECIDES = "reading_decides"
    MERGED = "merged"
    PROXY = "proxy"
    EXCEEDS_PROVINCE = "exceeds_province"
    DATUM_UNVERIFIED = "datum_unverified"
    OFF_ROAD = "off_road"
    OSM_INCOMPLETE = "osm_incomplete"
    CONDITIONS_DATE_UNKNOWN = "conditions_date_unknown"
    CONDITIONS_DATE_AHEAD = "conditions_date_ahead"
    ACROSS_BORDER = "across_border"
    AFTER_PLAN_PERIOD = "after_plan_period"
    DRAFT_RULE = "draft_rule"
    SCHOOL_FULL = "school_full"
    OFFERED_SEATS_FEW = "offered_seats_few"
    OFFERED_LAND_SMALL = "offered_land_small"
    DESIGN_SEATS = "design_seats"
    # of suggestions
    CONSTRAINTS_UNCHECKED = "constraints_unchecked"
    CONSTRAINTS_PARTLY_CHECKED = "constraints_partly_checked"
    RESERVED_LAND = "reserved_land"
    IDLE_CAMPUS = "idle_campus"
    STRAIGHT_LINE = "straight_line"
    POINTS_JOINED = "points_joined"
    EXCEEDS_SIZE_CAP = "exceeds_size_cap"
    SCHOOL_UNDER_WAY = "school_under_way"
    NEARLY_EMPTY_LATER = "nearly_empty_later"
    NEARLY_EMPTY_IN_LOW_SCENARIO = "nearly_empty_in_low_scenario"


class SolveStatus(StrEnum):
    """What a solver proved; never better than the truth."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"  # no answer was found, none was ruled out


class Stability(StrEnum):
    """Whether a verdict survives the stated errors of its data."""

    STABLE = "stable"
    FRAGILE = "fragile"


class Implausible(StrEnum):
    """In which way an input is implausible; a study names it under `accept` to let it pass."""

    FILL_VALUE = "fill_value"
    TOO_FEW_RESIDENTS = "too_few_residents"
    RESIDENTS_PER_KM2 = "residents_per_km2"
    CELL_RESIDENTS_PER_KM2 = "cell_residents_per_km2"
    SHARE_OF_ALL = "share_of_all"
    RESIDENTS_PER_DWELLING = "residents_per_dwelling"
    FRACTION_OF_PEOPLE = "fraction_of_people"
    PUPILS_PER_CLASS = "pupils_per_class"
    COINCIDING_PLACES = "coinciding_places"
    ROUNDED_PLACES = "rounded_places"
    SWAPPED_PLACES = "swapped_places"
    FAR_PLACES = "far_places"


class RoadFault(StrEnum):
    """What may be wrong with a road, as `layers.gpkg` lists it."""

    JOINED_END = "joined_end"  # it ended beside another road and was joined to it
    LOOSE_END = "loose_end"  # it ends beside another road, to which the way is long or none
    ISLAND = "island"  # it hangs on nothing
