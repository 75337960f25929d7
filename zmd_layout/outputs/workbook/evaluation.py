"""The sheet of the final evaluation: targets of the plan, and provisions by county."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from zmd_layout.messages import Message, word
from zmd_layout.outputs.evaluation.table import evaluation_table
from zmd_layout.outputs.workbook.sheet import Row, Sheet, make_sheet, say
from zmd_layout.vocabulary import Lang, Strength, TargetState

if TYPE_CHECKING:
    from zmd_layout.outputs.results import Results

_YEARS = frozenset({5, 9})


def evaluation(results: Results, lang: Lang) -> Sheet:
    """Return targets and provisions with base, target, actual and state."""
    rows = [_cells(row, lang) for row in evaluation_table(results).itertuples()]
    return make_sheet("evaluation", rows, lang, frozen_columns=3, year_columns=_YEARS)


def _cells(row: Any, lang: Lang) -> Row:  # noqa: ANN401 - a row of a table
    unit = Message(f"words.unit_{row.measure_unit}").text(lang) if row.measure_unit else ""
    return (
        getattr(row, f"title_{lang}"), say(f"evaluation_{row.item_kind}", lang), row.unit_name,
        word(Strength(row.strength), lang), unit, _known(row.base_year), _known(row.base),
        _known(row.target), _known(row.actual), _known(row.actual_year),
        word(TargetState(row.state), lang), _known(row.units), _known(row.units_met),
        _known(row.units_missed), _known(row.units_unknown), getattr(row, f"missing_{lang}"),
        getattr(row, f"why_{lang}"), getattr(row, f"contradiction_{lang}"), row.clause,
    )  # fmt: skip


def _known(value: Any) -> Any:  # noqa: ANN401 - a cell of a table
    return None if value is None or pd.isna(value) else value
