"""Which places are neighbours, where only points are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import Delaunay, QhullError, cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST = 4  # points that make a triangulation worth its name
_ROUNDING = 1e-9


def neighbours(xy: NDArray[np.float64]) -> csr_array:
    """
    Return the Gabriel graph of points: neighbours are those with no third point between them.

    Parameters
    ----------
    xy
        (n, 2); points may coincide, and are then neighbours.

    Returns
    -------
    csr_array
        (n, n) bool, symmetric and connected.
    """
    places, number = np.unique(xy, axis=0, return_inverse=True)
    number = number.ravel()
    start, end = _edges(places)
    middle, half = (places[start] + places[end]) / 2, np.hypot(*(places[start] - places[end]).T) / 2
    third = cKDTree(places).query(middle)[0]
    keep = third >= half * (1 - _ROUNDING)
    start, end = start[keep], end[keep]
    # of coinciding points the first stands for the place, the others hang on it
    first = np.unique(number, return_index=True)[1]
    again = np.setdiff1d(np.arange(len(xy)), first)
    start = np.r_[first[start], again]
    end = np.r_[first[end], first[number[again]]]
    ones = np.ones(2 * len(start), dtype=bool)
    pairs = (np.r_[start, end], np.r_[end, start])
    return csr_array((ones, pairs), shape=(len(xy), len(xy)))


def _edges(places: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the edges of a triangulation, or where there is none, every pair."""
    every = np.triu_indices(len(places), 1)
    if len(places) < _FEWEST:
        return every
    try:
        corners = Delaunay(places).simplices.astype(np.int64)
    except QhullError:  # all in a line
        return every
    pairs = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    start, end = np.unique(np.sort(pairs, axis=1), axis=0).T
    return start, end
