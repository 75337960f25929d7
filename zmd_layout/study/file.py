"""
The study file: `study.toml` → a frozen, validated `Study`.

A study names its layers, how their coordinates are declared, the rule sets, and the day of the
assessment. Unknown keys are refused, relative paths are relative to the file, and all faults of a
file come in one error.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ValidationError,
)

from zmd_layout.errors import StudyError
from zmd_layout.messages import Message
from zmd_layout.study.base import with_base
from zmd_layout.study.layer_source import Acceptance, Covers, LayerSource
from zmd_layout.study.model import Study
from zmd_layout.study.people import CohortRatio, Forecast, IntoTowns, Move, NetMigration, People
from zmd_layout.study.plan import ActionChoice, Plan
from zmd_layout.study.schools import Completeness, SchoolMatching
from zmd_layout.study.sensitivity import Sensitivity
from zmd_layout.study.travel import Travel
from zmd_layout.study.what_if import WhatIf

FILE_NAME = "study.toml"
_TABLES = (
    "layers", "own_layers", "matching", "completeness", "people", "travel", "forecast",
    "sensitivity", "plan", "what_if",
)  # fmt: skip


def read_study(path: Path | str) -> Study:
    """
    Read a study.

    Parameters
    ----------
    path
        `study.toml`, or the folder that holds it.

    Returns
    -------
    study
        The study, frozen.

    Raises
    ------
    StudyError
        If it is not there, not TOML, or not a study: all faults in one error.
    """
    file = Path(path)
    if file.is_dir():
        file = file / FILE_NAME
    try:
        raw = tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise StudyError(Message("study.not_there", path=file)) from error
    except UnicodeDecodeError as error:
        raise StudyError(Message("study.not_utf8", path=file)) from error
    except (ValueError, RecursionError) as error:  # also a number of 5,000 digits
        raise StudyError(Message("study.not_toml", path=file, why=error)) from error
    except OSError as error:
        raise StudyError(Message("study.not_readable", path=file, why=error)) from error
    return parse_study(raw, folder=file.parent, file=file)


def parse_study(raw: dict[str, Any], *, folder: Path, file: Path) -> Study:
    """
    Make a study of the tables of a study file.

    Raises
    ------
    StudyError
        If the tables are not a study: all faults in one error.
    """
    raw = with_base(raw)
    tables = {"study", *_TABLES}
    faults = [
        Message("study.unknown_key", path=file.name, key=key, near=_near(key, tables))
        for key in sorted(set(raw) - tables)
    ]
    head = raw.get("study")
    if not isinstance(head, dict):
        raise StudyError(*faults, Message("study.no_head", path=file.name))
    try:
        study = Study.model_validate(
            {
                **head,
                **{name: raw.get(name, {}) for name in _TABLES},
                "folder": folder,
            }
        )
    except ValidationError as error:
        raise StudyError(*faults, *(_fault(file, f) for f in error.errors())) from error
    if faults:
        raise StudyError(*faults)
    return study


def _fault(file: Path, fault: Any) -> Message:  # noqa: ANN401 - pydantic's ErrorDetails
    location = [str(part) for part in fault["loc"]]
    where = ".".join(location)
    match fault["type"]:
        case "extra_forbidden":
            near = _near(location[-1], set(_model_at(location).model_fields))
            return Message("study.unknown_key", path=file.name, key=where, near=near)
        case "missing":
            return Message("study.missing_key", path=file.name, key=where)
        case _:
            why = fault["msg"].removeprefix("Value error, ")
            return Message(
                "study.wrong_value",
                path=file.name,
                key=where,
                value=_short(fault["input"]),
                why=why,
            )


def _model_at(location: list[str]) -> type[BaseModel]:
    """Return the table of the study file in which a key stands."""
    models: dict[str, type[BaseModel]] = {
        "layers": LayerSource, "own_layers": LayerSource, "covers": Covers, "accept": Acceptance,
        "matching": SchoolMatching,
        "completeness": Completeness, "people": People,
        "travel": Travel, "forecast": Forecast,
        "net_migration": NetMigration, "cohort_ratios": CohortRatio,
        "moves": Move, "into_towns": IntoTowns,
        "sensitivity": Sensitivity, "plan": Plan, "what_if": WhatIf,
        **dict.fromkeys(("bridge", "convert", "expand", "new"), ActionChoice),
    }  # fmt: skip
    inner = [models[name] for name in location[:-1] if name in models]
    return inner[-1] if inner else Study


def _short(value: object, most: int = 60) -> str:
    text = str(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def _near(key: str, known: set[str]) -> Message:
    match difflib.get_close_matches(key, sorted(known), n=1):
        case [near]:
            return Message("study.near", near=near)
        case _:
            return Message("study.known", known=sorted(known))
