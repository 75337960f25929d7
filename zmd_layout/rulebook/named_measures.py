"""
The measures that a rule may name: the closed list against which a rule is held when it is read.

The rulebook stands below the measures and cannot ask them. `named_measures.toml` lists what the
package computes (a test compares it with the registry of the measures); a measure of one's own is
added by `zmd_layout.measures.registry.named_measure`.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files

from zmd_layout.vocabulary import UnitKind

MERGING = ("merge_distance_m", "merge_years")  # the numbers by which areas are joined


def _packaged() -> dict[tuple[str, UnitKind], tuple[str, ...]]:
    text = (files(__package__) / "named_measures.toml").read_text("utf-8")
    return {
        (name, UnitKind(unit)): tuple(entry.get("numbers", ()))
        for name, entry in tomllib.loads(text).items()
        for unit in entry["units"]
    }


NUMBERS = _packaged()  # (name, unit kind) → the parameters that a rule must have for it


def declare(name: str, kind: UnitKind, numbers: tuple[str, ...]) -> None:
    """Add a measure of one's own to the list."""
    NUMBERS[name, kind] = numbers


def is_named(name: str, kind: UnitKind) -> bool:
    """Return whether a measure of that name is computed for units of `kind`."""
    return (name, kind) in NUMBERS
