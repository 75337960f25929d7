"""What can be done for children without a seat, in the order of practice, with its numbers."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from zmd_layout.forecast.figures import Figure
from zmd_layout.vocabulary import Stage


class Action(StrEnum):
    """What is done, in the order in which practice looks at it."""

    SHARE = "share"  # free seats elsewhere, by redrawn catchments (调剂)
    BOARD = "board"  # beds at schools beyond the longest way of a day (寄宿)
    BRIDGE = "bridge"  # temporary classes in free classrooms (过渡)
    CONVERT = "convert"  # rooms of a stage with free seats, for another stage (改用)
    EXPAND = "expand"  # more classes on the site of a school (扩建)
    NEW = "new"  # a new school (新建)

    @property
    def is_built(self) -> bool:
        """Whether something is built, which is for a shortage that lasts."""
        return self in {Action.EXPAND, Action.NEW}


class ActionFigures(BaseModel):
    """
    The numbers of one action.

    Parameters
    ----------
    least_years
        Shortages that are shorter are no reason for it.
    lead_years
        From the year of the assessment to the autumn in which its seats are there.
    cost, cost_per_seat
        Once, in 10,000 yuan.
    yearly_cost, yearly_cost_per_seat
        In each year of use, in 10,000 yuan.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    least_years: Figure
    lead_years: Figure
    cost: Figure
    cost_per_seat: Figure
    yearly_cost: Figure
    yearly_cost_per_seat: Figure


class PlanFigures(BaseModel):
    """
    The figures of `actions.toml`.

    Parameters
    ----------
    accepted_way_m, longest_way_m, boarding_way_m
        By stage: the way that is accepted, the longest of a day with a bus, and the longest to a
        school where children board; stages without the last do not board.
    general_senior_share
        Share of ages 15–17 that goes to a general senior school.
    actions
        The numbers of each action.
    least_new_classes, most_new_classes
        Of a new school, by stage.
    bridge_share, bridge_years
        Temporary classes as a share of the classes of a school, and for how many autumns at most.
    most_streams_added
        To a school that stands.
    kept_classes
        What a school keeps of its own stage when it lends rooms.
    least_use, use_year
        A new school is used so far, as a share of its seats, in this year.
    restart_share, liked_share
        In the choice of schools, as shares of the accepted way of a child: what a seat that starts
        at a school counts, and what a seat in the seat of the county (of the township for primary
        schools and kindergartens) is preferred by.
    case_weights, missing_seat_cost
        Where cases are compared: weights of the cases, and what a child-year without a seat counts
        beside costs, in 10,000 yuan.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    accepted_way_m: dict[Stage, Figure]
    longest_way_m: dict[Stage, Figure]
    boarding_way_m: dict[Stage, Figure]
    general_senior_share: Figure
    actions: dict[Action, ActionFigures]
    least_new_classes: dict[Stage, Figure]
    most_new_classes: dict[Stage, Figure]
    bridge_share: Figure
    bridge_years: Figure
    most_streams_added: Figure
    kept_classes: dict[Stage, Figure]
    least_use: Figure
    use_year: Figure
    restart_share: Figure
    liked_share: Figure
    case_weights: dict[str, Figure]
    missing_seat_cost: Figure


@cache
def plan_figures() -> PlanFigures:
    """Read the packaged figures."""
    text = (files("zmd_layout.siting.plan") / "actions.toml").read_text("utf-8")
    return PlanFigures.model_validate(tomllib.loads(text))
