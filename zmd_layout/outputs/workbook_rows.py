"""The rows of the ten sheets, in the words of the education department (wording of the heads)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.forecast import Capacity
from zmd_layout.measures.conditions import is_missing
from zmd_layout.messages import Message, word, word_message
from zmd_layout.vocabulary import (
    Addressee,
    Basis,
    Construction,
    DueState,
    Flag,
    Relation,
    RuleStatus,
    SchoolStatus,
    Stage,
    Status,
    Strength,
    UnitKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zmd_layout.outputs.workbook import Results
    from zmd_layout.rulebook import Rule

Row = tuple[Any, ...]
_SOFT = {Strength.IN_PRINCIPLE, Strength.EXPECTED_TARGET, Strength.INDICATOR}


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    A sheet of the workbook.

    Attributes
    ----------
    name
        On the tab, at most 31 signs.
    columns
        The heads.
    rows
        Text, numbers, days, booleans; None is left empty.
    frozen_columns
        How many columns stay when one scrolls.
    status_column
        The head of the column that is coloured by status.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    frozen_columns: int = 0
    status_column: str | None = None


def sheets_of(results: Results) -> Iterator[Sheet]:
    """Yield the sheets in order."""
    yield _overview(results)
    yield _findings(results)
    yield _problems(results)
    yield _balance(results)
    yield _planned_schools(results)
    yield _projects(results)
    yield _kept_schools(results)
    yield _sources(results)
    yield _rules(results)
    yield _open_matters(results)


def _county_names(results: Results) -> dict[str, str]:
    units = results.world.units(UnitKind.COUNTY, {})
    if units is None:
        return {}
    return {
        str(i): str(name) for i, name in zip(units.frame.index, units.frame["name"], strict=True)
    }


def _county_of(results: Results) -> dict[tuple[str, str], str]:
    """Give the county of every township, area, school and parcel that lies in one."""
    counties = results.world.units(UnitKind.COUNTY, {})
    found: dict[tuple[str, str], str] = {}
    if counties is None:
        return found
    pairs = {
        UnitKind.TOWNSHIP: "townships", UnitKind.SCHOOL: "schools", UnitKind.VILLAGE: "villages",
        UnitKind.RESIDENTIAL_AREA: "residential_areas", UnitKind.PARCEL: "education_land",
    }  # fmt: skip
    for kind, layer_name in pairs.items():
        layer = results.world.layers.get(layer_name)
        units = results.world.units(kind, {}) if layer is not None else None
        if layer is None or units is None:
            continue
        place = results.world.members(layer, counties)
        for unit, county in zip(units.frame.index, place.to_numpy(), strict=False):
            found[str(kind), str(unit)] = "" if is_missing(county) else str(county)
    return found


def status_word(status: str, strength: str) -> str:
    """Print a status as the reviewer expects it: a soft shortfall is one to be explained."""
    if status == Status.SHORTFALL and strength in _SOFT:
        return Message("outputs.to_explain").text()
    return word(Status(status))


def _overview(results: Results) -> Sheet:
    columns = (
        "县区", "学段", "常住人口", "适龄人口", "年份", "学校数", "教学点数", "在校生", "标准学位",
        "余缺", "不符合项", "需说明理由项", "资料不足项",
    )  # fmt: skip
    names = _county_names(results)
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
    county_of = _county_of(results)
    counts: dict[tuple[str, Stage], list[int]] = {}
    for row in results.findings.itertuples():
        stage = stages.get(str(row.rule_id))
        kind, unit = str(row.unit_kind), str(row.unit_id)
        county = unit if kind == UnitKind.COUNTY else county_of.get((kind, unit), "")
        if stage is None or not county:
            continue
        entry = counts.setdefault((county, stage), [0, 0, 0])
        if row.status == Status.SHORTFALL:
            entry[1 if row.strength in _SOFT else 0] += 1
        elif row.status == Status.NOT_ASSESSABLE:
            entry[2] += 1
    return {key: (a, b, c) for key, (a, b, c) in counts.items()}


def _findings(results: Results) -> Sheet:
    columns = (
        "序号", "县区", "乡镇/单元", "条款编号", "条款内容", "出处", "约束力", "责任主体", "关系",
        "应有", "现有", "缺口", "单位", "判定", "到期情况", "稳健性（稳健/敏感）", "数据来源与年份",
        "依据", "提示", "是否示例数据", "备注",
    )  # fmt: skip
    names, county_of = _county_names(results), _county_of(results)
    keys = {rule.id: rule.key for rule in results.rules}
    rows: list[Row] = []
    shown = results.findings[
        ~((results.findings["unit_kind"] == UnitKind.SCHOOL)
          & (results.findings["status"] == Status.NOT_APPLICABLE))
    ]  # fmt: skip
    for number, row in enumerate(shown.itertuples(), start=1):
        kind, unit = str(row.unit_kind), str(row.unit_id)
        county = unit if kind == UnitKind.COUNTY else county_of.get((kind, unit), "")
        head, _, text = str(row.clause).partition("：")
        rows.append(
            (
                number, names.get(county, ""), row.unit_name, keys.get(str(row.rule_id), ""), text,
                head, word(Strength(row.strength)), word(Addressee(row.addressee)),
                word(Relation(row.relation)) if row.relation else "", row.required, row.measured,
                row.gap, _unit_word(str(row.measure_unit)), status_word(row.status, row.strength),
                word(DueState(row.due_state)), row.stability, row.sources, word(Basis(row.basis)),
                flags_text(str(row.flags)), bool(row.is_synthetic), row.note_zh,
            )
        )  # fmt: skip
    return Sheet("条款核查明细", columns, rows, frozen_columns=3, status_column="判定")


def flags_text(flags: str) -> str:
    """Print flags as words; one without a word is printed as it is."""
    known = {str(flag) for flag in Flag}
    return "、".join(word(Flag(f)) if f in known else f for f in flags.split(";") if f)


def _unit_word(unit: str) -> str:
    try:
        return Message(f"words.unit_{unit}").text()
    except KeyError:
        return unit


def _problems(results: Results) -> Sheet:
    columns = (
        "序号",
        "县区",
        "单元",
        "问题",
        "责任单位",
        "约束力",
        "缺口",
        "单位",
        "完成时限",
        "所需资料",
    )
    names, county_of = _county_names(results), _county_of(results)
    titles = {rule.id: rule.title.zh for rule in results.rules}
    short = results.findings[results.findings["status"] == Status.SHORTFALL]
    order = {str(s): n for n, s in enumerate(Strength)}
    short = short.assign(order=short["strength"].map(order))
    short = short.sort_values(["order", "rule_id", "unit_id"], kind="stable")
    rows: list[Row] = []
    for number, row in enumerate(short.itertuples(), start=1):
        kind, unit = str(row.unit_kind), str(row.unit_id)
        county = unit if kind == UnitKind.COUNTY else county_of.get((kind, unit), "")
        rows.append(
            (
                number, names.get(county, ""), row.unit_name,
                f"{titles.get(str(row.rule_id), row.rule_id)}：{status_word(row.status, row.strength)}",
                word(Addressee(row.addressee)), word(Strength(row.strength)), row.gap,
                _unit_word(str(row.measure_unit)), row.due_on or word(DueState(row.due_state)), "",
            )
        )  # fmt: skip
    return Sheet("问题整改清单", columns, rows, frozen_columns=3)


def _balance(results: Results) -> Sheet:
    columns = (
        "单元", "学段", "年份", "是否已出生", "低", "中", "高", "设计学位", "标准班额学位（班数×班额）",
        "教室学位（教室×班额）", "余缺（中，标准班额）",
    )  # fmt: skip
    if results.outlook is None:
        return Sheet("供需平衡表", columns)
    names = _county_names(results)
    seats = _seats_by_capacity(results)
    rows: list[Row] = []
    for row in results.outlook.children.itertuples():
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
        for r in table.itertuples()
        if not is_missing(float(r.seats))
    }


def _planned_schools(results: Results) -> Sheet:
    columns = (
        "编号", "学校名称（备选位置）", "学段", "所在县区", "建设性质", "规划班数", "规划学位",
        "建设时序", "服务适龄儿童", "平均路程（现状，米）", "平均路程（建成后，米）", "解决的问题",
        "求解状态", "与理论最好方案的差距（%）", "提示", "是否示例数据", "备注",
    )  # fmt: skip
    names = _county_names(results)
    rows: list[Row] = [
        (
            row.id, row.name, word(Stage(row.stage)), names.get(str(row.county_id), row.county_id),
            word(Construction.NEW) if row.action == "new" else word(Construction.EXPANDED),
            row.classes, row.seats, row.opens_in, round(row.children_served, -1),
            row.mean_distance_before_m, row.mean_distance_after_m, "；".join(row.closes),
            Message(f"words.solvestatus_{row.solve_status}").text(), row.gap_percent, row.flags,
            bool(row.is_synthetic), row.note_zh,
        )
        for row in results.suggestions.itertuples()
    ]  # fmt: skip
    return Sheet("规划学校一览表", columns, rows, frozen_columns=2)


def _projects(results: Results) -> Sheet:
    columns = ("项目编号", "项目名称", "学段", "建设性质", "所在县区", "竣工日期", "进展")
    layer = results.world.layers.get("projects")
    if layer is None:
        return Sheet("近期建设项目表", columns)
    names = _county_names(results)
    rows: list[Row] = []
    for row in layer.frame.to_dict("records"):
        done = row.get("done_on")
        is_done = not is_missing(done) and done <= results.world.as_of
        progress = "已竣工" if is_done else "在建或未启动" if not is_missing(done) else "不明"
        stage, kind = row.get("stage"), row.get("kind")
        rows.append(
            (
                row["project_id"], row.get("name"), "" if is_missing(stage) else word(Stage(stage)),
                "" if is_missing(kind) else word(Construction(kind)),
                names.get(str(row.get("county_id")), ""), done, progress,
            )
        )  # fmt: skip
    return Sheet("近期建设项目表", columns, rows, frozen_columns=2)


def _kept_schools(results: Results) -> Sheet:
    """List the small schools that stand: to be kept and watched, never to be closed."""
    columns = ("学校/教学点", "类型", "所在县区", "学生数", "建议", "程序要求")
    layer = results.world.layers.get("schools")
    counties = results.world.units(UnitKind.COUNTY, {})
    if layer is None or counties is None or "enrolment" not in layer.frame:
        return Sheet("保留与调整学校清单", columns)
    names = _county_names(results)
    frame = layer.frame.assign(county=results.world.members(layer, counties))
    small = frame[(frame["status"] == SchoolStatus.OPERATING) & (frame["enrolment"] < SMALL_SCHOOL)]
    small = small[small["stages"].map(lambda s: not is_missing(s) and "primary" in str(s))]
    rows: list[Row] = [
        (
            row.name, "教学点" if row.is_teaching_point is True else "小规模学校",
            names.get(str(row.county), ""), row.enrolment,
            "保留并动态监测", "确需调整的，须先安置后撤并、先建设后撤并，并履行论证、公示、听证、报批程序",
        )
        for row in small.sort_values(["county", "school_id"]).itertuples()
    ]  # fmt: skip
    return Sheet("保留与调整学校清单", columns, rows, frozen_columns=1)


SMALL_SCHOOL = 100  # pupils; 国办发〔2018〕27号: a small school has fewer than 100


def _sources(results: Results) -> Sheet:
    columns = (
        "图层",
        "文件",
        "年份",
        "行数",
        "坐标声明",
        "坐标系已核实",
        "示例列",
        "修复",
        "SHA-256",
        "提示",
    )
    rows: list[Row] = []
    for name, layer in sorted(results.world.layers.items()):
        origin = layer.origin
        repaired = "；".join(
            Message(f"cli.repaired_{what}", count=count).text()
            for what, count in origin.repaired.items()
        )
        rows.append(
            (
                _layer_word(name), origin.path, origin.year, len(layer.frame), origin.coordinates,
                origin.is_datum_verified, "、".join(sorted(origin.made_columns)), repaired,
                origin.sha256, "；".join(note.text() for note in origin.notes),
            )
        )  # fmt: skip
    if results.outlook is not None:
        rows += [
            ("预测假设", "", None, None, "", None, "", "", "", s.text())
            for s in results.outlook.suppositions
        ]
    return Sheet("数据来源与口径", columns, rows, frozen_columns=1)


def _layer_word(name: str) -> str:
    try:
        return Message(f"words.layer_{name}").text()
    except KeyError:
        return name


def _rules(results: Results) -> Sheet:
    columns = (
        "条款编号", "规则", "标题", "规则集", "条文（原文）", "出处", "解读", "约束力", "数值与依据",
        "来源状态", "复核日期",
    )  # fmt: skip
    rows: list[Row] = []
    for rule in results.rules:
        clauses = list(rule.clauses.values())
        rows.append(
            (
                rule.key, rule.id, rule.title.zh, rule.ruleset,
                "；".join(c.text for c in clauses), "；".join(f"{c.document} {c.article}" for c in clauses),
                rule.reading.zh, word(rule.strength), _numbers(rule),
                word_message(RuleStatus(rule.status)).text(), min(c.checked_on for c in clauses),
            )
        )  # fmt: skip
    return Sheet("规则与解读", columns, rows, frozen_columns=2)


def _numbers(rule: Rule) -> str:
    return "；".join(
        f"{name} = {dated.value:g}（{day}起，{word(Basis(dated.basis))}）"
        for name, parameter in rule.parameters.items()
        for day, dated in parameter.values.items()  # noqa: PD011 - a rule's dates, no frame
    )


def _open_matters(results: Results) -> Sheet:
    columns = ("规则", "标题", "资料不足的单元数", "原因与所需资料")
    titles = {rule.id: rule.title.zh for rule in results.rules}
    open_ = results.findings[results.findings["status"] == Status.NOT_ASSESSABLE]
    rows: list[Row] = []
    for (rule_id, note), group in open_.groupby(["rule_id", "note_zh"], sort=True):
        rows.append((rule_id, titles.get(str(rule_id), ""), len(group), note))
    return Sheet("未能判定事项及所需资料", columns, rows)


def as_frame(sheet: Sheet) -> pd.DataFrame:
    """Give a sheet as a table, for notebooks."""
    return pd.DataFrame(sheet.rows, columns=list(sheet.columns))
