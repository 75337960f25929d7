"""
Children and seats as a maximum flow: who has no place within reach, and where.

A child may take a seat of any facility that it reaches; as many as can be seated are. That number,
and the area of the least cut, do not depend on which of the equally good seatings is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PARTS = 100  # of a child: flows are whole numbers
_MOST = 2_000_000_000  # that a flow of 32 bits holds


@dataclass(frozen=True, slots=True)
class Seating:
    """
    As many children seated as can be.

    Attributes
    ----------
    without_facility
        (points,) children from whom no facility is in reach.
    without_seat
        (points,) other children who find no seat. Their sum is that of every best seating; which
        points they stand at is that of one.
    used
        (facilities,) seats taken, of the same seating.
    in_shortage
        (points,) whether the point lies in the area that lacks seats: the largest set of points
        whose facilities are all full whichever way children are seated.
    """

    without_facility: NDArray[np.float64]
    without_seat: NDArray[np.float64]
    used: NDArray[np.float64]
    in_shortage: NDArray[np.bool_]


def seat(children: NDArray[np.float64], seats: NDArray[np.float64], reach: csr_array) -> Seating:
    """
    Seat as many children as can be.

    Parameters
    ----------
    children
        (points,) people, at least 0.
    seats
        (facilities,) at least 0.
    reach
        (facilities, points) sparse; a stored entry is a pair within reach, whatever its value.
    """
    n, m = len(children), len(seats)
    scale = min(_PARTS, _MOST / max(float(children.sum()), 1.0))
    wanted = np.round(children * scale).astype(np.int32)
    there = np.minimum(np.round(seats * scale), wanted.sum()).astype(np.int32)
    pairs = reach.tocoo()
    facility, point = pairs.row.astype(np.int64), pairs.col.astype(np.int64)
    is_used = (wanted[point] > 0) & (there[facility] > 0)
    facility, point = facility[is_used], point[is_used]
    source, sink = n + m, n + m + 1
    tails = np.concatenate([np.full(n, source), point, n + np.arange(m)])
    heads = np.concatenate([np.arange(n), n + facility, np.full(m, sink)])
    capacity = np.concatenate([wanted, wanted[point], there])
    graph = csr_matrix((capacity, (tails, heads)), shape=(n + m + 2, n + m + 2), dtype=np.int32)
    flow = csr_matrix(maximum_flow(graph, source, sink).flow)
    seated = _row(flow, source)[:n]
    used = -_row(flow, sink)[n : n + m]
    lost = (wanted - seated) / scale
    has_facility = np.zeros(n, dtype=bool)
    has_facility[pairs.col] = True
    return Seating(
        np.where(has_facility, 0.0, children),
        np.where(has_facility, lost, 0.0),
        used / scale,
        _side_of_source(graph, flow, source)[:n] & has_facility & (wanted > 0),
    )


def _row(flow: csr_matrix, number: int) -> NDArray[np.int64]:
    row: NDArray[np.int64] = flow[[number]].toarray().ravel().astype(np.int64)
    return row


def _side_of_source(graph: csr_matrix, flow: csr_matrix, source: int) -> NDArray[np.bool_]:
    """Mark what can still be reached from the source when the flow is in place."""
    left = csr_matrix(graph - flow)
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    found = np.zeros(graph.shape[0], dtype=bool)
    found[breadth_first_order(left, source, return_predecessors=False)] = True
    return found
