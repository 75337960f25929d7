"""Arguments of the public functions, read or refused before any work is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from pathlib import PurePath
from typing import TypeVar

from zmd_layout.errors import ArgumentError
from zmd_layout.messages import Message
from zmd_layout.study import Study

_Choice = TypeVar("_Choice", bound=StrEnum)
_LONGEST = 60


def as_study(given: object) -> Study:
    """
    Return a study as it is.

    Raises
    ------
    ArgumentError
        If it is none, such as the path of one.
    """
    if isinstance(given, Study):
        return given
    if isinstance(given, str | PurePath):
        raise ArgumentError(Message("arguments.no_study", found=repr(str(given))))
    raise ArgumentError(Message("arguments.no_study_but", found=type(given).__name__))


def as_day(given: object, *, name: str = "as_of") -> dt.date | None:
    """
    Read a day: a date, a date with a time, or text such as 2025-12-31; None stays None.

    Raises
    ------
    ArgumentError
        If it is no day.
    """
    if isinstance(given, dt.datetime):
        return given.date()
    if given is None or isinstance(given, dt.date):
        return given
    try:
        return dt.date.fromisoformat(str(given).strip())
    except ValueError as error:
        raise ArgumentError(Message("arguments.no_day", name=name, found=_shown(given))) from error


def as_ids(given: object, *, name: str) -> list[str]:
    """
    Read ids: one as text, or several.

    Raises
    ------
    ArgumentError
        If something among them is no id.
    """
    if isinstance(given, str):
        return [given]
    ids = list(given) if isinstance(given, Iterable) else [given]
    for one in ids:
        if not isinstance(one, str | int) or isinstance(one, bool):
            raise ArgumentError(Message("arguments.no_id", name=name, found=_shown(one)))
    return [str(one) for one in ids]


def as_choice(given: object, choices: type[_Choice], *, name: str) -> _Choice:
    """
    Return the member of a closed list.

    Raises
    ------
    ArgumentError
        If it has no such member.
    """
    try:
        return choices(str(given))
    except ValueError as error:
        known = [str(choice) for choice in choices]
        raise ArgumentError(
            Message("arguments.no_choice", name=name, found=_shown(given), known=known)
        ) from error


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
