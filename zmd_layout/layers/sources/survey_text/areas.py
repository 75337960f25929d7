"""The area that a survey text states against the area of its points."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.layers.reading.heads import scale_of
from zmd_layout.layers.sources.survey_text.grammar import number_or_none, shown
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from zmd_layout.layers.sources.survey_text.grammar import Plot

_M2_PER_HA = 10_000
_WITH_UNIT = re.compile(r"([\d.]+)\s*(公顷|亩|平方米|㎡|m²|m2)")
_MU_PER_HA = 15
# Coordinates to the millimetre and areas to four decimals agree far better than this.
_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class StatedArea:
    """
    What a plot says of its area.

    Parameters
    ----------
    stated_ha
        In hectares, converted where it was plainly written in m² or 亩; NaN: not stated.
    warnings
        Where it does not fit the points.
    """

    stated_ha: float
    warnings: tuple[Message, ...] = ()


def compare_area(plot: Plot, area_m2: float) -> StatedArea:
    """
    Compare the stated area of a plot with that of its geometry.

    Parameters
    ----------
    plot
        The plot; its second field is the area in hectares, by the format.
    area_m2
        The area of its geometry in the plane of the survey.

    Returns
    -------
    StatedArea
        A statement that is 10,000 or 15 times the area is one in m² or 亩.
    """
    text = plot.text(1)
    if text is None:
        return StatedArea(math.nan)
    stated = _stated_ha(text)
    if stated is None or stated <= 0:
        return StatedArea(
            math.nan, (Message("survey.area_unreadable", plot=plot.label, found=shown(text)),)
        )
    ratio = stated * _M2_PER_HA / area_m2
    for factor, key in ((_M2_PER_HA, "survey.area_in_m2"), (_MU_PER_HA, "survey.area_in_mu")):
        if abs(ratio / factor - 1) <= _TOLERANCE:
            return StatedArea(stated / factor, (Message(key, plot=plot.label, found=stated),))
    if abs(ratio - 1) <= _TOLERANCE:
        return StatedArea(stated)
    return StatedArea(
        stated,
        (
            Message(
                "survey.area_differs",
                plot=plot.label,
                stated=f"{stated:.4f}",
                found=f"{area_m2 / _M2_PER_HA:.4f}",
            ),
        ),
    )


def _stated_ha(text: str) -> float | None:
    """Read an area in hectares, or in the unit that stands behind it (45亩, 30000㎡)."""
    found = _WITH_UNIT.fullmatch(text.strip())
    if found is None:
        return number_or_none(text)
    number = number_or_none(found[1])
    scale = scale_of(unicodedata.normalize("NFKC", found[2]), "area")
    return None if number is None else number * scale / _M2_PER_HA
