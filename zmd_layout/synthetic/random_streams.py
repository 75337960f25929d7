"""
Chance that is the same everywhere: named streams, whole shares, places rounded to the centimetre.

What decides is drawn as whole numbers or compared after rounding, so that the last digit of a
processor's arithmetic cannot make another city.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A share is `total · weights // sum`; both factors together must stay inside 64 bits.
LARGEST_WEIGHT = 1_000_000


def stream(seed: int, part: str, place: int = 0) -> np.random.Generator:
    """
    Return the source of chance of one part of the city in one place.

    Every part and place draws from a stream of its own, so that a change in one leaves the others,
    and a county is the same in whatever company it is made.

    Parameters
    ----------
    seed
        The seed of the city.
    part
        What is made, such as `roads`.
    place
        Number of the county, or of the city.
    """
    key = (zlib.crc32(part.encode()), place)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def share_out(
    totals: NDArray[np.int64],
    weights: NDArray[np.int64],
    *,
    groups: NDArray[np.int64],
    chance: np.random.Generator,
) -> NDArray[np.int64]:
    """
    Share whole totals out over the rows of each group in proportion to whole weights.

    Parameters
    ----------
    totals
        (g, k) whole numbers to share out, never negative.
    weights
        (n, k) whole, 1 to `LARGEST_WEIGHT`.
    groups
        (n,) group of each row, 0 to g − 1, ascending, none left out.
    chance
        Decides which rows round up.

    Returns
    -------
    ndarray
        (n, k) whole numbers; they sum to `totals` by group, and each is its exact share rounded
        down or up, with the chance that makes its expectation exact.

    Notes
    -----
    Systematic sampling of the units in whole-number arithmetic (Madow, "On the theory of
    systematic sampling II", 1949).
    """
    running = np.cumsum(weights, axis=0)
    ends = np.flatnonzero(np.diff(groups, append=groups[-1] + 1))
    before = np.vstack([np.zeros_like(running[:1]), running[ends[:-1]]])
    sums = running[ends] - before
    offset = chance.integers(0, sums)
    upper = (totals[groups] * (running - before[groups]) + offset[groups]) // sums[groups]
    starts = np.concatenate([[0], ends[:-1] + 1])
    lower = np.vstack([np.zeros_like(upper[:1]), upper[:-1]])
    lower[starts] = 0
    return np.asarray(upper - lower)


def share_among(
    total: int, weights: NDArray[np.int64], *, chance: np.random.Generator, least: int = 0
) -> NDArray[np.int64]:
    """
    Share one whole total out, at least `least` each as far as it reaches.

    Parameters
    ----------
    total
        What is shared out.
    weights
        (n,) as in `share_out`.
    chance
        Decides which rows round up.
    least
        What each gets first, if there is enough for all.
    """
    first = least if total >= least * len(weights) else 0
    rest = np.array([[total - first * len(weights)]], dtype=np.int64)
    groups = np.zeros(len(weights), dtype=np.int64)
    return first + share_out(rest, weights[:, None], groups=groups, chance=chance)[:, 0]


def places_in(
    area: shapely.Geometry, count: int, chance: np.random.Generator
) -> NDArray[np.float64]:
    """Draw `count` places inside `area`, evenly, to the centimetre: (count, 2) in metres."""
    west, south, east, north = shapely.bounds(area)
    shapely.prepare(area)
    found: list[NDArray[np.float64]] = []
    missing = count
    while missing > 0:
        drawn = chance.random((4 * missing + 8, 2)) * [east - west, north - south] + [west, south]
        drawn = to_centimetres(drawn)
        inside = drawn[shapely.contains_xy(area, drawn[:, 0], drawn[:, 1])][:missing]
        found.append(inside)
        missing -= len(inside)
    return np.concatenate(found) if found else np.empty((0, 2))


def spread_out(
    candidates: NDArray[np.float64],
    count: int,
    *,
    taken: NDArray[np.float64],
    room_m: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """
    Pick places that keep far from each other, from those taken and, if given, from the border.

    Parameters
    ----------
    candidates
        (m, 2) places to pick from.
    count
        How many to pick.
    taken
        (t, 2) places already taken, at least one.
    room_m
        (m,) distance of the candidates to the border: a candidate counts as no farther from its
        neighbours than twice that.

    Returns
    -------
    ndarray
        (count, 2), in the order of picking (farthest-point sampling).
    """
    offsets = candidates[:, None, :] - taken[None, :, :]
    nearest_m2 = (offsets**2).sum(axis=2).min(axis=1)
    limit_m2 = np.full(len(candidates), np.inf) if room_m is None else (2 * room_m) ** 2
    picked = np.empty((count, 2))
    for place in range(count):
        best = int(np.argmax(np.minimum(nearest_m2, limit_m2)))
        picked[place] = candidates[best]
        nearest_m2 = np.minimum(nearest_m2, ((candidates - candidates[best]) ** 2).sum(axis=1))
    return picked


def lattice(area: shapely.Geometry, step_m: float) -> NDArray[np.float64]:
    """
    Return the knots of the plane's lattice that span the bounds of `area`.

    Returns
    -------
    ndarray
        (n, 2) whole numbers of steps from the origin of the plane, column by column.
    """
    west, south, east, north = np.floor(np.array(shapely.bounds(area)) / step_m)
    columns, rows = np.arange(west, east + 1), np.arange(south, north + 1)
    return np.stack(np.meshgrid(columns, rows, indexing="ij"), axis=-1).reshape(-1, 2)


def to_centimetres(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to the centimetre: what decides must not hang on the last digit of an arithmetic."""
    return np.round(metres, 2)


def to_micrometres(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round borders: finer, for where two areas meet a coarser step would make them overlap."""
    return np.round(metres, 6)
