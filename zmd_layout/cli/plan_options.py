"""The options of a plan over years, the same for every command that plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_ACTIONS = ("share", "board", "bridge", "convert", "expand", "new")
PLAN_OPTIONS = (
    "actions", "cases", "robust", "borders", "general_senior_share", "include_indicators",
)  # fmt: skip


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
            type=click.Choice(["middle", "all", "regret"]),
            help="按中方案、各方案期望或最小后悔备学位 / the middle case, all, the least regret",
        ),
        click.option(
            "--borders",
            type=click.Choice(["closed", "last", "open"]),
            help="县界：不跨、最后才跨（默认）、一开始就跨 / seats of other counties",
        ),
        click.option(
            "--robust/--no-robust",
            default=None,
            help="逐方案比较费用、缺口、后悔值（默认比较）/ compare cases: cost, seats, regret",
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
    for option in (_any_key(), *reversed(options)):
        command = option(command)
    return command


def _any_key() -> Callable[..., Any]:
    return click.option(
        "--plan",
        "plan_keys",
        multiple=True,
        metavar="KEY=VALUE",
        help="[plan] 的任何键，如 new.cost=600、accepted_way_m.junior=4000 / any key of [plan]",
    )


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


def plan_changes(asked: dict[str, Any]) -> dict[str, Any]:
    """
    Return the keys of `[plan]` that were given.

    Raises
    ------
    click.BadParameter
        For a key or a value that `[plan]` does not take.
    """
    from pydantic import ValidationError

    from zmd_layout.study.plan import Plan

    given = {name: asked[name] for name in PLAN_OPTIONS if asked.get(name) is not None}
    for text in asked.get("plan_keys") or ():
        key, is_set, value = text.partition("=")
        if not is_set:
            raise click.BadParameter(f"--plan {text} (KEY=VALUE)")
        table, _, name = key.strip().partition(".")
        if name:
            given[table] = {**given.get(table, {}), name: value.strip()}
        else:
            given[table] = value.strip()
    try:
        Plan.model_validate(given)
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"])
        raise click.BadParameter(f"[plan] {where}: {found['msg']}") from error
    return given
