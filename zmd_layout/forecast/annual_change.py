"""From ten-year ratios of cohorts to single years of age and calendar years."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.errors import StudyError
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.forecast.hamilton_perry import PERIOD_YEARS
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COHORT = "cohort"


def annual_log_change(
    table: pd.DataFrame, *, units: pd.Index, ages: int, steps: int
) -> NDArray[np.float64]:
    """
    Spread ten-year ratios over single years of age and calendar years.

    Parameters
    ----------
    table
        As `movement_ratios` returns it; without `unit_id` its rows hold for every unit, without
        `cohort` all of a ratio goes by age.
    units
        (u,) unit ids.
    ages
        Number of single years of age, from 0 on.
    steps
        Number of years.

    Returns
    -------
    ndarray
        (steps, 3, u, ages) natural logarithm of people at the end of a year for each at its
        beginning.

    Notes
    -----
    A ratio has two parts. That of the cohort (`cohort`: errors of the counts) comes evenly over a
    decade from the count or, for later cohorts, from birth. The rest is migration, which goes by
    age and not by cohort: the yearly rate by age is the smoothest curve (least squared steps) by
    which every group comes to its ratio in ten years, as geometric mean over its single ages. Two
    censuses show no more than these sums. The distance of low and high from the middle comes
    evenly too, so that the three keep their order in every year.
    """
    ratios, cohort, edges = _by_group(table, units)
    logs = np.log(ratios)  # (3, u, groups)
    rest = logs[1] - np.log(cohort)
    rate = _fitted(rest @ _by_age(edges).T, ages)  # (u, ages)
    of_cohort = np.log(cohort) @ _within_groups(edges).T  # (u, ages of the groups)
    groups = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    even = of_cohort + (logs - logs[1])[:, :, groups]
    born = (np.log(cohort) + logs - logs[1])[:, :, :1]
    last = even.shape[2] - 1
    out = np.empty((steps, *logs.shape[:2], ages))
    age = np.arange(ages)
    for step in range(steps):
        is_counted = age >= step  # at the count these were there
        decades = np.where(is_counted, step, age) // PERIOD_YEARS
        start = np.maximum(age - step, 0) + PERIOD_YEARS * decades
        is_new = ~is_counted & (decades == 0)
        cohorts = np.where(is_new, born, even[:, :, np.minimum(start, last)])
        out[step] = cohorts / PERIOD_YEARS + rate
    return out


def _by_group(
    table: pd.DataFrame, units: pd.Index
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return ratios as (3, u, groups), their cohort part as (u, groups), and edges."""
    rows = table if "unit_id" in table else table.merge(pd.DataFrame({"unit_id": units}), "cross")
    spans = table[["age_from", "age_to"]].drop_duplicates().sort_values("age_from").to_numpy()
    edges = np.append(spans[:, 0], spans[-1, 1] + 1)
    strangers = sorted({str(unit) for unit in rows["unit_id"]} - set(map(str, units)))
    if strangers:
        name = Message("forecast.ratios_table")
        raise StudyError(Message("forecast.unknown_units", table=name, units=strangers))
    keys = pd.MultiIndex.from_product([units, spans[:, 0]], names=["unit_id", "age_from"])
    found = rows.set_index(["unit_id", "age_from"]).reindex(
        index=keys, columns=[*VARIANTS, _COHORT]
    )
    # a unit or a group without a ratio keeps its people
    values = found.fillna(1.0).to_numpy(dtype=float).T.reshape(-1, len(units), len(spans))
    return values[:-1], values[-1], edges


def _fitted(rates: NDArray[np.float64], ages: int) -> NDArray[np.float64]:
    """Bring (u, n) rates to so many ages; the last rate holds for the ages after it."""
    return rates[:, np.minimum(np.arange(ages), rates.shape[1] - 1)]


def _by_age(edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (ages, groups): yearly rates by age that sum to the logarithm of a group's ratio."""
    size = int(edges[-1]) + PERIOD_YEARS - 1
    passed = np.zeros((len(edges) - 1, size))
    for row, (first, after) in enumerate(pairwise(edges)):
        for age in range(first, after):
            passed[row, age : age + PERIOD_YEARS] += 1.0 / (after - first)
    return _smoothest(passed)


def _within_groups(edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (ages, groups): values by single age whose means are those of the groups."""
    mean = np.zeros((len(edges) - 1, int(edges[-1])))
    for row, (first, after) in enumerate(pairwise(edges)):
        mean[row, first:after] = 1.0 / (after - first)
    return _smoothest(mean)


def _smoothest(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve for the curves with least squared steps that meet each of the sums (k, n): (n, k)."""
    wanted, size = sums.shape
    steps = np.diff(np.eye(size), axis=0)
    system = np.block([[steps.T @ steps, sums.T], [sums, np.zeros((wanted, wanted))]])
    right = np.vstack([np.zeros((size, wanted)), np.eye(wanted)])
    curve: NDArray[np.float64] = np.linalg.solve(system, right)[:size]
    return curve
