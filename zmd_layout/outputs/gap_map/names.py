"""Let a reader find a unit by its name in Chinese or by the letters of its pinyin."""

from __future__ import annotations

from functools import cache

try:
    from pypinyin import lazy_pinyin
except ImportError:  # the page then finds units by their Chinese names only
    HAS_PINYIN = False
else:
    HAS_PINYIN = True


@cache
def search_key(name: str) -> str:
    """
    Write what a search is compared with: the name, its initials and its whole pinyin.

    Examples
    --------
    >>> search_key("泌阳县")
    '泌阳县|byx|biyangxian'
    """
    plain = name.lower()
    if not HAS_PINYIN:
        return plain
    syllables = lazy_pinyin(plain)  # what is not Chinese stays as it is
    whole = "".join(syllables)
    initials = "".join(syllable[0] for syllable in syllables)
    return plain if whole == plain else f"{plain}|{initials}|{whole}"
