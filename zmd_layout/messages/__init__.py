"""
Every text that a user reads, in Chinese and English.

The texts stand in one TOML file a room (`zmd_layout/messages/<room>.toml`), so that they can be
corrected without touching code::

    [layers.empty]
    zh = "{layer}：图层为空（{path}）。……"
    en = "{layer}: the layer is empty ({path}). …"

`Message("layers.empty", layer=…, path=…)` is the text with its values, not yet in a language; it
can be compared, tested, put into an error and rendered late.

English counts: a text whose noun turns with a number names that number and has two forms::

    [layers.doubled]
    by = "count"
    zh = "……{count}行重复……"
    en = { one = "… {count} row is duplicated …", other = "… {count} rows are duplicated …" }

`one` is for exactly 1; 0, fractions and what is unknown take `other`. Chinese has one form.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    from collections.abc import Mapping

# what a file's names or a path may smuggle in: control characters but tab and line feed, and
# those of bidirectional writing, with which one text can look like another
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONGEST_TEXT = 2000
_LONGEST_LIST = 60  # items shown; of a longer list the number of the rest is given


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """
    A text of the catalogue with its values, rendered in either language when it is shown.

    Parameters
    ----------
    key
        `room.name`, the table in `messages/<room>.toml`.
    **args
        What the placeholders of the text take. What has a method `text(lang)` says itself in the
        same language; a list or tuple is joined, up to 60 items.

    Raises
    ------
    KeyError
        When the text is rendered, if the catalogue has no such key or a placeholder has no value.
    """

    key: str
    args: tuple[tuple[str, Any], ...]

    def __init__(self, key: str, /, **args: object) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "args", tuple(args.items()))

    def text(self, lang: Lang | str = Lang.ZH) -> str:
        """Render the text in `lang`."""
        values = {name: _render(value, lang) for name, value in self.args}
        entry = _texts(self.key.partition(".")[0])[self.key]
        return _form(entry, str(lang), values).format(**values)

    def __str__(self) -> str:
        return self.text()


def _form(entry: Mapping[str, Any], lang: str, values: Mapping[str, object]) -> str:
    text = entry[lang]
    if isinstance(text, str):
        return text
    form: str = text["one" if str(values[entry["by"]]) == "1" else "other"]
    return form


def _render(value: object, lang: Lang | str) -> object:
    if isinstance(value, list | tuple):
        shown = [str(_render(item, lang)) for item in value[:_LONGEST_LIST]]
        more = len(value) - len(shown)
        if str(lang) == "zh":
            return "、".join(shown) + (f"等{len(value)}项" if more else "")
        return ", ".join(shown) + (f" and {more} more" if more else "")
    # whatever can say itself in either language: a message, the title of a rule
    say = getattr(value, "text", None)
    if callable(say):
        value = say(str(lang))
    return _tame(str(value)) if isinstance(value, str | PurePath | BaseException) else value


def steers(text: str) -> bool:
    """Return whether a text has characters that steer a terminal or turn the writing round."""
    return _STEERING.search(text) is not None


def _tame(text: str) -> str:
    """Take out what steers a terminal or turns the writing round, and end what is endless."""
    text = _STEERING.sub("", text)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


@cache
def _texts(room: str) -> dict[str, dict[str, Any]]:
    source = files("zmd_layout.messages") / f"{room}.toml"
    tables = tomllib.loads(source.read_text("utf-8"))[room]
    return {f"{room}.{name}": texts for name, texts in tables.items()}


def rooms() -> list[str]:
    """Name the rooms that have texts, sorted."""
    catalogue = files("zmd_layout.messages")
    return sorted(p.name[: -len(".toml")] for p in catalogue.iterdir() if p.name.endswith(".toml"))


def catalogue(room: str) -> dict[str, dict[str, Any]]:
    """Return the texts of a room: key → language → text, or its forms (see above)."""
    return dict(_texts(room))


def forms(entry: Mapping[str, Any], lang: Lang | str) -> str | dict[str, str]:
    """
    Return a text as a page takes it: the text, or `{by, one, other}` where it turns with a number.

    Parameters
    ----------
    entry
        A text of the `catalogue`.
    lang
        The language.
    """
    text = entry[str(lang)]
    return text if isinstance(text, str) else {"by": entry["by"], **text}


def word(value: object, lang: Lang | str = Lang.ZH) -> str:
    """
    Print a word of the vocabulary, such as `Status.SHORTFALL` → 缺口.

    Parameters
    ----------
    value
        A member of one of the lists in `vocabulary`.
    lang
        The language.
    """
    return word_message(value).text(lang)


def word_message(value: object) -> Message:
    """Return the print form of a word of the vocabulary as a `Message`."""
    name = type(value).__name__.lower()
    return Message(f"words.{name}_{value}")


def value_word(value: object) -> object:
    """Return the print form of a cell, such as `subdistrict` → 街道, or the cell itself."""
    key = f"values.{value}".lower()
    return Message(key) if key in _texts("values") else value


def both(message: Message) -> tuple[str, str]:
    """Render in Chinese and English."""
    return message.text(Lang.ZH), message.text(Lang.EN)
