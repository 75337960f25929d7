"""The commands `zmd-layout evaluate` and `zmd-layout rules targets`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zmd_layout.cli.progress import progress
from zmd_layout.cli.run import DAY
from zmd_layout.messages import Message

if TYPE_CHECKING:
    import datetime as dt


@click.command()
@click.argument("study", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="输出文件夹 / folder of the results")
@click.option("--as-of", type=DAY, help="评估日期 / day of the assessment, YYYY-MM-DD")
@click.pass_obj
def evaluate(
    obj: dict[str, Any], study: str | None, out: Path | None, as_of: dt.datetime | None
) -> None:
    """
    终期评估：规划的每项目标、每条条款，基期、目标、实际，按期、逾期、未完成或不明。

    The final evaluation: every target and provision of the plan, its base, target and actual
    figure, and whether it was met by the date, later or not, as far as dates show it.

    \b
    写出 / writes
      evaluation.csv        逐项结果 / every row
      evaluation.docx       终期评估报告 / the report
      figures_to_fill.csv   待填写的统计数值，填好后作为 statistics 图层
                            figures that are asked for: complete it and name it as the layer
                            statistics in study.toml
    """  # noqa: D301 - click's \b keeps the lines apart
    from zmd_layout.cli import tables
    from zmd_layout.outputs.evaluation.counts import counts_of_targets
    from zmd_layout.workflow import evaluate as evaluate_study
    from zmd_layout.workflow import load_study

    opened = load_study(study)
    folder = out or Path("maps") / f"{opened.id}-evaluation"
    with progress(obj["lang"]) as tell:
        done = evaluate_study(
            opened, as_of=as_of.date() if as_of else None, out=folder, lang=obj["lang"],
            progress=tell,
        )  # fmt: skip
    told = Message("evaluation.summary", **counts_of_targets(done.table))
    click.echo(told.text(obj["lang"]))
    tables.print_paths(done.paths, obj["lang"])


@click.command("targets")
@click.option("--ruleset", default="zhumadian-2022-49", show_default=True, help="规则集 / a set")
@click.pass_obj
def list_targets(obj: dict[str, Any], ruleset: str) -> None:
    """
    列出规划目标与全部规则：已编为规则、按统计指标列报、无法核查及理由。

    List all targets of the plan and all rules: encoded, reported, or why not checkable.
    """
    from rich.table import Table

    from zmd_layout.cli.tables import console
    from zmd_layout.outputs.evaluation.counts import provision_list

    lang = obj["lang"]
    table = Table()
    for head in Message("evaluation.list_heads").text(lang).split("|"):
        table.add_column(head, overflow="fold")
    for row in provision_list(ruleset, lang):
        table.add_row(*row)
    console().print(table)
