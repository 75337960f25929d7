"""The sheets of verdicts: every finding, what is to be mended, what could not be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.messages import Message, word
from zmd_layout.outputs.results import county_names, county_of
from zmd_layout.outputs.workbook_sheet import Row, Sheet
from zmd_layout.vocabulary import (
    Addressee,
    Basis,
    DueState,
    Flag,
    Lang,
    Relation,
    Status,
    Strength,
    UnitKind,
)

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results

SOFT = frozenset({Strength.IN_PRINCIPLE, Strength.EXPECTED_TARGET, Strength.INDICATOR})


def status_word(status: str, strength: str) -> str:
    """Print a status as the reviewer expects it: a soft shortfall is one to be explained."""
    if status == Status.SHORTFALL and strength in SOFT:
        return Message("outputs.to_explain").text()
    return word(Status(status))


def all_findings(results: Results) -> Sheet:
    """Give every finding with its clause; not the schools to which a clause does not apply."""
    columns = (
        "序号", "县区", "乡镇/单元", "条款编号", "条款内容", "出处", "约束力", "责任主体", "关系",
        "应有", "现有", "缺口", "单位", "判定", "到期情况", "稳健性（稳健/敏感）", "数据来源与年份",
        "依据", "提示", "是否示例数据", "备注",
    )  # fmt: skip
    names, place_of = county_names(results), county_of(results)
    keys = {rule.id: rule.key for rule in results.rules}
    rows: list[Row] = []
    shown = results.findings[
        ~((results.findings["unit_kind"] == UnitKind.SCHOOL)
          & (results.findings["status"] == Status.NOT_APPLICABLE))
    ]  # fmt: skip
    for number, row in enumerate(shown.itertuples(), start=1):
        kind, unit = str(row.unit_kind), str(row.unit_id)
        county = place_of.get((kind, unit), "")
        head, _, text = str(row.clause).partition("：")
        rows.append(
            (
                number, names.get(county, ""), row.unit_name, keys.get(str(row.rule_id), ""), text,
                head, word(Strength(row.strength)), word(Addressee(row.addressee)),
                word(Relation(row.relation)) if row.relation else "", row.required, row.measured,
                row.gap, unit_word(str(row.measure_unit)), status_word(row.status, row.strength),
                word(DueState(row.due_state)), row.stability, row.sources, word(Basis(row.basis)),
                flags_text(str(row.flags)), bool(row.is_synthetic), row.note_zh,
            )
        )  # fmt: skip
    return Sheet("条款核查明细", columns, rows, frozen_columns=3, status_column="判定")


def flags_text(flags: str) -> str:
    """Print flags as words; one without a word is printed as it is."""
    known = {str(flag) for flag in Flag}
    return "、".join(word(Flag(f)) if f in known else f for f in flags.split(";") if f)


def unit_word(unit: str, lang: Lang = Lang.ZH) -> str:
    """Print what a number is counted in, such as `school` → 所; as it is where we have no word."""
    try:
        return Message(f"words.unit_{unit}").text(lang)
    except KeyError:
        return unit


def problems(results: Results) -> Sheet:
    """Give the shortfalls, the strongest clause first, with who owes it and until when."""
    columns = (
        "序号", "县区", "单元", "问题", "责任单位", "约束力", "缺口", "单位", "完成时限",
        "所需资料",
    )  # fmt: skip
    names, place_of = county_names(results), county_of(results)
    titles = {rule.id: rule.title.zh for rule in results.rules}
    short = results.findings[results.findings["status"] == Status.SHORTFALL]
    order = {str(s): n for n, s in enumerate(Strength)}
    short = short.assign(order=short["strength"].map(order))
    short = short.sort_values(["order", "rule_id", "unit_id"], kind="stable")
    rows: list[Row] = []
    for number, row in enumerate(short.itertuples(), start=1):
        county = place_of.get((str(row.unit_kind), str(row.unit_id)), "")
        verdict = status_word(row.status, row.strength)
        rows.append(
            (
                number, names.get(county, ""), row.unit_name,
                f"{titles.get(str(row.rule_id), row.rule_id)}：{verdict}",
                word(Addressee(row.addressee)), word(Strength(row.strength)), row.gap,
                unit_word(str(row.measure_unit)), row.due_on or word(DueState(row.due_state)), "",
            )
        )  # fmt: skip
    return Sheet("问题整改清单", columns, rows, frozen_columns=3)


def open_matters(results: Results) -> Sheet:
    """Give what could not be judged, by rule and by what is missing."""
    columns = ("规则", "标题", "资料不足的单元数", "原因与所需资料")
    titles = {rule.id: rule.title.zh for rule in results.rules}
    open_ = results.findings[results.findings["status"] == Status.NOT_ASSESSABLE]
    rows: list[Row] = []
    for (rule_id, note), group in open_.groupby(["rule_id", "note_zh"], sort=True):
        rows.append((rule_id, titles.get(str(rule_id), ""), len(group), note))
    return Sheet("未能判定事项及所需资料", columns, rows)
