"""The table `[plan]` of a study file: what a plan over years may do, and what it supposes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zmd_layout.study.strict import Strict

_Stage = Literal["kindergarten", "primary", "junior", "senior"]
_BoardingStage = Literal["junior", "senior"]
_Metres = Annotated[float, Field(gt=0)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Cost = Annotated[float, Field(ge=0)]
ActionName = Literal["share", "board", "bridge", "convert", "expand", "new"]
_ALL: tuple[ActionName, ...] = ("share", "board", "bridge", "convert", "expand", "new")


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
        For which cases of the forecast seats are provided: the middle one; all of them, by what
        is to be expected; or with the least regret whichever comes.
    robust
        Whether the best of each case, the least expected and the least regret are compared.
    missing_seat_cost
        What a child-year without a seat counts beside costs in that comparison, in 10,000 yuan.
    general_senior_share
        Share of ages 15–17 that goes to a general senior school.
    borders
        Whether children may take seats of another county: never, at last (only those for whom
        their own county has none after its actions), or from the start.
    accepted_way_m, longest_way_m, boarding_way_m
        By stage: the way that is accepted, the longest of a day with a bus, and the longest to a
        school where children board.
    include_indicators
        Whether reference indicators, too, ask for schools.
    board, bridge, convert, expand, new
        The numbers of the actions.
    """

    actions: tuple[ActionName, ...] = _ALL
    cases: Literal["middle", "all", "regret"] = "middle"
    robust: bool = True
    missing_seat_cost: _Cost | None = None
    general_senior_share: _Share | None = None
    borders: Literal["closed", "last", "open"] = "last"
    accepted_way_m: dict[_Stage, _Metres] = Field(default_factory=dict)
    longest_way_m: dict[_Stage, _Metres] = Field(default_factory=dict)
    boarding_way_m: dict[_BoardingStage, _Metres] = Field(default_factory=dict)
    include_indicators: bool = False
    board: ActionChoice = ActionChoice()
    bridge: ActionChoice = ActionChoice()
    convert: ActionChoice = ActionChoice()
    expand: ActionChoice = ActionChoice()
    new: ActionChoice = ActionChoice()
