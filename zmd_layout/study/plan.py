"""The table `[plan]` of a study file: what a plan over years may do, and what it supposes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zmd_layout.study.strict import Strict

_Stage = Literal["kindergarten", "primary", "junior", "senior"]
_Metres = Annotated[float, Field(gt=0)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Cost = Annotated[float, Field(ge=0)]
ActionName = Literal["share", "bridge", "convert", "expand", "new"]
_ALL: tuple[ActionName, ...] = ("share", "bridge", "convert", "expand", "new")


class ActionChoice(Strict):
    """
    The numbers of one action that replace the packaged ones; None keeps the packaged one.

    Attributes
    ----------
    least_years
        Shortages that are shorter are no reason for it.
    lead_years
        Years from the assessment to the autumn in which its seats are there.
    cost, cost_per_seat, yearly_cost, yearly_cost_per_seat
        In 10,000 yuan.
    source
        Where they stand.
    """

    least_years: int | None = Field(default=None, ge=1)
    lead_years: int | None = Field(default=None, ge=0)
    cost: _Cost | None = None
    cost_per_seat: _Cost | None = None
    yearly_cost: _Cost | None = None
    yearly_cost_per_seat: _Cost | None = None
    source: str | None = Field(default=None, min_length=1)


class Plan(Strict):
    """
    What a plan over years may do, and what it supposes; packaged assumptions until stated.

    Attributes
    ----------
    actions
        The actions that are allowed.
    cases
        The cases of the forecast for which seats are provided: the middle one, or all of them.
    general_senior_share
        Share of ages 15–17 that goes to a general senior school.
    accepted_way_m, longest_way_m
        By stage: the way that is accepted, and the longest with a bus or a bed.
    include_indicators
        Whether reference indicators, too, ask for schools.
    bridge, convert, expand, new
        The numbers of the actions.
    """

    actions: tuple[ActionName, ...] = _ALL
    cases: Literal["middle", "all"] = "middle"
    general_senior_share: _Share | None = None
    accepted_way_m: dict[_Stage, _Metres] = Field(default_factory=dict)
    longest_way_m: dict[_Stage, _Metres] = Field(default_factory=dict)
    include_indicators: bool = False
    bridge: ActionChoice = ActionChoice()
    convert: ActionChoice = ActionChoice()
    expand: ActionChoice = ActionChoice()
    new: ActionChoice = ActionChoice()
