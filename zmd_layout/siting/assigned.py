"""
So many new schools, where each child has a seat in one: seats, whole units, connected catchments.

In contrast to `fixed_count`, where every child goes to the nearest school, the schools that stand
are sites of their own, always open, with the seats that they have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array, hstack
from scipy.spatial import cKDTree

from zmd_layout.errors import SitingError
from zmd_layout.location.problem import Model, Problem
from zmd_layout.location.solver import solve
from zmd_layout.measures.supply.seats import seats_by_school
from zmd_layout.measures.world import by_position
from zmd_layout.messages import Message, word_message
from zmd_layout.siting.fair import Fair, FairAnswer, solve_fair, trade_off
from zmd_layout.siting.neighbours import neighbours
from zmd_layout.siting.stage_state import Aim
from zmd_layout.vocabulary import SolveStatus, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray

    from zmd_layout.location.problem import Solution
    from zmd_layout.siting.stage_state import Ground, SitingOptions, StageState

ASSIGNMENT_COLUMNS = (
    "point", "x_m", "y_m", "children", "site_id", "site_name", "is_new", "share", "distance_m",
)  # fmt: skip
_BEYOND = 10.0  # longest ways that leaving a child out costs, where some must be
UNITS = {
    Aim.TRAVEL: "child-metre", Aim.COVERED: "child", Aim.FAIREST: "metre", Aim.COVER_ALL: "school",
}  # fmt: skip
MODELS = {
    Aim.TRAVEL: Model.P_MEDIAN, Aim.COVERED: Model.MAX_COVER, Aim.FAIREST: Model.P_CENTER,
    Aim.COVER_ALL: Model.SET_COVER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AssignedProblem:
    """
    The location problem of a stage, and what its rows and columns are.

    Attributes
    ----------
    problem
        Demands are `units`, sites the schools that stand, then places.
    way_m
        (units, sites) metres of the pairs of the problem.
    units
        (units,) positions among the demand points.
    owner
        (points,) the unit that each demand point goes with, −1 for none.
    schools
        The schools that stand.
    places
        Positions among the candidates, in the order of the other sites.
    """

    problem: Problem
    way_m: csr_array
    units: NDArray[np.int64]
    owner: NDArray[np.int64]
    schools: gpd.GeoDataFrame
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class AssignedAnswer:
    """
    The answer.

    Attributes
    ----------
    found
        With its objective and bound.
    places
        Positions of the new schools among the candidates, ascending.
    assignment
        Who goes where, `ASSIGNMENT_COLUMNS`.
    curve
        The trade-off curve, if asked for.
    """

    found: FairAnswer
    places: NDArray[np.int64]
    assignment: pd.DataFrame
    curve: pd.DataFrame | None


def solve_assigned(ground: Ground, work: StageState, radius_m: float | None) -> AssignedAnswer:
    """
    Place so many new schools and assign every child to a school.

    Parameters
    ----------
    ground, work
        As for the other aims.
    radius_m
        Of the aims that cover.

    Raises
    ------
    SitingError
        If the seats of schools that stand are not known, or nothing says where children live.
    """
    options = work.options
    asked = assigned_problem(ground, work, radius_m)
    search = partial(
        solve, seed=options.seed, time_limit_s=options.time_limit_s, effort=options.effort,
        until_time=options.until_time,
    )  # fmt: skip
    curve = None
    if options.fair is None:
        found = _with_least_travel(asked, search)
        answer = FairAnswer(found, found.objective, found.bound, UNITS[options.aim])
    else:
        accepted_m = _accepted_m(options, radius_m)
        answer = solve_fair(
            asked.problem, asked.way_m, fair=Fair(options.fair), accepted_m=accepted_m,
            weight=options.envy_weight, aversion=options.aversion, search=search,
        )  # fmt: skip
        if options.trade_off:
            curve = trade_off(
                asked.problem, asked.way_m, options.trade_off, accepted_m=accepted_m, search=search
            )
    sites = answer.found.open_sites
    places = asked.places[sites[sites >= len(asked.schools)] - len(asked.schools)]
    return AssignedAnswer(answer, places, _assignment(asked, answer.found, work), curve)


def _with_least_travel(asked: AssignedProblem, search: Callable[[Problem], Solution]) -> Solution:
    """Solve, and where no plan does all, take the part that leaves few out and travels least."""
    found = search(asked.problem)
    is_partial = found.status is SolveStatus.INFEASIBLE and asked.problem.model is Model.P_MEDIAN
    if not is_partial or asked.problem.adjacency is not None:
        return found
    beyond_m = _BEYOND * float(asked.way_m.data.max(initial=1.0))
    part = search(asked.problem.rearranged(unserved_cost=beyond_m * asked.problem.demands))
    if part.status not in {SolveStatus.OPTIMAL, SolveStatus.FEASIBLE}:
        return found
    return replace(
        found, open_sites=part.open_sites, assignment=part.assignment, flows=part.flows,
        is_reproducible=found.is_reproducible and part.is_reproducible,
        explanation=(*found.explanation[:1], _left_out(asked, part)),
    )  # fmt: skip


def _left_out(asked: AssignedProblem, part: Solution) -> Message:
    children = asked.problem.demands
    if part.flows is None:
        served = children[np.asarray(part.assignment) >= 0].sum()
    else:
        served = children @ np.asarray(part.flows.sum(axis=1)).ravel()
    total = float(children.sum())
    return Message("sites.left_out", served=float(served), left=total - float(served))


def assigned_problem(ground: Ground, work: StageState, radius_m: float | None) -> AssignedProblem:
    """Make the location problem of a stage."""
    options = work.options
    units, owner, children = _units(ground, work)
    schools = _schools(ground, work)
    xy = work.way.demand.xy[units]
    limit_m = options.max_distance_m or options.reach_m
    if options.aim in {Aim.COVERED, Aim.COVER_ALL} and radius_m is not None:
        limit_m = min(limit_m, radius_m)
    schools, homes = _one_a_unit(schools, xy, is_asked=options.contiguous)
    school_xy = shapely.get_coordinates(schools.geometry.to_numpy()).reshape(-1, 2)
    keys = schools["school_id"].to_numpy(str)
    standing = ground.matrix.ways_within(school_xy, keys=keys, cutoff_m=limit_m)[:, units]
    places = np.arange(len(work.places))
    place_xy = shapely.get_coordinates(work.places.geometry.to_numpy()).reshape(-1, 2)
    place_homes = cKDTree(xy).query(place_xy)[1].astype(np.int64)
    if options.contiguous:
        places = np.flatnonzero(~np.isin(place_homes, homes))
    new = work.to_candidates[places][:, units]
    way_m = csr_array(hstack([standing.T, new.T]))
    way_m = _within(way_m, limit_m)
    site_homes = np.r_[homes, place_homes[places]]
    if options.contiguous:
        site_xy = np.vstack([school_xy, place_xy[places]])
        way_m = _with_home(way_m, site_homes, np.hypot(*(site_xy - xy[site_homes]).T))
    is_fixed = np.arange(way_m.shape[1]) < len(schools)
    problem = Problem(
        model=MODELS[options.aim],
        costs=_costs(way_m, children, options.aim),
        demands=children,
        open_count=_open_count(options, len(schools)),
        capacities=_capacities(schools, len(places), options, work),
        fixed_costs=(~is_fixed).astype(float) if options.aim is Aim.COVER_ALL else None,
        fixed_open=is_fixed,
        single_source=options.whole_units,
        adjacency=neighbours(xy) if options.contiguous else None,
        site_demand=site_homes if options.contiguous else None,
    )
    return AssignedProblem(problem, way_m, units, owner, schools, places)


def answer_sentence(answer: FairAnswer, work: StageState) -> Message:
    """Return a sentence on what was proved and what ended the search."""
    found = answer.found
    gap = 100 * abs(answer.objective - answer.bound) / max(abs(answer.objective), 1e-12)
    return Message(
        f"sites.answer_{found.status}",
        stage=word_message(work.stage),
        objective=answer.objective,
        bound=answer.bound,
        gap=gap if np.isfinite(gap) else 0.0,
        unit=Message(f"sites.unit_{answer.unit.replace('-', '_')}"),
        ended=Message(f"sites.ended_{found.ended_by}"),
    )


def with_assigned(
    table: gpd.GeoDataFrame, assignment: pd.DataFrame, work: StageState
) -> gpd.GeoDataFrame:
    """Put the children who are assigned to each new school, and its seats, into the table."""
    taken = assignment[assignment["is_new"]]
    children = (taken["children"] * taken["share"]).groupby(taken["site_id"]).sum()
    ways = (
        (taken["children"] * taken["share"] * taken["distance_m"]).groupby(taken["site_id"]).sum()
    )
    points = pd.Series(
        shapely.to_wkb(work.places.geometry), work.places["candidate_id"].astype(str)
    )
    by_point = dict(zip(points.to_numpy(), points.index, strict=True))
    place = pd.Series(shapely.to_wkb(table.geometry), table.index).map(by_point)
    served = place.map(children).fillna(0.0)
    table = table.assign(children_served=served)
    table["mean_distance_after_m"] = place.map(ways) / served.where(served > 0)
    if work.options.seats is not None:
        table["seats"] = work.options.seats
    return table


def _units(
    ground: Ground, work: StageState
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Choose the points of most children as units; the others go with the nearest of them."""
    is_mine = work.children > 0
    if work.way.found.is_off_road is not None:  # as the notes say, nothing counts them
        is_mine &= ~work.way.found.is_off_road
    if work.options.county_id is not None:
        is_mine &= ground.county_of == work.options.county_id
    points = np.flatnonzero(is_mine)
    if not len(points):
        raise SitingError(Message("sites.without_children"))
    xy, children = work.way.demand.xy[points], work.children[points]
    most = work.options.most_points
    kept = np.arange(len(points))
    if len(points) > most:
        work.is_joined = True
        kept = np.sort(np.lexsort((xy[:, 1], xy[:, 0], -children))[:most])
    goes_with = cKDTree(xy[kept]).query(xy)[1]
    goes_with[kept] = np.arange(len(kept))
    owner = np.full(len(work.children), -1)
    owner[points] = goes_with
    summed = np.bincount(goes_with, weights=children, minlength=len(kept)).astype(np.float64)
    return points[kept].astype(np.int64), owner.astype(np.int64), summed


def _schools(ground: Ground, work: StageState) -> gpd.GeoDataFrame:
    """Return the schools that stand, of the county if one is asked for, with their seats."""
    schools = work.way.schools
    counties = ground.world.units(UnitKind.COUNTY, {})
    if counties is not None:
        place = by_position(schools[["geometry"]], counties).fillna("").to_numpy(dtype=object)
        county = work.options.county_id
        schools = schools[place == county if county is not None else place != ""]
    part = seats_by_school(ground.world, work.stage, years=())
    seats = pd.Series(dtype=float) if part is None else part.set_index("school_id")["seats"]
    seats = seats[~seats.index.duplicated()]
    found = schools[["school_id", "geometry"]].copy()
    found["school_id"] = schools["school_id"].astype(str)
    found["name"] = schools["name"] if "name" in schools else found["school_id"]
    found["seats"] = found["school_id"].map(seats.rename(index=str)).astype(float)
    return found.reset_index(drop=True)


def _one_a_unit(
    schools: gpd.GeoDataFrame, xy: NDArray[np.float64], *, is_asked: bool
) -> tuple[gpd.GeoDataFrame, NDArray[np.int64]]:
    """Let schools at one unit share a catchment, if catchments are to be connected."""
    points = shapely.get_coordinates(schools.geometry.to_numpy()).reshape(-1, 2)
    homes = cKDTree(xy).query(points)[1].astype(np.int64) if len(points) else np.zeros(0, int)
    if not is_asked or not len(schools):
        return schools, homes
    by_home = schools.assign(home=homes).groupby("home", sort=True)
    first = schools.loc[by_home["school_id"].head(1).index.sort_values()].copy()
    own = homes[first.index.to_numpy()]
    # unknown seats of one leave those of all unknown
    total = by_home["seats"].agg(lambda seats: seats.sum(skipna=False))
    names = by_home["name"].agg(lambda each: "、".join(each.astype(str)))
    first["seats"], first["name"] = total.loc[own].to_numpy(), names.loc[own].to_numpy()
    return first.reset_index(drop=True), own


def _capacities(
    schools: gpd.GeoDataFrame, places: int, options: SitingOptions, work: StageState
) -> NDArray[np.float64] | None:
    if options.seats is None:
        return None
    seats = schools["seats"].to_numpy(dtype=float)
    unknown = np.isnan(seats)
    if unknown.any() and options.existing_seats is None:
        raise SitingError(
            Message(
                "sites.seats_unknown", stage=word_message(work.stage), count=int(unknown.sum()),
                total=len(seats), names=list(schools["name"][unknown].astype(str)[:5]),
            )
        )  # fmt: skip
    seats = np.where(unknown, options.existing_seats or 0.0, seats)
    capacities: NDArray[np.float64] = np.concatenate([seats, np.full(places, options.seats)])
    return capacities


def _open_count(options: SitingOptions, standing: int) -> int | None:
    if not options.aim.needs_count or options.new_count is None:
        return None
    return options.new_count + standing


def _costs(way_m: csr_array, children: NDArray[np.float64], aim: Aim) -> csr_array:
    if aim is not Aim.TRAVEL:
        return way_m
    weight = np.repeat(children, np.diff(way_m.indptr))
    return csr_array((way_m.data * weight, way_m.indices, way_m.indptr), shape=way_m.shape)


def _accepted_m(options: SitingOptions, radius_m: float | None) -> float:
    accepted = options.accepted_m or radius_m
    if accepted is None and options.fair != Fair.KOLM_POLLAK:
        raise SitingError(Message("sites.needs_accepted"))
    return accepted or 0.0


def _within(way_m: csr_array, limit_m: float) -> csr_array:
    table = way_m.tocoo()
    keep = table.data <= limit_m
    pairs = (table.data[keep], (table.row[keep], table.col[keep]))
    return csr_array(pairs, shape=table.shape)


def _with_home(
    way_m: csr_array, homes: NDArray[np.int64], straight_m: NDArray[np.float64]
) -> csr_array:
    """Let each site serve the unit it lies in, in a straight line where no way was found."""
    table = way_m.tocoo()
    keys = table.row * way_m.shape[1] + table.col
    sites = np.arange(len(homes))
    lacks = ~np.isin(homes * way_m.shape[1] + sites, keys)
    data = np.r_[table.data, straight_m[lacks]]
    pairs = (np.r_[table.row, homes[lacks]], np.r_[table.col, sites[lacks]])
    return csr_array((data, pairs), shape=way_m.shape)


def _assignment(asked: AssignedProblem, found: Solution, work: StageState) -> pd.DataFrame:
    """List for each demand point the schools that its children go to; of none an empty id."""
    if found.flows is None:
        unit = np.arange(len(asked.units))
        site, share = np.asarray(found.assignment), np.ones(len(unit))
    else:
        parts = found.flows.tocoo()
        unit, site, share = parts.row, parts.col, parts.data
        left = np.setdiff1d(np.arange(len(asked.units)), unit)
        unit, site = np.r_[unit, left], np.r_[site, np.full(len(left), -1)]
        share = np.r_[share, np.ones(len(left))]
    rows = pd.DataFrame({"unit": unit, "site": site, "share": share})
    points = np.flatnonzero(asked.owner >= 0)
    table = pd.DataFrame({"point": points, "unit": asked.owner[points]}).merge(rows, on="unit")
    ids = [*asked.schools["school_id"], *work.places["candidate_id"].iloc[asked.places]]
    names = [*asked.schools["name"], *work.places["name"].iloc[asked.places]]
    site = table["site"].to_numpy()
    pairs = asked.way_m.todok()
    values: dict[str, Any] = {
        "x_m": work.way.demand.xy[table["point"], 0],
        "y_m": work.way.demand.xy[table["point"], 1],
        "children": work.children[table["point"]],
        "site_id": pd.Series([*ids, ""], dtype=object).iloc[site].to_numpy(),
        "site_name": pd.Series([*names, ""], dtype=object).iloc[site].to_numpy(),
        "is_new": site >= len(asked.schools),
        "distance_m": [
            pairs.get((u, s), np.nan) for u, s in zip(table["unit"], site, strict=True)
        ],
    }  # fmt: skip
    order = ["point", "site_id"]
    return (
        table.assign(**values).sort_values(order)[list(ASSIGNMENT_COLUMNS)].reset_index(drop=True)
    )
