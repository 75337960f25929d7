"""The numbers of a plan over years: the packaged ones, with those of the study in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.forecast import standards
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.siting.plan.actions import Action, plan_figures
from zmd_layout.siting.standing import GRADES
from zmd_layout.vocabulary import Basis, Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.study.people import Forecast
    from zmd_layout.study.plan import ActionChoice, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTerms:
    """
    The terms of one action as numbers; see `ActionFigures`.

    Attributes
    ----------
    basis
        `assumption` while any of them is one.
    """

    least_years: int
    lead_years: int
    cost: float
    cost_per_seat: float
    yearly_cost: float
    yearly_cost_per_seat: float
    basis: Basis

    def cost_of(self, seats: float, years: int, *, places: int = 1) -> float:
        """Compute what so many seats at so many places cost over some years of use."""
        once = self.cost * places + self.cost_per_seat * seats
        return once + years * (self.yearly_cost * places + self.yearly_cost_per_seat * seats)


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """
    What a plan may do, and its numbers.

    Attributes
    ----------
    chosen
        What the study says in `[plan]`.
    """

    chosen: Plan

    @property
    def actions(self) -> tuple[Action, ...]:
        """The allowed actions, in the order of practice."""
        return tuple(action for action in Action if action.value in self.chosen.actions)

    def terms(self, action: Action) -> ActionTerms:
        """Return the terms of an action."""
        packaged = plan_figures().actions[action]
        own: ActionChoice | None = getattr(self.chosen, action.value, None)
        stated = {} if own is None else own.model_dump(exclude_none=True, exclude={"source"})
        numbers = {name: getattr(packaged, name) for name in type(packaged).model_fields}
        bases = [figure.basis for name, figure in numbers.items() if name not in stated]
        values = {name: figure.value for name, figure in numbers.items()} | stated
        return ActionTerms(
            least_years=int(values["least_years"]),
            lead_years=int(values["lead_years"]),
            cost=values["cost"],
            cost_per_seat=values["cost_per_seat"],
            yearly_cost=values["yearly_cost"],
            yearly_cost_per_seat=values["yearly_cost_per_seat"],
            basis=Basis.ASSUMPTION if Basis.ASSUMPTION in bases else Basis.STANDARD,
        )

    def accepted_way_m(self, stage: Stage) -> float:
        """Return the way that is accepted."""
        own = self.chosen.accepted_way_m.get(stage.value)  # type: ignore[call-overload]
        return own or plan_figures().accepted_way_m[stage].value

    def longest_way_m(self, stage: Stage) -> float:
        """Return the longest way, with a bus or a bed; at least the accepted one."""
        own = self.chosen.longest_way_m.get(stage.value)  # type: ignore[call-overload]
        longest = own or plan_figures().longest_way_m[stage].value
        return max(longest, self.accepted_way_m(stage))

    def boarding_way_m(self, stage: Stage) -> float | None:
        """Return the longest way to a school where children board; None where they do not."""
        figure = plan_figures().boarding_way_m.get(stage)
        if Action.BOARD not in self.actions or figure is None:
            return None
        own = self.chosen.boarding_way_m.get(stage.value)  # type: ignore[call-overload]
        return max(own or figure.value, self.longest_way_m(stage))

    @property
    def missing_seat_cost(self) -> float:
        """What a child-year without a seat counts beside costs, where cases are compared."""
        own = self.chosen.missing_seat_cost
        return plan_figures().missing_seat_cost.value if own is None else own

    @property
    def case_weights(self) -> NDArray[np.float64]:
        """(cases,) weights of the cases in an expectation, in the order of `VARIANTS`."""
        figures = plan_figures().case_weights
        return np.array([figures[name].value for name in VARIANTS])

    def seats_per_child(self, stage: Stage, forecast: Forecast) -> float:
        """Return the seats that a child needs: the attendance of the study, of seniors a share."""
        stated = forecast.attendance.get(stage.value)  # type: ignore[call-overload]
        if stated is not None:
            return float(stated)
        if stage is not Stage.SENIOR:
            return 1.0
        share = self.chosen.general_senior_share
        return plan_figures().general_senior_share.value if share is None else share


def track_seats(stage: Stage) -> float:
    """Return the seats of one class track: a class in each grade."""
    return GRADES[stage] * standards().class_sizes[stage].value


def class_seats(stage: Stage) -> float:
    """Return the seats of one class."""
    return standards().class_sizes[stage].value


def least_seats(stage: Stage) -> float:
    """Return the seats of the least new school."""
    return plan_figures().least_new_classes[stage].value * class_seats(stage)
