"""
Colours and shapes of the map.

The hues are those of Okabe and Ito (2008), lightened where they fill an area. Each mark has a shape
of its own beside its colour, so that the map can be read by the colour-blind and on grey paper;
green says that something was checked and holds, and nothing else.
"""

from __future__ import annotations

from enum import StrEnum

from zmd_layout.vocabulary import Status, Strength


class Mark(StrEnum):
    """What a finding is drawn as: the status, softened by the strength of its clause."""

    SHORTFALL = "shortfall"
    REASON = "reason"
    REPORTED = "reported"
    PASS = "pass"  # noqa: S105 - a verdict, no password
    NOT_ASSESSABLE = "not_assessable"
    NOT_APPLICABLE = "not_applicable"


SOFT = frozenset({Strength.PERMISSION, Strength.ENCOURAGEMENT})

# symbol: its colour on a point or a label; fill: the colour of an area; hatch: lines over the fill
STYLES: dict[Mark, dict[str, str]] = {
    Mark.SHORTFALL: {"shape": "triangle", "symbol": "#b84300", "fill": "#d55e00"},
    Mark.REASON: {"shape": "diamond", "symbol": "#8f5f00", "fill": "#f0b840"},
    Mark.REPORTED: {"shape": "ring", "symbol": "#00609c", "fill": "#c9e3f6"},
    Mark.PASS: {"shape": "disc", "symbol": "#006b50", "fill": "#bfe5d8"},
    Mark.NOT_ASSESSABLE: {
        "shape": "hatched", "symbol": "#565656", "fill": "#ffffff", "hatch": "#8a8a8a",
    },
    Mark.NOT_APPLICABLE: {"shape": "dash", "symbol": "#6b6b6b", "fill": "#cfcfcf"},
}  # fmt: skip

# from nothing to worst; the page says what each step stands for
STEPS = ("#f6f3ee", "#fbdcc0", "#f3a76c", "#dd6f22", "#a53c00")
# under the hatching of what cannot be judged: how much is owed there
OWED = ("#ffffff", "#e6deed", "#c9b9d9")
FIGURES = ("#e6f2fb", "#b5d7f0", "#7db6df")  # of what is reported and not judged
# each darker than the one before, so that grey paper keeps the order; `short` begins where they end
SUPPLY = {"ample": "#eff7fd", "balanced": "#dcebe9", "tight": "#f7d98c"}
SHORT = ("#f3a76c", "#d96a1e", "#a53c00")
# children ÷ seats at which a class ends, of supply and then of shortage: 80 % and 95 % are in use
# among planners (assumed, and shown so), 100 % is the verdict, 105 % what fuller classes hold
# (50 → 55 is 110 %), 115 % beyond it
USES = {"ample": 0.8, "balanced": 0.95, "tight": 1.0, "short0": 1.05, "short1": 1.15}
# what a stage is drawn as: by its shape first, for colours alone fail some eyes and grey paper
STAGES = {
    "kindergarten": {"shape": "disc", "color": "#6b3fa0"},
    "primary": {"shape": "square", "color": "#00695a"},
    "junior": {"shape": "triangle", "color": "#9c1750"},
    "senior": {"shape": "diamond", "color": "#37474f"},
    "vocational": {"shape": "hexagon", "color": "#37474f"},
    "special": {"shape": "cross", "color": "#37474f"},
}

# indications from an incomplete list: amber, and hatched, for they are no verdicts
INDICATED = {
    "likely_short": {
        "shape": "hatched", "symbol": "#8f5f00", "fill": "#fff3d6", "hatch": "#d18f00",
    },
    "likely_met": {
        "shape": "hatched", "symbol": "#8f7a3d", "fill": "#fffaf0", "hatch": "#e3c98a",
    },
}  # fmt: skip

# fragile verdicts: their symbol and, by how many there are, the fill; and where all are stable
STABILITY = {
    "fragile": {"shape": "hourglass", "symbol": "#5f2a4d"},
    "fills": ("#f0d3e3", "#dfabc8", "#c47aa3"),
    "stable": "#f6f3ee",
}


def mark(status: str, strength: str) -> Mark:
    """
    Return how a finding is drawn.

    A shortfall of a clause that holds in principle asks for a reason; one of a permission or an
    encouragement is no shortfall at all, only a hint.
    """
    if status == Status.SHORTFALL and strength == Strength.IN_PRINCIPLE:
        return Mark.REASON
    if status in {Status.SHORTFALL, Status.PASS} and strength in SOFT:
        return Mark.REPORTED
    return Mark(status)
