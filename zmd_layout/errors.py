"""Errors that a caller may want to catch; each carries a message in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
