"""The command `zmd-layout compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.vocabulary import Lang
    from zmd_layout.workflow.comparing import Comparison


@click.command()
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="输出文件夹 / folder of the results")
@click.pass_obj
def compare(obj: dict[str, Any], run_a: Path, run_b: Path, out: Path | None) -> None:
    """
    比较两次结果：哪些缺口新出现、扩大、缩小或消除，备选位置有何不同。

    What changed between two runs, as a table and a map.

    RUN_A 与 RUN_B 是 run 写出的文件夹，先旧后新。 RUN_A and RUN_B are folders that run wrote, the
    older first.
    """
    from zmd_layout.cli.tables import print_paths
    from zmd_layout.workflow.comparing import compare as compare_runs
    from zmd_layout.workflow.comparing import write_comparison

    folder = out or Path("maps") / f"compare-{run_a.name}-{run_b.name}"
    comparison = compare_runs(run_a, run_b)
    paths = write_comparison(comparison, folder)
    print_comparison(comparison, obj["lang"])
    print_paths(paths, obj["lang"])


def print_comparison(comparison: Comparison, lang: Lang) -> None:
    """Print what the runs rest on, changes by rule, and how the suggested places differ."""
    from zmd_layout.cli.tables import console, find_titles

    for difference in comparison.differences:
        click.echo(difference.text(lang))
    counts = comparison.counts()
    if counts.empty:
        click.echo(Message("compare.no_changes").text(lang))
    else:
        titles = find_titles(lang)
        table = Table(title=Message("compare.title").text(lang))
        table.add_column(Message("compare.rule").text(lang), overflow="fold")
        for kind in counts.columns:
            table.add_column(Message(f"compare.{kind}").text(lang), justify="right")
        for rule_id, row in counts.iterrows():
            cells = [str(count) if count else "" for count in row]
            table.add_row(titles.get(str(rule_id), str(rule_id)), *cells)
        console().print(table)
    kinds = comparison.sites["change"].value_counts()
    numbers = {name: int(kinds.get(name, 0)) for name in ("added", "removed", "other")}
    click.echo(Message("compare.sites", **numbers).text(lang))
