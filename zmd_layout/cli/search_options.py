"""The options of a search for so many new schools: seats, catchments, fairness, time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_FAIR = ("envy", "envy_travel", "kolm_pollak")
_POSITIVE = click.FloatRange(min=0, min_open=True)


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a search to a command."""
    options = (
        click.option(
            "--seats",
            type=_POSITIVE,
            help="每所新校最多学位数，现有学校按其学位 / seats of each new school",
        ),
        click.option(
            "--existing-seats",
            type=_POSITIVE,
            help="学位不明的现有学校按此假定 / assumed where seats of a school are unknown",
        ),
        click.option(
            "--whole-units",
            is_flag=True,
            help="每个居住点的儿童整体进一所学校 / all children of a place go to one school",
        ),
        click.option(
            "--contiguous",
            is_flag=True,
            help="每所学校的模拟学区连片 / the simulated catchment of each school is connected",
        ),
        click.option(
            "--max-distance-m", type=_POSITIVE, help="最远路程（米）/ no child goes farther, metres"
        ),
        click.option(
            "--fair",
            type=click.Choice(_FAIR),
            help="公平目标 / equity: squared excess over --accepted-m, with travel, or Kolm–Pollak",
        ),
        click.option(
            "--accepted-m",
            type=_POSITIVE,
            help="可接受路程（米），默认服务半径 / accepted way, default: the service radius",
        ),
        click.option(
            "--envy-weight",
            type=click.FloatRange(min=0),
            help="超距平方（千米）的权重，默认1 / weight of the squared excess, km",
        ),
        click.option(
            "--aversion", type=_POSITIVE, help="Kolm–Pollak 的不平等厌恶，默认1 / aversion"
        ),
        click.option(
            "--trade-off",
            callback=_numbers,
            metavar="W,W,…",
            help="权重逗号分隔，写 trade_off.csv / mean way against envy at these weights",
        ),
        click.option(
            "--effort",
            type=_POSITIVE,
            help="搜索量的倍数，结果可复现 / multiple of the usual search, reproducible",
        ),
        click.option(
            "--time",
            "time_s",
            type=_POSITIVE,
            help="最多搜索秒数，未证明最优前不停 / seconds; goes on while the gap is open",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def search_changes(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the options of siting that were given."""
    names = (
        "seats", "existing_seats", "max_distance_m", "fair", "accepted_m", "envy_weight",
        "aversion", "trade_off", "effort",
    )  # fmt: skip
    found = {name: asked[name] for name in names if asked[name] is not None}
    found |= {"whole_units": asked["whole_units"], "contiguous": asked["contiguous"]}
    if asked["time_s"] is not None:
        found |= {"time_limit_s": asked["time_s"], "until_time": True}
    return found


def _numbers(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        numbers = tuple(float(part) for part in value.replace("，", ",").split(","))
    except ValueError as error:
        raise click.BadParameter(value, context, parameter) from error
    if min(numbers) < 0:
        raise click.BadParameter(value, context, parameter)
    return numbers
