"""The commands `zmd-layout review` and `zmd-layout serve`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from zmd_layout.cli.progress import progress
from zmd_layout.errors import StudyError
from zmd_layout.messages import Message

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--study",
    help="作为背景的研究，不写则不看周边 / the study that gives the context; else nothing around",
)
@click.option(
    "--as-of", type=DAY, help="评估日期，默认今天 / day of the assessment, today if not given"
)
@click.option("--coordinates", help="坐标系声明（GeoJSON 默认 wgs84）/ declared coordinates")
@click.option(
    "--also", multiple=True, metavar="RULESET",
    help="并列对照的规则集，可重复：henan-2021、national / a rule set beside the study's",
)  # fmt: skip
@click.option(
    "--merge-distance", type=float, metavar="M",
    help="相邻地块合并核算的距离（米），默认按规则 / metres within which plots are added up",
)  # fmt: skip
@click.option(
    "--merge-years", type=int, metavar="YEARS",
    help="合并核算的年限（年），默认按规则 / years within which plots are added up",
)  # fmt: skip
@click.option(
    "--layer", metavar="NAME",
    help="文件里的图层或工作表 / the layer or sheet of the file, where it has several",
)  # fmt: skip
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="输出文件夹，默认 maps/review-<文件名> / folder of the results",
)
@click.pass_obj
def review(
    obj: dict[str, Any],
    file: Path,
    study: str | None,
    as_of: dt.datetime | None,
    coordinates: str | None,
    also: tuple[str, ...],
    merge_distance: float | None,
    merge_years: int | None,
    layer: str | None,
    out: Path | None,
) -> None:
    """
    审查新建住宅区：逐条列出应配建、申报、差额和判定。

    Review new residential areas: required, offered, gap and verdict for each clause.

    FILE 是住宅区多边形（GeoJSON、GeoPackage、Shapefile、KML、DXF、勘测定界 txt），至少有
    name、planned_residents（或 dwellings）、settlement；拟配建学校写在 schools 列。 FILE holds the
    areas as polygons with at least these columns; promised schools stand in the column schools.

    \b
    例 / examples
      zmd-layout review plot.geojson --study zhumadian
      zmd-layout review plot.geojson --study my-county --also henan-2021
    """  # noqa: D301 - click's \b keeps the lines apart
    from zmd_layout.cli import tables
    from zmd_layout.development_review import Choices
    from zmd_layout.workflow import load_study
    from zmd_layout.workflow import review as review_areas

    choices = Choices(also, merge_distance, merge_years)
    day = as_of.date() if as_of else dt.datetime.now().astimezone().date()
    with progress(obj["lang"]) as tell:
        result = review_areas(
            file,
            study=load_study(study) if study else None,
            as_of=day,
            coordinates=coordinates,
            layer=layer,
            choices=choices,
            out=out or Path("maps") / f"review-{file.stem}",
            lang=obj["lang"],
            progress=tell,
        )
    tables.print_review(result.findings, obj["lang"])
    tables.print_cases(result.cases, obj["lang"])
    tables.print_account_of(result.layers["residential_areas"].origin.account, obj["lang"])
    if study is None:
        click.echo(Message("cli.no_context").text(obj["lang"]))
    tables.print_paths(result.paths, obj["lang"])


@click.command()
@click.option(
    "--study", help="作为背景的研究，默认内置的驻马店研究 / the study that gives the context"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address")
@click.option("--port", default=8765, show_default=True, help="端口 / port")
@click.option(
    "--register", type=click.Path(path_type=Path), help="登记簿文件 / the register's file"
)
@click.option(
    "--token", envvar="ZMD_TOKEN", help="对外监听时必需的口令 / needed on public addresses"
)
@click.pass_obj
def serve(
    obj: dict[str, Any],
    study: str | None,
    host: str,
    port: int,
    register: Path | None,
    token: str | None,
) -> None:
    """
    在本机打开审查页面：上传或绘制地块，查看结论，下载审查意见。

    The review page on this computer: upload or draw a plot, read the verdict, take the opinion.
    """
    try:
        from zmd_layout.web.serve import Address
        from zmd_layout.web.serve import serve as serve_page
    except ImportError as error:
        raise StudyError(Message("web.not_installed")) from error

    def tell(message: Message) -> None:
        click.echo(message.text(obj["lang"]), err=True)

    address = Address(host, port, token)
    serve_page(study, address=address, register=register, lang=obj["lang"], tell=tell)
