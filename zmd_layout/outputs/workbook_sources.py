"""The sheets of what the results rest on: data, assumptions, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.messages import Message, word, word_message
from zmd_layout.outputs.workbook_sheet import Row, Sheet
from zmd_layout.vocabulary import Basis, Lang, RuleStatus

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results
    from zmd_layout.rulebook import Rule


def sources(results: Results) -> Sheet:
    """Give each layer with its file, year, datum and repairs, and what the forecast supposes."""
    columns = (
        "图层", "文件", "年份", "行数", "坐标声明", "坐标系已核实", "示例列", "修复", "SHA-256",
        "提示",
    )  # fmt: skip
    rows: list[Row] = []
    for name, layer in sorted(results.world.layers.items()):
        origin = layer.origin
        repaired = "；".join(
            Message(f"cli.repaired_{what}", count=count).text()
            for what, count in origin.repaired.items()
        )
        rows.append(
            (
                layer_word(name), origin.path, origin.year, len(layer.frame), origin.coordinates,
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


def layer_word(name: str, lang: Lang = Lang.ZH) -> str:
    """Print a layer's name, such as `schools` → 学校; as it is where we have no word."""
    try:
        return Message(f"words.layer_{name}").text(lang)
    except KeyError:
        return name


def rule_sheet(results: Results) -> Sheet:
    """Give each rule with its clause, our reading and its numbers."""
    columns = (
        "条款编号", "规则", "标题", "规则集", "条文（原文）", "出处", "解读", "约束力",
        "数值与依据", "来源状态", "复核日期",
    )  # fmt: skip
    rows: list[Row] = []
    for rule in results.rules:
        clauses = list(rule.clauses.values())
        rows.append(
            (
                rule.key, rule.id, rule.title.zh, rule.ruleset,
                "；".join(c.text for c in clauses),
                "；".join(f"{c.document} {c.article}" for c in clauses),
                rule.reading.zh, word(rule.strength), _numbers(rule),
                word_message(RuleStatus(rule.status)).text(), min(c.checked_on for c in clauses),
            )
        )  # fmt: skip
    return Sheet("规则与解读", columns, rows, frozen_columns=2)


def _numbers(rule: Rule) -> str:
    return "；".join(
        f"{name} = {dated.value:g}（{day}起，{word(Basis(dated.basis))}）"
        for name, parameter in rule.parameters.items()
        for day, dated in parameter.values.items()
    )
