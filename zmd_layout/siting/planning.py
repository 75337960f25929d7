"""The numbers of siting that no rule gives, each with what it rests on."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from zmd_layout.forecast.figures import Figure
from zmd_layout.vocabulary import Stage


class CandidateKind(StrEnum):
    """What stands at a candidate place, in the order in which practice looks at them."""

    EXPANSION = "expansion"  # a school that stands and becomes what is missing (改扩建)
    IDLE_CAMPUS = "idle_campus"  # the campus of a closed school (闲置校园)
    RESERVED_LAND = "reserved_land"  # vacant land reserved for education (规划教育用地)
    TOWNSHIP_SEAT = "township_seat"  # the most populous village of a township, near its seat
    VILLAGE = "village"  # a central village
    ROAD_NODE = "road_node"  # a crossing where many people live

    @property
    def is_standing(self) -> bool:
        """Whether a campus stands there already."""
        return self in {CandidateKind.EXPANSION, CandidateKind.IDLE_CAMPUS}


class Planning(BaseModel):
    """
    The figures of `planning.toml`.

    Parameters
    ----------
    relative_cost
        Of a school by kind of candidate; 1 is a new one on reserved land.
    empty_below_percent
        Use of seats below which a school is called nearly empty.
    service_radius_m
        By stage, where neither the user nor a rule of the study gives one.
    walk_limit_m
        By stage, of primary schools by `grades_1_3` and `grades_4_6`: beyond it a child would need
        a bus or a bed.
    seats_per_bus
        Of a school bus.
    new_school_classes
        Classes of a new school of usual size, by stage.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    relative_cost: dict[CandidateKind, Figure]
    empty_below_percent: Figure
    service_radius_m: dict[Stage, Figure]
    walk_limit_m: dict[str, Figure]
    seats_per_bus: Figure
    new_school_classes: dict[Stage, Figure]


@cache
def planning() -> Planning:
    """Read the packaged figures."""
    text = (files("zmd_layout.siting") / "planning.toml").read_text("utf-8")
    return Planning.model_validate(tomllib.loads(text))


def packaged_costs() -> dict[CandidateKind, float]:
    """Return the bare relative costs, by kind."""
    return {kind: figure.value for kind, figure in planning().relative_cost.items()}
