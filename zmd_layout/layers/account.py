"""
The account of an input (收件清单): what was read, joined, converted, left out or not used, and why.

Readers and checks put entries into an `Account` as they go; a layer keeps them as `origin.account`,
and screen, `run.json`, workbook and opinion print them from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHOWN = 12


class Item(StrEnum):
    """What an entry is about."""

    FILE = "file"
    SHEET = "sheet"
    LAYER = "layer"
    COLUMN = "column"
    ROW = "row"
    SHAPE = "shape"
    CELL = "cell"


class Outcome(StrEnum):
    """What became of it."""

    READ = "read"
    JOINED = "joined"
    CONVERTED = "converted"
    REPAIRED = "repaired"
    UNUSED = "unused"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Told:
    """A reason that was rendered before, as `run.json` keeps it."""

    zh: str
    en: str

    def text(self, lang: str = "zh") -> str:
        """Return the text in a language."""
        return self.zh if str(lang) == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A line of the account.

    Attributes
    ----------
    item, outcome
        What it is about, and what became of it.
    count
        How many.
    what
        Their names: sheets, columns, rows or shapes; the first twelve.
    why
        The reason, or how it was understood.
    part
        The sheet or layer of the file; "" where it has no parts.
    """

    item: Item
    outcome: Outcome
    count: int
    what: tuple[str, ...] = ()
    why: Message | Told | None = None
    part: str = ""

    def names(self, lang: str) -> str:
        """Join the names, with the number of those that are not shown."""
        comma = "、" if str(lang) == "zh" else ", "
        more = self.count - len(self.what)
        shown = comma.join(self.what)
        return f"{shown}…（+{more}）" if self.what and more > 0 else shown

    def text(self, lang: str) -> str:
        """Report the entry in one line, as the notes of the review page have it."""
        item, outcome, count, names, part, why = row_of(self, lang)
        stop = "；" if str(lang) == "zh" else "; "
        told = [f"{item} {count}"] if not names else [f"{item} {names}"]
        return f"{outcome}: " + stop.join([*told, *filter(None, (part, why))])

    @property
    def is_notable(self) -> bool:
        """Whether a reader should look at it: anything but what was read as it stands."""
        return self.outcome is not Outcome.READ


@dataclass(slots=True)
class Account:
    """The entries on one input, in the order in which they arose."""

    entries: list[Entry] = field(default_factory=list)

    def add(
        self,
        item: Item,
        outcome: Outcome,
        what: Iterable[object] = (),
        *,
        count: int | None = None,
        why: Message | None = None,
        part: str = "",
    ) -> None:
        """Add a line; the count is the number of names unless it is given. Zero adds nothing."""
        names = [str(name) for name in what]
        number = len(names) if count is None else count
        if number:
            self.entries.append(Entry(item, outcome, number, tuple(names[:_SHOWN]), why, part))


def record(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the entries as `run.json` keeps them."""
    return [
        {
            "item": str(entry.item),
            "outcome": str(entry.outcome),
            "count": entry.count,
            "what": list(entry.what),
            "part": entry.part,
            "why": None
            if entry.why is None
            else {"zh": entry.why.text("zh"), "en": entry.why.text("en")},
        }
        for entry in entries
    ]


def entries_of(kept: Iterable[dict[str, Any]]) -> list[Entry]:
    """Return the entries that `record` has put down; their reasons are texts by then."""
    return [
        Entry(
            Item(line["item"]), Outcome(line["outcome"]), line["count"], tuple(line["what"]),
            None if line["why"] is None else Told(**line["why"]), line["part"],
        )
        for line in kept
    ]  # fmt: skip


def row_of(entry: Entry, lang: str) -> tuple[str, str, int, str, str, str]:
    """Return a line for readers: item, outcome, count, names, part, reason."""
    return (
        Message(f"account.item_{entry.item}").text(lang),
        Message(f"account.outcome_{entry.outcome}").text(lang),
        entry.count,
        entry.names(lang),
        entry.part,
        "" if entry.why is None else entry.why.text(lang),
    )


def row_number(label: object) -> object:
    """Return the number of a row as readers count, from 1; `sheet!row` where there are several."""
    return int(label) + 1 if isinstance(label, int | np.integer) else label
