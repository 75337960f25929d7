"""Who has no school and who has no seat: three numbers by stage, unit, year and case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.siting.plan.lasting_needs import MIDDLE
from zmd_layout.vocabulary import UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.siting.plan.lasting_needs import Shortage
    from zmd_layout.siting.plan.supply_demand import SupplyDemand
    from zmd_layout.vocabulary import Stage

COLUMNS = (
    "unit_kind", "unit_id", "unit_name", "stage", "year", "case", "seats_needed", "seats",
    "enrolment", "no_school_within_accepted_way", "no_seat_within_accepted_way", "no_seat",
    "no_school_within_longest_way", "no_seat_borders_open", "no_seat_after_plan",
    "across_border", "boarding", "left_without_road", "left_too_far", "left_full",
    "accepted_way_m", "longest_way_m", "is_synthetic",
)  # fmt: skip
_AFTER = COLUMNS[COLUMNS.index("no_seat_after_plan") : COLUMNS.index("accepted_way_m")]


def seats_by_year(
    world: World, supply: Mapping[Stage, SupplyDemand], shortages: Mapping[Stage, Shortage]
) -> pd.DataFrame:
    """
    List the three numbers of each stage, county, year and case, and their sums for the city.

    Parameters
    ----------
    world
        The study.
    supply, shortages
        By stage, as `supply_and_demand` and `shortage_of` give them.

    Returns
    -------
    table
        `COLUMNS`. Children of the county beside its schools: `no_school_within_accepted_way` have
        none of the county within the accepted way, `no_seat_within_accepted_way` of the others
        find all such schools full. `no_seat` find no seat within the longest way, those without a
        school there included (`no_school_within_longest_way`); `no_seat_borders_open` likewise with
        the schools of other counties. `no_seat_after_plan` are left after the plan: without a road
        to a school, too far from any, or with all full (`left_…`); beside them those who take a
        seat of another county or board (here all unknown). `enrolment` is that of the year of the
        assessment. NaN is unknown. The case of children who are all born and stay is one: its name
        is `all`.
    """
    rows = [row for stage, one in supply.items() for row in _rows(world, one, shortages[stage])]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values(
        ["stage", "unit_kind", "unit_id", "year"], kind="stable", ignore_index=True
    )


def _cases(one: SupplyDemand, year: int) -> dict[str, int]:
    """Name the cases of a year (by position) that differ, `all` where they do not."""
    if all(one.is_middle(case, year) for case in range(len(VARIANTS))):
        return {"all": MIDDLE}
    return {name: number for number, name in enumerate(VARIANTS)}


def _rows(world: World, one: SupplyDemand, shortage: Shortage) -> Iterator[dict[str, Any]]:
    counties = world.units(UnitKind.COUNTY, {})
    names = {} if counties is None else dict(counties.frame["name"].astype(str))
    everyone = pd.Index([*shortage.counties, *sorted(one.unknown)])
    same: dict[str, Any] = {
        "stage": str(one.stage), "accepted_way_m": one.accepted_m, "longest_way_m": one.longest_m,
        "is_synthetic": one.is_synthetic,
    }  # fmt: skip
    home = one.schools["county_id"].to_numpy(dtype=object)
    for year, calendar in enumerate(one.years):
        for name, case in _cases(one, year).items():
            at = case, year
            numbers = {
                "seats_needed": _by_county(one.children[at], one.county, shortage.counties),
                "seats": _by_county(one.seats[year], home, shortage.counties),
                "enrolment": _enrolment(one, shortage.counties, is_known=year == 0),
                "no_school_within_accepted_way": shortage.no_school_near[at],
                "no_seat_within_accepted_way": shortage.no_seat_near[at],
                "no_seat": shortage.no_school[at] + shortage.no_seat[at],
                "no_school_within_longest_way": shortage.no_school[at],
                "no_seat_borders_open": shortage.lost_with_open_borders[at],
            }
            table = pd.DataFrame(numbers, index=list(shortage.counties)).reindex(everyone)
            table = table.assign(**dict.fromkeys(_AFTER, np.nan))
            table = table.assign(year=calendar, case=name, **same)
            yield from _of_counties(table, names)
            yield _of_city(world, table)


def _by_county(
    values: NDArray[np.float64], county: NDArray[np.object_], counties: tuple[str, ...]
) -> NDArray[np.float64]:
    sums = pd.Series(values).groupby(county).sum().reindex(list(counties), fill_value=0.0)
    return np.asarray(sums, dtype=np.float64)


def _enrolment(
    one: SupplyDemand, counties: tuple[str, ...], *, is_known: bool
) -> NDArray[np.float64]:
    """Sum the pupils of a county's schools; one school that is unknown leaves it unknown."""
    if not is_known:
        return np.full(len(counties), np.nan)
    home = one.schools["county_id"].to_numpy(dtype=object)
    pupils = pd.Series(one.schools["enrolment"].to_numpy(dtype=float))
    sums = pupils.groupby(home).agg(lambda part: part.sum(skipna=False))
    return np.asarray(sums.reindex(list(counties)), dtype=np.float64)


def _of_counties(table: pd.DataFrame, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for unit, row in zip(table.index, table.to_dict("records"), strict=True):
        name = names.get(str(unit), str(unit))
        unit_of = {"unit_kind": str(UnitKind.COUNTY), "unit_id": unit, "unit_name": name}
        yield unit_of | {str(column): value for column, value in row.items()}


def _of_city(world: World, table: pd.DataFrame) -> dict[str, Any]:
    """Sum the counties; one that is unknown leaves the city unknown."""
    amounts = COLUMNS[COLUMNS.index("seats_needed") : COLUMNS.index("accepted_way_m")]
    city = world.units(UnitKind.CITY, {})
    unit = world.study.id if city is None else str(city.frame.index[0])
    row = {str(name): value for name, value in table.iloc[0].items()}
    row |= {name: table[name].sum(skipna=False) for name in amounts}
    name = world.study.name.zh
    return {"unit_kind": str(UnitKind.CITY), "unit_id": unit, "unit_name": name} | row
