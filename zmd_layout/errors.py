"""Errors that a caller may want to catch; each carries a message in both languages."""

from __future__ import annotations

import errno
import os
import re
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zmd_layout.messages import Message
    from zmd_layout.vocabulary import Lang


_P = ParamSpec("_P")
_R = TypeVar("_R")


_LANGS = ("zh", "en")  # as in `vocabulary.Lang`


class ZmdLayoutError(Exception):
    """
    The user's input is wrong, and the message says what to do.

    Parameters
    ----------
    *messages
        One `Message` for each fault; all faults of a thing are told at once.

    Attributes
    ----------
    lang
        The language of `str(error)`: that of the argument `lang` of the function that was called,
        else of the environment variable `ZMD_LANG`, else Chinese.
    """

    def __init__(self, *messages: Message) -> None:
        super().__init__(*messages)
        self.messages = messages
        asked = os.environ.get("ZMD_LANG")
        self.lang: Lang | str = asked if asked in _LANGS else "zh"

    def text(self, lang: Lang | str = "zh") -> str:
        """Render all faults in one language, a line each."""
        return "\n".join(message.text(lang) for message in self.messages)

    def __str__(self) -> str:
        return self.text(self.lang)


def in_language_asked(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """
    Raise the errors of a function in the language of its argument `lang`.

    Raises
    ------
    ArgumentError
        If `lang` is none of the languages there are.
    """

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        asked = str(kwargs.get("lang", "")) or None
        if asked is not None and asked not in _LANGS:
            from zmd_layout.messages import Message  # noqa: PLC0415 - this module loads nothing

            raise ArgumentError(
                Message("arguments.no_choice", name="lang", found=repr(asked), known=list(_LANGS))
            )
        try:
            return function(*args, **kwargs)
        except ZmdLayoutError as error:
            error.lang = asked or error.lang
            raise

    return call


class ArgumentError(ZmdLayoutError, ValueError):
    """An argument of a public function is not what the function takes."""


class StudyError(ZmdLayoutError, ValueError):
    """A study file cannot be read as a study."""


class LayerError(ZmdLayoutError, ValueError):
    """A layer is not what the study says it is."""


class CrsError(ZmdLayoutError, ValueError):
    """Coordinates are undeclared, contradict their declaration, or are in another CRS."""


class RuleError(ZmdLayoutError, ValueError):
    """A rule file cannot be read as a rule."""


class SitingError(ZmdLayoutError, ValueError):
    """A location problem is malformed."""


class SourceError(ZmdLayoutError, OSError):
    """A source of data cannot be reached or read."""


class OutputError(ZmdLayoutError, OSError):
    """A result cannot be written."""


# what libraries say that write files themselves (SQLite, GDAL, XlsxWriter)
_FULL = re.compile("no space left|disk is full|quota exceeded|not enough space", re.IGNORECASE)


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error, or one that led to it, is that of a full disk."""
    return any(
        getattr(cause, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or _FULL.search(str(cause))
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
