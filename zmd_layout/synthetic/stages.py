"""The children of each stage in the autumn of 2025, and what the made schools are built for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.vocabulary import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Births after the census, in a hundred of those of its year: made, though they fell in truth too.
_BIRTHS_AFTER_CENSUS = (88, 80)
_AGES_0, _AGES_1_4, _AGES_5_9, _AGES_10_14 = range(4)


@dataclass(frozen=True, slots=True)
class StagePlan:
    """
    How the made city teaches one stage.

    Attributes
    ----------
    grades
        Their names: grades count through from primary school, K1 is the youngest of kindergarten.
    cohorts
        Weight of each grade: fewer were born from year to year.
    attend_per_mille
        How many of a thousand children of the ages attend.
    seats_per_class
        What a classroom is built for; made, like everything here.
    fullest_class
        How many pupils a class takes before another opens, where seats are neither short nor spare.
    """

    grades: tuple[str, ...]
    cohorts: tuple[int, ...]
    attend_per_mille: int
    seats_per_class: int
    fullest_class: int


PLANS: dict[Stage, StagePlan] = {
    Stage.KINDERGARTEN: StagePlan(("K1", "K2", "K3"), (80, 88, 100), 940, 30, 32),
    Stage.PRIMARY: StagePlan(
        ("1", "2", "3", "4", "5", "6"), (80, 86, 94, 106, 128, 130), 995, 45, 50
    ),
    Stage.JUNIOR: StagePlan(("7", "8", "9"), (101, 100, 98), 990, 50, 53),
    Stage.SENIOR: StagePlan(("10", "11", "12"), (102, 100, 97), 450, 50, 53),
    Stage.VOCATIONAL: StagePlan(("10", "11", "12"), (110, 100, 90), 240, 50, 50),
    Stage.SPECIAL: StagePlan(tuple("123456789"), (10,) * 9, 0, 12, 12),
}


def children_of(ages: NDArray[np.int64]) -> dict[Stage, NDArray[np.int64]]:
    """
    Estimate the children of each stage's ages from the census, five years older.

    Parameters
    ----------
    ages
        (n, 19) residents by age group in 2020. Within a group each year of age is taken as equal.

    Returns
    -------
    dict
        Stage → (n,) whole numbers. Special schools are counted by school, not by age.
    """
    born = ages[:, _AGES_0]
    # 2020 and 2025 are five years apart: ages 3–5 were at most 0, 6–11 were 1–6, and so on.
    older = ages[:, _AGES_10_14] * 3 // 5
    return {
        Stage.KINDERGARTEN: born * (100 + sum(_BIRTHS_AFTER_CENSUS)) // 100,
        Stage.PRIMARY: ages[:, _AGES_1_4] + ages[:, _AGES_5_9] * 2 // 5,
        Stage.JUNIOR: ages[:, _AGES_5_9] * 3 // 5,
        Stage.SENIOR: older,
        Stage.VOCATIONAL: older,
    }


def pupils_of(ages: NDArray[np.int64]) -> dict[Stage, NDArray[np.int64]]:
    """Estimate who attends each stage; parameters and result as in `children_of`."""
    return {
        stage: np.asarray(count * PLANS[stage].attend_per_mille // 1000)
        for stage, count in children_of(ages).items()
    }
