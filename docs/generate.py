"""
Write the pages of the docs that are made from the package itself: rules, study file, layers.

`python docs/generate.py` fills `docs/_build/source` with the hand-written pages and the made ones;
Sphinx then builds from there, so that nothing made stands beside what is written by hand.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import zmd_layout
from zmd_layout.findings import COLUMNS as FINDINGS
from zmd_layout.layers.schema import SCHEMAS
from zmd_layout.messages import Message, word
from zmd_layout.outputs.workbook.sources import layer_word
from zmd_layout.rulebook import (
    CASES_SUFFIX,
    Rule,
    builtin_rulesets,
    load_cases,
    load_ruleset,
    rules_folder,
)
from zmd_layout.siting.coverage import COLUMNS as COVERAGE
from zmd_layout.siting.plan.seats_by_year import COLUMNS as SEATS
from zmd_layout.vocabulary import Addressee, Basis, DueState, Lang, Strength, UnitKind
from zmd_layout.workflow.comparing import COLUMNS as CHANGES

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS = Path(__file__).parent
SOURCE = DOCS / "_build" / "source"
TEMPLATE = DOCS.parent / "zmd_layout" / "builtin" / "study-template.toml"


def main() -> None:
    """Copy the written pages and make the others."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    for page in [*DOCS.glob("*.md"), DOCS / "conf.py", DOCS / "search_pairs.py"]:
        shutil.copy(page, SOURCE / page.name)
    shutil.copytree(DOCS / "recipes", SOURCE / "recipes")
    _write(SOURCE / "reference.md", reference_page())
    _write(SOURCE / "result_columns.md", results_page())
    shutil.copytree(DOCS / "pictures", SOURCE / "pictures")
    shutil.copy(TEMPLATE, SOURCE / TEMPLATE.name)
    _write(SOURCE / "layers.md", layers_page())
    for name in builtin_rulesets():
        folder = SOURCE / "rules" / name
        rules = load_ruleset(name)
        _write(folder / "index.md", ruleset_page(name, rules))
        for rule in rules:
            _write(folder / f"{rule.id}.md", rule_page(rule))
    sets = [f"{name}/index" for name in builtin_rulesets()]
    _write(SOURCE / "rules" / "index.md", _toc("规则 / Rules", sets))


def reference_page() -> str:
    """Give the reference of the public names, from their docstrings."""
    lines = [
        "# 参考 / Reference", "",
        "`import zmd_layout` 之后的全部公开名称；例子中 `study` 是研究，其余是其图层。", "",
        "*All public names; in the examples `study` is an open study, the others its tables.*", "",
    ]  # fmt: skip
    kinds: dict[str, list[str]] = {"autofunction": [], "autoclass": []}
    for name in zmd_layout.__all__:
        thing = getattr(zmd_layout, name)
        if isinstance(thing, type):
            kinds["autoclass"].append(name)
        elif callable(thing):
            kinds["autofunction"].append(name)
    for directive, names in kinds.items():
        for name in names:
            lines += ["```{eval-rst}", f".. {directive}:: zmd_layout.{name}"]
            lines += ["   :members:"] if directive == "autoclass" else []
            lines += ["   :no-index-entry:", "```", ""]
    lines += ["```{eval-rst}", ".. autofunction:: zmd_layout.location.solve", "```", ""]
    return "\n".join(lines)


def results_page() -> str:
    """Give the columns of the tables of results, from the lists that the program itself writes."""
    tables = {
        "findings.csv": FINDINGS, "coverage.csv": COVERAGE, "seats_by_year.csv": SEATS,
        "changes.csv": CHANGES,
    }  # fmt: skip
    lines = ["# 结果的列 / Columns of results", "", "空白表示不知道。*Empty means unknown.*", ""]
    for name, columns in tables.items():
        rows = [(f"`{c}`", _field(c, Lang.ZH), _field(c, Lang.EN)) for c in columns]
        lines += [f"## `{name}`", "", *_table(("列 / column", "含义", "meaning"), rows)]
    return "\n".join(lines) + "\n"


def rule_page(rule: Rule) -> str:
    """Give the page of a rule: what it says, how we read it, its numbers, its cases."""
    lines = [
        f"# {rule.title.zh}", "", f"*{rule.title.en}*", "",
        *_table(
            ("项目 / item", "内容 / what"),
            [
                ("编号 / id", f"`{rule.id}` ({rule.key})"),
                ("约束力 / strength", _both(rule.strength, Strength)),
                ("责任主体 / owed by", _both(rule.addressee, Addressee)),
                ("评价单元 / unit", _both(rule.unit, UnitKind)),
                ("期限 / due", str(rule.due.on or _both(rule.due.state, DueState))),
                ("所需的量 / needs", ", ".join(f"`{name}`" for name in rule.needs)),
            ],
        ),
        "## 条文 / Clauses", "",
    ]  # fmt: skip
    for clause in rule.clauses.values():
        source = f"{clause.document} {clause.article}".strip()
        lines += [f"> {clause.text}", ">", f"> —— {source}（{clause.checked_on}）", ""]
        if clause.url:
            lines += [f"`{clause.url}`", ""]
    lines += ["## 解读 / Reading", "", rule.reading.zh, "", rule.reading.en, ""]
    if rule.parameters:
        lines += ["## 数值 / Numbers", ""]
        numbers = [
            (f"`{name}`", f"{dated.value:g}", parameter.unit, str(day), _both(dated.basis, Basis))
            for name, parameter in rule.parameters.items()
            for day, dated in parameter.values.items()
        ]
        heads = ("名称 / name", "值 / value", "单位 / unit", "起 / from", "依据 / basis")
        lines += _table(heads, numbers)
    return "\n".join([*lines, *_cases(rule)]) + "\n"


def _cases(rule: Rule) -> list[str]:
    path = rules_folder() / rule.ruleset / f"{rule.id}{CASES_SUFFIX}"
    if not path.exists():
        return []
    rows = [
        (case.name, _values(case.measures), _values(case.expect or {"": "not in force"}))
        for case in load_cases(path)
    ]
    return [
        "## 案例 / Cases",
        "",
        *_table(("情形 / case", "输入 / given", "结论 / expected"), rows),
    ]


def _values(values: dict[str, object]) -> str:
    return ", ".join(f"{name} = {value}" if name else str(value) for name, value in values.items())


def ruleset_page(name: str, rules: list[Rule]) -> str:
    """Give the page of a set with a table of its rules."""
    rows = [
        (rule.key, f"[{rule.title.zh}]({rule.id}.md)", rule.title.en, word(Strength(rule.strength)))
        for rule in rules
    ]
    heads = ("条款 / key", "规则 / rule", "", "约束力 / strength")
    toc = _toc(name, [rule.id for rule in rules]).splitlines()
    return "\n".join([*toc[:2], *_table(heads, rows), *toc[2:]]) + "\n"


def layers_page() -> str:
    """Give every layer with its columns, from the schema that the program itself reads."""
    lines = [
        "# 图层与列 / Layers and columns", "",
        "空白表示不知道，不是零。*Empty means unknown, never zero.*", "",
    ]  # fmt: skip
    for name, schema in SCHEMAS.items():
        lines += [f"## {layer_word(name)} / `{name}`", ""]
        rows = [
            (
                f"`{column.name}`", _field(column.name, Lang.ZH), _field(column.name, Lang.EN),
                str(column.kind), "✓" if column.is_required else "", ", ".join(column.words),
                "、".join(column.names),
            )
            for column in schema.columns
        ]  # fmt: skip
        heads = (
            "列 / column",
            "含义",
            "meaning",
            "类型 / type",
            "必填 / required",
            "取值 / words",
            "常见列名 / usual heads",
        )
        lines += _table(heads, rows)
    return "\n".join(lines) + "\n"


def _field(name: str, lang: Lang) -> str:
    try:
        return Message(f"fields.{name}").text(lang)
    except KeyError:
        return ""


def _both(value: object, kind: type) -> str:
    member = kind(value)
    return f"{word(member, Lang.ZH)} / {word(member, Lang.EN)}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _toc(title: str, pages: list[str]) -> str:
    return "\n".join([f"# {title}", "", "```{toctree}", ":maxdepth: 1", "", *pages, "```"]) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
