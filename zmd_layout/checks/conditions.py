"""Hold a field against a condition: met, not met, or unknown."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zmd_layout.rulebook.measure_forms import Condition, ParameterRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zmd_layout.rulebook.measure_forms import Bound

_POSSIBLE = "possible_stages"


def is_missing(value: object) -> bool:
    """Return whether a cell is empty: None, NaN, NaT or an empty text."""
    if value is None or value is pd.NaT or (isinstance(value, str) and not value):
        return True
    return isinstance(value, float) and math.isnan(value)


def meets(
    value: Any,  # noqa: ANN401 - a cell holds what it holds
    condition: Condition,
    *,
    limits: Mapping[str, Any],
    plan_period: tuple[dt.date, dt.date] | None,
) -> bool | None:
    """
    Hold one value against `condition`.

    Parameters
    ----------
    value
        The cell; empty is unknown.
    condition
        The condition.
    limits
        The rule's numbers in force, by name, for bounds that refer to one.
    plan_period
        First and last day of the plan.

    Returns
    -------
    met
        None where the value, the bound or the period is unknown.
    """
    if is_missing(value):
        return None
    if isinstance(value, dt.datetime):  # of a study's own layer
        value = value.date()
    if condition.equals is not None:
        return bool(value == condition.equals)
    if condition.any_of is not None:
        return str(value) in condition.any_of
    if condition.contains is not None:
        return condition.contains in str(value).split(";")
    if condition.in_plan_period:
        return None if plan_period is None else plan_period[0] <= value <= plan_period[1]
    return _within(value, condition, limits)


def _within(value: Any, condition: Condition, limits: Mapping[str, Any]) -> bool | None:  # noqa: ANN401 - as above
    bound = _bound(
        condition.at_least if condition.at_least is not None else condition.at_most, limits
    )
    if bound is None:
        return None
    return bool(value >= bound if condition.at_least is not None else value <= bound)


def _bound(bound: Bound | None, limits: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a number or a day
    if not isinstance(bound, ParameterRef):
        return bound
    dated = limits.get(bound.parameter)
    return None if dated is None else dated.value


def meets_all(
    frame: pd.DataFrame,
    conditions: tuple[Condition, ...],
    *,
    limits: Mapping[str, Any],
    plan_period: tuple[dt.date, dt.date] | None,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Hold every row of `frame` against all conditions.

    Returns
    -------
    surely, possibly
        (n,) bool each. A row that fails a known condition is neither; one that fails none but has
        an unknown one is possibly in.
    """
    surely = np.ones(len(frame), dtype=bool)
    possibly = np.ones(len(frame), dtype=bool)
    for condition in conditions:
        if condition.field not in frame:
            surely[:] = False
            continue
        cells = frame[condition.field]
        answers = {
            key: meets(key, condition, limits=limits, plan_period=plan_period)
            for key in cells.drop_duplicates()
            if not is_missing(key)
        }
        met = [None if is_missing(cell) else answers[cell] for cell in cells]
        met = _ruled_out(met, frame, condition)
        surely &= np.array([answer is True for answer in met], dtype=bool)
        possibly &= np.array([answer is not False for answer in met], dtype=bool)
    return surely, possibly


def may_have_stage(
    schools: pd.DataFrame, stage: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Return which schools have a stage, and of which it is open.

    Returns
    -------
    has_stage, may_have
        (n,) bool each, never both.
    """
    condition = Condition(field="stages", contains=str(stage))
    surely, possibly = meets_all(schools, (condition,), limits={}, plan_period=None)
    return surely, possibly & ~surely


def _ruled_out(
    met: list[bool | None], frame: pd.DataFrame, condition: Condition
) -> list[bool | None]:
    """Answer no where a school's stages are open, and the one asked for is none of the possible."""
    if condition.field != "stages" or condition.contains is None or _POSSIBLE not in frame:
        return met
    return [
        False
        if answer is None and not is_missing(open_) and condition.contains not in open_.split(";")
        else answer
        for answer, open_ in zip(met, frame[_POSSIBLE], strict=True)
    ]
