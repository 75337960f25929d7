"""
Branch and bound over the sites of a capacitated problem, with Lagrangian bounds.

Each part of the search settles some sites as open or closed. Its bound comes from the prices of its
parent, a few steps further; sites whose other state would lift the bound past the best answer are
settled at once. Where all are settled, the seating decides. Parts are taken in order of their
bound, and the search ends by a count of work, so that it takes the same way on every machine.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.location.capacitated.knapsack import fill_sites
from zmd_layout.location.capacitated.lagrangian import (
    Ascent,
    Decisions,
    Dual,
    climb,
    first_prices,
    settle,
)
from zmd_layout.location.capacitated.mip import MOST_PAIRS, solve_whole_mip, with_pairs_of
from zmd_layout.location.capacitated.parts import Part, TreeResult, can_seat, only_choice
from zmd_layout.location.capacitated.swap import (
    adjust_seat_prices,
    exchange_sites,
    sort_by_demand,
)
from zmd_layout.location.capacitated.transport import SeatingOrder, solve_transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm
    from zmd_layout.location.capacitated.parts import Seater
    from zmd_layout.location.capacitated.transport import Assignment
    from zmd_layout.location.options import Deadline, SolveOptions

# Counts, found by trial on the published instances and on 5,000 × 300.
ROOT_STEPS = 300
ROOT_STEPS_AGAIN = 600  # once an answer gives the steps a goal
ROOT_STEPS_WHOLE = 100
NODE_STEPS = 50
NODE_STEPS_WHOLE = 10
LEAF_STEPS_WHOLE = 100
ROOT_SEATINGS = 40
NODE_SEATINGS = 8
# Work is counted in pairs looked at; a step has a cost of its own, and so has an exact knapsack.
USUAL_WORK = 1_200_000_000
WORK_PER_STEP = 5_000
WORK_PER_WHOLE_SITE = 10_000
SMALL_ROOM = 5_000  # people at the mean site up to which exact knapsacks are cheap
WHOLE_REACH = 5.0  # gap to the best answer, in gains of late, at which whole demands are worth it
WHOLE_EVERY = 8
EAGER_NODES = 20  # parts at the beginning that all try for a better answer
LAZY_EVERY = 5  # of the later ones
LAZY_EVERY_WHOLE = 25  # where seating whole demands takes longer
HALF_OF_WORK = 0.5  # after which a problem of small size is handed to HiGHS
NEAR = 1.015  # a set is seated if its estimate is this near to the best answer
RELATIVE_TOLERANCE = 1e-7  # what HiGHS leaves of an objective


class TreeSearch:
    """
    One search.

    Parameters
    ----------
    form
        The problem.
    seat
        Seats demands at given sites.
    options, net
        Effort and time.
    tell
        Called with objective and bound now and then.
    may_use_mip
        Whether HiGHS may search the form as it is: not where the seating obeys more than it says.
    """

    def __init__(
        self,
        form: CapacitatedForm,
        seat: Seater,
        *,
        options: SolveOptions,
        net: Deadline,
        tell: Callable[[float, float], None],
        may_use_mip: bool,
    ) -> None:
        self.form = form
        self.bounding_form = form
        self.seat = seat
        self.options = options
        self.net = net
        self.tell = tell
        self.rows = sort_by_demand(form)
        self.ceiling = form.ceiling()
        self.best: Assignment | None = None
        self.root: Dual | None = None
        self.whole_gain = np.inf  # what steps with whole demands add to a bound, of late
        self.tried: set[bytes] = set()
        self.settled: set[bytes] = set()
        self.unproved = np.inf  # least bound of the seatings that were left without proof
        self.mip_bound = -np.inf
        self.may_use_mip = may_use_mip
        self.parts: list[tuple[float, int, Part]] = []
        self.work_left: float = options.count(USUAL_WORK)
        self.nodes = 0
        self.looked_at = 0

    @property
    def upper(self) -> float:
        """The objective of the best answer, inf without one."""
        return np.inf if self.best is None else self.best.objective

    @property
    def cutoff(self) -> float:
        """A value at or above which nothing is of interest, or possible."""
        if self.best is None:
            return self.ceiling
        if self.form.step:
            return self.upper - self.form.step + 1e-6
        return self.upper - RELATIVE_TOLERANCE * abs(self.upper)

    @property
    def wanted(self) -> float:
        """The value below which a seating is wanted, inf while there is none."""
        return np.inf if self.best is None else self.cutoff

    def begin(self) -> None:
        """Bound the whole problem, try for first answers, and make the first parts."""
        decisions = Decisions(
            opened=self.form.fixed_open.copy(), closed=np.zeros(self.form.site_count, dtype=bool)
        )
        if can_seat(self.form, decisions):
            self._push(self._root(decisions), decisions, inherited=-np.inf)

    def adopt(self, seating: Assignment) -> None:
        """Take over an answer that another search found: its shares, not its costs."""
        form = self.form
        cost = form.opening[seating.is_open].sum() + form.pair_cost[seating.pair] @ seating.share
        self._keep(replace(seating, objective=float(cost)))
        self._improve(seating.is_open, most_seatings=ROOT_SEATINGS)

    def finish(self) -> TreeResult:
        """Search until all is proved, the work is done or the time over."""
        self._work_until(HALF_OF_WORK * self.options.count(USUAL_WORK))
        if self.parts and self.may_use_mip and not self.net.is_over():
            self._ask_highs()
        self._work_until(-np.inf if self.options.until_time else 0.0)
        return self._result()

    def _work_until(self, least: float) -> None:
        """Take parts until the work that is left is down to a least."""
        while self.parts and self.work_left > least and not self.net.is_over():
            _, _, part = heapq.heappop(self.parts)
            if part.bound >= self.cutoff:
                self.parts.clear()
                break
            if part.pair_bound is None:
                self._look_at(part)
            else:
                self._prove(part)

    def _ask_highs(self) -> None:
        """Hand a problem of small size to HiGHS, for an answer and a bound."""
        form = self.bounding_form if self.form.is_single_source else self.form
        if len(form.pair_site) > MOST_PAIRS:
            return
        best = self.best if form is self.form else None
        answer = solve_whole_mip(form, best, self.net)
        if answer.best is not None:
            self._keep(with_pairs_of(form, answer.best, self.form))
        self.mip_bound = min(answer.bound, self.upper)
        if self.form.round_up(self.mip_bound) >= self.cutoff:
            self.parts.clear()
            self.unproved = np.inf

    def _result(self) -> TreeResult:
        open_bounds = [bound for bound, _, _ in self.parts if bound < self.cutoff]
        bound = min([*open_bounds, self.unproved, self.upper])
        bound = min(self.form.round_up(max(bound, self.mip_bound)), self.upper)
        return TreeResult(best=self.best, bound=bound, nodes=self.nodes, seatings=len(self.tried))

    def _root(self, decisions: Decisions) -> Dual:
        """Bound the whole problem and find a first answer."""
        dual = self._climb(first_prices(self.form), decisions, steps=ROOT_STEPS, step=1.0)
        self._improve(self._rounded(dual), most_seatings=ROOT_SEATINGS)
        self._improve(dual.chosen, most_seatings=ROOT_SEATINGS)
        again = self._climb(dual.prices, decisions, steps=ROOT_STEPS_AGAIN, step=0.3)
        dual = max(dual, again, key=lambda each: each.bound)
        if self.form.is_single_source:
            whole = self._climb(
                dual.prices, decisions, steps=ROOT_STEPS_WHOLE, step=0.3, is_whole=True
            )
            dual = max(dual, whole, key=lambda each: each.bound)
        self.root = dual
        self._drop_pairs()
        if self.form.is_single_source and self.best is not None:
            self._settle_sites(self.best.is_open, dual.prices, -np.inf)
        self.tell(self.upper, dual.bound)
        return dual

    def _climb(
        self,
        prices: NDArray[np.float64],
        decisions: Decisions,
        *,
        steps: int,
        step: float,
        is_whole: bool = False,
    ) -> Dual:
        form = self.bounding_form.without_sites(decisions.closed)
        if is_whole and form.capacity.mean() > SMALL_ROOM:
            steps = -(-steps // 6)
        dual = climb(
            form,
            prices,
            decisions,
            Ascent(
                goal=self.cutoff,
                iterations=self.options.count(steps),
                net=self.net,
                step=step,
                patience=12 if step == 1.0 else 6,
                is_whole=is_whole,
            ),
        )
        step_work = WORK_PER_STEP + len(form.pair_site)
        if is_whole:
            step_work += WORK_PER_WHOLE_SITE * int(dual.chosen.sum())
        self.work_left -= dual.iterations * step_work
        return dual

    def _drop_pairs(self) -> None:
        """Drop the pairs that no better answer has; only demands that go whole allow it."""
        if self.root is not None and self.form.is_single_source:
            self.bounding_form = self.form.with_pairs(self._pair_bound(self.root) < self.cutoff)

    def _pair_bound(self, dual: Dual) -> NDArray[np.float64]:
        """Bound every answer that uses a pair whole, under the decisions of a bound, (pairs,)."""
        form, prices = self.form, dual.prices
        filling = fill_sites(form, prices)
        priced = form.pair_cost + filling.capacity_dual[form.pair_site] * form.pair_people
        reduced = np.maximum(priced - prices[form.pair_demand], 0.0)
        # the reduced cost speaks of continuous fillings: what whole ones lifted counts no more
        lift = np.where(dual.chosen, dual.site_value - filling.value, 0.0)
        return dual.bound - lift[form.pair_site] + reduced

    def _rounded(self, dual: Dual) -> NDArray[np.bool_]:
        """Open the sites that the steps of the ascent chose most often."""
        form = self.form
        order = np.argsort(-(dual.share + form.fixed_open), kind="stable")
        count = form.open_count
        if count is None:
            needed = form.people[form.must_serve].sum()
            enough = np.searchsorted(np.cumsum(form.capacity[order]), needed) + 1
            count = max(int((dual.share > 0.5).sum()), int(enough))  # noqa: PLR2004 - a half
        is_open = np.zeros(form.site_count, dtype=bool)
        is_open[order[:count]] = True
        return is_open

    def _improve(self, is_open: NDArray[np.bool_], *, most_seatings: int) -> None:
        """Seat a set of sites if it is promising, exchange sites, and keep what is better."""
        if is_open.tobytes() in self.tried or not is_open.any() or self.net.is_over():
            return
        self.tried.add(is_open.tobytes())
        limit = NEAR * self.upper if self.upper > 0 else self.upper
        if np.isfinite(limit):
            no_prices = np.zeros(self.form.site_count)
            if adjust_seat_prices(self.rows, is_open, no_prices, goal=limit) >= limit:
                return
        split = solve_transport(self.form, is_open, time_limit_s=self.net.remaining_s())
        if split is None:
            return
        split = exchange_sites(self.rows, split, most_seatings=most_seatings, net=self.net)
        self.tried.add(split.is_open.tobytes())
        if not self.form.is_single_source:
            self._keep(split)
        elif split.bound < self.cutoff:
            self._keep(self.seat(split.is_open, SeatingOrder(upper=self.wanted)))

    def _keep(self, seating: Assignment | None) -> None:
        if seating is not None and seating.objective < self.upper:
            self.best = seating
            self._drop_pairs()

    def _push(self, dual: Dual, decisions: Decisions, *, inherited: float) -> None:
        """Settle what can be, and split the rest in two at the most undecided large site."""
        bound = max(dual.bound, inherited)
        if bound >= self.cutoff:
            return
        decisions = settle(self.form, dual, decisions, self.cutoff)
        full = only_choice(self.form, decisions)
        if full is not None:
            self._settle_sites(full, dual.prices, bound)
            return
        free = np.flatnonzero(decisions.free)
        share = dual.share[free]
        weight = (share + 0.05) * (1.05 - share) * self.form.capacity[free]
        site = free[int(np.argmax(weight))]
        for is_opened in (True, False):
            opened, closed = decisions.opened.copy(), decisions.closed.copy()
            (opened if is_opened else closed)[site] = True
            half = Decisions(opened=opened, closed=closed)
            if can_seat(self.form, half):
                self._add(Part(bound=bound, prices=dual.prices, decisions=half))

    def _add(self, part: Part) -> None:
        self.nodes += 1
        heapq.heappush(self.parts, (part.bound, self.nodes, part))

    def _look_at(self, part: Part) -> None:
        dual = self._climb(part.prices, part.decisions, steps=NODE_STEPS, step=0.3)
        if self.form.is_single_source:
            dual = self._climb_whole(dual, part.decisions)
        every = LAZY_EVERY_WHOLE if self.form.is_single_source else LAZY_EVERY
        is_eager = self.looked_at < EAGER_NODES or self.looked_at % every == 0
        self.looked_at += 1
        if is_eager and dual.bound < self.cutoff:
            self._improve(dual.chosen, most_seatings=NODE_SEATINGS)
        self._push(dual, part.decisions, inherited=part.bound)
        least = min([bound for bound, _, _ in self.parts[:1]] + [self.upper])
        self.tell(self.upper, least)

    def _climb_whole(self, dual: Dual, decisions: Decisions) -> Dual:
        """Climb on with whole demands, if what that added of late could close the gap soon."""
        gap = self.cutoff - dual.bound
        is_due = self.looked_at % WHOLE_EVERY == 0
        if gap <= 0 or not (is_due or gap < WHOLE_REACH * self.whole_gain):
            return dual
        whole = self._climb(dual.prices, decisions, steps=NODE_STEPS_WHOLE, step=0.2, is_whole=True)
        gain = max(whole.bound - dual.bound, 0.0)
        known = np.isfinite(self.whole_gain)
        self.whole_gain = 0.8 * self.whole_gain + 0.2 * gain if known else gain
        return replace(max(dual, whole, key=lambda each: each.bound), share=dual.share)

    def _settle_sites(
        self, is_open: NDArray[np.bool_], prices: NDArray[np.float64], bound: float
    ) -> None:
        """Seat a settled set of sites; where demands go whole, put the proof off."""
        if is_open.tobytes() in self.settled:
            return
        self.settled.add(is_open.tobytes())
        self.tried.add(is_open.tobytes())
        decisions = Decisions(opened=is_open, closed=~is_open)
        pair_bound = np.full(len(self.form.pair_site), bound)
        if self.form.is_single_source:
            dual = self._climb(prices, decisions, steps=LEAF_STEPS_WHOLE, step=0.3, is_whole=True)
            bound, prices, pair_bound = max(bound, dual.bound), dual.prices, self._pair_bound(dual)
        part = Part(bound=bound, prices=prices, decisions=decisions, pair_bound=pair_bound)
        if not self.form.is_single_source:
            self._prove(part)
        elif bound < self.cutoff:
            self._keep(self.seat(is_open, SeatingOrder(upper=self.wanted, pair_bound=pair_bound)))
            self._add(part)

    def _prove(self, part: Part) -> None:
        """Seat a settled set with proof, and note the bound where that proves less than needed."""
        order = SeatingOrder(upper=self.wanted, pair_bound=part.pair_bound, prove=True)
        seating = self.seat(part.decisions.opened, order)
        bound = part.bound
        if seating is not None:
            self._keep(seating)
            bound = max(bound, min(seating.bound, seating.objective))
        if bound < self.cutoff:
            self.unproved = min(self.unproved, bound)
