"""Whole people from fractions, so that every sum is kept to the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def apportion(
    weights: NDArray[np.float64],
    *,
    groups: NDArray[np.int64],
    totals: NDArray[np.int64],
) -> NDArray[np.int64]:
    """
    Share whole totals out in proportion to weights by the method of the largest remainder.

    Parameters
    ----------
    weights
        (n,) never negative. A group whose total is not 0 needs a positive weight.
    groups
        (n,) index of the group of each weight, 0 to g − 1; in any order.
    totals
        (g,) whole numbers to share out, never negative.

    Returns
    -------
    ndarray
        (n,) whole numbers that sum to `totals` by group. Among equal remainders the weight that
        stands first wins, so a caller who wants an answer that does not depend on the order of
        rows sorts them first.

    Notes
    -----
    Hamilton's method; see Balinski & Young, Fair Representation, 1982, chapter 3.
    """
    sums = np.bincount(groups, weights=weights, minlength=len(totals))
    scale = np.divide(totals, sums, out=np.zeros(len(totals)), where=sums > 0)
    quotas = weights * scale[groups]
    whole = np.floor(quotas)
    missing = totals - np.bincount(groups, weights=whole, minlength=len(totals))
    # lexsort is stable, so that equal remainders keep their order
    order = np.lexsort((whole - quotas, groups))
    starts = np.searchsorted(groups[order], np.arange(len(totals)))
    rank = np.arange(len(order)) - starts[groups[order]]
    whole[order] += rank < missing[groups[order]]
    return whole.astype(np.int64)
