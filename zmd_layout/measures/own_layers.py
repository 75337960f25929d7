"""The columns of a study's own layers, against which rules are held once these are read."""

from __future__ import annotations

import datetime as dt
import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

from zmd_layout.checks.conditions import is_missing
from zmd_layout.errors import RuleError
from zmd_layout.layers.schema import SCHEMAS
from zmd_layout.messages import Message
from zmd_layout.rulebook import layer_columns as known
from zmd_layout.rulebook.fields import counted_layers, own_layer_faults
from zmd_layout.rulebook.layer_columns import RuleColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from zmd_layout.layers.layer import Layer
    from zmd_layout.rulebook import Rule

_NOT_OURS = {"geometry", "is_synthetic"}
_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((bool, np.bool_), known.BOOL),
    (numbers.Real, known.NUMBER),
    (dt.date, known.DATE),
    (str, known.TEXT),
)


def refuse_unfit(rules: Sequence[Rule], layers: Mapping[str, Layer]) -> None:
    """
    Hold rules against the columns of the study's own layers.

    Raises
    ------
    RuleError
        If a rule names a column that is not there, or holds one against a value of another type:
        all faults of all rules in one error.
    """
    counted = {name for rule in rules for name in counted_layers(rule)}
    named = {name for name in counted - SCHEMAS.keys() if name in layers}
    columns = {name: _columns(layers[name].frame) for name in sorted(named)}
    faults = [
        Message(
            "rulebook.fault_of_rule",
            rule=rule.id, where=".".join(map(str, fault.place)), why=fault.why,
        )
        for rule, fault in own_layer_faults(rules, columns)
    ]  # fmt: skip
    if faults:
        raise RuleError(*faults)


def _columns(frame: pd.DataFrame) -> dict[str, RuleColumn]:
    return {str(name): RuleColumn(_kind(frame[name])) for name in frame if name not in _NOT_OURS}


def _kind(column: pd.Series[Any]) -> str:
    """Return the type of the cells; text where they are mixed, and an empty column fits any."""
    cells = [cell for cell in column.tolist() if not is_missing(cell)]
    for of, kind in _KINDS:
        if cells and all(isinstance(cell, of) for cell in cells):
            return kind
    return known.TEXT if cells else known.ANY
