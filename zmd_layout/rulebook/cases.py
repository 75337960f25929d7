"""Read the cases that stand beside a rule."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from zmd_layout.errors import RuleError
from zmd_layout.messages import Message
from zmd_layout.rulebook.provision import Strict
from zmd_layout.rulebook.yaml_reader import faults_of, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

CASES_SUFFIX = ".test.yaml"


class Case(Strict):
    """One situation and the verdict expected of it."""

    name: str
    as_of: dt.date
    unit: dict[str, Any] = Field(default_factory=dict)
    measures: dict[str, Any] = Field(default_factory=dict)
    expect: dict[str, Any] | None


def load_cases(path: Path) -> list[Case]:
    """
    Read the cases beside a rule.

    The file has `defaults` (merged under each case; `unit` and `measures` key by key) and `cases`.

    Raises
    ------
    RuleError
        If the file is not a list of cases.
    """
    book = read_yaml(path)
    try:
        defaults = book.get("defaults", {})
        return [
            Case.model_validate(
                {
                    **defaults,
                    **case,
                    "unit": {**defaults.get("unit", {}), **case.get("unit", {})},
                    "measures": {**defaults.get("measures", {}), **case.get("measures", {})},
                }
            )
            for case in book["cases"]
        ]
    except ValidationError as error:
        raise RuleError(*faults_of(path, error)) from error
    except (AttributeError, KeyError, TypeError) as error:
        raise RuleError(Message("rulebook.not_cases", path=path.name)) from error
