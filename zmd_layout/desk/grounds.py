"""The order of legal basis: what an opinion rests on, and what may carry a refusal."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zmd_layout.rulebook import Rule


class Ground(StrEnum):
    """The kind of a document, in the order in which an opinion cites."""

    LAW = "law"
    ORDINANCE = "ordinance"
    NORMATIVE = "normative"
    LAND_PLAN = "land_plan"
    STANDARD = "standard"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Basis:
    """
    A clause that an opinion cites.

    Attributes
    ----------
    ground
        The kind of its document.
    document, article, text
        Where it stands and what it says; the text is empty where it is not at hand.
    """

    ground: Ground
    document: str
    article: str
    text: str

    @property
    def is_missing(self) -> bool:
        """Whether the text has still to be filled in by the office."""
        return not self.text


def ground_of(document: str) -> Ground:
    """Tell the kind of a document by its name; one that is not known is normative."""
    for entry in _data()["ground"]:
        if any(re.search(pattern, document) for pattern in entry["patterns"]):
            return Ground(entry["id"])
    return Ground.NORMATIVE


def carries_refusal(ground: Ground) -> bool:
    """Tell whether a duty of this kind of document may be the reason of a refusal."""
    entry = next(entry for entry in _data()["ground"] if entry["id"] == ground)
    return bool(entry["carries_refusal"])


def basis_in_order(rules: Iterable[Rule]) -> tuple[Basis, ...]:
    """Give what an opinion rests on: the standing clauses and those of its rules, in order."""
    found = {
        Basis(ground_of(entry["document"]), entry["document"], entry["article"], entry["text"])
        for entry in _data()["standing"]
    }
    for rule in rules:
        for clause in rule.clauses.values():
            ground = ground_of(clause.document)
            found.add(Basis(ground, clause.document, clause.article, clause.text))
    order = list(Ground)
    return tuple(
        sorted(found, key=lambda b: (order.index(b.ground), b.document, b.article, b.text))
    )


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("zmd_layout.desk") / "grounds.toml").read_text("utf-8"))
