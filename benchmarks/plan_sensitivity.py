"""
What the plan over years becomes when a supposition changes: a row for each.

    python benchmarks/plan_sensitivity.py [STUDY]

Child-years are those of the middle case from the year after the assessment on, all stages. "In the
county" are those for whom the county has no seat within the longest way after its actions, before
seats of other counties and beds; "left" are those whom these do not help either.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from printing import table

from zmd_layout import load_study
from zmd_layout.measures import World
from zmd_layout.siting.plan.actions import Action, plan_figures
from zmd_layout.siting.suggest import Suggestions, suggest
from zmd_layout.workflow.loading import find_all, load, load_rules

if TYPE_CHECKING:
    from zmd_layout.study import Study

ALL = [str(action) for action in Action]
HALVED = {str(s): f.value / 2 for s, f in plan_figures().accepted_way_m.items()}
NEW = plan_figures().actions[Action.NEW]
COSTS = ("cost", "cost_per_seat", "yearly_cost", "yearly_cost_per_seat")
PARTS = ("across_border", "boarding", "no_seat_after_plan")


def without(*actions: str) -> dict[str, Any]:
    return {"actions": [name for name in ALL if name not in actions]}


def building_at(factor: float) -> dict[str, Any]:
    return {"new": {name: getattr(NEW, name).value * factor for name in COSTS}}


VARIANTS: dict[str, dict[str, Any]] = {
    "as supposed": {},
    "accepted way halved": {"accepted_way_m": HALVED},
    "no bridging": without("bridge"),
    "no conversion": without("convert"),
    "neither bridging nor conversion": without("bridge", "convert"),
    "conversion a year later": {"convert": {"lead_years": 2}},
    "conversion for a shortage of one year": {"convert": {"least_years": 1}},
    "building at half the cost": building_at(0.5),
    "building at double the cost": building_at(2.0),
    "seats of other counties never": {"borders": "closed"},
    "seats of other counties from the start": {"borders": "open"},
    "for all cases, expected": {"cases": "all"},
    "for all cases, least regret": {"cases": "regret"},
}
MOVEMENTS = {"nobody moves": "none", "movement of each county itself": "county"}


def row_of(name: str, found: Suggestions) -> dict[str, object]:
    """Sum a plan up."""
    story, rows = found.story, found.seats_by_year
    assert story is not None
    rows = rows[(rows["unit_kind"] == "city") & (rows["year"] > rows["year"].min())]
    middle = rows[rows["case"].isin(["all", "middle"])]
    high = rows[rows["case"].isin(["all", "high"])]
    planned = found.table[found.table["seats_by_year"] != ""]
    years = {
        action: sum(
            float(part.split("=")[1])
            for text in planned.loc[planned["action"] == action, "seats_by_year"]
            for part in text.split(";")
        )
        for action in ("bridge", "convert", "expand")
    }
    new = planned[planned["action"] == "new"]
    return {
        "supposition": name,
        "bridge seat-years": round(years["bridge"]),
        "convert seat-years": round(years["convert"]),
        "expand seat-years": round(years["expand"]),
        "new schools": len(new),
        "of them duties": int(new["is_duty"].sum()),
        "new seats": round(new["seats"].sum()),
        "cost 10,000 yuan": round(story.cost),
        "child-years, in the county": round(middle[list(PARTS)].to_numpy().sum()),
        "left": round(middle["no_seat_after_plan"].sum()),
        "left, high case": round(high["no_seat_after_plan"].sum()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", nargs="?")
    study = load_study(parser.parse_args().study)
    layers, rules = load(study, None), load_rules(study)
    findings = find_all(rules, World(study, layers, study.as_of), None)

    def plan(changed: Study) -> Suggestions:
        return suggest(World(changed, layers, changed.as_of), findings, rules)

    rows = []
    for name, changes in VARIANTS.items():
        rows.append(row_of(name, plan(study.with_plan(robust=False, **changes))))
        print(rows[-1], flush=True)
    for name, movement in MOVEMENTS.items():
        moved = study.forecast.model_copy(update={"movement": movement})
        changed = study.with_plan(robust=False).model_copy(update={"forecast": moved})
        rows.append(row_of(name, plan(changed)))
        print(rows[-1], flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
