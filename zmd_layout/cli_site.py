"""The command `zmd-layout site`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zmd_layout.messages import Message, word
from zmd_layout.vocabulary import Lang, Stage

if TYPE_CHECKING:
    from zmd_layout.siting.closing import Closing
    from zmd_layout.siting.suggest import Suggestions


@click.command()
@click.argument("study", required=False)
@click.option(
    "--stage",
    type=click.Choice([str(s) for s in Stage]),
    help="学段，默认全部 / one stage, else all",
)
@click.option("--close", "close", multiple=True, help="撤并影响评估：school_id / impact of closing")
@click.option("--out", type=click.Path(path_type=Path), help="输出文件夹 / folder of the results")
@click.pass_obj
def site(
    obj: dict[str, Any],
    study: str | None,
    stage: str | None,
    close: tuple[str, ...],
    out: Path | None,
) -> None:
    """
    只做选址建议；或评估撤并影响（--close，可重复）。

    Siting alone; or with --close the impact of closing schools (撤并影响评估). The tool never
    proposes a closure.
    """
    from zmd_layout import workflow

    opened = workflow.load_study(study)
    lang = obj["lang"]
    if close:
        print_closing(workflow.closing(opened, close), close, lang)
        return
    folder = out or Path("maps") / opened.id
    sites = workflow.site(opened, stage=stage, out=folder)
    print_sites(sites, lang)
    click.echo(f"  {folder / 'suggestions.geojson'}")


def print_sites(sites: Suggestions, lang: Lang) -> None:
    """Print one paragraph a suggestion, in the order of stage and rank."""
    from zmd_layout.cli_tables import console

    if sites.table.empty:
        click.echo(Message("sites.nothing").text(lang))
        return
    console().rule(Message("sites.table_title").text(lang))
    for row in sites.table.itertuples():
        note = row.note_zh if lang is Lang.ZH else row.note_en
        click.echo(f"{word(Stage(row.stage), lang)} {row.rank}  {note}")
    if bool(sites.table["is_synthetic"].any()):
        click.secho(Message("words.synthetic_banner").text(lang), fg="magenta", bold=True)


def print_closing(impact: Closing, school_ids: tuple[str, ...], lang: Lang) -> None:
    """Print the impact sheet."""
    from zmd_layout.cli_tables import find_titles

    messages = [Message("sites.closing_head", names=list(school_ids))]
    messages += [
        Message(
            "sites.closing_row", stage=Message(f"words.stage_{row.stage}"), children=row.children,
            before=row.mean_distance_before_m, after=row.mean_distance_after_m,
            longest=row.longest_after_m, far=row.children_beyond_2000_m,
            lost=row.children_without_school,
        )
        for row in impact.ways.itertuples()
    ]  # fmt: skip
    messages += [
        Message(
            "sites.closing_next", stage=Message(f"words.stage_{row.stage}"), school=row.school_id,
            next=row.next_school,
        )
        for row in impact.nearest.itertuples()
    ]  # fmt: skip
    titles = find_titles(lang)
    messages += [
        Message(
            "sites.closing_broken", title=titles.get(row.rule_id, row.rule_id),
            unit=row.unit_name, gap=row.gap,
        )
        for row in impact.broken.itertuples()
    ] or [Message("sites.closing_none_broken")]  # fmt: skip
    messages += [
        Message(
            "sites.closing_replacement", school=row.school_id, closes=row.closes_on,
            replacement=row.replacement_id, opens=row.opens_on,
        )
        for row in impact.replacements.itertuples()
    ] or [Message("sites.closing_no_replacement")]  # fmt: skip
    for message in messages:
        click.echo(message.text(lang))
    if impact.is_synthetic:
        click.secho(Message("words.synthetic_banner").text(lang), fg="magenta", bold=True)
