"""`leader.html`: one A4 page with three numbers, one map and ten problems, for printing."""

from __future__ import annotations

import base64
import io
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from zmd_layout.messages import Message
from zmd_layout.outputs.figures import look
from zmd_layout.outputs.report.facts import (
    people_text,
    people_to_come,
    shortage_cells,
    unmet_by_county,
    worst_problems,
)
from zmd_layout.outputs.report.figures import OVERVIEW
from zmd_layout.vocabulary import Lang, Stage, Status, Strength

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

    from zmd_layout.outputs.results import Results

_TEMPLATE = "leader.html.j2"
_DPI = 170
_SHOWN = 5  # shortages of seats, and duties


def write_leader_page(
    path: Path, results: Results, figures: Mapping[str, Figure], *, lang: Lang | str = Lang.ZH
) -> None:
    """
    Write the page: it needs no network and prints on one sheet of A4.

    Parameters
    ----------
    path
        The file.
    results
        What it tells.
    figures
        As `report_figures.draw_figures` gives them; without the overview there is no map.
    lang
        The language.
    """
    speech = Lang(lang)
    study = results.world.study
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        (files("zmd_layout.outputs") / _TEMPLATE).read_text("utf-8")
    )
    page = template.render(
        lang="zh-CN" if speech is Lang.ZH else "en",
        title=_say("page_title", speech, name=study.name.model_dump()[str(speech)]),
        day=_say("page_day", speech, day=results.world.as_of, rulesets=list(study.rulesets)),
        banner=Message("words.synthetic_banner").text(speech) if results.is_made_up else "",
        headline=[message.text(speech) for message in results.summary.headline],
        numbers=_numbers(results, speech),
        picture=_picture(figures.get(OVERVIEW)),
        picture_text=_say("overview", speech),
        seat_heads=_say("page_seat_heads", speech).split("|"),
        shortages=[shortage_cells(one, speech) for one in results.summary.seats[:_SHOWN]],
        more=_more(results, speech),
        heads=_say("page_heads", speech).split("|"),
        problems=worst_problems(results, lang=speech, most=_SHOWN),
        no_problems=_say("page_no_problems", speech),
        foot=_say("page_foot", speech),
    )
    path.write_text(page, "utf-8", newline="\n")


def _more(results: Results, lang: Lang) -> str:
    rest = results.summary.seats[_SHOWN:]
    if not rest:
        return ""
    total = round(sum(one.child_years for one in rest), -1)
    return _say("page_more", lang, count=len(rest), total=total)


def _say(key: str, lang: Lang, **args: object) -> str:
    return Message(f"report.{key}", **args).text(lang)


def _numbers(results: Results, lang: Lang) -> list[tuple[str, str]]:
    """Return the three numbers: what is short, how children change, what could be studied."""
    primary = [p for p in people_to_come(results) if p.stage is Stage.PRIMARY]
    unknown = _say("unknown", lang)
    change, years = unknown, _say("number_children_unknown", lang)
    if primary:
        first, last = primary[0], primary[-1]
        change = " → ".join(people_text(p.middle, lang, is_born=p.is_born) for p in (first, last))
        years = _say("number_children", lang, first=first.year, last=last.year)
    return [_unmet(results, lang), (change, years), _sites(results, lang)]


def _unmet(results: Results, lang: Lang) -> tuple[str, str]:
    """Count the duties unmet; where none was found and some could not be judged, nobody knows."""
    duties = results.findings[results.findings["strength"] == Strength.DUTY]
    short = int((duties["status"] == Status.SHORTFALL).sum())
    unknown = int((duties["status"] == Status.NOT_ASSESSABLE).sum())
    if not short and unknown:
        return _say("unknown", lang), _say("number_unmet_unknown", lang, count=f"{unknown:,}")
    text = _say("number_unmet", lang, counties=len(unmet_by_county(results)))
    if unknown:
        text += _say("number_also_unknown", lang, count=f"{unknown:,}")
    return f"{short:,}", text


def _sites(results: Results, lang: Lang) -> tuple[str, str]:
    built = results.suggestions["action"].isin(["new", "expand"])
    if not built.any():
        why = results.summary.no_sites
        return "—", _say("number_no_sites", lang) if why is None else why.text(lang)
    return f"{int(built.sum()):,}", _say("number_sites", lang)


def _picture(figure: Figure | None) -> str:
    """Return the picture as a data address, so that the page stays one file."""
    if figure is None:
        return ""
    data = io.BytesIO()
    with look():
        figure.savefig(data, format="png", dpi=_DPI, metadata={"Software": None}, facecolor="white")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode('ascii')}"
