"""Why nothing is suggested: in the same words on screen, map, page, report and workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmd_layout.measures.access import demand
from zmd_layout.measures.lacking import most_wanted
from zmd_layout.messages import Message
from zmd_layout.messages.words import layer_word
from zmd_layout.vocabulary import Relation, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule

_ASKED_FOR = ("school", "seat")  # what rules that a site could close ask for at least
_GIVE_PLACES = ("villages", "townships", "education_land")  # or people together with roads


def why_no_sites(
    world: World, findings: pd.DataFrame, owed: pd.DataFrame, rules: Sequence[Rule], sites: int
) -> Message | None:
    """
    Report why a run suggests no place.

    Parameters
    ----------
    world
        The study and its layers.
    findings
        Of all rules.
    owed
        Those of the rules that fall short of schools: all that siting looks at.
    rules
        The rules that were checked.
    sites
        How many places are suggested.

    Returns
    -------
    why
        None where places are suggested. Else: nothing is short; something is, but nothing says
        where children live or where a school could stand, with the layers that would; the plan over
        years needs no school; or too little is known, with what would help most.
    """
    if sites:
        return None
    short = int((owed["status"] == Status.SHORTFALL).sum())
    asks = (findings["relation"] == Relation.AT_LEAST) & findings["measure_unit"].isin(_ASKED_FOR)
    unknown = int((asks & (findings["status"] == Status.NOT_ASSESSABLE)).sum())
    if not short and unknown:
        wanted = most_wanted(findings, rules, world)
        key = "little_known" if wanted is None else "little_known_but"
        more = {} if wanted is None else {"wanted": wanted}
        return Message(f"no_sites.{key}", count=unknown, **more)
    if not short:
        return Message("no_sites.nothing_short")
    if demand(world) is None:
        layers = [layer_word(name) for name in ("population", "villages")]
        return Message("no_sites.no_children", count=short, layers=layers)
    if not _gives_places(world):
        layers = [layer_word(name) for name in (*_GIVE_PLACES, "roads")]
        return Message("no_sites.no_candidates", count=short, layers=layers)
    return Message("no_sites.nothing_to_build", count=short)


def _gives_places(world: World) -> bool:
    layers = world.layers
    return any(name in layers for name in _GIVE_PLACES) or "roads" in layers


def indicated(findings: pd.DataFrame) -> Message | None:
    """Report how many units an incomplete list gives a word for; None where there are none."""
    if "screening" not in findings:
        return None
    counts = findings["screening"].value_counts()
    short, met = (int(counts.get(word, 0)) for word in ("likely_short", "likely_met"))
    open_ = int(counts.get("open", 0))
    if not short + met + open_:
        return None
    return Message("no_sites.indicated", short=short, met=met, open=open_)
