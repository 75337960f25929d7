"""
A constant offset between two layers of points: the trace of a wrongly declared datum.

Inside a city a shift of a few hundred metres contradicts no border; only a second layer of the same
things (schools of a roster against schools of OSM) shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from zmd_layout.crs.alternatives import rival_datums
from zmd_layout.errors import CrsError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.crs.china_offsets import FloatArray
    from zmd_layout.crs.declared import Coordinates, Datum
    from zmd_layout.crs.placed import DatumCheck
    from zmd_layout.crs.plane import Points

# Larger than any shift of BD-09 (1.3 km), and small enough to keep the pairs few.
_SEARCH_M = 2000.0
_CELL_M = 25.0
# Two layers put the same school some tens of metres apart: gate against centre, hand against GPS.
_MATCH_M = 100.0
_MOST_POINTS = 5000
_LEAST_MATCHES = 8
_LEAST_SUPPORT = 0.3
# How far the commonest difference must stand out of all others, in their standard deviations.
_LEAST_PROMINENCE = 8.0


@dataclass(frozen=True, slots=True)
class Offset:
    """
    By how much one layer lies off another.

    Parameters
    ----------
    dx_m, dy_m
        East and north, points minus reference.
    support
        The share of the smaller layer that finds its partner once the offset is undone, 0 to 1.
    """

    dx_m: float
    dy_m: float
    support: float

    @property
    def distance_m(self) -> float:
        """The length of the offset."""
        return float(np.hypot(self.dx_m, self.dy_m))


def estimate_offset(points_m: FloatArray, reference_m: FloatArray) -> Offset | None:
    """
    Find the offset that most pairs of two layers share.

    Parameters
    ----------
    points_m, reference_m
        Arrays (n, 2) and (m, 2) of easting and northing in metres of the same CRS, without NaN; in
        any order. Of more than 5,000 points an even part is used.

    Returns
    -------
    Offset or None
        The mode of the difference vectors up to 2 km, refined by the median of the matched pairs;
        about (0, 0) where the layers agree, None where no difference stands out.
    """
    points_m, reference_m = _thin(points_m), _thin(reference_m)
    differences = _differences(points_m, reference_m)
    peak = _peak(differences)
    if peak is None:
        return None
    near = differences[np.hypot(*(differences - peak).T) <= _MATCH_M]
    shift = np.median(near, axis=0)
    matches_count = _matches_count(points_m - shift, reference_m)
    support = matches_count / min(len(points_m), len(reference_m))
    if matches_count < _LEAST_MATCHES or support < _LEAST_SUPPORT:
        return None
    return Offset(float(shift[0]), float(shift[1]), support)


def looks_like_datum_shift(
    offset: Offset, x_m: FloatArray, y_m: FloatArray, *, coordinates: Coordinates, working_crs: str
) -> Datum | None:
    """
    Return which other datum would explain an offset.

    Parameters
    ----------
    offset
        What `estimate_offset` found between the points and a layer that is known to be right.
    x_m, y_m
        The points in metres of `working_crs`, placed as declared.
    coordinates
        The declaration.
    working_crs
        `EPSG:n`.

    Returns
    -------
    Datum or None
        The datum whose shift at this place is nearest to the offset; None where no shift at all is
        nearest, or none is near.
    """
    observed = np.array([offset.dx_m, offset.dy_m])
    rivals = rival_datums(x_m, y_m, coordinates=coordinates, working_crs=working_crs)
    misfits_m = {}
    for datum, (rival_x_m, rival_y_m) in rivals.items():
        expected = np.array([np.median(x_m - rival_x_m), np.median(y_m - rival_y_m)])
        misfits_m[datum] = float(np.hypot(*(observed - expected)))
    if not misfits_m:
        return None
    best = min(misfits_m, key=lambda datum: misfits_m[datum])
    return best if misfits_m[best] < min(offset.distance_m, 2 * _MATCH_M) else None


def check_against_reference(
    placed_m: Points,
    reference_m: Points,
    *,
    coordinates: Coordinates,
    working_crs: str,
    layer_name: str,
    so_far: DatumCheck,
) -> DatumCheck:
    """
    Compare a layer with one of the same things whose datum is known.

    Parameters
    ----------
    placed_m, reference_m
        Easting and northing in metres of `working_crs`; NaN is unknown and not looked at.
    coordinates
        What the layer is declared as.
    working_crs
        `EPSG:n`.
    layer_name
        The layer in the error.
    so_far
        What `check_placed` said.

    Returns
    -------
    DatumCheck
        `so_far`, verified if the layers agree.

    Raises
    ------
    CrsError
        The layer lies off the reference as another datum would.
    """
    points, reference = _known(placed_m), _known(reference_m)
    if min(len(points), len(reference)) < _LEAST_MATCHES:
        return so_far
    offset = estimate_offset(points, reference)
    if offset is None:
        return so_far
    datum = looks_like_datum_shift(
        offset, points[:, 0], points[:, 1], coordinates=coordinates, working_crs=working_crs
    )
    if datum is not None:
        raise CrsError(
            Message(
                "crs.offset",
                layer=layer_name,
                declared=coordinates.declared,
                distance=round(offset.distance_m),
                percent=round(100 * offset.support),
                datum=str(datum),
            )
        )
    return replace(so_far, is_verified=so_far.is_verified or offset.distance_m <= _MATCH_M)


def _known(points: Points) -> FloatArray:
    stacked = np.column_stack(points)
    is_known = ~np.isnan(stacked).any(axis=1)
    return np.asarray(stacked[is_known])


def _thin(points: FloatArray) -> FloatArray:
    """Take an even part that does not depend on the order of the rows."""
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))]
    if len(ordered) <= _MOST_POINTS:
        return ordered
    rows = np.linspace(0, len(ordered) - 1, _MOST_POINTS).astype(np.int64)
    return np.asarray(ordered[rows])


def _differences(points: FloatArray, reference: FloatArray) -> FloatArray:
    pairs = cKDTree(points).sparse_distance_matrix(
        cKDTree(reference), _SEARCH_M, output_type="coo_matrix"
    )
    return np.asarray(points[pairs.row] - reference[pairs.col])


def _peak(differences: FloatArray) -> FloatArray | None:
    """Find the cell of difference vectors that stands out, or None."""
    from scipy.ndimage import uniform_filter  # noqa: PLC0415 - slow to load, seldom needed

    cells = int(2 * _SEARCH_M / _CELL_M)
    edges = np.linspace(-_SEARCH_M, _SEARCH_M, cells + 1)
    counts, _, _ = np.histogram2d(differences[:, 0], differences[:, 1], bins=[edges, edges])
    smooth = uniform_filter(counts, size=5, mode="constant")
    centres = (edges[:-1] + edges[1:]) / 2
    distance = np.hypot(centres[:, None], centres[None, :])
    smooth[distance > _SEARCH_M] = 0
    row, column = np.unravel_index(np.argmax(smooth), smooth.shape)
    peak = np.array([centres[row], centres[column]])
    apart = np.hypot(centres[:, None] - peak[0], centres[None, :] - peak[1])
    others = smooth[(distance <= _SEARCH_M) & (apart > 3 * _MATCH_M)]
    # one pair spread over a window of 25 cells is the least that can vary
    spread = max(float(others.std()), 1 / 25)
    if smooth[row, column] - others.mean() < _LEAST_PROMINENCE * spread:
        return None
    return peak


def _matches_count(points: FloatArray, reference: FloatArray) -> int:
    """Count pairs that are each other's nearest and closer than the matching distance."""
    distance_m, partner = cKDTree(reference).query(points, distance_upper_bound=_MATCH_M)
    found = np.flatnonzero(np.isfinite(distance_m))
    _, back = cKDTree(points).query(reference[partner[found]])
    return int(np.sum(back == found))
