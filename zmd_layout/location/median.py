"""
The search for the best sites of an uncapacitated problem, and for the proof.

Greedy opening and interchange → a Lagrangian bound, whose average solution is a second start →
sites that the bound settles are folded away → shaking → branch and cut on what is left. Each step
is left out when bound and objective have met.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.location.branch import TreeLimits, branch_and_cut
from zmd_layout.location.instance import narrow
from zmd_layout.location.lagrangian import (
    cheapest_sites,
    first_multipliers,
    raise_bound,
    settled_sites,
)
from zmd_layout.location.shake import shake
from zmd_layout.location.swap import Interchange, open_greedily

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.instance import Instance
    from zmd_layout.location.options import Deadline

# the usual counts, some fifteen seconds for 5,000 demands and 300 sites
BOUND_STEPS = 1500
FIRST_SHAKES, SHAKES = 20, 200
TREE_NODES = 3000
TREE_ITERATIONS = 200_000_000
# rounds of shaking in vain after which only a tree helps, where the search has time
IDLE_ROUNDS = 4
# a small problem is often closed by a short tree, before any long shaking
SMALL_DEMANDS = 1500
SHORT_TREE, WHOLE_TREE = 0.05, 1.0
# of a problem with more demands times sites than this the tree would not see its first bound
LARGEST_TREE = 4_000_000


@dataclass(slots=True)
class SiteSearch:
    """
    The best sites so far and what is proved.

    Attributes
    ----------
    open_ids
        Open sites, by their numbers in the problem that the instance came from, ascending.
    objective
        Their cost.
    bound
        No solution costs less.
    statistics
        Counts of the search.
    """

    open_ids: NDArray[np.int64]
    objective: float
    bound: float = -np.inf
    statistics: dict[str, Any] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        """Whether bound and objective have met."""
        return self.bound >= self.objective

    def offer(self, open_ids: NDArray[np.int64], objective: float) -> None:
        """Take a solution if it is better."""
        if objective < self.objective:
            self.open_ids, self.objective = open_ids, objective

    def prove(self, bound: float) -> None:
        """Take a bound on the solutions that are better than the present one."""
        self.bound = max(self.bound, min(bound, self.objective))

    def count(self, name: str, number: int) -> None:
        """Add to a statistic."""
        self.statistics[name] = self.statistics.get(name, 0) + number


class _Search:
    """What is left of the problem, and the multipliers that bound it."""

    def __init__(self, instance: Instance, found: SiteSearch, net: Deadline) -> None:
        self.instance, self.found, self.net = instance, found, net
        self.multipliers = first_multipliers(instance)
        self.share = np.zeros(instance.site_count)

    def bound_and_fold(self) -> bool:
        """Raise the bound, fold away the sites it settles, and tell whether nothing is left."""
        instance, found = self.instance, self.found
        dual = raise_bound(
            instance,
            objective=found.objective,
            iterations=self.net.options.count(BOUND_STEPS),
            net=self.net,
            start=self.multipliers,
        )
        found.prove(dual.bound)
        found.count("bound_steps", dual.iterations)
        opened, closed = settled_sites(instance, dual, found.objective)
        self.instance = narrow(instance, opened=opened, closed=closed)
        is_kept = np.isin(instance.demand_id, self.instance.demand_id)
        self.multipliers = dual.multipliers[is_kept]
        self.share = dual.share[~(opened | closed)]
        return found.is_closed or _settle_only_choice(self.instance, found)

    def improve(self, shakes: int, *, again: int = 0) -> bool:
        """
        Search from the best and from the average solution; report whether it became better.

        `again` numbers the repetitions, each with random choices of its own.
        """
        instance, found = self.instance, self.found
        before = found.objective
        starts = [
            with_count(instance, np.isin(instance.site_id, found.open_ids)),
            Interchange(instance, _average_sites(instance, self.share)),
        ]
        for search in starts:
            search.descend()
        # the first of equals
        search = min(starts, key=lambda search: search.objective())
        times = self.net.options.count(shakes)
        random = np.random.default_rng(
            [self.net.options.seed, again] if again else self.net.options.seed
        )
        shake(search, times=times, random=random, net=self.net, enough=found.bound)
        found.count("shakes", times)
        found.offer(instance.open_ids(search.is_open), search.objective())
        return found.objective < before

    def branch(self, part: float) -> bool:
        """Spend a part of the counts of the tree; tell whether nothing is left."""
        options, found = self.net.options, self.found
        is_too_large = self.instance.demand_count * self.instance.site_count > LARGEST_TREE
        if is_too_large or self.net.is_over():
            return False
        count = options.last_count if part == WHOLE_TREE else options.count
        # iterations are weighted by rows: beyond 32 bits
        weight = LARGEST_TREE if options.until_time and part == WHOLE_TREE else 1
        tree = branch_and_cut(
            self.instance,
            objective=found.objective,
            multipliers=self.multipliers,
            limits=TreeLimits(
                nodes=count(round(part * TREE_NODES)),
                iterations=count(round(part * TREE_ITERATIONS)) * weight,
            ),
            net=self.net,
        )
        if tree.is_open is not None:
            found.offer(self.instance.open_ids(tree.is_open), tree.objective)
        found.prove(tree.bound)
        found.count("tree_nodes", tree.nodes)
        return found.is_closed


def search_sites(instance: Instance, start: Interchange, net: Deadline) -> SiteSearch:
    """
    Search for the best open sites and prove how good they are.

    Parameters
    ----------
    instance
        The problem.
    start
        A first solution that serves every demand that must be served.
    net
        The time limit, with the options.
    """
    start.descend()
    found = SiteSearch(instance.open_ids(start.is_open), start.objective())
    if not _settle_only_choice(instance, found):
        _work_through(_Search(instance, found, net))
    return found


def _work_through(search: _Search) -> None:
    if search.bound_and_fold():
        return
    if search.improve(FIRST_SHAKES) and search.bound_and_fold():
        return
    if search.instance.demand_count <= SMALL_DEMANDS and search.branch(SHORT_TREE):
        return
    if search.improve(SHAKES) and search.bound_and_fold():
        return
    if search.net.options.until_time:
        _use_the_time(search)
    else:
        search.branch(WHOLE_TREE)


def _use_the_time(search: _Search) -> None:
    """Shake with other random choices, then fill the time with the tree; where it cannot, shake."""
    again = idle = 0
    is_closed = has_branched = False
    while not (is_closed or search.net.is_over()):
        if idle == IDLE_ROUNDS and not has_branched:
            has_branched, is_closed = True, search.branch(WHOLE_TREE)
            continue
        again, idle = again + 1, idle + 1
        if search.improve(SHAKES, again=again):
            idle = 0
            is_closed = search.bound_and_fold()


def first_sites(instance: Instance, net: Deadline) -> Interchange:
    """Open sites greedily and exchange them; shake while a demand that must be is not served."""
    search = open_greedily(instance)
    search.descend()
    if not serves_all(search):
        random = np.random.default_rng(net.options.seed)
        # below the least penalty nothing is left out
        enough = float(instance.outside[instance.must_serve].min(initial=np.inf)) * (1 - 1e-9)
        shake(search, times=net.options.count(SHAKES), random=random, net=net, enough=enough)
    return search


def serves_all(search: Interchange) -> bool:
    """Return whether every demand that must be served has an open site."""
    return not bool((search.instance.must_serve & (search.first_site() < 0)).any())


def _average_sites(instance: Instance, share: NDArray[np.float64]) -> NDArray[np.bool_]:
    if instance.open_count is None:
        return share > 0.5  # noqa: PLR2004 - the middle
    return cheapest_sites(-share, instance.open_count)


def with_count(instance: Instance, is_open: NDArray[np.bool_]) -> Interchange:
    """Start from some sites, (m,) bool, with as many opened or closed as the count asks."""
    search = Interchange(instance, is_open)
    wanted = instance.open_count
    if wanted is not None:
        for _ in range(int(is_open.sum()), wanted):
            search.change(opened=search.best_opening().opened)
        for _ in range(wanted, int(is_open.sum())):
            search.change(closed=search.best_closing().closed)
    return search


def _settle_only_choice(instance: Instance, found: SiteSearch) -> bool:
    """Return whether at most one choice could be better, and if so take it or reject it."""
    wanted, site_count = instance.open_count, instance.site_count
    if wanted is not None and not 0 <= wanted <= site_count:
        # what a better solution must open contradicts itself: there is none
        found.prove(np.inf)
        return True
    only = None
    if instance.demand_count == 0:
        only = cheapest_sites(instance.opening, 0 if wanted is None else wanted)
    elif wanted in (0, site_count):
        only = np.full(site_count, wanted == site_count)
    if only is None:
        return False
    found.offer(instance.open_ids(only), instance.value(only))
    found.prove(np.inf)
    return True
