"""
Match the schools of two sources, such as a roster and OSM.

A pair gets a score from ids, names and distance; each school is matched once, best pairs first. A
table of decisions by hand, each with its reason, overrides any of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from zmd_layout.errors import LayerError
from zmd_layout.layers.schools.pairs import (
    MatchOptions,
    candidate_pairs,
)
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

COLUMNS = ("left_id", "left_name", "right_id", "right_name", "state", "how", "score", "name_score",
           "distance_m", "note")  # fmt: skip
_DEFAULT = MatchOptions()
_DECISION_COLUMNS = ("left_id", "right_id", "verdict", "reason")
_OF_ONE = ("school", "no_school")
_VERDICTS = ("same", "different", *_OF_ONE)


@dataclass(frozen=True, slots=True)
class Decision:
    """
    A decision by hand.

    Attributes
    ----------
    left_id, right_id
        The two schools.
    verdict
        Whether they are the same; or, of the right one alone (`left_id` empty), whether it is a
        school on its own or none.
    reason
        Why; kept in `run.json`.
    """

    left_id: str
    right_id: str
    verdict: Literal["same", "different", "school", "no_school"]
    reason: str


@dataclass(frozen=True, slots=True)
class Matching:
    """
    Which school of one source is which of the other.

    Attributes
    ----------
    table
        `COLUMNS`; a row for each pair and for each school that is in one source only. `state` is
        matched, conflict (matched, and to be looked at), only_left or only_right; `how` is id,
        name, place or decision; `note` is a `Message` or None.
    decisions
        The decisions that were used, as `run.json` keeps them.
    """

    table: pd.DataFrame
    decisions: tuple[dict[str, str], ...] = ()

    def counts(self) -> dict[str, int]:
        """Count the rows of each state."""
        states = ("matched", "conflict", "only_left", "only_right")
        return {state: int((self.table["state"] == state).sum()) for state in states}

    def partners(self) -> dict[str, str]:
        """Return the matched school of the right for each of the left."""
        pairs = self.table[self.table["state"].isin(["matched", "conflict"])]
        return dict(zip(pairs["left_id"], pairs["right_id"], strict=True))

    def only_right(self) -> set[str]:
        """Return the schools of the right that have no partner."""
        return set(self.table.loc[self.table["state"] == "only_right", "right_id"])

    def schools(self) -> set[str]:
        """Return those of the right that are schools on their own, by decision."""
        return {d["right_id"] for d in self.decisions if d["verdict"] == "school"}

    def no_schools(self) -> set[str]:
        """Return those of the right that are no schools, by decision."""
        return {d["right_id"] for d in self.decisions if d["verdict"] == "no_school"}

    def record(self) -> dict[str, Any]:
        """Return counts, decisions and what is to be checked, as `run.json` keeps them."""
        shown = self.table[self.table["state"] == "conflict"]
        to_check = [
            {
                "left_id": row["left_id"],
                "right_id": row["right_id"],
                "score": round(float(row["score"]), 3),
                "distance_m": None if np.isnan(row["distance_m"]) else round(row["distance_m"]),
                "zh": row["note"].text("zh"),
                "en": row["note"].text("en"),
            }
            for row in shown.to_dict("records")
        ]
        return {
            "counts": self.counts(),
            "decisions": list(self.decisions),
            "to_check": to_check,
        }


def match_schools(
    left: gpd.GeoDataFrame,
    right: gpd.GeoDataFrame,
    *,
    decisions: Sequence[Decision] = (),
    options: MatchOptions = _DEFAULT,
) -> Matching:
    """
    Match two sources.

    Parameters
    ----------
    left, right
        Schools in the columns of the layer, ids unique, in one plane in metres; a school may have
        no position. Doubles within a source are to be merged first (`merge_doubles`).
    decisions
        What was decided by hand.
    options
        What counts as the same.

    Returns
    -------
    Matching
        It does not depend on the order of the rows.

    Raises
    ------
    LayerError
        If a decision names a school that is not there, or says two things of one school.
    """
    left = left.sort_values("school_id", ignore_index=True)
    right = right.sort_values("school_id", ignore_index=True)
    _check(decisions, left, right)
    pairs = candidate_pairs(left, right, options)
    pairs["left_id"] = left["school_id"].to_numpy()[pairs["left"].to_numpy(dtype=int)]
    pairs["right_id"] = right["school_id"].to_numpy()[pairs["right"].to_numpy(dtype=int)]
    same = [d for d in decisions if d.verdict == "same"]
    different = {(d.left_id, d.right_id) for d in decisions if d.verdict == "different"}
    alone = {d.right_id: d for d in decisions if d.verdict in _OF_ONE}
    is_open = [
        ids not in different and ids[1] not in alone
        for ids in zip(pairs["left_id"], pairs["right_id"], strict=True)
    ]
    pairs = pairs[np.array(is_open, dtype=bool)]
    chosen = _best_first(pairs, taken=[(d.left_id, d.right_id) for d in same])
    rows = [_decided_row(d) for d in same]
    rivals = _rivals(pairs)
    rows += [_row(pair, rivals, options) for pair in chosen.to_dict("records")]
    rest = [
        *_alone(left, {row["left_id"] for row in rows}, "left", {}),
        *_alone(right, {row["right_id"] for row in rows}, "right", alone),
    ]
    table = pd.DataFrame([*rows, *rest], columns=list(COLUMNS))
    for side, frame in (("left", left), ("right", right)):
        names = dict(zip(frame["school_id"], frame.get("name", frame["school_id"]), strict=True))
        table[f"{side}_name"] = table[f"{side}_id"].map(names)
    return Matching(table, tuple(asdict(decision) for decision in decisions))


def _check(decisions: Sequence[Decision], left: gpd.GeoDataFrame, right: gpd.GeoDataFrame) -> None:
    faults = []
    known = set(left["school_id"]), set(right["school_id"])
    lost = [
        f"{d.left_id} / {d.right_id}"
        for d in decisions
        if (d.left_id not in known[0] and d.verdict not in _OF_ONE) or d.right_id not in known[1]
    ]
    if lost:
        faults.append(Message("matching.decision_lost", found=lost))
    same = [d for d in decisions if d.verdict == "same"]
    told = [d for d in decisions if d.verdict != "different"]
    for ids in ([d.left_id for d in same], [d.right_id for d in told]):
        doubled = sorted({identity for identity in ids if ids.count(identity) > 1})
        if doubled:
            faults.append(Message("matching.decision_twice", found=doubled))
    if faults:
        raise LayerError(*faults)


def _best_first(pairs: pd.DataFrame, taken: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """Take pairs by falling score; each school once."""
    used_left, used_right = ({ids[n] for ids in taken} for n in (0, 1))
    ordered = pairs.sort_values(
        ["score", "left_id", "right_id"], ascending=[False, True, True], kind="stable"
    )
    keep = []
    for left_id, right_id in zip(ordered["left_id"], ordered["right_id"], strict=True):
        is_free = left_id not in used_left and right_id not in used_right
        keep.append(is_free)
        if is_free:
            used_left.add(left_id)
            used_right.add(right_id)
    return ordered[np.array(keep, dtype=bool)]


def _row(pair: dict[Any, Any], rivals: _Rivals, options: MatchOptions) -> dict[str, Any]:
    note = _conflict(pair, rivals, options)
    how = "id" if pair["is_same_id"] else "name" if pair["name_score"] > 0 else "place"
    return {
        **{name: pair[name] for name in ("left_id", "right_id", "score", "name_score")},
        "distance_m": pair["distance_m"],
        "state": "matched" if note is None else "conflict",
        "how": how,
        "note": note,
    }


_Rivals = dict[tuple[str, str], list[tuple[float, str]]]


def _rivals(pairs: pd.DataFrame) -> _Rivals:
    """List the partners that each school may have, by side and id, with their scores."""
    found: _Rivals = defaultdict(list)
    for left_id, right_id, score in zip(
        pairs["left_id"], pairs["right_id"], pairs["score"], strict=True
    ):
        found["left", left_id].append((score, right_id))
        found["right", right_id].append((score, left_id))
    return found


def _conflict(pair: dict[Any, Any], rivals: _Rivals, options: MatchOptions) -> Message | None:
    """Report what is odd about a pair: far apart, or another school nearly as fit."""
    if pair["distance_m"] > options.far_m:
        return Message("matching.far_apart", distance=round(pair["distance_m"]))
    left_id, right_id = pair["left_id"], pair["right_id"]
    close = pair["score"] - options.margin
    others = {other for score, other in rivals["left", left_id] if score > close} - {right_id}
    others |= {other for score, other in rivals["right", right_id] if score > close} - {left_id}
    if others and not pair["is_same_id"]:
        return Message("matching.rivals", found=sorted(others))
    return None


def _decided_row(decision: Decision) -> dict[str, Any]:
    return {
        "left_id": decision.left_id,
        "right_id": decision.right_id,
        "state": "matched",
        "score": 1.0,
        "name_score": np.nan,
        "distance_m": np.nan,
        **_by_hand(decision),
    }


def _alone(
    frame: gpd.GeoDataFrame, matched: set[str], side: str, decided: Mapping[str, Decision]
) -> list[dict[str, Any]]:
    return [
        {
            f"{side}_id": identity,
            "state": f"only_{side}",
            **(_by_hand(decided[identity]) if identity in decided else {}),
        }
        for identity in frame["school_id"]
        if identity not in matched
    ]


def _by_hand(decision: Decision) -> dict[str, Any]:
    return {"how": "decision", "note": Message("matching.by_hand", reason=decision.reason)}


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """
    Read decisions by hand from a CSV (UTF-8 or GB 18030): left_id, right_id, verdict, reason.

    Raises
    ------
    LayerError
        If there is no such file, a column is missing, a verdict is unknown, or a reason is empty.
    """
    table = _read_csv(path)
    missing = [column for column in _DECISION_COLUMNS if column not in table]
    if missing:
        raise LayerError(Message("matching.no_column", path=path, found=missing))
    bad = ~table["verdict"].isin(_VERDICTS) | (table["reason"].str.strip() == "")
    if bad.any():
        rows = [int(n) + 2 for n in np.flatnonzero(bad)[:5]]
        raise LayerError(Message("matching.bad_decision", path=path, rows=rows))
    return tuple(
        Decision(**{name: row[name].strip() for name in _DECISION_COLUMNS})
        for row in table.to_dict("records")
    )


def _read_csv(path: Path) -> pd.DataFrame:
    why: object = None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return pd.read_csv(path, dtype=str, encoding=encoding, keep_default_na=False)
        except UnicodeDecodeError as error:
            why = error
        except ValueError as error:  # no table: pandas' parser errors are among these
            raise LayerError(Message("matching.torn_decisions", path=path, why=error)) from error
        except OSError as error:
            why = error.strerror or error
            raise LayerError(Message("matching.no_decisions", path=path, why=why)) from error
    raise LayerError(Message("matching.torn_decisions", path=path, why=why))
