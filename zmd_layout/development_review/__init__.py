"""
The case on an official's desk: what may still be asked, what would do, what may be concluded.

A case is one plot under review. It is made of findings, which the rulebook decides, and never
decides a clause itself; `outputs.opinion` prints it and `web` shows it.
"""

from zmd_layout.development_review.approved import Approved
from zmd_layout.development_review.case import Case, cases_of
from zmd_layout.development_review.choices import Choices, Merging, choices_of
from zmd_layout.development_review.compare_rulesets import Pair
from zmd_layout.development_review.conclusion import BY_HAND, Conclusion, Conclusions, conclude
from zmd_layout.development_review.demand import Need
from zmd_layout.development_review.issues import Issue
from zmd_layout.development_review.legal_basis import Basis, Ground, basis_in_order, ground_of
from zmd_layout.development_review.nearby import NearSchool
from zmd_layout.development_review.phases import Standing, Topic

__all__ = [
    "BY_HAND",
    "Approved",
    "Basis",
    "Case",
    "Choices",
    "Conclusion",
    "Conclusions",
    "Ground",
    "Issue",
    "Merging",
    "NearSchool",
    "Need",
    "Pair",
    "Standing",
    "Topic",
    "basis_in_order",
    "cases_of",
    "choices_of",
    "conclude",
    "ground_of",
]
