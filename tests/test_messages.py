"""Every text stands in both languages, with the same values in each, and is used."""

from __future__ import annotations

import string
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from language import english

from zmd_layout.messages import Message, catalogue, rooms

# Chinese counts in 万, English in thousands: the two take different numbers
OTHER_NUMBERS = {"forecast.thousands"}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("room", rooms())
def test_every_text_is_there_in_both_languages_with_the_same_values(room: str) -> None:
    for key, texts in catalogue(room).items():
        assert set(texts) - {"by"} == {"zh", "en"}, key
        assert bool(texts["zh"]) == bool(texts["en"]), key
        same = all(placeholders(texts["zh"]) == placeholders(text) for text in english(texts))
        passes_through = texts == {"zh": "{zh}", "en": "{en}"}  # a title that is data
        assert same or passes_through or key in OTHER_NUMBERS, key


def test_a_message_renders_late_and_lists_are_joined() -> None:
    message = Message("layers.overlap", layer="x", count=2, found=["a", "b"])
    assert "a、b" in message.text("zh")
    assert "a, b" in message.text("en")


def test_a_message_within_a_message_speaks_the_same_language() -> None:
    inner = Message("words.layer_schools")
    message = Message("measures.missing_layer", layer=inner)
    assert "学校" in message.text("zh")
    assert "schools" in message.text("en")
