"""The overview of people, schools and seats by county."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.checks.conditions import is_missing
from zmd_layout.forecast import Capacity
from zmd_layout.measures.outlook import STAGES
from zmd_layout.measures.school_lists.completeness import completeness_of
from zmd_layout.measures.supply.seats import listed_classes, of_stage
from zmd_layout.messages import word
from zmd_layout.outputs.results import county_names, county_of
from zmd_layout.outputs.workbook.sheet import Row, Sheet, make_sheet
from zmd_layout.outputs.workbook.verdicts import SOFT
from zmd_layout.vocabulary import SchoolStatus, Stage, Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from zmd_layout.outputs.results import Results
    from zmd_layout.vocabulary import Lang


def overview(results: Results, lang: Lang) -> Sheet:
    """
    Return people, schools, seats and counts of verdicts by county and stage.

    Children of the senior stage are everybody of 15 to 17, vocational pupils among them, so that
    no balance is given for it.
    """
    rows: list[Row] = []
    counties = results.world.units(UnitKind.COUNTY, {})
    if counties is None:
        return make_sheet("overview", rows, lang)
    children = _children_now(results)
    schools = schools_by_county(results)
    counts = _verdicts_by_county(results)
    complete = _completeness(results)
    frame = counties.frame
    for county, name in county_names(results).items():
        residents = frame["residents"].get(county) if "residents" in frame else None
        for stage in STAGES:
            key = (county, stage)
            year, people = children.get(key, (None, None))
            known = schools.get(key, (None, None, None, None))
            spare = spare_or_short(known[3], people, stage)
            verdicts = counts.get(key, (0, 0, 0))
            rows.append(
                (
                    name, word(stage, lang), residents, people, year, *known, spare, *verdicts,
                    complete.get(key),
                )
            )  # fmt: skip
    return make_sheet("overview", rows, lang, frozen_columns=2, year_columns=frozenset({4}))


def spare_or_short(seats: float | None, people: float | None, stage: Stage) -> float | None:
    """Return seats less children; none for the senior stage, whose children are not all pupils."""
    if seats is None or people is None or stage is Stage.SENIOR:
        return None
    return float(round(seats)) - people


def _completeness(results: Results) -> dict[tuple[str, Stage], float]:
    """Return the known share of the schools that must exist, in percent, where the study tells."""
    table = completeness_of(results.world)
    table = table[table["unit_kind"] == UnitKind.COUNTY]
    return {
        (str(row.unit_id), Stage(row.stage)): round(100.0 * row.share, 1)
        for row in records(table)
        if not is_missing(row.share)
    }


def _children_now(results: Results) -> dict[tuple[str, Stage], tuple[int, float]]:
    if results.outlook is None:
        return {}
    table = results.outlook.children
    year = min(max(results.world.as_of.year, int(table["year"].min())), int(table["year"].max()))
    rows = table[table["year"] == year]
    return {
        (str(unit), Stage(stage)): (year, round(float(people), -1))
        for unit, stage, people in zip(rows["unit_id"], rows["stage"], rows["middle"], strict=True)
        if not is_missing(float(people))
    }


def schools_by_county(
    results: Results,
) -> dict[tuple[str, Stage], tuple[int, int, float, float | None]]:
    """
    Count schools, teaching points, pupils and standard seats by county and stage.

    The pupils of a school of several stages are divided by its listed classes, else its grades; NaN
    where none is known.
    """
    layer = results.world.layers.get("schools")
    counties = results.world.units(UnitKind.COUNTY, {})
    if layer is None or counties is None or "stages" not in layer.frame:
        return {}
    frame = layer.frame.assign(county=results.world.members(layer, counties))
    frame = frame[frame["status"] == SchoolStatus.OPERATING]
    seats = _standard_seats(results)
    listed = listed_classes(results.world)
    out = {}
    frame = frame[~frame["stages"].map(is_missing)].assign(unit_id=lambda rows: rows["county"])
    for stage in STAGES:
        part = of_stage(frame, stage, listed)
        mine = frame.loc[part.index].assign(pupils=part["enrolment"])
        for county, group in mine.groupby("county", sort=True):
            points = int(group["is_teaching_point"].map(lambda flag: flag is True).sum())
            pupils = float(group["pupils"].sum(min_count=1).round())
            out[str(county), stage] = (
                len(group) - points,
                points,
                pupils,
                seats.get((str(county), stage)),
            )
    return out


def _standard_seats(results: Results) -> dict[tuple[str, Stage], float]:
    if results.outlook is None or results.outlook.balance.empty:
        return {}
    table = results.outlook.balance
    year = min(max(results.world.as_of.year, int(table["year"].min())), int(table["year"].max()))
    rows = table[(table["capacity"] == Capacity.CLASSES) & (table["year"] == year)]
    return {
        (str(unit), Stage(stage)): float(round(seats))
        for unit, stage, seats in zip(rows["unit_id"], rows["stage"], rows["seats"], strict=True)
        if not is_missing(float(seats))
    }


def _verdicts_by_county(results: Results) -> dict[tuple[str, Stage], tuple[int, int, int]]:
    stages = {rule.id: rule.stage for rule in results.rules}
    place_of = county_of(results)
    counts: dict[tuple[str, Stage], list[int]] = {}
    for row in results.findings.itertuples():
        stage = stages.get(str(row.rule_id))
        kind, unit = str(row.unit_kind), str(row.unit_id)
        county = place_of.get((kind, unit), "")
        if stage is None or not county:
            continue
        entry = counts.setdefault((county, stage), [0, 0, 0])
        if row.status == Status.SHORTFALL:
            entry[1 if row.strength in SOFT else 0] += 1
        elif row.status == Status.NOT_ASSESSABLE:
            entry[2] += 1
    return {key: (a, b, c) for key, (a, b, c) in counts.items()}


def records(table: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows; what they hold is told by the heads, not by types."""
    yield from table.itertuples()


def rounded(people: float, *, is_born: bool, unborn: int = -3) -> float | None:
    """
    Return counted children to ten, scenarios of the unborn in thousands; None for unknown.

    Townships have hundreds of children: with `unborn` −2 theirs are given in hundreds.
    """
    if is_missing(float(people)):
        return None
    return round(float(people), -1 if is_born else unborn)
