"""Errors that a caller may want to catch; each carries a message in both languages."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zmd_layout.messages import Message
    from zmd_layout.vocabulary import Lang


class ZmdLayoutError(Exception):
    """
    The user's input is wrong, and the message says what to do.

    Parameters
    ----------
    *messages
        One `Message` for each fault; all faults of a thing are told at once.
    """

    def __init__(self, *messages: Message) -> None:
        super().__init__(*messages)
        self.messages = messages

    def text(self, lang: Lang | str = "zh") -> str:
        """Render all faults in one language, a line each."""
        return "\n".join(message.text(lang) for message in self.messages)

    def __str__(self) -> str:
        return self.text()


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
