"""The public door: a location problem in, an answer with its proof out."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING

from zmd_layout.errors import SitingError
from zmd_layout.location.answer import finished
from zmd_layout.location.capacitated.solver import solve_capacitated
from zmd_layout.location.forms import read_switch, read_whole
from zmd_layout.location.options import SearchProgress, SolveOptions
from zmd_layout.location.problem import Model, Problem
from zmd_layout.location.uncapacitated import solve_uncapacitated
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.location.problem import Solution

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
    until_time: bool = False,
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
        Start of every random choice, a whole number from 0.
    time_limit_s
        Seconds after which the search is cut short, and its answer is not reproducible; inf for
        no limit.
    effort
        Multiplies the counts, at least 0. 1 takes some fifteen seconds for 5,000 demands and 300
        sites, with capacities about a minute.
    until_time
        Whether to go on past the counts while the gap is open, until `time_limit_s`, which must
        then be finite. An answer that the time ended is not reproducible.
    progress
        Called now and then with a `SearchProgress`, or None.

    Returns
    -------
    Solution
        `optimal` only where objective and bound meet. Where nothing serves everyone, `infeasible`
        with an explanation and the best partial plan. On the labels of the problem, if any.

    Raises
    ------
    SitingError
        If the problem has an input that its model does not use, or an option is out of range.

    Examples
    --------
    Three villages, distances in metres times children; the second site cannot serve the first
    village:

    >>> costs = [[0, None], [400, 300], [900, 0]]
    >>> found = solve(Problem(model="p_median", costs=costs, demands=1, open_count=1))
    >>> str(found.status), found.objective, found.bound, found.open_sites.tolist()
    ('optimal', 1300.0, 1300.0, [0])
    """
    if not isinstance(problem, Problem):
        raise SitingError(Message("siting.no_problem", found=type(problem).__name__))
    unused = [name for name in _UNUSED[problem.model] if getattr(problem, name) is not None]
    if unused:
        raise SitingError(Message("siting.unused", model=str(problem.model), names=unused))
    seed = read_whole("seed", seed)
    for name, value in (("seed", seed), ("time_limit_s", time_limit_s), ("effort", effort)):
        is_endless = name == "effort" and value == math.inf
        if not isinstance(value, Real) or not value >= 0 or is_endless:
            raise SitingError(Message("siting.option", name=name, found=str(value)))
    until_time = read_switch("until_time", until_time)
    if until_time and time_limit_s == math.inf:
        raise SitingError(Message("siting.option", name="time_limit_s", found="inf"))
    if progress is not None and not callable(progress):
        raise SitingError(Message("siting.option", name="progress", found=str(progress)))
    options = SolveOptions(
        seed=seed, time_limit_s=time_limit_s, effort=effort, until_time=until_time,
        progress=progress,
    )  # fmt: skip
    is_capacitated = problem.capacities is not None or problem.adjacency is not None
    # without capacities every demand goes whole to its cheapest open site anyway
    search = solve_capacitated if is_capacitated else solve_uncapacitated
    return finished(problem, search(problem, options=options))
