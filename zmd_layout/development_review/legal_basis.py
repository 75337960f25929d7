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
    document, article, texts
        Where it stands and what it says; no text where it is not at hand.
    """

    ground: Ground
    document: str
    article: str
    texts: tuple[str, ...]

    @property
    def is_missing(self) -> bool:
        """Whether the text has still to be filled in by the office."""
        return not self.texts


def ground_of(document: str) -> Ground:
    """Report the kind of a document by its name; one that is not known is normative."""
    for entry in _data()["ground"]:
        if any(re.search(pattern, document) for pattern in entry["patterns"]):
            return Ground(entry["id"])
    return Ground.NORMATIVE


def carries_refusal(ground: Ground) -> bool:
    """Return whether a duty of this kind of document may be the reason of a refusal."""
    entry = next(entry for entry in _data()["ground"] if entry["id"] == ground)
    return bool(entry["carries_refusal"])


def basis_in_order(rules: Iterable[Rule]) -> tuple[Basis, ...]:
    """Return what an opinion rests on: the standing clauses and those of its rules, in order."""
    found: dict[tuple[Ground, str, str], dict[str, None]] = {}
    cited = [(entry["document"], entry["article"], entry["text"]) for entry in _data()["standing"]]
    cited += [(c.document, c.article, c.text) for rule in rules for c in rule.clauses.values()]
    for document, article, text in cited:
        texts = found.setdefault((ground_of(document), full_name(document), article), {})
        if text:
            texts.setdefault(text.rstrip("。；"))
    order = list(Ground)
    return tuple(
        Basis(ground, document, article, tuple(texts))
        for (ground, document, article), texts in sorted(
            found.items(), key=lambda entry: (order.index(entry[0][0]), *entry[0][1:])
        )
    )


def full_name(document: str) -> str:
    """Return a document's name as an official letter cites it."""
    bare = document.strip("《》")
    return str(_data()["full_name"].get(bare, f"《{bare}》" if _is_named(document) else document))


def _is_named(document: str) -> bool:
    """Distinguish laws and ordinances, cited by title, from numbers of documents."""
    return ground_of(document) in {Ground.LAW, Ground.ORDINANCE}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(
        (files("zmd_layout.development_review") / "grounds.toml").read_text("utf-8")
    )
