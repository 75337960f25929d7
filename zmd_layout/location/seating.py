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
    taken
        (facilities, points) sparse, who sits where in the same seating.
    """

    without_facility: NDArray[np.float64]
    without_seat: NDArray[np.float64]
    used: NDArray[np.float64]
    in_shortage: NDArray[np.bool_]
    taken: csr_array


def seat(
    children: NDArray[np.float64],
    seats: NDArray[np.float64],
    reach: csr_array,
    *,
    start: csr_array | None = None,
) -> Seating:
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
    start
        `taken` of a seating with fewer pairs, which is added to: who has a seat keeps one, if not
        always the same.
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
    size = n + m + 2
    graph = csr_matrix((capacity, (tails, heads)), shape=(size, size), dtype=np.int32)
    before = None if start is None else _as_flow(start, scale, graph.shape)
    left = graph if before is None else csr_matrix(graph - before)
    flow = csr_matrix(maximum_flow(left, source, sink).flow)
    if before is not None:
        flow = csr_matrix(flow + before)
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
        csr_array(csr_matrix(flow[:n, n : n + m]).T / scale),
    )


def _as_flow(taken: csr_array, scale: float, shape: tuple[int, int]) -> csr_matrix:
    """Put a seating into the form of a flow: what leaves a node is positive, what enters not."""
    m, n = taken.shape
    pairs = taken.tocoo()
    amount = np.round(pairs.data * scale).astype(np.int32)
    facility, point = pairs.row.astype(np.int64), pairs.col.astype(np.int64)
    source, sink = np.full(len(amount), n + m), np.full(len(amount), n + m + 1)
    tails = np.concatenate([source, point, n + facility])
    heads = np.concatenate([point, n + facility, sink])
    one_way = csr_matrix((np.tile(amount, 3), (tails, heads)), shape=shape, dtype=np.int32)
    return csr_matrix(one_way - one_way.T)


def _side_of_source(graph: csr_matrix, flow: csr_matrix, source: int) -> NDArray[np.bool_]:
    """Mark what can still be reached from the source when the flow is in place."""
    left = csr_matrix(graph - flow)
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    found = np.zeros(graph.shape[0], dtype=bool)
    found[breadth_first_order(left, source, return_predecessors=False)] = True
    return found


def _row(flow: csr_matrix, number: int) -> NDArray[np.int64]:
    row: NDArray[np.int64] = flow[[number]].toarray().ravel().astype(np.int64)
    return row
