"""Messages about a file that stands alone, without a study file in which things could be set."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from zmd_layout.errors import ZmdLayoutError
from zmd_layout.messages import Message, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING = "_alone"


@contextmanager
def without_study_file(name: str) -> Iterator[None]:
    """
    Word the errors of the block for a file that no study declares.

    Parameters
    ----------
    name
        The file, as its user knows it. A message of the catalogue that has a twin, its key ended by
        `_alone`, is replaced by it; the twin may use `{file}`.
    """
    try:
        yield
    except ZmdLayoutError as error:
        raise type(error)(*(alone(message, name) for message in error.messages)) from error


def alone(message: Message, name: str) -> Message:
    """Return the twin of a message for a file that stands alone, or the message itself."""
    args = {k: alone(v, name) if isinstance(v, Message) else v for k, v in message.args}
    if "layer" in args:
        args["layer"] = name  # a layer is a thing of study files
    key = f"{message.key}{_ENDING}"
    if key not in catalogue(message.key.partition(".")[0]):
        return Message(message.key, **args)
    return Message(key, **args | {"file": name})
