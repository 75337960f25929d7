"""The command `zmd-layout`: thin, and the only place that reads the clock."""

from __future__ import annotations

import datetime as dt
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from zmd_layout.cli.compare import compare
from zmd_layout.cli.evaluate import evaluate, list_targets
from zmd_layout.cli.fetch import fetch
from zmd_layout.cli.register import register
from zmd_layout.cli.review import review, serve
from zmd_layout.cli.roster import roster
from zmd_layout.cli.run import check, run
from zmd_layout.cli.site import site
from zmd_layout.errors import ZmdLayoutError, is_disk_full
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Base, Lang, Stage, Strength, UnitKind

if TYPE_CHECKING:
    from collections.abc import Sequence

# loading libraries makes many objects that stay: looking for circles among them so often as Python
# does by itself takes a fifth of a short command
_COLLECT_AFTER = (200_000, 30, 30)
_INTERRUPTED = 130  # as shells number a program that Ctrl-C ended


class _Group(click.Group):
    """Turn errors of the user's input into one clear message and exit code 1."""

    def main(self, args: Sequence[str] | None = None, **more: Any) -> Any:  # type: ignore[override]  # noqa: ANN401 - click's own signature
        if args is None:
            _decode_paths()
        return super().main(args, **more)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo(Message("cli.interrupted").text(_lang(ctx)), err=True)
            ctx.exit(_INTERRUPTED)
        except Exception as error:
            if os.environ.get("ZMD_DEBUG") and not isinstance(error, ZmdLayoutError):
                raise
            click.echo(_fault(error, _lang(ctx)), err=True)
            ctx.exit(1)


def _lang(ctx: click.Context) -> Lang:
    return Lang((ctx.obj or {}).get("lang", Lang.ZH))


def _fault(error: Exception, lang: Lang) -> str:
    """Return what is wrong: with the input, with the disk, or with the program."""
    if isinstance(error, ZmdLayoutError):
        return f"{Message('cli.error').text(lang)}\n{error.text(lang)}"
    if is_disk_full(error):
        from zmd_layout.outputs.folder import disk_full

        return f"{Message('cli.error').text(lang)}\n{disk_full().text(lang)}"
    return Message("cli.internal", what=f"{type(error).__name__}: {error}").text(lang)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--lang",
    type=click.Choice([str(lang) for lang in Lang]),
    default="zh",
    show_default=True,
    envvar="ZMD_LANG",
    help="输出语言 / language of the output",
)
@click.version_option(package_name="zmd-layout")
@click.pass_context
def main(ctx: click.Context, lang: str) -> None:
    """
    学校布局规划核查：按规划条文核查学校布局，绘制缺口图。

    Check school layout against the rules of a government plan, and draw the gaps.

    \b
    第一次使用 / first steps:
      zmd-layout run                     核查内置的驻马店研究 / the built-in Zhumadian
      zmd-layout init my-county          新建自己的研究文件夹 / a study folder of your own
      zmd-layout run my-county           核查自己的数据 / check your own data
      zmd-layout review plot.geojson     审查新建住宅区 / review a new residential area
      zmd-layout rules list              查看全部规则 / see the rules
    """  # noqa: D301 - click's \b keeps the lines apart
    _speak_utf8()
    gc.set_threshold(*_COLLECT_AFTER)
    ctx.obj = {"lang": Lang(lang)}


def _decode_paths() -> None:
    """
    Start again in UTF-8 under a locale that has no Chinese.

    Paths of the command line arrive undecoded there, and Python decodes them only when it starts.
    """
    utf8 = ["-X", "utf8"]
    if sys.getfilesystemencoding() != "utf-8" and sys.orig_argv[1:3] != utf8:
        os.execv(sys.executable, [sys.executable, *utf8, *sys.orig_argv[1:]])  # noqa: S606 - itself


def _speak_utf8() -> None:
    """Print Chinese on consoles whose code page has none."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--base",
    type=click.Choice(get_args(Base)),
    help="以内置研究的县区、乡镇为底图，只需补自己的学校名单 / on the counties and townships of a "
    "built-in study: a list of schools is all that is to be added",
)
@click.pass_obj
def init(obj: dict[str, Any], folder: Path, base: Base | None) -> None:
    """
    新建研究文件夹：study.toml 的每个键都有说明。

    A study folder to fill in, every key explained. 之后 / then: zmd-layout run FOLDER
    """
    from zmd_layout.workflow.init_study import make_study_folder

    path = make_study_folder(folder, base=base)
    click.echo(Message("cli.made", path=path).text(obj["lang"]))


main.add_command(review)
main.add_command(serve)
main.add_command(register)
main.add_command(run)
main.add_command(check)
main.add_command(evaluate)
main.add_command(site)
main.add_command(fetch)
main.add_command(roster)
main.add_command(compare)


@main.group()
def rules() -> None:
    """
    规则库：列出、查看、测试规则。

    The rulebook: list the rules, show one with its clause, run their cases.
    """


@rules.command("list")
@click.option("--ruleset", help="规则集（内置名称或文件夹）/ a set: built-in name or folder")
@click.option("--unit", type=click.Choice([*map(str, UnitKind)]), help="评价单元 / unit kind")
@click.option("--stage", type=click.Choice([*map(str, Stage)]), help="学段 / stage")
@click.option("--strength", type=click.Choice([*map(str, Strength)]), help="约束力 / strength")
@click.option("--stale", is_flag=True, help="条文一年以上未复核的 / clauses not checked for a year")
@click.pass_obj
def list_rules(
    obj: dict[str, Any],
    ruleset: str | None,
    unit: str | None,
    stage: str | None,
    strength: str | None,
    stale: bool,  # noqa: FBT001 - click passes a flag
) -> None:
    """列出规则。List the rules."""
    from zmd_layout.cli import tables

    wanted = {"unit": unit, "stage": stage, "strength": strength}
    today = dt.datetime.now().astimezone().date()
    found = tables.select_rules(ruleset, wanted, stale_on=today if stale else None)
    tables.print_rules(found, obj["lang"])


@rules.command("show")
@click.argument("rule_id")
@click.option("--ruleset", help="规则集（内置名称或文件夹）/ a set: built-in name or folder")
@click.pass_obj
def show_rule(obj: dict[str, Any], rule_id: str, ruleset: str | None) -> None:
    """查看一条规则：条文、解读、数值、案例。Show one rule: clause, reading, numbers, cases."""
    from zmd_layout.cli import tables

    tables.print_rule(rule_id, ruleset, obj["lang"])


@rules.command("test")
@click.option("--ruleset", help="规则集（内置名称或文件夹）/ a set: built-in name or folder")
@click.pass_context
def test_rules(ctx: click.Context, ruleset: str | None) -> None:
    """运行规则旁的案例。Run the cases beside the rules."""
    from zmd_layout.cli import tables

    if not tables.run_cases(ruleset, ctx.obj["lang"]):
        ctx.exit(1)


rules.add_command(list_targets)
