"""Units at sites over years beside plain enumeration on small random worlds."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from zmd_layout.location.unit_places import UnitPlaces, place_units


def small_world(seed: int) -> UnitPlaces:
    draw = np.random.default_rng(seed)
    years, sites, groups = (int(n) for n in draw.integers(1, 4, 3))
    room = draw.integers(0, 3, (years, sites))
    lasting = bool(draw.random() < 0.3)
    totals = np.minimum(draw.integers(0, 4, years), room.sum(axis=1))
    if lasting:
        room = np.tile(room[:1], (years, 1))
        totals = np.sort(np.minimum(totals, room[0].sum()))
    ways = draw.integers(1, 10, (sites, groups)) * (draw.random((sites, groups)) < 0.7)
    return UnitPlaces(
        totals=totals, room=room, seats=3.0,
        people=draw.integers(0, 7, (years, groups)).astype(float),
        ways_m=csr_array(ways.astype(float)), restart_m=2.0,
        liked_m=draw.integers(0, 2, sites) * 1.0, is_lasting=lasting,
    )  # fmt: skip


def best_flow(world: UnitPlaces, year: int, units: NDArray[np.int64]) -> tuple[float, float]:
    """Serve the most people of a year by units at sites; of such ways the shortest."""
    ways = world.ways_m.toarray()
    pairs = np.argwhere(ways > 0)
    if not len(pairs):
        return 0.0, 0.0
    metres = np.array([ways[site, group] for site, group in pairs])
    sites, groups = ways.shape
    rows = np.zeros((sites + groups, len(pairs)))
    for column, (site, group) in enumerate(pairs):
        rows[site, column] = rows[sites + group, column] = 1
    limit = np.r_[world.seats * units, world.people[year]]
    # a person weighs more than all metres
    found = linprog(metres - 1000.0, rows, limit, method="highs")
    return float(found.x.sum()), float(metres @ found.x)


def by_enumeration(world: UnitPlaces) -> tuple[float, float]:
    """Try every placing: the most served, and the least metres of those."""
    by_year = []
    for year, total in enumerate(world.totals):
        choices = product(*(range(int(room) + 1) for room in world.room[year]))
        by_year.append([np.array(units) for units in choices if sum(units) == total])
    tried = []
    for course in product(*by_year):
        before = np.zeros(world.room.shape[1], dtype=int)
        served = metres = 0.0
        for year, units in enumerate(course):
            if world.is_lasting and (units < before).any():
                break
            here, ways = best_flow(world, year, units)
            starts = np.maximum(units - before, 0).sum()
            served += here
            metres += ways + world.seats * (2.0 * starts - world.liked_m @ units)
            before = units
        else:
            tried.append((-served, metres))
    return min(tried)


@pytest.mark.parametrize("block", range(8))
def test_units_stand_where_enumeration_puts_them(block: int) -> None:
    for seed in range(25 * block, 25 * block + 25):
        world = small_world(seed)
        served, metres = by_enumeration(world)
        found = place_units(world)
        assert found.is_optimal
        assert found.served == pytest.approx(-served, abs=1e-2), seed
        assert found.metres == pytest.approx(metres, abs=2e-2), seed
        assert found.bound >= found.served - 1e-2
        assert (found.units.sum(axis=1) == world.totals).all()
        assert (found.units <= world.room).all()
