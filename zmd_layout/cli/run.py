"""The commands `zmd-layout run` and `zmd-layout check`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zmd_layout.cli.plan_options import plan_changes, plan_options
from zmd_layout.cli.progress import progress
from zmd_layout.messages import Message

if TYPE_CHECKING:
    import datetime as dt

    from zmd_layout.vocabulary import Lang
    from zmd_layout.workflow import Run
    from zmd_layout.workflow.executors import Where

DAY = click.DateTime(formats=["%Y-%m-%d"])
STABILITY = click.option(
    "--stability",
    is_flag=True,
    help="检验结论是否经得起数据误差（数倍时间）/ try which verdicts hold; several times as long",
)
TABLE = click.option(
    "--table",
    is_flag=True,
    help="另打印逐条核查表和完整收件清单 / also print the table of all rules and all that was read",
)


@click.command()
@click.argument("study", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="输出文件夹 / folder of the results")
@click.option(
    "--pdf", is_flag=True, help="报告另存为 PDF（需 LibreOffice）/ the report as PDF, too"
)
@STABILITY
@click.option(
    "--fresh",
    is_flag=True,
    help="不沿用上次的中间结果 / do everything, also what did not change since the last run",
)
@click.option("--workers", type=click.IntRange(min=1), help="多个研究时的进程数 / processes")
@click.option("--scheduler", help="Dask 调度器地址，多个研究时用 / tcp://… of a Dask scheduler")
@click.option(
    "--reach",
    type=click.FloatRange(min=0),
    help="多个研究时看邻县多远（米，默认 10000）/ how far into neighbouring studies, metres",
)
@click.option(
    "--repeat",
    "record",
    type=click.Path(path_type=Path),
    help="按 run.json 重做一次并比较 / do the run of a run.json again and compare",
)
@TABLE
@plan_options
@click.pass_obj
def run(
    obj: dict[str, Any],
    /,
    study: str | None,
    out: Path | None,
    pdf: bool,  # noqa: FBT001 - click passes a flag
    stability: bool,  # noqa: FBT001 - click passes a flag
    fresh: bool,  # noqa: FBT001 - click passes a flag
    workers: int | None,
    scheduler: str | None,
    reach: float | None,
    record: Path | None,
    table: bool,  # noqa: FBT001 - click passes a flag
    **asked: Any,  # noqa: ANN401 - options of the plan
) -> None:
    """
    主要任务：核查每条规则，绘制缺口图，写出全部结果。

    The main job: check every rule, draw the gap map, write everything.

    \b
    STUDY 可以是 / may be
      不写 / left out            内置的驻马店（演示数据）/ the built-in Zhumadian, made up
      zhumadian-census           内置的真实图层 / the real layers alone
      my-county                  研究文件夹或其 study.toml / a study folder or its file
      henan                      含多个研究文件夹的文件夹，如一省各县：逐个运行，各看到邻县
                                 边界附近的学校和道路，结果合并 / a folder of study folders:
                                 each run sees its neighbours near the border; results merged

    默认输出到 maps/<研究编号>；再次运行时只重做有变化的部分。 Results go to maps/<id of the study>;
    a second run does again only what rests on something that changed.
    """  # noqa: D301 - click's \b keeps the lines apart
    from zmd_layout.workflow import load_study
    from zmd_layout.workflow import run as run_study
    from zmd_layout.workflow.executors import Where
    from zmd_layout.workflow.studies import studies_in

    if record is not None:
        if study is not None or pdf or stability:
            raise click.UsageError(Message("cli.repeat_alone").text(obj["lang"]))
        _repeat(record, out, obj["lang"])
        return
    changes = plan_changes(asked)
    if study is not None and studies_in(study):
        if pdf or stability:
            raise click.UsageError(Message("many.alone", folder=study).text(obj["lang"]))
        where = Where(workers, scheduler)
        _run_many(Path(study), out, where, changes, reach_m=reach, fresh=fresh, lang=obj["lang"])
        return
    opened = load_study(study).with_plan(**changes)
    folder = out or Path("maps") / opened.id
    with progress(obj["lang"]) as tell:
        result = run_study(
            opened, out=folder, pdf=pdf, stability=stability, lang=obj["lang"],
            reuse=not fresh, progress=tell,
        )  # fmt: skip
    _print_run(result, obj["lang"], whole=table)


def _repeat(record: Path, out: Path | None, lang: Lang) -> None:
    from zmd_layout.workflow import repeat

    with progress(lang) as tell:
        repetition = repeat(record, out=out, progress=tell)
    for message in repetition.messages():
        click.echo(message.text(lang))


def _print_run(result: Run, lang: Lang, *, whole: bool) -> None:
    """Print the lines that matter; the whole of it where that was asked for."""
    from zmd_layout.cli import tables
    from zmd_layout.measures.lacking import advice
    from zmd_layout.workflow.loading import load_rules

    tables.print_summary(result.study, result.summary, lang)
    if whole:
        tables.print_findings(result.findings, lang)
    tables.print_banner(result.findings, lang)
    tables.print_missing(result.findings, result.layers, lang)
    lacking = advice(result.findings, load_rules(result.study), result.layers)
    if lacking is not None:
        click.echo(lacking.text(lang))
    tables.print_stability(result.findings, result.paths, lang)
    tables.print_account(result.layers, lang, whole=whole)
    tables.print_layers(result.layers, lang)
    tables.print_steps(result.steps, lang)
    if whole:
        tables.print_paths(result.paths, lang)
    tables.print_next(result.paths, lang)


def _run_many(
    folder: Path,
    out: Path | None,
    where: Where,
    plan: dict[str, Any],
    *,
    reach_m: float | None,
    fresh: bool,
    lang: Lang,
) -> None:
    from zmd_layout.cli import tables
    from zmd_layout.workflow.halo import REACH_M
    from zmd_layout.workflow.many import run_many

    with progress(lang) as tell:
        many = run_many(
            folder,
            out=out or Path("maps") / folder.resolve().name,
            where=where,
            plan=plan,
            reach_m=REACH_M if reach_m is None else reach_m,
            fresh=fresh,
            progress=tell,
        )
    for one in many.failed:
        told = Message("many.fault", name=one.name, folder=one.out.name, fault=one.fault)
        click.echo(told.text(lang), err=True)
    good = len(many.done) - len(many.failed)
    stood = sum(one.has_stood for one in many.done)
    told = Message("many.summary", good=good, stood=stood, failed=len(many.failed))
    click.echo(told.text(lang))
    if find_spec("pyarrow") is None:
        click.echo(Message("many.no_pyarrow").text(lang))
    tables.print_paths(many.paths, lang)
    if many.failed:
        click.get_current_context().exit(1)


@click.command()
@click.argument("study", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="输出文件夹 / folder of findings.csv")
@click.option("--as-of", type=DAY, help="评估日期 / day of the assessment, YYYY-MM-DD")
@STABILITY
@click.pass_obj
def check(
    obj: dict[str, Any],
    study: str | None,
    out: Path | None,
    as_of: dt.datetime | None,
    stability: bool,  # noqa: FBT001 - click passes a flag
) -> None:
    """
    只核查，不绘图：写出 findings.csv 和 run.json。

    Findings only, no map: writes findings.csv and run.json. STUDY 同 run / as for run.
    """
    from zmd_layout.cli import tables
    from zmd_layout.workflow import check_to_folder, load_study

    opened = load_study(study)
    folder = out or Path("maps") / opened.id
    advice: list[Message] = []
    with progress(obj["lang"]) as tell:
        findings, paths = check_to_folder(
            opened, as_of=as_of.date() if as_of else None, out=folder, stability=stability,
            progress=tell, advise=advice.append,
        )  # fmt: skip
    tables.print_findings(findings, obj["lang"])
    tables.print_banner(findings, obj["lang"])
    for message in advice:
        click.echo(message.text(obj["lang"]))
    tables.print_stability(findings, paths, obj["lang"])
    tables.print_recorded_account(paths["run.json"], obj["lang"])
    tables.print_paths(paths, obj["lang"])
