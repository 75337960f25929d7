"""Mean and longest ways of children."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mean_way(children: NDArray[np.float64], way_m: NDArray[np.float64]) -> float:
    """Return the children's mean way in metres, of those that have one; NaN where none has."""
    known = np.isfinite(way_m) & (children > 0)
    total = children[known].sum()
    return float(children[known] @ way_m[known] / total) if total else float("nan")


def longest_way(children: NDArray[np.float64], way_m: NDArray[np.float64]) -> float:
    """Return the longest way of any child in metres, of those that have one; NaN where none has."""
    known = np.isfinite(way_m) & (children > 0)
    return float(way_m[known].max()) if known.any() else float("nan")
