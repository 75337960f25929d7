"""Children by year: counted cohorts grow older, and the births of a scenario follow them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError, StudyError
from zmd_layout.forecast.ages import packaged_stage_ages
from zmd_layout.forecast.births import VARIANTS, births_by_unit
from zmd_layout.forecast.movement import annual_change
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from zmd_layout.forecast.scenarios import Scenario


def forecast(
    base: pd.DataFrame,
    *,
    base_year: int,
    years: Iterable[int],
    scenario: Scenario,
    by: Literal["stage", "age"] = "stage",
) -> pd.DataFrame:
    """
    Carry the people of a count forward, year by year.

    In each year people grow one year older by survival or by the ratio of their cohort, net
    migration adds or takes, people move between units, and then the children of age 0 come in.

    Parameters
    ----------
    base
        Index unit, columns single years of age from 0 on, as `single_years` gives them. Ages above
        the last one of the scenario's survival are left out; ages that are not there are unknown,
        and stay so as they grow older.
    base_year
        The year of the count.
    years
        The years wanted, none before `base_year`.
    scenario
        What is supposed.
    by
        A row for each stage of schooling, or for each year of age.

    Returns
    -------
    DataFrame
        Columns `unit_id`, `year`, `stage` or `age`, `low`, `middle`, `high` (children, not
        rounded; NaN is unknown), `born_share` (0 to 1: how much of `middle` was counted, in the
        base year or, as births, later) and `is_born` (all of it). What is born is drawn solid, the
        rest dashed. Sorted by unit, year and age; the order of the rows of `base` plays no part.

    Raises
    ------
    LayerError
        Units that are there twice; ages that do not begin at 0 or leave gaps.
    StudyError
        Years before the base year or without births, a table that names a unit that is not there,
        more people leaving than there are, a survival that ends before the stages do.

    Notes
    -----
    The cohort-component method with births as an input instead of fertility by mothers' age; see
    Preston, Heuveline & Guillot, Demography, 2001, chapter 6.
    """
    wanted = np.unique(np.fromiter(years, dtype=np.int64))
    _check_base(base)
    if not len(wanted) or wanted[0] < base_year:
        raise StudyError(Message("forecast.years", base_year=base_year, found=wanted.tolist()))
    projection = _project(
        base.sort_index(), base_year=base_year, last_year=int(wanted[-1]), scenario=scenario
    )
    labels = _labels_by_age(projection) if by == "age" else _labels_by_stage(projection)
    return _tidy(projection, labels=labels, name=by, years=wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Projection:
    """`people` is (3 variants, years, units, ages); `is_born` (years, units, ages)."""

    people: NDArray[np.float64]
    is_born: NDArray[np.bool_]
    first_year: int
    units: pd.Index


def _check_base(base: pd.DataFrame) -> None:
    faults = []
    if not base.index.is_unique:
        twice = sorted({str(unit) for unit in base.index[base.index.duplicated()]})
        faults.append(Message("forecast.unit_twice", units=twice))
    if not base.columns.equals(pd.RangeIndex(base.shape[1])) or base.empty:
        faults.append(Message("forecast.base_ages", found=[str(age) for age in base.columns[:5]]))
    if faults:
        raise LayerError(*faults)


def _project(
    base: pd.DataFrame, *, base_year: int, last_year: int, scenario: Scenario
) -> _Projection:
    ages = len(scenario.survival)
    counted = base.reindex(columns=range(ages)).to_numpy(dtype=float, na_value=np.nan)
    steps = last_year - base_year
    births, is_counted = births_by_unit(
        scenario.births,
        units=base.index,
        age_zero=counted[:, 0],
        years=np.arange(base_year + 1, last_year + 1),
    )
    change = annual_change(scenario, units=base.index, ages=ages, steps=steps)
    people = np.empty((len(VARIANTS), steps + 1, *counted.shape))
    is_born = np.ones((steps + 1, *counted.shape), dtype=bool)
    people[:, 0] = counted
    for step in range(steps):
        people[:, step + 1, :, 1:] = change.apply(people[:, step], step)
        people[:, step + 1, :, 0] = births[:, step]
        is_born[step + 1, :, 1:] = is_born[step, :, :-1]
        is_born[step + 1, :, 0] = is_counted[step]
    return _Projection(people=people, is_born=is_born, first_year=base_year, units=base.index)


def _labels_by_age(projection: _Projection) -> dict[object, slice]:
    return {age: slice(age, age + 1) for age in range(projection.people.shape[3])}


def _labels_by_stage(projection: _Projection) -> dict[object, slice]:
    stage_ages = packaged_stage_ages()
    oldest = max(last for _, last in stage_ages.values())
    if oldest >= projection.people.shape[3]:
        raise StudyError(Message("forecast.survival_short", needed=oldest))
    return {stage: slice(first, last + 1) for stage, (first, last) in stage_ages.items()}


def _tidy(
    projection: _Projection,
    *,
    labels: dict[object, slice],
    name: str,
    years: NDArray[np.int64],
) -> pd.DataFrame:
    """Sum the ages of each label and lay the arrays out as rows: unit, year, label."""
    rows = years - projection.first_year
    people = projection.people[:, rows]
    is_born = projection.is_born[rows]
    # (…, years, units, labels) → (…, units, years, labels), the order of the rows
    sums = np.stack([people[..., ages].sum(axis=-1) for ages in labels.values()], axis=-1)
    born = np.stack(
        [(people[1] * is_born)[..., ages].sum(axis=-1) for ages in labels.values()], axis=-1
    )
    all_born = np.stack([is_born[..., ages].all(axis=-1) for ages in labels.values()], axis=-1)
    low, middle, high = (variant.swapaxes(0, 1).ravel() for variant in sums)
    born, all_born = born.swapaxes(0, 1).ravel(), all_born.swapaxes(0, 1).ravel()
    index = pd.MultiIndex.from_product(
        [projection.units, years, list(labels)], names=["unit_id", "year", name]
    )
    table = pd.DataFrame(
        {
            "low": low,
            "middle": middle,
            "high": high,
            "born_share": born_share(born=born, people=middle, is_born=all_born),
            "is_born": all_born,
        },
        index=index,
    )
    return table.reset_index()


def born_share(
    *, born: NDArray[np.float64], people: NDArray[np.float64], is_born: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Divide the born by all; where there is nobody, the share is 1 or 0 as `is_born` says."""
    nobody = people == 0
    return np.where(nobody, is_born, born / np.where(nobody, 1.0, people))
