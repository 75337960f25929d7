"""The table `[travel]` of a study file: how people travel, and what counts as a road."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zmd_layout.study.strict import Strict

_Metres = Annotated[float, Field(ge=0, le=5_000)]
_Speed = Annotated[float, Field(gt=0, le=2_000)]


class Travel(Strict):
    """
    How people travel; what is left out is taken from the package, as an assumption.

    Attributes
    ----------
    mode
        How children go to school where a rule does not say: on foot, by bicycle or by car.
    longest_tie_town_m, longest_tie_country_m
        How far from a road a place may lie, in towns (where roads are dense) and elsewhere. Beyond
        it the place is without road.
    join_ends_within_m
        The end of a road that lies so near to another one is joined to it, and listed.
    crossings
        Whether drawn lines that cross without a common vertex meet, or pass over each other; by
        default as the lines themselves show.
    speeds_m_per_min
        Metres a minute in each mode.
    """

    mode: Literal["walk", "cycle", "drive"] = "walk"
    longest_tie_town_m: _Metres | None = None
    longest_tie_country_m: _Metres | None = None
    join_ends_within_m: Annotated[float, Field(ge=0, le=50)] | None = None
    crossings: Literal["as_drawn", "meet", "pass"] = "as_drawn"
    speeds_m_per_min: dict[Literal["walk", "cycle", "drive"], _Speed] = Field(default_factory=dict)
