"""
How likely a unit has fewer schools than required, where its county's list lacks some.

Three closed formulas answer from different assumptions on where the schools are that the list does
not hold. None of them is right in general; how often they are right where all three agree stands in
`docs/incomplete_list.md`, by `benchmarks/incomplete_lists.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom, nbinom

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIKELY = 0.7  # ours: from this chance on "likely"; with 0.8 half as many words are given
_LEAST_WEIGHT = 0.05  # ours, of a school: a unit with its share already listed may still have more


@dataclass(frozen=True, slots=True)
class Indicated:
    """
    The smallest and the largest chance of a shortage that any formula gives, by unit.

    Attributes
    ----------
    low, high
        (n,) between 0 and 1.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def is_likely_short(self) -> NDArray[np.bool_]:
        """Whether all formulas give a shortage a chance of at least `LIKELY`."""
        return np.asarray(self.low >= LIKELY, dtype=np.bool_)

    @property
    def is_likely_met(self) -> NDArray[np.bool_]:
        """Whether all formulas give a shortage a chance of at most 1 − `LIKELY`."""
        return np.asarray(self.high <= 1 - LIKELY, dtype=np.bool_)


def short_chances(
    listed: NDArray[np.float64],
    required: NDArray[np.float64],
    unlisted: int,
    people: NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Return the chance that a unit has fewer schools than required, by each formula.

    Parameters
    ----------
    listed
        (n,) schools of the list in each unit of one county.
    required
        (n,) schools that are required.
    unlisted
        How many schools of the county the list does not hold.
    people
        (n,) residents; none may be negative, and some must be positive.

    Returns
    -------
    chances
        (3, n). With k listed, q required, M unlisted, T = Σk + M, c = Σk / T and w a unit's share
        of the people:

        1. *even list*: each school is listed with chance c, and every true count is as likely
           before the list is seen. Then the unlisted of a unit are negative binomial (k + 1, c):
           the posterior of a binomial size under a flat prior (Raftery 1988, Biometrika 75,
           223–228, with the probability given).
        2. *by people*: each unlisted school falls on a unit with chance w, so that the unlisted of
           a unit are binomial (M, w): a marginal of the multinomial (Johnson, Kotz &
           Balakrishnan 1997, Discrete Multivariate Distributions, ch. 35).
        3. *by deficit*: as 2, with shares of max(w·T − k, 0.05): units that have less than their
           share by people lack the most.
    """
    if unlisted <= 0:
        return np.tile((listed < required).astype(float), (3, 1))
    total = listed.sum() + unlisted
    share_listed = max(listed.sum() / total, 1e-6)
    share = people / people.sum()
    weight = np.maximum(share * total - listed, _LEAST_WEIGHT)
    most = required - 1 - listed  # so many more would still be too few
    return np.stack(
        [
            nbinom.cdf(most, listed + 1, share_listed),
            binom.cdf(most, unlisted, share),
            binom.cdf(most, unlisted, weight / weight.sum()),
        ]
    )


def indication(
    listed: NDArray[np.float64],
    required: tuple[NDArray[np.float64], NDArray[np.float64]],
    unlisted: tuple[int, int],
    people: NDArray[np.float64],
) -> Indicated:
    """
    Return how far the formulas lie apart, over the ends of what is known of demand and total.

    Parameters
    ----------
    listed, people
        As for `short_chances`.
    required
        (n,) the least and the most that may be required.
    unlisted
        The least and the most schools that the list may lack.

    Returns
    -------
    indicated
        All chances rise with what is required and fall with what is unlisted in formulas 2 and 3;
        every combination of the ends is taken all the same, for formula 1 has the list in it twice.
    """
    chances = np.concatenate(
        [
            short_chances(listed, asked, lacking, people)
            for asked in required
            for lacking in dict.fromkeys(unlisted)
        ]
    )
    return Indicated(chances.min(axis=0), chances.max(axis=0))
