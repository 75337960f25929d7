"""What is said of a suggestion, in the words that pass (备选位置，供选址论证)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.forecast import standards
from zmd_layout.messages import Message
from zmd_layout.siting.demand_matrix import has_own_children
from zmd_layout.siting.exclusions import BOTTOM_LINES, unchecked_lines
from zmd_layout.siting.planning import CandidateKind, planning
from zmd_layout.siting.standing import NINE_YEAR
from zmd_layout.unit_keys import read_closes
from zmd_layout.vocabulary import Stage, UnitKind

if TYPE_CHECKING:
    from zmd_layout.measures import World
    from zmd_layout.siting.stage_state import Aim, Ground, StageState
    from zmd_layout.vocabulary import ConstraintKind

_WAY_KEPT_M = 0.5


def note(row: dict[str, Any], ground: Ground, work: StageState) -> list[Message]:
    """
    Report what a suggestion would solve, for whom, how large, how full in time, and what is open.

    Parameters
    ----------
    row
        The suggestion, with all its numbers.
    ground, work
        What it comes from.

    Returns
    -------
    sentences
        In their order.
    """
    return [
        _place(row, ground),
        *([Message("sites.note_under_way", schools=row["under_way"])] if row["under_way"] else []),
        _ways(row, work),
        *([] if row["planned"] else _size(row, ground, work)),
        *_outlook(row, work),
        _bottom(ground.world),
        Message("sites.note_ways_by", method=Message(f"sites.by_{work.way.found.method}")),
        *_off_road(row, ground, work),
        *_alternatives(row),
        Message("sites.note_consult"),
    ]


def _place(row: dict[str, Any], ground: Ground) -> Message:
    rules = dict.fromkeys(need.rule_id for need in read_closes(row["closes"]))
    closes = [ground.rules[rule_id].title for rule_id in rules]
    kind = CandidateKind(row["candidate_kind"])
    how = f"sites.kind_{kind}"
    if kind is CandidateKind.EXPANSION:
        how = _how_it_grows(row)
    key = "sites.note_place" if closes else "sites.note_place_free"
    return Message(key, name=row["name"], how=Message(how), closes=closes)


def _how_it_grows(row: dict[str, Any]) -> str:
    if row["stages"] == NINE_YEAR:
        return "sites.kind_nine_year"
    return f"sites.grow_{row['stage']}"


def _ways(row: dict[str, Any], work: StageState) -> Message:
    before, after = row["mean_distance_before_m"], row["mean_distance_after_m"]
    if not np.isfinite(after):
        return Message("sites.note_nobody")
    if not has_own_children(work.stage):
        is_first = not np.isfinite(before)
        key = "sites.note_first_way_weighed" if is_first else "sites.note_ways_weighed"
        return Message(key, before=before, after=after)
    key = "sites.note_ways"
    if not np.isfinite(before):
        key = "sites.note_first_way"
    elif abs(before - after) < _WAY_KEPT_M:
        key = "sites.note_ways_kept"
    return Message(key, children=round(row["children_served"], -1), before=before, after=after)


def _size(row: dict[str, Any], ground: Ground, work: StageState) -> list[Message]:
    if not np.isfinite(row["seats"]):
        return []
    parts = [
        Message(
            "sites.note_size", classes=row["classes"], seats=row["seats"],
            area=round(row["site_area_needed_m2"], -2), year=row["opens_in"],
            children=round(row["children_at_opening"], -1),
            source=standards().land_m2_per_seat[work.stage].source,
        )
    ]  # fmt: skip
    if row["is_over"]:
        parts.append(Message("sites.note_size_cap", seats=row["seats"]))
    if work.stage is Stage.JUNIOR and _is_rural(row["township_id"], ground.world):
        parts.append(Message("sites.note_boarding"))
    return parts


def _is_rural(township_id: str, world: World) -> bool:
    """Return whether a township is surely neither a subdistrict nor the seat of its county."""
    units = world.units(UnitKind.TOWNSHIP, {})
    if units is None or township_id not in units.frame.index:
        return False
    row = units.frame.loc[township_id]
    is_seat = "is_county_seat" in row and row["is_county_seat"] is not False
    return row.get("kind") in {"town", "township"} and not is_seat


def _outlook(row: dict[str, Any], work: StageState) -> list[Message]:
    year = work.options.outlook_year
    low, middle, high = (row[f"use_{year}_{v}_percent"] for v in ("low", "middle", "high"))
    if not np.isfinite(middle):
        return []
    least = planning().empty_below_percent.value
    parts = [Message("sites.note_use", year=year, low=low, middle=middle, high=high)]
    if middle < least:
        parts.append(Message("sites.note_empty", year=year, least=least))
    elif low < least:
        parts.append(Message("sites.note_weak", year=year, least=least))
    return parts


def _off_road(row: dict[str, Any], ground: Ground, work: StageState) -> list[Message]:
    children = work.children_off_road(ground.county_of == row["county_id"])
    # rounded to tens as all children are, and never to none
    return [Message("sites.note_off_road", children=max(round(children, -1), 10))] * (children > 0)


def _alternatives(row: dict[str, Any]) -> list[Message]:
    parts = [Message("sites.note_alternatives")]
    if row["alternatives"]:
        parts.insert(0, Message("sites.note_others", names=row["alternatives"]))
    if row["spare_seats_nearby"] > 0 and np.isfinite(row["seats"]):
        spare = round(row["spare_seats_nearby"], -1)
        parts.insert(0, Message("sites.note_spare", spare=spare))
    return parts


def _bottom(world: World) -> Message:
    unchecked = unchecked_lines(world)
    if len(unchecked) == len(BOTTOM_LINES):
        return Message("sites.note_bottom")
    checked = [_line(kind) for kind in BOTTOM_LINES if kind not in unchecked]
    if not unchecked:
        return Message("sites.note_bottom_checked", checked=checked)
    return Message(
        "sites.note_bottom_partly", checked=checked, unchecked=[_line(kind) for kind in unchecked]
    )


def _line(kind: ConstraintKind) -> Message:
    return Message(f"sites.line_{kind}")


def aim_message(aim: Aim) -> Message:
    """Name what was asked of the sites."""
    return Message(f"sites.aim_{aim}")
