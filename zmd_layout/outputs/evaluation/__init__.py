"""
The final evaluation of a plan (终期评估): what was promised, what was reached, and when.

Nothing is late or missed unless the date of a thing or the year of a figure shows it.
"""

from __future__ import annotations

from zmd_layout.outputs.evaluation.states import gravest, reached, state_of_finding
from zmd_layout.outputs.evaluation.table import COLUMNS, evaluation_table, figures_to_fill

__all__ = [
    "COLUMNS",
    "evaluation_table",
    "figures_to_fill",
    "gravest",
    "reached",
    "state_of_finding",
]
