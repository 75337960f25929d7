"""
The columns of layers and units, against which a rule is held when it is read.

The rulebook stands below the layers and cannot ask them. `layer_columns.toml` lists what they are
(a test compares it with the schemas of the layers, and `python tests/test_rooms.py` writes it
anew).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zmd_layout.vocabulary import UnitKind

AGES = "residents_<from>_<to>"
_AGE_COLUMN = re.compile(r"residents_\d{1,3}_\d{1,3}")
WORD, STAGES, BOOL, DATE, TEXT, NUMBER = "word", "stages", "bool", "date", "text", "number"
ANY = "any"  # a column without a filled cell
NUMBERS = frozenset({"count", NUMBER, "year"})
AMOUNTS = frozenset({"count", NUMBER, ANY})
TEXTS = frozenset({"id", TEXT})


@dataclass(frozen=True, slots=True)
class RuleColumn:
    """A column as a rule may speak of it: the name of its type, and the words of a closed list."""

    kind: str
    words: tuple[str, ...] = ()


Columns = dict[str, RuleColumn]


@cache
def _book() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "layer_columns.toml").read_text("utf-8"))


@cache
def columns_of_layer(layer: str) -> Columns | None:
    """Return the columns of a layer by name; None for one of the study's own."""
    listed = _book()["layers"].get(layer)
    return None if listed is None else {name: _column(told) for name, told in listed.items()}


@cache
def columns_of_unit(kind: UnitKind) -> Columns:
    """Return the fields of the units of a kind by name."""
    told = _book()["units"][kind]
    more = {name: _column(column) for name, column in told["fields"].items()}
    return {**(columns_of_layer(told["layer"]) or {}), **more} if "layer" in told else more


def find_column(columns: Columns, name: str) -> RuleColumn | None:
    """Return a column; every age group is one where there are any."""
    return columns.get(AGES) if _AGE_COLUMN.fullmatch(name) else columns.get(name)


def layer_names() -> list[str]:
    """Return the names of the layers that are not a study's own."""
    return sorted(_book()["layers"])


def statistic_names() -> list[str]:
    """Return the names of the statistics."""
    return sorted(_book()["statistic_names"])


def _column(told: str | list[str]) -> RuleColumn:
    return RuleColumn(told) if isinstance(told, str) else RuleColumn(WORD, tuple(told))
