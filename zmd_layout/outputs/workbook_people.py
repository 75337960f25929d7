"""The sheets of people and seats: the overview by county, and the balance by year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmd_layout.forecast import Capacity
from zmd_layout.measures.conditions import is_missing
from zmd_layout.messages import word
from zmd_layout.outputs.results import county_names, county_of
from zmd_layout.outputs.workbook_sheet import Row, Sheet
from zmd_layout.outputs.workbook_verdicts import SOFT
from zmd_layout.vocabulary import SchoolStatus, Stage, Status, UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from zmd_layout.outputs.results import Results


def overview(results: Results) -> Sheet:
    """Give people, schools, seats and counts of verdicts by county and stage."""
    columns = (
        "县区", "学段", "常住人口", "适龄人口", "年份", "学校数", "教学点数", "在校生", "标准学位",
        "余缺", "不符合项", "需说明理由项", "资料不足项",
    )  # fmt: skip
    names = county_names(results)
    rows: list[Row] = []
    counties = results.world.units(UnitKind.COUNTY, {})
    if counties is None:
        return Sheet("总览", columns)
    children = _children_now(results)
    schools = _schools_by_county(results)
    counts = _verdicts_by_county(results)
    for county, name in names.items():
        for stage in (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR):
            residents = (
                counties.frame["residents"].get(county) if "residents" in counties.frame else None
            )
            year, people = children.get((county, stage), (None, None))
            known = schools.get((county, stage), (None, None, None, None))
            verdicts = counts.get((county, stage), (0, 0, 0))
            seats = known[3]
            spare = None if seats is None or people is None else seats - people
            rows.append((name, word(stage), residents, people, year, *known, spare, *verdicts))
    return Sheet("总览", columns, rows, frozen_columns=2)


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


def _schools_by_county(
    results: Results,
) -> dict[tuple[str, Stage], tuple[int, int, float | None, float | None]]:
    """Count schools, teaching points, pupils and standard seats by county and stage."""
    layer = results.world.layers.get("schools")
    counties = results.world.units(UnitKind.COUNTY, {})
    if layer is None or counties is None or "stages" not in layer.frame:
        return {}
    frame = layer.frame.assign(county=results.world.members(layer, counties))
    frame = frame[frame["status"] == SchoolStatus.OPERATING]
    seats = _standard_seats(results)
    out = {}
    for stage in (Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR):
        mine = frame[
            frame["stages"].map(
                lambda s, st=stage: not is_missing(s) and str(st) in str(s).split(";")
            )
        ]
        for county, group in mine.groupby("county", sort=True):
            points = int(group["is_teaching_point"].map(lambda flag: flag is True).sum())
            pupils = float(group["enrolment"].sum(min_count=1)) if "enrolment" in group else None
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
    rows = table[table["capacity"] == Capacity.CLASSES].drop_duplicates(["unit_id", "stage"])
    return {
        (str(unit), Stage(stage)): float(seats)
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


def balance(results: Results) -> Sheet:
    """Set children against seats by county, stage and year, with the low and the high case."""
    columns = (
        "单元", "学段", "年份", "是否已出生", "低", "中", "高", "设计学位",
        "标准班额学位（班数×班额）", "教室学位（教室×班额）", "余缺（中，标准班额）",
    )  # fmt: skip
    if results.outlook is None:
        return Sheet("供需平衡表", columns)
    names = county_names(results)
    seats = _seats_by_capacity(results)
    rows: list[Row] = []
    for row in records(results.outlook.children):
        if row.stage not in {Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR}:
            continue
        unit, stage = str(row.unit_id), Stage(row.stage)
        there = [seats.get((unit, stage, capacity)) for capacity in Capacity]
        people = [
            rounded(value, is_born=bool(row.is_born)) for value in (row.low, row.middle, row.high)
        ]
        spare = None if there[1] is None or people[1] is None else there[1] - people[1]
        rows.append(
            (
                names.get(unit, unit),
                word(stage),
                row.year,
                bool(row.is_born),
                *people,
                *there,
                spare,
            )
        )
    return Sheet("供需平衡表", columns, rows, frozen_columns=3)


def records(table: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows; what they hold is told by the heads, not by types."""
    yield from table.itertuples()


def rounded(people: float, *, is_born: bool) -> float | None:
    """Give counted children to ten, scenarios of the unborn in thousands; None for unknown."""
    if is_missing(float(people)):
        return None
    return round(float(people), -1 if is_born else -3)


def _seats_by_capacity(results: Results) -> dict[tuple[str, Stage, Capacity], float]:
    if results.outlook is None or results.outlook.balance.empty:
        return {}
    table = results.outlook.balance.drop_duplicates(["unit_id", "stage", "capacity"])
    return {
        (str(r.unit_id), Stage(r.stage), Capacity(r.capacity)): float(r.seats)
        for r in records(table)
        if not is_missing(float(r.seats))
    }
