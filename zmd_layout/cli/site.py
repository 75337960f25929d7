"""The command `zmd-layout site`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zmd_layout.cli.plan_options import plan_changes, plan_options
from zmd_layout.cli.search_options import search_changes, search_options
from zmd_layout.errors import OutputError, SitingError
from zmd_layout.messages import Message, word, word_message
from zmd_layout.vocabulary import Lang, SolveStatus, Stage

if TYPE_CHECKING:
    from zmd_layout.siting.closing import Closing
    from zmd_layout.siting.plan.case_choices import CaseChoice
    from zmd_layout.siting.plan.plan_story import PlanStory
    from zmd_layout.siting.stage_state import SitingOptions
    from zmd_layout.siting.suggest import Suggestions


_NAMED = 3  # of what remains, of the schools that would receive
_SHEET = "closing_impact.txt"
AIMS = ("cheapest", "fewest", "travel", "covered", "fairest", "cover_all")


@click.command()
@click.argument("study", required=False)
@click.option(
    "--stage",
    type=click.Choice([str(s) for s in Stage]),
    help="学段，默认全部 / one stage, else all",
)
@click.option(
    "--aim",
    type=click.Choice(AIMS),
    help="目标，见上；默认 cheapest，给出 --new 时 travel / what is asked, see above",
)
@click.option("--new", "new", type=click.IntRange(min=1), help="新建几所 / how many new schools")
@click.option(
    "--radius-m",
    type=click.FloatRange(min=1),
    help="covered、cover_all 的覆盖半径（米）/ radius of coverage, metres",
)
@click.option("--county", help="只看一个县区：unit_id / children and places of one county")
@click.option(
    "--cost",
    "costs",
    multiple=True,
    metavar="KIND=NUMBER",
    help="相对费用，如 expansion=0.5（规划教育用地新建为1）/ cost as a multiple of a new school",
)
@search_options
@plan_options
@click.option("--close", "close", multiple=True, help="撤并影响评估：school_id / impact of closing")
@click.option("--out", type=click.Path(path_type=Path), help="输出文件夹 / folder of the results")
@click.pass_obj
def site(
    obj: dict[str, Any],
    /,
    study: str | None,
    out: Path | None,
    **asked: Any,  # noqa: ANN401 - options
) -> None:
    """
    只做选址建议；或评估撤并影响（--close，可重复）。

    Siting alone; or with --close the impact of closing schools (撤并影响评估). The tool never
    proposes a closure. STUDY 同 run / as for run.

    \b
    目标 / aims
      cheapest   逐年计划：先用存量再建设，规则的硬性缺口以最省费用补齐
                 / the plan over years, re-use before building; duties at the least cost
      fewest     以最少校数补齐 / with the fewest schools
      travel     新建 --new 所，总路程最短 / so many new schools, the least travel
      covered    新建 --new 所，半径内儿童最多 / the most children within the radius
      fairest    新建 --new 所，最远者最近 / the farthest child as near as can be
      cover_all  全部覆盖最少几所 / how few cover all
    \b
    例 / examples
      zmd-layout site my-county
      zmd-layout site my-county --stage primary --new 5
      zmd-layout site my-county --stage primary --aim covered --new 5 --radius-m 2000
      zmd-layout site my-county --stage primary --new 5 --seats 1080 --county 411721 --whole-units
      zmd-layout site my-county --stage primary --new 5 --fair envy_travel --accepted-m 2000
      zmd-layout site my-county --close S0123 --out closing
    """  # noqa: D301 - click's \b keeps the lines apart
    from zmd_layout import workflow
    from zmd_layout.cli.tables import print_paths

    options = _options(asked)
    opened = workflow.load_study(study).with_plan(**plan_changes(asked))
    lang = obj["lang"]
    if asked["close"]:
        print_closing(workflow.closing(opened, asked["close"]), asked["close"], lang, out=out)
        return
    folder = out or Path("maps") / opened.id
    sites = workflow.site(opened, stage=asked["stage"], options=options, out=folder)
    print_sites(sites, lang)
    names = ["suggestions.geojson", "seats_by_year.csv", "run.json"]
    names += [] if sites.assignment.empty else ["assignment.csv"]
    names += [] if sites.trade_off.empty else ["trade_off.csv"]
    print_paths({name: folder / name for name in names}, lang)


def _options(asked: dict[str, Any]) -> SitingOptions:
    """Read what was asked; with a number of new schools the usual aim is the least travel."""
    from zmd_layout.siting.planning import CandidateKind, packaged_costs
    from zmd_layout.siting.stage_state import Aim, SitingOptions

    costs = packaged_costs()
    for text in asked["costs"]:
        kind, _, number = text.partition("=")
        if kind not in set(CandidateKind) or not _is_cost(number):
            kinds = [str(kind) for kind in CandidateKind]
            raise SitingError(Message("sites.cost_form", text=text, kinds=kinds))
        costs[CandidateKind(kind)] = float(number)
    usual = Aim.CHEAPEST if asked["new"] is None else Aim.TRAVEL
    return SitingOptions(
        aim=Aim(asked["aim"] or usual),
        new_count=asked["new"],
        radius_m=asked["radius_m"],
        county_id=asked["county"],
        relative_cost=costs,
        **search_changes(asked),
    )


def _is_cost(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and float(text) > 0


def print_sites(sites: Suggestions, lang: Lang) -> None:
    """Print one paragraph a suggestion, in the order of stage and rank."""
    from zmd_layout.cli.tables import console

    for message in sites.explanation:
        click.echo(message.text(lang))
    if sites.table.empty:
        click.echo(Message("sites.nothing").text(lang))
        return
    console().rule(Message("sites.table_title").text(lang))
    if sites.story is not None:
        print_story(sites.story, lang)
    shown = sites.table[sites.table["action"].isin(["new", "expand"])]
    for row in shown.itertuples():
        note = row.note_zh if lang is Lang.ZH else row.note_en
        click.echo(f"{word(Stage(row.stage), lang)} {row.rank}  {note}")
    for row in shown.drop_duplicates(["stage", "model"]).itertuples():
        click.echo(_proof(row).text(lang))
    if sites.remaining:
        names = [need.name for need in sites.remaining[:_NAMED]]
        click.echo(Message("sites.remaining", names=names, count=len(sites.remaining)).text(lang))
    if bool(sites.table["is_synthetic"].any()):
        click.secho(Message("words.synthetic_banner").text(lang), fg="magenta", bold=True)


def print_story(story: PlanStory, lang: Lang) -> None:
    """Print what the plan over years comes to: the headline, then a line by county and stage."""
    for message in story.headline:
        click.echo(message.text(lang))
    for choice in story.cases:
        click.echo("  " + _of_case(choice, story).text(lang))
    for one in story.actions:
        key = "sites.action_line" if one.until_year else "sites.action_line_on"
        message = Message(
            key, county=one.county_name, stage=word_message(one.stage), places=one.places,
            action=Message(f"sites.action_{one.action}"), seats=one.seats, first=one.from_year,
            last=one.until_year or "",
        )  # fmt: skip
        click.echo("  " + message.text(lang))


def _of_case(choice: CaseChoice, story: PlanStory) -> Message:
    """Report what a choice costs and leaves in each case, beside the plan."""
    low, middle, high = choice.left
    key = "sites.case_line" if choice.regret else "sites.case_line_plan"
    return Message(
        key, name=Message(f"sites.case_{choice.name}"), cost=choice.cost, low=low, middle=middle,
        high=high, more=choice.cost - story.cases[0].cost, regret=choice.largest,
    )  # fmt: skip


def _proof(row: Any) -> Message:  # noqa: ANN401 - a row of a table
    """Report how far the answer of a stage is from the best."""
    stage = Message(f"words.stage_{row.stage}")
    if row.solve_status == SolveStatus.INFEASIBLE:
        return Message("sites.proof_none", stage=stage)
    return Message(
        "sites.proof", stage=stage, objective=row.objective,
        status=Message(f"words.solvestatus_{row.solve_status}"), bound=row.bound,
        unit=Message(f"sites.unit_{row.objective_unit.replace('-', '_')}"), gap=row.gap_percent,
    )  # fmt: skip


def closing_messages(impact: Closing, school_ids: tuple[str, ...], lang: Lang) -> list[Message]:
    """Return the impact sheet line by line."""
    from zmd_layout.cli.tables import find_titles

    titles = find_titles(lang)
    return [
        Message("sites.closing_head", names=list(school_ids)),
        *(_way(row) for row in impact.ways.itertuples()),
        *_receivers(impact),
        *(
            Message("sites.closing_boarders", school=row["school_id"], boarders=row["boarders"])
            for row in impact.boarders.to_dict("records")
            if row["boarders"] > 0
        ),
        *(
            Message(
                "sites.closing_broken", title=titles.get(row.rule_id, row.rule_id),
                unit=row.unit_name, gap=row.gap,
            )
            for row in impact.broken.itertuples()
        ),
        *([] if len(impact.broken) else [Message("sites.closing_none_broken")]),
        *(_replacement(row) for row in impact.replacements.itertuples()),
        Message("sites.closing_basis", **_basis()),
    ]  # fmt: skip


def _way(row: Any) -> Message:  # noqa: ANN401 - a row of a table
    who = Message(f"words.stage_{row.stage}" if row.group == "all" else f"sites.{row.group}")
    values = {
        "who": who, "children": row.children, "before": _number(row.mean_distance_before_m),
        "after": _number(row.mean_distance_after_m), "longest": _number(row.longest_after_m),
        "lost": row.children_without_school,
    }  # fmt: skip
    if math.isnan(row.walk_limit_m):  #: primary schools as a whole
        return Message("sites.closing_row", **values)
    key = (
        "sites.closing_row_bus" if not row.beds and row.group != "all" else "sites.closing_row_far"
    )
    return Message(
        key, **values, limit=row.walk_limit_m, far=row.beyond_walk, buses=row.buses, beds=row.beds
    )


def _receivers(impact: Closing) -> list[Message]:
    shown = impact.receivers.groupby("stage", sort=False).head(_NAMED)
    follow = {True: "yes", False: "no", None: "unknown"}
    return [
        Message(
            "sites.closing_receiver", stage=Message(f"words.stage_{row['stage']}"),
            name=row["name"], pupils=row["pupils"], short=_number(row["seats_short"]),
            classes=_number(row["classes_needed"]),
            now=_number(row["classes"]),
            large=Message(f"sites.{follow[row['large_classes_follow']]}"),
        )
        for row in shown.to_dict("records")
    ]  # fmt: skip


def _number(value: float) -> object:
    return f"{value:,.0f}" if not math.isnan(value) else Message("sites.unknown")


def _replacement(row: Any) -> Message:  # noqa: ANN401 - a row of a table
    if not isinstance(row.replacement_id, str) or not row.replacement_id:
        return Message("sites.closing_no_replacement", school=row.school_id)
    first = {True: "yes", False: "no"}.get(row.opens_first, "unknown")
    return Message(
        "sites.closing_replacement", school=row.school_id, replacement=row.replacement_id,
        closes=row.closes_on, opens=row.opens_on, first=Message(f"sites.{first}"),
    )  # fmt: skip


def _basis() -> dict[str, object]:
    from zmd_layout.siting.planning import planning

    limits = planning().walk_limit_m
    return {
        "lower": limits["grades_1_3"].source, "upper": limits["grades_4_6"].source,
        "bus": planning().seats_per_bus.value,
    }  # fmt: skip


def print_closing(
    impact: Closing, school_ids: tuple[str, ...], lang: Lang, *, out: Path | None
) -> None:
    """Print the impact sheet, and write it to `closing_impact.txt` in a folder."""
    lines = [message.text(lang) for message in closing_messages(impact, school_ids, lang)]
    banner = Message("words.synthetic_banner").text(lang)
    for line in lines:
        click.echo(line)
    if impact.is_synthetic:
        click.secho(banner, fg="magenta", bold=True)
    if out is not None:
        text = "\n".join([*([banner] if impact.is_synthetic else []), *lines, ""])
        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / _SHEET).write_text(text, "utf-8")
        except OSError as error:
            why = error.strerror or error
            raise OutputError(Message("outputs.no_folder", path=out, why=why)) from error
        click.echo(f"  {out / _SHEET}")
