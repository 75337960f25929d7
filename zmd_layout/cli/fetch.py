"""The command `zmd-layout fetch`: OSM and population grids into a study's folder."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import Progress

from zmd_layout.errors import SourceError
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.layers.sources.fetch.retry import Progress as FetchProgress

BORDER_M = 20_000.0  # schools and roads beyond the border serve its people, too


@click.command()
@click.argument("study")
@click.option(
    "--what",
    type=click.Choice(["osm", "population"]),
    default="osm",
    show_default=True,
    help="学校与道路，或人口栅格 / schools and roads, or a population grid",
)
@click.option(
    "--endpoint",
    multiple=True,
    help="Overpass 地址，可重复（镜像）/ Overpass addresses, mirrors too",
)
@click.option(
    "--grid",
    type=click.Choice(["worldpop", "ghs-pop"]),
    default="worldpop",
    show_default=True,
    help="哪种人口栅格；ghs-pop 须给出图幅 / which grid; ghs-pop needs a tile",
)
@click.option("--url", help="自己的网址模板 / URL template of your own, such as a mirror's")
@click.option("--row", type=int, help="GHS-POP 图幅行号 / row of its tile, see the GHSL site")
@click.option("--column", type=int, help="GHS-POP 图幅列号 / column of its tile")
@click.option(
    "--year", type=int, default=2020, show_default=True, help="栅格年份 / year of the grid"
)
@click.option("--country", default="chn", show_default=True, help="ISO 三位国别码 / ISO code")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    help="服务器多少秒不答算超时 / seconds that a server may be silent [180]",
)
@click.option(
    "--limit",
    type=click.FloatRange(min=1),
    help="一个文件或一块数据最多用多少秒 / seconds that one file or tile may take in all [3600]",
)
@click.option(
    "--tries", type=click.IntRange(min=1), help="每个地址问几次 / how often an address is asked [4]"
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    help="再问前等多少秒，逐次加倍 / seconds before asking again, doubled each time [5]",
)
@click.option(
    "--pause",
    type=click.FloatRange(min=0),
    help="两次请求之间停多少秒；公共服务器请勿减小 / seconds between requests [1]",
)
@click.option("--refresh", is_flag=True, help="已有的也重新下载 / fetch what is there, too")
@click.pass_obj
def fetch(  # one argument an option
    obj: dict[str, Any],
    study: str,
    what: str,
    endpoint: tuple[str, ...],
    grid: str,
    url: str | None,
    row: int | None,
    column: int | None,
    year: int,
    country: str,
    timeout: float | None,
    limit: float | None,
    tries: int | None,
    wait: float | None,
    pause: float | None,
    refresh: bool,  # noqa: FBT001 - click passes a flag
) -> None:
    """
    下载 OSM 学校与道路，或人口栅格，到研究文件夹；中断后可继续。

    Fetch OSM schools and roads, or a population grid, into the study's folder; a run that broke
    off is gone on with. What to put into study.toml is printed at the end.

    STUDY 的 counties、townships 或 villages 图层给出范围；最后列出应写进 study.toml 的几行。 The
    layers counties, townships or villages of STUDY say for which ground.
    """
    from zmd_layout.layers.sources import fetch as sources

    now = dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
    folder, area = _place(study)
    usual = sources.Patience()
    patience = replace(
        usual,
        timeout_s=usual.timeout_s if timeout is None else timeout,
        limit_s=usual.limit_s if limit is None else limit,
        rounds=usual.rounds if tries is None else tries,
        first_wait_s=usual.first_wait_s if wait is None else wait,
        pause_s=usual.pause_s if pause is None else pause,
    )
    settings = sources.OverpassSettings(patience=patience)
    if endpoint:
        settings = replace(settings, endpoints=endpoint)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        tell = _teller(bar, obj["lang"])
        if what == "osm":
            found = sources.fetch_osm(
                area, folder, fetched_at=now, settings=settings, progress=tell, refresh=refresh
            )
        else:
            values: dict[str, str | int] = {
                "year": year,
                "country": country.lower(),
                "COUNTRY": country.upper(),
            }
            values |= {k: v for k, v in (("row", row), ("column", column)) if v is not None}
            template = sources.GHS_POP if grid == "ghs-pop" else sources.WORLDPOP
            source = sources.RasterSource(url or template, values)
            found = sources.fetch_raster(
                source, folder, fetched_at=now, patience=patience, progress=tell, refresh=refresh
            )
    for note in found.notes:
        click.echo(note.text(obj["lang"]))
    if found.files:
        click.echo(Message("fetch.add_to_study", folder=folder).text(obj["lang"]))
        click.echo(sources.study_snippet(found.files))


def _teller(bar: Progress, lang: str) -> FetchProgress:
    task = bar.add_task("", total=None)

    def tell(done: float, total: float | None, what: Message) -> None:
        bar.update(task, completed=done, total=total or None, description=what.text(lang))

    return tell


def _place(study: str) -> tuple[Any, Any]:
    """Return the study's folder and its ground with a border, in degrees."""
    import geopandas as gpd

    from zmd_layout import workflow
    from zmd_layout.layers import load_layers, study_area

    opened = workflow.load_study(study)
    units = {n: s for n, s in opened.layers.items() if n in {"counties", "townships", "villages"}}
    area = study_area(load_layers(opened.model_copy(update={"layers": units})), opened)
    if area is None:
        raise SourceError(Message("fetch.no_area", study=opened.id))
    wide = gpd.GeoSeries([area.geometry.buffer(BORDER_M)], crs=opened.crs).to_crs(4326)
    return opened.folder, wide.iloc[0]
