"""
Equity of ways as costs, so that every model with its bound applies to it.

Envy (Kong, Operational Research 2025): a child envies nobody within an accepted distance, beyond it
by the square of the excess. Alone it is the model MELP, with travel MDELP.

Kolm–Pollak: the equally distributed equivalent of ways d is ln(mean exp(κ d)) / κ, the one way
that, if everyone had it, would be as bad as the ways are; it lies between the mean and the longest.
It rises with the sum of exp(κ d), which is a sum over pairs: least sum, least equivalent, and a
bound on the one is a bound on the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from zmd_layout.errors import SitingError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# exp of this is still far from the largest float, and sums of a million remain exact enough
_LARGEST_EXPONENT = 300.0


def envy_costs(
    distances: csr_array,
    demands: ArrayLike,
    *,
    accepted: float,
    weight: float = 1.0,
    with_travel: bool = True,
) -> csr_array:
    """
    Return costs whose least sum is the least envy, alone (MELP) or with travel (MDELP).

    Parameters
    ----------
    distances
        (n, m) distance of each allowed pair.
    demands
        (n,) people.
    accepted
        Distance within which nobody envies anybody, in the unit of `distances`.
    weight
        Of the squared excess beside the distance.
    with_travel
        Whether travel counts as well.

    Returns
    -------
    csr_array
        (n, m) demand × (distance + weight × max(distance − accepted, 0)²), or the second term.

    Examples
    --------
    >>> way_km = csr_array([[1.0, 3.0]])
    >>> envy_costs(way_km, [10], accepted=2, weight=4).toarray().tolist()
    [[10.0, 70.0]]
    """
    _refuse_negative(accepted=accepted, weight=weight)
    excess = np.maximum(distances.data - accepted, 0.0) ** 2
    values = weight * excess + (distances.data if with_travel else 0.0)
    return _like(distances, values * _by_pair(distances, demands))


@dataclass(frozen=True, slots=True)
class KolmPollak:
    """
    The scale on which ways are compared.

    Attributes
    ----------
    kappa
        Aversion to inequality per unit of distance, positive.
    people
        Sum of the demands.
    farthest
        The longest allowed way, from which exponents are counted down.
    """

    kappa: float
    people: float
    farthest: float

    def costs(self, distances: csr_array, demands: ArrayLike) -> csr_array:
        """Return (n, m) demand × exp(κ (distance − farthest)): a p-median of these is fairest."""
        grown = np.exp(self.kappa * (distances.data - self.farthest))
        return _like(distances, grown * _by_pair(distances, demands))

    def equivalent(self, total: float) -> float:
        """Return the equally distributed equivalent of a sum of costs, or of a bound on one."""
        if not total > 0:
            return 0.0 if total == 0 else float("nan")
        return float(self.farthest + np.log(total / self.people) / self.kappa)


def kolm_pollak(
    distances: csr_array, demands: ArrayLike, ways: ArrayLike, *, aversion: float = 1.0
) -> KolmPollak:
    """
    Return a Kolm–Pollak scale for ways of the size of those that are given.

    Parameters
    ----------
    distances
        (n, m) distance of each allowed pair.
    demands
        (n,) people.
    ways
        (n,) way of each demand under some solution, such as the p-median: they set the scale
        κ = aversion × Σ demand·way / Σ demand·way², which makes the aversion free of units.
    aversion
        How much long ways weigh, positive; 0.5, 1 and 2 are usual.

    Raises
    ------
    SitingError
        If the aversion is not positive, or so large that ways can no longer be told apart.
    """
    people, way = np.asarray(demands, float), np.asarray(ways, float)
    total, squares = float(people @ way), float(people @ way**2)
    farthest = float(distances.data.max(initial=0.0))
    kappa = aversion * total / squares if squares > 0 else 0.0
    if not (np.isfinite(kappa) and kappa > 0):
        raise SitingError(Message("siting.option", name="aversion", found=str(aversion)))
    if kappa * farthest > _LARGEST_EXPONENT:
        largest = aversion * _LARGEST_EXPONENT / (kappa * farthest)
        raise SitingError(Message("siting.aversion", found=aversion, largest=largest))
    return KolmPollak(kappa, float(people.sum()), farthest)


def _by_pair(distances: csr_array, demands: ArrayLike) -> NDArray[np.float64]:
    return np.repeat(np.asarray(demands, dtype=np.float64), np.diff(distances.indptr))


def _like(distances: csr_array, values: NDArray[np.float64]) -> csr_array:
    return csr_array((values, distances.indices, distances.indptr), shape=distances.shape)


def _refuse_negative(**numbers: float) -> None:
    faults = [
        Message("siting.option", name=name, found=str(number))
        for name, number in numbers.items()
        if not (np.isfinite(number) and number >= 0)
    ]
    if faults:
        raise SitingError(*faults)
