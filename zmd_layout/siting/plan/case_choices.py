"""What insurance costs: choices for one case and for all, each under each case, summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.forecast.births import VARIANTS

if TYPE_CHECKING:
    from zmd_layout.siting.plan.years_plan import YearsPlan

CHOICES = (*VARIANTS, "expected", "regret")


@dataclass(frozen=True, slots=True)
class CaseChoice:
    """
    The actions that are best for a case, or for all of them, under each case.

    Attributes
    ----------
    name
        The case; `expected` for the least expected cost, `regret` for the least regret, `plan` for
        the plan that is suggested.
    cost
        Of the actions, in 10,000 yuan.
    left
        (cases,) child-years that lack a seat of their county within reach, as the counties' amounts
        have it, cases in the order of `VARIANTS`.
    regret
        (cases,) cost and priced child-years beyond the best of each case, in 10,000 yuan; empty for
        the plan, which was not chosen by that price.
    largest, bound
        Over the cases, the sum of the counties' largest regrets; and what no choice can go below,
        known for the least regret.
    """

    name: str
    cost: float
    left: tuple[float, ...]
    regret: tuple[float, ...] = ()
    largest: float = float("nan")
    bound: float = float("nan")


def case_choices(plan: YearsPlan) -> tuple[CaseChoice, ...]:
    """Sum the counties' choices; empty where cases were not compared."""
    found = [one.robust for one in plan.amounts.values() if one.robust is not None]
    if not found:
        return ()
    courses = [course for one in plan.amounts.values() for course in one.remains.values()]
    left = np.sum([course[:, 1:].sum(axis=1) for course in courses], axis=0)
    cost = float(sum(one.answer.objective for one in plan.amounts.values()))
    rows = [CaseChoice("plan", cost, tuple(left.tolist()))]
    for number, name in enumerate(CHOICES):
        rows.append(
            CaseChoice(
                name,
                float(sum(one.cost[number] for one in found)),
                tuple(np.sum([one.remains[number] for one in found], axis=0).tolist()),
                tuple(np.sum([one.regret[number] for one in found], axis=0).tolist()),
                float(sum(one.regret[number].max() for one in found)),
                float(sum(one.bound for one in found)) if name == "regret" else float("nan"),
            )
        )
    return tuple(rows)
