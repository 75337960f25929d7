"""Places on edges as further nodes of a graph, so that the edges are split where facilities are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.network.snapping import Snap


class Places:
    """
    A graph with the places of facilities as nodes.

    A place on an edge is appended as a node with arcs to the ends of its edge and to the next place
    on either side of it. The edge itself stays, for it is as long as the way over its places. No
    arc leads from the old nodes to the new ones: who stands on such an edge asks both its ends and
    the places on either side.

    Parameters
    ----------
    weights
        (n, n) metres of the arc from row to column, towards the facilities turned round.
    facilities
        The facilities; those that are not tied have no place.

    Attributes
    ----------
    weights
        With the places appended.
    tied
        (m,) the facilities that are tied, ascending.
    node
        (m,) int32 the node of each, an old one or a new one.
    """

    def __init__(self, weights: csr_array, facilities: Snap) -> None:
        self.tied = np.flatnonzero(facilities.is_snapped)
        self.node = facilities.node[self.tied, 0].copy()
        on_edge = np.flatnonzero(facilities.edge[self.tied] >= 0)
        at = self.tied[on_edge]
        order = np.lexsort((facilities.along_m[at, 0], facilities.edge[at]))
        at, on_edge = at[order], on_edge[order]
        edge, along_m = facilities.edge[at], facilities.along_m[at, 0]
        is_new = np.ones(len(at), dtype=bool)
        is_new[1:] = (np.diff(edge) != 0) | (np.diff(along_m) != 0)
        self._first_new = weights.shape[0]
        self.node[on_edge] = self._first_new + np.cumsum(is_new) - 1
        some = at[is_new]
        self._edge, self._along_m = edge[is_new], along_m[is_new]
        self.weights = weights if not len(some) else self._appended(weights, facilities, some)

    def _appended(self, weights: csr_array, facilities: Snap, some: NDArray[np.int64]) -> csr_array:
        number = np.arange(len(some))
        is_next = np.diff(self._edge) == 0
        gap_m = np.diff(self._along_m)
        # Turned round: from a place to where one comes from.
        comes = facilities.is_arriving[some]
        heads = np.full((len(some), 4), -1, dtype=np.int64)
        length_m = np.zeros((len(some), 4))
        heads[:, :2] = np.where(comes, facilities.node[some], -1)
        length_m[:, :2] = facilities.along_m[some]
        heads[1:, 2] = np.where(is_next & comes[1:, 0], self._first_new + number[:-1], -1)
        heads[:-1, 3] = np.where(is_next & comes[:-1, 1], self._first_new + number[1:], -1)
        length_m[1:, 2] = length_m[:-1, 3] = gap_m
        is_arc = heads >= 0
        ends = weights.indptr[-1] + np.cumsum(is_arc.sum(axis=1))
        size = self._first_new + len(some)
        return csr_array(
            (
                np.concatenate([weights.data, length_m[is_arc]]),
                np.concatenate([weights.indices, heads[is_arc].astype(np.int32)]),
                np.concatenate([weights.indptr, ends.astype(np.int32)]),
            ),
            shape=(size, size),
        )

    def around(
        self, demand: Snap, tied: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """
        Find the nodes over which all ways from some points lead.

        Parameters
        ----------
        demand
            The points.
        tied
            (m,) those of them that are asked for; all are tied.

        Returns
        -------
        node
            (m, 4) both ends of the edge, and the next places on either side of the point.
        offset_m
            (m, 4) how far along the road; inf where there is none, or one may not go there.
        """
        node = np.zeros((len(tied), 4), dtype=np.int64)
        offset_m = np.full((len(tied), 4), np.inf)
        node[:, :2] = demand.node[tied]
        leaves = demand.is_leaving[tied]
        offset_m[:, :2] = np.where(leaves, demand.along_m[tied], np.inf)
        row = np.flatnonzero(np.isin(demand.edge[tied], self._edge))
        edge, along_m = demand.edge[tied[row]], demand.along_m[tied[row], 0]
        for column, side in ((2, 0), (3, 1)):
            place = self._beside(edge, along_m, is_after=side == 1)
            known = place >= 0
            gap_m = np.abs(self._along_m[place] - along_m)
            is_way = known & (leaves[row, side] | (gap_m == 0))
            node[row, column] = np.where(known, self._first_new + place, 0)
            offset_m[row, column] = np.where(is_way, gap_m, np.inf)
        return node, offset_m

    def _beside(
        self, edge: NDArray[np.int64], along_m: NDArray[np.float64], *, is_after: bool
    ) -> NDArray[np.int64]:
        """Find the next place on the edge, at or after a point or at or before it; −1: none."""
        count = len(self._edge)
        sign = 1 if is_after else -1
        all_edges = np.concatenate([self._edge, edge])
        all_m = np.concatenate([self._along_m, along_m])
        is_point = np.arange(len(all_edges)) >= count
        # in the direction of the search each point comes after the places that it passes
        order = np.lexsort((is_point, -sign * all_m, all_edges))
        passed = np.maximum.accumulate(np.where(is_point[order], -1, np.arange(len(order))))
        last = np.where(passed >= 0, order[passed], 0)
        found = np.where((passed >= 0) & (all_edges[last] == all_edges[order]), last, -1)
        beside = np.empty(len(order), dtype=np.int64)
        beside[order] = found
        return beside[count:]
