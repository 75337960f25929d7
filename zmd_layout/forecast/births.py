"""Children of age 0 by year: the user's own table, or the packaged series."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, TypeAdapter

from zmd_layout.errors import StudyError
from zmd_layout.forecast.figures import Figure, Sourced, read_data, weakest
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Basis, Lang

if TYPE_CHECKING:
    from numpy.typing import NDArray

VARIANTS = ("low", "middle", "high")


class BirthMeasure(StrEnum):
    """What the numbers of a table of births are."""

    INDEX = "index"  # times the children of age 0 whom the base year counted in the unit
    PEOPLE = "people"  # children of age 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Births:
    """
    Children of age 0 by year in three variants.

    Parameters
    ----------
    table
        Columns `year`, `low`, `middle`, `high`, `is_counted` (bool: the births of that year were
        counted, by whoever counts them), and `unit_id` where units differ. Without `unit_id` the
        rows hold for every unit.
    measure
        What the numbers are.
    basis
        What the weakest number rests on.
    sources
        Where the numbers stand.
    holds_last
        Whether the last year's numbers hold for the years after it; otherwise a year that is not
        in the table is refused.
    factor
        By how much births that were not counted are multiplied.

    Raises
    ------
    StudyError
        When numbers are missing, negative, out of order or twice there, or when numbers of people
        would be given to every unit alike.
    """

    table: pd.DataFrame
    measure: BirthMeasure
    basis: Basis
    sources: tuple[str, ...]
    holds_last: bool = False
    factor: float = 1.0

    def __post_init__(self) -> None:
        faults = range_faults(self.table, Message("forecast.births_table"))
        if not faults and (self.table[list(VARIANTS)] < 0).any(axis=None):
            faults.append(Message("forecast.births_negative"))
        if self.table.duplicated(_keys(self.table)).any():
            faults.append(Message("forecast.births_twice"))
        if self.measure is BirthMeasure.PEOPLE and "unit_id" not in self.table:
            faults.append(Message("forecast.births_without_unit"))
        if faults:
            raise StudyError(*faults)


def births_from_table(
    table: pd.DataFrame,
    *,
    measure: BirthMeasure,
    basis: Basis,
    source: str,
    holds_last: bool = False,
) -> Births:
    """
    Take the user's own table of births.

    Parameters
    ----------
    table
        Columns `year` and either `births` (counted) or `low`, `middle`, `high` (supposed), and
        `unit_id` where units differ. Where both are there, a row with `births` is a counted one.
    measure, basis, holds_last
        As in `Births`.
    source
        Where the table is from.

    Raises
    ------
    StudyError
        As `Births`.
    """
    unknown = pd.Series(np.nan, index=table.index)
    counted = table.get("births", unknown).astype(float)
    filled = {
        variant: counted.fillna(table.get(variant, unknown).astype(float)) for variant in VARIANTS
    }
    return Births(
        table=table[_keys(table)].assign(**filled, is_counted=counted.notna()),
        measure=measure,
        basis=basis,
        sources=(source,),
        holds_last=holds_last,
    )


def packaged_births(name: str = "henan") -> Births:
    """
    Read one of the series of births in `scenarios.toml`.

    Parameters
    ----------
    name
        `henan`, `nation`, or `held` (age 0 as the census counted it, for ever).

    Returns
    -------
    Births
        An index on the base year of the series; after its last year the last value holds.

    Raises
    ------
    StudyError
        When there is no series of that name.
    """
    series = _packaged()
    if name not in series:
        raise StudyError(Message("forecast.no_births", name=name, known=sorted(series)))
    return series[name].births()


def packaged_titles(lang: Lang | str = Lang.ZH) -> dict[str, str]:
    """Name the packaged series of births, for a list to choose from."""
    return {name: series.title[Lang(lang)] for name, series in _packaged().items()}


def births_by_unit(
    births: Births, *, units: pd.Index, age_zero: NDArray[np.float64], years: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """
    Return the children of age 0 in each unit and year.

    Parameters
    ----------
    births
        The table.
    units
        (u,) unit ids.
    age_zero
        (u,) children of age 0 in the base year, on which an index is based.
    years
        (t,) years wanted.

    Returns
    -------
    tuple of ndarray
        (3, t, u) children in the low, middle and high variant, and (t, u) whether they were
        counted.

    Raises
    ------
    StudyError
        When years, or units in a year, are not in the table.
    """
    table = births.table
    # without `unit_id` one row of numbers stands for all units and is broadcast over them
    of_units = units if "unit_id" in table else pd.Index(["*"])
    rows = table if "unit_id" in table else table.assign(unit_id="*")
    last = int(table["year"].max())
    asked = np.minimum(years, last) if births.holds_last else years
    wanted = pd.MultiIndex.from_product([asked, of_units], names=["year", "unit_id"])
    found = rows.set_index(["year", "unit_id"]).reindex(wanted)
    missing = found.index[found["middle"].isna()]
    if len(missing):
        raise StudyError(
            Message(
                "forecast.births_missing",
                years=sorted({int(year) for year in missing.get_level_values("year")}),
                units=_units_of(missing),
                last=last,
            )
        )
    shape = (len(years), len(of_units))
    values = np.stack([found[variant].to_numpy(dtype=float).reshape(shape) for variant in VARIANTS])
    # a value that is held beyond the last year was not counted in the year it is held for
    is_counted = found["is_counted"].to_numpy(dtype=bool).reshape(shape) & (years <= last)[:, None]
    values = np.where(is_counted, values, values * births.factor)
    if births.measure is BirthMeasure.INDEX:
        values = values * age_zero
    return values, np.broadcast_to(is_counted, (len(years), len(units)))


def _units_of(missing: pd.Index, most: int = 5) -> list[str]:
    """Name the first few units that lack births; "*" stands for all of them."""
    units = sorted({str(unit) for unit in missing.get_level_values("unit_id")})
    return units if len(units) <= most else [*units[:most], "…"]


def range_faults(table: pd.DataFrame, name: Message) -> list[Message]:
    """Return whether low, middle and high are there, known, and in this order."""
    missing = [variant for variant in VARIANTS if variant not in table]
    if missing:
        return [Message("forecast.variants_missing", table=name, columns=missing)]
    low, middle, high = (table[variant].to_numpy(dtype=float) for variant in VARIANTS)
    in_order = (low <= middle) & (middle <= high)  # False where a number is unknown
    if in_order.all():
        return []
    return [Message("forecast.variants_order", table=name, rows=int((~in_order).sum()))]


class _Counted(Figure):
    year: int


class _Supposed(Sourced):
    year: int
    low: float
    middle: float
    high: float


class _Change(Sourced):
    """By how much births change each year after the last one given, until a year."""

    until: int
    low: float
    middle: float
    high: float


class _Series(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: dict[Lang, str]
    base: _Counted
    counted: list[_Counted]
    supposed: list[_Supposed]
    change: _Change

    def births(self) -> Births:
        """Return the series as an index on its base year."""
        counted = [self.base, *self.counted]
        known = pd.DataFrame(
            [(row.year, row.value, row.value, row.value, True) for row in counted]
            + [(row.year, row.low, row.middle, row.high, False) for row in self.supposed],
            columns=["year", *VARIANTS, "is_counted"],
        )
        table = pd.concat([known, self._changed(known.iloc[-1])], ignore_index=True)
        table[list(VARIANTS)] /= self.base.value
        figures = [*counted, *self.supposed, self.change]
        return Births(
            table=table,
            measure=BirthMeasure.INDEX,
            basis=weakest(figure.basis for figure in figures),
            sources=tuple(figure.source for figure in figures),
            holds_last=True,
        )

    def _changed(self, last: pd.Series) -> pd.DataFrame:
        """Carry the last year on at the yearly rates of change."""
        years = np.arange(last["year"] + 1, self.change.until + 1)
        elapsed = years - last["year"]
        rates = self.change
        return pd.DataFrame(
            {
                "year": years,
                "low": last["low"] * (1 + rates.low) ** elapsed,
                "middle": last["middle"] * (1 + rates.middle) ** elapsed,
                "high": last["high"] * (1 + rates.high) ** elapsed,
                "is_counted": False,
            }
        )


@cache
def _packaged() -> dict[str, _Series]:
    return TypeAdapter(dict[str, _Series]).validate_python(read_data("scenarios.toml")["births"])


def _keys(table: pd.DataFrame) -> list[str]:
    return [key for key in ("unit_id", "year") if key in table]
