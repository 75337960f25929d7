"""What the language of texts and docstrings is held to; see `test_language`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zmd_layout.messages import catalogue, rooms

PACKAGE = Path(__file__).parents[1] / "zmd_layout"
AVOIDED = re.compile(
    r"\b(tell(s|ing)?|told|mend(s|ed)?|nobody|ground(?! =)|owe[sd]?|stands?|stood|we|our|supposed"
    r"|twice|gone|cannot go|way|ways|the like|lest|beside)\b|!r\}",
    re.IGNORECASE,
)
# a number and a noun in the plural, which is wrong for 1; verbs and units of measure are not nouns
_BARE = re.compile(r"(?<!of )\{(\w+)(?::[^}]*)?\} ([a-z]+s)\b")
_NO_NOUN = {
    "as", "belongs", "census", "closes", "declares", "does", "ends", "exceeds", "falls", "has",
    "holds", "is", "lacks", "names", "needs", "opens", "remains", "rests", "says", "sums", "was",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"\{\w+[^}]*\}")
_STORY = re.compile(r"(Give|Tell|Say)\b")


def english(entry: dict[str, Any]) -> list[str]:
    """Return the English forms of a text: one, or two where it turns with a number."""
    text = entry["en"]
    return [text] if isinstance(text, str) else list(text.values())


def texts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every text of the catalogue with its key."""
    for room in rooms():
        yield from catalogue(room).items()


def with_bare_plural() -> set[str]:
    """Return the keys whose English says `{count} nouns` in one form."""
    return {
        key
        for key, entry in texts()
        if isinstance(entry["en"], str)
        and any(noun not in _NO_NOUN for _, noun in _BARE.findall(entry["en"]))
    }


def with_avoided_word() -> set[str]:
    """Return the keys whose English has a word that is not to be used."""
    return {
        key
        for key, entry in texts()
        if any(AVOIDED.search(_PLACEHOLDER.sub(_kept, text)) for text in english(entry))
    }


def _kept(placeholder: re.Match[str]) -> str:
    """Return what of a placeholder is seen by a reader: the quotes of `!r`."""
    return "!r}" if "!r" in placeholder.group() else ""


def docstrings_that_tell() -> int:
    """Return how many docstrings begin with Give, Tell or Say in place of Return or Compute."""
    count = 0
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                text = (ast.get_docstring(node) or "").lstrip()
                count += _STORY.match(text) is not None
    return count
