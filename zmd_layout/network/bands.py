"""Points in an order in which everything inside a box stands in a few unbroken runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Bands:
    """
    Horizontal bands over n points; the points stand band by band, from west to east in each.

    Parameters
    ----------
    left_m, bottom_m
        The corner of the extent, in the plane.
    width_m, height_m
        The length and the height of a band.
    count
        How many bands there are.
    key
        (n,) ascending: band number times width, plus the distance from the left edge.
    """

    left_m: float
    bottom_m: float
    width_m: float
    height_m: float
    count: int
    key: NDArray[np.float64]

    def runs(
        self, centres_xy: NDArray[np.float64], radius_m: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """
        Find the runs that hold every point within a distance of some centres, and some more.

        Parameters
        ----------
        centres_xy
            (m, 2) in the plane, m at least 1.
        radius_m
            How far the box that is searched reaches beyond the outermost centres.

        Returns
        -------
        starts, stops
            Half-open runs of positions, ascending; empty runs are left out.
        """
        west, south = centres_xy.min(axis=0) - radius_m
        east, north = centres_xy.max(axis=0) + radius_m
        lowest, highest = self._band(south), self._band(north)
        band_m = np.arange(lowest, highest + 1) * self.width_m
        # One metre on either side takes up the rounding of the keys, which may be large numbers.
        first_m, last_m = np.clip([west - self.left_m - 1, east - self.left_m + 1], 0, self.width_m)
        starts = np.searchsorted(self.key, band_m + first_m, "left")
        stops = np.searchsorted(self.key, band_m + last_m, "left")
        is_used = stops > starts
        return starts[is_used], stops[is_used]

    def _band(self, y: float) -> int:
        return int(np.clip((y - self.bottom_m) / self.height_m, 0, self.count - 1))


def order_in_bands(
    xy: NDArray[np.float64], tie: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Bands]:
    """
    Order points by band and easting.

    Parameters
    ----------
    xy
        (n, 2) in the plane, n at least 1.
    tie
        (n,) what decides between points at the same place.

    Returns
    -------
    order
        (n,) positions in `xy`, in their new order. It depends on the set of points only.
    bands
        The bands over the ordered points.
    """
    (left, bottom), (right, top) = xy.min(axis=0), xy.max(axis=0)
    # About twice as many points in a band as there are bands keeps both the runs of a box and the
    # points beside it few.
    count = max(1, math.isqrt(len(xy)) // 2)
    height = (top - bottom) / count or 1.0
    width = right - left + 2.0
    band = np.minimum((xy[:, 1] - bottom) // height, count - 1)
    order = np.lexsort((tie, xy[:, 1], xy[:, 0], band))
    key = band[order] * width + (xy[order, 0] - left)
    return order, Bands(float(left), float(bottom), float(width), float(height), count, key)
