"""The public door: a location problem in plain arrays in, an answer with its proof out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.errors import SitingError
from zmd_layout.location.capacitated.solver import solve_capacitated
from zmd_layout.location.options import SearchProgress, SolveOptions
from zmd_layout.location.problem import Model
from zmd_layout.location.uncapacitated import solve_uncapacitated
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.location.problem import Problem, Solution

# what a model does not use, so that nothing is passed over in silence
_UNUSED = {
    Model.P_MEDIAN: (),
    Model.P_CENTER: ("fixed_costs",),
    Model.SET_COVER: ("open_count",),
    Model.MAX_COVER: ("fixed_costs", "unserved_cost"),
    Model.FACILITY: (),
}


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    time_limit_s: float = 60.0,
    effort: float = 1.0,
    progress: Callable[[SearchProgress], None] | None = None,
) -> Solution:
    """
    Solve a location problem and say how good the answer is.

    The search stops by counts, so that a seed and an effort give one answer; the time limit is a
    net under it. The order of demands and sites does not change the answer: of sites that the
    numbers of the problem cannot tell apart, the one with the lowest index is taken.

    Parameters
    ----------
    problem
        The problem.
    seed
        Start of every random choice.
    time_limit_s
        Seconds after which the search is cut short, and its answer is not reproducible.
    effort
        Multiplies the counts; 1 takes some fifteen seconds for 5,000 demands and 300 sites, with
        capacities about a minute.
    progress
        Called now and then with what is reached, or None.

    Returns
    -------
    Solution
        `optimal` only where objective and bound meet. Where nothing serves everyone, `infeasible`
        with an explanation and the best partial plan.

    Raises
    ------
    SitingError
        Where the problem has something that its model does not use.
    """
    unused = [name for name in _UNUSED[problem.model] if getattr(problem, name) is not None]
    if unused:
        raise SitingError(Message("siting.unused", model=str(problem.model), names=unused))
    options = SolveOptions(seed=seed, time_limit_s=time_limit_s, effort=effort, progress=progress)
    is_capacitated = problem.capacities is not None or problem.adjacency is not None
    # without capacities every demand goes whole to its cheapest open site anyway
    if is_capacitated:
        return solve_capacitated(problem, options=options)
    return solve_uncapacitated(problem, options=options)
