"""
Branch and cut over the sites, the node with the least bound first.

Every node is a linear programme that starts from the last one; cuts hold everywhere, so each node
makes the relaxation better for all. The search stops by counts.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.location.cuts import Relaxation, RelaxedPoint
from zmd_layout.location.highs import MipStatus
from zmd_layout.location.instance import ROUNDING
from zmd_layout.location.lagrangian import cheapest_sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.instance import Instance
    from zmd_layout.location.options import Deadline

# a share of a site below this, or above one less this, is whole
WHOLE = 1e-6
# after so many rounds of cuts at a node, a round must close this part of the gap
FREE_ROUNDS, LEAST_CLOSED = 6, 0.02
# slack cuts are dropped at every so many nodes
DROP_EVERY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLimits:
    """
    Counts at which the tree stops.

    Attributes
    ----------
    nodes
        Nodes.
    iterations
        Simplex iterations, each weighted by the rows it works on.
    """

    nodes: int
    iterations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeResult:
    """
    What the tree proved.

    Attributes
    ----------
    bound
        Valid lower bound on every solution, at most the objective of the best one.
    objective
        Of the best solution, the one handed in or a better one.
    is_open
        (m,) bool, the better solution, or None where none was found.
    nodes, rows
        Nodes that were solved, and rows of the relaxation at the end.
    """

    bound: float
    objective: float
    is_open: NDArray[np.bool_] | None
    nodes: int
    rows: int


@dataclass(order=True, slots=True)
class _Node:
    bound: float
    number: int
    lower: NDArray[np.float64] = field(compare=False)
    upper: NDArray[np.float64] = field(compare=False)


class _Stopped(Exception):  # noqa: N818 - a signal, not an error
    """A limit was met inside a node."""


class _Tree:
    """The state of a branch and cut."""

    def __init__(
        self, relaxation: Relaxation, objective: float, limits: TreeLimits, net: Deadline
    ) -> None:
        self.relaxation = relaxation
        self.instance: Instance = relaxation.instance
        self.objective = objective
        self.is_open: NDArray[np.bool_] | None = None
        self.limits, self.net = limits, net
        self.nodes = self.made = 0
        site_count = self.instance.site_count
        self.heap = [_Node(-np.inf, 0, np.zeros(site_count), np.ones(site_count))]

    def enough(self) -> float:
        return self.instance.worth_finding(self.objective)

    def run(self) -> float:
        """Work until nothing is left or a limit is met; give the bound."""
        while self.heap and self.heap[0].bound <= self.enough():
            if self.nodes >= self.limits.nodes or self.net.is_over():
                break
            node = heapq.heappop(self.heap)
            self.nodes += 1
            try:
                self._work_on(node)
            except _Stopped:
                heapq.heappush(self.heap, node)
                break
            least = self.heap[0].bound if self.heap else self.objective
            self.net.tell("tree", self.objective, min(least, self.objective))
        if not self.heap or self.heap[0].bound > self.enough():
            return self.objective
        return min(self.instance.valid_bound(self.heap[0].bound), self.objective)

    def _work_on(self, node: _Node) -> None:
        point = self._tighten(node)
        if point is None:
            return
        self._round(point)
        is_split = (point.sites > WHOLE) & (point.sites < 1 - WHOLE)
        if node.bound > self.enough() or not is_split.any():
            return
        safe, reduced = node.bound, point.reduced_costs
        upper = np.where((point.sites <= WHOLE) & (safe + reduced > self.enough()), 0.0, node.upper)
        lower = np.where(
            (point.sites >= 1 - WHOLE) & (safe - reduced > self.enough()), 1.0, node.lower
        )
        if self.nodes == 1 or self.nodes % DROP_EVERY == 0:
            self.relaxation.drop_slack_rows()
        distance = np.where(is_split, np.abs(point.sites - 0.5), np.inf)
        site = int(distance.argmin())
        for is_open in (False, True):
            self.made += 1
            child = _Node(node.bound, self.made, lower.copy(), upper.copy())
            child.lower[site] = child.upper[site] = float(is_open)
            heapq.heappush(self.heap, child)

    def _tighten(self, node: _Node) -> RelaxedPoint | None:
        """Cut until the relaxation of a node is tight enough; None where the node is closed."""
        rounds = 0
        while True:
            point = self._solve(node)
            if point is None:
                return None
            before, safe = node.bound, point.bound - ROUNDING * abs(point.bound)
            node.bound = max(node.bound, safe)
            if node.bound > self.enough():
                return None
            rounds += 1
            if self._is_slow(rounds, node.bound - before, point):
                return point
            if not self.relaxation.cut_off(point):
                return point

    def _solve(self, node: _Node) -> RelaxedPoint | None:
        left = self.limits.iterations - self.relaxation.iterations
        if left <= 0 or self.net.is_over():
            raise _Stopped
        point = self.relaxation.solve(
            node.lower,
            node.upper,
            iteration_limit=left // self.relaxation.row_count,
            time_limit_s=self.net.remaining_s(),
        )
        if point is MipStatus.INFEASIBLE:
            return None
        if not isinstance(point, RelaxedPoint):
            self.net.is_over()
            raise _Stopped
        return point

    def _is_slow(self, rounds: int, raised: float, point: RelaxedPoint) -> bool:
        is_whole = bool(((point.sites <= WHOLE) | (point.sites >= 1 - WHOLE)).all())
        if is_whole or self.nodes == 1 or rounds <= FREE_ROUNDS:
            return False
        return raised < LEAST_CLOSED * (self.objective - point.bound)

    def _round(self, point: RelaxedPoint) -> None:
        if self.instance.open_count is None:
            is_open = point.sites > 0.5  # noqa: PLR2004 - the middle
        else:
            is_open = cheapest_sites(-point.sites, self.instance.open_count)
        value = self.instance.value(is_open)
        if value < self.objective:
            self.objective, self.is_open = value, is_open


def branch_and_cut(
    instance: Instance,
    *,
    objective: float,
    multipliers: NDArray[np.float64],
    limits: TreeLimits,
    net: Deadline,
) -> TreeResult:
    """
    Prove that no solution is better than a known one, or find a better one.

    Parameters
    ----------
    instance
        The problem.
    objective
        Of the best known solution.
    multipliers
        (n,) of its Lagrangian bound.
    limits
        Counts at which to stop.
    net
        The time limit.
    """
    relaxation = Relaxation(instance, multipliers, net.options.seed)
    tree = _Tree(relaxation, objective, limits, net)
    bound = tree.run()
    return TreeResult(
        bound=bound,
        objective=tree.objective,
        is_open=tree.is_open,
        nodes=tree.nodes,
        rows=relaxation.row_count,
    )
