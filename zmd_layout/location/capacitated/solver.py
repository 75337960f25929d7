"""
Problems whose sites take only so many people, or whose catchments must be connected.

Each model becomes one minimum (`capacitated_form`), which a branch and bound with Lagrangian bounds
searches. Where nobody can say at first whether everyone finds a seat, the fewest people without one
are looked for: more than none is the proof that there is no plan, and its seating the best part of
one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.location.capacitated.contiguous import build_land, seat_contiguous
from zmd_layout.location.capacitated.form import CapacitatedForm, build_form
from zmd_layout.location.capacitated.single_source import seat_whole
from zmd_layout.location.capacitated.transport import SeatingOrder, solve_transport
from zmd_layout.location.capacitated.tree import RELATIVE_TOLERANCE, TreeSearch
from zmd_layout.location.center import cover_within, halve_radii, radii_of
from zmd_layout.location.explain import (
    UNSERVED,
    no_seats_messages,
    seats_messages,
    too_few_sites_message,
)
from zmd_layout.location.options import Deadline, SolveOptions
from zmd_layout.location.ordering import ordered
from zmd_layout.location.problem import Model, Problem, Solution, proof_of
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SolveStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.parts import Seater, TreeResult
    from zmd_layout.location.capacitated.transport import Assignment

# people, of all, that may be without a seat by rounding
ROUNDING = 1e-9


def solve_capacitated(problem: Problem, *, options: SolveOptions) -> Solution:
    """
    Solve a problem with capacities, with connected catchments, or with both.

    Parameters
    ----------
    problem
        The problem.
    options
        Seed, effort and the net.

    Returns
    -------
    Solution
        `optimal` where bound and objective meet to within 1e-7 of the objective, what the linear
        programmes are exact to.
    """
    net = Deadline(options)
    order = ordered(problem)
    plain = no_seats_messages(problem)
    if plain:
        return order.restore(_without_plan(order.problem, net, plain))
    if problem.model is Model.P_CENTER:
        return order.restore(_solve_center(order.problem, net))
    return order.restore(_solve_form(order.problem, net))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """
    What a search found.

    `best` is None without an answer; then `is_impossible` says whether there is none, and `part`
    is the seating that leaves fewest people out. `nodes` and `seatings` are counts.
    """

    best: Assignment | None
    bound: float
    nodes: int
    seatings: int
    is_impossible: bool = False
    part: Assignment | None = None


def _solve_form(problem: Problem, net: Deadline) -> Solution:
    form = build_form(problem)
    found = _search(problem, form, net)
    if found.best is None:
        why = _why_none(problem, net, is_impossible=found.is_impossible)
        return _partial(problem, form, found, net, why)
    return _solution(problem, form, found, net)


def _search(problem: Problem, form: CapacitatedForm, net: Deadline) -> _Found:
    """Search; where the first tries seat nobody, look first for the fewest without a seat."""
    tree = _tree(problem, form, net)
    tree.begin()
    if tree.best is None and form.must_serve.any():
        left_out = _fewest_left_out(problem, form, net)
        if left_out.bound > ROUNDING * form.people.sum():
            return _found(left_out, best=None, part=left_out.best, is_impossible=True)
        if left_out.best is None or left_out.best.objective > ROUNDING * form.people.sum():
            return _found(tree.finish(), part=left_out.best)
        tree.adopt(left_out.best)
    return _found(tree.finish())


def _found(result: TreeResult, **changes: Any) -> _Found:  # noqa: ANN401 - fields of several types
    found = _Found(
        best=result.best,
        bound=result.bound,
        nodes=result.nodes,
        seatings=result.seatings,
        is_impossible=result.best is None and np.isinf(result.bound),
    )
    return replace(found, **changes)


def _fewest_left_out(problem: Problem, form: CapacitatedForm, net: Deadline) -> TreeResult:
    """Leave out as few people as can be, whatever it costs to serve the others."""
    weight = np.where(form.people > 0, form.people, 1.0)
    if problem.model is Model.P_CENTER:
        weight = np.where(form.must_serve, weight, 0.0)
    is_whole = bool((weight == np.rint(weight)).all()) and form.has_whole_people()
    slack = replace(
        form,
        pair_cost=np.zeros_like(form.pair_cost),
        opening=np.zeros_like(form.opening),
        unserved=weight,
        step=float(is_whole),
    )
    tree = _tree(problem, slack, net)
    tree.begin()
    return tree.finish()


def _tree(problem: Problem, form: CapacitatedForm, net: Deadline) -> TreeSearch:
    total = float(problem.demands.sum())
    is_cover = problem.model is Model.MAX_COVER

    def tell(objective: float, bound: float) -> None:
        if is_cover:
            objective, bound = total - objective, total - bound
        net.tell("sites", objective, bound)

    return TreeSearch(
        form, _seater(problem, form, net), options=net.options, net=net, tell=tell,
        may_use_mip=problem.adjacency is None,
    )  # fmt: skip


def _seater(problem: Problem, form: CapacitatedForm, net: Deadline) -> Seater:
    if problem.adjacency is not None and problem.site_demand is not None:
        land = build_land(problem.adjacency, problem.site_demand)
        return partial(seat_contiguous, form, land, options=net.options, net=net)
    if form.is_single_source:
        return partial(seat_whole, form, options=net.options, net=net)

    def seat(is_open: NDArray[np.bool_], order: SeatingOrder) -> Assignment | None:
        del order  # a linear programme is exact anyway
        return solve_transport(form, is_open, time_limit_s=net.remaining_s())

    return seat


def _solve_center(problem: Problem, net: Deadline) -> Solution:
    """Compare radii by halving; each asks for the fewest people without a seat within it."""
    radii = radii_of(problem)

    def ask(radius: float) -> tuple[bool, bool, tuple[CapacitatedForm, TreeResult]]:
        form = _form_within(problem, radius)
        left_out = _fewest_left_out(problem, form, net)
        least = ROUNDING * max(float(problem.demands.sum()), 1.0)
        is_enough = left_out.best is not None and left_out.best.objective <= least
        return is_enough, left_out.bound > least, (form, left_out)

    halved = halve_radii(radii, ask, net)
    form, left_out = halved.answer
    found = _found(left_out)
    if not np.isfinite(halved.radius):
        why = _why_none(problem, net, is_impossible=np.isinf(halved.bound))
        is_impossible = bool(np.isinf(halved.bound))
        found = replace(found, part=found.best, best=None, is_impossible=is_impossible)
        return _partial(problem, form, found, net, why)
    return _solution(problem, form, replace(found, bound=halved.bound), net)


def _form_within(problem: Problem, radius: float) -> CapacitatedForm:
    """Return the form of the pairs within a radius; who may be left out within it need no seat."""
    form = build_form(
        problem.rearranged(
            model=Model.FACILITY,
            costs=cover_within(problem, radius),
            unserved_cost=None,
        )
    )
    if problem.unserved_cost is None:
        return form
    unserved = np.where(problem.unserved_cost <= radius, 0.0, np.inf)
    return replace(form, unserved=unserved)


def _solution(problem: Problem, form: CapacitatedForm, found: _Found, net: Deadline) -> Solution:
    assert found.best is not None  # noqa: S101 - the caller looked
    flows, assignment = _shares(form, found.best)
    objective = _objective(problem, flows, found.best.is_open)
    bound = found.bound
    if problem.model is Model.MAX_COVER:
        bound = float(problem.demands.sum()) - bound
    proof = proof_of(objective, bound, tolerance=RELATIVE_TOLERANCE)
    return Solution(
        status=proof.status,
        objective=objective,
        bound=proof.bound,
        gap_percent=proof.gap_percent,
        open_sites=np.flatnonzero(found.best.is_open),
        assignment=assignment,
        flows=None if form.is_single_source else flows,
        is_reproducible=not net.has_ended_the_search,
        statistics=_statistics(found, net),
    )


def _shares(form: CapacitatedForm, seating: Assignment) -> tuple[csr_array, NDArray[np.int64]]:
    """Return the share of each pair, and the site of the largest share of each demand, −1: none."""
    demand, site = form.pair_demand[seating.pair], form.pair_site[seating.pair]
    shape = (form.demand_count, form.site_count)
    flows = csr_array((seating.share, (demand, site)), shape=shape)
    assignment = np.full(form.demand_count, UNSERVED)
    smallest_first = np.lexsort((-site, seating.share))
    assignment[demand[smallest_first]] = site[smallest_first]
    return flows, assignment


def _objective(problem: Problem, flows: csr_array, is_open: NDArray[np.bool_]) -> float:
    """Add the objective up from the plan itself, in the unit of the problem."""
    served = np.clip(np.asarray(flows.sum(axis=1)).ravel(), 0.0, 1.0)
    if problem.model is Model.MAX_COVER:
        return float(problem.demands @ served)
    left_out = problem.unserved_cost
    if problem.model is Model.P_CENTER:
        used = flows.tocoo()
        farthest = problem.costs[used.row, used.col].max(initial=0.0) if used.nnz else 0.0
        outside = 0.0 if left_out is None else (left_out * (served < 1 - ROUNDING)).max(initial=0.0)
        return float(max(farthest, outside))
    serving = 0.0
    if problem.model is not Model.SET_COVER:
        serving = float((flows * problem.costs).sum())
    opening = problem.fixed_costs
    if opening is None:
        usual = 1.0 if problem.model is Model.SET_COVER else 0.0
        opening = np.full(len(is_open), usual)
    unserved = 0.0 if left_out is None else float(left_out @ (1.0 - served))
    return serving + unserved + float(opening[is_open].sum())


def _without_plan(problem: Problem, net: Deadline, why: tuple[Message, ...]) -> Solution:
    """Return the best part of a plan where it is plain that there is no whole one."""
    form = build_form(problem.rearranged(model=Model.FACILITY))
    left_out = _fewest_left_out(problem, form, net)
    found = _found(left_out, best=None, part=left_out.best, is_impossible=True)
    return _partial(problem, form, found, net, why)


def _why_none(problem: Problem, net: Deadline, *, is_impossible: bool) -> tuple[Message, ...]:
    """Report that no plan seats everyone, and how many sites would."""
    if not is_impossible:
        return (Message("siting.capacitated_nothing_yet"),)
    messages = [Message("siting.capacitated_infeasible")]
    if problem.open_count is not None and not net.is_over():
        cover = problem.rearranged(model=Model.SET_COVER, open_count=None, fixed_costs=None)
        tree = _tree(cover, build_form(cover), net)
        tree.begin()
        fewest = tree.finish()
        if fewest.best is not None:
            enough = fewest.best.objective
            messages.append(too_few_sites_message(problem.open_count, fewest.bound, enough))
    return tuple(messages)


def _partial(
    problem: Problem,
    form: CapacitatedForm,
    found: _Found,
    net: Deadline,
    why: tuple[Message, ...],
) -> Solution:
    """Report that there is no plan, or that none was found, with the best part of one."""
    nobody = np.full(form.demand_count, UNSERVED)
    flows, assignment, open_sites = None, nobody, np.flatnonzero(form.fixed_open)
    if found.part is not None:
        flows, assignment = _shares(form, found.part)
        open_sites = np.flatnonzero(found.part.is_open)
        why = (*why, *seats_messages(problem, flows, open_sites))
    return Solution(
        status=SolveStatus.INFEASIBLE if found.is_impossible else SolveStatus.UNKNOWN,
        objective=float("nan"),
        bound=float("nan"),
        gap_percent=float("nan"),
        open_sites=open_sites,
        assignment=assignment,
        flows=None if form.is_single_source else flows,
        is_reproducible=not net.has_ended_the_search,
        explanation=why,
        statistics=_statistics(found, net),
    )


def _statistics(found: _Found, net: Deadline) -> dict[str, Any]:
    return {"nodes": found.nodes, "seatings": found.seatings, "seconds": net.elapsed_s()}
