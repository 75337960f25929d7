"""Print names of layers and fields; those of a user's own layers are printed as they are."""

from __future__ import annotations

from zmd_layout.messages import Message, catalogue


def layer_word(name: str) -> Message:
    """Name a layer in a sentence; one of the user's own has only the name that the study gives."""
    key = f"words.layer_{name}"
    return Message("words.layer", name=Message(key) if key in catalogue("words") else name)


def field_word(name: str) -> Message:
    """Name a field in a sentence; a column of an own layer has only its own name."""
    key = f"fields.{name}"
    return Message("fields.word", name=Message(key) if key in catalogue("fields") else name)
