"""What the steps of siting hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from zmd_layout.measures import World
    from zmd_layout.measures.access import Access
    from zmd_layout.rulebook import Both
    from zmd_layout.siting.needs import Need
    from zmd_layout.siting.placement import Placement
    from zmd_layout.vocabulary import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingOptions:
    """
    Choices of ours; each is an assumption and is told in the notes.

    Attributes
    ----------
    reach_m
        The longest way that a candidate is considered for.
    years_to_build
        From the day of the assessment to opening.
    most_points
        Demand points of a county beyond this number are joined in squares before the model is
        built; the reported distances are of all points.
    time_limit_s
        The net under each county's search.
    """

    reach_m: float = 25_000.0
    years_to_build: int = 2
    most_points: int = 250
    time_limit_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What all stages share: places, their reach, and the county of each demand point."""

    world: World
    places: gpd.GeoDataFrame
    reach: csr_array
    county_of: NDArray[np.object_]
    titles: dict[str, Both]
    caps: dict[Stage, float]
    options: SitingOptions


@dataclass(slots=True)
class StageWork:
    """What is known of one stage while its counties are solved one by one."""

    stage: Stage
    way: Access
    children: NDArray[np.float64]
    to_candidates: csr_array
    options: SitingOptions
    rows: list[dict[str, Any]] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    unmet: list[Need] = field(default_factory=list)
