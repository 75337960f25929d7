"""The sheets of the plan over years: by county, by action, and what is best in each case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.forecast.births import VARIANTS
from zmd_layout.messages import Message, word
from zmd_layout.outputs.results import county_names
from zmd_layout.outputs.workbook.sheet import Row, Sheet, say
from zmd_layout.vocabulary import Lang, Stage

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results

_FROM, _UNTIL = 5, 6  # columns that are years


def plan_by_county(results: Results, lang: Lang) -> Sheet:
    """Sum the seats of every action by county, stage and year."""
    names, years = county_names(results), _years(results)
    rows: list[Row] = []
    table = _planned(results).sort_values(["county_id", "stage"], kind="stable")
    for key, part in table.groupby(["county_id", "stage", "action"], sort=False):
        county, stage, action = (str(name) for name in key)
        seats = sum((_seats(text, years) for text in part["seats_by_year"]), np.zeros(len(years)))
        rows.append(
            (
                names.get(county, county), word(Stage(stage), lang), _action(action, lang),
                len(part), float(part["objective"].max()), *seats.tolist(),
            )
        )  # fmt: skip
    return _sheet("plan_county", rows, years, lang, frozen_columns=3)


def plan_by_row(results: Results, lang: Lang) -> Sheet:
    """List every action with its seats in each year."""
    names, years = county_names(results), _years(results)
    rows: list[Row] = [
        (
            row["id"], names.get(str(row["county_id"]), row["county_id"]),
            word(Stage(row["stage"]), lang), _action(row["action"], lang), row["name"],
            row["from_year"], None if pd.isna(row["until_year"]) else int(row["until_year"]),
            row["note_zh"] if lang is Lang.ZH else row["note_en"],
            *_seats(row["seats_by_year"], years).tolist(),
        )
        for row in _planned(results).to_dict("records")
    ]  # fmt: skip
    return _sheet(
        "plan_row", rows, years, lang, frozen_columns=4, year_columns=frozenset({_FROM, _UNTIL})
    )


def plan_in_cases(results: Results, lang: Lang) -> Sheet:
    """List what the plan and the best choices cost, and leave in each case."""
    choices = () if results.story is None else results.story.cases
    rows: list[Row] = [
        (
            Message(f"sites.case_{one.name}").text(lang), one.cost, one.cost - choices[0].cost,
            *one.left, *(one.regret or (None,) * len(VARIANTS)), _known(one.largest),
            _known(one.bound),
        )
        for one in choices
    ]  # fmt: skip
    return _sheet("plan_case", rows, [], lang, frozen_columns=1)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _planned(results: Results) -> pd.DataFrame:
    """Keep the suggestions whose seats by year are known."""
    table = pd.DataFrame(results.suggestions)
    if "seats_by_year" not in table:
        return table.iloc[:0].assign(seats_by_year="")
    return table[table["seats_by_year"] != ""]


def _years(results: Results) -> list[int]:
    story = results.story
    return [] if story is None or not story.courses else list(story.courses[0].years[1:])


def _seats(text: str, years: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    by_year = dict(part.split("=") for part in text.split(";"))
    return np.array([float(by_year.get(str(year), 0)) for year in years])


def _action(action: str, lang: Lang) -> str:
    return Message(f"sites.action_{action}").text(lang)


def _sheet(key: str, rows: list[Row], years: list[int], lang: Lang, **more: Any) -> Sheet:  # noqa: ANN401 - fields of `Sheet`
    """Make a sheet whose last columns are the years."""
    heads = (
        *say(f"{key}_heads", lang).split("|"),
        *(say("plan_year", lang, year=y) for y in years),
    )
    return Sheet(say(f"{key}_name", lang), heads, rows, lang=lang, **more)
