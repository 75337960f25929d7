"""How many schools of each kind every county has: the city's 3,536 follow the children."""

from __future__ import annotations

from functools import cache

import numpy as np

from zmd_layout.synthetic.random_streams import share_among, stream
from zmd_layout.synthetic.real_inputs import COUNTY_ORDER, real_counties
from zmd_layout.synthetic.school_kinds import FIXED_COUNTS, KIND_PLANS, Kind
from zmd_layout.synthetic.stages import pupils_of


@cache
def quotas(seed: int) -> dict[str, dict[Kind, int]]:
    """
    Share the schools of the city out over its counties.

    Returns
    -------
    dict
        Real county id → kind → how many. The sums over the ten counties are the counts of
        `KIND_PLANS`; every county has at least one of each kind that follows the children.
    """
    chance = stream(seed, "quotas")
    pupils = pupils_of(np.array([county.ages for county in real_counties()]))
    shared = {
        kind: dict(
            zip(
                COUNTY_ORDER,
                share_among(plan.count, pupils[plan.stages[-1]], chance=chance, least=1),
                strict=True,
            )
        )
        for kind, plan in KIND_PLANS.items()
        if kind not in FIXED_COUNTS
    }
    return {
        county: {kind: int((shared | FIXED_COUNTS)[kind].get(county, 0)) for kind in KIND_PLANS}
        for county in COUNTY_ORDER
    }
