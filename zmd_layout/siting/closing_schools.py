"""Where the pupils of closing schools would go, and what those schools would lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.forecast import standards
from zmd_layout.siting.standing import GRADES
from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zmd_layout.measures import World
    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.closing_ways import Move

_LARGE = "large_class_from"
COLUMNS = (
    "stage", "school_id", "name", "pupils", "enrolment", "seats", "classes", "seats_short",
    "classes_needed", "large_classes_follow",
)  # fmt: skip


def receivers(world: World, moved: list[Move], rules: Sequence[Rule]) -> pd.DataFrame:
    """
    Return the schools that would be the nearest of some, as `Closing.receivers`.

    The pupils of a closing school go where the children near it go: its own enrolment is shared
    out as they are; where that is not known, the children themselves are counted.
    """
    large = _large_class_from(rules, world)
    rows: list[dict[str, Any]] = []
    for move in moved:
        pupils = _pupils(move)
        rows += [
            _row(move, int(number), pupils[number], large) for number in np.flatnonzero(pupils > 0)
        ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values(
        ["stage", "pupils", "school_id"], ascending=[True, False, True], ignore_index=True
    )


def _pupils(move: Move) -> NDArray[np.float64]:
    """Return the pupils who would come to each school that stays."""
    owner, taker = move.way.found.facility, move.after.facility
    come = np.zeros(len(move.left))
    for closing in np.unique(owner[move.is_hit]):
        mine = (owner == closing) & (taker >= 0)
        children = np.bincount(
            taker[mine], weights=move.children[mine], minlength=len(move.left)
        ).astype(np.float64)
        everyone = move.children[owner == closing].sum()
        enrolment = enrolled(move.way.schools.iloc[closing], move.stage)
        if np.isfinite(enrolment) and everyone > 0:
            children *= enrolment / everyone
        come += children
    return come


def enrolled(school: pd.Series[Any], stage: Stage) -> float:
    """Return a school's pupils of a stage: its own column, else by share of grades; NaN unknown."""
    own = school.get(f"enrolment_{stage}")
    if own is not None and np.isfinite(float(own)):
        return float(own)
    return _share(school, stage) * float(school.get("enrolment", np.nan))


def _share(school: pd.Series[Any], stage: Stage) -> float:
    stages = [Stage(name) for name in str(school["stages"]).split(";")]
    grades = [GRADES[s] for s in stages if s in GRADES]
    return GRADES[stage] / sum(grades)


def _row(move: Move, number: int, pupils: float, large: float) -> dict[str, Any]:
    school, stage = move.left.iloc[number], move.stage
    share = _share(school, stage)
    enrolment = enrolled(school, stage)
    seats, classes = (share * float(school.get(name, np.nan)) for name in ("seats", "classes"))
    total = enrolment + pupils
    return {
        "stage": str(stage),
        "school_id": str(school["school_id"]),
        "name": school.get("name", ""),
        "pupils": pupils,
        "enrolment": enrolment,
        "seats": seats,
        "classes": classes,
        "seats_short": np.maximum(total - seats, 0.0),
        "classes_needed": np.ceil(total / standards().class_sizes[stage].value),
        # more pupils than all classes hold below the line: one at least is above it
        "large_classes_follow": bool(total > (large - 1) * classes)
        if np.isfinite([total, large, classes]).all()
        else None,
    }


def _large_class_from(rules: Sequence[Rule], world: World) -> float:
    """Return the pupils from which a class is large, as the rules say; NaN where none does."""
    found = [
        dated.value
        for rule in rules
        for name, dated in rule.limits(world.as_of).items()
        if name == _LARGE and dated is not None
    ]
    return min(found, default=float("nan"))
