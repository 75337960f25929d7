"""
Figures for papers and slides: one look, a Chinese font that comes along, PNG and SVG.

Figures are drawn without pyplot and within a context, so that nothing of the reader's own settings
changes. `figures_charts` and `figures_map` draw; this file holds what they share.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from zmd_layout.messages import Message
from zmd_layout.outputs.fonts import chinese_font

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.figure import Figure

    from zmd_layout.vocabulary import Lang

INK, QUIET = "#222222", "#6b6b6b"
WARNING = "#9c3d00"
_DPI = 200
_WIDE = 2
_NEVER_FIRST = frozenset("，。；：、）》」”！？")


@contextmanager
def look() -> Iterator[None]:
    """Set fonts and lines for the block only; draw and save within it."""
    settings: Any = {
        "font.family": chinese_font().get_family(),
        "font.size": 9.0,
        "axes.titlesize": 10.5,
        "axes.unicode_minus": False,
        "axes.edgecolor": QUIET,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#e4e4e4",
        "grid.linewidth": 0.6,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "hatch.linewidth": 0.6,
        "svg.hashsalt": "zmd-layout",  # the same figure gives the same file
    }
    with mpl.rc_context(settings):
        yield


def save_figure(figure: Figure, path: Path) -> None:
    """
    Write a figure as the ending of `path` says, `.png` or `.svg`.

    Letters become outlines in an SVG, so that it looks the same where the font is not installed.
    """
    told = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    with look():
        figure.savefig(path, dpi=_DPI, metadata=told, facecolor="white")


def put_notes(figure: Figure, notes: list[str], *, is_made_up: bool, lang: Lang) -> None:
    """Write notes below a figure, and above it that its data were made up."""
    if is_made_up:
        figure.text(
            0.5, 0.988, Message("figures.made_up").text(lang), color=WARNING, ha="center", va="top",
            fontsize=8,
            bbox={"facecolor": "#fff1cc", "edgecolor": "none", "pad": 2.5},
        )  # fmt: skip
    figure.text(
        0.01, 0.008, "\n".join(notes), color=QUIET, ha="left", va="bottom", fontsize=6.8,
        linespacing=1.45,
    )  # fmt: skip


def wrapped(text: str, *, width: int) -> str:
    """Break a text into lines of at most `width` columns; a Chinese sign takes two."""
    lines, line, used = [], "", 0
    for piece in _pieces(text):
        size = sum(_columns(sign) for sign in piece)
        if used + size > width and line:
            lines.append(line.rstrip())
            line, used = "", 0
        line, used = line + piece, used + size
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str) -> Iterator[str]:
    """Split where a line may break: after a blank or a Chinese sign, never before punctuation."""
    piece = ""
    for sign, following in zip(text, f"{text[1:]} ", strict=True):
        piece += sign
        if (sign == " " or _columns(sign) == _WIDE) and following not in _NEVER_FIRST:
            yield piece
            piece = ""
    yield piece


def _columns(sign: str) -> int:
    return _WIDE if ord(sign) > 0x2E80 else 1  # noqa: PLR2004 - wide signs begin there
