"""
How many schools there are, from two lists and the schools that are in both (capture–recapture).

The interval is that of the profile likelihood. The normal interval of Chapman's estimate and the
bootstrap cover the true count in 78 to 89 % of trials where lists are short or schools are few; see
`benchmarks/incomplete_lists.py`. It holds for lists that know nothing of each other; two lists
cannot show whether they do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln
from scipy.stats import chi2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_SCHOOLS = 30  # ours: of fewer the interval says nothing of use
COPIED_FACTOR = 4  # ours: of lists copied in part up to so many times as many are unseen
_CONFIDENCE = 0.95
_DROP = chi2.ppf(_CONFIDENCE, 1) / 2  # of the log-likelihood at the ends (Wilks)
_MOST = 20_000  # schools in one stratum beyond which no likelihood is computed


@dataclass(frozen=True, slots=True)
class CaughtTwice:
    """
    One stratum of two lists.

    Attributes
    ----------
    first, second
        Schools in each list.
    both
        Schools in both.
    """

    first: int
    second: int
    both: int

    @property
    def seen(self) -> int:
        """Schools in either list."""
        return self.first + self.second - self.both


@dataclass(frozen=True, slots=True)
class TwoListInterval:
    """
    What two lists say of the number of schools.

    Attributes
    ----------
    seen
        Schools in either list.
    best
        The most likely number.
    low, high
        The 95 % interval if the lists are independent; `high` is inf where none is in both.
    high_if_copied
        The upper end if one list was copied in part from the other, so that up to
        `COPIED_FACTOR` times as many schools are in neither. The lower end stays.
    """

    seen: int
    best: int
    low: int
    high: float
    high_if_copied: float

    @property
    def is_too_few(self) -> bool:
        """Whether there are too few schools for the interval to say anything."""
        return self.best < LEAST_SCHOOLS


def two_list_interval(strata: Sequence[CaughtTwice]) -> TwoListInterval:
    """
    Return the interval for the number of schools of all strata together.

    Parameters
    ----------
    strata
        Strata within which every school is as likely as any other to be in a list: urban and rural,
        where both lists favour towns. One for all where nothing is known.

    Returns
    -------
    interval
        Where the profile log-likelihood of the sum lies within χ²₀.₉₅(1)/2 = 1.92 of its maximum.
        The likelihood of a stratum is hypergeometric in the overlap (Chapman 1951; Cormack 1992,
        Biometrics 48, 567–576, for the profile interval); that of the sum takes the best split over
        the strata.
    """
    filled = [stratum for stratum in strata if stratum.seen > 0]
    seen = sum(stratum.seen for stratum in filled)
    if not filled:
        return TwoListInterval(0, 0, 0, math.inf, math.inf)
    is_open = any(stratum.both == 0 for stratum in filled)
    reach = max(50, 8 * max(_chapman(stratum) - stratum.seen for stratum in filled))
    while True:
        curves = [_log_likelihood(stratum, reach) for stratum in filled]
        profile = reduce(_best_splits, curves)[: reach + 1]
        inside = np.flatnonzero(profile >= profile.max() - _DROP)
        if inside[-1] < reach or is_open or reach >= _MOST:
            break
        reach = min(4 * reach, _MOST)
    low, best = seen + int(inside[0]), seen + int(profile.argmax())
    high = math.inf if is_open or inside[-1] >= reach else float(seen + int(inside[-1]))
    return TwoListInterval(seen, best, low, high, seen + COPIED_FACTOR * (high - seen))


def _chapman(stratum: CaughtTwice) -> int:
    """Return Chapman's estimate of the number of schools in a stratum."""
    return (stratum.first + 1) * (stratum.second + 1) // (stratum.both + 1) - 1


def _log_likelihood(stratum: CaughtTwice, reach: int) -> NDArray[np.float64]:
    """Return the log-likelihood of 0, 1, … `reach` unseen schools, up to a constant."""
    total = np.arange(stratum.seen, stratum.seen + reach + 1, dtype=float)
    found: NDArray[np.float64] = (
        gammaln(total - stratum.first + 1)
        + gammaln(total - stratum.second + 1)
        - gammaln(total + 1)
        - gammaln(total - stratum.seen + 1)
    )
    return found


def _best_splits(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest sum of both for each total of their positions (max-plus convolution)."""
    size = len(first)
    out = np.full(size, -np.inf)
    for number, value in enumerate(first):
        np.maximum(out[number:], value + second[: size - number], out=out[number:])
    return out
