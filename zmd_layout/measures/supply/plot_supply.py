"""
The schools of a plot as one list: those that are promised, those that stand there, and no doubles.

A promised school that has been built stands in the roster, too, and is one school. Promises and
rostered schools are paired one to one: surely the same where the roster says that the school
belongs to the plot, where the names or the days of opening agree; surely two where the promise is
yet to come or the school is older than the planning conditions; else open.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from zmd_layout.checks.conditions import is_missing, may_have_stage
from zmd_layout.layers.offers import OFFER_STAGES
from zmd_layout.layers.schools.same_name import match_name
from zmd_layout.vocabulary import ReviewStage, SchoolStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from zmd_layout.measures.units import UnitRow, Units
    from zmd_layout.measures.world import World

_TO_COME = {ReviewStage.CONDITIONS, ReviewStage.SCHEME}


@dataclass(frozen=True, slots=True)
class PlotSupply:
    """
    The schools of a stage in one plot.

    Attributes
    ----------
    promised, standing
        Promised schools, and schools of the roster that stand in the plot.
    open
        Further schools that stand there and may have the stage.
    same, perhaps_same
        How many of the promised surely stand in the roster, too, and how many more may.
    doubled
        How many of the promised may be among those that surely have the stage.
    full
        The names of the standing schools that teach more pupils than they have seats.
    is_synthetic
        Whether the roster was made up.
    """

    promised: int
    standing: int = 0
    open: int = 0
    same: int = 0
    perhaps_same: int = 0
    doubled: int = 0
    full: tuple[str, ...] = ()
    is_synthetic: bool = False

    @property
    def least(self) -> int:
        """Return the schools that are surely there."""
        return self.promised + self.standing - self.doubled

    @property
    def most(self) -> int:
        """Return the schools that may be there."""
        return self.promised + self.standing + self.open - self.same


def offered(row: UnitRow, stage: Stage) -> list[dict[str, Any]]:
    """Return the promised schools of a stage; a nine-year school is one primary and one junior."""
    offers = row.fields.get("schools") or ()
    return [offer for offer in offers if str(stage) in OFFER_STAGES[offer["stage"]]]


def supply_of_plots(
    world: World, units: Units, stage: Stage, *, full: frozenset[str] = frozenset()
) -> dict[str, PlotSupply]:
    """
    Bring promised and rostered schools of a stage together, plot by plot.

    Parameters
    ----------
    world, units, stage
        The study, its plots, and the stage.
    full
        The ids of schools that teach more pupils than they have seats.

    Returns
    -------
    supply
        By unit id; teaching points are no schools, and only those that operate stand there.
    """
    layer = world.layers.get("schools")
    if layer is None:
        return {row.unit_id: PlotSupply(len(offered(row, stage))) for row in units.rows()}
    frame = layer.frame
    place = world.members(layer, units)
    inside = place.notna() & (place != "")
    inside &= frame["status"].isna() | (frame["status"] == SchoolStatus.OPERATING)
    inside &= frame["is_teaching_point"].map(lambda flag: flag is not True)
    has_stage, may_have = may_have_stage(frame, stage)
    told = _last_day(world, layer.origin.year)
    out = {}
    for row in units.rows():
        here = (inside & (place == row.unit_id)).to_numpy(dtype=bool)
        offers = offered(row, stage)
        sure, open_ = frame[here & has_stage], frame[here & may_have]
        same, perhaps = _paired(row, offers, [*_rows(sure), *_rows(open_)], told)
        doubled = sum(_paired(row, offers, _rows(sure), told))
        ids = sure["school_id"].astype(str)
        names = sure.get("name", ids)
        out[row.unit_id] = PlotSupply(
            len(offers), len(sure), len(open_), same, perhaps, doubled,
            tuple(str(name) for name, school in zip(names, ids, strict=True) if school in full),
            layer.is_synthetic,
        )  # fmt: skip
    return out


def _last_day(world: World, year: int | None) -> dt.date:
    """Return the last day of which the roster can tell."""
    return world.as_of if year is None else min(world.as_of, dt.date(year, 12, 31))


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.to_dict("records")


def _paired(
    row: UnitRow,
    offers: Sequence[Mapping[str, Any]],
    schools: Sequence[Mapping[Any, Any]],
    told: dt.date,
) -> tuple[int, int]:
    """Count the pairs that are surely one school, and those besides that may be."""
    if not offers or not schools:
        return 0, 0
    answers = [[_is_same(row, offer, school, told) for school in schools] for offer in offers]
    surely = np.array([[answer is True for answer in line] for line in answers], dtype=np.int8)
    perhaps = np.array([[answer is not False for answer in line] for line in answers], np.int8)
    same = _most_pairs(surely)
    return same, _most_pairs(perhaps) - same


def _most_pairs(edges: np.ndarray[Any, np.dtype[np.int8]]) -> int:
    found = maximum_bipartite_matching(csr_array(edges), perm_type="column")
    return int((found >= 0).sum())


def _is_same(
    row: UnitRow, offer: Mapping[str, Any], school: Mapping[Any, Any], told: dt.date
) -> bool | None:
    """Return whether a promise and a school of the roster are one; None where nothing says so."""
    opens_on, began = offer.get("opens_on"), school.get("opens_on")
    granted = row.fields.get("conditions_on")
    if _is_to_come(row, offer, told):
        return False
    if not is_missing(began) and granted is not None and began < granted:
        return False
    if str(school.get("residential_area_id") or "") == row.unit_id:
        return True
    if not is_missing(opens_on) and not is_missing(began) and opens_on == began:
        return True
    own, theirs = offer.get("name"), school.get("name")
    if own and not is_missing(theirs) and match_name(own) == match_name(theirs):
        return True
    return None


def _is_to_come(row: UnitRow, offer: Mapping[str, Any], told: dt.date) -> bool:
    """Return whether a promised school opens after all that the roster can tell."""
    opens_on = offer.get("opens_on")
    if not is_missing(opens_on) and opens_on is not None:
        return bool(opens_on > told)
    first = row.fields.get("first_phase_on")
    if first is not None:
        return bool(first > told)
    return row.fields.get("review_stage") in _TO_COME
