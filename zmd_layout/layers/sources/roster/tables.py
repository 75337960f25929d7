"""The tables of fields and words that the reader goes by."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_ROOM = "zmd_layout.layers.sources.roster"


@dataclass(frozen=True, slots=True)
class Field:
    """
    A field of the education statistics.

    Attributes
    ----------
    name
        Its name.
    kind
        How its cells are read.
    column
        Our column; None for a field that is recognised and not used.
    names
        The heads under which it comes.
    """

    name: str
    kind: str
    column: str | None
    names: tuple[str, ...]


@cache
def fields() -> dict[str, Field]:
    """Return the fields by name, in the order of the list in the standards."""
    return {
        name: Field(name, entry["kind"], entry.get("column"), tuple(entry["names"]))
        for name, entry in _toml("fields.toml").items()
    }


_USED_WITHOUT_COLUMN = frozenset(
    {"place", "remark", "design_scale", "inclusive_private", "for_profit", "very_large_classes"}
)


def is_used(field: str) -> bool:
    """Return whether a field is used: as a column of ours, or to decide one."""
    known = fields().get(field)
    return known is None or known.column is not None or field in _USED_WITHOUT_COLUMN


@cache
def words() -> dict[str, Any]:
    """Return the tables of words."""
    return _toml("words.toml")


@cache
def field_of_head() -> dict[str, str]:
    """Return the field of each head, in the form in which heads are compared, ours among them."""
    found = {field.column: field.name for field in reversed(fields().values()) if field.column}
    found |= {field.name: field.name for field in fields().values()}
    found |= {plain(head): f.name for f in fields().values() for head in f.names}
    return {plain(head): name for head, name in found.items()}


def plain(text: object) -> str:
    """Bring a head to the form in which it is compared: NFKC, lower case, without brackets."""
    form = unicodedata.normalize("NFKC", str(text)).casefold()
    return re.sub(r"[\s()\[\]【】:_]", "", form)


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((files(_ROOM) / name).read_text("utf-8"))
