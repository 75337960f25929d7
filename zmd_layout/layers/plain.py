"""Text as it is compared: full-width signs made half-width, without blanks."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return a text in NFKC without any white space; upper and lower case stay."""
    return "".join(unicodedata.normalize("NFKC", text).split())
