"""The options of a plan over years, the same for every command that plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmd_layout.study import Study

_ACTIONS = ("share", "bridge", "convert", "expand", "new")
PLAN_OPTIONS = ("actions", "cases", "general_senior_share", "include_indicators")


def plan_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of `[plan]` to a command."""
    options = (
        click.option(
            "--actions",
            help=f"允许的措施，逗号分隔，默认全部 / allowed actions: {','.join(_ACTIONS)}",
            callback=_split,
        ),
        click.option(
            "--cases",
            type=click.Choice(["middle", "all"]),
            help="按中方案还是按低中高各方案备足学位 / provide seats in the middle case, or in all",
        ),
        click.option(
            "--general-senior-share",
            type=click.FloatRange(0, 1),
            help="15—17岁上普通高中的比例 / share of ages 15–17 in general senior schools",
        ),
        click.option(
            "--include-indicators",
            is_flag=True,
            default=None,
            help="参考指标也提出建校建议 / reference indicators ask for schools, too",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _split(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    wrong = [name for name in names if name not in _ACTIONS]
    if wrong:
        known = ", ".join(_ACTIONS)
        raise click.BadParameter(f"{', '.join(wrong)} ({known})", context, parameter)
    return names


def with_plan_options(study: Study, asked: dict[str, Any]) -> Study:
    """Return the study with the options that were given in place of its own."""
    given = {name: asked[name] for name in PLAN_OPTIONS if asked.get(name) is not None}
    return study.with_plan(**given) if given else study
