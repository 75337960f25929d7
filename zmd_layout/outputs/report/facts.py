"""What report and leader's page say: counts, the worst problems, children to come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zmd_layout.forecast import combine
from zmd_layout.measures.outlook import STAGES
from zmd_layout.messages import Message, word
from zmd_layout.outputs.gap_map.palette import Mark, mark
from zmd_layout.outputs.results import county_names, county_of
from zmd_layout.outputs.workbook.sources import sources_text
from zmd_layout.outputs.workbook.verdicts import unit_word
from zmd_layout.vocabulary import (
    Addressee,
    DueState,
    Lang,
    Relation,
    Stage,
    Status,
    Strength,
    UnitKind,
)

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results
    from zmd_layout.outputs.summary import SeatProblem

_NAMES_SHOWN = 3
_YEARS_AHEAD = 10
_CITY = "city"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    The shortfalls of one rule in one county, as one line of a list.

    Attributes
    ----------
    rule_id, key
        Where to look it up, and what the clause is called in print.
    place
        The county, or the city itself.
    title, units, gap, addressee, strength, due
        Printed words in the language asked for.
    years
        Years of the data behind it.
    is_synthetic
        Whether made-up data decided.
    """

    rule_id: str
    key: str
    place: str
    title: str
    units: str
    gap: str
    addressee: str
    strength: str
    due: str
    years: str
    is_synthetic: bool


def unmet_by_county(results: Results) -> dict[str, int]:
    """Count the shortfalls of duties (应当性要求) by county; a county without has no entry."""
    short = _short(results)
    is_counted = (short["strength"] == Strength.DUTY) & (short["county"] != "")
    return dict(Counter(short.loc[is_counted, "county"]))


def unknown_by_county(results: Results) -> dict[str, int]:
    """Count the duties that cannot be judged by county; a county without has no entry."""
    rows = results.findings
    is_open = (rows["status"] == Status.NOT_ASSESSABLE) & (rows["strength"] == Strength.DUTY)
    place_of = county_of(results)
    pairs = zip(
        rows.loc[is_open, "unit_kind"].astype(str),
        rows.loc[is_open, "unit_id"].astype(str),
        strict=True,
    )
    return dict(Counter(county for pair in pairs if (county := place_of.get(pair, ""))))


def counts_by_county(results: Results) -> pd.DataFrame:
    """
    Count verdicts by county: what is short, what needs a reason, what cannot be judged.

    Returns
    -------
    DataFrame
        Index county id, columns `name`, `shortfall`, `reason`, `not_assessable`.
    """
    place_of = county_of(results)
    names = county_names(results)
    counts = {county: Counter[str]() for county in names}
    for row in results.findings.itertuples():
        county = place_of.get((str(row.unit_kind), str(row.unit_id)), "")
        if county in counts:
            counts[county][str(mark(row.status, row.strength))] += 1
    shown = (Mark.SHORTFALL, Mark.REASON, Mark.NOT_ASSESSABLE)
    rows = [(names[county], *(counts[county][kind] for kind in shown)) for county in names]
    columns = ["name", *(str(kind) for kind in shown)]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(list(names), name="unit_id"))


def worst_problems(results: Results, *, lang: Lang, most: int) -> list[Problem]:
    """
    Return the duties that are worst kept, by county.

    A problem is a duty in a county. Within a rule they are ordered by how many units are short,
    then by what is missing in all; then each rule gives its worst before any gives its second, so
    that one rule with many units does not fill the list. Reference indicators are no problems.
    """
    short = _short(results)
    short = short[short["strength"] == Strength.DUTY]
    if short.empty:
        return []
    keys = ["rule_id", "county"]
    groups = short.groupby(keys, sort=True)
    table = groups.agg(units=("unit_id", "size"), gap=("gap", "sum")).reset_index()
    table = table.sort_values(["units", "gap", "county"], ascending=[False, False, True])
    table["turn"] = table.groupby("rule_id").cumcount()
    table = table.sort_values(
        ["turn", "units", "rule_id"], ascending=[True, False, True], kind="stable"
    ).head(most)
    return [
        _problem(results, groups.get_group((rule_id, county)), lang)
        for rule_id, county in table[keys].itertuples(index=False)
    ]


def shortage_cells(one: SeatProblem, lang: Lang) -> tuple[str, ...]:
    """Return county, stage, child-years, the most in a year, and the last year, in print."""
    return (
        one.county_name,
        word(one.stage, lang),
        f"{round(one.child_years, -1):,.0f}",
        Message("report.page_peak", peak=round(one.peak, -1), year=one.peak_year).text(lang),
        str(one.last_year),
    )


def _short(results: Results) -> pd.DataFrame:
    """Return what is drawn as a shortfall or as to be explained, with the county it lies in."""
    place_of = county_of(results)
    frame = pd.DataFrame(results.findings.drop(columns="geometry"))
    frame = frame[frame["status"] == Status.SHORTFALL]
    kinds = zip(frame["unit_kind"].astype(str), frame["unit_id"].astype(str), strict=True)
    return frame.assign(county=[place_of.get(pair, "") for pair in kinds])


def _problem(results: Results, rows: pd.DataFrame, lang: Lang) -> Problem:
    first = rows.iloc[0]
    rule = next(r for r in results.rules if r.id == first["rule_id"])
    study = results.world.study
    place = county_names(results).get(first["county"], study.name.model_dump()[str(lang)])
    return Problem(
        rule_id=rule.id,
        key=rule.key,
        place=place,
        title=rule.title.text(lang),
        units=_unit_names(rows, lang),
        gap=_gap(rows, lang),
        addressee=word(Addressee(first["addressee"]), lang),
        strength=word(Strength(first["strength"]), lang),
        due=_due(first, lang),
        years=sources_text(rows["sources"].astype(str), lang),
        is_synthetic=bool(rows["is_synthetic"].any()),
    )


def _unit_names(rows: pd.DataFrame, lang: Lang) -> str:
    if set(rows["unit_kind"]) <= {UnitKind.COUNTY, UnitKind.CITY}:
        return ""
    names = rows.sort_values(["gap", "unit_id"], ascending=[False, True])["unit_name"].tolist()
    key = "report.units" if len(names) <= _NAMES_SHOWN else "report.units_more"
    return Message(key, names=names[:_NAMES_SHOWN], count=len(names)).text(lang)


def _gap(rows: pd.DataFrame, lang: Lang) -> str:
    unit = unit_word(str(rows.iloc[0]["measure_unit"]), lang)
    total = rows["gap"].sum(min_count=1)
    if pd.isna(total):
        return Message("report.gap_unknown").text(lang)
    key = "report.excess" if rows.iloc[0]["relation"] == Relation.AT_MOST else "report.missing"
    return Message(key, gap=number(float(total)), unit=unit).text(lang)


def _due(row: pd.Series, lang: Lang) -> str:
    state = word(DueState(row["due_state"]), lang)
    day = row["due_on"]
    if day is None or pd.isna(day):
        return state
    return Message("report.due", day=f"{day}", state=state).text(lang)


def number(value: float) -> str:
    """Print a number with thousands apart and at most two decimals."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class People:
    """Children of a stage in a year: low, middle, high; NaN is unknown."""

    stage: Stage
    year: int
    low: float
    middle: float
    high: float
    is_born: bool


def people_to_come(results: Results) -> list[People]:
    """Return children of the whole area by stage: in the year of assessment, 5 and 10 years on."""
    if results.outlook is None:
        return []
    children = results.outlook.children
    total = combine(children, into=dict.fromkeys(children["unit_id"].unique(), _CITY))
    first = int(np.clip(results.world.as_of.year, total["year"].min(), total["year"].max()))
    years = [first + ahead for ahead in (0, _YEARS_AHEAD // 2, _YEARS_AHEAD)]
    rows = total[total["year"].isin(years) & total["stage"].isin(STAGES)]
    rows = rows.sort_values(["stage", "year"], key=_in_order)
    return [
        People(
            Stage(row["stage"]), row["year"], row["low"], row["middle"], row["high"], row["is_born"]
        )
        for row in rows.to_dict("records")
    ]


def _in_order(column: pd.Series) -> pd.Series:
    return column.map(list(STAGES).index) if column.name == "stage" else column


def people_text(people: float, lang: Lang, *, is_born: bool) -> str:
    """Print children: those born to the hundred, scenarios of the unborn in thousands."""
    if np.isnan(people):
        return Message("report.unknown").text(lang)
    digits = -2 if is_born else -3
    return f"{round(people, digits):,.0f}"
