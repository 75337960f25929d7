"""Townships within a county: each keeps its share of the county's cohorts as they grow older."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.forecast.ages import packaged_stage_ages
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.forecast.cohorts import born_share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from zmd_layout.study.people import IntoTowns


def forecast_of_parts(
    whole: pd.DataFrame,
    parts: pd.DataFrame,
    *,
    within: pd.Series,
    is_seat: pd.Series | None = None,
    into_towns: IntoTowns | None = None,
    only: Iterable[int] | None = None,
) -> pd.DataFrame:
    """
    Share a forecast of units out over their parts, such as counties over their townships.

    Parameters
    ----------
    whole
        As `forecast` gives it by age, for every year from the count on.
    parts
        Index part, columns single years of age at the count, as `single_years` gives them.
    within
        Part → the unit that holds it; a part of no unit of `whole` is left out.
    is_seat
        Part → whether it belongs to the seat of its unit.
    into_towns
        Which share of the children of certain ages leaves the other parts for those of the seat in
        a year. In a unit without a seat, or without other parts, nobody moves.
    only
        The years wanted; by default all of `whole`.

    Returns
    -------
    DataFrame
        As `forecast` by stage, with `unit_id` = part. Where the parts sum to their unit at every
        age of the count, they do so in every year and variant. NaN where the part or its unit is
        unknown.

    Notes
    -----
    A cohort that was counted is shared as it was counted, one born later as age 0 was; births,
    migration and survival of the unit are those of all its parts, which is an assumption.
    """
    units = np.sort(whole["unit_id"].unique())
    years, ages = np.sort(whole["year"].unique()), np.sort(whole["age"].unique())
    shape = len(units), len(years), len(ages)
    ordered = whole.sort_values(["unit_id", "year", "age"])
    people = np.stack([ordered[name].to_numpy().reshape(shape) for name in VARIANTS])
    is_born = ordered["is_born"].to_numpy(dtype=bool).reshape(shape)
    held = parts[within.reindex(parts.index).isin(units)].sort_index()
    unit = pd.Index(units).get_indexer(pd.Index(within.reindex(held.index)))
    counted = held.reindex(columns=ages).to_numpy(dtype=float, na_value=np.nan)
    of_unit = people[1, :, 0, :][unit]
    nobody = np.where(counted == 0, 0.0, np.nan)  # a part of nobody is nobody, anything else odd
    share = np.divide(counted, of_unit, out=nobody, where=of_unit > 0)
    wanted = np.arange(len(years))
    if only is not None:
        wanted = wanted[np.isin(years, np.fromiter(only, dtype=np.int64))]
    shares = _shares_by_year(share, elapsed=wanted)
    if into_towns is not None and is_seat is not None:
        seats = is_seat.reindex(held.index).map(lambda flag: flag is True or flag is np.True_)
        shares = _moved(
            share, years=len(years), unit=unit, seat=seats.to_numpy(dtype=bool), chosen=into_towns
        )[:, wanted]
    return _by_stage(
        people[:, :, wanted][:, unit] * shares,
        is_born[:, wanted][unit],
        index=held.index,
        years=years[wanted],
    )


def _shares_by_year(
    share: NDArray[np.float64], *, elapsed: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Let (p, a) shares at the count grow older: (p, t, a); those born later share as age 0."""
    ages = share.shape[1]
    cohort = np.maximum(np.arange(ages)[None, :] - elapsed[:, None], 0)
    grown: NDArray[np.float64] = share[:, cohort]
    return grown


def _moved(
    share: NDArray[np.float64],
    *,
    years: int,
    unit: NDArray[np.int64],
    seat: NDArray[np.bool_],
    chosen: IntoTowns,
) -> NDArray[np.float64]:
    """Move shares from other parts to those of the seat, in proportion to what is there."""
    first, last = chosen.ages
    age = np.arange(share.shape[1])
    leaving = np.where((first <= age) & (age <= last), chosen.share, 0.0)
    out = np.empty((share.shape[0], years, share.shape[1]))
    out[:, 0] = share
    for year in range(1, years):
        now = out[:, year - 1]
        gone = np.where(seat[:, None], 0.0, now) * leaving
        into = np.where(seat[:, None], now, 0.0)
        pool, target = _sums(gone, unit), _sums(into, unit)
        can_move = target > 0
        gain = np.where(can_move, pool, 0.0) / np.where(can_move, target, 1.0)
        moved = now - np.where(can_move[unit], gone, 0.0) + into * gain[unit]
        out[:, year, 1:] = moved[:, :-1]
        out[:, year, 0] = share[:, 0]
    return out


def _sums(values: NDArray[np.float64], unit: NDArray[np.int64]) -> NDArray[np.float64]:
    sums = np.zeros((int(unit.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, unit, values)
    return sums


def _by_stage(
    people: NDArray[np.float64],
    is_born: NDArray[np.bool_],
    *,
    index: pd.Index,
    years: NDArray[np.int64],
) -> pd.DataFrame:
    """Sum (3, parts, years, ages) by stage and lay them out as rows: part, year, stage."""
    stages = packaged_stage_ages()
    spans = [slice(first, last + 1) for first, last in stages.values()]
    sums = np.stack([people[..., span].sum(axis=-1) for span in spans], axis=-1)
    born = np.stack([(people[1] * is_born)[..., span].sum(axis=-1) for span in spans], axis=-1)
    all_born = np.stack([is_born[..., span].all(axis=-1) for span in spans], axis=-1).ravel()
    low, middle, high = (variant.ravel() for variant in sums)
    rows = pd.MultiIndex.from_product(
        [index, years, list(stages)], names=["unit_id", "year", "stage"]
    )
    return pd.DataFrame(
        {
            "low": low, "middle": middle, "high": high,
            "born_share": born_share(born=born.ravel(), people=middle, is_born=all_born),
            "is_born": all_born,
        },
        index=rows,
    ).reset_index()  # fmt: skip
