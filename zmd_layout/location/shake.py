"""
Iterated interchange: shake a few neighbouring sites, descend again, keep what is no worse.

Shaking near one place reaches in a second what shaking anywhere does not reach in ten; a leap now
and then leaves a valley that shaking does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.location.swap import NO_SITE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.location.instance import Instance
    from zmd_layout.location.options import Deadline
    from zmd_layout.location.swap import Interchange

# sites that change places in one shake, at least and at most
FEWEST_EXCHANGES, MOST_EXCHANGES = 2, 8
# after so many shakes in vain a part of the open sites is exchanged and the search goes on there
PATIENCE, LEAP_SHARE = 20, 0.3
# demands that are asked for a neighbour before the shake goes on without one
NEIGHBOUR_TRIES = 4


def shake(
    search: Interchange,
    *,
    times: int,
    random: np.random.Generator,
    net: Deadline,
    enough: float = -np.inf,
) -> float:
    """
    Improve the open sites of a search and give the objective.

    Parameters
    ----------
    search
        A local optimum; left at the best solution that was met.
    times
        Number of shakes.
    random
        Source of the choices.
    net
        The time limit.
    enough
        An objective that need not be undercut, such as a bound.
    """
    best = kept = search.objective()
    best_state = kept_state = search.snapshot()
    idle = 0
    for _ in range(times):
        if best <= enough or net.is_over():
            break
        is_leap = idle >= PATIENCE
        moved = _leap(search, random) if is_leap else _exchange_nearby(search, random)
        if not moved:
            break
        reached = search.descend()
        idle = 0 if is_leap or reached < kept else idle + 1
        if is_leap or reached <= kept:
            kept, kept_state = reached, search.snapshot()
        else:
            search.go_back(kept_state)
        if kept < best:
            best, best_state = kept, kept_state
            net.tell("swaps", best, np.nan)
    search.go_back(best_state)
    return search.objective()


def _leap(search: Interchange, random: np.random.Generator) -> bool:
    """Exchange a part of all open sites, each for a neighbour, and take what comes."""
    opened = np.flatnonzero(search.is_open)
    count = min(len(opened), max(FEWEST_EXCHANGES, int(LEAP_SHARE * len(opened))))
    moved = False
    for leaving in random.choice(opened, count, replace=False):
        coming = _neighbour(search, int(leaving), ~search.is_open, random)
        if coming != NO_SITE:
            search.change(opened=coming, closed=int(leaving))
            moved = True
    return moved


def _exchange_nearby(search: Interchange, random: np.random.Generator) -> bool:
    """Exchange some sites around a random open one; tell whether that was possible."""
    opened = np.flatnonzero(search.is_open)
    if not len(opened) or search.is_open.all():
        return False
    seed_site = int(random.choice(opened))
    leaving = seed_site
    for _ in range(int(random.integers(FEWEST_EXCHANGES, MOST_EXCHANGES + 1))):
        coming = _neighbour(search, seed_site, ~search.is_open, random)
        if NO_SITE in (coming, leaving):
            break
        search.change(opened=coming, closed=leaving)
        leaving = _neighbour(search, seed_site, search.is_open, random)
    return True


def _neighbour(
    search: Interchange,
    site: int,
    is_wanted: NDArray[np.bool_],
    random: np.random.Generator,
) -> int:
    """Pick a wanted site that some demand of `site` could reach as well."""
    instance: Instance = search.instance
    demands = search.demands_of(site)
    for _ in range(NEIGHBOUR_TRIES if len(demands) else 0):
        demand = int(random.choice(demands))
        near = instance.site[instance.row_start[demand] : instance.row_start[demand + 1]]
        near = near[is_wanted[near]]
        if len(near):
            return int(random.choice(near))
    return NO_SITE
