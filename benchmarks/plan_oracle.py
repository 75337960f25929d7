"""
Count again, apart from the package, who has no seat after the plan over years.

    python benchmarks/plan_oracle.py [STUDY] [--beside suggestions.geojson] [--actions share,bridge]

Children, seats and ways are those of the package; who finds a seat is a maximum flow of igraph on
the whole city, and what the plan adds and takes is read from its suggestions, as any reader would.
`--beside` counts other suggestions (of `zmd-layout run`) in the same way, under the same cases.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import igraph
import numpy as np
import pandas as pd
import shapely
from printing import table

from zmd_layout import load_study
from zmd_layout.forecast import standards
from zmd_layout.forecast.births import VARIANTS
from zmd_layout.measures import World
from zmd_layout.measures.access import access
from zmd_layout.siting.demand_matrix import ways_within
from zmd_layout.siting.plan.plan_options import PlanOptions
from zmd_layout.siting.plan.supply_demand import SupplyDemand, supply_and_demand
from zmd_layout.siting.suggest import Suggestions, suggest
from zmd_layout.vocabulary import Stage
from zmd_layout.workflow.loading import find_all, load, load_rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS = 100  # of a child
LENDERS = {"kindergarten": "primary", "junior": "primary", "senior": "junior"}
OPEN_END = 9999


def seated(
    children: NDArray[np.float64],
    seats: NDArray[np.float64],
    point: NDArray[np.int64],
    school: NDArray[np.int64],
) -> float:
    """Return how many children a maximum flow of igraph seats."""
    n, m = len(children), len(seats)
    source, sink = n + m, n + m + 1
    lives, there = np.flatnonzero(children > 0), np.flatnonzero(seats > 0)
    keep = (children[point] > 0) & (seats[school] > 0)
    point, school = point[keep], school[keep]
    tails = np.concatenate([np.full(len(lives), source), point, n + there])
    heads = np.concatenate([lives, n + school, np.full(len(there), sink)])
    sizes = np.concatenate([children[lives], children[point], seats[there]])
    graph = igraph.Graph(n=n + m + 2, edges=np.column_stack([tails, heads]), directed=True)
    whole = np.round(sizes * PARTS).tolist()
    return graph.maxflow_value(source, sink, capacity=whole) / PARTS


def by_year(row: Any, years: tuple[int, ...]) -> np.ndarray:  # noqa: ANN401 - a row of a table
    """Read the seats of a suggestion by year."""
    text = str(getattr(row, "seats_by_year", "") or "")
    if text:
        pairs = dict(part.split("=") for part in text.split(";"))
        return np.array([float(pairs.get(str(year), 0)) for year in years])
    until = getattr(row, "until_year", None)
    last = OPEN_END if until is None or pd.isna(until) else until
    return np.array([row.seats * (row.opens_in <= year <= last) for year in years], dtype=float)


def with_rows(world: World, one: SupplyDemand, rows: gpd.GeoDataFrame) -> tuple[Any, Any, Any]:
    """Return seats by year, counties and ways of standing schools and of what is suggested."""
    size = {str(stage): figure.value for stage, figure in standards().class_sizes.items()}
    seats, home = one.seats.copy(), one.schools["county_id"].to_numpy(dtype=object)
    number = {key: at for at, key in enumerate(one.schools["school_id"].astype(str))}
    places, extra, homes = [], [], []
    for row in rows.itertuples():
        added, at = by_year(row, one.years), number.get(str(row.school_id))
        if row.action == "convert" and LENDERS[row.stage] == one.stage and at is not None:
            lent = added / min(size[row.stage], size[str(one.stage)]) * size[str(one.stage)]
            seats[:, at] -= lent
        if row.stage != one.stage or row.action in {"share", "board"}:
            continue
        if at is not None and row.action != "convert":
            seats[:, at] += added if row.action in {"bridge", "expand"} else 0.0
            continue
        places.append(row.geometry)
        homes.append(row.county_id)
        extra.append(added)
    ways = one.ways_m.tocoo()
    parts = [(ways.data, ways.row, ways.col)]
    if places:
        more = ways_within(
            world, shapely.get_coordinates(places), keys=np.arange(len(places)).astype(str),
            cutoff_m=one.longest_m,
        ).tocoo()  # fmt: skip
        parts.append((more.data, more.row + len(home), more.col))
        seats = np.hstack([seats, np.array(extra).T])
    home = np.array([*home, *homes], dtype=object)
    return np.maximum(seats, 0), home, [np.concatenate(part) for part in zip(*parts, strict=True)]


def lost(
    world: World,
    one: SupplyDemand,
    rows: gpd.GeoDataFrame,
    *,
    borders_open: bool,
    beds: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
) -> np.ndarray:
    """Return (cases, years) children whom the flow leaves without a seat."""
    seats, home, (_, school, point) = with_rows(world, one, rows)
    if not borders_open:
        inside = home[school] == one.county[point]
        school, point = school[inside], point[inside]
    if beds is not None:
        school, point = np.concatenate([school, beds[0]]), np.concatenate([point, beds[1]])
    found = np.zeros(one.children.shape[:2])
    for case, year in np.ndindex(found.shape):
        if not year:  # the year of the assessment has passed
            continue
        children = np.round(one.children[case, year] * PARTS) / PARTS
        found[case, year] = children.sum() - seated(children, seats[year], point, school)
    return found


def beds_of(
    world: World, one: SupplyDemand, options: PlanOptions
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """List the pairs of boarding schools and children of their county."""
    longest = options.boarding_way_m(one.stage)
    boards = np.flatnonzero(one.schools["is_boarding"].astype("boolean").fillna(value=False))
    if longest is None or not len(boards):
        return None
    xy = shapely.get_coordinates(one.schools.geometry.to_numpy()[boards])
    ways = ways_within(world, xy, keys=boards.astype(str), cutoff_m=longest).tocoo()
    school = boards[ways.row]
    inside = one.schools["county_id"].to_numpy(dtype=object)[school] == one.county[ways.col]
    return school[inside], ways.col[inside]


def named(found: Suggestions, stage: Stage, years: tuple[int, ...], column: str) -> np.ndarray:
    """Return (cases, years) what the plan says of the city."""
    rows = found.seats_by_year
    rows = rows[(rows["stage"] == stage) & (rows["unit_kind"] == "city")]
    value = {(row["case"], row["year"]): row[column] for row in rows.to_dict("records")}
    return np.array(
        [[value.get((case, year), value.get(("all", year))) for year in years] for case in VARIANTS]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", nargs="?")
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--stage", default="junior")
    parser.add_argument("--plan", default="", help="keys of [plan]: cases=all,borders=closed")
    asked = parser.parse_args()
    changes = dict(part.split("=") for part in asked.plan.split(",") if part)
    study = load_study(asked.study).with_plan(**changes)
    layers, rules = load(study, None), load_rules(study)
    world, options = World(study, layers, study.as_of), PlanOptions(study.plan)
    found = suggest(world, find_all(rules, world, None), rules)
    stage = Stage(asked.stage)
    one = supply_and_demand(world, options)[stage]
    beds, rows = beds_of(world, one, options), []
    alone = ~np.isfinite(access(world, stage).found.distance_m)
    unconnected = (one.children * alone).sum(axis=2)
    offers = {"nothing": found.table.iloc[:0], "the plan": found.table}
    if asked.beside:
        frame = gpd.read_file(asked.beside).to_crs(study.crs)
        offers["beside"] = frame[frame["stage"] == asked.stage]
    for name, table_ in offers.items():
        closed = lost(world, one, table_, borders_open=False, beds=None)
        wide = lost(world, one, table_, borders_open=True, beds=beds)
        for number, case in enumerate(VARIANTS):
            after = np.full(len(one.years), np.nan)
            if name == "the plan":
                after = named(found, stage, one.years, "no_seat_after_plan")[number]
                excess = (wide[number] - after)[1:].max()
                assert excess <= 1, f"{case}: the flow finds {excess} children whom none names"
            rows.append(
                {
                    "suggestions": name, "case": case,
                    "first year, county": closed[number, 1],
                    "later years, county": closed[number, 2:].sum(),
                    "first year, borders and beds": wide[number, 1],
                    "later years, borders and beds": wide[number, 2:].sum(),
                    "no road": unconnected[number, 1:].sum(),
                    "named by the plan": after[1:].sum(),
                }
            )  # fmt: skip
    print(f"children of {asked.stage} without a seat from {one.years[1]} on, child-years\n")
    print(
        table(
            [{k: v if isinstance(v, str) else f"{v:,.0f}" for k, v in row.items()} for row in rows]
        )
    )


if __name__ == "__main__":
    main()
