"""What the letter of a clause asks of a plot, and what the proportion in which we read it asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zmd_layout.rulebook import Proportion

if TYPE_CHECKING:
    import datetime as dt

    from zmd_layout.checks.value import Value
    from zmd_layout.rulebook import Rule


@dataclass(frozen=True, slots=True)
class Letter:
    """
    A clause whose letter asks for less than its proportion.

    Attributes
    ----------
    asked
        Schools by the letter.
    in_proportion
        Schools in proportion to the residents: a reading, and no ground of a refusal.
    """

    asked: float
    in_proportion: float


def letter_of(rule: Rule, residents: Value, day: dt.date) -> Letter | None:
    """
    Return the letter and the proportion of a rule for a plot.

    Parameters
    ----------
    rule, day
        The rule, and the day whose numbers hold.
    residents
        Planned residents; where they are a range, the fewest.

    Returns
    -------
    letter
        None where the rule has no letter, or both ask for the same.
    """
    check = rule.check
    if not isinstance(check, Proportion) or check.letter is None or not residents.is_bounded:
        return None
    letter, per = (rule.limits(day)[name] for name in (check.letter, check.per))
    if letter is None or per is None:
        return None
    in_proportion = residents.low // per.value
    return Letter(letter.value, in_proportion) if in_proportion > letter.value else None
