"""
What a list of schools says that lacks some of them: intervals, indications, two lists.

Plain numbers in and out; knows no layers and no rules. Nothing here is a verdict.
"""

from zmd_layout.completeness.indication import LIKELY, Indicated, indication, short_chances
from zmd_layout.completeness.two_lists import (
    COPIED_FACTOR,
    LEAST_SCHOOLS,
    CaughtTwice,
    TwoListInterval,
    two_list_interval,
)

__all__ = [
    "COPIED_FACTOR",
    "LEAST_SCHOOLS",
    "LIKELY",
    "CaughtTwice",
    "Indicated",
    "TwoListInterval",
    "indication",
    "short_chances",
    "two_list_interval",
]
