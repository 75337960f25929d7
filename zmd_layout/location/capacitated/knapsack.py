"""Fill every site with the demands that pay most for their seats: all knapsacks at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zmd_layout.location.capacitated.form import CapacitatedForm

# Table cells of one exact knapsack; a larger one keeps its continuous value, also a valid bound.
MOST_CELLS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnapsackRelaxation:
    """
    What each site would take if it were open and every demand paid a price for being served.

    Attributes
    ----------
    value
        (m,) opening cost plus the least sum of (cost − price) over the demands that fit.
    pair
        (taken,) pairs with a share, by site.
    share
        (taken,) share of the demand, 0–1.
    capacity_dual
        (m,) what one more seat would be worth, at least 0; 0 where a site is not full.
    """

    value: NDArray[np.float64]
    pair: NDArray[np.int64]
    share: NDArray[np.float64]
    capacity_dual: NDArray[np.float64]


def fill_sites(form: CapacitatedForm, prices: NDArray[np.float64]) -> KnapsackRelaxation:
    """
    Fill each site by the best price per person; demands may be split.

    Parameters
    ----------
    form
        The problem.
    prices
        (n,) what serving each demand is worth.
    """
    return _fill(form, *_wanted(form, prices))


def fill_sites_whole(
    form: CapacitatedForm,
    prices: NDArray[np.float64],
    choose: Callable[[NDArray[np.float64]], NDArray[np.bool_]],
) -> KnapsackRelaxation:
    """
    Fill the sites that will be chosen with whole demands, exactly where people are whole numbers.

    The other sites keep the value of the continuous filling, as does a site whose table would
    have more than `MOST_CELLS` cells; each value is a lower bound either way.

    Parameters
    ----------
    form, prices
        As in `fill_sites`.
    choose
        Chooses sites, (m,) bool, by their values.
    """
    pair, reduced, ends = _wanted(form, prices)
    split = _fill(form, pair, reduced, ends)
    value, starts = split.value.copy(), np.concatenate(([0], ends[:-1]))
    is_done = ends == starts
    taken = [np.empty(0, dtype=np.int64)]
    while len(todo := np.flatnonzero(choose(value) & ~is_done)):
        is_done[todo] = True
        for site in todo:
            here = slice(starts[site], ends[site])
            gain = -reduced[here]
            chosen = best_whole(form.pair_people[pair[here]], gain, float(form.capacity[site]))
            if chosen is None:
                chosen = np.flatnonzero(split.share[here] == 1)
            else:
                value[site] = form.opening[site] - gain[chosen].sum()
            taken.append(pair[here][chosen])
    whole = np.concatenate(taken)
    return KnapsackRelaxation(
        value=value, pair=whole, share=np.ones(len(whole)), capacity_dual=split.capacity_dual
    )


def _fill(
    form: CapacitatedForm,
    pair: NDArray[np.int64],
    reduced: NDArray[np.float64],
    ends: NDArray[np.int64],
) -> KnapsackRelaxation:
    """Fill each site with its wanted pairs, in their order, until it is full."""
    site, people = form.pair_site[pair], form.pair_people[pair]
    counts = np.bincount(site, minlength=form.site_count)
    filled = np.concatenate(([0.0], np.cumsum(people)))
    before = filled[:-1] - filled[ends - counts][site]
    share = np.ones(len(pair))
    np.divide(form.capacity[site] - before, people, out=share, where=people > 0)
    np.clip(share, 0.0, 1.0, out=share)
    capacity_dual = np.zeros(form.site_count)
    broken = np.flatnonzero(share < 1)
    sites, first = np.unique(site[broken], return_index=True)
    at = broken[first]
    capacity_dual[sites] = -reduced[at] / people[at]
    return KnapsackRelaxation(
        value=form.opening + np.bincount(site, share * reduced, form.site_count),
        pair=pair,
        share=share,
        capacity_dual=capacity_dual,
    )


def _wanted(
    form: CapacitatedForm, prices: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the pairs that pay, by site and best price per person first, and each site's end."""
    reduced = form.pair_cost - prices[form.pair_demand]
    pair = np.flatnonzero(reduced < 0)
    people = form.pair_people[pair]
    per_person = reduced[pair] / np.where(people > 0, people, 1e-12)
    pair = pair[np.argsort(per_person, kind="stable")]
    # a stable sort of small integers is a radix sort
    small = form.pair_site[pair].astype(np.uint16 if form.site_count < 2**16 else np.int64)
    pair = pair[np.argsort(small, kind="stable")]
    ends = np.cumsum(np.bincount(form.pair_site[pair], minlength=form.site_count))
    return pair, reduced[pair], ends


def best_whole(
    people: NDArray[np.float64], gain: NDArray[np.float64], capacity: float
) -> NDArray[np.int64] | None:
    """
    Choose the items of most gain that fit: the 0/1 knapsack, exactly.

    Parameters
    ----------
    people
        (k,) weights, sorted by gain per person, best first.
    gain
        (k,) positive gains.
    capacity
        Room.

    Returns
    -------
    indices or None
        None where the weights are not whole numbers or the table would be too large.
    """
    used = np.cumsum(people)
    if used[-1] <= capacity:
        return np.arange(len(people))
    broken = int(np.searchsorted(used, capacity, side="right"))
    room = float(capacity - (used[broken - 1] if broken else 0.0))
    greedy = _greedy(people, broken, room)
    # an item whose other choice costs more than the greedy answer lacks keeps its choice
    rate = gain[broken] / people[broken]
    least_loss = gain[:broken].sum() + room * rate - gain[greedy].sum()
    is_undecided = np.abs(gain - rate * people) <= least_loss + 1e-12 * gain.sum()
    settled, core = np.flatnonzero(~is_undecided[:broken]), np.flatnonzero(is_undecided)
    left = int(np.floor(capacity - people[settled].sum() + 1e-9))
    weights = people[core]
    if len(core) * (left + 1) > MOST_CELLS or (weights != np.rint(weights)).any():
        return None
    chosen = np.concatenate((settled, core[_table(weights.astype(np.int64), gain[core], left)]))
    return chosen if gain[chosen].sum() >= gain[greedy].sum() else greedy


def _greedy(people: NDArray[np.float64], broken: int, room: float) -> NDArray[np.int64]:
    """Take the items before the broken one and each later one that still fits."""
    taken = list(range(broken))
    for index, weight in enumerate(people[broken:].tolist(), start=broken):
        if weight <= room:
            room -= weight
            taken.append(index)
    return np.array(taken, dtype=np.int64)


def _table(weights: NDArray[np.int64], gain: NDArray[np.float64], room: int) -> NDArray[np.int64]:
    """Solve the 0/1 knapsack by a table over the room and read the choice back."""
    best = np.zeros(room + 1)
    is_better: list[NDArray[np.bool_] | None] = []
    for weight, worth in zip(weights.tolist(), gain.tolist(), strict=True):
        if weight > room:
            is_better.append(None)
            continue
        with_item = best[: room + 1 - weight] + worth
        better = with_item > best[weight:]
        best[weight:][better] = with_item[better]
        is_better.append(better)
    chosen = []
    for index in range(len(weights) - 1, -1, -1):
        better_here, weight = is_better[index], int(weights[index])
        if better_here is not None and room >= weight and better_here[room - weight]:
            chosen.append(index)
            room -= weight
    return np.array(chosen[::-1], dtype=np.int64)
