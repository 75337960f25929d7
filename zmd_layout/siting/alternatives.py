"""What else could be done: other places for the same need, and seats that are free already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zmd_layout.siting.placement import Travel
    from zmd_layout.siting.stage_state import StageState

_MOST = 2  # alternatives that are named


def others(
    counts: NDArray[np.float64],
    chosen: NDArray[np.int64],
    site: int,
    *,
    costs: NDArray[np.float64],
    travel: Travel,
) -> list[int]:
    """
    Find the places that would close the same needs as a chosen one.

    Parameters
    ----------
    counts
        (needs, candidates) how much a candidate gives to a need.
    chosen
        The chosen candidates; they are no alternatives.
    site
        The one of them that is asked about.
    costs
        (candidates,) the cheaper first.
    travel
        Of equally dear ones, that which alone shortens ways most comes first.

    Returns
    -------
    others
        At most two candidates.
    """
    gives = counts > 0
    needs = gives[:, site]
    could: NDArray[np.bool_] = np.asarray(gives[needs].all(axis=0))
    could[chosen] = False
    places = np.flatnonzero(could)
    pairs = travel.distance_m.tocoo()
    saved = np.maximum(travel.now_m[pairs.col] - pairs.data, 0.0) * travel.children[pairs.col]
    saving = np.bincount(pairs.row, weights=saved, minlength=counts.shape[1])[places]
    order = np.lexsort((places, -saving, np.round(costs[places], 2)))
    return [int(place) for place in places[order][:_MOST]]


def spare_seats(work: StageState, served: NDArray[np.bool_]) -> float:
    """
    Return the free seats of the schools to which the children of a catchment are nearest now.

    NaN where seats or pupils of any of them are unknown: they may be full, or not.
    """
    schools = work.way.schools
    owner = work.way.found.facility[served & (work.children > 0)]
    rows = schools.iloc[np.unique(owner[owner >= 0])]
    if not {"seats", "enrolment"} <= set(rows.columns) or rows.empty:
        return float("nan")
    spare = rows["seats"].to_numpy(dtype=float) - rows["enrolment"].to_numpy(dtype=float)
    return float(np.maximum(spare, 0.0).sum())
