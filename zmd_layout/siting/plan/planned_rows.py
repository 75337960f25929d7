"""The plan over years as rows of suggestions: what, from when to when, how full, why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.forecast import standards
from zmd_layout.location.problem import gap_percent
from zmd_layout.messages import Message, both, word_message
from zmd_layout.siting.plan.actions import Action
from zmd_layout.siting.plan.lasting_needs import MIDDLE
from zmd_layout.siting.plan.plan_options import class_seats
from zmd_layout.siting.plan.years_plan import NewSchool, YearsPlan
from zmd_layout.siting.planning import CandidateKind
from zmd_layout.siting.sizes import USE_YEARS, VARIANTS
from zmd_layout.vocabulary import Flag, SolveStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from zmd_layout.siting.plan.after_plan import AfterPlan
    from zmd_layout.siting.plan.place_actions import PlacedAction
    from zmd_layout.vocabulary import Stage

MODEL = "county_amounts_fewest_without_seat_then_least_cost"
COST_UNIT = "10000-yuan"
_HALF = 0.5  # a child
_FIRST_YEARS = 2  # whose use is printed


@dataclass(frozen=True, slots=True)
class SharedSeats:
    """
    Children who take a free seat farther away: in their county, in another one, or with a bed.

    Attributes
    ----------
    stage, county_id
        Of what, and where they live.
    school
        Position of the school that takes most of them in the peak year.
    seats
        (years,) how many they are.
    action
        Share, or board.
    host_county
        The county of the school.
    """

    stage: Stage
    county_id: str
    school: int
    seats: NDArray[np.float64]
    action: Action
    host_county: str

    @property
    def is_across(self) -> bool:
        """Whether the seats are those of another county."""
        return self.host_county != self.county_id

    @property
    def is_built(self) -> bool:
        """Whether something is built: never."""
        return False


def shared_seats(plan: YearsPlan) -> Iterator[SharedSeats]:
    """List what redrawn catchments would do within each county."""
    if Action.SHARE not in plan.options.actions:
        return
    for stage, one in plan.supply.items():
        shortage = plan.shortages[stage]
        for number, county in enumerate(shortage.counties):
            crowded = shortage.no_seat_near[MIDDLE, :, number]
            seats = np.maximum(crowded - shortage.no_seat[MIDDLE, :, number], 0.0)
            seats[0] = 0.0  # the year of the assessment has passed
            seats[seats < class_seats(stage)] = 0.0
            if seats.any():
                peak = int(seats.argmax())
                takes = shortage.far[peak].used - shortage.near[peak].used
                takes = np.where(one.schools["county_id"] == county, takes, -np.inf)
                yield SharedSeats(stage, county, int(np.argmax(takes)), seats, Action.SHARE, county)


def beds_cost(plan: YearsPlan, elsewhere: list[SharedSeats]) -> dict[str, float]:
    """Sum what boarding costs in each county over the years."""
    terms, costs = plan.options.terms(Action.BOARD), dict.fromkeys(plan.amounts, 0.0)
    for each in elsewhere:
        if each.action is Action.BOARD:
            running = terms.yearly_cost_per_seat * float(each.seats.sum())
            running += terms.yearly_cost * np.count_nonzero(each.seats)
            costs[each.county_id] += terms.cost_of(float(each.seats.max()), 0) + running
    return costs


def seats_elsewhere(plan: YearsPlan, after: Mapping[Stage, AfterPlan]) -> Iterator[SharedSeats]:
    """List what schools of other counties, and beds, do for whom their own county has no seat."""
    for stage, found in after.items():
        homes = plan.supply[stage].schools["county_id"].to_numpy(dtype=object)
        for (action, county), given in found.hosts.items():
            seats = given.sum(axis=1)
            seats[seats < _HALF] = 0.0
            if seats.any():
                school = int(given[int(seats.argmax())].argmax())
                yield SharedSeats(stage, county, school, seats, action, str(homes[school]))


def standing_rows(
    plan: YearsPlan, shared: list[SharedSeats], stage: Stage
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """
    Return the schools of a stage at which something is done, as candidates, and their rows.

    Returns
    -------
    places, rows
        `rows` name their place by position in `places`.
    """
    acts: list[PlacedAction | SharedSeats] = [each for each in shared if each.stage is stage]
    acts += [each for each in plan.placed if each.stage is stage]
    places, rows = [], []
    for number, each in enumerate(acts):
        donor = getattr(each, "donor", None) or stage
        school = plan.supply[donor].schools.iloc[each.school]
        taught = str(school["stages"]).split(";")
        stages = taught if str(stage) in taught else [*taught, str(stage)]
        places.append(
            {
                "candidate_id": f"0-{number:05d}", "kind": CandidateKind.EXPANSION,
                "name": school["name"], "school_id": str(school["school_id"]),
                "stages": ";".join(stages), "county_id": each.county_id,
                "township_id": school["township_id"], "adds_seats": 0.0,
                "is_synthetic": plan.supply[donor].is_synthetic, "geometry": school.geometry,
            }
        )  # fmt: skip
        rows.append(
            {
                "place": number,
                "county_id": each.county_id,
                "closes": [],
                "also": [],
                "planned": each,
            }
        )
    return pd.DataFrame(places), rows


def planned_values(
    planned: PlacedAction | SharedSeats | NewSchool, plan: YearsPlan
) -> dict[str, Any]:
    """Return the columns of a suggestion that the plan decides."""
    action, seats, classes = _size(planned)
    years = np.array(plan.years)
    active = np.flatnonzero(seats)
    answer = plan.amounts[planned.county_id].answer
    cost, bound = plan.cost_of(planned.county_id)
    is_lasting = action in {Action.EXPAND, Action.NEW}
    until = None if is_lasting else int(years[active[-1]])
    in_cases = [_uses(planned, plan, case) for case in range(len(VARIANTS))]
    uses = in_cases[MIDDLE]
    values = {
        "action": str(action),
        "seats": float(seats.max()),
        "classes": classes,
        "opens_in": int(years[active[0]]),
        "from_year": int(years[active[0]]),
        "until_year": until,
        "site_area_needed_m2": _area_m2(planned.stage, seats) if is_lasting else np.nan,
        "children_at_opening": float(seats[active[0]]) * (uses[active[0]] if is_lasting else 1.0),
        "is_over": False,
        "model": MODEL,
        "solve_status": str(SolveStatus.OPTIMAL if answer.is_optimal else SolveStatus.FEASIBLE),
        "objective": cost,
        "objective_unit": COST_UNIT,
        "bound": bound,
        "gap_percent": 0.0 if cost == bound else gap_percent(cost, bound),
        **_choice_of(planned),
        "seats_by_year": ";".join(f"{years[year]}={seats[year]:.0f}" for year in active),
    }
    percent = {int(year): 100.0 * use for year, use in zip(years, uses, strict=True)}
    values |= {f"use_{year}": percent.get(year, np.nan) for year in USE_YEARS}
    at = list(plan.years).index(USE_YEARS[1]) if USE_YEARS[1] in plan.years else None
    for name, course in zip(VARIANTS, in_cases, strict=True):
        use = np.nan if at is None else 100.0 * float(course[at])
        values[f"use_{USE_YEARS[1]}_{name}_percent"] = use
    return values


def _choice_of(planned: PlacedAction | SharedSeats | NewSchool) -> dict[str, Any]:
    """Return how well the schools were chosen: child-years seated within the accepted way."""
    if isinstance(planned, SharedSeats | NewSchool):
        return {}
    choice = planned.choice
    status = SolveStatus.OPTIMAL if choice.is_optimal else SolveStatus.FEASIBLE
    gap = 0.0 if choice.served >= choice.bound else gap_percent(choice.served, choice.bound)
    return {
        "place_status": str(status), "place_objective": choice.served,
        "place_bound": choice.bound, "place_gap_percent": gap,
    }  # fmt: skip


def _area_m2(stage: Stage, seats: NDArray[np.floating]) -> float:
    land = standards().land_m2_per_seat.get(stage)
    return float("nan") if land is None else float(seats.max()) * land.value


def _size(
    planned: PlacedAction | SharedSeats | NewSchool,
) -> tuple[Action, NDArray[np.floating], float]:
    """Return the action, its (years,) seats, and its most classes."""
    if isinstance(planned, SharedSeats):
        return planned.action, planned.seats, float("nan")
    if isinstance(planned, NewSchool):
        return Action.NEW, planned.seats_by_year, float(planned.classes)
    return (
        planned.action,
        planned.units * planned.seats,
        float(planned.units.max() * planned.classes),
    )


def _uses(
    planned: PlacedAction | SharedSeats | NewSchool, plan: YearsPlan, case: int
) -> NDArray[np.float64]:
    """
    Return the (years,) share of the seats that children need who otherwise have none.

    What is built fills first, then what is temporary. NaN in years without the action.
    """
    action, seats, _ = _size(planned)
    shortage = plan.shortages[planned.stage]
    number = shortage.counties.index(planned.county_id)
    missing = np.maximum(shortage.net(planned.stage)[case, :, number], 0.0)
    built, temporary = np.zeros(len(missing)), np.zeros(len(missing))
    acts: list[PlacedAction | NewSchool] = [*plan.placed, *plan.new]
    for each in acts:
        if (each.stage, each.county_id) == (planned.stage, planned.county_id):
            kind, added, _ = _size(each)
            if kind.is_built:
                built += added
            else:
                temporary += added
    if isinstance(planned, SharedSeats):
        return np.full(len(seats), np.nan)
    wanted, there = (missing, built) if action.is_built else (missing - built, temporary)
    used = np.clip(wanted / np.maximum(there, 1.0), 0.0, 1.0)
    return np.where(seats > 0, used, np.nan)


def planned_note(
    planned: PlacedAction | SharedSeats | NewSchool, plan: YearsPlan, row: dict[str, Any]
) -> list[Message]:
    """Report what is done and until when, why, how full it is, and what happens without it."""
    stage = word_message(planned.stage)
    last = row["until_year"] or plan.years[-1]
    is_across = isinstance(planned, SharedSeats) and planned.is_across
    parts = [
        Message(
            f"sites.plan_{row['action']}{'_across' * is_across}", name=row["name"], stage=stage,
            first=row["from_year"], host=plan.county_names.get(getattr(planned, "host_county", "")),
            span=_span(row["from_year"], last), seats=row["seats"], classes=row["classes"],
            area=round(row["site_area_needed_m2"], -2), source=_land_source(planned.stage),
        )
    ]  # fmt: skip
    need = plan.need(planned.stage, planned.county_id)
    if need is not None and not isinstance(planned, SharedSeats):
        left = plan.amounts[planned.county_id].remains[planned.stage][MIDDLE]
        parts.append(
            Message(
                "sites.plan_need", stage=stage, span=_span(need.first_year, need.last_year),
                peak=round(need.peak, -1), year=need.peak_year,
                left=round(float(left[plan.years.index(need.peak_year)]), -1),
            )
        )  # fmt: skip
    if not isinstance(planned, SharedSeats):
        parts.append(Message("sites.plan_use", uses=_use_by_year(planned, plan)))
    if row["action"] != Action.SHARE:
        parts.append(Message("sites.plan_costs", cost=row["objective"]))
    return parts


def _use_by_year(planned: PlacedAction | NewSchool, plan: YearsPlan) -> list[Message]:
    """Report the use in the first years and those that are looked at, with the range of cases."""
    low, middle, high = (100 * _uses(planned, plan, case) for case in range(len(VARIANTS)))
    known = np.flatnonzero(np.isfinite(middle))
    shown = {*known[:_FIRST_YEARS], *(n for n in known if plan.years[n] in USE_YEARS)}
    return [
        Message("sites.plan_use_year", year=plan.years[n], use=middle[n], low=low[n], high=high[n])
        for n in sorted(shown)
    ]


def _span(first: int, last: int) -> Message:
    return Message(
        "sites.years_one" if first == last else "sites.years_many", first=first, last=last
    )


def _land_source(stage: Stage) -> str:
    land = standards().land_m2_per_seat.get(stage)
    return "" if land is None else land.source


def is_conflict(row: Mapping[str, Any]) -> bool:
    """Report whether a duty asks for a school that the children of later years make needless."""
    return bool(row["is_duty"]) and Flag.NEARLY_EMPTY_LATER in row["flags"].split(";")


def conflict_note(row: dict[str, Any]) -> list[Message]:
    """Report where a duty asks for what the children make needless."""
    if not is_conflict(row):
        return []
    return [Message("sites.plan_conflict", year=USE_YEARS[1], use=row[f"use_{USE_YEARS[1]}"])]


def joined_note(parts: list[Message]) -> tuple[str, str]:
    """Put sentences together in both languages."""
    texts = [both(part) for part in parts]
    return "".join(text[0] for text in texts), " ".join(text[1] for text in texts)
