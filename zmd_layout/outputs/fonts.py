"""The Chinese font of figures and of the opinion's map: the one that is installed with the tool."""

from __future__ import annotations

from dataclasses import replace

from matplotlib import font_manager
from pylopdf_fonts_zh_cn import sans_path

# a name that no installed font has: neither a system font nor an entry of matplotlib's font cache
# whose file is gone can be found in its place
FAMILY = "zmd-layout Noto Sans SC"


def chinese_font(size: float | None = None) -> font_manager.FontProperties:
    """
    Return Noto Sans SC (SIL Open Font License 1.1) of the package `pylopdf-fonts-zh-cn`.

    The fonts of the system and matplotlib's cache of them play no part. The family is entered anew
    where matplotlib has rebuilt its list of fonts meanwhile.

    Parameters
    ----------
    size
        In points; by default that of matplotlib's settings.
    """
    path = str(sans_path())
    fonts = font_manager.fontManager
    if all(entry.name != FAMILY for entry in fonts.ttflist):
        fonts.addfont(path)
        fonts.ttflist[-1] = replace(fonts.ttflist[-1], name=FAMILY)
    return font_manager.FontProperties(family=[FAMILY], size=size, fname=path)
