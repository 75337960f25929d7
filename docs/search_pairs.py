"""
A search of Chinese pages by pairs of characters, which needs no dictionary and no stemmer.

Sphinx's own search of Chinese finds no Chinese word unless `jieba` is installed, and its page names
a stemmer that is not there, so that the search of the built pages is dead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sphinx.search import SearchLanguage, languages

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_RUNS = re.compile(r"[\u3400-\u9fff]+|[A-Za-z0-9_]+")
_SPLIT = """
function splitQuery(query) {
  const parts = [];
  for (const run of query.match(/[\\u3400-\\u9fff]+|[A-Za-z0-9_]+/g) || []) {
    if (run.length < 3 || run.charCodeAt(0) < 0x3400) parts.push(run);
    else for (let i = 0; i + 2 <= run.length; i++) parts.push(run.slice(i, i + 2));
  }
  return parts;
}
"""


class SearchPairs(SearchLanguage):
    """Chinese by pairs of characters, other words whole."""

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = _SPLIT

    def split(self, input: str) -> list[str]:  # noqa: A002 - Sphinx's own name
        """Return the words of a text."""
        return split(input)

    def word_filter(self, word: str) -> bool:
        """Return whether a word goes into the index."""
        return len(word) > 1

    def stem(self, word: str) -> str:
        """Return a word in lower case."""
        return word.lower()


def split(text: str) -> list[str]:
    """Return runs of Latin signs whole, and Chinese as overlapping pairs."""
    words: list[str] = []
    for run in _RUNS.findall(text):
        is_latin = run[0] < "\u3400"
        words += [run] if is_latin else [run[n : n + 2] for n in range(max(len(run) - 1, 1))]
    return words


def setup(app: Sphinx) -> dict[str, bool]:
    """Take the place of Sphinx's search of Chinese."""
    del app
    languages["zh"] = SearchPairs
    return {"parallel_read_safe": True, "parallel_write_safe": True}
