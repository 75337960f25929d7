"""The amounts of actions by year in one county, for all stages together."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.location.amounts import Amounts, AmountsProblem, remains, solve_amounts
from zmd_layout.location.problem import gap_percent
from zmd_layout.location.regret import CasePlans, plans_for_cases
from zmd_layout.siting.plan.actions import Action, plan_figures
from zmd_layout.siting.plan.lasting_needs import MIDDLE, lasting_part
from zmd_layout.siting.plan.plan_options import class_seats, least_seats, track_seats
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from zmd_layout.siting.plan.plan_options import PlanOptions

# rooms of which stage serve another, in the order of practice
DONORS = {
    Stage.KINDERGARTEN: Stage.PRIMARY, Stage.JUNIOR: Stage.PRIMARY, Stage.SENIOR: Stage.JUNIOR,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """
    What can be done so many times.

    Attributes
    ----------
    action, stage, donor
        What is done for which stage; of conversions, which stage lends its rooms.
    first, last
        Positions of the years in which its seats are there, both included.
    seats
        Of the stage, that a unit adds.
    classes
        Of the stage, in a unit.
    most
        Units at most, beside the limits that offers share.
    cost
        Of a unit over its years, in 10,000 yuan.
    """

    action: Action
    stage: Stage
    donor: Stage | None
    first: int
    last: int
    seats: float
    classes: int
    most: int
    cost: float


@dataclass(frozen=True, slots=True)
class Room:
    """
    What a county's schools have room for, by stage.

    Attributes
    ----------
    bridge
        Temporary classes, in free classrooms of schools without large classes.
    convert
        (years,) tracks of the stage that schools of its donor could hold.
    expand
        Tracks that sites of its schools have room for.
    new
        Places for a new school.
    """

    bridge: dict[Stage, int]
    convert: dict[Stage, NDArray[np.int64]]
    expand: dict[Stage, int]
    new: dict[Stage, int]


@dataclass(frozen=True, slots=True)
class CountyAmounts:
    """
    What is done in a county, how much and when.

    Attributes
    ----------
    chosen
        Offers with their units, those of none left out.
    remains
        For each stage (cases, years) children within reach who still lack a seat; 0 where fewer
        than a class do.
    answer
        The solution: cost of the actions, bound, gap.
    robust
        Choices for each case, for the expectation and with the least regret, each under each case;
        None where nobody asked.
    """

    chosen: tuple[tuple[Offer, int], ...]
    remains: dict[Stage, NDArray[np.float64]]
    answer: Amounts
    robust: CasePlans | None = None


@dataclass(frozen=True, slots=True)
class CountyCourse:
    """
    What a county lacks and has, year by year.

    Attributes
    ----------
    years
        Calendar years; the first is that of the assessment and has passed.
    net
        For each stage (cases, years) seats missing, or free where negative.
    room
        What its schools have room for.
    owed
        New schools that a duty asks for, by stage.
    size_caps
        The most seats of a school by stage, where a rule has one.
    """

    years: tuple[int, ...]
    net: Mapping[Stage, NDArray[np.float64]]
    room: Room
    owed: Mapping[Stage, int] = field(default_factory=dict)
    size_caps: Mapping[Stage, float] = field(default_factory=dict)

    def owed_seats(self, stage: Stage) -> float:
        """Return the seats of the owed schools, each of the least size."""
        return self.owed.get(stage, 0) * least_seats(stage)


@dataclass(frozen=True, slots=True)
class _Model:
    """The offers of a county, and their arrays; cells are stages × cases × years."""

    offers: list[Offer]
    gives: NDArray[np.float64]  # (stages, years, offers)
    problem: AmountsProblem
    case_of: NDArray[np.int64]


def amounts_of(county: CountyCourse, options: PlanOptions) -> CountyAmounts:
    """
    Choose the actions of one county: the fewest child-years without a seat, then the least cost.

    With all cases the expected child-years count; with the least regret what remains has a price
    beside the cost. Schools that a duty asks for are among the actions whatever the children need.
    """
    chosen, everything = options.chosen, list(range(len(VARIANTS)))
    robust = None
    if chosen.robust or chosen.cases == "regret":
        wide = _model(county, options, everything)
        robust = plans_for_cases(
            wide.problem, wide.case_of, price=options.missing_seat_cost,
            weights=options.case_weights,
        )  # fmt: skip
    if chosen.cases == "regret" and robust is not None:
        model, answer = wide, _of_least_regret(wide.problem, robust)
    else:
        model = _model(county, options, [MIDDLE] if chosen.cases == "middle" else everything)
        answer = solve_amounts(model.problem)
    after = {
        stage: _remaining(county.net[stage], model.gives[number] @ answer.units, stage)
        for number, stage in enumerate(county.net)
    }
    pairs = zip(model.offers, answer.units, strict=True)
    return CountyAmounts(
        tuple((offer, int(units)) for offer, units in pairs if units), after, answer, robust
    )


def _model(county: CountyCourse, options: PlanOptions, cases: list[int]) -> _Model:
    stages, years = list(county.net), len(county.years)
    # the year of the assessment has passed
    short = {stage: county.net[stage][cases].copy() for stage in stages}
    for course in short.values():
        course[:, 0] = np.minimum(course[:, 0], 0.0)
    worst = {stage: np.maximum(course.max(axis=0), 0.0) for stage, course in short.items()}
    offers = list(_offers(worst, county, options))
    gives = _gives(offers, stages, years)
    cells = np.concatenate([course.ravel() for course in short.values()])
    of_case = np.repeat(np.arange(len(stages)), len(cases))
    case_of = np.tile(np.repeat(np.arange(len(cases)), years), len(stages))
    rows = [*_standing(offers, worst, county, options), *_lending(offers, short, county)]
    rows += [*_lasting(offers, worst, county, options), *_owed(offers, county)]
    weights = options.case_weights[cases]
    problem = AmountsProblem(
        short=cells,
        weights=(weights / weights.sum())[case_of],
        gives=csr_array(gives[of_case].reshape(len(cells), len(offers))),
        costs=np.array([offer.cost for offer in offers]),
        most=np.array([float(offer.most) for offer in offers]),
        limits=csr_array(np.array([row[0] for row in rows]).reshape(len(rows), len(offers))),
        limit=np.array([row[1] for row in rows]),
    )
    return _Model(offers, gives, problem, case_of)


def _of_least_regret(problem: AmountsProblem, robust: CasePlans) -> Amounts:
    """Put the choice of least regret, the last, into the form of an answer."""
    units, cost = robust.units[-1], float(robust.cost[-1])
    gap = 0.0 if cost == robust.cost_bound else gap_percent(cost, robust.cost_bound)
    return Amounts(
        units, remains(problem, units), cost, robust.cost_bound, gap, robust.is_optimal,
        robust.is_reproducible,
    )  # fmt: skip


def _remaining(
    net: NDArray[np.float64], added: NDArray[np.float64], stage: Stage
) -> NDArray[np.float64]:
    """Return what is missing after the actions; less than a class counts as none."""
    left = np.maximum(net - added, 0.0)
    left[:, 0] = np.maximum(net[:, 0], 0.0)
    return np.where(left < class_seats(stage), 0.0, left)


def _offers(
    worst: Mapping[Stage, NDArray[np.float64]], county: CountyCourse, options: PlanOptions
) -> Iterator[Offer]:
    last = len(county.years) - 1
    for stage, missing in worst.items():
        for action in options.actions:
            terms, most = options.terms(action), _most(county.room, action, stage)
            needed = np.flatnonzero(lasting_part(missing, terms.least_years))
            needed = needed[needed >= terms.lead_years]
            is_owed = action is Action.NEW and county.owed.get(stage, 0) > 0
            if is_owed and not len(needed):
                needed = np.array([min(terms.lead_years, last)])
            if not most or not len(needed):
                continue
            least = 1 if is_owed else terms.least_years
            for first, until in _windows(action, needed, least, last):
                for classes, seats, donor in _units(action, stage, county.size_caps):
                    span, places = until - first + 1, int(action is Action.NEW)
                    cost = terms.cost_of(seats, span, places=places)
                    yield Offer(action, stage, donor, first, until, seats, classes, most, cost)


def _windows(
    action: Action, needed: NDArray[np.int64], least_years: int, last: int
) -> Iterator[tuple[int, int]]:
    """Pair first and last years: of temporary classes a year, of what is built to the end."""
    match action:
        case Action.BRIDGE:
            yield from ((int(year), int(year)) for year in needed)
        case Action.CONVERT:
            spans = ((int(first), int(until)) for first in needed for until in needed)
            yield from (span for span in spans if span[1] - span[0] + 1 >= least_years)
        case Action.EXPAND | Action.NEW:
            yield from ((int(first), last) for first in needed if last - first + 1 >= least_years)
        case Action.SHARE:  # free seats count from the start
            return


def _units(  # noqa: C901 - a case for each action
    action: Action, stage: Stage, size_caps: Mapping[Stage, float]
) -> Iterator[tuple[int, float, Stage | None]]:
    """Return classes and seats of a unit, and who lends its rooms."""
    size, track = class_seats(stage), track_seats(stage)
    grades = round(track / size)
    match action:
        case Action.BRIDGE:
            yield 1, size, None
        case Action.CONVERT:
            donor = DONORS.get(stage)
            if donor is not None:
                yield grades, grades * min(size, class_seats(donor)), donor
        case Action.EXPAND:
            yield grades, track, None
        case Action.NEW:
            most = int(plan_figures().most_new_classes[stage].value)
            for classes in range(round(least_seats(stage) / size), most + 1, grades):
                if classes * size <= size_caps.get(stage, np.inf):
                    yield classes, classes * size, None
        case Action.SHARE:
            return


def _most(room: Room, action: Action, stage: Stage, year: int | None = None) -> int:
    """Return the units for which there is room, in a year or at most."""
    if action is Action.CONVERT:
        course = room.convert.get(stage)
        if course is None:
            return 0
        return int(course.max() if year is None else course[year])
    by_action = {Action.BRIDGE: room.bridge, Action.EXPAND: room.expand, Action.NEW: room.new}
    return by_action.get(action, {}).get(stage, 0)


def _gives(offers: list[Offer], stages: list[Stage], years: int) -> NDArray[np.float64]:
    """Return (stages, years, offers) seats that a unit adds or takes."""
    gives = np.zeros((len(stages), years, len(offers)))
    for number, offer in enumerate(offers):
        span = slice(offer.first, offer.last + 1)
        gives[stages.index(offer.stage), span, number] += offer.seats
        if offer.donor in stages:
            taken = offer.classes * class_seats(offer.donor)
            gives[stages.index(offer.donor), span, number] -= taken
    return gives


_Row = tuple["NDArray[np.float64]", float]  # weights of the offers, and the most of their sum


def _row(offers: list[Offer], weight: Callable[[Offer], float], most: float) -> Iterator[_Row]:
    weights = np.array([float(weight(offer)) for offer in offers])
    if weights.any():
        yield weights, most


def _standing(
    offers: list[Offer],
    worst: Mapping[Stage, NDArray[np.float64]],
    county: CountyCourse,
    options: PlanOptions,
) -> Iterator[_Row]:
    """
    Limit what stands at a time to the room there is.

    Temporary classes are for the years before a new school could open, and later for what does not
    last longer than they may.
    """
    soon = options.terms(Action.NEW).lead_years
    at_most = int(plan_figures().bridge_years.value)
    for stage, missing in worst.items():
        hump = missing - lasting_part(missing, at_most + 1)
        hump[: min(soon, at_most) + 1] = missing[: min(soon, at_most) + 1]
        for year, action in product(range(len(county.years)), Action):
            most = float(_most(county.room, action, stage, year))
            if action is Action.BRIDGE:
                most = min(most, float(np.ceil(hump[year] / class_seats(stage))))

            def is_active(
                offer: Offer, at: tuple[Stage, Action, int] = (stage, action, year)
            ) -> bool:
                return (offer.stage, offer.action) == at[:2] and offer.first <= at[2] <= offer.last

            yield from _row(offers, is_active, most)


def _lending(
    offers: list[Offer], short: Mapping[Stage, NDArray[np.float64]], county: CountyCourse
) -> Iterator[_Row]:
    """Let a stage lend no more than is free there, in every case; what is free is lent once."""
    for donor in set(DONORS.values()) & set(short):
        free = np.maximum(-short[donor].max(axis=0), 0.0)
        for year in range(1, len(county.years)):

            def taken(offer: Offer, at: tuple[Stage, int] = (donor, year)) -> float:
                is_there = offer.donor is at[0] and offer.first <= at[1] <= offer.last
                return offer.classes * class_seats(at[0]) * is_there

            yield from _row(offers, taken, float(free[year]))
            rooms = [
                _most(county.room, Action.CONVERT, stage, year)
                for stage, of in DONORS.items()
                if of is donor
            ]

            def lent(offer: Offer, at: tuple[Stage, int] = (donor, year)) -> float:
                return float(offer.donor is at[0] and offer.first <= at[1] <= offer.last)

            yield from _row(offers, lent, float(max(rooms)))


def _lasting(
    offers: list[Offer],
    worst: Mapping[Stage, NDArray[np.float64]],
    county: CountyCourse,
    options: PlanOptions,
) -> Iterator[_Row]:
    """
    Let what is built from a year on exceed what lasts from then on by no more than a step.

    In the year in which use is looked at, what is built must be used so far as the figures ask.
    Schools that a duty asks for are allowed in any case.
    """
    figures, years = plan_figures(), len(county.years)
    built = [action for action in options.actions if action.is_built]
    for stage, missing in worst.items():
        owed = county.owed_seats(stage)
        for least in sorted({options.terms(action).least_years for action in built}):
            lasts = lasting_part(missing, least)
            for first in range(1, years):

                def later(
                    offer: Offer, at: tuple[Stage, int, int] = (stage, first, least)
                ) -> float:
                    is_bound = offer.action.is_built and offer.stage is at[0]
                    is_bound &= options.terms(offer.action).least_years >= at[2]
                    return offer.seats * (is_bound and offer.first >= at[1])

                most = _rounded_up(float(lasts[first:].max()), stage, options)
                yield from _row(offers, later, max(most, owed))
        year = int(figures.use_year.value)
        if year in county.years:
            needed = max(0.0, float(county.net[stage][MIDDLE][county.years.index(year)]))

            def stays(offer: Offer, of: Stage = stage) -> float:
                return offer.seats * (offer.stage is of and offer.action.is_built)

            yield from _row(offers, stays, max(needed / figures.least_use.value, owed))


def _owed(offers: list[Offer], county: CountyCourse) -> Iterator[_Row]:
    """Ask for the schools of duties, as far as there are places."""
    for stage, count in county.owed.items():

        def is_new(offer: Offer, of: Stage = stage) -> float:
            return -float(offer.action is Action.NEW and offer.stage is of)

        yield from _row(offers, is_new, -float(min(count, county.room.new.get(stage, 0))))


def _rounded_up(seats: float, stage: Stage, options: PlanOptions) -> float:
    """Round up to a step, or to the least new school; nothing stays nothing."""
    if seats <= 0:
        return 0.0
    track = track_seats(stage)
    steps = float(np.ceil(seats / track) * track)
    return max(steps, least_seats(stage)) if Action.NEW in options.actions else steps
