"""Read the cases that stand beside a rule."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from zmd_layout.errors import RuleError
from zmd_layout.messages import Message
from zmd_layout.rulebook.faults import Fault, faults_in_form
from zmd_layout.rulebook.provision import Strict
from zmd_layout.rulebook.yaml_reader import read_yaml, told

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
        raw = [
            {
                **defaults,
                **case,
                "unit": {**defaults.get("unit", {}), **case.get("unit", {})},
                "measures": {**defaults.get("measures", {}), **case.get("measures", {})},
            }
            for case in book["cases"]
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise RuleError(Message("rulebook.not_cases", path=path.name)) from error
    cases: list[Case] = []
    faults: list[Fault] = []
    for number, one in enumerate(raw):
        try:
            cases.append(Case.model_validate(one))
        except ValidationError as error:
            found = faults_in_form(error, one, Case.model_fields)
            faults += [Fault(("cases", number, *fault.place), fault.why) for fault in found]
    if faults:
        raise RuleError(*told(path, faults))
    return cases
