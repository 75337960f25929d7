"""What the steps of siting hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from zmd_layout.location.forms import read_choice
from zmd_layout.siting.planning import CandidateKind, packaged_costs

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from zmd_layout.measures import World
    from zmd_layout.measures.access import Access
    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.demand_matrix import DemandMatrix
    from zmd_layout.siting.needs import Need
    from zmd_layout.siting.placement import Placement
    from zmd_layout.vocabulary import Stage


class Aim(StrEnum):
    """What is asked of the sites."""

    CHEAPEST = "cheapest"  # cheapest that close the shortfalls, then least travel
    FEWEST = "fewest"  # fewest that close the shortfalls, then least travel
    TRAVEL = "travel"  # least travel with so many new schools
    COVERED = "covered"  # most children within the radius with so many new schools
    FAIREST = "fairest"  # smallest worst way with so many new schools
    COVER_ALL = "cover_all"  # fewest new schools so that all children are within the radius

    @property
    def needs_count(self) -> bool:
        """Whether the user must say how many new schools there are to be."""
        return self in {Aim.TRAVEL, Aim.COVERED, Aim.FAIREST}

    @property
    def closes_shortfalls(self) -> bool:
        """Whether rules say how many schools there are to be."""
        return self in {Aim.CHEAPEST, Aim.FEWEST}


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingOptions:
    """
    Choices of ours; each is an assumption and is told in the notes.

    Attributes
    ----------
    aim
        What is asked of the sites.
    new_count
        How many new schools, for the aims that need a number.
    radius_m
        The way within which a child is covered, for the aims that cover; None for the service
        radius of the stage.
    county_id
        Only needs, children and places of this county; None for all.
    relative_cost
        Cost by kind of candidate, as a multiple of a new school on reserved land.
    reach_m
        The longest way that a candidate is considered for.
    years_to_build
        From the day of the assessment to opening.
    most_points
        Demand points of a county beyond this number are joined to their nearest one before the
        model is built, which is flagged; the reported distances are of all points.
    outlook_year
        The year for which it is told how full the school would be.
    time_limit_s
        The net under each county's search.
    seed
        Start of every random choice of the search.
    effort
        Multiplies the counts by which a search ends; 1 is the usual amount.
    until_time
        Whether a search goes on past its counts while its gap is open, until `time_limit_s`.
    seats
        Of each new school; every child has a seat in some school, and those that stand keep theirs.
    existing_seats
        Assumed for schools whose seats are unknown; None where all must be known.
    whole_units
        Whether the children of a place all go to one school.
    contiguous
        Whether the catchment of each school is connected; schools at one place share one.
    max_distance_m
        No child goes farther; None for `reach_m`.
    fair
        `envy`, `envy_travel` or `kolm_pollak` in place of the least travel (`siting.fair`).
    accepted_m
        The way beyond which there is envy; None for the service radius of the stage.
    envy_weight
        Of the squared excess in km beside the way in km.
    aversion
        Of Kolm–Pollak, without unit.
    trade_off
        Weights of envy for which mean way and envy are computed as well.
    """

    aim: Aim = Aim.CHEAPEST
    new_count: int | None = None
    radius_m: float | None = None
    county_id: str | None = None
    relative_cost: dict[CandidateKind, float] = field(default_factory=packaged_costs)
    reach_m: float = 25_000.0
    years_to_build: int = 2
    most_points: int = 5_000
    outlook_year: int = 2032
    time_limit_s: float = 120.0
    seed: int = 0
    effort: float = 1.0
    until_time: bool = False
    seats: float | None = None
    existing_seats: float | None = None
    whole_units: bool = False
    contiguous: bool = False
    max_distance_m: float | None = None
    fair: str | None = None
    accepted_m: float | None = None
    envy_weight: float = 1.0
    aversion: float = 1.0
    trade_off: tuple[float, ...] = ()

    @property
    def assigns(self) -> bool:
        """Whether every child is assigned to a school that may not be the nearest."""
        limits = (self.seats, self.max_distance_m, self.fair)
        return self.whole_units or self.contiguous or any(each is not None for each in limits)

    def __post_init__(self) -> None:
        object.__setattr__(self, "aim", read_choice("aim", self.aim, Aim))


@dataclass(frozen=True, slots=True)
class Ground:
    """What all stages share: children, schools and ways, rules and caps."""

    matrix: DemandMatrix
    rules: dict[str, Rule]
    caps: dict[str, float]
    options: SitingOptions

    @property
    def world(self) -> World:
        """The study with its layers."""
        return self.matrix.world

    @property
    def county_of(self) -> NDArray[np.object_]:
        """The county of each demand point."""
        return self.matrix.county


@dataclass(slots=True)
class StageState:
    """
    What is known of one stage while its counties are solved one by one.

    Attributes
    ----------
    stage, way, children
        The stage, its ways as they are, and children at each demand point.
    places
        Candidates of the stage.
    to_candidates
        (candidates, points) metres, sparse; pairs out of reach are not stored.
    rows
        For each chosen place its position, its county, the needs it closes, and `also`: other
        places that would close them.
    placements
        The solutions behind them.
    unmet
        Needs for which there is no candidate.
    objective_unit
        Of the placements.
    is_partial
        Whether no answer does all that was asked, and this is the best part of one.
    is_joined
        Whether points were joined: then the proof holds for the joined points.
    """

    stage: Stage
    way: Access
    children: NDArray[np.float64]
    places: gpd.GeoDataFrame
    to_candidates: csr_array
    options: SitingOptions
    rows: list[dict[str, Any]] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    unmet: list[Need] = field(default_factory=list)
    objective_unit: str = "child-metre"
    is_partial: bool = False
    is_joined: bool = False

    def children_off_road(self, here: NDArray[np.bool_]) -> float:
        """Return how many children of some points live without road: no answer counts them."""
        is_off_road = self.way.found.is_off_road
        return 0.0 if is_off_road is None else float(self.children[here & is_off_road].sum())
