"""The sheet of children and seats by year (供需平衡表), with other methods beside the cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.forecast import SHOWN_BY, Capacity
from zmd_layout.measures.supply.seat_balance import UNBORN_DIGITS
from zmd_layout.messages import Message, word
from zmd_layout.outputs.forecast_facts import hindcast_rows
from zmd_layout.outputs.results import county_names, county_of
from zmd_layout.outputs.workbook.people import (
    records,
    rounded,
    schools_by_county,
    spare_or_short,
)
from zmd_layout.outputs.workbook.sheet import Row, Sheet, make_sheet
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from zmd_layout.measures.outlook import Outlook
    from zmd_layout.outputs.results import Results
    from zmd_layout.vocabulary import Lang

_EVERY_YEARS = 5  # of townships, whose every year would be ten thousand rows
_Key = tuple[str, Stage, int]
_SeatKey = tuple[str, Stage, int, Capacity]


def balance(results: Results, lang: Lang) -> Sheet:
    """
    Set children against seats by unit, stage and year, with the low and the high case.

    Counties have every year, the per-thousand indicator and grade progression beside it, and why
    they differ; townships follow with the year of the assessment and every fifth.
    """
    rows: list[Row] = []
    future = results.outlook
    if future is not None:
        rows += _of_counties(results, future, lang)
        rows += _of_townships(results, future, lang)
    return make_sheet("balance", rows, lang, frozen_columns=3, year_columns=frozenset({2}))


def hindcast(results: Results, lang: Lang) -> Sheet:
    """List how far the study's movement, and none, miss the census of 2020, by county and stage."""
    rows: list[Row] = []
    for county, stage, method, projected, counted, error in hindcast_rows(results):
        first, last = SHOWN_BY[stage]
        rows.append(
            (
                county, word(stage, lang), f"{first}–{last}",
                Message(f"report.method_{method}").text(lang),
                round(projected), round(counted), round(error, 1),
            )
        )  # fmt: skip
    return make_sheet("hindcast", rows, lang, frozen_columns=2)


def _of_counties(results: Results, future: Outlook, lang: Lang) -> Iterator[Row]:
    names = county_names(results)
    seats = _seats_by_capacity(future.balance)
    schools = schools_by_county(results)
    methods, grades = _by_key(future.methods), _by_key(future.grades)
    away = {(str(r.unit_id), int(r.year)): r.elsewhere for r in records(future.elsewhere)}
    for row in records(future.children):
        unit, stage = str(row.unit_id), Stage(row.stage)
        used = schools.get((unit, stage), (None, None, None, None))[2]
        key = (unit, stage, int(row.year))
        beside = _beside(methods.get(key), grades.get(key), lang)
        yield (
            *_cells(
                row,
                names.get(unit, unit),
                seats,
                used,
                unborn=UNBORN_DIGITS[UnitKind.COUNTY],
                lang=lang,
            ),
            _whole(away.get((unit, int(row.year))) if stage is Stage.SENIOR else None),
            *beside,
        )


def _of_townships(results: Results, future: Outlook, lang: Lang) -> Iterator[Row]:
    table = future.township_children
    if table.empty:
        return
    counties, place_of = county_names(results), county_of(results)
    layer = results.world.layers["townships"].frame
    own = dict(zip(layer["unit_id"], layer["name"], strict=True))
    seats = _seats_by_capacity(future.township_balance)
    chosen = (table["year"] % _EVERY_YEARS == 0) | (table["year"] == results.world.as_of.year)
    for row in records(table[chosen]):
        unit = str(row.unit_id)
        county = counties.get(place_of.get((str(UnitKind.TOWNSHIP), unit), ""), "")
        name = f"{county} {own.get(unit, unit)}".strip()
        yield (
            *_cells(row, name, seats, None, unborn=UNBORN_DIGITS[UnitKind.TOWNSHIP], lang=lang),
            None,
            None,
            None,
            None,
            None,
            None,
        )


def _cells(
    row: Any,  # noqa: ANN401 - a row of `forecast`
    name: str,
    seats: dict[_SeatKey, float],
    used: float | None,
    *,
    unborn: int,
    lang: Lang,
) -> Row:
    unit, stage = str(row.unit_id), Stage(row.stage)
    there = [seats.get((unit, stage, int(row.year), capacity)) for capacity in Capacity]
    is_born = bool(row.is_born)
    cases = (row.low, row.middle, row.high)
    people = [rounded(people, is_born=is_born, unborn=unborn) for people in cases]
    spare = spare_or_short(there[1], people[1], stage)
    return (name, word(stage, lang), row.year, is_born, *people, *there, used, spare)


def _beside(method: Any, grade: Any, lang: Lang) -> Row:  # noqa: ANN401 - rows of tables or None
    """Return the seats of the indicator, pupils by progression, what each differs by, and why."""
    notes: list[Message] = [found.note for found in (method, grade) if found is not None]
    return (
        _whole(None if method is None else method.per_thousand_seats),
        _whole(None if method is None else method.difference),
        _whole(None if grade is None else grade.pupils),
        _whole(None if grade is None else grade.difference),
        " ".join(note.text(lang) for note in notes) or None,
    )


def _whole(number: float | None) -> float | None:
    return None if number is None or is_missing(float(number)) else round(float(number), -1)


def _by_key(table: pd.DataFrame) -> dict[_Key, Any]:
    return {(str(r.unit_id), Stage(r.stage), int(r.year)): r for r in records(table)}


def _seats_by_capacity(table: pd.DataFrame) -> dict[_SeatKey, float]:
    return {
        (str(r.unit_id), Stage(r.stage), int(r.year), Capacity(r.capacity)): float(round(r.seats))
        for r in records(table)
        if not is_missing(float(r.seats))
    }
